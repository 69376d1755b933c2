// tests/crypto/sct_test.cc: lists of SCTs, the cut out of a tbsCertificate, and signatures of logs.
#include "crypto/sct.h"

#include <gtest/gtest.h>

#include "tests/crypto/issuing.h"
#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::der;
using test::joined;
using test::key_of;
using test::unhex;

constexpr std::string_view kListOid = "1.3.6.1.4.1.11129.2.4.2";
constexpr std::uint8_t kSha256 = 4;
constexpr std::uint8_t kRsa = 1;
constexpr std::uint8_t kEcdsa = 3;

Bytes number(std::uint64_t value, std::size_t bytes) {
  Bytes out;
  for (std::size_t i = bytes; i-- > 0;) {
    out.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  return out;
}
Bytes counted(std::span<const std::byte> bytes) {
  return joined({number(bytes.size(), 2), bytes});
}

struct SctParts {
  std::uint8_t version = 0;
  Bytes log = Bytes(32, std::byte{0xAB});
  std::uint64_t milliseconds = 1'700'000'000'123;
  Bytes extensions;
  std::uint8_t hash = kSha256;
  std::uint8_t kind = kEcdsa;
  Bytes signature = unhex("3006020101020101");
};
Bytes serialized(const SctParts& parts) {
  return joined({number(parts.version, 1), parts.log, number(parts.milliseconds, 8),
                 counted(parts.extensions), number(parts.hash, 1), number(parts.kind, 1),
                 counted(parts.signature)});
}
Bytes list_of(std::size_t count, const SctParts& parts = {}) {
  Bytes entries;
  for (std::size_t i = 0; i < count; ++i) {
    entries = joined({entries, counted(serialized(parts))});
  }
  return counted(entries);
}

std::string message_of(const Bytes& list) {
  const auto scts = parse_sct_list(list);
  return scts ? "read" : scts.error().message();
}
ErrorKind kind_of(const Bytes& list) {
  return parse_sct_list(list).error().kind();
}

TEST(SctListTest, EveryFieldIsRead) {
  SctParts parts;
  parts.extensions = unhex("000005deadbeef01");
  parts.hash = 9;
  parts.kind = 8;
  const auto scts = parse_sct_list(list_of(1, parts));
  ASSERT_TRUE(scts.has_value()) << scts.error().message();
  ASSERT_EQ(scts->size(), 1u);
  const auto& sct = scts->front();
  EXPECT_EQ(hex_encode(sct.log_id.bytes()), hex_encode(parts.log));
  EXPECT_EQ(sct.milliseconds, parts.milliseconds);
  EXPECT_EQ(sct.extensions, parts.extensions);
  EXPECT_EQ(sct.hash, 9);
  EXPECT_EQ(sct.signature_kind, 8);
  EXPECT_EQ(sct.signature, parts.signature);
}

TEST(SctListTest, LatestTimeIsRead) {
  SctParts parts;
  parts.milliseconds = ~std::uint64_t{0};
  EXPECT_EQ(parse_sct_list(list_of(1, parts))->front().milliseconds, ~std::uint64_t{0});
}

TEST(SctListTest, UpTo32AreRead) {
  EXPECT_EQ(parse_sct_list(list_of(2))->size(), 2u);
  EXPECT_EQ(parse_sct_list(list_of(32))->size(), 32u);
  EXPECT_EQ(kind_of(list_of(101)), ErrorKind::Exhausted);
}

TEST(SctListTest, EmptyListIsRefused) {
  EXPECT_EQ(kind_of(unhex("0000")), ErrorKind::InvalidInput);
  EXPECT_NE(message_of(unhex("0000")).find("the list is empty"), std::string::npos);
}

TEST(SctListTest, LengthOfTheListMustBeThatOfItsBytes) {
  for (const Bytes& list : {Bytes(), unhex("00"), unhex("0001"), unhex("ffff")}) {
    EXPECT_NE(message_of(list).find("not that of its bytes"), std::string::npos);
  }
  Bytes longer = list_of(1);
  longer.push_back(std::byte{0});
  EXPECT_NE(message_of(longer).find("not that of its bytes"), std::string::npos);
  Bytes shorter = list_of(1);
  shorter.pop_back();
  EXPECT_NE(message_of(shorter).find("not that of its bytes"), std::string::npos);
}

TEST(SctListTest, EntryMustEndWithinTheList) {
  EXPECT_NE(message_of(counted(unhex("00"))).find("longer than the list"), std::string::npos);
  EXPECT_NE(message_of(counted(unhex("000200"))).find("longer than the list"), std::string::npos);
}

TEST(SctListTest, EmptyEntryIsRefused) {
  EXPECT_NE(message_of(counted(unhex("0000"))).find("an entry is empty"), std::string::npos);
}

TEST(SctListTest, OtherVersionIsRefused) {
  SctParts parts;
  parts.version = 1;
  EXPECT_EQ(kind_of(list_of(1, parts)), ErrorKind::InvalidInput);
  EXPECT_NE(message_of(list_of(1, parts)).find("version 1"), std::string::npos);
}

TEST(SctListTest, OneBadEntryRefusesTheList) {
  SctParts other;
  other.version = 255;
  const Bytes list = counted(joined({counted(serialized({})), counted(serialized(other))}));
  EXPECT_EQ(kind_of(list), ErrorKind::InvalidInput);
}

TEST(SctListTest, EveryCutEntryIsRefused) {
  const Bytes whole = serialized({});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Bytes list = counted(counted(std::span(whole).first(size)));
    EXPECT_NE(message_of(list).find("do not add up"), std::string::npos) << size;
  }
}

