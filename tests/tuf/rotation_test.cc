// tests/tuf/rotation_test.cc: roots that follow each other: keys, thresholds, who must have signed.
#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "tests/tuf/repository.h"
#include "tuf/trusted_set.h"

namespace nono::tuf {
namespace {

using test::Signer;
using test::TestRepository;

std::vector<Signer> keys_of(const std::vector<int>& numbers) {
  std::vector<Signer> keys;
  for (const int number : numbers) {
    keys.push_back(test::key("root key " + std::to_string(number)));
  }
  return keys;
}

struct Version {
  std::vector<int> keys;
  std::int64_t threshold;
  std::vector<int> signers;
};

struct Sequence {
  std::string_view name;
  std::vector<Version> versions;
  bool all_follow = true;  // else the last one does not
};

class RootRotation : public testing::TestWithParam<Sequence> {};

TEST_P(RootRotation, FollowsAsItShould) {
  TestRepository repository;
  repository.set_version(kRoot, 0);
  std::vector<std::string> texts;
  for (const Version& version : GetParam().versions) {
    repository.trust(kRoot, keys_of(version.keys), version.threshold);
    repository.signers(kRoot) = keys_of(version.signers);
    repository.publish(kRoot);
    texts.push_back(repository.files.at(std::to_string(texts.size() + 1) + ".root.json"));
  }
  auto trusted = TrustedSet::start(texts.front());
  ASSERT_TRUE(trusted) << trusted.error().message();
  for (std::size_t i = 1; i < texts.size(); ++i) {
    const bool should = GetParam().all_follow || i + 1 < texts.size();
    EXPECT_EQ(trusted->next_root(texts[i]).has_value(), should) << i;
    EXPECT_EQ(trusted->root().header.version, static_cast<std::int64_t>(should ? i + 1 : i));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sequences, RootRotation,
    testing::Values(
        Sequence{"OneKeyAfterAnother", {{{1}, 1, {1}}, {{2}, 1, {2, 1}}, {{2}, 1, {2}}}},
        Sequence{"StrangersMaySign", {{{1}, 1, {3, 1, 4}}, {{2}, 1, {3, 2, 1, 4}}}},
        Sequence{"ThreeOfFiveByAnyThree",
                 {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}},
                  {{0, 1, 2, 3, 4}, 3, {0, 4, 1}},
                  {{0, 1, 2, 3, 4}, 3, {0, 1, 3}}}},
        Sequence{"OneOfFiveReplaced",
                 {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}}, {{0, 1, 3, 4, 5}, 3, {0, 4, 1}}}},
        Sequence{"AllOfThemReplaced",
                 {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}},
                  {{5, 6, 7, 8, 9}, 3, {0, 2, 4, 5, 6, 7}},
                  {{5, 6, 7, 8, 9}, 3, {5, 6, 7}}}},
        Sequence{"ThresholdUp", {{{1, 2, 3}, 1, {1}}, {{1, 2, 3}, 2, {1, 2}}}},
        Sequence{"ThresholdDown",
                 {{{1, 2, 3}, 2, {1, 2}}, {{1, 2, 3}, 1, {1, 2}}, {{1, 2, 3}, 1, {1}}}},
        Sequence{"NotByTheOldKey", {{{1}, 1, {1}}, {{2}, 1, {2, 3, 4}}}, false},
        Sequence{"NotByTheNewKey", {{{1}, 1, {1}}, {{2}, 1, {1, 3, 4}}}, false},
        Sequence{"NotByEnoughNewKeys",
                 {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}}, {{0, 1, 3, 4, 5}, 3, {0, 2, 4}}},
                 false},
        Sequence{"NotByEnoughOldKeys",
                 {{{0, 1, 2, 3, 4}, 3, {0, 2, 4}}, {{0, 1, 3, 4, 5}, 3, {0, 4, 5}}},
                 false},
        Sequence{"NewThresholdNotReached", {{{1, 2, 3}, 1, {1}}, {{1, 2, 3}, 2, {2}}}, false},
        Sequence{"OldThresholdNotReached", {{{1, 2, 3}, 2, {1, 2}}, {{1, 2, 3}, 1, {1}}}, false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(RootTest, ItsOwnSignaturesMustReachItsThreshold) {
  TestRepository repository;
  repository.signers(kRoot) = keys_of({1});
  repository.publish(kRoot);
  EXPECT_EQ(test::error_of(TrustedSet::start(repository.files.at("2.root.json"))),
            "is signed by 0 of the 1 keys that are needed");
}

TEST(RootTest, AVersionMayNotBeLeftOutNorComeAgain) {
  TestRepository repository;
  repository.publish(kRoot);
  repository.publish(kRoot);
  auto trusted = TrustedSet::start(repository.first_root());
  EXPECT_EQ(test::error_of(trusted->next_root(repository.files.at("3.root.json"))),
            "has version 3, not 2");
  EXPECT_EQ(test::error_of(trusted->next_root(repository.files.at("1.root.json"))),
            "has version 1, not 2");
  EXPECT_EQ(trusted->root().header.version, 1);
}

// What the online keys signed is forgotten where one of them counts no more.
TEST(RootTest, OnlineKeysThatAreLostAreTold) {
  TestRepository repository;
  auto trusted = TrustedSet::start(repository.first_root());
  const auto next = [&] {
    repository.publish(kRoot);
    const auto rotation = trusted->next_root(
        repository.files.at(std::to_string(repository.version(kRoot)) + ".root.json"));
    return rotation ? *rotation : Rotation::None;
  };
  EXPECT_EQ(next(), Rotation::None);
  repository.trust(kTargets, keys_of({1}));
  EXPECT_EQ(next(), Rotation::None);
  repository.trust(kTimestamp, {test::key(kTimestamp), test::key("t2")});
  EXPECT_EQ(next(), Rotation::None) << "a key that is added takes nothing away";
  repository.trust(kTimestamp, {test::key("t2")});
  EXPECT_EQ(next(), Rotation::OnlineKeys);
  repository.trust(kSnapshot, {test::key("s2")});
  EXPECT_EQ(next(), Rotation::OnlineKeys);
  repository.signed_part(kRoot).find("keys")->set(test::id_of(test::key("s2")),
                                                  test::json_of(test::key("s3")));
  EXPECT_EQ(next(), Rotation::OnlineKeys) << "another key under the same id";
}

// The roots of Sigstore's public-good instance, from the first one.
std::string public_good_root(int version) {
  const std::string path = std::string(NONO_SHARED_DIR) +
                           "/fixtures/sigstore/root-signing/metadata/root_history/" +
                           std::to_string(version) + ".root.json";
  const auto text = read_file(path, kMaxRootBytes);
  return text ? *text : std::string();
}

TEST(RootSigning, FifteenRootsFollowEachOther) {
  if (public_good_root(1).empty()) {
    GTEST_SKIP() << "the roots of Sigstore are not here: " << NONO_SHARED_DIR;
  }
  auto trusted = TrustedSet::start(public_good_root(1));
  ASSERT_TRUE(trusted) << trusted.error().message();
  for (int version = 2; version <= 15; ++version) {
    const auto next = trusted->next_root(public_good_root(version));
    ASSERT_TRUE(next) << version << ": " << next.error().message();
  }
  EXPECT_TRUE(trusted->root().consistent_snapshot);
  EXPECT_EQ(trusted->root().root.threshold, 3u);
}

}  // namespace
}  // namespace nono::tuf
