// attest/verifier.cc: the one way from bytes and evidence to a VerifiedStatement.
#include "attest/verifier.h"

#include <optional>
#include <utility>

#include "attest/bundle.h"
#include "attest/claims.h"
#include "attest/keyless_signer.h"
#include "attest/signatory.h"
#include "attest/signature_check.h"
#include "attest/subject.h"

namespace nono::attest {

namespace {

// Trial is one bundle against one file; everything is borrowed.
struct Trial {
  const RootSource& root;
  const Keyring& keys;
  const Specimen& specimen;
  const Evidence& evidence;
  Purpose purpose;
};

// Weighed is what a bundle yields before it becomes a VerifiedStatement.
struct Weighed {
  SignerIdentity signer;
  std::string predicate_type;
  NameBinding binding;
};
using Weight = std::expected<Weighed, Rejection>;

Signatory signatory_of(const Keyring& keys, const Proof& proof) {
  if (const auto* keyed = std::get_if<KeyedProof>(&proof.signer())) {
    return {keys, keyed->entry->key.fingerprint()};
  }
  return Signatory(keyless_signer(std::get<CertificateProof>(proof.signer()).identity));
}

// A bare signature says nothing of what it is for: only a policy can give it a meaning.
std::expected<NameBinding, Rejection> weigh_bare(const Trial& trial, const Signatory& signatory) {
  if (trial.purpose != Purpose::InstructionFile || !signatory.may_make(kMessageSignature)) {
    return reject(Reason::WrongPredicateType,
                  "it is a plain signature without a statement, which the key's entry does not "
                  "admit for this file");
  }
  return NameBinding::DigestOnly;
}

Weight weigh_bundle(const Trial& trial) {
  NONO_TRY(const Bundle bundle, Bundle::parse(trial.evidence.bundle_text));
  const SignatureCheck signature(trial.root, trial.keys);
  NONO_TRY(const Proof proof, signature.check(bundle, Artifact::of_bytes(trial.specimen.contents),
                                              Demand{.subjects = SubjectRule::Caller}));
  const Signatory signatory = signatory_of(trial.keys, proof);
  const std::optional<dsse::Statement>& statement = proof.statement();
  if (!statement) {
    NONO_TRY(const NameBinding binding, weigh_bare(trial, signatory));
    return Weighed{signatory.identity(), std::string(kMessageSignature), binding};
  }
  NONO_TRY(const NameBinding binding,
           weigh_statement(trial.specimen, trial.evidence, trial.purpose, *statement, signatory));
  return Weighed{signatory.identity(), statement->predicate_type(), binding};
}

}  // namespace

Verifier::Verifier(std::shared_ptr<const Keyring> keys, std::shared_ptr<const RootSource> root)
    : keys_(std::move(keys)), root_(std::move(root)) {
  if (root_ == nullptr) {
    root_ = std::make_shared<RootSource>(RootSource::none());
  }
}

Finding Verifier::weigh(const Specimen& specimen, const Evidence& evidence, Purpose purpose) const {
  NONO_TRY(Weighed weighed, weigh_bundle(Trial{*root_, *keys_, specimen, evidence, purpose}));
  return VerifiedStatement(std::move(weighed.signer), std::move(weighed.predicate_type),
                           weighed.binding, evidence.bundle_path);
}

Finding Verifier::weigh_all(const Specimen& specimen, std::span<const Evidence> evidence,
                            Purpose purpose) const {
  std::optional<Rejection> standing;
  std::size_t others = 0;
  for (const Evidence& candidate : evidence) {
    Finding finding = weigh(specimen, candidate, purpose);
    if (finding) {
      return finding;
    }
    Rejection& rejection = finding.error();
    rejection.detail = candidate.bundle_path + ": " + rejection.detail;
    const bool speaks = rejection.reason != Reason::NoBundle;
    const bool silent_so_far = !standing || standing->reason == Reason::NoBundle;
    if (speaks && !silent_so_far) {
      ++others;
    } else if (speaks || !standing) {
      standing = std::move(rejection);
    }
  }
  if (!standing) {
    return reject(Reason::NoBundle, "there is no bundle for " + specimen.place.path);
  }
  if (others > 0) {
    standing->detail += " (nor do " + std::to_string(others) + " other bundles verify)";
  }
  return std::unexpected(*std::move(standing));
}

Result<Examined> Verifier::examine(SealedFile file, const Place& place,
                                   std::span<const Evidence> evidence, Purpose purpose) const {
  Result<Bytes> contents = file.contents();
  if (!contents) {
    return std::unexpected(std::move(contents).error().while_doing("examining " + place.path));
  }
  const crypto::Sha256 digest = crypto::Sha256::of(*contents);
  Finding finding = weigh_all(Specimen{*contents, digest, place}, evidence, purpose);
  return Examined(std::move(file), digest, std::move(finding));
}

}  // namespace nono::attest
