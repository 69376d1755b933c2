// The corpus of hostile HTTP, as far as it concerns a client: hosts and URLs as what we are asked
// to fetch, and framing as what a server answers.
#include <gtest/gtest.h>

#include <set>

#include "base/files.h"
#include "base/json.h"
#include "net/url.h"
#include "tests/net/server.h"
#include "tests/net/support.h"

namespace nono::net::test {
namespace {

struct Case {
  std::string id;      // "http.host-06"
  std::string expect;  // accept, reject, sanitise
  std::string text;    // the request to a proxy, or the recipe
};

// Hosts that are well formed and only not on somebody's list: not a matter of form. In host-10 the
// slash ends the host of a URL.
const std::set<std::string> kWellFormed = {
    "http.meta-00", "http.meta-12", "http.meta-14", "http.meta-15",       "http.meta-18",
    "http.meta-21", "http.loop-00", "http.loop-16", "http.loop-21",       "http.host-02",
    "http.host-03", "http.host-05", "http.host-10", "http.host-mismatch", "http.host-dup"};

class HostileHttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string fixtures = std::string(NONO_SHARED_DIR) + "/fixtures/hostile/";
    const auto index = read_file(fixtures + "index.json", 16u << 20);
    if (!index) {
      GTEST_SKIP() << "the hostile corpus is not here: " << NONO_SHARED_DIR;
    }
    const Json json = *Json::parse(*index, kBundleLimits);
    for (const Json& each : *json.find("cases")->array()) {
      if (*each.find("category")->string() == "http") {
        cases_.push_back({.id = *each.find("id")->string(),
                          .expect = *each.find("expect")->string(),
                          .text = *read_file(fixtures + *each.find("file")->string(), 16u << 20)});
      }
    }
    ASSERT_GT(cases_.size(), 100u);
  }

  // of gives the cases whose id starts so.
  std::vector<Case> of(std::initializer_list<std::string_view> prefixes) const {
    std::vector<Case> chosen;
    for (const Case& each : cases_) {
      for (const std::string_view prefix : prefixes) {
        if (each.id.starts_with("http." + std::string(prefix))) {
          chosen.push_back(each);
        }
      }
    }
    return chosen;
  }
  static std::string target_of(const std::string& request) {
    const std::size_t start = request.find(' ') + 1;
    return request.substr(start, request.find(" HTTP/") - start);
  }

  std::vector<Case> cases_;
};

TEST_F(HostileHttpTest, AHostInAnOddSpellingIsNoUrl) {
  std::size_t refused = 0;
  for (const Case& each : of({"meta-", "loop-", "host-"})) {
    std::string target = target_of(each.text);
    target = target.starts_with("http://") ? target.substr(7) : target;
    const auto url = parse_url("https://" + target);
    EXPECT_EQ(url.has_value(), kWellFormed.contains(each.id)) << each.id << ": " << target;
    refused += url ? 0U : 1U;
  }
  EXPECT_GT(refused, 30u);
}

TEST_F(HostileHttpTest, NothingButThisMachineIsReachedByPlainHttp) {
  for (const Case& each : of({"meta-", "host-", "url-"})) {
    const std::string target = target_of(each.text);
    EXPECT_FALSE(parse_url(target.contains("://") ? target : "http://" + target))
        << each.id << ": " << target;
  }
}

// answer_of turns what a client could say to a proxy into what a server could say to us.
std::string answer_of(const std::string& request) {
  const bool old = request.contains(" HTTP/1.0\r\n");
  std::string answer = old ? "HTTP/1.0 200 OK\r\n" : "HTTP/1.1 200 OK\r\n";
  std::string rest = request.substr(request.find("\r\n") + 2);
  for (const auto* field :
       {"Host: plain.allowed.example\r\n", "Proxy-Authorization: Bearer @TOKEN@\r\n"}) {
    if (const std::size_t at = rest.find(field); at < rest.find("\r\n\r\n")) {
      rest.erase(at, std::string_view(field).size());
    }
  }
  return answer + rest;
}

TEST_F(HostileHttpTest, AnswersWhoseFramingIsInDoubtAreRefused) {
  NONO_NEEDS_LANDLOCK();
  // The library reads a chunk's size to the first byte that is no digit. The connection is never
  // used again, so that there is nothing to smuggle an answer into.
  const std::set<std::string> lenient = {"http.smug-chunk-size-0x", "http.smug-chunk-ext-nl"};
  NonoNetClient client(real_program());
  for (const Case& each : of({"smug-", "te-http10"})) {
    const Server server(answer_of(each.text));
    auto request = get(server.url());
    request.deadline = std::chrono::seconds(3);
    const auto answer = client.send(request);
    if (each.expect == "reject" && !lenient.contains(each.id)) {
      EXPECT_FALSE(answer) << each.id << ": " << (answer ? answer->body : "");
    }
    if (answer) {
      EXPECT_EQ(answer->header("host"), "") << each.id;
      EXPECT_LE(answer->body.size(), 64u) << each.id;
    }
  }
}

TEST_F(HostileHttpTest, WhatIsNoHttpIsNoAnswer) {
  NONO_NEEDS_LANDLOCK();
  NonoNetClient client(real_program());
  for (const Case& each : of({"raw-"})) {
    const Server server(each.text);
    auto request = get(server.url());
    request.deadline = std::chrono::seconds(3);
    EXPECT_FALSE(client.send(request)) << each.id;
  }
}

TEST_F(HostileHttpTest, TheRecipesForServers) {
  NONO_NEEDS_LANDLOCK();
  NonoNetClient client(real_program());
  std::size_t tried = 0;
  for (const Case& each : of({"dyn-upstream-"})) {
    const Json recipe = *Json::parse(each.text, kMessageLimits);
    const Json* pad = recipe.find("pad");
    const Json* repeat = recipe.find("repeat");
    const std::string reply = *recipe.find("upstream_reply")->string();
    if (!reply.starts_with("HTTP/")) {
      continue;  // gzip-bomb and echo-authorization have tests of their own (live_test.cc)
    }
    const Server server([&](Connection& connection, const std::string&) {
      for (std::int64_t i = 0; i < (repeat == nullptr ? 1 : *repeat->integer()); ++i) {
        if (!connection.say(reply)) {
          return;
        }
      }
      connection.say(
          std::string(pad == nullptr ? 0U : static_cast<std::size_t>(*pad->integer()), 'x'));
    });
    EXPECT_FALSE(client.send(get(server.url()))) << each.id;
    ++tried;
  }
  EXPECT_EQ(tried, 3u);
}

}  // namespace
}  // namespace nono::net::test
