// sandbox/taken_names.h: what a call fails by because there is something at the name already.
//
// The kernel says EEXIST before it asks who may, and no rule is needed where a directory cannot be
// replaced because it is not empty. Programs go by these errors: `mkdir -p` and `mv x directory/`
// expect them. So the broker looks before it asks its rules, and nothing counts as replaced that
// stays.
#pragma once

#include <sys/stat.h>

#include "sandbox/broker_rules.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {

// at_place is lstat of the name; is_taken: there is something.
Answer<struct stat> at_place(const NamedPlace& place);
bool is_taken(const NamedPlace& place);

// Replacement is a rename to a name that is taken; `flags` are renameat2's.
struct Replacement {
  const NamedPlace& from;
  const NamedPlace& to;
  const struct stat& source;
  const struct stat& replaced;
  unsigned flags;
};
// may_replace is the error of a replacement that is none, whatever the rules say. Where it cannot
// be told, or the grants come first, it has none.
Answer<void> may_replace(const BrokerRules& rules, const Replacement& wanted);

}  // namespace nono::sandbox
