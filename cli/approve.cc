// cli/approve.cc: approve: answers the questions of a running session.
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "engine/approval_socket.h"
#include "engine/sessions.h"
#include "session/control.h"

namespace nono::cli {
namespace {

using engine::ListedQuestion;

constexpr int kLookEvery = 300;  // milliseconds between two looks for new questions

// Peer is the session that is spoken to; each request has a connection of its own.
struct Peer {
  std::string directory;
  std::string id;

  Result<Json> call(const engine::ControlRequest& request) const {
    NONO_TRY(session::ControlClient client, session::ControlClient::connect(directory, id));
    return client.call(engine::to_json(request));
  }
};

Result<Peer> find_peer(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const engine::Sessions sessions, engine::look_at_sessions(user));
  const std::string directory = engine::session_directory(user);
  if (!arguments.operands().empty()) {
    NONO_TRY(const session::ListedSession found,
             session::find_session(sessions.live, arguments.operands().front()));
    return Peer{directory, found.record.id};
  }
  if (sessions.live.size() == 1) {
    return Peer{directory, sessions.live.front().record.id};
  }
  return sessions.live.empty()
             ? std::unexpected(Error(ErrorKind::NotFound, "no session is running")
                                   .mend_with("start one: nono run --approve socket -- COMMAND"))
             : std::unexpected(Error(ErrorKind::Usage, "several sessions are running")
                                   .mend_with("say which: nono ps, then nono approve SESSION"));
}

Result<std::vector<ListedQuestion>> questions_of(const Peer& peer) {
  std::vector<ListedQuestion> out;
  bool more = true;
  while (more) {
    NONO_TRY(const Json answer, peer.call(engine::ListQuestions{out.empty() ? 0 : out.back().id}));
    NONO_TRY(engine::QuestionList list, engine::parse_list(answer));
    more = list.more && !list.questions.empty() &&
           (out.empty() || list.questions.back().id > out.back().id);
    std::ranges::move(list.questions, std::back_inserter(out));
  }
  return out;
}

// show_offer shows what would be saved, or why nothing can be: false then.
bool show_offer(const ListedQuestion& question, Session& session) {
  const engine::ProfileOffer& offer = question.offer;
  if (!offer.possible()) {
    session.render().note("question " + std::to_string(question.id) +
                          " cannot be saved in a profile: " + offer.why_not);
    return false;
  }
  for (std::string_view rest = offer.diff; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    session.render().result(std::string(rest.substr(0, end)));
    rest.remove_prefix(end + 1);
  }
  return true;
}

Json question_json(const ListedQuestion& question) {
  return Json::Object{{"id", question.id},
                      {"operation", question.operation},
                      {"object", question.object},
                      {"requested", question.requested},
                      {"pid", question.process},
                      {"seconds_left", question.seconds_left},
                      {"save", engine::offer_json(question.offer)}};
}

std::string line_of(const ListedQuestion& question) {
  const std::string asked =
      question.requested == question.object ? "" : "  (opened as " + question.requested + ")";
  return std::to_string(question.id) + "  " + question.operation + "  " + question.object + asked +
         "  pid " + std::to_string(question.process) + ", " +
         std::to_string(question.seconds_left) + " s left";
}

Result<int> show_list(const Peer& peer, Session& session) {
  NONO_TRY(const std::vector<ListedQuestion> questions, questions_of(peer));
  Json::Array list;
  for (const ListedQuestion& question : questions) {
    list.push_back(question_json(question));
    if (!session.wants_json()) {
      session.render().result(line_of(question));
    }
  }
  if (session.wants_json()) {
    Json json = document("approve");
    json.set("session", peer.id);
    json.set("questions", Json(std::move(list)));
    session.render().json(json);
  } else if (list.empty()) {
    session.render().note("no question is open");
  }
  return kDone;
}

// send_answer says what the session made of it, and tells what it did not do.
Result<engine::AnswerTaken> send_answer(const Peer& peer, const engine::AnswerQuestion& answer,
                                        Session& session) {
  NONO_TRY(const Json reply, peer.call(answer));
  NONO_TRY(engine::AnswerTaken out, engine::parse_taken(reply));
  const std::string named = "question " + std::to_string(answer.question) + ": ";
  if (!out.taken) {
    session.render().note(named +
                          (out.error.empty() ? "the session did not take the answer" : out.error));
  } else if (out.saved && !*out.saved) {
    session.render().note(named + "not saved: " + out.why_not);
  } else if (out.saved) {
    session.render().note(named + "saved");
  }
  return out;
}

Result<engine::ApprovalScope> scope_of(const Arguments& arguments) {
  const std::string word = arguments.value("scope").value_or("once");
  const auto scope = engine::scope_named(word);
  if (!scope) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--scope " + printable(word) + ": not one of its words")
            .mend_with("use one of: once, session, profile"));
  }
  if (*scope == engine::ApprovalScope::Profile && !arguments.has("allow")) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--scope profile: a denial is not saved in a profile")
            .mend_with("use --scope session, or write it into filesystem.deny of the profile"));
  }
  return *scope;
}

