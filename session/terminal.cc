#include "session/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace nono::session {
namespace {

// copy_settings gives the pty the window size and modes of the caller's terminal.
void copy_settings(int terminal, BorrowedFd slave) {
  winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) == 0) {
    ::ioctl(slave.raw(), TIOCSWINSZ, &size);
  }
  termios modes{};
  if (::tcgetattr(terminal, &modes) == 0) {
    ::tcsetattr(slave.raw(), TCSANOW, &modes);
  }
}

// make_pty opens the slave through its master: no path is looked up that could be another's.
Result<Pty> make_pty() {
  Pty out;
  out.master = OwnedFd(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!out.master.valid()) {
    return fail_errno(errno, "opening /dev/ptmx for the agent's terminal");
  }
  const int unlocked = 0;
  const int master = BorrowedFd(out.master).raw();
  if (::ioctl(master, TIOCSPTLCK, &unlocked) != 0) {
    return fail_errno(errno, "unlocking the agent's terminal");
  }
  out.slave = OwnedFd(::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!out.slave.valid()) {
    return fail_errno(errno, "opening the agent's terminal");
  }
  return out;
}

}  // namespace

Result<TerminalPlan> plan_terminal() {
  TerminalPlan plan;
  int first = -1;
  for (int fd = 2; fd >= 0; --fd) {
    const bool terminal = ::isatty(fd) != 0;
    plan.from_pty[static_cast<std::size_t>(fd)] = terminal;
    first = terminal ? fd : first;
  }
  if (first < 0) {
    return plan;
  }
  NONO_TRY(Pty pty, make_pty());
  copy_settings(first, pty.slave);
  plan.pty = std::move(pty);
  return plan;
}

}  // namespace nono::session
