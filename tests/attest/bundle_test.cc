// tests/attest/bundle_test.cc: what is a well-formed bundle, member by member.
#include "attest/bundle.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/encoding.h"
#include "support.h"

namespace nono::attest::test {
namespace {

using Path = std::vector<std::string_view>;

std::string parse_outcome(const Json& bundle) {
  const auto parsed = Bundle::parse(bundle.pretty());
  return parsed ? "parsed" : std::string(code(parsed.error().reason));
}

std::string parse_detail(const Json& bundle) {
  const auto parsed = Bundle::parse(bundle.pretty());
  return parsed ? "" : parsed.error().detail;
}

constexpr std::string_view kV01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
constexpr std::string_view kV02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";
constexpr std::string_view kV03 = "application/vnd.dev.sigstore.bundle+json;version=0.3";

class BundleTest : public ::testing::Test {
 protected:
  // full_ has every member that a keyed bundle can have.
  void SetUp() override {
    full_ = Draft().bundle();
    Json& material = at(full_, {"verificationMaterial"});
    material.set("tlogEntries", Json::Array{log_entry()});
    material.set("timestampVerificationData",
                 Json::Object{{"rfc3161Timestamps",
                               Json::Array{Json::Object{{"signedTimestamp", "MAMCAQE="}}}}});
    ASSERT_EQ(parse_outcome(full_), "parsed") << parse_detail(full_);
  }
  Json& member(const Path& path) { return at(full_, path); }
  void use_message() {
    drop(full_, "dsseEnvelope");
    const std::string digest = base64_encode(crypto::Sha256::of("file").bytes());
    full_.set(
        "messageSignature",
        Json::Object{{"messageDigest", Json::Object{{"algorithm", "SHA2_256"}, {"digest", digest}}},
                     {"signature", "MAMCAQE="}});
  }
  void use_material(std::string_view name, Json value) {
    drop(member({"verificationMaterial"}), "publicKey");
    member({"verificationMaterial"}).set(name, std::move(value));
  }
  void expect_malformed(std::string_view words) {
    EXPECT_EQ(parse_outcome(full_), "malformed-bundle");
    EXPECT_TRUE(parse_detail(full_).contains(words)) << parse_detail(full_);
  }
  Json full_;
};

Path entry() {
  return {"verificationMaterial", "tlogEntries", "0"};
}

Path below_entry(const Path& rest) {
  Path path = entry();
  path.insert(path.end(), rest.begin(), rest.end());
  return path;
}

TEST_F(BundleTest, AKeyedBundleIsRead) {
  const auto bundle = Bundle::parse(full_.pretty());
  ASSERT_TRUE(bundle.has_value());
  EXPECT_EQ(bundle->media_type(), kBundleV03);
  EXPECT_EQ(bundle->log_entries().size(), 1u);
  EXPECT_EQ(bundle->timestamps().size(), 1u);
  EXPECT_EQ(std::get<KeyHint>(bundle->material()).hint.size(), 64u);
  EXPECT_EQ(std::get<dsse::Envelope>(bundle->content()).payload_type(), dsse::kInTotoPayloadType);
}

TEST_F(BundleTest, TheFourMediaTypesAreRead) {
  for (const std::string_view type : {kBundleV03, kV01, kV02, kV03}) {
    full_.set("mediaType", type);
    EXPECT_EQ(parse_outcome(full_), "parsed") << type << parse_detail(full_);
  }
}

TEST_F(BundleTest, OtherMediaTypesAreUnsupportedVersions) {
  for (const std::string_view type :
       {"application/json", "APPLICATION/VND.DEV.SIGSTORE.BUNDLE.V0.3+JSON",
        "application/vnd.dev.sigstore.bundle.v0.2+json",
        "application/vnd.dev.sigstore.bundle.v0.3.1+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json ",
        "application/vnd.dev.sigstore.bundle+json;version=0.4"}) {
    full_.set("mediaType", type);
    EXPECT_EQ(parse_outcome(full_), "unsupported-version") << type;
  }
}

TEST_F(BundleTest, ALaterVersionIsNamedAsSuchWhateverElseItHolds) {
  full_.set("mediaType", "application/vnd.dev.sigstore.bundle.v0.9+json");
  full_.set("verificationMaterial", Json::Object{{"quantum", true}});
  EXPECT_EQ(parse_outcome(full_), "unsupported-version");
}

TEST_F(BundleTest, RequiredMembersMustBeThere) {
  const std::vector<std::pair<Path, std::string_view>> required{
      {{}, "mediaType"},
      {{}, "verificationMaterial"},
      {{}, "dsseEnvelope"},
      {{"verificationMaterial"}, "publicKey"},
      {{"dsseEnvelope"}, "payload"},
      {{"dsseEnvelope"}, "payloadType"},
      {{"dsseEnvelope"}, "signatures"},
      {{"dsseEnvelope", "signatures", "0"}, "sig"},
      {entry(), "logId"},
      {entry(), "kindVersion"},
      {entry(), "integratedTime"},  // as there is a promise, which signs it
      {entry(), "inclusionProof"},
      {entry(), "canonicalizedBody"},
      {below_entry({"logId"}), "keyId"},
      {below_entry({"kindVersion"}), "kind"},
      {below_entry({"kindVersion"}), "version"},
      {below_entry({"inclusionPromise"}), "signedEntryTimestamp"},
      {below_entry({"inclusionProof"}), "rootHash"},
      {below_entry({"inclusionProof"}), "treeSize"},
      {below_entry({"inclusionProof"}), "checkpoint"},
      {below_entry({"inclusionProof", "checkpoint"}), "envelope"},
      {{"verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", "0"},
       "signedTimestamp"},
  };
  for (const auto& [path, name] : required) {
    SetUp();
    drop(member(path), name);
    EXPECT_EQ(parse_outcome(full_), "malformed-bundle") << name;
    SetUp();
    member(path).set(name, Json());
    EXPECT_EQ(parse_outcome(full_), "malformed-bundle") << name << " null";
  }
}

TEST_F(BundleTest, OptionalMembersMayBeAbsentOrNull) {
  const std::vector<std::pair<Path, std::string_view>> optional{
      {{"verificationMaterial"}, "tlogEntries"},
      {entry(), "logIndex"},  // 0: the log's first entry
      {below_entry({"inclusionProof"}), "logIndex"},
      {{"verificationMaterial"}, "timestampVerificationData"},
      {{"verificationMaterial", "publicKey"}, "hint"},
      {{"verificationMaterial", "timestampVerificationData"}, "rfc3161Timestamps"},
      {entry(), "inclusionPromise"},
      {below_entry({"inclusionProof"}), "hashes"},
  };
  for (const auto& [path, name] : optional) {
    SetUp();
    drop(member(path), name);
    EXPECT_EQ(parse_outcome(full_), "parsed") << name << parse_detail(full_);
    member(path).set(name, Json());
    EXPECT_EQ(parse_outcome(full_), "parsed") << name << " null" << parse_detail(full_);
  }
}

TEST_F(BundleTest, UnknownMembersAreIgnoredOutermostAndRefusedWithin) {
  full_.set("surprise", 1);
  full_.set("timestampVerificationData", Json::Array{1, "x", true});
  EXPECT_EQ(parse_outcome(full_), "parsed");
  for (const Path& path : std::vector<Path>{
           {"verificationMaterial"},
           {"verificationMaterial", "publicKey"},
           {"verificationMaterial", "timestampVerificationData"},
           {"verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", "0"},
           {"dsseEnvelope"},
           {"dsseEnvelope", "signatures", "0"},
           entry(),
           below_entry({"logId"}),
           below_entry({"kindVersion"}),
           below_entry({"inclusionPromise"}),
           below_entry({"inclusionProof"}),
           below_entry({"inclusionProof", "checkpoint"})}) {
    SetUp();
    member(path).set("surprise", 1);
    expect_malformed("surprise");
  }
}

TEST_F(BundleTest, NumbersThatAreNoIntegersAreRefusedEvenInUnknownMembers) {
  for (const std::string_view spelling : {"1.5", "1e5", "18446744073709551616"}) {
    full_.set("surprise", Json::Array{Json::Number{std::string(spelling)}});
    expect_malformed("/surprise/0: " + std::string(spelling));
  }
  full_.set("surprise", Json::Array{Json::Number{"1e999999"}});
  expect_malformed("/surprise/0");
}

TEST_F(BundleTest, OriginalProtoNamesAreReadAndNeverBesideTheJsonName) {
  std::string text = full_.pretty();
  for (const auto& [json, proto] :
       std::vector<std::pair<std::string, std::string>>{{"\"mediaType\"", "\"media_type\""},
                                                        {"\"tlogEntries\"", "\"tlog_entries\""},
                                                        {"\"payloadType\"", "\"payload_type\""}}) {
    text.replace(text.find(json), json.size(), proto);
  }
  EXPECT_TRUE(Bundle::parse(text).has_value());
  full_.set("dsse_envelope", member({"dsseEnvelope"}));
  expect_malformed("/dsse_envelope: is there twice");
}

TEST_F(BundleTest, DuplicateKeysTrailingBytesAndMarksAreMalformed) {
  const std::string text = full_.pretty();
  for (const std::string& bad :
       {"\xEF\xBB\xBF" + text, text + "x", text + text, text + std::string(1, '\0'),
        "{\"mediaType\": \"" + std::string(kV03) + "\"," + text.substr(text.find('{') + 1),
        std::string("null"), std::string("[]"), std::string("\"\""), std::string()}) {
    const auto parsed = Bundle::parse(bad);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().reason, Reason::MalformedBundle);
  }
  EXPECT_TRUE(Bundle::parse(text + " \r\n\t").has_value());
}

TEST_F(BundleTest, IntegersAreExactFromStringsAndNumbers) {
  for (const Json& good : {Json(0), Json("0"), Json("1"), Json("9223372036854775807"),
                           Json(std::int64_t{9223372036854775807})}) {
    member(below_entry({"logIndex"})) = good;
    EXPECT_EQ(parse_outcome(full_), "parsed") << good.compact() << parse_detail(full_);
  }
  for (const Json& bad : {Json(-1), Json("-1"), Json("-0"), Json("+1"), Json("01"), Json("1.0"),
                          Json("1e1"), Json("0x1"), Json(" 1"), Json("1 "), Json(""), Json(true),
                          Json("9223372036854775808"), Json(std::uint64_t{9223372036854775808u}),
                          Json("18446744073709551616"), Json(Json::Array{})}) {
    member(below_entry({"logIndex"})) = bad;
    expect_malformed("/verificationMaterial/tlogEntries/0/logIndex");
  }
}

TEST_F(BundleTest, EveryIntegerOfAnEntryIsChecked) {
  for (const Path& path :
       {below_entry({"integratedTime"}), below_entry({"inclusionProof", "logIndex"}),
        below_entry({"inclusionProof", "treeSize"})}) {
    SetUp();
    member(path) = Json("-4");
    expect_malformed(path.back());
  }
}

TEST_F(BundleTest, ALeafBeyondItsTreeIsMalformed) {
  member(below_entry({"inclusionProof", "logIndex"})) = Json("4");
  expect_malformed("treeSize must be greater than logIndex");
}

TEST_F(BundleTest, Base64IsReadAsProtoJsonWritersWriteIt) {
  for (const std::string_view good : {"_-8=", "/+8=", "_-8", "MAMCAQE="}) {
    member(below_entry({"canonicalizedBody"})) = Json(good);
    EXPECT_EQ(parse_outcome(full_), "parsed") << good << parse_detail(full_);
  }
  for (const std::string_view bad : {"", "A", "/+9=", "/+8\n", "/ +8", "!!!!", "/+8=="}) {
    member(below_entry({"canonicalizedBody"})) = Json(bad);
    expect_malformed("/verificationMaterial/tlogEntries/0/canonicalizedBody");
  }
}

TEST_F(BundleTest, HashesAndLogNamesHaveThirtyTwoBytes) {
  for (const Path& path :
       {below_entry({"logId", "keyId"}), below_entry({"inclusionProof", "rootHash"}),
        below_entry({"inclusionProof", "hashes", "0"})}) {
    SetUp();
    member(path) = Json(base64_encode(as_bytes(std::string(31, 'x'))));
    expect_malformed("must be 32 bytes");
  }
}

TEST_F(BundleTest, ListsAreCapped) {
  Json::Array entries(Bundle::kMaxLogEntries, log_entry());
  member({"verificationMaterial"}).set("tlogEntries", entries);
  EXPECT_EQ(parse_outcome(full_), "parsed") << parse_detail(full_);
  entries.push_back(log_entry());
  member({"verificationMaterial"}).set("tlogEntries", entries);
  expect_malformed("/verificationMaterial/tlogEntries");
  SetUp();
  Json::Array times(Bundle::kMaxTimestamps, Json(Json::Object{{"signedTimestamp", "MAMCAQE="}}));
  Json& data = member({"verificationMaterial", "timestampVerificationData"});
  data.set("rfc3161Timestamps", times);
  EXPECT_EQ(parse_outcome(full_), "parsed") << parse_detail(full_);
  times.push_back(times.front());
  data.set("rfc3161Timestamps", times);
  expect_malformed("rfc3161Timestamps");
}

TEST_F(BundleTest, ATimestampThatIsNoDerIsMalformed) {
  for (const std::string_view bad : {"Z2FyYmFnZQ==", "MIBnYXJiYWdl", "MAMCAQEA",
                                     "MAMCAQ==", "MIEDAgEB", "MA==", "MIWAgICAgA=="}) {
    member({"verificationMaterial", "timestampVerificationData", "rfc3161Timestamps", "0"})
        .set("signedTimestamp", bad);
    expect_malformed("signedTimestamp: must be one DER structure");
  }
}

TEST_F(BundleTest, TheFirstVersionRestsOnThePromise) {
  full_.set("mediaType", kV01);
  drop(member(entry()), "inclusionProof");
  EXPECT_EQ(parse_outcome(full_), "parsed") << parse_detail(full_);
  drop(member(entry()), "inclusionPromise");
  expect_malformed("inclusionPromise is missing");
}

TEST_F(BundleTest, LaterVersionsRestOnTheProof) {
  for (const std::string_view version : {kV02, kV03, kBundleV03}) {
    SetUp();
    full_.set("mediaType", version);
    drop(member(entry()), "inclusionProof");
    expect_malformed("inclusionProof is missing");
  }
}

TEST_F(BundleTest, ExactlyOneKindOfSignerIsAllowed) {
  Json& material = member({"verificationMaterial"});
  material.set("certificate", Json::Object{{"rawBytes", "MAMCAQE="}});
  expect_malformed("exactly one of publicKey, certificate and x509CertificateChain");
  drop(material, "publicKey");
  EXPECT_EQ(parse_outcome(full_), "parsed") << parse_detail(full_);
  material.set("x509CertificateChain",
               Json::Object{{"certificates", Json::Array{Json::Object{{"rawBytes", "MAMCAQE="}}}}});
  expect_malformed("exactly one of");
}

TEST_F(BundleTest, ACertificateIsReadAsDer) {
  use_material("certificate", Json::Object{{"rawBytes", "MAMCAQE="}});
  const auto bundle = Bundle::parse(full_.pretty());
  ASSERT_TRUE(bundle.has_value());
  const auto& material = std::get<CertificateMaterial>(bundle->material());
  ASSERT_EQ(material.chain_der.size(), 1u);
  EXPECT_EQ(hex_encode(material.chain_der[0]), "3003020101");
  for (const Json& bad : {Json(""), Json("!"), Json("MAMCAQEA"), Json(Json::Array{}), Json(1)}) {
    member({"verificationMaterial", "certificate", "rawBytes"}) = bad;
    expect_malformed("/verificationMaterial/certificate/rawBytes");
  }
}

TEST_F(BundleTest, AChainIsReadBeforeVersionThreeOnly) {
  const Json one(Json::Object{{"rawBytes", "MAMCAQE="}});
  use_material("x509CertificateChain", Json::Object{{"certificates", Json::Array{one, one}}});
  expect_malformed("x509CertificateChain is not allowed in version 0.3");
  full_.set("mediaType", kV02);
  const auto bundle = Bundle::parse(full_.pretty());
  ASSERT_TRUE(bundle.has_value());
  EXPECT_EQ(std::get<CertificateMaterial>(bundle->material()).chain_der.size(), 2u);
  member({"verificationMaterial", "x509CertificateChain"}).set("certificates", Json::Array{});
  expect_malformed("at least one certificate");
  member({"verificationMaterial", "x509CertificateChain"})
      .set("certificates", Json::Array(11, one));
  expect_malformed("/verificationMaterial/x509CertificateChain/certificates");
}

TEST_F(BundleTest, ASingleCertificateNeedsVersionThree) {
  full_.set("mediaType", kV01);
  use_material("certificate", Json::Object{{"rawBytes", "MAMCAQE="}});
  expect_malformed("certificate is not allowed before version 0.3");
}

TEST_F(BundleTest, ExactlyOneKindOfContentIsAllowed) {
  const Json envelope = member({"dsseEnvelope"});
  use_message();
  EXPECT_EQ(parse_outcome(full_), "parsed") << parse_detail(full_);
  full_.set("dsseEnvelope", envelope);
  expect_malformed("exactly one of dsseEnvelope and messageSignature");
}

TEST_F(BundleTest, AMessageSignatureIsRead) {
  use_message();
  const auto bundle = Bundle::parse(full_.pretty());
  ASSERT_TRUE(bundle.has_value());
  const auto& message = std::get<MessageSignature>(bundle->content());
  EXPECT_EQ(message.digest_algorithm, "SHA2_256");
  EXPECT_EQ(message.digest.size(), 32u);
  EXPECT_EQ(hex_encode(message.signature), "3003020101");
  drop(member({"messageSignature"}), "messageDigest");
  const auto bare = Bundle::parse(full_.pretty());
  ASSERT_TRUE(bare.has_value());
  EXPECT_FALSE(std::get<MessageSignature>(bare->content()).digest_algorithm.has_value());
}

TEST_F(BundleTest, DigestAlgorithmsComeByNameOrNumber) {
  for (const Json& good : {Json("SHA2_256"), Json(1), Json("SHA3_256"), Json(4)}) {
    use_message();
    member({"messageSignature", "messageDigest", "algorithm"}) = good;
    EXPECT_EQ(parse_outcome(full_), "parsed") << good.compact() << parse_detail(full_);
  }
  for (const Json& bad : {Json("HASH_ALGORITHM_UNSPECIFIED"), Json(0), Json(99), Json("sha256"),
                          Json(""), Json(true)}) {
    use_message();
    member({"messageSignature", "messageDigest", "algorithm"}) = bad;
    expect_malformed("/messageSignature/messageDigest/algorithm");
  }
  use_message();
  member({"messageSignature", "messageDigest", "algorithm"}) = Json("SHA2_512");
  expect_malformed("wrong length for SHA2_512");
}

TEST_F(BundleTest, MessageSignatureMembersAreChecked) {
  use_message();
  member({"messageSignature"}).set("surprise", 1);
  expect_malformed("surprise");
  use_message();
  member({"messageSignature", "messageDigest"}).set("surprise", 1);
  expect_malformed("surprise");
  for (const auto& [path, name] : std::vector<std::pair<Path, std::string_view>>{
           {{"messageSignature"}, "signature"},
           {{"messageSignature", "messageDigest"}, "digest"},
           {{"messageSignature", "messageDigest"}, "algorithm"}}) {
    use_message();
    drop(member(path), name);
    expect_malformed(name);
  }
}

TEST_F(BundleTest, SizeIsCappedBeforeParsing) {
  const std::string text = full_.compact();
  EXPECT_TRUE(
      Bundle::parse(text + std::string(kBundleLimits.bytes - text.size(), ' ')).has_value());
  const auto parsed = Bundle::parse(text + std::string(kBundleLimits.bytes, ' '));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().reason, Reason::MalformedBundle);
}

}  // namespace
}  // namespace nono::attest::test
