// cli/profile_choice.h: which profile a run has: --profile, or the directory's default, or the
// project's own where it is signed.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "cli/session.h"
#include "engine/run.h"

namespace nono::cli {

// apply_chosen_profile adds the profile to the request. A project's profile that does not count is
// said in the request's notes, and as a note now, since nothing of it is in effect.
Result<void> apply_chosen_profile(const Arguments& arguments, Session& session,
                                  engine::RunRequest& request);

}  // namespace nono::cli
