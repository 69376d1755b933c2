// trustpolicy/glob.cc: parsing by one pass over the pattern, matching by two cursors and one mark.
//
// A `*` that failed is never tried again once a later `*` was reached: the later one can take
// whatever the earlier one would have. So one mark per level is enough and nothing is exponential.
#include "trustpolicy/glob.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace nono::trustpolicy {
namespace {

constexpr std::string_view kRefused = "\\{}()|^$";

struct CodePoint {
  std::uint32_t value;
  std::size_t size;  // bytes
};

// A byte that begins no well-formed sequence counts as one character outside Unicode: `?` and `*`
// take it, no class does.
CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) {
    return {lead, 1};
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const std::string_view sequence = text.substr(at, size);
  if (sequence.size() < size || !is_utf8(sequence)) {
    return {0x110000U + lead, 1};
  }
  std::uint32_t value = lead & (0x7FU >> size);
  for (const char next : sequence.substr(1)) {
    value = (value << 6U) | (static_cast<unsigned char>(next) & 0x3FU);
  }
  return {value, size};
}

// A class is `[`, members and ranges, `]`; parse() has made sure of its form.
bool class_holds(std::string_view members, std::uint32_t wanted) {
  std::size_t at = 0;
  while (at < members.size()) {
    const CodePoint low = code_point_at(members, at);
    at += low.size;
    if (at + 1 < members.size() && members[at] == '-') {
      const CodePoint high = code_point_at(members, at + 1);
      at += 1 + high.size;
      if (low.value <= wanted && wanted <= high.value) {
        return true;
      }
    } else if (low.value == wanted) {
      return true;
    }
  }
  return false;
}

struct Step {
  std::size_t pattern;
  std::size_t text;
};

// match_one matches a single pattern element other than `*` against the text's next character.
std::optional<Step> match_one(std::string_view pattern, std::size_t p, std::string_view text,
                              std::size_t t) {
  if (p >= pattern.size()) {
    return std::nullopt;
  }
  if (pattern[p] == '?') {
    return Step{1, code_point_at(text, t).size};
  }
  if (pattern[p] == '[') {
    const std::size_t close = pattern.find(']', p);
    const CodePoint next = code_point_at(text, t);
    if (!class_holds(pattern.substr(p + 1, close - p - 1), next.value)) {
      return std::nullopt;
    }
    return Step{close - p + 1, next.size};
  }
  if (pattern[p] != text[t]) {
    return std::nullopt;
  }
  return Step{1, 1};
}

bool match_flat(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t taken_to = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      taken_to = t;
    } else if (const auto step = match_one(pattern, p, text, t)) {
      p += step->pattern;
      t += step->text;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      taken_to += code_point_at(text, taken_to).size;
      t = taken_to;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

std::string_view component_at(std::string_view path, std::size_t at) {
  return path.substr(at, path.find('/', at) - at);
}

// The same walk, with components for characters and `**` for `*`. A cursor one past the end has
// no component left.
bool match_components(std::string_view pattern, std::string_view path) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t after_stars = std::string_view::npos;
  std::size_t taken_to = 0;
  while (t <= path.size()) {
    const bool left = p <= pattern.size();
    const std::string_view wanted = left ? component_at(pattern, p) : std::string_view();
    const std::string_view found = component_at(path, t);
    if (left && wanted == "**") {
      p += 3;
      after_stars = p;
      taken_to = t;
    } else if (left && match_flat(wanted, found)) {
      p += wanted.size() + 1;
      t += found.size() + 1;
    } else if (after_stars != std::string_view::npos) {
      p = after_stars;
      taken_to += component_at(path, taken_to).size() + 1;
      t = taken_to;
    } else {
      return false;
    }
  }
  if (p <= pattern.size() && component_at(pattern, p) == "**") {
    p += 3;
  }
  return p > pattern.size();
}

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::InvalidInput, std::move(why));
}

Result<void> check_range(std::string_view members, std::size_t dash) {
  std::size_t low = dash - 1;
  while (low > 0 && (static_cast<unsigned char>(members[low]) & 0xC0U) == 0x80U) {
    --low;
  }
  if (code_point_at(members, low).value > code_point_at(members, dash + 1).value) {
    return refuse("has a range whose end comes before its start");
  }
  return {};
}

