// tests/crypto/private_key_test.cc: keys that sign: made, read, written, refused.
#include <gtest/gtest.h>

#include "base/files.h"
#include "crypto/keys.h"
#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::der;
using test::joined;
using test::kOctets;
using test::kSequence;
using test::one_line;
using test::secret_of;
using test::testdata;
using test::unhex;

static_assert(!std::is_copy_constructible_v<PrivateKey> && !std::is_copy_assignable_v<PrivateKey>);

constexpr KeyAlgorithm kSigning[] = {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                                     KeyAlgorithm::EcdsaP521, KeyAlgorithm::Ed25519};

std::string text_fault(std::string_view text) {
  const auto key = PrivateKey::parse_text(secret_of(text));
  return key ? "(taken)" : key.error().message();
}

std::string fault(const Bytes& pkcs8) {
  return text_fault(one_line(pkcs8));
}

std::string pem_text(const PrivateKey& key) {
  const auto pem = key.pkcs8_pem();
  EXPECT_TRUE(pem.has_value());
  return std::string(pem->text(SecretAccess::i_will_not_log_or_store_this()));
}

// The parts of the P-256 key of RFC 6979 §A.2.5.
Bytes p256_secret() {
  return unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
}
Bytes p256_point() {
  return unhex(
      "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
}
Bytes version0() {
  return unhex("020100");
}
Bytes version1() {
  return unhex("020101");
}

Bytes inner_public(const Bytes& point) {
  return der(0xA1, {test::der_bits(point)});
}

Bytes ec_key(std::initializer_list<std::span<const std::byte>> after_version) {
  return der(kSequence, {version1(), joined(after_version)});
}

Bytes pkcs8(const Bytes& version, const Bytes& identifier, const Bytes& inner,
            const Bytes& tail = {}) {
  return der(kSequence, {version, identifier, der(kOctets, {inner}), tail});
}

Bytes p256_pkcs8(const Bytes& inner) {
  return pkcs8(version0(), test::p256_identifier(), inner);
}

TEST(PrivateKeyTest, GeneratedKeysSignAndVerify) {
  for (const KeyAlgorithm algorithm : kSigning) {
    const auto key = PrivateKey::generate(algorithm);
    ASSERT_TRUE(key.has_value()) << name_of(algorithm);
    EXPECT_EQ(key->public_key().algorithm(), algorithm);
    const auto signature = key->sign(as_bytes("message"));
    ASSERT_TRUE(signature.has_value());
    EXPECT_TRUE(key->public_key().verifies(as_bytes("message"), *signature));
    EXPECT_FALSE(key->public_key().verifies(as_bytes("messagf"), *signature));
  }
}

TEST(PrivateKeyTest, TwoGeneratedKeysDiffer) {
  for (const KeyAlgorithm algorithm : kSigning) {
    EXPECT_NE(PrivateKey::generate(algorithm)->public_key().fingerprint(),
              PrivateKey::generate(algorithm)->public_key().fingerprint());
  }
}

TEST(PrivateKeyTest, RsaIsNotMade) {
  const auto key = PrivateKey::generate(KeyAlgorithm::Rsa);
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::Unsupported);
}

TEST(PrivateKeyTest, WrittenKeysAreReadAgain) {
  for (const KeyAlgorithm algorithm : kSigning) {
    const auto key = PrivateKey::generate(algorithm);
    const auto again = PrivateKey::parse_text(*key->pkcs8_pem());
    ASSERT_TRUE(again.has_value()) << again.error().message();
    EXPECT_EQ(again->public_key().fingerprint(), key->public_key().fingerprint());
    const auto signature = again->sign(as_bytes("m"));
    EXPECT_TRUE(key->public_key().verifies(as_bytes("m"), *signature));
  }
}

TEST(PrivateKeyTest, KeysOfOpensslAreReadAndWrittenByteForByte) {
  for (const std::string name : {"p256", "p384", "p521", "ed25519"}) {
    const std::string text = testdata(name + ".key.pem");
    const auto key = PrivateKey::parse_text(secret_of(text));
    ASSERT_TRUE(key.has_value()) << name << ": " << key.error().message();
    EXPECT_EQ(key->public_key().spki_pem(), testdata(name + ".pub.pem"));
    EXPECT_EQ(pem_text(*key), text);
  }
}

