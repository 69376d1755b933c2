#include "base/silent_thread.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "tests/sanitized.h"

namespace nono {
namespace {

constexpr std::size_t kStack = std::size_t{128} * 1024;

struct Seen {
  sigset_t blocked{};
  std::size_t stack = 0;
};

void* look(void* argument) {
  auto& seen = *static_cast<Seen*>(argument);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &seen.blocked);
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) == 0) {
    ::pthread_attr_getstacksize(&attributes, &seen.stack);
    ::pthread_attr_destroy(&attributes);
  }
  return argument;
}

bool blocks_all(const sigset_t& blocked) {
  return std::ranges::all_of(std::array{SIGINT, SIGTERM, SIGCHLD, SIGURG, SIGALRM, SIGUSR1},
                             [&blocked](int signal) { return sigismember(&blocked, signal) == 1; });
}

TEST(SilentThreadTest, TakesNoSignalOnAStackOfTheSizeAskedFor) {
  Seen seen;
  pthread_t thread{};
  void* result = nullptr;
  ASSERT_TRUE(start_silent(thread, kStack, look, &seen));
  ASSERT_EQ(::pthread_join(thread, &result), 0);
  EXPECT_EQ(result, &seen);
  EXPECT_TRUE(blocks_all(seen.blocked));
  EXPECT_GE(seen.stack, kStack);
  EXPECT_TRUE(built::kSanitized || seen.stack < 2 * kStack) << seen.stack;
}

TEST(SilentThreadTest, TheCallersSignalsStayAsTheyWere) {
  sigset_t wanted;
  sigset_t before;
  sigset_t after;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGUSR2);
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &wanted, &before), 0);
  Seen seen;
  pthread_t thread{};
  const bool started = start_silent(thread, kStack, look, &seen);
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  ASSERT_TRUE(started);
  ::pthread_join(thread, nullptr);
  EXPECT_EQ(sigismember(&after, SIGUSR2), 1);
  EXPECT_EQ(sigismember(&after, SIGTERM), 0);
}

TEST(SilentThreadTest, AStackThatNoThreadCanHaveYieldsNone) {
  pthread_t thread{};
  sigset_t after;
  EXPECT_FALSE(start_silent(thread, 1, look, nullptr));
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGTERM), 0);
}

}  // namespace
}  // namespace nono
