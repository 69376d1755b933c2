// rekor/log_keyring.h: the logs that are trusted, and the one check that an entry is in one of
// them.
//
// LoggedEntry has no other maker: holding one is proof that a trusted log, within its validity,
// contains an entry about exactly this signature, key and artifact.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crypto/digest.h"
#include "crypto/keys.h"
#include "rekor/log_entry.h"

namespace nono::rekor {

using Time = std::chrono::sys_seconds;  // of a log: whole seconds
using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

// Log is one instance of a trusted root's tlogs.
struct Log {
  std::string base_url;       // with or without a scheme
  std::string operator_name;  // may be empty; else thresholds count operators
  crypto::Sha256 log_id;
  // checkpoint_key_id is the (untruncated) id that a checkpoint's key hint is the head of; for
  // Rekor v1 it is log_id.
  crypto::Sha256 checkpoint_key_id;
  crypto::PublicKey key;
  Moment valid_from;
  std::optional<Moment> valid_until;  // inclusive

  bool valid_at(Moment at) const {
    return valid_from <= at && (!valid_until || at <= *valid_until);
  }
  // valid_at takes any second that a log may write, also one that no Moment holds.
  bool valid_at(Time at) const {
    const auto last = last_second();
    return first_second() <= at && (!last || at <= *last);
  }
  Time first_second() const { return std::chrono::ceil<std::chrono::seconds>(valid_from); }
  std::optional<Time> last_second() const {
    return valid_until.transform(
        [](Moment end) { return std::chrono::floor<std::chrono::seconds>(end); });
  }
  // host is base_url without scheme and trailing slashes: the name of a Rekor v2 log in its
  // checkpoints. Port and path belong to it.
  std::string host() const;
};

enum class LogFault : unsigned char {
  UnknownLog,         // not in the trusted root, or outside the log's validity
  PromiseInvalid,     // signed entry timestamp
  ProofMissing,       // no promise and no proof, or none where this log demands one
  ProofInvalid,       // does not lead to the root, or says other than the checkpoint
  CheckpointInvalid,  // malformed, unsigned by this log, or of another log
  EntryMismatch,      // the entry is about something else than the bundle
  Malformed,          // the body is not what its kind and version say
  Unsupported,        // a kind or version of body that is not read
};
struct LogError {
  LogFault fault;
  std::string detail;
};

// LoggedEntry: this submission is in a log that we trust.
class [[nodiscard]] LoggedEntry {
 public:
  const crypto::Sha256& log_id() const { return log_id_; }
  const std::string& log_name() const { return log_name_; }  // host, for people
  const std::string& operator_name() const { return operator_name_; }
  // log_index is what the log vouches for: global where it promised, else within the shard that
  // was proven (Rekor v2 has one).
  std::uint64_t log_index() const { return log_index_; }
  // integrated_at is there only where the log signed it (a verified promise of Rekor v1).
  std::optional<Time> integrated_at() const { return integrated_at_; }
  bool proven() const { return proven_; }  // an inclusion proof verified, not the promise alone
  // log_valid_at is the validity of the log's key, in all windows that the trusted root gives it:
  // without integrated_at the caller holds the verified timestamps against it.
  bool log_valid_at(Moment at) const {
    return std::ranges::any_of(windows_, [at](const Log& log) { return log.valid_at(at); });
  }

 private:
  friend class LogKeyring;
  LoggedEntry(const Log& log, std::uint64_t log_index, std::optional<Time> at, bool proven,
              std::vector<Log> windows)
      : log_id_(log.log_id),
        log_name_(log.host()),
        operator_name_(log.operator_name),
        log_index_(log_index),
        integrated_at_(at),
        proven_(proven),
        windows_(std::move(windows)) {}
  crypto::Sha256 log_id_;
  std::string log_name_;
  std::string operator_name_;
  std::uint64_t log_index_;
  std::optional<Time> integrated_at_;
  bool proven_;
  std::vector<Log> windows_;  // the instances with this log's id and key
};

class LogKeyring {
 public:
  void add(Log log) { logs_.push_back(std::move(log)); }
  std::span<const Log> logs() const { return logs_; }

  // check verifies whatever `entry` carries: promise, proof and checkpoint all where present, and
  // the body against `submission`. A v1 entry needs a promise or a proof, a v2 entry (hashedrekord
  // 0.0.2) a proof, and its integrated_time is ignored.
  std::expected<LoggedEntry, LogError> check(const LogEntry& entry,
                                             const Submission& submission) const;

 private:
  std::vector<Log> logs_;
};

}  // namespace nono::rekor
