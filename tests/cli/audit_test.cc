// tests/cli/audit_test.cc: reading records that the ledger wrote.
#include "base/clock.h"
#include "ledger/audit_log.h"
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

class AuditTest : public testing::CliTest {
 protected:
  static constexpr const char* kId = "0123456789abcdef";
  void SetUp() override {
    CliTest::SetUp();
    directory_ = home_ + "/.local/state/nono/audit";
    ASSERT_TRUE(make_private_directories(directory_).has_value());
    ledger::SessionInfo info{
        .id = kId, .name = "demo", .details = Json::Object{{"command", Json::Array{"true"}}}};
    auto log = ledger::AuditLog::create(directory_, info, clock_);
    ASSERT_TRUE(log.has_value()) << log.error().message();
    const Json event = Json::Object{{"path", "/p/CLAUDE.md"}, {"note", "\x1b[2K"}};
    ASSERT_TRUE(log->append("decision", event, ledger::Durability::Lazy).has_value());
    ASSERT_TRUE(log->close(Json::Object{{"exit_code", 0}}).has_value());
  }
  SystemClock clock_;
  std::string directory_;
};

TEST_F(AuditTest, SessionIsListedShownAndVerified) {
  const Outcome list = nono({"audit", "list"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_NE(list.out.find(kId), std::string::npos) << list.out;
  const Outcome show = nono({"audit", "show", kId});
  EXPECT_EQ(show.code, 0);
  EXPECT_NE(show.out.find("decision"), std::string::npos) << show.out;
  EXPECT_NE(show.out.find("/p/CLAUDE.md"), std::string::npos);
  EXPECT_EQ(show.out.find('\033'), std::string::npos);
  const Outcome verified = nono({"audit", "verify", kId});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  EXPECT_TRUE(verified.out.starts_with("VERIFIED  0123456789abcdef")) << verified.out;
}

TEST_F(AuditTest, ChangedLineIsAVerdict) {
  const std::string log = directory_ + "/" + kId + "/events.ndjson";
  ASSERT_EQ(shell("sed -i 's/CLAUDE/AGENTS/' " + log).code, 0);
  const Outcome outcome = nono({"audit", "verify", kId});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.out.starts_with("FAILED    ")) << outcome.out;
  const Json json = parse(nono({"audit", "verify", kId, "--json"}).out);
  EXPECT_EQ(text_at(json, {"state"}), "broken");
}

TEST_F(AuditTest, LogWithoutItsKeySaysSo) {
  ASSERT_EQ(shell("rm " + directory_ + "/" + kId + "/key").code, 0);
  const Outcome outcome = nono({"audit", "verify", kId});
  EXPECT_EQ(outcome.code, 125);
  EXPECT_NE(outcome.err.find("without its key"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("there is no record"), std::string::npos) << outcome.err;
  const Outcome nowhere = nono({"audit", "verify", "ffffffffffffffff"});
  EXPECT_NE(nowhere.err.find("there is no record"), std::string::npos) << nowhere.err;
}

TEST_F(AuditTest, Documents) {
  const Json list = parse(nono({"audit", "list", "--json"}).out);
  EXPECT_EQ(text_at(list, {"sessions", "0", "id"}), kId);
  EXPECT_EQ(text_at(list, {"sessions", "0", "name"}), "demo");
  EXPECT_EQ(text_at(list, {"sessions", "0", "running"}), "false");
  const Json show = parse(nono({"audit", "show", kId, "--json"}).out);
  EXPECT_GE(at(show, {"events"}).array()->size(), 3u);
  const Json verified = parse(nono({"audit", "verify", kId, "--json"}).out);
  EXPECT_EQ(text_at(verified, {"state"}), "sealed");
  EXPECT_EQ(nono({"audit", "verify", kId, "--head", text_at(verified, {"head"})}).code, 0);
  EXPECT_EQ(nono({"audit", "verify", kId, "--head", std::string(64, '0')}).code, 1);
}

TEST_F(AuditTest, NamesThatAreNoSessionAreRefused) {
  for (const char* bad : {"../../etc", "0123", "0123456789ABCDEF", "ffffffffffffffff"}) {
    EXPECT_NE(nono({"audit", "show", bad}).code, 0) << bad;
    EXPECT_NE(nono({"audit", "verify", bad}).code, 0) << bad;
  }
}

}  // namespace
}  // namespace nono::cli
