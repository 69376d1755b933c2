#include "crypto/warm_up.h"

#include <gtest/gtest.h>

#include <string_view>

#include "crypto/digest.h"
#include "crypto/keys.h"
#include "crypto/secret.h"
#include "tests/crypto/threads.h"

namespace nono::crypto {
namespace {

using test::threads;
using test::threads_in_the_end;

TEST(WarmUpTest, NoThreadIsLeftAfterIt) {
  const auto before = threads();
  WarmUp first;
  first.finish();
  EXPECT_EQ(threads_in_the_end(before), before);
  first.finish();
  {
    const WarmUp second;
  }
  EXPECT_EQ(threads_in_the_end(before), before);
}

TEST(WarmUpTest, WhatIsVerifiedMeanwhileIsVerifiedRight) {
  constexpr std::string_view kMessage = "message";
  const auto key = PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  ASSERT_TRUE(key);
  const auto signature = key->sign(as_bytes(kMessage));
  ASSERT_TRUE(signature);
  for (int round = 0; round < 20; ++round) {
    WarmUp meanwhile;
    EXPECT_TRUE(key->public_key().verifies(as_bytes(kMessage), *signature));
    EXPECT_FALSE(key->public_key().verifies(as_bytes("massage"), *signature));
    EXPECT_EQ(Sha256::of("").short_form(), "SHA256:e3b0c44298fc1c14");
    EXPECT_EQ(hmac_sha256(Secret(), {}).size(), Sha256::kSize);
  }
}

}  // namespace
}  // namespace nono::crypto
