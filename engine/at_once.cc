// engine/at_once.cc: see at_once.h.
#include "engine/at_once.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace nono::engine {

namespace {

// Queue hands out the numbers and keeps the first failure.
class Queue {
 public:
  explicit Queue(std::size_t count) : count_(count) {}

  std::optional<std::size_t> next() {
    const std::scoped_lock lock(mutex_);
    return failed_ || next_ == count_ ? std::nullopt : std::optional(next_++);
  }
  void fail(std::size_t which, Error error) {
    const std::scoped_lock lock(mutex_);
    if (!failed_ || which < failed_->first) {
      failed_.emplace(which, std::move(error));
    }
  }
  Result<void> outcome() && {
    if (failed_) {
      return std::unexpected(std::move(failed_->second));
    }
    return {};
  }

 private:
  std::mutex mutex_;
  std::size_t count_;
  std::size_t next_ = 0;
  std::optional<std::pair<std::size_t, Error>> failed_;
};

void serve(Queue& queue, const Work& work) {
  while (const auto which = queue.next()) {
    if (auto done = work(*which); !done) {
      queue.fail(*which, std::move(done).error());
    }
  }
}

// add_thread: false at a limit of processes; those that there are do it all.
bool add_thread(std::vector<std::jthread>& others, Queue& queue, const Work& work) {
  try {
    others.emplace_back([&queue, &work] { serve(queue, work); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace

Result<void> at_once(std::size_t count, std::size_t threads, const Work& work) {
  Queue queue(count);
  {
    const std::size_t wanted = std::min(count, threads);
    std::vector<std::jthread> others;
    others.reserve(wanted);
    while (others.size() + 1 < wanted && add_thread(others, queue, work)) {
    }
    serve(queue, work);
  }
  return std::move(queue).outcome();
}

}  // namespace nono::engine
