// tests/attest/upstream_test.cc: bundles written by upstream nono 0.66.0, whole and tampered with.
//
// Each row has our verdict and upstream's exit status (0: it accepted). Where they differ,
// docs/format-bundle.md says why ours stands.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "attest/evidence.h"
#include "base/files.h"
#include "support.h"

namespace nono::attest::test {
namespace {

constexpr std::string_view kAliceId = "file:///home/a1v/keys/alice.pem";

std::string root() {
  return std::string(NONO_SHARED_DIR) + "/fixtures/upstream-nono/";
}

class UpstreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto alice = shared("upstream-nono/keys/alice.pem.pub");
    const auto mallory = shared("upstream-nono/keys/mallory.pem.pub");
    if (!alice || !mallory) {
      GTEST_SKIP() << "upstream's fixtures are not here: " << root();
    }
    keys_ = std::make_shared<Keyring>();
    add(*alice, kAliceId);
    mallory_ = *mallory;
  }
  void add(const std::string& text, std::string_view key_id) {
    const auto key = crypto::PublicKey::parse_text(text);
    ASSERT_TRUE(key.has_value()) << key.error().message();
    keys_->add(KeyringEntry{
        .key = *key, .alias = "alice", .key_id = std::string(key_id), .extra_predicate_types = {}});
  }
  // judge examines a file where it lies, as a file outside a repository.
  Finding judge(const std::string& file, Purpose purpose = Purpose::InstructionFile) const {
    const Place place{normal_path(root() + file), "", ""};
    const auto evidence = find_evidence(place);
    EXPECT_TRUE(evidence.has_value());
    const auto examined =
        Verifier(keys_).examine(seal_text(read_text(place.path)), place, *evidence, purpose);
    EXPECT_TRUE(examined.has_value());
    return examined->finding();
  }
  std::string verdict(const std::string& file, Purpose purpose = Purpose::InstructionFile) const {
    const Finding finding = judge(file, purpose);
    return binding_of(finding);
  }
  std::shared_ptr<Keyring> keys_;
  std::string mallory_;
};

TEST_F(UpstreamTest, EverySingleFileVerifies) {
  for (const std::string_view file :
       {"CLAUDE.md", "AGENTS.md", "SKILLS.md", "SKILLS-ünïcode.md", "SKILLS space name.md",
        "SKILLS-quote\"x.md", "SKILLS-binary.md", "SKILLS-crlf.md", "SKILLS-1mib.md",
        "docs/CLAUDE.md", ".claude/commands/review.md"}) {
    EXPECT_EQ(verdict("single/proj/" + std::string(file)), "basename-only") << file;
  }
  EXPECT_EQ(verdict("single/proj/trust-policy.json", Purpose::TrustPolicy), "basename-only");
}

TEST_F(UpstreamTest, TheSignerIsAliceByHerFingerprint) {
  const Finding finding = judge("single/proj/CLAUDE.md");
  ASSERT_TRUE(finding.has_value());
  const auto& signer = std::get<KeyedSigner>(finding->signer());
  EXPECT_EQ(signer.fingerprint, keys_->entries().front().key.fingerprint());
  EXPECT_EQ(signer.alias, "alice");
}

TEST_F(UpstreamTest, AliceMayBeKnownUnderAnotherId) {
  keys_ = std::make_shared<Keyring>();
  add(*shared("upstream-nono/keys/alice.pem.pub"), "");
  EXPECT_EQ(verdict("single/proj/CLAUDE.md"), "basename-only");
}

TEST_F(UpstreamTest, WithoutAlicesKeyNothingVerifies) {
  keys_ = std::make_shared<Keyring>();
  add(mallory_, kAliceId);
  EXPECT_EQ(verdict("single/proj/CLAUDE.md"), "unknown-key");
}

TEST_F(UpstreamTest, EverySubjectOfTheMultiBundlesVerifies) {
  for (const std::string_view file :
       {"proj/CLAUDE.md", "proj/AGENTS.md", "proj/SKILLS.md", "proj/SKILLS-ünïcode.md",
        "proj/SKILLS space name.md", "proj/SKILLS-quote\"x.md", "proj/SKILLS-binary.md",
        "proj/SKILLS-crlf.md", "proj/SKILLS-1mib.md", "proj/.claude/commands/review.md",
        "two/CLAUDE.md", "two/SKILLS.md"}) {
    EXPECT_EQ(verdict("multi/" + std::string(file)), "bundle-path") << file;
  }
}

