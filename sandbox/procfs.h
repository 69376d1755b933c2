// sandbox/procfs.h: which objects lie on a procfs, and whether it is the session's /proc.
//
// `self` on any procfs is the process that asks: to the broker, which opens for the agent, itself.
// A second procfs, or /proc mounted in a second place (chroots, builds of images), may lie in a
// grant. Only what lies beneath /proc is known to be the agent's to see.
#pragma once

#include <sys/stat.h>

#include <utility>
#include <vector>

#include "base/owned_fd.h"

namespace nono::sandbox {

class Procfs {
 public:
  Procfs();

  // is_known tells by the number of the device alone: the session's /proc, or one met before.
  bool is_known(const struct stat& status) const;
  // holds reports whether the object, of which `status` is, lies on a procfs. Its file system is
  // asked once for each number of a device.
  bool holds(const struct stat& status, BorrowedFd object) const;
  // is_sessions: on the device of /proc; it may be mounted in other places, too.
  bool is_sessions(const struct stat& status) const { return status.st_dev == sessions_; }
  // mounts_changed forgets what was asked: numbers are given anew.
  void mounts_changed() { seen_.clear(); }

 private:
  static constexpr std::size_t kMaxSeen = 256;
  dev_t sessions_ = 0;
  mutable std::vector<std::pair<dev_t, bool>> seen_;  // whether it is a procfs
};

}  // namespace nono::sandbox
