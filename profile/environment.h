// profile/environment.h: the environment that an agent starts with.
//
// The caller's environment minus what profile/environment_rules.h drops, plus what the user lets
// through by name and what nono sets itself. Values are passed on as they are and never shown.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace nono::profile {

struct EnvironmentOptions {
  std::vector<std::string> allow;        // --env NAME lets one through; NAME=VALUE sets it
  std::vector<std::string> allow_globs;  // --env-allow GLOB; never lets NONO_* through
  std::vector<std::pair<std::string, std::string>> set;  // by nono itself; wins over all others
  // Of a profile, below all that is above; patterns. `only` leaves out what fits none of it.
  std::vector<std::string> deny = {};
  std::optional<std::vector<std::string>> only = std::nullopt;
  // Granted sockets, as paths: an address of exactly one of them is passed on.
  std::vector<std::string> sockets = {};
};

struct EnvironmentPlan {
  std::vector<std::string> kept;           // NAME=value, each name once, in the caller's order
  std::vector<std::string> dropped_names;  // sorted, each once; not yet escaped for people
};

// plan_environment decides on every entry of `environment` (as environ(7): the first of two equal
// names counts). A name that is to be let through and is not set is no error. Usage: an empty NAME,
// or one with a NUL or, in a glob, a `=`.
Result<EnvironmentPlan> plan_environment(std::span<const char* const> environment,
                                         const EnvironmentOptions& options);

// why_not_passed answers `why --env NAME`: the reason why a variable with this value is dropped
// under `options`, or nothing.
std::optional<std::string> why_not_passed(std::string_view name, std::string_view value,
                                          const EnvironmentOptions& options);

}  // namespace nono::profile
