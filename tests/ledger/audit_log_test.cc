// tests/ledger/audit_log_test.cc
#include "ledger/audit_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/files.h"
#include "ledger/audit_line.h"
#include "recorded_session.h"

namespace nono::ledger {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Json object(Json::Object members) {
  return Json(std::move(members));
}

TEST(AuditLogTest, FirstLineTellsTheSession) {
  const AuditDirectory directory;
  const AuditLog log = directory.start();
  const auto lines = directory.lines();
  ASSERT_EQ(lines.size(), 1U);
  const auto line = parse_audit_line(lines[0]);
  ASSERT_TRUE(line) << line.error().message();
  EXPECT_EQ(line->sequence, 0U);
  EXPECT_EQ(line->type, "session_started");
  EXPECT_EQ(line->prev, no_digest());
  EXPECT_EQ(*line->json.find("session")->string(), kSession);
  EXPECT_EQ(*line->json.find("name")->string(), "a name");
  EXPECT_EQ(*line->json.find("format")->string(), "nono.audit/1");
  EXPECT_EQ(*line->json.find("pid")->integer(), ::getpid());
  EXPECT_EQ(*line->json.find("time")->string(), "2023-11-14T22:13:21.000000000Z");
  EXPECT_NE(line->json.find("details")->find("command"), nullptr);
  EXPECT_EQ(log.id(), kSession);
  EXPECT_EQ(log.path(), directory.file(kEventsFile));
}

TEST(AuditLogTest, FilesArePrivateWhateverTheUmask) {
  const AuditDirectory directory;
  const mode_t before = ::umask(0);
  directory.record(1);
  ::umask(before);
  EXPECT_EQ(mode_of(directory.path()), 0700U);
  EXPECT_EQ(mode_of(directory.path() + "/" + kSession), 0700U);
  for (const char* name : {kEventsFile, kKeyFile, kSealFile}) {
    EXPECT_EQ(mode_of(directory.file(name)), 0600U) << name;
  }
}

TEST(AuditLogTest, ALogThatIsNotKeptHasNoName) {
  const AuditDirectory directory;
  const TickingClock clock;
  {
    auto log = AuditLog::create(directory.path(), session_info(), clock, Keep::Nothing);
    ASSERT_TRUE(log) << log.error().message();
    EXPECT_FALSE(exists(directory.path() + "/" + kSession));
    for (const Durability durability : {Durability::Durable, Durability::Lazy}) {
      EXPECT_TRUE(log->append("decision", object({}), durability));
    }
    EXPECT_TRUE(log->flush());
    const auto receipt = log->close(object({}));
    ASSERT_TRUE(receipt) << receipt.error().message();
    EXPECT_EQ(receipt->sequence(), 4U);
    EXPECT_FALSE(log->append("decision", object({}), Durability::Lazy));
  }
  EXPECT_FALSE(exists(directory.path() + "/" + kSession));
  // The id is free again.
  EXPECT_TRUE(AuditLog::create(directory.path(), session_info(), clock));
}

TEST(AuditLogTest, LinesAreChainedAndCounted) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const auto receipt = log.append("decision", object({{"i", Json(i)}}), Durability::Durable);
    ASSERT_TRUE(receipt) << receipt.error().message();
    EXPECT_EQ(receipt->sequence(), i);
    const auto lines = directory.lines();
    ASSERT_EQ(lines.size(), i + 1);
    EXPECT_EQ(receipt->head(), crypto::Sha256::of(lines.back()));
    EXPECT_EQ(parse_audit_line(lines[i])->prev, crypto::Sha256::of(lines[i - 1]));
  }
}

TEST(AuditLogTest, LazyLinesAreThereForReadersAtOnce) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  ASSERT_TRUE(log.append("decision", object({}), Durability::Lazy));
  EXPECT_EQ(directory.lines().size(), 2U);
  EXPECT_TRUE(log.flush());
  EXPECT_TRUE(log.flush());
}

TEST(AuditLogTest, CloseWritesEndAndSealAndACopyOfTheSeal) {
  const AuditDirectory directory;
  const crypto::Sha256 head = directory.record(2);
  const auto lines = directory.lines();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(parse_audit_line(lines[3])->type, "session_ended");
  EXPECT_EQ(*parse_audit_line(lines[3])->json.find("exit_code")->integer(), 3);
  const auto seal = parse_audit_line(lines[4]);
  EXPECT_EQ(seal->type, "session_sealed");
  EXPECT_EQ(*seal->json.find("lines")->integer(), 4);
  EXPECT_EQ(head, crypto::Sha256::of(lines[4]));
  EXPECT_EQ(slurp(directory.file(kSealFile)), lines[4] + "\n");
}

TEST(AuditLogTest, NothingFollowsTheSeal) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  ASSERT_TRUE(log.close(object({})));
  const std::string before = directory.events_text();
  const auto late = log.append("decision", object({}), Durability::Lazy);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind(), ErrorKind::Internal);
  EXPECT_FALSE(log.close(object({})));
  EXPECT_EQ(directory.events_text(), before);
}

