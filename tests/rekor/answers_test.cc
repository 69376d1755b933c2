// tests/rekor/answers_test.cc: answers of logs: what is read, what is refused, and real ones.
#include "rekor/answers.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "base/json.h"
#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

using test::Draft;
using test::Shape;

// v1_answer writes an entry as Rekor v1 answers it.
Json v1_answer(const LogEntry& entry) {
  Json::Array hashes;
  for (const crypto::Sha256& hash : entry.proof->path) {
    hashes.push_back(hash.hex());
  }
  Json proof(Json::Object{{"checkpoint", entry.proof->checkpoint},
                          {"hashes", hashes},
                          {"logIndex", entry.proof->log_index},
                          {"rootHash", entry.proof->root.hex()},
                          {"treeSize", entry.proof->tree_size}});
  Json verification(Json::Object{{"inclusionProof", proof},
                                 {"signedEntryTimestamp", base64_encode(*entry.promise)}});
  Json inner(Json::Object{{"body", base64_encode(entry.body)},
                          {"integratedTime", *entry.integrated_time},
                          {"logID", entry.log_id.hex()},
                          {"logIndex", entry.log_index},
                          {"verification", verification}});
  return Json(Json::Object{{std::string(80, 'a'), inner}});
}

void expect_same(const LogEntry& read, const LogEntry& entry) {
  EXPECT_EQ(read.log_index, entry.log_index);
  EXPECT_EQ(read.log_id, entry.log_id);
  EXPECT_EQ(read.kind, entry.kind);
  EXPECT_EQ(read.version, entry.version);
  EXPECT_EQ(read.integrated_time, entry.integrated_time);
  EXPECT_EQ(read.promise, entry.promise);
  EXPECT_EQ(read.body, entry.body);
  ASSERT_TRUE(read.proof);
  EXPECT_EQ(read.proof->log_index, entry.proof->log_index);
  EXPECT_EQ(read.proof->root, entry.proof->root);
  EXPECT_EQ(read.proof->tree_size, entry.proof->tree_size);
  EXPECT_EQ(read.proof->path, entry.proof->path);
  EXPECT_EQ(read.proof->checkpoint, entry.proof->checkpoint);
}

TEST(LogAnswersTest, VersionOneIsReadWhole) {
  for (const Shape shape : {Shape::HashedRekord, Shape::Dsse}) {
    const Draft draft(shape);
    const LogEntry entry = draft.entry();
    const auto read = read_v1_answer(v1_answer(entry).compact());
    ASSERT_TRUE(read) << read.error().message();
    expect_same(*read, entry);
    EXPECT_TRUE(draft.log.valid_at(Time(std::chrono::seconds(*read->integrated_time))));
  }
}

TEST(LogAnswersTest, VersionTwoIsReadAsBundlesHoldIt) {
  for (const Shape shape : {Shape::HashedRekordV2, Shape::EnvelopeV2}) {
    const LogEntry entry = Draft(shape).entry();
    const auto read = read_v2_answer(entry_json(entry).compact());
    ASSERT_TRUE(read) << read.error().message();
    expect_same(*read, entry);
  }
}

TEST(LogAnswersTest, WhatRekorTwoWritesForNothingIsAbsent) {
  Json json = entry_json(Draft(Shape::HashedRekordV2).entry());
  json.set("integratedTime", "0");
  json.set("inclusionPromise", Json());
  const auto read = read_v2_answer(json.compact());
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_FALSE(read->integrated_time);
  EXPECT_FALSE(read->promise);
}

TEST(LogAnswersTest, TheFirstEntryOfALogMayLeaveItsIndicesAndItsPathOut) {
  Draft draft(Shape::HashedRekordV2);
  draft.index = 0;
  draft.tree_size = 1;
  Json json = entry_json(draft.entry());
  Json::Object kept;
  for (JsonMember& member : *json.object()) {
    if (member.first != "logIndex") {
      kept.push_back(member);
    }
  }
  Json without{kept};
  Json::Object proof;
  for (JsonMember& member : *without.find("inclusionProof")->object()) {
    if (member.first != "hashes" && member.first != "logIndex") {
      proof.push_back(member);
    }
  }
  without.set("inclusionProof", Json(proof));
  const auto read = read_v2_answer(without.compact());
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->log_index, 0U);
  EXPECT_EQ(read->proof->log_index, 0U);
  EXPECT_TRUE(read->proof->path.empty());
}

