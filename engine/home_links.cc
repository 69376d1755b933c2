#include "engine/home_links.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "engine/object.h"

namespace nono::engine {
namespace {

// What programs look for in directories of which all is protected.
constexpr auto kWellKnown = std::to_array<std::string_view>({
    ".config/fish/conf.d/",
    ".config/fish/config.fish",
    ".config/fish/functions/",
    ".config/git/attributes",
    ".config/git/config",
    ".config/jj/config.toml",
    ".config/systemd/user/",
    ".ssh/authorized_keys",
    ".ssh/config",
    ".ssh/rc",
});

// led_to is where the link at `path` leads, by its text where nothing is there yet.
std::string led_to(std::string path) {
  constexpr int kMaxLinks = 40;
  for (int links = 0; links < kMaxLinks; ++links) {
    path = resolved_path(path);
    std::array<char, PATH_MAX> text{};
    const ssize_t got = ::readlink(path.c_str(), text.data(), text.size());
    if (got <= 0) {
      break;
    }
    const std::string_view target(text.data(), static_cast<std::size_t>(got));
    path = normal_path(target.starts_with('/') ? std::string(target)
                                               : join_path(directory_name(path), target));
  }
  return path;
}

class Links {
 public:
  explicit Links(const std::string& directory) : directory_(directory) {}

  // follow looks at each name on the way to `name`, which ends in a slash where it is a directory.
  void follow(std::string_view name) {
    for (std::size_t at = name.find('/'); at != std::string_view::npos;
         at = name.find('/', at + 1)) {
      if (!look(name.substr(0, at + 1))) {
        return;
      }
    }
    if (!name.empty() && !name.ends_with('/')) {
      look(name);
    }
  }
  std::vector<sandbox::HomePlace> take() { return std::move(places_); }

 private:
  // look says whether there may be something beneath.
  bool look(std::string_view name) {
    const auto [known, is_new] = seen_.emplace(name, false);
    if (is_new) {
      known->second = look_anew(name);
    }
    return known->second;
  }
  bool look_anew(std::string_view name) {
    const std::size_t slash = name.ends_with('/') ? 1 : 0;
    const std::string path = join_path(directory_, name.substr(0, name.size() - slash));
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) {
      return S_ISDIR(status.st_mode);
    }
    const bool there = ::stat(path.c_str(), &status) == 0;
    if (!there || (status.st_mode & S_IFMT) == (slash == 1 ? S_IFDIR : S_IFREG)) {
      places_.push_back({.path = led_to(path), .stands_for = name});
    }
    return there;
  }

  const std::string& directory_;
  std::map<std::string_view, bool> seen_;
  std::vector<sandbox::HomePlace> places_;
};

}  // namespace

std::vector<sandbox::HomePlace> linked_places(const std::string& directory, NamesOf names) {
  Links links(directory);
  const bool home = names == NamesOf::Home;
  for (const sandbox::ProtectedName& row : sandbox::protected_names()) {
    std::string_view name = row.pattern;
    if (name.starts_with("~/")) {
      name = home ? name.substr(2) : std::string_view();
    }
    if (const std::size_t any = name.find('*'); any != std::string_view::npos) {
      name = name.substr(0, name.rfind('/', any) + 1);
    }
    links.follow(name);
  }
  for (const std::string_view name : kWellKnown) {
    links.follow(home ? name : std::string_view());
  }
  return links.take();
}

}  // namespace nono::engine
