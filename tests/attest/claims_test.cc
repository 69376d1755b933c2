// tests/attest/claims_test.cc: predicate, digests and names, case by case.
#include "attest/claims.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "dsse/statement.h"
#include "support.h"

namespace nono::attest::test {
namespace {

// ----- predicate

struct PredicateCase {
  std::string_view name;
  std::function<void(Json&)> change;  // of the predicate
  std::string_view expected;
};

TEST(VerifierTest, NonosPredicateIsReadStrictly) {
  const std::vector<PredicateCase> cases{
      {"unknown field", [](Json& p) { p.set("note", "x"); }, "accepted"},
      {"no version", [](Json& p) { drop(p, "version"); }, "malformed-bundle"},
      {"version in a string", [](Json& p) { p.set("version", "1"); }, "malformed-bundle"},
      {"version 0", [](Json& p) { p.set("version", 0); }, "unsupported-version"},
      {"version 2", [](Json& p) { p.set("version", 2); }, "unsupported-version"},
      {"no signer", [](Json& p) { drop(p, "signer"); }, "malformed-bundle"},
      {"signer is text", [](Json& p) { p.set("signer", "me"); }, "malformed-bundle"},
      {"no kind", [](Json& p) { drop(at(p, {"signer"}), "kind"); }, "malformed-bundle"},
      {"another kind", [](Json& p) { at(p, {"signer"}).set("kind", "x"); }, "identity-mismatch"},
      {"no key_id", [](Json& p) { drop(at(p, {"signer"}), "key_id"); }, "malformed-bundle"},
      {"empty key_id", [](Json& p) { at(p, {"signer"}).set("key_id", ""); }, "malformed-bundle"},
      {"the entry's key_id", [](Json& p) { at(p, {"signer"}).set("key_id", "release-key"); },
       "accepted"},
      {"a file", [](Json& p) { at(p, {"signer"}).set("key_id", "file:///home/a/k.pem"); },
       "accepted"},
      {"a key store", [](Json& p) { at(p, {"signer"}).set("key_id", "keystore://default"); },
       "accepted"},
      {"another location", [](Json& p) { at(p, {"signer"}).set("key_id", "https://x/k"); },
       "identity-mismatch"},
      {"the alias", [](Json& p) { at(p, {"signer"}).set("key_id", "self"); }, "identity-mismatch"},
      {"path is a number", [](Json& p) { p.set("path", 1); }, "malformed-bundle"},
      {"directory is a number", [](Json& p) { p.set("directory", 1); }, "malformed-bundle"}};
  for (const PredicateCase& one : cases) {
    Draft draft;
    one.change(draft.member({"predicate"}));
    EXPECT_EQ(outcome(draft.finding()), one.expected)
        << one.name << ": " << detail(draft.finding());
  }
}

KeylessSigner workflow() {
  return {.issuer = "https://token.actions.githubusercontent.com",
          .subject = "https://github.com/acme/skills/.github/workflows/sign.yml@refs/heads/main",
          .repository = "acme/skills",
          .workflow = ".github/workflows/sign.yml",
          .ref = "refs/heads/main"};
}

struct KeylessCase {
  std::string_view predicate;
  std::string_view expected;
};

TEST(ClaimsTest, APredicateUnderACertificateMustNotContradictIt) {
  const KeylessCase cases[] = {
      {R"({"version":1})", "accepted"},
      {R"({"version":1,"signer":null})", "accepted"},
      {R"({"version":1,"signer":{"kind":"keyless"}})", "accepted"},
      {R"({"version":1,"signer":{"kind":"keyless","repository":"acme/skills"}})", "accepted"},
      {R"({"version":1,"signer":{"kind":"keyless","workflow":".github/workflows/sign.yml",)"
       R"("ref":"refs/heads/main"}})",
       "accepted"},
      {R"({"version":1,"signer":{"kind":"keyless",)"
       R"("workflow_ref":".github/workflows/sign.yml@refs/heads/main"}})",
       "accepted"},
      {R"({"version":1,"signer":{"kind":"keyless","repository":"good/repo"}})",
       "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyless","issuer":"https://accounts.google.com"}})",
       "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyless","subject":"a@b.c"}})", "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyless","workflow":"other.yml"}})", "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyless","ref":"refs/heads/dev"}})", "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyless","workflow_ref":"a@b"}})", "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyless","ref":""}})", "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyed","key_id":"k"}})", "identity-mismatch"},
      {R"({"version":1,"signer":{"kind":"keyless","repository":7}})", "malformed-bundle"},
      {R"({"version":1,"signer":"me"})", "malformed-bundle"},
      {R"({"version":2})", "unsupported-version"},
      {R"({"signer":{"kind":"keyless"}})", "malformed-bundle"},
  };
  for (const KeylessCase& one : cases) {
    const Json predicate = *Json::parse(one.predicate, kMessageLimits);
    const auto names = read_predicate(predicate, Signatory(workflow()));
    EXPECT_EQ(names ? "accepted" : code(names.error().reason), one.expected) << one.predicate;
  }
}

