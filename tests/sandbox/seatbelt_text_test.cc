#include "sandbox/seatbelt_text.h"

#include <gtest/gtest.h>
#include <regex.h>

#include "tests/sandbox/seatbelt_support.h"

namespace nono::sandbox::testing {
namespace {

TEST(SeatbeltTextTest, StringsAreWrittenSoThatTheyEndWhereTheyShould) {
  struct Row {
    std::string bytes;
    std::string_view written;
  };
  const Row rows[] = {
      {"", R"("")"},        {"/a b", R"("/a b")"},           {"a\"b", R"("a\"b")"},
      {"a\\", R"("a\\")"},  {"a\nb\x7f", R"("a\x0ab\x7f")"}, {"dünn", R"("d\xc3\xbcnn")"},
      {"\xff", R"("\xff")"}};
  for (const Row& row : rows) {
    EXPECT_EQ(seatbelt_string(row.bytes), row.written);
  }
}

TEST(SeatbeltTextTest, AQuotedExpressionMatchesItsBytesAndNoOthers) {
  for (const std::string name : kAwkward) {
    for (const LetterCase letter_case : {LetterCase::Exact, LetterCase::Folded}) {
      regex_t compiled{};
      const std::string expression = "^" + seatbelt_regex_quote(name, letter_case) + "$";
      ASSERT_EQ(::regcomp(&compiled, expression.c_str(), REG_EXTENDED | REG_NOSUB), 0)
          << expression;
      for (const std::string other : kAwkward) {
        EXPECT_EQ(::regexec(&compiled, other.c_str(), 0, nullptr, 0) == 0, name == other)
            << expression << " and " << other;
      }
      ::regfree(&compiled);
    }
  }
}

TEST(SeatbeltTextTest, FoldedMeansLettersOfEitherCase) {
  EXPECT_EQ(seatbelt_regex_quote(".gI_1", LetterCase::Folded), "\\.[gG][iI]_1");
  EXPECT_EQ(seatbelt_regex_quote(".gI_1", LetterCase::Exact), "\\.gI_1");
}

TEST(SeatbeltTextTest, WhatMacOsKeepsInPrivateHasTwoNames) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(seatbelt_spellings("/tmp"), (Names{"/tmp", "/private/tmp"}));
  EXPECT_EQ(seatbelt_spellings("/var/x"), (Names{"/var/x", "/private/var/x"}));
  EXPECT_EQ(seatbelt_spellings("/private/etc/hosts"), (Names{"/private/etc/hosts", "/etc/hosts"}));
  EXPECT_EQ(seatbelt_spellings("/tmpfile"), (Names{"/tmpfile"}));
  EXPECT_EQ(seatbelt_spellings("/private/opt"), (Names{"/private/opt"}));
  EXPECT_EQ(seatbelt_spellings("/Users/u"), (Names{"/Users/u"}));
}

// The evaluator must not take what macOS would not.
TEST(SeatbeltEvaluatorTest, BrokenProfilesAreNotRead) {
  for (const std::string_view text :
       {"(deny default", "deny default)", "(allow)", "(perhaps default)",
        "(allow file-read* \"x\")", "(allow file-read* (literal x))",
        "(allow file-read* (literal \"x))", "(allow file-read* (literal \"\\q\"))",
        "(allow file-read* (near \"x\"))", "()", "(allow (literal \"x\"))"}) {
    std::string why;
    EXPECT_FALSE(SeatbeltEvaluator::read(text, why)) << text;
    EXPECT_FALSE(why.empty()) << text;
  }
}

TEST(SeatbeltEvaluatorTest, TheLastRuleThatMatchesWins) {
  std::string why;
  const auto read = SeatbeltEvaluator::read(
      "(version 1)(deny default)(allow file-read* (subpath \"/a\"))\n"
      "(deny file-read-data (literal \"/a/b\") (regex \"/c$\"))"
      "(allow file-read-data (literal \"/a/x/c\"))",
      why);
  ASSERT_TRUE(read) << why;
  EXPECT_TRUE(read->allows(at_file("file-read-data", "/a")));
  EXPECT_TRUE(read->allows(at_file("file-read-data", "/a/z")));
  EXPECT_FALSE(read->allows(at_file("file-read-data", "/ab")));
  EXPECT_FALSE(read->allows(at_file("file-read-data", "/a/b")));
  EXPECT_TRUE(read->allows(at_file("file-read-metadata", "/a/b")));
  EXPECT_FALSE(read->allows(at_file("file-read-data", "/a/c")));
  EXPECT_TRUE(read->allows(at_file("file-read-data", "/a/x/c")));
  EXPECT_FALSE(read->allows(at_file("file-write-data", "/a/z")));
}

}  // namespace
}  // namespace nono::sandbox::testing
