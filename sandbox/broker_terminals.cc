#include "sandbox/broker_terminals.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace nono::sandbox {

Outcome terminal_peer(const Call& call) {
  const auto master = call.thread.take_descriptor(static_cast<int>(call.args[0]));
  if (!master) {
    return Outcome::error(master.error());
  }
  // Never the broker's controlling terminal: it leads a session of its own.
  const int flags = static_cast<int>(call.args[2]) & (O_ACCMODE | O_NONBLOCK | O_CLOEXEC);
  OwnedFd peer(::ioctl(BorrowedFd(*master).raw(), TIOCGPTPEER, flags | O_NOCTTY | O_CLOEXEC));
  return peer.valid() ? Outcome::descriptor(std::move(peer), flags) : Outcome::error(errno);
}

}  // namespace nono::sandbox
