// tests/attest/artifact_test.cc: digests of artifacts, and whether a statement names them.
#include "attest/artifact.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "dsse/envelope.h"
#include "support.h"

namespace nono::attest::test {
namespace {

constexpr std::string_view kText = "# CLAUDE\n";

dsse::Statement statement_with(Json::Object digests) {
  const crypto::PrivateKey key = make_key();
  Json subject(Json::Object{{"name", "a"}, {"digest", Json(std::move(digests))}});
  const Json statement(Json::Object{{"_type", dsse::kStatementV1},
                                    {"subject", Json::Array{std::move(subject)}},
                                    {"predicateType", "https://example.org/p"}});
  const Json sealed = *dsse::seal(key, dsse::kInTotoPayloadType, statement.compact());
  return *dsse::Statement::parse(*dsse::Envelope::parse(JsonView(sealed))->open(key.public_key()));
}

std::string hex(crypto::HashAlgorithm algorithm, std::string_view text) {
  return hex_encode(crypto::hash(algorithm, as_bytes(text)));
}

constexpr auto kSha256 = crypto::HashAlgorithm::Sha256;
constexpr auto kSha512 = crypto::HashAlgorithm::Sha512;

TEST(ArtifactTest, AFileHasEveryDigestAndABareDigestOnlyItself) {
  const Artifact file = Artifact::of_bytes(as_bytes(kText));
  for (const auto algorithm : {kSha256, crypto::HashAlgorithm::Sha384, kSha512}) {
    EXPECT_EQ(file.digest(algorithm), crypto::hash(algorithm, as_bytes(kText)));
  }
  const Artifact bare = Artifact::of_digest(crypto::Sha256::of(kText));
  EXPECT_EQ(bare.digest(kSha256), file.digest(kSha256));
  EXPECT_FALSE(bare.digest(kSha512).has_value());
  EXPECT_FALSE(bare.contents().has_value());
}

TEST(ArtifactTest, AStatementNamesWhatHasItsDigest) {
  const Artifact file = Artifact::of_bytes(as_bytes(kText));
  EXPECT_TRUE(names(statement_with({{"sha256", hex(kSha256, kText)}}), file));
  EXPECT_TRUE(names(statement_with({{"sha512", hex(kSha512, kText)}}), file));
  EXPECT_FALSE(names(statement_with({{"sha256", hex(kSha256, "other")}}), file));
}

TEST(ArtifactTest, EveryKnownDigestMustMatch) {
  const Artifact file = Artifact::of_bytes(as_bytes(kText));
  EXPECT_FALSE(names(
      statement_with({{"sha256", hex(kSha256, kText)}, {"sha512", hex(kSha512, "other")}}), file));
}

TEST(ArtifactTest, ADigestOfAnUnknownKindProvesNothing) {
  const Artifact file = Artifact::of_bytes(as_bytes(kText));
  EXPECT_FALSE(names(statement_with({{"md5", "00112233445566778899aabbccddeeff"}}), file));
  EXPECT_TRUE(names(statement_with({{"md5", "00112233445566778899aabbccddeeff"},
                                    {"sha256", hex(kSha256, kText)}}),
                    file));
}

TEST(ArtifactTest, ABareDigestIsNotNamedByAnotherKind) {
  const Artifact bare = Artifact::of_digest(crypto::Sha256::of(kText));
  EXPECT_TRUE(names(statement_with({{"sha256", hex(kSha256, kText)}}), bare));
  EXPECT_FALSE(names(statement_with({{"sha512", hex(kSha512, kText)}}), bare));
}

}  // namespace
}  // namespace nono::attest::test
