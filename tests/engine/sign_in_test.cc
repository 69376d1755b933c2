// tests/engine/sign_in_test.cc: what an identity provider may say, and how long it is asked.
#include "engine/sign_in.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/engine/fake_sigstore.h"

namespace nono::engine {
namespace {

using testing::FakeSigstore;
using testing::FixedClock;

constexpr const char* kIssuer = "https://accounts.example.com";

// A provider that answers by endpoint; the token endpoint by turns.
class Provider final : public net::HttpClient {
 public:
  Result<net::HttpResponse> send(const net::HttpRequest& request) override {
    requests.push_back(request);
    if (request.url.ends_with("/.well-known/openid-configuration")) {
      return net::HttpResponse{.status = status, .headers = {}, .body = document.compact()};
    }
    if (request.url.ends_with("/device")) {
      return net::HttpResponse{.status = 200, .headers = {}, .body = device.compact()};
    }
    const std::string body = turns.empty() ? R"({"error":"authorization_pending"})" : turns.front();
    if (!turns.empty()) {
      turns.erase(turns.begin());
    }
    return net::HttpResponse{
        .status = body.contains("error") ? 400 : 200, .headers = {}, .body = body};
  }
  int status = 200;
  Json document{
      Json::Object{{"issuer", kIssuer},
                   {"authorization_endpoint", "https://login.example.com/auth"},
                   {"token_endpoint", "https://login.example.com/token"},
                   {"device_authorization_endpoint", "https://login.example.com/device"}}};
  Json device{Json::Object{{"device_code", "d3vice"},
                           {"user_code", "ABCD"},
                           {"verification_uri", "https://login.example.com/go"},
                           {"expires_in", 100},
                           {"interval", 10}}};
  std::vector<std::string> turns;
  std::vector<net::HttpRequest> requests;
};

class NobodysDesk final : public SignInDesk {
 public:
  bool has_terminal() const override { return terminal; }
  void open(const std::string& /*url*/) override {}
  Result<std::string> typed_code(const std::string& url) override {
    shown = url;
    return std::string("c0de");
  }
  void show_device(const DeviceCode& code) override { shown = code.user_code; }
  bool terminal = true;
  std::string shown;
};

class SignInTest : public ::testing::Test {
 protected:
  Result<attest::IdentityToken> by(SignInWay way) {
    const ServiceCaller caller(provider_, [this](std::chrono::milliseconds one) {
      waits_.push_back(std::chrono::duration_cast<std::chrono::seconds>(one).count());
    });
    return sign_in({.issuer = kIssuer, .client_id = "sigstore"}, way, desk_, caller, clock_);
  }
  std::string refused(SignInWay way = SignInWay::Device) {
    const auto token = by(way);
    return token ? "a token" : token.error().message();
  }
  static std::string granted() { return R"({"id_token":")" + FakeSigstore::token() + "\"}"; }
  Provider provider_;
  NobodysDesk desk_;
  FixedClock clock_{factory::kSigned};
  std::vector<long> waits_;
};

TEST_F(SignInTest, ADeviceCodeIsPolledAtTheProvidersPace) {
  provider_.turns = {R"({"error":"authorization_pending"})", R"({"error":"slow_down"})",
                     R"({"error":"authorization_pending"})", granted()};
  ASSERT_TRUE(by(SignInWay::Device).has_value());
  EXPECT_EQ(waits_, (std::vector<long>{10, 10, 15, 15}));
  EXPECT_EQ(desk_.shown, "ABCD");
  EXPECT_TRUE(provider_.requests.back().body.contains("device_code=d3vice"));
  EXPECT_TRUE(provider_.requests.back().body.contains("code_verifier="));
}

TEST_F(SignInTest, FiveSecondsWhereTheProviderSaysNothing) {
  provider_.device.object()->pop_back();
  provider_.turns = {granted()};
  ASSERT_TRUE(by(SignInWay::Device).has_value());
  EXPECT_EQ(waits_, std::vector<long>{5});
}

TEST_F(SignInTest, ADeviceCodeIsNotPolledBeyondItsLife) {
  EXPECT_TRUE(refused().contains("the code was not used"));
  EXPECT_EQ(waits_.size(), 10u);
}

TEST_F(SignInTest, AProviderThatWantsToBePolledForEverIsNot) {
  provider_.device.set("expires_in", 1'000'000'000);
  provider_.device.set("interval", 1'000'000'000);
  EXPECT_TRUE(refused().contains("the code was not used"));
  EXPECT_EQ(waits_, std::vector<long>(30, 60));
}

TEST_F(SignInTest, WhatEndsPollingIsTold) {
  for (const char* const word : {"access_denied", "expired_token", "invalid_grant", "anything"}) {
    provider_.turns = {R"({"error":")" + std::string(word) + "\"}"};
    EXPECT_TRUE(refused().contains(word)) << word;
  }
}

TEST_F(SignInTest, ProvidersWordsAreCutAndPrintable) {
  provider_.turns = {R"({"error":"a\u001b[31m","error_description":")" + std::string(9000, 'x') +
                     "\"}"};
  const std::string said = refused();
  EXPECT_LT(said.size(), 600u);
  EXPECT_FALSE(said.contains('\x1b'));
}

TEST_F(SignInTest, ATypedCodeWithAnotherNonceIsRefused) {
  provider_.turns = {granted()};  // a token without any
  EXPECT_TRUE(refused(SignInWay::Code).contains("nonce"));
  EXPECT_TRUE(desk_.shown.starts_with("https://login.example.com/auth?response_type=code&"));
  EXPECT_TRUE(desk_.shown.contains("&code_challenge_method=S256"));
  EXPECT_TRUE(provider_.requests.back().body.contains("code=c0de"));
}

TEST_F(SignInTest, NobodyIsSentWhereADocumentOfAnotherLeads) {
  const Json good = provider_.document;
  const std::vector<std::pair<std::string, Json>> wrong{
      {"issuer", "https://accounts.example.org"},
      {"issuer", "https://accounts.example.com/"},
      {"token_endpoint", "http://127.0.0.1:8080/token"},
      {"token_endpoint", "http://169.254.169.254/token"},
      {"token_endpoint", "http://login.example.com/token"},
      {"token_endpoint", Json()},
      {"authorization_endpoint", "javascript:alert(1)"},
      {"authorization_endpoint", "https://a b"},
      {"device_authorization_endpoint", 7}};
  for (const auto& [name, value] : wrong) {
    provider_.document = good;
    provider_.document.set(name, value);
    provider_.requests.clear();
    EXPECT_TRUE(refused().contains("/" + name) || refused().contains("URL is not allowed") ||
                refused().contains(name))
        << name << ": " << refused();
    for (const net::HttpRequest& request : provider_.requests) {
      EXPECT_TRUE(request.url.ends_with("/openid-configuration")) << request.url;
    }
  }
}

TEST_F(SignInTest, ADeviceCodeThatIsNoneIsRefused) {
  const Json good = provider_.device;
  const std::vector<std::pair<std::string, Json>> wrong{{"device_code", ""},
                                                        {"user_code", Json()},
                                                        {"verification_uri", "ftp://a"},
                                                        {"verification_uri", "http://127.0.0.1/"},
                                                        {"expires_in", 0},
                                                        {"expires_in", "100"},
                                                        {"interval", -1}};
  for (const auto& [name, value] : wrong) {
    provider_.device = good;
    provider_.device.set(name, value);
    EXPECT_NE(refused(), "a token") << name;
    EXPECT_TRUE(waits_.empty()) << name;
  }
}

TEST_F(SignInTest, AProviderWithoutDeviceCodesSaysWhatElse) {
  provider_.document.object()->pop_back();
  const auto none = by(SignInWay::Device);
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().remedy().contains("--oidc-flow browser"));
}

TEST_F(SignInTest, WhatIsNoProviderIsTold) {
  provider_.status = 404;
  EXPECT_TRUE(refused().contains("answered 404"));
}

TEST_F(SignInTest, TheWayIsThatOfTheMachine) {
  const auto with = [](const char* set) {
    return [set](const char* name) -> std::optional<std::string> {
      return std::string_view(name) == set ? std::optional<std::string>("x") : std::nullopt;
    };
  };
  for (const char* const name : {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}) {
    EXPECT_EQ(usual_way(with(name), desk_), SignInWay::Browser) << name;
  }
  EXPECT_EQ(usual_way(with("HOME"), desk_), SignInWay::Device);
  desk_.terminal = false;
  EXPECT_EQ(usual_way(with("DISPLAY"), desk_), SignInWay::Device);
}

TEST_F(SignInTest, ProofKeysAreThoseOfTheRfc) {
  const auto one = Pkce::make();
  const auto other = Pkce::make();
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->verifier(), other->verifier());
  EXPECT_EQ(one->verifier().size(), 43u);
  EXPECT_EQ(field(one->challenge(), "code_challenge")->size(), 43u);
  EXPECT_EQ(one->verifier().find_first_of("+/="), std::string::npos);
}

}  // namespace
}  // namespace nono::engine
