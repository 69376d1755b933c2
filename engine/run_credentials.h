// engine/run_credentials.h: the credentials of one run, from its request to its environment.
#pragma once

#include "base/result.h"
#include "engine/run.h"

namespace nono::engine {

// plan_credentials judges what the request names; each stands in place of the caller's variable of
// that name. Nothing is read yet.
Result<void> plan_credentials(RunPlan& plan, const RunRequest& request);

// read_credentials reads what the plan names, for a start: called before anything is started, while
// the process has one thread.
Result<void> read_credentials(RunPlan& plan);

}  // namespace nono::engine
