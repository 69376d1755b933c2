// dsse/envelope.h: Dead Simple Signing Envelope v1 (secure-systems-lab/dsse): parse, PAE, verify.
//
// An Envelope is what arrived; its payload is shut inside. The payload comes out only through
// open(), after the signature over its pre-authentication encoding was good: code that reads claims
// before it checks signatures does not compile.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

namespace nono::dsse {

inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

// pae is the pre-authentication encoding: "DSSEv1" SP len SP type SP len SP payload.
Bytes pae(std::string_view payload_type, std::span<const std::byte> payload);

// VerifiedPayload is a payload whose signature was checked against `signed_by`.
class [[nodiscard]] VerifiedPayload {
 public:
  const std::string& type() const { return type_; }
  std::string_view text() const { return as_text(bytes_); }
  const crypto::PublicKey& signed_by() const { return signed_by_; }

 private:
  friend class Envelope;
  VerifiedPayload(std::string type, Bytes bytes, crypto::PublicKey key)
      : type_(std::move(type)), bytes_(std::move(bytes)), signed_by_(std::move(key)) {}
  std::string type_;
  Bytes bytes_;
  crypto::PublicKey signed_by_;
};

// Envelope holds exactly one signature: two parsers could pick different ones out of several.
class Envelope {
 public:
  // parse reads {payloadType, payload, signatures:[{sig, keyid?}]}: unknown members, no or several
  // signatures, an empty payload, base64 that is not ProtoJSON's are InvalidInput with pointer.
  // Unknown members are refused because the envelope is unsigned around its payload: what one
  // reader skips, another may act on. (Sigstore's ProtoJSON readers refuse them as well.)
  static Result<Envelope> parse(const JsonView& view);

  const std::string& payload_type() const { return payload_type_; }
  // key_id is the signer's unauthenticated hint; empty where absent.
  const std::string& key_id() const { return key_id_; }
  // open returns the payload if the signature verifies under `key`, else nothing. A P-384 or P-521
  // key may also have signed with SHA-256, as older clients did.
  std::optional<VerifiedPayload> open(const crypto::PublicKey& key) const;
  // What a transparency log knows of an envelope: it proves nothing about the signature.
  const Bytes& signature() const { return signature_; }
  crypto::Sha256 pae_sha256() const;  // of the signed bytes
  Bytes pae_digest(crypto::HashAlgorithm algorithm) const;
  crypto::Sha256 payload_digest() const;

 private:
  Envelope() = default;
  std::string payload_type_;
  Bytes payload_;
  Bytes signature_;
  std::string key_id_;
};

// seal signs `payload` and returns the envelope as JSON, as it stands in a bundle.
Result<Json> seal(const crypto::PrivateKey& key, std::string_view payload_type,
                  std::string_view payload);

}  // namespace nono::dsse