TEST(AuditLogTest, TypesOfTheLogItselfAreRefused) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  for (const char* type :
       {"session_started", "session_ended", "session_sealed", "", "Bad Type", "a\"b"}) {
    EXPECT_FALSE(log.append(type, object({}), Durability::Lazy)) << type;
  }
  EXPECT_EQ(directory.lines().size(), 1U);
}

TEST(AuditLogTest, RefusedEventLeavesTheChainWhole) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  EXPECT_FALSE(log.append("decision", object({{"mac", Json("x")}}), Durability::Lazy));
  EXPECT_FALSE(log.append("decision", Json(), Durability::Lazy));
  const auto receipt = log.append("decision", object({}), Durability::Lazy);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->sequence(), 1U);
}

TEST(AuditLogTest, HugeEventIsShortenedToALine) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  const Json event = object({{"prompt", Json(std::string(3u << 20, '\n'))}});
  ASSERT_TRUE(log.append("decision", event, Durability::Lazy));
  const auto lines = directory.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_LE(lines[1].size(), kMaxLineBytes);
  EXPECT_TRUE(parse_audit_line(lines[1]));
}

TEST(AuditLogTest, LargestEventStillFitsItsLine) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  const Json event = object({{"a", Json(std::string(kMaxEventBytes - 6, 'x'))}});
  ASSERT_TRUE(log.append(std::string(64, 't'), event, Durability::Lazy));
  const auto lines = directory.lines();
  EXPECT_NE(lines[1].find(std::string(kMaxEventBytes - 6, 'x')), std::string::npos);
  EXPECT_TRUE(parse_audit_line(lines[1]));
}

TEST(AuditLogTest, MovedLogGoesOn) {
  const AuditDirectory directory;
  AuditLog first = directory.start();
  AuditLog second = std::move(first);
  EXPECT_TRUE(second.append("decision", object({}), Durability::Lazy));
  EXPECT_EQ(directory.lines().size(), 2U);
}

TEST(AuditLogTest, BadSessionIdsAreRefused) {
  const AuditDirectory directory;
  const TickingClock clock;
  for (const char* id : {"", "..", "0011", "00112233AABBCCDD", "00112233aabbccd/",
                         "00112233aabbccdd0", "zz112233aabbccdd"}) {
    const auto log = AuditLog::create(directory.path(), session_info(id), clock);
    ASSERT_FALSE(log) << id;
    EXPECT_EQ(log.error().kind(), ErrorKind::InvalidInput);
  }
  EXPECT_FALSE(exists(directory.path()));
}

TEST(AuditLogTest, DetailsThatAreNoObjectAreRefused) {
  const AuditDirectory directory;
  const TickingClock clock;
  SessionInfo info = session_info();
  info.details = Json("text");
  EXPECT_FALSE(AuditLog::create(directory.path(), info, clock));
  EXPECT_FALSE(exists(directory.path()));
}

TEST(AuditLogTest, IdInUseIsRefusedAndItsLogUntouched) {
  const AuditDirectory directory;
  directory.record(1);
  const std::string before = directory.events_text();
  const TickingClock clock;
  const auto log = AuditLog::create(directory.path(), session_info(), clock);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code(), EEXIST);
  EXPECT_EQ(directory.events_text(), before);
}

TEST(AuditLogTest, DirectoryThatOthersMayWriteToIsRefused) {
  const AuditDirectory directory;
  const std::string shared = directory.base() + "/shared";
  ASSERT_EQ(::mkdir(shared.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(shared.c_str(), 0770), 0);
  const TickingClock clock;
  const auto log = AuditLog::create(shared, session_info(), clock);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().kind(), ErrorKind::PermissionDenied);
  EXPECT_EQ(log.error().remedy(), "chmod go-w " + shared);
  EXPECT_FALSE(exists(shared + "/" + kSession));
}

TEST(AuditLogTest, FileInPlaceOfTheDirectoryIsRefused) {
  const AuditDirectory directory;
  const std::string file = directory.base() + "/file";
  ASSERT_TRUE(create_file(file, "x", 0600));
  const TickingClock clock;
  EXPECT_FALSE(AuditLog::create(file, session_info(), clock));
}

TEST(AuditLogTest, LinkInPlaceOfTheSessionIsRefused) {
  const AuditDirectory directory;
  ASSERT_TRUE(make_private_directories(directory.path()));
  const std::string link = directory.path() + "/" + kSession;
  ASSERT_EQ(::symlink(directory.base().c_str(), link.c_str()), 0);
  const TickingClock clock;
  EXPECT_FALSE(AuditLog::create(directory.path(), session_info(), clock));
  EXPECT_FALSE(exists(directory.base() + "/" + kEventsFile));
}

}  // namespace
}  // namespace nono::ledger
