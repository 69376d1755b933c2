// A nono-net that dies, hangs or lies, and what it is given: net/nono_net_client.h.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "base/files.h"
#include "tests/net/server.h"
#include "tests/net/support.h"

namespace nono::net::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUrl = "http://127.0.0.1:1/";

std::string message_of(NonoNetClient& client, std::chrono::milliseconds deadline = 5s) {
  auto request = get(kUrl);
  request.deadline = deadline;
  request.max_bytes = 1000;
  const auto answer = client.send(request);
  if (answer) {
    ADD_FAILURE() << "an answer came";
    return {};
  }
  EXPECT_EQ(answer.error().kind(), ErrorKind::Network);
  return answer.error().message();
}

TEST(NonoNetClientTest, AProcessThatBreaksTheAgreementIsOneErrorThatNamesTheService) {
  struct Case {
    const char* mode;
    const char* message;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"exit", "the test's service: nono-net ended with exit code 7"},
           {"crash", "the test's service: nono-net ended by signal 9"},
           {"half-frame", "the test's service: nono-net ended with exit code 0"},
           {"huge-length", "the test's service: nono-net sent what is no answer and was ended"},
           {"garbage", "the test's service: nono-net sent what is no answer and was ended"},
           {"endless", "the test's service: nono-net sent what is no answer and was ended"},
           {"too-large-body", "the test's service: nono-net sent what is no answer and was ended"},
           {"bad-status", "the test's service: nono-net sent what is no answer and was ended"},
           {"bad-header", "the test's service: nono-net sent what is no answer and was ended"},
       }) {
    NonoNetClient client(fake_program(each.mode));
    EXPECT_EQ(message_of(client), each.message) << each.mode;
    // The next request has a new process, which fails in the same way and in no other.
    EXPECT_EQ(message_of(client), each.message) << each.mode;
  }
}

TEST(NonoNetClientTest, AProcessThatHangsIsEndedSoonAfterTheDeadline) {
  for (const auto* mode : {"hang", "half-length", "drip"}) {
    NonoNetClient client(fake_program(mode));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(message_of(client, 100ms),
              "the test's service: no whole answer within 100 ms; nono-net hung and was ended")
        << mode;
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s) << mode;
  }
}

TEST(NonoNetClientTest, ItsWordsCannotDriveATerminalOrPassForOthers) {
  NonoNetClient client(fake_program("terminal-codes"));
  const std::string message = message_of(client);
  EXPECT_FALSE(message.contains('\x1b')) << message;
  EXPECT_FALSE(message.contains('\n')) << message;
  EXPECT_TRUE(message.starts_with("the test's service: ")) << message;
}

TEST(NonoNetClientTest, ItGetsNoDescriptorNoVariableAndNoSessionOfOurs) {
  const OwnedFd leak(::open("/dev/zero", O_RDONLY));  // not close-on-exec, as a careless library's
  ASSERT_TRUE(leak.valid());
  ::setenv("NONO_TEST_SECRET", "secret", 1);
  NonoNetClient client(fake_program("surroundings"));
  const auto answer = client.send(get(kUrl));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body,
            "0=/dev/null\n1=/dev/null\n2=/dev/null\n3=socket\nFAKE=surroundings\nsession=own\n");
}

TEST(NonoNetClientTest, OfTheEnvironmentItGetsProxiesAndAuthoritiesOnly) {
  for (const auto* name : {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "no_proxy"}) {
    ::unsetenv(name);
  }
  ::setenv("NO_PROXY", "example.com", 1);
  ::setenv("SSL_CERT_FILE", "/x", 1);
  ::unsetenv("SSL_CERT_DIR");
  ::unsetenv("NONO_EXTRA_CA");
  ::setenv("LD_PRELOAD_OF_A_TEST", "y", 1);
  ::setenv("SIGSTORE_ID_TOKEN", "secret", 1);
  EXPECT_EQ(NonoNetClient::environment_of_process(),
            (std::vector<std::string>{"NO_PROXY=example.com", "SSL_CERT_FILE=/x",
                                      "GNUTLS_NO_IMPLICIT_INIT=1"}));
  ::unsetenv("NO_PROXY");
  ::unsetenv("SSL_CERT_FILE");
}

TEST(NonoNetClientTest, AMissingProgramIsSaidToBeMissing) {
  NonoNetClient client({.program = "/nonexistent/nono-net", .environment = {}});
  const auto answer = client.send(get(kUrl));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::NotFound);
  EXPECT_TRUE(answer.error().message().contains("/nonexistent/nono-net"));
}

