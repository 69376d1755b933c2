#include "engine/approval_socket.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "sandbox/expansion.h"

namespace nono::engine {
namespace {

constexpr std::size_t kMaxListed = sandbox::Expander::kMaxPending;
// What a list may grow to before the next question goes into another one.
constexpr std::size_t kListBytes = session::kMaxControlFrame * 3 / 4;

Json question_json(const ApprovalQuestion& question) {
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(question.until - std::chrono::steady_clock::now());
  return Json::Object{{"id", question.id},
                      {"operation", question.operation},
                      {"object", question.object},
                      {"requested", question.requested},
                      {"pid", static_cast<std::int64_t>(question.process)},
                      {"seconds_left", std::max<std::int64_t>(0, left.count())},
                      {"save", offer_json(question.offer)}};
}

Result<std::uint64_t> number_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  NONO_TRY(const std::int64_t value, member.integer());
  if (value < 0) {
    return std::unexpected(member.error("must not be negative"));
  }
  return static_cast<std::uint64_t>(value);
}

Result<std::string> text_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  return member.string();
}

// shown_at and maybe_shown are texts for people.
Result<std::string> shown_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const std::string text, text_at(view, key));
  return printable(text);
}

Result<std::string> maybe_shown(const JsonView& view, std::string_view key) {
  NONO_TRY(const auto member, view.maybe(key));
  return member ? shown_at(view, key) : Result<std::string>("");
}

// lines_at gives each line with its end.
Result<std::string> lines_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const auto member, view.maybe(key));
  NONO_TRY(const std::string text, member ? member->string() : Result<std::string>(""));
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out += printable(rest.substr(0, end)) + "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

Result<ControlRequest> parse_answer(const JsonView& view) {
  NONO_CHECK(view.only({"do", "question", "approval", "scope"}));
  AnswerQuestion out;
  NONO_TRY(out.question, number_at(view, "question"));
  NONO_TRY(const std::string approval, text_at(view, "approval"));
  NONO_TRY(const std::string scope, text_at(view, "scope"));
  const auto known = scope_named(scope);
  if (!known || (approval != "allow" && approval != "deny")) {
    return std::unexpected(
        view.error("an approval is allow or deny, for once, session or profile"));
  }
  if (approval == "deny" && *known == ApprovalScope::Profile) {
    return std::unexpected(view.error("a denial is not saved: deny for once or session"));
  }
  out.approval = approval == "allow" ? Approval::Allowed : Approval::Denied;
  out.scope = *known;
  return out;
}

Result<ProfileOffer> parse_offer(const JsonView& view) {
  NONO_CHECK(view.only({"profile", "diff", "why_not"}));
  ProfileOffer out;
  NONO_TRY(out.profile, maybe_shown(view, "profile"));
  NONO_TRY(out.diff, lines_at(view, "diff"));
  NONO_TRY(out.why_not, maybe_shown(view, "why_not"));
  return out;
}

Result<ListedQuestion> parse_question(const JsonView& view) {
  ListedQuestion out;
  NONO_CHECK(view.only({"id", "operation", "object", "requested", "pid", "seconds_left", "save"}));
  NONO_TRY(out.id, number_at(view, "id"));
  NONO_TRY(out.operation, shown_at(view, "operation"));
  NONO_TRY(out.object, shown_at(view, "object"));
  NONO_TRY(out.requested, shown_at(view, "requested"));
  NONO_TRY(const JsonView pid, view.at("pid"));
  NONO_TRY(out.process, pid.integer());
  NONO_TRY(const JsonView left, view.at("seconds_left"));
  NONO_TRY(out.seconds_left, left.integer());
  NONO_TRY(const JsonView save, view.at("save"));
  NONO_TRY(out.offer, parse_offer(save));
  return out;
}

Json refusal(const Error& error) {
  return Json::Object{{"error", printable(error.message())}};
}

}  // namespace

Result<ControlRequest> parse_request(const Json& message) {
  const JsonView view(message);
  NONO_TRY(const std::string what, text_at(view, "do"));
  if (what == "answer") {
    return parse_answer(view);
  }
  if (what != "list") {
    return std::unexpected(view.error("must be list or answer"));
  }
  NONO_CHECK(view.only({"do", "after"}));
  ListQuestions out;
  NONO_TRY(out.after, number_at(view, "after"));
  return out;
}

