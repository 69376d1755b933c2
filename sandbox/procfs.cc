#include "sandbox/procfs.h"

#include <linux/magic.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>

namespace nono::sandbox {
namespace {

// is_procfs: a procfs always answers. Where a security module keeps the answer back it may be one.
bool is_procfs(BorrowedFd object) {
  struct statfs where{};
  return ::fstatfs(object.raw(), &where) == 0 ? where.f_type == PROC_SUPER_MAGIC
                                              : errno == EACCES || errno == EPERM;
}

}  // namespace

Procfs::Procfs() {
  struct stat proc{};
  if (::stat("/proc", &proc) == 0) {
    sessions_ = proc.st_dev;
    block_size_ = proc.st_blksize;
  }
}

// A procfs lies on no block device, and its objects have a block size that few other files have:
// those alone are asked where they lie.
bool Procfs::holds(const struct stat& status, BorrowedFd object) const {
  if (is_sessions(status) || major(status.st_dev) != 0) {
    return is_sessions(status);
  }
  return (block_size_ == 0 || status.st_blksize == block_size_) && is_procfs(object);
}

Result<void> check_proc() {
  std::array<char, 32> shown{};
  const ssize_t size = ::readlink("/proc/self", shown.data(), shown.size());
  const std::string_view number(shown.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  if (number == std::to_string(::getpid())) {
    return {};
  }
  return std::unexpected(
      Error(ErrorKind::Unsupported, number.empty() ? "/proc does not show the processes of nono"
                                                   : "/proc is that of another pid namespace")
          .mend_with("mount one that is of this namespace: mount -t proc proc /proc (unshare "
                     "--mount-proc, or --proc /proc of bwrap, does so)"));
}

pid_t process_at(std::string_view canonical) {
  constexpr std::string_view kProc = "/proc/";
  pid_t number = 0;
  if (canonical.starts_with(kProc)) {
    canonical.remove_prefix(kProc.size());
    std::from_chars(canonical.data(), canonical.data() + canonical.size(), number);
  }
  return std::max(number, 0);
}

bool is_outside(pid_t process) {
  std::array<char, 1> any{};
  const std::string directory = "/proc/" + std::to_string(process) + "/cwd";
  // One that has ended has no directory any more, and of a deep one the path is too long to tell.
  return ::readlink(directory.c_str(), any.data(), any.size()) < 0 && errno != ENOENT &&
         errno != ESRCH && errno != ENAMETOOLONG;
}

}  // namespace nono::sandbox
