// tests/ledger/audit_reader_test.cc
#include "ledger/audit_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/files.h"
#include "recorded_session.h"

namespace nono::ledger {
namespace {

constexpr const char* kOther = "ffffffffffffffff";

std::vector<SessionSummary> sessions_of(const AuditDirectory& directory) {
  const auto sessions = list_sessions(directory.path());
  EXPECT_TRUE(sessions) << sessions.error().message();
  return sessions ? *sessions : std::vector<SessionSummary>{};
}

TEST(AuditReaderTest, MissingDirectoryHasNoSessions) {
  const AuditDirectory directory;
  EXPECT_TRUE(sessions_of(directory).empty());
}

TEST(AuditReaderTest, FileInPlaceOfTheDirectoryIsAnError) {
  const AuditDirectory directory;
  ASSERT_TRUE(create_file(directory.base() + "/file", "x", 0600));
  EXPECT_FALSE(list_sessions(directory.base() + "/file"));
}

TEST(AuditReaderTest, SealedSessionIsSummarised) {
  const AuditDirectory directory;
  directory.record(2);
  const auto sessions = sessions_of(directory);
  ASSERT_EQ(sessions.size(), 1U);
  const SessionSummary& session = sessions[0];
  EXPECT_EQ(session.id, kSession);
  EXPECT_EQ(session.name, "a name");
  EXPECT_EQ(session.command, "echo 'two words'");
  EXPECT_EQ(session.started, "2023-11-14T22:13:21.000000000Z");
  EXPECT_EQ(session.ended, "2023-11-14T22:13:24.000000000Z");
  EXPECT_EQ(session.events, 5U);
  EXPECT_EQ(session.exit_code, 3);
  EXPECT_FALSE(session.running);
}

TEST(AuditReaderTest, RunningSessionIsToldFromAnAbortedOne) {
  const AuditDirectory directory;
  {
    const AuditLog log = directory.start();
    EXPECT_TRUE(sessions_of(directory).at(0).running);
  }
  const SessionSummary aborted = sessions_of(directory).at(0);
  EXPECT_FALSE(aborted.running);
  EXPECT_EQ(aborted.ended, "");
  EXPECT_FALSE(aborted.exit_code);
}

TEST(AuditReaderTest, NewestComesFirstAndUnreadableLast) {
  const AuditDirectory directory;
  directory.record(0);
  directory.record(0, kOther);  // the clock goes on
  ASSERT_EQ(::mkdir((directory.path() + "/0000000000000000").c_str(), 0700), 0);
  const auto sessions = sessions_of(directory);
  ASSERT_EQ(sessions.size(), 3U);
  EXPECT_EQ(sessions[0].id, kOther);
  EXPECT_EQ(sessions[1].id, kSession);
  EXPECT_EQ(sessions[2].id, "0000000000000000");
  EXPECT_EQ(sessions[2].started, "");
}

TEST(AuditReaderTest, OtherNamesAreNoSessions) {
  const AuditDirectory directory;
  directory.record(0);
  ASSERT_TRUE(create_file(directory.path() + "/notes.txt", "x", 0600));
  EXPECT_EQ(sessions_of(directory).size(), 1U);
}

TEST(AuditReaderTest, HostileFilesInPlaceOfALogAreListedWithoutAStart) {
  const AuditDirectory directory;
  directory.record(0);
  const std::string log = directory.file(kEventsFile);
  ASSERT_EQ(::unlink(log.c_str()), 0);
  ASSERT_EQ(::mkfifo(log.c_str(), 0600), 0);
  EXPECT_EQ(sessions_of(directory).at(0).started, "");
  ASSERT_EQ(::unlink(log.c_str()), 0);
  ASSERT_EQ(::symlink("/etc/passwd", log.c_str()), 0);
  EXPECT_EQ(sessions_of(directory).at(0).started, "");
  EXPECT_EQ(sessions_of(directory).at(0).events, 0U);
}

TEST(AuditReaderTest, EventsComeInOrder) {
  const AuditDirectory directory;
  directory.record(3);
  const auto events = read_events(directory.path(), kSession);
  ASSERT_TRUE(events) << events.error().message();
  ASSERT_EQ(events->size(), 6U);
  for (std::size_t i = 0; i < events->size(); ++i) {
    EXPECT_EQ(*(*events)[i].find("sequence")->integer(), static_cast<std::int64_t>(i));
  }
}

TEST(AuditReaderTest, TornLastLineIsLeftOut) {
  const AuditDirectory directory;
  directory.record(1);
  const std::string text = directory.events_text();
  directory.put(kEventsFile, text.substr(0, text.size() - 10));
  const auto events = read_events(directory.path(), kSession);
  ASSERT_TRUE(events);
  EXPECT_EQ(events->size(), 3U);
}

TEST(AuditReaderTest, BadLineIsNamedWithItsNumber) {
  const AuditDirectory directory;
  directory.record(1);
  auto lines = directory.lines();
  lines[1] = "not json";
  directory.put_lines(lines);
  const auto events = read_events(directory.path(), kSession);
  ASSERT_FALSE(events);
  EXPECT_NE(events.error().message().find("line 2"), std::string::npos);
  EXPECT_EQ(events.error().remedy(), std::string("nono audit verify ") + kSession);
}

TEST(AuditReaderTest, TooLongLineIsNamedWithItsNumber) {
  const AuditDirectory directory;
  directory.record(1);
  directory.put_lines({directory.lines()[0], std::string(100'000, 'x')});
  const auto events = read_events(directory.path(), kSession);
  ASSERT_FALSE(events);
  EXPECT_NE(events.error().message().find("line 2: longer"), std::string::npos);
}

TEST(AuditReaderTest, UnknownSessionIsNotFound) {
  const AuditDirectory directory;
  directory.record(0);
  const auto events = read_events(directory.path(), kOther);
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().kind(), ErrorKind::NotFound);
}

TEST(AuditReaderTest, BadSessionIdIsUsage) {
  const AuditDirectory directory;
  directory.record(0);
  for (const char* id : {"", "..", "../audit/00112233aabbccdd", "00112233AABBCCDD"}) {
    const auto events = read_events(directory.path(), id);
    ASSERT_FALSE(events) << id;
    EXPECT_EQ(events.error().kind(), ErrorKind::Usage);
    EXPECT_EQ(events.error().remedy(), "nono audit list");
  }
}

}  // namespace
}  // namespace nono::ledger
