// tests/sandbox/attempts/files.c: handles, mounts, watches, and ioctls that change files.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/sandbox/attempts/attempt.h"

static const char kNowhere[] = "/nonexistent-nono-attempt";

struct handle {
  uint32_t bytes;
  int32_t type;
  unsigned char data[128];
};

static long handle_of_root(struct handle* handle) {
  int mount_id = 0;
  memset(handle, 0, sizeof *handle);
  handle->bytes = sizeof handle->data;
  return syscall(SYS_name_to_handle_at, AT_FDCWD, "/", handle, &mount_id, 0);
}
static long try_name_to_handle_at(void) {
  struct handle handle;
  return handle_of_root(&handle);
}
static long try_open_by_handle_at(void) {
  struct handle handle;
  memset(&handle, 0, sizeof handle);
  if (handle_of_root(&handle) != 0) {
    handle.bytes = 8;
  }
  return syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY);
}

static long try_mount(void) {
  char directory[] = "/tmp/nono-attempt-XXXXXX";
  if (mkdtemp(directory) == NULL) {
    return kNotHere;
  }
  const long result = mount("none", directory, "tmpfs", 0, "size=4k");
  const int error = errno;
  if (result == 0) {
    umount2(directory, MNT_DETACH);
  }
  rmdir(directory);
  errno = error;
  return result;
}
ATTEMPT(umount2, umount2(kNowhere, 0))
ATTEMPT(pivot_root, syscall(SYS_pivot_root, kNowhere, kNowhere))
ATTEMPT(chroot, chroot("/"))
ATTEMPT(open_tree, syscall(428, AT_FDCWD, "/", O_CLOEXEC))
ATTEMPT(move_mount, syscall(429, -1, "", -1, "", 0))
ATTEMPT(fsopen, syscall(430, "tmpfs", 0))
ATTEMPT(fsconfig, syscall(431, -1, 0, NULL, NULL, 0))
ATTEMPT(fsmount, syscall(432, -1, 0, 0))
ATTEMPT(fspick, syscall(433, AT_FDCWD, kNowhere, 0))
ATTEMPT(mount_setattr, syscall(442, -1, "", 0, NULL, 0))
ATTEMPT(statmount, syscall(457, NULL, NULL, 0, 0))
ATTEMPT(listmount, syscall(458, NULL, NULL, 0, 0))
static long try_openat2(void) {
  const uint64_t how[3] = {O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0};
  return syscall(437, AT_FDCWD, "/", how, sizeof how);
}
ATTEMPT(fchmodat2, syscall(452, AT_FDCWD, kNowhere, 0600, 0))
ATTEMPT(setxattrat, syscall(463, AT_FDCWD, kNowhere, 0, "user.x", NULL, 0))
ATTEMPT(open_tree_attr, syscall(467, -1, "", 0, NULL, 0))
ATTEMPT(fanotify_init, syscall(SYS_fanotify_init, 0x200, 0))  // FAN_REPORT_FID
ATTEMPT(fanotify_mark, syscall(SYS_fanotify_mark, -1, 1, 1ULL, AT_FDCWD, "/"))
#ifdef SYS_lookup_dcookie
ATTEMPT(lookup_dcookie, syscall(SYS_lookup_dcookie, 0ULL, NULL, 0))
#endif
#ifdef SYS_uselib
ATTEMPT(uselib, syscall(SYS_uselib, kNowhere))
#endif
ATTEMPT(quotactl, syscall(SYS_quotactl, 0x80000100, NULL, 0, NULL))  // Q_SYNC of all
ATTEMPT(quotactl_fd, syscall(443, -1, 0, 0, NULL))
ATTEMPT(acct, acct(kNowhere))
ATTEMPT(swapon, syscall(SYS_swapon, kNowhere, 0))
ATTEMPT(swapoff, syscall(SYS_swapoff, kNowhere))

