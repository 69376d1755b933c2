// tests/crypto/public_key_test.cc: which public keys are taken, and why others are not.
#include <gtest/gtest.h>

#include <set>

#include "crypto/keys.h"
#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::der;
using test::joined;
using test::one_line;
using test::testdata;
using test::unhex;

// fault returns the message of a refusal.
std::string fault(const Bytes& der) {
  const auto key = PublicKey::parse_spki_der(der);
  return key ? "(taken)" : key.error().message();
}

std::string text_fault(std::string_view text) {
  const auto key = PublicKey::parse_text(text);
  return key ? "(taken)" : key.error().message();
}

Bytes spki_of(std::string_view name) {
  return PublicKey::parse_text(testdata(name))->spki_der();
}

// DER inside a PEM file that our parser refuses.
Bytes unarmoured(std::string_view name) {
  std::string base64;
  const std::string text = testdata(name);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    base64 += line.starts_with('-') ? "" : line;
    at = end + 1;
  }
  return *base64_decode(base64, Base64::Strict);
}

TEST(KeyAlgorithmTest, NamesRoundTrip) {
  for (const auto algorithm : {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                               KeyAlgorithm::EcdsaP521, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa}) {
    EXPECT_EQ(key_algorithm_named(name_of(algorithm)), algorithm);
  }
  EXPECT_EQ(name_of(KeyAlgorithm::EcdsaP256), "ecdsa-p256");
  EXPECT_EQ(name_of(KeyAlgorithm::EcdsaP384), "ecdsa-p384");
  EXPECT_EQ(name_of(KeyAlgorithm::EcdsaP521), "ecdsa-p521");
  EXPECT_EQ(name_of(KeyAlgorithm::Ed25519), "ed25519");
  EXPECT_EQ(name_of(KeyAlgorithm::Rsa), "rsa");
  EXPECT_EQ(key_algorithm_named("ECDSA-P256"), std::nullopt);
  EXPECT_EQ(key_algorithm_named(""), std::nullopt);
}

struct KeyFile {
  std::string_view name;
  KeyAlgorithm algorithm;
};
constexpr KeyFile kGoodFiles[] = {
    {"p256.pub.pem", KeyAlgorithm::EcdsaP256},
    {"p384.pub.pem", KeyAlgorithm::EcdsaP384},
    {"p521.pub.pem", KeyAlgorithm::EcdsaP521},
    {"ed25519.pub.pem", KeyAlgorithm::Ed25519},
    {"rsa2048.pub.pem", KeyAlgorithm::Rsa},
    {"rsa3072.pub.pem", KeyAlgorithm::Rsa},
    {"upstream-alice.pem.pub", KeyAlgorithm::EcdsaP256},
    {"upstream-mallory.pem.pub", KeyAlgorithm::EcdsaP256},
};

TEST(PublicKeyTest, KeysOfOpensslAndUpstreamAreTaken) {
  std::set<std::string> fingerprints;
  for (const KeyFile& file : kGoodFiles) {
    const auto key = PublicKey::parse_text(testdata(file.name));
    ASSERT_TRUE(key.has_value()) << file.name << ": " << key.error().message();
    EXPECT_EQ(key->algorithm(), file.algorithm) << file.name;
    EXPECT_EQ(key->fingerprint(), Sha256::of(key->spki_der())) << file.name;
    fingerprints.insert(key->fingerprint().hex());
  }
  EXPECT_EQ(fingerprints.size(), std::size(kGoodFiles));
}

TEST(PublicKeyTest, FingerprintIsTheHintThatUpstreamWrites) {
  EXPECT_EQ(PublicKey::parse_text(testdata("upstream-alice.pem.pub"))->fingerprint().hex(),
            "7683137cf944899538b120537069f6e05ebf282c796a0f6db3f44303b36909b2");
}

TEST(PublicKeyTest, AllFormsGiveTheSameKey) {
  for (const KeyFile& file : kGoodFiles) {
    const auto key = PublicKey::parse_text(testdata(file.name));
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(PublicKey::parse_text(key->spki_pem())->fingerprint(), key->fingerprint());
    EXPECT_EQ(PublicKey::parse_text(key->spki_base64())->fingerprint(), key->fingerprint());
    EXPECT_EQ(PublicKey::parse_spki_der(key->spki_der())->fingerprint(), key->fingerprint());
  }
}

TEST(PublicKeyTest, PemIsWrittenAsOpensslWritesIt) {
  for (const KeyFile& file : kGoodFiles) {
    const std::string text = testdata(file.name);
    if (text.starts_with('-')) {
      EXPECT_EQ(PublicKey::parse_text(text)->spki_pem(), text) << file.name;
    } else {
      EXPECT_EQ(PublicKey::parse_text(text)->spki_base64(), text) << file.name;
    }
  }
}

