// engine/wrap.h: `nono wrap`: verify what is in reach, confine, become the program.
//
// Nothing of nono stays, so nothing is judged after the start. That is refused where a guarded file
// is in reach, unless the user said that opens need not be judged (Intercept::Off); a policy that
// demands strict interception is refused in any case.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/caller_signals.h"
#include "base/clock.h"
#include "base/result.h"
#include "engine/run.h"

namespace nono::engine {

// NeedsSupervisor is a verdict, not an error: the guarded files that only `nono run` can keep to
// what they were when they were verified.
struct NeedsSupervisor {
  std::vector<Verdict> guarded;
  std::string why;
  bool off_lets_through = true;  // by --trust-intercept=off; not what a policy or profile demands
};
using WrapOutcome = std::variant<StartRefused, NeedsSupervisor>;

// wrap does not return where the program was started, which has the signals as `caller_signals`
// were. The errors are those of run.
Result<WrapOutcome> wrap(const RunRequest& request, const CallerSignals& caller_signals,
                         const Clock& clock, Teller& teller);

}  // namespace nono::engine