// On an own file through a descriptor that is only readable. Requests that the file system does not
// know end in ENOTTY, filter or not: then the control run says so.
static long on_file(unsigned long request, void* argument) {
  const int file = temporary_file();
  if (file < 0) {
    return kNotHere;
  }
  const long result = syscall(SYS_ioctl, file, request, argument);
  const int error = errno;
  close(file);
  errno = error;
  return result;
}
static long try_dedupe(void) {
  // One byte of the file, and no target. Where no file system shares data, the kernel's code says
  // so by EOPNOTSUPP: the call got through.
  const unsigned char range[24] = {[8] = 1};
  const long result = on_file(0xc0189436, (void*)range);
  errno = errno == EOPNOTSUPP ? EINVAL : errno;
  return result;
}
static long try_set_flags(void) {
  int no_dump = 0x40;
  return on_file(0x40086602, &no_dump);
}
static long try_set_flags_high(void) {
  int no_dump = 0x40;
  return on_file(0xdeadbeef00000000UL | 0x40086602UL, &no_dump);
}
static long try_set_flags_32(void) {
  int no_dump = 0x40;
  return on_file(0x40046602, &no_dump);
}
static long try_fs_set_xattr(void) {
  uint32_t attributes[7] = {0};
  return on_file(0x401c5820, attributes);
}
// EINVAL is also what a file system without leases says: then the control run does, too.
static long lease(long command) {
  own_refusal = EINVAL;
  const int file = temporary_file();
  if (file < 0) {
    return kNotHere;
  }
  const long result = syscall(SYS_fcntl, file, command, F_RDLCK);
  const int error = errno;
  close(file);
  errno = error;
  return result;
}
ATTEMPT(set_lease, lease(1024))
ATTEMPT(set_lease_high, lease((long)(0xdeadbeef00000000UL | 1024UL)))
ATTEMPT(set_delegation, lease(1040))
// EINVAL is also what a kernel without dnotify says.
static long notice(long command) {
  own_refusal = EINVAL;
  const int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const long result = syscall(SYS_fcntl, directory, command, 0x20L);  // DN_ATTRIB
  const int error = errno;
  close(directory);
  errno = error;
  return result;
}
ATTEMPT(notify, notice(1026))
ATTEMPT(notify_high, notice((long)(0xdeadbeef00000000UL | 1026UL)))
// A file's own hint is changed through a descriptor that is readable only.
static long hint(long command) {
  own_refusal = EINVAL;
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  uint64_t none = 0;  // RWF_WRITE_LIFE_NOT_SET
  const long result = syscall(SYS_fcntl, file, command, &none);
  const int error = errno;
  close(file);
  errno = error;
  return result;
}
ATTEMPT(set_hint, hint(1036))
ATTEMPT(set_hint_high, hint((long)(0xdeadbeef00000000UL | 1036UL)))
ATTEMPT(set_file_hint, hint(1038))

// Without the filter it opens what can be read and written.
static long neither(long flags) {
  own_refusal = EINVAL;
  return syscall(SYS_openat, AT_FDCWD, "/dev/null", flags, 0);
}
ATTEMPT(openat_neither, neither(3))
ATTEMPT(openat_neither_high, neither((long)(0xdeadbeef00000000UL | 3UL)))
#ifdef SYS_open
ATTEMPT(open_neither, (own_refusal = EINVAL, syscall(SYS_open, "/dev/null", 3, 0)))
#endif

// set_id makes a file of the name, in a directory of its own, by one of the calls.
enum maker { kOpen, kOpenAt, kTemporary, kCreat, kMknod, kMknodAt, kChmod, kFchmod, kFchmodAt };
static long by(enum maker call, const char* name, long mode) {
  switch (call) {
    case kOpenAt:
      return syscall(SYS_openat, AT_FDCWD, name, O_CREAT | O_WRONLY, mode);
    case kTemporary:
      return syscall(SYS_openat, AT_FDCWD, "/tmp", O_TMPFILE | O_WRONLY, mode);
    case kMknodAt:
      return syscall(SYS_mknodat, AT_FDCWD, name, S_IFREG | mode, 0);
    case kFchmod:
      return syscall(SYS_fchmod, open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600), mode);
    case kFchmodAt:
      close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      return syscall(SYS_fchmodat, AT_FDCWD, name, mode);
#ifdef SYS_open
    case kOpen:
      return syscall(SYS_open, name, O_CREAT | O_WRONLY, mode);
    case kCreat:
      return syscall(SYS_creat, name, mode);
    case kMknod:
      return syscall(SYS_mknod, name, S_IFREG | mode, 0);
    case kChmod:
      close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      return syscall(SYS_chmod, name, mode);
#endif
    default:
      return kNotHere;
  }
}
static long set_id(enum maker call, long mode) {
  char directory[] = "/tmp/nono-attempt-XXXXXX";
  if (mkdtemp(directory) == NULL) {
    return kNotHere;
  }
  char name[64];
  strcpy(name, directory);
  strcat(name, "/file");
  const long result = by(call, name, mode);
  const int error = errno;
  unlink(name);
  rmdir(directory);
  errno = error;
  return result;
}
ATTEMPT(open_set_id, set_id(kOpen, 04700))
ATTEMPT(openat_set_id, set_id(kOpenAt, 02700))
ATTEMPT(openat_high, set_id(kOpenAt, (long)(0xdeadbeef00000000UL | 04700UL)))
ATTEMPT(openat_temporary, set_id(kTemporary, 04700))
ATTEMPT(creat_set_id, set_id(kCreat, 04700))
ATTEMPT(mknod_set_id, set_id(kMknod, 04700))
ATTEMPT(mknodat_set_id, set_id(kMknodAt, 04700))
ATTEMPT(chmod_set_id, set_id(kChmod, 04700))
ATTEMPT(fchmod_set_id, set_id(kFchmod, 04700))
ATTEMPT(fchmodat_set_id, set_id(kFchmodAt, 04700))

