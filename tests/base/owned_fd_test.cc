// tests/base/owned_fd_test.cc: descriptors are closed once, by their owner.
#include "base/owned_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>

namespace nono {
namespace {

bool is_open(int raw) {
  return ::fcntl(raw, F_GETFD) != -1;
}

int fresh() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(OwnedFdTest, ClosesAtTheEndOfItsLife) {
  const int raw = fresh();
  {
    const OwnedFd owner(raw);
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(OwnedFdTest, MovedFromOwnsNothing) {
  const int raw = fresh();
  OwnedFd first(raw);
  const OwnedFd second(std::move(first));
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(BorrowedFd(second).raw(), raw);
  EXPECT_TRUE(is_open(raw));
}

TEST(OwnedFdTest, AssignmentClosesWhatWasThere) {
  const int old = fresh();
  OwnedFd owner(old);
  const int other = fresh();
  owner = OwnedFd(other);
  EXPECT_FALSE(is_open(old));
  EXPECT_EQ(BorrowedFd(owner).raw(), other);
}

TEST(OwnedFdTest, ReleasedIsNotClosed) {
  OwnedFd owner(fresh());
  const int raw = owner.release();
  owner.reset();
  EXPECT_TRUE(is_open(raw));
  ::close(raw);
}

TEST(OwnedFdTest, DescriptorZeroIsARealOne) {
  const int kept = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  ::close(STDIN_FILENO);
  {
    const OwnedFd zero(fresh());
    EXPECT_EQ(BorrowedFd(zero).raw(), 0);
    EXPECT_TRUE(zero.valid());
  }
  EXPECT_FALSE(is_open(STDIN_FILENO));
  if (kept >= 0) {
    ::dup2(kept, STDIN_FILENO);
    ::close(kept);
  }
}

TEST(OwnedFdTest, MisuseDoesNotCompile) {
  static_assert(!std::is_copy_constructible_v<OwnedFd>);
  static_assert(!std::is_convertible_v<OwnedFd, int>);
  static_assert(!std::is_constructible_v<bool, OwnedFd>);
  static_assert(!std::is_convertible_v<int, OwnedFd>);
  static_assert(!std::is_constructible_v<BorrowedFd, OwnedFd>);
  static_assert(!std::is_constructible_v<BorrowedFd, int>);
  static_assert(std::is_convertible_v<const OwnedFd&, BorrowedFd>);
}

}  // namespace
}  // namespace nono