Json to_json(const ControlRequest& request) {
  if (const auto* list = std::get_if<ListQuestions>(&request)) {
    return Json::Object{{"do", "list"}, {"after", list->after}};
  }
  const auto& answer = std::get<AnswerQuestion>(request);
  return Json::Object{{"do", "answer"},
                      {"question", answer.question},
                      {"approval", answer.approval == Approval::Allowed ? "allow" : "deny"},
                      {"scope", name_of(answer.scope)}};
}

Result<QuestionList> parse_list(const Json& message) {
  const JsonView view(message);
  NONO_CHECK(view.only({"questions", "more"}));
  QuestionList out;
  NONO_TRY(const JsonView questions, view.at("questions"));
  NONO_TRY(const std::vector<JsonView> elements, questions.elements(kMaxListed));
  for (const JsonView& element : elements) {
    NONO_TRY(ListedQuestion question, parse_question(element));
    out.questions.push_back(std::move(question));
  }
  NONO_TRY(const JsonView more, view.at("more"));
  NONO_TRY(out.more, more.boolean());
  return out;
}

Json offer_json(const ProfileOffer& offer) {
  if (offer.possible()) {
    return Json::Object{{"profile", offer.profile}, {"diff", offer.diff}};
  }
  return Json::Object{{"why_not", offer.why_not}};
}

Result<AnswerTaken> parse_taken(const Json& message) {
  const JsonView view(message);
  NONO_CHECK(view.only({"taken", "error", "saved", "why_not"}));
  AnswerTaken out;
  NONO_TRY(out.error, maybe_shown(view, "error"));
  NONO_TRY(out.why_not, maybe_shown(view, "why_not"));
  if (!out.error.empty()) {
    return out;
  }
  NONO_TRY(const JsonView taken, view.at("taken"));
  NONO_TRY(out.taken, taken.boolean());
  NONO_TRY(const auto saved, view.maybe("saved"));
  if (saved) {
    NONO_TRY(out.saved, saved->boolean());
  }
  return out;
}

ApprovalBackend::Taken SocketBackend::put(const ApprovalQuestion& question) {
  questions_.emplace(question.id, question);
  return Taken::Waits;
}

Json SocketBackend::list(std::uint64_t after) const {
  Json::Array out;
  std::size_t bytes = 0;
  bool more = false;
  for (auto at = questions_.upper_bound(after); at != questions_.end(); ++at) {
    Json question = question_json(at->second);
    bytes += question.compact().size();
    if (bytes > kListBytes && !out.empty()) {
      more = true;
      break;
    }
    out.push_back(std::move(question));
  }
  return Json::Object{{"questions", std::move(out)}, {"more", more}};
}

// take is nothing where the answer is none; the client is told why, and the question stays.
std::optional<ApprovalReply> SocketBackend::take(const session::ControlServer::Request& request,
                                                 const AnswerQuestion& answer) {
  const auto at = questions_.find(answer.question);
  if (at == questions_.end()) {
    server_.answer(request.client, Json::Object{{"error", "that question is no longer open"}});
    return std::nullopt;
  }
  const bool saves = answer.scope == ApprovalScope::Profile;
  const ProfileOffer& offer = at->second.offer;
  if (saves && !offer.possible()) {
    server_.answer(request.client,
                   Json::Object{{"error", "it cannot be saved in a profile: " + offer.why_not}});
    return std::nullopt;
  }
  questions_.erase(at);
  if (saves) {
    saving_[answer.question] = request.client;
  } else {
    server_.answer(request.client, Json::Object{{"taken", true}});
  }
  return ApprovalReply{.question = answer.question,
                       .approval = answer.approval,
                       .scope = answer.scope,
                       .uid = request.uid};
}

void SocketBackend::conclude(std::uint64_t question, const std::string& why_not) {
  const auto at = saving_.find(question);
  if (at == saving_.end()) {
    return;
  }
  Json reply{Json::Object{{"taken", true}, {"saved", why_not.empty()}}};
  if (!why_not.empty()) {
    reply.set("why_not", printable(why_not));
  }
  server_.answer(at->second, reply);
  saving_.erase(at);
}

std::vector<ApprovalReply> SocketBackend::turn() {
  std::vector<ApprovalReply> out;
  for (const session::ControlServer::Request& request : server_.turn()) {
    const auto wanted = parse_request(request.message);
    if (!wanted) {
      server_.answer(request.client, refusal(wanted.error()));
    } else if (const auto* listed = std::get_if<ListQuestions>(&*wanted)) {
      server_.answer(request.client, list(listed->after));
    } else if (auto reply = take(request, std::get<AnswerQuestion>(*wanted))) {
      out.push_back(*std::move(reply));
    }
  }
  return out;
}

}  // namespace nono::engine
