// base/files.cc: opening and reading.
#include "base/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/remedy.h"
#include "base/text.h"

namespace nono {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t nanoseconds(const struct timespec& time) {
  // Times past 2262 would overflow; they only ever serve as keys of a cache.
  const auto seconds = static_cast<std::uint64_t>(time.tv_sec);
  return static_cast<std::int64_t>(seconds * kNanosecondsPerSecond +
                                   static_cast<std::uint64_t>(time.tv_nsec));
}

std::string_view kind_name(mode_t mode) {
  if (S_ISDIR(mode)) {
    return "a directory";
  }
  if (S_ISFIFO(mode)) {
    return "a named pipe";
  }
  if (S_ISSOCK(mode)) {
    return "a socket";
  }
  if (S_ISLNK(mode)) {
    return "a symbolic link";
  }
  return "a device";
}

std::unexpected<Error> not_regular(std::string_view path, mode_t mode) {
  std::string message = printable(path) + ": is ";
  message += kind_name(mode);
  return fail(ErrorKind::InvalidInput, message + ", not a regular file");
}

std::unexpected<Error> link_refused(const std::string& path) {
  return std::unexpected(
      Error(ErrorKind::InvalidInput,
            "open " + printable(path) + ": a symbolic link stands where none is followed", ELOOP));
}

std::unexpected<Error> open_failure(int saved_errno, const std::string& path, FollowLinks follow) {
  if (saved_errno == ENOSYS) {
    return std::unexpected(
        Error(ErrorKind::Unsupported,
              "open " + printable(path) +
                  ": openat2(2) is refused, as it is inside of a sandbox, or before Linux 5.6")
            .mend_with("run this outside of the sandbox; a run in a run is not started: give the "
                       "outer one the narrower grants"));
  }
  if (saved_errno == ELOOP && follow == FollowLinks::No) {
    return link_refused(path);
  }
  return fail_errno(saved_errno, "open " + printable(path));
}

// open_path opens an O_PATH descriptor, which reads nothing and wakes no device.
Result<OwnedFd> open_path(BorrowedFd base, const std::string& path, FollowLinks follow,
                          std::uint64_t flags) {
  if (path.contains('\0')) {
    return fail(ErrorKind::InvalidInput, "open " + printable(path) + ": a path with a NUL byte");
  }
  struct open_how how{};
  how.flags = flags | O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  if (follow == FollowLinks::No) {
    how.flags |= O_NOFOLLOW;
    if (!path.starts_with('/')) {
      how.resolve |= RESOLVE_NO_SYMLINKS;
    }
  }
  while (true) {
    const long fd = ::syscall(SYS_openat2, base.raw(), path.c_str(), &how, sizeof(how));
    if (fd >= 0) {
      return OwnedFd(static_cast<int>(fd));
    }
    if (errno != EINTR) {
      return open_failure(errno, path, follow);
    }
  }
}

// is_link tells a refused link from a plain "not a directory", for the message alone.
bool is_link(BorrowedFd base, const std::string& path) {
  struct stat status{};
  return ::fstatat(base.raw(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
}

// not_made: where this user may make nothing, another place can be named.
Error not_made(int code, const std::string& path) {
  Error error = fail_errno(code, "create the directory " + printable(path)).error();
  if (code != EACCES && code != EPERM && code != EROFS) {
    return error;
  }
  return std::move(error).mend_with(std::string(kOtherHome));
}

}  // namespace

FileId file_id_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .mtime_ns = nanoseconds(status.st_mtim),
          .ctime_ns = nanoseconds(status.st_ctim)};
}

Result<struct stat> status_of(BorrowedFd fd, std::string_view shown_as) {
  struct stat status{};
  if (::fstat(fd.raw(), &status) != 0) {
    return fail_errno(errno, "look at " + printable(shown_as));
  }
  return status;
}

Result<OwnedFd> open_directory(BorrowedFd base, const std::string& path, FollowLinks follow) {
  auto opened = open_path(base, path, follow, O_DIRECTORY);
  if (!opened && opened.error().code() == ENOTDIR && follow == FollowLinks::No &&
      is_link(base, path)) {
    return link_refused(path);
  }
  return opened;
}

