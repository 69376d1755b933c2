// tests/ledger/recorded_session.cc: real logs on the real file system.
#include "recorded_session.h"

#include <fcntl.h>
#include <ftw.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/files.h"

namespace nono::ledger {
namespace {

int remove_entry(const char* path, const struct stat*, int, struct FTW*) {
  return ::remove(path);
}

}  // namespace

AuditDirectory::AuditDirectory() : base_("/tmp/nono-ledger-XXXXXX") {
  if (::mkdtemp(base_.data()) == nullptr) {
    std::abort();
  }
}

AuditDirectory::~AuditDirectory() {
  ::nftw(base_.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

std::string AuditDirectory::file(const char* name, const std::string& session) const {
  return path() + "/" + session + "/" + name;
}

AuditLog AuditDirectory::start(const std::string& session) const {
  auto log = AuditLog::create(path(), session_info(session), clock_);
  if (!log) {
    ADD_FAILURE() << log.error().message();
    std::abort();
  }
  return *std::move(log);
}

crypto::Sha256 AuditDirectory::record(int events, const std::string& session) const {
  AuditLog log = start(session);
  for (int i = 0; i < events; ++i) {
    const Json event(Json::Object{{"path", Json("/work/file" + std::to_string(i))},
                                  {"allowed", Json(i % 2 == 0)}});
    EXPECT_TRUE(log.append("decision", event, Durability::Lazy));
  }
  const auto closed = log.close(Json(Json::Object{{"exit_code", Json(3)}}));
  EXPECT_TRUE(closed);
  return closed->head();
}

std::string AuditDirectory::events_text(const std::string& session) const {
  return slurp(file(kEventsFile, session));
}

std::vector<std::string> AuditDirectory::lines(const std::string& session) const {
  return split_lines(events_text(session));
}

void AuditDirectory::put(const char* name, std::string_view bytes,
                         const std::string& session) const {
  const auto done = replace_file(file(name, session), bytes, 0600);
  EXPECT_TRUE(done) << done.error().message();
}

void AuditDirectory::put_lines(const std::vector<std::string>& lines) const {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  put(kEventsFile, text);
}

SessionInfo session_info(const std::string& id) {
  Json::Array command{Json("echo"), Json("two words")};
  return {.id = id,
          .name = "a name",
          .details = Json(Json::Object{{"command", Json(std::move(command))}})};
}

std::string slurp(const std::string& path) {
  auto text = read_file(path, 64u << 20);
  EXPECT_TRUE(text) << text.error().message();
  return text ? *std::move(text) : std::string();
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    lines.push_back(text.substr(start, end - start));
  }
  return lines;
}

}  // namespace nono::ledger
