// tests/engine/child_output_test.cc: programs that print, fail, hang, and never stop.
#include "engine/child_output.h"

#include <gtest/gtest.h>

namespace nono::engine {
namespace {

using std::chrono::milliseconds;

Result<std::string> shell(const std::string& script, const ChildLimits& limits = {}) {
  return output_of({"sh", "-c", script}, limits);
}

TEST(ChildOutputTest, IsWhatTheProgramPrints) {
  EXPECT_EQ(shell("printf 'a b\\n'; printf no >&2").value(), "a b\n");
  EXPECT_EQ(shell(":").value(), "");
}

TEST(ChildOutputTest, ItReadsNothingAndHoldsNothingOfOurs) {
  EXPECT_EQ(shell("cat; ls /proc/self/fd | grep -c .").value(), "4\n");  // 0, 1, 2 and ls's own
}

TEST(ChildOutputTest, WordsAreNotRead) {
  EXPECT_EQ(output_of({"printf", "%s", "$(id); `id`"}, {}).value(), "$(id); `id`");
}

TEST(ChildOutputTest, FailureIsToldWithoutItsWords) {
  const auto failed = shell("echo s3cret; exit 7");
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().message().contains("exit code 7"));
  EXPECT_FALSE(failed.error().message().contains("s3cret"));
  EXPECT_TRUE(shell("kill -SEGV $$").error().message().contains("signal 11"));
}

TEST(ChildOutputTest, AMissingProgramIsNotFound) {
  const auto missing = output_of({"nono-no-such-program"}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::NotFound);
  EXPECT_FALSE(start_detached({"nono-no-such-program"}));
}

TEST(ChildOutputTest, WhatHangsIsEndedWithAllThatItStarted) {
  const auto began = std::chrono::steady_clock::now();
  for (const char* const script :
       {"sleep 60", "sleep 60 & sleep 60", "exec >&-; sleep 60", "sleep 60 & echo a"}) {
    const auto hung = shell(script, {.deadline = milliseconds(200)});
    ASSERT_FALSE(hung) << script;
    EXPECT_TRUE(hung.error().message().contains("did not end within 200 ms")) << script;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

TEST(ChildOutputTest, WhatNeverStopsIsCut) {
  const auto endless = shell("yes", {.max_bytes = 1000});
  ASSERT_FALSE(endless);
  EXPECT_TRUE(endless.error().message().contains("more than 1000 bytes"));
}

}  // namespace
}  // namespace nono::engine
