// tests/engine/keyless_test.cc: files that a workflow signed, from the bundle to the gate's
// decision, in a miniature Sigstore of the test's own.
#include <optional>
#include <string>

#include "engine/explain.h"
#include "engine/foreign.h"
#include "engine/publishers.h"
#include "tests/engine/support.h"
#include "tests/sigstore/cases.h"
#include "tests/sigstore/world.h"

namespace nono::engine {
namespace {

constexpr std::string_view kText = "# CLAUDE\nBe careful.\n";
constexpr std::string_view kIssuer = "https://token.actions.githubusercontent.com";
constexpr std::string_view kWorkflow = ".github/workflows/sign.yml";

// Run is what a workflow's token said.
struct Run {
  std::string repository = "acme/skills";
  std::string ref = "refs/heads/main";
  std::string reusable = {};  // subject, where it is not the workflow itself
};

factory::Recipe recipe_of(const Run& run) {
  factory::Recipe recipe;
  recipe.artifact = kText;
  recipe.content = factory::Content::Statement;
  recipe.predicate_type = "https://nono.sh/attestation/instruction-file/v1";
  recipe.subjects = {{.name = "CLAUDE.md", .digests = {}}};
  recipe.statement_before = [](Json& statement) {
    statement.set("predicate", Json::Object{{"version", 1}});
  };
  const std::string source = "https://github.com/" + run.repository;
  const std::string config = source + "/" + std::string(kWorkflow) + "@" + run.ref;
  const std::string subject = run.reusable.empty() ? config : run.reusable;
  recipe.leaf.names = {{factory::NameKind::Uri, subject}};
  recipe.leaf.issuer = kIssuer;
  recipe.leaf.claims = {{9, subject}, {12, source}, {14, run.ref}, {18, config}};
  return recipe;
}

class KeylessTest : public testing::EngineTest {
 protected:
  // sign_as writes CLAUDE.md, its bundle and the user's trusted root; it returns the file.
  std::string sign_as(const factory::Recipe& recipe) const {
    const factory::World world = factory::make_world(recipe);
    must_write(user_.config + "/trusted_root.json", factory::trusted_root(world));
    write("CLAUDE.md.bundle", factory::bundle(world));
    return write("CLAUDE.md", recipe.artifact);
  }
  void must_write(const std::string& path, std::string_view text) const {
    testing::must(make_private_directories(user_.config));
    testing::must(replace_file(path, text, 0600));
  }
  void trust(std::string_view publisher) const {
    write_user_policy(R"({"version":1,"includes":["CLAUDE*"],"publishers":[)" +
                      std::string(publisher) +
                      R"(],"blocklist":{"digests":[],"publishers":[]},"enforcement":"deny"})");
  }
  void trust_workflow() const {
    trust(R"({"name":"acme","issuer":"https://token.actions.githubusercontent.com",)"
          R"("repository":"acme/skills","workflow":".github/workflows/sign.yml",)"
          R"("ref_pattern":"refs/heads/main"})");
  }
  Judgement judge(const std::string& file) const {
    return gate().judge_path(file, trustpolicy::GuardClass::Instruction);
  }
  std::string reason(const std::string& file) const {
    const Judgement judged = judge(file);
    return judged.proven() ? "proven by " + judged.publisher() : judged.reason_code();
  }
};

TEST_F(KeylessTest, WhatTheWorkflowSignedIsProven) {
  trust_workflow();
  const std::string file = sign_as(recipe_of({}));
  const Judgement judged = judge(file);
  EXPECT_TRUE(judged.proven()) << judged.reason();
  EXPECT_EQ(judged.publisher(), "acme");
  EXPECT_EQ(served(judged), kText);
}

TEST_F(KeylessTest, TheCallerOfAReusableWorkflowIsWhoSigned) {
  trust_workflow();
  EXPECT_EQ(reason(sign_as(recipe_of(
                {.reusable = "https://github.com/acme/ci/.github/workflows/s.yml@refs/tags/v3"}))),
            "proven by acme");
}

TEST_F(KeylessTest, APublisherMayNameTheReusableWorkflowThatSigned) {
  trust(R"({"name":"acme","issuer":"https://token.actions.githubusercontent.com",)"
        R"("repository":"acme/*","ref_pattern":"refs/heads/main",)"
        R"("build_signer_uri":"https://github.com/acme/ci/.github/workflows/s.yml@refs/tags/v*"})");
  EXPECT_EQ(reason(sign_as(recipe_of(
                {.reusable = "https://github.com/acme/ci/.github/workflows/s.yml@refs/tags/v3"}))),
            "proven by acme");
  const Judgement other = judge(sign_as(
      recipe_of({.reusable = "https://github.com/acme/ci/.github/workflows/s.yml@refs/heads/x"})));
  EXPECT_EQ(other.reason_code(), "untrusted-publisher");
  EXPECT_NE(other.reason().find("its build signer URI is"), std::string::npos) << other.reason();
  EXPECT_EQ(reason(sign_as(recipe_of({}))), "untrusted-publisher");
}

TEST_F(KeylessTest, AnotherRepositoryIsAStranger) {
  trust_workflow();
  EXPECT_EQ(reason(sign_as(recipe_of({.repository = "mallory/skills"}))), "untrusted-publisher");
}

TEST_F(KeylessTest, AnotherBranchIsDeniedAndNamed) {
  trust_workflow();
  const Judgement judged = judge(sign_as(recipe_of({.ref = "refs/heads/dev"})));
  EXPECT_EQ(judged.reason_code(), "untrusted-publisher");
  EXPECT_NE(judged.reason().find("its ref is \"refs/heads/dev\", and acme signs by "
                                 "\"refs/heads/main\""),
            std::string::npos)
      << judged.reason();
}

TEST_F(KeylessTest, WithoutItsRootNoCertificateIsBelieved) {
  trust_workflow();
  const std::string file = sign_as(recipe_of({}));
  ASSERT_EQ(::unlink((user_.config + "/trusted_root.json").c_str()), 0);
  // What is left is the embedded root, which knows none of these authorities.
  EXPECT_EQ(reason(file), "not-logged");
}

TEST_F(KeylessTest, ADamagedRootDeniesAndSaysSo) {
  trust_workflow();
  const std::string file = sign_as(recipe_of({}));
  must_write(user_.config + "/trusted_root.json", "{");
  EXPECT_EQ(reason(file), "unexaminable");
}

TEST_F(KeylessTest, ADamagedRootDoesNotTouchKeyedFiles) {
  must_write(user_.config + "/trusted_root.json", "{");
  const std::string file = write("AGENTS.md", "be careful\n");
  sign(make_key(), {file});
  EXPECT_EQ(reason(file), "proven by self");
}

TEST_F(KeylessTest, ChangedContentsAreDenied) {
  trust_workflow();
  const std::string file = sign_as(recipe_of({}));
  write("CLAUDE.md", "be careless\n");
  EXPECT_EQ(reason(file), "subject-mismatch");
}

TEST_F(KeylessTest, ABlockedRepositoryIsDenied) {
  write_user_policy(
      R"({"version":1,"includes":["CLAUDE*"],"publishers":[{"name":"acme",)"
      R"("issuer":"https://token.actions.githubusercontent.com","repository":"acme/skills",)"
      R"("workflow":".github/workflows/sign.yml","ref_pattern":"refs/heads/main"}],)"
      R"("blocklist":{"digests":[],"publishers":[{"identity":"acme/skills","reason":"stolen",)"
      R"("added":"2026-01-01T00:00:00Z"}]},"enforcement":"warn"})");
  EXPECT_EQ(reason(sign_as(recipe_of({}))), "blocked-publisher");
}

TEST_F(KeylessTest, AnotherPredicateTypeNeedsThePublishersLeave) {
  factory::Recipe recipe = recipe_of({});
  recipe.predicate_type = "https://slsa.dev/provenance/v1";
  trust_workflow();
  EXPECT_EQ(reason(sign_as(recipe)), "untrusted-publisher");
  trust(R"({"name":"acme","issuer":"https://token.actions.githubusercontent.com",)"
        R"("repository":"acme/skills","workflow":".github/workflows/sign.yml",)"
        R"("ref_pattern":"refs/heads/main",)"
        R"("predicate_types":["https://slsa.dev/provenance/v1"]})");
  EXPECT_EQ(reason(sign_as(recipe)), "proven by acme");
}

TEST_F(KeylessTest, APersonIsTheirSubject) {
  factory::Recipe recipe = recipe_of({});
  recipe.leaf.names = {factory::SubjectName{}};
  recipe.leaf.claims.clear();
  recipe.leaf.issuer = "https://accounts.example.com";
  trust(R"({"name":"alice","issuer":"https://accounts.example.com",)"
        R"("subject":"alice@example.com"})");
  EXPECT_EQ(reason(sign_as(recipe)), "proven by alice");
  recipe.leaf.names = {{factory::NameKind::Email, "mallory@example.com"}};
  EXPECT_EQ(reason(sign_as(recipe)), "untrusted-publisher");
}

TEST_F(KeylessTest, AnIntroductionTakesTheCertificatesIdentity) {
  const std::string file = sign_as(recipe_of({}));
  Gate opened = gate();
  const Introduction introduced =
      testing::must(introduce(opened, {.name = "", .from_file = file, .key_file = std::nullopt}));
  EXPECT_FALSE(introduced.fingerprint.has_value());
  EXPECT_EQ(introduced.publisher.name, "acme/skills");
  testing::must(add_publisher(user_, introduced.publisher));
  EXPECT_EQ(reason(file), "proven by acme/skills");
}

TEST_F(KeylessTest, AWorkflowOfAnotherHostIsIntroducedByItsWholeName) {
  factory::Recipe recipe = recipe_of({});
  recipe.leaf.issuer = "https://git.acme.example/_services/token";
  const std::string file = sign_as(recipe);
  Gate opened = gate();
  const Introduction introduced =
      testing::must(introduce(opened, {.name = "", .from_file = file, .key_file = std::nullopt}));
  testing::must(add_publisher(user_, introduced.publisher));
  EXPECT_TRUE(reason(file).starts_with("proven by https://github.com/acme/skills/.github/"));
  EXPECT_EQ(reason(sign_as(recipe_of({.ref = "refs/heads/dev"}))), "untrusted-publisher");
}

// Its name says nothing of who called it.
TEST_F(KeylessTest, ASharedWorkflowAloneIsNoIntroduction) {
  constexpr auto kShared = "https://github.com/acme/ci/.github/workflows/s.yml@refs/tags/v3";
  factory::Recipe other_host = recipe_of({.reusable = kShared});
  other_host.leaf.issuer = "https://git.acme.example/_services/token";
  factory::Recipe no_workflow = recipe_of({.reusable = kShared});  // the path ends at the first `@`
  no_workflow.leaf.claims.back().second =
      "https://github.com/acme/skills/.github/workflows/a@b.yml@refs/heads/main";
  for (const factory::Recipe& recipe : {other_host, no_workflow}) {
    const std::string file = sign_as(recipe);
    Gate opened = gate();
    const auto refused =
        introduce(opened, {.name = "x", .from_file = file, .key_file = std::nullopt});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind(), ErrorKind::Usage);
    EXPECT_TRUE(refused.error().message().contains("whoever calls that one"));
  }
}

TEST_F(KeylessTest, AnIntroductionInOnesOwnWordsIsTheSame) {
  const std::string file = sign_as(recipe_of({}));
  Gate opened = gate();
  IntroductionRequest request{.name = "acme", .from_file = {}, .key_file = {}};
  request.github = "acme/skills";
  EXPECT_FALSE(introduce(opened, request).has_value());  // every workflow and branch
  request.workflow = kWorkflow;
  request.ref = "refs/heads/main";
  testing::must(add_publisher(user_, testing::must(introduce(opened, request)).publisher));
  EXPECT_EQ(reason(file), "proven by acme");
}

TEST_F(KeylessTest, AnOwnersWildcardIsNoIntroduction) {
  Gate opened = gate();
  IntroductionRequest request{.name = "x", .from_file = {}, .key_file = {}};
  request.github = "*/skills";
  request.workflow = kWorkflow;
  request.ref = "refs/heads/main";
  EXPECT_FALSE(introduce(opened, request).has_value());
}

TEST_F(KeylessTest, WhatNoCertificateOfGitHubSaysIsNoIntroduction) {
  Gate opened = gate();
  struct Row {
    std::string_view github;
    std::string_view workflow;
    std::string_view ref;
  };
  const auto introduced = [&](const Row& row) {
    IntroductionRequest request{.name = "x", .from_file = {}, .key_file = {}};
    request.github = row.github;
    request.workflow = row.workflow;
    request.ref = row.ref;
    return introduce(opened, request);
  };
  for (const Row& row :
       {Row{"acme/skills", "sign.yml", "refs/heads/main"}, Row{"acme/skills", kWorkflow, "main"},
        Row{"acme/skills", "acme/skills/.github/workflows/sign.yml@refs/heads/main", "refs/*"},
        Row{"acme/skills", "[a-z]/*", "heads/*"},
        Row{"acme/skills", ".github/workflows/", "refs/heads/main"},
        Row{"acme/skills", ".github/workflows/*/", "refs/heads/main"},
        Row{"acme/skills", ".github/workflows/sign", "refs/heads/main"},
        Row{"https://github.com/acme/skills", kWorkflow, "refs/heads/main"},
        Row{"github.com/acme/skills", kWorkflow, "refs/heads/main"},
        Row{"acme/skills/**/.github", kWorkflow, "refs/heads/main"}}) {
    const auto refused = introduced(row);
    ASSERT_FALSE(refused.has_value()) << row.workflow << row.ref;
    EXPECT_EQ(refused.error().kind(), ErrorKind::Usage);
    EXPECT_TRUE(refused.error().message().starts_with("no certificate names the "));
  }
  for (const Row& row : {Row{"acme/*", "*", "*"}, Row{"acme/**/skills", kWorkflow, "refs/*"},
                         Row{"acme/skills", ".github/*/sign.yml", "refs/tags/v*"},
                         Row{"acme/skills", ".github/workflows/*", "r*/main"},
                         Row{"acme/skills", ".github/workflows/sign.yaml", "refs/heads/main"}}) {
    EXPECT_TRUE(introduced(row).has_value()) << row.workflow << row.ref;
  }
}

TEST_F(KeylessTest, AGoBetweenIsNobodysIssuer) {
  Gate opened = gate();
  IntroductionRequest request{.name = "x", .from_file = {}, .key_file = {}};
  request.subject = "alice@example.com";
  for (const char* issuer :
       {"https://oauth2.sigstore.dev/auth", "https://oauth2.sigstore.dev/auth/",
        "https://oauth2.sigstage.dev/auth"}) {
    request.issuer = issuer;
    const auto introduced = introduce(opened, request);
    ASSERT_FALSE(introduced.has_value()) << issuer;
    EXPECT_EQ(introduced.error().kind(), ErrorKind::Usage);
    EXPECT_TRUE(introduced.error().remedy().contains("https://github.com/login/oauth"));
  }
  request.issuer = "https://oauth2.sigstore.dev";
  EXPECT_TRUE(introduce(opened, request).has_value());
}

TEST_F(KeylessTest, AnotherSpellingOfAWellKnownIssuerIsNobodys) {
  Gate opened = gate();
  IntroductionRequest request{.name = "x", .from_file = {}, .key_file = {}};
  request.subject = "alice@example.com";
  request.issuer = "https://Accounts.Google.com/";
  const auto refused = introduce(opened, request);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(refused.error().message().ends_with(": https://accounts.google.com"));
  EXPECT_EQ(refused.error().remedy(), "give the issuer as it stands in the certificate");
  request.issuer = "https://tenant.auth0.com/";
  EXPECT_TRUE(introduce(opened, request).has_value());
}

TEST_F(KeylessTest, ANameThatDeceivesIsNotAdded) {
  Gate opened = gate();
  for (const char* name :
       {"\u0455elf", "Self", "ali\u202ece", "alice\u200b", "alice\n", "\x1b[2J"}) {
    IntroductionRequest request{.name = name, .from_file = {}, .key_file = {}};
    request.issuer = "https://issuer.example";
    request.subject = "alice@example.com";
    const auto refused = introduce(opened, request);
    ASSERT_FALSE(refused.has_value()) << name;
    EXPECT_EQ(refused.error().kind(), ErrorKind::Usage);
    EXPECT_TRUE(
        publisher_of(name, strangers_key().public_key()).error().remedy().contains("--name"));
  }
}

TEST_F(KeylessTest, AnUnverifiedFileIntroducesNobody) {
  const std::string file = sign_as(recipe_of({}));
  write("CLAUDE.md", "be careless\n");
  Gate opened = gate();
  const auto introduced =
      introduce(opened, {.name = "", .from_file = file, .key_file = std::nullopt});
  ASSERT_FALSE(introduced.has_value());
  EXPECT_EQ(introduced.error().kind(), ErrorKind::InvalidInput);
}

TEST_F(KeylessTest, ExplainTellsWhatWasProven) {
  trust_workflow();
  const std::string file = sign_as(recipe_of({}));
  Gate opened = gate();
  const Explanation told = explain(opened, file);
  std::string names;
  for (const Step& step : told.steps) {
    names += step.name + " ";
  }
  EXPECT_NE(names.find("evidence signature certificate log time sct decision"), std::string::npos)
      << names;
}

// Of two Sigstores that differ in nothing but their keys, one judges where no root is named, the
// other is called acme.
class NamedRootTest : public KeylessTest {
 protected:
  static factory::Recipe privately(factory::Recipe recipe) {
    recipe.authorities.front().root.key = factory::KeyKind::P256;
    recipe.authorities.front().intermediate->key = factory::KeyKind::P256;
    recipe.logs.front().key = factory::KeyKind::Rsa2048;
    recipe.ct_logs.front().key = factory::KeyKind::Rsa2048;
    return recipe;
  }
  void SetUp() override {
    KeylessTest::SetUp();
    testing::must(make_private_directories(user_.config + "/roots"));
    must_write(user_.config + "/trusted_root.json", root_of(recipe_of({})));
    must_write(user_.config + "/roots/acme.json", root_of(privately(recipe_of({}))));
  }
  static std::string root_of(const factory::Recipe& recipe) {
    return factory::trusted_root(factory::make_world(recipe));
  }
  std::string sign(const factory::Recipe& recipe) const {
    write("CLAUDE.md.bundle", factory::bundle(factory::make_world(recipe)));
    return write("CLAUDE.md", kText);
  }
  static std::string workflow(std::string_view name, std::string_view repository,
                              std::string_view root) {
    return R"({"name":")" + std::string(name) +
           R"(","issuer":"https://token.actions.githubusercontent.com","repository":")" +
           std::string(repository) +
           R"(","workflow":".github/workflows/sign.yml","ref_pattern":"refs/heads/main")" +
           (root.empty() ? "" : R"(,"root":")" + std::string(root) + "\"") + "}";
  }
};

