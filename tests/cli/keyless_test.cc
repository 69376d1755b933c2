// tests/cli/keyless_test.cc: trust verify with an identity, trust inspect, trust root show, and
// publishers that are identities, as a user meets them.
#include "crypto/keys.h"
#include "tests/cli/support.h"
#include "tests/sigstore/cases.h"
#include "tests/sigstore/world.h"

namespace nono::cli {
namespace {

using testing::Outcome;

constexpr const char* kIdentity = "alice@example.com";
constexpr const char* kIssuer = "https://accounts.example.com";

class KeylessCliTest : public testing::CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    const factory::Recipe recipe;
    const factory::World world = factory::make_world(recipe);
    write("app.txt", recipe.artifact);
    write("app.txt.sigstore.json", factory::bundle(world));
    write("root.json", factory::trusted_root(world));
  }
  Outcome verify(std::vector<std::string> words) const {
    words.insert(words.begin(), {"trust", "verify", "--trusted-root", "root.json"});
    return nono(words);
  }
  // refused runs and expects a verdict or an error with these words.
  void refused(const std::vector<std::string>& words, int code, std::string_view said) const {
    const Outcome outcome = verify(words);
    EXPECT_EQ(outcome.code, code) << outcome.out << outcome.err;
    EXPECT_NE((outcome.out + outcome.err).find(said), std::string::npos)
        << outcome.out << outcome.err;
  }
};