TEST(SctListTest, BytesAfterTheSignatureAreRefused) {
  const Bytes list = counted(counted(joined({serialized({}), unhex("00")})));
  EXPECT_NE(message_of(list).find("do not add up"), std::string::npos);
}

TEST(SctListTest, ExtensionsLongerThanTheEntryAreRefused) {
  Bytes entry = serialized({});
  entry[41] = std::byte{0xFF};  // version, log and time come before
  EXPECT_NE(message_of(counted(counted(entry))).find("do not add up"), std::string::npos);
}

// A tbsCertificate as far as the cut looks at it: fields with the extensions last.
Bytes sct_extension(std::size_t size = 40) {
  return test::extension(kListOid, false, der(test::kOctets, {Bytes(size)}));
}
Bytes filler(std::size_t size) {
  return test::extension("1.2.3", false, Bytes(size));
}
Bytes fields_before() {
  return joined({unhex("a003020102"), unhex("020105"), unhex("3000")});
}
Bytes tbs_with(std::span<const std::byte> extensions) {
  return der(test::kSequence,
             {fields_before(), der(test::kContext3, {der(test::kSequence, {extensions})})});
}

TEST(PrecertificateTest, CutsInEveryPosition) {
  const Bytes a = filler(3);
  const Bytes b = filler(5);
  const Bytes sct = sct_extension();
  for (const Bytes& with : {joined({sct, a, b}), joined({a, sct, b}), joined({a, b, sct})}) {
    const auto cut = precertificate_tbs(tbs_with(with));
    ASSERT_TRUE(cut.has_value()) << cut.error().message();
    EXPECT_EQ(*cut, tbs_with(joined({a, b})));
  }
}

TEST(PrecertificateTest, WithoutOtherExtensionsTheFieldGoes) {
  const auto cut = precertificate_tbs(tbs_with(sct_extension()));
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(*cut, der(test::kSequence, {fields_before()}));
}

TEST(PrecertificateTest, CriticalOneIsCutAsWell) {
  const Bytes critical = test::extension(kListOid, true, Bytes(4));
  const auto cut = precertificate_tbs(tbs_with(joined({critical, filler(1)})));
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(*cut, tbs_with(filler(1)));
}

// Lengths change their form at 128, 256 and 65536 bytes; each of the three around the extensions
// gets there with another size of what stays.
TEST(PrecertificateTest, LengthsAroundAreRewrittenInTheirShortestForm) {
  for (const std::size_t centre : {127u, 255u}) {
    for (std::size_t size = centre - 40; size <= centre + 3; ++size) {
      for (const std::size_t taken : {0u, 1u, 60u, 127u, 255u, 300u}) {
        const Bytes stays = filler(size);
        const auto cut = precertificate_tbs(tbs_with(joined({sct_extension(taken), stays})));
        ASSERT_TRUE(cut.has_value()) << size;
        EXPECT_EQ(*cut, tbs_with(stays)) << size << ' ' << taken;
      }
    }
  }
}

