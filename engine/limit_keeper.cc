#include "engine/limit_keeper.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "crypto/secret.h"

namespace nono::engine {

using sandbox::LimitKind;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr int kShare = 20;  // counting takes at most one part in so many of a processor
constexpr std::chrono::seconds kLongestBetweenWalks{5};

std::string leaf_name() {
  constexpr std::size_t kRandomBytes = 4;
  const auto random = crypto::random_hex(kRandomBytes);
  return "nono-" + std::to_string(::getpid()) + "-" + (random ? *random : std::string("0"));
}

sandbox::CgroupSettings settings_of(const sandbox::LimitPlan& plan) {
  sandbox::CgroupSettings out;
  if (plan.memory_in_cgroup()) {
    out.memory = plan.limits.memory;
  }
  if (plan.processes_in_cgroup()) {
    out.pids = plan.limits.processes;
  }
  return out;
}

// make_group tries again where a sweep took the new group for one that was left over.
std::optional<sandbox::Cgroup> make_group(const sandbox::LimitPlan& plan) {
  constexpr int kAttempts = 3;
  for (int attempt = 0; plan.place && attempt < kAttempts; ++attempt) {
    if (auto made = sandbox::Cgroup::create(*plan.place, leaf_name(), settings_of(plan))) {
      return *std::move(made);
    }
  }
  return std::nullopt;
}

std::uint64_t whole_seconds(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(time).count());
}

// BlockedSignals: the thread that is made meanwhile takes no signal that the supervisor waits for.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// ended_by_size: a shell passes on how its program ended.
bool ended_by_size(const sandbox::AgentEnd& end) {
  constexpr int kSignalled = 128;
  return WIFSIGNALED(end.wait_status) ? WTERMSIG(end.wait_status) == SIGXFSZ
                                      : WEXITSTATUS(end.wait_status) == kSignalled + SIGXFSZ;
}

std::string ended_text(LimitKind kind) {
  switch (kind) {
    case LimitKind::CpuTime:
      return "the agent's processes had used it up; the run was ended";
    case LimitKind::DiskUse:
      return "granted directories had grown by as much; the run was ended";
    case LimitKind::Memory:
    case LimitKind::Processes:
    case LimitKind::WallTime:
    case LimitKind::FileSize:
      return "the run was ended";
  }
  return "";
}

// own_time is the processor time of this thread: while nono is stopped with the agent none of it is
// used up, however long a count then takes.
std::chrono::nanoseconds own_time() {
  timespec used{};
  static_cast<void>(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used));
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

Result<std::unique_ptr<LimitKeeper>> LimitKeeper::make(sandbox::LimitPlan& plan) {
  if (!plan.needs_keeper()) {
    return std::unique_ptr<LimitKeeper>();
  }
  std::optional<sandbox::Cgroup> group = make_group(plan);
  if (!group) {
    plan.place.reset();
  }
  std::unique_ptr<LimitKeeper> out(new LimitKeeper(plan));
  if (group) {
    out->cgroup_.emplace(*std::move(group));
  }
  out->event_ = OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!out->event_.valid()) {
    return fail_errno(errno, "watching the limits of the run");
  }
  return out;
}

LimitKeeper::~LimitKeeper() {
  stop();
}

sandbox::ChildLimits LimitKeeper::child_limits() const {
  const sandbox::Limits& limits = plan_.limits;
  sandbox::ChildLimits out;
  if (limits.memory && !plan_.memory_in_cgroup()) {
    out.data = limits.memory;
  }
  if (limits.cpu_time && !plan_.cpu_in_cgroup()) {
    out.cpu_seconds = whole_seconds(*limits.cpu_time) + 1;
  }
  if (limits.file_size || limits.disk_use) {
    constexpr std::uint64_t kNone = ~std::uint64_t{0};
    out.file_size = std::min(limits.file_size.value_or(kNone), limits.disk_use.value_or(kNone));
  }
  if (cgroup_) {
    out.cgroup_procs = cgroup_->procs().raw();
  }
  return out;
}

void LimitKeeper::measure_trees(std::vector<std::string> trees) {
  if (plan_.limits.disk_use) {
    disk_.emplace(std::move(trees));
  }
}

bool LimitKeeper::counts() const {
  const bool memory = plan_.limits.memory && !plan_.memory_in_cgroup();
  return memory || plan_.limits.cpu_time || disk_;
}

Result<void> LimitKeeper::follow(pid_t broker) {
  broker_ = broker;
  if (!counts()) {
    return {};
  }
  const BlockedSignals blocked;
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { count(stop); });
  } catch (const std::system_error& error) {
    return fail_errno(error.code().value(), "counting for the limits of the run");
  }
  return {};
}

void LimitKeeper::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  if (cgroup_ && broker_ > 0) {
    cgroup_->kill();
  }
}

int LimitKeeper::watched() const {
  return counts() ? BorrowedFd(event_).raw() : -1;
}

void LimitKeeper::strike(LimitKind kind) {
  if (std::exchange(has_struck_, true)) {
    return;
  }
  struck_ = kind;
  constexpr std::uint64_t kOne = 1;
  static_cast<void>(!::write(BorrowedFd(event_).raw(), &kOne, sizeof kOne));
}

