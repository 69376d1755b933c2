// sandbox/birth.h: when an object came to be, which tells it from a later one with its number.
#pragma once

#include <cstdint>

#include "base/owned_fd.h"

namespace nono::sandbox {

// ObjectPlace leads to an object: a descriptor of it (O_PATH will do), or a directory and a name in
// it, where a link means itself. It borrows both.
class ObjectPlace {
 public:
  ObjectPlace(BorrowedFd object) : at_(object) {}  // implicit: an object's own descriptor
  ObjectPlace(BorrowedFd directory, const char* name) : at_(directory), name_(name) {}
  BorrowedFd at() const { return at_; }
  const char* name() const { return name_; }

 private:
  BorrowedFd at_;
  const char* name_ = "";
};

// BirthTime is nanoseconds since 1970, to the kernel's tick (some milliseconds). 0 is unknown.
using BirthTime = std::int64_t;

// birth_of is the time of birth (statx(2), stx_btime) on ext4, XFS, Btrfs, F2FS and tmpfs: set once
// by the kernel and by nobody else. Unknown elsewhere, where a program may set it (CIFS, NTFS), a
// server says it (NFS, FUSE), or an object gets another while it keeps its number (an overlay, when
// it copies a file up).
BirthTime birth_of(const ObjectPlace& place);

// origin_of tells an object from a later one with its number, for what is the agent's because it
// made it: another one than before takes something from the agent. So it is the time of birth as
// the file system tells it, whoever may set that. Where none is told (ext4 with inodes of 128
// bytes, NFS before Linux 6.16) it is a number made of the object's handle, in which kernels count
// how often a number was given. 0 is unknown: FUSE may give one object several handles.
BirthTime origin_of(const ObjectPlace& place);

// same_origin: where only one of both is known, for want of a descriptor for one, they are not the
// same; where neither is, the number alone tells.
constexpr bool same_origin(BirthTime one, BirthTime other) {
  return one == other;
}

// keeps_number says that the kernel alone numbers the objects of that file system, and each keeps
// its number under every name. Elsewhere one may get another: by a second name or once it is
// forgotten (FUSE, vfat), or when a file is copied up (an overlay). A server of NFS must keep them
// (RFC 8881).
bool keeps_number(const ObjectPlace& place);

// hides_removed says that what is removed there while it is open may get a hidden name, under which
// it can be opened again (NFS, SMB, libfuse).
bool hides_removed(const ObjectPlace& place);

// born_apart reports that two objects of one number are not the same. An unknown time tells
// nothing.
constexpr bool born_apart(BirthTime one, BirthTime other) {
  return one != 0 && other != 0 && one != other;
}

}  // namespace nono::sandbox
