// sandbox/resolve.h: paths of the agent, resolved by the broker to objects that it holds open.
//
// The kernel does the walking where it can (openat2, no magic links); a walk component by component
// takes over where a path leads through /proc, because `self` there means the agent and not the
// broker. An object of the broker's own /proc directory is never returned.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "sandbox/agent_thread.h"

namespace nono::sandbox {

enum class LastLink : unsigned char { Follow, Keep };
enum class MissingLast : unsigned char { Refuse, Allow };

// NamedPlace is a directory and a name in it: what operations on names work on.
struct NamedPlace {
  OwnedFd directory;
  std::string name;              // one component; never empty
  std::string canonical;         // the kernel's path of the directory + "/" + name
  bool wants_directory = false;  // the agent wrote a trailing slash
};

// Walked is where a walk ended: at an object, or at a name that does not exist yet.
struct Walked {
  OwnedFd object;    // O_PATH; not valid where the last component is missing
  NamedPlace place;  // set where it is missing
};

class Resolver {
 public:
  // The resolver remembers which device is procfs. `forbidden` are process ids whose /proc entries
  // are refused (the broker and its workers); the vector must outlive the resolver.
  explicit Resolver(const std::vector<pid_t>& forbidden);

  // base_for opens what `path` starts from; AT_FDCWD (a descriptor that is not owned) when
  // absolute.
  Answer<OwnedFd> base_for(const AgentThread& thread, int dirfd, const std::string& path) const;

  // object opens (O_PATH) what `path` names. An empty path names `dirfd` itself.
  Answer<OwnedFd> object(const AgentThread& thread, int dirfd, const std::string& path,
                         LastLink last) const;
  // place opens the directory of the last component and does not look at that component. ".", ".."
  // and the root are EBUSY-like cases: they come back as EINVAL.
  Answer<NamedPlace> place(const AgentThread& thread, int dirfd, const std::string& path) const;
  // walk is the slow way, exposed for opens that may create through a dangling symlink.
  Answer<Walked> walk(const AgentThread& thread, int dirfd, const std::string& path, LastLink last,
                      MissingLast missing) const;

  bool on_proc(const struct stat& status) const { return status.st_dev == proc_device_; }

  // path_of is raw_path_of by a shorter way: not in a fork, which says so to its copy.
  void in_other_process() { own_descriptors_.reset(); }
  std::string path_of(BorrowedFd fd, nlink_t links) const;

 private:
  class Walk;
  Answer<void> allowed(const OwnedFd& object) const;
  dev_t proc_device_ = 0;
  OwnedFd own_descriptors_;  // /proc/self/fd of that process
  const std::vector<pid_t>& forbidden_;
};

// raw_path_of is where the kernel says that `fd` is (readlink of /proc/self/fd), with a trailing
// " (deleted)" cut off where `links` is 0; empty where it has no path.
std::string raw_path_of(BorrowedFd fd, nlink_t links);
// fd_path names `fd` for system calls that take a path: "/proc/self/fd/N".
std::string fd_path(BorrowedFd fd);

}  // namespace nono::sandbox
