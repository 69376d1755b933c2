// tests/ledger/key_chain_test.cc
#include "ledger/key_chain.h"

#include <gtest/gtest.h>

#include <string>

namespace nono::ledger {
namespace {

crypto::SecretAccess access() {
  return crypto::SecretAccess::i_will_not_log_or_store_this();
}

std::string key_file(char digit) {
  return std::string(64, digit) + "\n";
}

TEST(KeyChainTest, FileTextComesBack) {
  const auto chain = KeyChain::parse(key_file('a'));
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->file_text().text(access()), key_file('a'));
}

TEST(KeyChainTest, GeneratedKeysDiffer) {
  const auto one = KeyChain::generate();
  const auto other = KeyChain::generate();
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->identity(), other->identity());
  EXPECT_EQ(one->file_text().size(), 65U);
}

// From Python: k = bytes(32); hmac.new(k, m, 'sha256').hexdigest(), k = hmac(k, next label).
TEST(KeyChainTest, MatchesAnIndependentImplementation) {
  auto chain = KeyChain::parse(key_file('0'));
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->identity().hex(),
            "99c1d16dce2d5ca0301e55ae2bb6a56dcee764540ed4c5a0bb1b7ca5eb1982f4");
  EXPECT_EQ(chain->mac("{\"a\":1").hex(),
            "767c1b89cb7011664ba2b756005c0200dc1c854718a929cdff97416a4262e906");
  chain->step();
  EXPECT_EQ(chain->mac("{\"a\":1").hex(),
            "43a6cc60df1e6b6067527ad0176a46309caf1251796cb757b103af728ddb6221");
}

TEST(KeyChainTest, StepChangesKeyAndMac) {
  auto chain = KeyChain::parse(key_file('1'));
  ASSERT_TRUE(chain);
  const crypto::Sha256 before = chain->mac("text");
  const crypto::Secret first = chain->file_text();
  chain->step();
  EXPECT_NE(chain->mac("text"), before);
  EXPECT_FALSE(chain->file_text().equals(first));
}

TEST(KeyChainTest, MalformedKeyFilesAreRefusedWithoutRepeatingThem) {
  const std::string good = key_file('b');
  const std::string cases[] = {"",
                               "\n",
                               good.substr(0, 64),
                               good + "\n",
                               good.substr(1),
                               " " + good.substr(1),
                               key_file('g'),
                               key_file('B'),
                               std::string(64, 'b') + "\r",
                               std::string(65, '\0')};
  for (const std::string& text : cases) {
    const auto chain = KeyChain::parse(text);
    ASSERT_FALSE(chain) << text;
    EXPECT_EQ(chain.error().kind(), ErrorKind::InvalidInput);
    EXPECT_EQ(chain.error().message().find("bbbb"), std::string::npos);
  }
}

}  // namespace
}  // namespace nono::ledger
