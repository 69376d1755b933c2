// cli/denial_summary.h: the denials of a whole run, as the last lines of `nono run` show them.
#pragma once

#include <string_view>
#include <vector>

#include "engine/run.h"

namespace nono::cli {

// in_order makes one of those of passing files, which differ in nothing but numbers in their names
// (".claude.json.tmp.*.*") and which no option lets through. What other rules than `common` refused
// comes first, after it what an option lets through.
std::vector<engine::Denial> in_order(const std::vector<engine::Denial>& denials,
                                     std::string_view common);

}  // namespace nono::cli
