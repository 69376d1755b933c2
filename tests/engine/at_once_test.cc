// tests/engine/at_once_test.cc: every number once, never more threads than may be, the first error.
#include "engine/at_once.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "tests/base/support.h"

namespace nono::engine {
namespace {

TEST(AtOnceTest, OneThreadGoesInOrder) {
  std::vector<std::size_t> seen;
  const std::thread::id here = std::this_thread::get_id();
  ASSERT_TRUE(at_once(5, 1, [&](std::size_t which) -> Result<void> {
                EXPECT_EQ(std::this_thread::get_id(), here);
                seen.push_back(which);
                return {};
              }).has_value());
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
}

TEST(AtOnceTest, SeveralThreadsDoEachOnce) {
  std::mutex mutex;
  std::multiset<std::size_t> seen;
  std::atomic<int> busy{0};
  std::atomic<int> most{0};
  ASSERT_TRUE(at_once(40, 4, [&](std::size_t which) -> Result<void> {
                most = std::max(most.load(), ++busy);
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
                --busy;
                const std::scoped_lock lock(mutex);
                seen.insert(which);
                return {};
              }).has_value());
  EXPECT_EQ(seen.size(), 40u);
  EXPECT_EQ(std::set<std::size_t>(seen.begin(), seen.end()).size(), 40u);
  EXPECT_LE(most, 4);
  EXPECT_GT(most, 1);
}

TEST(AtOnceTest, NothingIsBegunAfterAFailureAndTheFirstIsTold) {
  for (const std::size_t threads : {1u, 3u}) {
    std::atomic<int> begun{0};
    const auto done = at_once(1000, threads, [&](std::size_t which) -> Result<void> {
      ++begun;
      if (which < 5) {
        return {};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return fail(ErrorKind::System, "number " + std::to_string(which));
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message(), "number 5");
    EXPECT_LT(begun, 20);
  }
}

TEST(AtOnceTest, WhereNoThreadIsToBeHadThisOneDoesAll) {
  const std::string answer = nono::testing::in_child([] {
    for (const long call : {SYS_clone, SYS_clone3}) {
      nono::testing::fail_syscall({.syscall = call, .error = EAGAIN});
    }
    int done = 0;
    const auto result = at_once(20, 8, [&](std::size_t) -> Result<void> {
      ++done;
      return {};
    });
    return result ? std::to_string(done) : result.error().message();
  });
  EXPECT_EQ(answer, "20");
}

TEST(AtOnceTest, NothingIsToBeDone) {
  EXPECT_TRUE(at_once(0, 8, [](std::size_t) -> Result<void> {
                return fail(ErrorKind::Internal, "called");
              }).has_value());
}

}  // namespace
}  // namespace nono::engine
