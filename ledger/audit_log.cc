// ledger/audit_log.cc: the writing side.
#include "ledger/audit_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ledger/audit_event.h"
#include "ledger/audit_line.h"
#include "ledger/key_chain.h"

namespace nono::ledger {
namespace {

constexpr std::size_t kIdDigits = 16;

std::string doing(std::string_view what, const std::string& path) {
  return std::string(what) + " " + printable(path);
}

Result<void> sync_directory(BorrowedFd dir, const std::string& path) {
  // EINVAL: this file system has no such operation.
  if (::fsync(dir.raw()) != 0 && errno != EINVAL) {
    return fail_errno(errno, doing("write to disk the directory", path));
  }
  return {};
}

Result<OwnedFd> open_listable(BorrowedFd base, const std::string& path) {
  const int fd =
      ::openat(base.raw(), path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    return fail_errno(errno, doing("open the directory", path));
  }
  return OwnedFd(fd);
}

Result<void> refuse_shared(BorrowedFd dir, const std::string& path) {
  NONO_TRY(const struct stat status, status_of(dir, path));
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::unexpected(Error(ErrorKind::PermissionDenied,
                                 printable(path) + ": others may write to this directory, so an "
                                                   "audit log there would prove nothing")
                               .mend_with("chmod go-w " + shell_quote(path)));
  }
  return {};
}

// Home is the directory of one session; until keep() it is removed with what is in it.
class Home {
 public:
  static Result<Home> create(const std::string& directory, const std::string& id) {
    NONO_CHECK(make_private_directories(directory));
    NONO_TRY(const OwnedFd reached, open_directory(BorrowedFd::unowned(AT_FDCWD), directory));
    NONO_TRY(OwnedFd parent, open_listable(reached, "."));
    NONO_CHECK(refuse_shared(parent, directory));
    const std::string path = join_path(directory, id);
    if (::mkdirat(BorrowedFd(parent).raw(), id.c_str(), 0700) != 0) {
      return fail_errno(errno, doing("create the audit directory", path));
    }
    auto own = open_listable(parent, id);
    if (!own) {
      ::unlinkat(BorrowedFd(parent).raw(), id.c_str(), AT_REMOVEDIR);
      return std::unexpected(std::move(own).error());
    }
    return Home(std::move(parent), *std::move(own), path, id);
  }
  Home(Home&& other) noexcept
      : parent_(std::move(other.parent_)),
        own_(std::move(other.own_)),
        path_(std::move(other.path_)),
        id_(std::move(other.id_)),
        kept_(std::exchange(other.kept_, true)) {}
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  Home& operator=(Home&&) = delete;
  ~Home() {
    if (kept_) {
      return;
    }
    for (const char* name : {kEventsFile, kKeyFile}) {
      ::unlinkat(BorrowedFd(own_).raw(), name, 0);
    }
    ::unlinkat(BorrowedFd(parent_).raw(), id_.c_str(), AT_REMOVEDIR);
  }

  const std::string& path() const { return path_; }
  BorrowedFd fd() const { return own_; }
  void keep() { kept_ = true; }
  Result<void> sync() const {
    NONO_CHECK(sync_directory(own_, path_));
    return sync_directory(parent_, path_);
  }
  Result<OwnedFd> create_events() const {
    const int fd = ::openat(BorrowedFd(own_).raw(), kEventsFile,
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
      return fail_errno(errno, doing("create the audit log", join_path(path_, kEventsFile)));
    }
    OwnedFd events(fd);
    // Only tells readers that the session runs; a file system without locks costs that, no more.
    ::flock(fd, LOCK_EX | LOCK_NB);
    return events;
  }

 private:
  Home(OwnedFd parent, OwnedFd own, std::string path, std::string id)
      : parent_(std::move(parent)),
        own_(std::move(own)),
        path_(std::move(path)),
        id_(std::move(id)) {}
  OwnedFd parent_;
  OwnedFd own_;
  std::string path_;
  std::string id_;
  bool kept_ = false;
};

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
  return type == kStartedType || type == kEndedType || type == kSealType;
}

}  // namespace

bool is_session_id(std::string_view id) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return id.size() == kIdDigits && std::ranges::all_of(id, is_digit);
}

struct AuditLog::Impl {
  OwnedFd file;
  std::string directory;
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
  std::optional<Error> unsound = {};

  Result<Receipt> append(std::string_view type, const Json& event, Durability durability);
  Result<void> flush();
  Result<void> put(std::string_view line);
  Result<void> sync();
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

Result<void> AuditLog::Impl::sync() {
  int failed = 0;
  while ((failed = ::fdatasync(BorrowedFd(file).raw())) != 0 && errno == EINTR) {
  }
  if (failed == 0) {
    unsynced = false;
    return {};
  }
  const int saved = errno;
  Error error = Error::from_errno(saved, doing("write to disk the audit log", path));
  // After EIO the kernel has dropped the pages and would report success the next time.
  if (saved != ENOSPC && saved != EDQUOT) {
    unsound = error;
  }
  return std::unexpected(std::move(error));
}

Result<Receipt> AuditLog::Impl::append(std::string_view type, const Json& event,
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

Result<Receipt> AuditLog::Impl::seal() {
  NONO_TRY(Receipt receipt,
           append(kSealType, Json(Json::Object{{"lines", Json(sequence)}}), Durability::Durable));
  closed = true;
  NONO_CHECK(create_file(join_path(directory, kSealFile), last_line, 0600));
  return receipt;
}

AuditLog::AuditLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditLog::AuditLog(AuditLog&&) noexcept = default;
AuditLog& AuditLog::operator=(AuditLog&&) noexcept = default;
AuditLog::~AuditLog() = default;

Result<AuditLog> AuditLog::create(const std::string& directory, const SessionInfo& session,
                                  const Clock& clock) {
  if (!is_session_id(session.id)) {
    return fail(ErrorKind::InvalidInput,
                "a session id has 16 lower-case hexadecimal digits: " + printable(session.id));
  }
  NONO_TRY(KeyChain key, KeyChain::generate());
  NONO_TRY(const Json genesis, genesis_event(session, key));
  NONO_TRY(Home home, Home::create(directory, session.id));
  const crypto::Secret key_text = key.file_text();
  NONO_CHECK(create_file(join_path(home.path(), kKeyFile),
                         key_text.text(crypto::SecretAccess::i_will_not_log_or_store_this()),
                         0600));
  NONO_TRY(OwnedFd events, home.create_events());
  auto impl = std::make_unique<Impl>(Impl{.file = std::move(events),
                                          .directory = home.path(),
                                          .path = join_path(home.path(), kEventsFile),
                                          .id = session.id,
                                          .clock = &clock,
                                          .key = std::move(key),
                                          .head = no_digest()});
  NONO_CHECK(impl->append(kStartedType, genesis, Durability::Durable));
  NONO_CHECK(home.sync());
  home.keep();
  return AuditLog(std::move(impl));
}

Result<Receipt> AuditLog::append(std::string_view type, const Json& event, Durability durability) {
  if (!is_event_type(type) || is_kept_type(type)) {
    return fail(ErrorKind::InvalidInput, "not a type of audit event: " + printable(type));
  }
  return impl_->append(type, event, durability);
}

Result<void> AuditLog::flush() {
  return impl_->flush();
}

Result<Receipt> AuditLog::close(const Json& event) {
  NONO_CHECK(impl_->append(kEndedType, event, Durability::Lazy));
  return impl_->seal();
}

const std::string& AuditLog::id() const {
  return impl_->id;
}

const std::string& AuditLog::path() const {
  return impl_->path;
}

}  // namespace nono::ledger
