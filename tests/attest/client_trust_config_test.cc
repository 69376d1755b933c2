// tests/attest/client_trust_config_test.cc: a trusted root and a signing configuration in one file.
#include "attest/client_trust_config.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support.h"
#include "trust_support.h"

namespace nono::attest::test {
namespace {

Json sound_trust_config() {
  Json config;
  config.set("mediaType", "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json");
  config.set("trustedRoot", sound_root());
  config.set("signingConfig", sound_signing_config());
  return config;
}

TEST(ClientTrustConfigTest, HoldsBothParts) {
  for (const Json& json : {sound_trust_config(), in_snake_case(sound_trust_config())}) {
    const auto config = ClientTrustConfig::parse(json.compact());
    ASSERT_TRUE(config.has_value()) << config.error().message();
    EXPECT_EQ(config->trusted_root().logs().logs().size(), 2u);
    EXPECT_EQ(config->signing_config().logs().size(), 2u);
  }
}

class TrustConfigFault : public ::testing::TestWithParam<Fault> {};

TEST_P(TrustConfigFault, NamesThePlace) {
  Json config = sound_trust_config();
  GetParam().change(config);
  EXPECT_EQ(error_of(ClientTrustConfig::parse(config.compact())), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, TrustConfigFault,
    ::testing::Values(
        Fault{"OtherMediaType",
              put({"mediaType"}, "application/vnd.dev.sigstore.clienttrustconfig.v0.2+json"),
              "unsupported: /mediaType: this version does not read "
              "\"application/vnd.dev.sigstore.clienttrustconfig.v0.2+json\"; it reads "
              "Sigstore client trust configurations 0.1"},
        Fault{"NoRoot", remove({}, "trustedRoot"), "invalid: /trustedRoot: is missing"},
        Fault{"NoSigningConfig", remove({}, "signingConfig"),
              "invalid: /signingConfig: is missing"},
        Fault{"UnknownMember", add({}, "x", 1), "invalid: /x: is not a known member"},
        Fault{"FaultInTheRoot",
              remove({"trustedRoot", "tlogs", "0", "publicKey", "validFor"}, "start"),
              "invalid: /trustedRoot/tlogs/0/publicKey/validFor/start: is missing"},
        Fault{"FaultInTheConfig", put({"signingConfig", "tsaConfig", "count"}, 0),
              "invalid: /signingConfig/tsaConfig: EXACT must have a count above 0"},
        Fault{"OtherRootMediaType", put({"trustedRoot", "mediaType"}, "x"),
              "unsupported: /trustedRoot/mediaType: this version does not read \"x\"; it "
              "reads Sigstore trusted roots 0.1 and 0.2"}),
    CaseName{});

TEST(ClientTrustConfigTest, FilesOfARealInstanceAreRead) {
  const auto text = shared("sigstore-local/trust_config.all.json");
  const auto signing = shared("sigstore-local/signing_config.both.json");
  if (!text || !signing) {
    GTEST_SKIP() << "the Sigstore fixtures are not here: " << NONO_SHARED_DIR;
  }
  const auto config = ClientTrustConfig::parse(*text);
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_EQ(config->trusted_root().logs().logs().size(), 4u);
  const auto alone = SigningConfig::parse(*signing);
  ASSERT_TRUE(alone.has_value()) << alone.error().message();
  EXPECT_EQ(alone->logs().size(), 2u);
}

}  // namespace
}  // namespace nono::attest::test
