// tests/net/server.cc: see server.h.
#include "tests/net/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <charconv>

namespace nono::net::test {
namespace {

OwnedFd listen_on(Family family, int& port) {
  const int domain = family == Family::IPv4 ? AF_INET : AF_INET6;
  OwnedFd fd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_addr = in6addr_loopback;
  auto* address =
      family == Family::IPv4 ? reinterpret_cast<sockaddr*>(&in) : reinterpret_cast<sockaddr*>(&in6);
  socklen_t size = family == Family::IPv4 ? sizeof in : sizeof in6;
  const int raw = BorrowedFd(fd).raw();
  if (::bind(raw, address, size) != 0 || ::listen(raw, 64) != 0 ||
      ::getsockname(raw, address, &size) != 0) {
    return {};
  }
  port = ntohs(family == Family::IPv4 ? in.sin_port : in6.sin6_port);
  return fd;
}

std::size_t body_size(std::string_view request) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t at = request.find(kName);
  std::size_t size = 0;
  if (at != std::string_view::npos) {
    const std::string_view digits = request.substr(at + kName.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), size);
  }
  return size;
}

}  // namespace

std::string Connection::read_request() {
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end != std::string::npos && text.size() >= end + 4 + body_size(text)) {
      return text;
    }
    pollfd entry{.fd = BorrowedFd(fd_).raw(), .events = POLLIN, .revents = 0};
    const ssize_t got =
        ::poll(&entry, 1, 2000) == 1 ? ::recv(entry.fd, buffer.data(), buffer.size(), 0) : 0;
    if (got <= 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool Connection::say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(BorrowedFd(fd_).raw(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Connection::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(BorrowedFd(fd_).raw(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  fd_.reset();
}

Server::Server(Handler handle, Family family)
    : handle_(std::move(handle)), family_(family), listener_(listen_on(family, port_)) {
  if (listener_.valid()) {
    acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
  }
}

Server::Server(std::string answer)
    : Server([answer = std::move(answer)](Connection& connection, const std::string&) {
        connection.say(answer);
      }) {}

Server::~Server() {
  acceptor_.request_stop();
  if (acceptor_.joinable()) {
    acceptor_.join();
  }
  workers_.clear();
}

void Server::accept_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd entry{.fd = BorrowedFd(listener_).raw(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 20) != 1) {
      continue;
    }
    OwnedFd accepted(::accept4(entry.fd, nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted.valid()) {
      continue;
    }
    workers_.emplace_back([this, raw = accepted.release()] {
      Connection connection{OwnedFd(raw)};
      const std::string request = connection.read_request();
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      handle_(connection, request);
    });
  }
}

std::string Server::url(std::string_view path) const {
  const std::string host = family_ == Family::IPv4 ? "127.0.0.1" : "[::1]";
  return "http://" + host + ":" + std::to_string(port_) + std::string(path);
}

std::vector<std::string> Server::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string ok(std::string_view body, std::string_view more_headers) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more_headers) + "\r\n" + std::string(body);
}

}  // namespace nono::net::test
