// profile/environment_rules.cc: the shapes of secrets, and the order of the rules.
#include "profile/environment_rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numbers>
#include <string>

#include "base/text.h"

namespace nono::profile {
namespace {

using enum EnvironmentClass;

// Anywhere in a name.
constexpr auto kSecretWords = std::to_array<std::string_view>(
    {"TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "API_KEY",
     "ACCESS_KEY", "PRIVATE_KEY", "CONNECTION_STRING"});
// As a whole word between underscores.
constexpr auto kSecretParts =
    std::to_array<std::string_view>({"AUTH", "PASS", "PWD", "PAT", "JWT", "COOKIE", "COOKIES"});

struct TokenShape {
  std::string_view prefix;
  std::size_t least_size;
};
constexpr auto kTokenShapes = std::to_array<TokenShape>({
    {"ghp_", 20},
    {"gho_", 20},
    {"ghu_", 20},
    {"ghs_", 20},
    {"ghr_", 20},
    {"github_pat_", 20},
    {"glpat-", 20},
    {"gldt-", 20},
    {"sk-", 20},
    {"sk_live_", 16},
    {"sk_test_", 16},
    {"rk_live_", 16},
    {"xoxb-", 16},
    {"xoxp-", 16},
    {"xoxa-", 16},
    {"xoxe", 16},
    {"xoxs-", 16},
    {"xapp-", 16},
    {"AKIA", 20},
    {"ASIA", 20},
    {"AIza", 35},
    {"ya29.", 20},
    {"npm_", 30},
    {"pypi-", 30},
    {"hf_", 30},
    {"dop_v1_", 20},
    {"shpat_", 20},
    {"SG.", 30},
    {"AGE-SECRET-KEY-", 20},
    {"hvs.", 20},
    {"dckr_pat_", 16},
    {"lin_api_", 16},
});

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_token_character(char c) {
  return is_upper(c) || is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

std::string ascii_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    c = is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

bool has_secret_part(std::string_view name) {
  bool last = false;
  while (!last) {
    const std::size_t end = name.find('_');
    last = end == std::string_view::npos;
    const std::string_view part = name.substr(0, end);
    if (std::ranges::find(kSecretParts, part) != kSecretParts.end() || (last && part == "KEY")) {
      return true;
    }
    name.remove_prefix(last ? name.size() : end + 1);
  }
  return false;
}

// Settings such as MAX_TOKENS=4096 or DISABLE_AUTH=1 name a secret and hold none.
bool is_plain_setting(std::string_view value) {
  constexpr std::size_t kLongestNumber = 8;
  const std::string lower = ascii_lower(value);
  const bool number = value.size() <= kLongestNumber && std::ranges::all_of(value, is_digit);
  return number || lower == "true" || lower == "false" || lower == "yes" || lower == "no" ||
         lower == "on" || lower == "off";
}

bool has_token_shape(std::string_view value) {
  return std::ranges::any_of(kTokenShapes, [&](const TokenShape& shape) {
    return value.starts_with(shape.prefix) && value.size() >= shape.least_size &&
           std::ranges::all_of(value, is_token_character);
  });
}

// A JSON Web Token (RFC 7519): three parts of base64url, the first of which starts as `{"`.
bool is_web_token(std::string_view value) {
  return value.starts_with("eyJ") && std::ranges::count(value, '.') >= 2 &&
         std::ranges::all_of(value, is_token_character);
}

// scheme://user:password@host
bool has_password_in_address(std::string_view value) {
  const std::size_t scheme = value.find("://");
  if (scheme == std::string_view::npos) {
    return false;
  }
  const std::string_view rest = value.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?# "));
  const std::size_t at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).contains(':');
}

// binary_logarithm of a number above 0. The C library's would bring a second library to every
// start.
double binary_logarithm(double value) {
  int exponent = 0;
  for (; value < 1.0; value *= 2) {
    --exponent;
  }
  for (; value >= 2.0; value /= 2) {
    ++exponent;
  }
  // ln(v) = 2 artanh((v-1)/(v+1)); for 1 <= v < 2 each term is less than a ninth of the one before.
  const double base = (value - 1) / (value + 1);
  constexpr int kLastTerm = 35;
  double sum = 0;
  double power = base;
  for (int term = 1; term <= kLastTerm; term += 2, power *= base * base) {
    sum += power / term;
  }
  return exponent + 2 * sum * std::numbers::log2e;
}

double bits_per_character(std::string_view text) {
  std::array<std::size_t, 256> counts{};
  for (const char c : text) {
    ++counts[static_cast<unsigned char>(c)];
  }
  double bits = 0;
  for (const std::size_t count : counts) {
    if (count > 0) {
      const double share = static_cast<double>(count) / static_cast<double>(text.size());
      bits -= share * binary_logarithm(share);
    }
  }
  return bits;
}

// Three kinds of characters, no separators of words or paths, and no repetition to speak of.
bool looks_random(std::string_view value) {
  constexpr std::size_t kLeastSize = 32;
  constexpr double kLeastBits = 4.0;
  const auto in_alphabet = [](char c) {
    return is_upper(c) || is_lower(c) || is_digit(c) || c == '+' || c == '=' || c == '-' ||
           c == '_';
  };
  return value.size() >= kLeastSize && std::ranges::all_of(value, in_alphabet) &&
         std::ranges::any_of(value, is_upper) && std::ranges::any_of(value, is_lower) &&
         std::ranges::any_of(value, is_digit) && bits_per_character(value) >= kLeastBits;
}

}  // namespace

std::string_view text_of(EnvironmentClass why) {
  switch (why) {
    case LoadsCode:
      return "makes programs load code";
    case AgentSocket:
      return "leads to a socket of another program";
    case SecretName:
      return "a secret by its name";
    case SecretValue:
      return "a secret by its shape";
    case OwnState:
      return "belongs to nono";
    case Malformed:
      return "not of the form NAME=value";
    case ByProfile:
      return "left out by the profile";
  }
  return {};
}

bool fits_pattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool is_secret_name(std::string_view name) {
  const std::string upper = ascii_upper(name);
  return std::ranges::any_of(kSecretWords,
                             [&](std::string_view word) { return upper.contains(word); }) ||
         has_secret_part(upper);
}

bool is_secret_value(std::string_view value) {
  return has_token_shape(value) || is_web_token(value) || has_password_in_address(value) ||
         value.contains("PRIVATE KEY-----") || value.contains("AccountKey=") || looks_random(value);
}

std::optional<EnvironmentClass> why_dropped(std::string_view name, std::string_view value) {
  if (name.empty() || name.contains('=')) {
    return Malformed;
  }
  if (std::ranges::find(harmless_names(), name) != harmless_names().end()) {
    return std::nullopt;
  }
  const auto rule = std::ranges::find_if(
      name_rules(), [&](const NameRule& each) { return fits_pattern(each.pattern, name); });
  if (rule != name_rules().end()) {
    return rule->why;
  }
  if (value.starts_with("unix:")) {
    return AgentSocket;
  }
  if (is_secret_name(name) && !is_plain_setting(value)) {
    return SecretName;
  }
  return is_secret_value(value) ? std::optional(SecretValue) : std::nullopt;
}

}  // namespace nono::profile
