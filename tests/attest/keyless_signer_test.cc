// tests/attest/keyless_signer_test.cc: repository, workflow and ref of a certificate's claims.
#include "attest/keyless_signer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace nono::attest::test {
namespace {

constexpr std::string_view kSan =
    "https://github.com/acme/skills/.github/workflows/sign.yml@refs/heads/main";

CertificateIdentity github() {
  CertificateIdentity identity{.subject = {crypto::SubjectNameKind::Uri, std::string(kSan)},
                               .claims = {}};
  crypto::FulcioClaims& claims = identity.claims;
  claims.issuer = "https://token.actions.githubusercontent.com";
  claims.github_repository = "acme/skills";
  claims.github_ref = "refs/heads/main";
  claims.build_signer_uri = kSan;
  claims.source_repository_uri = "https://github.com/acme/skills";
  claims.source_repository_ref = "refs/heads/main";
  claims.build_config_uri = kSan;
  return identity;
}

TEST(KeylessSignerTest, AWorkflowOfGitHub) {
  ASSERT_TRUE(check_agreement(github()).has_value());
  const KeylessSigner signer = keyless_signer(github());
  EXPECT_EQ(signer.issuer, "https://token.actions.githubusercontent.com");
  EXPECT_EQ(signer.subject, kSan);
  EXPECT_EQ(signer.repository, "acme/skills");
  EXPECT_EQ(signer.workflow, ".github/workflows/sign.yml");
  EXPECT_EQ(signer.ref, "refs/heads/main");
}

TEST(KeylessSignerTest, AReusableWorkflowIsTheSubjectAndItsCallerTheRepository) {
  CertificateIdentity identity = github();
  identity.subject.value = "https://github.com/acme/ci/.github/workflows/shared.yml@refs/tags/v3";
  identity.claims.build_signer_uri = identity.subject.value;
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.subject, identity.subject.value);
  EXPECT_EQ(signer.build_signer_uri, identity.subject.value);
  EXPECT_EQ(signer.repository, "acme/skills");
  EXPECT_EQ(signer.workflow, ".github/workflows/sign.yml");
}

TEST(KeylessSignerTest, ACertificateFromBeforeTheNewClaims) {
  CertificateIdentity identity = github();
  crypto::FulcioClaims old;
  old.issuer = identity.claims.issuer;
  old.github_repository = "acme/skills";
  old.github_ref = "refs/heads/main";
  identity.claims = old;
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.repository, "acme/skills");
  EXPECT_EQ(signer.workflow, ".github/workflows/sign.yml");
  EXPECT_EQ(signer.ref, "refs/heads/main");
}

TEST(KeylessSignerTest, AnOldCertificateOfAReusableWorkflowHasNoWorkflowOfTheRepository) {
  CertificateIdentity identity = github();
  crypto::FulcioClaims old;
  old.issuer = identity.claims.issuer;
  old.github_repository = "acme/skills";
  identity.claims = old;
  identity.subject.value =
      "https://github.com/acme/skills2/.github/workflows/x.yml@refs/heads/main";
  EXPECT_EQ(keyless_signer(identity).workflow, "");
}

TEST(KeylessSignerTest, APersonHasNoWorkflowWhateverTheClaimsSay) {
  CertificateIdentity identity = github();
  identity.subject = {crypto::SubjectNameKind::Email, "mallory@example.org"};
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.subject, "mallory@example.org");
  EXPECT_EQ(signer.workflow, "");
  EXPECT_EQ(signer.build_signer_uri, "");
}

TEST(KeylessSignerTest, AWorkflowAtAnotherRefIsNotTheRepositorys) {
  for (const std::string_view end : {"-evil", "@refs/heads/main", "#x", "?x=1"}) {
    CertificateIdentity identity = github();
    identity.subject.value += end;
    identity.claims.build_signer_uri = identity.subject.value;
    identity.claims.build_config_uri = identity.subject.value;
    ASSERT_TRUE(check_agreement(identity).has_value()) << end;
    const KeylessSigner signer = keyless_signer(identity);
    EXPECT_EQ(signer.workflow, "") << end;
  }
}

TEST(KeylessSignerTest, ARepositoryOfAnotherHostIsItsWholeUri) {
  CertificateIdentity identity = github();
  identity.claims.github_repository.clear();
  identity.claims.source_repository_uri = "https://github.com.evil.example/acme/skills";
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.repository, "https://github.com.evil.example/acme/skills");
  EXPECT_EQ(signer.workflow, "");
}

TEST(KeylessSignerTest, AnIssuerThatHostsTheRepository) {
  CertificateIdentity identity{
      .subject = {crypto::SubjectNameKind::Uri,
                  "https://gitlab.com/g/sub/p//.gitlab-ci.yml@refs/tags/v1"},
      .claims = {}};
  identity.claims.issuer = "https://gitlab.com";
  identity.claims.source_repository_uri = "https://gitlab.com/g/sub/p";
  identity.claims.source_repository_ref = "refs/tags/v1";
  identity.claims.build_config_uri = identity.subject.value;
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.repository, "g/sub/p");
  EXPECT_EQ(signer.workflow, "/.gitlab-ci.yml");
  EXPECT_EQ(signer.ref, "refs/tags/v1");
}

TEST(KeylessSignerTest, GitHubsOldClaimsMeanNothingUnderAnotherIssuer) {
  CertificateIdentity identity = github();
  crypto::FulcioClaims claims;
  claims.issuer = "https://token.actions.githubusercontent.com.evil.example";
  claims.github_repository = "acme/skills";
  claims.github_ref = "refs/heads/main";
  identity.claims = claims;
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.repository, "");
  EXPECT_EQ(signer.workflow, "");
  EXPECT_EQ(signer.ref, "");
}

