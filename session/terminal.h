// session/terminal.h: the agent's own pseudo-terminal and the relay to the caller's.
//
// The agent never holds the caller's terminal (no TIOCSTI, no tcsetpgrp on it). A pty is made only
// where at least one of stdin, stdout, stderr is a terminal; those of the three that are not stay
// as they are: pipes are passed on untouched.
#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::session {

// Pty is a pseudo-terminal pair: the slave goes to the agent.
struct Pty {
  OwnedFd master;
  OwnedFd slave;
};

// TerminalPlan says which of the three standard descriptors the agent gets from the pty.
struct TerminalPlan {
  std::optional<Pty> pty;
  std::array<bool, 3> from_pty{};  // else: the caller's own descriptor
};
// plan_terminal looks at descriptors 0 to 2 and makes the pty where one is needed, with the
// caller's window size and modes.
Result<TerminalPlan> plan_terminal();

// Relay copies bytes between the caller's terminal and the pty master and keeps the caller's
// terminal in raw mode meanwhile. Use: poll watched() and call ready() for each that fired; call
// resized() on SIGWINCH; suspend()/resume() around a stop of the agent; finish() drains what the
// agent wrote last and restores the terminal. The destructor restores it too.
// It never blocks for long: output the caller's terminal does not take is kept up to 256 KiB, and
// then the master is not read until there is room (back-pressure reaches the agent).
class Relay {
 public:
  static Result<Relay> start(OwnedFd master, const std::array<bool, 3>& from_pty);
  Relay(Relay&&) noexcept;
  Relay& operator=(Relay&&) noexcept;
  ~Relay();

  struct Watch {
    int fd;
    short events;
  };
  std::array<Watch, 3> watched() const;  // fd -1: not now (poll ignores it)
  void ready(int fd, short revents);
  void resized();
  void suspend();
  void resume();
  void finish();

 private:
  struct Impl;
  explicit Relay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nono::session
