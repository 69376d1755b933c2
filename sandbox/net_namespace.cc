#include "sandbox/net_namespace.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "sandbox/endpoint.h"
#include "sandbox/own_namespaces.h"
#include "sandbox/wire.h"

namespace nono::sandbox {
namespace {

int option_of(const OwnedFd& socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(BorrowedFd(socket).raw(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// bound_to is where a socket is bound, as an endpoint.
std::expected<Endpoint, int> bound_to(const OwnedFd& socket) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  void* raw = &name;
  if (::getsockname(BorrowedFd(socket).raw(), static_cast<sockaddr*>(raw), &size) != 0) {
    return std::unexpected(errno);
  }
  return endpoint_from({static_cast<const char*>(raw), size});
}

}  // namespace

int raise_loopback() noexcept {
  const OwnedFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq loopback{};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP;
  return socket.valid() && ::ioctl(BorrowedFd(socket).raw(), SIOCSIFFLAGS, &loopback) == 0 ? 0
                                                                                           : errno;
}

int enter_own_network() noexcept {
  const int unshared = unshare_as_oneself(CLONE_NEWNET);
  return unshared != 0 ? unshared : raise_loopback();
}

int try_own_network() {
  return errno_of_child(enter_own_network);
}

Result<InnerListener> listen_inside() {
  InnerListener out;
  out.socket = OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in loopback{};  // and any free port
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* raw = &loopback;
  const int socket = BorrowedFd(out.socket).raw();
  if (socket < 0 || ::bind(socket, static_cast<const sockaddr*>(raw), sizeof loopback) != 0 ||
      ::listen(socket, SOMAXCONN) != 0) {
    return fail_errno(errno, "listening inside the sandbox's network");
  }
  const auto bound = bound_to(out.socket);
  if (!bound) {
    return fail_errno(bound.error(), "listening inside the sandbox's network");
  }
  out.port = bound->port;
  return out;
}

Result<void> pass_out(BorrowedFd channel, const InnerListener& listener) {
  WireWriter message;
  message.number(listener.port);
  const std::array<int, 1> fds{BorrowedFd(listener.socket).raw()};
  return wire_send(channel, message.bytes(), fds);
}

Result<InnerListener> take_listener(BorrowedFd channel) {
  NONO_TRY(WireMessage message, wire_receive(channel));
  WireReader reader(message.text);
  const std::uint64_t port = reader.number();
  if (!reader.good() || message.fds.size() != 1) {
    return fail(ErrorKind::InvalidInput, "the sandbox's network passed out no listener");
  }
  InnerListener out{std::move(message.fds.front()), static_cast<std::uint16_t>(port)};
  const auto bound = bound_to(out.socket);
  const bool listens = option_of(out.socket, SO_TYPE) == SOCK_STREAM &&
                       option_of(out.socket, SO_PROTOCOL) == IPPROTO_TCP &&
                       option_of(out.socket, SO_ACCEPTCONN) == 1;
  if (!listens || !bound || bound->port != port || class_of(*bound) != AddressClass::ThisMachine) {
    return fail(ErrorKind::InvalidInput,
                "what the sandbox's network passed out is no listener on its loopback");
  }
  return out;
}

}  // namespace nono::sandbox
