// attest/log_check.h: which transparency logs have the signature, and when it was made. Internal to
// attest/.
#pragma once

#include <expected>
#include <span>
#include <vector>

#include "attest/bundle.h"
#include "attest/rejection.h"
#include "attest/trusted_root.h"
#include "attest/verified_facts.h"
#include "rekor/log_entry.h"
#include "rekor/log_keyring.h"

namespace nono::attest {

// check_log_entries verifies every entry of a log that the root names; entries of other logs count
// for nothing. One bad entry refuses the bundle; so does the same entry twice.
std::expected<std::vector<rekor::LoggedEntry>, Rejection> check_log_entries(
    const TrustedRoot& root, std::span<const rekor::LogEntry> entries,
    const rekor::Submission& submission);

// check_timestamps verifies every token of an authority that the root names; tokens of others count
// for nothing. One that does not parse or verify refuses the bundle.
std::expected<std::vector<VerifiedTime>, Rejection> check_timestamps(
    const TrustedRoot& root, std::span<const Bytes> tokens, std::span<const std::byte> signature);

// count_logs counts distinct logs (by operator where one is named) that prove inclusion: a promise
// alone is none.
std::size_t count_logs(std::span<const rekor::LoggedEntry> entries);

// check_log_validity holds the keys of logs without a time of their own (Rekor v2) against the
// verified times.
std::expected<void, Rejection> check_log_validity(std::span<const rekor::LoggedEntry> entries,
                                                  std::span<const VerifiedTime> times);

}  // namespace nono::attest
