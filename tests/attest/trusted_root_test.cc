// tests/attest/trusted_root_test.cc: a sound trusted root, and one change to it per test.
#include "attest/trusted_root.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "attest/trusted_log.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "support.h"
#include "tests/sigstore/key.h"
#include "trust_support.h"

namespace nono::attest::test {
namespace {

Time time_of(std::string_view text) {
  return std::chrono::floor<std::chrono::seconds>(*parse_rfc3339(text));
}

// counts is "logs/authorities/CT logs/timestampers" of a root, or its error.
std::string counts(const Result<TrustedRoot>& root) {
  if (!root) {
    return error_text(root.error());
  }
  return std::to_string(root->logs().logs().size()) + "/" +
         std::to_string(root->authorities().size()) + "/" + std::to_string(root->ct_logs().size()) +
         "/" + std::to_string(root->timestampers().size());
}

std::string counts(const Json& root) {
  return counts(TrustedRoot::parse(root.compact()));
}

std::string in_base64(std::span<const std::byte> bytes) {
  return base64_encode(bytes);
}

TEST(TrustedRootTest, SoundRootIsReadWhole) {
  const auto root = TrustedRoot::parse(sound_root().pretty());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_EQ(counts(root), "2/1/1/1");
  EXPECT_TRUE(root->warnings().empty());
  EXPECT_EQ(root->media_type(), "application/vnd.dev.sigstore.trustedroot+json;version=0.1");
  EXPECT_EQ(root->authorities()[0].uri, "https://fulcio.sigstore.dev");
  EXPECT_EQ(root->authorities()[0].authority.chain().size(), 2u);
  EXPECT_EQ(root->authorities()[0].window.start, time_of("2022-04-13T20:06:15Z"));
  EXPECT_FALSE(root->authorities()[0].window.end.has_value());
  EXPECT_EQ(root->timestampers()[0].uri, "https://timestamp.sigstore.dev/api/v1/timestamp");
  EXPECT_TRUE(root->timestampers()[0].signer.leaf().has_value());
  EXPECT_EQ(root->ct_logs()[0].base_url, "https://ct.example/2025");
  EXPECT_EQ(root->ct_logs()[0].log_id, root->ct_logs()[0].key.fingerprint());
  EXPECT_EQ(root->logs().logs()[0].valid_from, time_of(kStart));
}

TEST(TrustedRootTest, EveryMediaTypeAndSpellingIsRead) {
  for (const std::string_view media_type :
       {"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json"}) {
    Json root = sound_root();
    root.set("mediaType", media_type);
    EXPECT_EQ(counts(root), "2/1/1/1") << media_type;
    EXPECT_EQ(counts(in_snake_case(root)), "2/1/1/1") << media_type;
  }
}

TEST(TrustedRootTest, AbsentNullAndEmptyListsAreTheSame) {
  Json root = sound_root();
  root.set("tlogs", Json());
  root.set("ctlogs", Json::Array{});
  drop(root, "certificateAuthorities");
  EXPECT_EQ(counts(root), "0/0/0/1");
}

class RootFault : public ::testing::TestWithParam<Fault> {};

TEST_P(RootFault, RefusesTheRootAndNamesItsPlace) {
  Json root = sound_root();
  GetParam().change(root);
  EXPECT_EQ(counts(root), GetParam().error);
}

ChangeJson repeat(std::string_view list, std::size_t times) {
  return [list, times](Json& root) {
    const Json one = at(root, {list, "0"});
    *at(root, {list}).array() = Json::Array(times, one);
  };
}

Path whole() {
  return {};
}
Path log() {
  return {"tlogs", "0"};
}
Path key() {
  return {"tlogs", "0", "publicKey"};
}
Path window() {
  return {"tlogs", "0", "publicKey", "validFor"};
}
Path authority() {
  return {"certificateAuthorities", "0"};
}

INSTANTIATE_TEST_SUITE_P(
    Document, RootFault,
    ::testing::Values(
        Fault{"NoMediaType", remove(whole(), "mediaType"), "invalid: /mediaType: is missing"},
        Fault{"NullMediaType", put({"mediaType"}, Json()), "invalid: /mediaType: is missing"},
        Fault{"EmptyMediaType", put({"mediaType"}, ""), "invalid: /mediaType: must not be empty"},
        Fault{"OtherMediaType", put({"mediaType"}, "application/json"),
              "unsupported: /mediaType: this version does not read \"application/json\"; it reads "
              "Sigstore trusted roots 0.1 and 0.2"},
        Fault{"LaterMediaType",
              put({"mediaType"}, "application/vnd.dev.sigstore.trustedroot.v0.3+json"),
              "unsupported: /mediaType: this version does not read "
              "\"application/vnd.dev.sigstore.trustedroot.v0.3+json\"; it reads Sigstore trusted "
              "roots 0.1 and 0.2"},
        Fault{"MediaTypeInBothSpellings", add(whole(), "media_type", "x"),
              "invalid: /media_type: is there twice, in two spellings"},
        Fault{"UnknownMember", add(whole(), "extra", 1), "invalid: /extra: is not a known member"},
        Fault{"UnknownMemberThatIsNull", add(whole(), "extra", Json()),
              "invalid: /extra: is not a known member"},
        Fault{"OtherSpelling", add(whole(), "Tlogs", Json::Array{}),
              "invalid: /Tlogs: is not a known member"},
        Fault{"HalfProtoSpelling", add(whole(), "timestamp_Authorities", Json::Array{}),
              "invalid: /timestamp_Authorities: is not a known member"},
        Fault{"NotAList", put({"tlogs"}, "x"), "invalid: /tlogs: must be an array"},
        Fault{"NotAnObject", put({"tlogs", "1"}, 5), "invalid: /tlogs/1: must be an object"},
        Fault{"NullInAList", put({"tlogs", "1"}, Json()), "invalid: /tlogs/1: must be an object"}),
    CaseName{});

INSTANTIATE_TEST_SUITE_P(
    Caps, RootFault,
    ::testing::Values(
        Fault{"Logs", repeat("tlogs", 65),
              "invalid: /tlogs: has 65 elements, at most 64 are allowed"},
        Fault{"CtLogs", repeat("ctlogs", 65),
              "invalid: /ctlogs: has 65 elements, at most 64 are allowed"},
        Fault{"Authorities", repeat("certificateAuthorities", 65),
              "invalid: /certificateAuthorities: has 65 elements, at most 64 are allowed"},
        Fault{"Timestampers", repeat("timestampAuthorities", 65),
              "invalid: /timestampAuthorities: has 65 elements, at most 64 are allowed"},
        Fault{"Certificates",
              [](Json& root) {
                Json& list = at(root, {"certificateAuthorities", "0", "certChain", "certificates"});
                list = Json::Array(11, list.array()->front());
              },
              "invalid: /certificateAuthorities/0/certChain/certificates: has 11 elements, at most "
              "10 are allowed"},
        Fault{"BaseUrl", put({"tlogs", "0", "baseUrl"}, std::string(4097, 'x')),
              "invalid: /tlogs/0/baseUrl: is longer than 4096 bytes"}),
    CaseName{});

INSTANTIATE_TEST_SUITE_P(
    Log, RootFault,
    ::testing::Values(
        Fault{"UnknownMember", add(log(), "uri", "x"),
              "invalid: /tlogs/0/uri: is not a known member"},
        Fault{"MemberInBothSpellings", add(log(), "base_url", "https://rekor.example"),
              "invalid: /tlogs/0/base_url: is there twice, in two spellings"},
        Fault{"ControlInUrl", put({"tlogs", "0", "baseUrl"}, "https://rekor.example\n"),
              "invalid: /tlogs/0/baseUrl: must not contain control characters"},
        Fault{"UrlIsNoString", put({"tlogs", "0", "baseUrl"}, 1),
              "invalid: /tlogs/0/baseUrl: must be a string"},
        Fault{"NoHash", remove(log(), "hashAlgorithm"),
              "invalid: /tlogs/0/hashAlgorithm: is missing"},
        Fault{"UnspecifiedHash", put({"tlogs", "0", "hashAlgorithm"}, "HASH_ALGORITHM_UNSPECIFIED"),
              "invalid: /tlogs/0/hashAlgorithm: must not be unspecified"},
        Fault{"HashIsABoolean", put({"tlogs", "0", "hashAlgorithm"}, true),
              "invalid: /tlogs/0/hashAlgorithm: must be the name or the number of an enum value"},
        Fault{"NoKey", remove(log(), "publicKey"), "invalid: /tlogs/0/publicKey: is missing"},
        Fault{"UnknownMemberOfKey", add(key(), "hint", "x"),
              "invalid: /tlogs/0/publicKey/hint: is not a known member"},
        Fault{"NoKeyBytes", remove(key(), "rawBytes"),
              "invalid: /tlogs/0/publicKey/rawBytes: is missing"},
        Fault{"KeyBytesNotBase64", add(key(), "rawBytes", "MFk*"),
              "invalid: /tlogs/0/publicKey/rawBytes: must be base64"},
        Fault{"NoKeyDetails", remove(key(), "keyDetails"),
              "invalid: /tlogs/0/publicKey/keyDetails: is missing"},
        Fault{"UnspecifiedKeyDetails", add(key(), "keyDetails", 0),
              "invalid: /tlogs/0/publicKey/keyDetails: must not be unspecified"},
        Fault{"OtherKeyDetails", add(key(), "keyDetails", "PKIX_ED25519"),
              "invalid: /tlogs/0/publicKey/keyDetails: the key is ecdsa-p256 of 256 bits, not "
              "PKIX_ED25519"},
        Fault{"NoWindow", remove(key(), "validFor"),
              "invalid: /tlogs/0/publicKey/validFor: is missing"},
        Fault{"NoStart", remove(window(), "start"),
              "invalid: /tlogs/0/publicKey/validFor/start: is missing"},
        Fault{"NullStart", add(window(), "start", Json()),
              "invalid: /tlogs/0/publicKey/validFor/start: is missing"},
        Fault{"NoStartOfACtLog", remove({"ctlogs", "0", "publicKey", "validFor"}, "start"),
              "invalid: /ctlogs/0/publicKey/validFor/start: is missing"},
        Fault{"StartInYearZero", add(window(), "start", "0000-12-31T23:59:59Z"),
              "invalid: /tlogs/0/publicKey/validFor/start: must be a time of RFC 3339, from year 1 "
              "to 9999"},
        Fault{"StartIsANumber", add(window(), "start", 1700000000),
              "invalid: /tlogs/0/publicKey/validFor/start: must be a string"},
        Fault{"StartWithoutZone", add(window(), "start", "2025-01-01T00:00:00"),
              "invalid: /tlogs/0/publicKey/validFor/start: must be a time of RFC 3339, from year 1 "
              "to 9999"},
        Fault{"EndIsNoTime", add(window(), "end", "never"),
              "invalid: /tlogs/0/publicKey/validFor/end: must be a time of RFC 3339, from year 1 "
              "to 9999"},
        Fault{"UnknownMemberOfWindow", add(window(), "until", kStart),
              "invalid: /tlogs/0/publicKey/validFor/until: is not a known member"}),
    CaseName{});

INSTANTIATE_TEST_SUITE_P(
    LogId, RootFault,
    ::testing::Values(
        Fault{"Missing", remove(log(), "logId"), "invalid: /tlogs/0/logId: is missing"},
        Fault{"WithoutKeyId", put({"tlogs", "0", "logId"}, Json::Object{}),
              "invalid: /tlogs/0/logId/keyId: is missing"},
        Fault{"Empty", put({"tlogs", "0", "logId", "keyId"}, ""),
              "invalid: /tlogs/0/logId/keyId: must not be empty"},
        Fault{"Short", put({"tlogs", "0", "logId", "keyId"}, in_base64(Bytes(31))),
              "invalid: /tlogs/0/logId/keyId: must be 32 bytes"},
        Fault{"Long", put({"tlogs", "0", "logId", "keyId"}, in_base64(Bytes(33))),
              "invalid: /tlogs/0/logId/keyId: must be 32 bytes"},
        Fault{"OfAnotherKey", put({"tlogs", "0", "logId", "keyId"}, in_base64(Bytes(32))),
              "invalid: /tlogs/0/logId/keyId: is not the id of this log's key"},
        Fault{"UnderAnotherName", put({"tlogs", "1", "baseUrl"}, "https://evil.example"),
              "invalid: /tlogs/1/logId/keyId: is not the id of this log's key"},
        Fault{"OfACtLogMissing", remove({"ctlogs", "0"}, "logId"),
              "invalid: /ctlogs/0/logId: is missing"},
        Fault{"OfACtLogWithAnotherKey",
              put({"ctlogs", "0", "logId", "keyId"}, in_base64(Bytes(32))),
              "invalid: /ctlogs/0/logId/keyId: is not the id of this log's key"}),
    CaseName{});

INSTANTIATE_TEST_SUITE_P(
    Authority, RootFault,
    ::testing::Values(
        Fault{"UnknownMember", add(authority(), "url", "x"),
              "invalid: /certificateAuthorities/0/url: is not a known member"},
        Fault{"UnknownMemberOfSubject",
              add({"certificateAuthorities", "0", "subject"}, "email", "x"),
              "invalid: /certificateAuthorities/0/subject/email: is not a known member"},
        Fault{"SubjectIsNoString", put({"certificateAuthorities", "0", "subject", "commonName"}, 1),
              "invalid: /certificateAuthorities/0/subject/commonName: must be a string"},
        Fault{"NoChain", remove(authority(), "certChain"),
              "invalid: /certificateAuthorities/0/certChain: is missing"},
        Fault{"EmptyChain",
              put({"certificateAuthorities", "0", "certChain", "certificates"}, Json::Array{}),
              "invalid: /certificateAuthorities/0/certChain: must hold a certificate"},
        Fault{"NoWindow", remove(authority(), "validFor"),
              "invalid: /certificateAuthorities/0/validFor: is missing"},
        Fault{"NoStart", put({"certificateAuthorities", "0", "validFor"}, Json::Object{}),
              "invalid: /certificateAuthorities/0/validFor/start: is missing"},
        Fault{
            "NoBytes",
            put({"certificateAuthorities", "0", "certChain", "certificates", "1"}, Json::Object{}),
            "invalid: /certificateAuthorities/0/certChain/certificates/1/rawBytes: is missing"},
        Fault{"NoStartOfATimestamper",
              put({"timestampAuthorities", "0", "validFor"}, Json::Object{}),
              "invalid: /timestampAuthorities/0/validFor/start: is missing"},
        Fault{"NoChainOfATimestamper", remove({"timestampAuthorities", "0"}, "certChain"),
              "invalid: /timestampAuthorities/0/certChain: is missing"}),
    CaseName{});

// What the certificates' own reader says is not this test's; the place is.
struct ChainCase {
  std::string_view name;
  ChangeJson change;
  std::string_view place;
};

class ChainFault : public ::testing::TestWithParam<ChainCase> {};

TEST_P(ChainFault, RefusesTheRootAndNamesItsPlace) {
  Json root = sound_root();
  GetParam().change(root);
  const std::string error = counts(root);
  EXPECT_TRUE(error.starts_with("invalid: " + std::string(GetParam().place) + ": ")) << error;
}

Json& chain_of(Json& root, std::string_view list) {
  return at(root, {list, "0", "certChain", "certificates"});
}

INSTANTIATE_TEST_SUITE_P(
    Certificates, ChainFault,
    ::testing::Values(
        ChainCase{"Garbage",
                  put({"certificateAuthorities", "0", "certChain", "certificates", "1", "rawBytes"},
                      "MAMCAQE="),
                  "/certificateAuthorities/0/certChain/certificates/1/rawBytes"},
        ChainCase{"BytesAfterIt",
                  [](Json& root) {
                    Json& raw = at(chain_of(root, "certificateAuthorities"), {"0", "rawBytes"});
                    Bytes der = *base64_decode(*raw.string(), Base64::Strict);
                    der.push_back(std::byte{0});
                    raw = base64_encode(der);
                  },
                  "/certificateAuthorities/0/certChain/certificates/0/rawBytes"},
        ChainCase{"RootFirst",
                  [](Json& root) {
                    Json::Array& chain = *chain_of(root, "certificateAuthorities").array();
                    std::swap(chain[0], chain[1]);
                  },
                  "/certificateAuthorities/0"},
        ChainCase{"LeafForAnAuthority",
                  [](Json& root) {
                    chain_of(root, "certificateAuthorities") =
                        Json::Array{chain_of(root, "timestampAuthorities").array()->front()};
                  },
                  "/certificateAuthorities/0"},
        ChainCase{"TimestamperWithItsRootFirst",
                  [](Json& root) {
                    Json::Array& chain = *chain_of(root, "timestampAuthorities").array();
                    std::swap(chain[0], chain[1]);
                  },
                  "/timestampAuthorities/0"}),
    CaseName{});

struct LeftOut {
  std::string_view name;
  ChangeJson change;
  std::string_view counts;
  std::string_view warning;
};

class RootWarning : public ::testing::TestWithParam<LeftOut> {};

TEST_P(RootWarning, LeavesOutThatInstanceOnly) {
  Json json = sound_root();
  GetParam().change(json);
  const auto root = TrustedRoot::parse(json.compact());
  EXPECT_EQ(counts(root), GetParam().counts);
  ASSERT_TRUE(root.has_value());
  ASSERT_EQ(root->warnings().size(), 1u);
  EXPECT_EQ(root->warnings()[0], GetParam().warning);
}

INSTANTIATE_TEST_SUITE_P(
    Algorithms, RootWarning,
    ::testing::Values(
        LeftOut{"MlDsa", add({"tlogs", "1", "publicKey"}, "keyDetails", "ML_DSA_65"), "1/1/1/1",
                "/tlogs/1 is left out: keyDetails ML_DSA_65: ML-DSA is not implemented"},
        LeftOut{"Unknown", add(key(), "keyDetails", "PKIX_OF_TOMORROW"), "1/1/1/1",
                "/tlogs/0 is left out: keyDetails PKIX_OF_TOMORROW is unknown to this version"},
        LeftOut{"UnknownNumber", add(key(), "keyDetails", 50), "1/1/1/1",
                "/tlogs/0 is left out: keyDetails 50 is unknown to this version"},
        LeftOut{"CtLog", add({"ctlogs", "0", "publicKey"}, "keyDetails", "PKIX_ED25519_PH"),
                "2/1/0/1",
                "/ctlogs/0 is left out: keyDetails PKIX_ED25519_PH: logs do not sign prehashed"},
        LeftOut{"Hash", put({"tlogs", "0", "hashAlgorithm"}, "SHA2_512"), "1/1/1/1",
                "/tlogs/0 is left out: hashAlgorithm SHA2_512 is not SHA2_256"},
        LeftOut{"HashByNumber", put({"ctlogs", "0", "hashAlgorithm"}, 3), "2/1/0/1",
                "/ctlogs/0 is left out: hashAlgorithm 3 is not SHA2_256"}),
    CaseName{});

TEST(TrustedRootTest, InstanceWithAnUnknownAlgorithmIsWellFormedOtherwise) {
  Json root = sound_root();
  at(root, {"tlogs", "0", "publicKey"}).set("keyDetails", "ML_DSA_65");
  drop(at(root, {"tlogs", "0", "publicKey", "validFor"}), "start");
  EXPECT_EQ(counts(root), "invalid: /tlogs/0/publicKey/validFor/start: is missing");
}

TEST(TrustedRootTest, EnumsAreReadByNumber) {
  Json root = sound_root();
  at(root, {"tlogs", "0"}).set("hashAlgorithm", 1);
  at(root, {"tlogs", "0", "publicKey"}).set("keyDetails", 5);
  EXPECT_EQ(counts(root), "2/1/1/1");
}

TEST(TrustedRootTest, ListsAndChainsMayBeFull) {
  Json root = sound_root();
  repeat("tlogs", TrustedRoot::kMaxInstances)(root);
  EXPECT_EQ(counts(root), "64/1/1/1");
}

std::string refused_text(std::string_view text) {
  return error_of(TrustedRoot::parse(text));
}

TEST(TrustedRootTest, TextThatParsersReadDifferentlyIsRefused) {
  const std::string sound = sound_root().compact();
  EXPECT_EQ(refused_text(sound + " \n"), "");
  EXPECT_TRUE(refused_text(sound + "x").starts_with("invalid: "));
  EXPECT_TRUE(refused_text("\xef\xbb\xbf" + sound).starts_with("invalid: "));
  EXPECT_TRUE(refused_text("").starts_with("invalid: "));
  EXPECT_EQ(refused_text("[]"), "invalid: document: must be an object");
  std::string twice = sound;
  twice.insert(1, "\"tlogs\":[],");
  EXPECT_TRUE(refused_text(twice).starts_with("invalid: /tlogs: ")) << refused_text(twice);
}

TEST(TrustedRootTest, TooLargeATextIsRefusedUnread) {
  const std::string large(kTrustFileLimits.bytes + 1, ' ');
  EXPECT_TRUE(refused_text(large).starts_with("exhausted: "));
}

// Windows: what is finer than a millisecond shrinks them, both ends count.
TEST(TrustedRootTest, WindowsAreInclusiveAndNeverWiderThanTheyAreWritten) {
  Json json = sound_root();
  Json& range = at(json, {"ctlogs", "0", "publicKey", "validFor"});
  range.set("start", "2025-01-01T00:00:00.0001Z");
  range.set("end", "2025-06-30T23:59:59.9999Z");
  const auto root = TrustedRoot::parse(json.compact());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  const Window& window = root->ct_logs()[0].window;
  constexpr std::chrono::milliseconds kTick(1);
  EXPECT_EQ(window.start, time_of("2025-01-01T00:00:00Z") + kTick);
  EXPECT_EQ(window.end, time_of("2025-07-01T00:00:00Z") - kTick);
  EXPECT_FALSE(window.contains(window.start - kTick));
  EXPECT_TRUE(window.contains(window.start));
  EXPECT_TRUE(window.contains(*window.end));
  EXPECT_FALSE(window.contains(*window.end + kTick));
}

// Programs that have no start to write write their zero.
TEST(TrustedRootTest, StartBeforeThisCalendarIsBeforeAllThatIsJudged) {
  for (const char* zero :
       {"0001-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "1969-12-31T23:59:59Z"}) {
    Json json = sound_root();
    at(json, {"ctlogs", "0", "publicKey", "validFor"}).set("start", zero);
    const auto root = TrustedRoot::parse(json.compact());
    ASSERT_TRUE(root.has_value()) << root.error().message();
    EXPECT_TRUE(root->ct_logs()[0].window.contains(Time{})) << zero;
  }
}

TEST(TrustedRootTest, WindowThatEndedBeforeThisCalendarContainsNoTime) {
  Json json = sound_root();
  Json& range = at(json, {"ctlogs", "0", "publicKey", "validFor"});
  range.set("start", "0001-01-01T00:00:00Z");
  range.set("end", "1969-12-31T23:59:59.5Z");
  const auto root = TrustedRoot::parse(json.compact());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_FALSE(root->ct_logs()[0].window.contains(Time{}));
}

TEST(TrustedRootTest, WindowThatEndsBeforeItStartsContainsNoTime) {
  Json json = sound_root();
  at(json, {"ctlogs", "0", "publicKey", "validFor"}).set("end", "2024-12-31T23:59:59Z");
  const auto root = TrustedRoot::parse(json.compact());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  const Window& window = root->ct_logs()[0].window;
  EXPECT_FALSE(window.contains(window.start));
  EXPECT_FALSE(window.contains(*window.end));
}

TEST(TrustedRootTest, WindowOfOneMomentAndOneOfOtherZonesAreRead) {
  Json json = sound_root();
  Json& range = at(json, {"ctlogs", "0", "publicKey", "validFor"});
  range.set("start", "2025-01-01T02:00:00+02:00");
  range.set("end", "2025-01-01T00:00:00Z");
  const auto root = TrustedRoot::parse(json.compact());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_EQ(root->ct_logs()[0].window.start, time_of("2025-01-01T00:00:00Z"));
  EXPECT_EQ(root->ct_logs()[0].window.end, time_of("2025-01-01T00:00:00Z"));
}

// Ids of logs.
const rekor::Log& log_of(const Result<TrustedRoot>& root, std::size_t index) {
  return root->logs().logs()[index];
}

TEST(TrustedRootTest, FirstGenerationLogHasTheDigestOfItsKeyForBothIds) {
  const auto root = TrustedRoot::parse(sound_root().compact());
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(log_of(root, 0).log_id, log_of(root, 0).key.fingerprint());
  EXPECT_EQ(log_of(root, 0).checkpoint_key_id, log_of(root, 0).log_id);
}

TEST(TrustedRootTest, SecondGenerationLogHasTheNoteKeyIdForBothIds) {
  const auto root = TrustedRoot::parse(sound_root().compact());
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(log_of(root, 1).log_id, note_key_id("log2025.example", log_of(root, 1).key));
  EXPECT_EQ(log_of(root, 1).checkpoint_key_id, log_of(root, 1).log_id);
}

TEST(TrustedRootTest, BaseUrlNeedsNoScheme) {
  Json json = sound_root();
  at(json, {"tlogs", "1"}).set("baseUrl", "log2025.example");
  EXPECT_EQ(counts(json), "2/1/1/1");
}

// checkpoint_root is a v0.2 root whose second log has these ids; "" leaves one out.
Json checkpoint_root(std::string_view log_id, std::string_view checkpoint_id) {
  Json json = sound_root();
  json.set("mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json");
  Json& log = at(json, {"tlogs", "1"});
  const Bytes raw = *base64_decode(*at(log, {"publicKey", "rawBytes"}).string(), Base64::Strict);
  const auto key = *crypto::PublicKey::parse_spki_der(raw);
  const auto write = [&](std::string_view which) {
    const crypto::Sha256 id =
        which.starts_with("spki") ? key.fingerprint() : note_key_id("log2025.example", key);
    Json message;
    message.set("keyId", in_base64(id.bytes().first(which.ends_with("4") ? 4 : 32)));
    return message;
  };
  drop(log, "logId");
  if (!log_id.empty()) {
    log.set("logId", write(log_id));
  }
  if (!checkpoint_id.empty()) {
    log.set("checkpointKeyId", write(checkpoint_id));
  }
  return json;
}

TEST(TrustedRootTest, CheckpointKeyIdIsReadWholeOrCut) {
  for (const std::string_view form : {"note", "note4"}) {
    const auto root = TrustedRoot::parse(checkpoint_root("spki", form).compact());
    ASSERT_TRUE(root.has_value()) << root.error().message();
    EXPECT_EQ(log_of(root, 1).log_id, log_of(root, 1).key.fingerprint());
    EXPECT_EQ(log_of(root, 1).checkpoint_key_id,
              note_key_id("log2025.example", log_of(root, 1).key));
  }
}

TEST(TrustedRootTest, CheckpointKeyIdStandsInForAnAbsentLogId) {
  const auto root = TrustedRoot::parse(checkpoint_root("", "note4").compact());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_EQ(log_of(root, 1).log_id, note_key_id("log2025.example", log_of(root, 1).key));
  EXPECT_EQ(log_of(root, 1).checkpoint_key_id, log_of(root, 1).log_id);
}

TEST(TrustedRootTest, LogIdStandsInForAnAbsentCheckpointKeyId) {
  const auto root = TrustedRoot::parse(checkpoint_root("spki", "").compact());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_EQ(log_of(root, 1).checkpoint_key_id, log_of(root, 1).key.fingerprint());
}

TEST(TrustedRootTest, CheckpointKeyIdOfAnotherKeyOrLengthIsRefused) {
  Json json = checkpoint_root("note", "note");
  at(json, {"tlogs", "1", "checkpointKeyId", "keyId"}) = in_base64(Bytes(4));
  EXPECT_EQ(counts(json),
            "invalid: /tlogs/1/checkpointKeyId/keyId: is not the id of this log's key");
  at(json, {"tlogs", "1", "checkpointKeyId", "keyId"}) = in_base64(Bytes(5));
  EXPECT_EQ(counts(json), "invalid: /tlogs/1/checkpointKeyId/keyId: must be 4 or 32 bytes");
}

TEST(TrustedRootTest, OperatorsAreKept) {
  Json json = sound_root();
  json.set("mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json");
  for (const std::string_view list :
       {"tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"}) {
    at(json, {list, "0"}).set("operator", "example.org");
  }
  const auto root = TrustedRoot::parse(json.compact());
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_EQ(log_of(root, 0).operator_name, "example.org");
  EXPECT_EQ(root->ct_logs()[0].operator_name, "example.org");
  EXPECT_EQ(root->authorities()[0].operator_name, "example.org");
  EXPECT_EQ(root->timestampers()[0].operator_name, "example.org");
}

// Key ids of C2SP signed-note, from keys that others published: the public-good instance's.
TEST(NoteKeyIdTest, OfTheLogOf2025IsItsPublishedLogId) {
  const auto root = TrustedRoot::parse(embedded_root().text);
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(note_key_id("log2025-1.rekor.sigstore.dev", log_of(root, 1).key),
            log_of(root, 1).log_id);
  EXPECT_EQ(in_base64(log_of(root, 1).log_id.bytes()),
            "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=");
}

TEST(NoteKeyIdTest, OfAnEcdsaKeyIsItsDigestUnderAnyName) {
  const crypto::PublicKey key = make_key().public_key();
  EXPECT_EQ(note_key_id("a", key), key.fingerprint());
  EXPECT_EQ(note_key_id("b", key), key.fingerprint());
}

TEST(NoteKeyIdTest, OfAnRsaKeyNamesTheFormat) {
  const factory::Key rsa = factory::Key::of(factory::KeyKind::Rsa2048, "log");
  const auto key = *crypto::PublicKey::parse_spki_der(rsa.spki());
  std::string text = "log.example\n\xff";
  text += "PKIX-RSA-PKCS#1v1.5";
  text += as_text(rsa.spki());
  EXPECT_EQ(note_key_id("log.example", key), crypto::Sha256::of(text));
}

TEST(TrustedRootTest, CtLogMayHaveAnRsaKeyInPkcs1) {
  const factory::Key rsa = factory::Key::of(factory::KeyKind::Rsa2048, "log");
  Json json = sound_root();
  Json& log = at(json, {"ctlogs", "0"});
  at(log, {"publicKey", "rawBytes"}) = base64_encode(rsa.pkcs1());
  at(log, {"publicKey", "keyDetails"}) = "PKCS1_RSA_PKCS1V5";
  // RFC 6962: the id is of the SubjectPublicKeyInfo, whatever form the file gives the key in.
  at(log, {"logId", "keyId"}) = in_base64(crypto::Sha256::of(rsa.spki()).bytes());
  EXPECT_EQ(counts(json), "2/1/1/1");
  at(log, {"logId", "keyId"}) = in_base64(crypto::Sha256::of(rsa.pkcs1()).bytes());
  EXPECT_EQ(counts(json), "invalid: /ctlogs/0/logId/keyId: is not the id of this log's key");
}

// Roots that others made.
struct RealRoot {
  std::string_view path;
  std::string_view counts;
};

class RealRoots : public ::testing::TestWithParam<RealRoot> {};

TEST_P(RealRoots, AreReadWithAllInstances) {
  const auto text = shared(GetParam().path);
  if (!text) {
    GTEST_SKIP() << "the Sigstore fixtures are not here: " << NONO_SHARED_DIR;
  }
  const auto root = TrustedRoot::parse(*text);
  EXPECT_EQ(counts(root), GetParam().counts);
  if (root) {
    EXPECT_TRUE(root->warnings().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Fixtures, RealRoots,
    ::testing::Values(
        RealRoot{"sigstore/root-signing/targets/trusted_root.json", "2/2/2/1"},
        RealRoot{"sigstore/conformance/prod_trusted_root.json", "2/2/2/1"},
        RealRoot{"sigstore/sigstore-go/trusted-roots/public-good.json", "1/2/2/1"},
        RealRoot{"sigstore/conformance/rekor2-happy-path/trusted_root.json", "2/1/3/1"},
        RealRoot{"sigstore/conformance/rekor2-dsse-happy-path/trusted_root.json", "4/1/4/1"},
        RealRoot{"sigstore/mutants/tr-mediatype-v01new/trusted_root.json", "2/2/2/1"},
        RealRoot{"sigstore/mutants/tr-mediatype-v02/trusted_root.json", "2/2/2/1"},
        RealRoot{"sigstore/mutants/tr-v2-baseurl-schemeless/trusted_root.json", "2/1/3/1"},
        RealRoot{"sigstore-local/trusted_root.json", "2/1/1/1"},
        RealRoot{"sigstore-local/trusted_root.all.json", "4/1/1/1"},
        RealRoot{"hostile/context/trusted_root.json", "1/1/1/0"}));

struct RefusedRoot {
  std::string_view path;
  std::string_view error;
};

class RefusedRoots : public ::testing::TestWithParam<RefusedRoot> {};

TEST_P(RefusedRoots, NameTheFault) {
  const auto text = shared(GetParam().path);
  if (!text) {
    GTEST_SKIP() << "the Sigstore fixtures are not here: " << NONO_SHARED_DIR;
  }
  const std::string error = counts(TrustedRoot::parse(*text));
  EXPECT_TRUE(error.starts_with(GetParam().error)) << error;
}

INSTANTIATE_TEST_SUITE_P(
    Fixtures, RefusedRoots,
    ::testing::Values(
        RefusedRoot{"sigstore/conformance/trust-root-tlog-missing-validity-start_fail/"
                    "trusted_root.json",
                    "invalid: /tlogs/1/publicKey/validFor/start: is missing"},
        RefusedRoot{"sigstore/mutants/tr-hashalg-missing/trusted_root.json",
                    "invalid: /tlogs/0/hashAlgorithm: is missing"},
        RefusedRoot{"sigstore/mutants/tr-mediatype-bad/trusted_root.json",
                    "unsupported: /mediaType: "},
        RefusedRoot{"sigstore/mutants/tr-unknown-field/trusted_root.json", "invalid: /"},
        RefusedRoot{"sigstore/mutants/tr-ca-root-first/trusted_root.json",
                    "invalid: /certificateAuthorities/"},
        RefusedRoot{"sigstore/mutants/tr-v2-baseurl-wronghost/trusted_root.json",
                    "invalid: /tlogs/1/logId/keyId: is not the id of this log's key"}));

}  // namespace
}  // namespace nono::attest::test
