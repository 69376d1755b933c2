#include "sandbox/broker_sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <span>

#include "sandbox/drafts.h"
#include "sandbox/umask.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kMaxBound = 4096;

bool blocks(const OwnedFd& socket) {
  const int flags = ::fcntl(BorrowedFd(socket).raw(), F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) == 0;
}

// PathAddress: a path of the greatest length has no room for its NUL.
struct PathAddress {
  sockaddr_un name{};
  socklen_t size = 0;
};

PathAddress path_address(const std::string& path) {
  PathAddress out;
  out.name.sun_family = AF_UNIX;
  const std::size_t size = path.copy(&out.name.sun_path[0], sizeof out.name.sun_path);
  out.size = static_cast<socklen_t>(std::min(kPathOffset + size + 1, sizeof out.name));
  return out;
}

// as_sockaddr: the socket calls take every address through this type.
const sockaddr* as_sockaddr(const void* address) {
  return static_cast<const sockaddr*>(address);
}

// Ticks interrupts, while it is there, what waits in this process.
class Ticks {
 public:
  Ticks() { interrupt_often(); }
  ~Ticks() {
    const itimerval none{};
    ::setitimer(ITIMER_REAL, &none, nullptr);
  }
  Ticks(const Ticks&) = delete;
  Ticks& operator=(const Ticks&) = delete;
};

// at_once is an attempt by a socket that does not block; nothing where it came to wait all the
// same: the flag is the agent's, too, who may have taken it off since it was looked at.
std::optional<Outcome> at_once(const std::function<long()>& attempt) {
  const Ticks ticks;
  const long result = attempt();
  return result < 0 && errno == EINTR ? std::nullopt : std::optional(Outcome::of(result));
}

// as_absent: an abstract name outside is to the agent one that nobody has, as in a network
// namespace of its own. Who tries such a name first (libxcb) asks the path, which can be granted,
// after that.
long as_absent(long result) {
  if (result < 0 && errno == EPERM) {
    errno = ECONNREFUSED;
  }
  return result;
}

