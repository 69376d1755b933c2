// engine/why.h: would an operation be allowed, and by what: asked before, answered by what decides.
//
// No rule is written down a second time here. Grants are those of compose_run, names those of
// sandbox/name_rules.h, what is held back that of profile/never_grant.h, guarded files are judged
// by the Gate, and files' modes by the kernel, which a child in the same Landlock domain asks
// (sandbox/rehearsal.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/run.h"

namespace nono::engine {

enum class Operation : unsigned char {
  Read,      // open for reading; of a directory: list
  Write,     // open an existing file for writing
  Execute,   // execve
  Create,    // make a file that is not there; with a trailing slash a directory
  Remove,    // unlink, rmdir, rename away
  Metadata,  // mode, owner, times, attributes
  Connect,   // to a host or port, or with a path to a unix socket
  Listen,    // on a port
  Pass,      // a variable of the environment
};
std::string_view name_of(Operation operation);
std::optional<Operation> operation_from(std::string_view name);

// Question: what is asked about is a path, a TCP port, a host or a variable, as the operation
// demands.
struct Question {
  Operation operation = Operation::Read;
  std::string path;
  std::uint16_t port = 0;
  std::string variable;
  std::optional<sandbox::HostPort> host = std::nullopt;
};

// CoveringGrant is a grant as the answer shows it. `source` is "user" (an option of this command
// line), "profile" or "system" (built in).
struct CoveringGrant {
  std::string path;
  std::string access;
  std::string source;
};

struct Answer {
  bool allowed = false;
  std::string object;   // resolved path; "TCP port 443"; "example.org:443"; the variable
  std::string rule;     // stable code: "grant", "outside-grants", a reason of the trust policy, …
  std::string entry;    // the grant, row or policy that decides; empty where it is the rule itself
  std::string because;  // one sentence
  std::string mend;     // the option or command that changes a denial; empty: nothing does
  // Of a path: the grant that allows the operation, or the nearest that covers the path without it.
  std::optional<CoveringGrant> grant = std::nullopt;
};

// why answers for a run with this request. What exists only while a session runs is not known: its
// temporary directory, and what an agent makes or binds itself. Usage: a question without its
// object, or a request that `run` would refuse.
Result<Answer> why(const RunRequest& request, const Question& question);

}  // namespace nono::engine
