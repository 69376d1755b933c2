// tests/trustpolicy/named_root_test.cc: trusted roots that policies name: where a name leads, for
// whom, and what becomes of one that leads nowhere. Verdicts by several roots: tests/engine.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "attest/trusted_root.h"
#include "base/files.h"
#include "tests/trustpolicy/support.h"
#include "trustpolicy/discover.h"
#include "trustpolicy/publisher.h"

namespace nono::trustpolicy {
namespace {

constexpr std::string_view kAlice =
    R"({"name":"alice","issuer":"https://accounts.example.com","subject":"alice@example.com")";

std::string alice(std::string_view root) {
  return std::string(kAlice) + (root.empty() ? "" : ",\"root\":\"" + std::string(root) + "\"") +
         "}";
}

std::string policy_with(const std::string& publishers, const std::string& extra = {}) {
  return test::Parts{.publishers = "[" + publishers + "]", .extra = extra}.text();
}

class NamedRootTest : public testing::Test {
 protected:
  NamedRootTest() {
    directory.make_directory("user", 0700);
    directory.make_directory("tree");
  }
  Places places() const {
    return {.system_policy = directory.at("etc/trust-policy.json"),
            .system_root = directory.at("etc/trusted_root.json"),
            .user_directory = directory.at("user"),
            .home = directory.at("home"),
            .working_directory = directory.at("tree"),
            .explicit_policy = std::nullopt,
            .tuf_directory = directory.at("tuf"),
            .system_roots = directory.at("etc/roots")};
  }
  std::string write_root(std::string_view name) const {
    return directory.write(name, attest::embedded_root().text);
  }
  // Where a name leads, from the temporary directory on.
  std::string found(std::string_view name, LayerKind asking = LayerKind::User) const {
    const auto which = named_root(places(), name, asking);
    if (!which) {
      return which.error().message();
    }
    return which->path.empty() ? "embedded" : which->path.substr(directory.path().size() + 1);
  }
  std::string discovered() const {
    const auto policy = discover(places());
    if (!policy) {
      return policy.error().message();
    }
    std::string names;
    for (const attest::NamedRoot& root : policy->named_roots()) {
      names += root.name + " ";
    }
    return names;
  }
  void write_user_policy(const std::string& text) const {
    directory.write("user/trust-policy.json", text);
  }
  // What the first root that the policy names says when a certificate asks.
  std::string outcome() const {
    const auto policy = discover(places());
    if (!policy || policy->named_roots().empty()) {
      return "none";
    }
    const auto root = policy->named_roots().front().source->get();
    return root ? "read" : root.error().message();
  }
  test::TempDir directory;
};

TEST_F(NamedRootTest, IsAFileOfTheSystemOrElseOfTheUser) {
  EXPECT_NE(found("acme").find("there is no trusted root \"acme\""), std::string::npos);
  write_root("user/roots/acme.json");
  EXPECT_EQ(found("acme"), "user/roots/acme.json");
  EXPECT_EQ(found("acme", LayerKind::Project), "user/roots/acme.json");
  write_root("etc/roots/acme.json");
  EXPECT_EQ(found("acme"), "etc/roots/acme.json");
  EXPECT_EQ(found("acme", LayerKind::Project), "etc/roots/acme.json");
}

TEST_F(NamedRootTest, TheSystemsPublishersNeverGetTheUsers) {
  write_root("user/roots/acme.json");
  EXPECT_NE(
      found("acme", LayerKind::System).find("there is no trusted root \"acme\" of the system"),
      std::string::npos);
  write_root("etc/roots/acme.json");
  EXPECT_EQ(found("acme", LayerKind::System), "etc/roots/acme.json");
}

TEST_F(NamedRootTest, ThePublicGoodOneIsNobodysToReplace) {
  write_root("user/roots/public-good.json");
  write_root("etc/roots/public-good.json");
  write_root("user/trusted_root.json");
  EXPECT_EQ(found("public-good"), "embedded");
  EXPECT_EQ(found("public-good", LayerKind::System), "embedded");
}

TEST_F(NamedRootTest, ANameIsNoPath) {
  for (const std::string_view name :
       {"", ".", "..", "../acme", "a/b", "/etc/acme", ".acme", "a b"}) {
    EXPECT_NE(found(name).find("is no name of a root"), std::string::npos) << name;
  }
}

TEST_F(NamedRootTest, APolicyIsReadWithItAndWrittenBack) {
  const auto document =
      Document::parse(policy_with(alice("acme"), R"(,"root":"public-good")"), "policy");
  ASSERT_TRUE(document.has_value()) << document.error().message();
  EXPECT_EQ(document->root, "public-good");
  EXPECT_EQ(std::get<KeylessPublisher>(document->publishers.front().who).root, "acme");
  const auto again = Document::parse(document->to_json().compact(), "again");
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_EQ(again->to_json(), document->to_json());
}

TEST_F(NamedRootTest, WhatIsNoNameRefusesThePolicy) {
  for (const std::string root : {R"("")", R"("../acme")", R"("roots/acme.json")", R"(".acme")", "7",
                                 "null", R"(["acme"])"}) {
    EXPECT_FALSE(Document::parse(policy_with("", ",\"root\":" + root), "policy").has_value())
        << root;
    EXPECT_FALSE(
        Document::parse(policy_with(std::string(kAlice) + ",\"root\":" + root + "}"), "policy")
            .has_value())
        << root;
  }
  const auto refused = Document::parse(policy_with(alice("../acme")), "policy");
  EXPECT_NE(refused.error().message().find("/publishers/0/root"), std::string::npos)
      << refused.error().message();
}

TEST_F(NamedRootTest, AKeyHasNone) {
  const std::string keyed = R"({"name":"bob","key_id":"b","public_key":")" +
                            std::string(test::kSomeKey) + R"(","root":"acme"})";
  const auto refused = Document::parse(policy_with(keyed), "policy");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message().find("a key needs nobody to vouch"), std::string::npos)
      << refused.error().message();
}

