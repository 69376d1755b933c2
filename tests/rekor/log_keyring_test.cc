// tests/rekor/log_keyring_test.cc: which log counts, when, and what is passed on of an entry.
#include "rekor/log_keyring.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

using crypto::KeyAlgorithm;
using crypto::Sha256;
using test::Draft;
using test::logged;
using test::NoteSigner;
using test::refused;
using test::Shape;

Time at(std::int64_t seconds) {
  return Time{std::chrono::seconds{seconds}};
}

constexpr std::int64_t kIntegrated = 1'700'000'000;  // of every draft

Log with_window(Log log, std::int64_t from, std::optional<std::int64_t> until) {
  log.valid_from = at(from);
  log.valid_until = until ? std::optional(at(*until)) : std::nullopt;
  return log;
}

TEST(LogKeyringTest, EntryOfNoTrustedLogIsUnknown) {
  Draft draft(Shape::HashedRekord);
  draft.change_entry = [](LogEntry& entry) { entry.log_id = Sha256::of("another log"); };
  EXPECT_TRUE(refused(draft, LogFault::UnknownLog, Sha256::of("another log").hex()));
}

TEST(LogKeyringTest, EmptyKeyringKnowsNoLog) {
  const Draft draft(Shape::HashedRekordV2);
  const auto entry = LogKeyring().check(draft.entry(), draft.submission());
  ASSERT_FALSE(entry.has_value());
  EXPECT_EQ(entry.error().fault, LogFault::UnknownLog);
}

// The caller skips entries of unknown logs; what they hold is not looked at.
TEST(LogKeyringTest, EntryOfAnUnknownLogIsNotRead) {
  Draft draft(Shape::HashedRekord);
  draft.body_text = "garbage";
  draft.kind = "unheard-of";
  draft.change_entry = [](LogEntry& entry) { entry.log_id = Sha256::of("another log"); };
  EXPECT_TRUE(refused(draft, LogFault::UnknownLog, ""));
}

TEST(LogKeyringTest, LogIsFoundByTheIdOfItsCheckpointKey) {
  Draft draft(Shape::HashedRekordV2);
  const Sha256 id = draft.log.log_id;
  draft.log.log_id = Sha256::of("by its key");
  draft.log.checkpoint_key_id = id;
  draft.change_entry = [&](LogEntry& entry) { entry.log_id = id; };
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_EQ(entry->log_id(), Sha256::of("by its key"));
}

TEST(LogKeyringTest, WhatTheLogSaidIsPassedOn) {
  const Draft draft(Shape::HashedRekordV2);
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_EQ(entry->log_id(), draft.log.log_id);
  EXPECT_EQ(entry->log_name(), "log.example/2025");
  EXPECT_EQ(entry->operator_name(), "an operator");
  EXPECT_EQ(entry->log_index(), 5U);
  EXPECT_FALSE(entry->integrated_at());
  EXPECT_TRUE(entry->proven());
}

TEST(LogKeyringTest, WindowIsInclusiveAtBothEnds) {
  struct Row {
    std::int64_t from;
    std::optional<std::int64_t> until;
    bool fits;
  };
  for (const auto& [from, until, fits] :
       {Row{kIntegrated, kIntegrated, true}, Row{kIntegrated, std::nullopt, true},
        Row{0, kIntegrated, true}, Row{kIntegrated + 1, std::nullopt, false},
        Row{0, kIntegrated - 1, false}, Row{kIntegrated + 1, kIntegrated - 1, false}}) {
    Draft draft(Shape::HashedRekord);
    draft.log = with_window(draft.log, from, until);
    EXPECT_EQ(static_cast<bool>(logged(draft)), fits) << from;
    if (!fits) {
      EXPECT_TRUE(refused(draft, LogFault::UnknownLog, "was integrated at 2023-11-14T22:13:20Z"));
    }
  }
}

TEST(LogKeyringTest, WindowThatEndedIsNamed) {
  Draft draft(Shape::HashedRekord);
  draft.log = with_window(draft.log, 1'600'000'000, 1'650'000'000);
  EXPECT_TRUE(refused(draft, LogFault::UnknownLog,
                      "is trusted from 2020-09-13T12:26:40Z to 2022-04-15T05:20:00Z"));
}

