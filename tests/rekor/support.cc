// tests/rekor/support.cc: logs, notes, trees and bodies, made as Rekor makes them.
#include "tests/rekor/support.h"

#include <array>
#include <bit>
#include <utility>

#include "crypto/digest.h"
#include "dsse/envelope.h"
#include "tests/rekor/rsa_signer.h"

namespace nono::rekor::test {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyAlgorithm;
using crypto::Sha256;

constexpr std::string_view kType = "application/vnd.in-toto+json";
constexpr std::string_view kArtifact = "# SKILL\nBe careful.\n";

Sha256 tagged(std::byte tag, std::initializer_list<std::span<const std::byte>> parts) {
  Bytes all{tag};
  for (const auto part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return Sha256::of(all);
}

bool is_v2(Shape shape) {
  return shape == Shape::HashedRekordV2 || shape == Shape::EnvelopeV2;
}

bool has_envelope(Shape shape) {
  return shape == Shape::Dsse || shape == Shape::InToto || shape == Shape::EnvelopeV2;
}

Log trusted(const NoteSigner& signer, std::string base_url, const Sha256& id) {
  return Log{.base_url = std::move(base_url),
             .operator_name = "an operator",
             .log_id = id,
             .checkpoint_key_id = id,
             .key = signer.key(),
             .valid_from = Time{std::chrono::seconds{1'600'000'000}},
             .valid_until = std::nullopt};
}

SignedDigests digests_of(std::span<const std::byte> data) {
  return {.sha256 = Sha256::of(data),
          .sha384 = crypto::hash(HashAlgorithm::Sha384, data),
          .sha512 = crypto::hash(HashAlgorithm::Sha512, data)};
}

Json object(Json::Object members) {
  return Json(std::move(members));
}

Json hash_json(std::string digits, std::string_view algorithm = "sha256") {
  return object({{"algorithm", algorithm}, {"value", std::move(digits)}});
}

std::string twice_base64(std::span<const std::byte> bytes) {
  return base64_encode(as_bytes(base64_encode(bytes)));
}

// The names as rekor-tiles lists them.
struct V2Names {
  KeyAlgorithm algorithm;
  std::string_view details;
  std::string_view hash;
};
constexpr std::array kV2Names{
    V2Names{KeyAlgorithm::EcdsaP256, "PKIX_ECDSA_P256_SHA_256", "SHA2_256"},
    V2Names{KeyAlgorithm::EcdsaP384, "PKIX_ECDSA_P384_SHA_384", "SHA2_384"},
    V2Names{KeyAlgorithm::EcdsaP521, "PKIX_ECDSA_P521_SHA_512", "SHA2_512"},
    V2Names{KeyAlgorithm::Ed25519, "PKIX_ED25519_PH", "SHA2_512"},
    V2Names{KeyAlgorithm::Rsa, "PKIX_RSA_PKCS1V15_2048_SHA256", "SHA2_256"},
};

const V2Names& v2_names(const crypto::PublicKey& key) {
  return *std::ranges::find(kV2Names, key.algorithm(), &V2Names::algorithm);
}

}  // namespace

NoteSigner NoteSigner::of(KeyAlgorithm algorithm) {
  if (algorithm == KeyAlgorithm::Rsa) {
    return NoteSigner(*crypto::PublicKey::parse_spki_der(rsa_spki()), rsa_sign);
  }
  auto key = std::make_shared<crypto::PrivateKey>(*crypto::PrivateKey::generate(algorithm));
  return NoteSigner(key->public_key(),
                    [key](std::string_view text) { return *key->sign(as_bytes(text)); });
}

Sha256 note_key_id(const crypto::PublicKey& key, std::string_view name) {
  std::string head(name);
  if (key.algorithm() == KeyAlgorithm::Ed25519) {
    head += "\n\x01";
    return Sha256::of(head.append(as_text(key.spki_der()).substr(12)));
  }
  if (key.algorithm() == KeyAlgorithm::Rsa) {
    head += "\n\xff";
    return Sha256::of(head.append("PKIX-RSA-PKCS#1v1.5").append(as_text(key.spki_der())));
  }
  return Sha256::of(key.spki_der());
}

std::string note_line(std::string_view name, const Sha256& key_id,
                      std::span<const std::byte> signature) {
  const auto hint = key_id.bytes().first(4);
  Bytes blob(hint.begin(), hint.end());
  blob.insert(blob.end(), signature.begin(), signature.end());
  return std::string("\u2014 ").append(name) + ' ' + base64_encode(blob) + '\n';
}

void Tree::append(std::span<const std::byte> body) {
  leaves_.push_back(tagged(std::byte{0}, {body}));
}

Sha256 Tree::root_of(std::span<const Sha256> leaves) {
  if (leaves.size() == 1) {
    return leaves.front();
  }
  const std::size_t left = std::bit_floor(leaves.size() - 1);
  return tagged(std::byte{1},
                {root_of(leaves.first(left)).bytes(), root_of(leaves.subspan(left)).bytes()});
}

std::vector<Sha256> Tree::path_in(std::size_t index, std::span<const Sha256> leaves) {
  if (leaves.size() == 1) {
    return {};
  }
  const std::size_t left = std::bit_floor(leaves.size() - 1);
  const bool in_left = index < left;
  std::vector<Sha256> path =
      in_left ? path_in(index, leaves.first(left)) : path_in(index - left, leaves.subspan(left));
  path.push_back(root_of(in_left ? leaves.subspan(left) : leaves.first(left)));
  return path;
}

Draft::Draft(Shape shape)
    : Draft(shape, NoteSigner::of(is_v2(shape) ? KeyAlgorithm::Ed25519 : KeyAlgorithm::EcdsaP256)) {
}

Draft::Draft(Shape shape, NoteSigner signer_of_log, Signer signer, KeyAlgorithm algorithm)
    : key(NoteSigner::of(algorithm).key()),
      signature(as_bytes("a signature: rekor/ only compares it").begin(),
                as_bytes("a signature: rekor/ only compares it").end()),
      digests(digests_of(as_bytes(kArtifact))),
      promised(!is_v2(shape)),
      log_signer(std::move(signer_of_log)),
      origin(is_v2(shape) ? "log.example/2025" : "log.example - 12345678"),
      name(is_v2(shape) ? "log.example/2025" : "log.example"),
      log(trusted(
          log_signer, is_v2(shape) ? "https://log.example/2025" : "https://log.example",
          is_v2(shape) ? note_key_id(log_signer.key(), name) : log_signer.key().fingerprint())) {
  if (signer == Signer::Certificate) {
    const auto der = as_bytes("\x30\x1c any bytes in place of a certificate");
    certificate.assign(der.begin(), der.end());
  }
  if (has_envelope(shape)) {
    envelope = EnvelopeParts{std::string(kType), Sha256::of(payload)};
    digests = digests_of(dsse::pae(kType, as_bytes(payload)));
  }
  make_body(shape);
}

void Draft::make_body(Shape shape) {
  kind = shape == Shape::Dsse ? "dsse" : shape == Shape::InToto ? "intoto" : "hashedrekord";
  version = shape == Shape::HashedRekord || shape == Shape::Dsse ? "0.0.1" : "0.0.2";
  body = object({{"apiVersion", version}, {"kind", kind}});
  switch (shape) {
    case Shape::HashedRekord:
      return body.set("spec", hashedrekord_spec());
    case Shape::Dsse:
      return body.set("spec", dsse_spec());
    case Shape::InToto:
      return body.set("spec", intoto_spec());
    case Shape::HashedRekordV2:
    case Shape::EnvelopeV2:
      return body.set("spec", hashedrekord_v2_spec());
  }
}

std::span<const std::byte> Draft::key_der() const {
  return certificate.empty() ? std::span<const std::byte>(key.spki_der()) : certificate;
}

std::string Draft::key_pem() const {
  return base64_encode(
      as_bytes(pem(certificate.empty() ? "PUBLIC KEY" : "CERTIFICATE", key_der())));
}

Json Draft::hashedrekord_spec() const {
  Json public_key = object({{"content", key_pem()}});
  return object({{"data", object({{"hash", hash_json(digests.sha256.hex())}})},
                 {"signature", object({{"content", base64_encode(signature)},
                                       {"publicKey", std::move(public_key)}})}});
}

Json Draft::dsse_spec() const {
  Json one = object({{"signature", base64_encode(signature)}, {"verifier", key_pem()}});
  return object({{"envelopeHash", hash_json(Sha256::of("uploaded").hex())},
                 {"payloadHash", hash_json(envelope->payload_sha256.hex())},
                 {"signatures", Json::Array{std::move(one)}}});
}

Json Draft::intoto_spec() const {
  Json one = object({{"publicKey", key_pem()}, {"sig", twice_base64(signature)}});
  Json inner = object({{"payloadType", kType}, {"signatures", Json::Array{std::move(one)}}});
  Json content = object({{"envelope", std::move(inner)},
                         {"hash", hash_json(Sha256::of("uploaded").hex())},
                         {"payloadHash", hash_json(envelope->payload_sha256.hex())}});
  return object({{"content", std::move(content)}});
}

Json Draft::hashedrekord_v2_spec() const {
  const V2Names& names = v2_names(key);
  const std::span<const std::byte> digest =
      names.hash == "SHA2_512"   ? std::span<const std::byte>(digests.sha512)
      : names.hash == "SHA2_384" ? std::span<const std::byte>(digests.sha384)
                                 : digests.sha256.bytes();
  Json raw = object({{"rawBytes", base64_encode(key_der())}});
  Json verifier = object({{"keyDetails", names.details},
                          {certificate.empty() ? "publicKey" : "x509Certificate", std::move(raw)}});
  Json data = object({{"algorithm", names.hash}, {"digest", base64_encode(digest)}});
  Json logged_signature =
      object({{"content", base64_encode(signature)}, {"verifier", std::move(verifier)}});
  return object({{"hashedRekordV002", object({{"data", std::move(data)},
                                              {"signature", std::move(logged_signature)}})}});
}

Json& Draft::at(std::string_view path) {
  Json* value = &body;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view key_here = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    Json::Array* const array = value->array();
    value = array != nullptr ? &array->at(0) : value->find(key_here);
    if (value == nullptr) {
      ADD_FAILURE() << "the body has no member " << key_here;
      return body;
    }
  }
  return *value;
}

std::string Draft::text_of_body() const {
  return body_text.value_or(body.compact());
}

void Draft::promise(LogEntry& entry) const {
  entry.integrated_time = integrated_time;
  std::string text = R"({"body":")" + base64_encode(entry.body) + R"(","integratedTime":)";
  text += std::to_string(integrated_time) + R"(,"logID":")" + entry.log_id.hex();
  text += R"(","logIndex":)" + std::to_string(entry.log_index) + "}";
  entry.promise = log_signer.sign(text);
}

