// tests/attest/evidence_test.cc: the search for bundles on real directories.
#include "attest/evidence.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "support.h"

namespace nono::attest::test {
namespace {

class EvidenceTest : public ::testing::Test {
 protected:
  // found lists the paths of the candidates, relative to the directory, or the error.
  std::vector<std::string> found(std::string_view file) const {
    const auto evidence = find_evidence(place_of(dir_.at(file)));
    if (!evidence) {
      return {"error: " + evidence.error().message()};
    }
    std::vector<std::string> paths;
    for (const Evidence& one : *evidence) {
      EXPECT_EQ(one.multi, base_name(one.bundle_path) == kMultiBundleName);
      EXPECT_EQ(one.bundle_text, read_text(one.bundle_path));
      paths.push_back(relative_to(dir_.path(), one.bundle_path));
    }
    return paths;
  }
  std::string error_of(std::string_view file) const {
    const auto evidence = find_evidence(place_of(dir_.at(file)));
    return evidence ? "" : evidence.error().message();
  }
  TempDir dir_;
};

using Paths = std::vector<std::string>;

TEST_F(EvidenceTest, TheRepositoryIsTheNearestDirectoryWithAGitEntry) {
  dir_.make_directory("r/.git");
  dir_.write("r/sub/.git", "gitdir: ../.git/modules/sub\n");
  dir_.make_directory("r/docs/deep");
  const Place outer = place_of(dir_.at("r/docs/deep/CLAUDE.md"));
  EXPECT_EQ(outer.path, dir_.at("r/docs/deep/CLAUDE.md"));
  EXPECT_EQ(outer.repository_root, dir_.at("r"));
  EXPECT_EQ(outer.repository_path, "docs/deep/CLAUDE.md");
  const Place inner = place_of(dir_.at("r/sub/CLAUDE.md"));
  EXPECT_EQ(inner.repository_root, dir_.at("r/sub"));
  EXPECT_EQ(inner.repository_path, "CLAUDE.md");
}

TEST_F(EvidenceTest, OutsideARepositoryThereIsNoRepositoryPath) {
  const Place place = place_of(dir_.at("docs/../CLAUDE.md"));
  EXPECT_EQ(place.path, dir_.at("CLAUDE.md"));
  EXPECT_EQ(place.repository_root, "");
  EXPECT_EQ(place.repository_path, "");
}

TEST_F(EvidenceTest, NothingIsLookedForUnderProc) {
  dir_.make_directory(".git");
  const Place place = place_of("/proc/self/cwd/CLAUDE.md");
  EXPECT_EQ(place.repository_root, "");
  const auto evidence = find_evidence(place);
  ASSERT_TRUE(evidence.has_value());
  EXPECT_TRUE(evidence->empty());
}

TEST_F(EvidenceTest, TheSidecarComesFirstAndThenUpwardsToTheRoot) {
  dir_.make_directory("r/.git");
  dir_.write(".nono-trust.bundle", "above the root");
  dir_.write("r/.nono-trust.bundle", "root");
  dir_.write("r/docs/.nono-trust.bundle", "docs");
  dir_.write("r/docs/CLAUDE.md.bundle", "sidecar");
  dir_.write("r/docs/AGENTS.md.bundle", "of another file");
  EXPECT_EQ(
      found("r/docs/CLAUDE.md"),
      (Paths{"r/docs/CLAUDE.md.bundle", "r/docs/.nono-trust.bundle", "r/.nono-trust.bundle"}));
  EXPECT_EQ(found("r/CLAUDE.md"), Paths{"r/.nono-trust.bundle"});
}

TEST_F(EvidenceTest, NothingThereIsAnEmptyList) {
  EXPECT_EQ(found("CLAUDE.md"), Paths{});
}

TEST_F(EvidenceTest, OutsideARepositoryThePolicysDirectoryIsTheEnd) {
  dir_.write(".nono-trust.bundle", "above");
  dir_.write("p/.nono-trust.bundle", "project");
  dir_.write("p/trust-policy.json", "{}");
  dir_.make_directory("p/docs/deep");
  EXPECT_EQ(found("p/docs/deep/CLAUDE.md"), Paths{"p/.nono-trust.bundle"});
}

TEST_F(EvidenceTest, WithoutRepositoryAndPolicyOnlyTheOwnDirectoryIsSearched) {
  dir_.write(".nono-trust.bundle", "above");
  dir_.write("docs/.nono-trust.bundle", "own");
  EXPECT_EQ(found("docs/CLAUDE.md"), Paths{"docs/.nono-trust.bundle"});
}

TEST_F(EvidenceTest, ASidecarThatIsADirectoryIsAnError) {
  dir_.make_directory("CLAUDE.md.bundle");
  EXPECT_TRUE(error_of("CLAUDE.md").contains("CLAUDE.md.bundle")) << error_of("CLAUDE.md");
}

TEST_F(EvidenceTest, ASidecarThatIsAFifoIsAnErrorAndDoesNotBlock) {
  ASSERT_EQ(::mkfifo(dir_.at("CLAUDE.md.bundle").c_str(), 0600), 0);
  EXPECT_TRUE(error_of("CLAUDE.md").contains("CLAUDE.md.bundle")) << error_of("CLAUDE.md");
}

TEST_F(EvidenceTest, ASidecarThatIsASymlinkIsAnErrorEvenToAGoodBundle) {
  dir_.write("good.bundle", "text");
  ASSERT_EQ(::symlink("good.bundle", dir_.at("CLAUDE.md.bundle").c_str()), 0);
  EXPECT_TRUE(error_of("CLAUDE.md").contains("CLAUDE.md.bundle")) << error_of("CLAUDE.md");
}

TEST_F(EvidenceTest, ADanglingSymlinkIsNotAbsence) {
  ASSERT_EQ(::symlink("nowhere", dir_.at(".nono-trust.bundle").c_str()), 0);
  EXPECT_TRUE(error_of("CLAUDE.md").contains(".nono-trust.bundle")) << error_of("CLAUDE.md");
}

TEST_F(EvidenceTest, ATerabyteIsRefusedWithoutReadingIt) {
  const std::string path = dir_.write("CLAUDE.md.bundle", "");
  ASSERT_EQ(::truncate(path.c_str(), off_t{1} << 40), 0);
  EXPECT_TRUE(error_of("CLAUDE.md").contains("CLAUDE.md.bundle")) << error_of("CLAUDE.md");
}

TEST_F(EvidenceTest, ANameTooLongForASidecarHasNone) {
  const std::string name(252, 'x');
  dir_.write(name, "text");
  EXPECT_EQ(found(name), Paths{});
}

TEST_F(EvidenceTest, ASidecarThatMayNotBeReadIsAnError) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root reads everything";
  }
  ASSERT_EQ(::chmod(dir_.write("CLAUDE.md.bundle", "text").c_str(), 0), 0);
  EXPECT_NE(error_of("CLAUDE.md"), "");
}

