#include "sandbox/limits.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace nono::sandbox {
namespace {

constexpr std::string_view kCgroup = "cgroup v2";

// lower brings a limit down, for good: an agent without capabilities cannot raise it again.
bool lower(decltype(RLIMIT_AS) resource, std::uint64_t soft, std::uint64_t hard) noexcept {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) {
    return false;
  }
  now.rlim_max = std::min<rlim_t>(now.rlim_max, hard);
  now.rlim_cur = std::min({now.rlim_cur, now.rlim_max, rlim_t{soft}});
  return ::setrlimit(resource, &now) == 0;
}

LimitMeans memory_means(const LimitPlan& plan, std::uint64_t bytes) {
  if (plan.memory_in_cgroup()) {
    return {LimitKind::Memory, size_text(bytes), std::string(kCgroup), ""};
  }
  return {LimitKind::Memory, size_text(bytes),
          "RLIMIT_DATA of each process, and accounting of all of them",
          "what processes use together is seen up to 0.2 s late, and files in memory that no "
          "process maps are not"};
}

LimitMeans processes_means(const LimitPlan& plan, std::uint64_t count) {
  if (plan.processes_in_cgroup()) {
    return {LimitKind::Processes, std::to_string(count), std::string(kCgroup), ""};
  }
  return {LimitKind::Processes, std::to_string(count), "the broker counts forks",
          "it may be passed by as many as fork in the same instant"};
}

LimitMeans cpu_means(const LimitPlan& plan, std::chrono::milliseconds time) {
  if (plan.cpu_in_cgroup()) {
    return {LimitKind::CpuTime, duration_text(time), std::string(kCgroup), ""};
  }
  return {LimitKind::CpuTime, duration_text(time),
          "RLIMIT_CPU of each process, and accounting of all of them",
          "processes whose parent ignores their end are counted while they live"};
}

}  // namespace

std::string_view name_of(LimitKind kind) {
  switch (kind) {
    case LimitKind::Memory:
      return "memory";
    case LimitKind::Processes:
      return "pids";
    case LimitKind::CpuTime:
      return "cpu";
    case LimitKind::WallTime:
      return "time";
    case LimitKind::FileSize:
      return "file";
    case LimitKind::DiskUse:
      return "disk";
  }
  return "";
}

std::string size_text(std::uint64_t bytes) {
  constexpr auto kUnits = std::to_array<std::string_view>({"B", "KiB", "MiB", "GiB", "TiB"});
  constexpr std::uint64_t kStep = 1024;
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes != 0 && bytes % kStep == 0) {
    bytes /= kStep;
    ++unit;
  }
  return std::to_string(bytes) + " " + std::string(kUnits[unit]);
}

std::string duration_text(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  return count % 1000 == 0 ? std::to_string(count / 1000) + "s" : std::to_string(count) + "ms";
}

bool LimitPlan::needs_keeper() const {
  return limits.memory || limits.processes || limits.cpu_time || limits.file_size ||
         limits.disk_use;
}

std::vector<LimitMeans> LimitPlan::means() const {
  std::vector<LimitMeans> out;
  if (limits.memory) {
    out.push_back(memory_means(*this, *limits.memory));
  }
  if (limits.processes) {
    out.push_back(processes_means(*this, *limits.processes));
  }
  if (limits.cpu_time) {
    out.push_back(cpu_means(*this, *limits.cpu_time));
  }
  if (limits.wall_time) {
    out.push_back(
        {LimitKind::WallTime, duration_text(*limits.wall_time), "the supervisor's clock", ""});
  }
  if (limits.file_size) {
    out.push_back({LimitKind::FileSize, size_text(*limits.file_size), "RLIMIT_FSIZE", ""});
  }
  if (limits.disk_use) {
    out.push_back({LimitKind::DiskUse, size_text(*limits.disk_use),
                   "accounting of the granted directories, and RLIMIT_FSIZE",
                   "growth by many files is seen up to 0.2 s late, in large trees later"});
  }
  return out;
}

LimitPlan plan_limits(const Limits& limits, const CgroupView& view) {
  LimitPlan out;
  out.limits = limits;
  if (limits.memory || limits.processes || limits.cpu_time) {
    out.place = find_cgroup_place(view, limits.memory.has_value(), limits.processes.has_value());
    const bool of_use =
        out.place && (limits.cpu_time || out.memory_in_cgroup() || out.processes_in_cgroup());
    if (!of_use) {
      out.place.reset();
    }
  }
  return out;
}

bool limit_broker(const ChildLimits& limits) noexcept {
  if (!limits.file_size) {
    return true;
  }
  // A truncate that is refused is an error of its caller's.
  return ::signal(SIGXFSZ, SIG_IGN) != SIG_ERR &&
         lower(RLIMIT_FSIZE, *limits.file_size, *limits.file_size);
}

bool limit_agent(const ChildLimits& limits) noexcept {
  constexpr std::uint64_t kSecondsToTidyUp = 5;
  if (limits.cgroup_procs >= 0 && ::write(limits.cgroup_procs, "0", 1) != 1) {
    return false;
  }
  if (limits.data && !lower(RLIMIT_DATA, *limits.data, *limits.data)) {
    return false;
  }
  return !limits.cpu_seconds ||
         lower(RLIMIT_CPU, *limits.cpu_seconds, *limits.cpu_seconds + kSecondsToTidyUp);
}

}  // namespace nono::sandbox