TEST(PublicKeyTest, WhiteSpaceAroundTheWholeIsAllowed) {
  const std::string pem = testdata("p256.pub.pem");
  EXPECT_EQ(text_fault("\n  " + pem + "\r\n\n"), "(taken)");
  EXPECT_EQ(text_fault(testdata("upstream-alice.pem.pub") + "\n"), "(taken)");
}

TEST(PublicKeyTest, CarriageReturnsBeforeNewlinesAreAllowed) {
  std::string pem;
  for (const char c : testdata("p256.pub.pem")) {
    pem += c == '\n' ? "\r\n" : std::string(1, c);
  }
  EXPECT_EQ(text_fault(pem), "(taken)");
}

struct TextFault {
  std::string text;
  std::string_view message;
};

TEST(PublicKeyTest, TextThatIsNotOneKeyIsRefused) {
  const std::string pem = testdata("p256.pub.pem");
  const std::string line = testdata("upstream-alice.pem.pub");
  constexpr std::string_view kMalformed =
      "public key: the PEM block is malformed, or something stands after it";
  constexpr std::string_view kNeither =
      "public key: is neither one PEM block nor one line of base64";
  const TextFault faults[] = {
      {"", "public key: there is nothing in it"},
      {" \n", "public key: there is nothing in it"},
      {std::string(17u << 10, 'A'), "public key: is longer than 16 KiB"},
      {pem + pem, kMalformed},
      {pem + "x", kMalformed},
      {pem + testdata("rsa2048.pub.pem"), kMalformed},
      {pem.substr(0, pem.size() - 2), kMalformed},
      {pem.substr(0, 60), kMalformed},
      {"comment\n" + pem, kNeither},
      {line + "\n" + line, kNeither},
      {line.substr(0, line.size() - 1), kNeither},
      {line + std::string(1, '\0'), kNeither},
      {"not a key", kNeither},
  };
  for (const TextFault& expected : faults) {
    EXPECT_EQ(text_fault(expected.text), expected.message) << expected.text.substr(0, 80);
  }
}

TEST(PublicKeyTest, PemWithSpacesInsideIsRefused) {
  std::string pem = testdata("p256.pub.pem");
  pem.insert(40, " ");
  EXPECT_EQ(text_fault(pem), "public key: is neither one PEM block nor one line of base64");
}

TEST(PublicKeyTest, PemWithHeadersIsRefused) {
  std::string pem = testdata("p256.pub.pem");
  pem.insert(pem.find('\n') + 1, "Proc-Type: 4,ENCRYPTED\n\n");
  EXPECT_NE(text_fault(pem), "(taken)");
}

TEST(PublicKeyTest, PrivateKeyIsNamedAsSuch) {
  constexpr std::string_view kMessage =
      "public key: this is a private key; its public half is wanted here";
  for (const std::string_view name : {"p256.key.pem", "p256-sec1.key.pem", "ed25519.key.pem",
                                      "rsa2048.key.pem", "p256-encrypted.key.pem"}) {
    EXPECT_EQ(text_fault(testdata(name)), kMessage) << name;
  }
  EXPECT_EQ(text_fault(one_line(unarmoured("p256.key.pem"))), kMessage);
  EXPECT_FALSE(PublicKey::parse_text(testdata("p256.key.pem")).error().remedy().empty());
}

TEST(PublicKeyTest, CertificateIsNamedAsSuch) {
  EXPECT_EQ(text_fault(testdata("p256.cert.pem")), "public key: this is a certificate, not a key");
  EXPECT_EQ(fault(unarmoured("p256.cert.pem")), "public key: this is a certificate, not a key");
}

TEST(PublicKeyTest, OtherPemBlocksAreRefused) {
  EXPECT_EQ(text_fault("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n"),
            "public key: the PEM block is not a \"PUBLIC KEY\" (SubjectPublicKeyInfo)");
}

TEST(PublicKeyTest, ExplicitCurveIsRefused) {
  EXPECT_EQ(text_fault(testdata("p256-explicit.pub.pem")),
            "public key: the curve is spelt out by its parameters; only named curves are taken");
}

TEST(PublicKeyTest, OtherCurvesAreUnsupported) {
  const auto key = PublicKey::parse_text(testdata("secp256k1.pub.pem"));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(key.error().message(), "public key: the curve is none of P-256, P-384 and P-521");
}

