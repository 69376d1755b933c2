// rekor/log_entry.h: what a bundle carries of a transparency log, and what must have been logged.
//
// All of it is untrusted: shapes and lengths are right, nothing else. Sources: protobuf-specs
// (sigstore_rekor.proto), rekor and rekor-tiles.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

namespace nono::rekor {

struct InclusionProof {
  std::uint64_t log_index = 0;  // within the shard
  crypto::Sha256 root;
  std::uint64_t tree_size = 0;
  std::vector<crypto::Sha256> path;  // leaf to root
  std::string checkpoint;            // signed note, as it stands
};

// LogEntry is a TransparencyLogEntry. Rekor v1 gives a promise (signed entry timestamp) and a time,
// v2 only a proof.
struct LogEntry {
  std::uint64_t log_index = 0;  // global
  crypto::Sha256 log_id;
  std::string kind;
  std::string version;
  std::optional<std::int64_t> integrated_time;  // seconds since 1970; true only with a good promise
  std::optional<Bytes> promise;                 // signedEntryTimestamp
  std::optional<InclusionProof> proof;
  Bytes body;  // canonicalizedBody
};

// SignedDigests are of what was signed: the artifact, or the PAE of an envelope. A file or an
// envelope has all three; where only the artifact's SHA-256 was given, the others are empty.
struct SignedDigests {
  crypto::Sha256 sha256;
  Bytes sha384;
  Bytes sha512;
};

// EnvelopeParts is a DSSE envelope with one signature, as far as a log knows it.
struct EnvelopeParts {
  std::string payload_type;
  crypto::Sha256 payload_sha256;  // of the decoded payload
};

// Submission is what an entry must be about: everything in it comes from the bundle and the file,
// nothing from the log. Borrowed spans must outlive it.
struct Submission {
  std::span<const std::byte> signature;        // raw bytes
  const crypto::PublicKey* key;                // the signer's: of the certificate, or the plain key
  std::span<const std::byte> certificate_der;  // empty: signed with a plain key
  SignedDigests digests;
  std::optional<EnvelopeParts> envelope;  // none: a bare signature over the artifact
};

}  // namespace nono::rekor