TEST(ClaimsTest, ACertificateIsNoKey) {
  const Signatory signatory(workflow());
  EXPECT_NE(signatory.keyless(), nullptr);
  EXPECT_FALSE(signatory.is_called(""));
  EXPECT_FALSE(signatory.is_called("acme/skills"));
  EXPECT_TRUE(signatory.may_make("https://example.org/p"));
  EXPECT_EQ(std::get<KeylessSigner>(signatory.identity()).repository, "acme/skills");
}

TEST(VerifierTest, AMissingPredicateIsMalformed) {
  Draft draft;
  drop(draft.statement, "predicate");
  EXPECT_EQ(outcome(draft.finding()), "malformed-bundle");
}

TEST(VerifierTest, TheOldStatementTypeIsNotForNonosPredicates) {
  Draft draft;
  draft.statement.set("_type", dsse::kStatementV01);
  EXPECT_EQ(outcome(draft.finding()), "unsupported-version");
}

// ----- digests

TEST(VerifierTest, EveryKnownDigestMustMatch) {
  Draft draft;
  const std::string sha256 = crypto::Sha256::of(draft.contents).hex();
  const std::string sha384 =
      hex_encode(crypto::hash(crypto::HashAlgorithm::Sha384, as_bytes(draft.contents)));
  const std::string sha512 =
      hex_encode(crypto::hash(crypto::HashAlgorithm::Sha512, as_bytes(draft.contents)));
  const std::vector<std::pair<Json::Object, std::string_view>> cases{
      {{{"sha256", sha256}, {"sha384", sha384}, {"sha512", sha512}, {"md5", "00"}}, "accepted"},
      {{{"sha512", sha512}}, "subject-mismatch"},  // sha256 must be there
      {{{"sha256", sha256}, {"sha384", std::string(96, '0')}}, "subject-mismatch"},
      {{{"sha256", sha256}, {"sha512", std::string(128, '0')}}, "subject-mismatch"},
      {{{"sha256", std::string(64, '0')}, {"sha512", sha512}}, "subject-mismatch"},
      {{{"md5", "00"}}, "unsupported-algorithm"},
      {{{"sha256", sha256.substr(0, 62)}}, "malformed-bundle"},
      {{{"sha256", ""}}, "malformed-bundle"},
      {{}, "malformed-bundle"}};
  for (const auto& [digests, expected] : cases) {
    draft.member({"subject", "0"}).set("digest", Json(digests));
    EXPECT_EQ(outcome(draft.finding()), expected) << Json(digests).compact();
  }
}

// ----- names

struct NameCase {
  std::string_view name;
  std::optional<std::string> path;  // in the predicate
  std::string subject;
  Place place;
  std::string_view expected;
};

Place in_repository() {
  return {"/w/repo/docs/CLAUDE.md", "/w/repo", "docs/CLAUDE.md"};
}
Place outside() {
  return {"/w/repo/docs/CLAUDE.md", "", ""};
}

