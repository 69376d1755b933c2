#include "sandbox/drafts.h"

#include <cerrno>

#include "base/files.h"
#include "sandbox/name_rules.h"

namespace nono::sandbox {
namespace {

bool drafts_refused(const BrokerRules& rules) {
  return rules.config().edit == InstructionEdit::Refused;
}

ProtectedMatch match_of(const BrokerRules& rules, std::string_view canonical) {
  return {.protection = Protection::Content,
          .pattern = {},
          .why = kInstructsTheNext,
          .root = instruction_root(*rules.config().names, canonical),
          .git_directory = {},
          .worktree = {}};
}

bool keeps(const BrokerRules& rules, std::string_view canonical) {
  return drafts_refused(rules) && makes_instructions(*rules.config().names, canonical, 0) &&
         !rules.exempt(match_of(rules, canonical));
}

// keeps_outside is keeps, but for what has its root at or beneath `own`.
bool keeps_outside(const BrokerRules& rules, std::string_view canonical, std::string_view own) {
  return keeps(rules, canonical) &&
         !beneath(own, instruction_root(*rules.config().names, canonical));
}

}  // namespace

Answer<void> may_draft(BrokerRules& rules, const Call& call, std::string_view operation,
                       const Drafted& what) {
  const bool instructs =
      drafts_refused(rules) &&
      makes_instructions(*rules.config().names, what.canonical, what.makes, what.known_as);
  if (!instructs || rules.exempt(match_of(rules, what.canonical))) {
    return {};
  }
  rules.report(call, operation, what.canonical, kDraftRule, kInstructsTheNext);
  return std::unexpected(EACCES);
}

Answer<void> draft_may_move(BrokerRules& rules, const Call& call, const DraftMove& move) {
  const bool moves = move.own.empty() ? keeps(rules, move.before) != keeps(rules, move.after)
                                      : keeps_outside(rules, move.after, move.own);
  if (!moves) {
    return {};
  }
  rules.report(call, "rename", move.after, kDraftRule, kInstructsTheNext);
  return std::unexpected(EACCES);
}

}  // namespace nono::sandbox
