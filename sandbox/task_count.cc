#include "sandbox/task_count.h"

#include <unistd.h>

#include "sandbox/process_tree.h"

namespace nono::sandbox {

bool TaskCount::admit() {
  if (at_most_ < limit_) {
    ++at_most_;
    return true;
  }
  const auto now = std::chrono::steady_clock::now();
  if (now < full_until_) {
    return false;
  }
  const std::uint64_t tasks = processes_beneath(::getpid(), brokers_).tasks;
  if (tasks >= limit_) {
    full_until_ = std::chrono::steady_clock::now() + kFullFor;
    return false;
  }
  at_most_ = tasks + 1;
  return true;
}

}  // namespace nono::sandbox
