#include "sandbox/name_rules.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "sandbox/folded_path.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

namespace {

// moves_inside: among git directories files move and get names; nothing else does, and no link is
// made.
bool moves_inside(mode_t makes, mode_t object) {
  if (object != 0) {
    return object == S_IFREG || (makes == 0 && object != S_IFDIR && object != S_IFLNK);
  }
  return makes == 0 || makes == S_IFREG || makes == S_IFDIR;
}

}  // namespace

bool refuses_name(const ProtectedMatch& match, std::string_view canonical, mode_t makes,
                  mode_t object) {
  if (match.protection == Protection::None) {
    return false;
  }
  if (match.protection == Protection::Inside) {
    return !moves_inside(makes, object);
  }
  const bool new_directory = match.protection == Protection::Node && makes == S_IFDIR;
  // A gitfile (of a worktree or submodule) may be made where no .git is; O_EXCL sees to that.
  const bool new_gitfile =
      match.protection == Protection::Node && makes == S_IFREG && canonical == match.git_directory;
  return !new_directory && !new_gitfile;
}

// bundle_name: what is cut off is what the last dot begins, however that is spelt.
std::optional<BundleName> bundle_name(std::string_view canonical) {
  constexpr std::string_view kBundle = ".bundle";
  constexpr std::string_view kMany = ".nono-trust.bundle";
  const std::string name = folded_path(base_name(canonical));
  if (!name.ends_with(kBundle)) {
    return std::nullopt;
  }
  if (name == kMany) {
    return BundleName{.of_many = true, .signed_file = {}};
  }
  const std::size_t end = canonical.find_last_not_of(". ");
  return BundleName{.of_many = false,
                    .signed_file = std::string(canonical.substr(0, canonical.rfind('.', end)))};
}

GuardClass class_of_links(const trustpolicy::GuardedNames& names, const std::string& requested,
                          const std::string& resolved) {
  constexpr int kMaxLinks = 40;
  GuardClass found = GuardClass::None;
  std::string name = requested;
  for (int links = 0; links < kMaxLinks && name != resolved; ++links) {
    std::array<char, PATH_MAX> target{};
    const ssize_t got = ::readlink(name.c_str(), target.data(), target.size());
    if (got <= 0) {
      break;
    }
    const std::string_view text(target.data(), static_cast<std::size_t>(got));
    name = normal_path(text.starts_with('/') ? std::string(text)
                                             : join_path(directory_name(name), text));
    found = std::max(found, names.classify(name));
  }
  return found;
}

namespace {

// Codex makes links to itself (apply_patch) in .codex/tmp/arg0*/ at each start, and takes no
// instructions from there: of what a name means below, that it lies in .codex is left out.
std::string without_codex_tmp(std::string_view canonical) {
  constexpr std::string_view kTmp = "/.codex/tmp/arg0";
  const std::size_t at = canonical.find(kTmp);
  if (at == std::string_view::npos) {
    return std::string(canonical);
  }
  return join_path(canonical.substr(0, at), canonical.substr(at + std::size("/.codex/") - 1));
}

// Names of files that are guarded only where all of their ending are.
constexpr auto kAnyFiles = std::to_array<std::string_view>({"a.md", "a.toml"});

bool instructs(const trustpolicy::GuardedNames& names, std::string_view directory,
               std::string_view name) {
  return names.classify(join_path(directory, name)) == GuardClass::Instruction;
}

// instructs_all says whether all files of some ending there are instructions.
bool instructs_all(const trustpolicy::GuardedNames& names, std::string_view directory) {
  return std::ranges::any_of(
      kAnyFiles, [&](std::string_view name) { return instructs(names, directory, name); });
}

// has_dot: some file system takes the name for one with a dot in front.
bool has_dot(std::string_view name) {
  return folded_path(join_path("/", name)).starts_with("/.");
}

// lies_in_skill: `directory` is that of a skill (.claude/skills/x), or lies in it. What agents load
// by their place there, are other skills.
bool lies_in_skill(const trustpolicy::GuardedNames& names, std::string_view directory) {
  constexpr std::string_view kSkills = "/skills/";
  for (std::size_t at = directory.find(kSkills); at != std::string_view::npos;
       at = directory.find(kSkills, at + 1)) {
    const std::string_view above = directory.substr(0, at);
    const std::string_view skill = directory.substr(at + kSkills.size());
    const std::string_view inner = skill.substr(std::min(skill.find('/'), skill.size()));
    if (base_name(above).starts_with('.') && !instructs_all(names, directory_name(above)) &&
        !instructs_all(names, join_path("/", inner))) {
      return true;
    }
  }
  return false;
}

// is_packaged: packages are nobody's project. But an agent that loads all of a directory loads what
// is in its node_modules/ or site-packages/, too; a skill may have packages, and no skills in them.
bool is_packaged(const trustpolicy::GuardedNames& names, std::string_view canonical) {
  const std::string_view above = above_packages(canonical);
  if (above.size() == canonical.size()) {
    return false;
  }
  // Agents have their directories in one with a dot; a policy's patterns hold beneath the policy.
  const std::string folded = folded_path(above);
  const std::size_t dot = folded.find("/.");
  const std::string_view place =
      dot == std::string::npos ? std::string_view()
                               : above.substr(same_depth(above, folded.substr(0, dot)).size());
  const bool by_place =
      !place.empty() && std::ranges::any_of(kAnyFiles, [&](std::string_view name) {
        return instructs(names, place, name) && !instructs(names, "/", name);
      });
  return !by_place || (lies_in_skill(names, place) && !instructs(names, "/", base_name(canonical)));
}

}  // namespace

bool makes_instructions(const trustpolicy::GuardedNames& names, std::string_view canonical,
                        mode_t makes, GuardClass known_as) {
  if (makes == S_IFDIR || is_packaged(names, canonical)) {
    return false;
  }
  if (std::max(known_as, names.classify(canonical)) == GuardClass::Instruction) {
    return true;
  }
  constexpr auto kBeneath = std::to_array<std::string_view>(
      {"a.md", "a.toml", "agents/a.md", "commands/a.md", "commands/a.toml", "instructions/a.md",
       "prompts/a.md", "rules/a.md", "skills/a.md"});
  if (makes != S_IFLNK) {
    return false;
  }
  const std::string link = without_codex_tmp(canonical);
  return std::ranges::any_of(kBeneath, [&](std::string_view name) {
    return names.classify(join_path(link, name)) == GuardClass::Instruction;
  });
}

std::string instruction_root(const trustpolicy::GuardedNames& names, std::string_view canonical) {
  const std::string_view own = base_name(canonical);
  const bool anywhere = instructs(names, "/", own);
  std::string_view root = directory_name(canonical);
  const auto is_inner = [&] {
    return has_dot(base_name(root)) || instructs_all(names, root) ||
           (!anywhere && instructs(names, root, own));
  };
  while (root.size() > 1 && is_inner()) {
    root = directory_name(root);
  }
  return std::string(root);
}

}  // namespace nono::sandbox
