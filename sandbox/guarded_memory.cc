#include "sandbox/guarded_memory.h"

#include <algorithm>

namespace nono::sandbox {

using trustpolicy::GuardClass;

void GuardedMemory::know(const KnownObject& known) {
  Guarded& kept = named_[known.id];
  if (born_apart(kept.born, known.born)) {
    kept = {};
  }
  kept.guard_class = std::max(kept.guard_class, known.guard_class);
  kept.born = known.born != 0 ? known.born : kept.born;
}

void GuardedMemory::forget_name(const ObjectId& id) {
  const auto known = named_.find(id);
  if (known == named_.end()) {
    return;
  }
  if (removed_.size() < kMaxRemoved) {
    removed_[id] = known->second;
  }
  named_.erase(known);
}

GuardClass GuardedMemory::found(const Objects& objects, const ObjectId& id, BirthTime born) {
  const auto known = objects.find(id);
  const bool same = known != objects.end() && !born_apart(known->second.born, born);
  return same ? known->second.guard_class : GuardClass::None;
}

GuardClass GuardedMemory::class_of(const ObjectId& id, BirthTime born) const {
  return found(named_, id, born);
}

GuardClass GuardedMemory::class_without_name(const ObjectId& id, BirthTime born) const {
  return removed_.size() < kMaxRemoved ? found(removed_, id, born) : GuardClass::Instruction;
}

}  // namespace nono::sandbox
