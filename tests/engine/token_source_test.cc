// tests/engine/token_source_test.cc: where the token comes from, and what GitHub may answer.
#include "engine/token_source.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/engine/fake_sigstore.h"
#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using crypto::SecretAccess;
using testing::FakeSigstore;
using testing::FixedClock;

// GitHub answers the token endpoint; everything else is asked of nobody.
class GitHub final : public net::HttpClient {
 public:
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    requests.push_back(request);
    if (!answers.empty()) {
      net::HttpResponse response = answers.front();
      answers.erase(answers.begin());
      return response;
    }
    return net::HttpResponse{.status = 200,
                             .headers = {},
                             .body = R"({"count":9,"value":")" + FakeSigstore::token() + "\"}"};
  }
  std::vector<net::HttpRequest> requests;
  std::vector<net::HttpResponse> answers;  // first
};

class TokenSourceTest : public testing::EngineTest {
 protected:
  Result<attest::IdentityToken> find(const std::optional<std::string>& given = {}) {
    const ServiceCaller caller(github_, [this](std::chrono::milliseconds one) { waited_ += one; });
    const Ambient ambient{.environment = [this](const char* name) -> std::optional<std::string> {
                            const auto found = environment_.find(name);
                            return found == environment_.end() ? std::nullopt
                                                               : std::optional(found->second);
                          },
                          .product_file = in("product"),
                          .token_file = in("projected")};
    return find_token({.given = given}, ambient, caller, clock_);
  }
  std::string found(const std::optional<std::string>& given = {}) {
    const auto token = find(given);
    return token ? std::string(token->text().text(SecretAccess::i_will_not_log_or_store_this()))
                 : "refused: " + token.error().message();
  }
  void in_github() {
    environment_ = {{"GITHUB_ACTIONS", "true"},
                    {"ACTIONS_ID_TOKEN_REQUEST_URL", "https://run.example/token?api-version=2.0"},
                    {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "b3arer"}};
  }
  GitHub github_;
  FixedClock clock_{factory::kSigned};
  std::map<std::string, std::string> environment_;
  std::chrono::milliseconds waited_{0};
};

TEST_F(TokenSourceTest, AnOptionIsTheTokenOrItsFile) {
  const std::string token = FakeSigstore::token();
  EXPECT_EQ(found(token), token);
  const std::string file = write("token", token + "\n");
  EXPECT_EQ(found(file), token);
  EXPECT_EQ(found("@" + file), token);
  EXPECT_FALSE(find("@" + file + ".none"));
  EXPECT_TRUE(find("@" + file + ".none").error().kind() == ErrorKind::NotFound);
}

TEST_F(TokenSourceTest, AnEndlessFileIsNotRead) {
  EXPECT_FALSE(find("/dev/zero"));
}

TEST_F(TokenSourceTest, TheOptionComesBeforeTheEnvironmentAndThatBeforeGitHub) {
  const std::string token = FakeSigstore::token();
  in_github();
  environment_["SIGSTORE_ID_TOKEN"] = token;
  EXPECT_EQ(found(), token);
  EXPECT_TRUE(found("not.a.token").starts_with("refused: the identity token"));
  EXPECT_TRUE(github_.requests.empty());
  environment_.erase("SIGSTORE_ID_TOKEN");
  EXPECT_EQ(found(), token);
  EXPECT_EQ(github_.requests.size(), 1u);
}

TEST_F(TokenSourceTest, GitHubIsAskedForTheAudienceWithTheJobsBearer) {
  in_github();
  ASSERT_EQ(found(), FakeSigstore::token());
  const net::HttpRequest& request = github_.requests.front();
  EXPECT_EQ(request.method, net::Method::Get);
  EXPECT_EQ(request.url, "https://run.example/token?api-version=2.0&audience=sigstore");
  EXPECT_EQ(request.headers.front(),
            (std::pair<std::string, std::string>{"authorization", "bearer b3arer"}));
  environment_["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://run.example/token";
  ASSERT_EQ(found(), FakeSigstore::token());
  EXPECT_EQ(github_.requests.back().url, "https://run.example/token?audience=sigstore");
}

TEST_F(TokenSourceTest, ABusyGitHubIsAskedAgainAsItWishes) {
  in_github();
  const net::HttpResponse busy{.status = 503, .headers = {{"retry-after", "3"}}, .body = ""};
  github_.answers = {busy, busy};
  EXPECT_EQ(found(), FakeSigstore::token());
  EXPECT_EQ(github_.requests.size(), 3u);
  EXPECT_EQ(waited_, std::chrono::seconds(6));
  github_.answers = {busy, busy, busy};
  EXPECT_TRUE(found().contains("answered 503"));
}

TEST_F(TokenSourceTest, WhatGitHubAnswersWronglyIsRefused) {
  in_github();
  for (const net::HttpResponse& wrong :
       {net::HttpResponse{.status = 401, .headers = {}, .body = "no"},
        net::HttpResponse{.status = 302, .headers = {}, .body = ""},
        net::HttpResponse{.status = 200, .headers = {}, .body = "<html>"},
        net::HttpResponse{.status = 200, .headers = {}, .body = "{}"},
        net::HttpResponse{.status = 200, .headers = {}, .body = R"({"value":""})"},
        net::HttpResponse{.status = 200, .headers = {}, .body = R"({"value":"a"})"}}) {
    github_.answers = {wrong};
    const auto token = find();
    ASSERT_FALSE(token) << wrong.body;
    EXPECT_FALSE(token.error().message().contains("b3arer"));
  }
}

TEST_F(TokenSourceTest, AnAnswerThatCannotBeReadIsTheServicesFault) {
  in_github();
  for (const std::string body :
       {"", "<html>", "{}", R"({"value":1})", R"({"value":""})", R"({"value":"a","value":"a"})"}) {
    github_.answers = {{.status = 200, .headers = {}, .body = body}};
    const auto token = find();
    ASSERT_FALSE(token) << body;
    EXPECT_EQ(token.error().kind(), ErrorKind::Network) << body;
    EXPECT_TRUE(token.error().message().contains("endpoint at https://run.example/token: "))
        << body;
    EXPECT_FALSE(token.error().remedy().empty()) << body;
  }
  environment_ = {{"GCE_METADATA_HOST", "127.0.0.1:8"},
                  {"GOOGLE_SERVICE_ACCOUNT_NAME", "signer@acme.example"}};
  const net::HttpResponse good{
      .status = 200, .headers = {}, .body = R"({"access_token":"acc3ss"})"};
  const net::HttpResponse wrong{.status = 200, .headers = {}, .body = "{}"};
  for (const auto& answers : {std::vector{wrong}, std::vector{good, wrong}}) {
    github_.answers = answers;
    const auto token = find();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind(), ErrorKind::Network);
    EXPECT_FALSE(token.error().remedy().empty());
  }
}

