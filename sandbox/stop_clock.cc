#include "sandbox/stop_clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "sandbox/kernel_abi.h"

namespace nono::sandbox {
namespace {

using std::chrono::steady_clock;

constexpr long kAgain = 50'000'000;  // nanoseconds

timespec moment(steady_clock::time_point when) {
  const auto since = when.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since);
  return {whole.count(), std::chrono::nanoseconds(since - whole).count()};
}

// keep_time is all that the child does: it holds no descriptor, so that who waits for the end of
// its parent does not wait for its own.
[[noreturn]] void keep_time(pid_t parent, timespec end) noexcept {
  ::syscall(abi::kSysCloseRange, 0u, ~0u, 0u);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  while (::getppid() == parent &&
         ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr) == EINTR) {
  }
  const timespec again{0, kAgain};
  while (::getppid() == parent) {
    ::kill(parent, SIGCONT);
    static_cast<void>(::clock_nanosleep(CLOCK_MONOTONIC, 0, &again, nullptr));
  }
  ::_exit(0);
}

pid_t begin_keeping(timespec end) {
  const pid_t parent = ::getpid();
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) {
    keep_time(parent, end);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return child;
}

// stop_here: of several threads it is this one that stops before it goes on.
void stop_here() {
  ::syscall(SYS_tgkill, ::getpid(), ::gettid(), SIGSTOP);
}

}  // namespace

std::optional<pid_t> take_continue() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCONT);
  const timespec now{};
  siginfo_t info{};
  return ::sigtimedwait(&set, &info, &now) == SIGCONT ? std::optional(info.si_pid) : std::nullopt;
}

bool stop_self(std::optional<std::chrono::milliseconds> longest) {
  if (!longest) {
    stop_here();
    return true;
  }
  const auto end = steady_clock::now() + std::max(*longest, std::chrono::milliseconds(1));
  const pid_t child = begin_keeping(moment(end));
  if (child < 0) {
    std::this_thread::sleep_until(end);
    return false;
  }
  stop_here();
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  const auto sender = take_continue();
  return steady_clock::now() < end || (sender && *sender != child);
}

}  // namespace nono::sandbox