TEST_F(UpstreamTest, AFileThatTheMultiBundleDoesNotNameHasNoBundle) {
  EXPECT_EQ(verdict("multi/proj/docs/CLAUDE.md"), "no-bundle");
}

TEST_F(UpstreamTest, EveryPolicyVerifiesAsAPolicyOnly) {
  for (const std::string_view name : {"deny", "warn", "audit", "blocklist", "blocked-publisher",
                                      "keyless-publisher", "files-field"}) {
    const std::string file = "policy/" + std::string(name) + "/trust-policy.json";
    EXPECT_EQ(verdict(file, Purpose::TrustPolicy), "basename-only") << name;
    EXPECT_EQ(verdict(file), "wrong-predicate-type") << name;
  }
}

struct Tampered {
  std::string_view name;
  std::string_view ours;
  int upstream;  // exit status
};
// The cases policy-* have a good bundle: what is wrong there is the policy, which is not judged
// here.
constexpr Tampered kTampered[] = {
    {"ok", "basename-only", 0},
    {"content-append-newline", "subject-mismatch", 1},
    {"sig-bitflip", "bad-signature", 1},
    {"no-signatures", "malformed-bundle", 1},
    {"first-bad-signature", "malformed-bundle", 1},
    {"wrong-hint", "basename-only", 0},
    {"no-public-key", "malformed-bundle", 1},
    {"mediatype-v02", "basename-only", 0},
    {"unknown-field", "basename-only", 0},
    {"other-key-own-key-id", "bad-signature", 1},
    {"statement-type-bogus", "malformed-bundle", 1},
    {"subject-name-other", "subject-mismatch", 1},
    {"subject-name-dotslash", "malformed-bundle", 1},
    {"no-subject", "malformed-bundle", 1},
    {"two-subjects-single-type", "subject-mismatch", 0},  // differs
    {"first-subject-wrong-digest-second-right", "subject-mismatch", 1},
    {"duplicate-json-key-subject", "malformed-bundle", 1},
    {"payload-with-bom", "malformed-bundle", 1},
    {"payload-trailing-garbage", "malformed-bundle", 1},
    {"payload-type-text", "wrong-payload-type", 1},
    {"payload-base64-nopad", "basename-only", 0},
    {"truncated-json", "malformed-bundle", 1},
    {"empty-bundle", "malformed-bundle", 1},
    {"bundle-trailing-bytes", "basename-only", 0},              // they are white space
    {"policy-two-keys-same-id-bad-first", "basename-only", 1},  // differs: all keys are tried
    {"policy-version-2", "basename-only", 1},                   // the policy's fault
    {"policy-unknown-field", "basename-only", 0},
    {"policy-no-inline-key", "basename-only", 0},
    {"replay-docs-bundle-basename-only", "basename-only", 0},
};

TEST_F(UpstreamTest, EveryTamperedCaseHasItsVerdict) {
  Json manifest = *Json::parse(*shared("upstream-nono/tampered/manifest.json"), kPolicyLimits);
  std::set<std::string_view> seen;
  for (const Tampered& one : kTampered) {
    const std::string name(one.name);
    keys_ = std::make_shared<Keyring>();
    if (name == "policy-two-keys-same-id-bad-first") {
      add(mallory_, kAliceId);
    }
    add(*shared("upstream-nono/keys/alice.pem.pub"), kAliceId);
    EXPECT_EQ(verdict("tampered/" + name + "/CLAUDE.md"), one.ours)
        << name << ": " << detail(judge("tampered/" + name + "/CLAUDE.md"));
    EXPECT_EQ(*at(manifest, {"cases", one.name, "upstream_verify_exit"}).integer(), one.upstream);
    seen.insert(one.name);
  }
  EXPECT_EQ(seen.size(), at(manifest, {"cases"}).object()->size());
}

}  // namespace
}  // namespace nono::attest::test
