// tuf/trusted_set.h: what a client trusts, and how it comes to trust more (specification 5.3
// to 5.7).
//
// It starts from one root that is trusted beforehand and grows by metadata that what is trusted
// vouches for: a function of bytes and time, without network, files or clock. A refusal (always
// InvalidInput, or what Json::parse says) changes nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tuf/envelope.h"
#include "tuf/metadata.h"

namespace nono::tuf {

// Freshness says whether expired metadata is refused. It is not where a cache is read back that was
// fresh when it was filled.
class Freshness {
 public:
  static Freshness as_of(Instant now) { return Freshness(now); }
  static Freshness accept_expired() { return Freshness(std::nullopt); }
  Result<void> check(Instant expires) const;

 private:
  explicit Freshness(std::optional<Instant> now) : now_(now) {}
  std::optional<Instant> now_;
};

enum class Rotation : unsigned char { None, OnlineKeys };
enum class Taken : unsigned char { New, Same };

class TrustedSet {
 public:
  // start takes the trusted root; it must bear a threshold of its own keys' signatures.
  static Result<TrustedSet> start(std::string_view root);

  const Root& root() const { return root_; }
  // timestamp, snapshot and targets are null until there is one.
  const Timestamp* timestamp() const { return timestamp_ ? &*timestamp_ : nullptr; }
  const Snapshot* snapshot() const { return snapshot_ ? &*snapshot_ : nullptr; }
  const Targets* targets(std::string_view role) const;
  const std::map<std::string, Targets, std::less<>>& roles() const { return targets_; }

  // next_root takes the root that follows: version one higher, signed by thresholds of the old and
  // of the new root. Whether a root has expired matters for the last one only: check_root. Where
  // the timestamp's or the snapshot's role lost a key, what those keys signed must be forgotten
  // (5.3.11): OnlineKeys.
  Result<Rotation> next_root(std::string_view text);
  Result<void> check_root(Freshness freshness) const;

  // keep_timestamp and keep_snapshot take what an earlier update took, for what must not be rolled
  // back; only its signatures are checked.
  Result<void> keep_timestamp(std::string_view text);
  Result<void> keep_snapshot(std::string_view text);

  // take_timestamp: neither its version nor that of its snapshot goes back. The same version as the
  // trusted one is the same file, whatever it says.
  Result<Taken> take_timestamp(std::string_view text, Freshness freshness);
  Result<void> check_timestamp(Freshness freshness) const;
  // take_snapshot: the file that the timestamp names, in which no file is missing or goes back.
  Result<void> take_snapshot(std::string_view text, Freshness freshness);
  // take_targets: the file of `role` that the snapshot names, signed as `delegator` (a role that
  // was taken, or "root" for the top) says.
  Result<void> take_targets(std::string_view role, std::string_view delegator,
                            std::string_view text, Freshness freshness);

 private:
  explicit TrustedSet(Root root) : root_(std::move(root)) {}
  Result<JsonView> open_as(const Envelope& envelope, std::string_view role,
                           std::string_view delegator) const;
  Result<void> check_no_rollback(const Snapshot& next) const;
  Result<Snapshot> open_snapshot(std::string_view text) const;

  Root root_;
  std::optional<Timestamp> timestamp_;
  std::optional<Snapshot> snapshot_;
  std::map<std::string, Targets, std::less<>> targets_;
};

}  // namespace nono::tuf
