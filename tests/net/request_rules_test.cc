// What a request must be before anybody carries it: net/request_rules.h.
#include "net/request_rules.h"

#include <gtest/gtest.h>

#include "tests/net/support.h"

namespace nono::net::test {
namespace {

constexpr const char* kUrl = "https://host/";

void expect_refused(const HttpRequest& request, std::string_view why) {
  const auto url = check_request(request);
  ASSERT_FALSE(url) << why;
  EXPECT_EQ(url.error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(url.error().message().contains(why)) << url.error().message();
}

TEST(RequestRulesTest, AnOrdinaryRequestPasses) {
  auto request = post(kUrl, "body");
  request.headers = {{"Content-Type", "application/json"},
                     {"Authorization", "Bearer a.b-c_d="},
                     {"Accept", "text/html;q=0.5,\t*/*"},
                     {"X-Latin", "\xe9"},
                     {"X-Empty", ""}};
  const auto url = check_request(request);
  ASSERT_TRUE(url) << url.error().message();
  EXPECT_EQ(url->text(), "https://host:443/");
}

TEST(RequestRulesTest, AMetadataServerIsAskedByWhoeverMeansIt) {
  auto request = get("http://169.254.169.254/computeMetadata/v1/");
  expect_refused(request, "http is for this machine only");
  request.headers = {{"Metadata-Flavor", "Google"}};
  EXPECT_TRUE(check_request(request).has_value());
  for (const auto* url : {"http://169.254.169.253/", "http://169.254.169.254.nip.io/",
                          "http://metadata.google.internal/"}) {
    request.url = url;
    expect_refused(request, "http is for this machine only");
  }
}

TEST(RequestRulesTest, TheServiceMustBeNamed) {
  auto request = get(kUrl);
  request.service = "";
  expect_refused(request, "which service");
  request.service = std::string(kMaxServiceName + 1, 's');
  expect_refused(request, "which service");
}

TEST(RequestRulesTest, ANameThatIsNoneIsRefused) {
  for (const auto* name : {"", "a b", "a:", "a\r\nb", "\xc3\xa9", "(a)", "a\t", "a\x7f"}) {
    auto request = get(kUrl);
    request.headers = {{name, "x"}};
    expect_refused(request, "whose name is none");
  }
  auto request = get(kUrl);
  request.headers = {{std::string(kMaxHeaderName + 1, 'a'), "x"}};
  expect_refused(request, "whose name is none");
}

TEST(RequestRulesTest, AValueThatWouldSplitTheRequestIsRefusedAndNotRepeated) {
  for (const std::string value : {"secret\r\nX: y", "secret\n", "\rsecret", " secret", "secret ",
                                  "secret\x7f", "secret\x1b"}) {
    auto request = get(kUrl);
    request.headers = {{"X-A", value}};
    expect_refused(request, "X-A has a value that cannot be sent");
    EXPECT_FALSE(check_request(request).error().message().contains("secret"));
  }
  auto request = get(kUrl);
  request.headers = {{"X-A", std::string("a\0b", 3)}};
  expect_refused(request, "cannot be sent");
  request.headers = {{"X-A", std::string(kMaxHeaderValue + 1, 'a')}};
  expect_refused(request, "cannot be sent");
}

TEST(RequestRulesTest, WhatTheTransportSetsItselfIsRefused) {
  for (const auto* name :
       {"Host", "content-length", "Transfer-Encoding", "CONNECTION", "TE", "Trailer", "Upgrade",
        "Expect", "Keep-Alive", "Accept-Encoding", "Content-Encoding", "Cookie", "User-Agent",
        "HTTP2-Settings", "Proxy-Authorization", "proxy-connection"}) {
    auto request = get(kUrl);
    request.headers = {{name, "x"}};
    expect_refused(request, "belongs to the transport");
  }
}

TEST(RequestRulesTest, LimitsHold) {
  auto request = get(kUrl);
  for (std::size_t i = 0; i <= kMaxRequestHeaders; ++i) {
    request.headers.emplace_back("X-A", "b");
  }
  expect_refused(request, "more than 32 fields");
  request.headers.pop_back();
  EXPECT_TRUE(check_request(request));
  request.body = "x";
  expect_refused(request, "a Get carries no body");
  request = post(kUrl, std::string(kMaxRequestBody + 1, 'x'));
  expect_refused(request, "the request is larger");
  request = get(kUrl);
  request.max_bytes = kMaxResponseBody + 1;
  expect_refused(request, "allows an answer of more");
  for (const auto deadline : {std::chrono::milliseconds(0), std::chrono::milliseconds(-1),
                              kMaxDeadline + std::chrono::milliseconds(1)}) {
    request = get(kUrl);
    request.deadline = deadline;
    expect_refused(request, "deadline");
  }
}

}  // namespace
}  // namespace nono::net::test
