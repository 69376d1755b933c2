// tests/crypto/timestamp_test.cc: who may sign a timestamp, and over what. Tokens and authorities
// are made here; a case differs from the good one in one thing.
#include "crypto/timestamp.h"

#include <gtest/gtest.h>

#include "tests/crypto/issuing.h"
#include "tests/crypto/support.h"
#include "tests/crypto/token_maker.h"

namespace nono::crypto {
namespace {

using test::CertificateShape;
using test::der;
using test::joined;
using test::key_of;
using test::TestKey;
using test::TokenShape;
using test::unhex;

constexpr std::string_view kMessage = "signature";
constexpr std::string_view kTimeStamping = "1.3.6.1.5.5.7.3.8";
constexpr std::string_view kCodeSigning = "1.3.6.1.5.5.7.3.3";
constexpr auto kP256 = KeyAlgorithm::EcdsaP256;
constexpr Time kGenTime(std::chrono::seconds(1'704'110'400));
constexpr std::chrono::seconds kSecond(1);
constexpr std::chrono::seconds kYear(31'536'000);

const TestKey& root_key() {
  return key_of(kP256, "root");
}
const TestKey& leaf_key() {
  return key_of(kP256, "leaf");
}

CertificateShape root_shape() {
  return {.subject = "root",
          .issuer = "root",
          .serial = 1,
          .not_before = kGenTime - 2 * kYear,
          .not_after = kGenTime + 2 * kYear,
          .extensions = {test::ca_constraints(), test::key_usage(test::kSignsCertificates)}};
}
// Signatures of P-256 are not the same twice: what must be one certificate is made once.
const Certificate& root() {
  static const Certificate made =
      test::certificate(root_shape(), root_key().public_key(), root_key());
  return made;
}

CertificateShape leaf_shape() {
  return {
      .subject = "tsa",
      .issuer = "root",
      .serial = 7,
      .not_before = kGenTime - kYear,
      .not_after = kGenTime + kYear,
      .extensions = {test::key_usage(test::kSignsData), test::extended_use({kTimeStamping}, true),
                     test::key_identifier(unhex("c0ffee"))}};
}
Certificate leaf(const CertificateShape& shape, const TestKey& key = leaf_key()) {
  return test::certificate(shape, key.public_key(), root_key());
}
const Certificate& leaf() {
  static const Certificate made = leaf(leaf_shape());
  return made;
}

// An impostor: the leaf's name and serial, a key of its own, issued by itself under the root's
// name.
const Certificate& impostor() {
  static const TestKey& thief = key_of(kP256, "thief");
  static const Certificate made = test::certificate(leaf_shape(), thief.public_key(), thief);
  return made;
}

TimestampSigner signer_of(std::vector<Certificate> chain) {
  return TimestampSigner::make(std::move(chain)).value();
}

TokenShape token_of(const Certificate& signer, const TestKey& key = leaf_key()) {
  return {signer, key, as_bytes(kMessage)};
}

// outcome is "ok" or the name of the fault.
std::string outcome(const std::expected<Time, TimestampError>& verdict) {
  if (verdict) {
    return *verdict == kGenTime ? "ok" : "another time";
  }
  switch (verdict.error().fault) {
    case TimestampFault::UnknownAuthority:
      return "unknown authority";
    case TimestampFault::WrongImprint:
      return "wrong imprint";
    case TimestampFault::BadSignature:
      return "bad signature";
    case TimestampFault::Expired:
      return "expired";
    case TimestampFault::WrongUsage:
      return "wrong usage";
  }
  return "";
}
std::string outcome(const TokenShape& token, const TimestampSigner& signer,
                    std::string_view message = kMessage) {
  const auto parsed = TimestampToken::parse_response(test::response(token));
  return parsed ? outcome(parsed->verify(as_bytes(message), signer)) : parsed.error().message();
}
std::string detail(const TokenShape& token, const TimestampSigner& signer) {
  const auto parsed = TimestampToken::parse_response(test::response(token));
  const auto verdict = parsed->verify(as_bytes(kMessage), signer);
  return verdict ? "" : verdict.error().detail;
}

// The three forms in which a trusted root names an authority.
TimestampSigner pinned() {
  return signer_of({leaf(), root()});
}
TimestampSigner pinned_alone() {
  return signer_of({leaf()});
}
TimestampSigner authority_only() {
  return signer_of({root()});
}

TEST(TimestampSignerTest, ChainIsSortedIntoLeafAndAuthority) {
  EXPECT_TRUE(pinned().leaf().has_value());
  EXPECT_TRUE(pinned().authority().has_value());
  EXPECT_TRUE(pinned_alone().leaf().has_value());
  EXPECT_FALSE(pinned_alone().authority().has_value());
  EXPECT_FALSE(authority_only().leaf().has_value());
  EXPECT_TRUE(authority_only().authority().has_value());
}

TEST(TimestampSignerTest, EmptyChainIsRefused) {
  EXPECT_EQ(TimestampSigner::make({}).error().kind(), ErrorKind::InvalidInput);
}

TEST(TimestampSignerTest, ChainWithALeafAboveIsRefused) {
  EXPECT_FALSE(TimestampSigner::make({root(), leaf()}).has_value());
  EXPECT_FALSE(TimestampSigner::make({leaf(), leaf()}).has_value());
}

TEST(TimestampTest, TokenOfEveryFormOfAuthorityVerifies) {
  const TokenShape token = token_of(leaf());
  EXPECT_EQ(outcome(token, pinned()), "ok");
  EXPECT_EQ(outcome(token, pinned_alone()), "ok");
  EXPECT_EQ(outcome(token, authority_only()), "ok");
}

TEST(TimestampTest, WithoutEmbeddedCertificateThePinnedLeafIsTheSigner) {
  TokenShape token = token_of(leaf());
  token.certificates = {};
  EXPECT_EQ(outcome(token, pinned()), "ok");
  EXPECT_EQ(outcome(token, pinned_alone()), "ok");
  EXPECT_EQ(outcome(token, authority_only()), "unknown authority");
}

TEST(TimestampTest, OtherMessageIsAWrongImprint) {
  EXPECT_EQ(outcome(token_of(leaf()), pinned(), "signaturf"), "wrong imprint");
  EXPECT_EQ(outcome(token_of(leaf()), pinned(), ""), "wrong imprint");
}

TEST(TimestampTest, ImprintsOfLongerDigestsVerify) {
  for (const auto algorithm : {HashAlgorithm::Sha384, HashAlgorithm::Sha512}) {
    TokenShape token = token_of(leaf());
    token.info.imprint_identifier = test::hash_identifier(algorithm, false);
    token.info.imprint = hash(algorithm, as_bytes(kMessage));
    EXPECT_EQ(outcome(token, pinned()), "ok");
    EXPECT_EQ(outcome(token, pinned(), "other"), "wrong imprint");
  }
}

TEST(TimestampTest, SignatureOfAnotherKeyIsBad) {
  const TokenShape token = token_of(leaf(), key_of(kP256, "thief"));
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
  EXPECT_EQ(outcome(token, pinned_alone()), "bad signature");
  EXPECT_EQ(outcome(token, authority_only()), "bad signature");
}

TEST(TimestampTest, SignatureThatIsNoDerIsBad) {
  TokenShape token = token_of(leaf());
  token.signature = Bytes();
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
  token.signature = Bytes(72);
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
}

TEST(TimestampTest, SignatureOverTheContentAloneIsBad) {
  TokenShape token = token_of(leaf());
  token.signature = leaf_key().sign(HashAlgorithm::Sha256, test::info_der(token.info));
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
}

TEST(TimestampTest, MessageDigestOfOtherContentIsBad) {
  TokenShape token = token_of(leaf());
  token.message_digest_attribute =
      test::attribute(test::kMessageDigestAttribute, der(test::kOctets, {Bytes(32)}));
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
  EXPECT_NE(detail(token, pinned()).find("messageDigest"), std::string::npos);
}

TEST(TimestampTest, ContentTypeOfOtherContentIsBad) {
  TokenShape token = token_of(leaf());
  token.content_type_attribute =
      test::attribute(test::kContentTypeAttribute, test::oid(test::kDataType));
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
  EXPECT_NE(detail(token, pinned()).find("contentType"), std::string::npos);
}

Bytes certificate_attribute(const Certificate& certificate, HashAlgorithm algorithm,
                            std::span<const std::byte> issuer_serial = {}) {
  return test::attribute(test::kSigningCertificateV2Attribute,
                         test::ess_cert_id(certificate.der(), algorithm, issuer_serial));
}

TEST(TimestampTest, CertificateIdentifierMayBeOfAnyDigest) {
  for (const auto algorithm :
       {HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512}) {
    TokenShape token = token_of(leaf());
    token.signing_certificate_attribute = certificate_attribute(leaf(), algorithm);
    EXPECT_EQ(outcome(token, pinned()), "ok");
  }
}

TEST(TimestampTest, CertificateIdentifierOfAnotherCertificateIsBad) {
  TokenShape token = token_of(leaf());
  token.signing_certificate_attribute = certificate_attribute(root(), HashAlgorithm::Sha256);
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
  EXPECT_EQ(outcome(token, pinned_alone()), "bad signature");
  EXPECT_EQ(outcome(token, authority_only()), "bad signature");
  EXPECT_NE(detail(token, authority_only()).find("signingCertificateV2"), std::string::npos);
}

TEST(TimestampTest, CertificateIdentifierBySha1AloneIsBad) {
  TokenShape token = token_of(leaf());
  token.signing_certificate_attribute =
      test::attribute(test::kSigningCertificateAttribute,
                      unhex("30183016301404140000000000000000000000000000000000000000"));
  EXPECT_EQ(outcome(token, pinned()), "bad signature");
  EXPECT_EQ(outcome(token, authority_only()), "bad signature");
  EXPECT_NE(detail(token, pinned()).find("SHA-1"), std::string::npos);
  // To another authority it is unknown, as any token is.
  EXPECT_EQ(outcome(token, signer_of({impostor(), root()})), "unknown authority");
}

TEST(TimestampTest, CertificateIdentifierMayNameTheIssuerAndThenMustNameItRight) {
  struct Case {
    std::string_view issuer;
    std::string_view serial;
    std::string_view outcome;
  };
  const Case cases[] = {{"root", "020107", "ok"},
                        {"roof", "020107", "bad signature"},
                        {"root", "020108", "bad signature"},
                        {"root", "02020007", "bad signature"}};
  for (const Case& each : cases) {
    TokenShape token = token_of(leaf());
    const Bytes name = test::issuer_serial(test::common_name(each.issuer), unhex(each.serial));
    token.signing_certificate_attribute =
        certificate_attribute(leaf(), HashAlgorithm::Sha256, name);
    EXPECT_EQ(outcome(token, pinned()), each.outcome) << each.issuer << each.serial;
  }
}

TEST(TimestampTest, SignerNamedByKeyIdentifierVerifies) {
  TokenShape token = token_of(leaf());
  token.signer_version = unhex("020103");
  token.sid = unhex("8003c0ffee");
  EXPECT_EQ(outcome(token, pinned()), "ok");
  EXPECT_EQ(outcome(token, authority_only()), "ok");
  token.sid = unhex("8003c0ffef");
  EXPECT_EQ(outcome(token, pinned()), "unknown authority");
  EXPECT_EQ(outcome(token, authority_only()), "unknown authority");
}

TEST(TimestampTest, KeyIdentifierThatTheLeafDoesNotCarryIsNotItsOwn) {
  CertificateShape shape = leaf_shape();
  shape.extensions.pop_back();
  const Certificate bare = leaf(shape);
  TokenShape token = token_of(bare);
  token.signer_version = unhex("020103");
  token.sid = unhex("8003c0ffee");
  EXPECT_EQ(outcome(token, signer_of({bare, root()})), "unknown authority");
}

TEST(TimestampTest, SignerOfAnotherIssuerOrSerialIsUnknown) {
  TokenShape issuer = token_of(leaf());
  issuer.sid = der(test::kSequence, {test::common_name("roof"), unhex("020107")});
  EXPECT_EQ(outcome(issuer, pinned()), "unknown authority");
  EXPECT_EQ(outcome(issuer, authority_only()), "unknown authority");
  TokenShape serial = token_of(leaf());
  serial.sid = der(test::kSequence, {test::common_name("root"), unhex("020108")});
  EXPECT_EQ(outcome(serial, pinned()), "unknown authority");
  EXPECT_EQ(outcome(serial, authority_only()), "unknown authority");
}

TEST(TimestampTest, AuthorityNamedInTheContentMustBeTheSigner) {
  const auto named = [](std::string_view name) {
    TokenShape token = token_of(leaf());
    token.info.options = der(test::kContext0, {der(test::kContext4, {test::common_name(name)})});
    return token;
  };
  EXPECT_EQ(outcome(named("tsa"), pinned()), "ok");
  EXPECT_EQ(outcome(named("tsb"), pinned()), "bad signature");
}

TEST(TimestampTest, TokenOfAnImpostorIsOfAnUnknownAuthority) {
  const TokenShape token = token_of(impostor(), key_of(kP256, "thief"));
  EXPECT_EQ(outcome(token, pinned()), "unknown authority");
  EXPECT_EQ(outcome(token, pinned_alone()), "unknown authority");
  EXPECT_EQ(outcome(token, authority_only()), "unknown authority");
}

// The authority's true certificate stands first, but it is not the one that signed.
TEST(TimestampTest, TrueCertificateBesideAnImpostorsSignatureDoesNotHelp) {
  for (const bool true_first : {true, false}) {
    TokenShape token = token_of(impostor(), key_of(kP256, "thief"));
    token.certificates =
        true_first ? test::embedded({leaf(), impostor()}) : test::embedded({impostor(), leaf()});
    EXPECT_EQ(outcome(token, pinned()), "unknown authority");
    EXPECT_EQ(outcome(token, authority_only()), "unknown authority");
    token.signing_certificate_attribute = certificate_attribute(leaf(), HashAlgorithm::Sha256);
    EXPECT_EQ(outcome(token, authority_only()), "bad signature");
  }
}

TEST(TimestampTest, ForgedFirstCertificateDoesNotHideTheSigner) {
  for (const bool forged_first : {true, false}) {
    TokenShape token = token_of(leaf());
    token.certificates =
        forged_first ? test::embedded({impostor(), leaf()}) : test::embedded({leaf(), impostor()});
    EXPECT_EQ(outcome(token, authority_only()), "ok");
    // Where the root names the signer, a token that shows another under its name is not believed.
    EXPECT_EQ(outcome(token, pinned()), "unknown authority");
  }
}

TEST(TimestampTest, UnrelatedCertificatesInTheTokenChangeNothing) {
  CertificateShape other = leaf_shape();
  other.serial = 9;
  TokenShape token = token_of(leaf());
  token.certificates = test::embedded({leaf(other), root(), leaf()});
  EXPECT_EQ(outcome(token, pinned()), "ok");
  EXPECT_EQ(outcome(token, authority_only()), "ok");
}

// The root's own key signed this certificate too, but it is not the pinned one.
TEST(TimestampTest, AnotherCertificateOfTheSameAuthorityIsNotThePinnedLeaf) {
  CertificateShape other = leaf_shape();
  other.serial = 8;
  TokenShape token = token_of(leaf(other));
  token.sid = der(test::kSequence, {test::common_name("root"), unhex("020108")});
  EXPECT_EQ(outcome(token, pinned()), "unknown authority");
  EXPECT_EQ(outcome(token, authority_only()), "ok");
}

TEST(TimestampTest, EmbeddedRootDoesNotAnchor) {
  const TestKey& thief = key_of(kP256, "thief");
  const Certificate fake_root = test::certificate(root_shape(), thief.public_key(), thief);
  TokenShape token = token_of(impostor(), thief);
  token.certificates = test::embedded({impostor(), fake_root});
  EXPECT_EQ(outcome(token, authority_only()), "unknown authority");
}

TEST(TimestampTest, EmbeddedIntermediateMayLeadToTheAuthority) {
  const TestKey& between = key_of(kP256, "between");
  CertificateShape shape = root_shape();
  shape.subject = "between";
  shape.serial = 2;
  const Certificate intermediate = test::certificate(shape, between.public_key(), root_key());
  CertificateShape below = leaf_shape();
  below.issuer = "between";
  const Certificate signer = test::certificate(below, leaf_key().public_key(), between);
  TokenShape token = token_of(signer);
  EXPECT_EQ(outcome(token, authority_only()), "unknown authority");
  token.certificates = test::embedded({signer, intermediate});
  EXPECT_EQ(outcome(token, authority_only()), "ok");
  EXPECT_EQ(outcome(token, signer_of({intermediate, root()})), "ok");
  EXPECT_EQ(outcome(token, signer_of({signer, intermediate, root()})), "ok");
}

TEST(TimestampTest, PinnedLeafThatItsAuthorityDidNotIssueIsRefused) {
  const TokenShape token = token_of(impostor(), key_of(kP256, "thief"));
  EXPECT_EQ(outcome(token, signer_of({impostor(), root()})), "unknown authority");
}

TEST(TimestampTest, LeafIsValidToTheSecond) {
  struct Case {
    std::chrono::seconds before;
    std::chrono::seconds after;
    std::string_view outcome;
  };
  const Case cases[] = {{kSecond * 0, kYear, "ok"},
                        {-kSecond, kYear, "expired"},
                        {kYear, kSecond * 0, "ok"},
                        {kYear, -kSecond, "expired"}};
  for (const Case& each : cases) {
    CertificateShape shape = leaf_shape();
    shape.not_before = kGenTime - each.before;
    shape.not_after = kGenTime + each.after;
    if (shape.not_before > shape.not_after) {
      std::swap(shape.not_before, shape.not_after);
    }
    const Certificate timed = leaf(shape);
    const TokenShape token = token_of(timed);
    EXPECT_EQ(outcome(token, signer_of({timed, root()})), each.outcome);
    EXPECT_EQ(outcome(token, signer_of({timed})), each.outcome);
    EXPECT_EQ(outcome(token, authority_only()), each.outcome);
  }
}

TEST(TimestampTest, AuthorityIsValidToTheSecond) {
  struct Case {
    std::chrono::seconds before;
    std::chrono::seconds after;
    std::string_view outcome;
  };
  const Case cases[] = {{kSecond * 0, kYear, "ok"},
                        {-kSecond, kYear, "expired"},
                        {kYear, kSecond * 0, "ok"},
                        {kYear, -kSecond, "expired"}};
  for (const Case& each : cases) {
    CertificateShape shape = root_shape();
    shape.not_before = kGenTime - each.before;
    shape.not_after = kGenTime + each.after;
    const Certificate timed = test::certificate(shape, root_key().public_key(), root_key());
    const Certificate signer = leaf();
    EXPECT_EQ(outcome(token_of(signer), signer_of({signer, timed})), each.outcome);
    EXPECT_EQ(outcome(token_of(signer), signer_of({timed})), each.outcome);
  }
}

// The windows of leaf and authority do not meet: there is no time at which the path holds.
TEST(TimestampTest, WindowsThatNeverMeetAreExpired) {
  CertificateShape shape = root_shape();
  shape.not_after = kGenTime - kYear - kSecond;
  const Certificate gone = test::certificate(shape, root_key().public_key(), root_key());
  EXPECT_EQ(outcome(token_of(leaf()), signer_of({leaf(), gone})), "expired");
}

TEST(TimestampTest, LeafMustBeForTimestampingAlone) {
  struct Case {
    std::vector<Bytes> extensions;
    std::string_view what;
  };
  const Case cases[] = {
      {{test::key_usage(test::kSignsData)}, "no extended use"},
      {{test::key_usage(test::kSignsData), test::extended_use({kTimeStamping}, false)},
       "not critical"},
      {{test::key_usage(test::kSignsData), test::extended_use({kTimeStamping, kCodeSigning}, true)},
       "two uses"},
      {{test::key_usage(test::kSignsData), test::extended_use({kCodeSigning}, true)},
       "another use"},
  };
  for (const Case& each : cases) {
    CertificateShape shape = leaf_shape();
    shape.extensions = each.extensions;
    const Certificate signer = leaf(shape);
    EXPECT_EQ(outcome(token_of(signer), signer_of({signer, root()})), "wrong usage") << each.what;
    EXPECT_EQ(outcome(token_of(signer), signer_of({signer})), "wrong usage") << each.what;
    EXPECT_EQ(outcome(token_of(signer), authority_only()), "wrong usage") << each.what;
  }
}

TEST(TimestampTest, KeyOfTheLeafMustBeForSigning) {
  struct Case {
    Bytes usage;
    std::string_view outcome;
  };
  const Case cases[] = {{Bytes(), "ok"},
                        {test::key_usage(0x80), "ok"},            // digitalSignature
                        {test::key_usage(0x40), "ok"},            // contentCommitment
                        {test::key_usage(0x20), "wrong usage"}};  // keyEncipherment
  for (const Case& each : cases) {
    CertificateShape shape = leaf_shape();
    shape.extensions = {test::extended_use({kTimeStamping}, true)};
    if (!each.usage.empty()) {
      shape.extensions.push_back(each.usage);
    }
    const Certificate signer = leaf(shape);
    EXPECT_EQ(outcome(token_of(signer), signer_of({signer, root()})), each.outcome);
    EXPECT_EQ(outcome(token_of(signer), signer_of({signer})), each.outcome);
    EXPECT_EQ(outcome(token_of(signer), authority_only()), each.outcome);
  }
}

TEST(TimestampTest, CertificateOfAnAuthorityDoesNotSignTimestamps) {
  CertificateShape shape = leaf_shape();
  shape.extensions = {test::ca_constraints(), test::key_usage(test::kSignsCertificates),
                      test::extended_use({kTimeStamping}, true)};
  EXPECT_EQ(outcome(token_of(leaf(shape)), authority_only()), "wrong usage");
}

TEST(TimestampTest, PathFaultsComeAfterTheSignature) {
  CertificateShape shape = leaf_shape();
  shape.not_after = kGenTime - kSecond;
  const TokenShape token = token_of(leaf(shape), key_of(kP256, "thief"));
  EXPECT_EQ(outcome(token, authority_only()), "bad signature");
}

struct Scheme {
  const char* name;
  KeyAlgorithm key;
  HashAlgorithm digest;
  const char* identifier;  // empty: the usual one of key and digest
};
void PrintTo(const Scheme& scheme, std::ostream* out) {
  *out << scheme.name;
}
class TimestampSchemeTest : public ::testing::TestWithParam<Scheme> {
 protected:
  const TestKey& key() const { return key_of(GetParam().key, "scheme"); }
  TokenShape token(const Certificate& signer) const {
    const Scheme& scheme = GetParam();
    TokenShape made = token_of(signer, key());
    made.digest = scheme.digest;
    made.digests = test::hash_identifier(scheme.digest);
    made.digest_identifier = made.digests;
    made.scheme = *scheme.identifier == '\0' ? test::signature_identifier(scheme.key, scheme.digest)
                                             : unhex(scheme.identifier);
    return made;
  }
};
using enum HashAlgorithm;
constexpr Scheme kSchemes[] = {
    {"P256Sha256", KeyAlgorithm::EcdsaP256, Sha256, ""},
    {"P256Sha384", KeyAlgorithm::EcdsaP256, Sha384, ""},
    {"P256Sha512", KeyAlgorithm::EcdsaP256, Sha512, ""},
    {"P384Sha256", KeyAlgorithm::EcdsaP384, Sha256, ""},
    {"P384Sha384", KeyAlgorithm::EcdsaP384, Sha384, ""},
    {"P521Sha512", KeyAlgorithm::EcdsaP521, Sha512, ""},
    {"RsaSha256", KeyAlgorithm::Rsa, Sha256, ""},
    {"RsaSha384", KeyAlgorithm::Rsa, Sha384, ""},
    {"RsaSha512", KeyAlgorithm::Rsa, Sha512, ""},
    {"RsaEncryptionSha256", KeyAlgorithm::Rsa, Sha256, "300d06092a864886f70d0101010500"},
    {"RsaEncryptionSha512", KeyAlgorithm::Rsa, Sha512, "300d06092a864886f70d0101010500"},
    {"RsaEncryptionWithoutNull", KeyAlgorithm::Rsa, Sha256, "300b06092a864886f70d010101"},
    {"Ed25519", KeyAlgorithm::Ed25519, Sha512, ""},
};
INSTANTIATE_TEST_SUITE_P(Schemes, TimestampSchemeTest, ::testing::ValuesIn(kSchemes),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(TimestampSchemeTest, Verifies) {
  const Certificate signer = leaf(leaf_shape(), key());
  EXPECT_EQ(outcome(token(signer), signer_of({signer, root()})), "ok");
}

TEST_P(TimestampSchemeTest, ChangedSignatureIsBad) {
  const Certificate signer = leaf(leaf_shape(), key());
  TokenShape changed = token(signer);
  changed.signature = key().sign(GetParam().digest, as_bytes("other"));
  EXPECT_EQ(outcome(changed, signer_of({signer, root()})), "bad signature");
}

TEST_P(TimestampSchemeTest, KeyOfAnotherKindIsBad) {
  const bool is_rsa = GetParam().key == KeyAlgorithm::Rsa;
  const TestKey& other = key_of(is_rsa ? KeyAlgorithm::EcdsaP256 : KeyAlgorithm::Rsa, "scheme");
  const Certificate signer = leaf(leaf_shape(), other);
  TokenShape crossed = token(signer);
  crossed.key = &other;  // the signature is good, for a scheme that is not the one named
  EXPECT_EQ(outcome(crossed, signer_of({signer, root()})), "bad signature");
}

TEST(TimestampTest, Ed25519GoesWithSha512) {
  const TestKey& key = key_of(KeyAlgorithm::Ed25519, "scheme");
  const Certificate signer = leaf(leaf_shape(), key);
  TokenShape token = token_of(signer, key);
  EXPECT_NE(outcome(token, signer_of({signer})).find("not over the digest"), std::string::npos);
}

}  // namespace
}  // namespace nono::crypto
