// sandbox/broker.h: serves the agent's trapped system calls from inside the agent's own domain.
//
// The broker (the "warden" process) is in the same Landlock domain as the agent, so the kernel
// applies the capability set to every open that it does for the agent: nothing is re-implemented.
// It reads a path once, resolves it to an object, decides on the object and answers with a
// descriptor, a result or an errno. No open is ever answered "continue": a path that changes while
// the call waits cannot reach the kernel. docs/syscalls.md says per call who resolves what.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/agent_thread.h"
#include "sandbox/call_decode.h"
#include "sandbox/capability_set.h"
#include "sandbox/commands.h"
#include "sandbox/filters.h"
#include "sandbox/object_id.h"
#include "sandbox/protected_names.h"
#include "sandbox/resolve.h"
#include "trustpolicy/decision.h"

namespace nono::sandbox {

class FastGate;   // fast_gate.h
class MountView;  // mount_view.h

// InstructionEdit says what the agent may do to instruction files: nothing (sandbox/drafts.h),
// write those that are not verified, change all.
enum class InstructionEdit : unsigned char { Refused, Drafts, Allowed };
// OutsideGrants says what becomes of an open that the kernel refused for want of a grant.
enum class OutsideGrants : unsigned char { Refused, Asked };

// BrokerConfig is laid out before the fork; it, and what it points to, must outlive the broker.
struct BrokerConfig {
  const trustpolicy::GuardedNames* names = nullptr;
  // All guarded names are compared folded, so that a name in another spelling of its letters is as
  // good as the kernel's own. Where some are not, the kernel is asked.
  bool names_fold = false;
  const CapabilitySet* capabilities = nullptr;
  std::vector<HomePlace> homes = {};
  NetworkTier network = NetworkTier::Blocked;
  InstructionEdit edit = InstructionEdit::Refused;
  // What is read in place of the file at `hosts_path`, sealed; -1: that file itself.
  int hosts = -1;
  std::string hosts_path = {};
  std::string temporary = {};       // the session's own directory for such files; empty: none
  const FastGate* fast = nullptr;   // whose library is served, and told of guarded files
  const MountView* view = nullptr;  // what broker and agent see; null: all that is mounted
  OutsideGrants outside = OutsideGrants::Refused;
  bool scoped = true;   // by Landlock: signals and abstract sockets stay inside
  bool record = false;  // what is done is told, too (kEventUsed), and listings are trapped
  // Where that is so: whether a socket outside, of that path and one name, is connected to.
  std::function<bool(const std::string& path)> tries_socket = {};
  std::optional<std::uint64_t> max_tasks = std::nullopt;  // where forks are trapped to be counted
  std::vector<HeldCommand> commands = {};
  std::vector<std::string> kept_trees = {};  // resolved; nothing older than the session leaves them
};

// Call is one trapped system call.
struct Call {
  int number = 0;
  Trap trap = Trap::Open;
  CallArgs args{};
  AgentThread thread;
};

// Outcome is how a call ends.
class Outcome {
 public:
  enum class Kind : unsigned char { Error, Value, Descriptor, ByKernel, Later };
  static Outcome error(int code) { return Outcome(Kind::Error, code); }
  static Outcome value(std::int64_t result) { return Outcome(Kind::Value, result); }
  static Outcome descriptor(OwnedFd fd, int open_flags);
  // pipe_end is a descriptor that the broker must no longer hold when the caller goes on: as long
  // as it does, the other end has a partner that will never read or write.
  static Outcome pipe_end(OwnedFd fd, int open_flags);
  // by_kernel lets the kernel go on with the call: only where Landlock decides and no byte of a
  // guarded file can come of it (execve of an object that is not guarded).
  static Outcome by_kernel() { return Outcome(Kind::ByKernel, 0); }
  // later: a worker process answers.
  static Outcome later() { return Outcome(Kind::Later, 0); }
  // of turns the result of a system call (-1 and errno, or a value) into an outcome.
  static Outcome of(long result);

  Kind kind() const { return kind_; }
  std::int64_t number() const { return number_; }
  const OwnedFd& fd() const { return fd_; }
  int open_flags() const { return open_flags_; }
  bool is_pipe_end() const { return pipe_end_; }
  void let_go() { fd_.reset(); }

 private:
  Outcome(Kind kind, std::int64_t number) : kind_(kind), number_(number) {}
  Kind kind_;
  std::int64_t number_;
  OwnedFd fd_;
  int open_flags_ = 0;
  bool pipe_end_ = false;
};

// send_outcome answers the notification `cookie`. An injection that fails becomes EACCES (EMFILE
// where the agent has no descriptor left).
void send_outcome(BorrowedFd listener, std::uint64_t cookie, Outcome outcome);
// send_error is false where the caller is gone, or somebody else is answering it.
bool send_error(BorrowedFd listener, std::uint64_t cookie, int error);

// Warden is the broker's loop: it serves until the agent's process ends or the supervisor goes.
class Warden {
 public:
  // `ask` and `events` are the broker's ends of the two channels to the supervisor.
  Warden(const BrokerConfig& config, OwnedFd listener, OwnedFd ask, OwnedFd events);
  Warden(const Warden&) = delete;
  Warden& operator=(const Warden&) = delete;
  ~Warden();

  // serve_first serves so many calls of the agent's process before it is let go, or fewer where it
  // or the supervisor goes.
  void serve_first(int calls);
  // look_at_mounts reads which mounts may keep a call waiting; run sees to later ones.
  void look_at_mounts();
  // know tells what the scan found guarded, before run.
  void know(std::span<const KnownObject> guarded);

  // tell_lost tells what the channel had no room for: after run, and once it may wait for room.
  void tell_lost();
  // run returns the agent's wait status, SIGKILL where that is lost, or kAbandoned where the
  // supervisor went away or was stopped for too long. The caller kills what is left of the tree.
  static constexpr int kAbandoned = -1;
  int run(pid_t agent);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nono::sandbox
