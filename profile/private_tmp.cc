// profile/private_tmp.cc: making and removing the directory.
#include "profile/private_tmp.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "crypto/secret.h"

namespace nono::profile {
namespace {

constexpr std::size_t kRandomBytes = 6;
constexpr std::string_view kPrefix = "nono-";
constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

struct Identity {
  dev_t device;
  ino_t inode;
  bool operator==(const Identity&) const = default;
};

// Remover empties a tree with one descriptor, however deep an agent has made it: it goes down by
// name and up by "..", and checks on the way up that it comes out where it went in.
class Remover {
 public:
  explicit Remover(std::string shown_as) : shown_as_(std::move(shown_as)) {}

  Result<void> empty(BorrowedFd top) {
    ::fchmod(top.raw(), S_IRWXU);
    NONO_TRY(OwnedFd here, reopened(top, "."));
    here_ = std::move(here);
    while (true) {
      const auto below = sweep();
      if (!below && above_.empty()) {
        return outcome();
      }
      NONO_CHECK(below ? descend(*below) : ascend());
    }
  }

  // Agents leave directories that even their owner may not read.
  static void make_accessible(BorrowedFd directory, const char* name) {
    const OwnedFd found(::openat(directory.raw(), name, O_PATH | kDirectoryFlags));
    if (found.valid()) {
      const std::string magic = "/proc/self/fd/" + std::to_string(BorrowedFd(found).raw());
      ::chmod(magic.c_str(), S_IRWXU);
    }
  }
  static Result<OwnedFd> reopened(BorrowedFd directory, const char* name) {
    int fd = ::openat(directory.raw(), name, kDirectoryFlags);
    if (fd < 0 && errno == EACCES) {
      make_accessible(directory, name);
      fd = ::openat(directory.raw(), name, kDirectoryFlags);
    }
    return fd < 0 ? Result<OwnedFd>(fail_errno(errno, "open a temporary directory"))
                  : Result<OwnedFd>(OwnedFd(fd));
  }

 private:
  struct Level {
    Identity parent;
    std::string name;                // of the directory that was entered
    std::vector<std::string> stuck;  // directories of the parent that cannot be removed
  };

  Result<void> outcome() const {
    return first_failure_ ? Result<void>(std::unexpected(*first_failure_)) : Result<void>();
  }
  Result<Identity> identity() const {
    NONO_TRY(const struct stat status, status_of(here_, shown_as_));
    return Identity{.device = status.st_dev, .inode = status.st_ino};
  }
  void note(int saved_errno, const std::string& name) {
    if (!first_failure_) {
      first_failure_ =
          Error::from_errno(saved_errno, "remove " + printable(join_path(shown_as_, name)));
    }
  }
  bool is_stuck(const std::string& name) const {
    return std::ranges::find(stuck_, name) != stuck_.end();
  }

  // sweep removes what is no directory and returns the name of a directory that is left, if any.
  std::optional<std::string> sweep() {
    ::fchmod(BorrowedFd(here_).raw(), S_IRWXU);
    auto listed = reopened(here_, ".");
    if (!listed) {
      note(listed.error().code(), {});
      return std::nullopt;
    }
    const std::unique_ptr<DIR, CloseDirectory> listing(::fdopendir(BorrowedFd(*listed).raw()));
    if (!listing) {
      note(errno, {});
      return std::nullopt;
    }
    static_cast<void>(listed->release());
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
    while (const dirent* each = ::readdir(listing.get())) {
      std::string name = each->d_name;
      if (name == "." || name == ".." || is_stuck(name)) {
        continue;
      }
      if (::unlinkat(BorrowedFd(here_).raw(), name.c_str(), 0) == 0) {
        continue;
      }
      const int saved = errno;
      if (saved == EISDIR) {
        return name;
      }
      note(saved, name);
      stuck_.push_back(name);
    }
    return std::nullopt;
  }

