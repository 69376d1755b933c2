// attest/log_check.cc: log entries and timestamps against a trusted root.
#include "attest/log_check.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "crypto/timestamp.h"

namespace nono::attest {

namespace {

Reason reason_of(rekor::LogFault fault) {
  using rekor::LogFault;
  switch (fault) {
    case LogFault::UnknownLog:
    case LogFault::ProofMissing:
      return Reason::NotLogged;
    case LogFault::PromiseInvalid:
      return Reason::SetInvalid;
    case LogFault::ProofInvalid:
      return Reason::InclusionProofInvalid;
    case LogFault::CheckpointInvalid:
      return Reason::CheckpointInvalid;
    case LogFault::EntryMismatch:
    case LogFault::Malformed:
      return Reason::LogEntryMismatch;
    case LogFault::Unsupported:
      return Reason::Unsupported;
  }
  return Reason::Unexaminable;
}

Reason reason_of(crypto::TimestampFault fault) {
  // Each of them makes the token worthless; which one, the detail says.
  static_cast<void>(fault);
  return Reason::TimestampInvalid;
}

bool same_entry(const rekor::LogEntry& one, const rekor::LogEntry& other) {
  return one.log_id == other.log_id && one.log_index == other.log_index;
}

std::string numbered(std::string_view what, std::size_t index) {
  return std::string(what) + " " + std::to_string(index) + ": ";
}

// Weighed is one token against all authorities.
using Weighed = std::expected<std::optional<VerifiedTime>, Rejection>;

Weighed weigh_token(const TrustedRoot& root, const crypto::TimestampToken& token,
                    std::span<const std::byte> signature) {
  std::optional<Rejection> standing;
  for (const TrustedTimestamper& authority : root.timestampers()) {
    const auto at = token.verify(signature, authority.signer);
    if (!at && at.error().fault == crypto::TimestampFault::UnknownAuthority) {
      continue;
    }
    if (!at) {
      standing = Rejection{reason_of(at.error().fault), at.error().detail};
    } else if (!authority.window.contains(*at)) {
      standing = Rejection{Reason::TimestampInvalid, "its time, " + utc(*at) +
                                                         ", is outside the validity of " +
                                                         authority.uri + " in the trusted root"};
    } else {
      const std::string& name =
          authority.operator_name.empty() ? authority.uri : authority.operator_name;
      return VerifiedTime{.at = *at, .source = TimeSource::Timestamp, .name = name};
    }
  }
  if (standing) {
    return std::unexpected(*std::move(standing));
  }
  return std::nullopt;
}

}  // namespace

std::expected<std::vector<rekor::LoggedEntry>, Rejection> check_log_entries(
    const TrustedRoot& root, std::span<const rekor::LogEntry> entries,
    const rekor::Submission& submission) {
  std::vector<rekor::LoggedEntry> logged;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto earlier = entries.first(i);
    if (std::ranges::any_of(earlier, [&](const auto& e) { return same_entry(e, entries[i]); })) {
      return reject(Reason::LogEntryMismatch, numbered("log entry", i) + "it is there twice");
    }
    auto entry = root.logs().check(entries[i], submission);
    if (entry) {
      logged.push_back(*std::move(entry));
    } else if (entry.error().fault != rekor::LogFault::UnknownLog) {
      return reject(reason_of(entry.error().fault),
                    numbered("log entry", i) + entry.error().detail);
    }
  }
  return logged;
}

std::expected<std::vector<VerifiedTime>, Rejection> check_timestamps(
    const TrustedRoot& root, std::span<const Bytes> tokens, std::span<const std::byte> signature) {
  std::vector<VerifiedTime> times;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Result<crypto::TimestampToken> token = crypto::TimestampToken::parse_response(tokens[i]);
    if (!token) {
      return reject(Reason::TimestampInvalid, numbered("timestamp", i) + token.error().message());
    }
    Weighed weighed = weigh_token(root, *token, signature);
    if (!weighed) {
      return reject(weighed.error().reason, numbered("timestamp", i) + weighed.error().detail);
    }
    if (std::optional<VerifiedTime>& time = *weighed) {
      times.push_back(*std::move(time));
    }
  }
  return times;
}

std::size_t count_logs(std::span<const rekor::LoggedEntry> entries) {
  std::set<std::string> names;
  for (const rekor::LoggedEntry& entry : entries) {
    if (entry.proven()) {
      names.insert(entry.operator_name().empty() ? "log " + entry.log_id().hex()
                                                 : "operator " + entry.operator_name());
    }
  }
  return names.size();
}

std::expected<void, Rejection> check_log_validity(std::span<const rekor::LoggedEntry> entries,
                                                  std::span<const VerifiedTime> times) {
  for (const rekor::LoggedEntry& entry : entries) {
    for (const VerifiedTime& time : times) {
      if (!entry.integrated_at() && !entry.log_valid_at(time.at)) {
        return reject(Reason::NotLogged, "the key of the log " + entry.log_name() +
                                             " was not valid at " + utc(time.at));
      }
    }
  }
  return {};
}

}  // namespace nono::attest
