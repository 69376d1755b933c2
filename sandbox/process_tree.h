// sandbox/process_tree.h: what the descendants of a process use, read from /proc.
//
// A picture of a moving thing: processes come and go while it is taken. What a process is called
// plays no role; its name is skipped as foreign text.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "base/owned_fd.h"

namespace nono::sandbox {

struct TreeProcess {
  pid_t pid;
  std::uint64_t started;  // clock ticks since boot: with the pid, an identity
  std::uint64_t threads;
};

struct ProcessTree {
  std::vector<TreeProcess> processes;  // every descendant, zombies included
  std::uint64_t tasks = 0;             // processes and threads
  std::chrono::milliseconds cpu{};     // theirs, and that of ended ones whose end was waited for
};
// processes_beneath lists the descendants of `root`, without those that start at one of `except`.
ProcessTree processes_beneath(pid_t root, std::span<const pid_t> except = {});

// goes_on_beneath reports whether a descendant of `root` is neither stopped nor at its end.
bool goes_on_beneath(pid_t root);

// is_beneath reports whether `pid` (a process or a thread) descends from `root` and from none of
// `except`; false where it is gone.
bool is_beneath(pid_t pid, pid_t root, std::span<const pid_t> except);
// may_descend reports whether process `pid`, which `pidfd` holds, descends from `root`, a subreaper
// that lives. Nothing that descends from it comes off by what it does meanwhile: a parent is
// believed where it is still the parent after its own was read. True, too, where the process has
// ended, an ancestor cannot be looked at (/proc mounted with hidepid) or there are too many.
bool may_descend(BorrowedFd pidfd, pid_t pid, pid_t root);
// members_of lists the processes of a process group.
std::vector<pid_t> members_of(pid_t group);

// memory_of is what the process holds alone, in memory or swapped out, and the shared memory that
// it maps; 0 where it is gone.
std::uint64_t memory_of(pid_t pid);

// start_of is TreeProcess::started of any process; 0 where it is gone.
std::uint64_t start_of(pid_t pid);

// lives reports whether the process is there and started then. One that has ended does not live,
// though nobody has reaped it yet, nor one whose first thread has ended.
bool lives(pid_t pid, std::uint64_t started);

// kill_exactly sends SIGKILL to this process and to no other that has got its number since.
bool kill_exactly(const TreeProcess& process);

}  // namespace nono::sandbox
