#include "session/control.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

namespace nono::session {
namespace {

std::string frame(std::string_view text) {
  std::string out;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    out += static_cast<char>((text.size() >> (shift - 8)) & 0xffU);
  }
  return out + std::string(text);
}

TEST(FrameTest, AFrameIsReadHoweverItIsCut) {
  const std::string bytes = frame(R"({"a":1})") + frame("[2]");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader;
    std::vector<std::string> got;
    for (const std::string& piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
      reader.add(piece);
      for (auto next = reader.next(); next && *next; next = reader.next()) {
        got.push_back((*next)->compact());
      }
    }
    EXPECT_EQ(got, (std::vector<std::string>{R"({"a":1})", "[2]"})) << cut;
    EXPECT_TRUE(reader.empty());
  }
}

TEST(FrameTest, WhatIsNoFrameIsRefused) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"empty", std::string(4, '\0')},
      {"longer than allowed", std::string("\0\1\0\1", 4)},
      {"far longer", "\xff\xff\xff\xff"},
      {"not JSON", frame("hello")},
      {"two values", frame("1 2")},
      {"a key twice", frame(R"({"a":1,"a":2})")},
      {"too deep", frame(std::string(70, '[') + std::string(70, ']'))},
      {"not UTF-8", frame("\"\xff\"")},
      {"a byte-order mark", frame("\xef\xbb\xbf{}")},
  };
  for (const auto& [name, bytes] : cases) {
    FrameReader reader;
    reader.add(bytes);
    EXPECT_FALSE(reader.next()) << name;
  }
}

TEST(FrameTest, TheLargestFrameIsTakenAndALargerOneNotMade) {
  const std::string text(kMaxControlFrame - 2, 'a');
  FrameReader reader;
  const auto encoded = encode_frame(Json(text));
  ASSERT_TRUE(encoded);
  reader.add(*encoded);
  const auto got = reader.next();
  ASSERT_TRUE(got && *got);
  EXPECT_FALSE(encode_frame(Json(text + "a")));
}

class ControlTest : public ::testing::Test {
 protected:
  static constexpr const char* kId = "0123456789abcdef";
  void SetUp() override {
    std::string pattern = "/tmp/nono-control-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    directory_ = base_ + "/" + std::string(150, 'd') + "/sessions";  // longer than an address
    auto server = ControlServer::open(directory_, kId);
    ASSERT_TRUE(server) << server.error().message();
    server_.emplace(*std::move(server));
  }
  void TearDown() override {
    server_.reset();
    ASSERT_EQ(std::system(("rm -rf " + base_).c_str()), 0);
  }
  std::string socket_path() const { return directory_ + "/" + socket_name(kId); }

