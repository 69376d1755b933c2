// tests/base/support.h: directories that vanish, children, and system calls that fail on demand.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/owned_fd.h"

namespace nono::testing {

// here is the descriptor for paths that are absolute or relative to the working directory.
inline BorrowedFd here() {
  return BorrowedFd::unowned(AT_FDCWD);
}

// TempDir is a fresh directory, removed with everything below it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  OwnedFd open() const;
  void write(const std::string& name, const std::string& text) const;
  // read returns the content, or nothing where there is no such file.
  std::optional<std::string> read(const std::string& name) const;
  // names lists the entries, hidden ones too, sorted.
  std::vector<std::string> names() const;

 private:
  std::string path_;
};

// in_child runs `body` in a forked child, where it may take away its own rights and limits, and
// returns the text that it gives back; a child that dies gives "died: …".
std::string in_child(const std::function<std::string()>& body);

// fail_syscall makes one system call of this process fail with `error` from now on, where argument
// `argument` masked with `mask` equals `value`. For use inside in_child: it cannot be undone.
struct Fault {
  long syscall = 0;
  int error = 0;
  unsigned argument = 0;
  std::uint32_t mask = 0;  // 0: whatever the arguments are
  std::uint32_t value = 0;
};
bool fail_syscall(const Fault& fault);

}  // namespace nono::testing