TEST_F(NamedRootTest, APublisherIsJudgedByTheRootThatItNames) {
  trust(workflow("acme", "acme/skills", "acme"));
  EXPECT_EQ(reason(sign(privately(recipe_of({})))), "proven by acme");
  const Judgement judged = judge(sign(recipe_of({})));
  EXPECT_EQ(judged.reason_code(), "untrusted-publisher");
  EXPECT_NE(judged.reason().find("vouched for by the trusted root that judges where none is named, "
                                 "and acme is judged by the trusted root \"acme\""),
            std::string::npos)
      << judged.reason();
}

TEST_F(NamedRootTest, WhoNamesNoneIsNotJudgedByWhatAnotherNames) {
  trust(workflow("other", "acme/other", "acme") + "," + workflow("acme", "acme/skills", ""));
  EXPECT_EQ(reason(sign(recipe_of({}))), "proven by acme");
  const Judgement judged = judge(sign(privately(recipe_of({}))));
  EXPECT_EQ(judged.reason_code(), "untrusted-publisher");
  EXPECT_NE(judged.reason().find("vouched for by the trusted root \"acme\""), std::string::npos)
      << judged.reason();
}

TEST_F(NamedRootTest, ARootThatNobodyNamesVouchesForNobody) {
  trust(workflow("acme", "acme/skills", ""));
  EXPECT_EQ(reason(sign(privately(recipe_of({})))), "not-logged");
}