TEST(PrecertificateTest, LargestTbsIsCutAndLargerOnesAreRefused) {
  constexpr std::size_t kLargestContents = 65'535;
  const std::size_t around =
      tbs_with(joined({sct_extension(), filler(60'000)})).size() - 60'000 - 4;
  const Bytes stays = filler(kLargestContents - around);
  const Bytes whole = tbs_with(joined({sct_extension(), stays}));
  ASSERT_EQ(whole.size(), kLargestContents + 4);
  const auto cut = precertificate_tbs(whole);
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(*cut, tbs_with(stays));

  const Bytes contents = joined({sct_extension(), filler(kLargestContents)});
  Bytes larger = unhex("3083");
  larger = joined({larger, number(contents.size(), 3), contents});
  EXPECT_FALSE(precertificate_tbs(larger).has_value());
}

TEST(PrecertificateTest, TbsWithoutTheExtensionIsRefused) {
  EXPECT_FALSE(precertificate_tbs(tbs_with(filler(1))).has_value());
  EXPECT_FALSE(precertificate_tbs(tbs_with({})).has_value());
  EXPECT_FALSE(precertificate_tbs(der(test::kSequence, {fields_before()})).has_value());
}

TEST(PrecertificateTest, TwoOfThemAreRefused) {
  EXPECT_FALSE(
      precertificate_tbs(tbs_with(joined({sct_extension(), sct_extension()}))).has_value());
  EXPECT_FALSE(precertificate_tbs(tbs_with(joined({sct_extension(), filler(1), sct_extension()})))
                   .has_value());
}

TEST(PrecertificateTest, FieldAfterTheExtensionsIsRefused) {
  const Bytes extensions = der(test::kContext3, {der(test::kSequence, {sct_extension()})});
  const Bytes after = unhex("0500");
  EXPECT_FALSE(precertificate_tbs(der(test::kSequence, {extensions, after})).has_value());
  EXPECT_FALSE(precertificate_tbs(der(test::kSequence, {extensions, extensions})).has_value());
}

TEST(PrecertificateTest, MalformedTbsIsRefused) {
  const Bytes good = tbs_with(sct_extension());
  EXPECT_FALSE(precertificate_tbs(Bytes()).has_value());
  EXPECT_FALSE(precertificate_tbs(joined({good, unhex("00")})).has_value());
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_FALSE(precertificate_tbs(std::span(good).first(size)).has_value()) << size;
  }
  const Bytes not_sequence = der(test::kContext3, {der(test::kSet, {sct_extension()})});
  EXPECT_FALSE(precertificate_tbs(der(test::kSequence, {not_sequence})).has_value());
  const Bytes two = der(test::kContext3, {der(test::kSequence, {sct_extension()}), unhex("3000")});
  EXPECT_FALSE(precertificate_tbs(der(test::kSequence, {two})).has_value());
  EXPECT_FALSE(precertificate_tbs(tbs_with(joined({sct_extension(), unhex("0500")}))).has_value());
  EXPECT_FALSE(precertificate_tbs(tbs_with(joined({sct_extension(), unhex("3000")}))).has_value());
}

// signed_over is the digitally-signed struct of RFC 6962 section 3.2, written out again.
Bytes signed_over(const SctParts& parts, const Sha256& issuer, std::span<const std::byte> tbs) {
  return joined({unhex("0000"), number(parts.milliseconds, 8), unhex("0001"), issuer.bytes(),
                 number(tbs.size(), 3), tbs, counted(parts.extensions)});
}

class SctSignatureTest : public ::testing::TestWithParam<KeyAlgorithm> {
 protected:
  const test::TestKey& log() const { return key_of(GetParam(), "log"); }
  SctParts signed_parts(Bytes extensions = {}, HashAlgorithm digest = HashAlgorithm::Sha256) const {
    SctParts parts;
    parts.extensions = std::move(extensions);
    parts.kind = GetParam() == KeyAlgorithm::Rsa ? kRsa : kEcdsa;
    parts.signature = log().sign(digest, signed_over(parts, issuer_, tbs_));
    return parts;
  }
  bool verifies(const SctParts& parts) const {
    const auto scts = parse_sct_list(list_of(1, parts));
    return sct_verifies(scts->front(), log().public_key(), issuer_, tbs_);
  }
  Sha256 issuer_ = Sha256::of("issuer");
  Bytes tbs_ = tbs_with(filler(20));
};
INSTANTIATE_TEST_SUITE_P(Logs, SctSignatureTest,
                         ::testing::Values(KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                                           KeyAlgorithm::Rsa),
                         [](const auto& tested) {
                           std::string name(name_of(tested.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(SctSignatureTest, SignatureOfTheLogVerifies) {
  EXPECT_TRUE(verifies(signed_parts()));
  EXPECT_TRUE(verifies(signed_parts(unhex("0000050000000001"))));
}

TEST_P(SctSignatureTest, ChangedFieldFails) {
  SctParts time = signed_parts();
  time.milliseconds += 1;
  EXPECT_FALSE(verifies(time));
  SctParts extensions = signed_parts();
  extensions.extensions = unhex("00");
  EXPECT_FALSE(verifies(extensions));
  SctParts signature = signed_parts();
  signature.signature.back() ^= std::byte{1};
  EXPECT_FALSE(verifies(signature));
}

// The log's identifier is not signed: who looked the key up by it has bound it.
TEST_P(SctSignatureTest, IdentifierOfTheLogIsNotSigned) {
  SctParts parts = signed_parts();
  parts.log = Bytes(32);
  EXPECT_TRUE(verifies(parts));
}

TEST_P(SctSignatureTest, OtherIssuerFails) {
  const auto scts = parse_sct_list(list_of(1, signed_parts()));
  const PublicKey key = log().public_key();
  EXPECT_TRUE(sct_verifies(scts->front(), key, issuer_, tbs_));
  EXPECT_FALSE(sct_verifies(scts->front(), key, Sha256::of("other"), tbs_));
}

TEST_P(SctSignatureTest, OtherTbsFails) {
  const auto scts = parse_sct_list(list_of(1, signed_parts()));
  Bytes other = tbs_;
  other.back() ^= std::byte{1};
  EXPECT_FALSE(sct_verifies(scts->front(), log().public_key(), issuer_, other));
}

TEST_P(SctSignatureTest, OtherLogFails) {
  const auto scts = parse_sct_list(list_of(1, signed_parts()));
  EXPECT_FALSE(
      sct_verifies(scts->front(), key_of(GetParam(), "other").public_key(), issuer_, tbs_));
}

TEST_P(SctSignatureTest, DigestOtherThanSha256Fails) {
  const SctParts good = signed_parts();
  for (unsigned wide = 0; wide < 0x100; ++wide) {
    SctParts parts = good;
    parts.hash = static_cast<std::uint8_t>(wide);
    EXPECT_EQ(verifies(parts), wide == kSha256) << wide;
  }
  SctParts truly = signed_parts({}, HashAlgorithm::Sha512);
  truly.hash = 6;
  EXPECT_FALSE(verifies(truly));
}

TEST_P(SctSignatureTest, KindOtherThanTheKeysFails) {
  const std::uint8_t right = GetParam() == KeyAlgorithm::Rsa ? kRsa : kEcdsa;
  const SctParts good = signed_parts();
  for (unsigned wide = 0; wide < 0x100; ++wide) {
    SctParts parts = good;
    parts.kind = static_cast<std::uint8_t>(wide);
    EXPECT_EQ(verifies(parts), wide == right) << wide;
  }
}

TEST(SctTest, LogWithAnEd25519KeyIsNotOfRfc6962) {
  const test::TestKey& log = key_of(KeyAlgorithm::Ed25519);
  const Sha256 issuer = Sha256::of("issuer");
  for (const std::uint8_t kind : {kEcdsa, kRsa, std::uint8_t{7}}) {
    SctParts parts;
    parts.kind = kind;
    parts.signature = log.sign(HashAlgorithm::Sha512, signed_over(parts, issuer, unhex("3000")));
    const auto scts = parse_sct_list(list_of(1, parts));
    EXPECT_FALSE(sct_verifies(scts->front(), log.public_key(), issuer, unhex("3000")));
  }
}

TEST(SctTest, FieldsThatNoLengthCanNameFail) {
  const auto scts = parse_sct_list(list_of(1));
  const PublicKey key = key_of(KeyAlgorithm::EcdsaP256, "log").public_key();
  EXPECT_FALSE(sct_verifies(scts->front(), key, Sha256::of("i"), Bytes(0x1000000)));
  SignedCertificateTimestamp large = scts->front();
  large.extensions = Bytes(0x10000);
  EXPECT_FALSE(sct_verifies(large, key, Sha256::of("i"), Bytes(1)));
}

// A whole certificate: a log signs what stays after the cut, the authority signs the rest.
class SctInCertificateTest : public ::testing::Test {
 protected:
  const test::TestKey& authority_ = key_of(KeyAlgorithm::EcdsaP256, "authority");
  const test::TestKey& leaf_key_ = key_of(KeyAlgorithm::EcdsaP256, "leaf");
  const test::TestKey& log_ = key_of(KeyAlgorithm::EcdsaP256, "log");
  Sha256 issuer_ = authority_.public_key().fingerprint();

  Certificate with(std::vector<Bytes> extensions) const {
    return test::certificate({.extensions = std::move(extensions)}, leaf_key_.public_key(),
                             authority_);
  }
  // logged has the SCT at `position` among the other extensions.
  Certificate logged(std::size_t position) const {
    std::vector<Bytes> extensions{test::key_usage(test::kSignsData),
                                  test::extended_use({"1.3.6.1.5.5.7.3.3"}, false)};
    const Bytes tbs =
        test::certificate_tbs({.extensions = extensions}, leaf_key_.public_key(), authority_);
    SctParts parts;
    const Sha256 id = log_.public_key().fingerprint();
    parts.log = Bytes(id.bytes().begin(), id.bytes().end());
    parts.signature = log_.sign(HashAlgorithm::Sha256, signed_over(parts, issuer_, tbs));
    const Bytes list = test::extension(kListOid, false, der(test::kOctets, {list_of(1, parts)}));
    extensions.insert(extensions.begin() + static_cast<std::ptrdiff_t>(position), list);
    return with(std::move(extensions));
  }
};

TEST_F(SctInCertificateTest, LogSignedWhatStaysAfterTheCut) {
  for (const std::size_t position : {0u, 1u, 2u}) {
    const Certificate leaf = logged(position);
    const auto scts = embedded_scts(leaf);
    ASSERT_TRUE(scts.has_value()) << scts.error().message();
    ASSERT_EQ(scts->size(), 1u);
    EXPECT_EQ(scts->front().log_id, log_.public_key().fingerprint());
    const auto tbs = precertificate_tbs(leaf);
    ASSERT_TRUE(tbs.has_value()) << tbs.error().message();
    EXPECT_TRUE(sct_verifies(scts->front(), log_.public_key(), issuer_, *tbs));
    const Sha256 other = leaf_key_.public_key().fingerprint();
    EXPECT_FALSE(sct_verifies(scts->front(), log_.public_key(), other, *tbs));
    EXPECT_FALSE(sct_verifies(scts->front(), log_.public_key(), issuer_, leaf.tbs()));
  }
}

TEST_F(SctInCertificateTest, CertificateWithoutTheExtensionHasNone) {
  const Certificate leaf = with({test::key_usage(test::kSignsData)});
  const auto scts = embedded_scts(leaf);
  ASSERT_TRUE(scts.has_value());
  EXPECT_TRUE(scts->empty());
  EXPECT_EQ(precertificate_tbs(leaf).error().kind(), ErrorKind::InvalidInput);
}

TEST_F(SctInCertificateTest, ExtensionIsOneOctetString) {
  for (const Bytes& value : {list_of(1), der(test::kSequence, {list_of(1)}),
                             joined({der(test::kOctets, {list_of(1)}), unhex("00")})}) {
    const auto scts = embedded_scts(with({test::extension(kListOid, false, value)}));
    ASSERT_FALSE(scts.has_value());
    EXPECT_NE(scts.error().message().find("OCTET STRING"), std::string::npos);
  }
}

}  // namespace
}  // namespace nono::crypto
