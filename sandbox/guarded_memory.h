// sandbox/guarded_memory.h: the objects that are guarded whatever they are called.
//
// They are kept by number, which another object may have later; that one is told by its time of
// birth, where that is known.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "sandbox/object_id.h"

namespace nono::sandbox {

class GuardedMemory {
 public:
  // know raises the class of an object.
  void know(const KnownObject& known);
  // forget_name is for an object that lost its last name. Descriptors may lead to it.
  void forget_name(const ObjectId& id);

  bool knows(const ObjectId& id) const { return named_.contains(id); }
  trustpolicy::GuardClass class_of(const ObjectId& id, BirthTime born) const;
  // class_without_name is that of an object that has no name, when it had one. Where too many were
  // removed for all to be kept it is the strictest.
  trustpolicy::GuardClass class_without_name(const ObjectId& id, BirthTime born) const;

 private:
  struct Guarded {
    trustpolicy::GuardClass guard_class = trustpolicy::GuardClass::None;
    BirthTime born = 0;
  };
  using Objects = std::unordered_map<ObjectId, Guarded, ObjectIdHash>;
  static trustpolicy::GuardClass found(const Objects& objects, const ObjectId& id, BirthTime born);

  static constexpr std::size_t kMaxRemoved = 20'000;
  Objects named_;
  Objects removed_;
};

}  // namespace nono::sandbox
