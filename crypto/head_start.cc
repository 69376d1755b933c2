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
  question_.reset();
  running_ = start_beside(thread_, work, this);
}

void HeadStart::ask(std::vector<CertificateAuthority> authorities, const Certificate& leaf) {
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
    question_.emplace(Question{.authorities = std::move(authorities), .leaf = leaf});
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

std::optional<HeadStart::Question> HeadStart::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return question_ || over_; });
  return over_ ? std::nullopt : std::exchange(question_, std::nullopt);
}

void* HeadStart::work(void* self) {
  auto& start = *static_cast<HeadStart*>(self);
  ready_for_paths();
  if (!start.is_asked()) {
    ready_for_logs();
  }
  if (const auto question = start.next()) {
    for (const CertificateAuthority& authority : question->authorities) {
      authority.ask_ahead(question->leaf);
    }
  }
  return nullptr;
}

}  // namespace nono::crypto
