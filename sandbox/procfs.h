// sandbox/procfs.h: which objects lie on a procfs, and whether it is the session's /proc.
//
// `self` on any procfs is the process that asks: to the broker, which opens for the agent, itself.
// A second procfs, or /proc mounted in a second place (chroots, builds of images), may lie in a
// grant. Only what lies beneath /proc is known to be the agent's to see.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string_view>
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

// process_at is the process (or thread) in whose directory of /proc `canonical` lies, or which it
// is; 0: in none. Other numbers there are of descriptors, interrupts and the like.
pid_t process_at(std::string_view canonical);

// is_outside: to the broker, a process that is not in the sandbox. What the kernel shows of it to
// everybody, its argument list above all, it shows to the broker, too; what it keeps for those who
// may trace a process it keeps from the broker's domain, whatever Landlock's ABI: that is asked. A
// process of the agent's that is not dumpable counts as one outside.
bool is_outside(pid_t process);

}  // namespace nono::sandbox
