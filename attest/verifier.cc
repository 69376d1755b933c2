// attest/verifier.cc: the one way from bytes and evidence to a VerifiedStatement.
#include "attest/verifier.h"

#include <optional>
#include <utility>

#include "attest/artifact.h"
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
  std::span<const NamedRoot> roots;
  const Keyring& keys;
  const Specimen& specimen;
  const Evidence& evidence;
  Purpose purpose;
  crypto::HeadStart* head_start;
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
    return {keys, keyed->key.fingerprint()};
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

// Judged is a proof, and by which trusted roots it is one.
struct Judged {
  Proof proof;
  std::vector<std::string> roots;
};

// is_foreign: what a root says of a bundle of another Sigstore. Another reason tells more.
bool is_foreign(Reason reason) {
  return reason == Reason::NotLogged || reason == Reason::UntrustedChain ||
         reason == Reason::NoTrustedTime;
}

Rejection by_root(Rejection rejection, const std::string& name) {
  if (!name.empty()) {
    rejection.detail += " (judged by the trusted root \"" + name + "\")";
  }
  return rejection;
}

// judge_by_roots asks every root, and the first alone about a key, which needs none.
std::expected<Judged, Rejection> judge_by_roots(const Trial& trial, const Bundle& bundle) {
  const bool keyed = std::holds_alternative<KeyHint>(bundle.material());
  std::optional<Judged> judged;
  std::optional<Rejection> standing;
  for (const NamedRoot& root : trial.roots.first(keyed ? 1 : trial.roots.size())) {
    auto proof =
        SignatureCheck(*root.source, trial.keys)
            .with(trial.head_start)
            .check(bundle, trial.specimen.artifact, Demand{.subjects = SubjectRule::Caller});
    if (proof && judged) {
      judged->roots.push_back(root.name);
    } else if (proof) {
      judged.emplace(*std::move(proof), std::vector{root.name});
    } else if (proof.error().reason == Reason::Unexaminable) {
      return std::unexpected(by_root(std::move(proof).error(), root.name));
    } else if (!standing || (is_foreign(standing->reason) && !is_foreign(proof.error().reason))) {
      standing = by_root(std::move(proof).error(), root.name);
    }
  }
  if (judged) {
    return *std::move(judged);
  }
  if (standing) {
    return std::unexpected(*std::move(standing));
  }
  return reject(Reason::UntrustedChain, "there is no trusted root");
}

SignerIdentity with_roots(SignerIdentity signer, std::vector<std::string> roots) {
  if (auto* keyless = std::get_if<KeylessSigner>(&signer)) {
    keyless->roots = std::move(roots);
  }
  return signer;
}

Weight weigh_bundle(const Trial& trial) {
  NONO_TRY(const Bundle bundle, Bundle::parse(trial.evidence.bundle_text));
  NONO_TRY(Judged judged, judge_by_roots(trial, bundle));
  const Signatory signatory = signatory_of(trial.keys, judged.proof);
  SignerIdentity signer = with_roots(signatory.identity(), std::move(judged.roots));
  const std::optional<dsse::Statement>& statement = judged.proof.statement();
  if (!statement) {
    NONO_TRY(const NameBinding binding, weigh_bare(trial, signatory));
    return Weighed{std::move(signer), std::string(kMessageSignature), binding};
  }
  NONO_TRY(const NameBinding binding,
           weigh_statement(trial.specimen, trial.evidence, trial.purpose, *statement, signatory));
  return Weighed{std::move(signer), statement->predicate_type(), binding};
}

}  // namespace

Verifier::Verifier(std::shared_ptr<const Keyring> keys, std::shared_ptr<const RootSource> root,
                   std::span<const NamedRoot> named)
    : keys_(std::move(keys)) {
  if (root == nullptr) {
    root = std::make_shared<RootSource>(RootSource::none());
  }
  roots_.push_back({.name = {}, .source = std::move(root)});
  roots_.insert(roots_.end(), named.begin(), named.end());
}

Finding Verifier::weigh(const Specimen& specimen, const Evidence& evidence, Purpose purpose) const {
  NONO_TRY(Weighed weighed,
           weigh_bundle(Trial{roots_, *keys_, specimen, evidence, purpose, head_start_}));
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
  const Artifact artifact = Artifact::of_bytes(*contents);
  Finding finding = weigh_all(Specimen{artifact, place}, evidence, purpose);
  return Examined(std::move(file), artifact.sha256(), std::move(finding));
}

}  // namespace nono::attest
