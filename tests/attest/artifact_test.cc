// tests/attest/artifact_test.cc: digests of artifacts, and whether a statement names them.
#include "attest/artifact.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "dsse/envelope.h"
#include "support.h"

namespace nono::attest::test {
namespace {

constexpr std::string_view kText = "# CLAUDE\n";

dsse::Statement statement_of(const std::vector<Json::Object>& digests) {
  const crypto::PrivateKey key = make_key();
  Json::Array subjects;
  for (const Json::Object& each : digests) {
    subjects.emplace_back(Json::Object{{"name", "a"}, {"digest", Json(each)}});
  }
  const Json statement(Json::Object{{"_type", dsse::kStatementV1},
                                    {"subject", std::move(subjects)},
                                    {"predicateType", "https://example.org/p"}});
  const Json sealed = *dsse::seal(key, dsse::kInTotoPayloadType, statement.compact());
  return *dsse::Statement::parse(*dsse::Envelope::parse(JsonView(sealed))->open(key.public_key()));
}

dsse::Statement statement_with(const Json::Object& digests) {
  return statement_of({digests});
}

std::string hex(crypto::HashAlgorithm algorithm, std::string_view text) {
  return hex_encode(crypto::hash(algorithm, as_bytes(text)));
}

constexpr auto kSha256 = crypto::HashAlgorithm::Sha256;
constexpr auto kSha384 = crypto::HashAlgorithm::Sha384;
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

TEST(ArtifactTest, TheContentsAreReadOnceForEachDigestHoweverManySubjectsAsk) {
  // A stranger's statement: every digest of every subject is asked for, and none is the file's.
  const Json::Object almost{{"sha384", hex(kSha384, kText)}, {"sha512", hex(kSha512, "other")}};
  const dsse::Statement many =
      statement_of(std::vector<Json::Object>(dsse::Statement::kMaxSubjects, almost));
  std::string text(kText);
  const Artifact file = Artifact::of_bytes(as_bytes(text));
  EXPECT_FALSE(names(many, file));
  text.replace(0, text.size(), text.size(), 'x');  // whoever reads again computes something else
  for (const auto algorithm : {kSha256, kSha384, kSha512}) {
    EXPECT_EQ(file.digest(algorithm), crypto::hash(algorithm, as_bytes(kText)));
  }
  EXPECT_FALSE(names(many, file));
  EXPECT_TRUE(names(statement_with({{"sha384", hex(kSha384, kText)}}), file));
}

TEST(ArtifactTest, WhereTheSha256DiffersNoOtherDigestIsComputed) {
  std::string text(kText);
  const Artifact file = Artifact::of_bytes(as_bytes(text));
  const Json::Object wrong{{"sha512", hex(kSha512, kText)},
                           {"sha384", hex(kSha384, kText)},
                           {"sha256", hex(kSha256, "other")}};
  EXPECT_FALSE(names(statement_of({wrong, wrong}), file));
  text.replace(0, text.size(), text.size(), 'x');
  EXPECT_EQ(file.digest(kSha384), crypto::hash(kSha384, as_bytes(text)));  // only now
  EXPECT_EQ(file.digest(kSha512), crypto::hash(kSha512, as_bytes(text)));
}

TEST(ArtifactTest, OneWrongDigestOfAnyKindUndoesASubjectButNotTheNext) {
  const Artifact file = Artifact::of_bytes(as_bytes(kText));
  const Json::Object right{{"sha512", hex(kSha512, kText)},
                           {"sha256", hex(kSha256, kText)},
                           {"sha384", hex(kSha384, kText)}};
  EXPECT_TRUE(names(statement_with(right), file));
  EXPECT_TRUE(names(statement_with({{"sha384", hex(kSha384, kText)}}), file));
  for (const auto& [name, algorithm] :
       {std::pair("sha256", kSha256), {"sha384", kSha384}, {"sha512", kSha512}}) {
    Json::Object wrong;
    for (const auto& [key, digest] : right) {
      wrong.emplace_back(key, key == name ? Json(hex(algorithm, "other")) : digest);
    }
    EXPECT_FALSE(names(statement_of({wrong, wrong}), file)) << name;
    EXPECT_TRUE(names(statement_of({wrong, right, right}), file)) << name;
    EXPECT_FALSE(names(statement_with({{name, hex(algorithm, "other")}}), file)) << name;
  }
}

}  // namespace
}  // namespace nono::attest::test