TEST_F(NamedRootTest, OfSeveralRootsThatVouchTheNamedOneCounts) {
  must_write(user_.config + "/roots/acme.json", root_of(recipe_of({})));
  trust(workflow("acme", "acme/skills", "acme"));
  EXPECT_EQ(reason(sign(recipe_of({}))), "proven by acme");
  trust(workflow("other", "acme/other", "acme") + "," + workflow("acme", "acme/skills", ""));
  EXPECT_EQ(reason(sign(recipe_of({}))), "proven by acme");
}

TEST_F(NamedRootTest, ThePublicGoodOneCanBeNamed) {
  trust(workflow("acme", "acme/skills", "public-good"));
  EXPECT_EQ(reason(sign(recipe_of({}))), "untrusted-publisher");
}

TEST_F(NamedRootTest, ABlockMeansTheIdentityWhoeverVouches) {
  write_user_policy(R"({"version":1,"includes":["CLAUDE*"],"publishers":[)" +
                    workflow("blocked", "acme/skills", "acme") + "," +
                    workflow("acme", "acme/skills", "") +
                    R"(],"blocklist":{"digests":[],"publishers":[{"identity":"blocked"}]},)"
                    R"("enforcement":"deny"})");
  EXPECT_EQ(reason(sign(recipe_of({}))), "blocked-publisher");
  EXPECT_EQ(reason(sign(privately(recipe_of({})))), "blocked-publisher");
}

