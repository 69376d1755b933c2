// ledger/audit_event.h: makes what a caller wants recorded fit for a line of the audit log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace nono::ledger {

// is_event_type takes snake_case: a letter a-z, then letters, digits and single underscores; at
// most 64 bytes.
bool is_event_type(std::string_view type);

// is_own_member names the members of a line that the log itself writes.
bool is_own_member(std::string_view name);

// event_text returns the members of `event` as they stand in a line, without the braces: compact
// JSON of at most `max_bytes`. `event` may hold anything that an agent chose: bytes that are not
// UTF-8 are escaped as \xNN, and what is too long is shortened, with its size and SHA-256, so that
// no agent can keep a record from being written. Refused (InvalidInput): no object, a member that
// is_own_member, the same name twice, nesting over 32. Exhausted: too long even when shortened.
Result<std::string> event_text(const Json& event, std::size_t max_bytes);

}  // namespace nono::ledger
