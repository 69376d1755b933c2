// sandbox/stalling_mounts.h: mounted file systems whose server may keep a call waiting for ever.
//
// A file system that a program or another machine serves (FUSE, NFS, SMB, 9p, ...) answers when its
// server does. The kernel's table of mounts tells which there are (proc_pid_mountinfo(5)); the
// agent cannot mount, so that the table is the user's and the system's word.
//
// A path is judged by its text: the first component that lies on such a mount decides, because the
// walk may stop right there. What the root itself lies on does not count: nothing on the machine
// goes on without it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"

namespace nono::sandbox {

class StallingMounts {
 public:
  struct Mount {
    dev_t device;
    std::string point;
  };

  StallingMounts() = default;
  // from_table reads the text of a mountinfo; `in_reach` says of a mount point whether the agent
  // has anything to do with what is there.
  static StallingMounts from_table(std::string_view mountinfo,
                                   const std::function<bool(const std::string&)>& in_reach);

  bool any() const { return !mounts_.empty(); }
  // any_in_reach: paths that only a link leads there are worth a look.
  bool any_in_reach() const { return any_in_reach_; }
  // at is the mount that a walk of `canonical` (absolute, without "..") meets first, or null.
  const Mount* at(std::string_view canonical) const;
  // beneath: one is mounted somewhere below the directory.
  bool beneath(std::string_view directory) const;
  // of_device is a mount of that file system, or null.
  const Mount* of_device(dev_t device) const;

 private:
  std::vector<Mount> mounts_;
  bool any_in_reach_ = false;
};

// may_stall reports whether a type of file system is served by a program or another machine.
bool may_stall(std::string_view type);

}  // namespace nono::sandbox
