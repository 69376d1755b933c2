// tests/crypto/issuing.h: keys that sign with any digest, and certificates put together byte by
// byte, right or wrong. Everything is made for one test and protects nothing.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "crypto/keys.h"
#include "tests/crypto/certificate_draft.h"

namespace nono::crypto::test {

inline constexpr unsigned kBoolean = 0x01;
inline constexpr unsigned kUtf8 = 0x0C;
inline constexpr unsigned kGeneralizedTime = 0x18;
inline constexpr unsigned kSet = 0x31;
inline constexpr unsigned kContext0 = 0xA0;
inline constexpr unsigned kContext1 = 0xA1;
inline constexpr unsigned kContext3 = 0xA3;
inline constexpr unsigned kContext4 = 0xA4;

class TestKey {
 public:
  explicit TestKey(KeyAlgorithm algorithm);  // RSA: 2048 bits

  PublicKey public_key() const;
  // sign uses PKCS #1 v1.5 for RSA; Ed25519 takes no digest.
  Bytes sign(HashAlgorithm digest, std::span<const std::byte> message) const;
  KeyAlgorithm algorithm() const { return algorithm_; }

 private:
  KeyAlgorithm algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

// key_of is one key per algorithm and name, made once per process: RSA keys are slow to make.
const TestKey& key_of(KeyAlgorithm algorithm, std::string_view name = "");

// signature_identifier is the AlgorithmIdentifier of a signature with that digest.
Bytes signature_identifier(KeyAlgorithm algorithm, HashAlgorithm digest);

Bytes generalized_time(Time time);
Bytes key_identifier(std::span<const std::byte> id);

struct CertificateShape {
  std::string subject = "leaf";
  std::string issuer = "authority";
  unsigned serial = 7;
  Time not_before = Time(std::chrono::seconds(1'700'000'000));
  Time not_after = Time(std::chrono::seconds(1'800'000'000));
  std::vector<Bytes> extensions;
};
Bytes certificate_tbs(const CertificateShape& shape, const PublicKey& key, const TestKey& issuer);
Bytes certificate_der(const CertificateShape& shape, const PublicKey& key, const TestKey& issuer);
// certificate parses it; a shape that the parser refuses fails the test and ends it.
Certificate certificate(const CertificateShape& shape, const PublicKey& key, const TestKey& issuer);

}  // namespace nono::crypto::test
