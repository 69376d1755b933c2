#include "engine/why_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

#include "base/files.h"
#include "sandbox/procfs.h"

namespace nono::engine {
namespace {

constexpr int kMaxLinks = 40;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) {
    path.pop_back();
  }
  return path;
}

std::string target_of(const std::string& link) {
  std::array<char, PATH_MAX> target{};
  const ssize_t got = ::readlink(link.c_str(), target.data(), target.size());
  return {target.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

bool look_at(const std::string& path, LastName last, NamedThing& thing) {
  const int flags = O_PATH | O_CLOEXEC | (last == LastName::Keep ? O_NOFOLLOW : 0);
  const OwnedFd object(::open(path.c_str(), flags));
  if (!object.valid()) {
    thing.error = errno;
    return false;
  }
  const auto canonical = path_of(object);
  if (!canonical || ::fstat(BorrowedFd(object).raw(), &thing.status) != 0) {
    thing.error = ENOENT;
    return false;
  }
  thing.canonical = *canonical;
  thing.exists = true;
  return true;
}

// look_beside finds the directory of a name that is free; true where the name is a link that
// dangles, and `path` is then where it leads.
bool look_beside(std::string& path, LastName last, NamedThing& thing) {
  const std::string plain = without_slashes(path);
  const std::string_view name = base_name(plain);
  const OwnedFd directory(
      ::open(std::string(directory_name(plain)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto where = path_of(directory);
  if (!directory.valid() || !where || name.empty() || name == "." || name == "..") {
    return false;
  }
  thing.error = 0;
  thing.canonical = join_path(*where, name);
  const std::string target = last == LastName::Follow ? target_of(thing.canonical) : std::string();
  if (target.empty()) {
    return false;
  }
  path = target.starts_with('/') ? target : *where + "/" + target;
  return true;
}

// Way is walked name by name: where it stands, and what is to come.
struct Way {
  std::string here;
  std::string rest;

  bool ends() const { return rest.empty(); }
  // is_free: `name` is the last, and nothing has it.
  bool is_free(const std::string& name) const {
    struct stat status{};
    return ends() && ::lstat(name.c_str(), &status) != 0;
  }

  // step takes the next name; nothing where there is none.
  std::optional<std::string> step() {
    rest.erase(0, rest.find_first_not_of('/'));
    const std::string name = rest.substr(0, rest.find('/'));
    rest.erase(0, std::min(rest.find_first_not_of('/', name.size()), rest.size()));
    if (name.empty()) {
      return std::nullopt;
    }
    return name == "."    ? here
           : name == ".." ? std::string(directory_name(here))
                          : join_path(here, name);
  }

  // follow goes on by the text of a link; false where there is none.
  bool follow(const std::string& target) {
    if (target.empty()) {
      return false;
    }
    rest = rest.empty() ? target : join_path(target, rest);
    here = target.starts_with('/') ? "/" : here;
    return true;
  }
};

}  // namespace

NamedThing look_up(const std::string& directory, const std::string& path, LastName last) {
  NamedThing thing;
  std::string spelt = path.starts_with('/') ? path : directory + "/" + path;
  thing.wants_directory = spelt.ends_with('/');
  thing.requested = normal_path(spelt);
  for (int links = 0; links < kMaxLinks; ++links) {
    thing.error = 0;
    if (look_at(spelt, last, thing) || thing.error != ENOENT || !look_beside(spelt, last, thing)) {
      return thing;
    }
  }
  thing.error = ELOOP;
  return thing;
}

bool is_link(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

std::string hidden_on_way(const std::string& directory, const std::string& path, LastName last,
                          const std::function<bool(std::string_view)>& shows) {
  Way way{.here = "/", .rest = path.starts_with('/') ? path : join_path(directory, path)};
  for (int links = 0; links < kMaxLinks; ++links) {
    while (const auto next = way.step()) {
      if (!shows(*next) && !way.is_free(*next)) {
        return *next;
      }
      const bool followed = !way.ends() || last == LastName::Follow;
      if (followed && way.follow(target_of(*next))) {
        break;
      }
      way.here = *next;
    }
    if (way.rest.empty()) {
      return {};
    }
  }
  return {};
}

bool is_of_other_process(const NamedThing& thing) {
  const pid_t process = sandbox::process_at(thing.canonical);
  return process > 0 && process != ::getpid() && !S_ISDIR(thing.status.st_mode);
}

bool holds_entries(const NamedThing& thing) {
  if (!S_ISDIR(thing.status.st_mode)) {
    return false;
  }
  const std::unique_ptr<DIR, CloseDirectory> listed(::opendir(thing.canonical.c_str()));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  while (const dirent* entry = listed ? ::readdir(listed.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      return true;
    }
  }
  return false;
}

}  // namespace nono::engine