TEST(PrivateKeyTest, MovedKeysStillSign) {
  auto key = PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  const PublicKey verifying = key->public_key();
  PrivateKey moved = *std::move(key);
  auto other = PrivateKey::generate(KeyAlgorithm::Ed25519);
  *other = std::move(moved);
  EXPECT_TRUE(verifying.verifies(as_bytes("m"), *other->sign(as_bytes("m"))));
}

TEST(PrivateKeyTest, OneLineOfBase64IsRead) {
  const auto key = PrivateKey::parse_text(secret_of(
      one_line(p256_pkcs8(ec_key({der(kOctets, {p256_secret()}), inner_public(p256_point())})))));
  ASSERT_TRUE(key.has_value()) << key.error().message();
  const Bytes& spki = key->public_key().spki_der();
  EXPECT_EQ(hex_encode(std::span(spki).last(65)), hex_encode(p256_point()));
}

TEST(PrivateKeyTest, ThePublicHalfMayBeAbsent) {
  const Bytes without = p256_pkcs8(ec_key({der(kOctets, {p256_secret()})}));
  const auto key = PrivateKey::parse_text(secret_of(one_line(without)));
  ASSERT_TRUE(key.has_value()) << key.error().message();
  EXPECT_EQ(hex_encode(std::span(key->public_key().spki_der()).last(65)), hex_encode(p256_point()));
}

TEST(PrivateKeyTest, TheCurveMayBeRepeated) {
  const Bytes curve = der(0xA0, {unhex("06082a8648ce3d030107")});
  EXPECT_EQ(
      fault(p256_pkcs8(ec_key({der(kOctets, {p256_secret()}), curve, inner_public(p256_point())}))),
      "(taken)");
}

TEST(PrivateKeyTest, AnotherCurveInsideIsRefused) {
  constexpr std::string_view kMessage = "private key: the key names two different curves";
  for (const std::string_view curve : {"06052b81040022", "06052b8104000a", "0500", ""}) {
    const Bytes named = der(0xA0, {unhex(curve)});
    EXPECT_EQ(fault(p256_pkcs8(ec_key({der(kOctets, {p256_secret()}), named}))), kMessage) << curve;
  }
}

TEST(PrivateKeyTest, PublicHalfOfAnotherKeyIsRefused) {
  constexpr std::string_view kMessage =
      "private key: the public half stored with it belongs to another key";
  const auto other = PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  const auto spki = std::span(other->public_key().spki_der());
  const Bytes point(spki.end() - 65, spki.end());
  EXPECT_EQ(fault(p256_pkcs8(ec_key({der(kOctets, {p256_secret()}), inner_public(point)}))),
            kMessage);
  const Bytes tail = der(0x81, {unhex("00"), point});
  EXPECT_EQ(fault(pkcs8(version1(), test::p256_identifier(),
                        ec_key({der(kOctets, {p256_secret()})}), tail)),
            kMessage);
}

// RFC 5915 takes either form; `openssl ec -conv_form compressed` writes this one.
TEST(PrivateKeyTest, CompressedPublicHalfIsRead) {
  constexpr std::string_view kX =
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
  const auto with = [](const std::string& point) {
    const Bytes tail = der(0x81, {unhex("00"), unhex(point)});
    const Bytes secret = der(kOctets, {p256_secret()});
    const std::string inside = fault(p256_pkcs8(ec_key({secret, inner_public(unhex(point))})));
    EXPECT_EQ(fault(pkcs8(version1(), test::p256_identifier(), ec_key({secret}), tail)), inside);
    return inside;
  };
  EXPECT_EQ(with("03" + std::string(kX)), "(taken)");
  for (const std::string& other :
       {"02" + std::string(kX), "04" + std::string(kX), "03" + std::string(kX).replace(0, 2, "61"),
        "03" + std::string(kX).substr(2), "03" + std::string(kX) + "00", std::string("03")}) {
    EXPECT_EQ(with(other), "private key: the public half stored with it belongs to another key")
        << other;
  }
}

