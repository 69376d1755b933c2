// sandbox/own_places.h: which directories are the agent's, and which places were somebody's before.
//
// What the agent makes is its own. Where a directory of before was moved away, nothing that takes
// its place counts as made, nor does anything beneath; where one was removed (and so was empty) it
// is that very place alone: what comes to be beneath it, and was not there before, is as new as
// beneath any other directory. A place is known by all names that the table of mounts gives it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mount_names.h"
#include "base/owned_fd.h"
#include "sandbox/birth.h"
#include "sandbox/broker_messages.h"
#include "sandbox/object_id.h"
#include "sandbox/place_set.h"

namespace nono::sandbox {

class OwnPlaces {
 public:
  // What became of a directory: `at.born` is its origin_of, `at.path` where it is or was. The names
  // of moved_away are asked before it goes.
  void made(const Recalled& at);
  void moved_away(const Recalled& at);
  void removed(const Recalled& at);

  bool none() const { return made_.empty(); }
  // is_own: the agent made it, and it did not take the place of an older one. What might be another
  // object than the one that was made is not the agent's.
  bool is_own(const Recalled& at) const;
  // ever_own: what might have been the agent's keeps what it is kept from.
  bool ever_own(const Recalled& at) const;
  bool was_emptied(std::string_view path) const;

  // in_other_process: a change of the table is told once to all who share a descriptor of it.
  void in_other_process() { table_ = {}; }
  // renamed comes after: the table changes unannounced where a mount's root moved along. Where that
  // cannot be told in time, it is read each time.
  void renamed() { mounts_.reset(); }
  void always_ask() { keeps_ = false; }

 private:
  using Names = std::vector<std::string>;
  bool is_made(const Recalled& at) const;
  bool is_vacated(std::string_view path) const;
  // names_of are all names of a place, folded; nothing where they cannot be told.
  std::optional<Names> names_of(std::string_view path) const;
  void refresh() const;

  static constexpr std::size_t kMaxMade = 200'000;
  std::unordered_map<ObjectId, BirthTime, ObjectIdHash> made_;
  PlaceSet vacated_;
  PlaceList emptied_;
  mutable OwnedFd table_;
  mutable std::optional<MountNames> mounts_;
  bool keeps_ = true;
};

}  // namespace nono::sandbox
