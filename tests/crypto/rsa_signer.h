// tests/crypto/rsa_signer.h: RSA signatures of every padding, which crypto/ only verifies. The key
// is made for the test and dies with it.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <span>

#include "base/encoding.h"
#include "crypto/keys.h"

namespace nono::crypto::test {

class RsaSigner {
 public:
  explicit RsaSigner(unsigned bits);

  PublicKey public_key() const;
  Bytes pkcs1_der() const;  // RSAPublicKey
  // Signatures over a digest; `mgf` and `salt` are for PSS.
  Bytes pkcs1(HashAlgorithm algorithm, std::span<const std::byte> message) const;
  Bytes pss(HashAlgorithm algorithm, std::span<const std::byte> message, HashAlgorithm mgf,
            int salt) const;
  // raw raises a whole encoded block, as long as the modulus, to the secret exponent.
  Bytes raw(std::span<const std::byte> block) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace nono::crypto::test