TEST_F(NamedRootTest, OnlyWhatIsNamedIsLoaded) {
  write_root("user/roots/acme.json");
  write_root("user/roots/other.json");
  write_user_policy(policy_with(alice("acme")));
  EXPECT_EQ(discovered(), "acme ");
  EXPECT_EQ(outcome(), "read");
}

TEST_F(NamedRootTest, ADocumentsRootIsThatOfItsPublishersWithoutOne) {
  write_root("user/roots/acme.json");
  const std::string bob = R"({"name":"bob","issuer":"https://accounts.example.com",)"
                          R"("subject":"bob@example.com","root":"public-good"})";
  write_user_policy(policy_with(alice("") + "," + bob, R"(,"root":"acme")"));
  EXPECT_EQ(discovered(), "acme public-good ");
  const auto policy = discover(places());
  ASSERT_TRUE(policy.has_value());
  const auto publishers = policy->publishers();
  EXPECT_EQ(std::get<KeylessPublisher>(publishers[0]->who).root, "acme");
  EXPECT_EQ(std::get<KeylessPublisher>(publishers[1]->who).root, "public-good");
}

TEST_F(NamedRootTest, ANameThatLeadsNowhereRefusesThePolicy) {
  write_user_policy(policy_with(alice("acme")));
  const std::string said = discovered();
  EXPECT_NE(said.find("user/trust-policy.json: its publisher \"alice\""), std::string::npos)
      << said;
  EXPECT_NE(said.find("there is no trusted root \"acme\""), std::string::npos) << said;
}

TEST_F(NamedRootTest, AProjectsPublishersThatDoNotCountNameNothing) {
  directory.write("tree/trust-policy.json", policy_with(alice("acme")));
  write_root("tree/roots/acme.json");
  EXPECT_EQ(discovered(), "");
}

TEST_F(NamedRootTest, AFileOfTheProjectIsNeverARoot) {
  const crypto::PrivateKey key = test::make_key();
  directory.write("user/trust/me.pub", key.public_key().spki_pem());
  const std::string project = directory.write("tree/trust-policy.json", policy_with(alice("acme")));
  write_root("tree/roots/acme.json");
  write_root("tree/acme.json");
  test::sign(key, project, attest::Purpose::TrustPolicy);
  EXPECT_NE(discovered().find("there is no trusted root \"acme\""), std::string::npos)
      << discovered();
  write_root("user/roots/acme.json");
  EXPECT_EQ(discovered(), "acme ");
}