TEST_F(KeylessCliTest, AnyFileIsVerifiedByItsSignersIdentity) {
  const Outcome outcome = verify(
      {"--certificate-identity", kIdentity, "--certificate-oidc-issuer", kIssuer, "app.txt"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "VERIFIED  app.txt  by alice@example.com of https://accounts.example.com\n");
}

TEST_F(KeylessCliTest, PatternsAreForTheWhole) {
  EXPECT_EQ(verify({"--certificate-identity-regexp", "[a-z]+@example\\.com",
                    "--certificate-oidc-issuer-regexp", "https://.*", "app.txt"})
                .code,
            0);
  refused({"--certificate-identity-regexp", "@example", "--certificate-oidc-issuer", kIssuer,
           "app.txt"},
          1, "identity-mismatch");
  refused({"--certificate-identity-regexp", "(", "--certificate-oidc-issuer", kIssuer, "app.txt"},
          2, "--certificate-identity-regexp");
}

TEST_F(KeylessCliTest, AnotherIdentityOrIssuerIsAVerdict) {
  refused({"--certificate-identity", "mallory@example.com", "--certificate-oidc-issuer", kIssuer,
           "app.txt"},
          1, "identity-mismatch");
  refused({"--certificate-identity", kIdentity, "--certificate-oidc-issuer",
           "https://accounts.example.org", "app.txt"},
          1, "identity-mismatch");
}

TEST_F(KeylessCliTest, HalfAnIdentityIsWrongUsage) {
  refused({"--certificate-identity", kIdentity, "app.txt"}, 2, "--certificate-oidc-issuer");
  refused({"--certificate-oidc-issuer", kIssuer, "app.txt"}, 2, "--certificate-identity");
  refused({"--certificate-identity", "", "--certificate-oidc-issuer", kIssuer, "app.txt"}, 2,
          "not empty");
  refused({"--certificate-identity", kIdentity, "--certificate-identity-regexp", "a",
           "--certificate-oidc-issuer", kIssuer, "app.txt"},
          2, "both given");
  refused({"--certificate-identity", kIdentity, "--certificate-oidc-issuer", kIssuer, "--key",
           "k.pem", "app.txt"},
          2, "exclude each other");
  refused({"--certificate-identity", kIdentity, "--certificate-oidc-issuer", kIssuer, "--all"}, 2,
          "named files");
  refused({"app.txt"}, 2, "--trusted-root goes with an identity");
}

TEST_F(KeylessCliTest, TheVerdictIsADocument) {
  const Outcome outcome = verify({"--certificate-identity", kIdentity, "--certificate-oidc-issuer",
                                  kIssuer, "--json", "app.txt"});
  const Json json = parse(outcome.out);
  EXPECT_EQ(text_at(json, {"schema"}), "nono/trust-verify-identity/1");
  EXPECT_EQ(text_at(json, {"files", "0", "status"}), "VERIFIED");
  EXPECT_EQ(text_at(json, {"files", "0", "reason"}), "null");
  EXPECT_EQ(text_at(json, {"files", "0", "evidence", "0", "step"}), "signature");
  EXPECT_EQ(text_at(json, {"files", "0", "evidence", "0", "subject"}), kIdentity);
  write("app.txt", "changed");
  const Json changed = parse(verify({"--certificate-identity", kIdentity,
                                     "--certificate-oidc-issuer", kIssuer, "--json", "app.txt"})
                                 .out);
  EXPECT_EQ(text_at(changed, {"files", "0", "status"}), "FAILED");
  EXPECT_EQ(text_at(changed, {"files", "0", "reason"}), "log-entry-mismatch");
  EXPECT_EQ(text_at(changed, {"files", "0", "evidence"}), "null");
}

TEST_F(KeylessCliTest, AKeyIsDemandedOfAFileAndNamedByItsFingerprint) {
  factory::Recipe recipe;
  recipe.material = factory::Material::PublicKey;
  const factory::World world = factory::make_world(recipe);
  write("app.txt.sigstore.json", factory::bundle(world));
  write("key.pem", factory::public_key(world));
  const auto key = crypto::PublicKey::parse_text(factory::public_key(world));
  ASSERT_TRUE(key.has_value());
  const Outcome outcome = verify({"--key", "key.pem", "app.txt"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "VERIFIED  app.txt  by key " + key->fingerprint().short_form() + "\n");
  const Json json = parse(verify({"--key", "key.pem", "--json", "app.txt"}).out);
  EXPECT_EQ(text_at(json, {"files", "0", "status"}), "VERIFIED");
  EXPECT_EQ(text_at(json, {"files", "0", "evidence", "0", "key"}), key->fingerprint().hex());
}

TEST_F(KeylessCliTest, AMissingBundleSaysHowToNameOne) {
  write("other.txt", "x");
  refused({"--certificate-identity", kIdentity, "--certificate-oidc-issuer", kIssuer, "other.txt"},
          125, "--bundle FILE");
}

TEST_F(KeylessCliTest, WhatCannotBeReadKeepsNoOtherFileFromItsVerdict) {
  write("none.txt", "x");
  const Outcome outcome = verify({"--certificate-identity", kIdentity, "--certificate-oidc-issuer",
                                  kIssuer, "none.txt", "missing.txt", "app.txt"});
  EXPECT_EQ(outcome.code, 125);
  EXPECT_TRUE(outcome.out.starts_with("VERIFIED  app.txt  ")) << outcome.out;
  EXPECT_NE(outcome.err.find("none.txt: there is no bundle beside it"), std::string::npos);
  EXPECT_NE(outcome.err.find("missing.txt: No such file or directory"), std::string::npos);
}

TEST_F(KeylessCliTest, InspectShowsClaimsAndSaysThatTheyAreNoMore) {
  const Outcome outcome = nono({"trust", "inspect", "app.txt.sigstore.json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("subject: alice@example.com (e-mail)"), std::string::npos);
  EXPECT_NE(outcome.err.find("nothing of this was verified"), std::string::npos);
  EXPECT_EQ(nono({"trust", "inspect", "app.txt"}).code, 2);
  const Json json = parse(nono({"trust", "inspect", "--json", "app.txt.sigstore.json"}).out);
  EXPECT_EQ(text_at(json, {"schema"}), "nono/trust-inspect/1");
  EXPECT_EQ(text_at(json, {"steps", "0", "step"}), "bundle");
}

TEST_F(KeylessCliTest, TheEmbeddedRootIsShownWithItsOrigin) {
  const Json json = parse(nono({"trust", "root", "show", "--json"}).out);
  EXPECT_EQ(text_at(json, {"schema"}), "nono/trust-root-show/1");
  EXPECT_EQ(text_at(json, {"steps", "0", "source"}), "embedded");
  EXPECT_EQ(text_at(json, {"steps", "0", "sha256"}).size(), 64u);
  EXPECT_EQ(text_at(json, {"steps", "0", "date"}).size(), 10u);
  const Outcome other = nono({"trust", "root", "show", "--trusted-root", "root.json"});
  EXPECT_NE(other.out.find("https://fulcio.factory.example"), std::string::npos);
  EXPECT_EQ(nono({"trust", "root", "show", "--trusted-root", "app.txt"}).code, 2);
}

TEST_F(KeylessCliTest, AnIdentityIsAddedAsAPublisherInOnesOwnWords) {
  const Outcome added = nono({"trust", "publisher", "add", "--issuer", kIssuer, "--subject",
                              kIdentity, "--name", "alice", "--yes"});
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_NE(read(user_policy()).find("\"subject\": \"alice@example.com\""), std::string::npos);
  EXPECT_EQ(nono({"trust", "publisher", "add", "--github", "acme/skills", "--yes"}).code, 2);
  EXPECT_EQ(nono({"trust", "publisher", "add", "--issuer", kIssuer, "--yes"}).code, 2);
}

}  // namespace
}  // namespace nono::cli
