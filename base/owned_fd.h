// base/owned_fd.h: file descriptors with an owner.
//
// Every descriptor in nono is born close-on-exec and lives in an OwnedFd. Functions that only look
// take a BorrowedFd, which cannot be closed and cannot be made from a number by accident.
#pragma once

#include <unistd.h>

#include <utility>

namespace nono {

class OwnedFd;

// BorrowedFd is a descriptor that somebody else closes; it must not outlive its owner.
class BorrowedFd {
 public:
  BorrowedFd(const OwnedFd& owner);                               // implicit: lending is safe
  BorrowedFd(const OwnedFd&&) = delete;                           // lending a temporary is not
  static BorrowedFd unowned(int raw) { return BorrowedFd(raw); }  // stdio, AT_FDCWD, inherited
  int raw() const { return raw_; }

 private:
  explicit BorrowedFd(int raw) : raw_(raw) {}
  int raw_;
};

// OwnedFd closes its descriptor exactly once. There is no conversion to int or bool and no default
// of zero: descriptor 0 is a real one.
class [[nodiscard]] OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int raw) : raw_(raw) {}
  OwnedFd(OwnedFd&& other) noexcept : raw_(std::exchange(other.raw_, kNone)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    if (this != &other) {
      reset();
      raw_ = std::exchange(other.raw_, kNone);
    }
    return *this;
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() { reset(); }

  bool valid() const { return raw_ != kNone; }
  // reset closes now. Linux frees the number even on EINTR, so close is never retried.
  void reset() noexcept {
    if (raw_ != kNone) {
      ::close(std::exchange(raw_, kNone));
    }
  }
  // release gives up ownership; used only to hand a descriptor across exec or SCM_RIGHTS.
  [[nodiscard]] int release() noexcept { return std::exchange(raw_, kNone); }

 private:
  friend class BorrowedFd;
  static constexpr int kNone = -1;
  int raw_ = kNone;
};

inline BorrowedFd::BorrowedFd(const OwnedFd& owner) : raw_(owner.raw_) {}

}  // namespace nono
