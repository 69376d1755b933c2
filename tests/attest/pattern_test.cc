// tests/attest/pattern_test.cc: patterns match whole values, in linear time, or are refused.
#include <gtest/gtest.h>
#include <time.h>

#include <chrono>
#include <string>
#include <string_view>

#include "attest/identity.h"
#include "trust_support.h"

namespace nono::attest::test {
namespace {

using namespace std::string_literals;

bool matches(std::string_view pattern, std::string_view value) {
  const auto parsed = Pattern::parse(pattern);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().message();
  return parsed && parsed->matches(value);
}

struct MatchCase {
  std::string_view pattern;
  std::string_view value;
  bool matches;
};

class PatternMatch : public ::testing::TestWithParam<MatchCase> {};

TEST_P(PatternMatch, HoldsForTheWholeValueOnly) {
  EXPECT_EQ(matches(GetParam().pattern, GetParam().value), GetParam().matches)
      << GetParam().pattern << " on " << GetParam().value;
}

INSTANTIATE_TEST_SUITE_P(
    Anchoring, PatternMatch,
    ::testing::Values(
        MatchCase{"alice", "alice", true}, MatchCase{"alice", "alice ", false},
        MatchCase{"alice", "malice", false}, MatchCase{"alice", "alice2", false},
        MatchCase{"^alice$", "alice", true}, MatchCase{"\\Aalice\\z", "alice", true},
        // An alternative does not escape the anchors.
        MatchCase{"alice|bob", "bob", true}, MatchCase{"alice|bob", "bobby", false},
        MatchCase{"alice|bob", "malice", false}, MatchCase{"a|ab", "ab", true},
        MatchCase{"^alice|bob$", "alice and bob", false},
        // Nor do flags.
        MatchCase{"(?m)^alice$", "alice\nbob", false}, MatchCase{"(?m)^bob$", "alice\nbob", false},
        MatchCase{"(?s)alice.bob", "alice\nbob", true}, MatchCase{"(?U)a+", "aaa", true},
        MatchCase{"(?i)ALICE", "alice", true}, MatchCase{"ALICE", "alice", false},
        // A dot is any character but a line feed.
        MatchCase{".*", "", true}, MatchCase{".*", "anything at all", true},
        MatchCase{".*", "two\nlines", false}, MatchCase{"a.c", "abc", true},
        MatchCase{"a\\.c", "abc", false},
        MatchCase{"a.c",
                  "a\xc3\xa9"
                  "c",
                  true},
        MatchCase{"https://github\\.com/acme/[^/]+/\\.github/workflows/sign\\.yml@refs/tags/.*",
                  "https://github.com/acme/skills/.github/workflows/sign.yml@refs/tags/v1", true},
        MatchCase{"https://github\\.com/acme/[^/]+/\\.github/workflows/sign\\.yml@refs/tags/.*",
                  "https://github.com/acme/x/y/.github/workflows/sign.yml@refs/tags/v1", false}));

TEST(PatternTest, MatchesTextOutsideAsciiByCharacters) {
  EXPECT_TRUE(matches("ä{2}", "ää"));
  EXPECT_TRUE(matches("\\pL+", "Übung"));
  EXPECT_FALSE(matches("[a-z]+", "übung"));
}

TEST(PatternTest, ValueThatIsNotUtf8MatchesNothing) {
  EXPECT_FALSE(matches(".*", "\xff"));
  EXPECT_FALSE(matches("(?s).*", "ab\xc3"));
  EXPECT_FALSE(matches("\\C*", "\xed\xa0\x80"));  // \C is any byte to RE2
}

TEST(PatternTest, ValueWithNulIsComparedToItsEnd) {
  EXPECT_FALSE(matches("alice", "alice\0"s));
  EXPECT_FALSE(matches("alice", "alice\0@evil"s));
}

TEST(PatternTest, LongestValueMatchesAndALongerOneDoesNot) {
  EXPECT_TRUE(matches("a*", std::string(Pattern::kMaxValueBytes, 'a')));
  EXPECT_FALSE(matches("a*", std::string(Pattern::kMaxValueBytes + 1, 'a')));
}

TEST(PatternTest, KeepsItsTextAndOutlivesCopies) {
  std::optional<Pattern> copy;
  {
    const auto parsed = Pattern::parse("a+");
    ASSERT_TRUE(parsed.has_value());
    copy = *parsed;
  }
  EXPECT_EQ(copy->text(), "a+");
  EXPECT_TRUE(copy->matches("aaa"));
}

struct RefusedCase {
  std::string_view name;
  std::string pattern;
  std::string_view why;  // a part of the message
};

class PatternRefusal : public ::testing::TestWithParam<RefusedCase> {};

TEST_P(PatternRefusal, NamesTheFault) {
  const auto parsed = Pattern::parse(GetParam().pattern);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().kind(), ErrorKind::InvalidInput);
  EXPECT_NE(parsed.error().message().find(GetParam().why), std::string::npos)
      << parsed.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, PatternRefusal,
    ::testing::Values(
        RefusedCase{"Empty", "", "1 to 4096 bytes; this one has 0"},
        RefusedCase{"TooLong", std::string(4097, 'a'), "this one has 4097"},
        RefusedCase{"Nul", "a\0b"s, "without NUL"},
        RefusedCase{"NotUtf8", "a\xff", "must be UTF-8"},
        RefusedCase{"OpenParenthesis", "(a", "missing )"},
        RefusedCase{"CloseParenthesis", "a)", "unexpected )"},
        RefusedCase{"OpenBracket", "[a", "missing ]"},
        RefusedCase{"NothingToRepeat", "*a", "no argument for repetition operator"},
        RefusedCase{"TrailingBackslash", "a\\", "trailing \\"},
        RefusedCase{"BackReference", "(a)\\1", "invalid escape sequence"},
        RefusedCase{"LookAhead", "(?=a)", "invalid perl operator"},
        RefusedCase{"LookBehind", "(?<!a)b", "invalid"},
        RefusedCase{"AtomicGroup", "(?>a)", "invalid perl operator"},
        RefusedCase{"RepeatedTooOften", "a{1001}", "invalid repetition size"},
        RefusedCase{"RepeatedInRepeats", "((a{100}){100}){100}", "invalid repetition size"},
        RefusedCase{"TooLargeAnAutomaton", "(\\pL{200}|\\pN{200}){5}", "pattern too large"}),
    CaseName{});

std::chrono::nanoseconds processor_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

// Patterns on which an engine that backtracks takes time exponential in the value.
class PatternTime : public ::testing::TestWithParam<std::string_view> {};

TEST_P(PatternTime, IsLinearInTheValue) {
  const std::string value = std::string(Pattern::kMaxValueBytes - 1, 'a') + "!";
  const auto parsed = Pattern::parse(GetParam());
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  const std::chrono::nanoseconds before = processor_time();
  EXPECT_FALSE(parsed->matches(value));
  EXPECT_LT(processor_time() - before, std::chrono::seconds(2));
}

INSTANTIATE_TEST_SUITE_P(Catastrophic, PatternTime,
                         ::testing::Values("(a+)+", "(a|a)*", "(a|aa)+", "(.*a){20}", "(a*)*b",
                                           "([a-z]+)*", "(a?){500}a{500}", "(.*)(.*)(.*)(.*)x",
                                           "(a|b|ab)*(a|b|ba)*x", ".*a.{500}b", "(\\pL|\\w|a)+"));

}  // namespace
}  // namespace nono::attest::test
