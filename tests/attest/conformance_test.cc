// tests/attest/conformance_test.cc: foreign Sigstore bundles, each with its verdict and its reason.
//
// The cases are Sigstore's own conformance assets, mutants of them, and bundles of real servers on
// loopback. testdata/sigstore/verdicts.tsv says for each case and form what must come out:
// `accepted`, or the code of the reason. A verdict that contradicts the fixtures' own expectation
// fails whatever the table says.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "attest/signature_check.h"
#include "base/text.h"
#include "support.h"

namespace nono::attest::test {
namespace {

// Case is one row of an index: paths are relative to `folder`.
struct Case {
  std::string name;
  std::string bundle;
  std::string artifact;  // a path, or "sha256:…"
  std::string trusted_root;
  std::string identity;
  std::string issuer;
  std::string key;
};

std::map<std::string, std::string, std::less<>> table(const std::string& path) {
  std::map<std::string, std::string, std::less<>> rows;
  const std::string text = read_text(std::string(NONO_SOURCE_DIR) + "/testdata/" + path);
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

std::string said(const std::expected<Proof, Rejection>& proof) {
  return proof ? "accepted" : std::string(code(proof.error().reason));
}

std::expected<Proof, Rejection> check(const Case& one, const Artifact& artifact,
                                      const TrustedRoot& root, const Keyring& keys) {
  const RootSource source = RootSource::of(root);
  const auto bundle = Bundle::parse(*shared(one.bundle), Outermost::Closed);
  if (!bundle) {
    return std::unexpected(bundle.error());
  }
  IdentityPolicy identity;
  identity.subject = one.identity;
  identity.issuer = one.issuer;
  const bool keyed = !one.key.empty();
  return SignatureCheck(source, keys)
      .check(*bundle, artifact,
             Demand{.subjects = SubjectRule::AnySubject,
                    .by = keyed ? SignedBy::Key : SignedBy::Certificate,
                    .identity = keyed ? nullptr : &identity});
}

// Outcomes are `accepted`, a reason, or what keeps the check from beginning at all.
struct Outcome {
  std::string word;
  std::string detail;
};

Outcome run(const Case& one, bool by_digest) {
  const auto root = TrustedRoot::parse(*shared(one.trusted_root));
  if (!root) {
    return {"bad-trusted-root", root.error().message()};
  }
  Keyring keys;
  if (!one.key.empty()) {
    keys.add({.key = *crypto::PublicKey::parse_text(*shared(one.key)),
              .alias = "given",
              .key_id = {},
              .extra_predicate_types = {}});
  }
  const auto contents = shared(one.artifact);
  std::optional<crypto::Sha256> digest;
  if (!contents && one.artifact.starts_with("sha256:")) {
    digest = crypto::Sha256::parse_hex(ascii_lower(one.artifact.substr(7)));
  } else if (contents && by_digest) {
    digest = crypto::Sha256::of(*contents);
  }
  if (!contents && !digest) {
    return {"no-artifact", "neither a file nor a digest"};
  }
  const Artifact artifact =
      digest ? Artifact::of_digest(*digest) : Artifact::of_bytes(as_bytes(*contents));
  const auto proof = check(one, artifact, *root, keys);
  return {said(proof), proof ? std::string() : proof.error().detail};
}

std::string member(const Json& object, std::string_view key) {
  const Json* const found = object.find(key);
  return found == nullptr || found->string() == nullptr ? std::string() : *found->string();
}

class ConformanceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto index = shared("sigstore/index.json");
    if (!index) {
      GTEST_SKIP() << "Sigstore's fixtures are not here: " << NONO_SHARED_DIR;
    }
    index_ = *Json::parse(*index, kBundleLimits);
    verdicts_ = table("sigstore/verdicts.tsv");
  }
  void expect(const std::string& row, const Outcome& outcome) {
    const auto found = verdicts_.find(row);
    const std::string wanted = found == verdicts_.end() ? "(no row)" : found->second;
    EXPECT_EQ(outcome.word, wanted) << row << ": " << outcome.detail;
    ++seen_;
  }
  Json index_;
  std::map<std::string, std::string, std::less<>> verdicts_;
  std::size_t seen_ = 0;
};

Case case_of(const Json& row) {
  const Json& args = *row.find("args");
  const auto path = [&](std::string_view key) {
    const std::string text = member(args, key);
    const bool is_path =
        !text.empty() && !text.starts_with("sha256:") && !text.starts_with("sha512:");
    return is_path ? "sigstore/" + text : text;
  };
  return Case{.name = member(row, "case"),
              .bundle = path("bundle"),
              .artifact = path("artifact"),
              .trusted_root = path("trusted_root"),
              .identity = member(args, "identity"),
              .issuer = member(args, "issuer"),
              .key = path("key")};
}

// What the fixtures themselves expect: "" where either verdict may stand.
std::string expectation(const Json& row) {
  const std::string expect = member(row, "expect");
  if (expect == "either") {
    return member(row, "recommend") == "accept" ? "pass" : "fail";
  }
  return expect;
}

TEST_F(ConformanceTest, EveryCaseHasItsVerdictAndItsReason) {
  for (const Json& row : *index_.array()) {
    if (member(row, "kind") != "verify-bundle") {
      continue;
    }
    const Case one = case_of(row);
    const Outcome by_file = run(one, false);
    expect(one.name, by_file);
    EXPECT_EQ(by_file.word == "accepted", expectation(row) == "pass")
        << one.name << ": " << by_file.word << ": " << by_file.detail;
    if (row.find("forms") != nullptr) {
      const Outcome by_digest = run(one, true);
      expect(one.name + " (digest)", by_digest);
      EXPECT_EQ(by_digest.word == "accepted", expectation(row) == "pass") << one.name;
    }
  }
  EXPECT_GE(seen_, 230u);
}

class LoopbackTest : public ConformanceTest {
 protected:
  void SetUp() override {
    if (!shared("sigstore-local/trusted_root.all.json")) {
      GTEST_SKIP() << "the bundles of a local Sigstore are not here: " << NONO_SHARED_DIR;
    }
    verdicts_ = table("sigstore/verdicts.tsv");
  }
  void judge(const std::string& name, const std::string& identity, const std::string& issuer,
             const std::string& artifact = "CLAUDE.md") {
    const std::string folder = "sigstore-local/bundles/";
    const Case one{.name = "local/" + name,
                   .bundle = folder + name + ".sigstore.json",
                   .artifact = folder + artifact,
                   .trusted_root = "sigstore-local/trusted_root.all.json",
                   .identity = identity,
                   .issuer = issuer,
                   .key = name.starts_with("keyed-") ? folder + "keyed.pub" : ""};
    expect(one.name, run(one, false));
  }
};

constexpr std::string_view kActions = "https://token.actions.githubusercontent.com";
constexpr std::string_view kDex = "http://127.0.0.1:35001";

TEST_F(LoopbackTest, BundlesOfRealServersVerify) {
  const std::string actions(kActions);
  const std::string tag =
      "https://github.com/acme/agent-skills/.github/workflows/sign.yml@refs/tags/v1.2.0";
  const std::string main =
      "https://github.com/acme/agent-skills/.github/workflows/sign.yml@refs/heads/main";
  for (const std::string name :
       {"gha-dsse-rekor1", "gha-dsse-rekor1-set-only", "gha-dsse-rekor1-shard2",
        "gha-dsse-rekor1-shard2b", "gha-dsse-rekor1and2", "gha-dsse-rekor2", "gha-intoto-rekor1",
        "gha-ambient.py"}) {
    judge(name, tag, actions);
  }
  for (const std::string name :
       {"cosign-att", "cosign-att.rekor1", "gha-environment", "gha-self-hosted"}) {
    judge(name, main, actions);
  }
  judge("gha-pull-request",
        "https://github.com/acme/agent-skills/.github/workflows/sign.yml@refs/pull/42/merge",
        actions);
  judge("gha-reusable-workflow",
        "https://github.com/acme/shared-ci/.github/workflows/sign.yml@refs/tags/v3", actions);
  judge("gha-fork-attacker", main, actions);  // by another repository: refused
  for (const std::string name :
       {"cosign-msg", "cosign-msg.rekor1", "CLAUDE.md.py", "CLAUDE.md.py.rekor1",
        "email-dsse-rekor2", "email-msg-rekor1", "email-dsse-rekor2-ecdsa-slow",
        "email-dsse-rekor2-witnessed", "tuf"}) {
    judge(name, "alice@example.test", std::string(kDex));
  }
  for (const std::string name : {"keyed-dsse-nolog", "keyed-dsse-rekor2"}) {
    judge(name, "", "");
  }
}

TEST_F(LoopbackTest, ForgedBundlesAreRefusedForTheirFault) {
  const std::string identity =
      "https://github.com/acme/agent-skills/.github/workflows/sign.yml@refs/heads/main";
  for (const auto& [row, verdict] : verdicts_) {
    if (row.starts_with("local/negative/")) {
      judge(row.substr(std::string_view("local/").size()), identity, std::string(kActions));
      EXPECT_EQ(verdict == "accepted", row.contains("/ok-")) << row;
    }
  }
  EXPECT_GE(seen_, 19u);
}

}  // namespace
}  // namespace nono::attest::test
