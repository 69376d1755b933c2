// crypto/key_formats.h: SubjectPublicKeyInfo (RFC 5280, 5480, 8410), PKCS#8 (RFC 5958) and the two
// armours around them; PEM around a certificate. Internal to crypto/.
//
// Nothing read is trusted, and no arithmetic is done here: a point that is read may lie anywhere.
// Exactly one encoding of each key is taken, so that a fingerprint names one key and a key has one
// fingerprint. Errors are InvalidInput, or Unsupported where the format is sound but the algorithm
// is not ours.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/keys.h"
#include "crypto/secret.h"

namespace nono::crypto {

// KeyShape is what the encodings of one elliptic-curve algorithm have in common.
struct KeyShape {
  std::size_t bits;  // of the curve
  std::size_t secret_size;
  std::size_t point_size;       // uncompressed: 04 X Y; Ed25519: the 32 bytes of RFC 8032
  const char* group;            // OpenSSL's name
  const char* digest;           // null: the algorithm hashes by itself
  std::string_view spki_head;   // DER before the point
  std::string_view pkcs8_head;  // DER before the secret
  std::string_view pkcs8_join;  // DER between secret and point; empty: no point in PKCS#8
};
// shape_of is defined for EcdsaP256, EcdsaP384, EcdsaP521 and Ed25519.
const KeyShape& shape_of(KeyAlgorithm algorithm);

// The spans of PublicParts and PrivateParts borrow from what was read.
struct PublicParts {
  KeyAlgorithm algorithm;
  std::span<const std::byte> point;     // not for RSA
  std::span<const std::byte> modulus;   // RSA only, big-endian, 2048 to 8192 bits
  std::span<const std::byte> exponent;  // RSA only, odd, 3 or more, at most 64 bits
};
Result<PublicParts> read_spki(std::span<const std::byte> der);
// read_pkcs1 reads an RSAPublicKey (RFC 8017 A.1.1) by the same rules as one inside an SPKI.
Result<PublicParts> read_pkcs1(std::span<const std::byte> der);
Bytes write_spki(KeyAlgorithm algorithm, std::span<const std::byte> point);
// write_rsa_spki wraps an RSAPublicKey that read_pkcs1 took.
Bytes write_rsa_spki(std::span<const std::byte> pkcs1);

struct PrivateParts {
  KeyAlgorithm algorithm;
  std::span<const std::byte> secret;
  // The public points that the encoding carries, empty where absent. They are claims: whoever uses
  // the key computes the point and compares.
  std::span<const std::byte> inner_point;
  std::span<const std::byte> outer_point;
};
Result<PrivateParts> read_pkcs8(std::span<const std::byte> der);
Secret write_pkcs8(KeyAlgorithm algorithm, std::span<const std::byte> secret,
                   std::span<const std::byte> point);

// unarmour_public returns the DER inside one PEM "PUBLIC KEY" block or one line of base64; white
// space around the whole is allowed, any other byte is not.
Result<Bytes> unarmour_public(std::string_view text);
// unarmour_private is the same for "PRIVATE KEY".
Result<Secret> unarmour_private(const Secret& text);

// unarmour_certificate returns the DER inside exactly one PEM "CERTIFICATE" block.
Result<Bytes> unarmour_certificate(std::string_view text);

std::string pem_of(std::string_view label, std::span<const std::byte> der);

}  // namespace nono::crypto
