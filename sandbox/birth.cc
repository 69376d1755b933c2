#include "sandbox/birth.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <string>

namespace nono::sandbox {
namespace {

constexpr std::uint64_t kXfsMagic = 0x58465342;  // fs/xfs/libxfs/xfs_format.h; not in the headers

constexpr std::uint64_t kZfsMagic = 0x2FC12FC1;  // not of the kernel's own tree

bool sets_birth_once(std::uint64_t file_system) {
  constexpr std::array<std::uint64_t, 5> kOnes = {EXT4_SUPER_MAGIC, kXfsMagic, BTRFS_SUPER_MAGIC,
                                                  F2FS_SUPER_MAGIC, TMPFS_MAGIC};
  return std::ranges::find(kOnes, file_system) != kOnes.end();
}

// Opened is the object at a place.
class Opened {
 public:
  explicit Opened(const ObjectPlace& place) : object_(place.at()) {
    if (*place.name() != '\0') {
      own_ = OwnedFd(::openat(place.at().raw(), place.name(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      object_ = own_;
    }
  }
  int raw() const { return object_.raw(); }
  // file_system is its number; 0 where it cannot be told.
  std::uint64_t file_system() const {
    struct statfs where{};
    return ::fstatfs(raw(), &where) == 0 ? static_cast<std::uint64_t>(where.f_type) : 0;
  }

 private:
  OwnedFd own_;
  BorrowedFd object_;
};

// told_birth is 0 where the file system tells none.
BirthTime told_birth(const Opened& object) {
  struct statx status{};
  if (::statx(object.raw(), "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 ||
      (status.stx_mask & STATX_BTIME) == 0) {
    return 0;
  }
  return status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
}

// handle_of is as the kernel writes it, with its length and type; empty where there is none.
std::string handle_of(const Opened& object) {
  constexpr int kOfAnyFileSystem = 0x200;  // AT_HANDLE_FID, Linux 6.5: of an overlay, too
  alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> room{};
  auto* const handle = reinterpret_cast<file_handle*>(room.data());
  int mount = 0;
  for (const int flag : {kOfAnyFileSystem, 0}) {
    handle->handle_bytes = MAX_HANDLE_SZ;
    if (::name_to_handle_at(object.raw(), "", handle, &mount, AT_EMPTY_PATH | flag) == 0) {
      return {room.data(), sizeof(file_handle) + handle->handle_bytes};
    }
  }
  return {};
}

}  // namespace

BirthTime birth_of(const ObjectPlace& place) {
  const Opened object(place);
  return sets_birth_once(object.file_system()) ? told_birth(object) : 0;
}

BirthTime origin_of(const ObjectPlace& place) {
  const Opened object(place);
  const BirthTime told = told_birth(object);
  if (told != 0 || object.file_system() == FUSE_SUPER_MAGIC) {
    return told;
  }
  const std::string handle = handle_of(object);
  constexpr std::size_t kPositive = std::numeric_limits<BirthTime>::max();
  return handle.empty() ? 0 : static_cast<BirthTime>(std::hash<std::string>()(handle) & kPositive);
}

bool keeps_number(const ObjectPlace& place) {
  const std::uint64_t file_system = Opened(place).file_system();
  return sets_birth_once(file_system) || file_system == NFS_SUPER_MAGIC ||
         file_system == RAMFS_MAGIC || file_system == kZfsMagic;
}

bool hides_removed(const ObjectPlace& place) {
  return !sets_birth_once(Opened(place).file_system());
}

}  // namespace nono::sandbox
