// tests/crypto/signature_test.cc: signatures of others, and every way to spell one wrongly.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "crypto/keys.h"
#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::der;
using test::der_integer;
using test::joined;
using test::kInteger;
using test::kSequence;
using test::testdata;
using test::testdata_base64;
using test::unhex;

// One curve with the key and the signature over "sample" of RFC 6979 §A.2.5 to §A.2.7.
struct Curve {
  std::string_view name;
  Bytes identifier;
  Bytes secret;
  Bytes x;
  Bytes y;
  Bytes r;
  Bytes s;
  Bytes order;
};

Curve p256() {
  return {.name = "P-256",
          .identifier = test::p256_identifier(),
          .secret = unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"),
          .x = unhex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
          .y = unhex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
          .r = unhex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
          .s = unhex("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
          .order = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")};
}

Curve p384() {
  return {.name = "P-384",
          .identifier = test::p384_identifier(),
          .secret = unhex("6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8"
                          "96d5724e4c70a825f872c9ea60d2edf5"),
          .x = unhex("ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
                     "def8f0ea9055866064a254515480bc13"),
          .y = unhex("8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
                     "288b231c3ae0d4fe7344fd2533264720"),
          .r = unhex("94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
                     "81a648152e44acf96e36dd1e80fabe46"),
          .s = unhex("99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
                     "a329c145786e679e7b82c71a38628ac8"),
          .order = unhex("ffffffffffffffffffffffffffffffffffffffffffffffff"
                         "c7634d81f4372ddf581a0db248b0a77aecec196accc52973")};
}

Curve p521() {
  return {.name = "P-521",
          .identifier = test::p521_identifier(),
          .secret = unhex("00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75ca"
                          "a896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538"),
          .x = unhex("01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd37"
                     "1123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4"),
          .y = unhex("00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28"
                     "a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5"),
          .r = unhex("00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f17"
                     "4e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa"),
          .s = unhex("00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af28"
                     "2623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a"),
          .order = unhex("01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                         "ffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409")};
}

PublicKey key_of(const Curve& curve) {
  const Bytes point = joined({unhex("04"), curve.x, curve.y});
  return *PublicKey::parse_spki_der(test::spki(curve.identifier, point));
}

// The numbers of a curve have the curve's size; DER drops their leading zeros.
Bytes integer_of(const Bytes& number) {
  const auto first = std::ranges::find_if(number, [](std::byte b) { return b != std::byte{0}; });
  return der_integer(Bytes(first, number.end()));
}

Bytes signature_of(const Bytes& r, const Bytes& s) {
  return der(kSequence, {integer_of(r), integer_of(s)});
}

// Big-endian a - b and a + b; a is not below b, and both have one size.
Bytes minus(Bytes a, const Bytes& b) {
  int borrow = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = std::to_integer<int>(a[i]) - std::to_integer<int>(b[i]) - borrow;
    borrow = digit < 0 ? 1 : 0;
    a[i] = static_cast<std::byte>(digit & 0xFF);
  }
  return a;
}

Bytes plus(Bytes a, const Bytes& b) {
  int carry = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = std::to_integer<int>(a[i]) + std::to_integer<int>(b[i]) + carry;
    carry = digit >> 8;
    a[i] = static_cast<std::byte>(digit & 0xFF);
  }
  return joined({carry != 0 ? unhex("01") : Bytes(), a});
}

struct Spelling {
  std::string_view what;
  Bytes signature;
};

// raw_integer writes contents as they are, so that they may break the rules.
Bytes raw_integer(const Bytes& contents) {
  return der(kInteger, {contents});
}

// negative sets the sign of a number.
Bytes negative(Bytes number) {
  number.front() |= std::byte{0x80};
  return raw_integer(number);
}

std::vector<Spelling> values_out_of_range(const Curve& c) {
  const Bytes zero = raw_integer(unhex("00"));
  const Bytes r = integer_of(c.r);
  const Bytes s = integer_of(c.s);
  const Bytes n = der_integer(c.order);
  return {
      {"r = 0", der(kSequence, {zero, s})},
      {"s = 0", der(kSequence, {r, zero})},
      {"r = s = 0", der(kSequence, {zero, zero})},
      {"r = n", der(kSequence, {n, s})},
      {"s = n", der(kSequence, {r, n})},
      {"r = s = n", der(kSequence, {n, n})},
      {"r + n", signature_of(plus(c.r, c.order), c.s)},
      {"s + n", signature_of(c.r, plus(c.s, c.order))},
      {"r = n - r", signature_of(minus(c.order, c.r), c.s)},
      {"r = 1", signature_of(unhex("01"), c.s)},
      {"s = 1", signature_of(c.r, unhex("01"))},
      {"negative r", der(kSequence, {negative(c.r), s})},
      {"negative s", der(kSequence, {r, negative(c.s)})},
      {"r = -1", der(kSequence, {raw_integer(unhex("ff")), s})},
      {"r and s swapped", signature_of(c.s, c.r)},
      {"r twice", signature_of(c.r, c.r)},
      {"r of 1000 bytes", der(kSequence, {raw_integer(Bytes(1000, std::byte{1})), s})},
  };
}

std::vector<Spelling> wrong_encodings(const Curve& c) {
  const Bytes r = integer_of(c.r);
  const Bytes s = integer_of(c.s);
  const Bytes body = joined({r, s});
  const auto size = static_cast<std::byte>(body.size());
  const Bytes good = der(kSequence, {body});
  return {
      {"trailing zero", joined({good, unhex("00")})},
      {"trailing NULL", joined({good, unhex("0500")})},
      {"twice", joined({good, good})},
      {"leading zero", joined({unhex("00"), good})},
      {"third integer", der(kSequence, {body, unhex("020101")})},
      {"NULL inside", der(kSequence, {body, unhex("0500")})},
      {"r only", der(kSequence, {r})},
      {"empty sequence", unhex("3000")},
      {"empty", Bytes()},
      {"empty r", der(kSequence, {raw_integer({}), s})},
      {"empty s", der(kSequence, {r, raw_integer({})})},
      {"two leading zeros in r", der(kSequence, {raw_integer(joined({unhex("0000"), c.r})), s})},
      {"two leading zeros in s", der(kSequence, {r, raw_integer(joined({unhex("0000"), c.s}))})},
      {"long form of the length",
       joined({unhex(body.size() < 0x80 ? "3081" : "308200"), Bytes{size}, body})},
      {"longer form of the length", joined({unhex("30830000"), Bytes{size}, body})},
      {"long form of r's length",
       der(kSequence, {unhex("0281"), Bytes{r[1]}, Bytes(r.begin() + 2, r.end()), s})},
      {"indefinite length", joined({unhex("3080"), body, unhex("0000")})},
      {"set for sequence", der(0x31, {body})},
      {"octet string for r", der(kSequence, {der(0x04, {unhex("00"), c.r}), s})},
      {"length one too large",
       joined({unhex("30"), Bytes{static_cast<std::byte>(body.size() + 1)}, body})},
      {"length one too small",
       joined({unhex("30"), Bytes{static_cast<std::byte>(body.size() - 1)}, body})},
      {"P1363", joined({c.r, c.s})},
      {"wrapped in an octet string", der(0x04, {good})},
      {"wrapped in a bit string", test::der_bits(good)},
      {"wrapped in a sequence", der(kSequence, {good})},
      {"base64 of it",
       [&] {
         const std::string text = base64_encode(good);
         const auto bytes = as_bytes(text);
         return Bytes(bytes.begin(), bytes.end());
       }()},
  };
}

class EcdsaTest : public ::testing::TestWithParam<Curve (*)()> {
 protected:
  const Curve curve_ = GetParam()();
  const PublicKey key_ = key_of(curve_);
  const std::span<const std::byte> message_ = as_bytes("sample");
};

TEST_P(EcdsaTest, PublishedSignatureVerifies) {
  EXPECT_TRUE(key_.verifies(message_, signature_of(curve_.r, curve_.s)));
}

TEST_P(EcdsaTest, OtherMessagesDoNotVerify) {
  const Bytes good = signature_of(curve_.r, curve_.s);
  EXPECT_FALSE(key_.verifies(as_bytes("samplf"), good));
  EXPECT_FALSE(key_.verifies(as_bytes("sample "), good));
  EXPECT_FALSE(key_.verifies({}, good));
}

TEST_P(EcdsaTest, BothHalvesOfSAreLegal) {
  EXPECT_TRUE(key_.verifies(message_, signature_of(curve_.r, minus(curve_.order, curve_.s))));
}

TEST_P(EcdsaTest, ValuesOutOfRangeDoNotVerify) {
  for (const Spelling& spelling : values_out_of_range(curve_)) {
    EXPECT_FALSE(key_.verifies(message_, spelling.signature))
        << curve_.name << ", " << spelling.what;
  }
}

TEST_P(EcdsaTest, WrongEncodingsDoNotVerify) {
  for (const Spelling& spelling : wrong_encodings(curve_)) {
    EXPECT_FALSE(key_.verifies(message_, spelling.signature))
        << curve_.name << ", " << spelling.what;
  }
}

TEST_P(EcdsaTest, EveryTruncationFails) {
  const Bytes good = signature_of(curve_.r, curve_.s);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(key_.verifies(message_, std::span(good).first(size))) << size;
  }
}

TEST_P(EcdsaTest, EveryFlippedBitFails) {
  const Bytes good = signature_of(curve_.r, curve_.s);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes flipped = good;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    EXPECT_FALSE(key_.verifies(message_, flipped)) << bit;
  }
}