TEST(PrivateKeyTest, Version2CarriesThePublicHalf) {
  const Bytes secret = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const Bytes point = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const Bytes inner = der(kOctets, {secret});
  const Bytes tail = der(0x81, {unhex("00"), point});
  const Bytes identifier = test::ed25519_identifier();
  EXPECT_EQ(fault(pkcs8(version0(), identifier, inner)), "(taken)");
  EXPECT_EQ(fault(pkcs8(version1(), identifier, inner, tail)), "(taken)");
  EXPECT_EQ(fault(pkcs8(version1(), identifier, inner)),
            "private key: version 2 of PKCS#8 lacks the public half");
  EXPECT_EQ(fault(pkcs8(version0(), identifier, inner, tail)),
            "private key: there are unknown elements after the key");
}

TEST(PrivateKeyTest, AttributesAreIgnored) {
  const Bytes inner = ec_key({der(kOctets, {p256_secret()}), inner_public(p256_point())});
  EXPECT_EQ(fault(pkcs8(version0(), test::p256_identifier(), inner, unhex("a0023000"))), "(taken)");
}

TEST(PrivateKeyTest, SecretsOutOfRangeAreRefused) {
  constexpr std::string_view kMessage = "private key: the secret is out of its curve's range";
  const Bytes order = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  Bytes last = order;
  last.back() = std::byte{0x50};
  const auto with = [](const Bytes& secret) {
    return fault(p256_pkcs8(ec_key({der(kOctets, {secret})})));
  };
  EXPECT_EQ(with(Bytes(32)), kMessage);
  EXPECT_EQ(with(order), kMessage);
  EXPECT_EQ(with(Bytes(32, std::byte{0xFF})), kMessage);
  EXPECT_EQ(with(last), "(taken)");
  EXPECT_EQ(with(joined({Bytes(31), unhex("01")})), "(taken)");
}

TEST(PrivateKeyTest, SecretsOfOtherSizesAreRefused) {
  constexpr std::string_view kMessage =
      "private key: the secret does not have the size that its algorithm asks for";
  for (const std::size_t size : {std::size_t{0}, std::size_t{31}, std::size_t{33}}) {
    const Bytes secret(size, std::byte{1});
    EXPECT_EQ(fault(p256_pkcs8(ec_key({der(kOctets, {secret})}))), kMessage);
    EXPECT_EQ(fault(pkcs8(version0(), test::ed25519_identifier(), der(kOctets, {secret}))),
              kMessage);
  }
}

TEST(PrivateKeyTest, InnerKeysThatAreNotStrictDerAreRefused) {
  constexpr std::string_view kMessage =
      "private key: the inner ECPrivateKey (RFC 5915) is not strict DER";
  const Bytes secret = der(kOctets, {p256_secret()});
  EXPECT_EQ(fault(p256_pkcs8(secret)), kMessage);
  EXPECT_EQ(fault(p256_pkcs8(der(kSequence, {version0(), secret}))), kMessage);
  EXPECT_EQ(fault(p256_pkcs8(joined({ec_key({secret}), unhex("00")}))), kMessage);
  EXPECT_EQ(fault(p256_pkcs8(ec_key({secret, unhex("0500")}))),
            "private key: the inner ECPrivateKey (RFC 5915) has unknown elements");
  EXPECT_EQ(fault(p256_pkcs8(ec_key({secret, der(0xA1, {unhex("030101")})}))),
            "private key: the public half inside is not strict DER");
  EXPECT_EQ(fault(pkcs8(version0(), test::ed25519_identifier(), Bytes(32))),
            "private key: the inner Ed25519 key (RFC 8410) is not strict DER");
}

TEST(PrivateKeyTest, OuterFaultsAreRefused) {
  const Bytes inner = ec_key({der(kOctets, {p256_secret()})});
  const Bytes good = p256_pkcs8(inner);
  ASSERT_EQ(fault(good), "(taken)");
  EXPECT_EQ(fault(joined({good, unhex("00")})), "private key: there are bytes after the key");
  EXPECT_EQ(fault(Bytes(good.begin(), good.end() - 1)), "private key: is not DER, or is cut short");
  EXPECT_EQ(fault(pkcs8(unhex("020102"), test::p256_identifier(), inner)),
            "private key: is not PKCS#8 (RFC 5958) of version 1 or 2");
  EXPECT_EQ(fault(der(kSequence, {version0(), test::p256_identifier()})),
            "private key: the key is not strict DER");
  EXPECT_EQ(fault(pkcs8(version0(), test::p256_identifier(), inner, unhex("a005"))),
            "private key: the attributes are not strict DER");
}

