// sandbox/broker_rules.h: the broker's rules about names and objects, and its questions upwards.
#pragma once

#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "sandbox/broker.h"
#include "sandbox/broker_messages.h"
#include "sandbox/guarded_memory.h"
#include "sandbox/own_places.h"
#include "sandbox/place.h"
#include "sandbox/protected_names.h"
#include "sandbox/supervisor_watch.h"
#include "sandbox/wire.h"

namespace nono::sandbox {

class BrokerRules {
 public:
  BrokerRules(const BrokerConfig& config, OwnedFd ask, OwnedFd events);

  // guard_of is the strictest class that the name, the agent's spelling or the object's identity
  // (`status`, and `place`, which leads to it) gives.
  trustpolicy::GuardClass guard_of(const Touched& touched) const;
  trustpolicy::GuardClass guard_of(const Touched& touched, const struct stat& status,
                                   const ObjectPlace& place) const;
  // know takes what the start scan found.
  void know(std::span<const KnownObject> guarded);
  // remember marks an object as guarded under whatever name it is met again.
  void remember(const struct stat& status, const ObjectPlace& place,
                trustpolicy::GuardClass guard_class);
  // forget is for an object that lost its last name: its number will be another's.
  void forget(const struct stat& status);

  // read_verdict asks the supervisor and returns the sealed bytes to inject, or an errno.
  Answer<OwnedFd> read_verdict(const Call& call, BorrowedFd object, const Touched& touched,
                               trustpolicy::GuardClass guard_class);
  // change_verdict refuses (EACCES) the change of a verified file, whoever's (may_change).
  Answer<void> change_verdict(const Call& call, BorrowedFd object, const Touched& touched,
                              trustpolicy::GuardClass guard_class);

  // may_write_name refuses names of sandbox/protected_names.h; `makes` says what would come to be
  // there (S_IFMT bits; 0: an existing object is written or removed), `object` what moves, goes or
  // gets the name.
  Answer<void> may_write_name(const Call& call, std::string_view canonical, mode_t makes,
                              std::string_view operation, mode_t object = 0);

  // made_directory, moved_away and removed_directory keep count of the directories made in this
  // session (sandbox/own_places.h). Where one that was there before was moved away, nothing that
  // takes its place counts as made here; where it was removed (and so was empty), its place is no
  // project of the maker's, but a new `.git` in it is. replaced_directory comes before a rename
  // that may fail.
  void made_directory(const DirectoryAt& made);
  void moved_away(const DirectoryAt& moved);
  void removed_directory(const DirectoryAt& removed);
  void renamed() { own_.renamed(); }
  void replaced_directory(const DirectoryAt& replaced);
  // may_remove refuses to remove what is older than the session from a kept tree, or a directory
  // that holds one; may_move likewise where it would leave the tree.
  Answer<void> may_remove(const Call& call, const std::string& canonical);
  Answer<void> may_move(const Call& call, const std::string& from, const std::string& to);
  // moves_as_own reports whether a directory made in this session goes to a place that is free for
  // it; what is protected by a root inside it stays its maker's.
  bool moves_as_own(const DirectoryAt& moved, const std::string& to) const;
  bool protected_name(std::string_view canonical) const;
  // exempt: the agent's own now. ever_own: once at least, and not removed since.
  bool exempt(const ProtectedMatch& match) const;
  bool ever_own(const ProtectedMatch& match) const;

  // outside reports an operation that the kernel refused (EACCES) where no grant gives `wanted`;
  // outside_name likewise, of a name made or removed by the right to its directory. Neither
  // decides.
  void outside(const Call& call, std::string_view operation, std::string_view canonical,
               Access wanted);
  // hidden tells of what is not there in the view of the session, if its witness is anywhere.
  void hidden(const Call& call, std::string_view operation, std::string_view path,
              std::string_view witness, Access wanted);
  // lacks_grant: no grant gives `wanted` of `canonical`, a path (else: false).
  bool lacks_grant(std::string_view canonical, Access wanted) const;
  void outside_name(const Call& call, std::string_view operation, std::string_view canonical);
  // report_once leaves out what it reported of the same operation and object.
  void report_once(const Call& call, std::string_view operation, std::string_view object,
                   std::string_view rule, std::string_view why);
  void report(const Call& call, std::string_view operation, std::string_view object,
              std::string_view rule, std::string_view why);
  // in_lane is for a process that does one call (sandbox/lanes.h): `channel` leads to the broker,
  // which asks the supervisor, is asked what it remembers when that is to count, and told of every
  // change before the answer. hear_lane takes a message, and what no rule is about; false: gone.
  void in_lane(OwnedFd channel);
  bool is_lane() const { return in_lane_; }
  void tell_change(const StateChange& change) const;
  bool hear_lane(BorrowedFd channel, std::optional<StateChange>& of_others);
  // asks_outside: somebody may be asked. Not from a lane: the broker must not touch its objects.
  bool asks_outside() const { return config_.outside == OutsideGrants::Asked && !in_lane_; }
  // used tells, where the broker records, of what was done: once per operation and object. Unlike
  // report it waits for room in the channel, a second: what is not told is not in the profile.
  void used(std::string_view operation, std::string_view object);
  bool is_used(std::string_view object) const;  // a use of it, by that name, was told
  // tell_lost tells how many refusals, and that uses, found the channel full; false: it still is.
  bool tell_lost();
  BorrowedFd events() const { return events_; }
  BorrowedFd ask_channel() const { return ask_; }
  SupervisorWatch& supervisor() { return supervisor_; }
  const BrokerConfig& config() const { return config_; }

 private:
  // answered waits for the supervisor's word; false where it was given up.
  bool answered();
  bool met_first(std::string_view operation, std::string_view object);
  void tell_refusal(const Call& call, const RefusalTexts& texts);
  Answer<OwnedFd> ask(std::uint64_t question, const Call& call, BorrowedFd object,
                      const Touched& touched, trustpolicy::GuardClass guard_class);
  bool made(const std::string& directory, Recall how) const;
  bool keeps(const std::string& canonical) const;
  Answer<void> refuse_kept(const Call& call, std::string_view operation,
                           const std::string& canonical);
  void change(const StateChange& change);
  void apply(const StateChange& change);
  // recall is `recalled` by the broker's memory, in a lane too.
  std::uint64_t recall(Recall what, const Recalled& of) const;
  std::uint64_t recalled(Recall what, const Recalled& of) const;
  trustpolicy::GuardClass recalled_class(const struct stat& status, const ObjectPlace& place) const;
  WireMessage relayed(const WireMessage& question);

  const BrokerConfig& config_;
  bool in_lane_ = false;
  OwnedFd ask_;
  OwnedFd events_;
  SupervisorWatch supervisor_{::getppid()};
  GuardedMemory guarded_;
  BirthTime started_;  // wall clock
  OwnPlaces own_;
  static constexpr std::size_t kMaxReported = 4096;
  static constexpr std::size_t kMaxUsed = 200'000;
  std::unordered_set<std::string> used_;
  std::uint64_t lost_ = 0;  // refusals that were not told, and not counted to the supervisor yet
  bool use_lost_ = false;   // likewise: a use
  std::unordered_set<std::size_t> reported_;  // operations outside the grants, by hash
};

}  // namespace nono::sandbox
