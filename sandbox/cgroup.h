// sandbox/cgroup.h: a control group of the run's own (cgroup v2), where one may be made.
//
// Facts: Documentation/admin-guide/cgroup-v2.rst of the kernel, "Delegation" and "Core Interface
// Files". Nothing of the machine's own groups is changed: a leaf is made in a directory whose
// owner has enabled the controllers for its children, and removed at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::sandbox {

// CgroupView is where to look; tests pass files of their own.
struct CgroupView {
  std::string self = "/proc/self/cgroup";
  std::string mounts = "/proc/self/mountinfo";
};

// CgroupPlace is a group in which this process may make a child and move its own children there.
struct CgroupPlace {
  std::string directory;
  bool memory = false;  // the child gets memory.max
  bool pids = false;    // the child gets pids.max
};
// find_cgroup_place goes from this process's own group upwards and takes the first place that
// offers every controller that is wanted, else the first of those that offer most.
std::optional<CgroupPlace> find_cgroup_place(const CgroupView& view, bool memory, bool pids);

struct CgroupSettings {
  std::optional<std::uint64_t> memory;
  std::optional<std::uint64_t> pids;
};

class Cgroup {
 public:
  // create makes the leaf `name`, locks it and writes its limits. What fails leaves nothing behind.
  static Result<Cgroup> create(const CgroupPlace& place, const std::string& name,
                               const CgroupSettings& settings);
  Cgroup(Cgroup&& other) noexcept = default;
  Cgroup& operator=(Cgroup&&) = delete;
  ~Cgroup();  // removes the leaf in the process that made it

  // procs is open for writing: "0" moves the writer. The kernel judges by who opened it.
  BorrowedFd procs() const { return procs_; }
  const std::string& directory() const { return directory_; }
  std::chrono::microseconds cpu_used() const;
  std::uint64_t killed_for_memory() const;  // processes
  std::uint64_t forks_refused() const;
  void kill() const;  // everything in it; kernels before 5.14 cannot
  // remove is false where something is still in it.
  bool remove();

 private:
  Cgroup(std::string directory, OwnedFd fd, OwnedFd procs);
  std::string directory_;
  OwnedFd fd_;
  OwnedFd procs_;
  pid_t owner_;
};

// sweep_unused_groups removes the leaves that supervisors left which were killed before their
// session had an entry: those that nobody holds locked, and that are empty.
void sweep_unused_groups(const CgroupView& view = {});

// remove_abandoned_group ends what is left in the group of a run whose supervisor was killed, and
// removes it. False where something in it does not end. What is no control group is left alone.
bool remove_abandoned_group(const std::string& directory);

}  // namespace nono::sandbox