TEST_F(EvidenceTest, TheNumberOfBundlesIsCapped) {
  dir_.make_directory(".git");
  std::string deep;
  for (std::size_t level = 0; level < kMaxBundles; ++level) {
    dir_.write(deep + std::string(kMultiBundleName), "text");
    deep += "d/";
  }
  dir_.make_directory(deep);
  EXPECT_EQ(found(deep + "CLAUDE.md").size(), kMaxBundles);
  dir_.write(deep + "CLAUDE.md.bundle", "one more");
  EXPECT_TRUE(error_of(deep + "CLAUDE.md").contains("more than 32 bundles"));
}

TEST_F(EvidenceTest, TheSumOfTheirSizesIsCapped) {
  dir_.make_directory(".git");
  dir_.make_directory("a/b");
  for (const std::string_view directory : {"a/b/", "a/", ""}) {
    const std::string path = dir_.write(std::string(directory) + ".nono-trust.bundle", "");
    ASSERT_EQ(::truncate(path.c_str(), off_t{kBundleLimits.bytes}), 0);
  }
  EXPECT_EQ(found("a/CLAUDE.md").size(), 2u);
  EXPECT_TRUE(error_of("a/b/CLAUDE.md").contains("bytes"));
}

TEST_F(EvidenceTest, AFileWhoseDirectoryIsGoneIsAnError) {
  EXPECT_NE(error_of("gone/CLAUDE.md"), "");
}

}  // namespace
}  // namespace nono::attest::test