void LimitKeeper::count(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto began = own_time();
    count_once(stop);
    const auto took = std::chrono::duration_cast<Milliseconds>(own_time() - began);
    wake_.wait_for(lock, stop, std::max(kInterval, took * kShare), [] { return false; });
  }
}

void LimitKeeper::count_once(const std::stop_token& stop) {
  const sandbox::Limits& limits = plan_.limits;
  const bool memory = limits.memory && !plan_.memory_in_cgroup();
  const bool cpu_by_tree = limits.cpu_time && !cgroup_;
  sandbox::ProcessTree tree;
  if (memory || cpu_by_tree) {
    tree = sandbox::processes_beneath(broker_);
  }
  if (memory) {
    check_memory(tree, limits.memory.value_or(0));
  }
  if (limits.cpu_time) {
    const auto used =
        cgroup_ ? std::chrono::duration_cast<Milliseconds>(cgroup_->cpu_used()) : tree.cpu;
    if (used >= *limits.cpu_time) {
      strike(LimitKind::CpuTime);
    }
  }
  if (disk_ && !has_struck_ && disk_is_over(*disk_, limits.disk_use.value_or(0), stop)) {
    strike(LimitKind::DiskUse);
  }
}

// check_memory does what the kernel does where a control group is out of memory: the largest goes.
void LimitKeeper::check_memory(const sandbox::ProcessTree& tree, std::uint64_t limit) {
  std::uint64_t sum = 0;
  std::vector<std::pair<std::uint64_t, const sandbox::TreeProcess*>> by_size;
  for (const sandbox::TreeProcess& process : tree.processes) {
    const std::uint64_t size = sandbox::memory_of(process.pid);
    sum += size;
    by_size.emplace_back(size, &process);
  }
  std::ranges::sort(by_size, std::greater<>(),
                    &std::pair<std::uint64_t, const sandbox::TreeProcess*>::first);
  for (const auto& [size, process] : by_size) {
    if (sum <= limit) {
      return;
    }
    if (size > 0 && sandbox::kill_exactly(*process)) {
      ++killed_for_memory_;
      sum -= size;
    }
  }
}

// disk_is_over walks the trees where free space says that they may have grown much, and now and
// then in any case.
bool LimitKeeper::disk_is_over(const DiskUse& disk, std::uint64_t limit,
                               const std::stop_token& stop) {
  const auto now = steady_clock::now();
  const std::uint64_t shrunk = disk.shrunk();
  const std::uint64_t since = shrunk > shrunk_at_last_walk_ ? shrunk - shrunk_at_last_walk_ : 0;
  if (now < next_walk_ && since < std::max<std::uint64_t>(limit / 8, 1)) {
    return false;
  }
  const std::uint64_t grown = disk.growth(broker_, [&stop] { return stop.stop_requested(); });
  const auto took = std::chrono::duration_cast<Milliseconds>(steady_clock::now() - now);
  next_walk_ = now + std::max<Milliseconds>(kLongestBetweenWalks, took * kShare);
  shrunk_at_last_walk_ = shrunk;
  return grown >= limit && !stop.stop_requested();
}

sandbox::AgentEnd LimitKeeper::attributed(sandbox::AgentEnd end) const {
  const sandbox::Limits& limits = plan_.limits;
  const bool of_disk = limits.disk_use && child_limits().file_size == limits.disk_use &&
                       limits.file_size != limits.disk_use;
  if (of_disk && !end.ended_by && ended_by_size(end)) {
    end.ended_by = LimitKind::DiskUse;
  }
  return end;
}

std::vector<LimitKeeper::Reached> LimitKeeper::reached(const sandbox::AgentEnd& end) const {
  std::vector<Reached> out;
  const std::uint64_t killed = cgroup_ && plan_.memory_in_cgroup() ? cgroup_->killed_for_memory()
                                                                   : killed_for_memory_.load();
  if (killed > 0) {
    out.push_back({LimitKind::Memory, "processes killed: " + std::to_string(killed)});
  }
  const bool refused = plan_.processes_in_cgroup() && cgroup_ && cgroup_->forks_refused() > 0;
  if (refused || end.forks_refused) {
    out.push_back({LimitKind::Processes, "further ones were refused"});
  }
  if (!end.ended_by && plan_.limits.file_size && ended_by_size(end)) {
    out.push_back({LimitKind::FileSize, "the agent was ended by it"});
  }
  if (end.ended_by && *end.ended_by != LimitKind::WallTime) {
    out.push_back({*end.ended_by, ended_text(*end.ended_by)});
  }
  return out;
}

std::vector<std::string> written_trees(const sandbox::CapabilitySet& capabilities) {
  std::vector<std::string> out;
  for (const sandbox::PathGrant& grant : capabilities.paths()) {
    if (grant.access.has(sandbox::Access::write()) && !beneath("/dev", grant.shown_as)) {
      out.push_back(grant.shown_as);
    }
  }
  return out;
}

}  // namespace nono::engine