TEST_F(NamedRootTest, TheReasonIsTheOneThatTellsMost) {
  trust(workflow("acme", "acme/skills", "acme"));
  factory::Recipe recipe = privately(recipe_of({}));
  recipe.leaf.scts.clear();
  const Judgement judged = judge(sign(recipe));
  EXPECT_EQ(judged.reason_code(), "sct-missing");
  EXPECT_NE(judged.reason().find("(judged by the trusted root \"acme\")"), std::string::npos)
      << judged.reason();
}

TEST_F(NamedRootTest, ADamagedOneDeniesWhatWasSignedKeylessAndNothingElse) {
  trust(workflow("acme", "acme/skills", "acme"));
  must_write(user_.config + "/roots/acme.json", "{");
  EXPECT_EQ(reason(sign(recipe_of({}))), "unexaminable");
  const std::string file = write("AGENTS.md", "be careful\n");
  EngineTest::sign(make_key(), {file});
  EXPECT_EQ(reason(file), "proven by self");
}

TEST_F(NamedRootTest, AnIntroductionNamesTheRootThatVouches) {
  const std::string file = sign(privately(recipe_of({})));
  Gate opened = gate();
  IntroductionRequest request{.name = "", .from_file = file, .key_file = std::nullopt};
  EXPECT_FALSE(introduce(opened, request).has_value());  // nobody names acme yet
  const auto source = std::make_shared<const attest::RootSource>(attest::RootSource::of(
      testing::must(attest::TrustedRoot::parse(root_of(privately(recipe_of({})))))));
  request.root = attest::NamedRoot{.name = "acme", .source = source};
  const Introduction introduced = testing::must(introduce(opened, request));
  EXPECT_EQ(identity_text(introduced.publisher),
            "acme/skills via https://token.actions.githubusercontent.com by root acme");
  testing::must(add_publisher(user_, introduced.publisher));
  EXPECT_EQ(reason(file), "proven by acme/skills");
}

