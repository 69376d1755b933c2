// What approvals read from others: rules, requests and lists of the control socket.
#include <gtest/gtest.h>

#include <string>

#include "engine/approval_rules.h"
#include "engine/approval_socket.h"

namespace nono::engine {
namespace {

std::string book(const std::string& rules) {
  return R"({"schema":"nono/approval-rules/1","rules":[)" + rules + "]}";
}

ApprovalQuestion asking(const char* operation, const char* path, const char* requested = "") {
  ApprovalQuestion out;
  out.operation = operation;
  out.path = path;
  out.requested = requested;
  return out;
}

TEST(RuleBookTest, TheFirstRuleThatFitsDecides) {
  const auto rules =
      RuleBook::parse(book(R"({"path":"/srv/secret/**","approval":"deny","scope":"session"},)"
                           R"({"path":"/srv/**","operations":["read"],"approval":"allow"},)"
                           R"({"path":"~/data/*.csv","approval":"ask"})"),
                      "/home/u");
  ASSERT_TRUE(rules) << rules.error().message();
  struct Case {
    const char* path;
    const char* operation;
    const char* rule;  // null: none
  };
  for (const Case& each :
       {Case{"/srv/a/b", "read", "/srv/**"}, Case{"/srv/a", "write", nullptr},
        Case{"/srv/secret/a", "read", "/srv/secret/**"},
        Case{"/srv/secret/a", "create", "/srv/secret/**"}, Case{"/srvx/a", "read", nullptr},
        Case{"/x/srv/a", "read", nullptr}, Case{"/home/u/data/t.csv", "write", "~/data/*.csv"},
        Case{"/home/u/data/d/t.csv", "read", nullptr}, Case{"srv/a", "read", nullptr},
        Case{"", "read", nullptr}}) {
    const ApprovalRule* found = rules->find(asking(each.operation, each.path));
    EXPECT_EQ(found == nullptr ? std::string() : found->shown,
              each.rule == nullptr ? "" : each.rule)
        << each.path << " " << each.operation;
  }
}

TEST(RuleBookTest, WhatIsNoRuleBookIsRefusedWithItsPlace) {
  struct Case {
    std::string text;
    const char* place;
  };
  const std::vector<Case> cases = {
      {"", "JSON"},
      {"{}", "schema"},
      {R"({"schema":"nono/approval-rules/2","rules":[]})", "/schema"},
      {R"({"schema":"nono/approval-rules/1","rules":{}})", "/rules"},
      {R"({"schema":"nono/approval-rules/1","rules":[],"more":1})", "more"},
      {book(R"({"path":"/a/b"})"), "/rules/0"},
      {book(R"({"path":"a/b","approval":"allow"})"), "/rules/0/path"},
      {book(R"({"path":"/a","approval":"allow"})"), "/rules/0/path"},
      {book(R"({"path":"/a/../b","approval":"allow"})"), "/rules/0/path"},
      {book(R"({"path":"/a/{b}","approval":"allow"})"), "/rules/0/path"},
      {book(R"({"path":"","approval":"allow"})"), "/rules/0/path"},
      {book(R"({"path":"/a/b","approval":"maybe"})"), "/rules/0/approval"},
      {book(R"({"path":"/a/b","approval":true})"), "/rules/0/approval"},
      {book(R"({"path":"/a/b","approval":"allow","scope":"ever"})"), "/rules/0/scope"},
      {book(R"({"path":"/a/b","approval":"allow","scope":"profile"})"), "only a person saves"},
      {book(R"({"path":"/a/b","approval":"allow","operations":["run"]})"), "/rules/0/operations/0"},
      {book(R"({"path":"/a/b","approval":"allow","operations":[]})"), "/rules/0/operations"},
      {book(R"({"path":"/a/b","approval":"allow","x":1})"), "x"},
      {book(R"({"address":"a.example","approval":"allow"})"), "/rules/0/address"},
      {book(R"({"address":"*:443","approval":"allow"})"), "/rules/0/address"},
      {book(R"({"address":"a.example:443","path":"/a/b","approval":"allow"})"), "path"},
      {book(R"({"address":"a.example:443","operations":["read"],"approval":"allow"})"),
       "operations"},
  };
  for (const Case& each : cases) {
    const auto rules = RuleBook::parse(each.text, "/home/u");
    ASSERT_FALSE(rules) << each.text;
    EXPECT_NE(rules.error().message().find(each.place), std::string::npos)
        << each.text << ": " << rules.error().message();
  }
}

TEST(RuleBookTest, MoreRulesThanAllowedAreRefused) {
  std::string rules;
  for (std::size_t i = 0; i <= RuleBook::kMaxRules; ++i) {
    rules += std::string(i == 0 ? "" : ",") + R"({"path":"/a/b","approval":"ask"})";
  }
  EXPECT_FALSE(RuleBook::parse(book(rules), ""));
}

TEST(RuleBookTest, ConnectsAreMetWhereTheyAreNamed) {
  const auto rules =
      RuleBook::parse(book(R"({"address":"192.0.2.1:443","approval":"allow"},)"
                           R"({"address":"[::ffff:192.0.2.2]:80","approval":"allow"},)"
                           R"({"address":"api.example:443","approval":"allow"},)"
                           R"({"path":"/srv/**","operations":["connect"],"approval":"allow"},)"
                           R"({"path":"/**/*","approval":"allow"})"),
                      "/home/u");
  ASSERT_TRUE(rules) << rules.error().message();
  struct Case {
    ApprovalQuestion question;
    const char* rule;  // null: none
  };
  for (const Case& each :
       {Case{asking("connect", "192.0.2.1:443", "192.0.2.1:443"), "192.0.2.1:443"},
        Case{asking("connect", "192.0.2.1:44", "192.0.2.1:44"), nullptr},
        Case{asking("connect", "192.0.2.2:80", "192.0.2.2:80"), "[::ffff:192.0.2.2]:80"},
        Case{asking("connect", "192.0.2.9:443", "api.example:443"), "api.example:443"},
        Case{asking("connect", "192.0.2.9:80", "api.example:80"), nullptr},
        Case{asking("connect", "192.0.2.9:443", "192.0.2.1:443"), nullptr},
        Case{asking("read", "/x/192.0.2.1:443", "192.0.2.1:443"), "/**/*"},
        Case{asking("connect", "/srv/a/s", "/srv/a/s"), "/srv/**"},
        Case{asking("connect", "/opt/s", "api.example:443"), nullptr}}) {
    const ApprovalRule* found = rules->find(each.question);
    EXPECT_EQ(found == nullptr ? std::string() : found->shown,
              each.rule == nullptr ? "" : each.rule)
        << each.question.path;
  }
}

TEST(RulesBackendTest, AskAndNoRuleLeaveItToOthers) {
  RulesBackend backend(*RuleBook::parse(book(R"({"path":"/a/ask","approval":"ask"},)"
                                             R"({"path":"/a/yes","approval":"allow"})"),
                                        ""));
  ApprovalQuestion question;
  question.id = 3;
  question.operation = "read";
  for (const char* path : {"/a/ask", "/a/other"}) {
    question.path = path;
    EXPECT_EQ(backend.put(question), ApprovalBackend::Taken::NoOpinion);
  }
  EXPECT_TRUE(backend.turn().empty());
  question.path = "/a/yes";
  EXPECT_EQ(backend.put(question), ApprovalBackend::Taken::Answered);
  const auto replies = backend.turn();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].question, 3U);
  EXPECT_EQ(replies[0].approval, Approval::Allowed);
  EXPECT_EQ(replies[0].why, "rule /a/yes");
}

