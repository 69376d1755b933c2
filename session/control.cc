#include "session/control.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "sandbox/process_tree.h"

namespace nono::session {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kChunk = 16u << 10;
// Of one client in one turn: no other waits behind its chatter.
constexpr std::size_t kMaxChunks = 8;
constexpr int kBacklog = 8;

// address_in names the socket through the directory's descriptor: a path may be longer than an
// address holds.
sockaddr_un address_in(BorrowedFd directory, const std::string& name) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory.raw()) + "/" + name;
  path.copy(&out.sun_path[0], sizeof out.sun_path - 1);
  return out;
}

const sockaddr* as_sockaddr(const void* address) {
  return static_cast<const sockaddr*>(address);
}

OwnedFd stream_socket(int flags) {
  return OwnedFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

std::optional<ucred> peer_of(BorrowedFd socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(socket.raw(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known && size == sizeof peer ? std::optional(peer) : std::nullopt;
}

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

// process_of holds the peer's process: where the kernel (6.5) does not lend it, whoever has its
// number now.
OwnedFd process_of(BorrowedFd socket, pid_t pid) {
  int fd = -1;
  socklen_t size = sizeof fd;
  const bool lent = ::getsockopt(socket.raw(), SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0;
  return OwnedFd(lent ? fd : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// wait_at_most: whoever is on the other side may be stopped, and its queue of connects full.
void wait_at_most(BorrowedFd socket, std::chrono::milliseconds patience) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(patience);
  const timeval limit{seconds.count(), std::chrono::microseconds(patience - seconds).count()};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    ::setsockopt(socket.raw(), SOL_SOCKET, option, &limit, sizeof limit);
  }
}

std::unexpected<Error> no_answer() {
  return fail(ErrorKind::Exhausted, "the session does not answer");
}

// no_more: errno where reading failed, 0 where there was nothing more.
std::unexpected<Error> no_more(int saved) {
  return saved == EAGAIN ? no_answer() : fail(ErrorKind::NotFound, "the session has ended");
}

// is_a_persons: a process of root's or this user's that does not descend from `server`, as the
// agent does. One without a number here is in a pid namespace that is not beneath.
bool is_a_persons(BorrowedFd socket, const ucred& peer, pid_t server) {
  if (peer.uid != ::geteuid() || peer.pid == 0 || peer.pid == server) {
    return peer.uid == ::geteuid() || peer.uid == 0;
  }
  const OwnedFd process = process_of(socket, peer.pid);
  return process.valid() && !sandbox::may_descend(process, peer.pid, server);
}

}  // namespace

std::string socket_name(const std::string& id) {
  return id + ".sock";
}

ControlServer::ControlServer(OwnedFd directory, std::string name, OwnedFd listener, OwnedFd epoll)
    : directory_(std::move(directory)),
      name_(std::move(name)),
      listener_(std::move(listener)),
      epoll_(std::move(epoll)),
      owner_(::getpid()) {}

ControlServer::~ControlServer() {
  if (directory_.valid() && owner_ == ::getpid()) {
    ::unlinkat(BorrowedFd(directory_).raw(), name_.c_str(), 0);
  }
}

Result<ControlServer> ControlServer::open(const std::string& directory, const std::string& id) {
  NONO_CHECK(make_private_directories(directory));
  NONO_TRY(OwnedFd place, open_directory(BorrowedFd::unowned(AT_FDCWD), directory));
  const std::string name = socket_name(id);
  OwnedFd listener = stream_socket(SOCK_NONBLOCK);
  OwnedFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  const sockaddr_un address = address_in(place, name);
  // The mode of the name in the directory is that of the socket, without the umask's bits.
  const bool made =
      listener.valid() && epoll.valid() &&
      ::fchmod(BorrowedFd(listener).raw(), S_IRUSR | S_IWUSR) == 0 &&
      ::bind(BorrowedFd(listener).raw(), as_sockaddr(&address), sizeof address) == 0 &&
      ::listen(BorrowedFd(listener).raw(), kBacklog) == 0;
  if (!made) {
    return fail_errno(errno, "making the session's control socket in " + printable(directory));
  }
  ControlServer out(std::move(place), name, std::move(listener), std::move(epoll));
  if (!out.watch(BorrowedFd(out.listener_).raw())) {
    return fail_errno(errno, "watching the session's control socket");
  }
  return out;
}

bool ControlServer::watch(int fd) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  return ::epoll_ctl(BorrowedFd(epoll_).raw(), EPOLL_CTL_ADD, fd, &wanted) == 0;
}

void ControlServer::take_clients() {
  for (std::size_t taken = 0; taken < kMaxClients; ++taken) {
    OwnedFd socket(
        ::accept4(BorrowedFd(listener_).raw(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) {
      return;
    }
    const auto peer = peer_of(socket);
    const bool ours = peer && is_a_persons(socket, *peer, owner_);
    if (ours && clients_.size() < kMaxClients && watch(BorrowedFd(socket).raw())) {
      clients_.emplace(++last_client_,
                       Client{std::move(socket), peer->uid, {}, steady_clock::now()});
    }
  }
}

// read_from is false where the client is of no more use.
bool ControlServer::read_from(std::uint64_t id, Client& client, std::vector<Request>& out) {
  std::array<char, kChunk> buffer{};
  for (std::size_t chunk = 0; chunk < kMaxChunks; ++chunk) {
    const ssize_t got = ::read(BorrowedFd(client.socket).raw(), buffer.data(), buffer.size());
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
      return false;
    }
    if (got < 0) {
      return true;
    }
    client.reader.add(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
    auto frame = client.reader.next();
    if (!frame) {
      return false;
    }
    if (std::optional<Json>& whole = *frame; whole) {  // the next one only after its answer
      client.heard = steady_clock::now();
      out.push_back({id, client.uid, *std::move(whole)});
      return client.reader.empty();
    }
  }
  return true;
}

std::vector<ControlServer::Request> ControlServer::turn() {
  std::vector<Request> out;
  const auto silent_since = steady_clock::now() - kPatience;
  for (auto at = clients_.begin(); at != clients_.end();) {
    const bool keep = read_from(at->first, at->second, out) && at->second.heard > silent_since;
    at = keep ? std::next(at) : clients_.erase(at);
  }
  take_clients();
  return out;
}

void ControlServer::answer(std::uint64_t client, const Json& message) {
  const auto at = clients_.find(client);
  const auto frame = encode_frame(message);
  if (at == clients_.end()) {
    return;
  }
  const ssize_t sent = frame ? ::send(BorrowedFd(at->second.socket).raw(), frame->data(),
                                      frame->size(), MSG_NOSIGNAL)
                             : -1;
  if (!frame || sent != static_cast<ssize_t>(frame->size())) {
    clients_.erase(at);
  }
}

Result<ControlClient> ControlClient::connect(const std::string& directory, const std::string& id,
                                             std::chrono::milliseconds patience) {
  NONO_TRY(const OwnedFd place, open_directory(BorrowedFd::unowned(AT_FDCWD), directory));
  OwnedFd socket = stream_socket(0);
  wait_at_most(socket, patience);
  const sockaddr_un address = address_in(place, socket_name(id));
  if (!socket.valid() ||
      ::connect(BorrowedFd(socket).raw(), as_sockaddr(&address), sizeof address) != 0) {
    const int saved = errno;
    if (saved == ENOENT || saved == ECONNREFUSED) {
      return std::unexpected(
          Error(ErrorKind::NotFound, "session " + id + " takes no approvals from other terminals")
              .mend_with("start it with --approve socket"));
    }
    return saved == EAGAIN ? no_answer() : fail_errno(saved, "connecting to session " + id);
  }
  const auto peer = peer_of(socket);
  if (!peer || (peer->uid != ::geteuid() && ::geteuid() != 0)) {
    return fail(ErrorKind::PermissionDenied,
                "the control socket of session " + id + " is another user's");
  }
  return ControlClient(std::move(socket));
}

Result<Json> ControlClient::call(const Json& request) {
  NONO_TRY(const std::string frame, encode_frame(request));
  if (::send(BorrowedFd(socket_).raw(), frame.data(), frame.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(frame.size())) {
    return fail(ErrorKind::NotFound, "the session does not listen any more");
  }
  std::array<char, kChunk> buffer{};
  for (;;) {
    NONO_TRY(std::optional<Json> answer, reader_.next());
    if (answer) {
      return *std::move(answer);
    }
    const ssize_t got = ::read(BorrowedFd(socket_).raw(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return no_more(got < 0 ? errno : 0);
    }
    reader_.add(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  }
}

}  // namespace nono::session
