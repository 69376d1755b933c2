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
constexpr const char* kNamesLock = ".names";
constexpr JsonLimits kEntryLimits{.bytes = kMaxEntry};

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '_' || c == '-';
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
                      {"temporary", printable(record.temporary)},
                      {"temporary_device", record.temporary_device},
                      {"temporary_inode", record.temporary_inode},
                      {"control_group", printable(record.control_group)}};
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
  out.temporary = text_in(json, "temporary");
  out.temporary_device = number_in(json, "temporary_device");
  out.temporary_inode = number_in(json, "temporary_inode");
  out.control_group = text_in(json, "control_group");
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
  return ListedSession{*std::move(record), state};
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// names_lock is held from the look at the names to the writing of one's own.
Result<OwnedFd> names_lock(const std::string& directory) {
  OwnedFd lock(::open(join_path(directory, kNamesLock).c_str(),
                      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!lock.valid() || ::flock(BorrowedFd(lock).raw(), LOCK_EX) != 0) {
    return fail_errno(errno, "locking the names of sessions");
  }
  return lock;
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

// create_entry makes the directory only where it turns out to be missing.
Result<OwnedFd> create_entry(const std::string& directory, const std::string& path) {
  OwnedFd file(create(path));
  if (!file.valid() && errno == ENOENT) {
    NONO_CHECK(make_private_directories(directory));
    file = OwnedFd(create(path));
  }
  if (!file.valid()) {
    return fail_errno(errno, "making the entry of this session, " + printable(path));
  }
  ::flock(BorrowedFd(file).raw(), LOCK_EX | LOCK_NB);  // nobody else has it: it was not there
  return file;
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
  OwnedFd names;
  if (!record.name.empty()) {
    NONO_CHECK(make_private_directories(directory));
    NONO_TRY(names, names_lock(directory));
    NONO_CHECK(check_name(directory, record.name));
  }
  const std::string path = join_path(directory, entry_name(record));
  NONO_TRY(OwnedFd file, create_entry(directory, path));
  LiveSession out{std::move(file), path};
  NONO_CHECK(write_all(out.file_, to_json(record).compact()));
  return out;
}

Result<std::vector<ListedSession>> list_sessions(const std::string& directory) {
  std::vector<ListedSession> out;
  OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return errno == ENOENT ? Result<std::vector<ListedSession>>(std::move(out))
                           : fail_errno(errno, "listing the sessions in " + printable(directory));
  }
  const std::unique_ptr<DIR, CloseDirectory> listing(::fdopendir(fd.release()));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  for (const dirent* each = nullptr; listing && (each = ::readdir(listing.get())) != nullptr;) {
    const std::string name = each->d_name;
    if (!name.ends_with(kSuffix)) {
      continue;
    }
    if (auto entry = read_entry(BorrowedFd::unowned(::dirfd(listing.get())), name)) {
      out.push_back(*std::move(entry));
    }
  }
  std::ranges::sort(out, {}, [](const ListedSession& one) {
    return std::pair(one.record.started, one.record.id);
  });
  return out;
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
