// base/silent_thread.h: a thread beside the work of the one that starts it.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace nono {

// start_silent starts a thread with a stack of so many bytes that takes no signal: those are for
// the caller's. False where none can be had.
bool start_silent(pthread_t& thread, std::size_t stack, void* (*work)(void*), void* argument);

}  // namespace nono
