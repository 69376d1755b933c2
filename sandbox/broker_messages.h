// sandbox/broker_messages.h: what supervisor, broker and lanes tell each other (sandbox/wire.h).
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sandbox/broker.h"
#include "trustpolicy/decision.h"

namespace nono::sandbox {

// Messages on the two channels (sandbox/wire.h).
inline constexpr std::uint64_t kAskRead = 1;
inline constexpr std::uint64_t kAskChange = 2;
inline constexpr std::uint64_t kTellKnown = 3;   // guarded files that were found; more follows
inline constexpr std::uint64_t kTellGo = 4;      // the last of them
inline constexpr std::uint64_t kLaneChange = 6;  // from a lane to the broker
inline constexpr std::uint64_t kLaneRecall = 7;  // likewise; a number comes back
inline constexpr std::uint64_t kEventRefused = 10;
inline constexpr std::uint64_t kEventStarted = 11;
inline constexpr std::uint64_t kEventStopped = 12;
inline constexpr std::uint64_t kEventEnded = 13;
inline constexpr std::uint64_t kTellExpanded = 5;     // the answer to kEventExpand, to the broker
inline constexpr std::uint64_t kEventAbandoned = 15;  // as Ended: nothing of the tree is left
inline constexpr std::uint64_t kEventUsed = 17;
inline constexpr std::uint64_t kEventHidden = 19;   // as Refused, if the witness is there
inline constexpr std::uint64_t kEventLost = 18;     // so many refusals found the channel full
inline constexpr std::uint64_t kEventNoForks = 14;  // the limit of processes was reached; said once
inline constexpr std::uint64_t kEventExpand = 16;   // an open outside the grants waits

// RefusalTexts are what is told of a refusal.
struct RefusalTexts {
  std::string_view operation;
  std::string_view object;
  std::string_view rule;
  std::string_view why;
  std::string_view witness = {};  // of kEventHidden: what must be there
};

// StateChange is what a call changed of what the rules (Lost: a refusal that was not told; UseLost:
// a use), the sockets (Bound) and the workers (Worker: the inode is a process id) remember; and
// that a lane wants a turn (sandbox/lane_turn.h: in the directory `path` of the device, with
// something of the device `inode`; a TurnWord comes back), or has had it.
struct StateChange {
  enum class Kind : unsigned char {
    Remember,
    Forget,
    Made,
    MovedAway,
    Removed,
    Lost,
    UseLost,
    Bound,
    Worker,
    Turn,
    TurnEnds
  };
  Kind kind;
  ObjectId id{};
  trustpolicy::GuardClass guard_class = trustpolicy::GuardClass::None;
  std::string path = {};
  BirthTime born = 0;  // of Remember; else the origin_of the object
};

// Recall is what a lane asks of the broker's memory: the class of an object, the class that one
// without a name had, whether a directory was made in the session (Made: and did not take the place
// of an older one), whether a place was emptied.
enum class Recall : unsigned char { Class, Removed, Made, EverMade, Emptied };

// Recalled is what Recall is asked about; of Emptied the path alone.
struct Recalled {
  ObjectId id{};
  std::string_view path = {};
  BirthTime born = 0;
};

// DirectoryAt is a directory and where it is, or was; its origin is origin_of.
struct DirectoryAt {
  const std::string& canonical;
  const struct stat& status;
  BirthTime origin;
};

inline StateChange change_of(StateChange::Kind kind, const DirectoryAt& at) {
  const ObjectId id{at.status.st_dev, at.status.st_ino};
  return {.kind = kind, .id = id, .path = at.canonical, .born = at.origin};
}

// recalled_at asks about it in another place.
inline Recalled recalled_at(const DirectoryAt& directory, std::string_view path) {
  const ObjectId id{directory.status.st_dev, directory.status.st_ino};
  return {.id = id, .path = path, .born = directory.origin};
}

}  // namespace nono::sandbox
