// tuf/trusted_set.cc: see trusted_set.h. The numbers are sections of the specification.
#include "tuf/trusted_set.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace nono::tuf {

namespace {

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::InvalidInput, std::move(why));
}

Result<void> none_yet(std::string_view role) {
  return refuse("there is no trusted " + std::string(role) + " yet");
}

std::string versions(std::int64_t found, std::int64_t expected) {
  return "has version " + std::to_string(found) + ", not " + std::to_string(expected);
}

Result<void> check_version(const Header& header, std::int64_t expected) {
  if (header.version != expected) {
    return refuse(versions(header.version, expected));
  }
  return {};
}

// lost_a_key: a key that counted counts no more.
bool lost_a_key(const Role& before, const Keys& keys_before, const Role& after,
                const Keys& keys_after) {
  return std::ranges::any_of(before.key_ids, [&](const std::string& id) {
    const auto old_key = keys_before.find(id);
    const auto new_key = keys_after.find(id);
    if (std::ranges::find(after.key_ids, id) == after.key_ids.end() ||
        (old_key == keys_before.end()) != (new_key == keys_after.end())) {
      return true;
    }
    if (old_key == keys_before.end()) {
      return false;
    }
    const crypto::Sha256* const a = old_key->second.fingerprint();
    const crypto::Sha256* const b = new_key->second.fingerprint();
    return (a == nullptr) != (b == nullptr) || (a != nullptr && *a != *b);
  });
}

Result<Root> read_next_root(const Envelope& envelope, const Root& trusted) {
  NONO_TRY(const JsonView view, envelope.opened_by(trusted.root, trusted.keys));
  NONO_TRY(Root next, Root::parse(view));
  NONO_CHECK(check_version(next.header, trusted.header.version + 1));
  auto own = envelope.opened_by(next.root, next.keys);
  if (!own) {
    return std::unexpected(std::move(own).error().while_doing("by its own keys"));
  }
  return next;
}

}  // namespace

Result<void> Freshness::check(Instant expires) const {
  if (now_ && *now_ >= expires) {
    return refuse("expired on " + format_rfc3339(expires));
  }
  return {};
}

Result<TrustedSet> TrustedSet::start(std::string_view text) {
  NONO_TRY(const Envelope envelope, Envelope::parse(text));
  NONO_TRY(Root root, Root::parse(envelope.unverified()));
  NONO_CHECK(envelope.opened_by(root.root, root.keys));
  return TrustedSet(std::move(root));
}

const Targets* TrustedSet::targets(std::string_view role) const {
  const auto found = targets_.find(role);
  return found == targets_.end() ? nullptr : &found->second;
}

// 5.3.4 to 5.3.7
Result<Rotation> TrustedSet::next_root(std::string_view text) {
  NONO_TRY(const Envelope envelope, Envelope::parse(text));
  NONO_TRY(Root next, read_next_root(envelope, root_));
  const bool lost = lost_a_key(root_.timestamp, root_.keys, next.timestamp, next.keys) ||
                    lost_a_key(root_.snapshot, root_.keys, next.snapshot, next.keys);
  root_ = std::move(next);
  return lost ? Rotation::OnlineKeys : Rotation::None;
}

Result<void> TrustedSet::check_root(Freshness freshness) const {
  return freshness.check(root_.header.expires);
}

Result<void> TrustedSet::keep_timestamp(std::string_view text) {
  NONO_TRY(const Envelope envelope, Envelope::parse(text));
  NONO_TRY(const JsonView view, envelope.opened_by(root_.timestamp, root_.keys));
  NONO_TRY(timestamp_, Timestamp::parse(view));
  return {};
}

Result<void> TrustedSet::keep_snapshot(std::string_view text) {
  NONO_TRY(const Envelope envelope, Envelope::parse(text));
  NONO_TRY(const JsonView view, envelope.opened_by(root_.snapshot, root_.keys));
  NONO_TRY(snapshot_, Snapshot::parse(view));
  return {};
}

