// sandbox/guard_kept.h: what is guarded by its number only stays so.
//
// A guarded file under another name is known by its number (sandbox/guarded_memory.h). Where that
// may become another (keeps_number), nothing would tell what it is: there it gets no name that is
// guarded less, and under one that it has it is not changed, by which an overlay numbers it anew.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "sandbox/broker_rules.h"

namespace nono::sandbox {

struct Guarded {
  ObjectPlace object;
  trustpolicy::GuardClass guard_class = trustpolicy::GuardClass::None;
};

// stays_guarded refuses (EACCES) the operation where `name` (canonical) leads to what it is about,
// or is to.
Answer<void> stays_guarded(BrokerRules& rules, const Call& call, std::string_view operation,
                           const std::string& name, const Guarded& what);

// class_before is the class of what was looked at `before` it was opened for writing, by which an
// overlay copies it up and may number it anew; a device and number of 0: nothing was.
trustpolicy::GuardClass class_before(const BrokerRules& rules, const Touched& touched,
                                     const struct stat& before, const struct stat& now,
                                     const ObjectPlace& object);

}  // namespace nono::sandbox
