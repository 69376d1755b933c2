// ledger/audit_reader.h: reads and checks what ledger/audit_log.h wrote. Its input is untrusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nono::ledger {

struct SessionSummary {
  std::string id;
  std::string name;
  std::string started;         // RFC 3339 as recorded
  std::string ended;           // empty: aborted or still running
  std::string command;         // shell-quoted
  std::uint64_t events = 0;
  std::optional<int> exit_code;
};

// list_sessions returns the sessions of `directory`, newest first; a directory that holds no
// readable log is listed with an empty `started` rather than left out.
Result<std::vector<SessionSummary>> list_sessions(const std::string& directory);

// read_events returns the whole lines of a session's log in order. A torn last line is left out.
Result<std::vector<Json>> read_events(const std::string& directory, std::string_view session_id);

enum class LogState : unsigned char {
  Sealed,   // ended properly; the chain and the seal hold
  Open,     // no end: still running, or aborted; what is there holds
  Torn,     // as Open, and the last line is incomplete (a crash while writing)
  Broken,   // a line was changed, removed, reordered or added
};
struct Verification {
  LogState state;
  std::uint64_t good_lines = 0;
  std::string detail;  // for Broken and Torn: the line and what is wrong with it
};
Result<Verification> verify_session(const std::string& directory, std::string_view session_id);

}  // namespace nono::ledger
