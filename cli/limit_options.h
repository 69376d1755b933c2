// cli/limit_options.h: what a run may use of the machine, for every command that starts an agent.
#pragma once

#include <array>

#include "base/result.h"
#include "cli/command.h"
#include "cli/options.h"
#include "sandbox/limits.h"

namespace nono::cli {

inline constexpr auto kLimitOptions = std::to_array<Option>({
    {"timeout", 0, "TIME", "end the agent after 90s, 10m, 1h30m", Takes::OneValue},
    {"memory", 0, "SIZE", "memory of all its processes together: 512M, 8G", Takes::OneValue},
    {"limit-pids", 0, "N", "processes and threads at once", Takes::OneValue},
    {"limit-cpu", 0, "TIME", "processor time of all its processes together", Takes::OneValue},
    {"limit-file", 0, "SIZE", "how large a file may grow", Takes::OneValue},
    {"limit-disk", 0, "SIZE", "by how much granted directories may grow together", Takes::OneValue},
});

// limits_from reads the options above.
Result<sandbox::Limits> limits_from(const Arguments& arguments);

}  // namespace nono::cli
