// tests/ledger/audit_line_test.cc
#include "ledger/audit_line.h"

#include <gtest/gtest.h>

#include <string>

namespace nono::ledger {
namespace {

const std::string kZeros(64, '0');
const std::string kMac(64, 'a');

std::string line_with(const std::string& start, const std::string& event = R"(,"path":"/x")",
                      const std::string& prev = kZeros, const std::string& mac = kMac) {
  return "{" + start + event + R"(,"prev":")" + prev + R"(","mac":")" + mac + "\"}";
}

constexpr const char* kStart =
    R"("sequence":4,"time":"2026-01-02T03:04:05.000000006Z","pid":77,"type":"decision")";

void expect_refused(const std::string& line, const std::string& because) {
  const auto parsed = parse_audit_line(line);
  ASSERT_FALSE(parsed) << line;
  EXPECT_NE(parsed.error().message().find(because), std::string::npos)
      << parsed.error().message() << "\nfor " << line;
}

TEST(AuditLineTest, WrittenLineIsReadBack) {
  std::string line = authenticated_text({.sequence = 9,
                                         .time = *parse_rfc3339("2026-01-02T03:04:05.000000006Z"),
                                         .pid = 123,
                                         .type = "file_decision",
                                         .prev = crypto::Sha256::of("before")},
                                        R"("path":"/x")");
  const std::string authenticated = line;
  finish_line(line, crypto::Sha256::of("mac"));
  const auto parsed = parse_audit_line(line);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(parsed->sequence, 9U);
  EXPECT_EQ(parsed->type, "file_decision");
  EXPECT_EQ(parsed->prev, crypto::Sha256::of("before"));
  EXPECT_EQ(parsed->mac, crypto::Sha256::of("mac"));
  EXPECT_EQ(parsed->authenticated, authenticated);
  EXPECT_EQ(*parsed->json.find("path")->string(), "/x");
  EXPECT_EQ(*parsed->json.find("time")->string(), "2026-01-02T03:04:05.000000006Z");
  EXPECT_EQ(*parsed->json.find("pid")->integer(), 123);
}

TEST(AuditLineTest, LineWithoutEventMembersIsRead) {
  EXPECT_TRUE(parse_audit_line(line_with(kStart, "")));
}

TEST(AuditLineTest, NoDigestIsAllZeros) {
  EXPECT_EQ(no_digest().hex(), kZeros);
}

TEST(AuditLineTest, WhatIsNoJsonIsRefused) {
  for (const char* text : {"", "garbage", "{", "[]x"}) {
    EXPECT_FALSE(parse_audit_line(text)) << text;
  }
  EXPECT_FALSE(parse_audit_line(line_with(kStart) + "\r"));
  EXPECT_FALSE(parse_audit_line(line_with(kStart) + std::string(1, '\0')));
  EXPECT_FALSE(parse_audit_line("\xef\xbb\xbf" + line_with(kStart)));
}

TEST(AuditLineTest, OtherJsonIsRefused) {
  expect_refused("[1,2,3,4,5,6]", "must be an object");
  expect_refused("null", "must be an object");
  expect_refused("{}", "must be an object");
}

TEST(AuditLineTest, InvalidUtf8IsRefused) {
  EXPECT_FALSE(parse_audit_line(line_with(kStart, ",\"path\":\"\xff\"")));
}

TEST(AuditLineTest, NulByteIsRefused) {
  EXPECT_FALSE(parse_audit_line(line_with(kStart, std::string(",\"path\":\"a\0b\"", 13))));
}

TEST(AuditLineTest, DuplicateMemberIsRefused) {
  EXPECT_FALSE(parse_audit_line(line_with(kStart, R"(,"sequence":4)")));
  EXPECT_FALSE(parse_audit_line(line_with(kStart, R"(,"prev":"x")")));
}

TEST(AuditLineTest, HugeLineIsRefused) {
  const std::string line = line_with(kStart, ",\"path\":\"" + std::string(10u << 20, 'x') + "\"");
  const auto parsed = parse_audit_line(line);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind(), ErrorKind::Exhausted);
}

