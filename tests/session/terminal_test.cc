// tests/session/terminal_test.cc
#include "session/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace nono::session {
namespace {

// in_child runs `body` with descriptors 0 to 2 replaced; true when it returned true.
bool in_child(const std::array<int, 3>& descriptors, const std::function<bool()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();
    for (int i = 0; i < 3; ++i) {
      const int from = descriptors[static_cast<std::size_t>(i)];
      if (from < 0) {
        ::close(i);
      } else {
        ::dup2(from, i);
      }
    }
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct Outer {
  OwnedFd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  OwnedFd slave;
  OwnedFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  Outer() {
    const int unlock = 0;
    ::ioctl(BorrowedFd(master).raw(), TIOCSPTLCK, &unlock);
    slave = OwnedFd(::ioctl(BorrowedFd(master).raw(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
  int tty() const { return BorrowedFd(slave).raw(); }
  int nothing() const { return BorrowedFd(null).raw(); }
};

TEST(PlanTerminalTest, WithoutATerminalThereIsNoPty) {
  const Outer outer;
  const int null = outer.nothing();
  EXPECT_TRUE(in_child({null, null, null}, [] {
    const auto plan = plan_terminal();
    return plan && !plan->pty && plan->from_pty == std::array<bool, 3>{};
  }));
}

TEST(PlanTerminalTest, ClosedDescriptorsAreNoTerminals) {
  EXPECT_TRUE(in_child({-1, -1, -1}, [] {
    const auto plan = plan_terminal();
    return plan && !plan->pty && plan->from_pty == std::array<bool, 3>{};
  }));
}

TEST(PlanTerminalTest, OnlyTerminalsAreReplaced) {
  const Outer outer;
  for (unsigned bits = 1; bits < 8; ++bits) {
    const auto of = [&](unsigned bit) { return (bits & bit) != 0 ? outer.tty() : outer.nothing(); };
    EXPECT_TRUE(in_child({of(1), of(2), of(4)}, [bits] {
      const auto plan = plan_terminal();
      const std::array<bool, 3> expected = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
      return plan && plan->pty && plan->from_pty == expected;
    })) << bits;
  }
}

TEST(PlanTerminalTest, PtyIsANewTerminalWithTheCallersSizeAndModes) {
  const Outer outer;
  const struct winsize size{33, 77, 5, 6};
  ASSERT_EQ(::ioctl(outer.tty(), TIOCSWINSZ, &size), 0);
  struct termios modes{};
  ASSERT_EQ(::tcgetattr(outer.tty(), &modes), 0);
  modes.c_cc[VINTR] = 7;
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHOE);
  ASSERT_EQ(::tcsetattr(outer.tty(), TCSANOW, &modes), 0);
  EXPECT_TRUE(in_child({outer.nothing(), outer.tty(), outer.nothing()}, [&] {
    const auto plan = plan_terminal();
    if (!plan || !plan->pty) {
      return false;
    }
    const int slave = BorrowedFd(plan->pty->slave).raw();
    struct winsize got_size{};
    struct termios got{};
    unsigned number = 0;
    unsigned own = 0;
    return ::ioctl(slave, TIOCGWINSZ, &got_size) == 0 && got_size.ws_row == 33 &&
           got_size.ws_col == 77 && got_size.ws_xpixel == 5 && got_size.ws_ypixel == 6 &&
           ::tcgetattr(slave, &got) == 0 && got.c_cc[VINTR] == 7 && (got.c_lflag & ECHOE) == 0 &&
           ::ioctl(BorrowedFd(plan->pty->master).raw(), TIOCGPTN, &number) == 0 &&
           ::ioctl(BorrowedFd(outer.master).raw(), TIOCGPTN, &own) == 0 && number != own;
  }));
}

TEST(PlanTerminalTest, BothEndsAreCloseOnExecAndControlNothing) {
  const Outer outer;
  EXPECT_TRUE(in_child({outer.tty(), outer.tty(), outer.tty()}, [] {
    const auto plan = plan_terminal();
    return plan && plan->pty && ::open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 &&
           (::fcntl(BorrowedFd(plan->pty->master).raw(), F_GETFD) & FD_CLOEXEC) != 0 &&
           (::fcntl(BorrowedFd(plan->pty->slave).raw(), F_GETFD) & FD_CLOEXEC) != 0;
  }));
}

TEST(RelayTest, WithoutATerminalIsRefused) {
  const auto relay = Relay::start(OwnedFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), {});
  ASSERT_FALSE(relay);
  EXPECT_EQ(relay.error().kind(), ErrorKind::InvalidInput);
}

TEST(RelayTest, DescriptorThatIsNoTerminalIsAnError) {
  const Outer outer;
  const int null = outer.nothing();
  EXPECT_TRUE(in_child({null, null, null}, [] {
    OwnedFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    return !Relay::start(std::move(master), {true, true, true});
  }));
}

}  // namespace
}  // namespace nono::session
