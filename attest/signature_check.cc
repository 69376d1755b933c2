// attest/signature_check.cc: the order of the checks.
#include "attest/signature_check.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "attest/certificate_check.h"
#include "attest/keyless_signer.h"
#include "attest/log_check.h"
#include "attest/predicate.h"
#include "attest/signatory.h"

namespace nono::attest {

namespace {

using Checked = std::expected<void, Rejection>;

struct DigestKind {
  std::string_view name;
  crypto::HashAlgorithm algorithm;
};
constexpr std::array kDigestKinds{DigestKind{"SHA2_256", crypto::HashAlgorithm::Sha256},
                                  DigestKind{"SHA2_384", crypto::HashAlgorithm::Sha384},
                                  DigestKind{"SHA2_512", crypto::HashAlgorithm::Sha512}};

// The digest in the bundle is a hint; one that is wrong is a bundle about something else.
Checked check_message_digest(const Artifact& artifact, const MessageSignature& message) {
  if (!message.digest_algorithm) {
    return {};
  }
  const auto kind = std::ranges::find(kDigestKinds, *message.digest_algorithm, &DigestKind::name);
  if (kind == kDigestKinds.end()) {
    return reject(Reason::UnsupportedAlgorithm,
                  "the bundle's digest is a " + *message.digest_algorithm + ", which is not read");
  }
  const std::optional<Bytes> digest = artifact.digest(kind->algorithm);
  if (digest && *digest != message.digest) {
    return reject(Reason::SubjectMismatch, "the bundle's digest is of other contents");
  }
  return {};
}

// Older clients signed with SHA-256 whatever the curve.
bool may_use_sha256(const crypto::PublicKey& key) {
  return key.algorithm() == crypto::KeyAlgorithm::EcdsaP384 ||
         key.algorithm() == crypto::KeyAlgorithm::EcdsaP521;
}

bool signs_contents(const crypto::PublicKey& key, std::span<const std::byte> contents,
                    const Bytes& signature) {
  return key.verifies(contents, signature) ||
         (may_use_sha256(key) &&
          key.verifies_with(crypto::HashAlgorithm::Sha256, contents, signature));
}

bool signs_digest(const crypto::PublicKey& key, const Artifact& artifact, const Bytes& signature) {
  const auto sha256 = crypto::HashAlgorithm::Sha256;
  return (key.usual_hash() == sha256 || may_use_sha256(key)) &&
         key.verifies_digest(sha256, artifact.sha256().bytes(), signature);
}

enum class SignatureVerdict : unsigned char { Good, Bad, NeedsContents };

// A key that signs SHA-256 digests can be checked by the digest that an artifact always has.
bool digest_would_do(const crypto::PublicKey& key) {
  return key.usual_hash() == crypto::HashAlgorithm::Sha256;
}

SignatureVerdict weigh_signature(const crypto::PublicKey& key, const Artifact& artifact,
                                 const Bytes& signature) {
  if (const std::optional<std::span<const std::byte>> contents = artifact.contents()) {
    return signs_contents(key, *contents, signature) ? SignatureVerdict::Good
                                                     : SignatureVerdict::Bad;
  }
  if (signs_digest(key, artifact, signature)) {
    return SignatureVerdict::Good;
  }
  return digest_would_do(key) ? SignatureVerdict::Bad : SignatureVerdict::NeedsContents;
}

std::unexpected<Rejection> needs_contents(const crypto::PublicKey& key) {
  return reject(Reason::UnsupportedAlgorithm,
                "a signature by an " + std::string(crypto::name_of(key.algorithm())) +
                    " key is not over a SHA-256 digest: give the file itself");
}

const Bytes& signature_of(const Bundle& bundle) {
  if (const auto* message = std::get_if<MessageSignature>(&bundle.content())) {
    return message->signature;
  }
  return std::get<dsse::Envelope>(bundle.content()).signature();
}

rekor::SignedDigests digests_of(const Bundle& bundle, const Artifact& artifact) {
  using crypto::HashAlgorithm;
  if (const auto* envelope = std::get_if<dsse::Envelope>(&bundle.content())) {
    return {.sha256 = envelope->pae_sha256(),
            .sha384 = envelope->pae_digest(HashAlgorithm::Sha384),
            .sha512 = envelope->pae_digest(HashAlgorithm::Sha512)};
  }
  return {.sha256 = artifact.sha256(),
          .sha384 = artifact.digest(HashAlgorithm::Sha384).value_or(Bytes()),
          .sha512 = artifact.digest(HashAlgorithm::Sha512).value_or(Bytes())};
}

rekor::Submission submission_of(const Bundle& bundle, const Artifact& artifact,
                                const crypto::PublicKey& key,
                                std::span<const std::byte> certificate) {
  rekor::Submission submission{.signature = signature_of(bundle),
                               .key = &key,
                               .certificate_der = certificate,
                               .digests = digests_of(bundle, artifact),
                               .envelope = {}};
  if (const auto* envelope = std::get_if<dsse::Envelope>(&bundle.content())) {
    submission.envelope = rekor::EnvelopeParts{.payload_type = envelope->payload_type(),
                                               .payload_sha256 = envelope->payload_digest()};
  }
  return submission;
}

// The subjects of nono's own statements are files; those of others may be called anything.
Checked check_names(const dsse::Statement& statement) {
  if (!is_own_type(statement.predicate_type())) {
    return {};
  }
  for (std::size_t i = 0; i < statement.subjects().size(); ++i) {
    const std::string_view fault = dsse::fault_in_name(statement.subjects()[i].name);
    if (!fault.empty()) {
      return reject(Reason::MalformedBundle, "the signed statement: /subject/" + std::to_string(i) +
                                                 "/name: " + std::string(fault));
    }
  }
  return {};
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
  NONO_CHECK(check_names(*statement));
  return *std::move(statement);
}

// What this build cannot check is said before anything that would follow from it: a digest in place
// of the contents, for keys that sign another kind of digest; and Ed25519ph, the only form of
// Ed25519 that Rekor v2 holds.
Checked check_reach(const crypto::PublicKey& key, const Bundle& bundle, const Artifact& artifact) {
  const auto* message = std::get_if<MessageSignature>(&bundle.content());
  if (message != nullptr && !digest_would_do(key) && !artifact.contents() &&
      !signs_digest(key, artifact, message->signature)) {
    return needs_contents(key);
  }
  const bool second = std::ranges::any_of(bundle.log_entries(), [](const rekor::LogEntry& entry) {
    return entry.kind == "hashedrekord" && entry.version == "0.0.2";
  });
  if (second && key.algorithm() == crypto::KeyAlgorithm::Ed25519) {
    return reject(Reason::UnsupportedAlgorithm,
                  "Rekor v2 holds Ed25519 signatures in the prehashed form (Ed25519ph), which this "
                  "build cannot check");
  }
  return {};
}

// LogEvidence is what logs and authorities prove about the signature of a bundle.
struct LogEvidence {
  std::vector<rekor::LoggedEntry> logged;
  std::vector<VerifiedTime> times;
};

std::expected<LogEvidence, Rejection> weigh_evidence(const TrustedRoot& root, const Bundle& bundle,
                                                     const rekor::Submission& submission) {
  NONO_TRY(auto logged, check_log_entries(root, bundle.log_entries(), submission));
  NONO_TRY(auto times, check_timestamps(root, bundle.timestamps(), submission.signature));
  for (const rekor::LoggedEntry& entry : logged) {
    if (const auto at = entry.integrated_at()) {
      times.push_back(VerifiedTime{
          .at = from_seconds(*at),
          .source = TimeSource::LogPromise,
          .name = entry.operator_name().empty() ? entry.log_name() : entry.operator_name()});
    }
  }
  NONO_CHECK(check_log_validity(logged, times));
  return LogEvidence{std::move(logged), std::move(times)};
}

Checked check_thresholds(const LogEvidence& evidence, const Thresholds& thresholds) {
  const std::size_t logs = count_logs(evidence.logged);
  if (logs < thresholds.log_entries) {
    return reject(Reason::NotLogged, std::to_string(logs) +
                                         " logs that the trusted root names prove that they hold "
                                         "the signature; " +
                                         std::to_string(thresholds.log_entries) + " are asked for");
  }
  std::set<std::string_view> sources;
  for (const VerifiedTime& time : evidence.times) {
    sources.insert(time.name);
  }
  if (sources.size() < std::max<std::size_t>(thresholds.times, 1)) {
    return reject(
        Reason::NoTrustedTime,
        std::to_string(sources.size()) + " trusted sources say when the signature was made; " +
            std::to_string(std::max<std::size_t>(thresholds.times, 1)) + " are asked for");
  }
  return {};
}

std::vector<VerifiedLogEntry> summary(std::span<const rekor::LoggedEntry> logged) {
  std::vector<VerifiedLogEntry> entries;
  for (const rekor::LoggedEntry& entry : logged) {
    entries.push_back(
        VerifiedLogEntry{.log = entry.log_name(),
                         .index = entry.log_index(),
                         .integrated_at = entry.integrated_at().transform(from_seconds),
                         .proven = entry.proven()});
  }
  return entries;
}

// Opened is the signature's verdict: who, and what was said.
struct Opened {
  const KeyringEntry* entry = nullptr;
  std::optional<dsse::Statement> statement;
};

std::expected<Opened, Rejection> open_message(const Keyring& keys, const Artifact& artifact,
                                              const MessageSignature& message,
                                              const KeyHints& hints) {
  NONO_CHECK(check_message_digest(artifact, message));
  const KeyringEntry* blind = nullptr;
  for (const KeyringEntry* entry : keys_to_try(keys, hints)) {
    switch (weigh_signature(entry->key, artifact, message.signature)) {
      case SignatureVerdict::Good:
        return Opened{entry, std::nullopt};
      case SignatureVerdict::NeedsContents:
        blind = entry;
        break;
      case SignatureVerdict::Bad:
        break;
    }
  }
  if (blind != nullptr) {
    return needs_contents(blind->key);
  }
  return std::unexpected(no_signatory(keys, hints));
}

std::expected<Opened, Rejection> open_envelope(const Keyring& keys, const dsse::Envelope& envelope,
                                               const KeyHints& hints) {
  for (const KeyringEntry* entry : keys_to_try(keys, hints)) {
    if (const std::optional<dsse::VerifiedPayload> payload = envelope.open(entry->key)) {
      NONO_TRY(dsse::Statement statement, read_statement(*payload));
      return Opened{entry, std::move(statement)};
    }
  }
  return std::unexpected(no_signatory(keys, hints));
}

std::expected<Opened, Rejection> open_by_key(const Keyring& keys, const Bundle& bundle,
                                             const Artifact& artifact) {
  const std::string& hint = std::get<KeyHint>(bundle.material()).hint;
  if (const auto* message = std::get_if<MessageSignature>(&bundle.content())) {
    return open_message(keys, artifact, *message, KeyHints({hint}));
  }
  const auto& envelope = std::get<dsse::Envelope>(bundle.content());
  const KeyHints hints({hint, envelope.key_id()});
  if (!hints.agree()) {
    return reject(Reason::IdentityMismatch, "the bundle's hint names the key \"" + hint +
                                                "\", its envelope the key \"" + envelope.key_id() +
                                                "\"");
  }
  return open_envelope(keys, envelope, hints);
}

std::expected<std::optional<dsse::Statement>, Rejection> open_by_certificate(
    const crypto::PublicKey& key, const Bundle& bundle, const Artifact& artifact) {
  if (const auto* envelope = std::get_if<dsse::Envelope>(&bundle.content())) {
    const std::optional<dsse::VerifiedPayload> payload = envelope->open(key);
    if (!payload) {
      return reject(Reason::BadSignature, "the certificate's key did not sign this payload");
    }
    NONO_TRY(dsse::Statement statement, read_statement(*payload));
    return statement;
  }
  const auto& message = std::get<MessageSignature>(bundle.content());
  NONO_CHECK(check_message_digest(artifact, message));
  switch (weigh_signature(key, artifact, message.signature)) {
    case SignatureVerdict::Good:
      break;
    case SignatureVerdict::NeedsContents:
      return needs_contents(key);
    case SignatureVerdict::Bad:
      return reject(Reason::BadSignature,
                    "the certificate's key did not sign these contents" +
                        std::string(key.algorithm() == crypto::KeyAlgorithm::Ed25519
                                        ? " (a signature of the Ed25519ph kind is not checked)"
                                        : ""));
  }
  return std::nullopt;
}

// Certified is what the certificate itself proves.
struct Certified {
  CertificateProof proof;
  std::vector<VerifiedSct> scts;
};

std::expected<Certified, Rejection> certify(const TrustedRoot& root, const Chain& chain,
                                            std::span<const VerifiedTime> times,
                                            std::size_t scts_wanted) {
  const auto scts_under = [&](const crypto::Certificate& issuer) {
    return check_scts(root, chain.leaf, issuer, scts_wanted);
  };
  // Asked before the path, for whose signature a head start may have to be waited for; told after.
  const std::optional<crypto::Certificate> likely = named_issuer(root, chain.leaf);
  auto ahead = likely.transform(scts_under);
  auto named = read_identity(chain.leaf);
  NONO_TRY(crypto::Certificate issuer, check_path(root, chain, times));
  const bool foreseen = likely && likely->der() == issuer.der();
  NONO_TRY(auto scts, ahead&& foreseen ? *std::move(ahead) : scts_under(issuer));
  NONO_TRY(CertificateIdentity who, std::move(named));
  NONO_CHECK(check_agreement(who));
  return Certified{.proof = {chain.leaf, std::move(issuer), std::move(who)},
                   .scts = std::move(scts)};
}

Checked check_kind(const Bundle& bundle, const Demand& demand) {
  const bool keyed = std::holds_alternative<KeyHint>(bundle.material());
  if (keyed && demand.by == SignedBy::Certificate) {
    return reject(Reason::IdentityMismatch,
                  "it was signed with a plain key, and a certificate is asked for");
  }
  if (keyed && demand.identity != nullptr) {
    return reject(Reason::IdentityMismatch,
                  "it was signed with a plain key, which has no identity to compare");
  }
  if (!keyed && demand.by == SignedBy::Key) {
    return reject(Reason::UnknownKey,
                  "it was signed with a certificate, and a given key is asked for");
  }
  return {};
}

// ahead_of is what the path of `leaf` will ask.
crypto::HeadStart::Question ahead_of(const TrustedRoot& root, const crypto::Certificate& leaf) {
  std::vector<crypto::CertificateAuthority> authorities;
  std::ranges::transform(root.authorities(), std::back_inserter(authorities),
                         &TrustedAuthority::authority);
  return [authorities = std::move(authorities), leaf] {
    for (const crypto::CertificateAuthority& authority : authorities) {
      authority.ask_ahead(leaf);
    }
  };
}

std::expected<const TrustedRoot*, Rejection> root_of(const RootSource& source) {
  const Result<const TrustedRoot*> root = source.get();
  if (!root) {
    return reject(Reason::Unexaminable, root.error().message());
  }
  return *root;
}

}  // namespace

std::expected<Proof, Rejection> SignatureCheck::check(const Bundle& bundle,
                                                      const Artifact& artifact,
                                                      const Demand& demand) const {
  NONO_CHECK(check_kind(bundle, demand));
  NONO_TRY(Proof proof, std::holds_alternative<KeyHint>(bundle.material())
                            ? of_key(bundle, artifact)
                            : of_certificate(bundle, artifact, demand.identity));
  const bool bind = proof.statement_ && demand.subjects == SubjectRule::AnySubject;
  if (bind && !names(*proof.statement_, artifact)) {
    return reject(Reason::SubjectMismatch, "no subject of the statement has this file's digest");
  }
  return proof;
}

SignatureCheck::Outcome SignatureCheck::of_key(const Bundle& bundle,
                                               const Artifact& artifact) const {
  NONO_TRY(Opened opened, open_by_key(*keys_, bundle, artifact));
  Proof proof(KeyedProof{opened.entry->key});
  proof.statement_ = std::move(opened.statement);
  if (bundle.log_entries().empty() && bundle.timestamps().empty()) {
    return proof;
  }
  NONO_TRY(const TrustedRoot* const root, root_of(*root_));
  if (root != nullptr) {
    NONO_CHECK(check_reach(opened.entry->key, bundle, artifact));
    NONO_TRY(LogEvidence evidence,
             weigh_evidence(*root, bundle, submission_of(bundle, artifact, opened.entry->key, {})));
    proof.log_entries_ = summary(evidence.logged);
    proof.times_ = std::move(evidence.times);
  }
  return proof;
}

SignatureCheck::Outcome SignatureCheck::of_certificate(const Bundle& bundle,
                                                       const Artifact& artifact,
                                                       const IdentityPolicy* identity) const {
  if (head_start_ != nullptr) {
    head_start_->begin();
  }
  NONO_TRY(const TrustedRoot* const root, root_of(*root_));
  if (root == nullptr) {
    return reject(Reason::UntrustedChain,
                  "it was signed with a certificate, and there is no trusted root");
  }
  NONO_TRY(const Chain chain, read_chain(std::get<CertificateMaterial>(bundle.material())));
  if (head_start_ != nullptr) {
    head_start_->ask(ahead_of(*root, chain.leaf));
  }
  // Asked before the path, for whose signatures a head start may have to be waited for; told after.
  auto opened = open_by_certificate(chain.leaf.key(), bundle, artifact);
  NONO_TRY(Proof proof, by_certificate(*root, chain, bundle, artifact));
  if (identity != nullptr) {
    NONO_CHECK(hold(*identity, std::get<CertificateProof>(proof.signer_).identity));
  }
  NONO_TRY(proof.statement_, std::move(opened));
  return proof;
}

SignatureCheck::Outcome SignatureCheck::by_certificate(const TrustedRoot& root, const Chain& chain,
                                                       const Bundle& bundle,
                                                       const Artifact& artifact) const {
  NONO_CHECK(check_reach(chain.leaf.key(), bundle, artifact));
  const rekor::Submission submission =
      submission_of(bundle, artifact, chain.leaf.key(), chain.leaf.der());
  NONO_TRY(LogEvidence evidence, weigh_evidence(root, bundle, submission));
  NONO_CHECK(check_thresholds(evidence, thresholds_));
  NONO_TRY(Certified certified, certify(root, chain, evidence.times, thresholds_.scts));
  Proof proof(std::move(certified.proof));
  proof.scts_ = std::move(certified.scts);
  proof.times_ = std::move(evidence.times);
  proof.log_entries_ = summary(evidence.logged);
  return proof;
}

}  // namespace nono::attest
