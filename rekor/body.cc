// rekor/body.cc: comparing what was logged with what was submitted.
#include "rekor/body.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <variant>

#include "base/json.h"
#include "rekor/body_json.h"

namespace nono::rekor {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyAlgorithm;
using Match = std::expected<void, LogError>;

constexpr JsonLimits kBodyLimits{
    .bytes = kMaxBodyBytes, .depth = 16, .values = 512, .string = kMaxBodyBytes, .number = 64};
constexpr std::size_t kShownBytes = 64;  // of a foreign name in a sentence

struct Kind {
  std::string_view kind;
  std::string_view version;
  Generation generation;
  Result<Record> (*read)(const JsonView& spec);
};
constexpr std::array kKinds{
    Kind{"hashedrekord", "0.0.1", Generation::V1, read_hashedrekord_v001},
    Kind{"dsse", "0.0.1", Generation::V1, read_dsse_v001},
    Kind{"intoto", "0.0.2", Generation::V1, read_intoto_v002},
    Kind{"hashedrekord", "0.0.2", Generation::V2, read_hashedrekord_v002},
};

const Kind* kind_of(const LogEntry& entry) {
  const auto* const found = std::ranges::find_if(kKinds, [&](const Kind& kind) {
    return kind.kind == entry.kind && kind.version == entry.version;
  });
  return found == kKinds.end() ? nullptr : found;
}

struct KeyName {
  KeyAlgorithm algorithm;
  std::size_t bits;
  std::string_view details;
};
constexpr std::array kKeyNames{
    KeyName{KeyAlgorithm::EcdsaP256, 256, "PKIX_ECDSA_P256_SHA_256"},
    KeyName{KeyAlgorithm::EcdsaP384, 384, "PKIX_ECDSA_P384_SHA_384"},
    KeyName{KeyAlgorithm::EcdsaP521, 521, "PKIX_ECDSA_P521_SHA_512"},
    KeyName{KeyAlgorithm::Ed25519, 256, "PKIX_ED25519_PH"},
    KeyName{KeyAlgorithm::Rsa, 2048, "PKIX_RSA_PKCS1V15_2048_SHA256"},
    KeyName{KeyAlgorithm::Rsa, 3072, "PKIX_RSA_PKCS1V15_3072_SHA256"},
    KeyName{KeyAlgorithm::Rsa, 4096, "PKIX_RSA_PKCS1V15_4096_SHA256"},
};

std::unexpected<LogError> refuse(LogFault fault, std::string detail) {
  return std::unexpected(LogError{fault, std::move(detail)});
}

std::unexpected<LogError> mismatch(std::string detail) {
  return refuse(LogFault::EntryMismatch, std::move(detail));
}

std::unexpected<LogError> malformed(const Error& error) {
  return refuse(LogFault::Malformed, "the body of the log entry is malformed: " + error.message());
}

std::string named(std::string_view kind, std::string_view version) {
  std::string name(kind.substr(0, kShownBytes));
  name += ' ';
  return name += version.substr(0, kShownBytes);
}

const HashName& name_of(HashAlgorithm algorithm) {
  return *std::ranges::find(kHashNames, algorithm, &HashName::algorithm);
}

// digest_of is empty where only another digest of what was signed is known.
std::span<const std::byte> digest_of(const SignedDigests& digests, HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::Sha256:
      return digests.sha256.bytes();
    case HashAlgorithm::Sha384:
      return digests.sha384;
    case HashAlgorithm::Sha512:
      return digests.sha512;
  }
  std::unreachable();
}

KeyForm form_of(const Submission& submission) {
  return submission.certificate_der.empty() ? KeyForm::PublicKey : KeyForm::Certificate;
}

std::span<const std::byte> key_der_of(const Submission& submission) {
  return form_of(submission) == KeyForm::Certificate
             ? submission.certificate_der
             : std::span<const std::byte>(submission.key->spki_der());
}

std::string_view signer_of(const Submission& submission) {
  return form_of(submission) == KeyForm::Certificate ? "certificate" : "public key";
}

