// tests/trustpolicy/glob_test.cc: what patterns match, what they refuse, and how long they take.
#include "trustpolicy/glob.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/trustpolicy/support.h"

namespace nono::trustpolicy {
namespace {

bool path_matches(std::string_view pattern, std::string_view path) {
  const auto glob = Glob::parse(pattern);
  EXPECT_TRUE(glob) << pattern << ": " << (glob ? "" : glob.error().message());
  return glob && glob->matches(path);
}

bool flat_matches(std::string_view pattern, std::string_view text) {
  const auto glob = Glob::parse_flat(pattern);
  EXPECT_TRUE(glob) << pattern << ": " << (glob ? "" : glob.error().message());
  return glob && glob->matches_whole(text);
}

struct Vector {
  std::string_view pattern;
  std::string_view text;
  bool matches;
};

constexpr auto kPathVectors = std::to_array<Vector>({
    // Without a slash: the base name, at any depth.
    {"CLAUDE*", "CLAUDE.md", true},
    {"CLAUDE*", "docs/CLAUDE.md", true},
    {"CLAUDE*", "a/b/c/CLAUDE", true},
    {"CLAUDE*", "claude.md", false},
    {"CLAUDE*", "xCLAUDE.md", false},
    {"CLAUDE*", "CLAUDE.d/notes.txt", false},
    {"AGENTS.md", "AGENTS.md", true},
    {"AGENTS.md", "AGENTS.md.bak", false},
    {"*", "x", true},
    {"*", "a/b/.hidden", true},
    {"**", "a/b/c", true},
    {"*.md", "x.mdc", false},
    {"?", "é", true},
    {"?", "ab", false},
    {"?", "\xff", true},
    {"a?c", "a/c", false},
    // With one: anchored, `*` stays within a component.
    {"docs/*.md", "docs/x.md", true},
    {"docs/*.md", "docs/a/x.md", false},
    {"docs/*.md", "more/docs/x.md", false},
    {"*/x", "a/x", true},
    {"*/x", "a/b/x", false},
    {".claude/**/*.md", ".claude/a.md", true},
    {".claude/**/*.md", ".claude/a/b/c.md", true},
    {".claude/**/*.md", ".claude/a/b/c.txt", false},
    {".claude/**/*.md", "x/.claude/a.md", false},
    {"**/x.md", "x.md", true},
    {"**/x.md", "a/b/x.md", true},
    {"a/**", "a/b/c", true},
    {"a/**", "b/a/c", false},
    {"a/**/b/**/c", "a/b/c", true},
    {"a/**/b/**/c", "a/1/b/2/3/c", true},
    {"a/**/b/**/c", "a/1/c/2/b", false},
    {"a/**/b", "a/b/x/b", true},
    {"a/**b/c", "a/xb/c", true},  // not a whole component: an ordinary `*`
    {"a/**b/c", "a/x/b/c", false},
    // Classes.
    {"[abc]x", "bx", true},
    {"[a-c]x", "dx", false},
    {"[a-ÿ]*", "énoncé", true},
    {"[a-ÿ]*", "Énoncé", true},
    {"[a-ÿ]*", "Zebra", false},
    {"[a-z]", "\xe9", false},  // Latin-1 e acute: no UTF-8, in no class
    {"[-a]", "-", true},
    {"[a-]", "-", true},
    {"[*]", "*", true},
    {"[*]", "x", false},
    {"[?]", "x", false},
    {"[a-cx-z]9", "y9", true},
    // A star gives back what it took.
    {"*ab", "aab", true},
    {"*a*b*c", "xaxbxc", true},
    {"*a*b*c", "xaxcxb", false},
    {"*é?", "aéé", true},
    {"*??", "é", false},
    {"*??", "€", false},
});

TEST(GlobTest, PathsMatchAsDocumented) {
  for (const Vector& vector : kPathVectors) {
    EXPECT_EQ(path_matches(vector.pattern, vector.text), vector.matches)
        << vector.pattern << " against " << vector.text;
  }
}

TEST(GlobTest, FlatTextMatchesAsDocumented) {
  const std::vector<Vector> vectors = {
      {"refs/tags/v*", "refs/tags/v1.2", true},
      {"refs/heads/*", "refs/heads/feature/x", true},
      {"refs/heads/main", "refs/heads/main2", false},
      {"refs/heads/main", "xrefs/heads/main", false},
      {"*", "", true},
      {"?", "/", true},
      {"*@acme.example", "alice@acme.example", true},
      {"*@acme.example", "alice@acme.example.evil", false},
      {"https://github.com/acme/*", "https://github.com/acme/x/y@z", true},
  };
  for (const Vector& vector : vectors) {
    EXPECT_EQ(flat_matches(vector.pattern, vector.text), vector.matches)
        << vector.pattern << " against " << vector.text;
  }
}

struct Refusal {
  std::string pattern;
  std::string why;
};

TEST(GlobTest, BadPathPatternsAreRefused) {
  const std::vector<Refusal> refusals = {
      {"", "is empty"},
      {std::string("a\0b", 3), "control character"},
      {"CLAUDE*\n", "control character"},
      {"a\x7f", "control character"},
      {"a\xff", "not UTF-8"},
      {"\\", "holds '\\'"},
      {"C:\\*", "holds '\\'"},
      {"{a,b}", "holds '{'"},
      {"a}", "holds '}'"},
      {"(a+)+$", "holds '('"},
      {"a|b", "holds '|'"},
      {"^a", "holds '^'"},
      {"a$", "holds '$'"},
      {"!CLAUDE.md", "begins with '!'"},
      {"[!a]", "'[!'"},
      {"[!", "without its ']'"},
      {"[]", "empty class"},
      {"a]", "without its '['"},
      {"[a[b]", "inside a class"},
      {"[z-a]", "end comes before its start"},
      {"[ÿ-a]", "end comes before its start"},
      {"[a/b]", "without its ']'"},
      {"/etc/x", "empty component"},
      {"docs/", "empty component"},
      {"a//b", "empty component"},
      {"./a", "'.' or '..'"},
      {"a/../b", "'.' or '..'"},
      {"..", "'.' or '..'"},
      {std::string(513, 'a'), "longer than 512"},
      {[] {
         std::string stars;
         for (int i = 0; i < 33; ++i) {
           stars += "*a";
         }
         return stars;
       }(),
       "more than 32"},
  };
  for (const Refusal& refusal : refusals) {
    const auto glob = Glob::parse(refusal.pattern);
    ASSERT_FALSE(glob) << refusal.pattern;
    EXPECT_EQ(glob.error().kind(), ErrorKind::InvalidInput);
    EXPECT_NE(glob.error().message().find(refusal.why), std::string::npos)
        << refusal.pattern << ": " << glob.error().message();
  }
}

TEST(GlobTest, FlatPatternsTakeAddressesAndRefuseTheRest) {
  EXPECT_TRUE(Glob::parse_flat("https://github.com/acme/*"));
  EXPECT_TRUE(Glob::parse_flat("refs/heads/"));
  for (const std::string_view bad : {"", "(a)", "[!a]", "!x", "a\n", "\\", "[a"}) {
    EXPECT_FALSE(Glob::parse_flat(bad)) << bad;
  }
}

TEST(GlobTest, LongestPatternIsTaken) {
  EXPECT_TRUE(Glob::parse(std::string(Glob::kMaxBytes, 'a')));
}

TEST(GlobTest, RunsOfStarsAreFolded) {
  EXPECT_EQ(Glob::parse("a***b")->text(), "a*b");
  EXPECT_EQ(Glob::parse("***")->text(), "**");
  EXPECT_EQ(Glob::parse("*/****/x")->text(), "*/**/x");
  EXPECT_EQ(Glob::parse("**/**/**/x")->text(), "**/x");
  EXPECT_EQ(Glob::parse("[**]*")->text(), "[**]*");
  EXPECT_EQ(Glob::parse_flat("a**/**b")->text(), "a*/*b");
  EXPECT_EQ(Glob::parse(std::string(100'000, '*') + "x")->text(), "*x");
}

TEST(GlobTest, FoldedTextParsesToItself) {
  for (const std::string_view pattern : {"a***b", "**/**/x", "*/**", "[a-z]*", "a**"}) {
    const auto once = Glob::parse(pattern);
    ASSERT_TRUE(once);
    EXPECT_EQ(Glob::parse(once->text())->text(), once->text());
  }
}

std::int64_t milliseconds_of(const Glob& glob, const std::string& text) {
  const test::CpuTimer timer;
  EXPECT_FALSE(glob.matches(text));
  EXPECT_FALSE(glob.matches_whole(text));
  return timer.elapsed().count();
}

// A backtracking matcher would need longer than the universe has for these.
TEST(GlobTest, HostilePatternsAreCheap) {
  std::string stars;
  std::string deep;
  std::string classes;
  for (int i = 0; i < 32; ++i) {
    stars += "*a";
    classes += "*[a-c]";
  }
  for (int i = 0; i < 15; ++i) {
    deep += "**/a/";
  }
  std::string path;
  for (int i = 0; i < 2000; ++i) {
    path += "a/";
  }
  const std::string flat(4000, 'a');
  EXPECT_LT(milliseconds_of(*Glob::parse(stars + "b"), flat), 200);
  EXPECT_LT(milliseconds_of(*Glob::parse(classes + "x"), flat), 200);
  EXPECT_LT(milliseconds_of(*Glob::parse(deep + "b"), path + "c"), 200);
}

// An independent, exponential definition on small inputs.
bool defined(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern.front() == '*') {
    return defined(pattern.substr(1), text) || (!text.empty() && defined(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
         defined(pattern.substr(1), text.substr(1));
}

std::string word(unsigned number, std::string_view alphabet, unsigned length) {
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += alphabet[number % alphabet.size()];
    number /= static_cast<unsigned>(alphabet.size());
  }
  return text;
}

TEST(GlobTest, AgreesWithTheDefinitionOnAllSmallInputs) {
  for (unsigned p = 0; p < 1024; ++p) {
    const std::string pattern = word(p, "ab*?", 5);
    const auto glob = Glob::parse_flat(pattern);
    ASSERT_TRUE(glob);
    for (unsigned length = 0; length <= 6; ++length) {
      for (unsigned t = 0; t < (1U << length); ++t) {
        const std::string text = word(t, "ab", length);
        ASSERT_EQ(glob->matches_whole(text), defined(pattern, text)) << pattern << " " << text;
      }
    }
  }
}

}  // namespace
}  // namespace nono::trustpolicy
