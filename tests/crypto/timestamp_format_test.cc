// tests/crypto/timestamp_format_test.cc: the shape of a timestamp, one fault at a time. Each fault
// is made before signing, so that the token is sound but for it.
#include "crypto/timestamp_format.h"

#include <gtest/gtest.h>

#include "crypto/timestamp.h"
#include "tests/crypto/issuing.h"
#include "tests/crypto/support.h"
#include "tests/crypto/token_maker.h"

namespace nono::crypto {
namespace {

using test::der;
using test::joined;
using test::key_of;
using test::oid;
using test::TokenShape;
using test::unhex;

constexpr std::string_view kMessage = "signature";

const test::TestKey& signing_key() {
  return key_of(KeyAlgorithm::EcdsaP256, "tsa");
}
const Certificate& signing_certificate() {
  static const Certificate leaf =
      test::certificate({.subject = "tsa",
                         .extensions = {test::key_usage(test::kSignsData),
                                        test::extended_use({"1.3.6.1.5.5.7.3.8"}, true)}},
                        signing_key().public_key(), key_of(KeyAlgorithm::EcdsaP256, "root"));
  return leaf;
}
TokenShape good_token() {
  return TokenShape(signing_certificate(), signing_key(), as_bytes(kMessage));
}
Result<TimestampToken> parsed(const TokenShape& token) {
  return TimestampToken::parse_response(test::response(token));
}
bool is_good(const TokenShape& token) {
  const auto read = parsed(token);
  EXPECT_TRUE(read.has_value()) << read.error().message();
  const auto signer = TimestampSigner::make({signing_certificate()});
  return read && signer && read->verify(as_bytes(kMessage), *signer).has_value();
}

TEST(TimestampFormatTest, GoodTokenIsRead) {
  const auto token = parsed(good_token());
  ASSERT_TRUE(token.has_value()) << token.error().message();
  EXPECT_EQ(token->time(), Time(std::chrono::seconds(1'704'110'400)));
  EXPECT_EQ(token->policy(), "1.3.6.1.4.1.57264.2");
  EXPECT_EQ(token->serial_hex(), "0102");
  EXPECT_EQ(token->nonce(), std::nullopt);
  EXPECT_TRUE(is_good(good_token()));
}

TEST(TimestampFormatTest, NonceIsReadAsMagnitude) {
  TokenShape token = good_token();
  token.info.options = unhex("020900ff98238f025892a0");
  EXPECT_EQ(hex_encode(*parsed(token)->nonce()), "ff98238f025892a0");
  token.info.options = unhex("020100");
  EXPECT_EQ(hex_encode(*parsed(token)->nonce()), "00");
}

TEST(TimestampFormatTest, SerialNumberMayBeNegative) {
  TokenShape token = good_token();
  token.info.serial = unhex("0202ff7f");
  EXPECT_EQ(parsed(token)->serial_hex(), "ff7f");
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, EveryOptionMayBeThere) {
  TokenShape token = good_token();
  const Bytes tsa = der(test::kContext0, {der(test::kContext4, {test::common_name("tsa")})});
  const Bytes harmless = der(test::kContext1, {test::extension("1.2.3.4", false, unhex("0500"))});
  token.info.options =
      joined({unhex("3003020101"), unhex("0101ff"), unhex("020105"), tsa, harmless});
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, DefaultOfOrderingMayBeWritten) {
  TokenShape token = good_token();
  token.info.options = unhex("010100");
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, AuthorityNamesOfOtherKindsAreNotLookedAt) {
  TokenShape token = good_token();
  token.info.options = der(test::kContext0, {der(0x86, {as_bytes("http://tsa.example")})});
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, StatusMayBeGrantedWithModificationsAndExplained) {
  TokenShape token = good_token();
  token.status = unhex("3003020101");
  EXPECT_TRUE(is_good(token));
  const Bytes texts = der(test::kSequence, {der(test::kUtf8, {as_bytes("done")}),
                                            der(test::kUtf8, {as_bytes("well")})});
  token.status = der(test::kSequence, {unhex("020100"), texts});
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, UnsignedAttributesAndRevocationListsAreTolerated) {
  TokenShape token = good_token();
  token.unsigned_attributes = der(test::kContext1, {test::attribute("1.2.3", unhex("0500"))});
  token.lists = der(test::kContext1, {unhex("3000")});
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, OtherSignedAttributesAreTolerated) {
  TokenShape token = good_token();
  token.more_attributes = {
      test::attribute(test::kSigningTimeAttribute, test::time_element(Time())),
      test::attribute(test::kSigningCertificateAttribute,
                      unhex("30183016301404140000000000000000000000000000000000000000"))};
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, SeveralDigestsMayBeAnnounced) {
  TokenShape token = good_token();
  token.digests = joined({test::sha1_identifier(), test::hash_identifier(HashAlgorithm::Sha512),
                          test::hash_identifier(HashAlgorithm::Sha256, false)});
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, NoCertificatesMayBeAnEmptyFieldOrNone) {
  TokenShape token = good_token();
  token.certificates = test::embedded({});
  EXPECT_TRUE(is_good(token));
  token.certificates = Bytes();
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, DefaultHashOfTheCertificateMayBeWritten) {
  TokenShape token = good_token();
  const Bytes digest = hash(HashAlgorithm::Sha256, signing_certificate().der());
  const Bytes id = der(test::kSequence, {test::hash_identifier(HashAlgorithm::Sha256),
                                         der(test::kOctets, {digest})});
  token.signing_certificate_attribute =
      test::attribute(test::kSigningCertificateV2Attribute,
                      der(test::kSequence, {der(test::kSequence, {id, id}), unhex("3000")}));
  EXPECT_TRUE(is_good(token));
}

// One fault each.
struct Fault {
  const char* name;
  void (*apply)(TokenShape& token);
  const char* says;
  ErrorKind kind = ErrorKind::InvalidInput;
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.name;
}

Bytes cert_id_with(std::span<const std::byte> contents) {
  return test::attribute(test::kSigningCertificateV2Attribute,
                         der(test::kSequence, {der(test::kSequence, {contents})}));
}

constexpr Fault kFaults[] = {
    {"Rejected", [](TokenShape& t) { t.status = unhex("3003020102"); }, "did not grant"},
    {"Waiting", [](TokenShape& t) { t.status = unhex("3003020103"); }, "did not grant"},
    {"NegativeStatus", [](TokenShape& t) { t.status = unhex("30030201ff"); }, "did not grant"},
    {"LongStatus", [](TokenShape& t) { t.status = unhex("300402020001"); }, "did not grant"},
    {"NoStatus", [](TokenShape& t) { t.status = {}; }, "did not grant"},
    {"StatusIsNoSequence", [](TokenShape& t) { t.status = unhex("020100"); }, "has no status"},
    {"GrantedWithFailure", [](TokenShape& t) { t.status = unhex("300702010003020580"); },
     "the status has fields"},
    {"StatusTextOfOtherType", [](TokenShape& t) { t.status = unhex("30080201003003130161"); },
     "status text"},
    {"BytesAfterResponse", [](TokenShape& t) { t.after_response = unhex("00"); },
     "not one SEQUENCE"},
    {"FieldAfterToken", [](TokenShape& t) { t.after_token = unhex("0500"); },
     "not a status and a token"},
    {"FieldAfterSignedData", [](TokenShape& t) { t.after_signed_data = unhex("0500"); },
     "SignedData is not one SEQUENCE"},
    {"OtherContentInfo", [](TokenShape& t) { t.type = oid(test::kDataType); }, "not SignedData"},
    {"SignedDataOfVersion1", [](TokenShape& t) { t.version = unhex("020101"); },
     "SignedData is not of version 3"},
    {"SignedDataOfVersion5", [](TokenShape& t) { t.version = unhex("020105"); },
     "SignedData is not of version 3"},
    {"NoDigests", [](TokenShape& t) { t.digests = {}; }, "not announced"},
    {"OtherDigestsAnnounced",
     [](TokenShape& t) { t.digests = test::hash_identifier(HashAlgorithm::Sha512); },
     "not announced"},
    {"MalformedDigests", [](TokenShape& t) { t.digests = unhex("0500"); },
     "a digest algorithm is malformed"},
    {"DigestWithParameters",
     [](TokenShape& t) {
       t.digests = der(test::kSequence, {oid("2.16.840.1.101.3.4.2.1"), unhex("3000")});
     },
     "a digest algorithm is malformed"},
    {"OtherContentType", [](TokenShape& t) { t.content_type = oid(test::kDataType); },
     "the content is not TSTInfo"},
    {"NoContent", [](TokenShape& t) { t.content = Bytes(); }, "not one OCTET STRING"},
    {"ContentOfOtherType",
     [](TokenShape& t) { t.content = der(test::kContext0, {test::info_der(t.info)}); },
     "not one OCTET STRING"},
    {"TwoContents",
     [](TokenShape& t) {
       const Bytes content = der(test::kOctets, {test::info_der(t.info)});
       t.content = der(test::kContext0, {content, content});
     },
     "not one OCTET STRING"},
    {"BytesAfterInfo",
     [](TokenShape& t) {
       t.content =
           der(test::kContext0, {der(test::kOctets, {test::info_der(t.info), unhex("00")})});
     },
     "TSTInfo is not one SEQUENCE"},
    {"InfoOfVersion2", [](TokenShape& t) { t.info.version = unhex("020102"); },
     "TSTInfo is not of version 1"},
    {"NoPolicy", [](TokenShape& t) { t.info.policy = {}; }, "no policy"},
    {"MalformedPolicy", [](TokenShape& t) { t.info.policy = unhex("06022a80"); }, "no policy"},
    {"Sha1Imprint",
     [](TokenShape& t) {
       t.info.imprint_identifier = test::sha1_identifier();
       t.info.imprint = Bytes(20);
     },
     "the message imprint is by a digest other", ErrorKind::Unsupported},
    {"ShortImprint", [](TokenShape& t) { t.info.imprint.pop_back(); },
     "not a digest of its algorithm"},
    {"ImprintOfOtherLength",
     [](TokenShape& t) {
       t.info.imprint_identifier = test::hash_identifier(HashAlgorithm::Sha384);
     },
     "not a digest of its algorithm"},
    {"ImprintNamesNoDigest", [](TokenShape& t) { t.info.imprint_identifier = unhex("3000"); },
     "names no digest"},
    {"PaddedSerial", [](TokenShape& t) { t.info.serial = unhex("0202007f"); }, "serial number"},
    {"PaddedNegativeSerial", [](TokenShape& t) { t.info.serial = unhex("0202ff80"); },
     "serial number"},
    {"EmptySerial", [](TokenShape& t) { t.info.serial = unhex("0200"); }, "serial number"},
    {"EndlessSerial",
     [](TokenShape& t) { t.info.serial = test::der_integer(Bytes(65, std::byte{1})); },
     "serial number"},
    {"NegativeNonce", [](TokenShape& t) { t.info.options = unhex("0201ff"); }, "nonce"},
    {"EndlessNonce",
     [](TokenShape& t) { t.info.options = test::der_integer(Bytes(65, std::byte{1})); }, "nonce"},
    {"OrderingIsNoBoolean", [](TokenShape& t) { t.info.options = unhex("010101"); }, "ordering"},
    {"OptionsOutOfOrder", [](TokenShape& t) { t.info.options = unhex("0201053003020101"); },
     "fields that it must not have"},
    {"TwoNonces", [](TokenShape& t) { t.info.options = unhex("020105020106"); },
     "fields that it must not have"},
    {"EmptyAuthorityName", [](TokenShape& t) { t.info.options = unhex("a000"); },
     "authority's name"},
    {"CriticalExtension",
     [](TokenShape& t) {
       t.info.options = der(test::kContext1, {test::extension("1.2.3.4", true, unhex("0500"))});
     },
     "critical or malformed"},
    {"MalformedExtension", [](TokenShape& t) { t.info.options = unhex("a1023000"); },
     "critical or malformed"},
    {"AttributeCertificate", [](TokenShape& t) { t.certificates = unhex("a004a2023000"); },
     "not of X.509"},
    {"MalformedCertificate", [](TokenShape& t) { t.certificates = unhex("a0023000"); },
     "an embedded certificate"},
    {"ElevenCertificates",
     [](TokenShape& t) {
       const auto one = signing_certificate();
       t.certificates = test::embedded({one, one, one, one, one, one, one, one, one, one, one});
     },
     "too many certificates", ErrorKind::Exhausted},
    {"NoSigner", [](TokenShape& t) { t.signers = 0; }, "not exactly one signer"},
    {"TwoSigners", [](TokenShape& t) { t.signers = 2; }, "not exactly one signer"},
    {"FieldAfterSigners", [](TokenShape& t) { t.after_signers = unhex("0500"); },
     "SignedData has fields"},
    {"FieldAfterSigner", [](TokenShape& t) { t.after_signer = unhex("0500"); },
     "the signer has fields"},
    {"SignerNamedByIssuerIsOfVersion3", [](TokenShape& t) { t.signer_version = unhex("020103"); },
     "not named as its version"},
    {"SignerNamedByKeyIsOfVersion1", [](TokenShape& t) { t.sid = unhex("80021234"); },
     "not named as its version"},
    {"SignerOfVersion2", [](TokenShape& t) { t.signer_version = unhex("020102"); },
     "not named as its version"},
    {"SignerWithoutSerial", [](TokenShape& t) { t.sid = unhex("30023000"); },
     "not named as its version"},
    {"SignerNamedByNothing",
     [](TokenShape& t) {
       t.signer_version = unhex("020103");
       t.sid = unhex("8000");
     },
     "not named as its version"},
    {"Sha1Digest",
     [](TokenShape& t) {
       t.digests = test::sha1_identifier();
       t.digest_identifier = test::sha1_identifier();
     },
     "the signature is by a digest other", ErrorKind::Unsupported},
    {"NoSignedAttributes", [](TokenShape& t) { t.with_attributes = false; },
     "no signed attributes"},
    {"NoContentType", [](TokenShape& t) { t.content_type_attribute = {}; }, "not all among"},
    {"NoMessageDigest", [](TokenShape& t) { t.message_digest_attribute = Bytes(); },
     "not all among"},
    {"NoSigningCertificate", [](TokenShape& t) { t.signing_certificate_attribute = {}; },
     "not all among"},
    {"ContentTypeTwice", [](TokenShape& t) { t.more_attributes = {t.content_type_attribute}; },
     "stands twice"},
    {"MessageDigestTwice",
     [](TokenShape& t) {
       t.more_attributes = {
           test::attribute(test::kMessageDigestAttribute, der(test::kOctets, {Bytes(32)}))};
     },
     "stands twice"},
    {"SigningCertificateTwice",
     [](TokenShape& t) { t.more_attributes = {t.signing_certificate_attribute}; }, "stands twice"},
    {"UnknownAttributeTwice",
     [](TokenShape& t) {
       t.more_attributes = {test::attribute("1.2.3", unhex("0500")),
                            test::attribute("1.2.3", unhex("020105"))};
     },
     "stands twice"},
    {"ContentTypeOfTwoValues",
     [](TokenShape& t) {
       const Bytes type = oid(test::kTstInfoType);
       t.content_type_attribute =
           test::attribute(test::kContentTypeAttribute, joined({type, type}));
     },
     "not all among"},
    {"ContentTypeOfNoValue",
     [](TokenShape& t) {
       t.content_type_attribute = test::attribute(test::kContentTypeAttribute, {});
     },
     "not all among"},
    {"MessageDigestOfTwoValues",
     [](TokenShape& t) {
       const Bytes digest = der(test::kOctets, {Bytes(32)});
       t.message_digest_attribute =
           test::attribute(test::kMessageDigestAttribute, joined({digest, digest}));
     },
     "not all among"},
    {"AttributesOutOfOrder", [](TokenShape& t) { t.sorted = false; }, "in the order of DER"},
    {"AttributeIsNoSequence", [](TokenShape& t) { t.more_attributes = {unhex("0500")}; },
     "a signed attribute is malformed"},
    {"AttributeWithoutValues",
     [](TokenShape& t) { t.more_attributes = {der(test::kSequence, {oid("1.2.3")})}; },
     "a signed attribute is malformed"},
    {"TooManyAttributes",
     [](TokenShape& t) {
       for (unsigned i = 0; i < 30; ++i) {
         t.more_attributes.push_back(test::attribute("1.2.3." + std::to_string(i), unhex("0500")));
       }
     },
     "too many signed attributes", ErrorKind::Exhausted},
    {"CertIdIsNoSequence",
     [](TokenShape& t) {
       t.signing_certificate_attribute =
           test::attribute(test::kSigningCertificateV2Attribute, unhex("0500"));
     },
     "not one SEQUENCE"},
    {"CertIdOfNothing", [](TokenShape& t) { t.signing_certificate_attribute = cert_id_with({}); },
     "names no certificate"},
    {"CertIdWithoutDigest",
     [](TokenShape& t) { t.signing_certificate_attribute = cert_id_with(unhex("3000")); },
     "holds no digest"},
    {"CertIdBySha1",
     [](TokenShape& t) {
       t.signing_certificate_attribute = cert_id_with(
           der(test::kSequence, {test::sha1_identifier(), der(test::kOctets, {Bytes(20)})}));
     },
     "signingCertificateV2 is by a digest other", ErrorKind::Unsupported},
    {"CertIdNamesTwoIssuers",
     [](TokenShape& t) {
       const Bytes name = der(test::kContext4, {test::common_name("authority")});
       const Bytes names =
           der(test::kSequence, {der(test::kSequence, {name, name}), unhex("020107")});
       t.signing_certificate_attribute = test::attribute(
           test::kSigningCertificateV2Attribute,
           test::ess_cert_id(signing_certificate().der(), HashAlgorithm::Sha256, names));
     },
     "in a form that is not its own"},
    {"UnknownScheme", [](TokenShape& t) { t.scheme = der(test::kSequence, {oid("1.2.3")}); },
     "not ours", ErrorKind::Unsupported},
    {"EcdsaWithSha1",
     [](TokenShape& t) { t.scheme = der(test::kSequence, {oid("1.2.840.10045.4.1")}); }, "not ours",
     ErrorKind::Unsupported},
    {"RsaPss",
     [](TokenShape& t) { t.scheme = der(test::kSequence, {oid("1.2.840.113549.1.1.10")}); },
     "not ours", ErrorKind::Unsupported},
    {"SchemeOfOtherDigest",
     [](TokenShape& t) {
       t.scheme = test::signature_identifier(KeyAlgorithm::EcdsaP256, HashAlgorithm::Sha384);
     },
     "not over the digest"},
    {"EcdsaWithNull",
     [](TokenShape& t) {
       t.scheme = der(test::kSequence, {oid("1.2.840.10045.4.3.2"), unhex("0500")});
     },
     "parameters that it must not have"},
    {"SchemeMissing", [](TokenShape& t) { t.scheme = {}; }, "names no algorithm"},
};

class TimestampFaultTest : public ::testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Faults, TimestampFaultTest, ::testing::ValuesIn(kFaults),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(TimestampFaultTest, IsRefusedForItself) {
  TokenShape token = good_token();
  GetParam().apply(token);
  const auto read = parsed(token);
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message().find(GetParam().says), std::string::npos)
      << read.error().message();
  EXPECT_EQ(read.error().kind(), GetParam().kind) << read.error().message();
}

TEST(TimestampFormatTest, AttributesUpToTheCapAreRead) {
  TokenShape token = good_token();
  for (unsigned i = 0; i < 29; ++i) {
    token.more_attributes.push_back(test::attribute("1.2.3." + std::to_string(i), unhex("0500")));
  }
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, TenCertificatesAreRead) {
  TokenShape token = good_token();
  const Certificate& one = signing_certificate();
  token.certificates = test::embedded({one, one, one, one, one, one, one, one, one, one});
  EXPECT_TRUE(is_good(token));
}

TEST(TimestampFormatTest, EveryCutResponseIsRefused) {
  const Bytes whole = test::response(good_token());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(TimestampToken::parse_response(std::span(whole).first(size)).has_value()) << size;
  }
}

TEST(TimestampFormatTest, LargerThanAnyTokenIsExhausted) {
  const Bytes large(kMaxTimestampBytes + 1, std::byte{0x30});
  EXPECT_EQ(TimestampToken::parse_response(large).error().kind(), ErrorKind::Exhausted);
  const Bytes largest(kMaxTimestampBytes, std::byte{0x30});
  EXPECT_EQ(TimestampToken::parse_response(largest).error().kind(), ErrorKind::InvalidInput);
}

// Whatever byte changes: either the token is refused, or what it says is what was signed.
TEST(TimestampFormatTest, NoChangedByteChangesWhatIsVerified) {
  TokenShape shape = good_token();
  shape.certificates = {};
  const Bytes good = test::response(shape);
  const auto signer = TimestampSigner::make({signing_certificate()});
  ASSERT_TRUE(signer.has_value());
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::byte flip : {std::byte{1}, std::byte{0x80}, std::byte{0xFF}}) {
      Bytes changed = good;
      changed[i] ^= flip;
      const auto token = TimestampToken::parse_response(changed);
      const auto time = token ? token->verify(as_bytes(kMessage), *signer)
                              : std::expected<Time, TimestampError>(std::unexpect);
      if (time) {
        ++accepted;
        EXPECT_EQ(*time, Time(std::chrono::seconds(1'704'110'400)));
        EXPECT_EQ(token->policy(), "1.3.6.1.4.1.57264.2");
      }
    }
  }
  EXPECT_EQ(accepted, 1u);  // granted becomes grantedWithMods
}

struct TimeForm {
  const char* text;
  std::optional<std::int64_t> milliseconds;
};
constexpr TimeForm kTimeForms[] = {
    {"20240101120000Z", 1'704'110'400'000},
    {"20240101120000.5Z", 1'704'110'400'500},
    {"20240101120000.25Z", 1'704'110'400'250},
    {"20240101120000.125Z", 1'704'110'400'125},
    {"20240101120000.1251Z", 1'704'110'400'126},
    {"20240101120000.000001Z", 1'704'110'400'001},
    {"20240101120000.9999Z", 1'704'110'401'000},
    {"20240229235959Z", 1'709'251'199'000},
    {"19700101000000Z", 0},
    {"19691231235959Z", -1'000},
    {"99991231235959Z", 253'402'300'799'000},
    {"20230229000000Z", std::nullopt},
    {"20240101240000Z", std::nullopt},
    {"20240101126000Z", std::nullopt},
    {"20240101120060Z", std::nullopt},
    {"20241301120000Z", std::nullopt},
    {"20240001120000Z", std::nullopt},
    {"20240132120000Z", std::nullopt},
    {"20240100120000Z", std::nullopt},
    {"202401011200Z", std::nullopt},
    {"2024010112Z", std::nullopt},
    {"20240101120000", std::nullopt},
    {"20240101120000+0000", std::nullopt},
    {"20240101120000-0100", std::nullopt},
    {"20240101120000+0000Z", std::nullopt},
    {"20240101120000z", std::nullopt},
    {"20240101120000.Z", std::nullopt},
    {"20240101120000.0Z", std::nullopt},
    {"20240101120000.50Z", std::nullopt},
    {"20240101120000,5Z", std::nullopt},
    {"20240101120000.5.5Z", std::nullopt},
    {"20240101120000.5", std::nullopt},
    {"20240101120000ZZ", std::nullopt},
    {" 20240101120000Z", std::nullopt},
    {"2024010112000 Z", std::nullopt},
    {"-0240101120000Z", std::nullopt},
    {"240101120000Z", std::nullopt},
    {"Z", std::nullopt},
    {"", std::nullopt},
};

TEST(TimestampFormatTest, GenTimeHasTheOneFormOfDer) {
  TokenShape token = good_token();
  for (const TimeForm& form : kTimeForms) {
    token.info.time = der(test::kGeneralizedTime, {as_bytes(form.text)});
    const auto info = read_timestamp_info(test::info_der(token.info));
    EXPECT_EQ(info.has_value(), form.milliseconds.has_value()) << form.text;
    if (info && form.milliseconds) {
      EXPECT_EQ(info->time.time_since_epoch().count(), *form.milliseconds) << form.text;
    }
    if (!info) {
      EXPECT_NE(info.error().message().find("genTime"), std::string::npos) << form.text;
    }
  }
}

TEST(TimestampFormatTest, GenTimeMustNotBeUtcTimeOrMissing) {
  TokenShape token = good_token();
  token.info.time = test::time_element(Time(std::chrono::seconds(1'704'110'400)));
  EXPECT_FALSE(read_timestamp_info(test::info_der(token.info)).has_value());
  token.info.time = {};
  EXPECT_FALSE(read_timestamp_info(test::info_der(token.info)).has_value());
}

}  // namespace
}  // namespace nono::crypto
