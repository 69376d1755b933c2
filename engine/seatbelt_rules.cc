#include "engine/seatbelt_rules.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "sandbox/seatbelt_text.h"
#include "trustpolicy/builtin_names.h"

namespace nono::engine {
namespace {

using sandbox::GuardedPattern;
using sandbox::LetterCase;
using sandbox::seatbelt_regex_quote;

// What base/text.h fold_name trims at both ends of a name, as far as it is ASCII.
constexpr std::string_view kTrimmed = "[\x01-\x20.\x7f]*";
constexpr std::string_view kNotTrimmed = "[^/\x01-\x20.\x7f]";
// One code point: a printable byte of ASCII, or a run of others.
constexpr std::string_view kOneCharacter = "([ -.0-~]|[^ -~][^ -~]*)";

std::string quoted_with_stars(std::string_view text) {
  std::string out;
  for (std::size_t star = text.find('*'); star != std::string_view::npos; star = text.find('*')) {
    out += seatbelt_regex_quote(text.substr(0, star), LetterCase::Folded) + "[^/]*";
    text.remove_prefix(star + 1);
  }
  return out + seatbelt_regex_quote(text, LetterCase::Folded);
}

// folded_component catches what folds to `name`; a leading dot stands for at least one.
std::string folded_component(std::string_view name) {
  std::string out(kTrimmed);
  if (name.starts_with('.')) {
    out.append("\\.").append(kTrimmed);
    name.remove_prefix(1);
  }
  return out.append(quoted_with_stars(name)).append(kTrimmed);
}

// beneath_regex goes on behind a directory: the files of an ending at any depth beneath it.
std::string beneath_regex(std::string_view ending) {
  return std::string("/(.*/)?[^/]*")
      .append(kNotTrimmed)
      .append("[^/]*\\.")
      .append(ending)
      .append(kTrimmed)
      .append("$");
}

// builtin_regex writes one built-in name, or the files of an ending beneath a directory.
std::string builtin_regex(std::string_view shown) {
  std::string out;
  while (!shown.empty()) {
    const std::size_t slash = std::min(shown.find('/'), shown.size());
    out.append("/").append(folded_component(shown.substr(0, slash)));
    shown.remove_prefix(std::min(slash, shown.size()));
    if (shown == "/") {
      return out + beneath_regex("[mM][dD][cC]?");
    }
    if (shown == "/*.toml") {
      return out + beneath_regex("[tT][oO][mM][lL]");
    }
    shown.remove_prefix(std::min<std::size_t>(1, shown.size()));
  }
  return out + "$";
}

// class_regex takes a bracket expression at the front of `rest`.
std::string class_regex(std::string_view& rest) {
  const std::size_t end = rest.find(']');
  const std::string_view all = rest.substr(0, end == std::string_view::npos ? end : end + 1);
  rest.remove_prefix(all.size());
  const bool plain =
      all.size() > 2 && std::ranges::all_of(all.substr(1, all.size() - 2), [](char c) {
        return c > 0x20 && c < 0x7f && c != '[' && c != ']' && c != '^';
      });
  return plain ? std::string(all) : std::string("[^/]*");
}

// glob_regex writes a pattern that trustpolicy::Glob took, component by component.
std::string glob_regex(std::string_view rest) {
  std::string out;
  while (!rest.empty()) {
    if (rest == "/**") {
      return out + "(/.*)?";  // the directory itself, too
    }
    if (rest.starts_with("**/")) {
      out += "(.*/)?";
      rest.remove_prefix(3);
    } else if (rest.starts_with("**")) {
      out += ".*";
      rest.remove_prefix(2);
    } else if (rest.front() == '[') {
      out += class_regex(rest);
    } else {
      const char c = rest.front();
      out += c == '*'   ? "[^/]*"
             : c == '?' ? std::string(kOneCharacter)
                        : seatbelt_regex_quote(std::string_view(&c, 1), LetterCase::Folded);
      rest.remove_prefix(1);
    }
  }
  return out;
}

GuardedPattern policy_pattern(const trustpolicy::Guard::Rooted& pattern) {
  const std::string& text = pattern.glob.text();
  std::string beginning = "/";
  if (!pattern.root.empty() && pattern.root != "/") {
    beginning = "^" + seatbelt_regex_quote(pattern.root, LetterCase::Folded) + "/";
  } else if (!pattern.root.empty()) {
    beginning = "^/";
  }
  if (!pattern.anchored && !pattern.root.empty()) {
    beginning += "(.*/)?";
  }
  const bool open_end = text.ends_with('*') || text.ends_with('?') || text.ends_with(']');
  return {.regex = beginning + glob_regex(text) + "$", .but_bundles = open_end, .instructs = true};
}

}  // namespace

std::vector<GuardedPattern> guarded_patterns(const trustpolicy::Guard& guard) {
  std::vector<GuardedPattern> out;
  for (const trustpolicy::Builtin& name : trustpolicy::builtin_names()) {
    if ((trustpolicy::builtin_named(name.shown).value_or(0) & guard.taken_off()) == 0) {
      out.push_back({.regex = builtin_regex(name.shown),
                     .but_bundles = false,
                     .instructs = name.guard_class == trustpolicy::GuardClass::Instruction});
    }
  }
  for (const trustpolicy::Guard::Rooted& pattern : guard.patterns()) {
    out.push_back(policy_pattern(pattern));
  }
  for (const std::string& file : guard.files()) {
    out.push_back({.regex = "^" + seatbelt_regex_quote(file, LetterCase::Folded) + "$",
                   .but_bundles = false,
                   .instructs = true});
  }
  return out;
}

sandbox::SeatbeltRules seatbelt_rules(const RunPlan& plan, sandbox::InstructionEdit edit) {
  sandbox::SeatbeltRules out;
  out.homes = plan.homes;
  out.drafts = edit != sandbox::InstructionEdit::Refused;
  out.guarded = guarded_patterns(plan.policy->guard());
  for (const Verdict& verdict : plan.verdicts) {
    (verdict.admitted ? out.admitted : out.not_admitted).push_back(verdict.path);
    if (verdict.proven && edit != sandbox::InstructionEdit::Allowed) {
      out.unchangeable.push_back(verdict.path);
      out.unchangeable.push_back(verdict.path + ".bundle");
    }
  }
  return out;
}

}  // namespace nono::engine
