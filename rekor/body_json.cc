// rekor/body_json.cc: the shapes of Rekor's bodies (schemas of rekor's pkg/types; rekor-tiles).
#include "rekor/body_json.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace nono::rekor {

namespace {

constexpr std::size_t kMaxNameBytes = 256;  // of types and algorithms
constexpr std::size_t kMaxLoggedSignatures = 32;

Result<JsonView> object_at(const JsonView& parent, std::string_view key,
                           std::initializer_list<std::string_view> members) {
  NONO_TRY(JsonView view, parent.at(key));
  NONO_CHECK(view.only(members));
  return view;
}

Result<std::string> name_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const JsonView view, parent.at(key));
  return view.nonempty_string(kMaxNameBytes);
}

Result<Bytes> decode(const JsonView& view, std::string_view text) {
  std::optional<Bytes> bytes = base64_decode(text, Base64::Strict);
  if (!bytes || bytes->empty()) {
    return std::unexpected(view.error("must be padded base64 of something"));
  }
  return *std::move(bytes);
}

Result<Bytes> base64_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const JsonView view, parent.at(key));
  NONO_TRY(const std::string text, view.string());
  return decode(view, text);
}

// intoto entries hold base64 of base64: the client's JSON text was taken for bytes.
Result<Bytes> base64_twice_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const Bytes once, base64_at(parent, key));
  NONO_TRY(const JsonView view, parent.at(key));
  return decode(view, as_text(once));
}

Result<HashName> hash_name_at(const JsonView& parent, std::string_view HashName::* spelling) {
  NONO_TRY(const std::string text, name_at(parent, "algorithm"));
  const auto* const found = std::ranges::find(kHashNames, std::string_view(text), spelling);
  if (found == kHashNames.end()) {
    return std::unexpected(parent.error("algorithm is not a SHA-2 digest that Rekor logs"));
  }
  return *found;
}

Result<LoggedHash> sized(const JsonView& view, const HashName& name, Bytes value) {
  if (value.size() != name.size) {
    return std::unexpected(view.error("must be " + std::to_string(name.size) + " bytes"));
  }
  return LoggedHash{name, std::move(value)};
}

// Rekor v1 writes {algorithm, value} with lower-case digits.
Result<LoggedHash> hash_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const JsonView view, object_at(parent, key, {"algorithm", "value"}));
  NONO_TRY(const HashName name, hash_name_at(view, &HashName::v1));
  NONO_TRY(const JsonView value, view.at("value"));
  NONO_TRY(const std::string digits, value.string());
  std::optional<Bytes> raw = hex_decode(digits);
  if (!raw || hex_encode(*raw) != digits) {
    return std::unexpected(value.error("must be lower-case hexadecimal"));
  }
  return sized(value, name, *std::move(raw));
}

Result<Bytes> sha256_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(LoggedHash hash, hash_at(parent, key));
  if (hash.name.algorithm != crypto::HashAlgorithm::Sha256) {
    return std::unexpected(parent.error(std::string(key) + " must be a sha256"));
  }
  return std::move(hash.value);
}

Result<std::string> pem_at(const JsonView& parent, std::string_view key) {
  NONO_TRY(const Bytes pem, base64_at(parent, key));
  return std::string(as_text(pem));
}

Result<LoggedSignature> read_dsse_signature(const JsonView& view) {
  NONO_CHECK(view.only({"signature", "verifier"}));
  LoggedSignature logged;
  NONO_TRY(logged.signature, base64_at(view, "signature"));
  NONO_TRY(logged.key_pem, pem_at(view, "verifier"));
  return logged;
}

Result<LoggedSignature> read_intoto_signature(const JsonView& view) {
  NONO_CHECK(view.only({"keyid", "publicKey", "sig"}));
  NONO_TRY(const auto key_id, view.maybe("keyid"));
  if (key_id) {
    NONO_CHECK(key_id->string());
  }
  LoggedSignature logged;
  NONO_TRY(logged.signature, base64_twice_at(view, "sig"));
  NONO_TRY(logged.key_pem, pem_at(view, "publicKey"));
  return logged;
}

Result<std::vector<LoggedSignature>> signatures_at(
    const JsonView& parent, Result<LoggedSignature> (*read)(const JsonView&)) {
  NONO_TRY(const JsonView list, parent.at("signatures"));
  NONO_TRY(const std::vector<JsonView> views, list.elements(kMaxLoggedSignatures));
  std::vector<LoggedSignature> signatures;
  for (const JsonView& view : views) {
    NONO_TRY(LoggedSignature signature, read(view));
    signatures.push_back(std::move(signature));
  }
  return signatures;
}

