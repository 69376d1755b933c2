#include "engine/approval_terminal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "crypto/secret.h"

namespace nono::engine {
namespace {

constexpr std::size_t kWordBytes = 2;
constexpr std::size_t kMaxLine = 32;
// What would not stay on a screen is asked elsewhere, or not at all.
constexpr std::size_t kMaxShown = 1000;
// The agent's own spelling stands above what counts: it must not fill the lines before that.
constexpr std::size_t kMaxSpelling = 240;
constexpr std::size_t kMaxDiffShown = 2000;
// ^C, ^D, ^Z, ^\: what ends, leaves or stops elsewhere. Escape is none of them: what a terminal
// tells by itself begins with it. They count within that, too, as Enter does.
constexpr std::string_view kLeaving = "\x03\x04\x1a\x1c";
constexpr char kDelete = 127;
constexpr char kEscape = 27;
constexpr char kBell = 7;

std::string spelling_shown(std::string_view requested) {
  std::string out = printable_name(requested);
  if (out.size() <= kMaxSpelling) {
    return out;
  }
  const std::string all = std::to_string(out.size());
  std::size_t end = kMaxSpelling;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80U) {
    --end;  // not within a letter
  }
  out.resize(end);
  return out + "... (" + all + " bytes)";
}

}  // namespace

TerminalReports::Within TerminalReports::after_escape(char key) {
  if (key == '[') {
    return Within::Control;
  }
  if (key == 'O') {
    return Within::Shifted;
  }
  return std::string_view("P]X^_").contains(key) ? Within::Text : Within::Nothing;
}

bool TerminalReports::takes(char key) {
  if (key == kEscape) {
    within_ = Within::Escape;
    return true;
  }
  switch (std::exchange(within_, Within::Nothing)) {
    case Within::Nothing:
      return false;
    case Within::Escape:
      within_ = after_escape(key);
      return true;
    case Within::Control:
      within_ = key >= '@' && key <= '~' ? Within::Nothing : Within::Control;
      return true;
    case Within::Text:
      within_ = key == kBell ? Within::Nothing : Within::Text;
      return true;
    case Within::Shifted:
      return true;
  }
  return true;
}

TypedAnswer typed_answer(std::string_view line, std::string_view word) {
  if (!word.empty() && line == word) {
    return {Approval::Allowed, ApprovalScope::Once};
  }
  if (!word.empty() && line == std::string(word) + "s") {
    return {Approval::Allowed, ApprovalScope::Session};
  }
  if (!word.empty() && line == std::string(word) + "p") {
    return {Approval::Allowed, ApprovalScope::Profile};
  }
  return {Approval::Denied, line == "n" ? ApprovalScope::Session : ApprovalScope::Once};
}

TypedAnswer change_answer(std::string_view line, std::string_view word, const ProfileOffer& offer) {
  const TypedAnswer answer = typed_answer(line, word);
  if (answer.approval == Approval::Allowed && answer.scope == ApprovalScope::Once &&
      offer.possible()) {
    return {Approval::Allowed, ApprovalScope::Profile};
  }
  return answer.scope == ApprovalScope::Profile ? TypedAnswer() : answer;
}

std::string change_screen(const ApprovalQuestion& question, std::string_view word) {
  const std::string named(word);
  const ProfileOffer& offer = question.offer;
  const bool possible = offer.possible();
  std::string out = possible ? "nono: this is saved in the profile, for later runs\n\n"
                             : "nono: it cannot be saved in a profile\n\n";
  out += "  " + named + (possible ? "   allow it, and save this\n" : "   allow this once\n");
  out += "  " + named + "s  allow it until the session ends" +
         (possible ? ", and save nothing\n" : "\n");
  out += "  n      deny it until the session ends\n";
  out += "  Enter  deny it; so does everything else, and a minute's silence\n\n";
  return out + (possible ? offer.diff : "  " + printable(offer.why_not) + "\n") + "\n> ";
}

