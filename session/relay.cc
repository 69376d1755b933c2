// session/relay.cc: bytes both ways, and when the caller's terminal is raw.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "session/caller_terminal.h"
#include "session/terminal.h"

namespace nono::session {
namespace {

using std::chrono::steady_clock;
using Outcome = CallerTerminal::Outcome;

constexpr std::size_t kMaxOutput = 256u << 10;
constexpr std::size_t kMaxInput = 64u << 10;
constexpr std::size_t kChunk = 16u << 10;
// What a dead agent can have left in the kernel is far less.
constexpr std::size_t kMaxLeftOver = 1u << 20;
constexpr std::chrono::seconds kPatience{5};

// A slave end of our own keeps reads of the master from failing while the agent has none open.
OwnedFd slave_of(BorrowedFd master) {
  const int fd = ::ioctl(master.raw(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return fd < 0 ? OwnedFd() : OwnedFd(fd);
}

// What comes before a question: an escape sequence that the agent left open is cancelled (CAN, ST);
// then soft reset, colours and palette, character set, mouse reports, the alternate screen. What
// would not be set again by the agent, and does no harm here, stays: paste and focus reports.
constexpr std::string_view kEnterQuestion =
    "\x18\x1b\\\x1b[!p\x1b[0m\x1b(B\x0f\x1b[?7h\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\"
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1049h\x1b[H\x1b[2J";
constexpr std::string_view kLeaveQuestion = "\x1b[2J\x1b[H\x1b[?1049l";

std::string with_carriage_returns(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  return out;
}

}  // namespace

struct Relay::Impl {
  OwnedFd master;
  OwnedFd slave;
  CallerTerminal terminal;
  bool exclusive;  // stdin and stdout are the terminal: no other program reads it
  std::string to_agent = {};
  std::string to_terminal = {};
  bool typed = false;
  bool suspended = false;
  bool input_open = true;
  // While a question is shown: what it says, who hears the answer, and what waits behind it.
  std::string question = {};
  std::function<void(std::string_view)> answer_to = {};
  std::string waiting_output = {};
  struct termios agents_first_modes;

  Impl(OwnedFd master_fd, CallerTerminal caller, bool is_exclusive)
      : master(std::move(master_fd)),
        slave(slave_of(master)),
        terminal(std::move(caller)),
        exclusive(is_exclusive),
        agents_first_modes(terminal.first_modes()) {
    if (!terminal.is_foreground()) {  // then it did not begin as a copy of the caller's
      ::tcgetattr(BorrowedFd(master).raw(), &agents_first_modes);
    }
  }

  bool agent_changed_modes() const;
  void adopt_modes();
  bool may_read_input() const;
  void read_input(short revents);
  void write_to_agent();
  enum class MasterState : unsigned char { More, Dry, Ended };
  MasterState read_master();
  void write_to_terminal();
  bool asking() const { return static_cast<bool>(answer_to); }
  void read_answer(short revents);
  void hang_up();
  bool wait_for_terminal() const;
  void copy_size() const;
};

// On Linux the master tells the modes of the slave.
bool Relay::Impl::agent_changed_modes() const {
  struct termios now{};
  return ::tcgetattr(BorrowedFd(master).raw(), &now) == 0 && !same_modes(now, agents_first_modes);
}

void Relay::Impl::adopt_modes() {
  if (suspended || !master.valid()) {
    return;
  }
  const bool wanted = exclusive || typed || asking() || agent_changed_modes();
  if (wanted && !terminal.is_raw()) {
    terminal.enter_raw();
  } else if (!wanted && terminal.is_raw()) {
    terminal.restore();
  }
}

bool Relay::Impl::may_read_input() const {
  return input_open && terminal.input().raw() >= 0 && to_agent.size() < kMaxInput &&
         terminal.is_foreground() && (exclusive || terminal.is_untouched());
}

void Relay::Impl::read_input(short revents) {
  if ((revents & POLLHUP) != 0) {
    hang_up();
    return;
  }
  if (!may_read_input()) {
    return;
  }
  std::array<char, kChunk> buffer{};
  std::size_t got = 0;
  switch (terminal.read(buffer, got)) {
    case Outcome::Done:
      to_agent.append(buffer.data(), got);
      typed = true;
      break;
    case Outcome::Later:
      return;
    case Outcome::EndOfFile:
      if (!terminal.is_canonical()) {
        hang_up();
        return;
      }
      // The caller's own line discipline has eaten the ^D; the agent's makes its end of file of it.
      to_agent += static_cast<char>(terminal.first_modes().c_cc[VEOF]);
      typed = true;
      break;
    case Outcome::Gone:
      input_open = false;
      return;
  }
  write_to_agent();
}

// read_answer: what hangs up has answered no, and hangs up for the agent, too.
void Relay::Impl::read_answer(short revents) {
  std::array<char, kChunk> buffer{};
  std::size_t got = 0;
  const Outcome outcome = (revents & POLLHUP) != 0 ? Outcome::Gone : terminal.read(buffer, got);
  const auto hear = answer_to;  // which may end the question
  if (outcome == Outcome::Gone || outcome == Outcome::EndOfFile) {
    hear("\x03");
    hang_up();
  } else {
    hear(std::string_view(buffer.data(), got));
  }
}

void Relay::Impl::write_to_agent() {
  while (!to_agent.empty() && master.valid()) {
    const ssize_t done = ::write(BorrowedFd(master).raw(), to_agent.data(), to_agent.size());
    if (done <= 0) {
      if (done < 0 && errno == EINTR) {
        continue;
      }
      return;
    }
    to_agent.erase(0, static_cast<std::size_t>(done));
  }
}

Relay::Impl::MasterState Relay::Impl::read_master() {
  std::array<char, kChunk> buffer{};
  const ssize_t done = ::read(BorrowedFd(master).raw(), buffer.data(), buffer.size());
  if (done > 0) {
    to_terminal.append(buffer.data(), static_cast<std::size_t>(done));
    return MasterState::More;
  }
  if (done < 0 && errno == EINTR) {
    return MasterState::More;
  }
  return done < 0 && errno == EAGAIN ? MasterState::Dry : MasterState::Ended;
}

void Relay::Impl::write_to_terminal() {
  std::size_t done = 0;
  while (done < to_terminal.size()) {
    std::size_t taken = 0;
    const Outcome outcome = terminal.write(std::string_view(to_terminal).substr(done), taken);
    if (outcome == Outcome::Gone || terminal.output().raw() < 0) {
      done = to_terminal.size();  // nobody is left to read it; the agent must not wait for that
      break;
    }
    done += taken;
    if (outcome != Outcome::Done || taken == 0) {
      break;
    }
  }
  to_terminal.erase(0, done);
}

// The agent learns that its terminal is gone as it would have from the caller's: by SIGHUP.
void Relay::Impl::hang_up() {
  input_open = false;
  to_agent.clear();
  to_terminal.clear();
  slave.reset();
  master.reset();
}

bool Relay::Impl::wait_for_terminal() const {
  struct pollfd room{terminal.output().raw(), POLLOUT, 0};
  const steady_clock::time_point until = steady_clock::now() + kPatience;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    if (left <= 0) {
      return false;
    }
    const int fired = ::poll(&room, 1, static_cast<int>(left));
    if (fired > 0) {
      return (room.revents & POLLOUT) != 0;
    }
    if (fired == 0 || errno != EINTR) {
      return false;
    }
  }
}

void Relay::Impl::copy_size() const {
  struct winsize size{};
  const int from = terminal.output().raw() >= 0 ? terminal.output().raw() : terminal.input().raw();
  if (master.valid() && ::ioctl(from, TIOCGWINSZ, &size) == 0) {
    ::ioctl(BorrowedFd(master).raw(), TIOCSWINSZ, &size);
  }
}

Relay::Relay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Relay::Relay(Relay&&) noexcept = default;
Relay& Relay::operator=(Relay&&) noexcept = default;
Relay::~Relay() = default;

Result<Relay> Relay::start(OwnedFd master, const std::array<bool, 3>& from_pty) {
  if (!from_pty[0] && !from_pty[1] && !from_pty[2]) {
    return fail(ErrorKind::InvalidInput, "a relay without a terminal");
  }
  const int flags = ::fcntl(BorrowedFd(master).raw(), F_GETFL);
  if (flags < 0 || ::fcntl(BorrowedFd(master).raw(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail_errno(errno, "prepare the agent's pseudo-terminal");
  }
  NONO_TRY(CallerTerminal terminal, CallerTerminal::open(from_pty));
  auto impl =
      std::make_unique<Impl>(std::move(master), std::move(terminal), from_pty[0] && from_pty[1]);
  impl->adopt_modes();
  impl->copy_size();
  return Relay(std::move(impl));
}

std::array<Relay::Watch, 3> Relay::watched() const {
  std::array<Watch, 3> watches{{{-1, 0}, {-1, 0}, {-1, 0}}};
  const Impl& it = *impl_;
  if (it.suspended) {
    return watches;
  }
  if (it.asking()) {
    watches[0] = {it.input_open ? it.terminal.input().raw() : -1, POLLIN};
    watches[2] = {it.to_terminal.empty() ? -1 : it.terminal.output().raw(), POLLOUT};
    return watches;
  }
  if (it.master.valid() && it.may_read_input()) {
    watches[0] = {it.terminal.input().raw(), POLLIN};
  }
  const bool room = it.to_terminal.size() < kMaxOutput;
  const int master_events = (room ? POLLIN : 0) | (it.to_agent.empty() ? 0 : POLLOUT);
  if (it.master.valid() && master_events != 0) {
    watches[1] = {BorrowedFd(it.master).raw(), static_cast<short>(master_events)};
  }
  if (!it.to_terminal.empty()) {
    watches[2] = {it.terminal.output().raw(), POLLOUT};
  }
  return watches;
}

void Relay::ready(int fd, short revents) {
  Impl& it = *impl_;
  if (revents == 0 || it.suspended) {
    return;
  }
  it.adopt_modes();
  if (it.asking()) {
    if (fd == it.terminal.input().raw()) {
      it.read_answer(revents);
    }
  } else if (fd == it.terminal.input().raw()) {
    it.read_input(revents);
  } else if (it.master.valid() && fd == BorrowedFd(it.master).raw()) {
    it.write_to_agent();
    if (it.to_terminal.size() < kMaxOutput && it.read_master() == Impl::MasterState::Ended) {
      it.slave.reset();
      it.master.reset();
    }
  }
  it.write_to_terminal();
  it.adopt_modes();
}

void Relay::resized() {
  impl_->adopt_modes();
  impl_->copy_size();
}

bool Relay::in_background() const {
  const Impl& it = *impl_;
  return !it.suspended && it.input_open && it.terminal.input().raw() >= 0 &&
         !it.terminal.is_foreground();
}

bool Relay::can_ask() const {
  const Impl& it = *impl_;
  return it.exclusive && it.input_open && !it.suspended && it.terminal.input().raw() >= 0 &&
         it.terminal.output().raw() >= 0 && it.terminal.is_foreground();
}

void Relay::ask(std::string_view screen, std::function<void(std::string_view)> typed) {
  Impl& it = *impl_;
  if (!it.asking()) {
    it.waiting_output = std::exchange(it.to_terminal, {});
  }
  it.question = std::string(kEnterQuestion) + with_carriage_returns(screen);
  it.answer_to = std::move(typed);
  it.adopt_modes();
  ::tcflush(it.terminal.input().raw(), TCIFLUSH);
  it.to_terminal += it.question;
  it.write_to_terminal();
}

void Relay::add_to_question(std::string_view text) {
  impl_->to_terminal += with_carriage_returns(text);
  impl_->write_to_terminal();
}

void Relay::done_asking() {
  Impl& it = *impl_;
  if (!it.asking()) {
    return;
  }
  it.answer_to = nullptr;
  it.to_terminal += kLeaveQuestion;
  it.to_terminal += std::exchange(it.waiting_output, {});
  it.write_to_terminal();
  it.adopt_modes();
}

bool Relay::agent_paints() const {
  const Impl& it = *impl_;
  struct termios now{};
  return (it.agents_first_modes.c_lflag & ICANON) != 0 && it.master.valid() &&
         ::tcgetattr(BorrowedFd(it.master).raw(), &now) == 0 && (now.c_lflag & ICANON) == 0;
}

void Relay::suspend() {
  if (impl_->asking()) {
    impl_->to_terminal += kLeaveQuestion;
  }
  impl_->write_to_terminal();
  impl_->terminal.restore();
  impl_->suspended = true;
}

void Relay::resume() {
  impl_->suspended = false;
  impl_->adopt_modes();
  if (impl_->asking()) {
    ::tcflush(impl_->terminal.input().raw(), TCIFLUSH);
    impl_->to_terminal += impl_->question;
    impl_->write_to_terminal();
  }
  impl_->copy_size();
}

void Relay::finish() {
  done_asking();
  Impl& it = *impl_;
  std::size_t left_over = 0;
  bool more = it.master.valid();
  while (more || !it.to_terminal.empty()) {
    while (more && it.to_terminal.size() < kMaxOutput) {
      const std::size_t before = it.to_terminal.size();
      more = it.read_master() == Impl::MasterState::More;
      left_over += it.to_terminal.size() - before;
      more = more && left_over < kMaxLeftOver;
    }
    it.write_to_terminal();
    if (!it.to_terminal.empty() && !it.wait_for_terminal()) {
      break;
    }
  }
  it.hang_up();
  it.terminal.restore();
}

void Relay::show(std::string_view text) {
  Impl& it = *impl_;
  const std::string_view end_of_line = it.terminal.is_raw() ? "\r\n" : "\n";
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    it.to_terminal += text.substr(0, end);
    it.to_terminal += end_of_line;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  it.write_to_terminal();
}

}  // namespace nono::session