// show_change shows what an answer is about to save; the session refuses what cannot be.
Result<void> show_change(const Peer& peer, std::uint64_t question, Session& session) {
  NONO_TRY(const std::vector<ListedQuestion> questions, questions_of(peer));
  const auto at = std::ranges::find(questions, question, &ListedQuestion::id);
  if (at != questions.end() && at->offer.possible()) {
    static_cast<void>(show_offer(*at, session));
  }
  return {};
}

Result<std::uint64_t> number_in(const std::string& option, const std::string& text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out >> 62U != 0) {
    return std::unexpected(Error(ErrorKind::Usage, "--" + option + " " + printable(text) +
                                                       ": not the number of a question")
                               .mend_with("nono approve --list shows them"));
  }
  return out;
}

Json answer_json(const Peer& peer, const engine::AnswerQuestion& answer,
                 const engine::AnswerTaken& taken) {
  Json json = document("approve");
  json.set("session", peer.id);
  json.set("question", answer.question);
  json.set("approval", answer.approval == engine::Approval::Allowed ? "allow" : "deny");
  json.set("scope", engine::name_of(answer.scope));
  json.set("taken", taken.taken);
  if (taken.saved) {
    json.set("saved", *taken.saved);
  }
  return json;
}

Result<int> answer_one(const Peer& peer, const Arguments& arguments, Session& session) {
  const bool allow = arguments.has("allow");
  const std::string option = allow ? "allow" : "deny";
  engine::AnswerQuestion answer;
  NONO_TRY(answer.question, number_in(option, arguments.value(option).value_or("")));
  answer.approval = allow ? engine::Approval::Allowed : engine::Approval::Denied;
  NONO_TRY(answer.scope, scope_of(arguments));
  if (answer.scope == engine::ApprovalScope::Profile && !session.wants_json()) {
    NONO_CHECK(show_change(peer, answer.question, session));
  }
  NONO_TRY(const engine::AnswerTaken taken, send_answer(peer, answer, session));
  if (session.wants_json()) {
    session.render().json(answer_json(peer, answer, taken));
  }
  return taken.taken && taken.saved.value_or(true) ? kDone : kVerdict;
}

// read_word reads a line of the terminal.
std::string read_word() {
  std::string line(64, '\0');
  const ssize_t got = ::read(STDIN_FILENO, line.data(), line.size());
  line.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) {
    line.pop_back();
  }
  return ascii_lower(line);
}

// ask_word comes after what it asks about: that is on the terminal, and in no buffer. What was
// typed before is no answer.
Result<std::string> ask_word(Session& session, std::string_view choices) {
  NONO_CHECK(session.render().finish());
  ::tcflush(STDIN_FILENO, TCIFLUSH);
  NONO_CHECK(write_all(BorrowedFd::unowned(STDERR_FILENO), choices));
  return read_word();
}

// said is what a word means that was typed to the first question.
engine::AnswerQuestion said(std::uint64_t question, std::string_view word) {
  const bool once = word == "o" || word == "once";
  const bool session = word == "s" || word == "session";
  engine::AnswerQuestion out;
  out.question = question;
  out.approval = once || session ? engine::Approval::Allowed : engine::Approval::Denied;
  out.scope = word.starts_with('s') || word.starts_with('n') ? engine::ApprovalScope::Session
                                                             : engine::ApprovalScope::Once;
  return out;
}

// ask_to_save shows what would be saved, and asks again.
Result<engine::AnswerQuestion> ask_to_save(const ListedQuestion& question, Session& session) {
  const bool possible = show_offer(question, session);
  NONO_TRY(const std::string word,
           ask_word(session, possible ? "[y]es, save this; allow for the [s]ession only; "
                                        "[d]eny (default): "
                                      : "allow for the [s]ession, [d]eny (default): "));
  if (possible && (word == "y" || word == "yes")) {
    return engine::AnswerQuestion{question.id, engine::Approval::Allowed,
                                  engine::ApprovalScope::Profile};
  }
  return said(question.id, word.starts_with('o') ? "" : word);
}

