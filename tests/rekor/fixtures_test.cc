// tests/rekor/fixtures_test.cc: real entries of Sigstore's logs and of a loopback instance, and
// what others made of them. Only the log's part of each bundle is judged here: many that must fail
// hold a sound entry.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "tests/rekor/foreign.h"
#include "tests/rekor/support.h"

namespace nono::rekor::test {
namespace {

constexpr std::string_view kArtifact = "sigstore-local/bundles/CLAUDE.md";

std::optional<Json> document(const std::string& path) {
  const auto text = shared(path);
  auto json = Json::parse(text.value_or(""), kBundleLimits);
  return json ? std::optional(*std::move(json)) : std::nullopt;
}

struct Case {
  std::string_view name;
  std::string_view outcomes;
};

// Cases of the conformance suite and its mutants whose entries are not simply "logged". "unread":
// not JSON, or a part that attest/ refuses. "": no entry at all.
constexpr std::array kUnusualCases{
    Case{"conformance/bundle-empty-certificate-chain_fail", "unread"},
    Case{"conformance/bundle-from-wrong-instance_fail", "UnknownLog"},
    Case{"conformance/bundle-malformed-json_fail", "unread"},
    Case{"conformance/bundle-negative-log-index_fail", "unread"},
    Case{"conformance/bundle-with-root-cert_fail", "CheckpointInvalid"},
    Case{"conformance/checkpoint-bad-keyhint_fail", "CheckpointInvalid"},
    Case{"conformance/dsse-invalid-sig_fail", "EntryMismatch"},
    Case{"conformance/dsse-mismatch-envelope_fail", "EntryMismatch"},
    Case{"conformance/invalid-checkpoint-signature_fail", "CheckpointInvalid"},
    Case{"conformance/invalid-inclusion-proof_fail", "CheckpointInvalid"},
    Case{"conformance/managed-key-no-key_fail", "unread"},
    Case{"conformance/rekor2-checkpoint-missing-log-signature_fail", "CheckpointInvalid"},
    Case{"conformance/rekor2-checkpoint-missing-origin_fail", "CheckpointInvalid"},
    Case{"conformance/rekor2-checkpoint-missing-root-hash_fail", "CheckpointInvalid"},
    Case{"conformance/rekor2-checkpoint-no-matching-signature_fail", "CheckpointInvalid"},
    Case{"conformance/rekor2-dsse-invalid-sig_fail", "EntryMismatch"},
    Case{"conformance/rekor2-dsse-mismatch-sig_fail", "EntryMismatch"},
    Case{"conformance/rekor2-no-inclusion-proof_fail", "ProofMissing"},
    Case{"conformance/set-invalid-signature_fail", "PromiseInvalid"},
    Case{"conformance/signature-mismatch_fail", "EntryMismatch"},
    Case{"conformance/trust-root-tlog-missing-validity-start_fail", "UnknownLog"},
    Case{"conformance/wrong-hashedrekord-artifact_fail", "EntryMismatch"},
    Case{"conformance/wrong-hashedrekord-entry_fail", "EntryMismatch"},
    Case{"conformance/wrong-material_fail", "EntryMismatch"},
    Case{"mutants/json-dup-mediatype", "unread"},
    Case{"mutants/json-dup-messagesig", "unread"},
    Case{"mutants/json-snake-case", "unread"},
    Case{"mutants/json-int64-number", "unread"},
    Case{"mutants/json-int64-float-string", "unread"},
    Case{"mutants/json-int64-overflow", "PromiseInvalid"},
    Case{"mutants/json-b64-newline", "EntryMismatch"},
    Case{"mutants/json-both-oneof-content", "EntryMismatch"},
    Case{"mutants/json-trailing-garbage", "unread"},
    Case{"mutants/json-invalid-utf8-escape", "unread"},
    Case{"mutants/v03-no-checkpoint", "CheckpointInvalid"},
    Case{"mutants/v03-empty-tlog", ""},
    Case{"mutants/cert-trailing-byte", "EntryMismatch"},
    Case{"mutants/tlog-dup-entry", "logged logged"},
    Case{"mutants/tlog-extra-unknown-log", "logged UnknownLog"},
    Case{"mutants/tlog-v2-extra-unknown-log", "logged UnknownLog"},
    Case{"mutants/tlog-unknown-log-first", "UnknownLog logged"},
    Case{"mutants/tlog-proof-logindex-changed", "ProofInvalid"},
    Case{"mutants/tlog-treesize-plus1", "ProofInvalid"},
    Case{"mutants/tlog-treesize-zero", "ProofInvalid"},
    Case{"mutants/tlog-treesize-negative", "ProofInvalid"},
    Case{"mutants/tlog-index-eq-size", "ProofInvalid"},
    Case{"mutants/tlog-rootHash-changed", "ProofInvalid"},
    Case{"mutants/tlog-hashes-extra", "ProofInvalid"},
    Case{"mutants/tlog-hashes-short31", "ProofInvalid"},
    Case{"mutants/tlog-hashes-dropped", "unread"},
    Case{"mutants/tlog-integratedTime-plus1", "PromiseInvalid"},
    Case{"mutants/tlog-integratedTime-missing", "PromiseInvalid"},
    Case{"mutants/tlog-kindversion-002", "EntryMismatch"},
    Case{"mutants/tlog-body-missing", "Malformed"},
    Case{"mutants/tlog-v2-body-missing", "Malformed"},
    Case{"mutants/tlog-v1-body-whitespace", "PromiseInvalid"},
    Case{"mutants/tlog-v2-body-whitespace", "Malformed"},
    Case{"mutants/tlog-v2-proof-treesize-garbage", "ProofInvalid"},
    Case{"mutants/tlog-v2-proof-roothash-garbage", "ProofInvalid"},
    Case{"mutants/tlog-v2-proof-logindex-garbage", "ProofInvalid"},
    Case{"mutants/tlog-v2-wrong-logid", "UnknownLog"},
    Case{"mutants/cp-v1-no-final-newline", "CheckpointInvalid"},
    Case{"mutants/cp-v1-extra-blank", "CheckpointInvalid"},
    Case{"mutants/cp-v1-empty", "CheckpointInvalid"},
    Case{"mutants/cp-v1-size-leading-zero", "CheckpointInvalid"},
    Case{"mutants/cp-v2-no-final-newline", "CheckpointInvalid"},
    Case{"mutants/cp-v2-crlf", "CheckpointInvalid"},
    Case{"mutants/cp-v2-extra-body-line", "CheckpointInvalid"},
    Case{"mutants/cp-v2-hyphen-instead-of-emdash", "CheckpointInvalid"},
    Case{"mutants/cp-v2-empty", "CheckpointInvalid"},
    Case{"mutants/cp-v2-garbage-sig-line", "CheckpointInvalid"},
    Case{"mutants/cp-v2-second-bad-sig-same-key", "CheckpointInvalid"},
    Case{"mutants/cp-v1-second-bad-sig-same-key", "CheckpointInvalid"},
    Case{"mutants/dsse-v2-zero-sigs", "EntryMismatch"},
    Case{"mutants/dsse-v2-payloadtype", "EntryMismatch"},
    Case{"mutants/dsse-v2-payload-ws", "EntryMismatch"},
    Case{"mutants/msg-wrong-digest-arg", "EntryMismatch"},
    Case{"mutants/msg-upper-digest-arg", "unread"},
    Case{"mutants/msg-short-digest-arg", "unread"},
    Case{"mutants/mk-cert-bundle-with-key", "EntryMismatch"},
    Case{"mutants/mk-wrong-artifact-digest", "EntryMismatch"},
    Case{"mutants/tr-no-tlogs", "UnknownLog"},
    Case{"mutants/tr-tlog-expired-v1", "UnknownLog"},
    Case{"mutants/tr-v2-baseurl-wronghost", "CheckpointInvalid"},
};

std::string outcome_of_case(const Json& row) {
  const auto argument = [&](std::string_view name) {
    const Json* const value = row.find("args")->find(name);
    return value == nullptr ? std::string() : *value->string();
  };
  const auto bundle = document("sigstore/" + argument("bundle"));
  const auto root = document("sigstore/" + argument("trusted_root"));
  std::string artifact = argument("artifact");
  if (!artifact.starts_with("sha256:")) {
    artifact.insert(0, "sigstore/");
  }
  const std::string key =
      argument("key").empty() ? "" : shared("sigstore/" + argument("key")).value_or("");
  const auto read = bundle && root ? ForeignBundle::read(*bundle, artifact, key) : std::nullopt;
  return read ? read->outcomes(read_logs(*root)) : "unread";
}

TEST(FixturesTest, EntriesOfTheConformanceSuiteAndItsMutants) {
  const auto index = document("sigstore/index.json");
  if (!index) {
    GTEST_SKIP() << "Sigstore's fixtures are not here: " << NONO_SHARED_DIR;
  }
  std::size_t judged = 0;
  for (const Json& row : *index->array()) {
    const std::string& name = *row.find("case")->string();
    // sigstore-go's own are below; of 33 entries each has its own fault, and attest/ reads 32.
    if (name.starts_with("sigstore-go/") || name == "mutants/tlog-33-entries") {
      continue;
    }
    const auto* const unusual = std::ranges::find(kUnusualCases, name, &Case::name);
    EXPECT_EQ(outcome_of_case(row), unusual == kUnusualCases.end() ? "logged" : unusual->outcomes)
        << name;
    ++judged;
  }
  EXPECT_GE(judged, 180U);
}

TEST(FixturesTest, EntriesOfSigstoreGosExamples) {
  const auto root = document("sigstore/sigstore-go/trusted-roots/public-good.json");
  if (!root) {
    GTEST_SKIP() << "Sigstore's fixtures are not here: " << NONO_SHARED_DIR;
  }
  for (const std::string& name :
       {std::string("bundles/dsse.sigstore.json"), std::string("bundles/dsse-2sigs.sigstore.json"),
        std::string("bundles/sigstore.js@2.0.0-provenance.sigstore.json"),
        std::string("examples/bundle-provenance.json")}) {
    const auto bundle = document("sigstore/sigstore-go/" + name);
    ASSERT_TRUE(bundle.has_value()) << name;
    const auto read = ForeignBundle::read(*bundle, "", "");
    ASSERT_TRUE(read.has_value()) << name;
    EXPECT_EQ(read->outcomes(read_logs(*root)), "logged") << name;
  }
}

// Both generations, three kinds, Ed25519 and ECDSA logs, shards, witnesses, plain keys.
constexpr std::array kLocalCases{
    Case{"CLAUDE.md.py.rekor1", "logged"},
    Case{"CLAUDE.md.py", "logged"},
    Case{"cosign-att.rekor1", "logged"},
    Case{"cosign-att", "logged"},
    Case{"cosign-msg.rekor1", "logged"},
    Case{"cosign-msg", "logged"},
    Case{"email-dsse-rekor2-ecdsa-slow", "logged"},
    Case{"email-dsse-rekor2-witnessed", "logged"},
    Case{"email-dsse-rekor2", "logged"},
    Case{"email-msg-rekor1", "logged"},
    Case{"gha-ambient.py", "logged"},
    Case{"gha-dsse-rekor1-set-only", "logged"},
    Case{"gha-dsse-rekor1-shard2", "logged"},
    Case{"gha-dsse-rekor1-shard2b", "logged"},
    Case{"gha-dsse-rekor1", "logged"},
    Case{"gha-dsse-rekor1and2", "logged logged"},
    Case{"gha-dsse-rekor2", "logged"},
    Case{"gha-environment", "logged"},
    Case{"gha-fork-attacker", "logged"},
    Case{"gha-intoto-rekor1", "logged"},
    Case{"gha-pull-request", "logged"},
    Case{"gha-reusable-workflow", "logged"},
    Case{"gha-self-hosted", "logged"},
    Case{"keyed-dsse-nolog", ""},
    Case{"keyed-dsse-rekor2", "logged"},
    Case{"negative/bad-ca-unknown-same-name", "logged"},
    Case{"negative/bad-cert-expired-at-timestamp", "logged"},
    Case{"negative/bad-cert-not-yet-valid-at-timestamp", "logged"},
    Case{"negative/bad-dsse-payload", "EntryMismatch"},
    Case{"negative/bad-dsse-sig", "EntryMismatch"},
    Case{"negative/bad-eku-server-auth", "logged"},
    Case{"negative/bad-issuer-extensions-disagree", "logged"},
    Case{"negative/bad-log-body", "EntryMismatch"},
    Case{"negative/bad-log-entry-of-another-bundle", "EntryMismatch"},
    Case{"negative/bad-logid", "UnknownLog"},
    Case{"negative/bad-no-log-entry", ""},
    Case{"negative/bad-no-sct-real-fulcio", "logged"},
    Case{"negative/bad-no-timestamp-rekor2", "logged"},
    Case{"negative/bad-proof-hash", "ProofInvalid"},
    Case{"negative/bad-sct-missing", "logged"},
    Case{"negative/bad-sct-signature", "logged"},
    Case{"negative/bad-sct-unknown-log", "logged"},
    Case{"negative/bad-tsa-token", "logged"},
    Case{"negative/ok-forged-control", "logged"},
    Case{"tuf", "logged"},
};

TEST(FixturesTest, EntriesOfTheLoopbackInstance) {
  const auto root = document("sigstore-local/trusted_root.all.json");
  if (!root) {
    GTEST_SKIP() << "the loopback instance's fixtures are not here: " << NONO_SHARED_DIR;
  }
  const std::string key = shared("sigstore-local/bundles/keyed.pub").value_or("");
  for (const auto& [name, outcomes] : kLocalCases) {
    const auto bundle =
        document(std::string("sigstore-local/bundles/").append(name).append(".sigstore.json"));
    ASSERT_TRUE(bundle.has_value()) << name;
    const auto read = ForeignBundle::read(*bundle, kArtifact, name.starts_with("keyed") ? key : "");
    ASSERT_TRUE(read.has_value()) << name;
    EXPECT_EQ(read->outcomes(read_logs(*root)), outcomes) << name;
  }
}

// The shard's index and the log's are different numbers, and the promise is over the latter.
TEST(FixturesTest, EntryOfASecondShardKeepsItsPlaceInTheLog) {
  const auto root = document("sigstore-local/trusted_root.all.json");
  const auto bundle = document("sigstore-local/bundles/gha-dsse-rekor1-shard2.sigstore.json");
  if (!root || !bundle) {
    GTEST_SKIP() << "the loopback instance's fixtures are not here: " << NONO_SHARED_DIR;
  }
  const auto read = ForeignBundle::read(*bundle, kArtifact, "");
  ASSERT_TRUE(read.has_value());
  const auto entry = read_logs(*root).check(read->entries().at(0), read->submission());
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_EQ(entry->log_index(), 5U);
  EXPECT_EQ(entry->log_name(), "127.0.0.1:35030");
  EXPECT_EQ(entry->integrated_at(), Time{std::chrono::seconds{1'795'240'938}});
  EXPECT_TRUE(entry->proven());
}

}  // namespace
}  // namespace nono::rekor::test
