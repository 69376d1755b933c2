// tests/trustpolicy/root_test.cc: which trusted root judges certificates, and who may say so.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "attest/trusted_root.h"
#include "tests/trustpolicy/support.h"
#include "trustpolicy/discover.h"

namespace nono::trustpolicy {
namespace {

class RootTest : public testing::Test {
 protected:
  Places places() const {
    return {.system_policy = directory.at("etc/trust-policy.json"),
            .system_root = directory.at("etc/trusted_root.json"),
            .user_directory = directory.at("user"),
            .home = directory.at("home"),
            .working_directory = {},
            .explicit_policy = std::nullopt};
  }
  std::string chosen(bool locked = false) const {
    const auto which = which_root(places(), locked);
    return which ? which->path : "error";
  }
  std::string write(std::string_view name) const {
    return directory.write(name, attest::embedded_root().text);
  }
  // What the source says when a certificate asks.
  std::string outcome(const WhichRoot& which) const {
    const auto source = root_source(which);
    const auto root = source->get();
    return root ? (*root == nullptr ? "none" : "read") : root.error().message();
  }
  test::TempDir directory;
};

TEST_F(RootTest, WithoutAFileItIsTheEmbeddedOne) {
  EXPECT_EQ(chosen(), "");
  EXPECT_EQ(outcome({}), "read");
}

TEST_F(RootTest, TheSystemsComesBeforeTheUsers) {
  const std::string user = write("user/trusted_root.json");
  EXPECT_EQ(chosen(), user);
  const std::string system = write("etc/trusted_root.json");
  EXPECT_EQ(chosen(), system);
}

TEST_F(RootTest, ALockedSystemPolicyShutsTheUsersOut) {
  write("user/trusted_root.json");
  EXPECT_EQ(chosen(true), "");
  const std::string system = write("etc/trusted_root.json");
  EXPECT_EQ(chosen(true), system);
}

TEST_F(RootTest, TheOneInUseIsThatOfTheSystemsLock) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make a system policy";
  }
  const std::string user = write("user/trusted_root.json");
  const auto used = [&] {
    const auto which = root_in_use(places());
    return which ? which->path : which.error().message();
  };
  EXPECT_EQ(used(), user);
  const std::string_view policy =
      R"({"version":1,"includes":["CLAUDE*"],"publishers":[],"enforcement":"deny","lock":)";
  directory.write("etc/trust-policy.json", std::string(policy) + "false}");
  EXPECT_EQ(used(), user);
  directory.write("etc/trust-policy.json", std::string(policy) + "true}");
  EXPECT_EQ(used(), "");
  directory.write("etc/trust-policy.json", "{");
  EXPECT_NE(used().find("trust-policy.json"), std::string::npos) << used();
}

TEST_F(RootTest, ADanglingLinkIsThereAndIsRefused) {
  directory.make_directory("user", 0700);
  const std::string path = directory.at("user/trusted_root.json");
  ASSERT_EQ(::symlink("nowhere", path.c_str()), 0);
  EXPECT_EQ(chosen(), path);
  EXPECT_NE(outcome({.path = path}), "read");
}

TEST_F(RootTest, AFileThatOthersCanWriteIsRefused) {
  const std::string path = write("user/trusted_root.json");
  ASSERT_EQ(outcome({.path = path}), "read");
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  EXPECT_NE(outcome({.path = path}).find(path), std::string::npos);
}

TEST_F(RootTest, TheSystemsMustBeRoots) {
  if (::geteuid() == 0) {
    const std::string path = write("etc/trusted_root.json");
    ASSERT_EQ(outcome({.path = path, .owned_by_root_only = true}), "read");
    ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
    EXPECT_NE(outcome({.path = path, .owned_by_root_only = true}), "read");
  } else {
    const std::string path = write("etc/trusted_root.json");
    EXPECT_NE(outcome({.path = path, .owned_by_root_only = true}), "read");
  }
}

TEST_F(RootTest, AFileThatIsNoRootIsRefusedWhenItIsAskedFor) {
  const std::string path = directory.write("user/trusted_root.json", "{}");
  const auto policy = discover(places());
  ASSERT_TRUE(policy.has_value()) << policy.error().message();
  EXPECT_FALSE(policy->root().get().has_value());
  EXPECT_NE(outcome({.path = path}).find(path), std::string::npos);
}

TEST_F(RootTest, AMergedPolicyWithoutARootHasNone) {
  const Policy policy = Policy::merge({}, {});
  const auto root = policy.root().get();
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(*root, nullptr);
}

}  // namespace
}  // namespace nono::trustpolicy
