// sandbox/moved_names.h: what a directory that moves takes along.
//
// Protected content (sandbox/protected_names.h) and instruction files (sandbox/drafts.h) stay in
// the place that they speak to: they move only with it, or within it. What the agent wrote in a
// directory of its own never comes where something was before.
#pragma once

#include <sys/stat.h>

#include <string>

#include "sandbox/broker_rules.h"

namespace nono::sandbox {

struct Move {
  std::string from;
  std::string to;
  bool own;  // made in this session, and going to a free place
};

// name_moves refuses (EACCES) the move of a directory for what lies at `relative` beneath it, of
// which `status` is the status.
Answer<void> name_moves(BrokerRules& rules, const Call& call, const Move& move,
                        const std::string& relative, const struct stat& status);

}  // namespace nono::sandbox
