// tuf/client.h: the workflow of a TUF client (specification 5) over a repository and a store.
//
// Neither is trusted: what either says is verified before it is used, and only what is verified is
// stored, in the order of the specification. A root that has been followed and a timestamp that has
// been verified stay stored when a later step fails: that is what protects the next update.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tuf/trusted_set.h"

namespace nono::tuf {

// What is fetched at most; a length in signed metadata lowers it.
inline constexpr std::size_t kMaxRootBytes = 512u << 10;
inline constexpr std::size_t kMaxTimestampBytes = 16u << 10;
inline constexpr std::size_t kMaxSnapshotBytes = 2u << 20;
inline constexpr std::size_t kMaxTargetsBytes = 5u << 20;
inline constexpr std::size_t kMaxTargetBytes = 64u << 20;
inline constexpr int kMaxRootsPerUpdate = 256;
inline constexpr std::size_t kMaxVisitedRoles = 32;  // in the search for one target

// Repository fetches. Nothing where the repository says that there is no such file (403, 404); an
// Error where there is more than `max_bytes`. Names are encoded for a URL.
class Repository {
 public:
  virtual ~Repository() = default;
  virtual Result<std::optional<std::string>> metadata(const std::string& name,
                                                      std::size_t max_bytes) = 0;
  virtual Result<std::optional<std::string>> target(const std::string& path,
                                                    std::size_t max_bytes) = 0;
};

// Store keeps files from one update to the next; nothing where there is none. Roles and paths are
// foreign text, to be encoded by the store. write replaces all or nothing.
class Store {
 public:
  virtual ~Store() = default;
  virtual Result<std::optional<std::string>> metadata(std::string_view role) const = 0;
  virtual Result<std::optional<std::string>> root(std::int64_t version) const = 0;
  virtual Result<std::optional<std::string>> target(std::string_view path) const = 0;
  virtual Result<void> write_metadata(std::string_view role, std::string_view text) = 0;
  virtual Result<void> write_root(std::int64_t version, std::string_view text) = 0;
  virtual Result<void> write_target(std::string_view path, std::string_view bytes) = 0;
  virtual Result<void> forget_metadata(std::string_view role) = 0;
};

class Client {
 public:
  // Repository and store must outlive the client; `now` is the time of the whole update (5.2).
  Client(Repository& repository, Store& store, Instant now)
      : repository_(&repository), store_(&store), freshness_(Freshness::as_of(now)) {}
  // offline reads a store back: everything is verified again, only that something has expired since
  // is no matter. The store is not written.
  static Client offline(Store& store) { return {nullptr, store, Freshness::accept_expired()}; }

  // refresh goes from `anchor`, a root that is trusted beforehand, to the newest targets.
  Result<void> refresh(std::string_view anchor);
  // find looks `path` up, after a refresh (Internal before it); NotFound where no role that is
  // asked knows it, Exhausted after kMaxVisitedRoles.
  Result<TargetFile> find(std::string_view path);
  // target returns the bytes, from the store where they are right there; NotFound as find, and not
  // where the repository keeps back what its metadata names.
  Result<std::string> target(std::string_view path);

  // trusted is null before refresh.
  const TrustedSet* trusted() const { return trusted_.get(); }

 private:
  struct Visit {
    std::string role;
    std::string delegator;
  };
  Client(Repository* repository, Store& store, Freshness freshness)
      : repository_(repository), store_(&store), freshness_(freshness) {}
  Result<void> follow_roots(std::string_view anchor);
  Result<void> follow_kept_roots();
  Result<void> follow_new_roots();
  Result<bool> follow_new_root();  // whether there was one
  Result<void> forget_online_metadata();
  Result<void> keep_what_was_taken();
  Result<void> update_timestamp();
  Result<void> update_snapshot();
  Result<void> update_targets(std::string_view role, std::string_view delegator);
  // look_in looks into one role, and puts what it delegates `path` to on top of `pending`.
  Result<std::optional<TargetFile>> look_in(const Visit& visit, std::string_view path,
                                            std::vector<Visit>& pending);
  static void push_delegations(const Targets& targets, std::string_view role, std::string_view path,
                               std::vector<Visit>& pending);
  Result<std::string> fetch(const std::string& name, const MetaFile& file, std::size_t max) const;
  std::string versioned(std::string_view role, std::int64_t version) const;

  Repository* repository_;
  Store* store_;
  Freshness freshness_;
  std::unique_ptr<TrustedSet> trusted_;
};

// encoded_name spells a role or path so that it is one component of a URL or file name:
// letters, digits and -._~ stay, other bytes become %XX.
std::string encoded_name(std::string_view name);

}  // namespace nono::tuf
