// tests/crypto/fulcio_claims_test.cc: every claim of Fulcio, and every way to spell one wrongly.
#include "crypto/fulcio_claims.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/crypto/certificate_draft.h"

namespace nono::crypto {
namespace {

using namespace std::string_view_literals;
using test::der;
using test::Draft;

constexpr std::string_view kArc = "1.3.6.1.4.1.57264.1.";
constexpr int kFirstWrapped = 8;
constexpr int kLast = 24;

const PrivateKey& key() {
  static const PrivateKey made = *PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  return made;
}

Bytes bytes_of(std::string_view text) {
  const auto view = as_bytes(text);
  return Bytes(view.begin(), view.end());
}

Bytes utf8(std::string_view text) {
  return der(0x0C, {as_bytes(text)});
}

// right encodes a value as the number's claim wants it.
Bytes right(int number, std::string_view text) {
  return number < kFirstWrapped ? bytes_of(text) : utf8(text);
}

Result<FulcioClaims> claims_of(const std::map<int, Bytes>& values) {
  Draft draft = test::leaf(key().public_key(), "issuer");
  for (const auto& [number, value] : values) {
    draft.extensions.push_back(
        test::extension(std::string(kArc) + std::to_string(number), false, value));
  }
  return read_fulcio_claims(draft.issued_by(key()));
}

std::string fault(const std::map<int, Bytes>& values) {
  const auto claims = claims_of(values);
  if (claims) {
    return "(taken)";
  }
  EXPECT_EQ(claims.error().kind(), ErrorKind::InvalidInput);
  return claims.error().message();
}

TEST(FulcioClaimsTest, ACertificateWithoutThemHasNone) {
  const auto claims = claims_of({});
  ASSERT_TRUE(claims.has_value());
  for (const ClaimField& field : fulcio_claim_fields()) {
    EXPECT_EQ((*claims).*field.member, "") << field.name;
  }
}

TEST(FulcioClaimsTest, TheTableNamesEachOidOnceInOrder) {
  std::set<std::string_view> names;
  std::set<std::string_view> oids;
  int last = 0;
  for (const ClaimField& field : fulcio_claim_fields()) {
    ASSERT_TRUE(field.oid.starts_with(kArc)) << field.name;
    const int number = std::stoi(std::string(field.oid.substr(kArc.size())));
    EXPECT_GT(number, last) << field.name;
    last = number;
    names.insert(field.name);
    oids.insert(field.oid);
  }
  EXPECT_EQ(last, kLast);
  EXPECT_EQ(oids.size(), 22u);  // .1 is the issuer too, .7 a type of name
  EXPECT_EQ(names.size(), oids.size());
}

TEST(FulcioClaimsTest, EachOidFillsItsMemberAlone) {
  for (const ClaimField& field : fulcio_claim_fields()) {
    const int number = std::stoi(std::string(field.oid.substr(kArc.size())));
    const auto claims = claims_of({{number, right(number, "v\xC3\xA4lue")}});
    ASSERT_TRUE(claims.has_value()) << field.name << ": " << claims.error().message();
    for (const ClaimField& other : fulcio_claim_fields()) {
      EXPECT_EQ((*claims).*other.member, other.oid == field.oid ? "v\xC3\xA4lue" : "")
          << field.name << ", " << other.name;
    }
  }
}

TEST(FulcioClaimsTest, AllOfThemTogether) {
  std::map<int, Bytes> values;
  for (int number = 1; number <= kLast; ++number) {
    values[number] = right(number, number == 1 ? "8" : std::to_string(number));
  }
  values.erase(7);
  const auto claims = claims_of(values);
  ASSERT_TRUE(claims.has_value()) << claims.error().message();
  for (const ClaimField& field : fulcio_claim_fields()) {
    EXPECT_EQ((*claims).*field.member, field.oid.substr(kArc.size())) << field.name;
  }
}

TEST(FulcioClaimsTest, TheOldIssuerStandsInForTheNew) {
  EXPECT_EQ(claims_of({{1, bytes_of("https://issuer")}})->issuer, "https://issuer");
  EXPECT_EQ(claims_of({{8, utf8("https://issuer")}})->issuer, "https://issuer");
  EXPECT_EQ(claims_of({{1, bytes_of("https://issuer")}, {8, utf8("https://issuer")}})->issuer,
            "https://issuer");
}

TEST(FulcioClaimsTest, TwoIssuersThatDifferAreRefused) {
  constexpr std::string_view kConflict =
      "certificate: the extension 1.3.6.1.4.1.57264.1.1 names another issuer than "
      "1.3.6.1.4.1.57264.1.8";
  EXPECT_EQ(fault({{1, bytes_of("https://a")}, {8, utf8("https://b")}}), kConflict);
  EXPECT_EQ(fault({{1, bytes_of("https://a")}, {8, utf8("https://a/")}}), kConflict);
  EXPECT_EQ(fault({{1, bytes_of("https://a")}, {8, utf8("HTTPS://a")}}), kConflict);
  EXPECT_EQ(fault({{1, {}}, {8, utf8("https://a")}}), kConflict);
  EXPECT_EQ(fault({{1, bytes_of("https://a")}, {8, utf8("")}}), kConflict);
  // The DER of the same text is not the same text.
  EXPECT_EQ(fault({{1, utf8("https://a")}, {8, utf8("https://a")}}), kConflict);
}

TEST(FulcioClaimsTest, RawValuesAreTextWithoutNul) {
  for (const int number : {1, 2, 3, 4, 5, 6}) {
    const std::string what = "certificate: the extension " + std::string(kArc) +
                             std::to_string(number) + " is not UTF-8, or holds a NUL";
    EXPECT_EQ(fault({{number, bytes_of("a\0b"sv)}}), what);
    EXPECT_EQ(fault({{number, bytes_of("\xFF")}}), what);
    EXPECT_EQ(fault({{number, bytes_of("\xC0\x80")}}), what);
    EXPECT_EQ(fault({{number, bytes_of("\xED\xA0\x80")}}), what);
  }
}

struct Spelling {
  std::string_view what;
  Bytes value;
};

TEST(FulcioClaimsTest, WrappedValuesAreExactlyOneUtf8String) {
  const Spelling spellings[] = {
      {"raw text", bytes_of("https://issuer")},
      {"nothing", {}},
      {"IA5String", der(0x16, {as_bytes("text")})},
      {"PrintableString", der(0x13, {as_bytes("text")})},
      {"OCTET STRING", der(0x04, {as_bytes("text")})},
      {"BMPString", der(0x1E, {as_bytes("\0t"sv)})},
      {"constructed", der(0x2C, {utf8("text")})},
      {"a sequence of it", der(test::kSequence, {utf8("text")})},
      {"a byte after it", test::joined({utf8("text"), test::unhex("00")})},
      {"two of them", test::joined({utf8("text"), utf8("text")})},
      {"BER length", test::unhex("0c810174")},
      {"indefinite length", test::unhex("2c800c01740000")},
      {"cut short", test::unhex("0c0574")},
  };
  for (int number = kFirstWrapped; number <= kLast; ++number) {
    for (const Spelling& spelling : spellings) {
      EXPECT_EQ(fault({{number, spelling.value}}), "certificate: the extension " +
                                                       std::string(kArc) + std::to_string(number) +
                                                       " is not exactly one UTF8String")
          << spelling.what;
    }
  }
}

TEST(FulcioClaimsTest, WrappedValuesAreTextWithoutNul) {
  for (int number = kFirstWrapped; number <= kLast; ++number) {
    for (const std::string_view text : {"a\0b"sv, "\0"sv, "\xFF"sv, "\xC0\x80"sv, "\xED\xA0\x80"sv,
                                        "\xF4\x90\x80\x80"sv, "cut \xE2\x82"sv}) {
      EXPECT_EQ(fault({{number, utf8(text)}}), "certificate: the extension " + std::string(kArc) +
                                                   std::to_string(number) +
                                                   " is not UTF-8, or holds a NUL");
    }
  }
}

TEST(FulcioClaimsTest, NeighboursInTheArcAreNotClaims) {
  const auto claims = claims_of({{7, bytes_of("\xFF")}, {25, bytes_of("\xFF")}, {99, {}}});
  EXPECT_TRUE(claims.has_value());
}

}  // namespace
}  // namespace nono::crypto
