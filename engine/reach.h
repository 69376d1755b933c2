// engine/reach.h: what the agent may do with a file of the user's, whatever name it has for it.
//
// A grant is of a directory itself, not of its name: through a bind mount, or after a rename, what
// lies in it has another path than the grant tells. What the user's word is taken from, and what
// must stay secret, is held against both.
#pragma once

#include <string>

#include "sandbox/capability_set.h"

namespace nono::engine {

// access_by_place is what the grants give at `path` (resolved): those that cover it by their names,
// and those of itself and of each directory above it that is there.
sandbox::Access access_by_place(const sandbox::CapabilitySet& capabilities,
                                const std::string& path);

}  // namespace nono::engine
