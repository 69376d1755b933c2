// sandbox/expansion.h: opens and connects outside the grants, asked of the layers above while the
// agent waits.
//
// The broker resolves the agent's path once and sends the *object* (O_PATH) with its question. The
// supervisor is outside the Landlock domain: it decides about that object, opens that object and no
// name, and sends the descriptor back to the broker, whose rules for guarded and protected names
// hold for it as for any other. Of a connect it sends a duplicate of the agent's socket, with the
// address that it read once, and the supervisor connects that (sandbox/connector.h). A question is
// foreign input: its descriptors are looked at.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/agent_thread.h"
#include "sandbox/capability_set.h"
#include "sandbox/endpoint.h"
#include "sandbox/wire.h"

namespace nono::sandbox {

enum class ExpansionKind : unsigned char { Read, Write, ReadWrite, Create, Connect };
// name_of is "read", "write", "read-write", "create" or "connect".
std::string_view name_of(ExpansionKind kind);
// access_of is what a grant would have to give; Create needs writing in the directory, Connect
// both reading and writing.
Access access_of(ExpansionKind kind);

// Expansion is one open or connect that waits.
struct Expansion {
  std::uint64_t cookie = 0;  // the notification's id: unique in a session, never used again
  pid_t process = 0;
  ExpansionKind kind = ExpansionKind::Read;
  int flags = 0;               // of open(2), those that are passed on
  mode_t mode = 0;             // of Create, as the agent gave it
  mode_t mask = 0;             // of Create, the agent's umask
  std::string requested = {};  // as the agent spelt it, absolute; bytes, not escaped
  std::string name = {};       // of Create: one component, to be made in `object`
  OwnedFd object = {};  // O_PATH: the file, the directory of Create; of Connect the socket's file
  OwnedFd socket = {};  // of Connect: the agent's own, a duplicate
  std::optional<Endpoint> to = {};  // of Connect, where it is TCP; there is no object then
  sa_family_t family = AF_UNSPEC;   // in which the agent spelt `to`
  OwnedFd listener = {};            // to see whether the caller still waits

  // still_waiting: the very call that asked has neither been answered nor interrupted.
  bool still_waiting() const;
  // path is where the object, or what is to be made, is now; empty where it has none. Of a TCP
  // connect it is the address and port, which no path looks like.
  std::string path() const;
};

// Expanded is the answer: an errno, or 0, of an open with a descriptor.
struct Expanded {
  std::uint64_t cookie = 0;
  int code = 0;
  OwnedFd fd;
};

// Expander decides about expansions. It must not block: an answer may come at any later turn. It
// answers each question exactly once, and at most kMaxPending of them are unanswered.
class Expander {
 public:
  static constexpr std::size_t kMaxPending = 32;
  virtual ~Expander() = default;
  virtual void consider(Expansion expansion) = 0;
  virtual int watched() const = 0;  // becomes readable when there is something to do by turn()
  virtual void turn() = 0;
  // take_answers gives what was decided since the last call.
  virtual std::vector<Expanded> take_answers() = 0;
};

// encode_expansion and decode_expansion: the broker's question (sandbox/wire.h), without the number
// of its kind and the cookie, which come first. Nothing for what is malformed: descriptors that are
// no O_PATH file, a name of more than one component, a socket that is not to be connected so.
void encode_expansion(WireWriter& out, const Expansion& expansion);
std::optional<Expansion> decode_expansion(WireReader& reader, std::vector<OwnedFd> fds,
                                          std::uint64_t cookie);

// question_fds are the descriptors that go with a question, in their order.
std::vector<int> question_fds(const Expansion& expansion);

// may_connect looks whether a socket can be connected to an address of `family` (AF_INET, AF_INET6:
// TCP; AF_UNIX: a stream) by its kind and state: an errno where not.
Answer<void> may_connect(BorrowedFd socket, sa_family_t family);

// may_open reports whether the object's own mode and file system let this user, without
// capabilities, open it so: an errno where not. Nothing is opened.
Answer<void> may_open(const Expansion& expansion);
// open_expanded opens the object (or makes the file) without the capabilities that this process may
// have, as the agent could without Landlock. Set-id bits are not made.
Answer<OwnedFd> open_expanded(const Expansion& expansion);

}  // namespace nono::sandbox
