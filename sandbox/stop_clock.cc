#include "sandbox/stop_clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "sandbox/kernel_abi.h"

namespace nono::sandbox {
namespace {

using std::chrono::steady_clock;

constexpr long kAgain = 50'000'000;  // nanoseconds
constexpr std::chrono::seconds kLongestWait{1};

timespec span(steady_clock::duration time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return {whole.count(), std::chrono::nanoseconds(time - whole).count()};
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

std::optional<pid_t> await_continue(timespec longest) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCONT);
  siginfo_t info{};
  return ::sigtimedwait(&set, &info, &longest) == SIGCONT ? std::optional(info.si_pid)
                                                          : std::nullopt;
}

// stop_here: of several threads it is this one that stops before it goes on.
void stop_here() {
  ::syscall(SYS_tgkill, ::getpid(), ::gettid(), SIGSTOP);
}

}  // namespace

std::optional<pid_t> take_continue() {
  return await_continue({});
}

bool stop_self(std::optional<std::chrono::milliseconds> longest) {
  if (!longest) {
    stop_here();
    return true;
  }
  const auto end = steady_clock::now() + std::max(*longest, std::chrono::milliseconds(1));
  const pid_t child = begin_keeping(span(end.time_since_epoch()));
  if (child < 0) {
    return await_continue(
               span(std::min<steady_clock::duration>(end - steady_clock::now(), kLongestWait)))
        .has_value();
  }
  stop_here();
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  const auto sender = take_continue();
  return steady_clock::now() < end || (sender && *sender != child);
}

}  // namespace nono::sandbox
