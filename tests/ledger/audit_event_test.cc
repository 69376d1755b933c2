// tests/ledger/audit_event_test.cc
#include "ledger/audit_event.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/digest.h"
#include "ledger/audit_line.h"

namespace nono::ledger {
namespace {

Json object(Json::Object members) {
  return Json(std::move(members));
}

std::string text_of(const Json& event, std::size_t max_bytes = kMaxEventBytes) {
  const auto text = event_text(event, max_bytes);
  EXPECT_TRUE(text) << text.error().message();
  return text ? *text : std::string();
}

TEST(AuditEventTest, MembersComeInTheirOrderWithoutBraces) {
  EXPECT_EQ(text_of(object({{"b", Json(1)}, {"a", Json("x")}})), R"("b":1,"a":"x")");
}

TEST(AuditEventTest, EmptyObjectIsNoText) {
  EXPECT_EQ(text_of(object({})), "");
}

TEST(AuditEventTest, BytesThatAreNotUtf8AreEscaped) {
  EXPECT_EQ(text_of(object({{"path", Json(std::string("/a\xff/b"))}})), R"("path":"/a\\xff/b")");
}

TEST(AuditEventTest, NewlinesStayOneLine) {
  EXPECT_EQ(text_of(object({{"path", Json("a\nb")}})), R"("path":"a\nb")");
}

TEST(AuditEventTest, NoObjectIsRefused) {
  for (const Json& event : {Json(), Json(1), Json("x"), Json(Json::Array{})}) {
    const auto text = event_text(event, kMaxEventBytes);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind(), ErrorKind::InvalidInput);
  }
}

TEST(AuditEventTest, MembersOfTheLogAreRefused) {
  for (const char* name : {"sequence", "time", "pid", "type", "prev", "mac"}) {
    const auto text = event_text(object({{"ok", Json(1)}, {name, Json(1)}}), kMaxEventBytes);
    ASSERT_FALSE(text) << name;
    EXPECT_NE(text.error().message().find(name), std::string::npos);
  }
}

TEST(AuditEventTest, MembersOfTheLogAreAllowedDeeper) {
  EXPECT_EQ(text_of(object({{"process", object({{"pid", Json(7)}})}})), R"("process":{"pid":7})");
}

TEST(AuditEventTest, SameNameTwiceIsRefusedAtAnyDepth) {
  const Json twice = object({{"a", Json(1)}, {"a", Json(2)}});
  EXPECT_FALSE(event_text(twice, kMaxEventBytes));
  EXPECT_FALSE(event_text(object({{"list", Json(Json::Array{twice})}}), kMaxEventBytes));
}

TEST(AuditEventTest, NamesThatBecomeEqualByEscapingAreRefused) {
  const Json event = object({{std::string("\xff"), Json(1)}, {"\\xff", Json(2)}});
  EXPECT_FALSE(event_text(event, kMaxEventBytes));
}

Json nested(int depth) {
  Json value(1);
  for (int i = 0; i < depth; ++i) {
    value = Json(Json::Array{value});
  }
  return object({{"deep", value}});
}

TEST(AuditEventTest, DeepNestingIsRefused) {
  EXPECT_TRUE(event_text(nested(31), kMaxEventBytes));
  const auto text = event_text(nested(32), kMaxEventBytes);
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message().find("32 levels"), std::string::npos);
}

TEST(AuditEventTest, LongTextIsShortenedWithSizeAndDigest) {
  const std::string prompt(200'000, 'p');
  const std::string text = text_of(object({{"prompt", Json(prompt)}, {"n", Json(1)}}));
  EXPECT_LE(text.size(), kMaxEventBytes);
  EXPECT_NE(text.find("200000 bytes, SHA-256 " + crypto::Sha256::of(prompt).hex()),
            std::string::npos);
  EXPECT_NE(text.find(R"("n":1)"), std::string::npos);
}

TEST(AuditEventTest, TextThatFitsIsNotShortened) {
  const std::string path(40'000, 'p');
  EXPECT_NE(text_of(object({{"path", Json(path)}})).find(path), std::string::npos);
}

TEST(AuditEventTest, ShorteningKeepsCharactersWhole) {
  std::string text;
  while (text.size() < 100'000) {
    text += "€";
  }
  const std::string line = "{" + text_of(object({{"a", Json("x" + text)}})) + "}";
  EXPECT_TRUE(Json::parse(line, kAuditLineLimits));
}

TEST(AuditEventTest, LongListsAreCutWithTheirCount) {
  Json::Array words;
  for (int i = 0; i < 20'000; ++i) {
    words.emplace_back("word" + std::to_string(i));
  }
  const std::string text = text_of(object({{"command", Json(std::move(words))}}));
  EXPECT_LE(text.size(), kMaxEventBytes);
  EXPECT_NE(text.find("more)"), std::string::npos);
}

TEST(AuditEventTest, ManyMembersAreCutWithTheirCount) {
  Json::Object members;
  for (int i = 0; i < 20'000; ++i) {
    members.emplace_back("name" + std::to_string(i), Json(i));
  }
  const std::string line = "{" + text_of(object(std::move(members))) + "}";
  EXPECT_TRUE(Json::parse(line, kAuditLineLimits));
  EXPECT_NE(line.find("more)"), std::string::npos);
}

TEST(AuditEventTest, WhatCannotBeShortenedEnoughIsExhausted) {
  Json::Object members;
  for (int i = 0; i < 16; ++i) {
    members.emplace_back("name" + std::to_string(i), Json(std::string(100, 'x')));
  }
  const auto text = event_text(object(std::move(members)), 1000);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind(), ErrorKind::Exhausted);
}

TEST(AuditEventTest, TypesAreSnakeCase) {
  for (const char* good : {"a", "file_decision", "x9_y"}) {
    EXPECT_TRUE(is_event_type(good)) << good;
  }
  const std::string long_name(65, 'a');
  for (const std::string& bad :
       {std::string(), std::string("_a"), std::string("a_"), std::string("a__b"), std::string("9a"),
        std::string("A"), std::string("a b"), std::string("a\"b"), long_name}) {
    EXPECT_FALSE(is_event_type(bad)) << bad;
  }
}

}  // namespace
}  // namespace nono::ledger
