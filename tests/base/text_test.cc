// tests/base/text_test.cc: foreign text on its way to terminals and shells.
#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/utf8.h"
#include "tests/base/support.h"

namespace nono {
namespace {

using namespace std::string_view_literals;

TEST(Utf8Test, EveryScalarValueIsWellFormed) {
  for (char32_t value = 0; value <= 0x10ffff; ++value) {
    if (value < 0xd800 || value > 0xdfff) {
      std::string one;
      append_utf8(one, value);
      const CodePoint decoded = first_code_point(one);
      ASSERT_EQ(decoded.value, value);
      ASSERT_EQ(decoded.bytes, one.size());
    }
  }
}

TEST(Utf8Test, IllFormedSequencesAreRefused) {
  struct Case {
    std::string_view text;
    const char* why;
  };
  for (const Case& c : {
           Case{"\x80"sv, "lone continuation"},
           Case{"\xc3"sv, "cut after the lead of two"},
           Case{"\xe2\x82"sv, "cut after two of three"},
           Case{"\xf0\x9f\x98"sv, "cut after three of four"},
           Case{"\xc0\x80"sv, "overlong NUL"},
           Case{"\xc1\xbf"sv, "overlong DEL"},
           Case{"\xe0\x9f\xbf"sv, "overlong in three"},
           Case{"\xf0\x8f\xbf\xbf"sv, "overlong in four"},
           Case{"\xed\xa0\x80"sv, "high surrogate"},
           Case{"\xed\xbf\xbf"sv, "low surrogate"},
           Case{"\xf4\x90\x80\x80"sv, "beyond U+10FFFF"},
           Case{"\xf8\x88\x80\x80\x80"sv, "five bytes"},
           Case{"\xfe"sv, "0xFE"},
           Case{"\xff"sv, "0xFF"},
           Case{"\xc3\x28"sv, "lead without continuation"},
           Case{"a\xe9z"sv, "Latin-1"},
       }) {
    EXPECT_FALSE(is_utf8(c.text)) << c.why;
  }
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("Größe 漢字 🙂"));
  EXPECT_TRUE(is_utf8("\0"sv));
}

TEST(PrintableTest, HarmlessTextIsUnchanged) {
  for (const char* text : {"", "CLAUDE.md", "a b", "Größe", "漢字", "🙂", "C:\\x", "{}[]$`'\"", "é",
                           "e\xcc\x81", "\xc2\xa0", "\xe3\x80\x80"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(PrintableTest, WhatTerminalsInterpretIsSpeltOut) {
  struct Case {
    std::string_view text;
    std::string_view shown;
    const char* why;
  };
  for (const Case& c : {
           Case{"a\nb", "a\\nb", "line feed"},
           Case{"a\tb", "a\\tb", "tab"},
           Case{"\x1b[31m", "\\e[31m", "escape"},
           Case{"\r", "\\x0d", "carriage return"},
           Case{"\0"sv, "\\x00", "NUL"},
           Case{"\a\b", "\\x07\\x08", "bell and backspace"},
           Case{"\x7f", "\\x7f", "delete"},
           Case{"\xc2\x9b"
                "31m",
                "\\u{009b}31m", "C1 control sequence introducer"},
           Case{"\xc2\x85", "\\u{0085}", "next line"},
           Case{"\x9b", "\\x9b", "C1 as a raw byte"},
           Case{"\xe2\x80\xae", "\\u{202e}", "right-to-left override"},
           Case{"\xe2\x80\xaa\xe2\x80\xac", "\\u{202a}\\u{202c}", "embedding and its end"},
           Case{"\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}", "isolate and its end"},
           Case{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\u{200e}\\u{200f}\\u{061c}", "marks"},
           Case{"\xe2\x80\x8b", "\\u{200b}", "zero-width space"},
           Case{"\xe2\x80\x8c\xe2\x80\x8d", "\\u{200c}\\u{200d}", "zero-width joiners"},
           Case{"\xe2\x81\xa0", "\\u{2060}", "word joiner"},
           Case{"\xef\xbb\xbf", "\\u{feff}", "byte-order mark"},
           Case{"\xc2\xad", "\\u{00ad}", "soft hyphen"},
           Case{"\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}", "line and paragraph separators"},
           Case{"\xef\xb8\x8f", "\\u{fe0f}", "variation selector"},
           Case{"\xf3\xa0\x81\x81", "\\u{e0041}", "tag letter"},
           Case{"\xf3\xa0\x84\x80", "\\u{e0100}", "supplementary variation selector"},
           Case{"\xe3\x85\xa4", "\\u{3164}", "Hangul filler"},
           Case{"CLAUDE-\xe9.md", "CLAUDE-\\xe9.md", "Latin-1 byte"},
           Case{"\xe2\x82", "\\xe2\\x82", "cut sequence"},
           Case{"\xed\xa0\x80", "\\xed\\xa0\\x80", "surrogate"},
       }) {
    EXPECT_EQ(printable(c.text), c.shown) << c.why;
  }
}

TEST(PrintableTest, ShownTextIsItsOwnPrintableForm) {
  std::string all;
  for (int value = 0; value < 256; ++value) {
    all += static_cast<char>(value);
  }
  const std::string shown = printable(all);
  EXPECT_TRUE(is_utf8(shown));
  EXPECT_EQ(printable(shown), shown);
  for (const char c : shown) {
    EXPECT_GE(c, 0x20);
  }
}

TEST(PrintableNameTest, BlanksThatLookLikeLayoutAreSpeltOut) {
  struct Case {
    std::string_view name;
    std::string_view shown;
  };
  for (const Case& c : {
           Case{"/a b/c d", "/a b/c d"},
           Case{"/a  b", "/a\\x20\\x20b"},
           Case{"/a    file  x", "/a\\x20\\x20\\x20\\x20file\\x20\\x20x"},
           Case{" a ", "\\x20a\\x20"},
           Case{" ", "\\x20"},
           Case{"", ""},
           Case{"a\xc2\xa0 b", "a\\u{00a0} b"},
           Case{"a\xe2\x80\x83", "a\\u{2003}"},
           Case{"a\xe3\x80\x80z", "a\\u{3000}z"},
           Case{"a\xe2\xa0\x80z", "a\\u{2800}z"},
           Case{"\n\xff", "\\n\\xff"},
           Case{"Gr\xc3\xb6\xc3\x9f"
                "e",
                "Gr\xc3\xb6\xc3\x9f"
                "e"},
       }) {
    EXPECT_EQ(printable_name(c.name), c.shown);
    EXPECT_EQ(printable_name(c.shown), c.shown);
  }
}

TEST(AsciiLowerTest, FoldsAsciiLettersOnly) {
  EXPECT_EQ(ascii_lower("AbZ@[`{1"), "abz@[`{1");
  EXPECT_EQ(ascii_lower("\xc3\x84\xc4\xb0"), "\xc3\x84\xc4\xb0");
}

TEST(ShellQuoteTest, PlainWordsAreUnchanged) {
  for (const char* word : {"a", "CLAUDE.md", "/usr/bin/x", "--key=value", "a_b", "a@b:1,2%+"}) {
    EXPECT_EQ(shell_quote(word), word);
  }
}

TEST(ShellQuoteTest, SpecialWordsAreQuoted) {
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("a b"), "'a b'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote("~"), "'~'");
  EXPECT_EQ(shell_quote("#x"), "'#x'");
  EXPECT_EQ(shell_quote("\xc3\xa9"), "'\xc3\xa9'");
}

TEST(ShellQuoteTest, ARealShellReadsTheWordBack) {
  const testing::TempDir dir;
  for (int value = 1; value < 256; ++value) {
    const std::string word = std::string("a") + static_cast<char>(value) + "'$(id)`x`\"\\";
    const std::string command =
        "LC_ALL=C printf %s " + shell_quote(word) + " > " + shell_quote(dir / "out");
    ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): the shell is the oracle
    EXPECT_EQ(dir.read("out"), word) << value;
  }
}

TEST(ParseSizeTest, WholeNumbersWithOneUnit) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("512MiB"), 512u << 20);
  EXPECT_EQ(parse_size("8G"), std::uint64_t{8} << 30);
  EXPECT_EQ(parse_size("8388607T"), std::uint64_t{8388607} << 40);
  EXPECT_EQ(parse_size("9223372036854775807"), 9223372036854775807u);
}

TEST(ParseSizeTest, AnythingElseIsRefused) {
  for (const char* text :
       {"", "K", "-1", "+1", " 1", "1 ", "1 K", "1.5G", "1k", "1KB", "1Ki", "1KiBx", "0x10",
        "8388608T", "9223372036854775808", "99999999999999999999"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace nono
