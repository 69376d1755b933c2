// tests/engine/verify_test.cc: reports of single files and of trees, and explanations.
#include "engine/verify.h"

#include <sys/stat.h>

#include <algorithm>

#include "engine/explain.h"
#include "tests/engine/support.h"

namespace nono::engine {
namespace {

class VerifyTest : public testing::EngineTest {
 protected:
  struct Line {
    std::string shown;
    Status status;
    std::string code;
    std::string remedy;
  };
  std::vector<Line> walk(Tally& tally) const {
    std::vector<Line> lines;
    Gate the_gate = gate();
    tally = testing::must(
        verify_tree(the_gate, tree_, {}, {.progress = {}, .each = [&](const FileReport& file) {
                                            lines.push_back({file.shown, file.status,
                                                             file.judgement.finding_code,
                                                             file.judgement.remedy});
                                          }}));
    return lines;
  }
};

TEST_F(VerifyTest, TreeIsReportedFileByFile) {
  make_repository();
  const crypto::PrivateKey key = make_key();
  sign(key, {write("A/CLAUDE.md", "good")});
  write("B/CLAUDE.md", "unsigned");
  sign(key, {write("C/CLAUDE.md", "old")});
  write("C/CLAUDE.md", "new");
  Tally tally;
  const std::vector<Line> lines = walk(tally);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].shown, "A/CLAUDE.md");
  EXPECT_EQ(lines[0].status, Status::Verified);
  EXPECT_EQ(lines[1].status, Status::Unsigned);
  EXPECT_EQ(lines[1].remedy, "nono trust sign B/CLAUDE.md");
  EXPECT_EQ(lines[2].status, Status::Failed);
  EXPECT_EQ(lines[2].code, "subject-mismatch");
  EXPECT_EQ(tally.verified, 1u);
  EXPECT_EQ(tally.unsigned_files, 1u);
  EXPECT_EQ(tally.failed, 1u);
  EXPECT_FALSE(tally.all_verified());
}

TEST_F(VerifyTest, OrphanBundleFails) {
  write("CLAUDE.md.bundle", "do as I say");
  Tally tally;
  const std::vector<Line> lines = walk(tally);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].shown, "CLAUDE.md.bundle");
  EXPECT_EQ(lines[0].status, Status::Failed);
  EXPECT_FALSE(tally.all_verified());
}

TEST_F(VerifyTest, LinkOutOfTheTreeIsNotToBeSignedThere) {
  ASSERT_EQ(::symlink("/etc/passwd", in("CLAUDE.md").c_str()), 0);
  Tally tally;
  const std::vector<Line> lines = walk(tally);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].status, Status::Unsigned);
  EXPECT_EQ(lines[0].remedy,
            "CLAUDE.md is a link to /etc/passwd: put a file of its own there and sign it");
}

TEST_F(VerifyTest, ToleratedIsNotVerified) {
  write_user_policy(
      R"({"version":1,"includes":["CLAUDE*"],"publishers":[],"enforcement":"audit"})");
  write("CLAUDE.md", "text");
  Tally tally;
  const std::vector<Line> lines = walk(tally);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].status, Status::Unsigned);
  EXPECT_FALSE(tally.all_verified());
}

TEST_F(VerifyTest, EmptyTreeIsAllVerified) {
  Tally tally;
  EXPECT_TRUE(walk(tally).empty());
  EXPECT_TRUE(tally.all_verified());
  EXPECT_EQ(tally.total(), 0u);
}

TEST_F(VerifyTest, IncompleteScanIsNotAllVerified) {
  for (int i = 0; i < 5; ++i) {
    write("f" + std::to_string(i), "");
  }
  Gate the_gate = gate();
  const Tally tally = testing::must(verify_tree(
      the_gate, tree_, {.entries = 3}, {.progress = {}, .each = [](const FileReport&) {}}));
  EXPECT_FALSE(tally.complete);
  EXPECT_FALSE(tally.all_verified());
}

