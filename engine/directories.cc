// engine/directories.cc: environment and password database.
#include "engine/directories.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/remedy.h"
#include "engine/home_links.h"
#include "engine/object.h"

namespace nono::engine {
namespace {

constexpr std::size_t kLongestPasswd = std::size_t{4} << 20;

// Reads `environ` rather than calling getenv, which makes no promise to other threads.
std::optional<std::string> absolute_variable(std::string_view name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') {
      const std::string_view value = text.substr(name.size() + 1);
      return value.starts_with('/') ? std::optional(normal_path(value)) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<std::string> home_in_password_database() {
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr || found->pw_dir == nullptr || *found->pw_dir != '/') {
    return std::nullopt;
  }
  return normal_path(found->pw_dir);
}

// What zsh looks for in ZDOTDIR instead of the home.
constexpr auto kZshFiles =
    std::to_array<std::string_view>({".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout"});

// Homes has each place once, as it is spelt and as links lead there now.
class Homes {
 public:
  void add(const std::string& path, std::string_view stands_for) {
    if (path.starts_with('/')) {
      once({.path = normal_path(path), .stands_for = stands_for});
      once({.path = resolved_path(normal_path(path)), .stands_for = stands_for});
    }
  }
  // add_file leaves out devices: GIT_CONFIG_GLOBAL=/dev/null means none.
  void add_file(const std::string& path, std::string_view stands_for) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) {
      add(path, stands_for);
    }
  }
  // add_links adds where links of the homes so far lead.
  void add_links() {
    const std::vector<sandbox::HomePlace> homes = places_;
    for (const sandbox::HomePlace& home : homes) {
      for (sandbox::HomePlace& place : linked_places(home.path)) {
        once(std::move(place));
      }
    }
  }
  std::vector<sandbox::HomePlace> take() { return std::move(places_); }

 private:
  void once(sandbox::HomePlace place) {
    if (std::ranges::none_of(places_, [&place](const sandbox::HomePlace& known) {
          return known.path == place.path && known.stands_for == place.stands_for;
        })) {
      places_.push_back(std::move(place));
    }
  }
  std::vector<sandbox::HomePlace> places_;
};

}  // namespace

std::span<const char* const> caller_environment() {
  std::size_t count = 0;
  while (environ != nullptr && environ[count] != nullptr) {
    ++count;
  }
  return {environ, count};
}

Result<UserDirectories> find_user_directories() {
  const auto config = absolute_variable("XDG_CONFIG_HOME");
  const auto state = absolute_variable("XDG_STATE_HOME");
  std::optional<std::string> home = absolute_variable("HOME");
  if (!home) {
    home = home_in_password_database();
  }
  if (!home && (!config || !state)) {
    return std::unexpected(
        Error(ErrorKind::NotFound,
              "no home directory: HOME is not set and the password database knows no user " +
                  std::to_string(::geteuid()))
            .mend_with("set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME, to absolute paths"));
  }
  const std::string base = home.value_or("");
  return UserDirectories{
      .home = base,
      .config = join_path(config ? *config : join_path(base, ".config"), "nono"),
      .state = join_path(state ? *state : join_path(base, ".local/state"), "nono"),
  };
}

profile::UserPlaces protected_places(const UserDirectories& user) {
  profile::UserPlaces places = profile::places_from(caller_environment());
  if (places.home.empty()) {
    places.home = user.home;
    return places;
  }
  if (const auto passwd = read_file("/etc/passwd", kLongestPasswd)) {
    places.other_home = home_in_passwd(*passwd, ::geteuid());
  }
  if (places.other_home == places.home) {
    places.other_home.clear();
  }
  return places;
}

std::vector<sandbox::HomePlace> home_places(const UserDirectories& user) {
  const profile::UserPlaces places = protected_places(user);
  Homes homes;
  for (const std::string& home : {user.home, places.home, places.other_home}) {
    homes.add(home, "");
  }
  homes.add_links();
  homes.add(places.config_home, ".config/");
  homes.add(absolute_variable("CLAUDE_CONFIG_DIR").value_or(""), ".claude/");
  homes.add(absolute_variable("CODEX_HOME").value_or(""), ".codex/");
  homes.add(absolute_variable("OPENCODE_CONFIG_DIR").value_or(""), ".opencode/");
  homes.add_file(absolute_variable("GIT_CONFIG_GLOBAL").value_or(""), ".gitconfig");
  if (const auto zsh = absolute_variable("ZDOTDIR")) {
    for (const std::string_view name : kZshFiles) {
      homes.add_file(join_path(*zsh, name), name);
    }
  }
  return homes.take();
}

std::string home_in_passwd(std::string_view passwd, uid_t uid) {
  constexpr std::size_t kUid = 2;
  constexpr std::size_t kHome = 5;
  const std::string wanted = std::to_string(uid);
  for (const auto line : std::views::split(passwd, '\n')) {
    std::vector<std::string_view> fields;
    for (const auto field : std::views::split(line, ':')) {
      fields.emplace_back(field);
    }
    if (fields.size() > kHome && fields[kUid] == wanted) {
      return fields[kHome].starts_with('/') ? normal_path(fields[kHome]) : std::string();
    }
  }
  return {};
}

trustpolicy::Places policy_places(const UserDirectories& user,
                                  const std::string& working_directory) {
  trustpolicy::Places places;
  places.user_directory = user.config;
  places.home = user.home;
  places.working_directory = working_directory;
  places.tuf_directory = tuf_directory(user);
  return places;
}

std::string key_directory(const UserDirectories& user) {
  return join_path(user.config, "trust");
}

std::string user_policy_path(const UserDirectories& user) {
  return join_path(user.config, "trust-policy.json");
}

std::string tuf_directory(const UserDirectories& user) {
  return join_path(user.state, "tuf");
}

Error of_state(Error error) {
  const bool closed = error.kind() == ErrorKind::PermissionDenied || error.code() == EROFS ||
                      error.code() == ENOTDIR;
  return closed && error.remedy().empty() ? std::move(error).mend_with(std::string(kOtherHome))
                                          : error;
}

std::string audit_directory(const UserDirectories& user) {
  return join_path(user.state, "audit");
}

std::string session_directory(const UserDirectories& user) {
  return join_path(user.state, "sessions");
}

}  // namespace nono::engine
