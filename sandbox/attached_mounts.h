// sandbox/attached_mounts.h: whether an object lies on a mount that has a place.
//
// A mount that is taken away while it is in use (umount -l) goes on for who has a directory of it
// open. The kernel's path of what lies there begins at the mount's own root: it is not where the
// object was, and may be where another one is. Mounts of other namespaces have no place here,
// either.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "base/owned_fd.h"

namespace nono::sandbox {

class AttachedMounts {
 public:
  // holds asks about the mounts as they are now.
  bool holds(BorrowedFd object);
  // in_other_process: a change is told once to all who share a descriptor of the table.
  void in_other_process() { table_ = {}; }

 private:
  bool changed();
  void read();
  OwnedFd table_;
  std::unordered_set<std::uint64_t> numbers_;
};

}  // namespace nono::sandbox
