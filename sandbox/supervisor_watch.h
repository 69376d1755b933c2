// sandbox/supervisor_watch.h: the broker's eye on a supervisor that was stopped (SIGSTOP).
//
// A supervisor that is gone is noticed by its closed channels. One that is stopped answers nothing
// and records nothing, while the agent goes on with what needs no answer: that is ended, too.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace nono::sandbox {

// state_of_process is the letter of proc(5), or '?' where it cannot be read.
char state_of_process(pid_t pid);

class SupervisorWatch {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kTick{1000};  // ask this often
  // Three seconds at most until the tree is killed. It is to be gone within five: a supervisor that
  // waits for a disk (fsync) when it is told to stop does so later.
  static constexpr std::chrono::milliseconds kPatience{2000};

  explicit SupervisorWatch(pid_t supervisor)
      : SupervisorWatch([supervisor] { return state_of_process(supervisor); }) {}
  explicit SupervisorWatch(std::function<char()> state) : state_(std::move(state)) {}

  // stopped_too_long looks now, and once it was so says so for good. A stop together with the agent
  // (`excused`: job control) is none.
  bool stopped_too_long(Clock::time_point now, bool excused);
  // mark_lost is for who gave up waiting for an answer.

 private:
  std::function<char()> state_;
  std::optional<Clock::time_point> since_;
  bool lost_ = false;
};

}  // namespace nono::sandbox
