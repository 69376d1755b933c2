// tests/attest/hostile_test.cc: the corpus of hostile bundles, and Sigstore's own, as far as they
// can be judged without a trusted root: form, keys, and that no certificate is believed.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "attest/bundle.h"
#include "base/encoding.h"
#include "base/files.h"
#include "support.h"
#include "tests/sanitized.h"

namespace nono::attest::test {
namespace {

// Clock counts the processor's time, so that a busy machine fails no limit.
struct Clock {
  static std::chrono::nanoseconds now() {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
  }
};

// The limits are those of the program as it is shipped: optimised, without sanitizers.
constexpr int kSlack = built::kAsShipped ? 1 : 10;

// The keyed members of the corpus: the exact reason.
std::map<std::string_view, std::string_view> keyed_cases() {
  return {
      {"bundle.ok-keyed", "accepted"},
      {"bundle.payload-b64-whitespace", "malformed-bundle"},
      {"bundle.payload-b64-nopad", "malformed-bundle"},
      {"bundle.keyed-wrong-key", "bad-signature"},
      {"bundle.keyed-keyid-mismatch", "identity-mismatch"},
      {"bundle.keyed-claims-keyless", "identity-mismatch"},
  };
}

class HostileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto index = shared("hostile/index.json");
    if (!index) {
      GTEST_SKIP() << "the hostile corpus is not here: " << NONO_SHARED_DIR;
    }
    index_ = *Json::parse(*index, kBundleLimits);
    contents_ = *shared("hostile/context/SKILLS.md");
    Json policy = *Json::parse(*shared("hostile/context/policy.json"), kPolicyLimits);
    const Json& publisher = at(policy, {"publishers", "1"});
    const auto key = crypto::PublicKey::parse_text(*publisher.find("public_key")->string());
    ASSERT_TRUE(key.has_value()) << key.error().message();
    keys_ = std::make_shared<Keyring>();
    keys_->add(KeyringEntry{.key = *key,
                            .alias = *publisher.find("name")->string(),
                            .key_id = *publisher.find("key_id")->string(),
                            .extra_predicate_types = {}});
  }
  Finding judge(const std::string& bundle) const {
    const Place place{"/w/repo/SKILLS.md", "/w/repo", "SKILLS.md"};
    const std::vector<Evidence> evidence{{bundle, "/w/repo/SKILLS.md.bundle", false}};
    return Verifier(keys_)
        .examine(seal_text(contents_), place, evidence, Purpose::InstructionFile)
        ->finding();
  }
  Json index_;
  std::string contents_;
  std::shared_ptr<Keyring> keys_;
};

TEST_F(HostileTest, EveryBundleHasTheRightVerdictInTime) {
  const std::set<std::string> refused{"untrusted-chain", "malformed-bundle", "unsupported-version"};
  const auto cases = keyed_cases();
  std::size_t keyed = 0;
  std::size_t keyless = 0;
  for (const Json& one : *at(index_, {"cases"}).array()) {
    const std::string id = *one.find("id")->string();
    const bool recipe = one.find("recipe") != nullptr && *one.find("recipe")->boolean();
    if (!id.starts_with("bundle.") || recipe) {
      continue;
    }
    const auto bundle = shared("hostile/" + *one.find("file")->string());
    ASSERT_TRUE(bundle.has_value()) << id;
    const auto start = Clock::now();
    const Finding finding = judge(*bundle);
    const auto spent = Clock::now() - start;
    const Json* limit = one.find("limit_ms");
    EXPECT_LT(spent, std::chrono::milliseconds(limit ? *limit->integer() : 2000) * kSlack) << id;
    const bool accept = *one.find("expect")->string() == "accept";
    if (const auto row = cases.find(id); row != cases.end()) {
      EXPECT_EQ(outcome(finding), row->second) << id << ": " << detail(finding);
      EXPECT_EQ(accept, finding.has_value()) << id;
      ++keyed;
    } else {
      EXPECT_TRUE(refused.contains(outcome(finding))) << id << ": " << outcome(finding);
      // What verifies with a root must be well-formed without one.
      EXPECT_TRUE(!accept || outcome(finding) == "untrusted-chain")
          << id << ": " << detail(finding);
      ++keyless;
    }
  }
  EXPECT_EQ(keyed, cases.size());
  EXPECT_GT(keyless, 100u);
}