// check_class checks the class that opens at `open` and returns where it closes.
Result<std::size_t> check_class(std::string_view pattern, std::size_t open) {
  const std::size_t close = pattern.find(']', open);
  if (close == std::string_view::npos) {
    return refuse("has a '[' without its ']'");
  }
  const std::string_view members = pattern.substr(open + 1, close - open - 1);
  if (members.empty()) {
    return refuse("has an empty class '[]'");
  }
  if (members.front() == '!') {
    return refuse("negates a class with '[!': there is no negation");
  }
  if (members.find_first_of("/[") != std::string_view::npos) {
    return refuse("has a '/' or '[' inside a class");
  }
  for (std::size_t at = 1; at + 1 < members.size(); ++at) {
    if (members[at] == '-') {
      NONO_CHECK(check_range(members, at));
      ++at;
    }
  }
  return close;
}

Result<void> check_characters(std::string_view pattern) {
  if (pattern.empty()) {
    return refuse("is empty");
  }
  if (!is_utf8(pattern)) {
    return refuse("is not UTF-8");
  }
  if (pattern.front() == '!') {
    return refuse("begins with '!': there is no negation");
  }
  for (const char c : pattern) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return refuse("holds a control character");
    }
    if (kRefused.find(c) != std::string_view::npos) {
      return refuse(std::string("holds '") + c +
                    "', which patterns do not know; '?' stands for any one character");
    }
  }
  return {};
}

// fold_stars checks classes on the way and writes each run of `*` once.
Result<std::string> fold_stars(std::string_view pattern) {
  std::string folded;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '[') {
      NONO_TRY(const std::size_t close, check_class(pattern, at));
      folded += pattern.substr(at, close - at + 1);
      at = close;
    } else if (pattern[at] == ']') {
      return refuse("has a ']' without its '['");
    } else if (pattern[at] != '*' || !folded.ends_with('*')) {
      folded += pattern[at];
    }
  }
  return folded;
}

Result<std::string> fold_component(std::string_view component) {
  if (component.empty()) {
    return refuse("has an empty component: it must be relative, without '//' or a '/' at the end");
  }
  if (component == "." || component == "..") {
    return refuse("has a '.' or '..' component");
  }
  if (component.size() > 1 && component.find_first_not_of('*') == std::string_view::npos) {
    return std::string("**");
  }
  return fold_stars(component);
}

Result<std::string> check_size(std::string folded) {
  if (std::ranges::count(folded, '*') > Glob::kMaxStars) {
    return refuse("has more than 32 '*'");
  }
  if (folded.size() > Glob::kMaxBytes) {
    return refuse("is longer than 512 bytes");
  }
  return folded;
}

}  // namespace

Result<Glob> Glob::parse(std::string_view pattern) {
  NONO_CHECK(check_characters(pattern));
  std::string folded;
  for (std::size_t at = 0; at <= pattern.size();) {
    const std::string_view component = component_at(pattern, at);
    at += component.size() + 1;
    NONO_TRY(const std::string next, fold_component(component));
    if (next == "**" && (folded == "**" || folded.ends_with("/**"))) {
      continue;
    }
    folded += folded.empty() ? "" : "/";
    folded += next;
  }
  NONO_TRY(std::string checked, check_size(std::move(folded)));
  return Glob(std::move(checked));
}

Result<Glob> Glob::parse_flat(std::string_view pattern) {
  NONO_CHECK(check_characters(pattern));
  NONO_TRY(std::string folded, fold_stars(pattern));
  NONO_TRY(std::string checked, check_size(std::move(folded)));
  return Glob(std::move(checked));
}

bool Glob::matches(std::string_view relative_path) const {
  if (anchored()) {
    return match_components(pattern_, relative_path);
  }
  const std::size_t slash = relative_path.rfind('/');
  return match_flat(
      pattern_, slash == std::string_view::npos ? relative_path : relative_path.substr(slash + 1));
}

bool Glob::matches_whole(std::string_view text) const {
  return match_flat(pattern_, text);
}

}  // namespace nono::trustpolicy
