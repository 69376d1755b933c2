// tests/tuf/delegation_test.cc: which paths a delegation covers.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tuf/metadata.h"

namespace nono::tuf {
namespace {

bool covers(std::string_view pattern, std::string_view path) {
  Delegation delegation;
  delegation.paths = {std::string(pattern)};
  return delegation.covers(path);
}

struct Row {
  std::string_view pattern;
  std::string_view path;
  bool covered;
};

TEST(DelegationTest, PatternsMatchPartByPart) {
  for (const Row& row : {
           Row{"*", "file", true},
           Row{"*", "dir/file", false},
           Row{"*/*", "dir/file", true},
           Row{"*.tgz", "foo.tgz", true},
           Row{"*.tgz", "foo.TGZ", false},
           Row{"foo-?.tgz", "foo-1.tgz", true},
           Row{"f-?.tgz", "f-.tgz", false},
           Row{"f-?.tgz", "f-12.tgz", false},
           Row{"?", "/", false},
           Row{"a?b", "a/b", false},
           Row{"dir/*", "dir/file", true},
           Row{"dir/*", "dir/sub/file", false},
           Row{"dir/*", "else/f", false},
           Row{"dir", "dir", true},
           Row{"dir", "dir/file", false},
           Row{"a*b*c", "axxbyyc", true},
           Row{"a*b*c", "axxbyy", false},
           Row{"a**c", "abc", true},
           Row{"[ab]", "a", false},
           Row{"[ab]", "[ab]", true},
           Row{"file", "file2", false},
           Row{"*/", "dir/", true},
       }) {
    EXPECT_EQ(covers(row.pattern, row.path), row.covered) << row.pattern << " " << row.path;
  }
}

TEST(DelegationTest, AnyPatternIsEnough) {
  Delegation delegation;
  delegation.paths = {"a", "b"};
  EXPECT_TRUE(delegation.covers("b"));
  EXPECT_FALSE(delegation.covers("c"));
}

TEST(DelegationTest, PrefixesAreOfThePathsDigest) {
  Delegation delegation;
  delegation.hash_prefixes = {"3b9c"};  // SHA-256("file") = 3b9c358f36f0…
  EXPECT_TRUE(delegation.covers("file"));
  EXPECT_FALSE(delegation.covers("other"));
  delegation.hash_prefixes = {};
  EXPECT_FALSE(delegation.covers("file"));
}

TEST(DelegationTest, ManyStarsTakeNoLongTime) {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) {
    pattern += "*a";
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(covers(pattern + "b", std::string(4000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace nono::tuf