  // raw is a client that keeps to no rule.
  OwnedFd raw() const {
    const OwnedFd place(::open(directory_.c_str(), O_PATH | O_CLOEXEC));
    OwnedFd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path =
        "/proc/self/fd/" + std::to_string(BorrowedFd(place).raw()) + "/" + socket_name(kId);
    path.copy(&address.sun_path[0], sizeof address.sun_path - 1);
    const void* any = &address;
    EXPECT_EQ(::connect(BorrowedFd(out).raw(), static_cast<const sockaddr*>(any), sizeof address),
              0);
    return out;
  }
  static void send(const OwnedFd& client, std::string_view bytes) {
    EXPECT_EQ(::send(BorrowedFd(client).raw(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // gone reports whether the server has hung up.
  static bool gone(const OwnedFd& client) {
    char byte = 0;
    const ssize_t got = ::recv(BorrowedFd(client).raw(), &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
  std::vector<ControlServer::Request> turns() {
    auto first = server_->turn();
    for (ControlServer::Request& each : server_->turn()) {
      first.push_back(std::move(each));
    }
    return first;
  }

  std::string base_;
  std::string directory_;
  std::optional<ControlServer> server_;
};

TEST_F(ControlTest, AServerThatDoesNotListenIsNotWaitedForWithoutEnd) {
  constexpr std::chrono::milliseconds kShort{20};
  constexpr std::size_t kMoreThanWait = 64;
  std::vector<ControlClient> waiting;
  auto client = ControlClient::connect(directory_, kId, kShort);
  for (; client && waiting.size() < kMoreThanWait;
       client = ControlClient::connect(directory_, kId, kShort)) {
    waiting.push_back(*std::move(client));
  }
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(client.error().message(), "the session does not answer");
}

TEST_F(ControlTest, AnAnswerThatDoesNotComeIsNotTheEndOfTheSession) {
  constexpr std::chrono::milliseconds kShort{20};
  auto client = ControlClient::connect(directory_, kId, kShort);
  ASSERT_TRUE(client) << client.error().message();
  const auto answer = client->call(Json(Json::Object{}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::Exhausted);
  server_.reset();
  const auto after = client->call(Json(Json::Object{}));
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind(), ErrorKind::NotFound);
}

TEST_F(ControlTest, TheSocketIsTheUsersAloneAndGoesWithItsServer) {
  struct stat status{};
  ASSERT_EQ(::lstat(socket_path().c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  ASSERT_EQ(::stat(directory_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
  server_.reset();
  EXPECT_NE(::lstat(socket_path().c_str(), &status), 0);
}

TEST_F(ControlTest, ARequestIsHeardAndItsAnswerToo) {
  std::jthread person([this] {
    auto client = ControlClient::connect(directory_, kId);
    ASSERT_TRUE(client) << client.error().message();
    for (int round = 0; round < 3; ++round) {
      const auto answer = client->call(Json(Json::Object{{"round", round}}));
      ASSERT_TRUE(answer) << answer.error().message();
      EXPECT_EQ(answer->compact(), "[" + std::to_string(round) + "]");
    }
  });
  for (int answered = 0; answered < 3;) {
    pollfd watched{server_->watched(), POLLIN, 0};
    ASSERT_EQ(::poll(&watched, 1, 5000), 1);
    for (const auto& request : server_->turn()) {
      EXPECT_EQ(request.uid, ::geteuid());
      server_->answer(request.client, Json(Json::Array{*request.message.find("round")}));
      ++answered;
    }
  }
}

TEST_F(ControlTest, ASessionWithoutASocketIsNotFound) {
  const auto client = ControlClient::connect(directory_, "ffffffffffffffff");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind(), ErrorKind::NotFound);
}

TEST_F(ControlTest, NonsenseEndsTheConnectionAndNoOther) {
  const OwnedFd honest = raw();
  static_cast<void>(turns());
  for (const std::string& bytes :
       {std::string(4, '\0'), std::string("\xff\xff\xff\xff"), frame("{"), frame("{} {}")}) {
    const OwnedFd client = raw();
    send(client, bytes);
    EXPECT_TRUE(turns().empty());
    EXPECT_TRUE(gone(client));
  }
  send(honest, frame("{}"));
  EXPECT_EQ(turns().size(), 1U);
}

TEST_F(ControlTest, ASecondRequestBeforeTheAnswerEndsTheConnection) {
  const OwnedFd client = raw();
  send(client, frame("{}") + frame("{}"));
  EXPECT_EQ(turns().size(), 1U);
  EXPECT_TRUE(gone(client));
}

TEST_F(ControlTest, MoreThanAFewClientsAreNotLetIn) {
  std::vector<OwnedFd> clients;
  for (std::size_t i = 0; i < ControlServer::kMaxClients; ++i) {
    clients.push_back(raw());
    static_cast<void>(server_->turn());
  }
  const OwnedFd late = raw();
  static_cast<void>(server_->turn());
  EXPECT_TRUE(gone(late));
  EXPECT_FALSE(gone(clients.front()));
  clients.erase(clients.begin());
  static_cast<void>(server_->turn());
  const OwnedFd next = raw();
  static_cast<void>(server_->turn());
  EXPECT_FALSE(gone(next));
}

// A session's agent descends from its supervisor, which serves the socket.
TEST_F(ControlTest, WhatDescendsFromTheServerIsNotLetIn) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  for (const bool orphan : {false, true}) {
    const pid_t child = ::fork();
    if (child == 0) {
      const pid_t first = ::getpid();
      if (orphan && ::fork() != 0) {
        ::_exit(0);
      }
      while (orphan && ::getppid() == first) {
        ::usleep(1000);
      }
      const OwnedFd client = raw();
      const std::string bytes = frame("{}");
      ::send(BorrowedFd(client).raw(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      char byte = 0;
      const ssize_t got = ::recv(BorrowedFd(client).raw(), &byte, 1, 0);
      ::_exit(got == 1 ? 1 : 0);
    }
    while (::waitpid(-1, nullptr, WNOHANG) != -1) {  // the orphan comes to this process
      pollfd watched{server_->watched(), POLLIN, 0};
      ::poll(&watched, 1, 10);
      for (const auto& request : turns()) {
        ADD_FAILURE() << "heard: " << orphan;
        server_->answer(request.client, Json(Json::Object{}));
      }
    }
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

TEST_F(ControlTest, AnotherProcessOfTheUsersIsLetIn) {
  const std::string id = "0123456789abcdea";
  const pid_t child = ::fork();
  if (child == 0) {
    auto server = ControlServer::open(directory_, id);
    for (pollfd watched{server->watched(), POLLIN, 0}; ::poll(&watched, 1, 10'000) == 1;) {
      for (const auto& request : server->turn()) {
        server->answer(request.client, Json(Json::Array{}));
      }
    }
    ::_exit(0);
  }
  auto client = ControlClient::connect(directory_, id);
  for (int i = 0; i < 500 && !client; ++i) {
    ::usleep(10'000);
    client = ControlClient::connect(directory_, id);
  }
  ASSERT_TRUE(client);
  EXPECT_TRUE(client->call(Json(Json::Object{})));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(ControlTest, AnAnswerToOneThatLeftIsDropped) {
  {
    const OwnedFd client = raw();
    send(client, frame("{}"));
    const auto requests = turns();
    ASSERT_EQ(requests.size(), 1U);
    server_->answer(requests.front().client, Json(Json::Object{}));
  }
  EXPECT_TRUE(turns().empty());
  server_->answer(1, Json(Json::Object{}));
  server_->answer(99, Json(Json::Object{}));
}

TEST_F(ControlTest, AnAnswerThatIsTooLongEndsTheConnection) {
  const OwnedFd client = raw();
  send(client, frame("{}"));
  const auto requests = turns();
  ASSERT_EQ(requests.size(), 1U);
  server_->answer(requests.front().client, Json(std::string(kMaxControlFrame, 'a')));
  EXPECT_TRUE(gone(client));
}

}  // namespace
}  // namespace nono::session
