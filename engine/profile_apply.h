// engine/profile_apply.h: a composed profile becomes part of a run's request.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/profiles.h"
#include "engine/run.h"

namespace nono::engine {

// apply_profile adds what the profile grants to what the command line asks for. Where both speak of
// one thing: the options' network counts, and a note says so where it opens more; the working
// directory gets what both allow; the smaller limit counts; an option's variable counts.
// Unsupported where the profile asks for what this version cannot enforce, with all of that.
// `shown` says which profile it is and why it is used.
Result<void> apply_profile(RunRequest& request, const profile::Composed& composed,
                           AppliedProfile used, const std::string& shown);

// check_never_granted looks for a grant of the profile that no profile may give, and for one that
// what is there now (no directory, no socket) keeps from being given.
Result<void> check_never_granted(const profile::Composed& composed, const UserDirectories& user);

}  // namespace nono::engine
