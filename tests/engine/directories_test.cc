// tests/engine/directories_test.cc: the user's directories from the environment.
#include "engine/directories.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

namespace nono::engine {
namespace {

class DirectoriesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"}) {
      if (const char* value = std::getenv(name)) {
        old_[name] = value;
      }
      ::unsetenv(name);
    }
  }
  void TearDown() override {
    for (const char* name : {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"}) {
      ::unsetenv(name);
    }
    for (const auto& [name, value] : old_) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  std::map<std::string, std::string> old_;
};

TEST_F(DirectoriesTest, HomeGivesTheDefaults) {
  ::setenv("HOME", "/home/x/", 1);
  const auto found = find_user_directories();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->home, "/home/x");
  EXPECT_EQ(found->config, "/home/x/.config/nono");
  EXPECT_EQ(found->state, "/home/x/.local/state/nono");
  EXPECT_EQ(key_directory(*found), "/home/x/.config/nono/trust");
  EXPECT_EQ(user_policy_path(*found), "/home/x/.config/nono/trust-policy.json");
  EXPECT_EQ(audit_directory(*found), "/home/x/.local/state/nono/audit");
}

TEST_F(DirectoriesTest, XdgVariablesWin) {
  ::setenv("HOME", "/home/x", 1);
  ::setenv("XDG_CONFIG_HOME", "/c", 1);
  ::setenv("XDG_STATE_HOME", "/s", 1);
  const auto found = find_user_directories();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->config, "/c/nono");
  EXPECT_EQ(found->state, "/s/nono");
}

TEST_F(DirectoriesTest, RelativeValuesAreIgnored) {
  ::setenv("HOME", "/home/x", 1);
  ::setenv("XDG_CONFIG_HOME", "relative", 1);
  ::setenv("XDG_STATE_HOME", "", 1);
  const auto found = find_user_directories();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->config, "/home/x/.config/nono");
  EXPECT_EQ(found->state, "/home/x/.local/state/nono");
}

TEST_F(DirectoriesTest, WithoutHomeThePasswordDatabaseIsAsked) {
  const auto found = find_user_directories();
  // A user without an entry gets a clear error; one with an entry gets an absolute home.
  if (found) {
    EXPECT_TRUE(found->config.starts_with('/'));
  } else {
    EXPECT_EQ(found.error().kind(), ErrorKind::NotFound);
    EXPECT_FALSE(found.error().remedy().empty());
  }
}

TEST_F(DirectoriesTest, PlacesAreThoseOfTheUser) {
  const trustpolicy::Places places =
      policy_places({.home = "/h", .config = "/h/.config/nono", .state = "/h/s"}, "/w");
  EXPECT_EQ(places.user_directory, "/h/.config/nono");
  EXPECT_EQ(places.home, "/h");
  EXPECT_EQ(places.working_directory, "/w");
  EXPECT_FALSE(places.explicit_policy.has_value());
}

}  // namespace
}  // namespace nono::engine
