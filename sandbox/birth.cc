#include "sandbox/birth.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace nono::sandbox {
namespace {

constexpr std::uint64_t kXfsMagic = 0x58465342;  // fs/xfs/libxfs/xfs_format.h; not in the headers

bool sets_birth_once(std::uint64_t file_system) {
  constexpr std::array<std::uint64_t, 5> kOnes = {EXT4_SUPER_MAGIC, kXfsMagic, BTRFS_SUPER_MAGIC,
                                                  F2FS_SUPER_MAGIC, TMPFS_MAGIC};
  return std::ranges::find(kOnes, file_system) != kOnes.end();
}

}  // namespace

BirthTime birth_of(const ObjectPlace& place) {
  OwnedFd opened;
  BorrowedFd object = place.at();
  if (*place.name() != '\0') {
    opened = OwnedFd(::openat(place.at().raw(), place.name(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    object = opened;
  }
  struct statfs where{};
  struct statx status{};
  if (::fstatfs(object.raw(), &where) != 0 ||
      !sets_birth_once(static_cast<std::uint64_t>(where.f_type)) ||
      ::statx(object.raw(), "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 ||
      (status.stx_mask & STATX_BTIME) == 0) {
    return 0;
  }
  return status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
}

}  // namespace nono::sandbox
