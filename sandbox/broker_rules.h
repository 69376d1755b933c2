// sandbox/broker_rules.h: the broker's rules about names and objects, and its questions upwards.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "sandbox/broker.h"
#include "sandbox/protected_names.h"

namespace nono::sandbox {

struct ObjectIdHash {
  std::size_t operator()(const ObjectId& id) const {
    return std::hash<std::uint64_t>{}(id.inode * 0x9E3779B97F4A7C15ULL ^ id.device);
  }
};

// Touched is an object or name that a call concerns, as the rules want to see it.
struct Touched {
  std::string resolved;   // canonical path
  std::string requested;  // absolute form of the agent's own spelling; may equal `resolved`
};

class BrokerRules {
 public:
  BrokerRules(const BrokerConfig& config, OwnedFd ask, OwnedFd events);

  // guard_of is the strictest class that the name, the agent's spelling or the object's identity
  // gives. `status` may be null for a name that does not exist yet.
  trustpolicy::GuardClass guard_of(const Touched& touched, const struct stat* status) const;
  // remember marks an object as guarded under whatever name it is met again.
  void remember(const struct stat& status, trustpolicy::GuardClass guard_class);

  // read_verdict asks the supervisor and returns the sealed bytes to inject, or an errno.
  Answer<OwnedFd> read_verdict(const Call& call, BorrowedFd object, const Touched& touched,
                               trustpolicy::GuardClass guard_class);
  // change_verdict refuses (EACCES) the change of a verified file.
  Answer<void> change_verdict(const Call& call, BorrowedFd object, const Touched& touched,
                              trustpolicy::GuardClass guard_class);

  // may_write_name refuses names of sandbox/protected_names.h; `makes` says what would come to be
  // there (S_IFMT bits; 0: an existing object is written or removed).
  Answer<void> may_write_name(const Call& call, std::string_view canonical, mode_t makes,
                              std::string_view operation);
  // made_directory and removed_directory keep count of the directories made in this session.
  void made_directory(const struct stat& status);
  void removed_directory(const struct stat& status);
  bool protected_name(std::string_view canonical) const;

  void report(const Call& call, std::string_view operation, std::string_view object,
              std::string_view rule, std::string_view why);
  BorrowedFd events() const { return events_; }
  const BrokerConfig& config() const { return config_; }

 private:
  Answer<OwnedFd> ask(std::uint64_t question, const Call& call, BorrowedFd object,
                      const Touched& touched, trustpolicy::GuardClass guard_class);
  bool made_here(const std::string& directory) const;
  bool exempt(const ProtectedMatch& match) const;

  const BrokerConfig& config_;
  OwnedFd ask_;
  OwnedFd events_;
  std::unordered_map<ObjectId, trustpolicy::GuardClass, ObjectIdHash> guarded_objects_;
  static constexpr std::size_t kMaxMade = 200'000;
  std::unordered_set<ObjectId, ObjectIdHash> made_directories_;
};

// Messages on the two channels (sandbox/wire.h).
inline constexpr std::uint64_t kAskRead = 1;
inline constexpr std::uint64_t kAskChange = 2;
inline constexpr std::uint64_t kEventRefused = 10;
inline constexpr std::uint64_t kEventStarted = 11;
inline constexpr std::uint64_t kEventStopped = 12;
inline constexpr std::uint64_t kEventEnded = 13;
inline constexpr std::uint64_t kEventFailed = 14;

}  // namespace nono::sandbox
