// trustpolicy/guard.cc: built-in names first, then the policy's patterns and files.
#include "trustpolicy/guard.h"

#include <algorithm>
#include <utility>

#include "base/files.h"

namespace nono::trustpolicy {
namespace {

constexpr std::string_view kBundleSuffix = ".bundle";

// may_begin is what makes a miss cheap: most patterns begin with a letter that the text does not.
bool may_begin(const Glob& glob, std::string_view text) {
  const char first = glob.text().front();
  return first == '*' || first == '?' || first == '[' || text.starts_with(first);
}

// An anchored pattern that may stand anywhere is tried from each component on.
bool catches_some_suffix(const Glob& glob, std::string_view path) {
  while (true) {
    if (may_begin(glob, path) && glob.matches(path)) {
      return true;
    }
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) {
      return false;
    }
    path.remove_prefix(slash + 1);
  }
}

// shape_of takes of the pattern's last component what stands before its first and behind its last
// wildcard. In `**` nothing does.
NameShape shape_of(const Glob& glob) {
  const std::string_view pattern = glob.text();
  const std::string_view last = pattern.substr(pattern.rfind('/') + 1);
  const std::size_t first_wild = last.find_first_of("*?[");
  if (first_wild == std::string_view::npos) {
    return {std::string(last), "", Spelling::AsWritten, Extent::Whole};
  }
  const std::size_t last_wild = last.find_last_of("*?[]");
  return {std::string(last.substr(0, first_wild)), std::string(last.substr(last_wild + 1)),
          Spelling::AsWritten, Extent::Ends};
}

// has_ends is what makes most misses cheap: the rest of a pattern costs its stars times the path.
bool has_ends(const NameShape& ends, std::string_view absolute_path) {
  const std::string_view name = absolute_path.substr(absolute_path.rfind('/') + 1);
  return ends.extent == Extent::Whole
             ? name == ends.prefix
             : name.starts_with(ends.prefix) && name.ends_with(ends.suffix);
}

std::string_view without_slash(std::string_view path) {
  return path.starts_with('/') ? path.substr(1) : path;
}

}  // namespace

bool is_bundle_name(std::string_view base_name) {
  return base_name.size() > kBundleSuffix.size() && base_name.ends_with(kBundleSuffix);
}

void Guard::add_pattern(std::string root, Glob glob) {
  const bool anchored = glob.anchored();
  NameShape ends = shape_of(glob);
  patterns_.push_back({std::move(root), std::move(glob), anchored, std::move(ends)});
}

void Guard::add_file(std::string absolute_path) {
  files_.insert(std::ranges::upper_bound(files_, absolute_path), std::move(absolute_path));
}

void Guard::take_off(std::string_view builtin_name) {
  taken_off_ |= builtin_named(builtin_name).value_or(0);
}

bool Guard::catches(const Rooted& pattern, std::string_view absolute_path) {
  if (!has_ends(pattern.ends, absolute_path)) {
    return false;
  }
  if (pattern.root.empty()) {
    return pattern.glob.anchored() ? catches_some_suffix(pattern.glob, without_slash(absolute_path))
                                   : pattern.glob.matches(absolute_path);
  }
  if (!beneath(pattern.root, absolute_path)) {
    return false;
  }
  return pattern.glob.matches(
      without_slash(absolute_path.substr(pattern.root == "/" ? 0 : pattern.root.size())));
}

bool Guard::policy_guards(std::string_view absolute_path) const {
  if (std::ranges::binary_search(files_, absolute_path)) {
    return true;
  }
  const bool bundle = is_bundle_name(base_name(absolute_path));
  const std::string_view proven =
      bundle ? absolute_path.substr(0, absolute_path.size() - kBundleSuffix.size())
             : std::string_view();
  return std::ranges::any_of(patterns_, [&](const Rooted& pattern) {
    return catches(pattern, absolute_path) && !(bundle && catches(pattern, proven));
  });
}

std::vector<NameShape> Guard::shapes() const {
  std::vector<NameShape> out = builtin_shapes();
  for (const Rooted& pattern : patterns_) {
    out.push_back(pattern.ends);
  }
  for (const std::string& file : files_) {
    out.push_back({std::string(base_name(file)), "", Spelling::AsWritten, Extent::Whole});
  }
  return out;
}

GuardClass Guard::stricter_of(GuardClass one, GuardClass other) const {
  const bool both = one != GuardClass::None && other != GuardClass::None && one != other;
  return both ? stricter_ : std::max(one, other);
}

GuardClass Guard::classify(std::string_view absolute_path) const {
  const GuardClass builtin = builtin_class(absolute_path, taken_off_);
  if (builtin == stricter_ || !policy_guards(absolute_path)) {
    return builtin;
  }
  return stricter_of(builtin, GuardClass::Instruction);
}

}  // namespace nono::trustpolicy
