// engine/why_place.h: what a path in a question names, looked up as the sandbox would.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>

namespace nono::engine {

enum class LastName : unsigned char { Follow, Keep };

// NamedThing is an object, or a name that is free in a directory that is there.
struct NamedThing {
  std::string requested;  // as asked for: absolute and normal
  std::string canonical;  // where the kernel says that it is, or would be
  bool exists = false;
  struct stat status{};
  bool wants_directory = false;  // a trailing slash
  int error = 0;                 // why it cannot be looked up; ENOENT: its directory is missing
};

inline bool is_directory(const NamedThing& thing) {
  return S_ISDIR(thing.status.st_mode);
}
inline bool is_regular(const NamedThing& thing) {
  return S_ISREG(thing.status.st_mode);
}
inline bool is_device(const NamedThing& thing) {
  return S_ISCHR(thing.status.st_mode) || S_ISBLK(thing.status.st_mode);
}

// look_up starts a relative `path` from `directory` (absolute). Symbolic links are followed, the
// last one as `last` says, and one that dangles to where it leads.
NamedThing look_up(const std::string& directory, const std::string& path, LastName last);

// is_link: the name itself is a symbolic link, wherever that leads.
bool is_link(const std::string& path);

// hidden_on_way is the first name on the way to `path` (as in look_up) that `shows` does not know;
// empty where there is none. The name of what is asked about may be free.
std::string hidden_on_way(const std::string& directory, const std::string& path, LastName last,
                          const std::function<bool(std::string_view)>& shows);

// is_of_other_process: a file in the /proc directory of another process than this one, which here
// stands for all in the sandbox.
bool is_of_other_process(const NamedThing& thing);

// holds_entries: a directory that is not empty, where the caller may list it.
bool holds_entries(const NamedThing& thing);

}  // namespace nono::engine
