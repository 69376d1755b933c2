// tests/cli/upstream_test.cc: files that upstream nono 0.66.0 made, judged by our rules.
#include <map>
#include <set>

#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

constexpr const char* kUpstream = NONO_SHARED_DIR "/fixtures/upstream-nono";

class UpstreamTest : public testing::CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    if (!exists(std::string(kUpstream) + "/README.md")) {
      GTEST_SKIP() << "the shared upstream fixtures are not here";
    }
    ASSERT_EQ(nono({"trust", "publisher", "add", "--yes", "--name", "alice", "--key",
                    std::string(kUpstream) + "/keys/alice.pem.pub"})
                  .code,
              0);
  }
  // project copies one of upstream's directories here; no repository is around it there.
  void project(const std::string& name) const {
    ASSERT_EQ(shell("chmod -R u+rwx .; find . -mindepth 1 -delete; cp -r " +
                    std::string(kUpstream) + "/" + name + "/. . && chmod -R u+w .")
                  .code,
              0);
  }
};

TEST_F(UpstreamTest, EverySingleFileBundleVerifies) {
  project("single/proj");
  const Outcome outcome = nono({"trust", "verify", "--all"});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("VERIFIED  CLAUDE.md  by alice (SHA256:7683137cf944899"),
            std::string::npos)
      << outcome.out;
  EXPECT_EQ(outcome.out.find("FAILED"), std::string::npos);
  EXPECT_EQ(nono({"trust", "verify", "trust-policy.json"}).code, 0);
}

TEST_F(UpstreamTest, MultiFileBundlesVerify) {
  project("multi/two");
  EXPECT_EQ(nono({"trust", "verify", "--all"}).code, 0);
  project("multi/proj");
  // Upstream's pattern CLAUDE* is anchored to the root, so it left docs/CLAUDE.md unsigned.
  const Outcome outcome = nono({"trust", "verify", "--all"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "11 files: 10 verified, 1 unsigned, 0 failed\n");
  EXPECT_NE(outcome.out.find("UNSIGNED  docs/CLAUDE.md"), std::string::npos) << outcome.out;
}

TEST_F(UpstreamTest, StrangersKeyIsNotTaken) {
  project("single/proj");
  ASSERT_EQ(nono({"trust", "publisher", "remove", "alice"}).code, 0);
  const Outcome outcome = nono({"trust", "verify", "CLAUDE.md"});
  EXPECT_EQ(outcome.code, 1);
  // The project's own policy names the key: that makes it known, not trusted.
  EXPECT_NE(outcome.out.find("untrusted-publisher"), std::string::npos) << outcome.out;
}

TEST_F(UpstreamTest, UpstreamsPrivateKeySigns) {
  write("CLAUDE.md", "text");
  ASSERT_EQ(shell("cp " + std::string(kUpstream) + "/keys/alice.pem . && chmod 600 alice.pem").code,
            0);
  ASSERT_EQ(nono({"trust", "sign", "--keyref", "file://" + in("alice.pem"), "CLAUDE.md"}).code, 0);
  EXPECT_TRUE(
      nono({"trust", "verify", "CLAUDE.md"}).out.starts_with("VERIFIED  CLAUDE.md  by alice"));
}

// Where upstream accepts and we refuse, the reason is ours and is written down in the docs.
TEST_F(UpstreamTest, TamperedFilesGetTheRightVerdict) {
  const Json manifest = parse(read(std::string(kUpstream) + "/tampered/manifest.json"));
  std::map<std::string, int> codes;
  for (const auto& [name, expected] : *at(manifest, {"cases"}).object()) {
    project("tampered/" + name);
    const Outcome outcome = nono({"trust", "verify", "CLAUDE.md"});
    codes[name] = outcome.code;
    EXPECT_TRUE(outcome.code == 0 || outcome.code == 1 || outcome.code == 2)
        << name << ": " << outcome.err;
    if (*expected.find("upstream_verify_exit")->integer() != 0 && !name.starts_with("policy-")) {
      EXPECT_EQ(outcome.code, 1) << name << " is refused by upstream: " << outcome.out;
    }
  }
  EXPECT_EQ(codes["ok"], 0);
  EXPECT_GE(codes.size(), 20u);
}

}  // namespace
}  // namespace nono::cli
