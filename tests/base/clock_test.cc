// tests/base/clock_test.cc: RFC 3339 and durations, strictly.
#include "base/clock.h"

#include <gtest/gtest.h>

namespace nono {
namespace {

using namespace std::chrono_literals;

Instant at(std::int64_t seconds, std::int64_t nanoseconds = 0) {
  return Instant{std::chrono::seconds{seconds}} + std::chrono::nanoseconds{nanoseconds};
}

TEST(Rfc3339Test, KnownTimesAreRead) {
  struct Case {
    std::string_view text;
    Instant when;
  };
  for (const Case& c : {
           Case{"1970-01-01T00:00:00Z", at(0)},
           Case{"2001-09-09T01:46:40Z", at(1'000'000'000)},
           Case{"2024-02-29T12:00:00Z", at(1'709'208'000)},
           Case{"2000-02-29T00:00:00Z", at(951'782'400)},
           Case{"2038-01-19T03:14:08Z", at(2'147'483'648)},
           Case{"2001-09-09T01:46:40.5Z", at(1'000'000'000, 500'000'000)},
           Case{"2001-09-09T01:46:40.000000001Z", at(1'000'000'000, 1)},
           Case{"2001-09-09T01:46:40.123Z", at(1'000'000'000, 123'000'000)},
           Case{"2001-09-09T03:46:40+02:00", at(1'000'000'000)},
           Case{"2001-09-08T20:16:40-05:30", at(1'000'000'000)},
           Case{"2001-09-09T01:46:40+00:00", at(1'000'000'000)},
           Case{"2001-09-10T01:45:40+23:59", at(1'000'000'000)},
           Case{"2262-04-11T23:47:15Z", at(9'223'372'035)},
       }) {
    EXPECT_EQ(parse_rfc3339(c.text), c.when) << c.text;
  }
}

TEST(Rfc3339Test, TimesPastTheRangeSaturate) {
  for (const char* text : {"2262-04-11T23:47:16.9Z", "2262-04-12T00:00:00Z", "9999-12-31T23:59:59Z",
                           "9999-12-31T23:59:59-23:59"}) {
    EXPECT_EQ(parse_rfc3339(text), Instant::max()) << text;
  }
}

TEST(Rfc3339Test, EverythingElseIsRefused) {
  for (const std::string_view text : {
           "",
           "2024",
           "2024-01-01",
           "2024-01-01T00:00:00",
           "2024-01-01T00:00Z",
           "2024-01-01 00:00:00Z",
           "2024-01-01t00:00:00Z",
           "2024-01-01T00:00:00z",
           "2024-01-01T00:00:00Z ",
           " 2024-01-01T00:00:00Z",
           "2024-1-1T00:00:00Z",
           "2024-01-01T0:00:00Z",
           "24-01-01T00:00:00Z",
           "+2024-01-01T00:00:00Z",
           "02024-01-01T00:00:00Z",
           "2024-00-01T00:00:00Z",
           "2024-13-01T00:00:00Z",
           "2024-01-00T00:00:00Z",
           "2024-01-32T00:00:00Z",
           "2024-04-31T00:00:00Z",
           "2023-02-29T00:00:00Z",
           "1900-02-29T00:00:00Z",
           "2024-01-01T24:00:00Z",
           "2024-01-01T00:60:00Z",
           "2024-01-01T00:00:60Z",
           "2016-12-31T23:59:60Z",
           "2024-01-01T00:00:00.Z",
           "2024-01-01T00:00:00.0000000000Z",
           "2024-01-01T00:00:00,5Z",
           "2024-01-01T00:00:00+0000",
           "2024-01-01T00:00:00+00",
           "2024-01-01T00:00:00+24:00",
           "2024-01-01T00:00:00+00:60",
           "2024-01-01T00:00:00UTC",
           "2024-01-01T00:00:00ZZ",
           "1969-12-31T23:59:59Z",
           "1970-01-01T00:00:00+00:01",
           "20240101T000000Z",
           "2024-01-01T00:00:0xZ",
           "2024-01-01T-1:00:00Z",
       }) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(ClockTest, TimesBeforeTheEpochAreClampedWhereThatIsAskedFor) {
  constexpr Instant kJustBefore{std::chrono::nanoseconds(-1)};
  for (const char* text :
       {"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.25Z", "1970-01-01T00:00:00+00:01"}) {
    EXPECT_EQ(parse_rfc3339(text, BeforeEpoch::Clamped), kJustBefore) << text;
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z", BeforeEpoch::Clamped), at(0));
  EXPECT_FALSE(parse_rfc3339("0000-12-31T23:59:59Z", BeforeEpoch::Clamped));
}

TEST(Rfc3339Test, FormatPadsEveryField) {
  EXPECT_EQ(format_rfc3339(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(at(1'709'208'061)), "2024-02-29T12:01:01Z");
  EXPECT_EQ(format_rfc3339(at(-1)), "1969-12-31T23:59:59Z");
}

TEST(Rfc3339Test, FractionIsCutNotRounded) {
  const Instant when = at(1'000'000'000, 999'999'999);
  EXPECT_EQ(format_rfc3339(when), "2001-09-09T01:46:40Z");
  EXPECT_EQ(format_rfc3339(when, 3), "2001-09-09T01:46:40.999Z");
  EXPECT_EQ(format_rfc3339(when, 9), "2001-09-09T01:46:40.999999999Z");
  EXPECT_EQ(format_rfc3339(at(0, 1'000'000), 3), "1970-01-01T00:00:00.001Z");
}

TEST(Rfc3339Test, WhatIsWrittenIsReadBack) {
  for (std::int64_t day = 0; day < 80'000; day += 97) {
    const Instant when = at(day * 86'400 + day % 86'400, day * 1'001 % 1'000'000'000);
    EXPECT_EQ(parse_rfc3339(format_rfc3339(when, 9)), when) << day;
  }
}

TEST(DurationTest, UnitsAndFallingSumsAreRead) {
  struct Case {
    std::string_view text;
    std::chrono::milliseconds length;
  };
  for (const Case& c : {Case{"500ms", 500ms}, Case{"90s", 90s}, Case{"10m", 10min}, Case{"2h", 2h},
                        Case{"1h30m", 90min}, Case{"1h2m3s4ms", 1h + 2min + 3s + 4ms},
                        Case{"1m500ms", 1min + 500ms}, Case{"0s", 0ms},
                        Case{"4294967295h", std::chrono::hours{4'294'967'295}}}) {
    EXPECT_EQ(parse_duration(c.text), c.length) << c.text;
  }
}

TEST(DurationTest, EverythingElseIsRefused) {
  for (const char* text : {"",    "5",           "s",   "ms",   "-5s",   "+5s",  "5 s",  " 5s",
                           "5s ", "1.5h",        "5S",  "5d",   "30m1h", "1h1h", "5s5s", "1ms1s",
                           "5sm", "4294967296s", "5s5", "1e3s", "0x5s",  "5µs"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(SystemClockTest, TellsATimeOfThisEra) {
  EXPECT_GT(SystemClock().now(), *parse_rfc3339("2024-01-01T00:00:00Z"));
  EXPECT_LT(SystemClock().now(), *parse_rfc3339("2200-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace nono
