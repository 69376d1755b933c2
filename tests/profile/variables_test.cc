// tests/profile/variables_test.cc
#include "profile/variables.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace nono::profile {
namespace {

Variables sample() {
  Variables out;
  out.home = "/home/u";
  out.working_directory = "/work/p";
  out.config_home = "/home/u/.config";
  out.data_home = "/home/u/.local/share";
  out.state_home = "/home/u/.local/state";
  out.cache_home = "/cache";
  out.user = "u";
  out.uid = "1000";
  return out;
}

struct Case {
  const char* written;
  const char* path;  // null: refused; empty: of the session
};

class ExpandTest : public testing::TestWithParam<Case> {};

TEST_P(ExpandTest, AsItSays) {
  const auto path = expand_path(GetParam().written, sample());
  if (GetParam().path == nullptr) {
    EXPECT_FALSE(path) << path->value_or("(session)");
    return;
  }
  ASSERT_TRUE(path) << path.error().message();
  EXPECT_EQ(path->value_or(""), GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(
    All, ExpandTest,
    testing::Values(
        Case{"/a/b", "/a/b"}, Case{"/a//b/", "/a/b"}, Case{"/", "/"}, Case{"$HOME", "/home/u"},
        Case{"$HOME/x", "/home/u/x"}, Case{"~", "/home/u"}, Case{"~/x", "/home/u/x"},
        Case{"$CWD/build", "/work/p/build"}, Case{"$XDG_CONFIG_HOME/a", "/home/u/.config/a"},
        Case{"$XDG_DATA_HOME", "/home/u/.local/share"},
        Case{"$XDG_STATE_HOME/a", "/home/u/.local/state/a"}, Case{"$XDG_CACHE_HOME/a", "/cache/a"},
        Case{"$TMPDIR", ""}, Case{"$TMPDIR/a", ""}, Case{"$XDG_RUNTIME_DIR/a", ""},
        Case{"/srv/$USER/x", "/srv/u/x"}, Case{"/srv/a-$UID", "/srv/a-1000"},
        Case{"/srv/$USERS", "/srv/$USERS"}, Case{"/a/$HOME", "/a/$HOME"}, Case{"/a/*", "/a/*"},
        Case{"/a/$(id)", "/a/$(id)"}, Case{"", nullptr}, Case{".", nullptr}, Case{"a/b", nullptr},
        Case{"../a", nullptr}, Case{"/a/../b", nullptr}, Case{"/a/..", nullptr},
        Case{"$HOME/.config/../.ssh", nullptr}, Case{"$HOME$HOME", nullptr},
        Case{"$UNSET/x", nullptr}, Case{"${HOME}/x", nullptr}, Case{"$(id)", nullptr},
        Case{"%HOME%", nullptr}, Case{"~root/x", nullptr}, Case{"$USER/x", nullptr}));

TEST(VariablesTest, ValueIsNotExpandedAgain) {
  Variables variables = sample();
  variables.home = "/home/$USER";
  EXPECT_EQ(expand_path("$HOME/x", variables).value(), "/home/$USER/x");
}

TEST(VariablesTest, VariableWithoutValueIsAnError) {
  Variables variables = sample();
  variables.home.clear();
  variables.user.clear();
  EXPECT_FALSE(expand_path("$HOME/x", variables));
  EXPECT_FALSE(expand_path("/srv/$USER", variables));
}

TEST(VariablesTest, PathsOverTheLimitAreRefused) {
  EXPECT_FALSE(expand_path("/" + std::string(4096, 'a'), sample()));
  EXPECT_TRUE(expand_path("/" + std::string(4000, 'a'), sample()));
}

TEST(VariablesTest, EnvironmentGivesPlacesAndDefaults) {
  const std::array<const char*, 4> environment = {"XDG_CACHE_HOME=/c/", "XDG_DATA_HOME=relative",
                                                  "USER=u/../root", "XDG_CONFIG_HOME="};
  const Variables out = variables_from(environment, "/h", "/w");
  EXPECT_EQ(out.cache_home, "/c");
  EXPECT_EQ(out.data_home, "/h/.local/share");
  EXPECT_EQ(out.config_home, "/h/.config");
  EXPECT_EQ(out.user, "");
  EXPECT_EQ(out.working_directory, "/w");
}

}  // namespace
}  // namespace nono::profile
