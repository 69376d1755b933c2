// sandbox/gatekeeper.h: what the sandbox asks of the layers above it. Implemented in engine/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/owned_fd.h"
#include "trustpolicy/decision.h"

namespace nono::sandbox {

// GuardedRequest is one operation of the agent on a guarded file: the object is held open (O_PATH
// or readable) by who asks; the names are for messages and for finding the evidence.
struct GuardedRequest {
  pid_t process;
  trustpolicy::GuardClass guard_class;
  std::string requested;  // as the agent spelt it; bytes, not escaped
  std::string resolved;   // where the kernel says the object is
  BorrowedFd object;
};

// Gatekeeper judges operations on guarded files. It records each answer before it returns it.
class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  // judge_read decides whether the bytes may be read; an Admitted carries the bytes to serve. The
  // reference lives until the next call.
  virtual const trustpolicy::Decision& judge_read(const GuardedRequest& request) = 0;
  // forbid_change says why the file may not be changed, replaced, renamed or removed (it is
  // verified), or nothing where it may.
  virtual std::optional<trustpolicy::Denied> forbid_change(const GuardedRequest& request) = 0;
};

// Refusal is an operation that the broker itself refused, for the diagnostics and the audit log.
struct Refusal {
  pid_t process = 0;
  std::string operation;  // "rename", "connect", …
  std::string object;     // path or address; bytes, not escaped
  std::string rule;       // "protected-name", "unix-socket", "metadata-outside-grants", …
  std::string why;
};

// Use is an operation that was done, where the broker records them: each kind of one object once.
struct Use {
  // "read", "write", "list", "execute", "name", "connect", …; "away": a name that was moved out of
  // its directory; "way": a name as the agent spelt it, which led to something used
  std::string operation;
  std::string object;  // resolved path (of a way: as spelt), or "TCP port 443"; bytes, not escaped
};

inline constexpr std::string_view kUsedTooMuch = "too-much";  // the record is not whole

// Observer hears what happens; it cannot change it and must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void refused(const Refusal& refusal) = 0;
  // lost: so many refusals, since the last that was told, came faster than they could be told.
  virtual void lost(std::uint64_t /*count*/) {}
  virtual void used(const Use&) {}
};

}  // namespace nono::sandbox