// The members whose fault is in their form: refused here already, for their form.
constexpr std::string_view kFaultsOfForm[] = {"dup-key-dsse",
                                              "deep-array-64",
                                              "deep-array-1000",
                                              "deep-object-50000",
                                              "deep-in-valid",
                                              "bom",
                                              "trailing-nul",
                                              "leading-nul",
                                              "empty",
                                              "only-null",
                                              "only-array",
                                              "only-string",
                                              "empty-object",
                                              "truncated-half",
                                              "truncated-1",
                                              "trailing-comma",
                                              "leading-zero",
                                              "huge-exponent",
                                              "ndjson",
                                              "mediatype-675259",
                                              "mediatype-da39a3",
                                              "no-content",
                                              "both-contents",
                                              "oneof-cert-and-key",
                                              "oneof-cert-and-chain",
                                              "oneof-none",
                                              "cert-empty",
                                              "cert-null",
                                              "cert-array",
                                              "cert-b64-garbage",
                                              "tlog-1000",
                                              "tlog-no-promise-no-proof",
                                              "tlog-no-proof",
                                              "tlog-logIndex-5c6ca4",
                                              "tlog-logIndex-82233b",
                                              "tlog-logIndex-0ad462",
                                              "tlog-logIndex-aa8f28",
                                              "tlog-logIndex-88b33e",
                                              "tlog-logIndex-c0dad7",
                                              "tlog-logIndex-63df2b",
                                              "tlog-integratedTime-25a32d",
                                              "tlog-integratedTime-936165",
                                              "tlog-integratedTime-66fe8b",
                                              "tlog-integratedTime-6eef66",
                                              "proof-treeSize-e521e5",
                                              "proof-treeSize-a00f65",
                                              "proof-logIndex-3363ad",
                                              "proof-logIndex-25a32d",
                                              "checkpoint-empty",
                                              "sigs-none",
                                              "sigs-two-same",
                                              "sigs-good-and-bad",
                                              "sigs-bad-and-good",
                                              "sigs-1000",
                                              "payload-empty",
                                              "ts-rfc3161-garbage",
                                              "ts-rfc3161-10000"};

TEST_F(HostileTest, FaultsOfFormAreFoundWithoutCertificates) {
  for (const std::string_view name : kFaultsOfForm) {
    const auto bundle = shared("hostile/bundle/" + std::string(name) + ".json");
    ASSERT_TRUE(bundle.has_value()) << name;
    EXPECT_EQ(outcome(judge(*bundle)), "malformed-bundle") << name;
  }
  for (const std::string_view name : {"mediatype-7234df", "mediatype-0bea9a"}) {
    EXPECT_EQ(outcome(judge(*shared("hostile/bundle/" + std::string(name) + ".json"))),
              "unsupported-version")
        << name;
  }
}

long peak_kib() {
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// The recipes of the corpus that are too big to store: size decides before anything is read.
TEST(HostileSizeTest, HugeSidecarsAreRefusedByTheirSize) {
  for (const off_t bytes : {off_t{20000001}, off_t{314572800}, off_t{1} << 30}) {
    const TempDir dir;
    const std::string path = dir.write("SKILLS.md.bundle", "[");
    ASSERT_EQ(::truncate(path.c_str(), bytes), 0);
    const long before = peak_kib();
    const auto start = Clock::now();
    const auto evidence = find_evidence(Place{dir.at("SKILLS.md"), "", ""});
    EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(500) * kSlack);
    EXPECT_LT(peak_kib() - before, 64 * 1024);
    EXPECT_FALSE(evidence.has_value());
  }
}

TEST(HostileSizeTest, AHugeArrayInMemoryIsRefusedByItsSize) {
  std::string text = "[";
  for (int i = 0; i < 10'000'000; ++i) {
    text += "0,";
  }
  text += "0]";
  const long before = peak_kib();
  const auto start = Clock::now();
  const auto parsed = Bundle::parse(text);
  EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(500) * kSlack);
  EXPECT_LT(peak_kib() - before, 64 * 1024);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().reason, Reason::MalformedBundle);
}

// ----- Sigstore's conformance bundles and mutants: form only

class SigstoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto index = shared("sigstore/index.json");
    if (!index) {
      GTEST_SKIP() << "Sigstore's fixtures are not here: " << NONO_SHARED_DIR;
    }
    index_ = *Json::parse(*index, kBundleLimits);
  }
  static std::string form(const std::string& bundle) {
    const auto text = shared("sigstore/" + bundle);
    if (!text) {
      return "missing";
    }
    const auto parsed = Bundle::parse(*text);
    return parsed ? "well-formed"
                  : std::string(code(parsed.error().reason)) + ": " + parsed.error().detail;
  }
  Json index_;
};