TEST_F(NamedRootTest, AnIntroductionByARootThatDoesNotVouchIsRefused) {
  const std::string file = sign(recipe_of({}));
  Gate opened = gate();
  IntroductionRequest request{.name = "", .from_file = file, .key_file = std::nullopt};
  request.root = attest::NamedRoot{
      .name = "acme",
      .source = std::make_shared<const attest::RootSource>(attest::RootSource::of(
          testing::must(attest::TrustedRoot::parse(root_of(privately(recipe_of({})))))))};
  const auto refused = introduce(opened, request);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message().find("the trusted root \"acme\""), std::string::npos)
      << refused.error().message();
}

TEST_F(NamedRootTest, ExplainTellsWhichRootVouches) {
  trust(workflow("acme", "acme/skills", "acme"));
  const std::string file = sign(privately(recipe_of({})));
  Gate opened = gate();
  std::string told;
  for (const Step& step : explain(opened, file).steps) {
    for (const auto& [key, value] : step.facts) {
      told += step.name + " " + key + " " + value + "\n";
    }
  }
  EXPECT_NE(told.find("evidence vouched-for-by the trusted root \"acme\"\n"), std::string::npos)
      << told;
  EXPECT_NE(told.find("certificate "), std::string::npos) << told;
}

std::string upper(std::string text) {
  for (char& digit : text) {
    digit = digit >= 'a' ? static_cast<char>(digit - 32) : digit;
  }
  return text;
}