TEST(LogAnswersTest, MembersOfTomorrowArePassedOver) {
  Json v1 = v1_answer(Draft(Shape::Dsse).entry());
  v1.object()->front().second.set("attestation", Json(Json::Object{}));
  EXPECT_TRUE(read_v1_answer(v1.compact()));
  Json v2 = entry_json(Draft(Shape::HashedRekordV2).entry());
  v2.set("news", "none");
  EXPECT_TRUE(read_v2_answer(v2.compact()));
}

struct Fault {
  std::string_view name;
  std::function<void(Json&)> change;
  std::string_view words;
};

// at walks to a member, which must be there.
Json& at(Json& json, std::initializer_list<std::string_view> path) {
  Json* here = &json;
  for (const std::string_view name : path) {
    here = here->find(name);
  }
  return *here;
}
Json& only(Json& json) {
  return json.object()->front().second;
}

TEST(LogAnswersTest, FaultsOfVersionOneAreNamed) {
  const std::vector<Fault> faults{
      {"no entry", [](Json& j) { j = Json(Json::Object{}); }, "exactly one log entry"},
      {"two entries", [](Json& j) { j.set("b", only(j)); }, "exactly one log entry"},
      {"a list", [](Json& j) { j = Json(Json::Array{}); }, "exactly one log entry"},
      {"body", [](Json& j) { only(j).set("body", "!"); }, "/body: must be base64"},
      {"empty body", [](Json& j) { only(j).set("body", ""); }, "/body: must be base64"},
      {"body is text", [](Json& j) { only(j).set("body", "eA=="); }, "must be a body of JSON"},
      {"body without kind", [](Json& j) { only(j).set("body", "e30="); }, "/kind"},
      {"log id", [](Json& j) { only(j).set("logID", "00"); }, "/logID: must be 32 bytes"},
      {"log id in base64", [](Json& j) { only(j).set("logID", "+/=="); }, "must be hexadecimal"},
      {"time", [](Json& j) { only(j).set("integratedTime", -1); }, "must not be negative"},
      {"time with a fraction",
       [](Json& j) { only(j).set("integratedTime", Json(Json::Number{"1.5"})); },
       "/integratedTime"},
      {"index", [](Json& j) { only(j).set("logIndex", "01"); }, "decimal integer"},
      {"huge index", [](Json& j) { only(j).set("logIndex", "9223372036854775808"); },
       "decimal integer"},
      {"no verification", [](Json& j) { only(j).set("verification", Json()); }, "/verification"},
      {"no promise",
       [](Json& j) { at(only(j), {"verification"}).set("signedEntryTimestamp", Json()); },
       "/signedEntryTimestamp"},
      {"no proof", [](Json& j) { at(only(j), {"verification"}).set("inclusionProof", Json()); },
       "/inclusionProof"},
      {"no checkpoint",
       [](Json& j) { at(only(j), {"verification", "inclusionProof"}).set("checkpoint", ""); },
       "/checkpoint"},
      {"root",
       [](Json& j) { at(only(j), {"verification", "inclusionProof"}).set("rootHash", "0g"); },
       "/rootHash"},
      {"short hash",
       [](Json& j) {
         at(only(j), {"verification", "inclusionProof"}).set("hashes", Json::Array{Json("00")});
       },
       "/hashes/0: must be 32 bytes"},
      {"many hashes",
       [](Json& j) {
         at(only(j), {"verification", "inclusionProof"})
             .set("hashes", Json::Array(65, Json(std::string(64, '0'))));
       },
       "/hashes"},
  };
  const LogEntry entry = Draft(Shape::Dsse).entry();
  for (const Fault& fault : faults) {
    Json json = v1_answer(entry);
    fault.change(json);
    const auto read = read_v1_answer(json.compact());
    ASSERT_FALSE(read) << fault.name;
    EXPECT_NE(read.error().message().find(fault.words), std::string::npos)
        << fault.name << ": " << read.error().message();
  }
}

