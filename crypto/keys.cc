// crypto/keys.cc: verifying keys.
#include "crypto/keys.h"

#include <openssl/rsa.h>

#include <bit>
#include <cstdlib>
#include <utility>

#include "crypto/der.h"
#include "crypto/hash_names.h"
#include "crypto/key_impl.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;

constexpr KeyAlgorithm kAlgorithms[] = {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                                        KeyAlgorithm::EcdsaP521, KeyAlgorithm::Ed25519,
                                        KeyAlgorithm::Rsa};

// OpenSSL compares by re-encoding too, but a rule that a verdict hangs on stands here, in sight.
bool strict_ecdsa(Span signature) {
  DerReader outer(signature);
  auto numbers = outer.take_inside(DerTag::Sequence);
  return numbers && numbers->take_positive() && numbers->take_positive() && numbers->done() &&
         outer.done();
}

const unsigned char* raw(Span bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Check is one digest and the signature over it.
struct Check {
  HashAlgorithm algorithm;
  Span digest;
  Span signature;
};

std::size_t bits_of(const PublicParts& parts) {
  if (parts.algorithm != KeyAlgorithm::Rsa) {
    return shape_of(parts.algorithm).bits;
  }
  const auto top = std::to_integer<unsigned>(parts.modulus.front());
  return (parts.modulus.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(top));
}

PkeyContext verifying(EVP_PKEY* key, HashAlgorithm algorithm) {
  PkeyContext context(EVP_PKEY_CTX_new_from_pkey(library_context(), key, nullptr));
  const bool ready = context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
                     EVP_PKEY_CTX_set_signature_md(context.get(), digest_method(algorithm)) == 1;
  return ready ? std::move(context) : nullptr;
}

bool verified(const PkeyContext& context, const Check& check) {
  return EVP_PKEY_verify(context.get(), raw(check.signature), check.signature.size(),
                         raw(check.digest), check.digest.size()) == 1;
}

bool plainly_verified(EVP_PKEY* key, const Check& check) {
  const PkeyContext context = verifying(key, check.algorithm);
  return context != nullptr && verified(context, check);
}

bool pss_verified(EVP_PKEY* key, const Check& check, int salt) {
  const PkeyContext context = verifying(key, check.algorithm);
  return context != nullptr &&
         EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest_method(check.algorithm)) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), salt) == 1 && verified(context, check);
}

// A salt is as long as the digest, as good as always. OpenSSL finds any other length by itself but
// does not tell it, and a longer salt than the digest is no signature of ours (FIPS 186-5, 5.4 g):
// so the lengths are tried, only for what does verify.
bool pss_verified(EVP_PKEY* key, const Check& check) {
  const int longest = static_cast<int>(check.digest.size());
  if (pss_verified(key, check, longest)) {
    return true;
  }
  if (!pss_verified(key, check, RSA_PSS_SALTLEN_AUTO)) {
    return false;
  }
  for (int salt = 0; salt < longest; ++salt) {
    if (pss_verified(key, check, salt)) {
      return true;
    }
  }
  return false;
}

bool ed25519_verified(EVP_PKEY* key, Span message, Span signature) {
  const DigestContext context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, library_context(), nullptr, key,
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message),
                          message.size()) == 1;
}

}  // namespace

std::string_view name_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::EcdsaP256:
      return "ecdsa-p256";
    case KeyAlgorithm::EcdsaP384:
      return "ecdsa-p384";
    case KeyAlgorithm::EcdsaP521:
      return "ecdsa-p521";
    case KeyAlgorithm::Ed25519:
      return "ed25519";
    case KeyAlgorithm::Rsa:
      return "rsa";
  }
  std::abort();
}

std::optional<KeyAlgorithm> key_algorithm_named(std::string_view name) {
  for (const KeyAlgorithm algorithm : kAlgorithms) {
    if (name == name_of(algorithm)) {
      return algorithm;
    }
  }
  return std::nullopt;
}

Result<PublicKey> PublicKey::parse_spki_der(Span der) {
  NONO_TRY(const PublicParts parts, read_spki(der));
  NONO_CHECK(check_public(parts));
  auto impl = std::make_shared<Impl>(parts.algorithm, bits_of(parts), Bytes(der.begin(), der.end()),
                                     Sha256::of(der));
  if (parts.algorithm == KeyAlgorithm::Rsa) {
    NONO_TRY(impl->object, public_object(parts));
  }
  return PublicKey(std::move(impl));
}

// What check_public took OpenSSL refuses for want of memory alone.
EVP_PKEY* PublicKey::Impl::key() const {
  std::call_once(asked, [this] {
    if (object == nullptr) {
      const auto parts = read_spki(spki);
      auto made = parts ? public_object(*parts) : Result<Pkey>(nullptr);
      stop_unless(made && *made != nullptr, "OpenSSL gives no memory for a key");
      object = *std::move(made);
    }
  });
  return object.get();
}

Result<PublicKey> PublicKey::parse_pkcs1_der(Span der) {
  NONO_CHECK(read_pkcs1(der));
  return parse_spki_der(write_rsa_spki(der));
}

Result<PublicKey> PublicKey::parse_text(std::string_view text) {
  NONO_TRY(const Bytes der, unarmour_public(text));
  return parse_spki_der(der);
}

KeyAlgorithm PublicKey::algorithm() const {
  return impl_->algorithm;
}
std::size_t PublicKey::bits() const {
  return impl_->bits;
}
HashAlgorithm PublicKey::usual_hash() const {
  switch (algorithm()) {
    case KeyAlgorithm::EcdsaP256:
    case KeyAlgorithm::Rsa:
      return HashAlgorithm::Sha256;
    case KeyAlgorithm::EcdsaP384:
      return HashAlgorithm::Sha384;
    case KeyAlgorithm::EcdsaP521:
    case KeyAlgorithm::Ed25519:
      return HashAlgorithm::Sha512;
  }
  std::abort();
}
const Sha256& PublicKey::fingerprint() const {
  return impl_->fingerprint;
}
const Bytes& PublicKey::spki_der() const {
  return impl_->spki;
}
std::string PublicKey::spki_base64() const {
  return base64_encode(impl_->spki);
}
std::string PublicKey::spki_pem() const {
  return pem_of("PUBLIC KEY", impl_->spki);
}

bool PublicKey::verifies(Span message, Span signature) const {
  return verifies_with(usual_hash(), message, signature);
}

bool PublicKey::verifies_with(HashAlgorithm algorithm, Span message, Span signature,
                              RsaPadding padding) const {
  if (this->algorithm() == KeyAlgorithm::Ed25519) {
    const ErrorQueue queue;
    return ed25519_verified(impl_->key(), message, signature);
  }
  return verifies_digest(algorithm, hash(algorithm, message), signature, padding);
}

bool PublicKey::verifies_digest(HashAlgorithm algorithm, Span digest, Span signature,
                                RsaPadding padding) const {
  if (digest.size() != digest_size(algorithm) || this->algorithm() == KeyAlgorithm::Ed25519) {
    return false;
  }
  const ErrorQueue queue;
  const Check check{.algorithm = algorithm, .digest = digest, .signature = signature};
  EVP_PKEY* const key = impl_->key();
  if (this->algorithm() == KeyAlgorithm::Rsa) {
    // Shorter signatures are those of another modulus, even where the number would be the same.
    const bool sized = signature.size() == (bits() + 7) / 8;
    return sized &&
           (padding == RsaPadding::Pss ? pss_verified(key, check) : plainly_verified(key, check));
  }
  return strict_ecdsa(signature) && plainly_verified(key, check);
}

}  // namespace nono::crypto
