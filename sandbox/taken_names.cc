#include "sandbox/taken_names.h"

#include <fcntl.h>
#include <linux/fs.h>

#include <cerrno>

#include "base/files.h"
#include "sandbox/subtree.h"

namespace nono::sandbox {
namespace {

bool is_granted(const BrokerRules& rules, const NamedPlace& place) {
  return !rules.lacks_grant(directory_name(place.canonical), Access::write());
}

// is_told_first: the kernel compares both ends, and what they lie on, before it looks at the kind.
bool is_told_first(const Replacement& wanted) {
  const bool one_object = wanted.source.st_ino == wanted.replaced.st_ino;
  const bool slash = wanted.from.wants_directory || wanted.to.wants_directory;
  return wanted.source.st_dev != wanted.replaced.st_dev || one_object ||
         beneath(wanted.from.canonical, wanted.to.canonical) ||
         (slash && !S_ISDIR(wanted.source.st_mode));
}

}  // namespace

Answer<struct stat> at_place(const NamedPlace& place) {
  struct stat out{};
  if (::fstatat(BorrowedFd(place.directory).raw(), place.name.c_str(), &out, AT_SYMLINK_NOFOLLOW) !=
      0) {
    return std::unexpected(errno);
  }
  return out;
}

// Where a file system is mounted at the name, its server is not waited for.
bool is_taken(const NamedPlace& place) {
  struct statx none{};
  return ::statx(BorrowedFd(place.directory).raw(), place.name.c_str(),
                 AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, 0, &none) == 0;
}

Answer<void> may_replace(const BrokerRules& rules, const Replacement& wanted) {
  if ((wanted.flags & RENAME_NOREPLACE) != 0) {
    return std::unexpected((wanted.flags & RENAME_EXCHANGE) != 0 ? EINVAL : EEXIST);
  }
  if ((wanted.flags & RENAME_EXCHANGE) != 0 || is_told_first(wanted) ||
      !is_granted(rules, wanted.from) || !is_granted(rules, wanted.to)) {
    return {};
  }
  const bool directory = S_ISDIR(wanted.source.st_mode);
  if (directory != S_ISDIR(wanted.replaced.st_mode)) {
    return std::unexpected(directory ? ENOTDIR : EISDIR);
  }
  return directory && holds_entries(wanted.to.directory, wanted.to.name)
             ? Answer<void>(std::unexpected(ENOTEMPTY))
             : Answer<void>();
}

}  // namespace nono::sandbox
