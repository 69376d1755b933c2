// session/control.h: the socket on which a person's programs speak to a running session.
//
// It lies beside the session's entry, in a directory that no agent reaches (0700; the socket 0600),
// and takes only processes of this user or root, by the kernel's word (SO_PEERCRED). An agent runs
// as the same user: what keeps it away is that the broker connects it to no socket outside; and if
// that failed, no process is taken that descends from the one that made the socket.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/owned_fd.h"
#include "base/result.h"
#include "session/control_wire.h"

namespace nono::session {

// socket_name is that of a session's socket in the directory of sessions.
std::string socket_name(const std::string& id);

// ControlServer never blocks: a client that sends too much, too slowly or nonsense, or does not
// read its answer, is disconnected.
class ControlServer {
 public:
  static constexpr std::size_t kMaxClients = 8;
  static constexpr std::chrono::seconds kPatience{10};  // of a client's silence

  struct Request {
    std::uint64_t client = 0;
    uid_t uid = 0;
    Json message;
  };

  // open makes the socket of session `id` in `directory`, and the directory where it is missing.
  static Result<ControlServer> open(const std::string& directory, const std::string& id);
  ControlServer(ControlServer&& other) noexcept = default;
  ControlServer& operator=(ControlServer&&) = delete;
  ~ControlServer();  // removes the socket, in the process that made it

  int watched() const { return BorrowedFd(epoll_).raw(); }
  // turn takes new clients and gives their whole requests.
  std::vector<Request> turn();
  // answer sends a message, or disconnects a client that cannot take it.
  void answer(std::uint64_t client, const Json& message);

 private:
  struct Client {
    OwnedFd socket;
    uid_t uid;
    FrameReader reader;
    std::chrono::steady_clock::time_point heard;
  };
  ControlServer(OwnedFd directory, std::string name, OwnedFd listener, OwnedFd epoll);
  void take_clients();
  bool read_from(std::uint64_t id, Client& client, std::vector<Request>& out);
  bool watch(int fd);

  OwnedFd directory_;
  std::string name_;
  OwnedFd listener_;
  OwnedFd epoll_;
  pid_t owner_;
  std::uint64_t last_client_ = 0;
  std::map<std::uint64_t, Client> clients_;
};

// ControlClient is the other side, for one program of the user.
class ControlClient {
 public:
  // connect is NotFound where the session has no socket, PermissionDenied where it is somebody
  // else's. Here and in call, Exhausted is a session that does not answer in time.
  static Result<ControlClient> connect(
      const std::string& directory, const std::string& id,
      std::chrono::milliseconds patience = ControlServer::kPatience);
  // call sends a request and waits for its answer, at most as long as connect did.
  Result<Json> call(const Json& request);

 private:
  explicit ControlClient(OwnedFd socket) : socket_(std::move(socket)) {}
  OwnedFd socket_;
  FrameReader reader_;
};

}  // namespace nono::session
