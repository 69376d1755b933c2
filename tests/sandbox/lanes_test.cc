// tests/sandbox/lanes_test.cc: a lane that is over its time while it hands over a descriptor.
//
// The kernel hands it over when the caller runs. A caller that gets no processor meanwhile holds
// that moment open.
#include "sandbox/lanes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <thread>
#include <vector>

namespace nono::sandbox {
namespace {

constexpr std::size_t kStarved = 0;  // the processor of the caller, and of who takes it from it
constexpr std::size_t kOther = 1;

class Host final : public Lanes::Host {
 public:
  Outcome serve_apart(const Call& /*call*/, OwnedFd /*channel*/) override {
    return Outcome::descriptor(OwnedFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), O_RDONLY);
  }
  Heard hear_lane(BorrowedFd /*channel*/, dev_t /*device*/) override { return {}; }
  void stalled(const Call& /*call*/, const Resolver::Met& /*met*/,
               std::string_view /*why*/) override {}
};

void stay_on(std::size_t processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

// caller says the number of its listener, and then what its open returned.
[[noreturn]] void caller(int to) {
  std::array<sock_filter, 4> code{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                                   {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_openat},
                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
  const sock_fprog program{code.size(), code.data()};
  stay_on(kStarved);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const long listener =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  static_cast<void>(!::write(to, &listener, sizeof listener));
  const long got = ::syscall(SYS_openat, AT_FDCWD, "any", O_RDONLY);
  static_cast<void>(!::write(to, &got, sizeof got));
  ::_exit(0);
}

// starve takes the processor for at most a second.
pid_t starve() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    stay_on(kStarved);
    const sched_param first{.sched_priority = 1};
    if (::sched_setscheduler(0, SCHED_FIFO, &first) != 0) {
      ::_exit(1);
    }
    ::alarm(1);
    for (;;) {
      ::getppid();
    }
  }
  return pid;
}

bool may_starve() {
  const sched_param first{.sched_priority = 1};
  const sched_param usual{.sched_priority = 0};
  return ::sysconf(_SC_NPROCESSORS_ONLN) > 1 && ::sched_setscheduler(0, SCHED_FIFO, &first) == 0 &&
         ::sched_setscheduler(0, SCHED_OTHER, &usual) == 0;
}

// handing_over waits until the child has begun; false where the caller has it already.
bool handing_over(const AgentThread& thread, pid_t child) {
  for (int look = 0; look < 200 && thread.waiting(); ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  siginfo_t ended{};
  return !thread.waiting() &&
         ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0;
}

struct Round {
  bool met = false;  // the moment
  long got = -1;
};

Round round_of_a_late_lane() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const OwnedFd from(ends[0]);
  OwnedFd to(ends[1]);
  const pid_t agent = ::fork();
  if (agent == 0) {
    caller(ends[1]);
  }
  to.reset();
  long number = -1;
  EXPECT_EQ(::read(BorrowedFd(from).raw(), &number, sizeof number), ssize_t{sizeof number});
  const OwnedFd process(static_cast<int>(::syscall(SYS_pidfd_open, agent, 0)));
  const OwnedFd listener(
      static_cast<int>(::syscall(SYS_pidfd_getfd, BorrowedFd(process).raw(), number, 0)));
  seccomp_notif request{};
  EXPECT_EQ(::ioctl(BorrowedFd(listener).raw(), SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
  Host host;
  std::vector<pid_t> pids;
  Lanes lanes(listener, pids, host);
  const Call call{request.data.nr, Trap::Open, {}, AgentThread(agent, request.id, listener)};
  const pid_t hog = starve();
  lanes.take(call, {});
  Round out;
  out.met = pids.size() == 1 && handing_over(call.thread, pids.front());
  lanes.look(Lanes::Clock::now() + 2 * Lanes::kDeadline);
  ::kill(hog, SIGKILL);
  ::waitpid(hog, nullptr, 0);
  EXPECT_EQ(::read(BorrowedFd(from).raw(), &out.got, sizeof out.got), ssize_t{sizeof out.got});
  ::waitpid(agent, nullptr, 0);
  for (const pid_t pid : std::vector<pid_t>(pids)) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    lanes.reaped(pid, status);
  }
  return out;
}

TEST(LanesTest, ADescriptorThatIsBeingHandedOverIsNotTakenForAnAnswerOfZero) {
  if (!may_starve()) {
    GTEST_SKIP() << "only root takes a processor from others, and one of two";
  }
  cpu_set_t before;
  ::sched_getaffinity(0, sizeof before, &before);
  stay_on(kOther);
  bool met = false;
  for (int round = 0; round < 20 && !met; ++round) {
    const Round late = round_of_a_late_lane();
    EXPECT_TRUE(late.got > 0 || late.got == -1) << late.got;  // a descriptor, or EIO
    met = late.met;
  }
  ::sched_setaffinity(0, sizeof before, &before);
  if (!met) {
    GTEST_SKIP() << "the moment was never met";
  }
}

}  // namespace
}  // namespace nono::sandbox
