#include "sandbox/open_flags.h"

#include <linux/openat2.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "sandbox/broker_terminals.h"
#include "sandbox/umask.h"

namespace nono::sandbox {

OwnedFd open_plain(int base, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<unsigned>((flags & ~kMadeByBroker) | kBrokerFlags);
  how.resolve = resolve;
  return OwnedFd(static_cast<int>(::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how)));
}

bool meets_link(int base, const std::string& path, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = resolve;
  const OwnedFd object(
      static_cast<int>(::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how)));
  return !object.valid() && errno == ELOOP;
}

bool opens_at_once(const struct stat& status) {
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ||
         (S_ISCHR(status.st_mode) && !is_controlling_terminal(status));
}

int never_opened(mode_t mode, bool creates) {
  return S_ISLNK(mode) ? ELOOP : S_ISDIR(mode) && creates ? EISDIR : 0;
}

// The size of the directory in /proc is how many there are (Linux 6.2). Where that does not tell,
// or some may lie above the limit, they are looked at.
bool has_room(pid_t thread) {
  rlimit limit{};
  struct stat held{};
  const std::string directory = "/proc/" + std::to_string(thread) + "/fd/";
  if (::prlimit(thread, RLIMIT_NOFILE, nullptr, &limit) != 0 ||
      (::stat(directory.c_str(), &held) == 0 && held.st_size > 0 &&
       static_cast<rlim_t>(held.st_size) < limit.rlim_cur)) {
    return true;
  }
  for (rlim_t number = 0; number < limit.rlim_cur; ++number) {
    if (::lstat((directory + std::to_string(number)).c_str(), &held) != 0) {
      return true;
    }
  }
  return false;
}

namespace {

// by_descriptor: what was spelt so has no directory.
bool by_descriptor(std::string_view path) {
  return path.starts_with("/proc/") || path.starts_with("/dev/fd/") || path.starts_with("/dev/std");
}

// is_protected: by the setting, 0 to 2, in a directory of that mode. What cannot be read is 1.
bool is_protected(const char* setting, mode_t directory) {
  constexpr std::size_t kMaxText = 16;
  const auto text = read_file(setting, kMaxText);
  const char level = text && !text->empty() ? text->front() : '1';
  return (level >= '1' && (directory & S_IWOTH) != 0) ||
         (level >= '2' && (directory & S_IWGRP) != 0);
}

}  // namespace

bool kept_for_owner(std::string_view spelt, const std::string& path, const struct stat& status) {
  const bool pipe = S_ISFIFO(status.st_mode);
  struct stat parent{};
  if ((!S_ISREG(status.st_mode) && !pipe) || status.st_uid == ::geteuid() || by_descriptor(spelt) ||
      ::lstat(std::string(directory_name(path)).c_str(), &parent) != 0) {
    return false;
  }
  return (parent.st_mode & S_ISVTX) != 0 && parent.st_uid != status.st_uid &&
         is_protected(pipe ? "/proc/sys/fs/protected_fifos" : "/proc/sys/fs/protected_regular",
                      parent.st_mode);
}

bool writes(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
}

ExpansionKind kind_of(int flags) {
  const bool reads = (flags & O_ACCMODE) != O_WRONLY;
  return !writes(flags) ? ExpansionKind::Read
         : reads        ? ExpansionKind::ReadWrite
                        : ExpansionKind::Write;
}

OwnedFd make_file(const NamedPlace& place, int flags, mode_t mode, mode_t mask) {
  const UnderUmask agents(mask);
  return OwnedFd(::openat(BorrowedFd(place.directory).raw(), place.name.c_str(), flags, mode));
}

OwnedFd make_nameless(const std::string& path, int flags, mode_t mode, mode_t mask) {
  const UnderUmask agents(mask);
  return OwnedFd(::open(path.c_str(), flags, mode));
}

OwnedFd for_writing(const OwnedFd& fd) {
  return OwnedFd(::open(fd_path(fd).c_str(), O_WRONLY | kBrokerFlags));
}

bool emptied(const OwnedFd& fd, int flags) {
  if ((flags & O_ACCMODE) != O_RDONLY) {
    return ::ftruncate(BorrowedFd(fd).raw(), 0) == 0;
  }
  const OwnedFd writable = for_writing(fd);
  return writable.valid() && ::ftruncate(BorrowedFd(writable).raw(), 0) == 0;
}

}  // namespace nono::sandbox
