// cli/audit.cc: audit list, audit show, audit verify.
#include <array>
#include <utility>

#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "ledger/audit_log.h"
#include "ledger/audit_reader.h"
#include "ledger/session_files.h"

namespace nono::cli {
namespace {

Result<std::string> logs(const Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  return engine::audit_directory(user);
}

std::string lost_note(std::uint64_t lost) {
  return lost == 0 ? "" : "; " + counted(lost, "event") + " could not be recorded";
}

std::string ending_of(const ledger::SessionSummary& summary) {
  if (summary.running) {
    return "running";
  }
  if (summary.ended.empty()) {
    return "aborted";
  }
  return summary.exit_code ? "exit " + std::to_string(*summary.exit_code) : "ended";
}

Json summary_json(const ledger::SessionSummary& summary) {
  return Json::Object{{"id", summary.id},
                      {"name", text_or_null(summary.name)},
                      {"started", text_or_null(summary.started)},
                      {"ended", text_or_null(summary.ended)},
                      {"running", summary.running},
                      {"command", text_or_null(summary.command)},
                      {"events", summary.events},
                      {"records_lost", summary.lost},
                      {"exit_code", summary.exit_code ? Json(*summary.exit_code) : Json()}};
}

Result<int> run_list(const Arguments&, Session& session) {
  NONO_TRY(const std::string directory, logs(session));
  NONO_TRY(const std::vector<ledger::SessionSummary> sessions, ledger::list_sessions(directory));
  Json::Array list;
  if (!session.wants_json() && !sessions.empty()) {
    session.render().note("session           started                         end  events  command");
  }
  for (const ledger::SessionSummary& summary : sessions) {
    list.push_back(summary_json(summary));
    if (!session.wants_json()) {
      const std::string when = summary.started.empty() ? "unreadable" : summary.started;
      session.render().result(summary.id + "  " + when + "  " + ending_of(summary) + "  " +
                              counted(summary.events, "event") + lost_note(summary.lost) + "  " +
                              summary.command);
    }
  }
  if (session.wants_json()) {
    Json json = document("audit-list");
    json.set("sessions", Json(std::move(list)));
    session.render().json(json);
  } else if (list.empty()) {
    session.render().note("no session is recorded in " + directory);
  }
  return kDone;
}

// An event for people: time, type, and the rest as compact JSON.
std::string event_line(const Json& event) {
  Json rest(Json::Object{});
  std::string time;
  std::string type;
  for (const auto& [key, value] : *event.object()) {
    if (key == "time" && value.string() != nullptr) {
      time = *value.string();
    } else if (key == "type" && value.string() != nullptr) {
      type = *value.string();
    } else if (key != "prev" && key != "mac" && key != "sequence") {
      rest.set(key, value);
    }
  }
  return time + "  " + type + "  " + rest.compact();
}

// with_remedy tells of a session that is not there in the words of a user; where its log is there,
// something else is not, and the error says what.
Error with_remedy(const Error& error, const std::string& id, const std::string& directory) {
  if (error.kind() != ErrorKind::NotFound ||
      ledger::open_session_file(directory, id, ledger::kEventsFile)) {
    return error;
  }
  return Error(ErrorKind::NotFound, "there is no record of a session " + id + " in " + directory)
      .mend_with("nono audit list");
}

Result<int> run_show(const Arguments& arguments, Session& session) {
  NONO_TRY(const std::string directory, logs(session));
  const std::string& id = arguments.operands().front();
  const Result<std::vector<Json>> events = ledger::read_events(directory, id);
  if (!events) {
    return std::unexpected(with_remedy(events.error(), id, directory));
  }
  if (session.wants_json()) {
    Json json = document("audit-show");
    json.set("id", json_text(id));
    json.set("events", Json(Json::Array(*events)));
    session.render().json(json);
    return kDone;
  }
  for (const Json& event : *events) {
    if (event.object() != nullptr) {
      session.render().result(event_line(event));
    }
  }
  return kDone;
}

std::string_view name_of(ledger::LogState state) {
  switch (state) {
    case ledger::LogState::Sealed:
      return "sealed";
    case ledger::LogState::Open:
      return "open";
    case ledger::LogState::Torn:
      return "torn";
    case ledger::LogState::Broken:
      return "broken";
  }
  std::unreachable();
}

std::string_view words_for(ledger::LogState state) {
  switch (state) {
    case ledger::LogState::Sealed:
      return "the chain and its seal hold";
    case ledger::LogState::Open:
      return "the chain holds; the session has not ended, or was cut off";
    case ledger::LogState::Torn:
      return "the chain holds up to an incomplete last line";
    case ledger::LogState::Broken:
      return "the log was changed";
  }
  std::unreachable();
}

Result<std::optional<crypto::Sha256>> kept_head(const Arguments& arguments) {
  const auto text = arguments.value("head");
  if (!text) {
    return std::nullopt;
  }
  const auto head = crypto::Sha256::parse_hex(*text);
  if (!head) {
    return std::unexpected(Error(ErrorKind::Usage, "--head \"" + *text + "\" is not a digest")
                               .mend_with("give 64 lower-case hexadecimal digits"));
  }
  return head;
}

Result<int> run_verify(const Arguments& arguments, Session& session) {
  NONO_TRY(const std::string directory, logs(session));
  NONO_TRY(const std::optional<crypto::Sha256> kept, kept_head(arguments));
  const std::string& id = arguments.operands().front();
  const Result<ledger::Verification> verified = ledger::verify_session(directory, id, kept);
  if (!verified) {
    return std::unexpected(with_remedy(verified.error(), id, directory));
  }
  const ledger::Verification& checked = *verified;
  const bool holds = checked.state != ledger::LogState::Broken;
  if (session.wants_json()) {
    Json json = document("audit-verify");
    json.set("id", json_text(id));
    json.set("state", name_of(checked.state));
    json.set("good_lines", checked.good_lines);
    json.set("records_lost", checked.lost);
    json.set("head", checked.head ? Json(checked.head->hex()) : Json());
    json.set("detail", text_or_null(checked.detail));
    session.render().json(json);
  } else {
    session.render().word_line(holds ? "VERIFIED" : "FAILED",
                               id + "  " + std::string(words_for(checked.state)) + " (" +
                                   counted(checked.good_lines, "good line") + ")" +
                                   lost_note(checked.lost));
    if (!checked.detail.empty()) {
      session.render().detail("where", checked.detail);
    }
    if (checked.head && session.render().verbose()) {
      session.render().detail("head", checked.head->hex());
    }
  }
  return holds ? kDone : kVerdict;
}

constexpr std::array<Option, 1> kVerifyOptions = {{
    {"head", 0, "DIGEST", "the head that you kept elsewhere when the session ended",
     Takes::OneValue},
}};
constexpr std::array<Example, 1> kListExamples = {{{"nono audit list", "newest first"}}};
constexpr std::array<Example, 1> kShowExamples = {
    {{"nono audit show 0123456789abcdef", "every event of a session"}}};
constexpr std::array<Example, 1> kVerifyExamples = {
    {{"nono audit verify 0123456789abcdef", "was a line changed, removed or added?"}}};

}  // namespace

constinit const Command kAuditList{
    .name = "audit list",
    .summary = "list the recorded sessions, newest first",
    .description = "Lists what the logs claim; `nono audit verify` checks one.",
    .operands = {},
    .options = {},
    .examples = kListExamples,
    .json = JsonOutput::Offered,
    .run = run_list};

constinit const Command kAuditShow{
    .name = "audit show",
    .summary = "show the events of a session",
    .description = "Shows the whole lines of a session's log in order, without checking them.",
    .operands = {"SESSION", 1, 1, Completes::Sessions},
    .options = {},
    .examples = kShowExamples,
    .json = JsonOutput::Offered,
    .run = run_show};

constinit const Command kAuditVerify{
    .name = "audit verify",
    .summary = "check that a session's record is whole and unchanged",
    .description =
        "Checks the chain of every line under the session's key. Exits with 1 when a line was "
        "changed, removed, reordered or added.",
    .operands = {"SESSION", 1, 1, Completes::Sessions},
    .options = kVerifyOptions,
    .examples = kVerifyExamples,
    .json = JsonOutput::Offered,
    .run = run_verify};

}  // namespace nono::cli
