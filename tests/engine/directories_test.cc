// tests/engine/directories_test.cc: the user's directories from the environment.
#include "engine/directories.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/home_links.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::engine {
namespace {

constexpr std::array kVariables = {
    "HOME",       "XDG_CONFIG_HOME",   "XDG_STATE_HOME",      "CLAUDE_CONFIG_DIR",
    "CODEX_HOME", "GIT_CONFIG_GLOBAL", "OPENCODE_CONFIG_DIR", "ZDOTDIR"};

class DirectoriesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : kVariables) {
      if (const char* value = std::getenv(name)) {
        old_[name] = value;
      }
      ::unsetenv(name);
    }
  }
  void TearDown() override {
    for (const char* name : kVariables) {
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

TEST_F(DirectoriesTest, TheHomeOfAUserIsReadFromAPasswdFile) {
  const std::string_view passwd =
      "root:x:0:0:root:/root:/bin/bash\n"
      "\n# a comment: of: no: use:/at:/all\n+\n"
      "short:x:7:7:\n"
      "seven:x:7:7:,,,:/home//seven/:/bin/sh\n"
      "second:x:7:7::/home/second:/bin/sh\n"
      "none:x:8:8:::\n"
      "relative:x:9:9::home/nine:\n"
      "70:x:77:7::/home/seventy:/bin/sh\n"
      "last:x:10:10::/home/last";
  const std::map<uid_t, std::string> expected = {
      {0, "/root"}, {7, "/home/seven"}, {8, ""}, {9, ""}, {10, "/home/last"}, {70, ""}, {1, ""}};
  for (const auto& [uid, home] : expected) {
    EXPECT_EQ(home_in_passwd(passwd, uid), home) << uid;
  }
  EXPECT_EQ(home_in_passwd("", 0), "");
}

TEST_F(DirectoriesTest, WithoutHomeThatOfTheUserAloneIsProtected) {
  const UserDirectories user{.home = "/h", .config = "/h/.config/nono", .state = "/h/s"};
  EXPECT_EQ(protected_places(user).home, "/h");
  EXPECT_EQ(protected_places(user).other_home, "");
  ::setenv("HOME", "/elsewhere", 1);
  EXPECT_EQ(protected_places(user).home, "/elsewhere");
}

TEST_F(DirectoriesTest, WriteDenyNamesHoldWhereverAHomeIs) {
  const std::string link = "/proc/self/cwd";
  const std::string real = std::filesystem::current_path();
  const auto places = [](const std::string& home, const char* config) {
    ::setenv("HOME", home.c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", config, 1);
    std::set<std::pair<std::string, std::string>> out;
    for (const sandbox::HomePlace& place : home_places({.home = home, .config = "", .state = ""})) {
      out.emplace(place.path, place.stands_for);
    }
    return out;
  };
  const auto linked = places(link, "/no/such//cfg");
  EXPECT_TRUE(linked.contains({link, ""}));
  EXPECT_TRUE(linked.contains({real, ""}));
  EXPECT_TRUE(linked.contains({"/no/such/cfg", ".config/"}));
  EXPECT_TRUE(places(real, real.c_str()).contains({real, ".config/"}));
  for (const char* unset : {"", "relative"}) {
    for (const auto& [path, stands_for] : places(real, unset)) {
      EXPECT_EQ(stands_for, "") << path;
    }
  }
}

// LinkedHome is a home with links, and what they lead to.
class LinkedHome : public ::testing::Test {
 protected:
  LinkedHome() : home_(tree_.path("home")), dot_(tree_.path("dot")) {
    tree_.directory("home");
    tree_.directory("dot");
    tree_.directory("dot/claude");
    tree_.directory("home/.config");
    tree_.directory("home/.config/fish");
    tree_.directory("home/.husky");
    for (const char* name : {"dot/bashrc", "dot/fish", "dot/claude/real.json", "home/.zshrc"}) {
      tree_.file(name, "x", 0600);
    }
    link("../dot/bashrc", ".bashrc");
    link(dot_ + "/claude", ".claude");
    link("real.json", ".claude/settings.json");
    link("../../../dot/fish", ".config/fish/config.fish");
    link("../dot/none/../later", ".profile");
    link("/dev/null", ".zlogout");
    link("../dot/claude", ".zlogin");
    link("../dot/bashrc", ".codex");
    link(".bash_login", ".bash_login");
    link("../../dot/bashrc", ".husky/pre-commit");
  }
  void link(const std::string& text, const std::string& name) const {
    EXPECT_EQ(::symlink(text.c_str(), (home_ + "/" + name).c_str()), 0) << name;
  }
  sandbox::testing::TemporaryTree tree_;
  std::string home_;
  std::string dot_;
};

TEST_F(LinkedHome, PlacesAreWhereLinksLead) {
  std::map<std::string, std::string> out;
  for (const sandbox::HomePlace& place : linked_places(home_)) {
    EXPECT_FALSE(out.contains(std::string(place.stands_for))) << place.stands_for;
    out[std::string(place.stands_for)] = place.path;
  }
  const std::string itself = out[".bash_login"];  // wherever that is
  EXPECT_EQ(out, (std::map<std::string, std::string>{
                     {".bashrc", dot_ + "/bashrc"},
                     {".claude/", dot_ + "/claude"},
                     {".claude/settings.json", dot_ + "/claude/real.json"},
                     {".config/fish/config.fish", dot_ + "/fish"},
                     {".profile", dot_ + "/later"},
                     {".bash_login", itself}}));
  EXPECT_TRUE(linked_places(home_ + "/none").empty());
}

TEST_F(DirectoriesTest, VariablesPutPlacesOfAHomeElsewhere) {
  const std::map<std::string, std::string> variables = {{"CLAUDE_CONFIG_DIR", "/v/claude"},
                                                        {"CODEX_HOME", "/v/codex/"},
                                                        {"GIT_CONFIG_GLOBAL", "/v/git"},
                                                        {"OPENCODE_CONFIG_DIR", "/v/open"},
                                                        {"ZDOTDIR", "/v/zsh"}};
  for (const auto& [name, value] : variables) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  std::set<std::pair<std::string, std::string>> out;
  for (const sandbox::HomePlace& place : home_places({.home = "/h", .config = "", .state = ""})) {
    if (place.path.starts_with("/v/")) {
      out.emplace(place.path, place.stands_for);
    }
  }
  EXPECT_EQ(out, (std::set<std::pair<std::string, std::string>>{{"/v/claude", ".claude/"},
                                                                {"/v/codex", ".codex/"},
                                                                {"/v/git", ".gitconfig"},
                                                                {"/v/open", ".opencode/"},
                                                                {"/v/zsh/.zlogin", ".zlogin"},
                                                                {"/v/zsh/.zlogout", ".zlogout"},
                                                                {"/v/zsh/.zprofile", ".zprofile"},
                                                                {"/v/zsh/.zshenv", ".zshenv"},
                                                                {"/v/zsh/.zshrc", ".zshrc"}}));
}

TEST_F(DirectoriesTest, DevicesAreNoFilesOfAHome) {
  ::setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
  for (const sandbox::HomePlace& place : home_places({.home = "/h", .config = "", .state = ""})) {
    EXPECT_NE(place.path, "/dev/null");
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
