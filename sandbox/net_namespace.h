// sandbox/net_namespace.h: a network of the sandbox's own, in which there is nothing but its own
// loopback.
//
// A namespace needs no rule to be right: interfaces, routes, addresses, abstract sockets and the
// loopback of this machine are not in it. It needs a user namespace where the user is not root
// (sandbox/own_namespaces.h), and many systems forbid that.
#pragma once

#include <cstdint>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono::sandbox {

enum class OwnNetwork : unsigned char { No, Yes };

// enter_own_network moves the calling process into a new network namespace (unshare_as_oneself)
// with its loopback up; 0, or the errno of what failed. It allocates nothing.
int enter_own_network() noexcept;
// raise_loopback is the second half of it: for a process that has entered one.
int raise_loopback() noexcept;

// try_own_network says whether enter_own_network would work, by a child: 0 or the errno.
int try_own_network();

// InnerListener accepts what is connected to 127.0.0.1:`port` inside the namespace in which it was
// made, whatever namespace the process is in that holds it: so a proxy outside serves the inside
// without an address in common.
struct InnerListener {
  OwnedFd socket;
  std::uint16_t port = 0;
};
// listen_inside makes one in the calling process's namespace.
Result<InnerListener> listen_inside();
// pass_out sends it over a channel of sandbox/wire.h; take_listener receives it, and refuses
// (InvalidInput) what is no listening TCP socket on loopback.
Result<void> pass_out(BorrowedFd channel, const InnerListener& listener);
Result<InnerListener> take_listener(BorrowedFd channel);

}  // namespace nono::sandbox
