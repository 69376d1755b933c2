// tests/cli/conformance_client_test.cc: the words of the conformance protocol, as far as nobody has
// to answer. Signing itself: tests/engine/foreign_sign_test.cc, tests/acceptance/interop_test.py.
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

class ConformanceClientTest : public testing::CliTest {
 protected:
  Outcome client(std::vector<std::string> words) const {
    words.insert(words.begin(), std::string(NONO_BIN_DIR) + "/conformance-client");
    return run(words);
  }
  void expect(const std::vector<std::string>& words, int code, std::string_view what) const {
    const Outcome outcome = client(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(what), std::string::npos) << outcome.err;
    EXPECT_TRUE(outcome.out.empty());
    EXPECT_FALSE(exists(in("out.json")));
  }
  std::vector<std::string> sign(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"sign-bundle", "--bundle", in("out.json")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(ConformanceClientTest, OtherWordsAreWrongUsage) {
  expect({}, 2, "usage: verify-bundle and sign-bundle");
  expect({"sign"}, 2, "usage");
  expect({"sign-bundle", "--force"}, 2, "usage");
  expect({"sign-bundle", "--bundle"}, 2, "usage");
}

TEST_F(ConformanceClientTest, SigningNeedsATokenAFileAndServices) {
  const std::string file = write("artifact", "hello");
  expect(sign({file}), 2, "--identity-token");
  expect(sign({"--identity-token", "a.b.c"}), 2, "one FILE");
  expect(sign({"--identity-token", "a.b.c", file, file}), 2, "one FILE");
  expect(sign({"--identity-token", "a.b.c", file}), 2, "--signing-config");
  expect(sign({"--staging", "--identity-token", "a.b.c", "--signing-config", "x", file}), 2,
         "--trusted-root");
}

TEST_F(ConformanceClientTest, FilesThatAreNotWhatTheyShouldBeAreNamed) {
  const std::string file = write("artifact", "hello");
  expect(sign({"--identity-token", "a.b.c", "--signing-config", in("none"), file}), 1, "none");
  const std::string bad = write("bad.json", "{}");
  expect(sign({"--identity-token", "a.b.c", "--signing-config", bad, file}), 1, "bad.json");
}

}  // namespace
}  // namespace nono::cli
