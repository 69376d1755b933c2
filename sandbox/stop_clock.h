// sandbox/stop_clock.h: a process that stops itself (job control) and is awake again in time.
//
// A stopped process runs no code of its own, threads included, and of its timers one that fires
// just before the stop is lost. So a child keeps the time, and continues it until it is awake.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

namespace nono::sandbox {

// take_continue takes a SIGCONT that waits (the caller blocks it), and says who sent it: what ended
// a stop is not to be heard a second time, and one that came between two stops would be lost.
std::optional<pid_t> take_continue();

// stop_self stops this process until somebody continues it (true) or `longest` is over (false).
// Where no child can be had it does not stop but waits for who continues it, a second at most.
bool stop_self(std::optional<std::chrono::milliseconds> longest);

}  // namespace nono::sandbox
