#include "engine/why_grants.h"

#include <string_view>

#include "base/files.h"

namespace nono::engine {
namespace {

std::string_view source_of(const std::string& origin) {
  return origin.starts_with("--") ? "user" : origin.starts_with("built in") ? "system" : "profile";
}

}  // namespace

bool covers(const sandbox::PathGrant& grant, const std::string& path) {
  return grant.kind == sandbox::PathKind::Directory ? beneath(grant.shown_as, path)
                                                    : path == grant.shown_as;
}

CoveringGrant shown_of(const sandbox::PathGrant& grant) {
  return {grant.shown_as, grant.access.text(), std::string(source_of(grant.origin))};
}

std::optional<CoveringGrant> nearest_grant(const RunPlan& plan, const std::string& path) {
  const sandbox::PathGrant* nearest = nullptr;
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    const bool deeper = nearest == nullptr || grant.shown_as.size() >= nearest->shown_as.size();
    nearest = deeper && covers(grant, path) ? &grant : nearest;
  }
  return nearest == nullptr ? std::nullopt : std::optional(shown_of(*nearest));
}

}  // namespace nono::engine
