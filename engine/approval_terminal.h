// engine/approval_terminal.h: asks on the terminal that the session was started on.
//
// The question is on the alternate screen, the agent's output waits, and nothing that was typed or
// provoked before counts: to allow, one types a word that is shown with the question and that the
// agent cannot know. Everything else, Enter alone included, denies. What would be saved in a
// profile is shown before, with another word.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "engine/approval.h"
#include "session/terminal.h"

namespace nono::engine {

// TypedAnswer is what a line says that was typed to a question whose word is `word`.
struct TypedAnswer {
  Approval approval = Approval::Denied;
  ApprovalScope scope = ApprovalScope::Once;
};
TypedAnswer typed_answer(std::string_view line, std::string_view word);

// change_answer is the same on the second screen, which typed_answer's scope Profile leads to.
TypedAnswer change_answer(std::string_view line, std::string_view word, const ProfileOffer& offer);

// question_screen is what is shown, change_screen what comes after it.
std::string question_screen(const ApprovalQuestion& question, std::string_view word);
std::string change_screen(const ApprovalQuestion& question, std::string_view word);

// TerminalReports knows what a terminal tells by itself (that it lost the focus, what it is, keys
// with arrows): sequences that begin with Escape. None is typed, so none spoils an answer.
class TerminalReports {
 public:
  // takes reports whether `key` is of such a sequence.
  bool takes(char key);

 private:
  enum class Within : unsigned char { Nothing, Escape, Control, Shifted, Text };
  static Within after_escape(char key);
  Within within_ = Within::Nothing;
};

class TerminalBackend final : public ApprovalBackend {
 public:
  // Asking tells others to leave the terminal alone meanwhile.
  enum class Asking : unsigned char { Begins, Ends };
  using Announce = std::function<void(Asking)>;

  static Result<std::unique_ptr<TerminalBackend>> make(Announce announce);
  TerminalBackend(const TerminalBackend&) = delete;
  TerminalBackend& operator=(const TerminalBackend&) = delete;
  ~TerminalBackend() override;

  // attach gives it the terminal, which must outlive it; before, it has no opinion.
  void attach(session::Relay& relay) { relay_ = &relay; }

  std::string_view name() const override { return "terminal"; }
  Taken put(const ApprovalQuestion& question) override;
  void withdraw(std::uint64_t question) override;
  int watched() const override { return BorrowedFd(wake_).raw(); }
  std::vector<ApprovalReply> turn() override;

 private:
  TerminalBackend(Announce announce, OwnedFd wake)
      : announce_(std::move(announce)), wake_(std::move(wake)) {}
  void show_next();
  void typed(std::string_view text);
  void decide();
  void wake();
  void end_question();

  Announce announce_;
  OwnedFd wake_;  // an eventfd: there is a reply
  session::Relay* relay_ = nullptr;
  std::deque<ApprovalQuestion> questions_;  // the first is shown where `shown_`
  bool shown_ = false;
  bool at_change_ = false;  // it is to be saved: its change is what is shown
  std::string word_;
  std::string line_;
  TerminalReports reports_;
  std::vector<ApprovalReply> replies_;
};

}  // namespace nono::engine
