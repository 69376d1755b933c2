#include "sandbox/call_decode.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace nono::sandbox {
namespace {

// The kernel takes int arguments from the low half of a register.
int as_int(std::uint64_t value) {
  return static_cast<int>(static_cast<std::uint32_t>(value));
}
mode_t as_mode(std::uint64_t value) {
  return static_cast<mode_t>(value & 0177777);
}
PathArg at_cwd(std::uint64_t address) {
  return {AT_FDCWD, address};
}
PathArg at(std::uint64_t dirfd, std::uint64_t address) {
  return {as_int(dirfd), address};
}

}  // namespace

OpenCall decode_open(int number, const CallArgs& a) {
#ifdef __NR_open
  if (number == __NR_open) {
    return {at_cwd(a[0]), as_int(a[1]), as_mode(a[2])};
  }
#endif
#ifdef __NR_creat
  if (number == __NR_creat) {
    return {at_cwd(a[0]), O_CREAT | O_WRONLY | O_TRUNC, as_mode(a[1])};
  }
#endif
  static_cast<void>(number);
  return {at(a[0], a[1]), as_int(a[2]), as_mode(a[3])};
}

PathArg decode_execute(int number, const CallArgs& a, int& flags) {
  flags = 0;
  if (number == __NR_execveat) {
    flags = as_int(a[4]);
    return at(a[0], a[1]);
  }
  return at_cwd(a[0]);
}

std::uint64_t decode_words(int number, const CallArgs& a) {
  return number == __NR_execveat ? a[2] : a[1];
}

TwoPathCall decode_rename(int number, const CallArgs& a) {
#ifdef __NR_rename
  if (number == __NR_rename) {
    return {at_cwd(a[0]), at_cwd(a[1]), 0};
  }
#endif
  const bool flagged = number == __NR_renameat2;
  return {at(a[0], a[1]), at(a[2], a[3]), flagged ? static_cast<unsigned>(as_int(a[4])) : 0U};
}

TwoPathCall decode_link(int number, const CallArgs& a) {
#ifdef __NR_link
  if (number == __NR_link) {
    return {at_cwd(a[0]), at_cwd(a[1]), 0};
  }
#endif
  static_cast<void>(number);
  return {at(a[0], a[1]), at(a[2], a[3]), static_cast<unsigned>(as_int(a[4]))};
}

TwoPathCall decode_symlink(int number, const CallArgs& a) {
#ifdef __NR_symlink
  if (number == __NR_symlink) {
    return {at_cwd(a[0]), at_cwd(a[1]), 0};
  }
#endif
  static_cast<void>(number);
  return {at_cwd(a[0]), at(a[1], a[2]), 0};
}

MakeCall decode_make(int number, const CallArgs& a) {
#ifdef __NR_mkdir
  if (number == __NR_mkdir) {
    return {at_cwd(a[0]), (as_mode(a[1]) & 07777) | S_IFDIR, 0};
  }
#endif
#ifdef __NR_mknod
  if (number == __NR_mknod) {
    return {at_cwd(a[0]), as_mode(a[1]), static_cast<dev_t>(a[2])};
  }
#endif
  if (number == __NR_mkdirat) {
    return {at(a[0], a[1]), (as_mode(a[2]) & 07777) | S_IFDIR, 0};
  }
  return {at(a[0], a[1]), as_mode(a[2]), static_cast<dev_t>(a[3])};
}

UnlinkCall decode_unlink(int number, const CallArgs& a) {
#ifdef __NR_unlink
  if (number == __NR_unlink) {
    return {at_cwd(a[0]), 0};
  }
#endif
#ifdef __NR_rmdir
  if (number == __NR_rmdir) {
    return {at_cwd(a[0]), AT_REMOVEDIR};
  }
#endif
  static_cast<void>(number);
  return {at(a[0], a[1]), as_int(a[2])};
}

namespace {

// names_descriptor: the f… calls, whose first argument is the object itself.
bool names_descriptor(int number) {
  return number == __NR_fchmod || number == __NR_fchown || number == __NR_fsetxattr ||
         number == __NR_fremovexattr;
}

bool keeps_last_link(int number) {
#ifdef __NR_lchown
  if (number == __NR_lchown) {
    return true;
  }
#endif
  return number == __NR_lsetxattr || number == __NR_lremovexattr || number == __NR_lgetxattr ||
         number == __NR_llistxattr;
}

// times_at: a null path means the descriptor, where there is one.
MetadataCall times_at(const CallArgs& a, int flags) {
  return {at(a[0], a[1]), flags, a[1] == 0 && as_int(a[0]) != AT_FDCWD};
}

}  // namespace

MetadataCall decode_metadata(int number, const CallArgs& a) {
  if (names_descriptor(number)) {
    return {at(a[0], 0), 0, true};
  }
  if (number == __NR_utimensat) {
    return times_at(a, as_int(a[3]));
  }
#ifdef __NR_futimesat
  if (number == __NR_futimesat) {
    return times_at(a, 0);
  }
#endif
  if (number == __NR_fchmodat) {
    return {at(a[0], a[1]), 0};
  }
  if (number == __NR_fchownat) {
    return {at(a[0], a[1]), as_int(a[4])};
  }
  return {at_cwd(a[0]), keeps_last_link(number) ? AT_SYMLINK_NOFOLLOW : 0};
}

std::string_view operation_name(Trap trap) {
  switch (trap) {
    case Trap::Open:
      return "open";
    case Trap::Execute:
      return "execute";
    case Trap::Rename:
      return "rename";
    case Trap::Link:
      return "link";
    case Trap::Symlink:
      return "symlink";
    case Trap::Make:
      return "create";
    case Trap::Unlink:
      return "remove";
    case Trap::Truncate:
      return "truncate";
    case Trap::Watch:
      return "watch";
    case Trap::Connect:
      return "connect";
    case Trap::Bind:
      return "bind";
    default:
      return "metadata";
  }
}

}  // namespace nono::sandbox
