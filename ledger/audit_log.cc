// ledger/audit_log.cc: the writing side.
#include "ledger/audit_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/text.h"
#include "ledger/audit_event.h"
#include "ledger/audit_line.h"
#include "ledger/key_chain.h"
#include "ledger/session_home.h"

namespace nono::ledger {
namespace {

constexpr std::size_t kIdDigits = 16;

std::string doing(std::string_view what, const std::string& path) {
  return std::string(what) + " " + printable(path);
}

Result<Json> genesis_event(const SessionInfo& session, const KeyChain& key) {
  if (session.details.object() == nullptr) {
    return fail(ErrorKind::InvalidInput, "the details of a session must be a JSON object");
  }
  return Json(Json::Object{{"format", Json(kFormatName)},
                           {"session", Json(session.id)},
                           {"name", Json(session.name)},
                           {"key_id", Json(key.identity().hex())},
                           {"details", session.details}});
}

bool is_kept_type(std::string_view type) {
  return type == kStartedType || type == kEndedType || type == kSealType || type == kLostType;
}

}  // namespace

bool is_session_id(std::string_view id) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return id.size() == kIdDigits && std::ranges::all_of(id, is_digit);
}

struct AuditLog::Impl {
  std::optional<SessionHome> home;  // none: Keep::Nothing
  OwnedFd file;
  std::string path;
  std::string id;
  const Clock* clock;
  KeyChain key;
  crypto::Sha256 head;
  std::uint64_t sequence = 0;
  off_t size = 0;
  std::string last_line = {};  // with its newline: close() keeps a copy of the seal
  bool closed = false;
  bool unsynced = false;
  bool anchored = false;  // key and directories are on disk
  std::optional<Error> unsound = {};
  std::optional<Error> seal_fault = {};
  std::uint64_t lost = 0;  // events since the last line that could not be recorded

  Result<Receipt> append(std::string_view type, const Json& event, Durability durability);
  Result<Receipt> append_line(std::string_view type, const Json& event, Durability durability);
  Result<void> tell_lost();
  Result<void> flush();
  Result<void> put(std::string_view line);
  Result<void> sync();
  Result<void> write_back();
  void take_back(const Error& because);
  Result<Receipt> seal();
};

// take_back removes what a failed append left; readers would take half a line for a crash.
void AuditLog::Impl::take_back(const Error& because) {
  if (::ftruncate(BorrowedFd(file).raw(), size) != 0) {
    unsound = because;
  }
}