TEST(VerifierTest, AStatementAboutOneFileIsBoundByPathOrByName) {
  const std::vector<NameCase> cases{
      {"path", "docs/CLAUDE.md", "CLAUDE.md", in_repository(), "path"},
      {"moved to the root",
       "docs/CLAUDE.md",
       "CLAUDE.md",
       {"/w/repo/CLAUDE.md", "/w/repo", "CLAUDE.md"},
       "subject-mismatch"},
      {"moved down", "CLAUDE.md", "CLAUDE.md", in_repository(), "subject-mismatch"},
      {"the repository is vendored",
       "docs/CLAUDE.md",
       "CLAUDE.md",
       {"/w/big/vendor/docs/CLAUDE.md", "/w/big", "vendor/docs/CLAUDE.md"},
       "subject-mismatch"},
      {"path and subject differ", "docs/CLAUDE.md", "AGENTS.md", in_repository(),
       "subject-mismatch"},
      {"subject is the path", "docs/CLAUDE.md", "docs/CLAUDE.md", in_repository(),
       "subject-mismatch"},
      {"case differs", "docs/claude.md", "claude.md", in_repository(), "subject-mismatch"},
      {"absolute path", "/w/repo/docs/CLAUDE.md", "CLAUDE.md", in_repository(), "subject-mismatch"},
      {"path with ..", "docs/../docs/CLAUDE.md", "CLAUDE.md", in_repository(), "subject-mismatch"},
      {"path with .", "./docs/CLAUDE.md", "CLAUDE.md", in_repository(), "subject-mismatch"},
      {"path with //", "docs//CLAUDE.md", "CLAUDE.md", in_repository(), "subject-mismatch"},
      {"empty path", "", "CLAUDE.md", in_repository(), "subject-mismatch"},
      {"outside, whole", "docs/CLAUDE.md", "CLAUDE.md", outside(), "basename-only"},
      {"outside, name", "CLAUDE.md", "CLAUDE.md", outside(), "basename-only"},
      {"outside, other directory", "doc/CLAUDE.md", "CLAUDE.md", outside(), "subject-mismatch"},
      {"outside, half a component", "ocs/CLAUDE.md", "CLAUDE.md", outside(), "subject-mismatch"},
      {"outside, dots", "../docs/CLAUDE.md", "CLAUDE.md", outside(), "subject-mismatch"},
      {"upstream", std::nullopt, "CLAUDE.md", in_repository(), "basename-only"},
      {"upstream, outside", std::nullopt, "CLAUDE.md", outside(), "basename-only"},
      {"upstream, other name", std::nullopt, "AGENTS.md", in_repository(), "subject-mismatch"},
      {"upstream, path as subject", std::nullopt, "docs/CLAUDE.md", in_repository(),
       "subject-mismatch"}};
  for (const NameCase& one : cases) {
    Draft draft;
    draft.place = one.place;
    draft.bundle_path = one.place.path + ".bundle";
    draft.statement.set("subject", Json::Array{subject(one.subject, draft.contents)});
    drop(draft.member({"predicate"}), "path");
    if (one.path) {
      draft.member({"predicate"}).set("path", *one.path);
    }
    EXPECT_EQ(binding_of(draft.finding()), one.expected) << one.name << detail(draft.finding());
  }
}

TEST(VerifierTest, AStatementAboutOneFileHasOneSubject) {
  Draft draft;
  draft.statement.set("subject", Json::Array{subject("CLAUDE.md", draft.contents),
                                             subject("AGENTS.md", draft.contents)});
  EXPECT_EQ(outcome(draft.finding()), "subject-mismatch");
  EXPECT_TRUE(detail(draft.finding()).contains("2 subjects"));
}

TEST(VerifierTest, APolicysStatementIsBoundInTheSameWay) {
  Draft draft;
  draft.purpose = Purpose::TrustPolicy;
  draft.place = Place{"/w/repo/trust-policy.json", "/w/repo", "trust-policy.json"};
  draft.statement.set("predicateType", kTrustPolicyV1);
  draft.statement.set("subject", Json::Array{subject("trust-policy.json", draft.contents)});
  draft.member({"predicate"}).set("path", "trust-policy.json");
  EXPECT_EQ(binding_of(draft.finding()), "path") << detail(draft.finding());
  draft.contents += " ";
  EXPECT_EQ(outcome(draft.finding()), "subject-mismatch");
}

struct MultiCase {
  std::string_view name;
  std::string subject;
  std::optional<std::string> directory;
  std::string bundle_path;
  Place place;
  std::string_view expected;
};

