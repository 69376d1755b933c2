#include "sandbox/lanes.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sandbox/supervisor_watch.h"
#include "sandbox/wire.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kNoAnswer = "the file system mounted there does not answer";
constexpr std::string_view kTooMany = "too many calls wait for the file system mounted there";

bool readable(BorrowedFd fd) {
  pollfd watched{fd.raw(), POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

// is_gone: the thread has ended. One that does not wait any more may be about to take the answer.
bool is_gone(const AgentThread& thread) {
  return !thread.waiting() && std::string_view("?ZX").contains(state_of_process(thread.tid()));
}

}  // namespace

Lanes::Lanes(BorrowedFd listener, std::vector<pid_t>& broker_pids, Host& host)
    : listener_(listener),
      broker_pids_(broker_pids),
      host_(host),
      watched_(::epoll_create1(EPOLL_CLOEXEC)) {}

bool Lanes::give_up(const Waiting& waiting, std::string_view why) {
  const bool given_up = send_error(listener_, waiting.call.thread.cookie(), EIO);
  if (given_up) {
    host_.stalled(waiting.call, waiting.met, why);
  }
  return given_up;
}

Lanes::Lane* Lanes::lane_for(dev_t device) {
  const auto found = lanes_.find(device);
  if (found != lanes_.end()) {
    return &found->second;
  }
  return lanes_.size() < kMaxLanes ? &lanes_[device] : nullptr;
}

void Lanes::take(const Call& call, Resolver::Met met) {
  Lane* const lane = lane_for(met.mount.device);
  Waiting waiting{call, std::move(met)};
  if (lane == nullptr || lane->next.size() + 1 >= kMaxCalls) {
    give_up(waiting, kTooMany);
    return;
  }
  const bool killed = lane->child != 0 && !lane->under_way;
  if (killed || Clock::now() < lane->closed_until) {
    give_up(waiting, kNoAnswer);
    return;
  }
  lane->next.push_back(std::move(waiting));
  if (lane->child == 0) {
    start(*lane);
  }
}

// start begins with the next call whose caller still waits.
void Lanes::start(Lane& lane) {
  while (!lane.next.empty()) {
    Waiting waiting = std::move(lane.next.front());
    lane.next.pop_front();
    if (waiting.call.thread.waiting() && fork_child(lane, waiting.call)) {
      lane.under_way = std::move(waiting);
      return;
    }
    send_outcome(listener_, waiting.call.thread.cookie(), Outcome::error(EAGAIN));
  }
}

bool Lanes::fork_child(Lane& lane, const Call& call) {
  auto channel = wire_pair();
  if (!channel) {
    return false;
  }
  epoll_event event{.events = EPOLLIN, .data = {}};
  const pid_t broker = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    return false;
  }
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != broker) {
      ::_exit(1);
    }
    // Who reads what the agent writes must not wait for a process that even SIGKILL does not end.
    ::syscall(SYS_close_range, 0U, 2U, 0);
    // To itself it is `self`, which the kernel lets look into itself whatever it keeps from others.
    broker_pids_.push_back(::getpid());
    send_outcome(listener_, call.thread.cookie(),
                 host_.serve_apart(call, std::move(channel->second)));
    ::_exit(0);
  }
  lane.child = child;
  lane.channel = std::move(channel->first);
  lane.deadline = Clock::now() + kDeadline;
  ::epoll_ctl(BorrowedFd(watched_).raw(), EPOLL_CTL_ADD, BorrowedFd(lane.channel).raw(), &event);
  broker_pids_.push_back(child);
  return true;
}

void Lanes::close_channel(Lane& lane) {
  if (lane.channel.valid()) {
    // Other children may have a copy of it, which would keep it in the set.
    ::epoll_ctl(BorrowedFd(watched_).raw(), EPOLL_CTL_DEL, BorrowedFd(lane.channel).raw(), nullptr);
    lane.channel.reset();
  }
}

void Lanes::drain(dev_t device, Lane& lane) {
  while (lane.channel.valid() && readable(lane.channel)) {
    Host::Heard heard = host_.hear_lane(lane.channel, device);
    if (heard.elsewhere) {
      lane.elsewhere = std::move(heard.elsewhere);
    }
    if (!heard.goes_on) {
      close_channel(lane);
    }
    lane.deadline = Clock::now() + kDeadline;  // it is at work, and a question takes its time
  }
}

void Lanes::hear() {
  for (auto& [device, lane] : lanes_) {
    drain(device, lane);
  }
}

bool Lanes::reaped(pid_t pid, int wait_status) {
  for (auto& [device, lane] : lanes_) {
    if (lane.child != pid) {
      continue;
    }
    drain(device, lane);
    close_channel(lane);
    std::erase(broker_pids_, pid);
    lane.child = 0;
    const auto elsewhere = std::exchange(lane.elsewhere, std::nullopt);
    const auto ended = std::exchange(lane.under_way, std::nullopt);
    start(lane);
    const bool answered = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    if (ended && elsewhere) {
      take(ended->call, {*elsewhere, ended->met.path});
    } else if (ended && !answered) {
      give_up(*ended, kNoAnswer);
    }
    return true;
  }
  return false;
}

void Lanes::give_up_all(Lane& lane, Clock::time_point now) {
  if (!lane.under_way) {
    return;
  }
  // The answer first: a child that is killed while it hands over a descriptor has answered without
  // one, and the caller's open would return 0. One that has answered is left to end by itself.
  if (give_up(*lane.under_way, kNoAnswer) || is_gone(lane.under_way->call.thread)) {
    ::kill(lane.child, SIGKILL);
  }
  for (const Waiting& waiting : lane.next) {
    give_up(waiting, kNoAnswer);
  }
  lane.under_way.reset();
  lane.next.clear();
  lane.closed_until = now + kPause;
}

void Lanes::look(Clock::time_point now) {
  for (auto& [device, lane] : lanes_) {
    if (lane.under_way && now >= lane.deadline) {
      give_up_all(lane, now);
    } else if (lane.under_way && is_gone(lane.under_way->call.thread)) {
      ::kill(lane.child, SIGKILL);  // nobody is there to be answered; the next one's turn
    }
  }
  std::erase_if(lanes_, [&](const auto& entry) {
    return entry.second.child == 0 && now >= entry.second.closed_until;
  });
}

}  // namespace nono::sandbox
