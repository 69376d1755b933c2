#include "sandbox/drafts.h"

#include <cerrno>

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

}  // namespace

Answer<void> may_draft(BrokerRules& rules, const Call& call, std::string_view operation,
                       const Drafted& what) {
  if (!drafts_refused(rules)) {
    return {};
  }
  const bool by_others = what.shared && what.known_as == trustpolicy::GuardClass::Instruction;
  const bool instructs =
      makes_instructions(*rules.config().names, what.canonical, what.makes, what.known_as);
  if (!by_others && (!instructs || speaks_to_own(rules, what.canonical))) {
    return {};
  }
  rules.report(call, operation, what.canonical, kDraftRule, kInstructsTheNext);
  return std::unexpected(EACCES);
}

bool speaks_to_own(const BrokerRules& rules, std::string_view canonical) {
  return rules.exempt(match_of(rules, canonical));
}

ProtectedMatch draft_match(const BrokerRules& rules, std::string_view canonical, mode_t type) {
  return drafts_refused(rules) && makes_instructions(*rules.config().names, canonical, type)
             ? match_of(rules, canonical)
             : ProtectedMatch{};
}

}  // namespace nono::sandbox
