// engine/seatbelt_rules.h: guarded names and verdicts of a run, as the macOS profile takes them.
#pragma once

#include <vector>

#include "engine/run.h"
#include "sandbox/seatbelt_profile.h"
#include "trustpolicy/guard.h"

namespace nono::engine {

// guarded_patterns writes what `guard` guards as regular expressions. For names of ASCII letters
// they catch what Guard::classify does; a class of a pattern that is not of ASCII catches any name.
std::vector<sandbox::GuardedPattern> guarded_patterns(const trustpolicy::Guard& guard);

// seatbelt_rules takes a plan with verdicts.
sandbox::SeatbeltRules seatbelt_rules(const RunPlan& plan, sandbox::InstructionEdit edit);

}  // namespace nono::engine
