// tests/crypto/issuing.cc: signing by OpenSSL, DER by hand.
#include "tests/crypto/issuing.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <map>
#include <utility>

#include "crypto/openssl_handles.h"
#include "tests/crypto/support.h"

namespace nono::crypto::test {
namespace {

EVP_PKEY* generated(KeyAlgorithm algorithm) {
  OSSL_LIB_CTX* const context = library_context();
  switch (algorithm) {
    case KeyAlgorithm::EcdsaP256:
      return EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-256");
    case KeyAlgorithm::EcdsaP384:
      return EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-384");
    case KeyAlgorithm::EcdsaP521:
      return EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-521");
    case KeyAlgorithm::Ed25519:
      return EVP_PKEY_Q_keygen(context, nullptr, "ED25519");
    case KeyAlgorithm::Rsa:
      return EVP_PKEY_Q_keygen(context, nullptr, "RSA", std::size_t{2048});
  }
  return nullptr;
}

const char* name_of_digest(HashAlgorithm digest) {
  switch (digest) {
    case HashAlgorithm::Sha256:
      return "SHA2-256";
    case HashAlgorithm::Sha384:
      return "SHA2-384";
    case HashAlgorithm::Sha512:
      return "SHA2-512";
  }
  return nullptr;
}

unsigned char last_arc(HashAlgorithm digest, unsigned char sha256) {
  return static_cast<unsigned char>(sha256 + static_cast<unsigned char>(digest));
}

void append_digits(std::string& out, int number, std::size_t count) {
  const std::string digits = std::to_string(number);
  out.append(count - digits.size(), '0');
  out += digits;
}

HashAlgorithm usual(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::EcdsaP384 ? HashAlgorithm::Sha384 : HashAlgorithm::Sha256;
}

}  // namespace

TestKey::TestKey(KeyAlgorithm algorithm)
    : algorithm_(algorithm), key_(generated(algorithm), EVP_PKEY_free) {
  EXPECT_NE(key_, nullptr);
}

PublicKey TestKey::public_key() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  EXPECT_GT(size, 0);
  const auto key =
      PublicKey::parse_spki_der(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return key.value();
}

Bytes TestKey::sign(HashAlgorithm digest, std::span<const std::byte> message) const {
  const DigestContext context(EVP_MD_CTX_new());
  const char* const name = algorithm_ == KeyAlgorithm::Ed25519 ? nullptr : name_of_digest(digest);
  EXPECT_EQ(EVP_DigestSignInit_ex(context.get(), nullptr, name, library_context(), nullptr,
                                  key_.get(), nullptr),
            1);
  const auto* const data = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
  Bytes out(size);
  EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data,
                           message.size()),
            1);
  out.resize(size);
  return out;
}

const TestKey& key_of(KeyAlgorithm algorithm, std::string_view name) {
  static std::map<std::pair<KeyAlgorithm, std::string>, TestKey> keys;
  return keys.try_emplace({algorithm, std::string(name)}, algorithm).first->second;
}

Bytes signature_identifier(KeyAlgorithm algorithm, HashAlgorithm digest) {
  switch (algorithm) {
    case KeyAlgorithm::Ed25519:
      return ed25519_identifier();
    case KeyAlgorithm::Rsa: {
      Bytes rsa = unhex("300d06092a864886f70d01010b0500");
      rsa[12] = std::byte{last_arc(digest, 0x0B)};
      return rsa;
    }
    case KeyAlgorithm::EcdsaP256:
    case KeyAlgorithm::EcdsaP384:
    case KeyAlgorithm::EcdsaP521: {
      Bytes ecdsa = unhex("300a06082a8648ce3d040302");
      ecdsa.back() = std::byte{last_arc(digest, 0x02)};
      return ecdsa;
    }
  }
  return {};
}

Bytes generalized_time(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text;
  append_digits(text, static_cast<int>(date.year()), 4);
  append_digits(text, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  append_digits(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  append_digits(text, static_cast<int>(clock.hours().count()), 2);
  append_digits(text, static_cast<int>(clock.minutes().count()), 2);
  append_digits(text, static_cast<int>(clock.seconds().count()), 2);
  return der(kGeneralizedTime, {as_bytes(text + "Z")});
}

Bytes key_identifier(std::span<const std::byte> id) {
  return extension("2.5.29.14", false, der(kOctets, {id}));
}

Bytes certificate_tbs(const CertificateShape& shape, const PublicKey& key, const TestKey& issuer) {
  const Bytes serial{static_cast<std::byte>(shape.serial)};
  const Draft draft{.serial = der_integer(serial),
                    .inner_algorithm = {},
                    .outer_algorithm = {},
                    .issuer = common_name(shape.issuer),
                    .not_before = time_element(shape.not_before),
                    .not_after = time_element(shape.not_after),
                    .subject = common_name(shape.subject),
                    .spki = key.spki_der(),
                    .unique_ids = {},
                    .extensions = shape.extensions,
                    .tail = {}};
  return draft.tbs(signature_identifier(issuer.algorithm(), usual(issuer.algorithm())));
}

Bytes certificate_der(const CertificateShape& shape, const PublicKey& key, const TestKey& issuer) {
  const Bytes tbs = certificate_tbs(shape, key, issuer);
  const HashAlgorithm digest = usual(issuer.algorithm());
  return der(kSequence, {tbs, signature_identifier(issuer.algorithm(), digest),
                         der_bits(issuer.sign(digest, tbs))});
}

Certificate certificate(const CertificateShape& shape, const PublicKey& key,
                        const TestKey& issuer) {
  return Certificate::parse_der(certificate_der(shape, key, issuer)).value();
}

}  // namespace nono::crypto::test
