#include "profile/credentials.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"
#include "profile/environment_rules.h"

namespace nono::profile {
namespace {

constexpr std::size_t kMaxSourceBytes = 4096;
constexpr std::size_t kMaxItemBytes = 128;
constexpr std::size_t kMaxVariableBytes = 256;
constexpr std::string_view kSeparator = "://";
constexpr std::string_view kForms =
    "a source is file:///ABSOLUTE/PATH, env://NAME, or keystore://NAME (the Secret Service)";
// Of upstream nono's: each is the command line of another program.
constexpr auto kPrograms = std::to_array<std::string_view>(
    {"op", "bw", "apple-password", "apple-passwords", "keyring", "cmd"});
// What every session sets (profile/private_tmp.h).
constexpr auto kOfTheSession = std::to_array<std::string_view>(
    {"TMPDIR", "TMP", "TEMP", "TMUX_TMPDIR", "XDG_RUNTIME_DIR", "TMPPREFIX"});

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxVariableBytes && !is_digit(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

bool is_item_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxItemBytes && name[0] != '-' && name[0] != '.' &&
         std::ranges::all_of(name, [](char c) {
           return is_letter(c) || is_digit(c) || std::string_view("._-@+").contains(c);
         });
}

bool decides_what_runs(std::string_view name) {
  const auto why = why_dropped(name, "");
  return why == EnvironmentClass::LoadsCode || why == EnvironmentClass::OwnState || name == "PATH";
}

Error wrong(std::string_view text, const std::string& why) {
  return Error(ErrorKind::InvalidInput, printable(text) + ": " + why)
      .mend_with(std::string(kForms));
}

Result<CredentialSource> file_source(std::string_view text, std::string_view path) {
  if (!path.starts_with('/') || path.contains('\0') || normal_path(path) != path || path == "/") {
    return std::unexpected(wrong(text, "is not an absolute path without . and .."));
  }
  return CredentialSource{CredentialPlace::File, std::string(path)};
}

Result<CredentialSource> variable_source(std::string_view text, std::string_view name) {
  if (!is_variable_name(name) || why_dropped(name, "") == EnvironmentClass::OwnState) {
    return std::unexpected(wrong(text, "names no variable, or one of nono's own"));
  }
  return CredentialSource{CredentialPlace::Variable, std::string(name)};
}

Result<CredentialSource> item_source(std::string_view text, std::string_view name) {
  if (!is_item_name(name)) {
    return std::unexpected(
        wrong(text, "is not the name of an item: letters, digits and . _ - @ +, at most 128"));
  }
  return CredentialSource{CredentialPlace::Keystore, std::string(name)};
}

}  // namespace

Result<CredentialSource> parse_credential_source(std::string_view text) {
  if (text.size() > kMaxSourceBytes) {
    return std::unexpected(wrong(text.substr(0, kMaxItemBytes), "is too long"));
  }
  const std::size_t separator = text.find(kSeparator);
  if (separator == std::string_view::npos) {
    return item_source(text, text);
  }
  const std::string_view scheme = text.substr(0, separator);
  const std::string_view rest = text.substr(separator + kSeparator.size());
  if (scheme == "file") {
    return file_source(text, rest);
  }
  if (scheme == "env") {
    return variable_source(text, rest);
  }
  if (scheme == "keystore") {
    return item_source(text, rest);
  }
  if (std::ranges::find(kPrograms, scheme) != kPrograms.end()) {
    return std::unexpected(
        Error(ErrorKind::Unsupported,
              printable(text) + ": no other program is started to ask for a credential")
            .mend_with(std::string(kForms)));
  }
  return std::unexpected(wrong(text, "is no source of a credential"));
}

std::string text_of(const CredentialSource& source) {
  switch (source.place) {
    case CredentialPlace::File:
      return "file://" + source.name;
    case CredentialPlace::Variable:
      return "env://" + source.name;
    case CredentialPlace::Keystore:
      return "keystore://" + source.name;
  }
  return {};
}

Result<void> check_settable_variable(std::string_view name) {
  if (!is_variable_name(name)) {
    return fail(ErrorKind::InvalidInput, printable(name) + ": is not the name of a variable");
  }
  if (decides_what_runs(name)) {
    return fail(
        ErrorKind::InvalidInput,
        std::string(name) + ": cannot be set so: it decides what code runs, or is nono's own");
  }
  if (std::ranges::find(kOfTheSession, name) != kOfTheSession.end()) {
    return fail(ErrorKind::InvalidInput, std::string(name) + ": is set by every session itself");
  }
  return {};
}

std::string variable_of_item(std::string_view item) {
  std::string out(item);
  for (char& c : out) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

}  // namespace nono::profile
