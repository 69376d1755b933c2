// tuf/delegation.cc: which paths a delegation speaks for (specification 4.5, PATHPATTERN and
// PATH_HASH_PREFIX).
#include <algorithm>
#include <optional>

#include "tuf/metadata.h"

namespace nono::tuf {

namespace {

// matches_part holds one part of a path against one part of a pattern: `*` is any run, `?` any one
// byte. Only the last star is ever gone back to, so the time is at most the product of the lengths.
bool matches_part(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::optional<std::size_t> star;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star) {
      p = *star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string_view take_part(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view part = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return part;
}

// Neither wildcard matches a slash, so pattern and path have the same number of parts.
bool matches_path(std::string_view pattern, std::string_view path) {
  if (std::ranges::count(pattern, '/') != std::ranges::count(path, '/')) {
    return false;
  }
  for (std::ptrdiff_t parts = std::ranges::count(path, '/') + 1; parts > 0; --parts) {
    if (!matches_part(take_part(pattern), take_part(path))) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool Delegation::covers(std::string_view target) const {
  if (!paths.empty()) {
    return std::ranges::any_of(paths,
                               [&](const std::string& path) { return matches_path(path, target); });
  }
  const std::string digest = crypto::Sha256::of(target).hex();
  return std::ranges::any_of(hash_prefixes,
                             [&](const std::string& prefix) { return digest.starts_with(prefix); });
}

}  // namespace nono::tuf
