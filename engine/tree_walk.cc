// engine/tree_walk.cc: getdents64 and a stack of directories.
#include "engine/tree_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "base/files.h"

namespace nono::engine {
namespace {

constexpr std::size_t kBufferBytes = 64u << 10;
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

bool is_self_or_parent(std::string_view name) {
  return name == "." || name == "..";
}

EntryKind kind_of_mode(mode_t mode) {
  if (S_ISDIR(mode)) {
    return EntryKind::Directory;
  }
  return S_ISLNK(mode) ? EntryKind::Link : EntryKind::Other;
}

// Some file systems do not say the type in the directory; what cannot be looked at is no directory.
EntryKind kind_of(BorrowedFd directory, const char* name, unsigned char type) {
  if (type == DT_UNKNOWN) {
    struct stat status{};
    const bool known = ::fstatat(directory.raw(), name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    return known ? kind_of_mode(status.st_mode) : EntryKind::Other;
  }
  if (type == DT_DIR) {
    return EntryKind::Directory;
  }
  return type == DT_LNK ? EntryKind::Link : EntryKind::Other;
}

}  // namespace

Result<void> TreeWalk::walk(const std::string& root) {
  path_ = root;
  // The root is the caller's word: a link there is followed, below it none is.
  const int fd = ::open(root.c_str(), kOpenDirectory & ~O_NOFOLLOW);
  if (fd < 0) {
    return fail_errno(errno, "listing " + root);
  }
  buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  NONO_CHECK(push(OwnedFd(fd)));
  while (!frames_.empty()) {
    std::vector<std::string>& pending = frames_.back().pending;
    if (stopped_ || pending.empty()) {
      leave();
      continue;
    }
    const std::string next = std::move(pending.back());
    pending.pop_back();
    enter(next);
  }
  return {};
}

Result<void> TreeWalk::push(OwnedFd fd) {
  NONO_TRY(const struct stat status, status_of(fd, path_));
  Frame frame{.fd = std::move(fd),
              .device = status.st_dev,
              .inode = status.st_ino,
              .path_size = path_.size(),
              .pending = {}};
  NONO_CHECK(list(frame));
  visitor_.listed(path_, frame.fd);
  std::ranges::sort(frame.pending, std::greater<>());
  frames_.push_back(std::move(frame));
  if (frames_.size() > kMaxOpen) {
    frames_[frames_.size() - kMaxOpen - 1].fd.reset();
  }
  return {};
}

Result<void> TreeWalk::list(Frame& frame) {
  const BorrowedFd fd(frame.fd);
  while (!stopped_) {
    const ssize_t got = ::getdents64(fd.raw(), buffer_.get(), kBufferBytes);
    if (got < 0) {
      return fail_errno(errno, "listing " + path_);
    }
    if (got == 0) {
      return {};
    }
    for (std::size_t at = 0; at < static_cast<std::size_t>(got) && !stopped_;) {
      const char* record = buffer_.get() + at;
      unsigned short length = 0;
      std::memcpy(&length, record + offsetof(struct dirent64, d_reclen), sizeof length);
      const auto type = static_cast<unsigned char>(record[offsetof(struct dirent64, d_type)]);
      entry(frame, record + offsetof(struct dirent64, d_name), type);
      at += length;
    }
  }
  return {};
}

// getdents64 ends every name in its buffer with a NUL.
void TreeWalk::entry(Frame& frame, const char* name, unsigned char type) {
  if (is_self_or_parent(name)) {
    return;
  }
  const EntryKind kind = kind_of(frame.fd, name, type);
  if (!visitor_.entry(path_, frames_.size(), name, kind)) {
    stopped_ = true;
    return;
  }
  if (kind == EntryKind::Directory && depth_ == Depth::Whole) {
    frame.pending.emplace_back(name);
  }
}

void TreeWalk::enter(const std::string& name) {
  const BorrowedFd parent(frames_.back().fd);
  path_ = join_path(path_, name);
  const int fd = ::openat(parent.raw(), name.c_str(), kOpenDirectory);
  const int error = fd < 0 ? errno : 0;
  if (fd >= 0 && push(OwnedFd(fd))) {
    return;
  }
  if (error != ENOENT) {
    visitor_.unreadable(path_);
  }
  path_.resize(frames_.back().path_size);
}

void TreeWalk::leave() {
  const Frame child = std::move(frames_.back());
  frames_.pop_back();
  if (frames_.empty()) {
    return;
  }
  Frame& parent = frames_.back();
  path_.resize(parent.path_size);
  if (parent.fd.valid() || stopped_) {
    return;
  }
  // Also where nothing is pending here: the way to the directories above leads through this one.
  const int up = child.fd.valid() ? ::openat(BorrowedFd(child.fd).raw(), "..", kOpenDirectory) : -1;
  OwnedFd fd = up < 0 ? OwnedFd() : OwnedFd(up);
  struct stat status{};
  const bool same = fd.valid() && ::fstat(up, &status) == 0 && status.st_dev == parent.device &&
                    status.st_ino == parent.inode;
  if (same) {
    parent.fd = std::move(fd);
  } else if (!parent.pending.empty()) {
    give_up_frame();
  }
}

// Somebody moved the tree while it was walked: what was not entered yet counts as not seen.
void TreeWalk::give_up_frame() {
  visitor_.unreadable(path_);
  frames_.back().pending.clear();
}

}  // namespace nono::engine
