// ledger/audit_log.h: the append-only, hash-chained, keyed record of one session.
//
// Format: docs/format-audit.md. One JSON object per line with time, pid, sequence, the link to the
// line before and an HMAC under a key that moves forward with every line (ledger/key_chain.h). The
// sandboxed agent reaches neither log nor key. A process of the same user *outside* the sandbox can
// read the first key and rewrite everything consistently: against it, keep the head of close()
// elsewhere and give it to verify_session. Readers trust nothing in a line before it was checked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/owned_fd.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

namespace nono::ledger {

// kKeyFile and kSealFile stand beside events.ndjson: the first key of the session, and a copy of
// the line that sealed the log, so that a cut-off end shows.
inline constexpr const char* kEventsFile = "events.ndjson";
inline constexpr const char* kKeyFile = "key";
inline constexpr const char* kSealFile = "seal";

// is_session_id takes exactly 16 lower-case hexadecimal digits.
bool is_session_id(std::string_view id);

enum class Durability : unsigned char {
  Durable,  // on disk (fdatasync) before append returns: allows of guarded files
  Lazy,     // written now, synced with the next durable line, by flush() or by close()
};

// Keep::Nothing is for a user who wants no record of a session: the log then is a file without a
// name in `directory`, gone with the process. What is appended is held to the same rules.
enum class Keep : unsigned char { Log, Nothing };

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

// AuditLog is used by one thread. A process that writes one must ignore SIGXFSZ, or the limit of
// file sizes kills it where append would return an error.
class AuditLog {
 public:
  // create makes `<directory>/<id>/events.ndjson` (0600, O_EXCL; directories 0700) with the genesis
  // line, lazy, and holds a lock (flock) on it that tells a running session from an aborted one.
  // A `directory` that others may write to is PermissionDenied; an id in use is System (EEXIST).
  // What fails leaves nothing behind. `clock` must outlive the log.
  static Result<AuditLog> create(const std::string& directory, const SessionInfo& session,
                                 const Clock& clock, Keep keep = Keep::Log);
  AuditLog(AuditLog&&) noexcept;
  AuditLog& operator=(AuditLog&&) noexcept;
  ~AuditLog();

  // append writes one line: `type` (snake_case, none of the types of the log itself) and
  // the members of `event` (an object; the names type, sequence, time, pid, prev, mac are ours and
  // refused). Long values are shortened (ledger/audit_event.h). A line that cannot be written whole
  // is taken back (ftruncate) and the error returned; the chain goes on from the last whole line.
  // Where the disk failed (fdatasync: EIO) or a line could not be taken back, the log is unsound:
  // that error is returned from then on, so that nothing is allowed on a record that may be lost.
  // Events that could not be written are counted: the next line that can be is preceded by one that
  // says how many (records_lost), or is not written either.
  Result<Receipt> append(std::string_view type, const Json& event, Durability durability);
  // count_lost counts events that did not come as far as append.
  void count_lost(std::uint64_t events);
  Result<void> flush();
  // close appends session_ended with the members of `event` and the seal of the chain: durable, or
  // lazy in a session that has no line but its start. The head of its receipt stands for the whole
  // log. Later appends are Internal errors.
  Result<Receipt> close(const Json& event);

  // seal_fault is what kept close from writing the copy of the seal. The log itself is whole then;
  // that its end was cut off later would not show.
  const std::optional<Error>& seal_fault() const;

  const std::string& id() const;
  const std::string& path() const;
  std::uint64_t bytes() const;  // of the lines so far

 private:
  struct Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nono::ledger