TEST(LogAnswersTest, FaultsOfVersionTwoAreNamed) {
  const std::vector<Fault> faults{
      {"a list", [](Json& j) { j = Json(Json::Array{}); }, "document"},
      {"no log id", [](Json& j) { j.set("logId", Json()); }, "/logId"},
      {"log id in hexadecimal",
       [](Json& j) { at(j, {"logId"}).set("keyId", std::string(64, 'a')); }, "must be 32 bytes"},
      {"no kind", [](Json& j) { j.set("kindVersion", Json()); }, "/kindVersion"},
      {"empty kind", [](Json& j) { at(j, {"kindVersion"}).set("kind", ""); }, "/kindVersion/kind"},
      {"no proof", [](Json& j) { j.set("inclusionProof", Json()); }, "/inclusionProof"},
      {"no checkpoint", [](Json& j) { at(j, {"inclusionProof"}).set("checkpoint", Json()); },
       "/checkpoint"},
      {"checkpoint is text",
       [](Json& j) { at(j, {"inclusionProof"}).set("checkpoint", "log\n1\n"); }, "/checkpoint"},
      {"size", [](Json& j) { at(j, {"inclusionProof"}).set("treeSize", "1e3"); }, "/treeSize"},
      {"index", [](Json& j) { j.set("logIndex", -4); }, "must not be negative"},
      {"no body", [](Json& j) { j.set("canonicalizedBody", Json()); }, "/canonicalizedBody"},
      {"promise", [](Json& j) { j.set("inclusionPromise", Json(Json::Object{})); },
       "/signedEntryTimestamp"},
      {"time", [](Json& j) { j.set("integratedTime", "now"); }, "/integratedTime"},
  };
  const LogEntry entry = Draft(Shape::HashedRekordV2).entry();
  for (const Fault& fault : faults) {
    Json json = entry_json(entry);
    fault.change(json);
    const auto read = read_v2_answer(json.compact());
    ASSERT_FALSE(read) << fault.name;
    EXPECT_NE(read.error().message().find(fault.words), std::string::npos)
        << fault.name << ": " << read.error().message();
  }
}

TEST(LogAnswersTest, TextThatIsNotOneDocumentOfJsonIsRefused) {
  for (const std::string_view text :
       {"", "This log has been frozen, please switch to the latest log.", "{} {}",
        "{\"a\":1,\"a\":2}", "null", "\xEF\xBB\xBF{}"}) {
    EXPECT_FALSE(read_v1_answer(text)) << text;
    EXPECT_FALSE(read_v2_answer(text)) << text;
  }
  EXPECT_FALSE(read_v2_answer(std::string(kMaxAnswerBytes + 1, ' ')));
}

// Every answer that was recorded from real servers is read, whichever its generation.
TEST(LogAnswersTest, RecordedAnswersAreRead) {
  const std::filesystem::path recorded = NONO_SHARED_DIR "/fixtures/sigstore-local/http";
  if (!std::filesystem::exists(recorded)) {
    GTEST_SKIP() << "the recorded exchanges are not here: " << recorded;
  }
  const auto contents = [](const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  int read = 0;
  for (const auto& file : std::filesystem::directory_iterator(recorded)) {
    if (file.path().extension() != ".meta") {
      continue;
    }
    const std::string meta = contents(file.path());
    const bool v1 = meta.contains("/api/v1/log/entries");
    if (!v1 && !meta.contains("/api/v2/log/entries")) {
      continue;
    }
    const std::string answer =
        contents(std::filesystem::path(file.path()).replace_extension(".response"));
    const auto entry = v1 ? read_v1_answer(answer) : read_v2_answer(answer);
    EXPECT_TRUE(entry) << file.path() << ": " << entry.error().message();
    ++read;
  }
  EXPECT_GE(read, 9);
}

}  // namespace
}  // namespace nono::rekor
