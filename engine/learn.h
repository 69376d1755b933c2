// engine/learn.h: `nono learn`: run with everything allowed but what is never granted, record what
// is used, and propose the smallest profile that would have allowed it.
//
// The run is one of `nono run`: the same supervisor, the same gate for guarded files, names that
// run code later stay unwritten, the audit log tells of it. Only the grants are wide.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/run.h"
#include "profile/generalise.h"

namespace nono::engine {

struct LearnRequest {
  RunRequest run;       // what the run is given besides: environment, limits, trust
  RunRequest known;     // what needs no learning: the same, with a profile that is already there
  std::string name;     // of the profile
  std::string extends;  // the name of that profile, or empty
};

struct LearnResult {
  RunOutcome outcome;
  profile::Learned learned;  // empty where the run was refused
  bool complete = true;      // false: more was used than can be recorded
};

Result<LearnResult> learn(LearnRequest request, const Clock& clock, Teller& teller);

// grant_all_but grants what lies beneath `root`, but for what `never` withholds: directories that
// hold such a thing are granted entry by entry, so that nothing new can be made in them.
Result<void> grant_all_but(sandbox::CapabilitySet& capabilities,
                           const profile::NeverGrantList& never, const std::string& root);

}  // namespace nono::engine