TEST(AuditLineTest, DeepLineIsRefused) {
  EXPECT_FALSE(parse_audit_line(
      line_with(kStart, ",\"a\":" + std::string(100, '[') + std::string(100, ']'))));
}

struct BadStart {
  const char* start;
  const char* because;
};
constexpr BadStart kBadStarts[] = {
    {R"("sequence":-1,"time":"2026-01-02T03:04:05Z","pid":7,"type":"a")", "/sequence"},
    {R"("sequence":"4","time":"2026-01-02T03:04:05Z","pid":7,"type":"a")", "/sequence"},
    {R"("sequence":4.0,"time":"2026-01-02T03:04:05Z","pid":7,"type":"a")", "/sequence"},
    {R"("sequence":18446744073709551627,"time":"2026-01-02T03:04:05Z","pid":7,"type":"a")",
     "/sequence"},
    {R"("sequence":9223372036854775808,"time":"2026-01-02T03:04:05Z","pid":7,"type":"a")",
     "/sequence"},
    {R"("sequence":4,"time":"yesterday","pid":7,"type":"a")", "/time"},
    {R"("sequence":4,"time":1700000000,"pid":7,"type":"a")", "/time"},
    {R"("sequence":4,"time":"2026-01-02T03:04:05Z","pid":0,"type":"a")", "/pid"},
    {R"("sequence":4,"time":"2026-01-02T03:04:05Z","pid":"7","type":"a")", "/pid"},
    {R"("sequence":4,"time":"2026-01-02T03:04:05Z","pid":7,"type":"Not Snake")", "/type"},
    {R"("sequence":4,"time":"2026-01-02T03:04:05Z","pid":7,"type":null)", "/type"},
    {R"("time":"2026-01-02T03:04:05Z","sequence":4,"pid":7,"type":"a")", "first members"},
    {R"("sequence":4,"time":"2026-01-02T03:04:05Z","pid":7,"kind":"a")", "first members"},
};

TEST(AuditLineTest, BadFirstMembersAreRefusedByName) {
  for (const BadStart& bad : kBadStarts) {
    expect_refused(line_with(bad.start), bad.because);
  }
}

TEST(AuditLineTest, MissingMembersAreRefused) {
  expect_refused(R"({"sequence":4,"time":"2026-01-02T03:04:05Z","pid":7,"type":"a"})",
                 "must be an object with");
  expect_refused(std::string("{") + kStart + R"(,"a":1,"b":2})", "last two members");
}

TEST(AuditLineTest, BadDigestsAreRefused) {
  const std::string upper(64, 'A');
  expect_refused(line_with(kStart, "", upper), "/prev");
  expect_refused(line_with(kStart, "", kZeros, upper), "/mac");
  expect_refused(line_with(kStart, "", kZeros.substr(1)), "/prev");
  expect_refused(line_with(kStart, "", kZeros, kMac + "a"), "/mac");
  expect_refused(std::string("{") + kStart + R"(,"prev":0,"mac":")" + kMac + "\"}", "/prev");
}

TEST(AuditLineTest, MembersAfterMacAreRefused) {
  expect_refused(std::string("{") + kStart + R"(,"prev":")" + kZeros + R"(","mac":")" + kMac +
                     R"(","late":1})",
                 "last two members");
}

TEST(AuditLineTest, OtherSpellingsOfTheSameJsonAreRefused) {
  const std::string good = line_with(kStart);
  std::string spaced = good;
  spaced.insert(good.find("\"mac\""), " ");
  expect_refused(spaced, "white space");
  expect_refused(" " + good, "white space");
  expect_refused(good + " ", "white space");
  std::string escaped = good;
  escaped.replace(good.find("\"mac\""), 5, "\"\\u006dac\"");
  expect_refused(escaped, "white space");
}

}  // namespace
}  // namespace nono::ledger
