// attest/signature_check.h: does a Sigstore bundle prove that somebody signed this artifact?
//
// The one check of signatures, for keyed and certificate bundles, for nono's own verdicts
// (verifier.h) and for foreign bundles (`trust verify --certificate-identity …`). It reads no
// clock, no file and no network. Order (docs/verification.md): log entries, verified times,
// certificate path at every one of them, SCTs, identity, signature, artifact.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "attest/bundle.h"
#include "attest/identity.h"
#include "attest/keyring.h"
#include "attest/rejection.h"
#include "attest/trusted_root.h"
#include "crypto/digest.h"
#include "dsse/envelope.h"
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

// Thresholds count distinct logs (by operator where the root names one) and authorities. They apply
// to certificate bundles; a keyed bundle needs no log, but a log entry that it carries must verify
// where a trusted root was given.
struct Thresholds {
  std::size_t log_entries = 1;
  std::size_t scts = 1;
  std::size_t times = 1;
};

enum class TimeSource : unsigned char { Timestamp, LogPromise };
struct VerifiedTime {
  Time at;
  TimeSource source;
  std::string name;  // the authority's URI or the log's host
};
struct VerifiedLogEntry {
  std::string log;  // host
  std::uint64_t index;
  std::optional<Time> integrated_at;
  bool proven;  // an inclusion proof, not the promise alone
};
struct VerifiedSct {
  std::string log;  // base URL
  std::chrono::sys_time<std::chrono::milliseconds> at;
};

struct KeyedProof {
  const KeyringEntry* entry;  // of the keyring that was given
};
struct CertificateProof {
  crypto::Certificate leaf;
  crypto::Certificate issuer;
  CertificateIdentity identity;
};

// Proof is what was proven; only SignatureCheck makes one.
class [[nodiscard]] Proof {
 public:
  const std::variant<KeyedProof, CertificateProof>& signer() const { return signer_; }
  const std::vector<VerifiedTime>& times() const { return times_; }
  const std::vector<VerifiedLogEntry>& log_entries() const { return log_entries_; }
  const std::vector<VerifiedSct>& scts() const { return scts_; }
  // statement is there for DSSE bundles; it was signed, and is about the artifact only where
  // check() was asked to bind it.
  const std::optional<dsse::Statement>& statement() const { return statement_; }

 private:
  friend class SignatureCheck;
  Proof() = default;
  std::variant<KeyedProof, CertificateProof> signer_;
  std::vector<VerifiedTime> times_;
  std::vector<VerifiedLogEntry> log_entries_;
  std::vector<VerifiedSct> scts_;
  std::optional<dsse::Statement> statement_;
};

// What check() has to do with the statement of a DSSE bundle.
enum class SubjectRule : unsigned char {
  AnySubject,  // some subject has the artifact's digest (foreign bundles)
  Caller,      // the caller compares subjects itself (nono's own predicates have names)
};

class SignatureCheck {
 public:
  // Either may be null: without a root no certificate bundle verifies, without a ring no keyed one.
  SignatureCheck(const TrustedRoot* root, const Keyring* keys, Thresholds thresholds = {})
      : root_(root), keys_(keys), thresholds_(thresholds) {}

  // check proves or says why not; `identity` is demanded of certificate bundles where given.
  std::expected<Proof, Rejection> check(const Bundle& bundle, const Artifact& artifact,
                                        SubjectRule rule,
                                        const IdentityPolicy* identity = nullptr) const;

 private:
  const TrustedRoot* root_;
  const Keyring* keys_;
  Thresholds thresholds_;
};

}  // namespace nono::attest
