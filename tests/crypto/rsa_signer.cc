// tests/crypto/rsa_signer.cc: RSA by OpenSSL's own names.
#include "tests/crypto/rsa_signer.h"

#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/openssl_handles.h"

namespace nono::crypto::test {
namespace {

struct Padding {
  int kind;
  const EVP_MD* digest;
  const EVP_MD* mgf;
  int salt;
};

bool set_up(EVP_PKEY_CTX* context, const Padding& padding) {
  if (EVP_PKEY_sign_init(context) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context, padding.kind) != 1) {
    return false;
  }
  if (padding.digest != nullptr && EVP_PKEY_CTX_set_signature_md(context, padding.digest) != 1) {
    return false;
  }
  return padding.mgf == nullptr || (EVP_PKEY_CTX_set_rsa_mgf1_md(context, padding.mgf) == 1 &&
                                    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, padding.salt) == 1);
}

Bytes sign(EVP_PKEY* key, const Padding& padding, std::span<const std::byte> block) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(library_context(), key, nullptr));
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = out.size();
  const bool made =
      set_up(context.get(), padding) &&
      EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                    reinterpret_cast<const unsigned char*>(block.data()), block.size()) == 1;
  EXPECT_TRUE(made);
  out.resize(made ? size : 0);
  return out;
}

}  // namespace

RsaSigner::RsaSigner(unsigned bits)
    : key_(EVP_PKEY_Q_keygen(library_context(), nullptr, "RSA", std::size_t{bits}), EVP_PKEY_free) {
  EXPECT_NE(key_, nullptr);
}

Bytes RsaSigner::pkcs1_der() const {
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(key_.get(), &der);
  EXPECT_GT(size, 0);
  const auto* const first = reinterpret_cast<const std::byte*>(der);
  Bytes out(first, first + size);
  OPENSSL_free(der);
  return out;
}

PublicKey RsaSigner::public_key() const {
  return *PublicKey::parse_pkcs1_der(pkcs1_der());
}

Bytes RsaSigner::pkcs1(HashAlgorithm algorithm, std::span<const std::byte> message) const {
  return sign(key_.get(),
              {.kind = RSA_PKCS1_PADDING, .digest = digest_method(algorithm), .mgf = {}, .salt = 0},
              hash(algorithm, message));
}

Bytes RsaSigner::pss(HashAlgorithm algorithm, std::span<const std::byte> message, HashAlgorithm mgf,
                     int salt) const {
  return sign(key_.get(),
              {.kind = RSA_PKCS1_PSS_PADDING,
               .digest = digest_method(algorithm),
               .mgf = digest_method(mgf),
               .salt = salt},
              hash(algorithm, message));
}

Bytes RsaSigner::raw(std::span<const std::byte> block) const {
  return sign(key_.get(), {.kind = RSA_NO_PADDING, .digest = {}, .mgf = {}, .salt = 0}, block);
}

}  // namespace nono::crypto::test
