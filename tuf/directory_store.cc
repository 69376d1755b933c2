// tuf/directory_store.cc: see directory_store.h.
#include "tuf/directory_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/files.h"
#include "base/text.h"

namespace nono::tuf {

namespace {

constexpr std::chrono::milliseconds kLockRetry{20};
constexpr mode_t kFileMode = 0600;
// NAME_MAX, less the suffix and room for a temporary name.
constexpr std::size_t kMaxFileName = 240;

Result<std::string> file_in(const std::string& directory, std::string_view name,
                            std::string_view suffix) {
  const std::string encoded = encoded_name(name);
  if (encoded.empty() || encoded.size() > kMaxFileName) {
    return fail(ErrorKind::InvalidInput,
                "\"" + printable(name) + "\" is empty or too long for the name of a file");
  }
  return join_path(directory, encoded + std::string(suffix));
}

}  // namespace

// mended names what is in the way, or the directory that is closed. What somebody else may have put
// there is not removed unasked; of a full disk and the like the error says enough.
Error DirectoryStore::mended(Error error, const std::string& path) const {
  if (!error.remedy().empty()) {
    return error;
  }
  const int code = error.code();
  if (code == EACCES || code == EPERM) {
    return std::move(error).mend_with("see that it is yours, then: chmod -R u+rwX " +
                                      shell_quote(directory_name(metadata_)));
  }
  const bool in_the_way = error.kind() == ErrorKind::InvalidInput ||
                          error.kind() == ErrorKind::Exhausted || code == EISDIR || code == ELOOP ||
                          code == ENOTDIR;
  return in_the_way ? std::move(error).mend_with(
                          "see what is there, then remove it: rm -r " +
                          shell_quote(code == ENOTDIR ? directory_name(path) : path))
                    : error;
}

Result<std::optional<std::string>> DirectoryStore::read_kept(const std::string& path,
                                                             std::size_t max_bytes) const {
  Result<std::string> text = read_file(path, max_bytes);
  if (text) {
    return *std::move(text);
  }
  if (text.error().kind() == ErrorKind::NotFound) {
    return std::nullopt;
  }
  return std::unexpected(mended(std::move(text).error(), path));
}

Result<void> DirectoryStore::write_in(const std::string& directory, const std::string& path,
                                      std::string_view text) const {
  Result<void> written = make_private_directories(directory);
  if (written) {
    written = replace_file(path, text, kFileMode);
  }
  return written ? written : std::unexpected(mended(std::move(written).error(), path));
}

Result<OwnedFd> DirectoryStore::lock(std::chrono::milliseconds patience) const {
  const std::string path = join_path(metadata_, ".lock");
  if (Result<void> made = make_private_directories(metadata_); !made) {
    return std::unexpected(mended(std::move(made).error(), path));
  }
  OwnedFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!lock.valid()) {
    const int error = errno;
    return std::unexpected(mended(fail_errno(error, "opening " + path).error(), path));
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(BorrowedFd(lock).raw(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail_errno(errno, "locking " + path);
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return std::unexpected(
          Error(ErrorKind::Exhausted, "another update has held the lock " + path + " for too long")
              .mend_with("wait for it or end it, then try again"));
    }
    std::this_thread::sleep_for(kLockRetry);
  }
  return lock;
}

Result<std::optional<std::string>> DirectoryStore::metadata(std::string_view role) const {
  NONO_TRY(const std::string path, file_in(metadata_, role, ".json"));
  return read_kept(path, kMaxTargetsBytes);
}

Result<std::optional<std::string>> DirectoryStore::root(std::int64_t version) const {
  const std::string history = join_path(metadata_, "root_history");
  return read_kept(join_path(history, std::to_string(version) + ".root.json"), kMaxRootBytes);
}

Result<std::optional<std::string>> DirectoryStore::target(std::string_view path) const {
  NONO_TRY(const std::string file, file_in(targets_, path, ""));
  return read_kept(file, kMaxTargetBytes);
}

Result<void> DirectoryStore::write_metadata(std::string_view role, std::string_view text) {
  NONO_TRY(const std::string path, file_in(metadata_, role, ".json"));
  return write_in(metadata_, path, text);
}

Result<void> DirectoryStore::write_root(std::int64_t version, std::string_view text) {
  const std::string history = join_path(metadata_, "root_history");
  NONO_CHECK(write_in(history, join_path(history, std::to_string(version) + ".root.json"), text));
  return write_metadata(kRoot, text);
}

Result<void> DirectoryStore::write_target(std::string_view path, std::string_view bytes) {
  NONO_TRY(const std::string file, file_in(targets_, path, ""));
  return write_in(targets_, file, bytes);
}

Result<void> DirectoryStore::forget_metadata(std::string_view role) {
  NONO_TRY(const std::string path, file_in(metadata_, role, ".json"));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    const int error = errno;
    return std::unexpected(mended(fail_errno(error, "removing " + path).error(), path));
  }
  return {};
}

}  // namespace nono::tuf
