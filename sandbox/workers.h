// sandbox/workers.h: processes of the broker that wait where the broker must not.
//
// A call that may block for long (opening a FIFO, connecting a blocking socket) is done by a forked
// child which answers the notification itself. A stuck one costs its caller, not its neighbours.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "base/owned_fd.h"
#include "sandbox/agent_thread.h"
#include "sandbox/broker.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {

class Workers {
 public:
  static constexpr std::size_t kMax = 64;
  // `broker_pids` gets the workers' ids too: their /proc entries are no business of the agent.
  // `resolver` is told where it is in a worker.
  Workers(BorrowedFd listener, std::vector<pid_t>& broker_pids, Resolver& resolver)
      : listener_(listener), broker_pids_(broker_pids), resolver_(resolver) {}

  // run forks; the child calls `job` (which may block; EINTR means: look whether the caller still
  // waits) and sends its outcome. EAGAIN where kMax are at work.
  Outcome run(const Call& call, const std::function<Outcome()>& job);
  // in_lane: the process ends after one call. What it starts outlives it and comes to the broker,
  // which is told of it by `told`.
  void in_lane(std::function<void(pid_t)> told) { told_ = std::move(told); }
  // adopt takes a worker that a lane started, where it is still there.
  void adopt(pid_t pid);
  // reaped forgets a worker; false where `pid` was none.
  bool reaped(pid_t pid);

 private:
  BorrowedFd listener_;
  std::vector<pid_t>& broker_pids_;
  Resolver& resolver_;
  std::vector<pid_t> pids_;
  std::function<void(pid_t)> told_;
};

// become_worker is for a child that `parent` just forked: it dies with its parent, and a call that
// blocks returns EINTR every 50 ms.
void become_worker(pid_t parent);
// interrupt_often is the second of it.
void interrupt_often();

// Patience is how long a call goes on, and the errno that it ends with; zero: without end.
struct Patience {
  std::chrono::microseconds most{0};
  int error = 0;
};

// retry_while_waiting repeats `attempt` (a system call) while it is interrupted and the agent's
// thread still waits, until a signal for that thread or its patience ends the call. What has a
// patience is not restarted by the kernel (signal(7)).
long retry_while_waiting(const AgentThread& thread, const std::function<long()>& attempt,
                         Patience patience = {});

}  // namespace nono::sandbox
