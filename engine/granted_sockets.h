// engine/granted_sockets.h: sockets in the file system that an agent may connect to.
//
// A program outside listens there and acts as the user, whatever the sandbox says. Who names one on
// the command line has seen that; a profile, which was written elsewhere, names none that uses
// keys, starts programs or types in terminals (engine/never_connect.h).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/run_request.h"
#include "engine/why.h"
#include "engine/why_place.h"
#include "profile/never_grant.h"

namespace nono::engine {

// check_socket refuses what is no place for a grant: another name (a hard link) of what is never
// granted, and (Usage) to a profile what acts for the user. It judges what was opened. What a named
// socket makes possible is added to `notes`.
Result<void> check_socket(const WantedPath& wanted, const sandbox::PathGrant& opened,
                          const profile::NeverGrantList& never, std::vector<std::string>& notes);

// may_be_tried: a profile may grant the socket at that resolved path, so that learning connects to
// it.
bool may_be_tried(const RunPlan& plan, const std::string& path);

// granted_addresses are the paths by which granted sockets are known, as they were given and where
// they are.
std::vector<std::string> granted_addresses(const sandbox::CapabilitySet& capabilities);

// answer_socket is for connecting to what is at a path.
Answer answer_socket(const RunPlan& plan, const NamedThing& thing);

}  // namespace nono::engine
