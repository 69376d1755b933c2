// tests/crypto/digest_signature_test.cc: signatures with a digest that is named, over digests that
// are given, and with both paddings of RSA; in the manner of Project Wycheproof's cases, made here.
#include <gtest/gtest.h>

#include "crypto/keys.h"
#include "tests/crypto/rsa_signer.h"
#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::der;
using test::joined;
using test::kSequence;
using test::RsaSigner;
using test::testdata;
using test::testdata_base64;
using test::unhex;

constexpr HashAlgorithm kHashes[] = {HashAlgorithm::Sha256, HashAlgorithm::Sha384,
                                     HashAlgorithm::Sha512};
constexpr std::string_view kMessage = "what is signed";

const RsaSigner& rsa() {
  static const RsaSigner signer(2048);
  return signer;
}

PublicKey key_in(const std::string& name) {
  return *PublicKey::parse_text(testdata(name + ".pub.pem"));
}

struct KeyFacts {
  std::string_view name;
  std::size_t bits;
  HashAlgorithm hash;
};
constexpr KeyFacts kFacts[] = {
    {"p256", 256, HashAlgorithm::Sha256},     {"p384", 384, HashAlgorithm::Sha384},
    {"p521", 521, HashAlgorithm::Sha512},     {"ed25519", 256, HashAlgorithm::Sha512},
    {"rsa2048", 2048, HashAlgorithm::Sha256}, {"rsa3072", 3072, HashAlgorithm::Sha256},
};

TEST(KeyFactsTest, BitsAndUsualDigest) {
  for (const KeyFacts& facts : kFacts) {
    const PublicKey key = key_in(std::string(facts.name));
    EXPECT_EQ(key.bits(), facts.bits) << facts.name;
    EXPECT_EQ(key.usual_hash(), facts.hash) << facts.name;
  }
}

TEST(KeyFactsTest, RsaBitsCountFromTheTopBit) {
  Bytes modulus(257, std::byte{0xFF});
  modulus.front() = std::byte{0x03};
  const auto key = PublicKey::parse_spki_der(test::rsa_spki(modulus, unhex("010001")));
  ASSERT_TRUE(key.has_value()) << key.error().message();
  EXPECT_EQ(key->bits(), 2050u);
}

TEST(Pkcs1KeyTest, TheSpkiHasTheSameNumbers) {
  for (const std::string name : {"rsa2048", "rsa3072"}) {
    const PublicKey expected = key_in(name);
    const Bytes pkcs1(expected.spki_der().begin() + 24, expected.spki_der().end());
    const auto key = PublicKey::parse_pkcs1_der(pkcs1);
    ASSERT_TRUE(key.has_value()) << key.error().message();
    EXPECT_EQ(key->algorithm(), KeyAlgorithm::Rsa);
    EXPECT_EQ(key->fingerprint(), expected.fingerprint());
    EXPECT_TRUE(
        key->verifies(as_bytes(testdata("message.txt")), testdata_base64(name + ".sig.b64")));
  }
}

TEST(Pkcs1KeyTest, AnythingElseIsRefused) {
  const Bytes good = rsa().pkcs1_der();
  ASSERT_TRUE(PublicKey::parse_pkcs1_der(good).has_value());
  const Bytes e = test::der_integer(unhex("010001"));
  const Bytes small = test::der_integer(Bytes(128, std::byte{0xFF}));
  const Bytes n = test::der_integer(Bytes(256, std::byte{0xFF}));
  const Bytes faults[] = {
      {},
      joined({good, unhex("00")}),
      Bytes(good.begin(), good.end() - 1),
      rsa().public_key().spki_der(),
      der(kSequence, {n}),
      der(kSequence, {n, e, e}),
      der(kSequence, {small, e}),
      der(kSequence, {n, test::der_integer(unhex("02"))}),
      der(kSequence, {n, test::der_integer(unhex("01"))}),
      der(kSequence, {unhex("020100"), n, e}),
      joined({unhex("3080"), n, e, unhex("0000")}),
  };
  for (const Bytes& fault : faults) {
    const auto key = PublicKey::parse_pkcs1_der(fault);
    ASSERT_FALSE(key.has_value());
    EXPECT_EQ(key.error().kind(), ErrorKind::InvalidInput);
  }
}

