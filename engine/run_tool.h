// engine/run_tool.h: a run that has the sandbox of one command, and so starts that command only
// (profile/tool_sandbox.h).
#pragma once

#include <string>

#include "base/result.h"
#include "engine/run.h"

namespace nono::engine {

// check_tool refuses (Usage) a program that is not the command of request.tool: it must be that
// object, under its name or the command's, and nothing that the sandbox itself may change. Between
// this and the start only a process outside the sandbox could put another in its place.
Result<void> check_tool(const RunPlan& plan, const RunRequest& request, const std::string& program);

// bind_tool is check_tool for a composed plan: one that is only looked at tells the same as one
// that is started. Without a program nothing is bound; learning is refused.
Result<void> bind_tool(const RunPlan& plan, const RunRequest& request);

}  // namespace nono::engine
