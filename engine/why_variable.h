// engine/why_variable.h: the answer about a variable, from the plan of a run.
#pragma once

#include <string>

#include "engine/why.h"

namespace nono::engine {

// answer_variable reads the variable of this process where the plan drops it: how its value looks
// may be the reason.
Answer answer_variable(const RunPlan& plan, const RunRequest& request, const std::string& name);

}  // namespace nono::engine