TEST(DigestSignatureTest, TheDigestStandsForTheMessage) {
  const std::string message = testdata("message.txt");
  for (const std::string name : {"p256", "p384", "p521", "rsa2048", "rsa3072"}) {
    const PublicKey key = key_in(name);
    const HashAlgorithm algorithm = key.usual_hash();
    const Bytes signature = testdata_base64(name + ".sig.b64");
    const Bytes digest = hash(algorithm, as_bytes(message));
    EXPECT_TRUE(key.verifies_digest(algorithm, digest, signature)) << name;
    EXPECT_TRUE(key.verifies_with(algorithm, as_bytes(message), signature)) << name;
    Bytes other = digest;
    other.back() ^= std::byte{1};
    EXPECT_FALSE(key.verifies_digest(algorithm, other, signature)) << name;
  }
}

TEST(DigestSignatureTest, ADigestOfAnotherLengthFails) {
  const std::string message = testdata("message.txt");
  for (const std::string name : {"p256", "p384", "p521", "rsa2048"}) {
    const PublicKey key = key_in(name);
    const HashAlgorithm algorithm = key.usual_hash();
    const Bytes signature = testdata_base64(name + ".sig.b64");
    const Bytes digest = hash(algorithm, as_bytes(message));
    EXPECT_FALSE(key.verifies_digest(algorithm, {}, signature)) << name;
    EXPECT_FALSE(key.verifies_digest(algorithm, std::span(digest).first(31), signature)) << name;
    EXPECT_FALSE(key.verifies_digest(algorithm, joined({digest, unhex("00")}), signature)) << name;
    for (const HashAlgorithm wrong : kHashes) {
      EXPECT_EQ(key.verifies_digest(wrong, digest, signature), wrong == algorithm) << name;
      EXPECT_EQ(key.verifies_with(wrong, as_bytes(message), signature), wrong == algorithm) << name;
    }
  }
}

TEST(DigestSignatureTest, ABigCurveTakesASmallDigest) {
  // What old clients signed with P-384 and P-521: SHA-256, shorter than the order.
  const RsaSigner& signer = rsa();
  EXPECT_TRUE(
      signer.public_key().verifies_with(HashAlgorithm::Sha512, as_bytes(kMessage),
                                        signer.pkcs1(HashAlgorithm::Sha512, as_bytes(kMessage))));
  const PublicKey key = key_in("p384");
  const Bytes signature = testdata_base64("p384-sha256.sig.b64");
  const std::string message = testdata("message.txt");
  EXPECT_TRUE(key.verifies_with(HashAlgorithm::Sha256, as_bytes(message), signature));
  EXPECT_FALSE(key.verifies(as_bytes(message), signature));
}

TEST(DigestSignatureTest, Ed25519HasNoDigest) {
  const PublicKey key = key_in("ed25519");
  const std::string message = testdata("message.txt");
  const Bytes signature = testdata_base64("ed25519.sig.b64");
  for (const HashAlgorithm algorithm : kHashes) {
    EXPECT_TRUE(key.verifies_with(algorithm, as_bytes(message), signature));
    EXPECT_FALSE(key.verifies_digest(algorithm, hash(algorithm, as_bytes(message)), signature));
  }
}

TEST(RsaPaddingTest, EachPaddingVerifiesItsOwn) {
  const PublicKey key = rsa().public_key();
  for (const HashAlgorithm algorithm : kHashes) {
    const Bytes pkcs1 = rsa().pkcs1(algorithm, as_bytes(kMessage));
    const int salt = static_cast<int>(hash(algorithm, {}).size());
    const Bytes pss = rsa().pss(algorithm, as_bytes(kMessage), algorithm, salt);
    using enum RsaPadding;
    EXPECT_TRUE(key.verifies_with(algorithm, as_bytes(kMessage), pkcs1, Pkcs1v15));
    EXPECT_TRUE(key.verifies_with(algorithm, as_bytes(kMessage), pss, Pss));
    EXPECT_FALSE(key.verifies_with(algorithm, as_bytes(kMessage), pkcs1, Pss));
    EXPECT_FALSE(key.verifies_with(algorithm, as_bytes(kMessage), pss, Pkcs1v15));
    EXPECT_FALSE(key.verifies_with(algorithm, as_bytes("other"), pss, Pss));
  }
}

