// sandbox/umask.h: the agent's umask, for what is made in its place.
#pragma once

#include <sys/stat.h>

namespace nono::sandbox {

// UnderUmask is for one call that makes something, with the mode that the agent gave: the kernel
// takes the umask off, but where the directory has a default ACL. The broker's own umask is 0;
// no other thread of it makes anything.
class UnderUmask {
 public:
  explicit UnderUmask(mode_t mask) { ::umask(mask); }
  UnderUmask(const UnderUmask&) = delete;
  UnderUmask& operator=(const UnderUmask&) = delete;
  ~UnderUmask() { ::umask(0); }
};

}  // namespace nono::sandbox