TEST(ControlRequestTest, WhatIsWrittenIsRead) {
  const auto list = parse_request(to_json(ListQuestions{9}));
  ASSERT_TRUE(list);
  EXPECT_EQ(std::get<ListQuestions>(*list).after, 9U);
  const auto answer =
      parse_request(to_json(AnswerQuestion{4, Approval::Allowed, ApprovalScope::Session}));
  ASSERT_TRUE(answer);
  const auto& got = std::get<AnswerQuestion>(*answer);
  EXPECT_EQ(got.question, 4U);
  EXPECT_EQ(got.approval, Approval::Allowed);
  EXPECT_EQ(got.scope, ApprovalScope::Session);
}

TEST(ControlRequestTest, OnlyAnAllowanceIsSaved) {
  const auto parse = [](const char* approval) {
    return parse_request(Json(Json::Object{
        {"do", "answer"}, {"question", 1}, {"approval", approval}, {"scope", "profile"}}));
  };
  const auto allow = parse("allow");
  ASSERT_TRUE(allow);
  EXPECT_EQ(std::get<AnswerQuestion>(*allow).scope, ApprovalScope::Profile);
  const auto deny = parse("deny");
  ASSERT_FALSE(deny);
  EXPECT_NE(deny.error().message().find("a denial is not saved"), std::string::npos);
}