// Nothing that is signed says when such an entry was made: its caller knows from a timestamp.
TEST(LogKeyringTest, EntryWithoutATimeIsHeldAgainstTheWindowByItsCaller) {
  Draft draft(Shape::HashedRekordV2);
  draft.log = with_window(draft.log, 100, 200);
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_FALSE(entry->log_valid_at(at(99)));
  EXPECT_TRUE(entry->log_valid_at(at(100)));
  EXPECT_TRUE(entry->log_valid_at(at(200)));
  EXPECT_FALSE(entry->log_valid_at(at(201)));
}

TEST(LogKeyringTest, WindowWithoutEndIsOpen) {
  const auto entry = Draft(Shape::HashedRekordV2).check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_FALSE(entry->log_valid_at(at(1'599'999'999)));
  EXPECT_TRUE(entry->log_valid_at(Moment::max()));
}

TEST(LogKeyringTest, OfSeveralInstancesTheOneWhoseWindowFitsCounts) {
  Draft draft(Shape::HashedRekord);
  Log renewed = draft.log;
  renewed.key = NoteSigner::of(KeyAlgorithm::EcdsaP256).key();
  draft.logs.add(with_window(renewed, kIntegrated + 1, std::nullopt));
  draft.logs.add(with_window(draft.log, 0, kIntegrated));
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_FALSE(entry->log_valid_at(at(kIntegrated + 1)));
}

TEST(LogKeyringTest, InstanceWhoseWindowFitsSaysWhatIsWrong) {
  Draft draft(Shape::HashedRekord);
  Log renewed = draft.log;
  renewed.key = NoteSigner::of(KeyAlgorithm::EcdsaP256).key();
  draft.logs.add(with_window(draft.log, kIntegrated + 1, std::nullopt));
  draft.logs.add(with_window(renewed, 0, kIntegrated));
  draft.logs.add(with_window(draft.log, kIntegrated + 9, std::nullopt));
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "does not verify"));
}

TEST(LogKeyringTest, NoInstanceWhoseWindowFitsIsAnUnknownLog) {
  Draft draft(Shape::HashedRekord);
  draft.logs.add(with_window(draft.log, kIntegrated + 1, std::nullopt));
  draft.logs.add(with_window(draft.log, 0, kIntegrated - 1));
  EXPECT_TRUE(refused(draft, LogFault::UnknownLog, "is trusted from"));
}

TEST(LogKeyringTest, AllWindowsOfTheKeyThatProvedCount) {
  Draft draft(Shape::HashedRekordV2);
  Log other_key = draft.log;
  other_key.key = NoteSigner::of(KeyAlgorithm::Ed25519).key();
  Log other_name = draft.log;
  other_name.base_url = "https://other.example";
  draft.logs.add(with_window(other_key, 500, 600));
  draft.logs.add(with_window(draft.log, 100, 200));
  draft.logs.add(with_window(other_name, 700, 800));
  draft.logs.add(with_window(draft.log, 300, 400));
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_TRUE(entry->log_valid_at(at(150)));
  EXPECT_FALSE(entry->log_valid_at(at(250)));
  EXPECT_TRUE(entry->log_valid_at(at(350)));
  EXPECT_FALSE(entry->log_valid_at(at(550)));
  EXPECT_FALSE(entry->log_valid_at(at(750)));
}

TEST(LogKeyringTest, LogThatPromisesAndProvesUnderDifferentKeysIsRefused) {
  Draft draft(Shape::HashedRekord);
  const NoteSigner other = NoteSigner::of(KeyAlgorithm::EcdsaP256);
  draft.change_note = [&](std::string& note) {
    const std::string text = note.substr(0, note.rfind("\n\n") + 1);
    note = text + '\n' + test::note_line(draft.name, draft.log.log_id, other.sign(text));
  };
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "does not verify"));
}

TEST(LogKeyringTest, SentencesShowForeignTextInPart) {
  Draft draft(Shape::HashedRekord);
  draft.kind = std::string(100'000, 'k');
  draft.version = std::string(100'000, 'v');
  const auto kind = draft.check();
  ASSERT_FALSE(kind.has_value());
  EXPECT_LT(kind.error().detail.size(), 1'000U);
  Draft other(Shape::HashedRekordV2);
  other.origin = std::string(10'000, 'o');
  const auto origin = other.check();
  ASSERT_FALSE(origin.has_value());
  EXPECT_EQ(origin.error().fault, LogFault::CheckpointInvalid);
  EXPECT_LT(origin.error().detail.size(), 1'000U);
}

}  // namespace
}  // namespace nono::rekor
