// sandbox/resolve.h: paths of the agent, resolved by the broker to objects that it holds open.
//
// The kernel does the walking where it can (openat2, no magic links); a walk component by component
// takes over where a path leads through /proc, because `self` there means the agent and not the
// broker. An object of the broker's own /proc directory, or of any procfs that is not the one at
// /proc, is never returned.
//
// Where mounts are kept off, no walk enters one of them: it ends with EIO, and take_met says which
// it was. The caller then has the call done where a stall costs nobody else (sandbox/lanes.h).
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/owned_fd.h"
#include "sandbox/agent_thread.h"
#include "sandbox/attached_mounts.h"
#include "sandbox/place.h"
#include "sandbox/procfs.h"
#include "sandbox/stalling_mounts.h"

namespace nono::sandbox {

class Resolver {
 public:
  // `forbidden`: whose /proc entries are refused (broker, workers). It must outlive the resolver.
  explicit Resolver(const std::vector<pid_t>& forbidden);
  // keep_off says which mounts no walk may enter; null: none. They must outlive the resolver. It
  // is said anew whenever a mount came or went.
  void keep_off(const StallingMounts* mounts) {
    mounts_ = mounts;
    known_mounts_ = mounts;
  }
  // Met is what ended a walk: the mount, and what was asked for.
  struct Met {
    StallingMounts::Mount mount;
    std::string path;
  };
  // take_met is what any walk met since it was asked last, whatever became of the walk's error.
  std::optional<Met> take_met() const { return std::exchange(met_, std::nullopt); }
  // clear looks whether a walk of `path` from `base` (of base_for) would enter one: EIO.
  Answer<void> clear(const AgentThread& thread, const OwnedFd& base, const std::string& path,
                     LastLink last) const;
  // seen_clear is for what was opened all the same, because a name was exchanged meanwhile.
  Answer<void> seen_clear(const struct stat& status) const;
  // base is AgentThread::base; EACCES where the object is not where the kernel says that it is.
  Answer<OwnedFd> base(const AgentThread& thread, int dirfd) const;
  // holds_mount: a mount to keep off, by whoever may, lies beneath the directory.
  bool holds_mount(const std::string& directory) const {
    return known_mounts_ != nullptr && known_mounts_->beneath(directory);
  }
  // base_for opens what `path` starts from; AT_FDCWD (not owned) when absolute.
  Answer<OwnedFd> base_for(const AgentThread& thread, int dirfd, const std::string& path) const;

  // object opens (O_PATH) what `path` names; look says what it was, too. Empty: `dirfd` itself.
  Answer<OwnedFd> object(const AgentThread& thread, int dirfd, const std::string& path,
                         LastLink last) const;
  Answer<Seen> look(const AgentThread& thread, int dirfd, const std::string& path,
                    LastLink last) const;
  // place opens the directory of the last component and does not look at that component. ".", ".."
  // and the root are EBUSY-like cases: they come back as EINVAL.
  // From `base` (of base_for), or from what the agent's `dirfd` is now.
  Answer<NamedPlace> place(const AgentThread& thread, const OwnedFd& base,
                           const std::string& path) const;
  Answer<NamedPlace> place(const AgentThread& thread, int dirfd, const std::string& path) const;
  // last_links are the names (canonical) of the links that the last component of `path` leads over,
  // as the kernel follows them for the agent, from `base`. A magic link of /proc is none. `opened`
  // is there where the kernel opened it by that very path: then few looks may do.
  Answer<std::vector<std::string>> last_links(const AgentThread& thread, const OwnedFd& base,
                                              const std::string& path, const Opened* opened) const;
  // is_linked: such a path was seen to lead over a link before its last component. A guess.
  bool is_linked(std::string_view path) const { return directory_name(path) == linked_; }
  // walk is the slow way, for opens that may create through a dangling link. `base` is base_for's.
  Answer<Walked> walk(const AgentThread& thread, const OwnedFd& base, const std::string& path,
                      LastLink last, MissingLast missing) const;
  // settles: the agent's own walk of `path` from `from` would end with that error, too.
  bool settles(int error, int from, std::string_view path) const;
  // on_proc: on any procfs; without the object only on the session's.
  bool on_proc(const struct stat& status) const { return procfs_.is_sessions(status); }
  bool on_proc(const struct stat& status, BorrowedFd object) const {
    return procfs_.holds(status, object);
  }

  // path_of is raw_path_of by a shorter way: not in a fork, which says so to its copy.
  void in_other_process() {
    own_descriptors_.reset();
    mounts_ = nullptr;
    attached_.in_other_process();
  }
  std::string path_of(BorrowedFd fd, nlink_t links) const;

 private:
  class Walk;
  Answer<void> allowed(const OwnedFd& object) const;
  bool is_forbidden(pid_t number) const;
  Answer<void> in_own_proc(const struct stat& status, const OwnedFd& object) const;
  Answer<void> apart(std::string_view canonical) const;
  Answer<void> in_its_place(const OwnedFd& object) const;
  Answer<Seen> look_from(const AgentThread& thread, const OwnedFd& base, const std::string& path,
                         LastLink last) const;
  struct Parent;
  Answer<Parent> parent_of(const AgentThread& thread, const OwnedFd& base,
                           const std::string& path) const;
  Answer<std::string> canonical(const Parent& parent) const;
  Answer<std::string> next_link(const Parent& at, std::vector<std::string>& names) const;
  bool few_looks(const OwnedFd& base, const std::string& path, const Opened& opened,
                 std::vector<std::string>& names) const;
  Answer<void> clear_as_text(const OwnedFd& base, const std::string& path) const;
  bool looks_at_links() const { return mounts_ != nullptr && mounts_->any_in_reach(); }
  const StallingMounts* mounts_ = nullptr;
  const StallingMounts* known_mounts_ = nullptr;  // in a fork, too
  mutable std::optional<Met> met_;
  mutable std::string linked_;  // the directory, as it was spelt, that led there last
  Procfs procfs_;
  mutable AttachedMounts attached_;
  OwnedFd own_descriptors_;  // /proc/self/fd of that process
  const std::vector<pid_t>& forbidden_;
};

// raw_path_of is where the kernel says that `fd` is (readlink of /proc/self/fd), without a trailing
// " (deleted)" that is no part of its name; empty where it has no path. What was removed under that
// name can have others (`links` > 0), and a granted file keeps its place in a view (mount_view.h).
std::string raw_path_of(BorrowedFd fd, nlink_t links);
// known_path is raw_path_of, or ENAMETOOLONG where the path is longer than the kernel tells: no
// rule about names can be held against it.
Answer<std::string> known_path(BorrowedFd fd, nlink_t links);
Answer<void> has_known_path(BorrowedFd fd, const std::string& path);  // as it was told
// has_dots: a component is "..", which says nothing about where it leads, or hides where it is.
bool has_dots(std::string_view path);
// fd_path names `fd` for system calls that take a path: "/proc/self/fd/N".
std::string fd_path(BorrowedFd fd);

}  // namespace nono::sandbox
