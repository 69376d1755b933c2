#include "sandbox/workers.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace nono::sandbox {
namespace {

void wake_up(int /*signal*/) {}

}  // namespace

void become_worker(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(1);  // it went before the signal was asked for
  }
  interrupt_often();
}

void interrupt_often() {
  struct sigaction action{};
  action.sa_handler = wake_up;  // no SA_RESTART: the call must be interrupted
  ::sigaction(SIGALRM, &action, nullptr);
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
  const itimerval tick{.it_interval = {0, 50'000}, .it_value = {0, 50'000}};
  ::setitimer(ITIMER_REAL, &tick, nullptr);
}

namespace {

// answer_whole answers without a tick: an injection that is interrupted is none, and its caller may
// take long to run.
void answer_whole(BorrowedFd listener, std::uint64_t cookie, Outcome outcome) {
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  ::pthread_sigmask(SIG_BLOCK, &alarm_only, nullptr);
  send_outcome(listener, cookie, std::move(outcome));
}

}  // namespace

long retry_while_waiting(const AgentThread& thread, const std::function<long()>& attempt,
                         Patience patience) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const long result = attempt();
    if (result >= 0 || errno != EINTR || !thread.waiting()) {
      return result;
    }
    const bool limited = patience.error != 0;
    if (const int signal = thread.interrupted(); signal != 0) {
      errno = limited ? EINTR : signal;  // begun anew, its time would begin anew
      return -1;
    }
    if (limited && std::chrono::steady_clock::now() - start >= patience.most) {
      errno = patience.error;
      return -1;
    }
  }
}

Outcome Workers::run(const Call& call, const std::function<Outcome()>& job) {
  if (pids_.size() >= kMax) {
    return Outcome::error(EAGAIN);
  }
  const pid_t broker = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return Outcome::error(EAGAIN);
  }
  if (pid == 0) {
    if (told_) {
      interrupt_often();  // it is to outlive its parent
    } else {
      become_worker(broker);
    }
    resolver_.in_other_process();
    answer_whole(listener_, call.thread.cookie(), job());
    ::_exit(0);
  }
  if (told_) {
    told_(pid);
  }
  pids_.push_back(pid);
  broker_pids_.push_back(pid);
  return Outcome::later();
}

void Workers::adopt(pid_t pid) {
  if (::kill(pid, 0) == 0) {  // else it was reaped before this was heard
    pids_.push_back(pid);
    broker_pids_.push_back(pid);
  }
}

bool Workers::reaped(pid_t pid) {
  const auto worker = std::ranges::find(pids_, pid);
  if (worker == pids_.end()) {
    return false;
  }
  pids_.erase(worker);
  std::erase(broker_pids_, pid);
  return true;
}

}  // namespace nono::sandbox
