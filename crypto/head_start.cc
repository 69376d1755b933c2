#include "crypto/head_start.h"

#include <utility>

#include "crypto/beside.h"

namespace nono::crypto {

void HeadStart::begin() {
  if (running_) {
    return;
  }
  over_ = false;
  asked_ = false;
  question_ = nullptr;
  running_ = start_beside(thread_, work, this);
}

void HeadStart::ask(Question question) {
  if (asked_) {
    finish();
  }
  begin();
  if (!running_) {
    return;
  }
  asked_ = true;
  {
    const std::scoped_lock lock(mutex_);
    question_ = std::move(question);
  }
  changed_.notify_one();
}

void HeadStart::finish() {
  if (!running_) {
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  ::pthread_join(thread_, nullptr);
  running_ = false;
}

bool HeadStart::is_asked() {
  const std::scoped_lock lock(mutex_);
  return question_ || over_;
}

HeadStart::Question HeadStart::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return question_ || over_; });
  return over_ ? nullptr : std::exchange(question_, nullptr);
}

void* HeadStart::work(void* self) {
  auto& start = *static_cast<HeadStart*>(self);
  ready_for_paths();
  if (!start.is_asked()) {
    ready_for_logs();
  }
  if (const auto question = start.next()) {
    question();
  }
  return nullptr;
}

}  // namespace nono::crypto
