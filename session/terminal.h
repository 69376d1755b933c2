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
#include <string_view>

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
// caller's window size and, in the foreground, its modes. Only /dev/ptmx is opened by name; the
// slave comes from the master (TIOCGPTPEER). Unsupported where there is no /dev/ptmx or the kernel
// is older than 4.13.
Result<TerminalPlan> plan_terminal();

// Relay copies bytes between the caller's terminal and the pty master and keeps the caller's
// terminal in raw mode meanwhile. Use: poll watched() and call ready() for each that fired; call
// resized() on SIGWINCH, and now and then where it was in_background(); suspend()/resume() around a
// stop of the agent; finish() drains what the agent wrote last and restores the terminal. The
// destructor restores it too. It never blocks for long: output the caller's terminal does not take
// is kept up to 256 KiB, and then the master is not read until there is room (back-pressure reaches
// the agent).
//
// Where stdin and stdout are both the terminal, it is raw throughout. Else it is shared with other
// programs (`nono run … | less`, `fzf | nono run …`): it stays as it is, and is read only as long
// as nobody else has changed its modes; it becomes raw when a line was typed to the agent, or while
// the agent has changed the modes of its own terminal. Only what the relay itself set is ever
// restored. In the background (job control) the terminal is neither read nor changed. A terminal
// that hangs up hangs up the agent's terminal too.
class Relay {
 public:
  // start takes the pty's master; the slave must be with the agent by then, or stay open until it
  // is. InvalidInput where nothing is `from_pty`.
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
  // in_background: it has a terminal to read from and may not now. Nothing tells when it may.
  bool in_background() const;
  void suspend();
  void resume();
  // agent_paints: keys come to the agent one by one, so that the whole screen is likely its own.
  bool agent_paints() const;
  // finish waits for a terminal that takes nothing for at most five seconds.
  void finish();

  // can_ask: the caller's terminal is this session's alone, for both reading and writing, and in
  // the foreground.
  bool can_ask() const;
  // ask shows `screen` (printable lines) alone, on the terminal's alternate screen, and hands what
  // is typed to `typed`, until done_asking. The agent's output waits meanwhile and so, before long,
  // does the agent; what it did to the terminal's modes is undone for the time. What was typed
  // before is thrown away.
  void ask(std::string_view screen, std::function<void(std::string_view)> typed);
  void add_to_question(std::string_view text);
  void done_asking();
  // show puts a message of nono's own between the agent's output, as whole lines. Anything else
  // written to the terminal meanwhile must end its lines with CR LF.
  void show(std::string_view text);

 private:
  struct Impl;
  explicit Relay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nono::session
