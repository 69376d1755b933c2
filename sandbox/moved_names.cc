#include "sandbox/moved_names.h"

#include <cerrno>
#include <span>

#include "base/files.h"
#include "sandbox/drafts.h"
#include "sandbox/name_rules.h"

namespace nono::sandbox {
namespace {

bool is_named(const ProtectedMatch& match) {
  return match.protection == Protection::Content;
}

// entry_match: a link where a directory of protected content would be is as good as its content.
ProtectedMatch entry_match(const std::string& path, std::span<const HomePlace> homes, mode_t type) {
  ProtectedMatch out = protection_of(path, homes);
  if (type == S_IFLNK && out.protection != Protection::None) {
    out.protection = Protection::Content;
  }
  return out;
}

// Whatever is at the place now goes: nothing at or beneath it is the agent's own.
bool is_kept_after(const BrokerRules& rules, const Move& move, const ProtectedMatch& after) {
  return is_named(after) && (beneath(move.to, after.root) || !rules.exempt(after));
}

bool may_move(const BrokerRules& rules, const Move& move, const ProtectedMatch& before,
              const ProtectedMatch& after) {
  if (move.own) {
    return !is_named(after) || beneath(move.to, after.root) || rules.exempt(after);
  }
  const bool both = is_named(before) && is_named(after);
  if (both && beneath(move.from, before.root) && beneath(move.to, after.root)) {
    return !rules.ever_own(before);  // else it may be what the agent wrote
  }
  const bool leaves = is_named(before) && !rules.exempt(before);
  const bool arrives = is_kept_after(rules, move, after);
  return both && before.root == after.root ? leaves == arrives : !leaves && !arrives;
}

}  // namespace

Answer<void> name_moves(BrokerRules& rules, const Call& call, const Move& move,
                        const std::string& relative, const struct stat& status) {
  const std::string before = move.from + relative;
  const std::string after = move.to + relative;
  const std::span<const HomePlace> homes = rules.config().homes;
  const mode_t type = status.st_mode & S_IFMT;
  if (!may_move(rules, move, entry_match(before, homes, type), entry_match(after, homes, type))) {
    rules.report(call, "rename", before, "protected-name",
                 "the move would put protected content in place or take it away");
    return std::unexpected(EACCES);
  }
  if (!may_move(rules, move, draft_match(rules, before, type), draft_match(rules, after, type))) {
    rules.report(call, "rename", after, kDraftRule, kInstructsTheNext);
    return std::unexpected(EACCES);
  }
  return {};
}

}  // namespace nono::sandbox
