#include "sandbox/side_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

namespace nono::sandbox {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
constexpr int kNoTickMs = 60'000;

OwnedFd event() {
  return OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void raise_event(const OwnedFd& fd) {
  ASSERT_EQ(::eventfd_write(BorrowedFd(fd).raw(), 1), 0);
}

void clear_event(const OwnedFd& fd) {
  eventfd_t value = 0;
  ASSERT_EQ(::eventfd_read(BorrowedFd(fd).raw(), &value), 0);
}

// slept stands for the wait in the kernel: true where it came to its end.
bool slept(SideWatch& side, milliseconds longest) {
  if (!side.begin_wait()) {
    return false;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const timespec span{.tv_sec = seconds.count(),
                      .tv_nsec = (longest - seconds).count() * 1'000'000};
  const bool whole = ::nanosleep(&span, nullptr) == 0;
  side.end_wait();
  return whole;
}

class SideWatchTest : public testing::Test {
 protected:
  OwnedFd first_ = event();
  OwnedFd second_ = event();
  OwnedFd third_ = event();
  std::array<int, 3> watched_{BorrowedFd(first_).raw(), BorrowedFd(second_).raw(),
                              BorrowedFd(third_).raw()};
};

TEST_F(SideWatchTest, AWaitThatNothingDisturbsIsLeftAlone) {
  SideWatch side(watched_, kNoTickMs);
  ASSERT_TRUE(side.start());
  EXPECT_TRUE(slept(side, milliseconds(50)));
}

void expect_end_of_wait(const std::array<int, 3>& watched, const OwnedFd& raised) {
  SideWatch side(watched, kNoTickMs);
  ASSERT_TRUE(side.start());
  const auto begun = Clock::now();
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    raise_event(raised);
  });
  EXPECT_FALSE(slept(side, milliseconds(20'000)));
  EXPECT_LT(Clock::now() - begun, milliseconds(10'000));
  other.join();
  clear_event(raised);
}

TEST_F(SideWatchTest, TheFirstDescriptorEndsTheWait) {
  expect_end_of_wait(watched_, first_);
}

TEST_F(SideWatchTest, TheSecondDescriptorEndsTheWait) {
  expect_end_of_wait(watched_, second_);
}

TEST_F(SideWatchTest, TheThirdDescriptorEndsTheWait) {
  expect_end_of_wait(watched_, third_);
}

TEST_F(SideWatchTest, WhatCameBeforeTheWaitIsNotLost) {
  SideWatch side(watched_, kNoTickMs);
  ASSERT_TRUE(side.start());
  for (int round = 0; round < 200; ++round) {
    raise_event(first_);
    EXPECT_FALSE(slept(side, milliseconds(20'000))) << round;
    clear_event(first_);
    side.heard();
  }
}

TEST_F(SideWatchTest, NoWaitBeginsUntilItIsHeard) {
  SideWatch side(watched_, kNoTickMs);
  ASSERT_TRUE(side.start());
  raise_event(first_);
  while (side.begin_wait()) {
    side.end_wait();
  }
  EXPECT_FALSE(side.begin_wait());
  clear_event(first_);
  side.heard();
  // The nudge of that moment may still be under way, and then nothing is left to say.
  const auto until = Clock::now() + milliseconds(10'000);
  while (!slept(side, milliseconds(50)) && Clock::now() < until) {
    side.heard();
  }
  EXPECT_LT(Clock::now(), until);
}

TEST_F(SideWatchTest, ATickEndsTheWaitToo) {
  SideWatch side(watched_, 20);
  ASSERT_TRUE(side.start());
  EXPECT_FALSE(slept(side, milliseconds(20'000)));
}

TEST_F(SideWatchTest, OnlyTheWaitIsInterrupted) {
  SideWatch side(watched_, kNoTickMs);
  ASSERT_TRUE(side.start());
  raise_event(first_);
  const timespec span{.tv_sec = 0, .tv_nsec = 30'000'000};
  EXPECT_EQ(::nanosleep(&span, nullptr), 0);
  clear_event(first_);
}

// What follows a wait is not interrupted by a nudge that was meant for the wait.
TEST_F(SideWatchTest, NoNudgeComesAfterTheWait) {
  SideWatch side(watched_, kNoTickMs);
  ASSERT_TRUE(side.start());
  std::atomic<bool> over = false;
  std::thread other([&] {
    while (!over.load()) {
      ::eventfd_write(BorrowedFd(first_).raw(), 1);
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  const timespec span{.tv_sec = 0, .tv_nsec = 20'000};
  int interrupted = 0;
  for (int round = 0; round < 5'000; ++round) {
    if (side.begin_wait()) {
      ::nanosleep(&span, nullptr);
      side.end_wait();
    }
    interrupted += ::nanosleep(&span, nullptr) == 0 ? 0 : 1;
    eventfd_t value = 0;
    static_cast<void>(::eventfd_read(BorrowedFd(first_).raw(), &value));
    side.heard();
  }
  over.store(true);
  other.join();
  EXPECT_EQ(interrupted, 0);
}

TEST_F(SideWatchTest, ASecondStartChangesNothingAndTheEndWaitsForNobody) {
  const auto begun = Clock::now();
  {
    SideWatch side(watched_, kNoTickMs);
    ASSERT_TRUE(side.start());
    ASSERT_TRUE(side.start());
    raise_event(second_);
  }
  EXPECT_LT(Clock::now() - begun, milliseconds(10'000));
}

}  // namespace
}  // namespace nono::sandbox