void Draft::prove(LogEntry& entry) const {
  Tree tree;
  for (std::size_t i = 0; i < tree_size; ++i) {
    const std::string other = "entry " + std::to_string(i);
    tree.append(i == index ? std::span<const std::byte>(entry.body) : as_bytes(other));
  }
  std::string text =
      origin + '\n' + std::to_string(tree_size) + '\n' + base64_encode(tree.root().bytes()) + '\n';
  if (change_note_text) {
    change_note_text(text);
  }
  const bool v2 = version == "0.0.2" && kind == "hashedrekord";
  const Sha256 key_id = v2 ? note_key_id(log_signer.key(), name) : log_signer.key().fingerprint();
  std::string note = text + '\n' + note_line(name, key_id, log_signer.sign(text));
  if (change_note) {
    change_note(note);
  }
  entry.proof = InclusionProof{.log_index = index,
                               .root = tree.root(),
                               .tree_size = tree_size,
                               .path = tree.path(index),
                               .checkpoint = std::move(note)};
}

LogEntry Draft::entry() const {
  const std::string text = text_of_body();
  LogEntry entry{.log_index = shard_start + index,
                 .log_id = log.log_id,
                 .kind = kind,
                 .version = version,
                 .integrated_time = std::nullopt,
                 .promise = std::nullopt,
                 .proof = std::nullopt,
                 .body = Bytes(as_bytes(text).begin(), as_bytes(text).end())};
  if (promised) {
    promise(entry);
  }
  if (proven) {
    prove(entry);
  }
  if (change_entry) {
    change_entry(entry);
  }
  return entry;
}