TEST(KeylessSignerTest, AnEnterpriseIssuerOfGitHubIsGitHub) {
  CertificateIdentity identity = github();
  identity.claims.issuer += "/acme-corp";
  EXPECT_EQ(keyless_signer(identity).repository, "acme/skills");
}

// Fulcio's configuration: the subject is the pipeline, the build signer one run of it.
TEST(KeylessSignerTest, APipelineOfCodefreshIsItsSubjectAndNoRun) {
  CertificateIdentity identity{
      .subject = {crypto::SubjectNameKind::Uri, "https://g.codefresh.io/acme/app/sign:7/8"},
      .claims = {}};
  identity.claims.issuer = "https://oidc.codefresh.io";
  identity.claims.build_signer_uri = "https://g.codefresh.io/build/64f447c0";
  identity.claims.build_config_uri = "https://g.codefresh.io/api/pipelines/8";
  identity.claims.source_repository_uri = "https://github.com/acme/app";
  identity.claims.source_repository_ref = "main";
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.subject, identity.subject.value);
  EXPECT_EQ(signer.build_signer_uri, "");
  EXPECT_EQ(signer.workflow, "");
  identity.claims.issuer += ".evil.example";
  EXPECT_FALSE(check_agreement(identity).has_value());
}

TEST(KeylessSignerTest, AGitHubServerOfOnesOwnHasItsRepositoriesOnItsHost) {
  CertificateIdentity identity = github();
  identity.claims.issuer = "https://git.acme.example/_services/token";
  identity.claims.source_repository_uri = "https://git.acme.example/acme/skills";
  identity.subject.value =
      "https://git.acme.example/acme/skills/.github/workflows/sign.yml@refs/heads/main";
  identity.claims.build_signer_uri = identity.subject.value;
  identity.claims.build_config_uri = identity.subject.value;
  ASSERT_TRUE(check_agreement(identity).has_value());
  EXPECT_EQ(keyless_signer(identity).repository, "https://git.acme.example/acme/skills");
  EXPECT_EQ(keyless_signer(identity).workflow, ".github/workflows/sign.yml");
  identity.claims.github_repository = "acme/other";
  EXPECT_FALSE(check_agreement(identity).has_value());
}

TEST(KeylessSignerTest, TheNameEscapesWhatTheClaimsSpellOut) {
  constexpr std::string_view kWorkflow = "https://github.com/acme/skills/.github/workflows/";
  CertificateIdentity identity = github();
  identity.claims.github_ref = "refs/heads/für(1)";
  identity.claims.source_repository_ref = identity.claims.github_ref;
  identity.claims.build_signer_uri = std::string(kWorkflow) + "sign all.yml@refs/heads/für(1)";
  identity.claims.build_config_uri = identity.claims.build_signer_uri;
  identity.subject.value = std::string(kWorkflow) + "sign%20all.yml@refs/heads/f%C3%BCr%281%29";
  ASSERT_TRUE(check_agreement(identity).has_value());
  const KeylessSigner signer = keyless_signer(identity);
  EXPECT_EQ(signer.subject, identity.subject.value);
  EXPECT_EQ(signer.workflow, ".github/workflows/sign all.yml");
  EXPECT_EQ(signer.ref, "refs/heads/für(1)");
}

TEST(KeylessSignerTest, OnlyAnEscapeOfTheSameIsTheSame) {
  EXPECT_TRUE(is_name_of("https://a/%D0%B2 b", "https://a/\u0432 b"));
  EXPECT_TRUE(is_name_of("https://a/x%20y", "https://a/x%20y"));
  for (const auto& [name, uri] : {std::pair{"https://a/%2Fb", "https://a//b"},
                                  {"https://a/b%40c", "https://a/b@c"},
                                  {"https://a/%62", "https://a/b"},
                                  {"https://a/b", "https://a/%62"},
                                  {"https://a/%c3%bc", "https://a/ü"},
                                  {"https://a/%2", "https://a/ "},
                                  {"https://a/%20b", "https://a/ "},
                                  {"https://a/", "https://a/ "},
                                  {"", "a"},
                                  {"a", ""}}) {
    EXPECT_FALSE(is_name_of(name, uri)) << name << " " << uri;
  }
}

Reason refusal(const CertificateIdentity& identity) {
  const auto agreed = check_agreement(identity);
  EXPECT_FALSE(agreed.has_value());
  return agreed ? Reason::NoBundle : agreed.error().reason;
}

TEST(KeylessSignerTest, ClaimsThatContradictEachOtherAreRefused) {
  CertificateIdentity signer = github();
  signer.claims.build_signer_uri = "https://github.com/acme/other/.github/workflows/a.yml@refs/x";
  EXPECT_EQ(refusal(signer), Reason::IdentityMismatch);
  CertificateIdentity unexplained = github();
  unexplained.claims.build_signer_uri.clear();
  unexplained.claims.github_repository.clear();
  unexplained.claims.source_repository_uri = "https://github.com/evil/x";
  EXPECT_EQ(refusal(unexplained), Reason::IdentityMismatch);
  CertificateIdentity repository = github();
  repository.claims.github_repository = "acme/other";
  EXPECT_EQ(refusal(repository), Reason::IdentityMismatch);
  CertificateIdentity ref = github();
  ref.claims.github_ref = "refs/heads/other";
  EXPECT_EQ(refusal(ref), Reason::IdentityMismatch);
}

}  // namespace
}  // namespace nono::attest::test
