// tests/crypto/secret_test.cc: secrets, HMAC (RFC 4231) and random names.
#include "crypto/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::inside;
using test::secret_of;
using test::unhex;

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_default_constructible_v<SecretAccess>);
static_assert(!std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<Secret, std::string_view>);

std::string text_of(const Secret& secret) {
  return std::string(secret.text(SecretAccess::i_will_not_log_or_store_this()));
}

TEST(SecretTest, TakeMovesTheTextAndWipesTheSource) {
  std::string source = "a passphrase that is longer than a short string";
  const std::size_t size = source.size();
  const Secret secret = Secret::take(source);
  EXPECT_EQ(text_of(secret), "a passphrase that is longer than a short string");
  EXPECT_TRUE(source.empty());
  bool clean = true;
  source.resize_and_overwrite(size, [&](const char* data, std::size_t count) {
    clean = std::all_of(data, data + count, [](char c) { return c == '\0'; });
    return std::size_t{0};
  });
  EXPECT_TRUE(clean);
}

TEST(SecretTest, TakeWipesShortStringsToo) {
  std::string source = "tiny";
  const Secret secret = Secret::take(source);
  EXPECT_EQ(secret.size(), 4u);
  bool clean = true;
  source.resize_and_overwrite(4, [&](const char* data, std::size_t count) {
    clean = std::all_of(data, data + count, [](char c) { return c == '\0'; });
    return std::size_t{0};
  });
  EXPECT_TRUE(clean);
}

TEST(SecretTest, CopyHoldsTheSameBytes) {
  const Bytes bytes = unhex("00ff10");
  const Secret secret = Secret::copy_of(bytes);
  EXPECT_TRUE(std::ranges::equal(inside(secret), bytes));
}

TEST(SecretTest, MovingEmptiesTheSource) {
  Secret first = secret_of("first");
  const Secret second = std::move(first);
  EXPECT_EQ(first.size(), 0u);  // NOLINT(bugprone-use-after-move): this is what is tested
  EXPECT_EQ(text_of(second), "first");
}

TEST(SecretTest, MoveAssignmentReplaces) {
  Secret target = secret_of("old");
  Secret source = secret_of("newer");
  target = std::move(source);
  EXPECT_EQ(text_of(target), "newer");
  EXPECT_EQ(source.size(), 0u);  // NOLINT(bugprone-use-after-move): this is what is tested
}

TEST(SecretTest, EqualsComparesSizeAndBytes) {
  EXPECT_TRUE(secret_of("same").equals(secret_of("same")));
  EXPECT_TRUE(Secret().equals(Secret()));
  EXPECT_FALSE(secret_of("same").equals(secret_of("samf")));
  EXPECT_FALSE(secret_of("same").equals(secret_of("tame")));
  EXPECT_FALSE(secret_of("same").equals(secret_of("same ")));
  EXPECT_FALSE(secret_of("same").equals(Secret()));
}

TEST(SecretTest, RandomSecretsHaveTheirSizeAndDiffer) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{16}, std::size_t{1000}}) {
    const auto secret = Secret::random(size);
    ASSERT_TRUE(secret.has_value());
    EXPECT_EQ(secret->size(), size);
  }
  EXPECT_FALSE(Secret::random(32)->equals(*Secret::random(32)));
}

struct MacVector {
  std::string key_hex;
  std::string data_hex;
  std::string_view mac;
};

std::string repeated(std::string_view digits, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += digits;
  }
  return out;
}

std::string hex_of(std::string_view text) {
  return hex_encode(as_bytes(text));
}

TEST(HmacTest, Rfc4231VectorsComeOut) {
  const MacVector vectors[] = {
      {repeated("0b", 20), hex_of("Hi There"),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {hex_of("Jefe"), hex_of("what do ya want for nothing?"),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {repeated("aa", 20), repeated("dd", 50),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {"0102030405060708090a0b0c0d0e0f10111213141516171819", repeated("cd", 50),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {repeated("aa", 131), hex_of("Test Using Larger Than Block-Size Key - Hash Key First"),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {repeated("aa", 131),
       hex_of(
           "This is a test using a larger than block-size key and a larger than block-size data. "
           "The key needs to be hashed before being used by the HMAC algorithm."),
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const MacVector& vector : vectors) {
    const Secret key = Secret::copy_of(unhex(vector.key_hex));
    EXPECT_EQ(hex_encode(hmac_sha256(key, unhex(vector.data_hex))), vector.mac);
  }
}

TEST(HmacTest, EmptyKeyAndEmptyDataHaveAValue) {
  EXPECT_EQ(hex_encode(hmac_sha256(Secret(), {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(RandomHexTest, HasTwoDigitsPerByteAndDiffers) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto name = random_hex(8);
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->size(), 16u);
    EXPECT_TRUE(hex_decode(*name).has_value());
    seen.insert(*name);
  }
  EXPECT_EQ(seen.size(), 100u);
}

}  // namespace
}  // namespace nono::crypto
