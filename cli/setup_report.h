// cli/setup_report.h: what `setup --check-only` says of a kernel: a function of its features.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "sandbox/host_features.h"

namespace nono::cli {

// What can be started here.
struct SetupVerdict {
  bool run = false;   // nono run, shell, learn
  bool wrap = false;  // nono wrap
};
SetupVerdict setup_verdict(const sandbox::HostFeatures& features);

// setup_matrix names each feature with its value, in the order in which it is shown.
std::vector<std::pair<std::string, std::string>> setup_matrix(
    const sandbox::HostFeatures& features);

// setup_lines is the report for people, setup_document the one of --json.
std::vector<std::string> setup_lines(const sandbox::HostFeatures& features);
Json setup_document(const sandbox::HostFeatures& features);

}  // namespace nono::cli
