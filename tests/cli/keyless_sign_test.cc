// tests/cli/keyless_sign_test.cc: trust sign --keyless as far as nobody has to answer.
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

// A signing configuration whose services are nowhere: the discard port of this machine.
constexpr std::string_view kConfig = R"({
  "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
  "caUrls": [{"url": "http://127.0.0.1:9", "majorApiVersion": 1,
              "validFor": {"start": "2020-01-01T00:00:00Z"}, "operator": "test"}],
  "rekorTlogUrls": [{"url": "http://127.0.0.1:9", "majorApiVersion": 1,
                     "validFor": {"start": "2020-01-01T00:00:00Z"}, "operator": "test"}],
  "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}})";
// {"iss":"https://accounts.example","aud":"sigstore","sub":"7","exp":1} under {"alg":"none"}
constexpr std::string_view kExpired =
    "eyJhbGciOiJub25lIn0."
    "eyJpc3MiOiJodHRwczovL2FjY291bnRzLmV4YW1wbGUiLCJhdWQiOiJzaWdzdG9yZSIsInN1YiI6IjciLCJleHAiOjF9."
    "c2ln";

class KeylessSignTest : public testing::CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("CLAUDE.md", "text");
    config_ = write("config.json", kConfig);
  }
  Outcome sign(std::vector<std::string> words) const {
    const std::vector<std::string> first = {"trust", "sign", "CLAUDE.md"};
    words.insert(words.begin(), first.begin(), first.end());
    return nono(words);
  }
  void expect(const Outcome& outcome, int code, std::string_view words) const {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
    EXPECT_TRUE(outcome.out.empty()) << outcome.out;
    EXPECT_FALSE(exists(in("CLAUDE.md.bundle")));
  }
  std::string config_;
};

TEST_F(KeylessSignTest, OptionsOfKeylessWithoutItAreRefused) {
  expect(sign({"--identity-token", "a.b.c"}), 2, "--identity-token belongs to --keyless");
  expect(sign({"--signing-config", config_}), 2, "--signing-config belongs to --keyless");
  expect(sign({"--trusted-root", config_}), 2, "--trusted-root belongs to --keyless");
}

TEST_F(KeylessSignTest, AKeyBesideKeylessIsRefused) {
  expect(sign({"--keyless", "--key", "default"}), 2, "--keyless signs without any key");
  expect(sign({"--keyless", "--keyref", "keystore://a"}), 2, "--keyless signs without any key");
  EXPECT_FALSE(exists(home_ + "/.config/nono/trust"));
}

TEST_F(KeylessSignTest, WithoutAConfigurationItIsToldWhereOneGoes) {
  const Outcome outcome = sign({"--keyless", "--trusted-root", config_});
  expect(outcome, 125, "the services to sign with are not known");
  expect(outcome, 125, home_ + "/.config/nono/signing_config.json");
}

TEST_F(KeylessSignTest, ARootOfTheUsersOwnWantsItsConfiguration) {
  write("../home/.config/nono/trusted_root.json", "{}");
  expect(sign({"--keyless"}), 125, "/.config/nono/trusted_root.json, and no signing configuration");
}

// The token is judged after the configuration was found, and before anything is sent.
TEST_F(KeylessSignTest, WithTheEmbeddedRootItsServicesAreKnown) {
  expect(sign({"--keyless", "--identity-token", std::string(kExpired)}), 2,
         "expired at 1970-01-01T00:00:01Z");
}

TEST_F(KeylessSignTest, AConfigurationThatIsNoneIsNamed) {
  expect(sign({"--keyless", "--signing-config", write("bad.json", "{}")}), 2, "bad.json");
}

TEST_F(KeylessSignTest, WithoutATokenAllWaysAreTold) {
  expect(sign({"--keyless", "--signing-config", config_}), 125, "SIGSTORE_ID_TOKEN");
  environment_["GITHUB_ACTIONS"] = "true";
  expect(sign({"--keyless", "--signing-config", config_}), 125, "id-token: write");
}

TEST_F(KeylessSignTest, AnExpiredTokenIsToldWithoutShowingIt) {
  const Outcome outcome =
      sign({"--keyless", "--signing-config", config_, "--identity-token", std::string(kExpired)});
  expect(outcome, 2, "expired at 1970-01-01T00:00:01Z");
  EXPECT_EQ(outcome.err.find("eyJ"), std::string::npos);
}

TEST_F(KeylessSignTest, AFileThatCannotBeSignedIsToldFirst) {
  const Outcome outcome = nono({"trust", "sign", "--keyless", "none.md"});
  EXPECT_EQ(outcome.code, 125) << outcome.err;
  EXPECT_NE(outcome.err.find("none.md"), std::string::npos);
}

TEST_F(KeylessSignTest, ABundleWhoseNameWouldBeTooLongIsToldFirst) {
  const std::string name(255, 'z');
  write(name, "text");
  const Outcome outcome = nono({"trust", "sign", "--keyless", "CLAUDE.md", name});
  EXPECT_EQ(outcome.code, 125) << outcome.err;
  EXPECT_NE(outcome.err.find("262 bytes long"), std::string::npos) << outcome.err;
  EXPECT_FALSE(exists(in("CLAUDE.md.bundle")));
}

}  // namespace
}  // namespace nono::cli
