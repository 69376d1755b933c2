// tests/sandbox/stop_clock_test.cc: a process that stops itself, and who wakes it.
#include "sandbox/stop_clock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "sandbox/process_tree.h"
#include "sandbox/supervisor.h"

namespace nono::sandbox {
namespace {

using std::chrono::milliseconds;

constexpr int kContinued = 1;
constexpr int kByTheClock = 2;

// stops begins a child that stops itself `times` times, and ends with how the last one ended.
pid_t stops(int times, std::optional<milliseconds> longest) {
  const pid_t child = ::fork();
  if (child == 0) {
    bool continued = false;
    for (int i = 0; i < times; ++i) {
      continued = stop_self(longest);
    }
    ::_exit(continued ? kContinued : kByTheClock);
  }
  return child;
}

int wait_for(pid_t child, int options) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, options), child);
  return status;
}

TEST(StopClockTest, TheClockWakesIt) {
  constexpr int kTimes = 3;
  const pid_t child = stops(kTimes, milliseconds(20));
  const int status = wait_for(child, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kByTheClock);
}

TEST(StopClockTest, ATimeThatIsOverStopsForAMoment) {
  EXPECT_EQ(WEXITSTATUS(wait_for(stops(1, milliseconds(-5)), 0)), kByTheClock);
}

TEST(StopClockTest, SomebodyContinuesItBefore) {
  for (const auto longest :
       {std::optional(milliseconds(3'600'000)), std::optional<milliseconds>()}) {
    const pid_t child = stops(1, longest);
    EXPECT_TRUE(WIFSTOPPED(wait_for(child, WUNTRACED)));
    ::kill(child, SIGCONT);
    EXPECT_EQ(WEXITSTATUS(wait_for(child, 0)), kContinued);
  }
}

// Nono blocks SIGCONT: what its own clock sent is not taken for somebody's.
TEST(StopClockTest, TheClocksOwnSignalIsNoContinuation) {
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    const bool by_clock = !stop_self(milliseconds(5)) && !take_continue();
    ::kill(::getpid(), SIGCONT);
    const bool told = take_continue() == ::getpid() && !take_continue();
    ::_exit(by_clock && told ? kByTheClock : kContinued);
  }
  EXPECT_EQ(WEXITSTATUS(wait_for(child, 0)), kByTheClock);
}

// A nono that cannot stop, since nothing could wake it in time, is not deaf to `fg` meanwhile.
TEST(StopClockTest, WithoutAClockItHearsWhoContinuesIt) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    constexpr unsigned kTooLong = 30;
    const rlimit none{};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    const bool ready = ::setrlimit(RLIMIT_NPROC, &none) == 0 &&
                       (::geteuid() != 0 || ::setresuid(kNobody, kNobody, kNobody) == 0);
    ::alarm(kTooLong);
    ::kill(::getpid(), SIGCONT);
    ::_exit(ready && stop_self(milliseconds(3'600'000)) ? kContinued : kByTheClock);
  }
  const int status = wait_for(child, WUNTRACED);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), kContinued);
}

// A SIGCONT that comes just before the stop is dropped by the kernel: here the process sees it, and
// then stops.
TEST(StopClockTest, WhoIsAskedToStopIsContinuedUntilItDoes) {
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCONT);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    sigdelset(&set, SIGTERM);
    int signal = 0;
    const bool told = ::write(ready[1], "x", 1) == 1 && ::sigwait(&set, &signal) == 0;
    ::kill(::getpid(), SIGSTOP);
    ::_exit(told ? kContinued : kByTheClock);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const OwnedFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  ASSERT_TRUE(pidfd.valid() && request_stop(pidfd, StopHow::Politely));
  const bool ended = await_end(pidfd, milliseconds(10'000));
  EXPECT_TRUE(ended);
  if (!ended) {
    ::kill(child, SIGKILL);
  }
  EXPECT_EQ(WEXITSTATUS(wait_for(child, 0)), kContinued);
}

// began is a child that reads a byte from `gate` and ends.
pid_t began(const std::array<int, 2>& gate) {
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    ::_exit(::read(gate[0], &byte, 1) == 1 ? 0 : 1);
  }
  return child;
}

bool goes_on() {
  return goes_on_beneath(::getpid());
}

TEST(StopClockTest, WhoIsStoppedDoesNotGoOn) {
  std::array<int, 2> gate{};
  ASSERT_EQ(::pipe(gate.data()), 0);
  EXPECT_FALSE(goes_on());
  const pid_t child = began(gate);
  EXPECT_TRUE(goes_on());
  ::kill(child, SIGSTOP);
  wait_for(child, WUNTRACED);
  EXPECT_FALSE(goes_on());
  ::kill(child, SIGCONT);
  wait_for(child, WCONTINUED);
  EXPECT_TRUE(goes_on());
  ::kill(child, SIGKILL);
  wait_for(child, 0);
}

TEST(StopClockTest, WhoHasEndedDoesNotGoOnThoughNobodyHasReapedIt) {
  std::array<int, 2> gate{};
  ASSERT_EQ(::pipe(gate.data()), 0);
  const pid_t child = began(gate);
  EXPECT_EQ(::write(gate[1], "x", 1), 1);
  siginfo_t ended{};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(goes_on());
  wait_for(child, 0);
}

}  // namespace
}  // namespace nono::sandbox
