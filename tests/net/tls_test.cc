// TLS and proxies, with a certificate authority that is thrown away: through the real nono-net.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "tests/net/server.h"
#include "tests/net/support.h"

namespace nono::net::test {
namespace {

namespace fs = std::filesystem;

// TlsServer is tests/net/tls_server.py as a child process.
class TlsServer {
 public:
  TlsServer(const std::string& certificate, const std::string& key, const char* oldest = nullptr) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return;
    }
    output_ = OwnedFd(ends[0]);
    OwnedFd write_end(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(BorrowedFd(write_end).raw(), STDOUT_FILENO);
      ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
      ::execlp("python3", "python3", NONO_SOURCE_DIR "/tests/net/tls_server.py",
               certificate.c_str(), key.c_str(), oldest, nullptr);
      ::_exit(127);
    }
    write_end.reset();
    std::array<char, 16> line{};
    const ssize_t size = ::read(BorrowedFd(output_).raw(), line.data(), line.size());
    std::from_chars(line.data(), line.data() + std::max<ssize_t>(size, 0), port_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  int port() const { return port_; }
  std::string url(const std::string& host, const std::string& path = "/") const {
    return "https://" + host + ":" + std::to_string(port_) + path;
  }

 private:
  OwnedFd output_;
  pid_t pid_ = -1;
  int port_ = 0;
};

class TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (fs::temp_directory_path() / "nono-tls-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    if (std::system("command -v openssl python3 >/dev/null") != 0) {
      return;
    }
    made_ = run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                "-keyout ca.key -out ca.pem -subj /CN=throw-away") &&
            make("good", "DNS:localhost,IP:127.0.0.1,DNS:sigstore.test", "2") &&
            make("other", "DNS:other.test", "2") &&
            make("expired", "DNS:localhost,IP:127.0.0.1", "-1") &&
            run("mkdir hashed && cp ca.pem hashed/ && openssl rehash hashed");
  }
  static void TearDownTestSuite() { fs::remove_all(directory_); }

  void SetUp() override {
    NONO_NEEDS_LANDLOCK();
    if (!made_) {
      GTEST_SKIP() << "openssl(1) or python3 is not there: no certificates for a server";
    }
  }

  static bool run(const std::string& command) {
    return std::system(("cd " + directory_ + " && { " + command + "; } >/dev/null 2>&1").c_str()) ==
           0;
  }
  static bool make(const std::string& name, const std::string& names, const std::string& days) {
    return run("echo subjectAltName=" + names + " >" + name +
               ".ext && openssl req -new -newkey ec "
               "-pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " +
               name + ".key -out " + name + ".csr -subj /CN=x && openssl x509 -req -in " + name +
               ".csr -CA ca.pem -CAkey ca.key "
               "-CAcreateserial -days " +
               days + " -extfile " + name + ".ext -out " + name + ".pem");
  }
  static std::string file(const std::string& name) { return directory_ + "/" + name; }
  static TlsServer serve(const std::string& name, const char* oldest = nullptr) {
    return {file(name + ".pem"), file(name + ".key"), oldest};
  }
  static std::string our_authority() { return "SSL_CERT_FILE=" + file("ca.pem"); }

  static Result<HttpResponse> ask(const std::string& url, std::vector<std::string> environment) {
    NonoNetClient client(real_program(std::move(environment)));
    return client.send(get(url));
  }
  static std::string message(const std::string& url, std::vector<std::string> environment) {
    const auto answer = ask(url, std::move(environment));
    return answer ? "an answer came" : answer.error().message();
  }

  static std::string directory_;
  static bool made_;
};
std::string TlsTest::directory_;
bool TlsTest::made_ = false;

TEST_F(TlsTest, AServerOfANamedAuthorityIsAsked) {
  const TlsServer server = serve("good");
  for (const std::string& variable : std::vector<std::string>{
           our_authority(), "NONO_EXTRA_CA=" + file("ca.pem"), "SSL_CERT_DIR=" + file("hashed")}) {
    for (const auto* host : {"127.0.0.1", "localhost"}) {
      const auto answer = ask(server.url(host, "/path"), {variable});
      ASSERT_TRUE(answer) << variable << ": " << answer.error().message();
      EXPECT_EQ(answer->body, "/path");
    }
  }
}

