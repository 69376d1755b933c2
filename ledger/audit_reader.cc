// ledger/audit_reader.cc: listing and showing logs.
#include "ledger/audit_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ledger/audit_line.h"
#include "ledger/audit_log.h"
#include "ledger/line_reader.h"
#include "ledger/session_files.h"

namespace nono::ledger {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<std::vector<std::string>> session_ids(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(directory.c_str()));
  if (!listing && errno == ENOENT) {
    return std::vector<std::string>{};
  }
  if (!listing) {
    return fail_errno(errno, "list the audit directory " + printable(directory));
  }
  std::vector<std::string> ids;
  errno = 0;
  while (const dirent* entry = ::readdir(listing.get())) {  // NOLINT(concurrency-mt-unsafe)
    if (is_session_id(entry->d_name)) {
      ids.emplace_back(entry->d_name);
    }
  }
  if (errno != 0) {
    return fail_errno(errno, "list the audit directory " + printable(directory));
  }
  return ids;
}

// Ends keeps the lines of a log that a summary is made of.
struct Ends {
  std::string first;
  std::string before_last;
  std::string last;
  std::uint64_t lines = 0;
  std::uint64_t lost = 0;
};

// lost_in looks closer only at a line that can be one: this is for every line of every log.
std::uint64_t lost_in(std::string_view text) {
  if (!text.contains("\"type\":\"records_lost\"")) {
    return 0;
  }
  const auto line = parse_audit_line(text);
  return line ? lost_records(*line) : 0;
}

Result<Ends> ends_of(BorrowedFd log) {
  LineReader reader(log);
  Ends ends;
  while (true) {
    NONO_TRY(const LineReader::Step step, reader.next());
    if (step.kind != LineReader::Kind::Line) {
      return ends;
    }
    if (ends.lines++ == 0) {
      ends.first = step.text;
    }
    ends.lost += lost_in(step.text);
    ends.before_last.swap(ends.last);
    ends.last = step.text;
  }
}

std::string text_member(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  const std::string* text = member == nullptr ? nullptr : member->string();
  return text == nullptr ? std::string() : *text;
}

std::string command_of(const Json& genesis) {
  const Json* details = genesis.find("details");
  const Json* command = details == nullptr ? nullptr : details->find("command");
  const Json::Array* words = command == nullptr ? nullptr : command->array();
  std::string line;
  for (const Json& word : words == nullptr ? Json::Array{} : *words) {
    line += line.empty() ? "" : " ";
    line += shell_quote(word.string() == nullptr ? std::string() : *word.string());
  }
  return line;
}

void add_start(SessionSummary& summary, const std::string& line) {
  const auto parsed = parse_audit_line(line);
  if (!parsed || parsed->type != kStartedType) {
    return;
  }
  summary.name = text_member(parsed->json, "name");
  summary.started = text_member(parsed->json, "time");
  summary.command = command_of(parsed->json);
}

void add_end(SessionSummary& summary, const std::string& line) {
  const auto parsed = parse_audit_line(line);
  if (!parsed || parsed->type != kEndedType) {
    return;
  }
  summary.ended = text_member(parsed->json, "time");
  const Json* code = parsed->json.find("exit_code");
  const std::int64_t* number = code == nullptr ? nullptr : code->integer();
  if (number != nullptr && *number >= std::numeric_limits<int>::min() &&
      *number <= std::numeric_limits<int>::max()) {
    summary.exit_code = static_cast<int>(*number);
  }
}

bool is_held(BorrowedFd log) {
  if (::flock(log.raw(), LOCK_SH | LOCK_NB) == 0) {
    ::flock(log.raw(), LOCK_UN);
    return false;
  }
  return errno == EWOULDBLOCK;
}

SessionSummary summary_of(const std::string& directory, const std::string& id) {
  SessionSummary summary;
  summary.id = id;
  const auto log = open_session_file(directory, id, kEventsFile);
  if (!log) {
    return summary;
  }
  summary.running = is_held(*log);
  const auto ends = ends_of(*log);
  if (!ends || ends->lines == 0) {
    return summary;
  }
  summary.events = ends->lines;
  summary.lost = ends->lost;
  add_start(summary, ends->first);
  add_end(summary, ends->before_last);
  add_end(summary, ends->last);
  return summary;
}

std::unexpected<Error> bad_line(std::string_view id, std::size_t number, std::string_view why) {
  return std::unexpected(Error(ErrorKind::InvalidInput, "session " + std::string(id) + ", line " +
                                                            std::to_string(number) + ": " +
                                                            std::string(why))
                             .mend_with("nono audit verify " + std::string(id)));
}

}  // namespace

Result<OwnedFd> open_session_file(const std::string& directory, std::string_view id,
                                  const char* name) {
  if (!is_session_id(id)) {
    return std::unexpected(
        Error(ErrorKind::Usage, "not a session id (16 hexadecimal digits): " + printable(id))
            .mend_with("nono audit list"));
  }
  NONO_TRY(const OwnedFd all, open_directory(BorrowedFd::unowned(AT_FDCWD), directory));
  NONO_TRY(const OwnedFd own, open_directory(all, std::string(id), FollowLinks::No));
  return open_regular(own, name, FollowLinks::No);
}

Result<std::vector<SessionSummary>> list_sessions(const std::string& directory) {
  NONO_TRY(const std::vector<std::string> ids, session_ids(directory));
  std::vector<SessionSummary> sessions;
  sessions.reserve(ids.size());
  for (const std::string& id : ids) {
    sessions.push_back(summary_of(directory, id));
  }
  // RFC 3339 in UTC with nine digits sorts as text.
  std::ranges::sort(sessions, [](const SessionSummary& a, const SessionSummary& b) {
    return std::pair(a.started, a.id) > std::pair(b.started, b.id);
  });
  return sessions;
}

Result<std::vector<Json>> read_events(const std::string& directory, std::string_view session_id) {
  NONO_TRY(const OwnedFd log, open_session_file(directory, session_id, kEventsFile));
  LineReader reader(log);
  std::vector<Json> events;
  while (true) {
    NONO_TRY(const LineReader::Step step, reader.next());
    const std::size_t number = events.size() + 1;
    switch (step.kind) {
      case LineReader::Kind::End:
      case LineReader::Kind::Torn:
        return events;
      case LineReader::Kind::TooLong:
        return bad_line(session_id, number, "longer than 64 KiB");
      case LineReader::Kind::Line:
        break;
    }
    auto line = parse_audit_line(step.text);
    if (!line) {
      return bad_line(session_id, number, line.error().message());
    }
    events.push_back(std::move(line->json));
  }
}

}  // namespace nono::ledger
