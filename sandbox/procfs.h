// sandbox/procfs.h: which objects lie on a procfs, and whether it is the session's /proc.
//
// `self` on any procfs is the process that asks: to the broker, which opens for the agent, itself.
// A second procfs, or /proc mounted in a second place (chroots, builds of images), may lie in a
// grant. Only what lies beneath /proc is known to be the agent's to see.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string_view>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::sandbox {

class Procfs {
 public:
  Procfs();

  // holds reports whether the object, of which `status` is, lies on a procfs. Nothing is kept about
  // devices: a file system that is mounted takes the number of one that is gone.
  bool holds(const struct stat& status, BorrowedFd object) const;
  // is_sessions: on the device of /proc; it may be mounted in other places, too.
  bool is_sessions(const struct stat& status) const { return status.st_dev == sessions_; }

 private:
  dev_t sessions_ = 0;
  blksize_t block_size_ = 0;  // of everything on any procfs; 0 is not known
};

// check_proc: /proc is there, and shows this process under its own number. That of another pid
// namespace does not, and the broker could judge no call by what it reads there.
Result<void> check_proc();

// process_at is the process (or thread) in whose directory of /proc `canonical` lies, or which it
// is; 0: in none. Other numbers there are of descriptors, interrupts and the like.
pid_t process_at(std::string_view canonical);

// is_outside: to the broker, a process that is not in the sandbox. What the kernel shows of it to
// everybody, its argument list above all, it shows to the broker, too; what it keeps for those who
// may trace a process it keeps from the broker's domain, whatever Landlock's ABI: that is asked. A
// process of the agent's that is not dumpable counts as one outside.
bool is_outside(pid_t process);

}  // namespace nono::sandbox
