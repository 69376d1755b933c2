// engine/proof_steps.cc: proofs and bundles as steps for people and scripts.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "attest/bundle.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/json.h"
#include "crypto/certificate.h"
#include "crypto/fulcio_claims.h"
#include "crypto/sct.h"
#include "crypto/timestamp.h"
#include "engine/foreign.h"

namespace nono::engine {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

void add(Facts& facts, std::string key, std::string value) {
  if (!value.empty()) {
    facts.emplace_back(std::move(key), std::move(value));
  }
}

std::string_view name_of(crypto::SubjectNameKind kind) {
  switch (kind) {
    case crypto::SubjectNameKind::Uri:
      return "URI";
    case crypto::SubjectNameKind::Email:
      return "e-mail";
    case crypto::SubjectNameKind::Other:
      return "other name";
    case crypto::SubjectNameKind::Dns:
      return "DNS name";
    case crypto::SubjectNameKind::Ip:
      return "IP address";
    case crypto::SubjectNameKind::Unknown:
      return "unknown";
  }
  return "unknown";
}

void add_certificate(const crypto::Certificate& certificate, Facts& facts) {
  add(facts, "serial", certificate.serial_hex());
  add(facts, "issuer-name", certificate.issuer_text());
  add(facts, "key",
      std::string(crypto::name_of(certificate.key().algorithm())) + " " +
          certificate.key().fingerprint().hex());
  add(facts, "not-before", attest::utc(certificate.validity().not_before));
  add(facts, "not-after", attest::utc(certificate.validity().not_after));
}

void add_claims(const crypto::FulcioClaims& claims, Facts& facts) {
  for (const crypto::ClaimField& field : crypto::fulcio_claim_fields()) {
    add(facts, std::string(field.name), claims.*field.member);
  }
}

std::string log_text(const attest::VerifiedLogEntry& entry) {
  std::string text = entry.log + " #" + std::to_string(entry.index);
  text += entry.proven ? ", inclusion proven" : ", promised only";
  return text;
}

Step certificate_claims(const Bytes& der) {
  Step step{.name = "certificate", .facts = {}};
  const auto certificate = crypto::Certificate::parse_der(der);
  if (!certificate) {
    add(step.facts, "error", certificate.error().message());
    return step;
  }
  add_certificate(*certificate, step.facts);
  if (const auto names = certificate->subject_names()) {
    for (const crypto::SubjectName& name : *names) {
      add(step.facts, "subject", name.value + " (" + std::string(name_of(name.kind)) + ")");
    }
  }
  if (const auto claims = crypto::read_fulcio_claims(*certificate)) {
    add_claims(*claims, step.facts);
  }
  if (const auto scts = crypto::embedded_scts(*certificate)) {
    for (const crypto::SignedCertificateTimestamp& sct : *scts) {
      add(step.facts, "sct-log", sct.log_id.hex());
    }
  }
  return step;
}

Step log_claims(const rekor::LogEntry& entry) {
  Step step{.name = "log", .facts = {}};
  add(step.facts, "log-id", entry.log_id.hex());
  add(step.facts, "index", std::to_string(entry.log_index));
  add(step.facts, "kind", entry.kind + " " + entry.version);
  if (entry.integrated_time) {
    add(step.facts, "integrated",
        attest::utc(attest::from_seconds(
            std::chrono::sys_seconds(std::chrono::seconds(*entry.integrated_time)))));
  }
  add(step.facts, "promise", entry.promise ? "yes" : "no");
  add(step.facts, "proof",
      entry.proof ? "in a tree of " + std::to_string(entry.proof->tree_size) : "no");
  return step;
}

Step timestamp_claims(const Bytes& der) {
  Step step{.name = "timestamp", .facts = {}};
  const auto token = crypto::TimestampToken::parse_response(der);
  if (!token) {
    add(step.facts, "error", token.error().message());
    return step;
  }
  add(step.facts, "at", attest::utc(token->time()));
  add(step.facts, "policy", token->policy());
  add(step.facts, "serial", token->serial_hex());
  return step;
}

Step message_claims(const attest::MessageSignature& message) {
  Step step{.name = "message", .facts = {}};
  add(step.facts, "digest-algorithm", message.digest_algorithm.value_or(""));
  add(step.facts, "digest", hex_encode(message.digest));
  return step;
}

std::string text_of(const Json& object, std::string_view key) {
  const Json* const member = object.find(key);
  const std::string* const text = member == nullptr ? nullptr : member->string();
  return text == nullptr ? std::string() : *text;
}

// The payload is read here without its signature, to be shown as what it claims and no more.
std::optional<Json> claimed_statement(const Json& document) {
  const Json* const envelope = document.find("dsseEnvelope");
  const auto payload =
      base64_decode(envelope == nullptr ? "" : text_of(*envelope, "payload"), Base64::Lenient);
  auto statement = payload ? Json::parse(as_text(*payload), kBundleLimits)
                           : Result<Json>(fail(ErrorKind::InvalidInput, "no payload"));
  if (!statement) {
    return std::nullopt;
  }
  return *std::move(statement);
}

void add_subjects(const Json& statement, Facts& facts) {
  constexpr std::size_t kMostShown = 100;
  const Json* const subjects = statement.find("subject");
  const Json::Array* const list = subjects == nullptr ? nullptr : subjects->array();
  if (list == nullptr) {
    return;
  }
  add(facts, "subjects", std::to_string(list->size()));
  for (const Json& subject : std::span(*list).first(std::min(list->size(), kMostShown))) {
    const Json* const digest = subject.find("digest");
    add(facts, "subject",
        text_of(subject, "name") + " " + (digest == nullptr ? std::string() : digest->compact()));
  }
}

Step statement_claims(const dsse::Envelope& envelope, const Json& document) {
  Step step{.name = "statement", .facts = {}};
  add(step.facts, "payload-type", envelope.payload_type());
  add(step.facts, "payload-sha256", envelope.payload_digest().hex());
  add(step.facts, "keyid", envelope.key_id());
  if (const std::optional<Json> statement = claimed_statement(document)) {
    add(step.facts, "type", text_of(*statement, "_type"));
    add(step.facts, "predicate-type", text_of(*statement, "predicateType"));
    add_subjects(*statement, step.facts);
  }
  return step;
}

Step signature_step(const attest::Proof& proof) {
  Step step{.name = "signature", .facts = {}};
  if (const auto* keyed = std::get_if<attest::KeyedProof>(&proof.signer())) {
    add(step.facts, "key", keyed->key.fingerprint().hex());
  } else {
    const auto& certificate = std::get<attest::CertificateProof>(proof.signer());
    add(step.facts, "subject", certificate.identity.subject.value);
    add(step.facts, "issuer", certificate.identity.issuer());
  }
  if (const auto& statement = proof.statement()) {
    add(step.facts, "predicate-type", statement->predicate_type());
    add(step.facts, "subjects", std::to_string(statement->subjects().size()));
  }
  return step;
}

}  // namespace