TEST(VerifierTest, AStatementAboutSeveralFilesIsBoundFromTheBundlesDirectory) {
  const std::string root = "/w/repo/.nono-trust.bundle";
  const std::string docs = "/w/repo/docs/.nono-trust.bundle";
  const std::vector<MultiCase> cases{
      {"upstream", "docs/CLAUDE.md", std::nullopt, root, in_repository(), "bundle-path"},
      {"root", "docs/CLAUDE.md", "", root, in_repository(), "path"},
      {"directory", "CLAUDE.md", "docs", docs, in_repository(), "path"},
      {"bundle moved up",
       "CLAUDE.md",
       "docs",
       root,
       {"/w/repo/CLAUDE.md", "/w/repo", "CLAUDE.md"},
       "subject-mismatch"},
      {"bundle moved down", "CLAUDE.md", "", docs, in_repository(), "subject-mismatch"},
      {"absolute directory", "CLAUDE.md", "/w/repo/docs", docs, in_repository(),
       "subject-mismatch"},
      {"directory with ..", "CLAUDE.md", "docs/../docs", docs, in_repository(), "subject-mismatch"},
      {"other name", "CLAUDE.md", std::nullopt, root, in_repository(), "no-bundle"},
      {"bundle elsewhere", "docs/CLAUDE.md", std::nullopt, "/x/.nono-trust.bundle", in_repository(),
       "no-bundle"},
      {"sibling with the same beginning", "docs/CLAUDE.md", std::nullopt,
       "/w/rep/.nono-trust.bundle", in_repository(), "no-bundle"},
      {"bundle above the repository", "repo/docs/CLAUDE.md", "", "/w/.nono-trust.bundle",
       in_repository(), "subject-mismatch"},
      {"outside", "docs/CLAUDE.md", std::nullopt, root, outside(), "bundle-path"},
      {"outside, root", "docs/CLAUDE.md", "", root, outside(), "bundle-path"},
      {"outside, directory", "CLAUDE.md", "docs", docs, outside(), "bundle-path"},
      {"outside, other directory", "CLAUDE.md", "doc", docs, outside(), "subject-mismatch"}};
  for (const MultiCase& one : cases) {
    Draft draft;
    draft.make_multi({subject("AGENTS.md", "other"), subject(one.subject, draft.contents)});
    draft.bundle_path = one.bundle_path;
    draft.place = one.place;
    if (one.directory) {
      draft.member({"predicate"}).set("directory", *one.directory);
    }
    EXPECT_EQ(binding_of(draft.finding()), one.expected) << one.name << detail(draft.finding());
  }
}

TEST(VerifierTest, OneSubjectsDigestDoesNotServeAnother) {
  Draft draft;
  draft.make_multi({subject("docs/CLAUDE.md", "other"), subject("docs/AGENTS.md", draft.contents)});
  EXPECT_EQ(outcome(draft.finding()), "subject-mismatch");
}

TEST(VerifierTest, ASubjectNamedTwiceIsMalformed) {
  Draft draft;
  draft.make_multi({subject("docs/CLAUDE.md", "other"), subject("docs/CLAUDE.md", draft.contents)});
  EXPECT_EQ(outcome(draft.finding()), "malformed-bundle");
  EXPECT_TRUE(detail(draft.finding()).contains("twice"));
}

TEST(VerifierTest, ThousandAndTwentyFourSubjectsAreReadAndNoMore) {
  Draft draft;
  std::vector<Json> subjects{subject("docs/CLAUDE.md", draft.contents)};
  for (int i = 1; i < 1024; ++i) {
    subjects.push_back(subject("f" + std::to_string(i), "x"));
  }
  draft.make_multi(subjects);
  EXPECT_EQ(outcome(draft.finding()), "accepted") << detail(draft.finding());
  subjects.push_back(subject("f1024", "x"));
  draft.make_multi(subjects);
  EXPECT_EQ(outcome(draft.finding()), "malformed-bundle");
}

TEST(VerifierTest, SeveralFilesInASidecarAreNamedFromItsDirectory) {
  Draft draft;
  draft.make_multi({subject("CLAUDE.md", draft.contents)});
  draft.multi = false;
  draft.bundle_path = "/w/repo/docs/CLAUDE.md.bundle";
  EXPECT_EQ(binding_of(draft.finding()), "bundle-path") << detail(draft.finding());
  draft.make_multi({subject("docs/CLAUDE.md", draft.contents)});
  draft.multi = false;
  draft.bundle_path = "/w/repo/docs/CLAUDE.md.bundle";
  EXPECT_EQ(outcome(draft.finding()), "subject-mismatch");
}

TEST(VerifierTest, OneFileInAMultiBundleSpeaksForItsDirectoryOnly) {
  Draft draft;
  draft.multi = true;
  draft.bundle_path = "/w/repo/docs/.nono-trust.bundle";
  EXPECT_EQ(binding_of(draft.finding()), "path") << detail(draft.finding());
  drop(draft.member({"predicate"}), "path");
  EXPECT_EQ(binding_of(draft.finding()), "basename-only") << detail(draft.finding());
  draft.bundle_path = "/w/repo/.nono-trust.bundle";
  EXPECT_EQ(outcome(draft.finding()), "no-bundle");
}

TEST(VerifierTest, AMultiBundleDoesNotVouchForAPolicyThatItNames) {
  Draft draft;
  draft.make_multi({subject("docs/CLAUDE.md", draft.contents)});
  draft.purpose = Purpose::TrustPolicy;
  EXPECT_EQ(outcome(draft.finding()), "wrong-predicate-type");
  draft.make_multi({subject("AGENTS.md", draft.contents)});
  EXPECT_EQ(outcome(draft.finding()), "no-bundle");
}

}  // namespace
}  // namespace nono::attest::test
