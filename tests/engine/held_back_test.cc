#include "engine/held_back.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/mountinfo.h"
#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using profile::GrantUse;
using testing::must;

class HeldBackTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    make_directory(user_.home + "/.ssh");
    make_directory(user_.home + "/.ssh/deep");
    key_ = user_.home + "/.ssh/id_rsa";
    for (const std::string& path :
         {key_, user_.home + "/.ssh/deep/key", user_.home + "/.ssh/known_hosts", in("plain")}) {
      must(replace_file(path, "text", 0600));
    }
    list_.emplace(must(profile::NeverGrantList::for_places({.home = user_.home,
                                                            .config_home = "",
                                                            .data_home = "",
                                                            .state_home = "",
                                                            .runtime_directory = ""})));
  }
  std::string why(const std::string& path, GrantUse use = GrantUse::Reading) const {
    const OwnedFd object = open_as(path, O_PATH);
    return HeldBack(*list_).why(object, path, use).value_or("");
  }
  std::string why_made(const std::string& directory, const std::string& name) const {
    const OwnedFd object = open_as(directory, O_PATH);
    return HeldBack(*list_).why(object, directory + "/" + name, GrantUse::Writing).value_or("");
  }

  // Where a mount shows a part of its file system (a subvolume, a container's volume), a file with
  // one name can have another place.
  static bool mount_is_whole(const std::string& path) {
    struct statx status{};
    const std::string table = must(read_mountinfo());
    const auto lines = mount_lines(table);
    return ::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &status) == 0 &&
           std::ranges::any_of(lines, [&](const MountLine& line) {
             return line.id == std::to_string(status.stx_mnt_id) && line.root == "/";
           });
  }

  std::string key_;
  std::optional<profile::NeverGrantList> list_;
};

TEST_F(HeldBackTest, APlainFileIsNot) {
  EXPECT_EQ(why(in("plain")), "");
  EXPECT_EQ(why(in("plain"), GrantUse::Writing), "");
  EXPECT_EQ(why_made(tree_, "new"), "");
}

TEST_F(HeldBackTest, WhatLiesBeneathAnEntryIsWithItsReason) {
  EXPECT_NE(why(key_).find(".ssh (SSH keys"), std::string::npos) << why(key_);
  EXPECT_NE(why(user_.home + "/.ssh/deep/key"), "");
  EXPECT_NE(why_made(user_.home + "/.ssh", "authorized_keys"), "");
  EXPECT_NE(why_made(user_.home + "/.ssh/deep", "x"), "");
}

TEST_F(HeldBackTest, WhatTheListLeavesReadableIsHeldBackForWritingOnly) {
  EXPECT_EQ(why(user_.home + "/.ssh/known_hosts"), "");
  EXPECT_NE(why(user_.home + "/.ssh/known_hosts", GrantUse::Writing), "");
}

TEST_F(HeldBackTest, ASecondNameElsewhereIsFound) {
  for (const std::string& from : {key_, user_.home + "/.ssh/deep/key"}) {
    const std::string second = in("second");
    ASSERT_EQ(::link(from.c_str(), second.c_str()), 0);
    EXPECT_NE(why(second), "") << from;
    ASSERT_EQ(::unlink(second.c_str()), 0);
  }
}

TEST_F(HeldBackTest, ASecondNameOfSomethingElseIsNot) {
  ASSERT_EQ(::link(in("plain").c_str(), in("other").c_str()), 0);
  EXPECT_EQ(why(in("plain")), "");
}

TEST_F(HeldBackTest, WhatIsNotWhereItWasIsHeldBack) {
  const OwnedFd object = open_as(in("plain"), O_PATH);
  ASSERT_EQ(::rename(in("plain").c_str(), in("moved").c_str()), 0);
  EXPECT_TRUE(HeldBack(*list_).why(object, in("plain"), GrantUse::Reading));
  write("plain", "another");
  EXPECT_TRUE(HeldBack(*list_).why(object, in("plain"), GrantUse::Reading));
  EXPECT_FALSE(HeldBack(*list_).why(object, in("moved"), GrantUse::Reading));
}

TEST_F(HeldBackTest, APathThatIsNoneIsHeldBack) {
  const OwnedFd object = open_as(in("plain"), O_PATH);
  for (const char* path : {"", "plain", "memfd:x (deleted)"}) {
    EXPECT_TRUE(HeldBack(*list_).why(object, path, GrantUse::Reading)) << path;
  }
}

TEST_F(HeldBackTest, TooManyEntriesToCompareAreHeldBack) {
  for (std::size_t i = 0; i <= HeldBack::kMaxLooked; ++i) {
    const std::string name = user_.home + "/.ssh/deep/" + std::to_string(i);
    ASSERT_EQ(::symlink("x", name.c_str()), 0);
  }
  EXPECT_EQ(why(in("plain")).empty(), mount_is_whole(in("plain")));  // one name: nothing to compare
  ASSERT_EQ(::link(in("plain").c_str(), in("other").c_str()), 0);
  EXPECT_NE(why(in("plain")).find("too many"), std::string::npos);
}

}  // namespace
}  // namespace nono::engine
