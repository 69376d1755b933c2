// tests/base/fold_name_test.cc: names that look or fold alike become the same.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace nono {
namespace {

using namespace std::string_view_literals;

struct Variant {
  std::string_view name;
  const char* what;
};

TEST(FoldNameTest, DisguisesOfAGuardedNameFoldToIt) {
  for (const Variant& v : {
           Variant{"claude.md", "lower case"},
           Variant{"CLAUDE.md", "as it is written"},
           Variant{"Claude.MD", "mixed case"},
           Variant{"CLAUDE.md ", "space after"},
           Variant{" CLAUDE.md", "space before"},
           Variant{"CLAUDE.md.", "dot after"},
           Variant{"CLAUDE.md. . ", "dots and spaces after"},
           Variant{"CLAUDE.md\n", "newline after"},
           Variant{"\tCLAUDE.md\r", "controls around"},
           Variant{"\x7f"
                   "CLAUDE.md",
                   "delete before"},
           Variant{"CLAUDE.md\0"sv, "NUL after"},
           Variant{"\xef\xbc\xa3LAUDE.md", "full-width C"},
           Variant{"\xef\xbc\xa3\xef\xbc\xac\xef\xbc\xa1\xef\xbc\xb5\xef\xbc\xa4\xef\xbc\xa5"
                   "\xef\xbc\x8e\xef\xbd\x8d\xef\xbd\x84",
                   "all full-width"},
           Variant{"CL\xd0\x90UDE.md", "Cyrillic A"},
           Variant{"cl\xd0\xb0ude.md", "Cyrillic a"},
           Variant{"\xd0\xa1LAUD\xd0\x95.md", "Cyrillic Es and Ie"},
           Variant{"CL\xce\x91UD\xce\x95.md", "Greek Alpha and Epsilon"},
           Variant{"CLAUDE\xe2\x80\xa4md", "one dot leader"},
           Variant{"CLAUDE\xef\xbc\x8emd", "full-width dot"},
           Variant{"CLA\xe2\x80\x8bUDE.md", "zero-width space"},
           Variant{"CLAUDE\xc2\xad.md", "soft hyphen"},
           Variant{"CLAUDE.md\xef\xb8\x8f", "variation selector"},
           Variant{"\xef\xbb\xbf"
                   "CLAUDE.md",
                   "byte-order mark"},
           Variant{"CLAUDE.md\xc2\xa0", "no-break space after"},
           Variant{"CLAUDE.md\xe3\x80\x80", "ideographic space after"},
           Variant{"CLAUDE.md\xe2\x80\xa8", "line separator after"},
           Variant{"CLAUDE.md\xc2\x85", "next-line control after"},
           Variant{"\xf0\x9d\x90\x82LAUDE.md", "mathematical bold C"},
           Variant{"\xe2\x93\x92laude.md", "circled c"},
           Variant{"\xe2\x85\xadLAUDE.md", "Roman numeral hundred"},
       }) {
    EXPECT_EQ(fold_name(v.name), "claude.md") << v.what;
  }
}

// DerivedCoreProperties.txt 15, Default_Ignorable_Code_Point, what is not assigned included; and
// controls, annotations and the blank of Braille, which are as invisible.
TEST(FoldNameTest, NothingThatIsInvisibleMakesAnotherName) {
  for (const auto& [first, last] : std::initializer_list<std::pair<char32_t, char32_t>>{
           {0x1, 0x1f},      {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
           {0x61c, 0x61c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
           {0x200b, 0x200f}, {0x202a, 0x202e},   {0x2060, 0x206f},   {0x2800, 0x2800},
           {0x3164, 0x3164}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
           {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}}) {
    for (char32_t value = first; value <= last; ++value) {
      std::string unseen;
      append_utf8(unseen, value);
      for (const std::string& name : {"CLA" + unseen + "UDE.md", unseen + "CLAUDE.md" + unseen,
                                      "CL\xd0\x90U" + unseen + "DE." + unseen + "md"}) {
        ASSERT_EQ(fold_name(name), "claude.md") << "U+" << std::hex << unsigned{value};
      }
    }
  }
  for (const char* seen : {"CLA-UDE.md", "CLA\xe2\xa0\x81UDE.md", "CLA\xef\xbf\xbcUDE.md",
                           "CLA\xe2\x80\x90UDE.md", "CLA UDE.md"}) {  // each beside a range
    EXPECT_NE(fold_name(seen), "claude.md") << seen;
  }
}

TEST(FoldNameTest, OtherNamesStayOther) {
  for (const Variant& v : {
           Variant{"CLAUDE.mdx", "another ending"},
           Variant{"CLAUDE md", "space inside"},
           Variant{"CLAUDE..md", "two dots inside"},
           Variant{"CLAUDE.m\xcc\xa3"
                   "d",
                   "dot below the m"},
           Variant{"CLAUDE-\xe9.md", "Latin-1 byte"},
           Variant{"CLAUD\xc3\x89.md", "E with acute"},
           Variant{"claude", "no ending"},
       }) {
    EXPECT_NE(fold_name(v.name), "claude.md") << v.what;
  }
}

TEST(FoldNameTest, ComposedAndDecomposedFormsMeet) {
  EXPECT_EQ(fold_name("R\xc3\xa9sum\xc3\xa9.md"), fold_name("RE\xcc\x81SUME\xcc\x81.md"));
  EXPECT_EQ(fold_name("\xe1\xb9\xa9"), fold_name("s\xcc\xa3\xcc\x87"));
  EXPECT_EQ(fold_name("\xe1\xb9\xa9"), fold_name("s\xcc\x87\xcc\xa3"));
}

TEST(FoldNameTest, FullCaseFoldingIsUsed) {
  EXPECT_EQ(fold_name("STRASSE"), fold_name("stra\xc3\x9f"
                                            "e"));
  EXPECT_EQ(fold_name("\xef\xac\x81le"), "file");  // ligature fi
  EXPECT_EQ(fold_name("\xe2\x84\xaa"), "k");       // Kelvin sign
}

TEST(FoldNameTest, GreekAndCyrillicCapitalsTakeTheirShape) {
  EXPECT_EQ(fold_name("\xce\x97\xce\x9c\xce\x99"), "hmi");  // Eta Mu Iota
  EXPECT_EQ(fold_name("\xd0\x9d\xd0\xa0\xd0\xa5"), "hpx");  // En Er Ha
  EXPECT_EQ(fold_name("\xd0\x85KILL.md"), "skill.md");      // Dze
  EXPECT_EQ(fold_name("GEM\xd0\x86NI.md"), "gemini.md");    // Ukrainian I
  EXPECT_EQ(fold_name("\xce\xb1gents.md"), "agents.md");    // alpha
}

TEST(FoldNameTest, BytesThatAreNotUtf8AreKept) {
  EXPECT_EQ(fold_name("CLAUDE-\xe9.MD"), "claude-\xe9.md");
  EXPECT_EQ(fold_name("\xff\xfe"), "\xff\xfe");
  EXPECT_EQ(fold_name("A\xe2\x82"), "a\xe2\x82");
  EXPECT_EQ(fold_name("\xe9. "), "\xe9");
}

TEST(FoldNameTest, LeadingDotsGoFromNameAndPatternAlike) {
  EXPECT_EQ(fold_name(".cursorrules"), "cursorrules");
  EXPECT_EQ(fold_name(".Cursor\xd0\xa0ules"), "cursorpules");
}

TEST(FoldNameTest, NothingButTrimmedCharactersFoldsToNothing) {
  for (const char* name : {"", ".", "..", " ", "\n\t ", "\xe2\x80\x8b", "\xc2\xa0."}) {
    EXPECT_EQ(fold_name(name), "");
  }
}

TEST(FoldNameTest, FoldingTwiceIsFoldingOnce) {
  for (char32_t value = 0; value < 0x20000; ++value) {  // what lies above has no foldings
    if (value >= 0xd800 && value <= 0xdfff) {
      continue;
    }
    std::string name = "x";
    append_utf8(name, value);
    const std::string once = fold_name(name);
    ASSERT_EQ(fold_name(once), once) << "U+" << std::hex << static_cast<unsigned>(value);
  }
}

}  // namespace
}  // namespace nono
