// attest/artifact.cc: digests of an artifact, and whether a statement has them.
#include "attest/artifact.h"

#include <algorithm>
#include <string>

#include "crypto/hash_names.h"

namespace nono::attest {

namespace {

const std::string* digest_in(const dsse::Subject& subject, crypto::HashAlgorithm algorithm) {
  const auto found = std::ranges::find_if(subject.digests, [&](const auto& digest) {
    return crypto::hash_named(digest.first) == algorithm;
  });
  return found == subject.digests.end() ? nullptr : &found->second;
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
  std::optional<Bytes>& known = algorithm == crypto::HashAlgorithm::Sha384 ? sha384_ : sha512_;
  if (!known) {
    known = crypto::hash(algorithm, *contents_);
  }
  return known;
}

DigestVerdict weigh_digests(const Artifact& artifact, const dsse::Subject& subject) {
  using crypto::HashAlgorithm;
  DigestVerdict verdict = DigestVerdict::NothingKnown;
  for (const auto algorithm :
       {HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512}) {
    const std::string* const hex = digest_in(subject, algorithm);
    const std::optional<Bytes> digest = hex != nullptr ? artifact.digest(algorithm) : std::nullopt;
    if (!digest) {
      continue;
    }
    if (hex_encode(*digest) != *hex) {
      return DigestVerdict::Mismatch;
    }
    verdict = DigestVerdict::Match;
  }
  return verdict;
}

bool names(const dsse::Statement& statement, const Artifact& artifact) {
  return std::ranges::any_of(statement.subjects(), [&](const dsse::Subject& subject) {
    return weigh_digests(artifact, subject) == DigestVerdict::Match;
  });
}

}  // namespace nono::attest
