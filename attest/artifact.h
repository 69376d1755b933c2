// attest/artifact.h: what is said to have been signed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "dsse/statement.h"

namespace nono::attest {

// Artifact is what is said to have been signed: a file's bytes, or its SHA-256 alone.
class Artifact {
 public:
  static Artifact of_bytes(std::span<const std::byte> contents);  // borrowed
  static Artifact of_digest(const crypto::Sha256& digest);

  const std::optional<std::span<const std::byte>>& contents() const { return contents_; }
  const crypto::Sha256& sha256() const { return sha256_; }
  // digest computes the digest of the contents; nothing where only another one is known.
  std::optional<Bytes> digest(crypto::HashAlgorithm algorithm) const;

 private:
  Artifact(std::optional<std::span<const std::byte>> contents, const crypto::Sha256& sha256)
      : contents_(contents), sha256_(sha256) {}
  std::optional<std::span<const std::byte>> contents_;
  crypto::Sha256 sha256_;
};

// names reports whether some subject of the statement has the artifact's digest: at least one of a
// known kind (sha256, sha384, sha512), and no known one that differs. A kind that cannot be
// computed from a bare digest counts as unknown.
bool names(const dsse::Statement& statement, const Artifact& artifact);

}  // namespace nono::attest
