// crypto/keys.h: signature keys. OpenSSL stays behind this header.
//
// Signatures: ECDSA P-256/SHA-256, P-384/SHA-384 (ASN.1 DER, strict: minimal, no trailing bytes,
// r and s in range), Ed25519 (64 bytes), RSA PKCS#1 v1.5/SHA-256 with 2048 to 8192 bits (verify
// only). Keys: PKCS#8 (RFC 5958) and SubjectPublicKeyInfo (RFC 5280), DER without trailing bytes,
// named curves only, the point on the curve. Nothing of a key that failed to parse is kept.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

namespace nono::crypto {

enum class KeyAlgorithm : unsigned char { EcdsaP256, EcdsaP384, Ed25519, Rsa };
std::string_view name_of(KeyAlgorithm algorithm);  // "ecdsa-p256", "ecdsa-p384", "ed25519", "rsa"
std::optional<KeyAlgorithm> key_algorithm_named(std::string_view name);

// PublicKey is an immutable, cheap-to-copy verifying key.
class PublicKey {
 public:
  static Result<PublicKey> parse_spki_der(std::span<const std::byte> der);
  // parse_text takes one PEM "PUBLIC KEY" block, or upstream's one line of base64 of SPKI DER
  // (`.pem.pub`). A private key, a certificate or anything after the key is refused.
  static Result<PublicKey> parse_text(std::string_view text);

  KeyAlgorithm algorithm() const;
  // fingerprint is SHA-256 over the SPKI DER: the only name of a key that needs no trust.
  const Sha256& fingerprint() const;
  const Bytes& spki_der() const;
  std::string spki_base64() const;
  std::string spki_pem() const;

  // verifies reports whether `signature` over `message` is good. A malformed signature is false,
  // not an Error: a verifier has one way to say no.
  [[nodiscard]] bool verifies(std::span<const std::byte> message,
                              std::span<const std::byte> signature) const;

 private:
  friend class PrivateKey;
  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// PrivateKey signs. Its material is wiped with it; it is never printed.
class PrivateKey {
 public:
  // generate makes a P-256, P-384 or Ed25519 key; RSA is Unsupported.
  static Result<PrivateKey> generate(KeyAlgorithm algorithm);
  // parse_text takes PEM "PRIVATE KEY" (PKCS#8, not encrypted) or upstream's one line of base64 of
  // PKCS#8 DER. An encrypted key says so and how to go on.
  static Result<PrivateKey> parse_text(const Secret& text);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  const PublicKey& public_key() const;
  Result<Bytes> sign(std::span<const std::byte> message) const;
  Result<Secret> pkcs8_pem() const;

 private:
  struct Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nono::crypto
