#include "engine/approval_terminal.h"

#include <gtest/gtest.h>

#include <string>

namespace nono::engine {
namespace {

TEST(TypedAnswerTest, OnlyTheWordAllows) {
  struct Case {
    const char* line;
    Approval approval;
    ApprovalScope scope;
  };
  for (const Case& each : {Case{"a3f1", Approval::Allowed, ApprovalScope::Once},
                           Case{"a3f1s", Approval::Allowed, ApprovalScope::Session},
                           Case{"a3f1p", Approval::Allowed, ApprovalScope::Profile},
                           Case{"a3f1sp", Approval::Denied, ApprovalScope::Once},
                           Case{"p", Approval::Denied, ApprovalScope::Once},
                           Case{"", Approval::Denied, ApprovalScope::Once},
                           Case{"n", Approval::Denied, ApprovalScope::Session},
                           Case{"s", Approval::Denied, ApprovalScope::Once},
                           Case{"y", Approval::Denied, ApprovalScope::Once},
                           Case{"A3F1", Approval::Denied, ApprovalScope::Once},
                           Case{"a3f1 ", Approval::Denied, ApprovalScope::Once},
                           Case{"a3f1ss", Approval::Denied, ApprovalScope::Once},
                           Case{"[?1;2ca3f1", Approval::Denied, ApprovalScope::Once}}) {
    const TypedAnswer got = typed_answer(each.line, "a3f1");
    EXPECT_EQ(got.approval, each.approval) << each.line;
    EXPECT_EQ(got.scope, each.scope) << each.line;
  }
}

TEST(TypedAnswerTest, WithoutAWordNothingAllows) {
  for (const char* line : {"", "s", "n", "p"}) {
    EXPECT_EQ(typed_answer(line, "").approval, Approval::Denied) << line;
  }
}

TEST(QuestionScreenTest, WhatIsAskedStandsLastAndEscaped) {
  ApprovalQuestion question;
  question.operation = "read";
  question.object = "/srv/a\x1b[2J";
  question.requested = "/srv/link\n\n  operation  read";
  question.process = 7;
  const std::string screen = question_screen(question, "a3f1");
  EXPECT_EQ(screen.find('\x1b'), std::string::npos);
  EXPECT_NE(screen.find("  a3f1   allow this once\n"), std::string::npos);
  EXPECT_TRUE(screen.ends_with("  operation  read\n  file       /srv/a\\e[2J\n\n> ")) << screen;
  EXPECT_NE(screen.find("opened as  /srv/link\\n\\n\\x20\\x20operation\\x20\\x20read\n"),
            std::string::npos);
  question.requested = question.object;
  EXPECT_EQ(question_screen(question, "a3f1").find("opened as"), std::string::npos);
}

TEST(QuestionScreenTest, NoNameImitatesTheLinesAroundIt) {
  const std::string lines = std::string(60, ' ') + "  operation  read" + std::string(63, ' ') +
                            "  file       /srv/harmless" + std::string(53, ' ');
  ApprovalQuestion question;
  question.operation = "write";
  question.object = "/srv/secret" + lines + "x";
  question.requested = "/srv/link" + lines;
  const std::string screen = question_screen(question, "a3f1");
  EXPECT_EQ(screen.find("  operation  read"), std::string::npos) << screen;
  EXPECT_EQ(screen.find("  file       /srv/harmless"), std::string::npos) << screen;
  const std::size_t spelling = screen.find("  opened as  ");
  ASSERT_NE(spelling, std::string::npos);
  EXPECT_LT(screen.find('\n', spelling) - spelling, 300U);
  EXPECT_NE(screen.find("... (", spelling), std::string::npos);
  question.requested = "/" + std::string(400, '\xc3') + "z";
  EXPECT_TRUE(question_screen(question, "a3f1").contains("... (1602 bytes)\n"));
}

TEST(QuestionScreenTest, AConnectIsShownWithItsAddressAndTheNameThatIsKnown) {
  ApprovalQuestion question;
  question.operation = "connect";
  question.path = question.object = "192.0.2.1:443";
  question.requested = "api.example:443";
  const std::string screen = question_screen(question, "a3f1");
  EXPECT_NE(screen.find("reach an address outside"), std::string::npos);
  EXPECT_NE(screen.find("  host       api.example:443\n"), std::string::npos);
  EXPECT_TRUE(screen.ends_with("  address    192.0.2.1:443\n\n> ")) << screen;
  question.path = question.object = "/srv/s";
  EXPECT_TRUE(question_screen(question, "a3f1").ends_with("  socket     /srv/s\n\n> "));
}

TEST(ChangeAnswerTest, TheSecondWordSavesWhatIsShown) {
  struct Case {
    const char* line;
    TypedAnswer possible;
    TypedAnswer not_possible;
  };
  const TypedAnswer once{Approval::Allowed, ApprovalScope::Once};
  const TypedAnswer session{Approval::Allowed, ApprovalScope::Session};
  const TypedAnswer saved{Approval::Allowed, ApprovalScope::Profile};
  const TypedAnswer denied{Approval::Denied, ApprovalScope::Once};
  const TypedAnswer never{Approval::Denied, ApprovalScope::Session};
  for (const Case& each :
       {Case{"a3f1", saved, once}, Case{"a3f1s", session, session}, Case{"a3f1p", denied, denied},
        Case{"", denied, denied}, Case{"n", never, never}, Case{"y", denied, denied}}) {
    const auto expect = [&](const TypedAnswer& got, const TypedAnswer& wanted) {
      EXPECT_EQ(got.approval, wanted.approval) << each.line;
      EXPECT_EQ(got.scope, wanted.scope) << each.line;
    };
    expect(change_answer(each.line, "a3f1", {"/p", "+x\n", ""}), each.possible);
    expect(change_answer(each.line, "a3f1", {"/p", "", "no"}), each.not_possible);
  }
}

TEST(ChangeScreenTest, ShowsTheChangeOrWhyThereIsNone) {
  ApprovalQuestion question;
  question.offer = {"/p.json", "--- /p.json\n+x\n", ""};
  const std::string screen = change_screen(question, "a3f1");
  EXPECT_NE(screen.find("  a3f1   allow it, and save this\n"), std::string::npos);
  EXPECT_TRUE(screen.ends_with("\n--- /p.json\n+x\n\n> ")) << screen;
  question.offer = {"", "", "no profile\x1b[2J"};
  const std::string without = change_screen(question, "a3f1");
  EXPECT_EQ(without.find("save this"), std::string::npos);
  EXPECT_TRUE(without.ends_with("  no profile\\e[2J\n\n> ")) << without;
}

TEST(TerminalBackendTest, WithoutATerminalItHasNoOpinion) {
  auto backend = TerminalBackend::make([](TerminalBackend::Asking) { FAIL(); });
  ASSERT_TRUE(backend);
  EXPECT_EQ((*backend)->put(ApprovalQuestion()), ApprovalBackend::Taken::NoOpinion);
  (*backend)->withdraw(1);
  EXPECT_TRUE((*backend)->turn().empty());
}

}  // namespace
}  // namespace nono::engine
