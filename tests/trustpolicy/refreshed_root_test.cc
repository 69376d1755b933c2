// tests/trustpolicy/refreshed_root_test.cc: trusted roots that came by TUF: from which anchor they
// are believed, and which of them judges.
#include "trustpolicy/refreshed_root.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/trustpolicy/support.h"
#include "tests/tuf/repository.h"
#include "trustpolicy/discover.h"
#include "tuf/packed_store.h"

namespace nono::trustpolicy {
namespace {

using tuf::test::TestRepository;

class RefreshedRootTest : public testing::Test {
 protected:
  RefreshedRootTest() {
    repository.add_target("targets", kRootTarget, attest::embedded_root().text);
    repository.publish_all();
  }
  Instance instance() const {
    return {.name = "corp",
            .metadata_url = "https://tuf.example",
            .targets_url = "https://tuf.example/targets",
            .anchor = repository.first_root()};
  }
  Places places() const {
    return {.system_policy = directory.at("etc/trust-policy.json"),
            .system_root = directory.at("etc/trusted_root.json"),
            .user_directory = directory.at("user"),
            .home = directory.at("home"),
            .working_directory = {},
            .explicit_policy = std::nullopt,
            .tuf_directory = directory.at("state/tuf")};
  }
  std::string packed() {
    tuf::PackedStore store;
    tuf::Client client(repository, store, tuf::test::now());
    EXPECT_TRUE(client.refresh(repository.first_root()));
    EXPECT_TRUE(client.target(kRootTarget));
    const std::vector<std::string> paths{std::string(kRootTarget)};
    return tuf::PackedStore::pack(store, repository.first_root(), paths)->text();
  }
  // write_packed puts a packed file where that of `name` is looked for.
  std::string write_packed(const std::string& name, std::string_view text) const {
    return directory.write("state/tuf/" + name + "/verified.json", text);
  }
  std::string write_instance() const {
    return directory.write("user/tuf-instance.json", instance().to_json().pretty());
  }
  std::string chosen(bool locked = false) const {
    const auto which = which_root(places(), locked);
    return which ? which->path : "error: " + which.error().message();
  }
  std::string outcome() const {
    const auto which = which_root(places(), false);
    if (!which) {
      return which.error().message();
    }
    const auto source = root_source(*which);
    const auto root = source->get();
    return root ? (*root == nullptr ? "none" : "read") : root.error().message();
  }
  TestRepository repository;
  test::TempDir directory;
};

TEST_F(RefreshedRootTest, AnInstanceIsReadAsItWasWritten) {
  const auto read = Instance::parse(instance().to_json().pretty());
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->name, "corp");
  EXPECT_EQ(read->metadata_url, "https://tuf.example");
  EXPECT_EQ(read->targets_url, "https://tuf.example/targets");
  EXPECT_EQ(read->anchor, repository.first_root());
}

struct Fault {
  std::string_view name;
  std::string_view member;
  Json value;
  std::string_view error;
};

class InstanceFault : public testing::TestWithParam<Fault> {};

TEST_P(InstanceFault, IsRefused) {
  const TestRepository repository;
  Instance instance{.name = "corp",
                    .metadata_url = "https://a",
                    .targets_url = "https://b",
                    .anchor = repository.first_root()};
  Json json = instance.to_json();
  json.set(GetParam().member, GetParam().value);
  const auto read = Instance::parse(json.pretty());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message(), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, InstanceFault,
    testing::Values(Fault{"AnotherSchema", "schema", "nono/tuf-instance/2",
                          "/schema: must be \"nono/tuf-instance/1\""},
                    Fault{"NoSchema", "schema", Json(), "/schema: is missing"},
                    Fault{"NoName", "name", Json(), "/name: is missing"},
                    Fault{"NameThatLeadsOut", "name", "../x", "/name: is no name of an instance"},
                    Fault{"NameWithADotInFront", "name", ".x", "/name: is no name of an instance"},
                    Fault{"NameOfThePublicGood", "name", "public-good",
                          "/name: is no name of an instance"},
                    Fault{"NoUrl", "metadata_url", Json(), "/metadata_url: is missing"},
                    Fault{"NoTargetsUrl", "targets_url", "", "/targets_url: must not be empty"},
                    Fault{"NoRoot", "root", Json(), "/root: is missing"},
                    Fault{"RootThatIsNone", "root", "{}", "/root: /signed: is missing"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(RefreshedRootTest, WhatWasFetchedIsVerifiedFromTheAnchor) {
  const std::string path = write_packed("corp", packed());
  EXPECT_EQ(*load_refreshed(instance(), path, kRootTarget), attest::embedded_root().text);
  TestRepository other;
  other.trust(tuf::kRoot, {tuf::test::key("other root")});
  other.trust(tuf::kTimestamp, {tuf::test::key("other timestamp")});
  other.set_version(tuf::kRoot, 0);
  other.publish(tuf::kRoot);
  Instance stranger = instance();
  stranger.anchor = other.first_root();
  const auto refused = load_refreshed(stranger, path, kRootTarget);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find(path), std::string::npos);
  EXPECT_EQ(refused.error().remedy(), "nono trust root update");
}

TEST_F(RefreshedRootTest, AChangedFileIsRefused) {
  Json json = *Json::parse(packed(), tuf::kPackedLimits);
  json.find("targets")->set(kRootTarget, base64_encode(as_bytes("{}")));
  const std::string path = write_packed("corp", json.pretty());
  EXPECT_FALSE(load_refreshed(instance(), path, kRootTarget));
  write_packed("corp", packed().substr(0, 1000));
  EXPECT_FALSE(load_refreshed(instance(), path, kRootTarget));
}

TEST_F(RefreshedRootTest, TheUsersInstanceJudges) {
  write_instance();
  const std::string path = write_packed("corp", packed());
  EXPECT_EQ(chosen(), path);
  EXPECT_EQ(outcome(), "read");
}

TEST_F(RefreshedRootTest, AnInstanceOfWhichNothingWasFetchedIsStillTheOne) {
  write_instance();
  const std::string path = directory.at("state/tuf/corp/verified.json");
  EXPECT_EQ(chosen(), path);
  EXPECT_NE(outcome().find(path), std::string::npos) << outcome();
}

TEST_F(RefreshedRootTest, FilesComeBeforeIt) {
  write_instance();
  write_packed("corp", packed());
  const std::string user = directory.write("user/trusted_root.json", "");
  EXPECT_EQ(chosen(), user);
  const std::string system = directory.write("etc/trusted_root.json", "");
  EXPECT_EQ(chosen(), system);
}

TEST_F(RefreshedRootTest, ALockedSystemPolicyShutsItOut) {
  write_instance();
  write_packed("corp", packed());
  EXPECT_EQ(chosen(true), "");
}

TEST_F(RefreshedRootTest, AnInstanceThatOthersCanWriteIsRefused) {
  const std::string path = write_instance();
  write_packed("corp", packed());
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  EXPECT_EQ(chosen().find("error: "), 0u);
}

TEST_F(RefreshedRootTest, AnInstanceThatDoesNotParseIsAnError) {
  const std::string path = directory.write("user/tuf-instance.json", "{}");
  EXPECT_EQ(chosen(), "error: " + path + ": /schema: is missing");
}

// The public-good root is anchored in the program: what was fetched counts for a locked policy too,
// and a file that does not follow from the anchor is refused, not passed over.
TEST_F(RefreshedRootTest, ThePublicGoodsIsAnchoredInTheProgram) {
  Json json = *Json::parse(packed(), tuf::kPackedLimits);
  json.set("newest_root", 1'000);
  const std::string path = write_packed("public-good", json.pretty());
  EXPECT_EQ(chosen(), path);
  EXPECT_EQ(chosen(true), path);
  EXPECT_NE(outcome().find("there is no verified timestamp.json"), std::string::npos) << outcome();
}

TEST_F(RefreshedRootTest, AProgramThatKnowsALaterRootIsNotHeldBack) {
  write_packed("public-good", packed());
  EXPECT_EQ(chosen(), "");
  EXPECT_EQ(outcome(), "read");
}

TEST_F(RefreshedRootTest, APublicGoodFileThatIsNoneIsAnError) {
  const std::string path = write_packed("public-good", "{}");
  EXPECT_EQ(chosen(), "error: " + path + ": /schema: is missing");
}

}  // namespace
}  // namespace nono::trustpolicy
