// attest/key_details.cc: the table of PublicKeyDetails.
#include "attest/key_details.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"

namespace nono::attest {

namespace {

using enum KeyFamily;
using enum KeyEncoding;

// A verifier of logs takes the digest from the key, and PKCS #1 v1.5 for RSA.
constexpr std::string_view kPss = "RSASSA-PSS is not read for logs";
constexpr std::string_view kOtherDigest = "a digest other than the curve's is not read for logs";
constexpr std::string_view kPrehashed = "logs do not sign prehashed";
constexpr std::string_view kHashBased = "hash-based signatures are not implemented";
constexpr std::string_view kLattice = "ML-DSA is not implemented";

// PKIX_ECDSA_P256_HMAC_SHA_256 (RFC 6979) tells how the signer chose its nonce: nothing that a
// verifier sees.
constexpr std::array kDetails{
    KeyDetails{"PKCS1_RSA_PKCS1V5", 1, Rsa, Pkcs1},
    KeyDetails{"PKCS1_RSA_PSS", 2, Rsa, Pkcs1, 0, kPss},
    KeyDetails{"PKIX_RSA_PKCS1V5", 3, Rsa, Spki},
    KeyDetails{"PKIX_RSA_PSS", 4, Rsa, Spki, 0, kPss},
    KeyDetails{"PKIX_ECDSA_P256_SHA_256", 5, Ecdsa, Spki, 256},
    KeyDetails{"PKIX_ECDSA_P256_HMAC_SHA_256", 6, Ecdsa, Spki, 256},
    KeyDetails{"PKIX_ED25519", 7, Ed25519, Spki},
    KeyDetails{"PKIX_ED25519_PH", 8, Ed25519, Spki, 0, kPrehashed},
    KeyDetails{"PKIX_RSA_PKCS1V15_2048_SHA256", 9, Rsa, Spki, 2048},
    KeyDetails{"PKIX_RSA_PKCS1V15_3072_SHA256", 10, Rsa, Spki, 3072},
    KeyDetails{"PKIX_RSA_PKCS1V15_4096_SHA256", 11, Rsa, Spki, 4096},
    KeyDetails{"PKIX_ECDSA_P384_SHA_384", 12, Ecdsa, Spki, 384},
    KeyDetails{"PKIX_ECDSA_P521_SHA_512", 13, Ecdsa, Spki, 521},
    KeyDetails{"LMS_SHA256", 14, Other, Spki, 0, kHashBased},
    KeyDetails{"LMOTS_SHA256", 15, Other, Spki, 0, kHashBased},
    KeyDetails{"PKIX_RSA_PSS_2048_SHA256", 16, Rsa, Spki, 2048, kPss},
    KeyDetails{"PKIX_RSA_PSS_3072_SHA256", 17, Rsa, Spki, 3072, kPss},
    KeyDetails{"PKIX_RSA_PSS_4096_SHA256", 18, Rsa, Spki, 4096, kPss},
    KeyDetails{"PKIX_ECDSA_P384_SHA_256", 19, Ecdsa, Spki, 384, kOtherDigest},
    KeyDetails{"PKIX_ECDSA_P521_SHA_256", 20, Ecdsa, Spki, 521, kOtherDigest},
    KeyDetails{"ML_DSA_65", 21, Other, Spki, 0, kLattice},
    KeyDetails{"ML_DSA_87", 22, Other, Spki, 0, kLattice},
    KeyDetails{"ML_DSA_44", 23, Other, Spki, 0, kLattice},
};

KeyFamily family_of(const crypto::PublicKey& key) {
  switch (key.algorithm()) {
    case crypto::KeyAlgorithm::Ed25519:
      return Ed25519;
    case crypto::KeyAlgorithm::Rsa:
      return Rsa;
    case crypto::KeyAlgorithm::EcdsaP256:
    case crypto::KeyAlgorithm::EcdsaP384:
    case crypto::KeyAlgorithm::EcdsaP521:
      return Ecdsa;
  }
  std::unreachable();
}

Result<const KeyDetails*> find_details(const JsonView& view) {
  NONO_TRY(const ProtoEnum value, read_enum(view));
  if (value.is("PUBLIC_KEY_DETAILS_UNSPECIFIED", 0)) {
    return std::unexpected(view.error("must not be unspecified"));
  }
  const auto* const found = std::ranges::find_if(
      kDetails, [&value](const KeyDetails& d) { return value.is(d.name, d.number); });
  if (found == kDetails.end()) {
    return fail(ErrorKind::Unsupported,
                "keyDetails " + printable(value.shown()) + " is unknown to this version");
  }
  if (!found->unsupported.empty()) {
    return fail(ErrorKind::Unsupported,
                "keyDetails " + std::string(found->name) + ": " + std::string(found->unsupported));
  }
  return found;
}

}  // namespace

std::span<const KeyDetails> key_details() {
  return kDetails;
}

Result<crypto::PublicKey> read_log_key(const JsonView& details, std::span<const std::byte> raw) {
  NONO_TRY(const KeyDetails* const expected, find_details(details));
  Result<crypto::PublicKey> key = expected->encoding == Pkcs1
                                      ? crypto::PublicKey::parse_pkcs1_der(raw)
                                      : crypto::PublicKey::parse_spki_der(raw);
  if (!key) {
    return std::unexpected(std::move(key).error().while_doing("reading rawBytes"));
  }
  const bool right_size = expected->bits == 0 || key->bits() == expected->bits;
  if (family_of(*key) != expected->family || !right_size) {
    return std::unexpected(details.error("the key is " + std::string(name_of(key->algorithm())) +
                                         " of " + std::to_string(key->bits()) + " bits, not " +
                                         std::string(expected->name)));
  }
  return key;
}

}  // namespace nono::attest