Result<void> AuditLog::Impl::put(std::string_view line) {
  off_t at = size;
  while (!line.empty()) {
    const ssize_t written = ::pwrite(BorrowedFd(file).raw(), line.data(), line.size(), at);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return fail_errno(written < 0 ? errno : EIO, doing("write to the audit log", path));
    }
    at += written;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// write_back puts on disk what makes the lines so far stand there: once the way to them, then them.
Result<void> AuditLog::Impl::write_back() {
  if (home && !anchored) {
    NONO_CHECK(home->sync());
    anchored = true;
  }
  int failed = 0;
  while ((failed = ::fdatasync(BorrowedFd(file).raw())) != 0 && errno == EINTR) {
  }
  return failed == 0 ? Result<void>{}
                     : fail_errno(errno, doing("write to disk the audit log", path));
}

Result<void> AuditLog::Impl::sync() {
  auto done = write_back();
  if (done) {
    unsynced = false;
  } else if (done.error().code() != ENOSPC && done.error().code() != EDQUOT) {
    // After EIO the kernel has dropped the pages and would report success the next time.
    unsound = done.error();
  }
  return done;
}

// append counts what is lost: a log that verifies must not look as if nothing had happened while
// the disk was full.
Result<Receipt> AuditLog::Impl::append(std::string_view type, const Json& event,
                                       Durability durability) {
  auto told = tell_lost();
  auto receipt = told ? append_line(type, event, durability)
                      : Result<Receipt>(std::unexpected(std::move(told).error()));
  if (!receipt && !closed && receipt.error().kind() != ErrorKind::InvalidInput) {
    ++lost;  // InvalidInput: no event
  }
  return receipt;
}

Result<void> AuditLog::Impl::tell_lost() {
  if (lost == 0) {
    return {};
  }
  NONO_CHECK(append_line(kLostType, Json(Json::Object{{"count", Json(lost)}}), Durability::Lazy));
  lost = 0;
  return {};
}

Result<Receipt> AuditLog::Impl::append_line(std::string_view type, const Json& event,
                                            Durability durability) {
  if (unsound) {
    return std::unexpected(Error(*unsound));
  }
  if (closed) {
    return fail(ErrorKind::Internal, "the audit log is closed: " + printable(path));
  }
  NONO_TRY(const std::string members, event_text(event, kMaxEventBytes));
  std::string line = authenticated_text(
      {.sequence = sequence, .time = clock->now(), .pid = ::getpid(), .type = type, .prev = head},
      members);
  finish_line(line, key.mac(line));
  const crypto::Sha256 digest = crypto::Sha256::of(line);
  line += '\n';
  auto done = put(line);
  if (done && durability == Durability::Durable) {
    done = sync();
  }
  if (!done) {
    take_back(done.error());
    return std::unexpected(std::move(done).error());
  }
  unsynced = durability == Durability::Lazy;
  size += static_cast<off_t>(line.size());
  last_line = std::move(line);
  head = digest;
  key.step();
  return Receipt(sequence++, head);
}

Result<void> AuditLog::Impl::flush() {
  if (unsound) {
    return std::unexpected(Error(*unsound));
  }
  return unsynced ? sync() : Result<void>{};
}

// A session in which nothing was decided ends without waiting for the disk.
Result<Receipt> AuditLog::Impl::seal() {
  constexpr std::uint64_t kStartAndEnd = 2;
  const Durability durability = sequence > kStartAndEnd ? Durability::Durable : Durability::Lazy;
  NONO_TRY(Receipt receipt,
           append(kSealType, Json(Json::Object{{"lines", Json(sequence)}}), durability));
  closed = true;
  if (auto copied = home ? home->write_file(kSealFile, last_line) : Result<void>(); !copied) {
    seal_fault = std::move(copied).error();
  }
  return receipt;
}

AuditLog::AuditLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditLog::AuditLog(AuditLog&&) noexcept = default;
AuditLog& AuditLog::operator=(AuditLog&&) noexcept = default;
AuditLog::~AuditLog() = default;

Result<AuditLog> AuditLog::create(const std::string& directory, const SessionInfo& session,
                                  const Clock& clock, Keep keep) {
  if (!is_session_id(session.id)) {
    return fail(ErrorKind::InvalidInput,
                "a session id has 16 lower-case hexadecimal digits: " + printable(session.id));
  }
  NONO_TRY(KeyChain key, KeyChain::generate());
  NONO_TRY(const Json genesis, genesis_event(session, key));
  NONO_TRY(SessionHome home, SessionHome::create(directory, session.id));
  const crypto::Secret key_text = key.file_text();
  NONO_CHECK(home.write_file(kKeyFile,
                             key_text.text(crypto::SecretAccess::i_will_not_log_or_store_this())));
  NONO_TRY(OwnedFd events, home.create_file(kEventsFile));
  // Only tells readers that the session runs; a file system without locks costs that, no more.
  ::flock(BorrowedFd(events).raw(), LOCK_EX | LOCK_NB);
  std::string path = home.path_of(kEventsFile);
  auto impl = std::make_unique<Impl>(Impl{.home = std::nullopt,
                                          .file = std::move(events),
                                          .path = std::move(path),
                                          .id = session.id,
                                          .clock = &clock,
                                          .key = std::move(key),
                                          .head = no_digest()});
  SessionHome& made = impl->home.emplace(std::move(home));
  NONO_CHECK(impl->append(kStartedType, genesis, Durability::Lazy));
  if (keep == Keep::Nothing) {
    impl->home.reset();  // removes the names
  } else {
    made.keep();
  }
  return AuditLog(std::move(impl));
}

Result<Receipt> AuditLog::append(std::string_view type, const Json& event, Durability durability) {
  if (!is_event_type(type) || is_kept_type(type)) {
    return fail(ErrorKind::InvalidInput, "not a type of audit event: " + printable(type));
  }
  return impl_->append(type, event, durability);
}

void AuditLog::count_lost(std::uint64_t events) {
  impl_->lost += events;
}

Result<void> AuditLog::flush() {
  return impl_->flush();
}

Result<Receipt> AuditLog::close(const Json& event) {
  NONO_CHECK(impl_->append(kEndedType, event, Durability::Lazy));
  return impl_->seal();
}

const std::optional<Error>& AuditLog::seal_fault() const {
  return impl_->seal_fault;
}

const std::string& AuditLog::id() const {
  return impl_->id;
}

const std::string& AuditLog::path() const {
  return impl_->path;
}

std::uint64_t AuditLog::bytes() const {
  return static_cast<std::uint64_t>(impl_->size);
}

}  // namespace nono::ledger
