// tuf/metadata.h: the four kinds of TUF metadata as values (specification 4.3 to 4.6).
//
// Parsing says nothing about trust: who may sign a file, and whether it may follow what is trusted
// already, is TrustedSet's. Unknown members are left alone; they are under the signature all the
// same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "tuf/key.h"

namespace nono::tuf {

inline constexpr std::string_view kRoot = "root";
inline constexpr std::string_view kTimestamp = "timestamp";
inline constexpr std::string_view kSnapshot = "snapshot";
inline constexpr std::string_view kTargets = "targets";

struct Header {
  std::int64_t version = 0;
  Instant expires;
};

// Digest is one entry of `hashes`.
struct Digest {
  crypto::HashAlgorithm algorithm;
  Bytes value;
  std::string_view name() const;  // "sha256"
  bool matches(std::string_view text) const;
};

using Keys = std::map<std::string, Key, std::less<>>;  // by key id

struct Role {
  std::vector<std::string> key_ids;  // each once
  std::size_t threshold = 0;
};

struct Root {
  static Result<Root> parse(const JsonView& signed_part);
  Header header;
  bool consistent_snapshot = false;
  Keys keys;
  Role root;
  Role timestamp;
  Role snapshot;
  Role targets;
};

// MetaFile is what timestamp and snapshot say of another metadata file.
struct MetaFile {
  std::int64_t version = 0;
  std::optional<std::uint64_t> length;
  std::vector<Digest> digests;
  // admits compares length and digests, where they are given. InvalidInput.
  Result<void> admits(std::string_view text) const;
};

struct Timestamp {
  static Result<Timestamp> parse(const JsonView& signed_part);
  Header header;
  MetaFile snapshot;
};

struct Snapshot {
  static Result<Snapshot> parse(const JsonView& signed_part);
  Header header;
  std::map<std::string, MetaFile, std::less<>> files;  // by role, without ".json"
};

struct TargetFile {
  std::uint64_t length = 0;
  std::vector<Digest> digests;  // at least one
  Result<void> admits(std::string_view bytes) const;
};

// Delegation gives a role the say over some paths; of `paths` and `hash_prefixes` one is used.
struct Delegation {
  std::string name;
  Role role;
  std::vector<std::string> paths;
  std::vector<std::string> hash_prefixes;  // lower-case hexadecimal
  bool terminating = false;
  bool covers(std::string_view target) const;
};

struct Targets {
  static Result<Targets> parse(const JsonView& signed_part);
  Header header;
  std::map<std::string, TargetFile, std::less<>> files;  // by path
  Keys keys;                                             // of the delegations
  std::vector<Delegation> delegations;                   // in order of priority
  const Delegation* delegation_to(std::string_view role) const;
};

}  // namespace nono::tuf
