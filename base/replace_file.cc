// base/replace_file.cc: writing files so that either the old or the new content is there.
#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <memory>

#include "base/encoding.h"
#include "base/files.h"
#include "base/text.h"

namespace nono {
namespace {

enum class Existing : unsigned char { Replace, Refuse };

constexpr std::string_view kTemporaryPrefix = ".nono-";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr std::size_t kRandomBytes = 12;
constexpr std::time_t kStale = std::time_t{24} * 60 * 60;  // no writer takes a day

Result<std::string> temporary_name() {
  std::array<std::byte, kRandomBytes> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return fail_errno(errno, "ask the kernel for random bytes");
  }
  return std::string(kTemporaryPrefix) + hex_encode(random) + std::string(kTemporarySuffix);
}

bool is_temporary_name(std::string_view name) {
  if (!name.starts_with(kTemporaryPrefix) || !name.ends_with(kTemporarySuffix) ||
      name.size() != kTemporaryPrefix.size() + 2 * kRandomBytes + kTemporarySuffix.size()) {
    return false;
  }
  name.remove_prefix(kTemporaryPrefix.size());
  name.remove_suffix(kTemporarySuffix.size());
  return name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

struct CloseListing {
  void operator()(DIR* listing) const { ::closedir(listing); }
};

// sweep removes what writers of this user left behind that were killed between two steps: it may
// hold a private key. Where it cannot, nothing is lost.
void sweep(BorrowedFd dir) {
  OwnedFd own(::openat(dir.raw(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseListing> listing(own.valid() ? ::fdopendir(BorrowedFd(own).raw())
                                                               : nullptr);
  if (listing == nullptr) {
    return;
  }
  (void)own.release();  // the listing's now
  const std::time_t before = std::time(nullptr) - kStale;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  while (const dirent* each = ::readdir(listing.get())) {
    struct stat status{};
    if (is_temporary_name(each->d_name) &&
        ::fstatat(dir.raw(), each->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && status.st_mtime < before) {
      ::unlinkat(dir.raw(), each->d_name, 0);
    }
  }
}

void sweep_path(std::string_view path) {
  if (const auto dir = open_directory(BorrowedFd::unowned(AT_FDCWD), std::string(path))) {
    sweep(*dir);
  }
}

// Temporary is the new file on its way; whatever name it still has is removed at the end.
class Temporary {
 public:
  // An unnamed file vanishes by itself even in a crash; some file systems (NFS, FUSE) have none.
  static Result<Temporary> create(BorrowedFd dir) {
    const int unnamed = ::openat(dir.raw(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (unnamed >= 0) {
      return Temporary(dir, OwnedFd(unnamed), {});
    }
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) {
      return fail_errno(errno, "create a temporary file");
    }
    NONO_TRY(std::string name, temporary_name());
    const int named = ::openat(dir.raw(), name.c_str(),
                               O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
    if (named < 0) {
      return fail_errno(errno, "create a temporary file");
    }
    return Temporary(dir, OwnedFd(named), std::move(name));
  }
  Temporary(Temporary&& other) noexcept
      : dir_(other.dir_), fd_(std::move(other.fd_)), name_(std::exchange(other.name_, {})) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (!name_.empty()) {
      ::unlinkat(dir_.raw(), name_.c_str(), 0);
    }
  }

  Result<void> fill(std::string_view bytes, mode_t mode) {
    NONO_CHECK(write_all(fd_, bytes));
    if (::fchmod(BorrowedFd(fd_).raw(), mode) != 0) {
      return fail_errno(errno, "set the mode of a temporary file");
    }
    if (::fsync(BorrowedFd(fd_).raw()) != 0) {
      return fail_errno(errno, "write a temporary file to disk");
    }
    return {};
  }
  Result<void> become(const std::string& name, Existing existing) {
    // Without a name of its own in between there is nothing that a kill could leave.
    if (existing == Existing::Refuse || name_.empty()) {
      auto linked = link_as(name);
      if (linked || existing == Existing::Refuse || linked.error().code() != EEXIST) {
        return linked;
      }
      NONO_TRY(std::string random, temporary_name());
      NONO_CHECK(link_as(random));
      name_ = std::move(random);
    }
    if (::renameat(dir_.raw(), name_.c_str(), dir_.raw(), name.c_str()) != 0) {
      return fail_errno(errno, "rename a temporary file");
    }
    name_.clear();
    return {};
  }

 private:
  Temporary(BorrowedFd dir, OwnedFd fd, std::string name)
      : dir_(dir), fd_(std::move(fd)), name_(std::move(name)) {}

  // link(2) never replaces, unlike rename(2).
  Result<void> link_as(const std::string& name) {
    const std::string magic = "/proc/self/fd/" + std::to_string(BorrowedFd(fd_).raw());
    const int failed =
        name_.empty()
            ? ::linkat(AT_FDCWD, magic.c_str(), dir_.raw(), name.c_str(), AT_SYMLINK_FOLLOW)
            : ::linkat(dir_.raw(), name_.c_str(), dir_.raw(), name.c_str(), 0);
    if (failed != 0) {
      return fail_errno(errno, "name a temporary file");
    }
    return {};
  }

  BorrowedFd dir_;
  OwnedFd fd_;
  std::string name_;
};

Result<void> sync_directory(BorrowedFd dir) {
  // EINVAL: this file system has no such operation.
  if (::fsync(dir.raw()) != 0 && errno != EINVAL) {
    return fail_errno(errno, "the new file is in place, but writing its directory to disk failed");
  }
  return {};
}

// Staged is a file that is whole on disk and has no name of its own yet.
class Staged {
 public:
  static Result<Staged> make(BorrowedFd where, const std::string& name, std::string_view bytes,
                             mode_t mode) {
    // Opened before anything is changed, so that a directory that cannot be synchronised is
    // refused.
    OwnedFd dir(::openat(where.raw(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir.valid()) {
      return fail_errno(errno, "open the directory for writing");
    }
    NONO_TRY(Temporary temporary, Temporary::create(dir));
    NONO_CHECK(temporary.fill(bytes, mode));
    return Staged(std::move(dir), std::move(temporary), name);
  }
  Result<void> take_its_place(Existing existing) {
    NONO_CHECK(temporary_.become(name_, existing));
    return sync_directory(dir_);
  }

 private:
  Staged(OwnedFd dir, Temporary temporary, std::string name)
      : dir_(std::move(dir)), temporary_(std::move(temporary)), name_(std::move(name)) {}

  OwnedFd dir_;
  Temporary temporary_;  // borrows dir_: a descriptor that moves keeps its number
  std::string name_;
};

Result<void> check_is_name(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.contains('/') || name.contains('\0')) {
    return fail(ErrorKind::InvalidInput, "write " + printable(name) + ": not the name of a file");
  }
  return {};
}

Result<void> put(BorrowedFd where, const std::string& name, std::string_view bytes, mode_t mode,
                 Existing existing) {
  sweep(where);
  NONO_TRY(Staged staged, Staged::make(where, name, bytes, mode));
  return staged.take_its_place(existing);
}

Result<void> put_named(BorrowedFd dir, const std::string& name, std::string_view bytes, mode_t mode,
                       Existing existing) {
  NONO_CHECK(check_is_name(name));
  auto done = put(dir, name, bytes, mode, existing);
  if (!done) {
    return std::unexpected(std::move(done).error().while_doing("write " + printable(name)));
  }
  return done;
}

// stage says before anything has changed that a directory cannot be replaced, and that a name is
// too long: a file without a name could be made all the same.
Result<Staged> stage(const NewFile& file) {
  const std::string name(base_name(file.path));
  NONO_CHECK(check_is_name(name));
  NONO_TRY(const OwnedFd dir,
           open_directory(BorrowedFd::unowned(AT_FDCWD), std::string(directory_name(file.path))));
  struct stat status{};
  if (::fstatat(BorrowedFd(dir).raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (const int saved = errno; saved == ENAMETOOLONG) {
      return fail_errno(saved, "look up its name");
    }
  } else if (S_ISDIR(status.st_mode)) {
    return fail_errno(EISDIR, "replace it");
  }
  return Staged::make(dir, name, file.bytes, file.mode);
}

std::unexpected<Error> not_written(const NewFile& file, Error error) {
  return std::unexpected(std::move(error).while_doing("write " + printable(file.path)));
}

Result<void> put_path(const std::string& path, std::string_view bytes, mode_t mode,
                      Existing existing) {
  NONO_TRY(const OwnedFd dir,
           open_directory(BorrowedFd::unowned(AT_FDCWD), std::string(directory_name(path))));
  return put_named(dir, std::string(base_name(path)), bytes, mode, existing);
}

}  // namespace

Result<void> write_all(BorrowedFd fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.raw(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return fail_errno(errno, "write");
    }
    if (written == 0) {
      return fail_errno(EIO, "write");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  return {};
}

Result<void> write_all(BorrowedFd fd, std::string_view text) {
  return write_all(fd, as_bytes(text));
}

Result<void> replace_file(BorrowedFd dir, const std::string& name, std::string_view bytes,
                          mode_t mode) {
  return put_named(dir, name, bytes, mode, Existing::Replace);
}

Result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode) {
  return put_path(path, bytes, mode, Existing::Replace);
}

Result<void> replace_files(std::span<const NewFile> files,
                           const std::function<void(std::size_t)>& on_placed) {
  std::vector<Staged> staged;
  staged.reserve(files.size());
  std::string_view swept;
  for (const NewFile& file : files) {
    if (const std::string_view where = directory_name(file.path); where != swept) {
      sweep_path(where);
      swept = where;
    }
    Result<Staged> one = stage(file);
    if (!one) {
      return not_written(file, std::move(one).error());
    }
    staged.push_back(*std::move(one));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (Result<void> done = staged[i].take_its_place(Existing::Replace); !done) {
      return not_written(files[i], std::move(done).error());
    }
    on_placed(i);
  }
  return {};
}

Result<void> create_file(const std::string& path, std::string_view bytes, mode_t mode) {
  return put_path(path, bytes, mode, Existing::Refuse);
}

Result<void> create_file(BorrowedFd dir, const std::string& name, std::string_view bytes,
                         mode_t mode) {
  return put_named(dir, name, bytes, mode, Existing::Refuse);
}

}  // namespace nono
