// tests/trustpolicy/hostile_keyless_test.cc: the corpus of hostile bundles and certificates, judged
// as the gate judges them: by a policy with a keyless and a keyed publisher, and a trusted root.
//
// testdata/hostile/verdicts.tsv says for each member what must come out: `admitted`, or the code of
// the denial. A verdict that contradicts the corpus fails whatever the table says.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/sealed_file.h"
#include "tests/sanitized.h"
#include "tests/trustpolicy/support.h"
#include "trustpolicy/policy.h"

namespace nono::trustpolicy {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;

std::string shared(const std::string& name) {
  return std::string(NONO_SHARED_DIR) + "/fixtures/hostile/" + name;
}

Rows verdicts() {
  Rows rows;
  const std::string text =
      test::read_text(std::string(NONO_SOURCE_DIR) + "/testdata/hostile/verdicts.tsv");
  std::string_view rest(text);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t tab = line.find('\t');
    if (!line.starts_with('#') && tab != std::string_view::npos) {
      rows.emplace(line.substr(0, tab), line.substr(tab + 1));
    }
  }
  return rows;
}

// Processor time, so that a busy machine fails no limit.
std::chrono::nanoseconds spent() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// The limits are those of the program as it is shipped.
constexpr int kSlack = built::kAsShipped ? 1 : 10;

class HostileKeylessTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!read_file(shared("index.json"), 4u << 20)) {
      GTEST_SKIP() << "the hostile corpus is not here: " << NONO_SHARED_DIR;
    }
    auto document = Document::parse(test::read_text(shared("context/policy.json")), "policy.json");
    ASSERT_TRUE(document) << document.error().message();
    auto root = attest::TrustedRoot::parse(test::read_text(shared("context/trusted_root.json")));
    ASSERT_TRUE(root) << root.error().message();
    std::vector<Layer> layers;
    layers.push_back(test::layer_of(LayerKind::User, *std::move(document)));
    policy_ = Policy::merge(
        std::move(layers), {},
        std::make_shared<attest::RootSource>(attest::RootSource::of(*std::move(root))));
    const auto opened = open_regular(BorrowedFd::unowned(AT_FDCWD), shared("context/SKILLS.md"));
    ASSERT_TRUE(opened);
    auto file = SealedFile::capture(*opened, "SKILLS.md");
    ASSERT_TRUE(file);
    file_ = *std::move(file);
    index_ = *Json::parse(test::read_text(shared("index.json")), kBundleLimits);
  }
  std::string judge(const std::string& bundle) const {
    const attest::Place place{"/w/repo/SKILLS.md", "/w/repo", "SKILLS.md"};
    const std::vector<attest::Evidence> evidence{{bundle, "/w/repo/SKILLS.md.bundle", false}};
    auto file = file_->clone();
    EXPECT_TRUE(file);
    auto examined = policy_->verifier().examine(*std::move(file), place, evidence,
                                                attest::Purpose::InstructionFile);
    EXPECT_TRUE(examined);
    const Decision decision =
        policy_->decide(*std::move(examined), GuardClass::Instruction, Override::No);
    const auto* const denied = std::get_if<Denied>(&decision);
    return denied == nullptr ? "admitted" : denied->code() + "\t" + denied->reason();
  }
  std::optional<Policy> policy_;
  std::optional<SealedFile> file_;
  Json index_;
};

TEST_F(HostileKeylessTest, EveryMemberHasItsVerdictInTime) {
  const Rows rows = verdicts();
  std::size_t seen = 0;
  for (const Json& one : *index_.find("cases")->array()) {
    const std::string id = *one.find("id")->string();
    const bool recipe = one.find("recipe") != nullptr && *one.find("recipe")->boolean();
    if (recipe || (!id.starts_with("bundle.") && !id.starts_with("cert."))) {
      continue;
    }
    const std::string bundle = test::read_text(shared(*one.find("file")->string()));
    const auto start = spent();
    const std::string said = judge(bundle);
    const Json* const limit = one.find("limit_ms");
    EXPECT_LT(spent() - start, std::chrono::milliseconds(limit ? *limit->integer() : 500) * kSlack)
        << id;
    const auto row = rows.find(id);
    EXPECT_EQ(said.substr(0, said.find('\t')), row == rows.end() ? "(no row)" : row->second)
        << id << ": " << said;
    EXPECT_EQ(said == "admitted", *one.find("expect")->string() == "accept") << id << ": " << said;
    ++seen;
  }
  EXPECT_GT(seen, 180u);
}

}  // namespace
}  // namespace nono::trustpolicy
