// attest/verified_facts.h: what a verification found to be true, and how much of it is demanded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "attest/trusted_root.h"

namespace nono::attest {

// Thresholds count distinct logs (by operator where the root names one) and authorities. They apply
// to certificate bundles; a keyed bundle needs no log, but a log entry that it carries must verify
// where a trusted root was given.
struct Thresholds {
  std::size_t log_entries = 1;
  std::size_t scts = 1;
  std::size_t times = 1;
};

enum class TimeSource : unsigned char { Timestamp, LogPromise };
struct VerifiedTime {
  Time at;
  TimeSource source;
  std::string name;  // the authority's URI or the log's host
};
struct VerifiedLogEntry {
  std::string log;  // host
  std::uint64_t index;
  std::optional<Time> integrated_at;
  bool proven;  // an inclusion proof, not the promise alone
};
struct VerifiedSct {
  std::string log;  // base URL
  Time at;
};

// from_seconds is a time that a log wrote: one beyond the year 9999, which a Time need not hold, is
// the end of that; one before 1970 is its start.
Time from_seconds(std::chrono::sys_seconds at);

// utc is RFC 3339 for people, with milliseconds where there are any; a time beyond the range of
// Instant is written as the end of that.
std::string utc(Time at);

}  // namespace nono::attest