TEST(NonoNetClientTest, WithoutAPathItIsLookedForBesideTheProgramAndTheRemedyIsNamed) {
  NonoNetClient client({.program = "", .environment = {}});
  const auto answer = client.send(get(kUrl));
  ASSERT_FALSE(answer);  // no nono-net lies beside a test
  EXPECT_EQ(answer.error().kind(), ErrorKind::NotFound);
  EXPECT_TRUE(answer.error().message().contains("libexec/nono/nono-net"));
  EXPECT_EQ(answer.error().remedy(), "install the package nono-net");
}

TEST(NonoNetClientTest, ARequestThatIsNotAllowedStartsNothing) {
  NonoNetClient client({.program = "/nonexistent/nono-net", .environment = {}});
  const auto answer = client.send(get("http://example.com/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(answer.error().message().starts_with("the test's service: "));
}

// children_of_this_process are those that were not reaped yet, too.
std::vector<pid_t> children_of_this_process() {
  std::vector<pid_t> found;
  const std::string self = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  const int fd = ::open(self.c_str(), O_RDONLY | O_CLOEXEC);
  std::array<char, 4096> text{};
  const ssize_t size = ::read(fd, text.data(), text.size());
  ::close(fd);
  std::string_view rest(text.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    found.push_back(static_cast<pid_t>(std::stol(std::string(rest.substr(0, end)))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return found;
}

TEST(NonoNetClientTest, TheProcessGoesWithTheClient) {
  {
    NonoNetClient client(fake_program("surroundings"));
    ASSERT_TRUE(client.send(get(kUrl)));
    EXPECT_EQ(children_of_this_process().size(), 1u);
    ASSERT_TRUE(client.send(get(kUrl)));
    EXPECT_EQ(children_of_this_process().size(), 1u);
  }
  EXPECT_TRUE(children_of_this_process().empty());
}

TEST(NonoNetClientTest, AProcessThatDiedBetweenRequestsIsReplaced) {
  NonoNetClient client(fake_program("surroundings"));
  ASSERT_TRUE(client.send(get(kUrl)));
  ::kill(children_of_this_process().at(0), SIGKILL);
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(client.send(get(kUrl)));
}

// has_ended_child: the child ended, and nobody reaped it.
bool has_ended_child(pid_t child) {
  siginfo_t how{};
  return ::waitid(P_PID, static_cast<id_t>(child), &how, WEXITED | WNOWAIT) == 0 &&
         how.si_pid == child;
}

TEST(NonoNetClientTest, AFinishedOneEndsAtOnceIsReapedByItsClientAndReplacedByARequest) {
  const auto finished = [](NonoNetClient& client) {
    const pid_t child = children_of_this_process().at(0);
    client.finish();
    EXPECT_TRUE(has_ended_child(child));
    client.finish();
    return child;
  };
  {
    NonoNetClient client(fake_program("surroundings"));
    client.finish();
    EXPECT_TRUE(children_of_this_process().empty());
    ASSERT_TRUE(client.send(get(kUrl)));
    const pid_t first = finished(client);
    ASSERT_TRUE(client.send(get(kUrl)));
    EXPECT_EQ(children_of_this_process().size(), 1u);
    EXPECT_NE(finished(client), first);
  }
  EXPECT_TRUE(children_of_this_process().empty());
}

TEST(NonoNetClientTest, TheRealOneKilledWithinARequestIsOneErrorAndTheNextRequestWorks) {
  NONO_NEEDS_LANDLOCK();
  std::atomic<bool> fine = false;
  const Server server([&](Connection& connection, const std::string&) {
    if (fine) {
      connection.say(ok("fine"));
      return;
    }
    ::kill(children_of_this_process().at(0), SIGKILL);
  });
  NonoNetClient client(real_program());
  const auto answer = client.send(get(server.url()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "the test's service: nono-net ended by signal 9");
  fine = true;
  const auto next = client.send(get(server.url()));
  ASSERT_TRUE(next) << next.error().message();
  EXPECT_EQ(next->body, "fine");
}

TEST(NonoNetClientTest, TheRealOneEndsWhenItsClientIsGoneWithinARequest) {
  NONO_NEEDS_LANDLOCK();
  std::atomic<bool> abandoned = false;
  const Server server([&](Connection& connection, const std::string&) {
    abandoned = connection.read_request().empty();  // closed by the other side, long before 5 s
  });
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], kChannel);
    ::close_range(kChannel + 1, ~0U, 0);
    const std::string program = real_program().program;
    ::execl(program.c_str(), "nono-net", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  {
    const OwnedFd ours(ends[0]);
    ASSERT_TRUE(send_frame(ours, encode_request(get(server.url())), std::nullopt));
    while (server.requests().empty()) {
      std::this_thread::sleep_for(10ms);
    }
  }
  int status = 0;
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  EXPECT_TRUE(WIFEXITED(status));
}

}  // namespace
}  // namespace nono::net::test