TEST_F(TlsTest, AServerOfAnUnknownAuthorityIsNot) {
  const TlsServer server = serve("good");
  const std::string why = message(server.url("127.0.0.1"), {});
  EXPECT_TRUE(why.contains("TLS with 127.0.0.1:") || why.contains("no certificate authorities"))
      << why;
  // What replaces the system's authorities really does, and so does a foreign one.
  EXPECT_TRUE(message(server.url("127.0.0.1"), {"SSL_CERT_FILE=" + file("other.pem")})
                  .contains("TLS with 127.0.0.1:"));
}

TEST_F(TlsTest, AnExpiredCertificateAndOneForAnotherNameAreRefused) {
  const TlsServer expired = serve("expired");
  EXPECT_TRUE(message(expired.url("127.0.0.1"), {our_authority()}).contains("expired"));
  const TlsServer other = serve("other");
  EXPECT_TRUE(message(other.url("localhost"), {our_authority()}).contains("TLS with localhost:"));
}

TEST_F(TlsTest, OldTlsIsRefusedAndNewIsNot) {
  const TlsServer old = serve("good", "TLSv1_1");
  EXPECT_TRUE(message(old.url("127.0.0.1"), {our_authority()}).contains("TLS with 127.0.0.1:"));
  const TlsServer fine = serve("good", "TLSv1_2");
  EXPECT_TRUE(ask(fine.url("127.0.0.1"), {our_authority()}));
}

TEST_F(TlsTest, APlainServerIsNoTlsServer) {
  const Server plain(ok("hello"));
  const std::string why =
      message("https://127.0.0.1:" + std::to_string(plain.port()) + "/", {our_authority()});
  EXPECT_TRUE(why.contains("TLS with 127.0.0.1:")) << why;
}

TEST_F(TlsTest, AConnectionThatIsNeverReadyIsSaidToBeNone) {
  const Server silent([](Connection& connection, const std::string&) {
    std::array<char, 1024> rest{};
    while (::recv(connection.fd().raw(), rest.data(), rest.size(), 0) > 0) {
    }
  });
  const std::string authority = "127.0.0.1:" + std::to_string(silent.port());
  auto request = get("https://" + authority + "/");
  request.deadline = std::chrono::milliseconds(300);
  NonoNetClient client(real_program({our_authority()}));
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(
      answer.error().message().ends_with("no connection to " + authority + " within 300 ms"))
      << answer.error().message();
}

TEST_F(TlsTest, ARedirectToPlainHttpIsRefused) {
  const TlsServer server = serve("good");
  const std::string why = message(server.url("127.0.0.1", "/redirect"), {our_authority()});
  EXPECT_TRUE(why.contains("to another host, http://127.0.0.1:1,")) << why;
}

TEST_F(TlsTest, AuthoritiesThatCannotBeReadStopEveryRequest) {
  const Server server(ok(""));
  for (const std::string& variable :
       std::vector<std::string>{"SSL_CERT_FILE=/nonexistent", "NONO_EXTRA_CA=/nonexistent",
                                "SSL_CERT_DIR=/nonexistent", "SSL_CERT_FILE=" + file("ca.key")}) {
    const auto answer = ask(server.url(), {variable});
    ASSERT_FALSE(answer) << variable;
    EXPECT_EQ(answer.error().kind(), ErrorKind::Unsupported) << answer.error().message();
    EXPECT_TRUE(answer.error().message().starts_with("the test's service: "));
  }
  EXPECT_TRUE(server.requests().empty());
}

// splice carries bytes both ways until either side closes.
void splice(int left, int right) {
  std::array<pollfd, 2> entries{pollfd{.fd = left, .events = POLLIN, .revents = 0},
                                pollfd{.fd = right, .events = POLLIN, .revents = 0}};
  std::array<char, 16384> buffer;
  while (::poll(entries.data(), entries.size(), 5000) > 0) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (entries[i].revents == 0) {
        continue;
      }
      const ssize_t got = ::recv(entries[i].fd, buffer.data(), buffer.size(), 0);
      if (got <= 0 || ::send(entries[1 - i].fd, buffer.data(), static_cast<std::size_t>(got),
                             MSG_NOSIGNAL) != got) {
        return;
      }
    }
  }
}

// tunnel_to is a proxy that leads every CONNECT to one port of this machine.
Server::Handler tunnel_to(int port) {
  return [port](Connection& connection, const std::string&) {
    const OwnedFd upstream(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(BorrowedFd(upstream).raw(), reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) == 0 &&
        connection.say("HTTP/1.1 200 Connection established\r\n\r\n")) {
      splice(connection.fd().raw(), BorrowedFd(upstream).raw());
    }
  };
}

std::string at(const Server& proxy) {
  return "127.0.0.1:" + std::to_string(proxy.port());
}

