// session/terminal.cc: making the pseudo-terminal.
#include "session/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace nono::session {
namespace {

Result<Pty> make_pty() {
  OwnedFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master.valid()) {
    const int saved = errno;
    return std::unexpected(
        Error(ErrorKind::Unsupported, "no pseudo-terminal for the agent: /dev/ptmx: " +
                                          Error::from_errno(saved, "open").message())
            .mend_with("mount devpts, or start nono without a terminal"));
  }
  const int unlock = 0;
  if (::ioctl(BorrowedFd(master).raw(), TIOCSPTLCK, &unlock) != 0) {
    return fail_errno(errno, "unlock the agent's pseudo-terminal");
  }
  const int slave = ::ioctl(BorrowedFd(master).raw(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) {
    return fail_errno(errno, "open the agent's end of its pseudo-terminal");
  }
  return Pty{.master = std::move(master), .slave = OwnedFd(slave)};
}

// The pty starts as the caller's terminal is. It keeps the defaults where that does not tell, and
// in the background: a shell that reads its next command there has set modes for itself.
void copy_modes(int terminal, BorrowedFd slave) {
  struct termios modes{};
  const pid_t group = ::tcgetpgrp(terminal);
  const bool foreground = group < 0 || group == ::getpgrp();
  if (foreground && ::tcgetattr(terminal, &modes) == 0) {
    ::tcsetattr(slave.raw(), TCSANOW, &modes);
  }
  struct winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) == 0) {
    ::ioctl(slave.raw(), TIOCSWINSZ, &size);
  }
}

}  // namespace

Result<TerminalPlan> plan_terminal() {
  TerminalPlan plan;
  int first = -1;
  for (const int descriptor : {2, 1, 0}) {
    struct termios modes{};
    const bool is_terminal = ::tcgetattr(descriptor, &modes) == 0;
    plan.from_pty[static_cast<std::size_t>(descriptor)] = is_terminal;
    first = is_terminal ? descriptor : first;
  }
  if (first >= 0) {
    NONO_TRY(plan.pty, make_pty());
    copy_modes(first, plan.pty->slave);
  }
  return plan;
}

}  // namespace nono::session
