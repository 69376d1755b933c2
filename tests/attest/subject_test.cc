// tests/attest/subject_test.cc: the path predicates and the key ring's look-up.
#include "attest/subject.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support.h"

namespace nono::attest::test {
namespace {

TEST(SubjectTest, PlainRelativePathsAreMadeOfNamesOnly) {
  for (const std::string_view good : {"a", "a/b", "...", "a/.b", "a b/ü", "a\\b"}) {
    EXPECT_TRUE(is_plain_relative(good)) << good;
  }
  for (const std::string_view bad :
       {"", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/../b", "a/.."}) {
    EXPECT_FALSE(is_plain_relative(bad)) << bad;
  }
  EXPECT_FALSE(is_plain_relative(std::string_view("a\0b", 3)));
}

TEST(SubjectTest, PathsEndInTheirTailsByWholeComponents) {
  EXPECT_TRUE(ends_in("/a/b/c", "c"));
  EXPECT_TRUE(ends_in("/a/b/c", "b/c"));
  EXPECT_TRUE(ends_in("/a/b/c", "a/b/c"));
  for (const std::string_view tail : {"", "/c", "bc", "d", "x/a/b/c", "/a/b/c", "c/"}) {
    EXPECT_FALSE(ends_in("/a/b/c", tail)) << tail;
  }
  EXPECT_FALSE(ends_in("/a/bc", "c"));
}

TEST(KeyringTest, AKeyIsFoundByItsFingerprintAndTheFirstEntryWins) {
  const crypto::PrivateKey key = make_key();
  Keyring keys;
  EXPECT_EQ(keys.find(key.public_key().fingerprint()), nullptr);
  keys.add({.key = make_key().public_key(),
            .alias = "other",
            .key_id = "",
            .extra_predicate_types = {}});
  keys.add({.key = key.public_key(), .alias = "first", .key_id = "", .extra_predicate_types = {}});
  keys.add({.key = key.public_key(), .alias = "second", .key_id = "", .extra_predicate_types = {}});
  ASSERT_NE(keys.find(key.public_key().fingerprint()), nullptr);
  EXPECT_EQ(keys.find(key.public_key().fingerprint())->alias, "first");
}

}  // namespace
}  // namespace nono::attest::test
