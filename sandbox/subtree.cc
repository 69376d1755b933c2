#include "sandbox/subtree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "sandbox/folded_path.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kMaxSubtree = 50'000;
constexpr std::size_t kMaxOpen = 32;
constexpr int kList = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDir {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDir>;

Directory open_directory(int at, const char* name) {
  OwnedFd fd(::openat(at, name, kList));
  Directory out(fd.valid() ? ::fdopendir(BorrowedFd(fd).raw()) : nullptr);
  if (out != nullptr) {
    static_cast<void>(fd.release());
  }
  return out;
}

// reopened leads to "/a/b" beneath `top` again, in as many steps as the length of a path demands.
Directory reopened(BorrowedFd top, std::string_view relative) {
  OwnedFd at(::openat(top.raw(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  while (at.valid() && !relative.empty()) {
    relative.remove_prefix(1);
    const bool all = relative.size() < PATH_MAX;
    const std::size_t end = all ? relative.size() : relative.rfind('/', PATH_MAX - 1);
    const std::string piece(relative.substr(0, end));
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    at = OwnedFd(static_cast<int>(
        ::syscall(SYS_openat2, BorrowedFd(at).raw(), piece.c_str(), &how, sizeof how)));
    relative.remove_prefix(piece.size());
  }
  return at.valid() ? open_directory(BorrowedFd(at).raw(), ".") : nullptr;
}

// Level is a directory with subdirectories that are still to be listed.
struct Level {
  Directory directory;  // null where it was closed meanwhile
  std::string relative;
  std::vector<std::string> subdirectories;
};

bool list_level(Level& level, std::vector<SubtreeEntry>& out) {
  while (const dirent* entry = ::readdir(level.directory.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string name = &entry->d_name[0];
    if (name == "." || name == "..") {
      continue;
    }
    SubtreeEntry found{level.relative, {}};
    found.relative.append("/").append(name);
    if (out.size() >= kMaxSubtree || ::fstatat(::dirfd(level.directory.get()), name.c_str(),
                                               &found.status, AT_SYMLINK_NOFOLLOW) != 0) {
      return false;
    }
    if (S_ISDIR(found.status.st_mode)) {
      level.subdirectories.push_back(name);
    }
    out.push_back(std::move(found));
  }
  return true;
}

// next_level takes the last level's next subdirectory. A level goes with its last one, so that a
// chain of directories is one level.
Level next_level(BorrowedFd top, std::vector<Level>& levels) {
  Level& parent = levels.back();
  if (parent.directory == nullptr) {
    parent.directory = reopened(top, parent.relative);
  }
  const std::string name = std::move(parent.subdirectories.back());
  parent.subdirectories.pop_back();
  Level out{nullptr, parent.relative + "/" + name, {}};
  if (parent.directory != nullptr) {
    out.directory = open_directory(::dirfd(parent.directory.get()), name.c_str());
  }
  if (parent.subdirectories.empty()) {
    levels.pop_back();
  } else if (levels.size() > kMaxOpen) {
    levels[levels.size() - 1 - kMaxOpen].directory.reset();
  }
  return out;
}

// listed_name is how `directory` lists what is called `name`: so, or in other letters.
std::string listed_name(const std::string& directory, std::string_view name) {
  const std::string folded = folded_path(name);
  std::string out(name);
  const Directory open = open_directory(AT_FDCWD, directory.c_str());
  while (open != nullptr) {
    const dirent* const entry = ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): our own
    if (entry == nullptr) {
      break;
    }
    const std::string_view listed(&entry->d_name[0]);
    if (listed == name) {
      return std::string(name);
    }
    if (folded_path(listed) == folded) {
      out = listed;
    }
  }
  return out;
}

bool is_at(int directory, const char* name, const struct stat& object) {
  struct stat found{};
  return ::fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
         found.st_dev == object.st_dev && found.st_ino == object.st_ino;
}

}  // namespace

bool holds_entries(BorrowedFd directory, const std::string& name) {
  const Directory open = open_directory(directory.raw(), name.c_str());
  while (open != nullptr) {
    const dirent* const entry = ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): our own
    if (entry == nullptr) {
      break;
    }
    const std::string_view listed(&entry->d_name[0]);
    if (listed != "." && listed != "..") {
      return true;
    }
  }
  return false;
}

bool holds_hidden(BorrowedFd directory, const struct stat& object) {
  const Directory open = open_directory(directory.raw(), ".");
  while (open != nullptr) {
    errno = 0;
    const dirent* const entry = ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): our own
    if (entry == nullptr) {
      return errno != 0;
    }
    const char* const name = &entry->d_name[0];
    if (name[0] == '.' && is_at(::dirfd(open.get()), name, object)) {
      return true;
    }
  }
  return true;
}

std::string listed_path(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    const std::string listed = listed_name(out.empty() ? "/" : out, name);
    out.append("/").append(listed);
  }
  return out;
}

bool list_subtree(BorrowedFd top, std::vector<SubtreeEntry>& out) {
  std::vector<Level> levels;
  Level level{open_directory(top.raw(), "."), "", {}};
  while (level.directory != nullptr && list_level(level, out)) {
    if (!level.subdirectories.empty()) {
      levels.push_back(std::move(level));
    }
    if (levels.empty()) {
      return true;
    }
    level = next_level(top, levels);
  }
  return false;
}

}  // namespace nono::sandbox
