// Several threads, several nono-nets: net/client_pool.h.
#include "net/client_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/net/server.h"
#include "tests/net/support.h"

namespace nono::net::test {
namespace {

using namespace std::chrono_literals;

TEST(ClientPoolTest, RequestsOverlapButNoMoreThanMayBe) {
  NONO_NEEDS_LANDLOCK();
  std::atomic<int> busy{0};
  std::atomic<int> most{0};
  const Server server([&](Connection& connection, const std::string& /*request*/) {
    most = std::max(most.load(), ++busy);
    std::this_thread::sleep_for(100ms);
    --busy;
    connection.say(ok("hello"));
  });
  ClientPool pool(3, real_program());
  pool.prepare();
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int at = 0; at < 9; ++at) {
      threads.emplace_back([&] {
        const auto answer = pool.send(get(server.url()));
        good += answer && answer->body == "hello" ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(good, 9);
  EXPECT_LE(most, 3);
  EXPECT_GT(most, 1);
}

// All that are idle end; a request that comes all the same is answered.
TEST(ClientPoolTest, AFinishedPoolStillAnswers) {
  NONO_NEEDS_LANDLOCK();
  std::atomic<int> taken{0};
  const Server server([&](Connection& connection, const std::string& /*request*/) {
    ++taken;
    connection.say(ok("hello"));
  });
  ClientPool pool(2, real_program());
  pool.finish();
  for (int at = 0; at < 3; ++at) {
    const auto answer = pool.send(get(server.url()));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "hello");
    pool.finish();
  }
  EXPECT_EQ(taken, 3);
}

TEST(ClientPoolTest, WhatGoesWrongEarlyIsToldByTheRequest) {
  ClientPool missing(2, {.program = "/nonexistent/nono-net", .environment = {}});
  missing.prepare();
  const auto none = missing.send(get("http://127.0.0.1:1/"));
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message().contains("/nonexistent/nono-net")) << none.error().message();

  ClientPool dying(2, fake_program("exit"));
  dying.prepare();
  for (int at = 0; at < 2; ++at) {
    const auto dead = dying.send(get("http://127.0.0.1:1/"));
    ASSERT_FALSE(dead);
    EXPECT_EQ(dead.error().message(), "the test's service: nono-net ended with exit code 7");
  }
}

}  // namespace
}  // namespace nono::net::test
