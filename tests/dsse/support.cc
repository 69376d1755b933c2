// tests/dsse/support.cc: keys and envelopes of the tests.
#include "tests/dsse/support.h"

#include <gtest/gtest.h>

#include <utility>

namespace nono::dsse::test {

const crypto::PrivateKey& signer() {
  static const crypto::PrivateKey key =
      *crypto::PrivateKey::generate(crypto::KeyAlgorithm::EcdsaP256);
  return key;
}

Json parsed(std::string_view text) {
  auto json = Json::parse(text, kBundleLimits);
  EXPECT_TRUE(json.has_value()) << text.substr(0, 200);
  return json ? *std::move(json) : Json();
}

std::string error_of(const Json& envelope) {
  const auto result = Envelope::parse(JsonView(envelope));
  if (result) {
    return "(taken)";
  }
  EXPECT_EQ(result.error().kind(), ErrorKind::InvalidInput);
  return result.error().message();
}

VerifiedPayload opened(std::string_view payload, std::string_view type) {
  const auto sealed = seal(signer(), type, payload);
  const auto envelope = Envelope::parse(JsonView(*sealed));
  return *envelope->open(signer().public_key());
}

}  // namespace nono::dsse::test
