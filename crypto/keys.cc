// crypto/keys.cc: verifying keys.
#include "crypto/keys.h"

#include <cstdlib>
#include <utility>

#include "crypto/der.h"
#include "crypto/key_impl.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;

constexpr KeyAlgorithm kAlgorithms[] = {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                                        KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa};

// OpenSSL compares by re-encoding too, but a rule that a verdict hangs on stands here, in sight.
bool strict_ecdsa(Span signature) {
  DerReader outer(signature);
  auto numbers = outer.take_inside(DerTag::Sequence);
  return numbers && numbers->take_positive() && numbers->take_positive() && numbers->done() &&
         outer.done();
}

const char* digest_of(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::Rsa ? "SHA2-256" : shape_of(algorithm).digest;
}

}  // namespace

std::string_view name_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::EcdsaP256:
      return "ecdsa-p256";
    case KeyAlgorithm::EcdsaP384:
      return "ecdsa-p384";
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
  NONO_TRY(Pkey object, public_object(parts));
  return PublicKey(std::make_shared<const Impl>(Impl{.algorithm = parts.algorithm,
                                                     .spki = Bytes(der.begin(), der.end()),
                                                     .fingerprint = Sha256::of(der),
                                                     .object = std::move(object)}));
}

Result<PublicKey> PublicKey::parse_text(std::string_view text) {
  NONO_TRY(const Bytes der, unarmour_public(text));
  return parse_spki_der(der);
}

KeyAlgorithm PublicKey::algorithm() const {
  return impl_->algorithm;
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
  const bool ecdsa =
      algorithm() == KeyAlgorithm::EcdsaP256 || algorithm() == KeyAlgorithm::EcdsaP384;
  if (ecdsa && !strict_ecdsa(signature)) {
    return false;
  }
  const ErrorQueue queue;
  const DigestContext context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, digest_of(algorithm()), library_context(),
                                 nullptr, impl_->object.get(), nullptr) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

}  // namespace nono::crypto
