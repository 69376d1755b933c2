#include "sandbox/open_flags.h"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

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

bool truncated(const OwnedFd& fd, bool expanded) {
  return expanded ? ::ftruncate(BorrowedFd(fd).raw(), 0) == 0
                  : ::truncate(fd_path(fd).c_str(), 0) == 0;
}

}  // namespace nono::sandbox
