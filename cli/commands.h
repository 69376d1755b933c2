// cli/commands.h: every command of nono, in the order of --help.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace nono::cli {

// Group is a first word that stands for several commands.
struct Group {
  std::string_view name;  // "trust"
  std::string_view summary;
};

std::span<const Command* const> all_commands();
std::span<const Group> all_groups();

// CommandMatch is the command that the leading words name, and how many words that took.
struct CommandMatch {
  const Command* command = nullptr;
  std::size_t words = 0;
};
CommandMatch find_command(std::span<const std::string> words);
// is_group_prefix reports whether some command's name begins with `words`.
bool is_group_prefix(std::string_view words);

// trust_verify.cc
extern const Command kTrustVerify;
extern const Command kTrustList;
extern const Command kTrustExplain;
// trust_foreign.cc
extern const Command kTrustInspect;
// trust_root.cc
extern const Command kTrustRootShow;
extern const Command kTrustRootUpdate;
extern const Command kTrustRootInit;
// trust_sign.cc
extern const Command kTrustSign;
extern const Command kTrustSignPolicy;
// trust_keys.cc
extern const Command kTrustKeygen;
extern const Command kTrustExportKey;
// trust_policy.cc
extern const Command kTrustInit;
extern const Command kTrustBlock;
// trust_publisher.cc
extern const Command kTrustPublisherAdd;
extern const Command kTrustPublisherRemove;
extern const Command kTrustPublisherList;
// audit.cc
extern const Command kAuditList;
extern const Command kAuditShow;
extern const Command kAuditVerify;
// run.cc
extern const Command kRun;
extern const Command kShell;
// learn.cc
extern const Command kLearn;
// wrap.cc
extern const Command kWrap;
// sessions.cc
extern const Command kPs;
extern const Command kStop;
// approve.cc
extern const Command kApprove;
// profile.cc
extern const Command kProfileList;
extern const Command kProfileShow;
extern const Command kProfileUse;
extern const Command kProfileValidate;
extern const Command kProfileDiff;
// profile_init.cc
extern const Command kProfileInit;
// policy.cc
extern const Command kPolicyGroups;
extern const Command kPolicyShow;
// policy_seatbelt.cc
extern const Command kPolicySeatbelt;
// setup.cc
extern const Command kSetup;
// why.cc
extern const Command kWhy;

}  // namespace nono::cli
