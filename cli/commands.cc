// cli/commands.cc: the command table. A new command is one line in commands.h and one here.
#include "cli/commands.h"

#include <algorithm>
#include <array>

namespace nono::cli {
namespace {

constexpr std::array kCommands = {
    &kTrustSign,
    &kTrustVerify,
    &kTrustList,
    &kTrustExplain,
    &kTrustInspect,
    &kTrustRootShow,
    &kTrustRootUpdate,
    &kTrustRootInit,
    &kTrustKeygen,
    &kTrustExportKey,
    &kTrustInit,
    &kTrustSignPolicy,
    &kTrustPublisherAdd,
    &kTrustPublisherRemove,
    &kTrustPublisherList,
    &kTrustBlock,
    &kAuditList,
    &kAuditShow,
    &kAuditVerify,
    &kRun,
    &kShell,
    &kWrap,
    &kLearn,
    &kPs,
    &kStop,
    &kApprove,
    &kProfileList,
    &kProfileShow,
    &kProfileUse,
    &kProfileValidate,
    &kProfileDiff,
    &kProfileInit,
    &kPolicyGroups,
    &kPolicyShow,
    &kPolicySeatbelt,
    &kSetup,
    &kWhy,
};

constexpr std::array<Group, 6> kGroups = {{
    {"trust", "sign and verify instruction files; keys, publishers, policies"},
    {"trust publisher", "whom you trust to sign"},
    {"trust root", "the authorities and logs that keyless signatures rest on"},
    {"audit", "the record of each session"},
    {"profile", "what an agent or a toolchain needs, under one name"},
    {"policy", "the groups that profiles are made of; the sandbox as macOS is told it"},
}};

std::size_t count_words(std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count(name, ' ')) + 1;
}

bool starts_with_name(std::span<const std::string> words, std::string_view name) {
  for (const std::string& word : words) {
    if (!name.starts_with(word) || (name.size() > word.size() && name[word.size()] != ' ')) {
      return false;
    }
    name.remove_prefix(std::min(name.size(), word.size() + 1));
    if (name.empty()) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::span<const Command* const> all_commands() {
  return kCommands;
}

std::span<const Group> all_groups() {
  return kGroups;
}

CommandMatch find_command(std::span<const std::string> words) {
  CommandMatch best;
  for (const Command* command : kCommands) {
    const std::size_t count = count_words(command->name);
    if (count > best.words && starts_with_name(words, command->name)) {
      best = {.command = command, .words = count};
    }
  }
  return best;
}

bool is_group_prefix(std::string_view words) {
  return std::ranges::any_of(kCommands, [&](const Command* command) {
    return command->name.size() > words.size() && command->name.starts_with(words) &&
           command->name[words.size()] == ' ';
  });
}

}  // namespace nono::cli
