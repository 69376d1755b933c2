// tests/sandbox/mount_view_test.cc: what a view shows, and what it does to the mounts outside.
#include "sandbox/mount_view.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "sandbox/broker_hidden.h"
#include "sandbox/confinement.h"
#include "sandbox/own_namespaces.h"
#include "tests/sandbox/children.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox::testing {
namespace {

constexpr int kNotSo = 200;  // no errno

bool there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string first_line(const std::string& path) {
  std::string out;
  std::ifstream file(path);
  std::getline(file, out);
  return out;
}

std::string link_text(const std::string& path) {
  std::array<char, 4096> text{};
  const ssize_t got = ::readlink(path.c_str(), text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

std::size_t mounts_here() {
  std::ifstream table("/proc/self/mountinfo");
  std::size_t out = 0;
  for (std::string line; std::getline(table, line);) {
    ++out;
  }
  return out;
}

class MountViewTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && ::geteuid() != 0) {
      GTEST_SKIP() << "only root becomes somebody else";
    }
    if (inside(MountView(), [] { return 0; }) != 0) {
      GTEST_SKIP() << "no mount namespace can be made here";
    }
    for (const char* name : {"granted", "granted/below", "other", "partly", "partly/in", "start"}) {
      tree_.directory(name);
      ::chmod(at(name).c_str(), 0777);
    }
    for (const char* name :
         {"granted/file", "granted/below/file", "other/secret", "partly/file", "partly/hidden"}) {
      tree_.file(name, "text", 0644);
    }
    ::chmod(at(".").c_str(), 0755);
  }
  std::string at(const std::string& name) const { return tree_.path(name); }
  void grant(const std::string& name) {
    EXPECT_TRUE(set_.allow_path(at(name), Access::read(), "test"));
  }
  void link(const std::string& text, const std::string& name) const {
    EXPECT_EQ(::symlink(text.c_str(), at(name).c_str()), 0);
  }
  MountView view(const std::vector<std::string>& places = {}) const {
    return MountView::of(set_, places);
  }
  // inside runs `body` in the view; what it returns.
  template <typename Body>
  static int inside(const MountView& view, Body body) {
    return in_child([&] {
      if (GetParam() && become_nobody() != 0) {
        return 100;
      }
      ::prctl(PR_SET_DUMPABLE, 1);  // lost with root; a process maps its own ids only if it is
      if (unshare_as_oneself(CLONE_NEWNS) != 0) {
        return 101;
      }
      const int failed = view.enter();
      return failed != 0 ? failed : body();
    });
  }
  // expect_in states what is true in the view.
  template <typename Body>
  static void expect_in(const MountView& view, Body body) {
    EXPECT_EQ(inside(view, [&] { return body() ? 0 : kNotSo; }), 0);
  }
  TemporaryTree tree_;
  CapabilitySet set_;
};

TEST_P(MountViewTest, OneOfNothingIsAnEmptyRoot) {
  expect_in(MountView(), [] {
    return there("/") && !there("/usr") && !there("/proc") && !there("/etc") && !there("/tmp");
  });
}

TEST_P(MountViewTest, WhatIsGrantedIsThereAndNothingBesideIt) {
  grant("granted");
  EXPECT_TRUE(there(at("other/secret")));  // the control
  expect_in(view(), [this] {
    return first_line(at("granted/below/file")) == "text" && !there(at("other")) &&
           !there(at("partly")) && !there("/usr");
  });
}

TEST_P(MountViewTest, AFileIsThereWithoutItsNeighbours) {
  grant("partly/file");
  expect_in(view(), [this] {
    return first_line(at("partly/file")) == "text" && !there(at("partly/hidden")) &&
           !there(at("partly/in"));
  });
}

TEST_P(MountViewTest, WhatLiesWithinAGrantIsOfTheSameMount) {
  grant("granted/below");
  grant("granted/file");
  grant("granted");
  expect_in(view(), [this] {
    return ::link(at("granted/file").c_str(), at("granted/below/twin").c_str()) == 0 ||
           errno == EPERM || errno == EACCES;  // of another user's file; EXDEV were the fault
  });
}

TEST_P(MountViewTest, PlacesAreThereAndEmpty) {
  grant("granted");
  expect_in(view({at("other"), at("start/none")}), [this] {
    return there(at("other")) && !there(at("other/secret")) && !there(at("start/none"));
  });
}

TEST_P(MountViewTest, LinksToWhatIsGrantedStayAsTheyAre) {
  link("granted/below", "relative");
  link(at("granted"), "absolute");
  link("other", "elsewhere");
  link("nowhere", "dangling");
  grant("granted");
  expect_in(view(), [this] {
    return first_line(at("relative/file")) == "text" &&
           link_text(at("relative")) == "granted/below" &&
           first_line(at("absolute/file")) == "text" && !there(at("elsewhere")) &&
           !there(at("dangling"));
  });
}