TEST(PrivateKeyTest, EncryptedKeySaysHowToGoOn) {
  const auto key = PrivateKey::parse_text(secret_of(testdata("p256-encrypted.key.pem")));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(key.error().message(), "private key: it is encrypted");
  EXPECT_EQ(key.error().remedy(), "decrypt it first: openssl pkcs8 -in KEY -out KEY.plain");
}

TEST(PrivateKeyTest, EncryptedKeyOnOneLineSaysTheSame) {
  std::string base64 = testdata("p256-encrypted.key.pem");
  base64 = base64.substr(base64.find('\n') + 1);
  base64 = base64.substr(0, base64.find('-'));
  std::erase(base64, '\n');
  const auto key = PrivateKey::parse_text(secret_of(base64));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().message(), "private key: it is encrypted");
}

TEST(PrivateKeyTest, Sec1KeySaysHowToConvertIt) {
  const auto key = PrivateKey::parse_text(secret_of(testdata("p256-sec1.key.pem")));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().message(), "private key: it is in its algorithm's own form, not in PKCS#8");
  EXPECT_EQ(key.error().remedy(), "convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.p8");
}

// No conversion helps these: none is advised.
TEST(PrivateKeyTest, KeysThatNoConversionMakesSignAreToldApart) {
  const auto fault = [](std::string_view label) {
    const std::string name(label);
    return PrivateKey::parse_text(
               secret_of("-----BEGIN " + name + "-----\nAAAA\n-----END " + name + "-----\n"))
        .error();
  };
  const Error rsa = fault("RSA PRIVATE KEY");
  EXPECT_EQ(rsa.message(), "private key: RSA keys verify here, they do not sign");
  EXPECT_EQ(rsa.remedy(), "");
  const Error openssh = fault("OPENSSH PRIVATE KEY");
  EXPECT_EQ(openssh.message(), "private key: it is in OpenSSH's form, not in PKCS#8");
  EXPECT_EQ(openssh.remedy(), "");
}

TEST(PrivateKeyTest, RsaKeyIsUnsupported) {
  const auto key = PrivateKey::parse_text(secret_of(testdata("rsa2048.key.pem")));
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(key.error().message(), "private key: RSA keys verify here, they do not sign");
}

TEST(PrivateKeyTest, ExplicitCurveIsRefused) {
  EXPECT_EQ(text_fault(testdata("p256-explicit.key.pem")),
            "private key: the curve is spelt out by its parameters; only named curves are taken");
}

TEST(PrivateKeyTest, PublicKeyIsRefused) {
  EXPECT_EQ(text_fault(testdata("p256.pub.pem")),
            "private key: the PEM block is not a \"PRIVATE KEY\" (PKCS#8)");
  EXPECT_EQ(text_fault(testdata("upstream-alice.pem.pub")),
            "private key: this is a public key or a certificate, not a private key");
}

TEST(PrivateKeyTest, TextThatIsNotOneKeyIsRefused) {
  const std::string pem = testdata("p256.key.pem");
  EXPECT_EQ(text_fault(""), "private key: there is nothing in it");
  EXPECT_EQ(text_fault("no key"), "private key: is neither one PEM block nor one line of base64");
  EXPECT_EQ(text_fault(pem + pem),
            "private key: the PEM block is malformed, or something stands after it");
}

TEST(PrivateKeyTest, RefusalsDoNotRepeatTheKey) {
  const std::string pem = testdata("p256.key.pem");
  const std::string body = pem.substr(pem.find('\n') + 1, 32);
  for (const std::string& text : {pem + "x", body, pem.substr(0, 100)}) {
    EXPECT_FALSE(text_fault(text).contains(body.substr(0, 8))) << text_fault(text);
  }
}

TEST(PrivateKeyTest, KeysOfUpstreamAreRead) {
  for (const std::string name : {"alice", "mallory"}) {
    const auto text =
        read_file(NONO_SHARED_DIR "/fixtures/upstream-nono/keys/" + name + ".pem", 4096);
    if (!text) {
      GTEST_SKIP() << "upstream's key files are not on this machine";
    }
    const auto key = PrivateKey::parse_text(secret_of(*text));
    ASSERT_TRUE(key.has_value()) << key.error().message();
    EXPECT_EQ(key->public_key().spki_base64(), testdata("upstream-" + name + ".pem.pub"));
  }
}

}  // namespace
}  // namespace nono::crypto