Submission Draft::submission() const {
  return {.signature = signature,
          .key = &key,
          .certificate_der = certificate,
          .digests = digests,
          .envelope = envelope};
}

std::expected<LoggedEntry, LogError> Draft::check() const {
  LogKeyring keyring = logs;
  if (keyring.logs().empty()) {
    keyring.add(log);
  }
  return keyring.check(entry(), submission());
}

::testing::AssertionResult logged(const Draft& draft) {
  const auto entry = draft.check();
  if (entry) {
    return ::testing::AssertionSuccess() << "logged";
  }
  return ::testing::AssertionFailure()
         << name_of(entry.error().fault) << ": " << entry.error().detail;
}

::testing::AssertionResult refused(const Draft& draft, LogFault fault, std::string_view words) {
  const auto entry = draft.check();
  if (entry) {
    return ::testing::AssertionFailure() << "it is logged";
  }
  const LogError& error = entry.error();
  if (error.fault == fault && error.detail.contains(words)) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << name_of(error.fault) << ": " << error.detail;
}

std::string_view name_of(LogFault fault) {
  constexpr std::array<std::string_view, 8> kNames{
      "UnknownLog",        "PromiseInvalid", "ProofMissing", "ProofInvalid",
      "CheckpointInvalid", "EntryMismatch",  "Malformed",    "Unsupported"};
  return kNames.at(std::to_underlying(fault));
}

std::string pem(std::string_view label, std::span<const std::byte> der) {
  const std::string base64 = base64_encode(der);
  std::string text = std::string("-----BEGIN ").append(label) + "-----\n";
  for (std::size_t i = 0; i < base64.size(); i += 64) {
    text += base64.substr(i, 64) + '\n';
  }
  return text.append("-----END ").append(label) + "-----\n";
}

void flip_last_bit(Bytes& bytes) {
  bytes.back() ^= std::byte{1};
}

}  // namespace nono::rekor::test
