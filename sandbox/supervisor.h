// sandbox/supervisor.h: the loop outside the sandbox: verdicts, signals, terminal, time limit.
//
// It answers the broker's questions about guarded files through a Gatekeeper; it never answers a
// system call of the agent itself. What it gets from the broker is checked as foreign input.
#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/confinement.h"
#include "sandbox/expansion.h"
#include "sandbox/gatekeeper.h"
#include "sandbox/held_signals.h"
#include "sandbox/launch.h"
#include "sandbox/limits.h"

namespace nono::sandbox {

// TerminalClient moves bytes between the caller's terminal and the agent's (session/terminal.h).
class TerminalClient {
 public:
  virtual ~TerminalClient() = default;
  virtual std::array<pollfd, 3> watched() = 0;  // fd -1: not now
  virtual void ready(int fd, short revents) = 0;
  virtual void resized() = 0;
  // in_background: its input may not be read now, and no signal will tell when it may be.
  virtual bool in_background() = 0;
  virtual void suspend() = 0;
  virtual void resume() = 0;
  // look comes before anything is told that the agent did: it may have taken the screen meanwhile.
  virtual void look() = 0;
};

// LimitWatch tells the loop of a limit that ends the run.
class LimitWatch {
 public:
  virtual ~LimitWatch() = default;
  virtual int watched() const = 0;  // becomes readable; -1: nothing is counted
  virtual LimitKind struck() = 0;
};

// AgentEnd is how a run ended.
struct AgentEnd {
  std::optional<ChildFailure> not_started;  // the agent's program was never executed
  int wait_status = 0;                      // of the agent, where it was
  std::optional<LimitKind> ended_by;        // the limit that ended the run
  bool stopped = false;                     // by request_stop, or a signal before the start
  bool forks_refused = false;               // the broker counted them
  bool supervisor_stopped = false;          // for too long: the broker killed the tree
  bool broker_lost = false;                 // the broker died first: the tree was killed
};

// request_stop asks the supervisor behind `pidfd` to end its run: SIGTERM to the agent and, if that
// does not end it, the end of the tree five seconds later; `now`: at once. False: errno says why.
// A signal of any other make is passed on to the agent, unless the caller had it ignored.
enum class StopHow : unsigned char { Politely, Now };
bool request_stop(BorrowedFd pidfd, StopHow how);
// await_end waits for the end of a supervisor that was asked to stop. The kernel drops a SIGCONT
// that comes in the moment before a stop, so that it gets more than one.
bool await_end(BorrowedFd pidfd, std::chrono::milliseconds patience);

struct SuperviseOptions {
  std::optional<std::chrono::milliseconds> timeout;
  TerminalClient* terminal = nullptr;
  LimitWatch* limits = nullptr;
  Expander* expander = nullptr;  // null: nothing outside the grants is asked about
};

class Supervisor {
 public:
  Supervisor(Launched launched, Gatekeeper& gate, Observer& observer, SuperviseOptions options);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();  // waits for what run left to end

  // run returns when the agent's whole tree is gone; the broker may still be on its way out.
  Result<AgentEnd> run(const HeldSignals& held);

 private:
  // What poll(2) watches, by index.
  static constexpr std::size_t kAsk = 0;
  static constexpr std::size_t kEvents = 1;
  static constexpr std::size_t kFailure = 2;
  static constexpr std::size_t kSignals = 3;
  static constexpr std::size_t kBroker = 4;
  static constexpr std::size_t kLimits = 5;
  static constexpr std::size_t kExpander = 6;
  static constexpr std::size_t kTerminal = 7;
  static constexpr std::size_t kWatched = kTerminal + 3;

  std::array<pollfd, kWatched> watched() const;
  void serve_terminal(std::span<const pollfd> fired);
  bool serve(const std::array<pollfd, kWatched>& fired);
  void answer_question();
  void answer_questions();
  void hear_event();
  void hear_expansion(pid_t process, std::uint64_t cookie, std::optional<Expansion> asked);
  void tell_expanded();
  void hear_failure();
  void handle_signals();
  void check_time();
  void check_terminal();
  void end_politely(LimitKind limit);
  void terminate_in_time();
  void stop(StopHow how);
  void hear_limit();
  void stop_with_agent();
  std::optional<std::chrono::milliseconds> longest_stop(bool& went_on) const;
  bool is_over() const;
  int patience() const;
  void signal_agent(int signal) const;
  void pass_on(int signal);
  void end_tree();
  void cut_off();
  void kill_broker() const;
  void reap_broker();

  Launched launched_;
  Gatekeeper& gate_;
  Observer& observer_;
  SuperviseOptions options_;
  AgentEnd end_;
  OwnedFd signals_;
  pid_t agent_ = -1;
  std::vector<int> early_;  // signals for it from before it was known
  bool ended_ = false;
  bool in_background_ = false;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
};

}  // namespace nono::sandbox