  // An empty directory needs no visit.
  Result<void> descend(const std::string& name) {
    if (::unlinkat(BorrowedFd(here_).raw(), name.c_str(), AT_REMOVEDIR) == 0) {
      return {};
    }
    auto below = reopened(here_, name.c_str());
    NONO_TRY(const Identity parent, identity());
    if (below) {
      NONO_TRY(const struct stat status, status_of(*below, name));
      if (status.st_dev == parent.device) {
        above_.push_back({.parent = parent, .name = name, .stuck = std::exchange(stuck_, {})});
        here_ = *std::move(below);
        return {};
      }
    }
    note(below ? EXDEV : below.error().code(), name);
    stuck_.push_back(name);
    return {};
  }

  Result<void> ascend() {
    Level level = std::move(above_.back());
    above_.pop_back();
    NONO_TRY(OwnedFd parent, reopened(here_, ".."));
    here_ = std::move(parent);
    NONO_TRY(const Identity reached, identity());
    if (reached != level.parent) {
      return fail(ErrorKind::System,
                  "remove " + printable(shown_as_) + ": a directory was moved meanwhile");
    }
    stuck_ = std::move(level.stuck);
    if (::unlinkat(BorrowedFd(here_).raw(), level.name.c_str(), AT_REMOVEDIR) != 0) {
      note(errno, level.name);
      stuck_.push_back(level.name);
    }
    return {};
  }

