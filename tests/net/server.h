// tests/net/server.h: a server of the tests' own, which says exactly the bytes that it is told to.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/owned_fd.h"

namespace nono::net::test {

// Connection is one accepted connection; what it read so far is its request.
class Connection {
 public:
  explicit Connection(OwnedFd fd) : fd_(std::move(fd)) {}
  // read_request reads to the end of the head and, by its Content-Length, of the body.
  std::string read_request();
  bool say(std::string_view text);  // false: the other side is gone
  void reset();                     // closes with RST
  BorrowedFd fd() const { return fd_; }

 private:
  OwnedFd fd_;
};

enum class Family : unsigned char { IPv4, IPv6 };

// Server handles each connection on its own thread, after the request was read, until it is
// destroyed. `handle` must end when say() is false.
class Server {
 public:
  using Handler = std::function<void(Connection&, const std::string& request)>;
  explicit Server(Handler handle, Family family = Family::IPv4);
  // Server that answers every request with these bytes and closes.
  explicit Server(std::string answer);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  bool listens() const { return listener_.valid(); }
  int port() const { return port_; }
  std::string url(std::string_view path = "/") const;
  std::vector<std::string> requests() const;

 private:
  void accept_all(const std::stop_token& stop);

  Handler handle_;
  Family family_;
  int port_ = 0;  // before the listener, which sets it
  OwnedFd listener_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::jthread> workers_;
  std::jthread acceptor_;
};

// ok makes a plain answer of status 200 around `body`.
std::string ok(std::string_view body, std::string_view more_headers = "");

}  // namespace nono::net::test
