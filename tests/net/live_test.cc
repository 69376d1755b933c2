// Requests over real sockets of this machine, through the real nono-net.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/net/server.h"
#include "tests/net/support.h"

namespace nono::net::test {
namespace {

using namespace std::chrono_literals;

class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override { NONO_NEEDS_LANDLOCK(); }

  // message_of expects a Network error that names the service, and gives its text.
  std::string message_of(const HttpRequest& request) {
    const auto answer = client_.send(request);
    if (answer) {
      ADD_FAILURE() << "an answer came: " << answer->status;
      return {};
    }
    EXPECT_EQ(answer.error().kind(), ErrorKind::Network) << answer.error().message();
    EXPECT_TRUE(answer.error().message().starts_with("the test's service: "))
        << answer.error().message();
    return answer.error().message();
  }
  std::string message_of_answer(std::string answer) {
    const Server server(std::move(answer));
    return message_of(get(server.url()));
  }

  NonoNetClient client_{real_program()};
};

TEST_F(LiveTest, AGetComesBackWithStatusHeadersAndBody) {
  const Server server(ok("hello", "X-Two: a\r\nContent-Type: text/plain\r\nX-Two: b\r\n"));
  const auto answer = client_.send(get(server.url("/path?query=1")));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("content-type"), "text/plain");
  EXPECT_EQ(answer->header("x-two"), "a");
  EXPECT_EQ(answer->header("absent"), "");
}

TEST_F(LiveTest, TheRequestIsWhatWasAskedForAndNothingMore) {
  const Server server(ok(""));
  auto request = get(server.url("/a%2Fb/../c?d=e"));
  request.headers = {{"Authorization", "Bearer token"}, {"Accept", "application/json"}};
  ASSERT_TRUE(client_.send(request));
  EXPECT_EQ(server.requests().at(0),
            "GET /a%2Fb/../c?d=e HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\nUser-Agent: nono/" NONO_VERSION
                "\r\nAuthorization: Bearer token\r\n"
                "Accept: application/json\r\n\r\n");
}

TEST_F(LiveTest, APostCarriesItsBodyByteForByte) {
  const Server server(ok(""));
  std::string body = "{\"a\":1}";
  body += '\0';
  body += "\xff\r\n\r\n";
  auto request = post(server.url(), body);
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  ASSERT_TRUE(client_.send(request));
  const std::string seen = server.requests().at(0);
  EXPECT_TRUE(seen.starts_with("POST / HTTP/1.1\r\n"));
  EXPECT_TRUE(seen.ends_with("\r\n\r\n" + body));
  EXPECT_TRUE(seen.contains("Content-Type: application/json\r\n"));
  EXPECT_TRUE(seen.contains("X-Empty:\r\n"));
  EXPECT_FALSE(seen.contains("Expect"));
}

TEST_F(LiveTest, APostWithoutATypeGetsNone) {
  const Server server(ok(""));
  ASSERT_TRUE(client_.send(post(server.url(), "x")));
  EXPECT_FALSE(server.requests().at(0).contains("Content-Type"));
}

TEST_F(LiveTest, ALargePostAndALargeAnswerArriveWhole) {
  const std::string body(3u << 20, 'b');
  const Server server(ok(body));
  const auto answer = client_.send(post(server.url(), body));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, body);
  EXPECT_TRUE(server.requests().at(0).ends_with("\r\n\r\n" + body));
}

TEST_F(LiveTest, EveryStatusIsAnAnswer) {
  for (const int status : {200, 201, 204, 304, 400, 401, 404, 405, 409, 415, 422, 500, 503, 599}) {
    const Server server("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n");
    const auto answer = client_.send(get(server.url()));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, status);
  }
}

TEST_F(LiveTest, ChunksAreJoinedAndTheirTrailersAreNoHeaders) {
  const Server server(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Host\r\n\r\n"
      "5\r\nhello\r\n6\r\n world\r\n0\r\nHost: evil.example\r\n\r\n");
  const auto answer = client_.send(get(server.url()));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "hello world");
  EXPECT_EQ(answer->header("host"), "");
}