ATTEMPT(set_version, on_file(0x40087602, NULL))
ATTEMPT(ext4_set_version, on_file(0x40086604, NULL))
ATTEMPT(fat_attributes, on_file(0x40047211, NULL))
ATTEMPT(enable_verity, on_file(0x40806685, NULL))
ATTEMPT(encryption_policy, on_file(0x800c6613, NULL))
ATTEMPT(add_encryption_key, on_file(0xc0506617, NULL))
ATTEMPT(remove_encryption_key, on_file(0xc0406618, NULL))
ATTEMPT(remove_key_all, on_file(0xc0406619, NULL))
ATTEMPT(ocfs2_reflink, on_file(0x40186f04, NULL))
ATTEMPT(btrfs_snapshot, on_file(0x50009401, NULL))
ATTEMPT(bcachefs_subvolume, on_file(0x4020bc10, NULL))

const struct attempt file_attempts[] = {
    {"name_to_handle_at", try_name_to_handle_at},
    {"open_by_handle_at", try_open_by_handle_at},
    {"mount", try_mount},
    {"umount2", try_umount2},
    {"pivot_root", try_pivot_root},
    {"chroot", try_chroot},
    {"open_tree", try_open_tree},
    {"move_mount", try_move_mount},
    {"fsopen", try_fsopen},
    {"fsconfig", try_fsconfig},
    {"fsmount", try_fsmount},
    {"fspick", try_fspick},
    {"mount_setattr", try_mount_setattr},
    {"statmount", try_statmount},
    {"listmount", try_listmount},
    {"openat2", try_openat2},
    {"fchmodat2", try_fchmodat2},
    {"setxattrat", try_setxattrat},
    {"open_tree_attr", try_open_tree_attr},
    {"fanotify_init", try_fanotify_init},
    {"fanotify_mark", try_fanotify_mark},
#ifdef SYS_lookup_dcookie
    {"lookup_dcookie", try_lookup_dcookie},
#endif
#ifdef SYS_uselib
    {"uselib", try_uselib},
#endif
    {"quotactl", try_quotactl},
    {"quotactl_fd", try_quotactl_fd},
    {"acct", try_acct},
    {"swapon", try_swapon},
    {"swapoff", try_swapoff},
    {"fcntl:F_SETLEASE", try_set_lease},
    {"fcntl:F_SETLEASE-high-garbage", try_set_lease_high},
    {"fcntl:F_SETDELEG", try_set_delegation},
    {"fcntl:F_NOTIFY", try_notify},
    {"fcntl:F_NOTIFY-high-garbage", try_notify_high},
    {"fcntl:F_SET_RW_HINT", try_set_hint},
    {"fcntl:F_SET_RW_HINT-high-garbage", try_set_hint_high},
    {"fcntl:F_SET_FILE_RW_HINT", try_set_file_hint},
    {"openat:access-mode-3", try_openat_neither},
    {"openat:access-mode-3-high-garbage", try_openat_neither_high},
#ifdef SYS_open
    {"open:access-mode-3", try_open_neither},
#endif
    {"open:S_ISUID", try_open_set_id},
    {"openat:S_ISGID", try_openat_set_id},
    {"openat:S_ISUID-high-garbage", try_openat_high},
    {"openat:O_TMPFILE", try_openat_temporary},
    {"creat:S_ISUID", try_creat_set_id},
    {"mknod:S_ISUID", try_mknod_set_id},
    {"mknodat:S_ISUID", try_mknodat_set_id},
    {"chmod:S_ISUID", try_chmod_set_id},
    {"fchmod:S_ISUID", try_fchmod_set_id},
    {"fchmodat:S_ISUID", try_fchmodat_set_id},
    {"ioctl:FS_IOC_SETFLAGS", try_set_flags},
    {"ioctl:FS_IOC_SETFLAGS-high-garbage", try_set_flags_high},
    {"ioctl:FS_IOC32_SETFLAGS", try_set_flags_32},
    {"ioctl:FS_IOC_FSSETXATTR", try_fs_set_xattr},
    {"ioctl:FS_IOC_SETVERSION", try_set_version},
    {"ioctl:EXT4_IOC_SETVERSION", try_ext4_set_version},
    {"ioctl:FAT_IOCTL_SET_ATTRIBUTES", try_fat_attributes},
    {"ioctl:FS_IOC_ENABLE_VERITY", try_enable_verity},
    {"ioctl:FS_IOC_SET_ENCRYPTION_POLICY", try_encryption_policy},
    {"ioctl:FS_IOC_ADD_ENCRYPTION_KEY", try_add_encryption_key},
    {"ioctl:FS_IOC_REMOVE_ENCRYPTION_KEY", try_remove_encryption_key},
    {"ioctl:FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS", try_remove_key_all},
    {"ioctl:OCFS2_IOC_REFLINK", try_ocfs2_reflink},
    {"ioctl:FIDEDUPERANGE", try_dedupe},
    {"ioctl:btrfs-snapshot", try_btrfs_snapshot},
    {"ioctl:bcachefs-subvolume", try_bcachefs_subvolume},
    {NULL, NULL},
};
