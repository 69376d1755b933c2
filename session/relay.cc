#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>

#include "session/terminal.h"

namespace nono::session {
namespace {

constexpr std::size_t kMaxToTerminal = std::size_t{256} << 10;
constexpr std::size_t kMaxToAgent = std::size_t{64} << 10;
// A terminal that reports room takes at least this much without blocking; it is not ours to make
// non-blocking, for the flag is shared with the caller's shell.
constexpr std::size_t kTerminalPiece = 512;
constexpr std::chrono::seconds kLastWords{2};

// set_modes changes a terminal without stopping this process when it is in the background.
void set_modes(int terminal, const termios& modes) {
  sigset_t output;
  sigset_t before;
  sigemptyset(&output);
  sigaddset(&output, SIGTTOU);
  ::pthread_sigmask(SIG_BLOCK, &output, &before);
  ::tcsetattr(terminal, TCSADRAIN, &modes);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

struct Relay::Impl {
  Impl(OwnedFd master_fd, const std::array<bool, 3>& from_pty)
      : master(std::move(master_fd)), reads_input(from_pty[0]) {
    output = from_pty[1] ? 1 : from_pty[2] ? 2 : 0;
    terminal = from_pty[0] ? 0 : output;
    termios modes{};
    if (::tcgetattr(terminal, &modes) == 0) {
      saved = modes;
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { restore(); }

  int master_raw() const { return BorrowedFd(master).raw(); }

  // take_over makes the terminal pass every byte; where input is a pipe, it stays the shell's and
  // only our output passes unchanged (the pty has made line ends already).
  void take_over() {
    if (!saved) {
      return;
    }
    termios modes = *saved;
    if (reads_input) {
      ::cfmakeraw(&modes);
    } else {
      modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    }
    set_modes(terminal, modes);
    taken = true;
  }

  void restore() {
    if (taken && saved) {
      set_modes(terminal, *saved);
    }
    taken = false;
  }

  // read_input: the end of the caller's input is the agent's end of file.
  void read_input() {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(0, buffer.data(), buffer.size());
    if (got > 0) {
      to_agent.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || !would_block(errno)) {
      reads_input = false;
      termios modes{};
      const bool known = ::tcgetattr(master_raw(), &modes) == 0;
      to_agent.push_back(known ? static_cast<char>(modes.c_cc[VEOF]) : '\x04');
    }
    write_agent();
  }

  void write_agent() {
    while (!to_agent.empty() && !master_ended) {
      const ssize_t put = ::write(master_raw(), to_agent.data(), to_agent.size());
      if (put <= 0) {
        master_ended = put < 0 && !would_block(errno);
        return;
      }
      to_agent.erase(0, static_cast<std::size_t>(put));
    }
  }

  // read_master returns false where there is nothing more now.
  bool read_master() {
    std::array<char, 16384> buffer{};
    const ssize_t got = ::read(master_raw(), buffer.data(), buffer.size());
    if (got > 0) {
      to_terminal.append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    master_ended = got == 0 || !would_block(errno);  // EIO: no process has the slave open
    return false;
  }

  void write_terminal() {
    const std::size_t piece = std::min(kTerminalPiece, to_terminal.size() - written);
    const ssize_t put = ::write(output, to_terminal.data() + written, piece);
    if (put < 0 && !would_block(errno)) {
      output_lost = true;  // the terminal hung up: the agent's output goes nowhere
      to_terminal.clear();
      written = 0;
      return;
    }
    written += put > 0 ? static_cast<std::size_t>(put) : 0;
    if (written == to_terminal.size() || written > kMaxToTerminal / 2) {
      to_terminal.erase(0, written);
      written = 0;
    }
  }

  bool has_output() const { return written < to_terminal.size(); }

  OwnedFd master;
  bool reads_input;
  int output = 1;
  int terminal = 0;
  bool taken = false;
  bool master_ended = false;
  bool output_lost = false;
  std::optional<termios> saved;
  std::string to_agent;
  std::string to_terminal;
  std::size_t written = 0;
};

Relay::Relay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Relay::Relay(Relay&&) noexcept = default;
Relay& Relay::operator=(Relay&&) noexcept = default;
Relay::~Relay() = default;

Result<Relay> Relay::start(OwnedFd master, const std::array<bool, 3>& from_pty) {
  if (::fcntl(BorrowedFd(master).raw(), F_SETFL, O_NONBLOCK) != 0) {
    return fail_errno(errno, "preparing the agent's terminal");
  }
  auto impl = std::make_unique<Impl>(std::move(master), from_pty);
  impl->take_over();
  return Relay(std::move(impl));
}

std::array<Relay::Watch, 3> Relay::watched() const {
  std::array<Watch, 3> out{{{-1, 0}, {-1, 0}, {-1, 0}}};
  if (impl_->reads_input && impl_->to_agent.size() < kMaxToAgent) {
    out[0] = {0, POLLIN};
  }
  int events = impl_->to_terminal.size() < kMaxToTerminal ? POLLIN : 0;
  events |= impl_->to_agent.empty() ? 0 : POLLOUT;
  if (!impl_->master_ended && events != 0) {
    out[1] = {impl_->master_raw(), static_cast<short>(events)};
  }
  if (impl_->has_output()) {
    out[2] = {impl_->output, POLLOUT};
  }
  return out;
}

void Relay::ready(int fd, short revents) {
  Impl& self = *impl_;
  if (fd == self.master_raw()) {
    if ((revents & POLLOUT) != 0) {
      self.write_agent();
    }
    if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      self.read_master();
    }
    return;
  }
  if (fd == self.output && (revents & (POLLOUT | POLLERR | POLLHUP)) != 0 && self.has_output()) {
    self.write_terminal();
  }
  if (fd == 0 && self.reads_input && (revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
    self.read_input();
  }
}

void Relay::resized() {
  winsize size{};
  if (::ioctl(impl_->terminal, TIOCGWINSZ, &size) == 0) {
    ::ioctl(impl_->master_raw(), TIOCSWINSZ, &size);
  }
}

void Relay::suspend() {
  impl_->restore();
}
void Relay::resume() {
  impl_->take_over();
}

void Relay::finish() {
  Impl& self = *impl_;
  const auto end = std::chrono::steady_clock::now() + kLastWords;
  while (!self.output_lost && std::chrono::steady_clock::now() < end) {
    const bool more =
        !self.master_ended && self.to_terminal.size() < kMaxToTerminal && self.read_master();
    if (!more && !self.has_output()) {
      break;
    }
    pollfd room{self.output, POLLOUT, 0};
    if (self.has_output() && ::poll(&room, 1, 100) > 0) {
      self.write_terminal();
    }
  }
  self.restore();
}

}  // namespace nono::session