TEST_F(LiveTest, TheSecondLoopbackWorksAndSoDoesTheName) {
  const Server six([](Connection& c, const std::string&) { c.say(ok("six")); }, Family::IPv6);
  if (!six.listens()) {
    GTEST_SKIP() << "there is no IPv6 loopback here";
  }
  const auto answer = client_.send(get(six.url()));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "six");
  const auto named = client_.send(get("http://localhost:" + std::to_string(six.port()) + "/"));
  ASSERT_TRUE(named) << named.error().message();
  EXPECT_EQ(named->body, "six");
}

TEST_F(LiveTest, NoCookieAndNoCredentialOfOneRequestReachesTheNext) {
  const Server server(ok("", "Set-Cookie: a=b; Path=/\r\n"));
  auto first = get(server.url());
  first.headers = {{"Authorization", "Bearer secret"}};
  ASSERT_TRUE(client_.send(first));
  ASSERT_TRUE(client_.send(get(server.url())));
  EXPECT_FALSE(server.requests().at(1).contains("Cookie"));
  EXPECT_FALSE(server.requests().at(1).contains("secret"));
}

// Redirects.

std::string redirect(int status, std::string_view location) {
  return "HTTP/1.1 " + std::to_string(status) + " Go\r\nLocation: " + std::string(location) +
         "\r\nContent-Length: 0\r\n\r\n";
}

// Redirects /go to `location` and answers everything else.
Server::Handler redirecting(int status, std::string location) {
  return [=](Connection& connection, const std::string& request) {
    connection.say(request.contains(" /go ") ? redirect(status, location) : ok("there"));
  };
}

TEST_F(LiveTest, AGetFollowsARedirectToTheSameHost) {
  for (const int status : {301, 302, 303, 307, 308}) {
    const Server server(redirecting(status, "/there?x=1#part"));
    auto request = get(server.url("/go"));
    request.headers = {{"Authorization", "Bearer kept"}};
    const auto answer = client_.send(request);
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "there");
    EXPECT_TRUE(server.requests().at(1).starts_with("GET /there?x=1 HTTP/1.1\r\n"));
    EXPECT_TRUE(server.requests().at(1).contains("Bearer kept"));
  }
}