std::string question_screen(const ApprovalQuestion& question, std::string_view word) {
  const std::string named(word);
  const bool connects = question.operation == "connect";
  const bool internet = connects && !question.path.starts_with('/');
  std::string out = "nono: the agent wants to ";
  out += internet   ? "reach an address outside its grants\n\n"
         : connects ? "reach a program outside its grants\n\n"
                    : "open a file outside its grants\n\n";
  out += "  " + named + "   allow this once\n";
  out += "  " + named + "s  allow it until the session ends\n";
  out +=
      "  " + named + "p  allow it in later runs, too: shows what would be saved in the profile\n";
  out += "  n      deny it until the session ends\n";
  out += "  Enter  deny it; so does everything else, and a minute's silence\n\n";
  out += "  process    " + std::to_string(question.process) + "\n";
  if (question.requested != question.object) {
    out +=
        (internet ? "  host       " : "  opened as  ") + spelling_shown(question.requested) + "\n";
  }
  out += "  operation  " + question.operation + "\n";
  out += (internet   ? "  address    "
          : connects ? "  socket     "
                     : "  file       ") +
         printable_name(question.object) + "\n\n> ";
  return out;
}

Result<std::unique_ptr<TerminalBackend>> TerminalBackend::make(Announce announce) {
  OwnedFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) {
    return fail_errno(errno, "preparing questions on the terminal");
  }
  return std::unique_ptr<TerminalBackend>(
      new TerminalBackend(std::move(announce), std::move(wake)));
}

TerminalBackend::~TerminalBackend() {
  end_question();
}

ApprovalBackend::Taken TerminalBackend::put(const ApprovalQuestion& question) {
  if (relay_ == nullptr || !relay_->can_ask() ||
      question.object.size() + std::min(question.requested.size(), kMaxSpelling) > kMaxShown) {
    return Taken::NoOpinion;
  }
  questions_.push_back(question);
  if (ProfileOffer& offer = questions_.back().offer; offer.diff.size() > kMaxDiffShown) {
    offer = {offer.profile, "", "the change is too long for this screen (nono approve shows it)"};
  }
  show_next();
  return Taken::Waits;
}

void TerminalBackend::show_next() {
  if (shown_ || questions_.empty()) {
    return;
  }
  auto word = crypto::random_hex(kWordBytes);
  word_ = word ? *std::move(word) : std::string();  // without one nothing can be allowed
  line_.clear();
  reports_ = TerminalReports();
  shown_ = true;
  announce_(Asking::Begins);
  const ApprovalQuestion& question = questions_.front();
  relay_->ask(at_change_ ? change_screen(question, word_) : question_screen(question, word_),
              [this](std::string_view text) { typed(text); });
}

void TerminalBackend::end_question() {
  if (std::exchange(shown_, false)) {
    relay_->done_asking();
    announce_(Asking::Ends);
  }
}

void TerminalBackend::withdraw(std::uint64_t question) {
  const auto at = std::ranges::find(questions_, question, &ApprovalQuestion::id);
  if (at == questions_.end()) {
    return;
  }
  if (at == questions_.begin()) {
    end_question();
    at_change_ = false;
  }
  questions_.erase(at);
  show_next();
}

// typed hears keys of a raw terminal.
void TerminalBackend::typed(std::string_view text) {
  for (const char key : text) {
    const bool leaves = kLeaving.contains(key);
    if (key == '\r' || key == '\n' || leaves) {
      line_ = leaves ? "" : line_;
      decide();
      return;  // what follows was typed without having seen the next question
    }
    if (reports_.takes(key)) {
      continue;
    }
    if ((key == kDelete || key == '\b') && !line_.empty()) {
      line_.pop_back();
      relay_->add_to_question("\b \b");
    } else if (key > ' ' && key < kDelete && line_.size() < kMaxLine) {
      line_ += key;
      relay_->add_to_question(std::string(1, key));
    }
  }
}

void TerminalBackend::decide() {
  const ProfileOffer& offer = questions_.front().offer;
  const TypedAnswer answer =
      at_change_ ? change_answer(line_, word_, offer) : typed_answer(line_, word_);
  end_question();
  wake();
  if (answer.scope == ApprovalScope::Profile && !std::exchange(at_change_, true)) {
    return;  // the change is shown first
  }
  at_change_ = false;
  replies_.push_back({.question = questions_.front().id,
                      .approval = answer.approval,
                      .scope = answer.scope,
                      .uid = ::getuid()});
  questions_.pop_front();
}

// wake brings about a turn: for a reply, or for the next thing to show.
void TerminalBackend::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(BorrowedFd(wake_).raw(), &one, sizeof one));
}

std::vector<ApprovalReply> TerminalBackend::turn() {
  std::uint64_t count = 0;
  static_cast<void>(!::read(BorrowedFd(wake_).raw(), &count, sizeof count));
  std::vector<ApprovalReply> out = std::exchange(replies_, {});
  show_next();
  return out;
}

}  // namespace nono::engine
