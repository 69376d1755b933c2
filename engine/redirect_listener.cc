// engine/redirect_listener.cc: several connections, one poll.
#include "engine/redirect_listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "crypto/secret.h"
#include "engine/redirect_request.h"

namespace nono::engine {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTurn{1'000};
// No script, no frame, nothing to load, and the URL with the code in it goes nowhere.
constexpr std::string_view kFields =
    "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
    "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n";

struct Connection {
  OwnedFd socket;
  Steady::time_point until;
  std::string head;
};

void answer(const Connection& connection, std::string_view status, std::string_view words) {
  std::string text = "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(kFields) +
                     "Content-Length: " + std::to_string(words.size()) + "\r\n\r\n" +
                     std::string(words);
  const BorrowedFd socket(connection.socket);
  // A browser that is gone has lost nothing: what it brought is here.
  (void)::send(socket.raw(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)::shutdown(socket.raw(), SHUT_WR);
}

bool is_state(std::string_view given, const std::string& state) {
  return crypto::Secret::copy_of(as_bytes(given)).equals(crypto::Secret::copy_of(as_bytes(state)));
}

// Callers are the connections that are being read.
class Callers {
 public:
  Callers(BorrowedFd socket, const std::string& port, const std::string& state)
      : socket_(socket), port_(port), state_(state) {}

  // turn waits for something to happen, and returns the answer where it came.
  std::optional<FormFields> turn(std::chrono::milliseconds patience) {
    const auto now = Steady::now();
    std::erase_if(callers_, [&](const Connection& one) { return one.until <= now; });
    std::vector<pollfd> entries{{.fd = socket_.raw(), .events = POLLIN, .revents = 0}};
    for (const Connection& one : callers_) {
      entries.push_back({.fd = BorrowedFd(one.socket).raw(), .events = POLLIN, .revents = 0});
    }
    if (::poll(entries.data(), entries.size(), static_cast<int>(patience.count())) <= 0) {
      return std::nullopt;
    }
    std::optional<FormFields> fields;
    for (std::size_t at = entries.size() - 1; at > 0 && !fields; --at) {
      if (entries[at].revents != 0) {
        fields = hear(at - 1);
      }
    }
    if (entries.front().revents != 0) {
      welcome();
    }
    return fields;
  }

 private:
  void welcome() {
    OwnedFd socket(::accept4(socket_.raw(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) {
      return;
    }
    if (callers_.size() == RedirectListener::kMaxConnections) {
      callers_.erase(callers_.begin());
    }
    callers_.push_back({.socket = std::move(socket),
                        .until = Steady::now() + RedirectListener::kConnection,
                        .head = ""});
  }

  // hear reads on; a connection that is done with is closed.
  std::optional<FormFields> hear(std::size_t which) {
    Connection& caller = callers_[which];
    std::array<char, 4096> buffer{};
    const ssize_t got =
        ::recv(BorrowedFd(caller.socket).raw(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      return std::nullopt;
    }
    std::optional<FormFields> fields;
    if (got > 0) {
      caller.head.append(buffer.data(), static_cast<std::size_t>(got));
      if (!is_whole(caller.head) && caller.head.size() <= kMaxRedirectHead) {
        return std::nullopt;
      }
      fields = judge(caller);
    }
    callers_.erase(callers_.begin() + static_cast<std::ptrdiff_t>(which));
    return fields;
  }

  std::optional<FormFields> judge(const Connection& caller) const {
    auto request =
        caller.head.size() <= kMaxRedirectHead ? read_redirect(caller.head, port_) : std::nullopt;
    if (!request) {
      answer(caller, "404 Not Found", "There is nothing here.\n");
      return std::nullopt;
    }
    if (!is_state(field(request->fields, "state").value_or(""), state_)) {
      answer(caller, "400 Bad Request", "This is not the sign-in that nono waits for.\n");
      return std::nullopt;
    }
    answer(caller, "200 OK", "nono has the answer. You can close this page.\n");
    return std::move(request->fields);
  }

  BorrowedFd socket_;
  const std::string& port_;
  const std::string& state_;
  std::vector<Connection> callers_;
};

}  // namespace

Result<RedirectListener> RedirectListener::open() {
  OwnedFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) {
    return fail_errno(errno, "making a socket for the browser");
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // The kernel's interface takes every kind of address by this type.
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const BorrowedFd borrowed(socket);
  if (::bind(borrowed.raw(), any, size) != 0 ||
      ::listen(borrowed.raw(), static_cast<int>(kMaxConnections)) != 0 ||
      ::getsockname(borrowed.raw(), any, &size) != 0) {
    return fail_errno(errno, "listening on 127.0.0.1 for the browser");
  }
  return RedirectListener(std::move(socket), std::to_string(ntohs(address.sin_port)));
}

std::string RedirectListener::redirect_uri() const {
  return "http://localhost:" + port_ + std::string(kRedirectPath);
}

Result<FormFields> RedirectListener::wait(const std::string& state,
                                          std::chrono::milliseconds patience) const {
  const auto until = Steady::now() + patience;
  Callers callers(socket_, port_, state);
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
    if (left.count() <= 0) {
      return std::unexpected(
          Error(ErrorKind::Network,
                "nobody signed in within " + std::to_string(patience.count() / 1000) + " seconds")
              .mend_with("sign again, and finish in the browser; without one: --oidc-flow device"));
    }
    if (auto fields = callers.turn(std::min(left, kTurn))) {
      return *std::move(fields);
    }
  }
}

}  // namespace nono::engine
