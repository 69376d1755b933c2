// attest/artifact.h: what is said to have been signed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "dsse/statement.h"

namespace nono::attest {

// Artifact is what is said to have been signed: a file's bytes, or its SHA-256 alone. It remembers
// its digests, so one serves all bundles and subjects of a file, and one thread at a time.
class Artifact {
 public:
  static Artifact of_bytes(std::span<const std::byte> contents);  // borrowed
  static Artifact of_digest(const crypto::Sha256& digest);

  const std::optional<std::span<const std::byte>>& contents() const { return contents_; }
  const crypto::Sha256& sha256() const { return sha256_; }
  // digest reads the contents once for each algorithm, however often it is asked: strangers choose
  // how many subjects a statement has. Nothing where only another digest is known.
  std::optional<Bytes> digest(crypto::HashAlgorithm algorithm) const;

 private:
  Artifact(std::optional<std::span<const std::byte>> contents, const crypto::Sha256& sha256)
      : contents_(contents), sha256_(sha256) {}
  std::optional<std::span<const std::byte>> contents_;
  crypto::Sha256 sha256_;
  mutable std::optional<Bytes> sha384_;
  mutable std::optional<Bytes> sha512_;
};

// weigh_digests: every digest of a known kind (sha256, sha384, sha512) must match, for which one a
// verifier looks at must not matter. A kind that cannot be computed from a bare digest counts as
// unknown. Where the sha256 differs, no other is computed.
enum class DigestVerdict : unsigned char { Match, Mismatch, NothingKnown };
DigestVerdict weigh_digests(const Artifact& artifact, const dsse::Subject& subject);

// names reports whether the digests of some subject of the statement match.
bool names(const dsse::Statement& statement, const Artifact& artifact);

}  // namespace nono::attest