TEST(PublicKeyTest, OtherAlgorithmsAreUnsupported) {
  const auto key = PublicKey::parse_text(testdata("x25519.pub.pem"));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(key.error().message(), "public key: the algorithm is none of ECDSA, Ed25519 and RSA");
}

TEST(PublicKeyTest, CompressedPointIsRefused) {
  EXPECT_EQ(text_fault(testdata("p256-compressed.pub.pem")),
            "public key: the point is not in uncompressed form");
}

TEST(PublicKeyTest, HybridPointIsRefused) {
  Bytes key = spki_of("p256.pub.pem");
  key[26] = (key.back() & std::byte{1}) == std::byte{0} ? std::byte{6} : std::byte{7};
  EXPECT_EQ(fault(key), "public key: the point is not in uncompressed form");
}

TEST(PublicKeyTest, PointAtInfinityIsRefused) {
  EXPECT_EQ(fault(test::spki(test::p256_identifier(), Bytes(1))),
            "public key: the point is not in uncompressed form");
}

TEST(PublicKeyTest, PointOffTheCurveIsRefused) {
  for (const std::string_view name : {"p256.pub.pem", "p384.pub.pem", "p521.pub.pem"}) {
    Bytes key = spki_of(name);
    key.back() ^= std::byte{1};
    EXPECT_TRUE(fault(key).starts_with("public key: the point is not on the curve")) << name;
  }
}

TEST(PublicKeyTest, CoordinateNotBelowTheFieldIsRefused) {
  // x = p + 5 names the same residue as x = 5, which is on P-256.
  const Bytes x = unhex("ffffffff00000001000000000000000000000001000000000000000000000004");
  const Bytes point = joined({unhex("04"), x, Bytes(32)});
  EXPECT_TRUE(fault(test::spki(test::p256_identifier(), point))
                  .starts_with("public key: the point is not on the curve"));
}

TEST(PublicKeyTest, PointOfTheOtherCurveIsRefused) {
  const Bytes p256 = spki_of("p256.pub.pem");
  const Bytes point(p256.begin() + 26, p256.end());
  EXPECT_EQ(fault(test::spki(test::p384_identifier(), point)),
            "public key: the point is not in uncompressed form");
}

TEST(PublicKeyTest, Ed25519PointOfSmallOrderIsRefused) {
  const Bytes neutral = joined({unhex("01"), Bytes(31)});
  EXPECT_EQ(fault(test::spki(test::ed25519_identifier(), neutral)),
            "public key: the Ed25519 point is not on the curve, or of small order");
}

TEST(PublicKeyTest, Ed25519KeyOfOtherSizeIsRefused) {
  for (const std::size_t size : {std::size_t{31}, std::size_t{33}, std::size_t{0}}) {
    EXPECT_EQ(fault(test::spki(test::ed25519_identifier(), Bytes(size))),
              "public key: Ed25519 keys have 32 bytes");
  }
}

TEST(PublicKeyTest, Ed25519IdentifierWithParametersIsRefused) {
  const Bytes identifier = unhex("300706032b65700500");
  EXPECT_EQ(fault(test::spki(identifier, Bytes(32))),
            "public key: the algorithm identifier has parameters that it must not have");
}

TEST(PublicKeyTest, EcIdentifierWithoutCurveIsRefused) {
  EXPECT_EQ(fault(test::spki(unhex("300906072a8648ce3d0201"), Bytes(65))),
            "public key: the curve is not named");
  EXPECT_EQ(fault(test::spki(unhex("300b06072a8648ce3d02010500"), Bytes(65))),
            "public key: the curve is not named");
}

TEST(PublicKeyTest, BytesAfterTheKeyAreRefused) {
  for (const KeyFile& file : kGoodFiles) {
    const Bytes longer = joined({spki_of(file.name), unhex("00")});
    EXPECT_EQ(fault(longer), "public key: there are bytes after the key") << file.name;
    EXPECT_EQ(text_fault(one_line(longer)), "public key: there are bytes after the key");
  }
}

