// crypto/keys.h: signature keys. OpenSSL stays behind this header.
//
// Signatures: ECDSA on P-256, P-384 and P-521 (ASN.1 DER, strict: minimal, no trailing bytes, r and
// s in range; a high s is legal), Ed25519 (64 bytes), RSA with 2048 to 8192 bits (verify only).
// Keys: PKCS#8 (RFC 5958), SubjectPublicKeyInfo (RFC 5280), DER without trailing bytes, named
// curves only, the point on the curve. Nothing of a key that failed to parse is kept.
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

enum class KeyAlgorithm : unsigned char { EcdsaP256, EcdsaP384, EcdsaP521, Ed25519, Rsa };
// "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa"
std::string_view name_of(KeyAlgorithm algorithm);
std::optional<KeyAlgorithm> key_algorithm_named(std::string_view name);

// Padding of an RSA signature; of no meaning for other keys. PSS: MGF1 with the same digest, any
// salt length up to the digest's.
enum class RsaPadding : unsigned char { Pkcs1v15, Pss };

// PublicKey is an immutable, cheap-to-copy verifying key.
class PublicKey {
 public:
  static Result<PublicKey> parse_spki_der(std::span<const std::byte> der);
  // parse_text takes one PEM "PUBLIC KEY" block, or upstream's one line of base64 of SPKI DER
  // (`.pem.pub`). A private key, a certificate or anything after the key is refused.
  static Result<PublicKey> parse_text(std::string_view text);

  // parse_pkcs1_der takes an RSAPublicKey (RFC 8017 A.1.1), as some logs publish it. Its
  // spki_der() is the SubjectPublicKeyInfo with the same numbers.
  static Result<PublicKey> parse_pkcs1_der(std::span<const std::byte> der);

  KeyAlgorithm algorithm() const;
  std::size_t bits() const;  // of the curve's order or the modulus: 256, 384, 521, 256, 2048 …
  // usual_hash is the digest that goes with the key where nothing else is said: SHA-256 for P-256
  // and RSA, SHA-384 for P-384, SHA-512 for P-521 (and for Ed25519, which hashes by itself).
  HashAlgorithm usual_hash() const;
  // fingerprint is SHA-256 over the SPKI DER: the only name of a key that needs no trust.
  const Sha256& fingerprint() const;
  const Bytes& spki_der() const;
  std::string spki_base64() const;
  std::string spki_pem() const;

  // verifies reports whether `signature` over `message` is good. A malformed signature is false,
  // not an Error: a verifier has one way to say no.
  [[nodiscard]] bool verifies(std::span<const std::byte> message,
                              std::span<const std::byte> signature) const;
  // verifies_with is the same for another digest than the usual one (a P-384 key with SHA-256).
  // Ed25519 takes no digest: `algorithm` is not looked at.
  [[nodiscard]] bool verifies_with(HashAlgorithm algorithm, std::span<const std::byte> message,
                                   std::span<const std::byte> signature,
                                   RsaPadding padding = RsaPadding::Pkcs1v15) const;
  // verifies_digest checks a signature over a message of which only the digest is known. False
  // where `digest` has not the length of `algorithm`, and always for Ed25519 (which signs
  // messages).
  [[nodiscard]] bool verifies_digest(HashAlgorithm algorithm, std::span<const std::byte> digest,
                                     std::span<const std::byte> signature,
                                     RsaPadding padding = RsaPadding::Pkcs1v15) const;

 private:
  friend class PrivateKey;
  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// PrivateKey signs. Its material is wiped with it; it is never printed.
class PrivateKey {
 public:
  // generate makes a P-256, P-384, P-521 or Ed25519 key; RSA is Unsupported.
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
