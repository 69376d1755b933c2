// sandbox/side_watch.h: a thread that watches what the broker would miss while it waits in the
// kernel for the next notification.
//
// Waiting in NOTIF_RECV itself saves a poll per trapped call, but only a signal ends that wait. So
// while many calls come, this thread polls the other descriptors and, as soon as one is ready or a
// tick is over, nudges the broker with a signal that does nothing, again every millisecond until it
// is heard: a nudge that comes just before the wait is not the last. It decides nothing and reads
// nothing.
//
// The signal must interrupt nothing else. An injection that is interrupted has marked the call as
// answered without answering it: the agent's open would return 0. So no nudge is under way, and
// none undelivered, once end_wait returns.
#pragma once

#include <poll.h>
#include <pthread.h>

#include <array>
#include <atomic>

#include "base/owned_fd.h"

namespace nono::sandbox {

class SideWatch {
 public:
  // The descriptors must stay open as long as this object lives.
  SideWatch(std::array<int, 3> watched, int tick_ms) : watched_(watched), tick_ms_(tick_ms) {}
  SideWatch(const SideWatch&) = delete;
  SideWatch& operator=(const SideWatch&) = delete;
  ~SideWatch();

  // start nudges the calling thread from now on; false where no thread can be had. It may be called
  // again and tries once.
  bool start();

  // begin_wait is called before the wait; false: something else is to be done first, and there is
  // no wait to end. end_wait is called after it.
  bool begin_wait();
  void end_wait();
  // heard: the other descriptors were looked at.
  void heard() { wanted_.store(false); }

 private:
  enum class State : unsigned char { NotTried, Running, NotToBeHad };
  static void* run(void* self);
  void watch();
  void nudge_until_heard();
  void nudge();
  bool stopped(int timeout_ms) const;

  std::array<int, 3> watched_;
  int tick_ms_;
  State state_ = State::NotTried;
  OwnedFd stop_;
  pthread_t thread_{};
  pthread_t nudged_{};
  unsigned delivered_ = 0;
  std::atomic<unsigned> nudges_ = 0;
  std::atomic<bool> nudging_ = false;
  std::atomic<bool> waits_ = false;
  std::atomic<bool> wanted_ = false;
};

}  // namespace nono::sandbox
