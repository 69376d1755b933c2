// sandbox/name_rules.h: rules about names that need no broker: what it decides by, and `why` with
// it, so that the answer given beforehand and the one given to the agent are the same code.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/protected_names.h"
#include "trustpolicy/decision.h"

namespace nono::sandbox {

// refuses_name says whether a protected name keeps `canonical` from being made, changed or removed.
// `makes` is what would come to be there (S_IFMT bits; 0: an existing object is written or
// removed); `object` what moves, goes or gets the name, if anything (S_IFMT bits). What was made in
// the session is the agent's own: the broker's to know.
bool refuses_name(const ProtectedMatch& match, std::string_view canonical, mode_t makes,
                  mode_t object = 0);

// BundleName is the name of evidence. Without its evidence a verified file would look like a draft,
// so it is as protected as what it signs.
struct BundleName {
  bool of_many = false;     // .nono-trust.bundle
  std::string signed_file;  // of one: the path of the file
};
// bundle_name takes an absolute path apart; nothing where it is not that of evidence.
std::optional<BundleName> bundle_name(std::string_view canonical);

// class_of_links classifies the names that a chain of symbolic links leads through, from
// `requested` (absolute) to `resolved`: an open of n that leads over CLAUDE.md to plain text is an
// open through CLAUDE.md.
trustpolicy::GuardClass class_of_links(const trustpolicy::GuardedNames& names,
                                       const std::string& requested, const std::string& resolved);

// Instruction files that nobody signed, as agents write them (sandbox/drafts.h): the rule and why.
inline constexpr std::string_view kDraftRule = "instruction-draft";
inline constexpr std::string_view kInstructsTheNext =
    "it would tell the next agent here what to do";
// makes_instructions says whether a name, or what is there (`known_as`), is that of an instruction
// file, or what comes to be there (`makes`, S_IFMT bits; 0: a file is there) a link that is a
// directory of such files to agents. Those of packages are nobody's project, but where
// the packages lie in an agent's directory of such files; of links in .codex/tmp/arg0* it counts
// for nothing that they lie in .codex.
bool makes_instructions(const trustpolicy::GuardedNames& names, std::string_view canonical,
                        mode_t makes,
                        trustpolicy::GuardClass known_as = trustpolicy::GuardClass::None);
// instruction_root is the directory that the file speaks to: where it lies, but above all that is
// guarded by its place (`.claude/skills/x`) and above a directory with a dot.
std::string instruction_root(const trustpolicy::GuardedNames& names, std::string_view canonical);

}  // namespace nono::sandbox
