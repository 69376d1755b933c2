// sandbox/lanes.h: processes of the broker for calls on file systems that may never answer.
//
// A call that meets such a mount (sandbox/stalling_mounts.h) is done by a forked child, which
// answers it. There is one child at a time for a file system, so that what is decided and what is
// done stay in order, as they do in the broker; calls on other file systems go on meanwhile. The
// child asks the supervisor through the broker, asks the broker what it remembers when that is to
// count, and tells it what changed before it answers. The broker hears that before it serves the
// next call: nothing that a call taught is lost with it, or comes too late.
//
// Where a call is not done in time, it and those behind it fail with EIO, as from a file system
// whose server is gone, and the child is killed. Most waits for a server end by that. Where the
// kernel waits on (FUSE: the server has taken the request), the file system is refused until it
// lets go. So it is where the call is answered and its child does not end: closing a file may hang.
//
// A path may lead over the mount to another file system. Names there are changed in a turn
// (sandbox/lane_turn.h).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/owned_fd.h"
#include "sandbox/broker.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {

class Lanes {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kDeadline{15};  // of a call, from its turn
  static constexpr std::chrono::seconds kPause{5};      // refused at once after a stall
  static constexpr std::size_t kMaxCalls = 64;          // that wait for one file system
  static constexpr std::size_t kMaxLanes = 64;          // file systems at a time

  // Host is the broker, as its lanes need it.
  class Host {
   public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;
    // serve_apart does the call in the lane's own process; `channel` leads to the broker.
    virtual Outcome serve_apart(const Call& call, OwnedFd channel) = 0;
    // Heard is false where nothing more will come; elsewhere is on whose lane the call must begin
    // anew.
    struct Heard {
      bool goes_on = false;
      std::optional<StallingMounts::Mount> elsewhere = std::nullopt;
    };
    // hear_lane takes one message of the lane of a file system.
    virtual Heard hear_lane(BorrowedFd channel, dev_t device) = 0;
    // stalled records a call that is given up.
    virtual void stalled(const Call& call, const Resolver::Met& met, std::string_view why) = 0;
  };

  // `broker_pids` gets the children's ids, as of Workers.
  Lanes(BorrowedFd listener, std::vector<pid_t>& broker_pids, Host& host);

  // take does the call when it is its turn, or gives it up.
  void take(const Call& call, Resolver::Met met);
  // hear takes what the children said; watched() is readable then.
  void hear();
  BorrowedFd watched() const { return watched_; }
  // reaped goes on with the next call; false where `pid` was none of the children.
  bool reaped(pid_t pid, int wait_status);
  // look gives up what is over its time: to be called every second or so.
  void look(Clock::time_point now);

 private:
  struct Waiting {
    Call call;
    Resolver::Met met;
  };
  struct Lane {
    std::optional<Waiting> under_way;  // while `child` is at it
    std::deque<Waiting> next;
    pid_t child = 0;
    OwnedFd channel;
    std::optional<StallingMounts::Mount> elsewhere;  // where the call under way is to be done
    Clock::time_point deadline;
    Clock::time_point closed_until;
  };
  Lane* lane_for(dev_t device);
  void start(Lane& lane);
  bool fork_child(Lane& lane, const Call& call);
  void drain(dev_t device, Lane& lane);
  void close_channel(Lane& lane);
  // give_up is false where the caller needs no answer any more, or gets the child's.
  bool give_up(const Waiting& waiting, std::string_view why);
  void give_up_all(Lane& lane, Clock::time_point now);

  BorrowedFd listener_;
  std::vector<pid_t>& broker_pids_;
  Host& host_;
  OwnedFd watched_;
  std::unordered_map<dev_t, Lane> lanes_;
};

}  // namespace nono::sandbox
