// engine/run.h: `nono run`: verify what is in reach, confine, supervise, record.
//
// The agent's process is made ready while the guarded files are looked for. Its program is executed
// only once nothing is left that can fail or refuse. The caller (cli/) shows; this room decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/directories.h"
#include "engine/gate.h"
#include "engine/run_request.h"
#include "engine/scan.h"
#include "profile/never_grant.h"
#include "sandbox/capability_set.h"
#include "sandbox/confinement.h"
#include "sandbox/gatekeeper.h"
#include "sandbox/host_features.h"
#include "sandbox/limits.h"
#include "sandbox/mount_view.h"
#include "sandbox/supervisor.h"
#include "session/registry.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

// Verdict is one guarded file of the scan, as people are told of it.
struct Verdict {
  std::string path;
  trustpolicy::GuardClass guard_class = trustpolicy::GuardClass::Instruction;
  bool admitted = false;
  bool proven = false;
  bool autoloaded = false;
  std::string publisher;
  std::string code;
  std::string reason;
  std::string remedy;
};
Verdict verdict_of(const Judgement& judgement, const Found& found);

// RunPlan is what will be enforced, before anything is started: the banner, and --dry-run.
struct RunPlan {
  RunPlan(UserDirectories the_user, profile::NeverGrantList never)
      : user(std::move(the_user)), homes(home_places(user)), never_grant(std::move(never)) {}

  UserDirectories user;
  std::vector<sandbox::HomePlace> homes;
  sandbox::HostFeatures features;
  sandbox::CapabilitySet capabilities;
  sandbox::OwnNetwork own_network = sandbox::OwnNetwork::No;
  std::optional<sandbox::MountView> view;  // none: what is not granted can be seen, if not read
  // show_way_to lets the agent's program be found where the caller named it, over links, too.
  void show_way_to(const std::string& program, const std::string& working_directory);
  sandbox::OwnNamespaces own_namespaces() const { return {own_network, view ? &*view : nullptr}; }
  UseRecorder* recorder = nullptr;
  profile::NeverGrantList never_grant;
  sandbox::LimitPlan limits;
  std::vector<sandbox::HeldCommand> commands;
  std::vector<std::string> kept_trees;  // resolved
  session::SessionRecord session;       // without id, time and process
  std::shared_ptr<const trustpolicy::Policy> policy;
  std::vector<Verdict> verdicts;
  std::vector<sandbox::KnownObject> guarded_objects;
  std::vector<std::string> unreadable;
  bool scan_complete = true;
  std::uint64_t scanned = 0;
  std::vector<std::string> environment;
  std::vector<std::string> dropped_variables;
  // Without their values, which read_credentials (run_credentials.h) adds to `environment`.
  std::vector<profile::Credential> credentials;
  std::vector<std::string> notes;  // what this kernel cannot enforce, and each relaxation asked for
};

// Denial is one kind of operation that was refused in a run, however often.
struct Denial {
  std::string operation;
  std::string object;  // path or address; bytes, not escaped
  std::string rule;
  std::string why;
  std::string mend;  // empty: no option lets it through
  std::uint64_t count = 0;
};
// Denials are those of a whole run, in the order in which they were met first; beyond kMaxKinds
// only the total grows.
struct Denials {
  static constexpr std::size_t kMaxKinds = 1000;
  std::vector<Denial> kinds;
  std::uint64_t total = 0;
};

// Teller shows what happens; called from the supervising process only.
class Teller {
 public:
  virtual ~Teller() = default;
  virtual void progress(std::uint64_t entries) = 0;
  virtual void starting(const RunPlan& plan) = 0;
  virtual void denied(const Judgement& judgement, const std::string& requested) = 0;
  virtual void tolerated(const Judgement& judgement) = 0;
  virtual void refused(const sandbox::Refusal& refusal, const std::string& mend) = 0;
  // ended comes once, when the agent is gone and the terminal is the caller's again.
  virtual void ended(const Denials& denials) = 0;
  virtual void note(const std::string& line) = 0;
  // hold keeps what is told off the terminal while a question or the agent paints it, or both.
  virtual void hold() {}
  virtual void release() {}
};

// RunResult: the exit code is the agent's own, 128+N for a signal, 124 for a run that
// a limit ended.
struct RunResult {
  int exit_code = 0;
  std::string session_id;
  std::string audit_head;             // digest of the log's last line; empty: the log has no seal
  std::optional<Error> record_fault;  // what the end of the record lacks, and why
};

// StartRefused is a verdict, not an error: guarded files that are not admitted stop the start.
struct StartRefused {
  std::vector<Verdict> denied;
  bool by_stream = false;  // they are the agent's standard streams: no option starts all the same
};
using RunOutcome = std::variant<StartRefused, RunResult>;

// compose_run composes capabilities, policies and environment: a plan without verdicts. scan_run
// adds those. Neither changes anything, but that a start (`private_tmp` is not empty) makes the
// directories that the profile wants made. `private_tmp` and `own_terminal` are granted where they
// are not empty.
struct SessionPlaces {
  std::string private_tmp;
  std::vector<std::pair<std::string, std::string>> variables;
  std::string own_terminal;
  std::uint64_t tmp_device = 0;  // the identity of `private_tmp`
  std::uint64_t tmp_inode = 0;
};
Result<RunPlan> compose_run(const RunRequest& request, const SessionPlaces& places);
Result<void> scan_run(RunPlan& plan, const RunRequest& request, Teller& teller);

// stops_start lists the verdicts that forbid the start under `scan`.
std::vector<Verdict> stops_start(const RunPlan& plan, TrustScan scan);

// run plans, starts, supervises to the end and seals the audit log. Usage, NotFound (the program)
// and PermissionDenied (it cannot be executed) are told apart by the Error's kind.
Result<RunOutcome> run(const RunRequest& request, const Clock& clock, Teller& teller);

}  // namespace nono::engine
