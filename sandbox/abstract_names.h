// sandbox/abstract_names.h: the abstract names of unix sockets that this session holds.
//
// Below Landlock ABI 6 nobody but the broker keeps the agent from those of other programs. A name
// is one socket's of its type (a stream socket and a seqpacket one can have the same), and is free
// again when that socket is gone: who binds it then may be a program outside. So a name counts only
// with the type, and as long as the socket is there that had it here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"

namespace nono::sandbox {

class AbstractNames {
 public:
  AbstractNames();
  // take takes the abstract name of `socket`, which was bound in this session, if it has one. The
  // socket is watched, not held: it goes when the agent lets go of it.
  void take(BorrowedFd socket);
  // refusal is 0 where `address`, a whole sockaddr_un, names a socket of this session that `socket`
  // may meet; ECONNREFUSED where that socket is gone; EPERM where there was none, or where what is
  // there cannot be told.
  int refusal(BorrowedFd socket, std::string_view address) const;
  // connect is connect(2), or a failure with that errno. Whose socket was met is looked at
  // afterwards, too: all of this session's listen by this process. Another's is shut off.
  long connect(BorrowedFd socket, std::string_view address) const;

 private:
  struct Name {
    std::string text;
    int type;
    std::uint64_t number;  // of its watch
  };
  std::set<std::uint64_t> watched() const;

  pid_t listens_;  // a worker is another process
  OwnedFd watch_;  // an epoll: the kernel strikes out of it what is closed
  std::uint64_t last_ = 0;
  std::vector<Name> names_;
};

}  // namespace nono::sandbox