Result<OwnedFd> open_regular(BorrowedFd base, const std::string& path, FollowLinks follow) {
  NONO_TRY(const OwnedFd found, open_path(base, path, follow, 0));
  NONO_TRY(const struct stat status, status_of(found, path));
  if (S_ISLNK(status.st_mode)) {
    return link_refused(path);
  }
  if (!S_ISREG(status.st_mode)) {
    return not_regular(path, status.st_mode);
  }
  const std::string magic = "/proc/self/fd/" + std::to_string(BorrowedFd(found).raw());
  const int fd = ::open(magic.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    return fail_errno(errno, "open " + printable(path));
  }
  return OwnedFd(fd);
}

Result<std::string> read_capped(BorrowedFd regular, std::size_t max_bytes,
                                std::string_view shown_as) {
  NONO_TRY(const struct stat status, status_of(regular, shown_as));
  if (!S_ISREG(status.st_mode)) {
    return not_regular(shown_as, status.st_mode);
  }
  const auto too_large = [&] {
    return std::unexpected(Error(
        ErrorKind::Exhausted,
        printable(shown_as) + ": larger than the limit of " + std::to_string(max_bytes) + " bytes",
        EFBIG));
  };
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) {
    return too_large();
  }
  // Room for one byte more than expected shows the end, or growth since, in the same read. Files
  // of /proc say size 0 and are read piece by piece.
  constexpr std::size_t kLeastRoom = 4096;
  std::string text;
  std::size_t filled = 0;
  text.resize(static_cast<std::size_t>(status.st_size) + 1);
  while (true) {
    const ssize_t got = ::pread(regular.raw(), text.data() + filled, text.size() - filled,
                                static_cast<off_t>(filled));
    if (got < 0 && errno != EINTR) {
      return fail_errno(errno, "read " + printable(shown_as));
    }
    if (got == 0) {
      text.resize(filled);
      return text;
    }
    filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    if (filled > max_bytes) {
      return too_large();
    }
    if (filled == text.size()) {
      text.resize(filled + std::max(filled, kLeastRoom));
    }
  }
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  NONO_TRY(const OwnedFd file, open_regular(BorrowedFd::unowned(AT_FDCWD), path));
  return read_capped(file, max_bytes, path);
}

namespace {

// make_below makes `path` below `here`; what is there already may be a link where `follow` says so.
Result<void> make_below(OwnedFd here, const std::string& path, FollowLinks follow) {
  std::string_view rest = path;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    if (rest.empty()) {
      return {};
    }
    const std::string part(rest.substr(0, rest.find('/')));
    rest.remove_prefix(part.size());
    auto next = open_directory(here, part, follow);
    if (!next && next.error().kind() == ErrorKind::NotFound) {
      if (::mkdirat(BorrowedFd(here).raw(), part.c_str(), 0700) != 0 && errno != EEXIST) {
        return std::unexpected(not_made(errno, path));
      }
      next = open_directory(here, part, FollowLinks::No);
    }
    if (!next) {
      return std::unexpected(
          std::move(next).error().while_doing("create the directory " + printable(path)));
    }
    here = *std::move(next);
  }
}

}  // namespace

Result<void> make_private_directories(const std::string& path) {
  NONO_TRY(OwnedFd start,
           open_directory(BorrowedFd::unowned(AT_FDCWD), path.starts_with('/') ? "/" : "."));
  return make_below(std::move(start), path, FollowLinks::Yes);
}

Result<void> make_private_directories(BorrowedFd base, const std::string& path) {
  NONO_TRY(OwnedFd start, open_directory(base, "."));
  return make_below(std::move(start), path, FollowLinks::No);
}

Result<std::string> path_of(BorrowedFd fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd.raw());
  std::string path(PATH_MAX, '\0');
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  if (length < 0) {
    return fail_errno(errno, "find the path of descriptor " + std::to_string(fd.raw()));
  }
  path.resize(static_cast<std::size_t>(length));
  NONO_TRY(const struct stat status, status_of(fd, path));
  if (!path.starts_with('/')) {
    return fail(ErrorKind::NotFound, printable(path) + ": has no path");
  }
  // The kernel's mark of a deleted file is also a possible end of a name.
  struct stat named{};
  if (path.ends_with(" (deleted)") &&
      (::lstat(path.c_str(), &named) != 0 || named.st_dev != status.st_dev ||
       named.st_ino != status.st_ino)) {
    return fail(ErrorKind::NotFound, printable(path) + ": has no path any more");
  }
  return path;
}

}  // namespace nono