std::vector<Step> proof_steps(const attest::Proof& proof) {
  std::vector<Step> steps{signature_step(proof)};
  if (const auto* certificate = std::get_if<attest::CertificateProof>(&proof.signer())) {
    Step step{.name = "certificate", .facts = {}};
    add_certificate(certificate->leaf, step.facts);
    add_claims(certificate->identity.claims, step.facts);
    steps.push_back(std::move(step));
  }
  for (const attest::VerifiedLogEntry& entry : proof.log_entries()) {
    steps.push_back({.name = "log", .facts = {{"entry", log_text(entry)}}});
  }
  for (const attest::VerifiedTime& time : proof.times()) {
    const bool token = time.source == attest::TimeSource::Timestamp;
    steps.push_back({.name = "time",
                     .facts = {{"at", attest::utc(time.at)},
                               {token ? "timestamp-by" : "promised-by", time.name}}});
  }
  for (const attest::VerifiedSct& sct : proof.scts()) {
    steps.push_back({.name = "sct", .facts = {{"log", sct.log}, {"at", attest::utc(sct.at)}}});
  }
  return steps;
}

Result<std::vector<Step>> inspect(const std::string& bundle_path) {
  NONO_TRY(const std::string text, read_file(bundle_path, kBundleLimits.bytes));
  const auto bundle = attest::Bundle::parse(text);
  if (!bundle) {
    return fail(ErrorKind::InvalidInput, bundle_path + ": " + bundle.error().detail);
  }
  std::vector<Step> steps{{.name = "bundle", .facts = {{"media-type", bundle->media_type()}}}};
  if (const auto* hint = std::get_if<attest::KeyHint>(&bundle->material())) {
    add(steps.front().facts, "key-hint", hint->hint.empty() ? "(none)" : hint->hint);
  } else {
    for (const Bytes& der : std::get<attest::CertificateMaterial>(bundle->material()).chain_der) {
      steps.push_back(certificate_claims(der));
    }
  }
  for (const rekor::LogEntry& entry : bundle->log_entries()) {
    steps.push_back(log_claims(entry));
  }
  for (const Bytes& timestamp : bundle->timestamps()) {
    steps.push_back(timestamp_claims(timestamp));
  }
  if (const auto* message = std::get_if<attest::MessageSignature>(&bundle->content())) {
    steps.push_back(message_claims(*message));
  } else {
    NONO_TRY(const Json document, Json::parse(text, kBundleLimits));
    steps.push_back(statement_claims(std::get<dsse::Envelope>(bundle->content()), document));
  }
  return steps;
}

}  // namespace nono::engine
