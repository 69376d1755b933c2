// attest/verified_facts.cc: times for people.
#include "attest/verified_facts.h"

#include <algorithm>

#include "base/clock.h"

namespace nono::attest {

Time from_seconds(std::chrono::sys_seconds at) {
  constexpr std::chrono::sys_seconds kEnd(std::chrono::seconds(253'402'300'799));
  return std::clamp(at, std::chrono::sys_seconds{}, kEnd);
}

std::string utc(Time at) {
  constexpr Time kFirst{};
  constexpr Time kLast = std::chrono::floor<std::chrono::seconds>(Instant::max());
  const Time shown = std::clamp(at, kFirst, kLast);
  const bool whole = shown == std::chrono::floor<std::chrono::seconds>(shown);
  return format_rfc3339(shown, whole ? 0 : 3);
}

}  // namespace nono::attest