Match match_digest(const LoggedHash& logged, const Submission& submission) {
  const std::string_view what = submission.envelope ? "envelope (its PAE)" : "artifact";
  const std::span<const std::byte> digest = digest_of(submission.digests, logged.name.algorithm);
  std::string detail = "the log entry is about an ";
  detail += what;
  detail += " with the ";
  detail += logged.name.v1;
  detail += ' ' + hex_encode(logged.value);
  if (digest.empty()) {
    return mismatch(detail + ", but of what was signed here only the sha256 is known");
  }
  if (!std::ranges::equal(logged.value, digest)) {
    return mismatch(detail + ", but what was signed here has " + hex_encode(digest));
  }
  return {};
}

Match match_signature(std::span<const std::byte> logged, const Submission& submission) {
  if (!std::ranges::equal(logged, submission.signature)) {
    return mismatch("the signature in the log entry is not the signature of the bundle");
  }
  return {};
}

Match wrong_key(const Submission& submission) {
  std::string detail = "the key in the log entry is not the ";
  detail += signer_of(submission);
  return mismatch(detail + " that signed the bundle");
}

// The PEM block is not decoded: but for its line ends it must be the one that we would write. So it
// holds one block, one encoding of it and nothing beside.
Match match_pem(std::string_view pem, const Submission& submission) {
  const std::string_view label =
      form_of(submission) == KeyForm::Certificate ? "CERTIFICATE-----" : "PUBLIC KEY-----";
  std::string expected = "-----BEGIN ";
  expected += label;
  expected += base64_encode(key_der_of(submission));
  expected += "-----END ";
  expected += label;
  std::string joined(pem);
  std::erase_if(joined, [](char c) { return c == '\n' || c == '\r'; });
  if (joined != expected) {
    return wrong_key(submission);
  }
  return {};
}

Match match_payload(const EnvelopeRecord& logged, const EnvelopeParts& envelope) {
  const std::string expected = envelope.payload_sha256.hex();
  if (logged.payload_type && *logged.payload_type != envelope.payload_type) {
    return mismatch("the log entry has the payload type " +
                    logged.payload_type->substr(0, kShownBytes) + ", the envelope has " +
                    envelope.payload_type.substr(0, kShownBytes));
  }
  if (logged.payload_sha256 && hex_encode(*logged.payload_sha256) != expected) {
    return mismatch("the log entry is about a payload with the sha256 " +
                    hex_encode(*logged.payload_sha256) + ", the envelope's has " + expected);
  }
  if (logged.payload && crypto::Sha256::of(*logged.payload) != envelope.payload_sha256) {
    return mismatch("the payload in the log entry is not the payload of the envelope");
  }
  return {};
}

Match match_record(const HashedRekord& logged, const Submission& submission) {
  if (submission.envelope) {
    return mismatch(
        "the log entry is a hashedrekord 0.0.1, which is about a bare signature, but the bundle "
        "holds an envelope");
  }
  NONO_CHECK(match_digest(logged.hash, submission));
  NONO_CHECK(match_signature(logged.signature.signature, submission));
  return match_pem(logged.signature.key_pem, submission);
}

Match match_record(const EnvelopeRecord& logged, const Submission& submission) {
  if (!submission.envelope) {
    return mismatch("the log entry is about an envelope, but the bundle holds a bare signature");
  }
  if (logged.signatures.size() != 1) {
    return mismatch("the log entry is about an envelope with " +
                    std::to_string(logged.signatures.size()) +
                    " signatures, the bundle's envelope has one");
  }
  NONO_CHECK(match_payload(logged, *submission.envelope));
  NONO_CHECK(match_signature(logged.signatures.front().signature, submission));
  return match_pem(logged.signatures.front().key_pem, submission);
}

Match match_record(const HashedRekordV2& logged, const Submission& submission) {
  const std::optional<std::string_view> details = key_details(*submission.key);
  if (!details) {
    return refuse(LogFault::Unsupported, "the signer's RSA key of " +
                                             std::to_string(submission.key->bits()) +
                                             " bits is of a size that Rekor v2 does not log");
  }
  const HashName& expected = name_of(submission.key->usual_hash());
  if (logged.hash.name.algorithm != expected.algorithm) {
    std::string detail = "the log entry holds a digest by ";
    detail += logged.hash.name.v2;
    detail += ", but the signer's key goes with ";
    return mismatch(detail += expected.v2);
  }
  NONO_CHECK(match_digest(logged.hash, submission));
  NONO_CHECK(match_signature(logged.signature, submission));
  if (logged.form != form_of(submission) ||
      !std::ranges::equal(logged.key_der, key_der_of(submission))) {
    return wrong_key(submission);
  }
  if (logged.key_details != *details) {
    std::string detail = "the log entry calls the key " + logged.key_details.substr(0, kShownBytes);
    detail += ", it is ";
    return mismatch(detail += *details);
  }
  return {};
}

