#include "sandbox/side_watch.h"

#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/silent_thread.h"

namespace nono::sandbox {
namespace {

constexpr int kNudge = SIGURG;  // ignored by default, so that a worker of the broker is safe too
constexpr std::size_t kStack = std::size_t{128} * 1024;

void hear_nothing(int /*signal*/) {}

// take_nudges lets the signal interrupt the calling thread: no SA_RESTART.
void take_nudges() {
  struct sigaction action{};
  action.sa_handler = hear_nothing;
  ::sigaction(kNudge, &action, nullptr);
  sigset_t nudge;
  sigemptyset(&nudge);
  sigaddset(&nudge, kNudge);
  ::pthread_sigmask(SIG_UNBLOCK, &nudge, nullptr);
}

}  // namespace

SideWatch::~SideWatch() {
  if (state_ == State::Running) {
    ::eventfd_write(BorrowedFd(stop_).raw(), 1);
    ::pthread_join(thread_, nullptr);
  }
}

bool SideWatch::start() {
  if (state_ != State::NotTried) {
    return state_ == State::Running;
  }
  state_ = State::NotToBeHad;
  stop_ = OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_.valid()) {
    return false;
  }
  nudged_ = ::pthread_self();
  take_nudges();
  if (start_silent(thread_, kStack, run, this)) {
    state_ = State::Running;
  }
  return state_ == State::Running;
}

bool SideWatch::begin_wait() {
  waits_.store(true);
  if (!wanted_.load()) {
    return true;
  }
  end_wait();
  return false;
}

// Either the other thread saw no wait any more, or its nudge is counted: both flags are written
// before the other one is read. A signal that was sent is delivered at the end of the next system
// call at the latest.
void SideWatch::end_wait() {
  waits_.store(false);
  while (nudging_.load()) {
    ::sched_yield();
  }
  if (const unsigned sent = nudges_.load(); sent != delivered_) {
    delivered_ = sent;
    ::sched_yield();
  }
}

void SideWatch::nudge() {
  nudging_.store(true);
  if (waits_.load()) {
    nudges_.fetch_add(1);
    ::pthread_kill(nudged_, kNudge);
  }
  nudging_.store(false);
}

void* SideWatch::run(void* self) {
  static_cast<SideWatch*>(self)->watch();
  return nullptr;
}

bool SideWatch::stopped(int timeout_ms) const {
  pollfd stop{BorrowedFd(stop_).raw(), POLLIN, 0};
  return ::poll(&stop, 1, timeout_ms) > 0;
}

void SideWatch::watch() {
  std::array<pollfd, 4> fds{{{watched_[0], POLLIN, 0},
                             {watched_[1], POLLIN, 0},
                             {watched_[2], POLLIN, 0},
                             {BorrowedFd(stop_).raw(), POLLIN, 0}}};
  for (;;) {
    pollfd& stop = fds.back();
    stop.revents = 0;
    // Where even poll fails, the broker does without this: it looks by itself.
    static_cast<void>(::poll(fds.data(), fds.size(), tick_ms_));
    if (stop.revents != 0) {
      return;
    }
    nudge_until_heard();
  }
}

void SideWatch::nudge_until_heard() {
  constexpr int kAgainMs = 1;
  wanted_.store(true);
  do {
    nudge();
  } while (!stopped(kAgainMs) && wanted_.load());
}

}  // namespace nono::sandbox
