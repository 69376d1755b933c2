// session/caller_terminal.cc: modes by termios(3), in the foreground only.
#include "session/caller_terminal.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

namespace nono::session {
namespace {

// poll(2) promises room for at least this much before a write to a terminal blocks.
constexpr std::size_t kSureRoom = 128;

// While SIGTTOU is blocked, tcsetattr from the background changes the modes instead of stopping
// this process; the check for the foreground comes first and may be overtaken.
class BlockedTtou {
 public:
  BlockedTtou() {
    sigset_t set{};
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTTOU);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  BlockedTtou(const BlockedTtou&) = delete;
  BlockedTtou& operator=(const BlockedTtou&) = delete;
  ~BlockedTtou() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

bool allows(int descriptor, int access) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  const int mode = flags & O_ACCMODE;
  return flags >= 0 && (mode == O_RDWR || mode == access);
}

}  // namespace

bool same_modes(const struct termios& one, const struct termios& other) {
  return one.c_iflag == other.c_iflag && one.c_oflag == other.c_oflag &&
         one.c_lflag == other.c_lflag && std::ranges::equal(one.c_cc, other.c_cc);
}

CallerTerminal::CallerTerminal(Opened input, Opened output)
    : input_(std::move(input.fd)), output_(std::move(output.fd)), output_blocks_(output.blocks) {}

CallerTerminal::~CallerTerminal() {
  restore();
}

CallerTerminal::Opened CallerTerminal::open_again(int descriptor, int access) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  Opened opened;
  opened.fd = OwnedFd(::open(path.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened.fd.valid()) {
    opened.fd = OwnedFd(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
    opened.blocks = true;
  }
  return opened;
}

Result<CallerTerminal> CallerTerminal::open(const std::array<bool, 3>& is_terminal) {
  Opened input;
  Opened output;
  // Output prefers 1 and 2: where only they are a terminal, 0 is something else.
  for (const int descriptor : {0, 1, 2}) {
    if (is_terminal[static_cast<std::size_t>(descriptor)] && !input.fd.valid() &&
        allows(descriptor, O_RDONLY)) {
      input = open_again(descriptor, O_RDONLY);
    }
  }
  for (const int descriptor : {1, 2, 0}) {
    if (is_terminal[static_cast<std::size_t>(descriptor)] && !output.fd.valid() &&
        allows(descriptor, O_WRONLY)) {
      output = open_again(descriptor, O_WRONLY);
    }
  }
  CallerTerminal terminal(std::move(input), std::move(output));
  if (::tcgetattr(terminal.any().raw(), &terminal.seen_) != 0) {
    return fail_errno(errno, "read the modes of the terminal");
  }
  terminal.first_ = terminal.seen_;
  return terminal;
}

bool CallerTerminal::is_foreground() const {
  const pid_t group = ::tcgetpgrp(any().raw());
  return group < 0 || group == ::getpgrp();
}

bool CallerTerminal::is_canonical() const {
  struct termios now{};
  return ::tcgetattr(any().raw(), &now) == 0 && (now.c_lflag & ICANON) != 0;
}

bool CallerTerminal::is_untouched() const {
  struct termios now{};
  return ::tcgetattr(any().raw(), &now) == 0 && same_modes(now, seen_);
}

void CallerTerminal::set_modes(const struct termios& modes) const {
  const BlockedTtou blocked;
  while (::tcsetattr(any().raw(), TCSANOW, &modes) != 0 && errno == EINTR) {
  }
}

void CallerTerminal::enter_raw() {
  if (raw_ || !is_foreground() || ::tcgetattr(any().raw(), &saved_) != 0) {
    return;
  }
  struct termios modes = saved_;
  ::cfmakeraw(&modes);
  modes.c_cc[VMIN] = 1;
  modes.c_cc[VTIME] = 0;
  set_modes(modes);
  // The driver may not take every bit; what it took is what restore looks for.
  raw_ = ::tcgetattr(any().raw(), &seen_) == 0;
}

void CallerTerminal::restore() {
  if (!raw_) {
    return;
  }
  raw_ = false;
  if (is_foreground() && is_untouched()) {
    set_modes(saved_);
    seen_ = saved_;
  }
}

CallerTerminal::Outcome CallerTerminal::read(std::span<char> buffer, std::size_t& got) const {
  const ssize_t done = ::read(BorrowedFd(input_).raw(), buffer.data(), buffer.size());
  got = static_cast<std::size_t>(std::max<ssize_t>(done, 0));
  if (done > 0) {
    return Outcome::Done;
  }
  if (done == 0) {
    return Outcome::EndOfFile;
  }
  // EIO: hung up, or in the background without a shell that could bring it forward again.
  return errno == EAGAIN || errno == EINTR ? Outcome::Later : Outcome::Gone;
}

CallerTerminal::Outcome CallerTerminal::write(std::string_view text, std::size_t& taken) const {
  const std::size_t size = output_blocks_ ? std::min(text.size(), kSureRoom) : text.size();
  const ssize_t done = ::write(BorrowedFd(output_).raw(), text.data(), size);
  taken = static_cast<std::size_t>(std::max<ssize_t>(done, 0));
  if (done >= 0) {
    return Outcome::Done;
  }
  return errno == EAGAIN || errno == EINTR ? Outcome::Later : Outcome::Gone;
}

}  // namespace nono::session
