// sandbox/limits.h: what a run may use of the machine, and by which means that is enforced.
//
// A cgroup (version 2) counts and stops exactly, and it needs a place that was delegated to this
// user. Without one the means are degraded: resource limits of single processes, the broker's count
// of forks, and accounting from outside, which sees what it sees a moment later. LimitPlan says
// which is which; nothing is degraded in silence.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/cgroup.h"

namespace nono::sandbox {

enum class LimitKind : unsigned char { Memory, Processes, CpuTime, WallTime, FileSize, DiskUse };
std::string_view name_of(LimitKind kind);  // "memory", "pids", "cpu", "time", "file", "disk"

// Limits is what was asked for; nothing is limited that is not named.
struct Limits {
  std::optional<std::uint64_t> memory;     // bytes of all processes of the agent together
  std::optional<std::uint64_t> processes;  // processes and threads together
  std::optional<std::chrono::milliseconds> cpu_time;
  std::optional<std::chrono::milliseconds> wall_time;
  std::optional<std::uint64_t> file_size;  // bytes that one file may grow to
  std::optional<std::uint64_t> disk_use;   // bytes by which granted directories may grow together
};

// kLeastMemory: in less no program comes as far as its own first instruction.
constexpr std::uint64_t kLeastMemory = std::uint64_t{1} << 20;

// size_text writes bytes in the largest binary unit that gives a whole number: "512 MiB".
std::string size_text(std::uint64_t bytes);
std::string duration_text(std::chrono::milliseconds duration);

// LimitMeans is one limit, as people are told of it.
struct LimitMeans {
  LimitKind kind;
  std::string amount;  // "512 MiB"
  std::string means;   // "cgroup v2"
  std::string gap;     // what a degraded means lets pass; empty: it is exact
};

// LimitPlan says by what each limit is enforced. Where `place` is empty there is no cgroup.
struct LimitPlan {
  Limits limits;
  std::optional<CgroupPlace> place;

  bool memory_in_cgroup() const { return limits.memory && place && place->memory; }
  bool processes_in_cgroup() const { return limits.processes && place && place->pids; }
  bool cpu_in_cgroup() const { return limits.cpu_time && place; }
  bool counts_forks() const { return limits.processes && !processes_in_cgroup(); }
  // needs_keeper: more than the supervisor's own clock is needed.
  bool needs_keeper() const;
  std::vector<LimitMeans> means() const;
};
// plan_limits looks for a cgroup only where a limit can use one; it changes nothing.
LimitPlan plan_limits(const Limits& limits, const CgroupView& view = {});

// ChildLimits is what the agent's processes are born with; complete before the fork.
struct ChildLimits {
  std::optional<std::uint64_t> data;         // RLIMIT_DATA: private memory that can be written
  std::optional<std::uint64_t> file_size;    // RLIMIT_FSIZE, of the broker too: it truncates
  std::optional<std::uint64_t> cpu_seconds;  // RLIMIT_CPU
  int cgroup_procs = -1;                     // opened for writing; the agent's process joins there
};

// limit_broker and limit_agent are called between fork and exec, in the process that they name.
// False: errno says why.
bool limit_broker(const ChildLimits& limits) noexcept;
bool limit_agent(const ChildLimits& limits) noexcept;

}  // namespace nono::sandbox
