// trustpolicy/trusted_file.cc: files that are believed because of who can write them.
#include "trustpolicy/trusted_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "base/files.h"
#include "base/text.h"

namespace nono::trustpolicy {
namespace {

std::unexpected<Error> not_trusted(const std::string& why, std::string remedy) {
  return std::unexpected(Error(ErrorKind::PermissionDenied, why).mend_with(std::move(remedy)));
}

Result<void> check_keeper(const struct stat& status, const std::string& path, const Keeper& keeper,
                          bool root_too) {
  if (status.st_uid != keeper.owner && !(root_too && status.st_uid == 0)) {
    return not_trusted(printable(path) + ": belongs to user " + std::to_string(status.st_uid) +
                           ", not to user " + std::to_string(keeper.owner) +
                           ", and is not believed",
                       "chown " + std::to_string(keeper.owner) + " " + shell_quote(path));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return not_trusted(printable(path) + ": can be written by others and is not believed",
                       "chmod go-w " + shell_quote(path));
  }
  return {};
}

bool has_no_entry(const std::string& path) {
  struct stat status{};
  return ::fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

// A link that leads nowhere is a policy that went missing, not one that was never there. Anything
// else that could not be opened keeps its own error.
Error not_opened(const std::string& path, Error error) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = error.kind() == ErrorKind::NotFound
                             ? ::readlink(path.c_str(), target.data(), target.size())
                             : -1;
  if (length < 0) {
    return error;
  }
  target.resize(static_cast<std::size_t>(length));
  return Error(ErrorKind::NotFound,
               printable(path) + ": is a symbolic link to " + printable(target) +
                   ", and no file is there",
               error.code())
      .mend_with("put the file there again; or, if none is wanted: rm " + shell_quote(path));
}

}  // namespace

Error fault_of_file(Error error) {
  if (error.kind() != ErrorKind::Exhausted && error.kind() != ErrorKind::Unsupported) {
    return error;
  }
  return Error(ErrorKind::InvalidInput, error.message(), error.code(), error.at())
      .mend_with(error.remedy());
}

Result<void> check_trusted_directory(const std::string& path, const Keeper& keeper) {
  NONO_TRY(const OwnedFd directory, open_directory(BorrowedFd::unowned(AT_FDCWD), path));
  NONO_TRY(const struct stat status, status_of(directory, path));
  return check_keeper(status, path, keeper, true);
}

Result<std::optional<TrustedFile>> read_trusted(const std::string& path, const Keeper& keeper,
                                                std::size_t max_bytes) {
  auto file = open_regular(BorrowedFd::unowned(AT_FDCWD), path);
  if (!file && file.error().kind() == ErrorKind::NotFound && has_no_entry(path)) {
    return std::nullopt;
  }
  if (!file) {
    return std::unexpected(not_opened(path, std::move(file).error()));
  }
  NONO_TRY(const struct stat status, status_of(*file, path));
  NONO_CHECK(check_keeper(status, path, keeper, keeper.root_too));
  NONO_TRY(std::string resolved, path_of(*file));
  if (keeper.check_directory) {
    NONO_CHECK(check_trusted_directory(std::string(directory_name(resolved)), keeper));
  }
  auto text = read_capped(*file, max_bytes, path);
  if (!text) {
    return std::unexpected(fault_of_file(std::move(text).error()));
  }
  return TrustedFile{std::move(resolved), *std::move(text)};
}

}  // namespace nono::trustpolicy
