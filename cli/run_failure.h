// cli/run_failure.h: what is said where a program was not started; defined in run.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/render.h"
#include "engine/run.h"

namespace nono::cli {

// refused_start names the files that stopped the start, and returns the exit code.
int refused_start(Render& render, const engine::StartRefused& refused);

// program_error maps the errors of finding and executing the program to the shell's codes.
std::optional<int> program_error(const Error& error, const std::vector<std::string>& command);

}  // namespace nono::cli
