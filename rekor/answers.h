// rekor/answers.h: what a transparency log answers to a signer, read into a LogEntry, and how an
// entry stands in a bundle.
//
// An answer is untrusted: reading proves shape only, LogKeyring::check the rest. JSON is strict
// (base/json.h); members that are not known are passed over, for none of them reaches the bundle.
// Errors are InvalidInput with the JSON pointer.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "rekor/log_entry.h"

namespace nono::rekor {

// An answer holds the entry and its proof; the largest seen holds 14 kB.
inline constexpr std::size_t kMaxAnswerBytes = 2u << 20;

// read_v1_answer reads {"<uuid>": {body, integratedTime, logID, logIndex, verification}}: exactly
// one entry, with promise and proof. Kind and version are those that the body states.
Result<LogEntry> read_v1_answer(std::string_view text);

// read_v2_answer reads a TransparencyLogEntry (ProtoJSON) with a proof. An integratedTime of 0 and
// a promise that is null, which Rekor v2 writes, are absent.
Result<LogEntry> read_v2_answer(std::string_view text);

// entry_json writes the TransparencyLogEntry of a bundle.
Json entry_json(const LogEntry& entry);

}  // namespace nono::rekor