TEST_F(NamedRootTest, ALayerCannotNameAnotherRootForAPublisherAboveIt) {
  const crypto::PrivateKey key = test::make_key();
  directory.write("user/trust/me.pub", key.public_key().spki_pem());
  write_root("user/roots/acme.json");
  write_root("user/roots/evil.json");
  write_user_policy(policy_with(alice("acme")));
  for (const std::string_view other : {"evil", ""}) {
    const std::string project =
        directory.write("tree/trust-policy.json", policy_with(alice(other)));
    test::sign(key, project, attest::Purpose::TrustPolicy);
    EXPECT_NE(discovered().find("is another than that of"), std::string::npos) << discovered();
  }
}

TEST_F(NamedRootTest, AProjectsRootIsNotThatOfTheLayersAbove) {
  const crypto::PrivateKey key = test::make_key();
  directory.write("user/trust/me.pub", key.public_key().spki_pem());
  write_root("user/roots/evil.json");
  write_user_policy(policy_with(alice("")));
  const std::string project =
      directory.write("tree/trust-policy.json", policy_with("", R"(,"root":"evil")"));
  test::sign(key, project, attest::Purpose::TrustPolicy);
  EXPECT_EQ(discovered(), "");
  const auto policy = discover(places());
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(std::get<KeylessPublisher>(policy->publishers().back()->who).root, "");
}

TEST_F(NamedRootTest, ALockedSystemShutsOutWhatTheUserNames) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make a system policy";
  }
  directory.write("etc/trust-policy.json", policy_with("", R"(,"lock":true)"));
  write_user_policy(policy_with(alice("gone")));
  EXPECT_EQ(discovered(), "");
}

TEST_F(NamedRootTest, TheSystemsNameIsNotFilledByTheUser) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make a system policy";
  }
  directory.write("etc/trust-policy.json", policy_with(alice("acme")));
  write_root("user/roots/acme.json");
  EXPECT_NE(discovered().find("there is no trusted root \"acme\" of the system"), std::string::npos)
      << discovered();
}

TEST_F(NamedRootTest, ThereIsAnEndToThem) {
  std::string publishers;
  for (std::size_t i = 0; i <= kMaxNamedRoots; ++i) {
    const std::string name = "r" + std::to_string(i);
    write_root("user/roots/" + name + ".json");
    publishers +=
        (i == 0 ? "" : ",") + std::string(R"({"name":")") + name +
        R"(","issuer":"https://accounts.example.com","subject":"a@example.com","root":")" + name +
        "\"}";
  }
  write_user_policy(policy_with(publishers));
  EXPECT_NE(discovered().find("more than 16 trusted roots are named"), std::string::npos)
      << discovered();
}

TEST_F(NamedRootTest, AFileOrADirectoryThatOthersCanWriteIsNotRead) {
  const std::string path = write_root("user/roots/acme.json");
  write_user_policy(policy_with(alice("acme")));
  ASSERT_EQ(outcome(), "read");
  for (const std::string& part : {path, std::string(directory_name(path))}) {
    struct stat before{};
    ASSERT_EQ(::stat(part.c_str(), &before), 0);
    ASSERT_EQ(::chmod(part.c_str(), before.st_mode | 0022), 0);
    EXPECT_NE(outcome().find("can be written by others"), std::string::npos) << part;
    ASSERT_EQ(::chmod(part.c_str(), before.st_mode), 0);
  }
}

TEST_F(NamedRootTest, OneThatIsNoRootIsRefusedWhenItIsAskedFor) {
  directory.write("user/roots/acme.json", "{}");
  write_user_policy(policy_with(alice("acme")));
  EXPECT_EQ(discovered(), "acme ");
  EXPECT_NE(outcome().find("user/roots/acme.json"), std::string::npos) << outcome();
}

}  // namespace
}  // namespace nono::trustpolicy
