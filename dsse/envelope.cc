// dsse/envelope.cc: the envelope's JSON, its pre-authentication encoding, sealing and opening.
#include "dsse/envelope.h"

#include <utility>

namespace nono::dsse {
namespace {

constexpr std::size_t kMaxTypeBytes = 256;
constexpr std::size_t kMaxKeyIdBytes = 4096;

Result<Bytes> read_base64(const JsonView& view) {
  NONO_TRY(const std::string text, view.string());
  auto bytes = base64_decode(text, Base64::Lenient);
  if (!bytes) {
    return std::unexpected(view.error("is not base64"));
  }
  if (bytes->empty()) {
    return std::unexpected(view.error("must not be empty"));
  }
  return *std::move(bytes);
}

Result<JsonView> read_only_signature(const JsonView& view) {
  const Json::Array* const array = view.json().array();
  if (array != nullptr && array->size() != 1) {
    return std::unexpected(
        view.error("must hold exactly one signature, not " + std::to_string(array->size())));
  }
  NONO_TRY(const auto signatures, view.elements(1));
  return signatures.front();
}

Result<std::string> read_key_id(const JsonView& signature) {
  NONO_TRY(const auto view, signature.maybe("keyid"));
  if (!view) {
    return std::string();
  }
  NONO_TRY(std::string key_id, view->string());
  if (key_id.size() > kMaxKeyIdBytes) {
    return std::unexpected(
        view->error("is longer than " + std::to_string(kMaxKeyIdBytes) + " bytes"));
  }
  return key_id;
}

bool may_use_sha256(crypto::KeyAlgorithm algorithm) {
  return algorithm == crypto::KeyAlgorithm::EcdsaP384 ||
         algorithm == crypto::KeyAlgorithm::EcdsaP521;
}

}  // namespace

Bytes pae(std::string_view payload_type, std::span<const std::byte> payload) {
  std::string head = "DSSEv1 " + std::to_string(payload_type.size()) + ' ';
  head += payload_type;
  head += ' ' + std::to_string(payload.size()) + ' ';
  const auto head_bytes = as_bytes(head);
  Bytes encoded;
  encoded.reserve(head_bytes.size() + payload.size());
  encoded.insert(encoded.end(), head_bytes.begin(), head_bytes.end());
  encoded.insert(encoded.end(), payload.begin(), payload.end());
  return encoded;
}

Result<Envelope> Envelope::parse(const JsonView& view) {
  NONO_CHECK(view.only({"payload", "payloadType", "signatures"}));
  Envelope envelope;
  NONO_TRY(const JsonView type, view.at("payloadType"));
  NONO_TRY(envelope.payload_type_, type.nonempty_string(kMaxTypeBytes));
  NONO_TRY(const JsonView payload, view.at("payload"));
  NONO_TRY(envelope.payload_, read_base64(payload));
  NONO_TRY(const JsonView signatures, view.at("signatures"));
  NONO_TRY(const JsonView signature, read_only_signature(signatures));
  NONO_CHECK(signature.only({"sig", "keyid"}));
  NONO_TRY(const JsonView sig, signature.at("sig"));
  NONO_TRY(envelope.signature_, read_base64(sig));
  NONO_TRY(envelope.key_id_, read_key_id(signature));
  return envelope;
}

std::optional<VerifiedPayload> Envelope::open(const crypto::PublicKey& key) const {
  const Bytes message = pae(payload_type_, payload_);
  const bool good = key.verifies(message, signature_) ||
                    (may_use_sha256(key.algorithm()) &&
                     key.verifies_with(crypto::HashAlgorithm::Sha256, message, signature_));
  if (!good) {
    return std::nullopt;
  }
  return VerifiedPayload(payload_type_, payload_, key);
}

crypto::Sha256 Envelope::pae_sha256() const {
  return crypto::Sha256::of(pae(payload_type_, payload_));
}

Bytes Envelope::pae_digest(crypto::HashAlgorithm algorithm) const {
  return crypto::hash(algorithm, pae(payload_type_, payload_));
}

crypto::Sha256 Envelope::payload_digest() const {
  return crypto::Sha256::of(payload_);
}

Result<Json> seal(const crypto::PrivateKey& key, std::string_view payload_type,
                  std::string_view payload) {
  if (payload_type.empty() || payload_type.size() > kMaxTypeBytes || payload.empty()) {
    return fail(ErrorKind::InvalidInput,
                "an envelope needs a payload and a payload type of at most 256 bytes");
  }
  const auto bytes = as_bytes(payload);
  NONO_TRY(const Bytes signature, key.sign(pae(payload_type, bytes)));
  Json::Object signature_json{{"sig", base64_encode(signature)}};
  return Json(Json::Object{{"payloadType", payload_type},
                           {"payload", base64_encode(bytes)},
                           {"signatures", Json::Array{Json(std::move(signature_json))}}});
}

}  // namespace nono::dsse
