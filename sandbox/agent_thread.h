// sandbox/agent_thread.h: the trapped thread as the broker sees it: its memory, directories, umask.
//
// Everything read here is the agent's word and may change at any moment: a string is read once, and
// what is decided and done afterwards concerns the broker's own copy. Failures are plain errno
// values: they are what the agent's system call returns.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/owned_fd.h"

namespace nono::sandbox {

// Answer is a value or the errno that the agent gets.
template <typename T>
using Answer = std::expected<T, int>;

class AgentThread {
 public:
  // `listener` must outlive this; `cookie` is the notification's id.
  AgentThread(pid_t tid, std::uint64_t cookie, BorrowedFd listener)
      : tid_(tid), cookie_(cookie), listener_(listener) {}

  pid_t tid() const { return tid_; }
  std::uint64_t cookie() const { return cookie_; }
  BorrowedFd listener() const { return listener_; }

  // path_at reads a NUL-terminated string of at most PATH_MAX bytes: EFAULT, ENAMETOOLONG, or
  // EACCES where the thread's memory cannot be read (not dumpable).
  Answer<std::string> path_at(std::uint64_t address) const;
  // bytes_at reads exactly `size` bytes (at most 64 KiB).
  Answer<std::string> bytes_at(std::uint64_t address, std::size_t size) const;

  // write_at copies `bytes` (at most 64 KiB) to where the thread may write itself: EFAULT, or
  // EACCES where its memory cannot be reached. Some may have come even so.
  Answer<void> write_at(std::uint64_t address, std::string_view bytes) const;

  // waiting reports whether the thread still waits in this very call: asked before side effects.
  bool waiting() const;
  // interrupted is what the call ends with for a signal that waits for the thread and would end the
  // call outside: ERESTARTSYS (512), at which the kernel goes by the handler's SA_RESTART; EINTR
  // where another thread could take the signal first. 0: there is none.
  int interrupted() const;
  Answer<pid_t> process() const;  // thread group id
  Answer<pid_t> parent() const;
  Answer<mode_t> umask() const;
  // terminal is the controlling terminal's device number; 0 where there is none.
  Answer<dev_t> terminal() const;
  // base opens (O_PATH) what relative paths start from: the working directory for AT_FDCWD, else
  // the thread's descriptor `dirfd`; EBADF where there is none.
  Answer<OwnedFd> base(int dirfd) const;
  // opens_nothing reports whether the thread's descriptor is one of O_PATH: what changes an object
  // by its descriptor alone takes none.
  bool opens_nothing(int fd) const;
  // base_path is the text that leads to it (readlink of /proc): no file system is asked.
  Answer<std::string> base_path(int dirfd) const;
  // take_descriptor duplicates the thread's descriptor (pidfd_getfd): same open file description.
  Answer<OwnedFd> take_descriptor(int fd) const;

 private:
  Answer<std::string> status_field(const char* name) const;
  std::uint64_t signal_set(const char* name) const;
  pid_t tid_;
  std::uint64_t cookie_;
  BorrowedFd listener_;
  mutable pid_t process_ = 0;
};

}  // namespace nono::sandbox
