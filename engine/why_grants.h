// engine/why_grants.h: the grants of a run's plan, as the answers of `nono why` show them.
#pragma once

#include <optional>
#include <string>

#include "engine/why.h"

namespace nono::engine {

bool covers(const sandbox::PathGrant& grant, const std::string& path);

CoveringGrant shown_of(const sandbox::PathGrant& grant);

// nearest_grant is the deepest that covers `path`, whatever it gives.
std::optional<CoveringGrant> nearest_grant(const RunPlan& plan, const std::string& path);

}  // namespace nono::engine