TEST_F(VerifyTest, FileNamedByTheUserIsShownAsNamed) {
  Gate the_gate = gate();
  const FileReport missing = verify_file(the_gate, "no/such.md");
  EXPECT_EQ(missing.shown, "no/such.md");
  EXPECT_EQ(missing.status, Status::Failed);
  EXPECT_EQ(missing.judgement.finding_code, "unexaminable");
}

TEST_F(VerifyTest, WordsAreThoseOfTheCommandLine) {
  EXPECT_EQ(word_for(Status::Verified), "VERIFIED");
  EXPECT_EQ(word_for(Status::Unsigned), "UNSIGNED");
  EXPECT_EQ(word_for(Status::Failed), "FAILED");
}

std::string fact(const std::vector<Step>& steps, std::string_view step, std::string_view key) {
  for (const Step& one : steps) {
    const auto hit = std::ranges::find(one.facts, key, &std::pair<std::string, std::string>::first);
    if (one.name == step && hit != one.facts.end()) {
      return hit->second;
    }
  }
  return "(none)";
}

TEST_F(VerifyTest, ExplanationTellsTheWholeChain) {
  make_repository();
  write_user_policy(R"({"version":1,"includes":["CLAUDE*"],"publishers":[],"enforcement":"deny"})");
  const std::string file = write("d/CLAUDE.md", "text");
  sign(make_key(), {file});
  Gate the_gate = gate();
  const Explanation told = explain(the_gate, file);
  EXPECT_EQ(told.report.status, Status::Verified);
  EXPECT_EQ(fact(told.steps, "file", "path"), file);
  EXPECT_EQ(fact(told.steps, "file", "sha256"), crypto::Sha256::of(std::string_view("text")).hex());
  EXPECT_EQ(fact(told.steps, "guard", "class"), "instruction");
  EXPECT_EQ(fact(told.steps, "place", "path"), "d/CLAUDE.md");
  EXPECT_EQ(fact(told.steps, "policy", "path"), user_policy_path(user_));
  EXPECT_EQ(fact(told.steps, "evidence", "finding"), "verified");
  EXPECT_EQ(fact(told.steps, "decision", "publisher"), "self");
}

TEST_F(VerifyTest, ExplanationShowsEveryBundleWithItsFinding) {
  make_repository();
  const std::string file = write("CLAUDE.md", "text");
  sign(strangers_key(), {file});
  testing::must(sign_together(attest::KeyAuthor(make_key()), tree_, {file}));
  Gate the_gate = gate();
  const Explanation told = explain(the_gate, file);
  EXPECT_EQ(told.report.status, Status::Verified);
  std::vector<std::string> findings;
  for (const Step& step : told.steps) {
    if (step.name == "evidence") {
      findings.push_back(fact({step}, "evidence", "finding"));
    }
  }
  EXPECT_EQ(findings, (std::vector<std::string>{"unknown-key", "verified"}));
}

TEST_F(VerifyTest, ExplanationOfWhatCannotBeReadStillDecides) {
  Gate the_gate = gate();
  const Explanation told = explain(the_gate, in("none.md"));
  EXPECT_EQ(told.report.status, Status::Failed);
  EXPECT_EQ(fact(told.steps, "decision", "reason"), "unexaminable");
  EXPECT_NE(fact(told.steps, "evidence", "error"), "(none)");
}

TEST_F(VerifyTest, ExplanationOfUnsignedSaysWhereItLooked) {
  const std::string file = write("CLAUDE.md", "text");
  Gate the_gate = gate();
  const Explanation told = explain(the_gate, file);
  EXPECT_EQ(fact(told.steps, "evidence", "looked-for"), file + ".bundle");
  EXPECT_EQ(fact(told.steps, "decision", "mend"), "nono trust sign " + file);
}

TEST(BindingTest, EveryBindingHasACode) {
  EXPECT_EQ(binding_code(attest::NameBinding::Path), "path");
  EXPECT_EQ(binding_code(attest::NameBinding::BundlePath), "bundle-path");
  EXPECT_EQ(binding_code(attest::NameBinding::BasenameOnly), "basename-only");
  EXPECT_EQ(binding_code(attest::NameBinding::DigestOnly), "digest-only");
}

}  // namespace
}  // namespace nono::engine
