// sandbox/broker_sockets.h: connect, bind and listen, on behalf of the agent.
//
// A socket address lies behind a pointer: the broker copies it once, decides, and makes the call on
// a duplicate of the agent's socket. Where TCP is limited, it is to the address that was compared
// (sandbox/endpoint.h); Landlock, which knows ports only, is the second wall. UNIX sockets of the
// file system are reached only where they were bound in this session; Landlock 7 has no right for
// that. What is outside of both is asked about where somebody is to be asked, and is then connected
// by the supervisor's side (sandbox/connector.h): this process is in the domain that forbids it.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "sandbox/abstract_names.h"
#include "sandbox/broker_expand.h"
#include "sandbox/broker_rules.h"
#include "sandbox/resolve.h"
#include "sandbox/workers.h"

namespace nono::sandbox {

class SocketOperations {
 public:
  SocketOperations(const Resolver& resolver, BrokerRules& rules, Workers& workers)
      : resolver_(resolver), rules_(rules), workers_(workers), waiting_(rules) {}

  // serve answers Connect, Bind and Listen.
  Outcome serve(const Call& call);
  // BoundSocket tells a socket from a later one that got its inode number.
  struct BoundSocket {
    ObjectId id;
    BirthTime origin;
    bool operator==(const BoundSocket&) const = default;
  };
  // take_bound takes a socket for one that was bound in this session.
  void take_bound(const BoundSocket& bound);
  // answered ends a connect that waited for the supervisor.
  void answered(const ExpansionReply& reply);
  // record_made tells of a socket that is about to be made, and lets it.
  Outcome record_made(const Call& call);

 private:
  Outcome connect(const Call& call);
  Outcome bind(const Call& call);
  Outcome listen(const Call& call);
  Outcome refuse_to_listen(const Call& call);
  struct Address;
  Answer<Address> address_of(const Call& call) const;
  Outcome connect_path(const Call& call, const OwnedFd& socket, const std::string& path);
  bool is_granted(BorrowedFd object, const BoundSocket& found);
  Outcome connect_by(const Call& call, const OwnedFd& socket, const std::function<long()>& attempt);
  Outcome connect_abstract(const Call& call, const OwnedFd& socket, const Address& address);
  Outcome connect_internet(const Call& call, const OwnedFd& socket, const Address& address);
  Outcome connect_now(const Call& call, const OwnedFd& socket, const sockaddr* to, socklen_t size);
  bool ask(WaitingConnect waits, Expansion question, BorrowedFd socket);
  Outcome outside(const Call& call, const OwnedFd& socket, const Endpoint& to, sa_family_t family);
  Outcome outside(const Call& call, const OwnedFd& socket, OwnedFd object,
                  const std::string& asked);
  void tell_refused(const WaitingConnect& refused);
  void tell_port(const Call& call, std::string_view operation, std::uint16_t port);
  Outcome connect_other(const Call& call, const OwnedFd& socket, const Address& address);
  Outcome bind_other(const Call& call, const OwnedFd& socket, const Address& address);
  void tell_unbound(const Call& call, const Address& address);
  void note_bound(const OwnedFd& socket, const Address& address);
  Outcome bind_path(const Call& call, const OwnedFd& socket, const std::string& path);

  const Resolver& resolver_;
  BrokerRules& rules_;
  Workers& workers_;
  Waiting<WaitingConnect> waiting_;
  static std::optional<BoundSocket> socket_at(BorrowedFd directory, const std::string& name);
  std::vector<BoundSocket> bound_here_;
  AbstractNames abstract_here_;  // where nobody scopes them
};

}  // namespace nono::sandbox