// 5.4
Result<Taken> TrustedSet::take_timestamp(std::string_view text, Freshness freshness) {
  NONO_TRY(const Envelope envelope, Envelope::parse(text));
  NONO_TRY(const JsonView view, envelope.opened_by(root_.timestamp, root_.keys));
  NONO_TRY(Timestamp next, Timestamp::parse(view));
  if (timestamp_) {
    const std::int64_t trusted = timestamp_->header.version;
    if (next.header.version < trusted) {
      return refuse("goes back from version " + std::to_string(trusted) + " to " +
                    std::to_string(next.header.version));
    }
    if (next.header.version == trusted) {
      return Taken::Same;
    }
    if (next.snapshot.version < timestamp_->snapshot.version) {
      return refuse("takes the snapshot back from version " +
                    std::to_string(timestamp_->snapshot.version) + " to " +
                    std::to_string(next.snapshot.version));
    }
  }
  NONO_CHECK(freshness.check(next.header.expires));
  timestamp_ = std::move(next);
  return Taken::New;
}

Result<void> TrustedSet::check_timestamp(Freshness freshness) const {
  return timestamp_ ? freshness.check(timestamp_->header.expires) : none_yet(kTimestamp);
}

// 5.5.5
Result<void> TrustedSet::check_no_rollback(const Snapshot& next) const {
  if (!snapshot_) {
    return {};
  }
  for (const auto& [role, trusted] : snapshot_->files) {
    const auto found = next.files.find(role);
    if (found == next.files.end()) {
      return refuse("no longer names " + printable(role));
    }
    if (found->second.version < trusted.version) {
      return refuse("takes " + printable(role) + " back from version " +
                    std::to_string(trusted.version) + " to " +
                    std::to_string(found->second.version));
    }
  }
  return {};
}

Result<Snapshot> TrustedSet::open_snapshot(std::string_view text) const {
  NONO_TRY(const Envelope envelope, Envelope::parse(text));
  NONO_TRY(const JsonView view, envelope.opened_by(root_.snapshot, root_.keys));
  return Snapshot::parse(view);
}

// 5.5
Result<void> TrustedSet::take_snapshot(std::string_view text, Freshness freshness) {
  if (!timestamp_) {
    return none_yet(kTimestamp);
  }
  NONO_CHECK(timestamp_->snapshot.admits(text));
  NONO_TRY(Snapshot next, open_snapshot(text));
  NONO_CHECK(check_version(next.header, timestamp_->snapshot.version));
  NONO_CHECK(check_no_rollback(next));
  NONO_CHECK(freshness.check(next.header.expires));
  snapshot_ = std::move(next);
  return {};
}

Result<JsonView> TrustedSet::open_as(const Envelope& envelope, std::string_view role,
                                     std::string_view delegator) const {
  if (delegator == kRoot) {
    return envelope.opened_by(root_.targets, root_.keys);
  }
  const Targets* const above = targets(delegator);
  const Delegation* const delegation = above == nullptr ? nullptr : above->delegation_to(role);
  if (delegation == nullptr) {
    return refuse(printable(delegator) + " does not delegate to it");
  }
  return envelope.opened_by(delegation->role, above->keys);
}

// 5.6
Result<void> TrustedSet::take_targets(std::string_view role, std::string_view delegator,
                                      std::string_view text, Freshness freshness) {
  if (!snapshot_) {
    return none_yet(kSnapshot);
  }
  const auto listed = snapshot_->files.find(role);
  if (listed == snapshot_->files.end()) {
    return refuse("is not in the snapshot");
  }
  NONO_CHECK(listed->second.admits(text));
  NONO_TRY(const Envelope envelope, Envelope::parse(text));
  NONO_TRY(const JsonView view, open_as(envelope, role, delegator));
  NONO_TRY(Targets next, Targets::parse(view));
  NONO_CHECK(check_version(next.header, listed->second.version));
  NONO_CHECK(freshness.check(next.header.expires));
  targets_.insert_or_assign(std::string(role), std::move(next));
  return {};
}

}  // namespace nono::tuf
