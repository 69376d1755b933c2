// cli/run_failure.h: what is said where a program was not started; defined in run.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/render.h"
#include "engine/run.h"

namespace nono::cli {

// refused_start names the files that stopped the start, and after them `all_the_same`: what of
// them, and what would start. It returns the exit code.
int refused_start(Render& render, const engine::StartRefused& refused,
                  std::string_view all_the_same);
inline constexpr std::string_view kStartAllTheSame =
    " that it would load cannot be trusted (--trust-scan=none starts all the same; the files stay "
    "unreadable)";

// program_error maps the errors of finding and executing the program to the shell's codes.
std::optional<int> program_error(const Error& error, const std::vector<std::string>& command);

}  // namespace nono::cli