struct Head {
  std::string kind;
  std::string version;
  JsonView spec;
};

Result<Head> read_head(const JsonView& body) {
  NONO_CHECK(body.only({"apiVersion", "kind", "spec"}));
  NONO_TRY(const JsonView kind, body.at("kind"));
  NONO_TRY(const JsonView version, body.at("apiVersion"));
  NONO_TRY(JsonView spec, body.at("spec"));
  Head head{.kind = {}, .version = {}, .spec = std::move(spec)};
  NONO_TRY(head.kind, kind.nonempty_string());
  NONO_TRY(head.version, version.nonempty_string());
  return head;
}

std::expected<Record, LogError> read_record(const Kind& kind, const Json& body) {
  const Result<Head> head = read_head(JsonView(body));
  if (!head) {
    return malformed(head.error());
  }
  if (head->kind != kind.kind || head->version != kind.version) {
    return mismatch("the log entry says that it is " + named(kind.kind, kind.version) +
                    ", its body says " + named(head->kind, head->version));
  }
  Result<Record> record = kind.read(head->spec);
  if (!record) {
    return malformed(record.error());
  }
  return *std::move(record);
}

}  // namespace

std::expected<Generation, LogError> generation_of(const LogEntry& entry) {
  const Kind* const kind = kind_of(entry);
  if (kind == nullptr) {
    return refuse(LogFault::Unsupported,
                  "log entries of kind " + named(entry.kind, entry.version) + " are not supported");
  }
  return kind->generation;
}

std::expected<void, LogError> match_body(const LogEntry& entry, const Submission& submission) {
  NONO_TRY(const Generation generation, generation_of(entry));
  const Result<Json> body = Json::parse(as_text(entry.body), kBodyLimits);
  if (!body) {
    return malformed(body.error());
  }
  NONO_TRY(const Record record, read_record(*kind_of(entry), *body));
  NONO_CHECK(
      std::visit([&](const auto& logged) { return match_record(logged, submission); }, record));
  if (generation == Generation::V2 &&
      canonical_hashedrekord(submission) != std::string(as_text(entry.body))) {
    return refuse(LogFault::Malformed,
                  "the body of the log entry is not the canonical JSON of the hashedrekord 0.0.2 "
                  "that the bundle leads to");
  }
  return {};
}

std::optional<std::string_view> key_details(const crypto::PublicKey& key) {
  const auto* const found = std::ranges::find_if(kKeyNames, [&](const KeyName& name) {
    return name.algorithm == key.algorithm() && name.bits == key.bits();
  });
  return found == kKeyNames.end() ? std::nullopt : std::optional(found->details);
}

std::optional<std::string> canonical_hashedrekord(const Submission& submission) {
  const std::optional<std::string_view> details = key_details(*submission.key);
  const HashName& hash = name_of(submission.key->usual_hash());
  const std::span<const std::byte> digest = digest_of(submission.digests, hash.algorithm);
  if (!details || digest.empty()) {
    return std::nullopt;
  }
  const std::string_view holder =
      form_of(submission) == KeyForm::Certificate ? "x509Certificate" : "publicKey";
  // Members in the order of RFC 8785; no value here needs escaping.
  const Json raw(Json::Object{{"rawBytes", base64_encode(key_der_of(submission))}});
  const Json verifier(Json::Object{{"keyDetails", *details}, {std::string(holder), raw}});
  const Json data(Json::Object{{"algorithm", hash.v2}, {"digest", base64_encode(digest)}});
  const Json signature(
      Json::Object{{"content", base64_encode(submission.signature)}, {"verifier", verifier}});
  const Json record(Json::Object{{"data", data}, {"signature", signature}});
  const Json spec(Json::Object{{"hashedRekordV002", record}});
  return Json(Json::Object{{"apiVersion", "0.0.2"}, {"kind", "hashedrekord"}, {"spec", spec}})
      .compact();
}

}  // namespace nono::rekor
