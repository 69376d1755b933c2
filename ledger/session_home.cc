// ledger/session_home.cc: making, writing to disk and taking back the directory of a session.
#include "ledger/session_home.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ledger/audit_log.h"

namespace nono::ledger {
namespace {

constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kPrivateFile = 0600;

std::string doing(std::string_view what, const std::string& path) {
  return std::string(what) + " " + printable(path);
}

// Most sessions find the directory there: one call instead of two for each part of its path.
Result<OwnedFd> reach(const std::string& directory) {
  auto there = open_directory(BorrowedFd::unowned(AT_FDCWD), directory);
  if (there || there.error().kind() != ErrorKind::NotFound) {
    return there;
  }
  NONO_CHECK(make_private_directories(directory));
  return open_directory(BorrowedFd::unowned(AT_FDCWD), directory);
}

Result<void> refuse_shared(BorrowedFd dir, const std::string& path) {
  NONO_TRY(const struct stat status, status_of(dir, path));
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::unexpected(Error(ErrorKind::PermissionDenied,
                                 printable(path) + ": others may write to this directory, so an "
                                                   "audit log there would prove nothing")
                               .mend_with("chmod go-w " + shell_quote(path)));
  }
  return {};
}

// sync_named writes `name` of `dir` to disk; a directory is one that was reached without reading.
Result<void> sync_named(BorrowedFd dir, const char* name, const std::string& shown_as) {
  const OwnedFd object(::openat(dir.raw(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!object.valid()) {
    return fail_errno(errno, doing("open", shown_as));
  }
  // EINVAL: this file system has no such operation for directories.
  if (::fsync(BorrowedFd(object).raw()) != 0 && errno != EINVAL) {
    return fail_errno(errno, doing("write to disk", shown_as));
  }
  return {};
}

}  // namespace

SessionHome::SessionHome(OwnedFd parent, OwnedFd own, std::string path)
    : parent_(std::move(parent)), own_(std::move(own)), path_(std::move(path)) {}

SessionHome::SessionHome(SessionHome&& other) noexcept
    : parent_(std::move(other.parent_)),
      own_(std::move(other.own_)),
      path_(std::move(other.path_)),
      kept_(std::exchange(other.kept_, true)) {}

SessionHome::~SessionHome() {
  if (kept_) {
    return;
  }
  for (const char* name : {kEventsFile, kKeyFile}) {
    ::unlinkat(BorrowedFd(own_).raw(), name, 0);
  }
  ::unlinkat(BorrowedFd(parent_).raw(), std::string(base_name(path_)).c_str(), AT_REMOVEDIR);
}

Result<SessionHome> SessionHome::create(const std::string& directory, const std::string& id) {
  NONO_TRY(OwnedFd parent, reach(directory));
  NONO_CHECK(refuse_shared(parent, directory));
  std::string path = join_path(directory, id);
  if (::mkdirat(BorrowedFd(parent).raw(), id.c_str(), kPrivateDirectory) != 0) {
    return fail_errno(errno, doing("create the audit directory", path));
  }
  auto own = open_directory(parent, id, FollowLinks::No);
  if (!own) {
    ::unlinkat(BorrowedFd(parent).raw(), id.c_str(), AT_REMOVEDIR);
    return std::unexpected(std::move(own).error());
  }
  return SessionHome(std::move(parent), *std::move(own), std::move(path));
}

std::string SessionHome::path_of(const char* name) const {
  return join_path(path_, name);
}

Result<OwnedFd> SessionHome::create_file(const char* name) const {
  OwnedFd made(::openat(BorrowedFd(own_).raw(), name,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivateFile));
  if (!made.valid()) {
    return fail_errno(errno, doing("create", path_of(name)));
  }
  return made;
}

Result<void> SessionHome::write_file(const char* name, std::string_view text) const {
  NONO_TRY(const OwnedFd file, create_file(name));
  if (auto written = write_all(file, text); !written) {
    ::unlinkat(BorrowedFd(own_).raw(), name, 0);
    return std::unexpected(std::move(written).error().while_doing(doing("write", path_of(name))));
  }
  return {};
}

Result<void> SessionHome::sync() const {
  NONO_CHECK(sync_named(own_, kKeyFile, path_of(kKeyFile)));
  NONO_CHECK(sync_named(own_, ".", path_));
  return sync_named(parent_, ".", std::string(directory_name(path_)));
}

}  // namespace nono::ledger
