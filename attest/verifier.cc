// attest/verifier.cc: the one way from bytes and evidence to a VerifiedStatement.
#include "attest/verifier.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "attest/bundle.h"
#include "attest/claims.h"
#include "attest/signatory.h"
#include "attest/subject.h"
#include "base/files.h"
#include "dsse/statement.h"

namespace nono::attest {

namespace {

// Trial is one bundle against one file; everything is borrowed.
struct Trial {
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

struct DigestKind {
  std::string_view name;
  crypto::HashAlgorithm algorithm;
};
constexpr std::array kDigestKinds{DigestKind{"SHA2_256", crypto::HashAlgorithm::Sha256},
                                  DigestKind{"SHA2_384", crypto::HashAlgorithm::Sha384},
                                  DigestKind{"SHA2_512", crypto::HashAlgorithm::Sha512}};

std::expected<void, Rejection> check_message_digest(const Specimen& specimen,
                                                    const MessageSignature& message) {
  if (!message.digest_algorithm) {
    return {};
  }
  const auto kind = std::ranges::find(kDigestKinds, *message.digest_algorithm, &DigestKind::name);
  if (kind == kDigestKinds.end()) {
    return reject(Reason::UnsupportedAlgorithm,
                  "the bundle's digest is a " + *message.digest_algorithm + ", which is not read");
  }
  if (crypto::hash(kind->algorithm, specimen.contents) != message.digest) {
    return reject(Reason::SubjectMismatch, "the bundle's digest is of other contents");
  }
  return {};
}

std::optional<Signatory> find_message_signer(const Trial& trial, const KeyHints& hints,
                                             const MessageSignature& message) {
  for (const KeyringEntry* entry : keys_to_try(trial.keys, hints)) {
    if (entry->key.verifies(trial.specimen.contents, message.signature)) {
      return Signatory(trial.keys, entry->key.fingerprint());
    }
  }
  return std::nullopt;
}

Weight weigh_message(const Trial& trial, const MessageSignature& message, const std::string& hint) {
  NONO_CHECK(check_message_digest(trial.specimen, message));
  const KeyHints hints({hint});
  const std::optional<Signatory> signatory = find_message_signer(trial, hints, message);
  if (!signatory) {
    return std::unexpected(no_signatory(trial.keys, hints));
  }
  // A bare signature says nothing of what it is for: only a policy can give it a meaning.
  if (trial.purpose != Purpose::InstructionFile || !signatory->may_make(kMessageSignature)) {
    return reject(Reason::WrongPredicateType,
                  "it is a plain signature without a statement, which the key's entry does not "
                  "admit for this file");
  }
  return Weighed{signatory->identity(), std::string(kMessageSignature), NameBinding::DigestOnly};
}

// open_envelope yields the payload together with the key that opened it.
std::expected<dsse::VerifiedPayload, Rejection> open_envelope(const Keyring& keys,
                                                              const KeyHints& hints,
                                                              const dsse::Envelope& envelope) {
  for (const KeyringEntry* entry : keys_to_try(keys, hints)) {
    if (std::optional<dsse::VerifiedPayload> payload = envelope.open(entry->key)) {
      return *std::move(payload);
    }
  }
  return std::unexpected(no_signatory(keys, hints));
}

std::expected<dsse::Statement, Rejection> read_statement(const dsse::VerifiedPayload& payload) {
  if (payload.type() != dsse::kInTotoPayloadType) {
    return reject(Reason::WrongPayloadType, "the payload is a \"" + payload.type() +
                                                "\", not a \"" +
                                                std::string(dsse::kInTotoPayloadType) + "\"");
  }
  Result<dsse::Statement> statement = dsse::Statement::parse(payload);
  if (!statement) {
    return reject(Reason::MalformedBundle, statement.error().message());
  }
  return *std::move(statement);
}

Weight weigh_envelope(const Trial& trial, const dsse::Envelope& envelope, const std::string& hint) {
  const KeyHints hints({hint, envelope.key_id()});
  NONO_TRY(const dsse::VerifiedPayload payload, open_envelope(trial.keys, hints, envelope));
  NONO_TRY(const dsse::Statement statement, read_statement(payload));
  const Signatory signatory(trial.keys, payload.signed_by().fingerprint());
  NONO_TRY(const NameBinding binding,
           weigh_statement(trial.specimen, trial.evidence, trial.purpose, statement, signatory));
  return Weighed{signatory.identity(), statement.predicate_type(), binding};
}

Weight weigh_bundle(const Trial& trial) {
  NONO_TRY(const Bundle bundle, Bundle::parse(trial.evidence.bundle_text));
  const KeyHint* key = std::get_if<KeyHint>(&bundle.material());
  if (key == nullptr) {
    return reject(Reason::Unsupported,
                  "certificate-based bundles are not verified by this version; sign with a key");
  }
  if (const auto* message = std::get_if<MessageSignature>(&bundle.content())) {
    return weigh_message(trial, *message, key->hint);
  }
  return weigh_envelope(trial, std::get<dsse::Envelope>(bundle.content()), key->hint);
}

}  // namespace

Finding Verifier::weigh(const Specimen& specimen, const Evidence& evidence, Purpose purpose) const {
  NONO_TRY(Weighed weighed, weigh_bundle(Trial{*keys_, specimen, evidence, purpose}));
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
