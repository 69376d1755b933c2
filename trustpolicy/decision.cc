// trustpolicy/decision.cc: names of the vocabulary, and the one way from an Error to a denial.
#include "trustpolicy/decision.h"

#include "base/text.h"

namespace nono::trustpolicy {

std::string_view name_of(Enforcement enforcement) {
  switch (enforcement) {
    case Enforcement::Audit:
      return "audit";
    case Enforcement::Warn:
      return "warn";
    case Enforcement::Deny:
      return "deny";
  }
  std::unreachable();
}

std::string_view name_of(GuardClass guard_class) {
  switch (guard_class) {
    case GuardClass::None:
      return "none";
    case GuardClass::AgentConfig:
      return "agent-config";
    case GuardClass::Instruction:
      return "instruction";
  }
  std::unreachable();
}

Denied Denied::because_of(const Error& error) {
  return {DenyRule::Unexaminable, "unexaminable",
          "it could not be examined: " + printable(error.message())};
}

}  // namespace nono::trustpolicy
