// sandbox/task_count.h: how many processes and threads the agent has, counted by the broker.
//
// Every fork is trapped, so the number can only have grown by those that were admitted since the
// last look at /proc. Ends are not trapped: at the limit it looks again.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace nono::sandbox {

class TaskCount {
 public:
  // `brokers` are processes of nono's own beneath this one; it must outlive the count.
  TaskCount(std::uint64_t limit, const std::vector<pid_t>& brokers)
      : limit_(limit), brokers_(brokers) {}
  // admit says whether one more may be made, and counts it.
  bool admit();

 private:
  // A crowd at the limit must not make the broker read /proc without end.
  static constexpr std::chrono::milliseconds kFullFor{10};
  std::uint64_t limit_;
  const std::vector<pid_t>& brokers_;
  std::uint64_t at_most_ = 1;  // the agent's own process
  std::chrono::steady_clock::time_point full_until_{};
};

}  // namespace nono::sandbox
