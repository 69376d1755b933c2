// sandbox/lane_turn.h: what a lane decides about a name and then does is done as one.
//
// The broker decides and acts for one call at a time, so that nothing changes in between. A lane
// (sandbox/lanes.h) is a process beside it, and its path may lead over the slow mount to any other
// file system. There it takes a turn: on one that is served to nobody apart, the broker waits until
// the turn ends; on one that is another lane's the call begins anew there.
#pragma once

#include <sys/types.h>

#include <optional>
#include <utility>

#include "base/owned_fd.h"
#include "sandbox/broker_rules.h"
#include "sandbox/place.h"
#include "sandbox/stalling_mounts.h"

namespace nono::sandbox {

// TurnWord is the broker's answer.
enum class TurnWord : unsigned char { GoOn = 1, Elsewhere = 2, Apart = 3 };

// TurnAnswer is what the broker makes of a lane's wish; holds_all: it serves nobody else meanwhile.
struct TurnAnswer {
  TurnWord word = TurnWord::Apart;
  bool holds_all = false;
  std::optional<StallingMounts::Mount> elsewhere = std::nullopt;
};
TurnAnswer answer_to(const StateChange& wanted, const StallingMounts& mounts, dev_t lane);
// say_turn is false where the lane is gone.
bool say_turn(BorrowedFd lane, TurnWord word);

class Turn {
 public:
  // take asks for a turn in the directory of `to`; outside a lane there is nothing to ask. EXDEV
  // where `source`, what would get a name there, lies on another slow file system or another than
  // that. It does not return where the call begins anew elsewhere.
  static Answer<Turn> take(BrokerRules& rules, NamedPlace& to, BorrowedFd source);
  static Answer<Turn> take(BrokerRules& rules, NamedPlace& to) {
    return take(rules, to, to.directory);
  }
  // look_again brings `canonical` up to date: others may have had a turn since it was looked up.
  Answer<void> look_again(NamedPlace& place) const;
  // end comes before anything that may wait for a slow file system.
  void end();

  Turn(Turn&& other) noexcept : rules_(std::exchange(other.rules_, nullptr)) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() { end(); }

 private:
  explicit Turn(BrokerRules* rules) : rules_(rules) {}
  BrokerRules* rules_;  // null: none was needed, or it has ended
};

}  // namespace nono::sandbox
