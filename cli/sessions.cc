// cli/sessions.cc: ps, stop.
#include "engine/sessions.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"

namespace nono::cli {
namespace {

std::string words_of(const std::vector<std::string>& command) {
  std::string out;
  for (const std::string& word : command) {
    out += (out.empty() ? "" : " ") + shell_quote(word);
  }
  return out;
}

Json session_json(const session::ListedSession& session) {
  const session::SessionRecord& record = session.record;
  Json::Array command;
  for (const std::string& word : record.command) {
    command.emplace_back(word);
  }
  const bool here = session.state == session::SessionState::Running;
  return Json::Object{{"id", record.id},
                      {"name", text_or_null(record.name)},
                      {"started", record.started},
                      {"pid", here ? Json(std::int64_t{record.supervisor}) : Json()},
                      {"working_directory", record.working_directory},
                      {"command", std::move(command)}};
}

void tell_of_sweep(const engine::Sessions& sessions, Session& session) {
  for (const std::string& id : sessions.swept) {
    session.render().note("session " + id +
                          " was killed; its temporary directory and its entry were removed");
  }
  for (const std::string& what : sessions.left_over) {
    session.render().note("left over from a killed session: " + what);
  }
}

Result<int> run_ps(const Arguments&, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const engine::Sessions sessions, engine::look_at_sessions(user));
  tell_of_sweep(sessions, session);
  Json::Array list;
  for (const session::ListedSession& each : sessions.live) {
    list.push_back(session_json(each));
    if (!session.wants_json()) {
      const session::SessionRecord& record = each.record;
      const bool here = each.state == session::SessionState::Running;
      session.render().result(record.id + "  " + (record.name.empty() ? "-" : record.name) + "  " +
                              record.started + "  " +
                              (here ? "pid " + std::to_string(record.supervisor)
                                    : std::string("in another container")) +
                              "  " + words_of(record.command));
    }
  }
  if (session.wants_json()) {
    Json json = document("ps");
    json.set("sessions", Json(std::move(list)));
    session.render().json(json);
  } else if (list.empty()) {
    session.render().note("no session is running");
  }
  return kDone;
}

Result<int> run_stop(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const engine::Sessions sessions, engine::look_at_sessions(user));
  tell_of_sweep(sessions, session);
  NONO_TRY(const session::ListedSession found,
           session::find_session(sessions.live, arguments.operands().front()));
  const auto how = arguments.has("force") ? sandbox::StopHow::Now : sandbox::StopHow::Politely;
  NONO_TRY(const bool killed, engine::stop_session(user, found.record, how));
  if (session.wants_json()) {
    Json json = document("stop");
    json.set("id", found.record.id);
    json.set("name", text_or_null(found.record.name));
    json.set("killed", killed);
    session.render().json(json);
  } else {
    session.render().note("session " + found.record.id + (killed ? " was killed" : " has ended"));
  }
  return kDone;
}

constexpr std::array<Option, 1> kStopOptions = {{
    {"force", 0, "", "end it at once, without the five seconds that an agent has to tidy up"},
}};
constexpr std::array<Example, 1> kPsExamples = {{{"nono ps --json", "for a script"}}};
constexpr std::array<Example, 2> kStopExamples = {
    {{"nono stop review", "the session of `nono run --name review`"},
     {"nono stop 0123", "by the start of its id"}}};

}  // namespace

constinit const Command kPs{
    .name = "ps",
    .summary = "list the sessions that are running",
    .description =
        "Lists the running sessions of this user, oldest first, and removes what killed "
        "ones left behind.",
    .operands = {},
    .options = {},
    .examples = kPsExamples,
    .json = JsonOutput::Offered,
    .run = run_ps};

constinit const Command kStop{
    .name = "stop",
    .summary = "end a running session",
    .description =
        "Sends SIGTERM to the agent, and ends its processes five seconds later if they "
        "are still there. The session's record is sealed and its temporary directory "
        "removed. SESSION is a name, an id, or at least four leading digits of one.",
    .operands = {"SESSION", 1, 1, Completes::Sessions},
    .options = kStopOptions,
    .examples = kStopExamples,
    .json = JsonOutput::Offered,
    .run = run_stop};

}  // namespace nono::cli