TEST(RsaPaddingTest, SaltsUpToTheDigestAreTakenAndLongerOnesAreNot) {
  const PublicKey key = rsa().public_key();
  for (const HashAlgorithm algorithm : kHashes) {
    const int longest = static_cast<int>(hash(algorithm, {}).size());
    for (const int salt : {0, 1, 20, longest - 1, longest, longest + 1, 100}) {
      const Bytes signature = rsa().pss(algorithm, as_bytes(kMessage), algorithm, salt);
      EXPECT_EQ(key.verifies_with(algorithm, as_bytes(kMessage), signature, RsaPadding::Pss),
                salt <= longest)
          << salt;
    }
  }
}

TEST(RsaPaddingTest, MgfWithAnotherDigestFails) {
  const Bytes signature =
      rsa().pss(HashAlgorithm::Sha256, as_bytes(kMessage), HashAlgorithm::Sha512, 32);
  EXPECT_FALSE(rsa().public_key().verifies_with(HashAlgorithm::Sha256, as_bytes(kMessage),
                                                signature, RsaPadding::Pss));
}

TEST(RsaPaddingTest, EveryFlippedByteOfPssFails) {
  const PublicKey key = rsa().public_key();
  const Bytes good =
      rsa().pss(HashAlgorithm::Sha256, as_bytes(kMessage), HashAlgorithm::Sha256, 32);
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes flipped = good;
    flipped[at] ^= std::byte{0x01};
    EXPECT_FALSE(
        key.verifies_with(HashAlgorithm::Sha256, as_bytes(kMessage), flipped, RsaPadding::Pss));
  }
}

// block_of builds the encoded block of PKCS#1 v1.5 (RFC 8017 9.2), so that each part can be wrong.
Bytes block_of(const Bytes& head, std::byte fill, std::size_t garbage, const Bytes& digest_info) {
  const std::size_t used = head.size() + 1 + digest_info.size() + garbage;
  return joined(
      {head, Bytes(256 - used, fill), unhex("00"), digest_info, Bytes(garbage, std::byte{0xAA})});
}

Bytes digest_info(std::string_view identifier) {
  const Bytes digest = hash(HashAlgorithm::Sha256, as_bytes(kMessage));
  return der(kSequence, {unhex(identifier), der(test::kOctets, {digest})});
}

TEST(RsaPaddingTest, BlocksThatAreNotExactlyRightFail) {
  constexpr std::string_view kSha256 = "300d06096086480165030402010500";
  const Bytes info = digest_info(kSha256);
  const std::byte ff{0xFF};
  const Bytes shorter(info.begin(), info.end() - 1);
  const struct {
    std::string_view what;
    Bytes block;
    bool good;
  } cases[] = {
      {"as it must be", block_of(unhex("0001"), ff, 0, info), true},
      {"block type 2", block_of(unhex("0002"), ff, 0, info), false},
      {"block type 0", block_of(unhex("0000"), std::byte{0}, 0, info), false},
      {"padding of zeros", block_of(unhex("0001"), std::byte{0}, 0, info), false},
      {"padding of FE", block_of(unhex("0001"), std::byte{0xFE}, 0, info), false},
      {"garbage after the digest", block_of(unhex("0001"), ff, 100, info), false},
      {"one byte of garbage", block_of(unhex("0001"), ff, 1, info), false},
      {"padding of 8 and garbage", block_of(unhex("0001"), ff, 256 - 3 - 8 - info.size(), info),
       false},
      {"digest cut short", block_of(unhex("0001"), ff, 0, shorter), false},
      {"SHA-1's identifier", block_of(unhex("0001"), ff, 0, digest_info("300906052b0e03021a0500")),
       false},
      {"SHA-512's identifier",
       block_of(unhex("0001"), ff, 0, digest_info("300d06096086480165030402030500")), false},
      {"no identifier",
       block_of(unhex("0001"), ff, 0, hash(HashAlgorithm::Sha256, as_bytes(kMessage))), false},
      {"garbage in the parameters",
       block_of(unhex("0001"), ff, 0, digest_info("300f0609608648016503040201050200ff")), false},
  };
  const PublicKey key = rsa().public_key();
  for (const auto& test : cases) {
    EXPECT_EQ(key.verifies(as_bytes(kMessage), rsa().raw(test.block)), test.good) << test.what;
  }
}

}  // namespace
}  // namespace nono::crypto
