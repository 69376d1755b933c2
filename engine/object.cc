// engine/object.cc: opening without effects, then reading.
#include "engine/object.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/files.h"

namespace nono::engine {
namespace {

// The very object again, readable: O_PATH and write-only descriptors give no bytes.
Result<OwnedFd> reopen_readable(BorrowedFd object, const std::string& path) {
  const std::string link = "/proc/self/fd/" + std::to_string(object.raw());
  const int fd = ::open(link.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    return fail_errno(errno, "opening " + path);
  }
  return OwnedFd(fd);
}

bool gives_bytes(BorrowedFd object) {
  const int flags = ::fcntl(object.raw(), F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY;
}

}  // namespace

Result<OwnedFd> open_object(const std::string& path) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) {
    return fail_errno(errno, "opening " + path);
  }
  return OwnedFd(fd);
}

std::string resolved_path(const std::string& path) {
  const auto open = open_object(path);
  if (open) {
    return path_of(*open).value_or(path);
  }
  const auto parent = open_object(std::string(directory_name(path)));
  if (!parent) {
    return path;
  }
  const auto at = path_of(*parent);
  return at ? join_path(*at, base_name(path)) : path;
}

Result<SealedFile> seal_object(BorrowedFd object, const std::string& path) {
  NONO_TRY(const struct stat status, status_of(object, path));
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::InvalidInput, path + " is not a regular file");
  }
  if (gives_bytes(object)) {
    return SealedFile::capture(object, path);
  }
  NONO_TRY(const OwnedFd readable, reopen_readable(object, path));
  return SealedFile::capture(readable, path);
}

Result<OpenedFile> open_named(const std::string& path) {
  NONO_TRY(const OwnedFd object, open_object(path));
  NONO_TRY(std::string resolved, path_of(object));
  NONO_TRY(SealedFile sealed, seal_object(object, resolved));
  return OpenedFile{.path = std::move(resolved), .sealed = std::move(sealed)};
}

}  // namespace nono::engine
