#include "sandbox/attached_mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <charconv>
#include <vector>

#include "base/mountinfo.h"

namespace nono::sandbox {
namespace {

// number_of is 0 where it cannot be told. No server is asked.
std::uint64_t number_of(int at, const char* path) {
  struct statx status{};
  const bool told =
      ::statx(at, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) == 0 &&
      (status.stx_mask & STATX_MNT_ID) != 0;
  return told ? status.stx_mnt_id : 0;
}

}  // namespace

bool AttachedMounts::holds(BorrowedFd object) {
  const std::uint64_t number = number_of(object.raw(), "");
  if (!changed() && numbers_.contains(number)) {
    return true;
  }
  read();  // one that was not there before may be there by now
  return numbers_.contains(number);
}

// changed: the table says it once, to a poll.
bool AttachedMounts::changed() {
  if (!table_.valid()) {
    table_ = OwnedFd(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
    return true;
  }
  pollfd table{BorrowedFd(table_).raw(), POLLPRI, 0};
  return ::poll(&table, 1, 0) != 0;
}

// The mount that the root of a chroot lies on is not in the table.
void AttachedMounts::read() {
  numbers_ = {number_of(AT_FDCWD, "/")};
  const auto table = read_mountinfo();
  for (const MountLine& line : table ? mount_lines(*table) : std::vector<MountLine>()) {
    std::uint64_t number = 0;
    std::from_chars(line.id.begin(), line.id.end(), number);
    numbers_.insert(number);
  }
  numbers_.erase(0);
}

}  // namespace nono::sandbox
