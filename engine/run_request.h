// engine/run_request.h: what a caller asks of `nono run`, parsed and not yet judged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/approval.h"
#include "engine/profiles.h"
#include "profile/compose.h"
#include "profile/credentials.h"
#include "sandbox/broker.h"
#include "sandbox/capability_set.h"
#include "sandbox/limits.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

class UseRecorder;  // use_recorder.h

// WantedPath is one capability option: what it is called, and what it grants.
struct WantedPath {
  std::string option;  // "--allow", for messages and origins
  std::string path;    // as given; relative to the working directory
  sandbox::Access access = sandbox::Access::none();
  sandbox::WantedKind kind = sandbox::WantedKind::Any;
  // Of a profile's path only: what an option names must be there.
  std::optional<profile::Presence> if_missing = std::nullopt;
};

enum class NetworkWish : unsigned char { Default, Block, Open };
// NamespaceWish: a blocked network may be an empty one of the sandbox's own, too; what is not
// granted may be hidden by mounts of its own.
enum class NamespaceWish : unsigned char { Off, Auto, On };
// Supervision::None: nothing of nono stays beside the program (engine/wrap.h).
enum class Supervision : unsigned char { Kept, None };
// Intercept::Fast: sandbox/fast_gate.h. Off: of wrap only.
enum class Intercept : unsigned char { Strict, Fast, Off };
enum class Record : unsigned char { Kept, None };  // None: --no-audit; no profile asks for it
enum class TrustScan : unsigned char { Autoloaded, All, None };  // what stops the start

// RunRequest is a command line, parsed.
struct RunRequest {
  std::vector<std::string> command;
  std::string working_directory;  // absolute
  std::vector<WantedPath> paths;
  std::vector<std::string> override_never_grant;
  NetworkWish network = NetworkWish::Default;
  NamespaceWish own_network = NamespaceWish::Off;
  std::optional<NamespaceWish> own_mounts;  // see wish_for_mounts
  sandbox::NetworkPorts ports;              // its destinations are resolved from these:
  std::vector<sandbox::HostPort> connect_to;
  std::vector<std::string> environment;
  std::vector<std::string> environment_globs;
  std::vector<std::string> denied_variables;               // of a profile; patterns
  std::optional<std::vector<std::string>> only_variables;  // of a profile; patterns
  std::vector<profile::Credential> credentials;            // each variable once
  bool java = false;                                       // of a profile: it has java_runtime
  std::vector<profile::ComposedDenial> denials;            // of a profile
  std::vector<std::string> notes;                          // of a profile
  std::optional<profile::ComposedTool> tool;               // of a profile: whose sandbox it is
  std::optional<AppliedProfile> profile;                   // set by apply_profile
  std::vector<std::string> block_commands;                 // names or paths
  std::vector<std::string> allow_commands;                 // names that are not held back
  std::vector<std::string> keep;                           // trees that keep what they hold
  std::string name;
  sandbox::Limits limits;
  std::optional<std::string> policy_file;
  Record record = Record::Kept;
  TrustScan scan = TrustScan::Autoloaded;
  Supervision supervision = Supervision::Kept;
  Intercept intercept = Intercept::Strict;
  bool profile_demands_strict = false;
  UseRecorder* recorder = nullptr;  // of learn: it outlives the run, and grants are wide
  trustpolicy::Override trust_override = trustpolicy::Override::No;
  ApprovalWish approvals;
  sandbox::InstructionEdit edit = sandbox::InstructionEdit::Refused;

  // wish_for_mounts: whoever blocks the network takes what it costs to be let alone.
  NamespaceWish wish_for_mounts() const {
    return own_mounts.value_or(network == NetworkWish::Block ? NamespaceWish::Auto
                                                             : NamespaceWish::Off);
  }

  // forks_to_compose: to try namespaces of its own, or to look names up.
  bool forks_to_compose() const {
    return own_network != NamespaceWish::Off || wish_for_mounts() != NamespaceWish::Off ||
           !connect_to.empty();
  }

  // limits_network: ports or hosts are named, and nothing else is to be reached.
  bool limits_network() const {
    return !ports.connect.empty() || !ports.listen.empty() || !connect_to.empty();
  }
};

}  // namespace nono::engine