TEST_F(SigstoreTest, EveryBundleThatVerifiesIsWellFormed) {
  std::size_t count = 0;
  for (const Json& one : *index_.array()) {
    const Json* bundle = one.find("args")->find("bundle");
    if (*one.find("expect")->string() == "pass" && bundle != nullptr) {
      EXPECT_EQ(form(*bundle->string()), "well-formed") << *one.find("case")->string();
      ++count;
    }
  }
  EXPECT_GT(count, 30u);
}

TEST_F(SigstoreTest, MutantsOfFormAreRefused) {
  for (const std::string_view name : {"json-unknown-nested-field",
                                      "json-dup-mediatype",
                                      "json-dup-messagesig",
                                      "json-dup-camel-and-snake",
                                      "json-int64-overflow",
                                      "json-int64-float-string",
                                      "json-int64-leading-zero-string",
                                      "json-b64-newline",
                                      "json-b64-noncanonical-tail",
                                      "json-both-oneof-content",
                                      "json-both-oneof-vm",
                                      "json-trailing-garbage",
                                      "json-enum-unknown",
                                      "json-invalid-utf8-escape",
                                      "mt-0",
                                      "mt-3",
                                      "mt-4",
                                      "mt-5",
                                      "mt-6",
                                      "mt-8",
                                      "v03-with-chain",
                                      "v01-no-promise",
                                      "v03-no-proof",
                                      "v03-no-checkpoint",
                                      "cert-trailing-byte",
                                      "tsa-empty-bytes",
                                      "tlog-body-missing",
                                      "tlog-integratedTime-missing"}) {
    const std::string verdict = form("mutants/" + std::string(name) + "/bundle.sigstore.json");
    EXPECT_TRUE(verdict.starts_with("malformed-bundle") ||
                verdict.starts_with("unsupported-version"))
        << name << ": " << verdict;
  }
}

TEST_F(SigstoreTest, ToleratedSpellingsAreRead) {
  for (const std::string_view name :
       {"json-snake-case", "json-int64-number", "json-b64url", "json-b64-nopad", "json-enum-number",
        "json-trailing-whitespace", "dsse-v1-keyid-set"}) {
    EXPECT_EQ(form("mutants/" + std::string(name) + "/bundle.sigstore.json"), "well-formed")
        << name;
  }
}

// A keyed bundle with a log entry and a timestamp, as the conformance suite has it.
TEST_F(SigstoreTest, TheManagedKeyBundleVerifiesWhereItsKeyIsAdmitted) {
  const std::string directory = "sigstore/mutants/base-managed-key-happy-path/";
  const auto key_text = shared(directory + "key.pub");
  ASSERT_TRUE(key_text.has_value());
  const auto key = crypto::PublicKey::parse_text(*key_text);
  ASSERT_TRUE(key.has_value()) << key.error().message();
  Draft draft;
  draft.keys = std::make_shared<Keyring>();
  draft.keys->add(KeyringEntry{.key = *key,
                               .alias = "managed",
                               .key_id = "",
                               .extra_predicate_types = {std::string(kMessageSignature)}});
  draft.contents = *shared(directory + "artifact");
  const Evidence evidence{*shared(directory + "bundle.sigstore.json"), draft.bundle_path, false};
  const Finding finding = examine(draft, {evidence});
  EXPECT_EQ(outcome(finding), "accepted") << detail(finding);
  const Evidence changed{*shared("sigstore/mutants/mk-hint-changed/bundle.sigstore.json"),
                         draft.bundle_path, false};
  EXPECT_EQ(outcome(examine(draft, {changed})), "accepted");
}

TEST_F(SigstoreTest, AKeyedBundleThatClaimsToBeKeylessIsAnIdentityMismatch) {
  const auto key_text = shared("sigstore-local/bundles/keyed.pub");
  if (!key_text) {
    GTEST_SKIP() << "the bundles of a local Sigstore are not here";
  }
  Draft draft;
  draft.keys = std::make_shared<Keyring>();
  draft.keys->add(KeyringEntry{.key = *crypto::PublicKey::parse_text(*key_text),
                               .alias = "k",
                               .key_id = "",
                               .extra_predicate_types = {}});
  draft.contents = *shared("sigstore-local/bundles/CLAUDE.md");
  for (const std::string name : {"keyed-dsse-nolog", "keyed-dsse-rekor2"}) {
    const Evidence evidence{*shared("sigstore-local/bundles/" + name + ".sigstore.json"),
                            draft.bundle_path, false};
    const Finding finding = examine(draft, {evidence});
    EXPECT_EQ(outcome(finding), "identity-mismatch") << name << ": " << detail(finding);
  }
}

}  // namespace
}  // namespace nono::attest::test
