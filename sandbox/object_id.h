// sandbox/object_id.h: which file is which, whatever it is called.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>

#include "sandbox/birth.h"
#include "trustpolicy/decision.h"

namespace nono::sandbox {

// ObjectId is device and inode: the identity of a file as long as there is one.
struct ObjectId {
  dev_t device;
  ino_t inode;
  bool operator==(const ObjectId&) const = default;
};

struct ObjectIdHash {
  std::size_t operator()(const ObjectId& id) const {
    return std::hash<std::uint64_t>{}(id.inode * 0x9E3779B97F4A7C15ULL ^ id.device);
  }
};

// KnownObject is a guarded file that was found: guarded under any name.
struct KnownObject {
  ObjectId id{};
  trustpolicy::GuardClass guard_class = trustpolicy::GuardClass::None;
  BirthTime born = 0;
};

}  // namespace nono::sandbox