TEST_F(TlsTest, AProxyIsATunnelAndSeesNothingOfTheRequest) {
  const TlsServer server = serve("good");
  const Server proxy(tunnel_to(server.port()));
  NonoNetClient client(
      real_program({our_authority(), "HTTPS_PROXY=http://user:p%40ss@" + at(proxy)}));
  auto request = get("https://sigstore.test/path");
  request.headers = {{"Authorization", "Bearer secret-token"}};
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "/path");
  const std::string seen = proxy.requests().at(0);
  EXPECT_TRUE(seen.starts_with("CONNECT sigstore.test:443 HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.contains("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n")) << seen;
  EXPECT_FALSE(seen.contains("secret-token") || seen.contains("/path")) << seen;
}

TEST_F(TlsTest, AProxyThatReadsAlongIsFoundOut) {
  const TlsServer middle = serve("other");
  const Server proxy(tunnel_to(middle.port()));
  const std::string why =
      message("https://sigstore.test/", {our_authority(), "https_proxy=http://" + at(proxy)});
  EXPECT_TRUE(why.contains("TLS with sigstore.test:443 failed")) << why;
  EXPECT_TRUE(why.contains("(through the proxy " + at(proxy) + ")")) << why;
}

TEST_F(TlsTest, AProxyThatRefusesIsNamedAndItsPasswordIsNot) {
  for (const auto* status : {"407 Proxy Authentication Required", "403 Forbidden", "502 Bad"}) {
    const Server proxy("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
    const std::string why = message("https://sigstore.test/",
                                    {our_authority(), "HTTPS_PROXY=http://u:secret@" + at(proxy)});
    EXPECT_TRUE(why.contains("the proxy " + at(proxy) +
                             " refused the way to sigstore.test:443 "
                             "with status " +
                             std::string(status, 3)))
        << why;
    EXPECT_FALSE(why.contains("secret")) << why;
  }
}

TEST_F(TlsTest, AProxyThatIsNotThereIsNamed) {
  EXPECT_TRUE(message("https://sigstore.test/", {our_authority(), "HTTPS_PROXY=127.0.0.1:1"})
                  .contains("no connection to the proxy 127.0.0.1:1"));
  EXPECT_TRUE(message("https://sigstore.test/", {our_authority(), "HTTPS_PROXY=nowhere.invalid:1"})
                  .contains("the name of the proxy nowhere.invalid:1 is not known"));
}

TEST_F(TlsTest, AProxyThatNeverAnswersIsTold) {
  const auto silent = [](Connection& connection) {
    std::array<char, 1024> rest{};
    while (::recv(connection.fd().raw(), rest.data(), rest.size(), 0) > 0) {
    }
  };
  const Server mute([&](Connection& connection, const std::string&) { silent(connection); });
  const Server opens([&](Connection& connection, const std::string&) {
    connection.say("HTTP/1.1 200 OK\r\n\r\n");
    silent(connection);
  });
  const auto why = [&](const Server& proxy) {
    auto request = get("https://sigstore.test/");
    request.deadline = std::chrono::milliseconds(300);
    NonoNetClient client(real_program({our_authority(), "HTTPS_PROXY=" + at(proxy)}));
    const auto answer = client.send(request);
    return answer ? "answered" : answer.error().message();
  };
  EXPECT_TRUE(why(mute).ends_with("the proxy " + at(mute) +
                                  " took the connection and opened no way "
                                  "to sigstore.test:443 within 300 ms"))
      << why(mute);
  EXPECT_TRUE(
      why(opens).ends_with("no connection to sigstore.test:443 within 300 ms "
                           "(through the proxy " +
                           at(opens) + ")"))
      << why(opens);
}

TEST_F(TlsTest, TheMachineItselfAndWhatIsExemptAreReachedDirectly) {
  const TlsServer server = serve("good");
  const Server proxy(ok(""));
  const std::string variable = "HTTPS_PROXY=http://" + at(proxy);
  EXPECT_TRUE(ask(server.url("127.0.0.1"), {our_authority(), variable}));
  EXPECT_TRUE(ask(server.url("localhost"), {our_authority(), variable}));
  const std::string why =
      message("https://nowhere.invalid/", {our_authority(), variable, "NO_PROXY=.invalid"});
  EXPECT_TRUE(why.contains("the name nowhere.invalid is not known")) << why;
  EXPECT_TRUE(proxy.requests().empty());
}

}  // namespace
}  // namespace nono::net::test