Result<void> ask_person(const Peer& peer, const ListedQuestion& question, Session& session) {
  session.render().result(line_of(question));
  NONO_TRY(const std::string word,
           ask_word(session,
                    "allow [o]nce, allow for the [s]ession, allow and save to the "
                    "[p]rofile, deny for the session [n]ever, [d]eny (default): "));
  engine::AnswerQuestion answer = said(question.id, word);
  if (word == "p" || word == "profile") {
    NONO_TRY(answer, ask_to_save(question, session));
  }
  NONO_TRY(const engine::AnswerTaken taken, send_answer(peer, answer, session));
  static_cast<void>(taken);
  return {};
}

// ask_next asks about the first question after `last`, and moves that on: false where there is
// none. One at a time: an answer for the session settles others.
Result<bool> ask_next(const Peer& peer, const std::vector<ListedQuestion>& questions,
                      std::uint64_t& last, Session& session) {
  const auto next =
      std::ranges::find_if(questions, [&](const ListedQuestion& each) { return each.id > last; });
  if (next == questions.end()) {
    return false;
  }
  last = next->id;
  NONO_CHECK(ask_person(peer, *next, session));
  return true;
}

Result<int> follow(const Peer& peer, Session& session) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
    return std::unexpected(Error(ErrorKind::Usage, "there is no terminal to ask on")
                               .mend_with("use --list, and --allow or --deny with a number"));
  }
  session.render().note("waiting for questions of session " + peer.id + "; ^C ends this");
  std::uint64_t last = 0;
  for (;;) {
    auto questions = questions_of(peer);
    if (!questions && questions.error().kind() == ErrorKind::NotFound) {
      session.render().note("session " + peer.id + " has ended, or asks nothing");
      return kDone;
    }
    if (!questions) {
      return std::unexpected(std::move(questions).error());
    }
    NONO_TRY(const bool asked, ask_next(peer, *questions, last, session));
    if (!asked) {
      ::poll(nullptr, 0, kLookEvery);
    }
  }
}

// check_words: what only looks must not answer, and a scope that nothing asks for must not be left
// out in silence.
Result<void> check_words(const Arguments& arguments) {
  const bool answers = arguments.has("allow") || arguments.has("deny");
  if (arguments.has("allow") && arguments.has("deny")) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--allow and --deny contradict").mend_with("use one of them"));
  }
  if (arguments.has("list") && answers) {
    return std::unexpected(Error(ErrorKind::Usage, "--list answers nothing")
                               .mend_with("leave it out, or leave out --allow and --deny"));
  }
  if (arguments.has("scope") && !answers) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--scope is of an answer that --allow or --deny gives")
            .mend_with("give one of them with the number of a question"));
  }
  return {};
}

Result<int> run_approve(const Arguments& arguments, Session& session) {
  NONO_CHECK(check_words(arguments));
  NONO_TRY(const Peer peer, find_peer(arguments, session));
  if (arguments.has("allow") || arguments.has("deny")) {
    return answer_one(peer, arguments, session);
  }
  return arguments.has("list") || session.wants_json() ? show_list(peer, session)
                                                       : follow(peer, session);
}

constexpr auto kOptions = std::to_array<Option>({
    {"list", 0, "", "show the open questions and end"},
    {"allow", 0, "NUMBER", "allow what question NUMBER asks for", Takes::OneValue},
    {"deny", 0, "NUMBER", "deny it", Takes::OneValue},
    {"scope", 0, "SCOPE",
     "how long the answer counts: once, session, or profile, which saves what it shows",
     Takes::OneValue},
});
constexpr auto kExamples = std::to_array<Example>({
    {"nono approve review", "answer the questions of `nono run --name review --approve socket`"},
    {"nono approve --list --json", "the open questions, for a script"},
    {"nono approve --allow 3 --scope session", "allow it until the session ends"},
    {"nono approve --allow 3 --scope profile", "and write it into the profile of the run"},
});

}  // namespace

constinit const Command kApprove{
    .name = "approve",
    .summary = "answer what a running session asks for",
    .description =
        "Shows what the agent of a session that was started with `--approve socket` tries to open "
        "outside its grants, and asks whether it may. The agent's call waits meanwhile; what "
        "nobody "
        "answers within a minute is denied. What is on the never-grant list is not asked about.\n\n"
        "SESSION is a name, an id, or at least four leading digits of one; it can be left out "
        "where "
        "only one session is running.",
    .operands = {"SESSION", 0, 1, Completes::Sessions},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .run = run_approve};

}  // namespace nono::cli
