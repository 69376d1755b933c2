// profile/environment_rules.h: which variables of the caller's environment an agent does not get.
//
// Names and shapes, as data. A variable that makes a program load or run something lets whoever
// wrote it run code as the agent; a secret that the agent holds is a secret that it can give away;
// the address of an agent socket is a way out of the sandbox.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace nono::profile {

enum class EnvironmentClass : unsigned char {
  LoadsCode,
  AgentSocket,
  SecretName,
  SecretValue,
  OwnState,   // NONO_*
  Malformed,  // no NAME=value
  ByProfile,  // a profile's deny_vars, or not in its allow_vars
};
std::string_view text_of(EnvironmentClass why);  // "loads code", "a secret by its name", …

// NameRule drops the names that fit `pattern` (`*` stands for any characters).
struct NameRule {
  std::string_view pattern;
  EnvironmentClass why;
};
std::span<const NameRule> name_rules();
// harmless_names are the exceptions to name_rules, looked at first.
std::span<const std::string_view> harmless_names();

// fits_pattern matches a whole name; `*` is any number of characters and `?` one. Case matters.
bool fits_pattern(std::string_view pattern, std::string_view name);

// is_secret_name looks for words such as TOKEN, SECRET, PASSWORD, …_KEY in any case.
bool is_secret_name(std::string_view name);
// is_secret_value knows the shapes of access tokens, private keys, addresses with a password, and
// long strings that look drawn at random. Hexadecimal digests are not taken for secrets.
bool is_secret_value(std::string_view value);

// why_dropped is the rule that drops a variable; nothing where it is passed on.
std::optional<EnvironmentClass> why_dropped(std::string_view name, std::string_view value);

}  // namespace nono::profile
