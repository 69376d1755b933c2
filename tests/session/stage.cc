// tests/session/stage.cc: real pseudo-terminals and processes.
#include "stage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

#include "session/terminal.h"

namespace nono::session {
namespace {

constexpr int kPatienceMs = 10'000;

OwnedFd peer_of(const OwnedFd& master) {
  return OwnedFd(::ioctl(BorrowedFd(master).raw(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

[[noreturn]] void be_agent(const TerminalPlan& plan, const std::function<int()>& agent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none{};
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGHUP, SIG_DFL);
  const int slave = BorrowedFd(plan.pty->slave).raw();
  ::setsid();
  ::ioctl(slave, TIOCSCTTY, 0);
  for (const int descriptor : {0, 1, 2}) {
    if (plan.from_pty[static_cast<std::size_t>(descriptor)]) {
      ::dup2(slave, descriptor);
    }
  }
  ::close_range(3, ~0U, 0);
  ::_exit(agent());
}

// One turn of a supervisor's loop; false when the agent has ended.
bool turn(Relay& relay, int agent_fd, int signals_fd) {
  std::array<pollfd, 5> fds{};
  const auto watches = relay.watched();
  for (std::size_t i = 0; i < watches.size(); ++i) {
    fds[i] = {watches[i].fd, watches[i].events, 0};
  }
  fds[3] = {agent_fd, POLLIN, 0};
  fds[4] = {signals_fd, POLLIN, 0};
  if (::poll(fds.data(), fds.size(), -1) < 0) {
    return true;
  }
  for (std::size_t i = 0; i < watches.size(); ++i) {
    if (fds[i].revents != 0) {
      relay.ready(fds[i].fd, fds[i].revents);
    }
  }
  if (fds[4].revents != 0) {
    signalfd_siginfo info{};
    if (::read(signals_fd, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
      switch (info.ssi_signo) {
        case SIGWINCH:
          relay.resized();
          break;
        case SIGUSR1:
          relay.suspend();
          break;
        case SIGUSR2:
          relay.resume();
          break;
        default:
          break;
      }
    }
  }
  return fds[3].revents == 0;
}

int run_relay(TerminalPlan plan, const StageOptions& options) {
  sigset_t mask{};
  ::sigemptyset(&mask);
  for (const int signal : {SIGWINCH, SIGUSR1, SIGUSR2}) {
    ::sigaddset(&mask, signal);
  }
  ::sigprocmask(SIG_BLOCK, &mask, nullptr);
  const OwnedFd signals(::signalfd(-1, &mask, SFD_CLOEXEC));
  const pid_t agent = ::fork();
  if (agent == 0) {
    be_agent(plan, options.agent);
  }
  const OwnedFd agent_fd(static_cast<int>(::syscall(SYS_pidfd_open, agent, 0)));
  plan.pty->slave.reset();
  auto relay = Relay::start(std::move(plan.pty->master), plan.from_pty);
  if (!relay) {
    return 99;
  }
  if (options.output == StageOptions::Output::Pipe) {
    ::close(1);  // the agent's alone, so that the pipe ends with it
  }
  if (!options.message.empty()) {
    relay->show(options.message);
  }
  while (turn(*relay, BorrowedFd(agent_fd).raw(), BorrowedFd(signals).raw())) {
  }
  if (options.ending == StageOptions::Ending::Finish) {
    relay->finish();
  }
  int status = 0;
  ::waitpid(agent, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::function<int()> shell(std::string script) {
  return [script = std::move(script)] {
    ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    return 127;
  };
}

Stage::Stage(StageOptions options)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
  const int unlock = 0;
  ::ioctl(BorrowedFd(master_).raw(), TIOCSPTLCK, &unlock);
  slave_ = peer_of(master_);
  EXPECT_TRUE(slave_.valid());
  resize(24, 80);
  first_modes_ = modes();
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  pipe_read_ = OwnedFd(ends[0]);
  pipe_write_ = OwnedFd(ends[1]);
  std::fflush(nullptr);  // ThreadSanitizer writes what is buffered at _exit, too: to the terminal
  supervisor_ = ::fork();
  if (supervisor_ == 0) {
    supervise(options);
  }
  pipe_write_.reset();
}

Stage::~Stage() {
  if (status_ < 0) {
    ::kill(supervisor_, SIGKILL);
    ::waitpid(supervisor_, &status_, 0);
  }
}

void Stage::supervise(const StageOptions& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGHUP, SIG_IGN);
  ::setsid();
  const int slave = BorrowedFd(slave_).raw();
  ::ioctl(slave, TIOCSCTTY, 0);
  const bool piped = options.output == StageOptions::Output::Pipe;
  ::dup2(slave, 0);
  ::dup2(piped ? BorrowedFd(pipe_write_).raw() : slave, 1);
  ::dup2(slave, 2);
  ::close_range(3, ~0U, 0);
  if (options.place == StageOptions::Place::Background) {
    const pid_t job = ::fork();
    if (job != 0) {
      int status = 0;
      ::waitpid(job, &status, 0);
      ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
    }
    ::setpgid(0, 0);
  }
  auto plan = plan_terminal();
  ::_exit(plan && plan->pty ? run_relay(*std::move(plan), options) : 97);
}

void Stage::read_available(int timeout_ms) {
  pollfd fd{BorrowedFd(master_).raw(), POLLIN, 0};
  ::poll(&fd, 1, timeout_ms);
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(BorrowedFd(master_).raw(), buffer.data(), buffer.size());
  if (got > 0) {
    shown_.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::size_t Stage::read_some(char* buffer, std::size_t size) {
  pollfd fd{BorrowedFd(master_).raw(), POLLIN, 0};
  ::poll(&fd, 1, 1000);
  const ssize_t got = ::read(BorrowedFd(master_).raw(), buffer, size);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

void Stage::type(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(BorrowedFd(master_).raw(), text.data(), text.size());
    if (done > 0) {
      text.remove_prefix(static_cast<std::size_t>(done));
    } else {
      read_available(1);
    }
  }
}

const std::string& Stage::until(std::string_view marker) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (!shown_.contains(marker)) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "never shown: " << marker << "\nshown: " << shown_;
      return shown_;
    }
    read_available(100);
  }
  return shown_;
}

const std::string& Stage::rest() {
  while (status_ < 0) {
    if (::waitpid(supervisor_, &status_, WNOHANG) != supervisor_) {
      status_ = -1;
    }
    read_available(20);
  }
  std::size_t before = 0;
  do {
    before = shown_.size();
    read_available(20);
  } while (shown_.size() > before);
  return shown_;
}

std::string Stage::piped() {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t got = 0;
  while ((got = ::read(BorrowedFd(pipe_read_).raw(), buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

struct termios Stage::modes() const {
  struct termios modes{};
  EXPECT_EQ(::tcgetattr(BorrowedFd(slave_).raw(), &modes), 0);
  return modes;
}

void Stage::set_modes(const struct termios& modes) {
  EXPECT_EQ(::tcsetattr(BorrowedFd(slave_).raw(), TCSANOW, &modes), 0);
}

bool Stage::is_raw() const {
  return (modes().c_lflag & ICANON) == 0;
}

void Stage::wait_until_raw() {
  for (int i = 0; i < kPatienceMs && !is_raw(); ++i) {
    ::usleep(1000);
  }
  EXPECT_TRUE(is_raw());
}

void Stage::wait_until_cooked() {
  for (int i = 0; i < kPatienceMs && is_raw(); ++i) {
    ::usleep(1000);
  }
  EXPECT_FALSE(is_raw());
}

void Stage::resize(unsigned short rows, unsigned short columns) {
  const struct winsize size{rows, columns, 0, 0};
  EXPECT_EQ(::ioctl(BorrowedFd(master_).raw(), TIOCSWINSZ, &size), 0);
}

void Stage::signal_supervisor(int signal) const {
  ::kill(supervisor_, signal);
}

int Stage::exit_code() {
  if (status_ < 0) {
    ::waitpid(supervisor_, &status_, 0);
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

}  // namespace nono::session