int int_option(const OwnedFd& socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(BorrowedFd(socket).raw(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool is_internet(const OwnedFd& socket) {
  const int domain = int_option(socket, SO_DOMAIN);
  return domain == AF_INET || domain == AF_INET6;
}

// patience_of: an attempt that is interrupted begins its SO_SNDTIMEO anew, so it is counted here.
Patience patience_of(const OwnedFd& socket, int error) {
  timeval most{};
  socklen_t size = sizeof most;
  if (::getsockopt(BorrowedFd(socket).raw(), SOL_SOCKET, SO_SNDTIMEO, &most, &size) != 0 ||
      (most.tv_sec == 0 && most.tv_usec == 0)) {
    return {};
  }
  return {std::chrono::seconds(most.tv_sec) + std::chrono::microseconds(most.tv_usec), error};
}

// port_in: port and family lie at the same place in sockaddr_in and sockaddr_in6.
std::uint16_t port_in(const void* address) {
  sockaddr_in ip{};
  std::memcpy(&ip, address, sizeof ip);
  return ntohs(ip.sin_port);
}

// port_text: 0 is any that the kernel finds free.
std::string port_text(std::uint16_t port) {
  return port == 0 ? "any free TCP port" : "TCP port " + std::to_string(port);
}

bool may_listen_on(const Network& network, std::uint16_t port) {
  const auto* ports = std::get_if<NetworkPorts>(&network);
  return ports == nullptr || std::ranges::find(ports->listen, port) != ports->listen.end();
}

// names_hosts: what is not granted is then told by its address, else by its port.
bool names_hosts(const Network& network) {
  const auto* ports = std::get_if<NetworkPorts>(&network);
  return ports != nullptr && !ports->destinations.empty();
}

// replaces_granted: a program that is started anew makes its socket anew.
bool replaces_granted(const CapabilitySet& capabilities, std::string_view path) {
  return capabilities.access_at(path).has(Access::connect());
}

// has_port reports whether an IP socket is bound to a port. The name alone does not tell: the
// kernel keeps it when a connect failed or was undone, and has released the port. A socket that is
// bound cannot be bound again (EINVAL).
bool has_port(const OwnedFd& socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  void* raw = &name;
  return ::getsockname(BorrowedFd(socket).raw(), static_cast<sockaddr*>(raw), &size) == 0 &&
         port_in(&name) != 0 &&
         ::bind(BorrowedFd(socket).raw(), static_cast<sockaddr*>(raw), size) != 0 &&
         errno == EINVAL;
}

std::uint16_t port_of(const OwnedFd& socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  void* raw = &name;
  const bool told =
      ::getsockname(BorrowedFd(socket).raw(), static_cast<sockaddr*>(raw), &size) == 0;
  return told ? port_in(&name) : std::uint16_t{0};
}

// name_for is what the socket is bound to, from its directory: never the agent's text, which could
// lead elsewhere from here than it led the agent (/proc/self/fd/N, links). Programs ask for the
// name and remove the file by it: a name alone stays one, any other path becomes the canonical one,
// where that fits.
const std::string& name_for(const NamedPlace& place, const std::string& text) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  return text == place.name || place.canonical.size() > kMost ? place.name : place.canonical;
}

long bind_in(const NamedPlace& place, const OwnedFd& socket, const std::string& text) {
  struct stat there{};
  if (::fstatat(BorrowedFd(place.directory).raw(), place.name.c_str(), &there,
                AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EADDRINUSE;
    return -1;
  }
  if (place.wants_directory) {
    errno = ENOENT;
    return -1;
  }
  if (::fchdir(BorrowedFd(place.directory).raw()) != 0) {
    errno = EACCES;
    return -1;
  }
  const PathAddress to = path_address(name_for(place, text));
  return ::bind(BorrowedFd(socket).raw(), as_sockaddr(&to.name), to.size);
}

}  // namespace

struct SocketOperations::Address {
  std::string bytes;
  sa_family_t family = AF_UNSPEC;

  socklen_t size() const { return static_cast<socklen_t>(bytes.size()); }
  const sockaddr* get() const { return as_sockaddr(bytes.data()); }
  std::uint16_t port() const {
    const bool internet = family == AF_INET || family == AF_INET6;
    return internet && bytes.size() >= sizeof(sockaddr_in) ? port_in(bytes.data()) : 0;
  }
  // path is the file system name of an AF_UNIX address; empty for abstract and unnamed ones.
  std::string path() const {
    if (family != AF_UNIX || bytes.size() <= kPathOffset || bytes[kPathOffset] == '\0') {
      return {};
    }
    const std::string_view text = std::string_view(bytes).substr(kPathOffset);
    return std::string(text.substr(0, text.find('\0')));
  }
};

Outcome SocketOperations::serve(const Call& call) {
  if (call.trap == Trap::Connect) {
    return connect(call);
  }
  return call.trap == Trap::Bind ? bind(call) : listen(call);
}

Answer<SocketOperations::Address> SocketOperations::address_of(const Call& call) const {
  const auto size = static_cast<std::size_t>(static_cast<std::uint32_t>(call.args[2]));
  if (size < sizeof(sa_family_t) || size > sizeof(sockaddr_storage)) {
    return std::unexpected(EINVAL);
  }
  auto bytes = call.thread.bytes_at(call.args[1], size);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  Address out{*std::move(bytes), AF_UNSPEC};
  std::memcpy(&out.family, out.bytes.data(), sizeof out.family);
  return out;
}

Outcome SocketOperations::connect(const Call& call) {
  const auto address = address_of(call);
  if (!address) {
    return Outcome::error(address.error());
  }
  const auto socket = call.thread.take_descriptor(static_cast<int>(call.args[0]));
  if (!socket) {
    return Outcome::error(socket.error());
  }
  const std::string path = address->path();
  return path.empty() ? connect_other(call, *socket, *address) : connect_path(call, *socket, path);
}

Outcome SocketOperations::connect_path(const Call& call, const OwnedFd& socket,
                                       const std::string& path) {
  auto object = resolver_.object(call.thread, AT_FDCWD, path, LastLink::Follow);
  if (!object) {
    return Outcome::error(object.error());
  }
  const auto found = socket_at(*object, "");
  if (!found) {
    return Outcome::error(ECONNREFUSED);
  }
  if (std::ranges::find(bound_here_, *found) == bound_here_.end() && !is_granted(*object, *found)) {
    return outside(call, socket, *std::move(object), path);
  }
  const PathAddress by_object = path_address(fd_path(*object));
  return connect_by(call, socket, [&socket, by_object]() -> long {
    return ::connect(BorrowedFd(socket).raw(), as_sockaddr(&by_object.name), by_object.size);
  });
}

// is_granted: the object itself, which the grant keeps, so that none other gets its number.
bool SocketOperations::is_granted(BorrowedFd object, const BoundSocket& found) {
  const BrokerConfig& config = rules_.config();
  if (config.capabilities->grants_socket(found.id.device, found.id.inode)) {
    return true;
  }
  struct stat status{};
  const bool tried = config.record && config.tries_socket && ::fstat(object.raw(), &status) == 0 &&
                     status.st_nlink == 1;
  const std::string path = tried ? raw_path_of(object, 1) : std::string();
  if (path.empty() || !config.tries_socket(path)) {
    return false;
  }
  rules_.used("socket", path);
  return true;
}

// connect_by makes `attempt` to connect a unix socket, in a process of its own where it may wait.
Outcome SocketOperations::connect_by(const Call& call, const OwnedFd& socket,
                                     const std::function<long()>& attempt) {
  if (auto done = blocks(socket) ? std::nullopt : at_once(attempt)) {
    return *std::move(done);
  }
  const Patience patience = patience_of(socket, EAGAIN);
  return workers_.run(
      call, [&] { return Outcome::of(retry_while_waiting(call.thread, attempt, patience)); });
}

void SocketOperations::tell_port(const Call& call, std::string_view operation, std::uint16_t port) {
  rules_.report_once(call, operation, port_text(port), "port-not-granted",
                     "no option grants this port");
}

void SocketOperations::tell_refused(const WaitingConnect& refused) {
  if (!refused.to) {
    rules_.report(refused.call, "connect", refused.path, "unix-socket",
                  replaces_granted(*rules_.config().capabilities, refused.path)
                      ? "it took the place of the socket that was granted at the start"
                      : "a socket of a program outside the sandbox");
  } else if (names_hosts(rules_.config().capabilities->network())) {
    rules_.report_once(refused.call, "connect", refused.to->text(), "address-not-granted",
                       "no option grants this address and port");
  } else {
    tell_port(refused.call, "connect", refused.to->port);
  }
}

// ask: false where nobody is to be asked, or the socket is none that could be connected so.
bool SocketOperations::ask(WaitingConnect waits, Expansion question, BorrowedFd socket) {
  question.kind = ExpansionKind::Connect;
  if (!rules_.asks_outside() ||
      !may_connect(socket, question.to ? question.family : sa_family_t{AF_UNIX})) {
    return false;
  }
  const std::array<int, 3> fds{socket.raw(), waits.call.thread.listener().raw(),
                               BorrowedFd(question.object).raw()};
  return waiting_.ask(std::move(waits), question,
                      std::span(fds).first(question.object.valid() ? 3 : 2));
}

Outcome SocketOperations::outside(const Call& call, const OwnedFd& socket, const Endpoint& to,
                                  sa_family_t family) {
  const WaitingConnect waits{call, to, {}};
  if (ask(waits, {.requested = to.text(), .to = to, .family = family}, socket)) {
    return Outcome::later();
  }
  tell_refused(waits);
  return Outcome::error(EACCES);
}

Outcome SocketOperations::outside(const Call& call, const OwnedFd& socket, OwnedFd object,
                                  const std::string& asked) {
  const WaitingConnect waits{call, std::nullopt, raw_path_of(object, 1)};
  if (ask(waits, {.requested = asked, .object = std::move(object)}, socket)) {
    return Outcome::later();
  }
  tell_refused(waits);
  return Outcome::error(EACCES);
}

void SocketOperations::answered(const ExpansionReply& reply) {
  const auto waited = waiting_.take(reply.cookie);
  if (!waited || !waited->call.thread.waiting()) {
    return;
  }
  if (reply.code == EACCES) {
    tell_refused(*waited);
  }
  send_outcome(waited->call.thread.listener(), reply.cookie,
               reply.code == 0 ? Outcome::value(0) : Outcome::error(reply.code));
}

// connect_internet compares where to, and connects to exactly that: what the agent's memory says
// meanwhile is not looked at, and neither is what an Endpoint does not hold.
Outcome SocketOperations::connect_internet(const Call& call, const OwnedFd& socket,
                                           const Address& address) {
  if (rules_.config().network == NetworkTier::Blocked) {
    rules_.report(call, "connect", "network", "network-blocked", "the network is blocked");
    return Outcome::error(ENETUNREACH);
  }
  if (rules_.config().network == NetworkTier::Open) {
    rules_.used(int_option(socket, SO_TYPE) == SOCK_STREAM ? "connect" : "datagram",
                port_text(address.port()));
    return connect_now(call, socket, address.get(), address.size());
  }
  const auto to = endpoint_from(address.bytes);
  if (!to) {
    return Outcome::error(to.error());
  }
  if (!allows_connect(rules_.config().capabilities->network(), *to)) {
    return outside(call, socket, *to, address.family);
  }
  const SocketName name = socket_name(*to, address.family);
  return connect_now(call, socket, as_sockaddr(&name.storage), name.size);
}

Outcome SocketOperations::connect_now(const Call& call, const OwnedFd& socket, const sockaddr* to,
                                      socklen_t size) {
  const auto attempt = [&socket, to, size]() -> long {
    const int result = ::connect(BorrowedFd(socket).raw(), to, size);
    return to->sa_family == AF_UNIX ? as_absent(result) : result;
  };
  const bool internet = to->sa_family == AF_INET || to->sa_family == AF_INET6;
  const bool may_wait =
      to->sa_family == AF_UNIX || (internet && int_option(socket, SO_TYPE) == SOCK_STREAM);
  if (!may_wait) {
    return Outcome::of(attempt());
  }
  if (auto done = blocks(socket) ? std::nullopt : at_once(attempt)) {
    return *std::move(done);
  }
  const Patience patience = patience_of(socket, internet ? EINPROGRESS : EAGAIN);
  return workers_.run(
      call, [&] { return Outcome::of(retry_while_waiting(call.thread, attempt, patience)); });
}

Outcome SocketOperations::connect_abstract(const Call& call, const OwnedFd& socket,
                                           const Address& address) {
  if (const int refused = abstract_here_.refusal(socket, address.bytes); refused != 0) {
    if (refused == EPERM) {
      rules_.report_once(call, "connect", "an abstract unix socket", "unix-socket",
                         "a socket of a program outside the sandbox");
    }
    return Outcome::error(ECONNREFUSED);
  }
  return connect_by(call, socket, [this, &socket, &address]() -> long {
    return as_absent(abstract_here_.connect(socket, address.bytes));
  });
}

// connect_other: where Landlock does not scope abstract names, those of this session are met only.
Outcome SocketOperations::connect_other(const Call& call, const OwnedFd& socket,
                                        const Address& address) {
  if (address.family == AF_UNIX && !rules_.config().scoped) {
    return connect_abstract(call, socket, address);
  }
  return address.family == AF_INET || address.family == AF_INET6
             ? connect_internet(call, socket, address)
             : connect_now(call, socket, address.get(), address.size());
}

// record_made is for who learns: a datagram socket sends without connect, and where the network is
// blocked it is not even made.
Outcome SocketOperations::record_made(const Call& call) {
  constexpr std::uint64_t kKind = 0xF;  // the rest of the type are flags
  const bool internet = call.args[0] == AF_INET || call.args[0] == AF_INET6;
  if (internet && (call.args[1] & kKind) == SOCK_DGRAM) {
    rules_.used("datagram", "UDP");
  }
  return Outcome::by_kernel();
}

Outcome SocketOperations::bind(const Call& call) {
  const auto address = address_of(call);
  if (!address) {
    return Outcome::error(address.error());
  }
  const auto socket = call.thread.take_descriptor(static_cast<int>(call.args[0]));
  if (!socket) {
    return Outcome::error(socket.error());
  }
  const std::string path = address->path();
  return path.empty() ? bind_other(call, *socket, *address) : bind_path(call, *socket, path);
}

// bind_other: while the network is blocked the only TCP socket is a standard stream. Landlock
// refuses it a port from ABI 4 on.
Outcome SocketOperations::bind_other(const Call& call, const OwnedFd& socket,
                                     const Address& address) {
  if (rules_.config().network == NetworkTier::Blocked && is_internet(socket)) {
    return Outcome::error(EACCES);
  }
  Outcome out = Outcome::of(::bind(BorrowedFd(socket).raw(), address.get(), address.size()));
  if (out.kind() == Outcome::Kind::Value) {
    note_bound(socket, address);
  }
  if (out.kind() == Outcome::Kind::Error && out.number() == EACCES) {
    tell_unbound(call, address);
  }
  return out;
}

// tell_unbound: only Landlock refuses a port of 0, which means any that is free.
void SocketOperations::tell_unbound(const Call& call, const Address& address) {
  const std::uint16_t port = address.port();
  if (port == 0 && (address.family == AF_INET || address.family == AF_INET6)) {
    rules_.report_once(call, "bind", port_text(0), "listen-without-port",
                       "it would be a port that was not granted");
  } else if (port != 0 && !may_listen_on(rules_.config().capabilities->network(), port)) {
    tell_port(call, "listen", port);
  }
}

void SocketOperations::note_bound(const OwnedFd& socket, const Address& address) {
  if (address.family == AF_INET || address.family == AF_INET6) {
    const bool stream = int_option(socket, SO_TYPE) == SOCK_STREAM;
    rules_.used(stream ? "listen" : "datagram", port_text(address.port()));
  }
  if (address.family == AF_UNIX && !rules_.config().scoped) {
    abstract_here_.take(socket);
  }
}

Outcome SocketOperations::bind_path(const Call& call, const OwnedFd& socket,
                                    const std::string& path) {
  const auto place = resolver_.place(call.thread, AT_FDCWD, path);
  if (!place) {
    return Outcome::error(place.error() == EINVAL ? EADDRINUSE : place.error());
  }
  auto may = rules_.may_write_name(call, place->canonical, S_IFSOCK, "bind");
  may = may ? may_draft(rules_, call, "bind", {place->canonical, S_IFSOCK}) : may;
  if (!may) {
    return Outcome::error(may.error());
  }
  const auto mask = call.thread.umask();
  if (!mask || !call.thread.waiting()) {
    return Outcome::error(EACCES);
  }
  Outcome done = [&] {
    const UnderUmask agents(*mask);
    return Outcome::of(bind_in(*place, socket, path));
  }();
  const auto made =
      done.kind() == Outcome::Kind::Value ? socket_at(place->directory, place->name) : std::nullopt;
  if (done.kind() == Outcome::Kind::Error && done.number() == EACCES) {
    rules_.outside_name(call, "bind", place->canonical);
  }
  if (made) {
    rules_.used("name", place->canonical);
    take_bound(*made);
    rules_.tell_change({.kind = StateChange::Kind::Bound, .id = made->id, .born = made->origin});
  }
  return ::chdir("/") == 0 ? std::move(done) : Outcome::error(EACCES);
}

// socket_at: an empty name means the object itself.
std::optional<SocketOperations::BoundSocket> SocketOperations::socket_at(BorrowedFd directory,
                                                                         const std::string& name) {
  struct stat status{};
  if (::fstatat(directory.raw(), name.c_str(), &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISSOCK(status.st_mode)) {
    return std::nullopt;
  }
  return BoundSocket{{status.st_dev, status.st_ino}, origin_of({directory, name.c_str()})};
}

void SocketOperations::take_bound(const BoundSocket& bound) {
  if (bound_here_.size() >= kMaxBound) {
    bound_here_.erase(bound_here_.begin());
  }
  bound_here_.push_back(bound);
}

Outcome SocketOperations::refuse_to_listen(const Call& call) {
  rules_.report(call, "listen", "an unbound socket", "listen-without-port",
                "it would get a port that was not granted");
  return Outcome::error(EACCES);
}

// listen looks at the port afterwards, too: one that a connect had, another thread can undo in
// between (shutdown(2), which nobody judges), and an unbound socket then gets any.
Outcome SocketOperations::listen(const Call& call) {
  const auto socket = call.thread.take_descriptor(static_cast<int>(call.args[0]));
  if (!socket) {
    return Outcome::error(socket.error());
  }
  const bool internet = is_internet(*socket);
  const bool judged = internet && rules_.config().network != NetworkTier::Open;
  if (judged && !has_port(*socket)) {
    return refuse_to_listen(call);
  }
  if (internet && port_of(*socket) == 0) {
    rules_.used("listen", port_text(0));
  }
  const int done = ::listen(BorrowedFd(*socket).raw(), static_cast<int>(call.args[1]));
  if (judged && done == 0 &&
      !may_listen_on(rules_.config().capabilities->network(), port_of(*socket))) {
    ::shutdown(BorrowedFd(*socket).raw(), SHUT_RDWR);
    return refuse_to_listen(call);
  }
  return Outcome::of(done);
}

}  // namespace nono::sandbox
