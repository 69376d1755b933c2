// tests/crypto/plain_certificate_test.cc: which certificates OpenSSL is not shown at once, and that
// it would have taken every one of them.
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <algorithm>

#include "crypto/certificate_impl.h"
#include "tests/crypto/certificate_draft.h"
#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::Draft;
using test::unhex;

const PrivateKey& key() {
  static const PrivateKey made = *PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  return made;
}

// usual has all that a plain certificate may have.
Draft usual() {
  Draft draft = test::leaf(key().public_key(), "issuer");
  draft.extensions.push_back(test::extension("2.5.29.14", false, unhex("0402abcd")));
  draft.extensions.push_back(test::extension("2.5.29.35", false, unhex("30048002abcd")));
  draft.extensions.push_back(test::extension("1.3.6.1.4.1.57264.1.8", false, unhex("0c0161")));
  draft.extensions.push_back(test::extension("1.3.6.1.4.1.11129.2.4.2", false, unhex("0400")));
  return draft;
}

bool is_plain(const Certificate& certificate) {
  return CertificateAccess::is_plain(certificate);
}

TEST(PlainCertificateTest, LeavesAndAuthoritiesAreUsually) {
  EXPECT_TRUE(is_plain(usual().issued_by(key())));
  EXPECT_TRUE(is_plain(test::authority("root", key().public_key(), "root").issued_by(key())));
  Draft nameless = usual();
  nameless.subject = unhex("3000");
  EXPECT_TRUE(is_plain(nameless.issued_by(key())));
}

TEST(PlainCertificateTest, OpenSslsViewIsTheSameBytes) {
  const Certificate certificate = usual().issued_by(key());
  X509* const object = CertificateAccess::object(certificate);
  ASSERT_NE(object, nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_X509(object, &der);
  ASSERT_GT(size, 0);
  const auto bytes = std::as_bytes(std::span(der, static_cast<std::size_t>(size)));
  EXPECT_TRUE(std::ranges::equal(bytes, certificate.der()));
  OPENSSL_free(der);
  EXPECT_EQ(CertificateAccess::object(certificate), object);
}

struct Unusual {
  std::string name;
  void (*change)(Draft&);
};
void PrintTo(const Unusual& unusual, std::ostream* out) {
  *out << unusual.name;
}

class UnusualTest : public ::testing::TestWithParam<Unusual> {};

// Each is taken, by OpenSSL's word.
TEST_P(UnusualTest, IsShownToOpenSsl) {
  Draft draft = usual();
  GetParam().change(draft);
  const Certificate certificate = draft.issued_by(key());
  EXPECT_FALSE(is_plain(certificate));
  EXPECT_NE(CertificateAccess::object(certificate), nullptr);
}

void add(Draft& draft, std::string_view oid, std::string_view hex) {
  draft.extensions.push_back(test::extension(oid, false, unhex(hex)));
}

INSTANTIATE_TEST_SUITE_P(
    Parts, UnusualTest,
    ::testing::Values(Unusual{"UniqueId", [](Draft& d) { d.unique_ids = unhex("810200ff"); }},
                      Unusual{"BmpStringInAName",
                              [](Draft& d) { d.issuer = unhex("300d310b300906035504031e020061"); }},
                      Unusual{"TwoAttributesInOne",
                              [](Draft& d) {
                                d.subject =
                                    unhex("30163114300806035504030c0161300806035504030c0162");
                              }},
                      Unusual{"EmptyStringInAName",
                              [](Draft& d) { d.issuer = unhex("300b3109300706035504030c00"); }},
                      Unusual{"ExtensionOfOthers", [](Draft& d) { add(d, "1.2.3", "0500"); }},
                      Unusual{"CrlDistributionPoints",
                              [](Draft& d) { add(d, "2.5.29.31", "3000"); }},
                      Unusual{"IssuerAndSerialOfTheIssuer",
                              [](Draft& d) {
                                d.extensions[d.extensions.size() - 3] = test::extension(
                                    "2.5.29.35", false, unhex("30078002abcd820105"));
                              }}),
    [](const auto& test) { return test.param.name; });

// With one byte changed, what is still plain is still sound for OpenSSL.
TEST(PlainCertificateTest, WhatIsPlainOpenSslReads) {
  const Bytes der = usual().issued_by(key()).der();
  int plain = 0;
  for (std::size_t i = 0; i < der.size(); ++i) {
    for (const unsigned flip : {0x01u, 0x02u, 0x04u, 0x10u, 0x20u, 0x80u, 0xFFu}) {
      Bytes changed = der;
      changed[i] ^= static_cast<std::byte>(flip);
      const auto certificate = Certificate::parse_der(changed);
      if (certificate && is_plain(*certificate)) {
        ++plain;
        EXPECT_NE(CertificateAccess::object(*certificate), nullptr) << hex_encode(changed);
      }
    }
  }
  EXPECT_GT(plain, 100);  // signatures, serial numbers, key identifiers, letters in names
}

}  // namespace
}  // namespace nono::crypto
