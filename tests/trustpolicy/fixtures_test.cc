// tests/trustpolicy/fixtures_test.cc: foreign policies and hostile ones.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "tests/sanitized.h"
#include "tests/trustpolicy/support.h"
#include "trustpolicy/discover.h"
#include "trustpolicy/document.h"
#include "trustpolicy/guard.h"

namespace nono::trustpolicy {
namespace {

// The limits are for what is shipped; without optimisation or with a sanitizer code runs slower.
constexpr std::int64_t kSlowness = built::kAsShipped ? 1 : 10;

const std::string kFixtures = std::string(NONO_SHARED_DIR) + "/fixtures/";

std::optional<std::string> fixture(const std::string& name) {
  auto text = read_file(kFixtures + name, 64U << 20U);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

std::string text_of(const Json& json, std::string_view key) {
  const Json* member = json.find(key);
  return member != nullptr && member->string() != nullptr ? *member->string() : std::string();
}

std::vector<Json> hostile_cases(std::string_view category) {
  std::vector<Json> cases;
  const auto text = fixture("hostile/index.json");
  const auto index = text ? Json::parse(*text, kBundleLimits) : Result<Json>(Json());
  const Json* all = index ? index->find("cases") : nullptr;
  if (all != nullptr && all->array() != nullptr) {
    for (const Json& one : *all->array()) {
      if (text_of(one, "category") == category) {
        cases.push_back(one);
      }
    }
  }
  return cases;
}

TEST(FixturesTest, HostilePoliciesGetTheirVerdictInTime) {
  const auto cases = hostile_cases("policy");
  if (cases.empty()) {
    GTEST_SKIP() << "the hostile fixtures are not there";
  }
  for (const Json& one : cases) {
    const auto text = fixture("hostile/" + text_of(one, "file"));
    ASSERT_TRUE(text) << text_of(one, "file");
    const test::CpuTimer timer;
    const auto document = Document::parse(*text, text_of(one, "file"));
    const auto took = timer.elapsed();
    const bool accepted = text_of(one, "expect") != "reject";
    EXPECT_EQ(document.has_value(), accepted)
        << text_of(one, "id") << ": " << (document ? "" : document.error().message());
    if (const Json* limit = one.find("limit_ms"); limit != nullptr) {
      EXPECT_LT(took.count(), *limit->integer() * kSlowness) << text_of(one, "id");
    }
    if (!document) {
      EXPECT_EQ(document.error().message().find('\n'), std::string::npos) << text_of(one, "id");
    }
  }
}

TEST(FixturesTest, HostileNamesAreGuarded) {
  const auto cases = hostile_cases("tree");
  if (cases.empty()) {
    GTEST_SKIP() << "the hostile fixtures are not there";
  }
  // An `m` with a dot below is another letter on every file system.
  const std::set<std::string> other_names = {"tree.name-12"};
  int checked = 0;
  for (const Json& one : cases) {
    const std::string id = text_of(one, "id");
    if (!id.starts_with("tree.name-")) {
      continue;
    }
    const auto text = fixture("hostile/" + text_of(one, "file"));
    const auto recipe = Json::parse(text.value_or(""), kPolicyLimits);
    ASSERT_TRUE(recipe) << id;
    const std::string path = "/w/" + text_of(recipe->find("ops")->array()->front(), "path");
    EXPECT_EQ(Guard().classify(path) == GuardClass::Instruction, !other_names.contains(id)) << id;
    ++checked;
  }
  EXPECT_GT(checked, 10);
}

// What the name of this one says is not held: see docs/format-trust-policy.md on bundles.
TEST(FixturesTest, InstructionNamedBundleIsOrdinaryText) {
  Guard guard;
  guard.add_pattern("", *Glob::parse("CLAUDE*"));
  EXPECT_EQ(guard.classify("/w/CLAUDE.md.bundle"), GuardClass::None);
}

TEST(FixturesTest, BlockedDigestOfTheHostileFileIsRead) {
  const auto text = fixture("hostile/policy/block-beats-publisher.json");
  if (!text) {
    GTEST_SKIP() << "the hostile fixtures are not there";
  }
  const auto document = Document::parse(*text, "p");
  ASSERT_TRUE(document);
  ASSERT_EQ(document->blocked_digests.size(), 1U);
  EXPECT_EQ(document->blocked_digests[0].digest.hex(),
            "a1b0078351e3f233822e9f9515016e4f9b8207a2738d6ae70fe4486d54bc3ab3");
}

TEST(FixturesTest, UpstreamPoliciesAreRead) {
  if (!fixture("upstream-nono/policy/deny/trust-policy.json")) {
    GTEST_SKIP() << "the fixtures of upstream are not there";
  }
  struct Expected {
    std::string_view name;
    Enforcement enforcement;
    std::size_t publishers;
    std::size_t digests;
    std::size_t blocked;
    std::size_t files;
  };
  const std::vector<Expected> expected = {
      {"policy/audit", Enforcement::Audit, 1, 0, 0, 0},
      {"policy/blocked-publisher", Enforcement::Deny, 1, 0, 1, 0},
      {"policy/blocklist", Enforcement::Deny, 1, 1, 0, 0},
      {"policy/deny", Enforcement::Deny, 1, 0, 0, 0},
      {"policy/files-field", Enforcement::Deny, 1, 0, 0, 1},
      {"policy/keyless-publisher", Enforcement::Deny, 2, 0, 0, 0},
      {"policy/warn", Enforcement::Warn, 1, 0, 0, 0},
      {"multi/proj", Enforcement::Deny, 1, 0, 0, 0},
      {"single/proj", Enforcement::Deny, 1, 0, 0, 0},
  };
  for (const Expected& one : expected) {
    const std::string name = "upstream-nono/" + std::string(one.name) + "/trust-policy.json";
    const auto document = Document::parse(fixture(name).value_or(""), name);
    ASSERT_TRUE(document) << document.error().message();
    EXPECT_EQ(document->enforcement, one.enforcement) << name;
    EXPECT_EQ(document->publishers.size(), one.publishers) << name;
    EXPECT_EQ(document->blocked_digests.size(), one.digests) << name;
    EXPECT_EQ(document->blocked_publishers.size(), one.blocked) << name;
    EXPECT_EQ(document->files.size(), one.files) << name;
    EXPECT_EQ(document->includes.size(), 4U) << name;
    const auto again = Document::parse(document->to_json().pretty(), name);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->to_json(), document->to_json());
  }
}

TEST(FixturesTest, TamperedUpstreamPoliciesAreRefused) {
  if (!fixture("upstream-nono/tampered/ok/trust-policy.json")) {
    GTEST_SKIP() << "the fixtures of upstream are not there";
  }
  const auto parses = [](std::string_view name) {
    return Document::parse(
               fixture("upstream-nono/tampered/" + std::string(name) + "/trust-policy.json")
                   .value_or(""),
               "p")
        .has_value();
  };
  EXPECT_TRUE(parses("ok"));
  EXPECT_TRUE(parses("policy-two-keys-same-id-bad-first"));
  EXPECT_FALSE(parses("policy-version-2"));
  EXPECT_FALSE(parses("policy-unknown-field"));  // upstream accepts
  EXPECT_FALSE(parses("policy-no-inline-key"));  // upstream looks in its key store
}

// Each policy that upstream signed verifies under the signer's key, wherever it is trusted.
TEST(FixturesTest, PoliciesSignedByUpstreamVerify) {
  const auto key = fixture("upstream-nono/keys/alice.pem.pub");
  const auto policy_text = fixture("upstream-nono/policy/deny/trust-policy.json");
  if (!key || !policy_text) {
    GTEST_SKIP() << "the fixtures of upstream are not there";
  }
  for (const std::string_view name : {"audit", "blocked-publisher", "blocklist", "deny",
                                      "files-field", "keyless-publisher", "warn"}) {
    const test::TempDir directory;
    const std::string source = "upstream-nono/policy/" + std::string(name) + "/trust-policy.json";
    directory.write("w/trust-policy.json", fixture(source).value_or(""));
    directory.write("w/trust-policy.json.bundle", fixture(source + ".bundle").value_or(""));
    directory.make_directory("user", 0700);
    const Places places{.system_policy = "",
                        .user_directory = directory.at("user"),
                        .home = directory.path(),
                        .working_directory = directory.at("w"),
                        .explicit_policy = std::nullopt};
    const auto stranger = discover(places);
    ASSERT_TRUE(stranger) << stranger.error().message();
    EXPECT_FALSE(stranger->layers()[0].may_add_publishers) << name;
    directory.write("user/trust/alice.pub", *key);
    const auto known = discover(places);
    ASSERT_TRUE(known) << known.error().message();
    EXPECT_EQ(known->layers()[0].standing, "signed by self: its publishers count") << name;
  }
}

}  // namespace
}  // namespace nono::trustpolicy
