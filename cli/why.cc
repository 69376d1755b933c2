// cli/why.cc: why: would an operation be allowed in the sandbox, and by what.
#include "engine/why.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/profile_choice.h"
#include "cli/run_request.h"
#include "cli/session.h"
#include "engine/why_inside.h"

namespace nono::cli {
namespace {

Error usage(std::string message, std::string remedy) {
  return Error(ErrorKind::Usage, std::move(message)).mend_with(std::move(remedy));
}

Result<engine::Operation> operation_of(const Arguments& arguments) {
  if (arguments.has("variable")) {
    return engine::Operation::Pass;
  }
  const std::string word = arguments.value("op").value_or(
      arguments.has("port") || arguments.has("host") ? "connect" : "read");
  const auto operation = engine::operation_from(word);
  if (!operation || *operation == engine::Operation::Pass) {
    return std::unexpected(
        usage("--op " + printable(word) + ": not an operation",
              "use one of: read, write, exec, create, remove, metadata, connect, listen"));
  }
  return *operation;
}

Result<void> take_host(const Arguments& arguments, engine::Question& question) {
  const auto text = arguments.value("host");
  if (!text) {
    return {};
  }
  if (question.operation != engine::Operation::Connect) {
    return std::unexpected(
        usage("--op " + std::string(engine::name_of(question.operation)) + " is not for a host",
              "use --op connect, or leave it out"));
  }
  // As one word, or with the port apart.
  const auto port = arguments.value("port");
  auto host = sandbox::parse_host_port(port ? *text + ":" + *port : *text);
  if (!host) {
    return std::unexpected(std::move(host).error().while_doing("--host"));
  }
  question.host = *std::move(host);
  return {};
}

Result<void> take_port(const Arguments& arguments, engine::Question& question) {
  const bool listens = question.operation == engine::Operation::Listen;
  const auto text = arguments.value("port");
  if (!text) {
    return listens && !question.host
               ? std::unexpected(usage("--op listen is for a port", "use --port N"))
               : Result<void>();
  }
  const char* last = text->data() + text->size();
  const auto [end, error] = std::from_chars(text->data(), last, question.port);
  if (error != std::errc() || end != last || question.port == 0) {
    return std::unexpected(usage("--port " + printable(*text) + ": not a port number",
                                 "give a number from 1 to 65535"));
  }
  if (!listens && question.operation != engine::Operation::Connect) {
    return std::unexpected(
        usage("--op " + std::string(engine::name_of(question.operation)) + " is not for a port",
              "use --op connect or --op listen"));
  }
  return {};
}

Result<engine::Question> question_from(const Arguments& arguments) {
  const int subjects = static_cast<int>(arguments.has("path")) +
                       static_cast<int>(arguments.has("variable")) +
                       static_cast<int>(arguments.has("port") || arguments.has("host"));
  if (subjects != 1) {
    return std::unexpected(
        usage("one of --path, --port, --host and --variable says what is asked about",
              "nono why --path FILE --op read"));
  }
  engine::Question out;
  NONO_TRY(out.operation, operation_of(arguments));
  out.path = arguments.value("path").value_or("");
  out.variable = arguments.value("variable").value_or("");
  NONO_CHECK(take_host(arguments, out));
  NONO_CHECK(take_port(arguments, out));
  return out;
}

// reason_of is upstream's word for a denial or grant, where it has one; else our rule. Scripts that
// were written for upstream read `status`, `reason` and `suggested_flag`; `rule` is the finer one.
std::string reason_of(const engine::Answer& answer) {
  struct Row {
    std::string_view rule;
    std::string_view reason;
  };
  static constexpr auto kRows = std::to_array<Row>({
      {"grant", "granted_path"},
      {"network-open", "network_allowed"},
      {"port", "network_allowed"},
      {"address", "network_allowed"},
      {"never-grant", "filesystem_deny"},
      {"network-blocked", "network_blocked"},
  });
  if (answer.rule == "outside-grants" || answer.rule == "metadata-outside-grants") {
    return answer.grant ? "insufficient_access" : "path_not_granted";
  }
  const auto* row = std::ranges::find(kRows, answer.rule, &Row::rule);
  return row != kRows.end() ? std::string(row->reason) : answer.rule;
}

Json grant_json(const std::optional<engine::CoveringGrant>& grant) {
  if (!grant) {
    return {};
  }
  return Json::Object{
      {"path", printable(grant->path)}, {"access", grant->access}, {"source", grant->source}};
}

Json answer_json(const engine::Question& question, const engine::Answer& answer) {
  Json json = document("why");
  json.set("operation", engine::name_of(question.operation));
  set_path(json, "object", answer.object);
  json.set("allowed", answer.allowed);
  json.set("rule", answer.rule);
  json.set("entry", json_text(answer.entry));
  json.set("because", json_text(answer.because));
  json.set("mend", text_or_null(answer.mend));
  json.set("status", answer.allowed ? "allowed" : "denied");
  json.set("reason", reason_of(answer));
  json.set("grant", grant_json(answer.grant));
  json.set("suggested_flag", text_or_null(answer.mend.starts_with('-') ? answer.mend : ""));
  return json;
}

void print(Render& render, const engine::Question& question, const engine::Answer& answer) {
  render.word_line(answer.allowed ? "ALLOWED" : "DENIED",
                   std::string(engine::name_of(question.operation)) + " " + answer.object);
  render.detail("Rule", answer.rule + ": " + answer.because);
  if (!answer.entry.empty()) {
    render.detail("By", answer.entry);
  }
  if (answer.grant && answer.allowed) {
    render.detail("Source", answer.grant->source);
  } else if (answer.grant) {
    render.detail("Closest match", answer.grant->access + "  " + answer.grant->path + "  (" +
                                       answer.grant->source + ")");
  }
  const bool of_sandbox =
      answer.rule != "missing" && answer.rule != "exists" && answer.rule != "not-empty";
  if (!answer.allowed && of_sandbox) {
    render.detail("Suggested fix", answer.mend.empty() ? "no option changes it" : answer.mend);
  }
}

Result<int> run_why(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::Question question, question_from(arguments));
  NONO_TRY(engine::RunRequest request, run_request_from(arguments, session));
  const bool inside = engine::inside_sandbox();
  if (!inside && arguments.has("self")) {
    return std::unexpected(usage("--self asks about the sandbox around it, and there is none",
                                 "leave it out, or ask inside a run"));
  }
  if (!inside) {
    NONO_CHECK(apply_chosen_profile(arguments, session, request));
  }
  auto answer = inside ? engine::why_inside(question) : engine::why(request, question);
  if (!answer) {
    return std::unexpected(std::move(answer).error());
  }
  if (session.wants_json()) {
    session.render().json(answer_json(question, *answer));
  } else {
    print(session.render(), question, *answer);
  }
  return answer->allowed ? kDone : kVerdict;
}

constexpr auto kOptions =
    joined(std::to_array<Option>({
               {"path", 0, "PATH", "the file or directory that is asked about", Takes::OneValue,
                Completes::Files},
               {"op", 0, "OPERATION",
                "read, write, exec, create (with a trailing slash: a directory), remove, metadata, "
                "connect or listen",
                Takes::OneValue},
               {"port", 0, "PORT", "a TCP port, to connect to or to listen on", Takes::OneValue},
               {"host", 0, "HOST[:PORT]",
                "a host to connect to, with its TCP port here or in --port", Takes::OneValue},
               {"variable", 0, "NAME", "a variable of the environment", Takes::OneValue},
               {"self", 0, "", "ask only inside a run, about that one (there it is what is meant)"},
           }),
           kCapabilityOptions);

constexpr auto kExamples = std::to_array<Example>({
    {"nono why --path ~/.ssh/id_ed25519 --op read --allow-cwd", "and which rule says so"},
    {"nono why --path .git/hooks/pre-commit --op create --allow-cwd",
     "a name that runs code later"},
    {"nono why --port 443 --op connect --connect-port 80", "by port"},
    {"nono why --host github.com:443 --connect api.example.org:443", "by host"},
    {"nono why --variable AWS_PROFILE", "is it passed on?"},
});

}  // namespace

constinit const Command kWhy{
    .name = "why",
    .summary = "say whether an operation would be allowed, and by which rule",
    .description =
        "Composes the sandbox that `nono run` would start with the same options, starts nothing, "
        "and asks it about one operation: the rule and the entry that decide, and the option that "
        "would change a denial. Exits with 0 where it would be allowed and with 1 where it would "
        "be denied.\n\n"
        "Inside a sandbox of nono it answers for the running session, by trying what leaves no "
        "trace: opening for reading or writing, and the check of a program. Other operations are "
        "answered outside only.",
    .operands = {},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .run = run_why};

}  // namespace nono::cli