// The verifier holds a certificate or a key, never both.
Result<void> read_verifier(const JsonView& view, HashedRekordV2& record) {
  NONO_CHECK(view.only({"keyDetails", "publicKey", "x509Certificate"}));
  NONO_TRY(record.key_details, name_at(view, "keyDetails"));
  NONO_TRY(const auto certificate, view.maybe("x509Certificate"));
  NONO_TRY(const auto key, view.maybe("publicKey"));
  if (certificate.has_value() == key.has_value()) {
    return std::unexpected(view.error("must hold either x509Certificate or publicKey"));
  }
  record.form = certificate ? KeyForm::Certificate : KeyForm::PublicKey;
  const JsonView& holder = certificate ? *certificate : *key;
  NONO_CHECK(holder.only({"rawBytes"}));
  NONO_TRY(record.key_der, base64_at(holder, "rawBytes"));
  return {};
}

}  // namespace

Result<Record> read_hashedrekord_v001(const JsonView& spec) {
  NONO_CHECK(spec.only({"data", "signature"}));
  NONO_TRY(const JsonView data, object_at(spec, "data", {"hash"}));
  NONO_TRY(LoggedHash hash, hash_at(data, "hash"));
  NONO_TRY(const JsonView signature, object_at(spec, "signature", {"content", "publicKey"}));
  NONO_TRY(const JsonView key, object_at(signature, "publicKey", {"content"}));
  LoggedSignature logged;
  NONO_TRY(logged.signature, base64_at(signature, "content"));
  NONO_TRY(logged.key_pem, pem_at(key, "content"));
  return HashedRekord{std::move(hash), std::move(logged)};
}

Result<Record> read_dsse_v001(const JsonView& spec) {
  NONO_CHECK(spec.only({"envelopeHash", "payloadHash", "signatures"}));
  // Over the JSON that was uploaded, which nobody keeps: its shape is all that can be checked.
  NONO_CHECK(sha256_at(spec, "envelopeHash"));
  EnvelopeRecord record;
  NONO_TRY(record.payload_sha256, sha256_at(spec, "payloadHash"));
  NONO_TRY(record.signatures, signatures_at(spec, read_dsse_signature));
  return record;
}

Result<Record> read_intoto_v002(const JsonView& spec) {
  NONO_CHECK(spec.only({"content"}));
  NONO_TRY(const JsonView content, object_at(spec, "content", {"envelope", "hash", "payloadHash"}));
  NONO_TRY(const JsonView envelope,
           object_at(content, "envelope", {"payload", "payloadType", "signatures"}));
  NONO_CHECK(sha256_at(content, "hash"));  // as envelopeHash of dsse
  EnvelopeRecord record;
  NONO_TRY(const auto payload_hash, content.maybe("payloadHash"));
  NONO_TRY(const auto payload, envelope.maybe("payload"));
  if (!payload_hash && !payload) {
    return std::unexpected(content.error("must hold payloadHash or an envelope with payload"));
  }
  if (payload_hash) {
    NONO_TRY(record.payload_sha256, sha256_at(content, "payloadHash"));
  }
  if (payload) {
    NONO_TRY(record.payload, base64_twice_at(envelope, "payload"));
  }
  NONO_TRY(record.payload_type, name_at(envelope, "payloadType"));
  NONO_TRY(record.signatures, signatures_at(envelope, read_intoto_signature));
  return record;
}

Result<Record> read_hashedrekord_v002(const JsonView& spec) {
  NONO_CHECK(spec.only({"hashedRekordV002"}));
  NONO_TRY(const JsonView inner, object_at(spec, "hashedRekordV002", {"data", "signature"}));
  NONO_TRY(const JsonView data, object_at(inner, "data", {"algorithm", "digest"}));
  NONO_TRY(const HashName name, hash_name_at(data, &HashName::v2));
  NONO_TRY(Bytes digest, base64_at(data, "digest"));
  NONO_TRY(LoggedHash hash, sized(data, name, std::move(digest)));
  NONO_TRY(const JsonView signature, object_at(inner, "signature", {"content", "verifier"}));
  NONO_TRY(const JsonView verifier, signature.at("verifier"));
  HashedRekordV2 record{.hash = std::move(hash),
                        .signature = {},
                        .form = KeyForm::Certificate,
                        .key_der = {},
                        .key_details = {}};
  NONO_TRY(record.signature, base64_at(signature, "content"));
  NONO_CHECK(read_verifier(verifier, record));
  return record;
}

}  // namespace nono::rekor
