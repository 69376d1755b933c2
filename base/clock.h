// base/clock.h: time as values (RFC 3339, UTC), and a clock that is passed in, never looked up.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nono {

using Instant = std::chrono::sys_time<std::chrono::nanoseconds>;

// format_rfc3339 writes UTC with `Z`; fractional digits only where asked: 0 to 9, cut, not rounded.
std::string format_rfc3339(Instant when, int fraction_digits = 0);
// parse_rfc3339 takes the full form with a zone and nothing else: capital T and Z, years 1970–9999,
// up to 9 fractional digits, no leap second. Times past the range of Instant (2262-04-11) come out
// as Instant::max(), so that a validity that ends in 9999 stays one that does not end in practice.
// Where it is asked to clamp, times before 1970, from year 1 on, come out as the last nanosecond
// before it.
enum class BeforeEpoch : unsigned char { Refused, Clamped };
std::optional<Instant> parse_rfc3339(std::string_view text,
                                     BeforeEpoch before = BeforeEpoch::Refused);
// parse_duration takes 500ms, 90s, 10m, 2h or a sum of them in falling order (1h30m): whole numbers
// below 2^32, each unit at most once, no sign, no space.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
};

}  // namespace nono
