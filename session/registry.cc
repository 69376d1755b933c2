#include "session/registry.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "sandbox/process_tree.h"
#include "session/control.h"

namespace nono::session {
namespace {

constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kLeastPrefix = 4;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxEntry = 1u << 20;
constexpr std::size_t kMaxWords = 64;  // of a command; what follows is left out
constexpr std::size_t kMaxWord = 4096;
constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kDraftSuffix = ".new";
constexpr int kDraftAttempts = 100;
constexpr const char* kNamesLock = ".names";
constexpr std::string_view kHexPrefix = "hex:";  // no path begins so
constexpr JsonLimits kEntryLimits{.bytes = kMaxEntry};

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '_' || c == '-';
}

// path_text is the path itself, which a sweep goes by, though JSON has no room for every byte.
std::string path_text(const std::string& path) {
  return is_utf8(path) ? path : std::string(kHexPrefix) + hex_encode(as_bytes(path));
}

std::string path_in(std::string text) {
  const auto bytes =
      text.starts_with(kHexPrefix) ? hex_decode(text.substr(kHexPrefix.size())) : std::nullopt;
  return bytes ? std::string(as_text(*bytes)) : std::move(text);
}

std::string entry_name(const SessionRecord& record) {
  return record.id + std::string(kSuffix);
}

Json to_json(const SessionRecord& record) {
  Json::Array command;
  for (const std::string& word : record.command) {
    if (command.size() < kMaxWords) {
      command.emplace_back(printable(word.substr(0, kMaxWord)));
    }
  }
  return Json::Object{{"schema", "nono/session/1"},
                      {"id", record.id},
                      {"name", record.name},
                      {"supervisor", static_cast<std::int64_t>(record.supervisor)},
                      {"start_ticks", record.start_ticks},
                      {"started", record.started},
                      {"command", std::move(command)},
                      {"working_directory", printable(record.working_directory)},
                      {"temporary", path_text(record.temporary)},
                      {"temporary_device", record.temporary_device},
                      {"temporary_inode", record.temporary_inode},
                      {"control_group", path_text(record.control_group)}};
}

std::string text_in(const Json& json, std::string_view key) {
  const Json* found = json.find(key);
  return found != nullptr && found->string() != nullptr ? *found->string() : std::string();
}

std::uint64_t number_in(const Json& json, std::string_view key) {
  const Json* found = json.find(key);
  const std::int64_t* number = found == nullptr ? nullptr : found->integer();
  return number != nullptr && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::optional<SessionRecord> from_json(const Json& json) {
  SessionRecord out;
  out.id = text_in(json, "id");
  out.name = text_in(json, "name");
  out.supervisor = static_cast<pid_t>(number_in(json, "supervisor"));
  out.start_ticks = number_in(json, "start_ticks");
  out.started = text_in(json, "started");
  out.working_directory = text_in(json, "working_directory");
  out.temporary = path_in(text_in(json, "temporary"));
  out.temporary_device = number_in(json, "temporary_device");
  out.temporary_inode = number_in(json, "temporary_inode");
  out.control_group = path_in(text_in(json, "control_group"));
  if (const Json* command = json.find("command");
      command != nullptr && command->array() != nullptr) {
    for (const Json& word : *command->array()) {
      out.command.push_back(word.string() == nullptr ? std::string() : *word.string());
    }
  }
  const bool whole = out.id.size() == kIdDigits && is_hexadecimal(out.id) && out.supervisor > 0 &&
                     out.start_ticks > 0;
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

SessionState state_of(const SessionRecord& record, BorrowedFd file) {
  if (sandbox::lives(record.supervisor, record.start_ticks)) {
    return SessionState::Running;
  }
  const bool held = ::flock(file.raw(), LOCK_SH | LOCK_NB) != 0;
  return held ? SessionState::Elsewhere : SessionState::Stale;
}

// has_name: who ends by itself takes the name of its entry away before it lets go of the lock.
bool has_name(BorrowedFd file) {
  struct stat status{};
  return ::fstat(file.raw(), &status) == 0 && status.st_nlink > 0;
}

// read_entry looks at the opened object: a regular file of this user's, under its own id.
std::optional<ListedSession> read_entry(BorrowedFd directory, const std::string& name) {
  const auto file = open_regular(directory, name, FollowLinks::No);
  struct stat status{};
  if (!file || ::fstat(BorrowedFd(*file).raw(), &status) != 0 || status.st_uid != ::geteuid()) {
    return std::nullopt;
  }
  const auto text = read_capped(*file, kMaxEntry, name);
  const auto json = text ? Json::parse(*text, kEntryLimits) : Result<Json>(Json());
  auto record = json ? from_json(*json) : std::nullopt;
  if (!record || entry_name(*record) != name) {
    return std::nullopt;
  }
  const SessionState state = state_of(*record, *file);
  if (state == SessionState::Stale && !has_name(*file)) {
    return std::nullopt;
  }
  return ListedSession{*std::move(record), state};
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool locked(const OwnedFd& fd) {
  return fd.valid() && ::flock(BorrowedFd(fd).raw(), LOCK_EX) == 0;
}

// names_lock is held from the look at the names to the writing of one's own. It is the directory's:
// a file that root made here would keep its owner out for good. On NFS (EBADF, flock(2)) only what
// is open for writing is locked, which a directory never is: there it is a file all the same.
Result<OwnedFd> names_lock(const std::string& directory) {
  OwnedFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (locked(lock)) {
    return lock;
  }
  if (lock.valid() && errno == EBADF) {
    lock = OwnedFd(::open(join_path(directory, kNamesLock).c_str(),
                          O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (locked(lock)) {
      return lock;
    }
  }
  return fail_errno(errno, "locking the names of sessions");
}

Result<void> check_name(const std::string& directory, const std::string& name) {
  NONO_TRY(const std::vector<ListedSession> sessions, list_sessions(directory));
  for (const ListedSession& session : sessions) {
    if (session.state != SessionState::Stale && session.record.name == name) {
      return std::unexpected(Error(ErrorKind::PermissionDenied, "--name " + name + ": session " +
                                                                    session.record.id +
                                                                    " has that name and is running")
                                 .mend_with("nono stop " + name + ", or choose another name"));
    }
  }
  return {};
}

int create(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                S_IRUSR | S_IWUSR);
}

// create_draft makes the directory only where it turns out to be missing.
Result<OwnedFd> create_draft(const std::string& directory, const std::string& path) {
  OwnedFd file(create(path));
  if (!file.valid() && errno == ENOENT) {
    NONO_CHECK(make_private_directories(directory));
    file = OwnedFd(create(path));
  }
  // A sweep holds the lock for a moment, before it removes the draft.
  if (!file.valid() || ::flock(BorrowedFd(file).raw(), LOCK_EX) != 0) {
    return fail_errno(errno, "making the entry of this session, " + printable(path));
  }
  return file;
}

// place_entry is the entry, whole and locked before it has its name; not valid where a sweep took
// the draft before it was locked.
Result<OwnedFd> place_entry(const std::string& directory, const SessionRecord& record) {
  const std::string draft = join_path(directory, record.id + std::string(kDraftSuffix));
  const std::string path = join_path(directory, entry_name(record));
  NONO_TRY(OwnedFd file, create_draft(directory, draft));
  auto placed = write_all(file, to_json(record).compact());
  if (placed && ::rename(draft.c_str(), path.c_str()) != 0) {
    if (errno == ENOENT) {
      return OwnedFd();
    }
    placed = fail_errno(errno, "naming the entry of this session, " + printable(path));
  }
  if (!placed) {
    ::unlink(draft.c_str());
    return std::unexpected(std::move(placed).error());
  }
  return file;
}

// hold_name is the lock of the names where there is a name to hold.
Result<OwnedFd> hold_name(const std::string& directory, const std::string& name) {
  if (name.empty()) {
    return OwnedFd();
  }
  NONO_CHECK(make_private_directories(directory));
  NONO_TRY(OwnedFd names, names_lock(directory));
  NONO_CHECK(check_name(directory, name));
  return names;
}

struct Listing {
  std::unique_ptr<DIR, CloseDirectory> stream;
  BorrowedFd directory() const { return BorrowedFd::unowned(::dirfd(stream.get())); }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this thread's own
    for (const dirent* each = nullptr; (each = ::readdir(stream.get())) != nullptr;) {
      out.emplace_back(each->d_name);
    }
    return out;
  }
};

Result<Listing> open_listing(const std::string& directory) {
  OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno(errno, "listing the sessions in " + printable(directory));
  }
  Listing out{std::unique_ptr<DIR, CloseDirectory>(::fdopendir(fd.release()))};
  return out.stream ? Result<Listing>(std::move(out))
                    : fail(ErrorKind::System, "listing the sessions: no memory");
}

// hold_abandoned locks a draft, or an entry without a byte, of a process that ended before it was
// whole; not valid where it is none.
OwnedFd hold_abandoned(BorrowedFd directory, const std::string& name, bool draft) {
  auto file = open_regular(directory, name, FollowLinks::No);
  struct stat status{};
  const bool ours = file && ::fstat(BorrowedFd(*file).raw(), &status) == 0 &&
                    status.st_uid == ::geteuid() && (draft || status.st_size == 0);
  return ours && ::flock(BorrowedFd(*file).raw(), LOCK_EX | LOCK_NB) == 0 ? *std::move(file)
                                                                          : OwnedFd();
}

void sweep_name(BorrowedFd directory, const std::string& id, const std::string& name) {
  const std::string entry = id + std::string(kSuffix);
  if (name == socket_name(id)) {
    if (::faccessat(directory.raw(), entry.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
        errno == ENOENT) {
      ::unlinkat(directory.raw(), name.c_str(), 0);
    }
    return;
  }
  const bool draft = name == id + std::string(kDraftSuffix);
  const OwnedFd held = draft || name == entry ? hold_abandoned(directory, name, draft) : OwnedFd();
  if (held.valid()) {
    ::unlinkat(directory.raw(), name.c_str(), 0);
  }
}

}  // namespace

bool is_session_name(std::string_view name) {
  const bool like_an_id =
      name.size() >= kLeastPrefix && name.size() <= kIdDigits && is_hexadecimal(name);
  return !name.empty() && name.size() <= kMaxName && !name.starts_with('-') &&
         std::ranges::all_of(name, is_name_character) && !like_an_id;
}

LiveSession::LiveSession(OwnedFd file, std::string path)
    : file_(std::move(file)), path_(std::move(path)), owner_(::getpid()) {}

LiveSession::~LiveSession() {
  if (file_.valid() && owner_ == ::getpid()) {
    ::unlink(path_.c_str());
  }
}

Result<LiveSession> LiveSession::enter(const std::string& directory, SessionRecord record) {
  record.supervisor = ::getpid();
  record.start_ticks = sandbox::start_of(record.supervisor);
  NONO_TRY(const OwnedFd names, hold_name(directory, record.name));
  OwnedFd file;
  for (int attempt = 0; !file.valid() && attempt < kDraftAttempts; ++attempt) {
    NONO_TRY(file, place_entry(directory, record));
  }
  if (!file.valid()) {
    return fail(ErrorKind::System, "the entry of this session is removed again and again");
  }
  return LiveSession{std::move(file), join_path(directory, entry_name(record))};
}

Result<std::vector<ListedSession>> list_sessions(const std::string& directory) {
  std::vector<ListedSession> out;
  auto listing = open_listing(directory);
  if (!listing && listing.error().kind() == ErrorKind::NotFound) {
    return out;
  }
  if (!listing) {
    return std::unexpected(std::move(listing).error());
  }
  for (const std::string& name : listing->names()) {
    auto entry = name.ends_with(kSuffix) ? read_entry(listing->directory(), name) : std::nullopt;
    if (entry) {
      out.push_back(*std::move(entry));
    }
  }
  std::ranges::sort(out, {}, [](const ListedSession& one) {
    return std::pair(one.record.started, one.record.id);
  });
  return out;
}

void sweep_dead_starts(const std::string& directory) {
  const auto listing = open_listing(directory);
  if (!listing) {
    return;
  }
  for (const std::string& name : listing->names()) {
    const std::string id = name.substr(0, kIdDigits);
    if (id.size() == kIdDigits && is_hexadecimal(id)) {
      sweep_name(listing->directory(), id, name);
    }
  }
}

Result<ListedSession> find_session(const std::vector<ListedSession>& sessions,
                                   std::string_view wanted) {
  const ListedSession* found = nullptr;
  const bool prefix = wanted.size() >= kLeastPrefix;
  for (const ListedSession& session : sessions) {
    const bool fits =
        session.record.name == wanted || (prefix && session.record.id.starts_with(wanted));
    if (!fits || session.state == SessionState::Stale) {
      continue;
    }
    if (found != nullptr) {
      return std::unexpected(
          Error(ErrorKind::Usage, "several running sessions fit " + printable(wanted))
              .mend_with("give the whole id: nono ps"));
    }
    found = &session;
  }
  if (found == nullptr) {
    return std::unexpected(
        Error(ErrorKind::NotFound, "no session " + printable(wanted) + " is running")
            .mend_with("nono ps"));
  }
  return *found;
}

void remove_entry(const std::string& directory, const SessionRecord& record) {
  ::unlink(join_path(directory, socket_name(record.id)).c_str());
  ::unlink(join_path(directory, entry_name(record)).c_str());
}

}  // namespace nono::session
