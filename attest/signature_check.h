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
#include <utility>
#include <variant>
#include <vector>

#include "attest/artifact.h"
#include "attest/bundle.h"
#include "attest/identity.h"
#include "attest/keyring.h"
#include "attest/rejection.h"
#include "attest/root_source.h"
#include "attest/verified_facts.h"
#include "crypto/digest.h"
#include "crypto/head_start.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"

namespace nono::attest {

struct Chain;  // attest/certificate_check.h

struct KeyedProof {
  crypto::PublicKey key;  // a copy: the keyring may be gone by now
};
struct CertificateProof {
  crypto::Certificate leaf;
  crypto::Certificate issuer;
  CertificateIdentity identity;
};

// Proof is what was proven; only SignatureCheck makes one.
class [[nodiscard]] Proof {
 public:
  using Signer = std::variant<KeyedProof, CertificateProof>;
  const Signer& signer() const { return signer_; }
  const std::vector<VerifiedTime>& times() const { return times_; }
  const std::vector<VerifiedLogEntry>& log_entries() const { return log_entries_; }
  const std::vector<VerifiedSct>& scts() const { return scts_; }
  // statement is there for DSSE bundles; it was signed, and is about the artifact only where
  // check() was asked to bind it.
  const std::optional<dsse::Statement>& statement() const { return statement_; }

 private:
  friend class SignatureCheck;
  explicit Proof(Signer signer) : signer_(std::move(signer)) {}
  Signer signer_;
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
enum class SignedBy : unsigned char { Either, Key, Certificate };

// Demand is what the caller asks of a bundle beside a good signature.
struct Demand {
  SubjectRule subjects = SubjectRule::AnySubject;
  SignedBy by = SignedBy::Either;
  const IdentityPolicy* identity = nullptr;  // borrowed; a plain key never satisfies one
};

class SignatureCheck {
 public:
  // Both are borrowed. A keyed bundle asks for the root only where it carries log entries or
  // timestamps; no root at all leaves those unexamined and refuses every certificate.
  SignatureCheck(const RootSource& root, const Keyring& keys, Thresholds thresholds = {})
      : root_(&root), keys_(&keys), thresholds_(thresholds) {}

  // with lets a second thread begin with what a certificate will be asked; borrowed. The outcome is
  // the same.
  SignatureCheck& with(crypto::HeadStart* head_start) {
    head_start_ = head_start;
    return *this;
  }

  // check proves or says why not.
  std::expected<Proof, Rejection> check(const Bundle& bundle, const Artifact& artifact,
                                        const Demand& demand) const;

 private:
  using Outcome = std::expected<Proof, Rejection>;
  Outcome of_key(const Bundle& bundle, const Artifact& artifact) const;
  Outcome of_certificate(const Bundle& bundle, const Artifact& artifact,
                         const IdentityPolicy* identity) const;
  // by_certificate proves log entries, times, path and SCTs, not yet the signature.
  Outcome by_certificate(const TrustedRoot& root, const Chain& chain, const Bundle& bundle,
                         const Artifact& artifact) const;
  const RootSource* root_;
  const Keyring* keys_;
  Thresholds thresholds_;
  crypto::HeadStart* head_start_ = nullptr;
};

}  // namespace nono::attest