TEST(AnswerTakenTest, SaysWhatBecameOfAnAnswer) {
  const auto parse = [](const char* text) {
    return parse_taken(*Json::parse(text, kMessageLimits));
  };
  EXPECT_TRUE(parse(R"({"taken":true})")->taken);
  EXPECT_FALSE(parse(R"({"taken":true})")->saved);
  EXPECT_TRUE(*parse(R"({"taken":true,"saved":true})")->saved);
  const auto not_saved = parse(R"({"taken":true,"saved":false,"why_not":"full"})");
  EXPECT_FALSE(*not_saved->saved);
  EXPECT_EQ(not_saved->why_not, "full");
  EXPECT_EQ(parse(R"({"error":"closed"})")->error, "closed");
  for (const char* text : {"null", "{}", R"({"taken":1})", R"({"taken":true,"saved":1})",
                           R"({"taken":true,"x":1})", R"({"error":1})"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(OfferJsonTest, IsTheChangeOrWhyThereIsNone) {
  EXPECT_EQ(offer_json({"/p", "+x\n", ""}).compact(), R"({"profile":"/p","diff":"+x\n"})");
  EXPECT_EQ(offer_json({"/p", "", "no"}).compact(), R"({"why_not":"no"})");
}

TEST(ControlRequestTest, AnythingElseIsRefused) {
  for (const char* text :
       {"null", "[]", "{}", R"({"do":"else"})", R"({"do":1})", R"({"do":"list"})",
        R"({"do":"list","after":-1})", R"({"do":"list","after":"0"})",
        R"({"do":"list","after":0,"x":1})", R"({"do":"answer","question":1,"approval":"allow"})",
        R"({"do":"answer","question":1,"approval":"yes","scope":"once"})",
        R"({"do":"answer","question":1,"approval":"allow","scope":"ever"})",
        R"({"do":"answer","question":1.5,"approval":"allow","scope":"once"})",
        R"({"do":"answer","question":1,"approval":"allow","scope":"once","uid":0})"}) {
    const auto json = Json::parse(text, kMessageLimits);
    ASSERT_TRUE(json) << text;
    EXPECT_FALSE(parse_request(*json)) << text;
  }
}

// A session is believed no more than any peer: what its texts would do to a terminal they do not.
TEST(QuestionListTest, NothingInItReachesTheTerminal) {
  const std::string evil = R"(\u001b[2J\u202e\r)";
  const auto list = parse_list(*Json::parse(
      R"({"questions":[{"id":1,"operation":"read)" + evil + R"(","object":"/a)" + evil +
          R"(\n","requested":"/b)" + evil + R"(","pid":2,"seconds_left":3,"save":{"profile":"/p)" +
          evil + R"(","diff":"-a\n\n+b)" + evil +
          R"("}},{"id":2,"operation":"read","object":"/a",)" +
          R"("requested":"/a","pid":2,"seconds_left":3,"save":{"why_not":"no\n)" + evil +
          R"("}}],"more":false})",
      kMessageLimits));
  ASSERT_TRUE(list) << list.error().message();
  const std::string harmless = "\\e[2J\\u{202e}\\x0d";
  const ListedQuestion& first = list->questions.at(0);
  EXPECT_EQ(first.operation, "read" + harmless);
  EXPECT_EQ(first.object, "/a" + harmless + "\\n");
  EXPECT_EQ(first.requested, "/b" + harmless);
  EXPECT_EQ(first.offer.profile, "/p" + harmless);
  EXPECT_EQ(first.offer.diff, "-a\n\n+b" + harmless + "\n");
  EXPECT_EQ(list->questions.at(1).offer.why_not, "no\\n" + harmless);
  const auto taken = parse_taken(
      *Json::parse(R"({"taken":true,"saved":false,"why_not":")" + evil + "\"}", kMessageLimits));
  EXPECT_EQ(taken->why_not, harmless);
  EXPECT_EQ(parse_taken(*Json::parse(R"({"error":")" + evil + "\"}", kMessageLimits))->error,
            harmless);
}

TEST(QuestionListTest, AListOfAnotherFormIsRefused) {
  const std::string good =
      R"({"id":1,"operation":"read","object":"/a","requested":"/a","pid":2,"seconds_left":3,)"
      R"("save":{"profile":"/p.json","diff":"-a\n+b\n"}})";
  const auto parse = [](const std::string& text) {
    return parse_list(*Json::parse(text, kMessageLimits));
  };
  const auto list = parse(R"({"questions":[)" + good + R"(],"more":true})");
  ASSERT_TRUE(list) << list.error().message();
  EXPECT_EQ(list->questions.at(0).object, "/a");
  EXPECT_EQ(list->questions.at(0).offer.diff, "-a\n+b\n");
  EXPECT_TRUE(list->more);
  std::string many = good;
  for (int i = 0; i < 40; ++i) {
    many += "," + good;
  }
  for (const std::string& text :
       {std::string(R"({"error":"x"})"), std::string(R"({"questions":[]})"),
        std::string(R"({"questions":{},"more":false})"),
        std::string(R"({"questions":[{}],"more":false})"),
        std::string(R"({"questions":[{"id":1,"operation":"read","object":"/a","requested":"/a",)"
                    R"("pid":2,"seconds_left":3}],"more":false})"),
        std::string(R"({"questions":[{"id":1,"operation":"read","object":"/a","requested":"/a",)"
                    R"("pid":2,"seconds_left":3,"save":{"text":"x"}}],"more":false})"),
        R"({"questions":[)" + many + R"(],"more":false})"}) {
    EXPECT_FALSE(parse(text)) << text.substr(0, 80);
  }
}

}  // namespace
}  // namespace nono::engine
