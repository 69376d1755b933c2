#include "sandbox/birth.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox {
namespace {

OwnedFd at(const std::string& path) {
  return OwnedFd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

BirthTime born_at(const std::string& path) {
  const OwnedFd object = at(path);
  return birth_of({object});
}

void wait_a_tick() {
  const timespec tick{.tv_sec = 0, .tv_nsec = 20'000'000};
  ::nanosleep(&tick, nullptr);
}

class Birth : public ::testing::Test {
 protected:
  void SetUp() override {
    tree.file("first", "");
    if (born_at(tree.path("first")) == 0) {
      GTEST_SKIP() << "the file system of /tmp is none whose time of birth counts";
    }
  }
  testing::TemporaryTree tree;
};

TEST_F(Birth, IsTheSameByDescriptorAndByName) {
  const BirthTime born = born_at(tree.path("first"));
  const OwnedFd directory = at(tree.path(""));
  EXPECT_EQ(birth_of({directory, "first"}), born);
  EXPECT_EQ(birth_of({BorrowedFd::unowned(AT_FDCWD), tree.path("first").c_str()}), born);
}

TEST_F(Birth, StaysWhateverBecomesOfTheFile) {
  const OwnedFd first = at(tree.path("first"));
  const BirthTime born = birth_of({first});
  wait_a_tick();
  const timespec old[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, tree.path("first").c_str(), old, 0), 0);
  ASSERT_EQ(::rename(tree.path("first").c_str(), tree.path("then").c_str()), 0);
  ASSERT_EQ(::truncate(tree.path("then").c_str(), 10), 0);
  ASSERT_EQ(::chmod(tree.path("then").c_str(), 0644), 0);
  ASSERT_EQ(::unlink(tree.path("then").c_str()), 0);
  EXPECT_EQ(birth_of({first}), born);
}

TEST_F(Birth, OfALaterFileIsAnother) {
  const BirthTime born = born_at(tree.path("first"));
  wait_a_tick();
  tree.file("second", "");
  EXPECT_TRUE(born_apart(born, born_at(tree.path("second"))));
}

TEST_F(Birth, OfALinkIsItsOwn) {
  wait_a_tick();
  ASSERT_EQ(::symlink("first", tree.path("link").c_str()), 0);
  EXPECT_TRUE(born_apart(born_at(tree.path("first")),
                         birth_of({BorrowedFd::unowned(AT_FDCWD), tree.path("link").c_str()})));
}

TEST(UnknownBirth, IsThatOfProcNothingAndNoDescriptor) {
  EXPECT_EQ(born_at("/proc/self/status"), 0);
  EXPECT_EQ(born_at("/tmp/no such name"), 0);
  EXPECT_EQ(birth_of({BorrowedFd::unowned(AT_FDCWD), "/tmp/no such name"}), 0);
}

TEST_F(Birth, WhereItCountsANumberIsKept) {
  const OwnedFd first = at(tree.path("first"));
  EXPECT_TRUE(keeps_number({first}));
  EXPECT_TRUE(keeps_number({BorrowedFd::unowned(AT_FDCWD), tree.path("first").c_str()}));
}

TEST(Number, IsNotKeptForGoodOnProcNorOfNothing) {
  EXPECT_FALSE(keeps_number({BorrowedFd::unowned(AT_FDCWD), "/proc/self/status"}));
  EXPECT_FALSE(keeps_number({BorrowedFd::unowned(AT_FDCWD), "/tmp/no such name"}));
}

TEST_F(Birth, IsTheOriginWhereItCounts) {
  const OwnedFd first = at(tree.path("first"));
  EXPECT_EQ(origin_of({first}), birth_of({first}));
  EXPECT_EQ(origin_of({BorrowedFd::unowned(AT_FDCWD), "/tmp/no such name"}), 0);
}

TEST(UnknownOrigin, IsOfTheAgentsOnlyWhereItsOwnIsUnknownToo) {
  EXPECT_FALSE(same_origin(0, 5));
  EXPECT_FALSE(same_origin(5, 0));
  EXPECT_FALSE(same_origin(5, 6));
  EXPECT_TRUE(same_origin(5, 5));
  EXPECT_TRUE(same_origin(0, 0));
}

// For want of a descriptor the origin is unknown, and so is not that of before.
TEST_F(Birth, IsNotTheOriginWhereNoDescriptorIsLeft) {
  ASSERT_EQ(::mkdir(tree.path("made").c_str(), 0700), 0);
  const OwnedFd top(::open(tree.path("").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  ASSERT_TRUE(top.valid());
  const BirthTime before = origin_of({top, "made"});
  ASSERT_NE(before, 0);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit none{0, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const BirthTime without = origin_of({top, "made"});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_FALSE(same_origin(before, without));
}

TEST(UnknownBirth, TellsNothingApart) {
  EXPECT_FALSE(born_apart(0, 5));
  EXPECT_FALSE(born_apart(5, 0));
  EXPECT_FALSE(born_apart(5, 5));
  EXPECT_TRUE(born_apart(5, 6));
}

}  // namespace
}  // namespace nono::sandbox
