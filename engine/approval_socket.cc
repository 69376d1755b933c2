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
                      {"seconds_left", std::max<std::int64_t>(0, left.count())}};
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

Result<ControlRequest> parse_answer(const JsonView& view) {
  NONO_CHECK(view.only({"do", "question", "approval", "scope"}));
  AnswerQuestion out;
  NONO_TRY(out.question, number_at(view, "question"));
  NONO_TRY(const std::string approval, text_at(view, "approval"));
  NONO_TRY(const std::string scope, text_at(view, "scope"));
  const auto known = scope_named(scope);
  if (!known || (approval != "allow" && approval != "deny")) {
    return std::unexpected(view.error("an approval is allow or deny, for once or session"));
  }
  out.approval = approval == "allow" ? Approval::Allowed : Approval::Denied;
  out.scope = *known;
  return out;
}

Result<ListedQuestion> parse_question(const JsonView& view) {
  ListedQuestion out;
  NONO_CHECK(view.only({"id", "operation", "object", "requested", "pid", "seconds_left"}));
  NONO_TRY(out.id, number_at(view, "id"));
  NONO_TRY(out.operation, text_at(view, "operation"));
  NONO_TRY(out.object, text_at(view, "object"));
  NONO_TRY(out.requested, text_at(view, "requested"));
  NONO_TRY(const JsonView pid, view.at("pid"));
  NONO_TRY(out.process, pid.integer());
  NONO_TRY(const JsonView left, view.at("seconds_left"));
  NONO_TRY(out.seconds_left, left.integer());
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

std::vector<ApprovalReply> SocketBackend::turn() {
  std::vector<ApprovalReply> out;
  for (const session::ControlServer::Request& request : server_.turn()) {
    const auto wanted = parse_request(request.message);
    if (!wanted) {
      server_.answer(request.client, refusal(wanted.error()));
    } else if (const auto* listed = std::get_if<ListQuestions>(&*wanted)) {
      server_.answer(request.client, list(listed->after));
    } else {
      const auto& answer = std::get<AnswerQuestion>(*wanted);
      const bool open = questions_.erase(answer.question) > 0;
      server_.answer(request.client,
                     open ? Json::Object{{"taken", true}}
                          : Json::Object{{"error", "that question is no longer open"}});
      if (open) {
        out.push_back({.question = answer.question,
                       .approval = answer.approval,
                       .scope = answer.scope,
                       .uid = request.uid});
      }
    }
  }
  return out;
}

}  // namespace nono::engine
