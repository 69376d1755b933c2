// sandbox/broker_open_job.h: one open, while the broker is at it. For the opener's own files.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "base/owned_fd.h"
#include "sandbox/broker_open.h"
#include "sandbox/call_decode.h"

namespace nono::sandbox {

struct Opener::Job {
  static constexpr int kMaxAttempts = 3;
  const Call& call;
  OpenCall open;
  std::string path;
  OwnedFd base;
  OwnedFd pipe = {};  // the reading end of a FIFO that was opened before its type was known
  int attempts = 0;
  bool expanded = false;    // opened outside the domain, on somebody's word
  bool straight = false;    // opened for reading by a path that led over no link: its own path
  bool by_kernel = false;   // opened by the kernel's own walk of `path` from `base`
  struct stat before = {};  // what was there when it was looked at

  int base_raw() const { return base.valid() ? BorrowedFd(base).raw() : AT_FDCWD; }
  bool has(int flag) const { return (open.flags & flag) == flag; }
};

}  // namespace nono::sandbox