TEST_P(EcdsaTest, ThePointComesFromTheSecret) {
  const Bytes inner = der(kSequence, {unhex("020101"), der(0x04, {curve_.secret})});
  const Bytes pkcs8 = der(kSequence, {unhex("020100"), curve_.identifier, der(0x04, {inner})});
  const auto key = PrivateKey::parse_text(test::secret_of(test::one_line(pkcs8)));
  ASSERT_TRUE(key.has_value()) << key.error().message();
  EXPECT_EQ(key->public_key().fingerprint(), key_.fingerprint());
  EXPECT_TRUE(key_.verifies(message_, *key->sign(message_)));
}

TEST_P(EcdsaTest, OwnSignaturesOfManyMessagesVerify) {
  const auto key = PrivateKey::generate(key_.algorithm());
  ASSERT_TRUE(key.has_value());
  // Enough for r and s of every length that DER makes different: short ones come 1 in 128.
  for (int i = 0; i < 300; ++i) {
    const std::string text = "message " + std::to_string(i);
    const auto signature = key->sign(as_bytes(text));
    ASSERT_TRUE(signature.has_value());
    EXPECT_TRUE(key->public_key().verifies(as_bytes(text), *signature)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Curves, EcdsaTest, ::testing::Values(&p256, &p384, &p521),
                         [](const auto& curve) {
                           return std::string("Curve") + std::to_string(curve.index);
                         });

struct EdVector {
  std::string_view secret;
  std::string_view point;
  std::string_view message;
  std::string_view signature;
};

// RFC 8032 §7.1, tests 1 to 3.
constexpr EdVector kEdVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

PrivateKey ed25519_key(std::string_view secret) {
  const Bytes inner = der(0x04, {unhex(secret)});
  const Bytes pkcs8 =
      der(kSequence, {unhex("020100"), test::ed25519_identifier(), der(0x04, {inner})});
  return *PrivateKey::parse_text(test::secret_of(test::one_line(pkcs8)));
}

PublicKey ed25519_public(std::string_view point) {
  return *PublicKey::parse_spki_der(test::spki(test::ed25519_identifier(), unhex(point)));
}

TEST(Ed25519Test, PublishedVectorsSignAndVerify) {
  for (const EdVector& vector : kEdVectors) {
    const PrivateKey key = ed25519_key(vector.secret);
    const PublicKey expected = ed25519_public(vector.point);
    EXPECT_EQ(key.public_key().fingerprint(), expected.fingerprint());
    const Bytes message = unhex(vector.message);
    EXPECT_EQ(hex_encode(*key.sign(message)), vector.signature);
    EXPECT_TRUE(expected.verifies(message, unhex(vector.signature)));
  }
}

TEST(Ed25519Test, EveryFlippedBitFails) {
  const PublicKey key = ed25519_public(kEdVectors[2].point);
  const Bytes good = unhex(kEdVectors[2].signature);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes flipped = good;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    EXPECT_FALSE(key.verifies(unhex(kEdVectors[2].message), flipped)) << bit;
  }
}

TEST(Ed25519Test, OtherSizesFail) {
  const PublicKey key = ed25519_public(kEdVectors[1].point);
  const Bytes message = unhex(kEdVectors[1].message);
  const Bytes good = unhex(kEdVectors[1].signature);
  EXPECT_FALSE(key.verifies(message, {}));
  EXPECT_FALSE(key.verifies(message, std::span(good).first(63)));
  EXPECT_FALSE(key.verifies(message, joined({good, unhex("00")})));
}

TEST(Ed25519Test, SPlusOrderFails) {
  // S + L verifies the same equation; RFC 8032 §5.1.7 wants S below L.
  Bytes order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  std::ranges::reverse(order);
  const Bytes good = unhex(kEdVectors[1].signature);
  Bytes s(good.begin() + 32, good.end());
  std::ranges::reverse(s);
  Bytes sum = plus(s, order);
  ASSERT_EQ(sum.size(), 32u);
  std::ranges::reverse(sum);
  const Bytes forged = joined({std::span(good).first(32), sum});
  EXPECT_FALSE(ed25519_public(kEdVectors[1].point).verifies(unhex("72"), forged));
}

TEST(SignatureTest, SignaturesOfOpensslVerify) {
  const std::string message = testdata("message.txt");
  for (const std::string name : {"p256", "p384", "p521", "ed25519", "rsa2048", "rsa3072"}) {
    const auto key = PublicKey::parse_text(testdata(name + ".pub.pem"));
    ASSERT_TRUE(key.has_value()) << name;
    const Bytes signature = testdata_base64(name + ".sig.b64");
    EXPECT_TRUE(key->verifies(as_bytes(message), signature)) << name;
    EXPECT_FALSE(key->verifies(as_bytes(message + " "), signature)) << name;
  }
}

TEST(SignatureTest, NoKeyVerifiesTheSignatureOfAnother) {
  const std::string message = testdata("message.txt");
  const std::string names[] = {"p256", "p384", "p521", "ed25519", "rsa2048", "rsa3072"};
  for (const std::string& mine : names) {
    const auto key = PublicKey::parse_text(testdata(mine + ".pub.pem"));
    for (const std::string& other : names) {
      const Bytes signature = testdata_base64(other + ".sig.b64");
      EXPECT_EQ(key->verifies(as_bytes(message), signature), mine == other) << mine << other;
    }
  }
}

TEST(RsaTest, PssSignatureFails) {
  const auto key = PublicKey::parse_text(testdata("rsa2048.pub.pem"));
  EXPECT_FALSE(
      key->verifies(as_bytes(testdata("message.txt")), testdata_base64("rsa2048-pss.sig.b64")));
}

TEST(RsaTest, SignatureOverAnotherHashFails) {
  const auto key = PublicKey::parse_text(testdata("rsa2048.pub.pem"));
  EXPECT_FALSE(
      key->verifies(as_bytes(testdata("message.txt")), testdata_base64("rsa2048-sha512.sig.b64")));
}

TEST(RsaTest, OtherSizesFail) {
  const auto key = PublicKey::parse_text(testdata("rsa2048.pub.pem"));
  const std::string message = testdata("message.txt");
  const Bytes good = testdata_base64("rsa2048.sig.b64");
  ASSERT_TRUE(key->verifies(as_bytes(message), good));
  EXPECT_FALSE(key->verifies(as_bytes(message), {}));
  EXPECT_FALSE(key->verifies(as_bytes(message), std::span(good).first(255)));
  EXPECT_FALSE(key->verifies(as_bytes(message), joined({good, unhex("00")})));
  EXPECT_FALSE(key->verifies(as_bytes(message), joined({unhex("00"), good})));
  EXPECT_FALSE(key->verifies(as_bytes(message), Bytes(256)));
  EXPECT_FALSE(key->verifies(as_bytes(message), Bytes(256, std::byte{0xFF})));
}

TEST(RsaTest, EveryFlippedByteFails) {
  const auto key = PublicKey::parse_text(testdata("rsa2048.pub.pem"));
  const std::string message = testdata("message.txt");
  const Bytes good = testdata_base64("rsa2048.sig.b64");
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes flipped = good;
    flipped[at] ^= std::byte{0x01};
    EXPECT_FALSE(key->verifies(as_bytes(message), flipped)) << at;
  }
}

TEST(SignatureTest, OneKeyVerifiesInSeveralThreads) {
  const std::string message = testdata("message.txt");
  for (const std::string name : {"p256", "p384", "p521", "ed25519", "rsa2048"}) {
    const auto key = PublicKey::parse_text(testdata(name + ".pub.pem"));
    const Bytes good = testdata_base64(name + ".sig.b64");
    std::vector<int> verified(4);
    {
      std::vector<std::jthread> threads;
      threads.reserve(verified.size());
      for (int& count : verified) {
        threads.emplace_back([&] {
          for (int i = 0; i < 20; ++i) {
            count += key->verifies(as_bytes(message), good) ? 1 : 0;
            count += key->verifies(as_bytes("other"), good) ? 100 : 0;
          }
        });
      }
    }
    EXPECT_EQ(verified, std::vector<int>(4, 20)) << name;
  }
}

}  // namespace
}  // namespace nono::crypto