TEST(PublicKeyTest, EveryTruncationIsRefused) {
  for (const KeyFile& file : kGoodFiles) {
    const Bytes whole = spki_of(file.name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_NE(fault(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
                "(taken)")
          << file.name << " " << size;
    }
  }
}

TEST(PublicKeyTest, OtherEncodingsOfTheSameKeyAreRefused) {
  const Bytes key = spki_of("p256.pub.pem");
  const Bytes body(key.begin() + 2, key.end());
  ASSERT_EQ(fault(der(test::kSequence, {body})), "(taken)");
  EXPECT_NE(fault(joined({unhex("308159"), body})), "(taken)");  // long form of a length
  EXPECT_NE(fault(joined({unhex("3080"), body, unhex("0000")})), "(taken)");  // indefinite length
  const Bytes bits(key.begin() + 23, key.end());
  Bytes unused = bits;
  unused[2] = std::byte{1};  // one unused bit
  EXPECT_EQ(fault(der(test::kSequence, {test::p256_identifier(), unused})),
            "public key: the key is not strict DER");
  EXPECT_EQ(fault(der(test::kSequence, {test::p256_identifier(), bits, unhex("0500")})),
            "public key: the key is not strict DER");
}

TEST(PublicKeyTest, BytesThatAreNoDerAreRefused) {
  EXPECT_EQ(fault({}), "public key: is not DER, or is cut short");
  EXPECT_EQ(fault(unhex("04020000")), "public key: is not DER, or is cut short");
  EXPECT_EQ(fault(unhex("3000")), "public key: is not a SubjectPublicKeyInfo");
  EXPECT_EQ(fault(unhex("30020500")), "public key: is not a SubjectPublicKeyInfo");
}

// An odd number of the size asked for; whether it is a product of two primes nobody checks.
Bytes modulus_of(std::size_t bits) {
  Bytes modulus((bits + 7) / 8, std::byte{0xA5});
  modulus.front() = static_cast<std::byte>(1u << ((bits - 1) % 8));
  return modulus;
}

Bytes f4() {
  return unhex("010001");
}

TEST(RsaPublicKeyTest, SizesFrom2048To8192AreTaken) {
  for (const std::size_t bits : {2048u, 3072u, 4096u, 8192u}) {
    EXPECT_EQ(fault(test::rsa_spki(modulus_of(bits), f4())), "(taken)") << bits;
  }
}

TEST(RsaPublicKeyTest, OtherSizesAreRefused) {
  for (const std::size_t bits : {8u, 1024u, 2047u, 8193u, 16384u}) {
    EXPECT_EQ(fault(test::rsa_spki(modulus_of(bits), f4())),
              "public key: RSA keys have 2048 to 8192 bits, this one has " + std::to_string(bits));
  }
  EXPECT_EQ(text_fault(testdata("rsa1024.pub.pem")),
            "public key: RSA keys have 2048 to 8192 bits, this one has 1024");
}

TEST(RsaPublicKeyTest, NumbersOutOfRangeAreRefused) {
  constexpr std::string_view kMessage = "public key: the RSA modulus or exponent is out of range";
  const Bytes good = modulus_of(2048);
  Bytes even = good;
  even.back() = std::byte{0xA4};
  EXPECT_EQ(fault(test::rsa_spki(good, unhex("03"))), "(taken)");
  EXPECT_EQ(fault(test::rsa_spki(even, f4())), kMessage);
  EXPECT_EQ(fault(test::rsa_spki(good, unhex("01"))), kMessage);
  EXPECT_EQ(fault(test::rsa_spki(good, unhex("010000"))), kMessage);
  EXPECT_EQ(fault(test::rsa_spki(good, unhex("010000000000000001"))), kMessage);
}

TEST(RsaPublicKeyTest, NumbersThatAreNotStrictDerAreRefused) {
  constexpr std::string_view kMessage =
      "public key: the RSA modulus and exponent are not strict DER";
  const Bytes n = test::der_integer(modulus_of(2048));
  const Bytes e = test::der_integer(f4());
  const auto wrapped = [](std::initializer_list<std::span<const std::byte>> parts) {
    return fault(test::spki(test::rsa_identifier(), der(test::kSequence, parts)));
  };
  ASSERT_EQ(wrapped({n, e}), "(taken)");
  EXPECT_EQ(wrapped({n}), kMessage);
  EXPECT_EQ(wrapped({n, e, e}), kMessage);
  EXPECT_EQ(wrapped({n, unhex("020100")}), kMessage);
  EXPECT_EQ(wrapped({n, unhex("020400010001")}), kMessage);
  EXPECT_EQ(wrapped({der(test::kInteger, {unhex("ff"), Bytes(255)}), e}), kMessage);
}

TEST(RsaPublicKeyTest, IdentifierWithoutNullIsRefused) {
  const Bytes key =
      der(test::kSequence, {test::der_integer(modulus_of(2048)), test::der_integer(f4())});
  EXPECT_EQ(fault(test::spki(unhex("300b06092a864886f70d010101"), key)),
            "public key: the RSA algorithm identifier lacks its NULL");
}

TEST(RsaPublicKeyTest, PssIdentifierIsUnsupported) {
  const auto key =
      PublicKey::parse_spki_der(test::spki(unhex("300b06092a864886f70d01010a"), Bytes(32)));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::Unsupported);
}

}  // namespace
}  // namespace nono::crypto
