// tests/tuf/key_test.cc: the keys of metadata: every scheme, and what is of no use.
#include "tuf/key.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/tuf/repository.h"

namespace nono::tuf {
namespace {

using factory::Hash;
using test::KeyKind;
using test::Signer;

constexpr std::string_view kMessage = "message";

Json key_json(std::string_view key_type, std::string_view scheme, std::string_view text) {
  Json value(Json::Object{});
  value.set("public", text);
  Json json(Json::Object{});
  json.set("keytype", key_type);
  json.set("scheme", scheme);
  json.set("keyval", std::move(value));
  return json;
}

struct Case {
  std::string_view name;
  KeyKind kind;
  std::string_view key_type;
  std::string_view scheme;
  Hash hash;
  bool pss = false;
};

Bytes signature_of(const Signer& key, const Case& c) {
  if (key.kind() == KeyKind::Ed25519) {
    return key.sign(as_bytes(kMessage));
  }
  return c.pss ? key.sign_pss(as_bytes(kMessage), c.hash) : key.sign(as_bytes(kMessage), c.hash);
}

class KeyScheme : public testing::TestWithParam<Case> {};

TEST_P(KeyScheme, VerifiesItsOwnAndNothingElse) {
  const Case& c = GetParam();
  const Signer signer = test::key("scheme", c.kind);
  const std::string text =
      c.kind == KeyKind::Ed25519 ? hex_encode(signer.raw()) : signer.spki_pem();
  const Json json = key_json(c.key_type, c.scheme, text);
  const auto key = Key::parse(JsonView(json));
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->problem(), "");
  Bytes signature = signature_of(signer, c);
  EXPECT_TRUE(key->verifies(as_bytes(kMessage), signature));
  EXPECT_FALSE(key->verifies(as_bytes("massage"), signature));
  EXPECT_FALSE(key->verifies(as_bytes(kMessage), {}));
  EXPECT_FALSE(key->verifies(as_bytes(kMessage), signature_of(test::key("other", c.kind), c)));
  signature.back() ^= std::byte{1};
  EXPECT_FALSE(key->verifies(as_bytes(kMessage), signature));
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, KeyScheme,
    testing::Values(
        Case{"Ed25519", KeyKind::Ed25519, "ed25519", "ed25519", Hash::Sha512},
        Case{"P256", KeyKind::P256, "ecdsa", "ecdsa-sha2-nistp256", Hash::Sha256},
        Case{"P256ByItsOldType", KeyKind::P256, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256",
             Hash::Sha256},
        Case{"P384", KeyKind::P384, "ecdsa", "ecdsa-sha2-nistp384", Hash::Sha384},
        Case{"P521", KeyKind::P521, "ecdsa", "ecdsa-sha2-nistp521", Hash::Sha512},
        Case{"RsaPss256", KeyKind::Rsa2048, "rsa", "rsassa-pss-sha256", Hash::Sha256, true},
        Case{"RsaPss384", KeyKind::Rsa2048, "rsa", "rsassa-pss-sha384", Hash::Sha384, true},
        Case{"RsaPss512", KeyKind::Rsa2048, "rsa", "rsassa-pss-sha512", Hash::Sha512, true},
        Case{"RsaPkcs256", KeyKind::Rsa2048, "rsa", "rsa-pkcs1v15-sha256", Hash::Sha256},
        Case{"RsaPkcs512", KeyKind::Rsa2048, "rsa", "rsa-pkcs1v15-sha512", Hash::Sha512}),
    [](const auto& row) { return std::string(row.param.name); });

struct Point {
  KeyKind kind;
  std::string_view scheme;
  std::size_t size;
};

TEST(TufKey, APointInHexadecimalIsSigstoresFirstSpelling) {
  for (const Point& point : {Point{KeyKind::P256, "ecdsa-sha2-nistp256", 65},
                             Point{KeyKind::P384, "ecdsa-sha2-nistp384", 97},
                             Point{KeyKind::P521, "ecdsa-sha2-nistp521", 133}}) {
    const Signer signer = test::key("scheme", point.kind);
    const std::string text = hex_encode(std::span(signer.spki()).last(point.size));
    const Json json = key_json(point.scheme, point.scheme, text);
    const auto key = Key::parse(JsonView(json));
    ASSERT_TRUE(key) << key.error().message();
    EXPECT_EQ(key->problem(), "");
    EXPECT_TRUE(key->verifies(as_bytes(kMessage), signer.sign(as_bytes(kMessage))));
  }
}

// What is of no use verifies nothing, and says why.
struct Useless {
  std::string_view name;
  std::string_view key_type;
  std::string_view scheme;
  std::string text;
  std::string_view problem;
};

class UselessKey : public testing::TestWithParam<Useless> {};

TEST_P(UselessKey, IsKeptAndCountsForNothing) {
  const Json json = key_json(GetParam().key_type, GetParam().scheme, GetParam().text);
  const auto key = Key::parse(JsonView(json));
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->fingerprint(), nullptr);
  EXPECT_NE(key->problem().find(GetParam().problem), std::string::npos) << key->problem();
  EXPECT_FALSE(key->verifies(as_bytes(kMessage), as_bytes("signature")));
}

