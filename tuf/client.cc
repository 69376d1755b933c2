// tuf/client.cc: see client.h. The numbers are sections of the specification.
#include "tuf/client.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/text.h"

namespace nono::tuf {

namespace {

template <typename T>
Result<T> about(std::string_view file, Result<T> result) {
  if (!result) {
    return std::unexpected(std::move(result).error().while_doing(printable(file)));
  }
  return result;
}

std::unexpected<Error> missing(const std::string& what) {
  return fail(ErrorKind::NotFound, "the repository has no " + what);
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").contains(c);
}

// A path is a relative one without "." and "..": it is asked for below a URL.
Result<void> check_target_path(std::string_view path) {
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    if (part.empty() || part == "." || part == "..") {
      return fail(ErrorKind::InvalidInput, "\"" + printable(path) + "\" is no path of a target");
    }
    at = slash + 1;
  }
  return {};
}

std::string encoded_path(std::string_view path) {
  std::string encoded;
  for (const char c : path) {
    encoded += c == '/' ? "/" : encoded_name(std::string_view(&c, 1));
  }
  return encoded;
}

// 3.7 and 5.7.3: a consistent snapshot has the file under its digest.
std::string download_name(std::string_view path, const TargetFile& file, const Root& root) {
  if (!root.consistent_snapshot) {
    return encoded_path(path);
  }
  const std::size_t base = path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1;
  return encoded_path(path.substr(0, base)) + hex_encode(file.digests.front().value) + "." +
         encoded_path(path.substr(base));
}

}  // namespace

std::string encoded_name(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : name) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4U];
      encoded += kDigits[byte & 0xfU];
    }
  }
  return encoded;
}

std::string Client::versioned(std::string_view role, std::int64_t version) const {
  const std::string name = encoded_name(role) + ".json";
  return trusted_->root().consistent_snapshot ? std::to_string(version) + "." + name : name;
}

Result<std::string> Client::fetch(const std::string& name, const MetaFile& file,
                                  std::size_t max) const {
  if (repository_ == nullptr) {
    return fail(ErrorKind::NotFound, "there is no verified " + name + " in the cache");
  }
  const std::size_t most = file.length ? std::min<std::uint64_t>(*file.length, max) : max;
  NONO_TRY(std::optional<std::string> text, repository_->metadata(name, most));
  if (!text) {
    return missing(name);
  }
  return *std::move(text);
}

Result<void> Client::refresh(std::string_view anchor) {
  NONO_CHECK(follow_roots(anchor));
  NONO_CHECK(keep_what_was_taken());
  NONO_CHECK(update_timestamp());
  NONO_CHECK(update_snapshot());
  return update_targets(kTargets, kRoot);
}

Result<void> Client::follow_roots(std::string_view anchor) {
  NONO_TRY(TrustedSet trusted, about("the trusted root", TrustedSet::start(anchor)));
  trusted_ = std::make_unique<TrustedSet>(std::move(trusted));
  NONO_CHECK(follow_kept_roots());
  if (repository_ != nullptr) {
    NONO_CHECK(follow_new_roots());
  }
  return about("root.json", trusted_->check_root(freshness_));
}

// What does not follow from the anchor is as if it were not there: a repository has it.
Result<void> Client::follow_kept_roots() {
  while (true) {
    NONO_TRY(const std::optional<std::string> text,
             store_->root(trusted_->root().header.version + 1));
    if (!text || !trusted_->next_root(*text)) {
      return {};
    }
  }
}

// 5.3
Result<void> Client::follow_new_roots() {
  bool more = true;
  for (int followed = 0; more && followed < kMaxRootsPerUpdate; ++followed) {
    NONO_TRY(more, follow_new_root());
  }
  return {};
}

Result<bool> Client::follow_new_root() {
  const std::int64_t version = trusted_->root().header.version + 1;
  const std::string name = std::to_string(version) + ".root.json";
  NONO_TRY(const std::optional<std::string> text, repository_->metadata(name, kMaxRootBytes));
  if (!text) {
    return false;
  }
  NONO_TRY(const Rotation rotation, about(name, trusted_->next_root(*text)));
  if (rotation == Rotation::OnlineKeys) {
    // Before the root is stored: an update that stops in between must not find them again.
    NONO_CHECK(forget_online_metadata());
  }
  NONO_CHECK(store_->write_root(version, *text));
  return true;
}

Result<void> Client::forget_online_metadata() {
  NONO_CHECK(store_->forget_metadata(kTimestamp));
  return store_->forget_metadata(kSnapshot);
}

// What the keys of today did not sign is no longer trusted, and is as if it were not there.
Result<void> Client::keep_what_was_taken() {
  NONO_TRY(const std::optional<std::string> timestamp, store_->metadata(kTimestamp));
  if (timestamp) {
    static_cast<void>(trusted_->keep_timestamp(*timestamp));
  }
  NONO_TRY(const std::optional<std::string> snapshot, store_->metadata(kSnapshot));
  if (snapshot) {
    static_cast<void>(trusted_->keep_snapshot(*snapshot));
  }
  return {};
}