TEST_F(LiveTest, ARedirectedPostIsAnAnswerAndIsNotSentAgain) {
  const Server server(redirecting(307, "/there"));
  const auto answer = client_.send(post(server.url("/go"), "body"));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(LiveTest, ARedirectToAnotherHostIsRefusedForBothMethods) {
  for (const auto* location : {"https://evil.example/", "//evil.example/x?token=secret",
                               "http://127.0.0.2:1/", "http://localhost:1/"}) {
    const Server server(redirecting(302, location));
    const std::string why = message_of(get(server.url("/go")));
    EXPECT_TRUE(why.contains("a redirect") && !why.contains("secret")) << why;
    EXPECT_TRUE(message_of(post(server.url("/go"), "x")).contains("a redirect"));
  }
}

TEST_F(LiveTest, ARedirectToAnotherPortOfTheSameHostIsRefused) {
  const Server other(ok("other"));
  const Server server(redirecting(302, other.url("/")));
  EXPECT_TRUE(message_of(get(server.url("/go"))).contains("to another host"));
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(LiveTest, ARedirectToAnythingButAnAllowedUrlIsRefused) {
  for (const auto* location : {"file:///etc/passwd", "ftp://127.0.0.1/", "http://evil.example/",
                               "http://user@127.0.0.1/", "gopher://127.0.0.1:70/"}) {
    const Server server(redirecting(302, location));
    const std::string why = message_of(get(server.url("/go")));
    EXPECT_TRUE(why.contains("whose target is not allowed")) << why;
  }
}

TEST_F(LiveTest, ARedirectToTwoPlacesIsRefused) {
  const Server server(redirecting(302, "/there\r\nLocation: /elsewhere"));
  EXPECT_TRUE(message_of(get(server.url("/go"))).contains("to more than one place"));
}

TEST_F(LiveTest, ARedirectWithoutATargetIsAnAnswer) {
  const Server server("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client_.send(get(server.url()))->status, 302);
}

TEST_F(LiveTest, RedirectsInACircleEnd) {
  const Server server(
      [](Connection& connection, const std::string&) { connection.say(redirect(302, "/again")); });
  EXPECT_TRUE(message_of(get(server.url())).contains("redirects more than 3 times"));
  EXPECT_EQ(server.requests().size(), 4u);
}

// Limits.

TEST_F(LiveTest, NothingIsUnpacked) {
  // Not asked for, so refused before a byte of it; and what is not declared is passed on as it is.
  for (const auto* coding :
       {"Content-Encoding: gzip", "Content-Encoding: br", "Transfer-Encoding: gzip, chunked"}) {
    const std::string why = message_of_answer("HTTP/1.1 200 OK\r\n" + std::string(coding) +
                                              "\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n");
    EXPECT_TRUE(why.contains("coding that was not asked for")) << why;
  }
  const Server server(ok("\x1f\x8b\x08"));
  EXPECT_EQ(client_.send(get(server.url()))->body, "\x1f\x8b\x08");
  EXPECT_FALSE(server.requests().at(0).contains("Accept-Encoding"));
}

TEST_F(LiveTest, ACredentialThatAServerRepeatsIsInItsAnswerOnly) {
  const Server echo([](Connection& connection, const std::string& request) {
    connection.say("HTTP/1.1 200 OK\r\nX-Echo: " + request.substr(request.find("Bearer"), 12) +
                   "\r\nBroken\r\n\r\n");
  });
  auto request = get(echo.url());
  request.headers = {{"Authorization", "Bearer secret-token"}};
  EXPECT_FALSE(message_of(request).contains("secret"));
}

TEST_F(LiveTest, AnAnswerOverTheCapIsRefusedByItsLengthAndByItsBytes) {
  const Server honest(ok(std::string(2000, 'x')));
  auto request = get(honest.url());
  request.max_bytes = 1999;
  EXPECT_TRUE(message_of(request).contains("2000 bytes, over the 1999"));
  request.max_bytes = 2000;
  EXPECT_TRUE(client_.send(request));
  const Server endless([](Connection& connection, const std::string&) {
    connection.say("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.say(std::string(4096, 'x'))) {
    }
  });
  request.url = endless.url();
  EXPECT_TRUE(message_of(request).contains("larger than the 2000 bytes"));
}

TEST_F(LiveTest, EndlessChunksEndAtTheCap) {
  const Server endless([](Connection& connection, const std::string&) {
    connection.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (connection.say("1\r\nx\r\n")) {
    }
  });
  auto request = get(endless.url());
  request.max_bytes = 1000;
  EXPECT_TRUE(message_of(request).contains("larger than the 1000 bytes"));
}

TEST_F(LiveTest, EndlessHeadersEnd) {
  const Server many([](Connection& connection, const std::string&) {
    connection.say("HTTP/1.1 200 OK\r\n");
    while (connection.say("X-A: b\r\n")) {
    }
  });
  EXPECT_TRUE(message_of(get(many.url())).contains("the head of the answer is larger"));
  const Server interim([](Connection& connection, const std::string&) {
    while (connection.say("HTTP/1.1 100 Continue\r\n\r\n")) {
    }
  });
  EXPECT_TRUE(message_of(get(interim.url())).contains("the head of the answer is larger"));
}

TEST_F(LiveTest, AHugeHeaderLineEnds) {
  const std::string why =
      message_of_answer("HTTP/1.1 200 OK\r\nX: " + std::string(10u << 20, 'a') + "\r\n\r\n");
  EXPECT_FALSE(why.empty());
}

TEST_F(LiveTest, EndlessTrailersEnd) {
  const Server server([](Connection& connection, const std::string&) {
    connection.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n");
    while (connection.say("X-A: b\r\n")) {
    }
  });
  EXPECT_FALSE(message_of(get(server.url())).empty());
}

TEST_F(LiveTest, ASlowBodyEndsAtTheDeadlineOfTheWholeExchange) {
  const Server drip([](Connection& connection, const std::string&) {
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (connection.say("x")) {
      std::this_thread::sleep_for(50ms);
    }
  });
  auto request = get(drip.url());
  request.deadline = 700ms;
  const auto start = std::chrono::steady_clock::now();
  const std::string why = message_of(request);
  EXPECT_TRUE(why.contains("no whole answer within 700 ms")) << why;
  EXPECT_TRUE(why.contains("bytes of it had come")) << why;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);
}

TEST_F(LiveTest, AServerThatSaysNothingEndsAtTheDeadline) {
  const Server silent([](Connection& connection, const std::string&) {
    while (connection.say("")) {
      if (!connection.read_request().empty()) {
        continue;
      }
      break;
    }
  });
  auto request = get(silent.url());
  request.deadline = 300ms;
  EXPECT_TRUE(message_of(request).contains("no whole answer within 300 ms"));
}

TEST_F(LiveTest, TheDeadlineIsOneForAllRedirectsTogether) {
  const Server server([](Connection& connection, const std::string&) {
    std::this_thread::sleep_for(300ms);
    connection.say(redirect(302, "/again"));
  });
  auto request = get(server.url());
  request.deadline = 700ms;
  EXPECT_TRUE(message_of(request).contains("no whole answer within 700 ms"));
}

// Connections that fail.

TEST_F(LiveTest, NobodyListens) {
  std::string url;
  {
    const Server gone(ok(""));
    url = gone.url();
  }
  EXPECT_TRUE(message_of(get(url)).contains("no connection to 127.0.0.1:"));
}

TEST_F(LiveTest, AConnectionThatIsResetOrClosed) {
  const Server reset([](Connection& connection, const std::string&) { connection.reset(); });
  EXPECT_TRUE(message_of(get(reset.url())).contains("broke off"));
  EXPECT_TRUE(message_of_answer("").contains("closed the connection without an answer"));
  const Server within([](Connection& connection, const std::string&) {
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    std::this_thread::sleep_for(100ms);
    connection.reset();
  });
  EXPECT_FALSE(message_of(get(within.url())).empty());
}

TEST_F(LiveTest, AnAnswerThatIsCutOffIsNone) {
  EXPECT_TRUE(message_of_answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                  .contains("was cut off after 4 bytes"));
  EXPECT_FALSE(
      message_of_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel").empty());
  EXPECT_FALSE(
      message_of_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
          .empty());
  EXPECT_FALSE(message_of_answer("HTTP/1.1 200 OK\r\nContent-Le").empty());
  EXPECT_FALSE(message_of_answer("HTTP/1.1 200 OK\r\nX-A: b\r\n").empty());
}

TEST_F(LiveTest, WhatFollowsTheAnswerIsNotPartOfIt) {
  const Server server(
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n"
      "Content-Length: 4\r\n\r\nevil");
  for (int i = 0; i < 2; ++i) {
    const auto answer = client_.send(get(server.url()));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "hello");
  }
}

TEST_F(LiveTest, AnErrorNeverRepeatsACredentialOrAQuery) {
  for (const auto* answer : {"", "HTTP/1.1 200 OK\r\nBroken\r\n\r\n", "garbage"}) {
    const Server server{std::string(answer)};
    auto request = get(server.url("/secret-path?secret=query"));
    request.headers = {{"Authorization", "Bearer secret-token"}};
    EXPECT_FALSE(message_of(request).contains("secret")) << message_of(request);
  }
}

}  // namespace
}  // namespace nono::net::test
