// tests/sandbox/subtree_test.cc: wide and deep trees, listed with few descriptors.
#include "sandbox/subtree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox {
namespace {

class SubtreeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit few = before_;
    few.rlim_cur = 100;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    top_ = OwnedFd(::open(tree_.path("").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { ::setrlimit(RLIMIT_NOFILE, &before_); }

  bool list() { return list_subtree(top_, found_); }
  // descend makes `levels` directories below each other, each beside `beside` others with a file.
  void descend(int levels, int beside) {
    OwnedFd at(::openat(BorrowedFd(top_).raw(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (int level = 0; level < levels; ++level) {
      for (int i = 0; i < beside; ++i) {
        const std::string name = "beside" + std::to_string(i);
        ASSERT_EQ(::mkdirat(BorrowedFd(at).raw(), name.c_str(), 0700), 0);
        ASSERT_EQ(::mknodat(BorrowedFd(at).raw(), (name + "/file").c_str(), S_IFREG | 0600, 0), 0);
      }
      ASSERT_EQ(::mkdirat(BorrowedFd(at).raw(), "down", 0700), 0);
      at = OwnedFd(::openat(BorrowedFd(at).raw(), "down", O_PATH | O_DIRECTORY | O_CLOEXEC));
      ASSERT_TRUE(at.valid());
    }
  }
  std::size_t different() const {
    std::set<std::string> names;
    for (const SubtreeEntry& entry : found_) {
      names.insert(entry.relative);
    }
    return names.size();
  }

  testing::TemporaryTree tree_;
  OwnedFd top_;
  std::vector<SubtreeEntry> found_;

 private:
  rlimit before_{};
};

TEST_F(SubtreeTest, MoreDirectoriesThanDescriptorsAreListed) {
  constexpr std::size_t kWide = 300;  // with 100 descriptors
  for (std::size_t i = 0; i < kWide; ++i) {
    ASSERT_EQ(::mkdirat(BorrowedFd(top_).raw(), std::to_string(i).c_str(), 0700), 0);
  }
  EXPECT_TRUE(list());
  EXPECT_EQ(different(), kWide);
}

TEST_F(SubtreeTest, AChainOfDirectoriesLongerThanAPathIsListed) {
  descend(2000, 0);
  EXPECT_TRUE(list());
  EXPECT_EQ(different(), 2000U);
}

TEST_F(SubtreeTest, DirectoriesThatAreComeBackToAreListed) {
  descend(300, 2);
  EXPECT_TRUE(list());
  EXPECT_EQ(different(), 1500U);
  EXPECT_EQ(found_.size(), 1500U);
}

TEST_F(SubtreeTest, LinksAreEntriesAndNoWay) {
  ASSERT_EQ(::symlinkat("/", BorrowedFd(top_).raw(), "link"), 0);
  EXPECT_TRUE(list());
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_.front().relative, "/link");
  EXPECT_TRUE(S_ISLNK(found_.front().status.st_mode));
}

TEST_F(SubtreeTest, ADirectoryThatCannotBeListedIsRefused) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root can list every directory";
  }
  ASSERT_EQ(::mkdirat(BorrowedFd(top_).raw(), "closed", 0), 0);
  EXPECT_FALSE(list());
}

TEST_F(SubtreeTest, TooManyEntriesAreRefused) {
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_EQ(::mknodat(BorrowedFd(top_).raw(), std::to_string(i).c_str(), S_IFREG | 0600, 0), 0);
  }
  EXPECT_TRUE(list());
  ASSERT_EQ(::mknodat(BorrowedFd(top_).raw(), "one more", S_IFREG | 0600, 0), 0);
  found_.clear();
  EXPECT_FALSE(list());
}

TEST_F(SubtreeTest, AHiddenNameIsFound) {
  tree_.file("plain", "text");
  tree_.file(".other", "text");
  struct stat object{};
  ASSERT_EQ(::stat(tree_.path("plain").c_str(), &object), 0);
  EXPECT_FALSE(holds_hidden(top_, object));
  ASSERT_EQ(::link(tree_.path("plain").c_str(), tree_.path(".hidden").c_str()), 0);
  EXPECT_TRUE(holds_hidden(top_, object));
  const OwnedFd unlisted(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  EXPECT_TRUE(holds_hidden(unlisted, object));
}

TEST_F(SubtreeTest, APathIsAsItIsListed) {
  tree_.directory("d");
  tree_.file("d/Name", "text");
  for (const std::string name : {"d/Name", "d/none", "D2/name"}) {
    EXPECT_EQ(listed_path(tree_.path(name)), tree_.path(name));
  }
  EXPECT_EQ(listed_path(tree_.path("d/\uff4eAME. ")), tree_.path("d/Name"));
}

}  // namespace
}  // namespace nono::sandbox
