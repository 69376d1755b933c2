// tests/attest/identity_token_test.cc: tokens before they are presented, and certificates made for
// them.
#include "attest/identity_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"

namespace nono::attest {
namespace {

using crypto::FulcioClaims;
using crypto::SubjectName;
using crypto::SubjectNameKind;

constexpr std::string_view kGitHub = "https://token.actions.githubusercontent.com";
const Instant kNow = *parse_rfc3339("2026-01-15T12:00:00Z");
constexpr std::int64_t kNowSeconds = 1768478400;

std::string url_base64(std::string_view text) {
  std::string encoded = base64_encode(as_bytes(text));
  for (char& c : encoded) {
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  return encoded.substr(0, encoded.find('='));
}

std::string jwt(std::string_view payload) {
  return url_base64(R"({"alg":"RS256"})") + "." + url_base64(payload) + ".c2lnbmF0dXJl";
}

Json claims() {
  return Json(Json::Object{{"iss", "https://issuer.example"},
                           {"aud", "sigstore"},
                           {"sub", "user-7"},
                           {"nbf", kNowSeconds - 60},
                           {"exp", kNowSeconds + 300}});
}

Result<IdentityToken> read(std::string text) {
  return IdentityToken::read(crypto::Secret::take(text), kNow);
}
Result<IdentityToken> read(const Json& json) {
  return read(jwt(json.compact()));
}

IdentityToken good(const Json& json) {
  auto token = read(json);
  EXPECT_TRUE(token) << (token ? "" : token.error().message());
  return *std::move(token);
}

void expect_refused(const Result<IdentityToken>& token, std::string_view words) {
  ASSERT_FALSE(token) << words;
  EXPECT_EQ(token.error().kind(), ErrorKind::InvalidInput);
  EXPECT_NE(token.error().message().find(words), std::string::npos) << token.error().message();
  EXPECT_FALSE(token.error().remedy().empty()) << words;
}

TEST(IdentityTokenTest, AGoodOneIsRead) {
  const IdentityToken token = good(claims());
  EXPECT_EQ(token.issuer(), "https://issuer.example");
  EXPECT_EQ(token.claim("sub"), "user-7");
  EXPECT_EQ(token.claim("absent"), "");
  EXPECT_EQ(token.claim("exp"), "");  // not a string
}

TEST(IdentityTokenTest, TheTextIsKeptWithoutSpaceAround) {
  const std::string text = jwt(claims().compact());
  const auto token = read(" \n" + text + "\r\n");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->text().text(crypto::SecretAccess::i_will_not_log_or_store_this()), text);
}

TEST(IdentityTokenTest, WhatIsNoTokenIsRefused) {
  const std::string payload = url_base64(claims().compact());
  const std::vector<std::string> texts{"",
                                       "secret",
                                       "a.b",
                                       "." + payload + ".c",
                                       "a..c",
                                       "a." + payload + ".",
                                       "a." + payload + ".c.d",
                                       "a.!" + payload + ".c",
                                       "a.b c.d",
                                       "a\nb." + payload + ".c",
                                       "a." + payload + ".c\xe9",
                                       "a." + payload + ".c" + std::string(1, '\0')};
  for (const std::string& text : texts) {
    expect_refused(read(text), "is not a JWT");
  }
}

TEST(IdentityTokenTest, APayloadThatIsNoObjectIsRefused) {
  for (const std::string_view payload : {"[]", "\"a\"", "{", "{\"a\":1,\"a\":2}", ""}) {
    if (!payload.empty()) {
      expect_refused(read(jwt(payload)), "holds no claims");
    }
  }
}

TEST(IdentityTokenTest, AnOversizeTokenIsRefused) {
  expect_refused(read(std::string(kMaxTokenBytes + 1, 'a')), "is larger than 32768 bytes");
}

Json number(std::string_view spelling) {
  return *Json::parse(spelling, kMessageLimits);
}

// One claim changed, one sentence.
TEST(IdentityTokenTest, ClaimsThatFulcioWouldRefuseAreNamed) {
  struct Fault {
    std::string_view claim;
    Json value;
    std::string_view words;
  };
  const std::vector<Fault> faults{
      {"iss", Json(), "names no issuer"},
      {"iss", 7, "names no issuer"},
      {"sub", Json(), "names no subject"},
      {"sub", "", "names no subject"},
      {"aud", Json(), "is not for Sigstore"},
      {"aud", "https://github.com/acme", "is not for Sigstore"},
      {"aud", Json::Array{Json("a"), Json("b")}, "is not for Sigstore"},
      {"aud", "sigstore2", "is not for Sigstore"},
      {"exp", Json(), "does not say when it expires"},
      {"exp", "soon", "does not say when it expires"},
      {"exp", kNowSeconds, "expired at 2026-01-15T12:00:00Z"},
      {"exp", kNowSeconds - 1, "expired at 2026-01-15T11:59:59Z"},
      {"exp", -5, "expired at -5"},
      {"exp", number("1768478399.5"), "expired at 2026-01-15T11:59:59Z"},
      {"exp", number("-1e300"), "expired at -9000000000000000000"},
      {"nbf", number("1.768478701e9"), "is not valid before 2026-01-15T12:05:01Z"},
      {"nbf", number("1e300"), "is not valid before 9000000000000000000"},
      {"nbf", kNowSeconds + 301, "is not valid before 2026-01-15T12:05:01Z"},
      {"nbf", std::int64_t{1} << 60, "is not valid before 1152921504606846976"},
  };
  for (const Fault& fault : faults) {
    Json json = claims();
    json.set(fault.claim, fault.value);
    expect_refused(read(json), fault.words);
  }
}

TEST(IdentityTokenTest, WhatFulcioGrantsIsGranted) {
  Json json = claims();
  json.set("nbf", kNowSeconds + 300);
  EXPECT_TRUE(read(json));
  json.set("exp", kNowSeconds + 1);
  EXPECT_TRUE(read(json));
  for (const char* end : {"1768478401.5", "1.7684784e10", "1e300"}) {
    json.set("exp", number(end));
    EXPECT_TRUE(read(json)) << end;
  }
  json.set("nbf", Json());
  EXPECT_TRUE(read(json));
  json.set("aud", Json::Array{Json("other"), Json("sigstore")});
  EXPECT_TRUE(read(json));
}

// Whoever reads the error must not be able to sign with it.
TEST(IdentityTokenTest, NoErrorShowsTheToken) {
  Json json = claims();
  json.set("exp", 1);
  const std::string text = jwt(json.compact());
  const auto token = read(text);
  ASSERT_FALSE(token);
  const std::string told = token.error().message() + token.error().remedy();
  EXPECT_EQ(told.find(text.substr(20, 30)), std::string::npos);
  EXPECT_EQ(told.find("c2lnbmF0dXJl"), std::string::npos);
}

TEST(IdentityTokenTest, TheClaimToSignIsKnownForKnownIssuers) {
  struct Known {
    std::string_view issuer;
    std::optional<std::string_view> claim;
  };
  for (const Known& known : {Known{"https://accounts.google.com", "email"},
                             Known{"https://oauth2.sigstore.dev/auth", "email"},
                             Known{"https://oauth2.sigstage.dev/auth", "email"},
                             Known{kGitHub, "sub"}, Known{"https://agent.buildkite.com", "sub"},
                             Known{"https://issuer.example", std::nullopt}}) {
    Json json = claims();
    json.set("iss", known.issuer);
    EXPECT_EQ(good(json).known_challenge(), known.claim) << known.issuer;
  }
  Json gitlab = claims();
  gitlab.set("ci_config_ref_uri", "gitlab.example/a/b//.gitlab-ci.yml@refs/heads/main");
  EXPECT_EQ(good(gitlab).known_challenge(), "sub");
}

TEST(IdentityTokenTest, TheChallengeIsTheClaim) {
  Json json = claims();
  json.set("email", "alice@example.com");
  EXPECT_EQ(good(json).challenge("sub").value_or(""), "user-7");
  EXPECT_EQ(good(json).challenge("email").value_or(""), "alice@example.com");
  for (const Json& verified : {Json(true), Json("true")}) {
    json.set("email_verified", verified);
    EXPECT_TRUE(good(json).challenge("email"));
  }
}

TEST(IdentityTokenTest, AnAddressThatNobodyVerifiedIsNoProof) {
  Json json = claims();
  json.set("email", "alice@example.com");
  for (const Json& denied : {Json(false), Json("false"), Json(1), Json()}) {
    json.set("email_verified", denied);
    const auto challenge = good(json).challenge("email");
    ASSERT_FALSE(challenge);
    EXPECT_NE(challenge.error().message().find("has not verified"), std::string::npos);
    EXPECT_TRUE(good(json).challenge("sub"));
  }
}

TEST(IdentityTokenTest, AChallengeThatIsNotThereIsNamed) {
  const auto challenge = good(claims()).challenge("email");
  ASSERT_FALSE(challenge);
  EXPECT_NE(challenge.error().message().find("has no claim \"email\""), std::string::npos);
}

// Certificates: the issuer's claim, and a name by the issuer's rule.
FulcioClaims certified(std::string_view issuer) {
  FulcioClaims claims;
  claims.issuer = issuer;
  return claims;
}

struct Described {
  std::string_view name;
  Json token;
  SubjectName subject;
  FulcioClaims claims;
  std::string_view refusal;  // empty: describes
};

Json github() {
  Json json = claims();
  json.set("iss", kGitHub);
  json.set("sub", "repo:acme/skills:ref:refs/heads/main");
  json.set("job_workflow_ref", "acme/skills/.github/workflows/sign.yml@refs/heads/main");
  return json;
}

FulcioClaims with_subject(FulcioClaims claims, std::string_view subject) {
  claims.token_subject = subject;
  return claims;
}

Json with(Json json, std::string_view key, Json value) {
  json.set(key, std::move(value));
  return json;
}

SubjectName uri(std::string value) {
  return SubjectName{SubjectNameKind::Uri, std::move(value)};
}
SubjectName mail(std::string value) {
  return SubjectName{SubjectNameKind::Email, std::move(value)};
}

std::vector<Described> described() {
  const std::string ours = "https://issuer.example";
  const std::string workflow =
      "https://github.com/acme/skills/.github/workflows/sign.yml@refs/heads/main";
  const Json email = with(claims(), "email", "alice@example.com");
  const Json gitlab = with(claims(), "ci_config_ref_uri", "gitlab.example/a//ci.yml@refs/heads/x");
  Json kite = with(claims(), "iss", "https://agent.buildkite.com");
  kite.set("organization_slug", "acme");
  kite.set("pipeline_slug", "sign");
  return {
      {"e-mail", email, mail("alice@example.com"), certified(ours), ""},
      {"another e-mail", email, mail("mallory@example.com"), certified(ours), "e-mail address"},
      {"an e-mail that the token has not", claims(), mail("user-7"), certified(ours),
       "e-mail address"},
      {"another issuer", email, mail("alice@example.com"), certified("https://b.example"),
       "issuer"},
      {"no issuer", email, mail("alice@example.com"), certified(""), "issuer"},
      {"GitHub", github(), uri(workflow), certified(kGitHub), ""},
      {"GitHub, another branch", github(), uri(workflow + "2"), certified(kGitHub), "subject"},
      {"GitHub, the bare subject", github(), uri("repo:acme/skills:ref:refs/heads/main"),
       certified(kGitHub), "subject"},
      {"GitHub, token subject", github(), uri(workflow),
       with_subject(certified(kGitHub), "repo:acme/skills:ref:refs/heads/main"), ""},
      {"GitHub, another token subject", github(), uri(workflow),
       with_subject(certified(kGitHub), "repo:acme/other:ref:refs/heads/main"), "token subject"},
      {"GitLab", gitlab, uri("https://gitlab.example/a//ci.yml@refs/heads/x"), certified(ours), ""},
      {"GitLab, another", gitlab, uri("https://gitlab.example/b//ci.yml@refs/heads/x"),
       certified(ours), "subject"},
      {"Buildkite", kite, uri("https://buildkite.com/acme/sign"),
       certified("https://agent.buildkite.com"), ""},
      {"Buildkite, another", kite, uri("https://buildkite.com/acme/other"),
       certified("https://agent.buildkite.com"), "subject"},
      {"the subject itself", claims(), uri("user-7"), certified(ours), ""},
      {"a user name", claims(), SubjectName{SubjectNameKind::Other, "user-7!example"},
       certified(ours), ""},
      {"a name that begins alike", claims(), uri("user-70"), certified(ours), "subject"},
      {"a name by a rule unknown here, the token's subject stated", claims(),
       uri("https://x.example/7"), with_subject(certified(ours), "user-7"), ""},
      {"a name by a rule unknown here", claims(), uri("https://x.example/7"), certified(ours),
       "subject"},
  };
}

std::vector<Described> described_machines() {
  const std::string ours = "https://issuer.example";
  const std::string workflow = "acme/skills/.github/workflows/sign.yml@refs/heads/main";
  const Json enterprise = with(claims(), "job_workflow_ref", workflow);
  const Json pod =
      with(claims(), "kubernetes.io",
           Json::Object{{"namespace", "ci"}, {"serviceaccount", Json::Object{{"name", "signer"}}}});
  Json circle = with(claims(), "iss", "https://oidc.circleci.com/org/1-2");
  circle.set("oidc.circleci.com/project-id", "3-4");
  circle.set("oidc.circleci.com/pipeline-definition-id", "5-6");
  Json fresh = with(claims(), "iss", "https://oidc.codefresh.io");
  fresh.set("account_name", "acme");
  fresh.set("pipeline_name", "app/sign");
  fresh.set("account_id", "7");
  fresh.set("pipeline_id", "8");
  return {
      {"CircleCI", circle, uri("https://circleci.com/api/v2/projects/3-4/pipeline-definitions/5-6"),
       certified("https://oidc.circleci.com/org/1-2"), ""},
      {"CircleCI, another", circle,
       uri("https://circleci.com/api/v2/projects/3-4/pipeline-definitions/9"),
       certified("https://oidc.circleci.com/org/1-2"), "subject"},
      {"Codefresh", fresh, uri("https://g.codefresh.io/acme/app/sign:7/8"),
       certified("https://oidc.codefresh.io"), ""},
      {"Codefresh, its own platform", with(fresh, "platform_url", "https://cf.acme.example"),
       uri("https://cf.acme.example/acme/app/sign:7/8"), certified("https://oidc.codefresh.io"),
       ""},
      {"Codefresh, another", fresh, uri("https://g.codefresh.io/other/app/sign:7/8"),
       certified("https://oidc.codefresh.io"), "subject"},
      {"GitHub of one's own", enterprise, uri("https://git.acme.example/" + workflow),
       certified(ours), ""},
      {"GitHub of one's own, escaped",
       with(claims(), "job_workflow_ref", "acme/skills/.github/workflows/sign all.yml@refs/x"),
       uri("https://git.acme.example/acme/skills/.github/workflows/sign%20all.yml@refs/x"),
       certified(ours), ""},
      {"GitHub of one's own, another", enterprise, uri("https://git.acme.example/x/" + workflow),
       certified(ours), "subject"},
      {"GitHub of one's own, no host", enterprise, uri("https:///" + workflow + "2"),
       certified(ours), "subject"},
      {"Kubernetes", pod, uri("https://kubernetes.io/namespaces/ci/serviceaccounts/signer"),
       certified(ours), ""},
      {"Kubernetes, another", pod, uri("https://kubernetes.io/namespaces/ci/serviceaccounts/root"),
       certified(ours), "subject"},
  };
}

// A provider names the one whose people it passes on.
std::vector<Described> described_guests() {
  const std::string ours = "https://issuer.example";
  const Json email = with(claims(), "email", "alice@example.com");
  const Json dex = with(email, "federated_claims",
                        Json::Object{{"connector_id", "https://github.com/login/oauth"}});
  const Json dex_of_nobody = with(email, "federated_claims", Json::Object{{"connector_id", ""}});
  return {
      {"somebody passed on", dex, mail("alice@example.com"),
       certified("https://github.com/login/oauth"), ""},
      {"somebody passed on, by a Fulcio that does not say", dex, mail("alice@example.com"),
       certified(ours), ""},
      {"somebody passed on of another", dex, mail("alice@example.com"),
       certified("https://accounts.google.com"), "issuer"},
      {"somebody passed on, another address", dex, mail("mallory@example.com"),
       certified("https://github.com/login/oauth"), "e-mail address"},
      {"somebody passed on by nobody", dex_of_nobody, mail("alice@example.com"), certified(""),
       "issuer"},
  };
}

TEST(IdentityTokenTest, ACertificateIsForTheTokenOrNot) {
  std::vector<Described> rows = described();
  std::ranges::move(described_machines(), std::back_inserter(rows));
  std::ranges::move(described_guests(), std::back_inserter(rows));
  for (const Described& one : rows) {
    const auto done = good(one.token).describes(one.subject, one.claims);
    if (one.refusal.empty()) {
      EXPECT_TRUE(done) << one.name << ": " << done.error().message();
      continue;
    }
    ASSERT_FALSE(done) << one.name;
    EXPECT_NE(done.error().message().find("certificate's " + std::string(one.refusal)),
              std::string::npos)
        << one.name << ": " << done.error().message();
  }
}

}  // namespace
}  // namespace nono::attest
