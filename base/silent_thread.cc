#include "base/silent_thread.h"

#include <signal.h>

namespace nono {

bool start_silent(pthread_t& thread, std::size_t stack, void* (*work)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) {
    return false;
  }
  const bool fits = ::pthread_attr_setstacksize(&attributes, stack) == 0;
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = fits && ::pthread_create(&thread, &attributes, work, argument) == 0;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace nono
