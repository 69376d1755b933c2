// tests/ledger/audit_verify_test.cc
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/audit_line.h"
#include "ledger/audit_log.h"
#include "ledger/audit_reader.h"
#include "ledger/key_chain.h"
#include "recorded_session.h"

namespace nono::ledger {
namespace {

using Lines = std::vector<std::string>;

Verification verified(const AuditDirectory& directory,
                      const std::optional<crypto::Sha256>& head = std::nullopt) {
  auto verification = verify_session(directory.path(), kSession, head);
  EXPECT_TRUE(verification) << verification.error().message();
  return verification ? *verification : Verification{.state = LogState::Broken};
}

void expect_broken(const AuditDirectory& directory, std::uint64_t good_lines,
                   const std::string& because) {
  const Verification verification = verified(directory);
  EXPECT_EQ(verification.state, LogState::Broken);
  EXPECT_EQ(verification.good_lines, good_lines) << verification.detail;
  EXPECT_NE(verification.detail.find(because), std::string::npos) << verification.detail;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(AuditVerifyTest, SealedLogHolds) {
  const AuditDirectory directory;
  const crypto::Sha256 head = directory.record(3);
  const Verification verification = verified(directory, head);
  EXPECT_EQ(verification.state, LogState::Sealed) << verification.detail;
  EXPECT_EQ(verification.good_lines, 6U);
  EXPECT_EQ(verification.head, head);
  EXPECT_EQ(verification.detail, "");
}

TEST(AuditVerifyTest, RunningAndAbortedLogsAreOpen) {
  const AuditDirectory directory;
  {
    AuditLog log = directory.start();
    ASSERT_TRUE(log.append("decision", Json(Json::Object{}), Durability::Lazy));
    EXPECT_EQ(verified(directory).state, LogState::Open);
  }
  const Verification verification = verified(directory);
  EXPECT_EQ(verification.state, LogState::Open);
  EXPECT_EQ(verification.good_lines, 2U);
}

TEST(AuditVerifyTest, HugeAndOddEventsVerify) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  const Json event(Json::Object{{"path", Json(std::string("\xff\n\"\\\x7f€"))},
                                {"prompt", Json(std::string(1u << 20, 'x'))},
                                {"big", Json(~std::uint64_t{0})}});
  ASSERT_TRUE(log.append("decision", event, Durability::Lazy));
  ASSERT_TRUE(log.close(Json(Json::Object{})));
  EXPECT_EQ(verified(directory).state, LogState::Sealed);
}

TEST(AuditVerifyTest, EveryCutOfAnOpenLogIsOpenOrTorn) {
  const AuditDirectory directory;
  {
    AuditLog log = directory.start();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(log.append("decision", Json(Json::Object{{"i", Json(i)}}), Durability::Lazy));
    }
  }
  const std::string text = directory.events_text();
  for (std::size_t size = 1; size <= text.size(); size += 7) {
    const std::string cut = text.substr(0, size);
    directory.put(kEventsFile, cut);
    const Verification verification = verified(directory);
    const LogState expected = cut.ends_with('\n') ? LogState::Open : LogState::Torn;
    EXPECT_EQ(verification.state, expected) << size << ": " << verification.detail;
    EXPECT_EQ(verification.good_lines, split_lines(cut).size());
  }
}

TEST(AuditVerifyTest, TornLineIsNamed) {
  const AuditDirectory directory;
  {
    const AuditLog log = directory.start();
  }
  directory.put(kEventsFile, directory.events_text() + R"({"sequence":1,"ti)");
  const Verification verification = verified(directory);
  EXPECT_EQ(verification.state, LogState::Torn);
  EXPECT_EQ(verification.detail, "line 2: has no end: the writer stopped in the middle");
}

// A sealed log of 7 lines (0 start, 1 to 4 decisions, 5 end, 6 seal), tampered with in every way
// that needs no key.
struct Tampering {
  const char* name;
  std::function<void(Lines&)> with;
  std::uint64_t good_lines;
  const char* because;
};

std::vector<Tampering> removals_and_additions() {
  return {
      {"drop first", [](Lines& l) { l.erase(l.begin()); }, 0, "sequence is 1, expected 0"},
      {"drop middle", [](Lines& l) { l.erase(l.begin() + 3); }, 3, "sequence is 4, expected 3"},
      {"drop seal", [](Lines& l) { l.pop_back(); }, 6, "was changed or cut off"},
      {"drop end and seal", [](Lines& l) { l.resize(5); }, 5, "was changed or cut off"},
      {"drop all but the start", [](Lines& l) { l.resize(1); }, 1, "was changed or cut off"},
      {"drop everything", [](Lines& l) { l.clear(); }, 0, "missing"},
      {"drop the line before the seal", [](Lines& l) { l.erase(l.begin() + 5); }, 5,
       "sequence is 6, expected 5"},
      {"repeat a line", [](Lines& l) { l.insert(l.begin() + 3, l[2]); }, 3,
       "sequence is 2, expected 3"},
      {"repeat the last line", [](Lines& l) { l.push_back(l.back()); }, 7, "was sealed before"},
      {"swap two lines", [](Lines& l) { std::swap(l[2], l[3]); }, 2, "sequence is 3, expected 2"},
  };
}

std::vector<Tampering> edits() {
  return {
      {"edit an event", [](Lines& l) { l[2] = replaced(l[2], "/work/file1", "/work/fileX"); }, 2,
       "mac does not verify"},
      {"edit a time", [](Lines& l) { l[2] = replaced(l[2], "2023-", "2024-"); }, 2,
       "mac does not verify"},
      {"edit a pid", [](Lines& l) { l[2] = replaced(l[2], "\"pid\":", "\"pid\":1"); }, 2,
       "mac does not verify"},
      {"edit a type", [](Lines& l) { l[2] = replaced(l[2], "decision", "decisiom"); }, 2,
       "mac does not verify"},
      {"edit a sequence",
       [](Lines& l) { l[2] = replaced(l[2], "\"sequence\":2", "\"sequence\":5"); }, 2,
       "sequence is 5, expected 2"},
      {"edit the start", [](Lines& l) { l[0] = replaced(l[0], "a name", "b name"); }, 0,
       "mac does not verify"},
      {"edit the seal's count",
       [](Lines& l) { l[6] = replaced(l[6], "\"lines\":6", "\"lines\":5"); }, 6,
       "mac does not verify"},
      {"add a member", [](Lines& l) { l[2] = replaced(l[2], "\"path\"", "\"x\":1,\"path\""); }, 2,
       "mac does not verify"},
      {"restart the chain",
       [](Lines& l) {
         const std::size_t at = l[3].find("\"prev\":\"") + 8;
         l[3].replace(at, 64, std::string(64, '0'));
       },
       3, "prev differs"},
      {"edit a mac",
       [](Lines& l) {
         char& digit = l[2][l[2].size() - 3];
         digit = digit == '0' ? '1' : '0';
       },
       2, "mac does not verify"},
      {"upper-case digits",
       [](Lines& l) {
         const std::size_t at = l[2].find("\"mac\":\"") + 7;
         for (std::size_t i = at; i < at + 64; ++i) {
           l[2][i] = static_cast<char>(std::toupper(static_cast<unsigned char>(l[2][i])));
         }
       },
       2, "/mac"},
  };
}

std::vector<Tampering> damages() {
  return {
      {"tear in the middle", [](Lines& l) { l[3].resize(l[3].size() / 2); }, 3, "line 4"},
      {"glue two lines",
       [](Lines& l) {
         l[3] += l[4];
         l.erase(l.begin() + 4);
       },
       3, "line 4"},
      {"carriage return", [](Lines& l) { l[3] += '\r'; }, 3, "white space"},
      {"empty line", [](Lines& l) { l.insert(l.begin() + 3, ""); }, 3, "line 4"},
      {"line that is no JSON", [](Lines& l) { l.insert(l.begin() + 3, "garbage"); }, 3, "line 4"},
      {"NUL in a line", [](Lines& l) { l[3][20] = '\0'; }, 3, "line 4"},
      {"invalid UTF-8", [](Lines& l) { l[3] = replaced(l[3], "/work", "\xff\xfe\xfdwo"); }, 3,
       "line 4"},
      {"line of 10 MB", [](Lines& l) { l[3] = std::string(10u << 20, 'x'); }, 3, "longer than"},
      {"line after the seal", [](Lines& l) { l.push_back("{}"); }, 7, "line 8"},
      {"whole log twice",
       [](Lines& l) {
         const Lines copy = l;
         l.insert(l.end(), copy.begin(), copy.end());
       },
       7, "was sealed before"},
  };
}

void expect_detected(const std::vector<Tampering>& tamperings) {
  const AuditDirectory directory;
  directory.record(4);
  const Lines good = directory.lines();
  ASSERT_EQ(good.size(), 7U);
  for (const Tampering& tampering : tamperings) {
    SCOPED_TRACE(tampering.name);
    Lines lines = good;
    tampering.with(lines);
    directory.put_lines(lines);
    expect_broken(directory, tampering.good_lines, tampering.because);
  }
  directory.put_lines(good);
  EXPECT_EQ(verified(directory).state, LogState::Sealed);
}

TEST(AuditVerifyTest, RemovedAndAddedLinesAreDetectedAtTheirPlace) {
  expect_detected(removals_and_additions());
}

TEST(AuditVerifyTest, ChangedLinesAreDetectedAtTheirPlace) {
  expect_detected(edits());
  expect_detected(damages());
}

TEST(AuditVerifyTest, BytesAfterTheSealAreBroken) {
  const AuditDirectory directory;
  directory.record(0);
  directory.put(kEventsFile, directory.events_text() + "{");
  expect_broken(directory, 3, "bytes follow the seal");
}

TEST(AuditVerifyTest, SealedLogWithoutItsLastNewlineIsBroken) {
  const AuditDirectory directory;
  directory.record(0);
  std::string text = directory.events_text();
  text.pop_back();
  directory.put(kEventsFile, text);
  expect_broken(directory, 2, "was changed or cut off");
}

TEST(AuditVerifyTest, ChangedSealCopyIsBroken) {
  const AuditDirectory directory;
  directory.record(0);
  directory.put(kSealFile, "other\n");
  expect_broken(directory, 3, "was changed or cut off");
}

TEST(AuditVerifyTest, MissingSealCopyIsNoFault) {
  // The writer may be killed between the seal and its copy.
  const AuditDirectory directory;
  directory.record(0);
  ASSERT_EQ(::unlink(directory.file(kSealFile).c_str()), 0);
  EXPECT_EQ(verified(directory).state, LogState::Sealed);
}

TEST(AuditVerifyTest, EmptyCopyOfTheSealCountsAsNone) {
  const AuditDirectory directory;
  directory.record(2);
  directory.put(kSealFile, "");
  EXPECT_EQ(verified(directory).state, LogState::Sealed);
}

TEST(AuditVerifyTest, LogOfAnotherSessionIsBroken) {
  const AuditDirectory directory;
  constexpr const char* kOther = "ffffffffffffffff";
  directory.record(1);
  directory.record(1, kOther);
  for (const char* name : {kEventsFile, kKeyFile, kSealFile}) {
    directory.put(name, slurp(directory.file(name, kOther)));
  }
  expect_broken(directory, 0, "log of another session");
}

TEST(AuditVerifyTest, WrongKeyIsNamedAsSuch) {
  const AuditDirectory directory;
  directory.record(1);
  directory.put(kKeyFile, std::string(64, 'a') + "\n");
  expect_broken(directory, 0, "the key is not the one of this log");
}

TEST(AuditVerifyTest, MalformedKeyIsBroken) {
  const AuditDirectory directory;
  directory.record(1);
  directory.put(kKeyFile, "short\n");
  expect_broken(directory, 0, "not a session key");
}

TEST(AuditVerifyTest, MissingKeyIsAnErrorNotAVerdict) {
  const AuditDirectory directory;
  directory.record(1);
  ASSERT_EQ(::unlink(directory.file(kKeyFile).c_str()), 0);
  const auto verification = verify_session(directory.path(), kSession);
  ASSERT_FALSE(verification);
  EXPECT_EQ(verification.error().kind(), ErrorKind::NotFound);
  EXPECT_NE(verification.error().message().find("without its key"), std::string::npos);
}

TEST(AuditVerifyTest, UnknownSessionIsNotFound) {
  const AuditDirectory directory;
  directory.record(0);
  const auto verification = verify_session(directory.path(), "ffffffffffffffff");
  ASSERT_FALSE(verification);
  EXPECT_EQ(verification.error().kind(), ErrorKind::NotFound);
}

TEST(AuditVerifyTest, HeadOfAnotherLogIsBroken) {
  const AuditDirectory directory;
  directory.record(1);
  const Verification verification = verified(directory, crypto::Sha256::of("other"));
  EXPECT_EQ(verification.state, LogState::Broken);
  EXPECT_NE(verification.detail.find("was kept"), std::string::npos);
}

// What the key holder can do: docs/format-audit.md says so, and these tests keep it honest.
std::string forged(const Lines& lines, KeyChain key) {
  std::string text;
  crypto::Sha256 head = no_digest();
  for (const std::string& line : lines) {
    std::string body(parse_audit_line(line)->authenticated);
    const std::size_t at = body.rfind("\"prev\":\"") + 8;
    body.replace(at, 64, head.hex());
    finish_line(body, key.mac(body));
    key.step();
    head = crypto::Sha256::of(body);
    text += body + "\n";
  }
  return text;
}

TEST(AuditVerifyTest, HolderOfTheFirstKeyCanRewriteButNotAgainstAKeptHead) {
  const AuditDirectory directory;
  const crypto::Sha256 head = directory.record(4);
  Lines lines = directory.lines();
  lines[2] = replaced(lines[2], "/work/file1", "/work/fileX");
  const std::string text = forged(lines, *KeyChain::parse(slurp(directory.file(kKeyFile))));
  directory.put(kEventsFile, text);
  directory.put(kSealFile, split_lines(text).back() + "\n");
  EXPECT_EQ(verified(directory).state, LogState::Sealed);
  EXPECT_EQ(verified(directory, head).state, LogState::Broken);
}

TEST(AuditVerifyTest, CutWithItsSealLooksAbortedButNotAgainstAKeptHead) {
  const AuditDirectory directory;
  const crypto::Sha256 head = directory.record(4);
  Lines lines = directory.lines();
  lines.resize(3);
  directory.put_lines(lines);
  ASSERT_EQ(::unlink(directory.file(kSealFile).c_str()), 0);
  EXPECT_EQ(verified(directory).state, LogState::Open);
  EXPECT_EQ(verified(directory, head).state, LogState::Broken);
}

TEST(AuditVerifyTest, KeyOfALaterLineCannotForgeAnEarlierOne) {
  const AuditDirectory directory;
  directory.record(4);
  KeyChain key = *KeyChain::parse(slurp(directory.file(kKeyFile)));
  for (int i = 0; i < 3; ++i) {
    key.step();  // what a spy in the running process would find after three lines
  }
  Lines lines = directory.lines();
  lines[2] = replaced(lines[2], "/work/file1", "/work/fileX");
  std::string body(parse_audit_line(lines[2])->authenticated);
  finish_line(body, key.mac(body));
  lines[2] = body;
  directory.put_lines(lines);
  expect_broken(directory, 2, "mac does not verify");
}

TEST(AuditVerifyTest, SecondStartUnderTheRightKeyIsBroken) {
  const AuditDirectory directory;
  directory.record(1);
  Lines lines = directory.lines();
  lines[1] = replaced(lines[1], "decision", "session_started");
  directory.put(kEventsFile, forged(lines, *KeyChain::parse(slurp(directory.file(kKeyFile)))));
  expect_broken(directory, 1, "second start");
}

TEST(AuditVerifyTest, SealWithTheWrongCountUnderTheRightKeyIsBroken) {
  const AuditDirectory directory;
  directory.record(1);
  Lines lines = directory.lines();
  lines.back() = replaced(lines.back(), "\"lines\":3", "\"lines\":9");
  directory.put(kEventsFile, forged(lines, *KeyChain::parse(slurp(directory.file(kKeyFile)))));
  expect_broken(directory, 3, "seal counts another number");
}

TEST(AuditVerifyTest, OtherFormatUnderTheRightKeyIsBroken) {
  const AuditDirectory directory;
  directory.record(1);
  Lines lines = directory.lines();
  lines[0] = replaced(lines[0], "nono.audit/1", "nono.audit/2");
  directory.put(kEventsFile, forged(lines, *KeyChain::parse(slurp(directory.file(kKeyFile)))));
  expect_broken(directory, 0, "log of format nono.audit/1");
}

}  // namespace
}  // namespace nono::ledger
