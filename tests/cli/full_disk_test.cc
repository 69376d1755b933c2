// tests/cli/full_disk_test.cc: a disk without room: old files stay, the error is clear, nothing is
// left behind. A small file system of its own is mounted, which takes root.
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

class FullDiskTest : public testing::CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    const Outcome tried = run({"/usr/bin/unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"});
    if (::geteuid() != 0 || tried.code != 0) {
      GTEST_SKIP() << "a file system can be mounted by root only";
    }
  }
  // on_full_disk runs `prepare` in a new file system at `directory`, fills it, and runs `script`.
  Outcome on_full_disk(const std::string& directory, const std::string& prepare,
                       const std::string& script) const {
    const std::string text = "mkdir -p '" + directory + "'; mount -t tmpfs -o size=64k none '" +
                             directory + "' && chmod 700 '" + directory + "'; " + prepare +
                             "; cat /dev/zero > '" + directory + "/filler' 2>/dev/null; " + script;
    return run({"/usr/bin/unshare", "-m", "/bin/sh", "-c", "NONO=" + program() + "; " + text});
  }
  std::string config() const { return home_ + "/.config/nono"; }
};

TEST_F(FullDiskTest, APolicyEditLeavesTheOldPolicy) {
  const Outcome outcome = on_full_disk(
      config(),
      "$NONO trust publisher add --issuer https://a.example --subject a@a.example --yes -q",
      "cp " + user_policy() + " " + base_ +
          "/before; for i in $(seq 200); do $NONO trust publisher add --issuer "
          "https://b.example --subject b$i@b.example --yes -q 2>" +
          base_ + "/err || break; cp " + user_policy() + " " + base_ + "/before; done; cmp " +
          user_policy() + " " + base_ + "/before && ls -A " + config() + "; cat " + base_ +
          "/err >&2");
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.err.find("No space left on device"), std::string::npos) << outcome.err;
  EXPECT_TRUE(outcome.out.ends_with("\n.lock\nfiller\ntrust-policy.json\n")) << outcome.out;
}

TEST_F(FullDiskTest, SigningLeavesNothingBehind) {
  const Outcome outcome = on_full_disk(
      tree_ + "/full", "mkdir " + tree_ + "/full/.git; echo text > " + tree_ + "/full/CLAUDE.md",
      "cd " + tree_ + "/full; $NONO trust sign CLAUDE.md; echo $?; ls -A");
  EXPECT_EQ(outcome.out, "125\n.git\nCLAUDE.md\nfiller\n") << outcome.err;
  EXPECT_NE(outcome.err.find("No space left on device"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace nono::cli
