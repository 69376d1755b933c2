// engine/why_inside.h: the question of engine/why.h, asked by a process inside a sandbox.
//
// Neither the grants nor the policy can be read there. But the sandbox itself can be asked, by
// doing what leaves no trace.
#pragma once

#include "engine/why.h"

namespace nono::engine {

// inside_sandbox: the broker answers prctl(PR_SET_DUMPABLE, 0) with success and does not do it. A
// process that is not inside is made dumpable again.
bool inside_sandbox();

// why_inside tries Read, Write and Execute on files and directories. Which rule refused is said
// where the name alone tells; other questions get the rule "not-known-here".
Result<Answer> why_inside(const Question& question);

}  // namespace nono::engine