  std::string shown_as_;
  OwnedFd here_;
  std::vector<Level> above_;
  std::vector<std::string> stuck_;
  std::optional<Error> first_failure_;
};

}  // namespace

namespace {

bool is_name_of_ours(std::string_view name) {
  return name.starts_with(kPrefix) && name.size() == kPrefix.size() + 2 * kRandomBytes &&
         name.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

// is_unused: an old directory of this user's that nobody holds. Its lock ends with `directory`.
bool is_unused(const OwnedFd& directory) {
  constexpr time_t kNew = 60;
  struct stat status{};
  return directory.valid() && ::fstat(BorrowedFd(directory).raw(), &status) == 0 &&
         status.st_uid == ::geteuid() && status.st_mtim.tv_sec < std::time(nullptr) - kNew &&
         ::flock(BorrowedFd(directory).raw(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

std::string default_tmp_base(const std::string& tmpdir) {
  struct stat status{};
  const bool usable =
      tmpdir.starts_with('/') && ::stat(tmpdir.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  return usable ? normal_path(tmpdir) : std::string("/tmp");
}

PrivateTmp::PrivateTmp(OwnedFd base, OwnedFd top, std::string path)
    : base_(std::move(base)), top_(std::move(top)), path_(std::move(path)), owner_(::getpid()) {}

PrivateTmp::PrivateTmp(PrivateTmp&& other) noexcept
    : base_(std::move(other.base_)),
      top_(std::move(other.top_)),
      path_(std::move(other.path_)),
      owner_(other.owner_) {}

PrivateTmp& PrivateTmp::operator=(PrivateTmp&& other) noexcept {
  if (this != &other) {
    if (top_.valid() && owner_ == ::getpid()) {
      remove_quietly();
    }
    base_ = std::move(other.base_);
    top_ = std::move(other.top_);
    path_ = std::move(other.path_);
    owner_ = other.owner_;
  }
  return *this;
}

PrivateTmp::~PrivateTmp() {
  if (top_.valid() && owner_ == ::getpid()) {
    remove_quietly();
  }
}

void PrivateTmp::remove_quietly() {
  if (const auto removed = remove(); !removed) {
    return;  // nobody is left to tell; remove() is there for those who ask
  }
}

Result<PrivateTmp> PrivateTmp::create(const std::string& base) {
  NONO_TRY(OwnedFd parent, open_directory(BorrowedFd::unowned(AT_FDCWD), base));
  NONO_TRY(const std::string where, path_of(parent));
  NONO_TRY(const std::string random, crypto::random_hex(kRandomBytes));
  const std::string name = std::string(kPrefix) + random;
  const std::string path = join_path(where, name);
  if (::mkdirat(BorrowedFd(parent).raw(), name.c_str(), S_IRWXU) != 0) {
    return std::unexpected(
        Error::from_errno(errno, "create the temporary directory " + printable(path))
            .mend_with("let TMPDIR name a directory that you can write and that has room"));
  }
  const int top = ::openat(BorrowedFd(parent).raw(), name.c_str(), kDirectoryFlags);
  if (top < 0) {
    const int saved = errno;
    ::unlinkat(BorrowedFd(parent).raw(), name.c_str(), AT_REMOVEDIR);
    return fail_errno(saved, "open the temporary directory " + printable(path));
  }
  ::flock(top, LOCK_SH | LOCK_NB);  // where it cannot be locked, no sweep can lock it either
  return PrivateTmp(std::move(parent), OwnedFd(top), path);
}

Result<PrivateTmp> PrivateTmp::adopt(const std::string& path, std::uint64_t device,
                                     std::uint64_t inode) {
  NONO_TRY(OwnedFd parent,
           open_directory(BorrowedFd::unowned(AT_FDCWD), std::string(directory_name(path))));
  const std::string name(base_name(path));
  struct stat found{};
  const bool same =
      is_name_of_ours(name) &&
      ::fstatat(BorrowedFd(parent).raw(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
      found.st_uid == ::geteuid() && found.st_dev == device && found.st_ino == inode;
  if (!same) {
    return fail(ErrorKind::NotFound, printable(path) + " is no temporary directory of a session");
  }
  NONO_TRY(OwnedFd top, Remover::reopened(parent, name.c_str()));
  NONO_TRY(const struct stat opened, status_of(top, path));
  if (opened.st_dev != device || opened.st_ino != inode) {
    return fail(ErrorKind::NotFound, printable(path) + " was replaced meanwhile");
  }
  return PrivateTmp(std::move(parent), std::move(top), path);
}

void PrivateTmp::sweep_unused(const std::string& base, const std::vector<std::string>& kept) {
  const auto parent = open_directory(BorrowedFd::unowned(AT_FDCWD), base);
  const auto where = parent ? path_of(*parent) : std::unexpected(parent.error());
  if (!parent || !where) {
    return;
  }
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(where->c_str()));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  for (const dirent* each = nullptr; listing && (each = ::readdir(listing.get())) != nullptr;) {
    const std::string name = each->d_name;
    if (!is_name_of_ours(name) || std::ranges::find(kept, join_path(*where, name)) != kept.end()) {
      continue;
    }
    const OwnedFd found(::openat(BorrowedFd(*parent).raw(), name.c_str(), kDirectoryFlags));
    if (is_unused(found)) {
      ::unlinkat(BorrowedFd(*parent).raw(), name.c_str(), AT_REMOVEDIR);
    }
  }
}

Result<struct stat> PrivateTmp::status() const {
  return status_of(top_, path_);
}

std::vector<std::pair<std::string, std::string>> PrivateTmp::variables() const {
  return {{"TMPDIR", path_},
          {"TMP", path_},
          {"TEMP", path_},
          {"TMUX_TMPDIR", path_},
          {"XDG_RUNTIME_DIR", path_},
          {"TMPPREFIX", path_ + "/zsh"}};
}

Result<void> PrivateTmp::remove() {
  if (!top_.valid()) {
    return {};
  }
  const OwnedFd top = std::move(top_);
  const auto remove_top = [this] {
    return ::unlinkat(BorrowedFd(base_).raw(), std::string(base_name(path_)).c_str(),
                      AT_REMOVEDIR) == 0;
  };
  if (remove_top()) {
    return {};  // most sessions leave nothing in it
  }
  NONO_CHECK(Remover(path_).empty(top));
  return remove_top() ? Result<void>{} : fail_errno(errno, "remove " + printable(path_));
}

}  // namespace nono::profile
