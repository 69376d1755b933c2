// attest/verified_facts.cc: times for people.
#include "attest/verified_facts.h"

#include <algorithm>

#include "base/clock.h"

namespace nono::attest {

std::string utc(Time at) {
  constexpr Time kFirst{};
  constexpr Time kLast = std::chrono::floor<std::chrono::seconds>(Instant::max());
  return format_rfc3339(std::clamp(at, kFirst, kLast));
}

}  // namespace nono::attest
