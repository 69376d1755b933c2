// ledger/audit_log.h: the append-only, hash-chained, keyed record of one session.
//
// Format: docs/format-audit.md. One JSON object per line with time, pid, sequence, the link to the
// line before and an HMAC under a key of this session that is forgotten at its end; what a later
// process of the same user rewrites no longer verifies. Readers trust nothing in a line before its
// link was checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/owned_fd.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

namespace nono::ledger {

enum class Durability : unsigned char {
  Durable,  // on disk (fdatasync) before append returns: allows of guarded files, the session's ends
  Lazy,     // written now, synced with the next durable line or by flush()
};

// Receipt is proof that a line was written; its head chains to all lines before it.
class [[nodiscard]] Receipt {
 public:
  std::uint64_t sequence() const { return sequence_; }
  const crypto::Sha256& head() const { return head_; }

 private:
  friend class AuditLog;
  Receipt(std::uint64_t sequence, crypto::Sha256 head) : sequence_(sequence), head_(head) {}
  std::uint64_t sequence_;
  crypto::Sha256 head_;
};

// SessionInfo is the first line of a log.
struct SessionInfo {
  std::string id;    // 16 hexadecimal digits
  std::string name;  // --name, may be empty
  Json details;      // an object: command, working directory, capabilities, kernel features
};

class AuditLog {
 public:
  // create makes `<directory>/<id>/events.ndjson` (0600, O_EXCL; directories 0700) with the genesis
  // line, durable. `clock` must outlive the log.
  static Result<AuditLog> create(const std::string& directory, const SessionInfo& session,
                                 const Clock& clock);
  AuditLog(AuditLog&&) noexcept;
  AuditLog& operator=(AuditLog&&) noexcept;
  ~AuditLog();

  // append writes one line: `type` (snake_case) and the members of `event` (an object; the names
  // type, sequence, time, pid, prev, mac are ours and refused). A line that cannot be written whole
  // is taken back (ftruncate) and the error returned; the chain goes on from the last whole line.
  Result<Receipt> append(std::string_view type, const Json& event, Durability durability);
  Result<void> flush();
  // close appends session_ended with the members of `event` and, durable, the seal of the chain.
  Result<Receipt> close(const Json& event);

  const std::string& id() const;
  const std::string& path() const;

 private:
  struct Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nono::ledger
