// attest/artifact.cc: digests of an artifact, and whether a statement has them.
#include "attest/artifact.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "crypto/hash_names.h"

namespace nono::attest {

namespace {

// Every digest of a known kind must match: which one a verifier looks at must not matter.
bool names_digest(const dsse::Subject& subject, const Artifact& artifact) {
  bool matched = false;
  for (const auto& [name, hex] : subject.digests) {
    const auto algorithm = crypto::hash_named(name);
    const auto digest = algorithm ? artifact.digest(*algorithm) : std::nullopt;
    if (!digest) {
      continue;
    }
    if (hex_encode(*digest) != hex) {
      return false;
    }
    matched = true;
  }
  return matched;
}

}  // namespace

Artifact Artifact::of_bytes(std::span<const std::byte> contents) {
  return {contents, crypto::Sha256::of(contents)};
}

Artifact Artifact::of_digest(const crypto::Sha256& digest) {
  return {std::nullopt, digest};
}

std::optional<Bytes> Artifact::digest(crypto::HashAlgorithm algorithm) const {
  if (algorithm == crypto::HashAlgorithm::Sha256) {
    const std::span<const std::byte> raw = sha256_.bytes();
    return Bytes(raw.begin(), raw.end());
  }
  if (!contents_) {
    return std::nullopt;
  }
  return crypto::hash(algorithm, *contents_);
}

bool names(const dsse::Statement& statement, const Artifact& artifact) {
  return std::ranges::any_of(statement.subjects(), [&](const dsse::Subject& subject) {
    return names_digest(subject, artifact);
  });
}

}  // namespace nono::attest