// 5.4
Result<void> Client::update_timestamp() {
  const std::string name = "timestamp.json";
  if (repository_ != nullptr || trusted_->timestamp() == nullptr) {
    NONO_TRY(const std::string text, fetch(name, MetaFile{}, kMaxTimestampBytes));
    NONO_TRY(const Taken taken, about(name, trusted_->take_timestamp(text, freshness_)));
    if (taken == Taken::New) {
      NONO_CHECK(store_->write_metadata(kTimestamp, text));
    }
  }
  return about(name, trusted_->check_timestamp(freshness_));
}

// 5.5
Result<void> Client::update_snapshot() {
  NONO_TRY(const std::optional<std::string> kept, store_->metadata(kSnapshot));
  if (kept && trusted_->take_snapshot(*kept, freshness_)) {
    return {};
  }
  const MetaFile file = trusted_->timestamp()->snapshot;
  const std::string name = versioned(kSnapshot, file.version);
  NONO_TRY(const std::string text, fetch(name, file, kMaxSnapshotBytes));
  NONO_CHECK(about(name, trusted_->take_snapshot(text, freshness_)));
  return store_->write_metadata(kSnapshot, text);
}

// 5.6. What is stored is verified against the delegator of today, not that of then.
Result<void> Client::update_targets(std::string_view role, std::string_view delegator) {
  const auto listed = trusted_->snapshot()->files.find(role);
  if (listed == trusted_->snapshot()->files.end()) {
    return fail(ErrorKind::InvalidInput, "the snapshot does not name the role " + printable(role));
  }
  NONO_TRY(const std::optional<std::string> kept, store_->metadata(role));
  if (kept && trusted_->take_targets(role, delegator, *kept, freshness_)) {
    return {};
  }
  const std::string name = versioned(role, listed->second.version);
  NONO_TRY(const std::string text, fetch(name, listed->second, kMaxTargetsBytes));
  NONO_CHECK(about(name, trusted_->take_targets(role, delegator, text, freshness_)));
  return store_->write_metadata(role, text);
}

// A terminating delegation that covers the path ends the search with itself (5.6.7.2.1). The first
// one comes to lie on top.
void Client::push_delegations(const Targets& targets, std::string_view role, std::string_view path,
                              std::vector<Visit>& pending) {
  std::vector<Visit> children;
  for (const Delegation& delegation : targets.delegations) {
    if (!delegation.covers(path)) {
      continue;
    }
    children.push_back({delegation.name, std::string(role)});
    if (delegation.terminating) {
      pending.clear();
      break;
    }
  }
  std::ranges::move(children.rbegin(), children.rend(), std::back_inserter(pending));
}

Result<std::optional<TargetFile>> Client::look_in(const Visit& visit, std::string_view path,
                                                  std::vector<Visit>& pending) {
  if (visit.role != kTargets) {
    const auto updated = update_targets(visit.role, visit.delegator);
    if (!updated && updated.error().kind() == ErrorKind::NotFound) {
      // NotFound would be about the path: this role signed metadata names, and somebody keeps it
      // back.
      return fail(ErrorKind::InvalidInput, updated.error().message());
    }
    NONO_CHECK(updated);
  }
  const Targets& targets = *trusted_->targets(visit.role);
  if (const auto found = targets.files.find(path); found != targets.files.end()) {
    return found->second;
  }
  push_delegations(targets, visit.role, path, pending);
  return std::nullopt;
}

// 5.6.7: depth first, in the order of the delegations.
Result<TargetFile> Client::find(std::string_view path) {
  if (trusted_ == nullptr || trusted_->targets(kTargets) == nullptr) {
    return fail(ErrorKind::Internal, "a target is looked for before a refresh");
  }
  NONO_CHECK(check_target_path(path));
  std::vector<Visit> pending{{std::string(kTargets), std::string(kRoot)}};
  std::set<std::string> visited;
  while (!pending.empty()) {
    const Visit visit = std::move(pending.back());
    pending.pop_back();
    if (!visited.insert(visit.role).second) {
      continue;
    }
    if (visited.size() > kMaxVisitedRoles) {
      return fail(ErrorKind::Exhausted, "the target " + printable(path) + " was not found in " +
                                            std::to_string(kMaxVisitedRoles) + " roles");
    }
    NONO_TRY(const std::optional<TargetFile> found, look_in(visit, path, pending));
    if (found) {
      return *found;
    }
  }
  return missing("target " + printable(path));
}

// 5.7
Result<std::string> Client::target(std::string_view path) {
  NONO_TRY(const TargetFile file, find(path));
  NONO_TRY(std::optional<std::string> kept, store_->target(path));
  if (kept && file.admits(*kept)) {
    return *std::move(kept);
  }
  const std::string name = download_name(path, file, trusted_->root());
  if (repository_ == nullptr) {
    return fail(ErrorKind::NotFound, "there is no verified " + printable(path) + " in the cache");
  }
  if (file.length > kMaxTargetBytes) {
    return fail(ErrorKind::Exhausted, "the target " + printable(path) + " has " +
                                          std::to_string(file.length) + " bytes, over the limit");
  }
  NONO_TRY(std::optional<std::string> bytes, repository_->target(name, file.length));
  if (!bytes) {
    // Not NotFound: signed metadata says that there is one, and somebody keeps it back.
    return fail(ErrorKind::InvalidInput, "the repository has no file " + name);
  }
  NONO_CHECK(about(name, file.admits(*bytes)));
  NONO_CHECK(store_->write_target(path, *bytes));
  return *std::move(bytes);
}

}  // namespace nono::tuf
