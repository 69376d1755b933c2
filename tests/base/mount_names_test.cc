// tests/base/mount_names_test.cc
#include "base/mount_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nono {
namespace {

using Names = std::vector<std::string>;

constexpr const char* kDisks =
    "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "21 20 8:2 / /home rw - ext4 /dev/sda2 rw\n"
    "22 20 0:5 / /proc rw - proc proc rw\n";

// names_of lists them as text; a `+` marks what is a part only.
Names names_of(const std::string& more, const std::string& path) {
  Names out;
  for (const MountNames::Name& name :
       MountNames::from_table(std::string(kDisks) + more, 20).of(path)) {
    out.push_back(name.path + (name.part ? "+" : ""));
  }
  return out;
}

TEST(MountNamesTest, WithoutASecondMountThereIsNoOtherName) {
  for (const char* path : {"/", "/home", "/home/u/.ssh", "/etc", "/proc"}) {
    EXPECT_EQ(names_of("", path), Names()) << path;
  }
}

TEST(MountNamesTest, ABindOfADirectoryNamesWhatIsInItAndWhatItIsIn) {
  const std::string bind = "30 20 8:2 /u /data rw - ext4 /dev/sda2 rw\n";
  EXPECT_EQ(names_of(bind, "/data"), Names({"/home/u"}));
  EXPECT_EQ(names_of(bind, "/data/.ssh/id"), Names({"/home/u/.ssh/id"}));
  EXPECT_EQ(names_of(bind, "/home/u/x"), Names({"/data/x"}));
  EXPECT_EQ(names_of(bind, "/home"), Names({"/data+"}));
  EXPECT_EQ(names_of(bind, "/home/other"), Names());
  EXPECT_EQ(names_of(bind, "/srv"), Names());
}

TEST(MountNamesTest, ABindOfAFileIsThatFile) {
  EXPECT_EQ(names_of("30 20 8:2 /u/.ssh/id /x/key rw - ext4 /dev/sda2 rw\n", "/x/key"),
            Names({"/home/u/.ssh/id"}));
}

TEST(MountNamesTest, WhatIsMountedBelowIsAPart) {
  const std::string bind = "30 20 8:2 /u/.ssh /proj/a/b rw - ext4 /dev/sda2 rw\n";
  EXPECT_EQ(names_of(bind, "/proj"), Names({"/home/u/.ssh+"}));
  EXPECT_EQ(names_of(bind, "/proj/a/c"), Names());
}

TEST(MountNamesTest, WhatIsMountedBelowAnotherNameIsAPartToo) {
  EXPECT_EQ(names_of("30 20 8:1 /proj /data rw - ext4 /dev/sda1 rw\n"
                     "31 30 8:2 /u /data/in rw - ext4 /dev/sda2 rw\n",
                     "/proj"),
            Names({"/data", "/home/u+", "/data/in+"}));
}

TEST(MountNamesTest, AMountThatIsHiddenByAnotherNamesNothing) {
  const std::string bind = "30 20 8:2 /u/.ssh /proj/a rw - ext4 /dev/sda2 rw\n";
  EXPECT_EQ(names_of(bind + "31 20 0:9 / /proj rw - tmpfs none rw\n", "/proj"), Names());
  EXPECT_EQ(names_of(bind + "31 30 0:9 / /proj/a rw - tmpfs none rw\n", "/proj"), Names());
}

TEST(MountNamesTest, BlanksInNamesAreUndone) {
  EXPECT_EQ(names_of("30 20 8:2 /u/a\\040b /da\\011ta rw - ext4 /dev/sda2 rw\n", "/da\tta/x"),
            Names({"/home/u/a b/x"}));
}

TEST(MountNamesTest, RootsOfNfsAreNotBelieved) {
  const std::string shares =
      "30 20 0:40 / /nonexistent/a rw - nfs4 server:/a rw\n"
      "31 20 0:40 / /nonexistent/b rw - nfs4 server:/b rw\n";
  EXPECT_EQ(names_of(shares, "/nonexistent/a"), Names());
}

TEST(MountNamesTest, LinesThatAreNoMountsOfFilesAreLeftOut) {
  EXPECT_EQ(names_of("\nx\n30 20 0:4 net:[4026531840] /run/n rw - nsfs nsfs rw\n", "/run"),
            Names());
}

TEST(MountNamesTest, WithoutANumberTheRootIsWhatLiesThere) {
  const std::string bind = "30 20 8:2 /u /data rw - ext4 /dev/sda2 rw\n";
  const auto names = MountNames::from_table(kDisks + bind, 0).of("/data");
  ASSERT_EQ(names.size(), 1u);
  EXPECT_EQ(names[0].path, "/home/u");
}

TEST(MountNamesTest, TheTableOfThisProcessIsRead) {
  EXPECT_TRUE(MountNames::read());
}

}  // namespace
}  // namespace nono
