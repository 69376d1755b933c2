// sandbox/confinement.h: from a CapabilitySet to an irrevocable kernel sandbox, in states.
//
//   CapabilitySet --prepare (parent: may allocate and fail)----> Prepared
//   Prepared      --enter   (broker process, after fork)-------> InDomain     Landlock holds
//   InDomain      --seal    (agent process, after fork)--------> Confined     both filters hold
//   Confined      --exec------------------------------------------> does not return
//
// exec demands a Confined, and only seal makes one: an agent cannot be started unconfined. enter,
// seal and exec allocate nothing and call only what is safe after a fork.
#pragma once

#include <sys/types.h>

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/capability_set.h"
#include "sandbox/filters.h"
#include "sandbox/host_features.h"
#include "sandbox/own_namespaces.h"

namespace nono::sandbox {

enum class Step : unsigned char {
  Terminal,
  Namespaces,
  NetNamespace,
  MountView,
  Capabilities,
  NoNewPrivileges,
  Landlock,
  StaticFilter,
  NotifyFilter,
  SelfTest,
  WorkingDirectory,
  StandardStreams,
  Limits,
  CloseDescriptors,
  Handshake,
  Fork,
  Exec,
};
// describe says what the step does, for an error message.
std::string_view describe(Step step);

// ChildFailure is trivially copyable: a child writes it to its parent as it stands.
struct ChildFailure {
  Step step;
  int saved_errno;
};

// ExecPlan owns the program's path, argv and envp as flat arrays laid out before the fork.
class ExecPlan {
 public:
  // build finds the program: a name with a slash as it is, else along PATH of `envp`. NotFound
  // (exit 127) or PermissionDenied (exit 126) say which.
  static Result<ExecPlan> build(std::vector<std::string> argv, std::vector<std::string> envp,
                                std::string working_directory);
  const std::string& program() const { return program_; }
  const std::string& working_directory() const { return working_directory_; }

 private:
  friend class Confined;
  ExecPlan() = default;
  std::string program_;
  std::string working_directory_;
  std::vector<std::string> argv_;
  std::vector<std::string> envp_;
  std::vector<char*> argv_pointers_;
  std::vector<char*> envp_pointers_;
};

class [[nodiscard]] Confined {
 public:
  // exec replaces the process image, or says why it could not.
  ChildFailure exec(const ExecPlan& plan) && noexcept;

 private:
  friend class InDomain;
  Confined() = default;
};

class [[nodiscard]] InDomain {
 public:
  // seal installs both filters in the calling process (a child of the one that entered) and leaves
  // the listener in `listener` (a descriptor number).
  std::expected<Confined, ChildFailure> seal(int& listener) const noexcept;
  // seal_alone installs the filters of a Prepared that was prepared alone; EINVAL for another.
  std::expected<Confined, ChildFailure> seal_alone() const noexcept;

 private:
  friend class Prepared;
  InDomain(std::span<const sock_filter> static_filter, std::span<const sock_filter> notify_filter,
           std::span<const sock_filter> lone_filter, int inner_ruleset)
      : static_filter_(static_filter),
        notify_filter_(notify_filter),
        lone_filter_(lone_filter),
        inner_ruleset_(inner_ruleset) {}
  std::span<const sock_filter> static_filter_;
  std::span<const sock_filter> notify_filter_;  // of one with a broker
  std::span<const sock_filter> lone_filter_;    // of one without
  int inner_ruleset_;                           // -1: none
};

class [[nodiscard]] Prepared {
 public:
  // prepare refuses (Unsupported) where this kernel cannot enforce all of `wanted`: there is no
  // best-effort mode.
  static Result<Prepared> prepare(const CapabilitySet& wanted, const HostFeatures& features,
                                  const OwnNamespaces& own = {}, const NotifyOptions& notify = {});

  // prepare_alone is for a program without a broker (sandbox/wrap.h).
  static Result<Prepared> prepare_alone(const CapabilitySet& wanted, const HostFeatures& features,
                                        const OwnNamespaces& own = {});

  // enter puts the calling process into the Landlock domain, for good, without privileges; before
  // that into namespaces of its own, where they are wanted: it must have one thread then. The
  // Prepared must outlive what it returns.
  std::expected<InDomain, ChildFailure> enter() const noexcept;
  // scopes_signals: processes in the domain can signal only each other.
  bool scopes_signals() const { return scopes_signals_; }
  // inner_ruleset must stay open in the agent's process until seal; -1 where there is none.
  int inner_ruleset() const { return BorrowedFd(inner_ruleset_).raw(); }

 private:
  Prepared() = default;
  std::expected<void, ChildFailure> enter_namespaces() const noexcept;
  OwnNamespaces own_;
  OwnedFd ruleset_;
  OwnedFd inner_ruleset_;  // the agent's own, inside the broker's (sandbox/landlock.h)
  bool scopes_signals_ = false;
  FilterProgram static_filter_;
  FilterProgram notify_filter_;
  FilterProgram lone_filter_;
};

// self_test makes a dozen attempts that the filters of the calling process must refuse. It returns
// 0 where all were refused as promised, else the number of the system call that was not.
int self_test() noexcept;

}  // namespace nono::sandbox
