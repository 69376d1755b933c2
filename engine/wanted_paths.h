// engine/wanted_paths.h: what options and the profile name is granted, or refused before the start.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/run.h"
#include "profile/never_grant.h"

namespace nono::engine {

std::string absolute_in(const std::string& directory, const std::string& path);

// add_wanted adds the paths of the request to the capabilities of the plan. What is never granted
// is judged by the path that was given and by what was opened.
Result<void> add_wanted(RunPlan& plan, const RunRequest& request, const SessionPlaces& places,
                        const profile::NeverGrantList& never);

}  // namespace nono::engine