class ForeignTest : public KeylessTest {
 protected:
  static std::string outcome(const ForeignRequest& request) {
    const auto report = verify_foreign(request, attest::RootSource::none());
    if (!report) {
      return "error: " + report.error().message();
    }
    return report->finding ? "verified" : std::string(code(report->finding.error().reason));
  }
  ForeignRequest request(const std::string& file) const {
    ForeignRequest asked{.artifact = file,
                         .bundle = {},
                         .trusted_root = user_.config + "/trusted_root.json",
                         .key = {},
                         .identity = {}};
    asked.identity.subject =
        "https://github.com/acme/skills/" + std::string(kWorkflow) + "@refs/heads/main";
    asked.identity.issuer = std::string(kIssuer);
    return asked;
  }
};

TEST_F(ForeignTest, AnIdentityIsDemandedWithoutAPolicy) {
  const std::string file = sign_as(recipe_of({}));
  EXPECT_EQ(outcome(request(file)), "verified");
  ForeignRequest other = request(file);
  other.identity.subject = "https://github.com/acme/skills/other@refs/heads/main";
  EXPECT_EQ(outcome(other), "identity-mismatch");
  ForeignRequest issuer = request(file);
  issuer.identity.issuer = "https://accounts.example.com";
  EXPECT_EQ(outcome(issuer), "identity-mismatch");
}