std::string pem(KeyKind kind) {
  return test::key("scheme", kind).spki_pem();
}

INSTANTIATE_TEST_SUITE_P(
    Keys, UselessKey,
    testing::Values(
        Useless{"TypeOfTomorrow", "ml-dsa-65", "ml-dsa-65", "00", "are unknown to this version"},
        Useless{"SchemeOfAnotherType", "rsa", "ed25519", "00", "are unknown to this version"},
        Useless{"Sha1", "rsa", "rsassa-pss-sha1", "00", "are unknown to this version"},
        Useless{"ShortEd25519", "ed25519", "ed25519", std::string(62, '0'), "is no ed25519"},
        Useless{"Ed25519AsPem", "ed25519", "ed25519", pem(KeyKind::Ed25519), "is no ed25519"},
        Useless{"NotHexadecimal", "ed25519", "ed25519", std::string(64, 'g'), "is no ed25519"},
        Useless{"Empty", "ecdsa", "ecdsa-sha2-nistp256", "", "is no ecdsa-sha2-nistp256"},
        Useless{"AnotherCurve", "ecdsa", "ecdsa-sha2-nistp256", pem(KeyKind::P384),
                "is ecdsa-p384 and no ecdsa-sha2-nistp256"},
        Useless{"RsaAsEcdsa", "ecdsa", "ecdsa-sha2-nistp256", pem(KeyKind::Rsa2048),
                "is rsa and no ecdsa-sha2-nistp256"},
        Useless{"SmallRsa", "rsa", "rsassa-pss-sha256", pem(KeyKind::Rsa1024), "2048"},
        Useless{"PointOffTheCurve", "ecdsa", "ecdsa-sha2-nistp256", "04" + std::string(128, '1'),
                "curve"},
        Useless{"RsaInHexadecimal", "rsa", "rsassa-pss-sha256", "00", "is no rsassa-pss-sha256"}),
    [](const auto& row) { return std::string(row.param.name); });

struct Fault {
  std::string_view name;
  std::string_view text;
  std::string_view error;
};

class KeyShape : public testing::TestWithParam<Fault> {};

TEST_P(KeyShape, IsRefused) {
  const auto json = Json::parse(GetParam().text, {.bytes = 4096});
  const auto key = Key::parse(JsonView(*json));
  EXPECT_EQ(test::error_of(key), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, KeyShape,
    testing::Values(
        Fault{"TypeMissing", R"({"scheme":"ed25519"})", "/keytype: is missing"},
        Fault{"TypeNoString", R"({"keytype":1})", "/keytype: must be a string"},
        Fault{"SchemeMissing", R"({"keytype":"rsa"})", "/scheme: is missing"},
        Fault{"ValueMissing", R"({"keytype":"ed25519","scheme":"ed25519"})", "/keyval: is missing"},
        Fault{"PublicMissing", R"({"keytype":"ed25519","scheme":"ed25519","keyval":{}})",
              "/keyval/public: is missing"},
        Fault{"PublicNoString", R"({"keytype":"ed25519","scheme":"ed25519","keyval":{"public":1}})",
              "/keyval/public: must be a string"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace nono::tuf