TEST_P(MountViewTest, LinksOverOtherLinksLeadWhereTheyLed) {
  link("second/below", "first");
  link("granted", "second");
  link("round2", "round1");
  link("round1", "round2");
  link("other/x", "hidden");
  grant("granted");
  expect_in(view(), [this] {
    return first_line(at("first/file")) == "text" && !there(at("round1")) && !there(at("hidden"));
  });
}

TEST_P(MountViewTest, TheWayThatAGrantWasNamedByIsThere) {
  link("../granted", "other/way");
  EXPECT_TRUE(set_.allow_path(at("other/way/below"), Access::read(), "test"));
  expect_in(view({at("other/way")}), [this] {
    return first_line(at("other/way/below/file")) == "text" && !there(at("other/secret")) &&
           !there(at("granted/file"));
  });
}

TEST_P(MountViewTest, LinksInARoundEnd) {
  link("round2", "round1");
  link("round1", "round2");
  grant("granted");
  expect_in(view({at("round1/x")}), [this] { return there(at("granted/file")); });
}

// A directory that anybody may write to (/tmp) can be filled with links that lead into each other.
TEST_P(MountViewTest, ChainsOfMoreLinksThanTheKernelFollowsAreLeftOut) {
  const auto name = [](int number) { return "l" + std::to_string(100 + number); };
  constexpr int kLinks = 60;
  for (int number = 0; number < kLinks; ++number) {
    link(number + 1 < kLinks ? name(number + 1) : "granted", name(number));
  }
  grant("granted");
  EXPECT_FALSE(view().shows(at(name(0))));
  EXPECT_TRUE(view().shows(at(name(kLinks - 40))));
  // A walk that others' mounts disturb begins anew, twice at most, and the kernel then counts the
  // links of all three: an open through 13 never has more than 40, one through 40 may fail.
  expect_in(view(), [&] { return first_line(at(name(kLinks - 13) + "/file")) == "text"; });
}

TEST_P(MountViewTest, AnotherObjectInTheGrantsPlaceIsNotMounted) {
  grant("granted");
  const MountView planned = view();
  ASSERT_EQ(::rename(at("granted").c_str(), at("away").c_str()), 0);
  ASSERT_EQ(::rename(at("other").c_str(), at("granted").c_str()), 0);
  EXPECT_EQ(inside(planned, [] { return 0; }), ESTALE);
}

TEST_P(MountViewTest, AGrantThatIsGoneEndsTheAttempt) {
  grant("granted");
  const MountView planned = view();
  ASSERT_EQ(::rename(at("granted").c_str(), at("away").c_str()), 0);
  EXPECT_EQ(inside(planned, [] { return 0; }), ENOENT);
}

TEST_P(MountViewTest, NothingIsMountedOutside) {
  grant("granted");
  const std::size_t before = mounts_here();
  expect_in(view(), [] { return true; });
  EXPECT_EQ(mounts_here(), before);
}

TEST_P(MountViewTest, ShowsAnswersAsTheViewDoes) {
  grant("granted");
  const MountView planned = view({at("start")});
  for (const char* name : {"granted", "granted/below/none", "start"}) {
    EXPECT_TRUE(planned.shows(at(name))) << name;
  }
  for (const char* name : {"other", "start/x", "granted2", "partly/file"}) {
    EXPECT_FALSE(planned.shows(at(name))) << name;
  }
  EXPECT_TRUE(planned.shows("/"));
}

INSTANTIATE_TEST_SUITE_P(Users, MountViewTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& row) {
                           return row.param ? "Nobody" : "Self";
                         });

TEST(TryOwnMountsTest, ItSaysWhetherAViewCanBeEntered) {
  const int said = try_own_mounts();
  const int done = in_child([] {
    const int unshared = unshare_as_oneself(CLONE_NEWNS);
    return unshared != 0 ? unshared : MountView().enter();
  });
  EXPECT_EQ(said, done);
}

TEST(IsThereTest, WhatLiesThereIsAndWhatALinkLeadsToIsNot) {
  TemporaryTree tree;
  tree.directory("d");
  tree.file("d/file", "text");
  ASSERT_EQ(::symlink("d", tree.path("link").c_str()), 0);
  EXPECT_TRUE(is_there(tree.path("d")));
  EXPECT_TRUE(is_there(tree.path("d/file")));
  EXPECT_TRUE(is_there(tree.path("link")));
  EXPECT_FALSE(is_there(tree.path("none")));
  EXPECT_FALSE(is_there(tree.path("d/file/none")));
  EXPECT_FALSE(is_there(tree.path("link/file")));
}

}  // namespace
}  // namespace nono::sandbox::testing