TEST_F(TokenSourceTest, AProjectedTokenIsTakenFromItsFile) {
  write("projected", FakeSigstore::token() + "\n");
  EXPECT_EQ(found(), FakeSigstore::token());
  in_github();
  EXPECT_EQ(found(), FakeSigstore::token());
  EXPECT_EQ(github_.requests.size(), 1u);
}

TEST_F(TokenSourceTest, AMachineOfGooglesAsksItsHost) {
  github_.answers = {{.status = 200, .headers = {}, .body = FakeSigstore::token()}};
  write("product", "Google Compute Engine\n");
  EXPECT_EQ(found(), FakeSigstore::token());
  EXPECT_EQ(github_.requests.front().url,
            "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/"
            "identity?audience=sigstore&format=full");
  EXPECT_EQ(github_.requests.front().headers.front().first, "metadata-flavor");
}

TEST_F(TokenSourceTest, AnotherMachineAsksNobody) {
  write("product", "Standard PC (Q35 + ICH9, 2009)\n");
  EXPECT_FALSE(find());
  EXPECT_TRUE(github_.requests.empty());
}

TEST_F(TokenSourceTest, AnotherServiceAccountIsImpersonated) {
  environment_ = {{"GCE_METADATA_HOST", "127.0.0.1:8"},
                  {"GOOGLE_SERVICE_ACCOUNT_NAME", "signer@acme.example"}};
  github_.answers = {
      {.status = 200, .headers = {}, .body = R"({"access_token":"acc3ss","expires_in":9})"},
      {.status = 200, .headers = {}, .body = R"({"token":")" + FakeSigstore::token() + "\"}"}};
  ASSERT_EQ(found(), FakeSigstore::token());
  const net::HttpRequest& request = github_.requests.back();
  EXPECT_EQ(request.url,
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
            "signer%40acme.example:generateIdToken");
  EXPECT_EQ(request.headers.front().second, "Bearer acc3ss");
  EXPECT_EQ(request.body, R"({"audience":"sigstore","includeEmail":true})");
  github_.answers = {{.status = 200, .headers = {}, .body = R"({"access_token":"acc3ss"})"},
                     {.status = 403, .headers = {}, .body = R"({"error":{"message":"denied"}})"}};
  const auto refused = find();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message().contains("answered 403"));
  EXPECT_TRUE(refused.error().remedy().contains("token creator"));
  EXPECT_FALSE(refused.error().message().contains("acc3ss"));
}

TEST_F(TokenSourceTest, AGitLabJobWithoutATokenIsToldWhatToWrite) {
  environment_ = {{"GITLAB_CI", "true"}};
  EXPECT_TRUE(find().error().remedy().contains("id_tokens"));
}

TEST_F(TokenSourceTest, AJobWithoutThePermissionIsToldSo) {
  environment_ = {{"GITHUB_ACTIONS", "true"}};
  const auto token = find();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind(), ErrorKind::NotFound);
  EXPECT_TRUE(token.error().remedy().contains("id-token: write"));
}

TEST_F(TokenSourceTest, WithoutAnySourceAllAreNamed) {
  const auto token = find();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind(), ErrorKind::NotFound);
  for (const std::string_view way : {"--identity-token", "SIGSTORE_ID_TOKEN", "GitHub Actions"}) {
    EXPECT_TRUE(token.error().remedy().contains(way)) << way;
  }
  EXPECT_TRUE(github_.requests.empty());
}

}  // namespace
}  // namespace nono::engine
