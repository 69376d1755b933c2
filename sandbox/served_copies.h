// sandbox/served_copies.h: what the served copies of guarded files are called.
//
// The descriptor of one is that of a memory file, and the kernel's link to it (/proc/self/fd/N)
// says so: programs that compare that link with the path that they opened take it for another file
// (Bun, and Claude Code with it, by realpath). So the text of this link, and of no other, is
// answered by the broker. It is a name only: no rule goes by it, and who opens it comes to the
// gate.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sandbox/broker.h"
#include "sandbox/object_id.h"

namespace nono::sandbox {

class ServedCopies {
 public:
  static constexpr std::size_t kMost = 1024;  // beyond which all are forgotten

  // add takes note that `copy` is served for what is at `path` (canonical).
  void add(BorrowedFd copy, const std::string& path);
  // read_link answers readlink and readlinkat of an absolute path to a descriptor of the caller's
  // own that is a copy; every other goes on by the kernel.
  Outcome read_link(const Call& call) const;

 private:
  const std::string* name_of(BorrowedFd object) const;
  std::unordered_map<ObjectId, std::string, ObjectIdHash> names_;
};

// own_descriptor is the number in a path that names a descriptor of the process `pid` itself
// (/proc/self/fd/7, /proc/thread-self/fd/7, /proc/PID/fd/7, /dev/fd/7); -1: it is none.
int own_descriptor(std::string_view path, pid_t pid);

}  // namespace nono::sandbox
