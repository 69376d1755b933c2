// engine/limit_keeper.h: holds a run to its limits, from outside the sandbox.
//
// It makes the control group where there is a place for one, and counts what no mechanism of the
// kernel counts. Counting is done by a thread of its own, so that a large tree holds up neither
// verdicts nor the terminal. It starts when broker and agent are forked; a child that connects for
// the agent (sandbox/connector.h) is forked beside it and uses nothing of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "engine/disk_use.h"
#include "sandbox/limits.h"
#include "sandbox/process_tree.h"
#include "sandbox/supervisor.h"

namespace nono::engine {

class LimitKeeper final : public sandbox::LimitWatch {
 public:
  // make makes the control group that `plan` speaks of; where that fails, the plan is degraded to
  // other means. Nothing where no limit needs a keeper.
  static Result<std::unique_ptr<LimitKeeper>> make(sandbox::LimitPlan& plan);
  LimitKeeper(const LimitKeeper&) = delete;
  LimitKeeper& operator=(const LimitKeeper&) = delete;
  ~LimitKeeper() override;

  // child_limits refers to the control group: valid as long as the keeper.
  sandbox::ChildLimits child_limits() const;
  // measure_trees takes the measure from which growth counts: before the agent starts.
  void measure_trees(std::vector<std::string> trees);
  // follow starts to count the descendants of `broker`: before the agent starts. An Error where no
  // thread can be had; nothing is counted then.
  Result<void> follow(pid_t broker);
  // stop ends the counting; where there is a control group, what is left in it is killed.
  void stop();

  int watched() const override;
  sandbox::LimitKind struck() override { return struck_; }

  // attributed: no file grows larger than all of them may together, so that an agent that ended by
  // the size of one ended by the limit of disk use.
  sandbox::AgentEnd attributed(sandbox::AgentEnd end) const;
  // reached says in words which limits made themselves felt; after stop.
  struct Reached {
    sandbox::LimitKind kind;
    std::string what;
  };
  std::vector<Reached> reached(const sandbox::AgentEnd& end) const;
  // group is the control group's directory; empty where there is none.
  std::string group() const { return cgroup_ ? cgroup_->directory() : std::string(); }

 private:
  using Milliseconds = std::chrono::milliseconds;
  explicit LimitKeeper(const sandbox::LimitPlan& plan) : plan_(plan) {}
  bool counts() const;
  void count(const std::stop_token& stop);
  void count_once(const std::stop_token& stop);
  void check_memory(const sandbox::ProcessTree& tree, std::uint64_t limit);
  bool disk_is_over(const DiskUse& disk, std::uint64_t limit, const std::stop_token& stop);
  void strike(sandbox::LimitKind kind);

  sandbox::LimitPlan plan_;
  std::optional<sandbox::Cgroup> cgroup_;
  std::optional<DiskUse> disk_;
  std::uint64_t shrunk_at_last_walk_ = 0;
  std::chrono::steady_clock::time_point next_walk_{};
  OwnedFd event_;
  pid_t broker_ = -1;
  std::atomic<sandbox::LimitKind> struck_ = sandbox::LimitKind::WallTime;
  std::atomic<std::uint64_t> killed_for_memory_ = 0;
  bool has_struck_ = false;  // the thread's own
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // the last member: it uses the others
};

// written_trees lists what `capabilities` let the agent fill, but for devices.
std::vector<std::string> written_trees(const sandbox::CapabilitySet& capabilities);

}  // namespace nono::engine
