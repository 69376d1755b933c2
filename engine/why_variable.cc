#include "engine/why_variable.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "profile/credentials.h"
#include "profile/environment.h"

namespace nono::engine {

Answer answer_variable(const RunPlan& plan, const RunRequest& request, const std::string& name) {
  const auto kept = std::ranges::find_if(
      plan.environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
  const auto set = std::ranges::find(plan.credentials, name, &profile::Credential::variable);
  Answer out;
  out.rule = "not-set";
  out.because = "it is not set here";
  if (set != plan.credentials.end()) {
    out = {true, {}, "credential", {}, "set from " + profile::text_of(set->source), {}};
  } else if (kept != plan.environment.end()) {
    out = {true, {}, "passed", {}, "the agent gets it", {}};
  } else if (std::ranges::find(plan.dropped_variables, name) != plan.dropped_variables.end()) {
    const char* value = ::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
    profile::EnvironmentOptions options;
    options.allow = request.environment;
    options.allow_globs = request.environment_globs;
    const auto reason = profile::why_not_passed(name, value == nullptr ? "" : value, options);
    out.rule = "variable-dropped";
    out.because = reason.value_or("it is dropped by default");
    out.mend = "--env " + shell_quote(name);
  }
  out.object = name;
  return out;
}

}  // namespace nono::engine