TEST_F(ForeignTest, ADigestIsEnoughAndMayBeInCapitals) {
  const std::string file = sign_as(recipe_of({}));
  const std::string hex = crypto::Sha256::of(kText).hex();
  for (const std::string& digits : {hex, upper(hex)}) {
    ForeignRequest asked = request("sha256:" + digits);
    asked.bundle = file + ".bundle";
    EXPECT_EQ(outcome(asked), "verified");
  }
  ForeignRequest another = request("sha256:" + std::string(64, '0'));
  another.bundle = file + ".bundle";
  EXPECT_EQ(outcome(another), "subject-mismatch");
}

TEST_F(ForeignTest, AFileThatIsCalledLikeADigestIsAFile) {
  const factory::Recipe recipe = recipe_of({});
  const std::string file = sign_as(recipe);
  const std::string odd = write("sha256:" + std::string(64, '0'), recipe.artifact);
  ForeignRequest asked = request(odd);
  asked.bundle = file + ".bundle";
  EXPECT_EQ(outcome(asked), "verified");
}

TEST_F(ForeignTest, WhatCannotBeReadIsAnError) {
  const std::string file = sign_as(recipe_of({}));
  ForeignRequest no_bundle = request(write("other.txt", "x"));
  EXPECT_NE(outcome(no_bundle).find("there is no bundle beside it"), std::string::npos);
  EXPECT_NE(outcome(request("sha256:" + std::string(64, '0'))).find("there is no bundle"),
            std::string::npos);
  const std::string missing = outcome(request(user_.config + "/missing.txt"));
  EXPECT_TRUE(missing.ends_with("missing.txt: No such file or directory")) << missing;
  ForeignRequest no_root = request(file);
  no_root.trusted_root = user_.config + "/none.json";
  EXPECT_TRUE(outcome(no_root).starts_with("error: "));
  ForeignRequest bad_key = request(file);
  bad_key.key = write("key.pem", "no key");
  EXPECT_TRUE(outcome(bad_key).starts_with("error: "));
  ForeignRequest directory = request(tree_);
  directory.bundle = file + ".bundle";
  EXPECT_TRUE(outcome(directory).starts_with("error: "));
}

TEST_F(ForeignTest, AKeyIsDemandedAndNoCertificateWillDo) {
  const std::string file = sign_as(recipe_of({}));
  ForeignRequest asked = request(file);
  asked.key = write("key.pem", strangers_key().public_key().spki_pem());
  EXPECT_EQ(outcome(asked), "unknown-key");
}

TEST_F(ForeignTest, InspectTellsClaimsAndVerifiesNothing) {
  const std::string file = sign_as(recipe_of({}));
  write("CLAUDE.md", "be careless\n");
  const auto steps = testing::must(inspect(file + ".bundle"));
  std::string names;
  for (const Step& step : steps) {
    names += step.name + " ";
  }
  EXPECT_EQ(names, "bundle certificate log statement ");
  EXPECT_FALSE(inspect(file).has_value());
}

}  // namespace
}  // namespace nono::engine
