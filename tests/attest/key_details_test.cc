// tests/attest/key_details_test.cc: every value of PublicKeyDetails, by name and by number.
#include "attest/key_details.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "support.h"
#include "tests/sigstore/key.h"
#include "trust_support.h"

namespace nono::attest::test {
namespace {

const factory::Key& rsa_key() {
  static const factory::Key key = factory::Key::of(factory::KeyKind::Rsa2048, "log");
  return key;
}

// key_of is a key that the details describe, in their encoding.
Bytes key_of(const KeyDetails& details) {
  if (details.family == KeyFamily::Ed25519) {
    return make_key(crypto::KeyAlgorithm::Ed25519).public_key().spki_der();
  }
  return make_key(details.bits == 384   ? crypto::KeyAlgorithm::EcdsaP384
                  : details.bits == 521 ? crypto::KeyAlgorithm::EcdsaP521
                                        : crypto::KeyAlgorithm::EcdsaP256)
      .public_key()
      .spki_der();
}

std::string read_as(const Json& details, std::span<const std::byte> raw) {
  return error_of(read_log_key(JsonView(details), raw));
}

// What protobuf-specs numbers 1 to 23, with the reason where a log's key cannot be such a one.
const std::map<std::int64_t, std::pair<std::string_view, std::string_view>>& values() {
  static const std::map<std::int64_t, std::pair<std::string_view, std::string_view>> all{
      {1, {"PKCS1_RSA_PKCS1V5", ""}},
      {2, {"PKCS1_RSA_PSS", "RSASSA-PSS"}},
      {3, {"PKIX_RSA_PKCS1V5", ""}},
      {4, {"PKIX_RSA_PSS", "RSASSA-PSS"}},
      {5, {"PKIX_ECDSA_P256_SHA_256", ""}},
      {6, {"PKIX_ECDSA_P256_HMAC_SHA_256", ""}},
      {7, {"PKIX_ED25519", ""}},
      {8, {"PKIX_ED25519_PH", "prehashed"}},
      {9, {"PKIX_RSA_PKCS1V15_2048_SHA256", ""}},
      {10, {"PKIX_RSA_PKCS1V15_3072_SHA256", ""}},
      {11, {"PKIX_RSA_PKCS1V15_4096_SHA256", ""}},
      {12, {"PKIX_ECDSA_P384_SHA_384", ""}},
      {13, {"PKIX_ECDSA_P521_SHA_512", ""}},
      {14, {"LMS_SHA256", "hash-based"}},
      {15, {"LMOTS_SHA256", "hash-based"}},
      {16, {"PKIX_RSA_PSS_2048_SHA256", "RSASSA-PSS"}},
      {17, {"PKIX_RSA_PSS_3072_SHA256", "RSASSA-PSS"}},
      {18, {"PKIX_RSA_PSS_4096_SHA256", "RSASSA-PSS"}},
      {19, {"PKIX_ECDSA_P384_SHA_256", "digest"}},
      {20, {"PKIX_ECDSA_P521_SHA_256", "digest"}},
      {21, {"ML_DSA_65", "ML-DSA"}},
      {22, {"ML_DSA_87", "ML-DSA"}},
      {23, {"ML_DSA_44", "ML-DSA"}},
  };
  return all;
}

TEST(KeyDetailsTest, TableHasEveryValueOnce) {
  std::set<std::int64_t> numbers;
  for (const KeyDetails& details : key_details()) {
    const auto known = values().find(details.number);
    ASSERT_NE(known, values().end()) << details.name;
    EXPECT_EQ(details.name, known->second.first);
    EXPECT_EQ(details.unsupported.empty(), known->second.second.empty()) << details.name;
    EXPECT_TRUE(numbers.insert(details.number).second) << details.name;
  }
  EXPECT_EQ(numbers.size(), values().size());
}

TEST(KeyDetailsTest, EcdsaAndEd25519AreReadByNameAndByNumber) {
  int read = 0;
  for (const KeyDetails& details : key_details()) {
    const bool ours = details.family == KeyFamily::Ecdsa || details.family == KeyFamily::Ed25519;
    if (!ours || !details.unsupported.empty()) {
      continue;
    }
    const Bytes raw = key_of(details);
    EXPECT_EQ(read_as(Json(details.name), raw), "");
    EXPECT_EQ(read_as(Json(details.number), raw), "") << details.name;
    ++read;
  }
  EXPECT_EQ(read, 5);
}

TEST(KeyDetailsTest, RsaIsReadInBothEncodings) {
  const Bytes& spki = rsa_key().spki();
  const Bytes pkcs1 = rsa_key().pkcs1();
  EXPECT_EQ(read_as("PKIX_RSA_PKCS1V5", spki), "");
  EXPECT_EQ(read_as("PKIX_RSA_PKCS1V15_2048_SHA256", spki), "");
  const Json details("PKCS1_RSA_PKCS1V5");
  const auto read = read_log_key(JsonView(details), pkcs1);
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(read->spki_der(), spki);
  EXPECT_NE(read_as("PKCS1_RSA_PKCS1V5", spki), "");
  EXPECT_NE(read_as("PKIX_RSA_PKCS1V5", pkcs1), "");
}

TEST(KeyDetailsTest, UnsupportedValuesSayWhy) {
  int refused = 0;
  for (const KeyDetails& details : key_details()) {
    if (details.unsupported.empty()) {
      continue;
    }
    const std::string error = read_as(Json(details.number), {});
    EXPECT_TRUE(error.starts_with("unsupported: keyDetails " + std::string(details.name) + ": "))
        << error;
    EXPECT_NE(error.find(values().at(details.number).second), std::string::npos) << error;
    ++refused;
  }
  EXPECT_EQ(refused, 13);
}

struct FaultCase {
  std::string_view name;
  Json details;
  std::string error;
};

class KeyDetailsFault : public ::testing::TestWithParam<FaultCase> {};

TEST_P(KeyDetailsFault, NamesTheFault) {
  EXPECT_EQ(read_as(GetParam().details, make_key().public_key().spki_der()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    P256Key, KeyDetailsFault,
    ::testing::Values(
        FaultCase{"UnknownName", "PKIX_SLH_DSA",
                  "unsupported: keyDetails PKIX_SLH_DSA is unknown to this version"},
        FaultCase{"UnknownNumber", 24, "unsupported: keyDetails 24 is unknown to this version"},
        FaultCase{"WrongCase", "pkix_ecdsa_p256_sha_256",
                  "unsupported: keyDetails pkix_ecdsa_p256_sha_256 is unknown to this version"},
        FaultCase{"NumberInAString", "5", "unsupported: keyDetails 5 is unknown to this version"},
        FaultCase{"TerminalEscape", "\x1b[2J",
                  "unsupported: keyDetails \\e[2J is unknown to this version"},
        FaultCase{"Unspecified", "PUBLIC_KEY_DETAILS_UNSPECIFIED",
                  "invalid: document: must not be unspecified"},
        FaultCase{"Zero", 0, "invalid: document: must not be unspecified"},
        FaultCase{"Negative", -1, "invalid: document: must not be negative"},
        FaultCase{"Boolean", true,
                  "invalid: document: must be the name or the number of an enum value"},
        FaultCase{"Empty", "", "invalid: document: must not be empty"},
        FaultCase{"OtherCurve", "PKIX_ECDSA_P384_SHA_384",
                  "invalid: document: the key is ecdsa-p256 of 256 bits, not "
                  "PKIX_ECDSA_P384_SHA_384"},
        FaultCase{"OtherFamily", "PKIX_ED25519",
                  "invalid: document: the key is ecdsa-p256 of 256 bits, not PKIX_ED25519"},
        FaultCase{"Rsa", "PKIX_RSA_PKCS1V5",
                  "invalid: document: the key is ecdsa-p256 of 256 bits, not PKIX_RSA_PKCS1V5"}),
    CaseName{});

TEST(KeyDetailsTest, RsaOfAnotherSizeIsRefused) {
  EXPECT_EQ(read_as("PKIX_RSA_PKCS1V15_4096_SHA256", rsa_key().spki()),
            "invalid: document: the key is rsa of 2048 bits, not PKIX_RSA_PKCS1V15_4096_SHA256");
}

TEST(KeyDetailsTest, KeyWithBytesAfterItIsRefused) {
  Bytes raw = make_key().public_key().spki_der();
  raw.push_back(std::byte{0});
  EXPECT_TRUE(read_as("PKIX_ECDSA_P256_SHA_256", raw).starts_with("invalid: reading rawBytes: "));
}

}  // namespace
}  // namespace nono::attest::test
