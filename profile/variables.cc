#include "profile/variables.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"

namespace nono::profile {
namespace {

constexpr std::size_t kMaxPathBytes = 4096;

struct Place {
  std::string_view variable;
  std::string Variables::* value;
};
constexpr auto kPlaces = std::to_array<Place>({
    {"$HOME", &Variables::home},
    {"~", &Variables::home},
    {"$CWD", &Variables::working_directory},
    {"$XDG_CONFIG_HOME", &Variables::config_home},
    {"$XDG_DATA_HOME", &Variables::data_home},
    {"$XDG_STATE_HOME", &Variables::state_home},
    {"$XDG_CACHE_HOME", &Variables::cache_home},
});
constexpr auto kOfTheSession = std::to_array<std::string_view>({"$TMPDIR", "$XDG_RUNTIME_DIR"});

std::string value_in(std::span<const char* const> environment, std::string_view name) {
  for (const char* const entry : environment) {
    const std::string_view text(entry == nullptr ? "" : entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') {
      return std::string(text.substr(name.size() + 1));
    }
  }
  return "";
}

std::string place(std::span<const char* const> environment, std::string_view name,
                  const std::string& home, std::string_view otherwise) {
  const std::string value = value_in(environment, name);
  if (value.starts_with('/')) {
    return normal_path(value);
  }
  return home.empty() ? "" : join_path(home, otherwise);
}

// A user's name becomes part of a path: what is no plain name counts as none.
std::string plain_user(std::string name) {
  const bool plain = !name.empty() && name[0] != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
  return plain ? std::move(name) : std::string();
}

Error wrong(std::string_view written, std::string_view why) {
  return Error(ErrorKind::InvalidInput, "\"" + printable(written) + "\" " + std::string(why))
      .mend_with(
          "begin it with / or with $HOME, $CWD, $XDG_CONFIG_HOME, $XDG_DATA_HOME, "
          "$XDG_STATE_HOME, $XDG_CACHE_HOME or $TMPDIR");
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// put_in replaces a variable that is not followed by more of a name.
std::string put_in(std::string_view text, std::string_view variable, const std::string& value) {
  std::string out;
  while (!text.empty()) {
    const bool here = text.starts_with(variable) &&
                      (text.size() == variable.size() || !is_word(text[variable.size()]));
    const std::size_t taken = here ? variable.size() : 1;
    out += here ? std::string_view(value) : text.substr(0, 1);
    text.remove_prefix(taken);
  }
  return out;
}

Result<std::string> with_user(std::string_view rest, const Variables& variables) {
  const std::string out = put_in(rest, "$UID", variables.uid);
  std::string named = put_in(out, "$USER", variables.user);
  if (variables.user.empty() && named != out) {
    return fail(ErrorKind::InvalidInput, "$USER has no value here");
  }
  return named;
}

bool has_dots(std::string_view path) {
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    if (path.substr(from, end - from) == "..") {
      return true;
    }
    from = end + 1;
  }
  return false;
}

// first_value is what the first component stands for; nothing where the path is absolute.
Result<std::optional<std::string>> first_value(std::string_view written, std::string_view first,
                                               const Variables& variables) {
  const auto* found = std::ranges::find(kPlaces, first, &Place::variable);
  if (found == kPlaces.end()) {
    if (!written.starts_with('/')) {
      return std::unexpected(wrong(written, "is not an absolute path"));
    }
    return std::optional<std::string>();
  }
  const std::string& value = variables.*(found->value);
  if (!value.starts_with('/')) {
    return std::unexpected(wrong(written, "begins with a variable that has no value here"));
  }
  return std::optional(value);
}

}  // namespace

Variables variables_from(std::span<const char* const> environment, const std::string& home,
                         const std::string& working_directory) {
  Variables out;
  out.home = home;
  out.working_directory = working_directory;
  out.config_home = place(environment, "XDG_CONFIG_HOME", home, ".config");
  out.data_home = place(environment, "XDG_DATA_HOME", home, ".local/share");
  out.state_home = place(environment, "XDG_STATE_HOME", home, ".local/state");
  out.cache_home = place(environment, "XDG_CACHE_HOME", home, ".cache");
  out.user = plain_user(value_in(environment, "USER"));
  out.uid = std::to_string(::geteuid());
  return out;
}

Result<std::optional<std::string>> expand_path(std::string_view written,
                                               const Variables& variables) {
  if (written.contains('\0') || has_dots(written)) {
    return std::unexpected(
        Error(ErrorKind::InvalidInput,
              "\"" + printable(written) + "\" has \"..\" or a NUL character in it")
            .mend_with("write where it leads to"));
  }
  const std::string_view first = written.substr(0, written.find('/'));
  if (std::ranges::find(kOfTheSession, first) != kOfTheSession.end()) {
    return std::optional<std::string>();
  }
  NONO_TRY(const auto value, first_value(written, first, variables));
  auto rest = with_user(value ? written.substr(first.size()) : written, variables);
  if (!rest) {
    return std::unexpected(wrong(written, rest.error().message()));
  }
  std::string path = normal_path(value ? *value + *rest : *rest);
  if (path.size() > kMaxPathBytes) {
    return std::unexpected(wrong(written.substr(0, 64), "… is longer than 4096 bytes"));
  }
  return std::optional(std::move(path));
}

}  // namespace nono::profile
