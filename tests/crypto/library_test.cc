// tests/crypto/library_test.cc: OpenSSL takes no orders from the environment.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/files.h"
#include "crypto/certificate_authority.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "tests/crypto/certificate_draft.h"

namespace nono::crypto {
namespace {

// With this configuration OpenSSL's own context has no digest and no signature at all.
constexpr std::string_view kNothingWorks =
    "openssl_conf = init\n[init]\nproviders = list\nalg_section = alg\n[list]\nnull = one\n"
    "[one]\nactivate = 1\n[alg]\ndefault_properties = fips=yes\n";

class ConfigurationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    file_ = directory_ + "/openssl.cnf";
    ASSERT_TRUE(replace_file(file_, kNothingWorks, 0600).has_value());
  }
  void TearDown() override {
    ::unlink(file_.c_str());
    ::rmdir(directory_.c_str());
  }
  std::string directory_ = "/tmp/nono-crypto-XXXXXX";
  std::string file_;
};

// path_holds makes a certificate and finds its path.
bool path_holds(const PrivateKey& key) {
  const Certificate ca = test::authority("root", key.public_key(), "root").issued_by(key);
  const Certificate leaf = test::leaf(key.public_key(), "root").issued_by(key);
  const auto authority = CertificateAuthority::make({ca});
  return authority &&
         authority->issuer_of(leaf, {}, test::noon(), LeafUse::CodeSigning).has_value();
}

// works_despite signs, verifies, hashes and validates with the configuration named in the
// environment.
bool works_despite(const std::string& configuration) {
  ::setenv("OPENSSL_CONF", configuration.c_str(), 1);
  const auto key = PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  const auto signature = key->sign(as_bytes("m"));
  return signature && key->public_key().verifies(as_bytes("m"), *signature) && path_holds(*key) &&
         Sha256::of(std::string_view("abc")).hex().starts_with("ba7816bf") &&
         hmac_sha256(Secret(), {}).size() == 32;
}

TEST_F(ConfigurationTest, TheConfigurationFileIsNotRead) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // The child runs the whole test again, up to here, with a directory of its own.
  EXPECT_EXIT(
      {
        const bool works = works_despite(file_);
        TearDown();
        std::_Exit(works ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace nono::crypto
