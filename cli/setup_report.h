// cli/setup_report.h: what `setup --check-only` says of a kernel: a function of its features.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "sandbox/host_features.h"

namespace nono::cli {

// starts_agents reports whether nono run works here: every run needs the gate, and the gate needs a
// listener.
bool starts_agents(const sandbox::HostFeatures& features);

// setup_matrix names each feature with its value, in the order in which it is shown.
std::vector<std::pair<std::string, std::string>> setup_matrix(
    const sandbox::HostFeatures& features);

// setup_lines is the report for people, setup_document the one of --json.
std::vector<std::string> setup_lines(const sandbox::HostFeatures& features);
Json setup_document(const sandbox::HostFeatures& features);

}  // namespace nono::cli
