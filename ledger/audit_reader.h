// ledger/audit_reader.h: reads and checks what ledger/audit_log.h wrote. Its input is untrusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace nono::ledger {

struct SessionSummary {
  std::string id;
  std::string name;
  std::string started;  // RFC 3339 as recorded
  std::string ended;    // empty: aborted or still running
  std::string command;  // shell-quoted
  std::uint64_t events = 0;
  std::uint64_t lost = 0;  // events that the log says could not be recorded
  std::optional<int> exit_code;
  bool running = false;  // a process holds the log open for writing
};

// list_sessions returns the sessions of `directory`, newest first; a directory that holds no
// readable log is listed with an empty `started` rather than left out. A `directory` that does not
// exist has no sessions. Nothing is verified: what it says is what the logs claim.
Result<std::vector<SessionSummary>> list_sessions(const std::string& directory);

// read_events returns the whole lines of a session's log in order. A torn last line is left out;
// any other line that is none is InvalidInput and named. NotFound: no such session.
Result<std::vector<Json>> read_events(const std::string& directory, std::string_view session_id);

enum class LogState : unsigned char {
  Sealed,  // ended properly; the chain and the seal hold
  Open,    // no end: still running, or aborted; what is there holds
  Torn,    // as Open, and the last line is incomplete (a crash while writing)
  Broken,  // a line was changed, removed, reordered or added, or the key is another one
};
struct Verification {
  LogState state;
  std::uint64_t good_lines = 0;
  std::uint64_t lost = 0;   // events that the good lines say could not be recorded
  std::string detail = {};  // for Broken and Torn: the line and what is wrong with it
  std::optional<crypto::Sha256> head = {};  // SHA-256 of the last good line
};
// verify_session checks every line of a log under the session's own key. With `kept_head`, the head
// that AuditLog::close returned and somebody kept where this user cannot write, it also detects a
// log that was rewritten together with its key or cut off together with its seal. NotFound: no such
// session, no log or no key: nothing can be said then.
Result<Verification> verify_session(const std::string& directory, std::string_view session_id,
                                    const std::optional<crypto::Sha256>& kept_head = std::nullopt);

}  // namespace nono::ledger
