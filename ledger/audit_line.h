// ledger/audit_line.h: one line of an audit log, written and read (docs/format-audit.md).
//
//   {"sequence":N,"time":"…","pid":P,"type":"…", event members… ,"prev":"…","mac":"…"}
//
// prev is the SHA-256 of the bytes of the line before (without its newline); mac authenticates the
// bytes of this line before `,"mac":`. Both speak about bytes: nothing is ever re-serialised to be
// checked. A parsed line is still untrusted until ledger/audit_reader.h has checked both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace nono::ledger {

inline constexpr std::size_t kMaxLineBytes = kAuditLineLimits.bytes;  // without the newline
inline constexpr std::string_view kFormatName = "nono.audit/1";
inline constexpr std::string_view kStartedType = "session_started";
inline constexpr std::string_view kEndedType = "session_ended";
inline constexpr std::string_view kSealType = "session_sealed";
inline constexpr std::string_view kLostType = "records_lost";

// no_digest is prev of the first line: 64 zeros.
crypto::Sha256 no_digest();

struct AuditLine {
  std::uint64_t sequence;
  std::string type;
  crypto::Sha256 prev;
  crypto::Sha256 mac;
  std::string_view authenticated;  // what mac covers; lives in the text that was parsed
  Json json;                       // the whole line
};

// parse_audit_line takes one line without its newline. InvalidInput or Exhausted: not strict JSON,
// over 64 KiB, members missing, of the wrong type or out of order, upper-case digits in prev or
// mac, anything before `{` or after `}`.
Result<AuditLine> parse_audit_line(std::string_view line);

// lost_records is how many events a line says were not recorded before it; 0 for all other types.
std::uint64_t lost_records(const AuditLine& line);

struct LineHead {
  std::uint64_t sequence;
  Instant time;
  std::int64_t pid;
  std::string_view type;
  const crypto::Sha256& prev;
};
// authenticated_text writes a line up to its mac. `event_members` comes from event_text.
std::string authenticated_text(const LineHead& head, std::string_view event_members);
// finish_line appends the mac: the whole line, without its newline.
void finish_line(std::string& line, const crypto::Sha256& mac);
// kMaxEventBytes leaves room in a line for everything but the event.
inline constexpr std::size_t kMaxEventBytes = kMaxLineBytes - 512;

}  // namespace nono::ledger
