// cli/run.cc: run: what it shows of engine/run.h.
#include "engine/run.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/denial_summary.h"
#include "cli/documents.h"
#include "cli/limit_options.h"
#include "cli/live_lines.h"
#include "cli/profile_choice.h"
#include "cli/run_failure.h"
#include "cli/run_request.h"
#include "cli/session.h"

namespace nono::cli {
namespace {

std::string destination_text(const sandbox::Destination& destination) {
  std::string out = destination.asked.text();
  if (!destination.asked.literal) {
    std::string addresses;
    for (const sandbox::Endpoint& endpoint : destination.endpoints) {
      addresses += (addresses.empty() ? "" : " ") + endpoint.host();
    }
    out.append(" (").append(addresses).append(")");
  }
  return out;
}

constexpr std::string_view kOwnView = "only what is granted (a mount namespace)";

std::string network_line(const engine::RunPlan& plan) {
  const sandbox::Network& network = plan.capabilities.network();
  if (std::holds_alternative<sandbox::NetworkOpen>(network)) {
    return "open (--block-net closes it)";
  }
  const auto* ports = std::get_if<sandbox::NetworkPorts>(&network);
  if (ports == nullptr) {
    return plan.own_network == sandbox::OwnNetwork::Yes
               ? "blocked (an empty network namespace, Landlock and seccomp)"
               : "blocked (Landlock and seccomp)";
  }
  std::string out = "TCP only:";
  for (const sandbox::Destination& destination : ports->destinations) {
    out += " connect " + destination_text(destination);
  }
  for (const std::uint16_t port : ports->connect) {
    out += " connect port " + std::to_string(port) + " of any address";
  }
  for (const std::uint16_t port : ports->listen) {
    out += " listen port " + std::to_string(port);
  }
  return out;
}

std::string limit_line(const sandbox::LimitMeans& limit) {
  const std::string head = std::string(sandbox::name_of(limit.kind)) + "  " + limit.amount + "  (";
  return limit.gap.empty() ? head + limit.means + ")"
                           : head + "degraded: " + limit.means + "; " + limit.gap + ")";
}

Json limits_json(const sandbox::LimitPlan& plan) {
  Json::Array out;
  for (const sandbox::LimitMeans& limit : plan.means()) {
    out.push_back(Json::Object{{"limit", sandbox::name_of(limit.kind)},
                               {"amount", limit.amount},
                               {"means", limit.means},
                               {"degraded", text_or_null(limit.gap)}});
  }
  return {std::move(out)};
}

std::string verdict_line(const engine::Verdict& verdict) {
  if (verdict.proven) {
    return "verified   " + verdict.path + "  by " + verdict.publisher;
  }
  const std::string head = verdict.admitted ? "tolerated  " : "denied     ";
  return head + verdict.path + "  " + verdict.code;
}

// Screen tells what happens on stderr.
class Screen final : public engine::Teller {
 public:
  Screen(Render& render, bool banner) : render_(render), live_(render), banner_(banner) {}

  void progress(std::uint64_t entries) override {
    render_.progress("looking for instruction files: " + std::to_string(entries) + " entries");
  }
  void starting(const engine::RunPlan& plan) override {
    render_.end_progress();
    if (banner_) {
      show(plan);
    }
  }
  void denied(const engine::Judgement& judgement, const std::string& requested) override {
    std::string line = "denied: " + judgement.path;
    if (base_name(requested) != base_name(judgement.path)) {
      line += " (opened as " + requested + ")";
    }
    tell(line + ": " + judgement.reason_code() + ": " + judgement.reason());
    if (!judgement.remedy.empty()) {
      tell("  mend: " + judgement.remedy);
    }
  }
  void tolerated(const engine::Judgement& judgement) override {
    tell("warning: " + judgement.path + " is not verified (" + judgement.reason_code() +
         ") and was read all the same");
  }
  void refused(const sandbox::Refusal& refusal, const std::string& mend) override {
    // Programs look at much that they can do without: what lies outside the grants is told at the
    // end.
    if (refusal.rule == kOutside && !render_.verbose()) {
      return;
    }
    tell("refused: " + refusal.operation + " " + refusal.object + ": " + refusal.rule + ": " +
         refusal.why);
    if (!mend.empty()) {
      tell("  mend: " + mend);
    }
  }
  // On a terminal the agent has painted over what was told meanwhile: all of it comes again. Not
  // even now is stderr waited for: the agent can have filled it.
  void ended(const engine::Denials& denials) override {
    const bool again = ::isatty(STDERR_FILENO) != 0;
    std::vector<engine::Denial> left;
    for (const engine::Denial& denial : in_order(denials.kinds, kOutside)) {
      if (again || (denial.rule == kOutside && !render_.verbose())) {
        left.push_back(denial);
      }
    }
    if (left.empty()) {
      return;
    }
    render_.note_meanwhile("denied in this run: " + counted(denials.total, "operation"));
    for (const engine::Denial& denial : std::span(left).first(std::min(left.size(), kShown))) {
      render_.note_meanwhile("  " + summary_line(denial));
    }
    if (left.size() > kShown) {
      render_.note_meanwhile("  and " + std::to_string(left.size() - kShown) +
                             " more: nono audit show");
    }
  }
  void note(const std::string& line) override { tell(line); }
  void hold() override { live_.hold(); }
  void release() override { live_.release(); }

  void show(const engine::RunPlan& plan) {
    render_.note("sandbox: Landlock ABI " + std::to_string(plan.features.landlock_abi) +
                 ", seccomp, strict gate");
    for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
      const bool built_in = grant.origin.starts_with("built in");
      if (!built_in || render_.verbose()) {
        render_.note("  " + grant.access.text() + "  " + grant.shown_as + "  (" + grant.origin +
                     ")");
      }
    }
    render_.note("  network: " + network_line(plan));
    if (plan.view) {
      render_.note("  view: " + std::string(kOwnView));
    }
    for (const sandbox::LimitMeans& limit : plan.limits.means()) {
      render_.note("  limit: " + limit_line(limit));
    }
    for (const engine::Verdict& verdict : plan.verdicts) {
      render_.note("  " + verdict_line(verdict));
    }
    if (!plan.dropped_variables.empty()) {
      render_.note("  environment: " + dropped(plan.dropped_variables));
    }
    for (const std::string& note : plan.notes) {
      render_.note("  " + note);
    }
  }

 private:
  static constexpr std::string_view kOutside = "outside-grants";
  static constexpr std::size_t kShown = 20;
  static std::string summary_line(const engine::Denial& denial) {
    const std::string times =
        denial.count > 1 ? " (" + std::to_string(denial.count) + " times)" : "";
    return denial.operation + " " + denial.object + ": " + denial.rule + times +
           (denial.mend.empty() ? "; no option changes it" : "; mend: " + denial.mend);
  }
  static std::string dropped(const std::vector<std::string>& names) {
    std::string out = "not passed on:";
    for (const std::string& name : names) {
      out += " " + name;
    }
    return out + " (--env NAME passes one)";
  }
  void tell(const std::string& line) { live_.tell(line); }
  Render& render_;
  LiveLines live_;
  bool banner_;
};

}  // namespace

int refused_start(Render& render, const engine::StartRefused& refused,
                  std::string_view all_the_same) {
  for (const engine::Verdict& verdict : refused.denied) {
    Error error(ErrorKind::PermissionDenied,
                verdict.path + ": " + verdict.code + ": " + verdict.reason);
    render.error(verdict.remedy.empty() ? std::move(error)
                                        : std::move(error).mend_with(verdict.remedy));
  }
  render.note("the agent was not started: " + counted(refused.denied.size(), "instruction file") +
              std::string(refused.by_stream ? " as a standard stream" : all_the_same));
  return kVerdict;
}

std::optional<int> program_error(const Error& error, const std::vector<std::string>& command) {
  constexpr int kNotExecutable = 126;
  constexpr int kNotFound = 127;
  const bool about_program =
      !command.empty() && error.message().contains("'" + command.front() + "'");
  if (error.kind() == ErrorKind::NotFound && about_program) {
    return kNotFound;
  }
  const bool cannot = error.message().contains("cannot be executed");
  return error.kind() == ErrorKind::PermissionDenied && cannot ? std::optional(kNotExecutable)
                                                               : std::nullopt;
}

namespace {

Json destinations_json(const sandbox::Network& network) {
  Json::Array out;
  if (const auto* ports = std::get_if<sandbox::NetworkPorts>(&network)) {
    for (const sandbox::Destination& destination : ports->destinations) {
      Json::Array addresses;
      for (const sandbox::Endpoint& endpoint : destination.endpoints) {
        addresses.emplace_back(endpoint.host());
      }
      out.push_back(Json::Object{{"host", destination.asked.text()},
                                 {"addresses", Json(std::move(addresses))}});
    }
  }
  return {std::move(out)};
}

Json credentials_json(const engine::RunPlan& plan) {
  Json::Array out;
  for (const profile::Credential& credential : plan.credentials) {
    out.push_back(Json::Object{{"variable", credential.variable},
                               {"source", json_text(profile::text_of(credential.source))},
                               {"origin", json_text(credential.origin)}});
  }
  return {std::move(out)};
}

Json text_or_null(std::string_view text) {
  return text.empty() ? Json() : json_text(text);
}

Json plan_json(const engine::RunPlan& plan) {
  Json::Array grants;
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    Json row{Json::Object{}};
    set_path(row, "path", grant.shown_as);
    row.set("access", grant.access.text());
    row.set("origin", json_text(grant.origin));
    grants.push_back(std::move(row));
  }
  Json::Array files;
  for (const engine::Verdict& verdict : plan.verdicts) {
    Json row{Json::Object{}};
    set_path(row, "path", verdict.path);
    row.set("class", trustpolicy::name_of(verdict.guard_class));
    row.set("admitted", verdict.admitted);
    row.set("verified", verdict.proven);
    row.set("stops_start", verdict.autoloaded && !verdict.admitted);
    row.set("publisher", text_or_null(verdict.publisher));
    row.set("reason", text_or_null(verdict.code));
    files.push_back(std::move(row));
  }
  Json json = document("run-plan");
  json.set("capabilities", Json(std::move(grants)));
  json.set("network", network_line(plan));
  json.set("network_namespace", plan.own_network == sandbox::OwnNetwork::Yes);
  json.set("mount_namespace", plan.view.has_value());
  json.set("destinations", destinations_json(plan.capabilities.network()));
  json.set("limits", limits_json(plan.limits));
  json.set("landlock_abi", plan.features.landlock_abi);
  json.set("guarded_files", Json(std::move(files)));
  Json::Array dropped;
  for (const std::string& name : plan.dropped_variables) {
    dropped.push_back(json_text(name));
  }
  json.set("variables_not_passed_on", Json(std::move(dropped)));
  json.set("credentials", credentials_json(plan));
  return json;
}

Result<int> dry_run(const engine::RunRequest& request, Session& session, Screen& screen) {
  NONO_TRY(engine::RunPlan plan, engine::compose_run(request, {}));
  NONO_CHECK(engine::scan_run(plan, request, screen));
  session.render().end_progress();
  if (session.wants_json()) {
    session.render().json(plan_json(plan));
    return kDone;
  }
  session.render().note("Dry run mode: nothing is started");
  session.render().result("Capabilities:");
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    session.render().result(grant.access.text() + "  " + grant.shown_as + "  (" + grant.origin +
                            ")");
  }
  session.render().result("network  " + network_line(plan));
  if (plan.view) {
    session.render().result("view  " + std::string(kOwnView));
  }
  for (const sandbox::LimitMeans& limit : plan.limits.means()) {
    session.render().result("limit  " + limit_line(limit));
  }
  for (const engine::Verdict& verdict : plan.verdicts) {
    session.render().result(verdict_line(verdict));
  }
  for (const std::string& name : plan.dropped_variables) {
    session.render().result("variable  " + name + "  not passed on");
  }
  for (const std::string& note : plan.notes) {
    session.render().result("note  " + note);
  }
  return engine::stops_start(plan, request.scan).empty() ? kDone : kVerdict;
}

// not_run tells of a program that cannot be executed; the exit code is the one that shells have for
// it.
Result<int> not_run(Error error, const engine::RunRequest& request, Session& session) {
  const auto code = program_error(error, request.command);
  if (!code) {
    return std::unexpected(std::move(error));
  }
  session.render().error(Error(error.kind(), "Command execution failed: " + error.message())
                             .mend_with(error.remedy()));
  return *code;
}

std::string session_line(const engine::RunRequest& request, const engine::RunResult& result) {
  const std::string name = "session " + result.session_id;
  if (request.record != engine::Record::Kept) {
    return name + ", not recorded";
  }
  return name + (result.audit_head.empty() ? ", not sealed" : ", audit head " + result.audit_head);
}

Result<int> start(engine::RunRequest request, const Arguments& arguments, Session& session) {
  NONO_CHECK(apply_chosen_profile(arguments, session, request));
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const bool banner = !arguments.has("no-banner") && (terminal || session.render().verbose());
  Screen screen(session.render(), banner);
  if (arguments.has("dry-run")) {
    return dry_run(request, session, screen);
  }
  auto outcome = engine::run(request, session.clock(), screen);
  session.render().end_progress();
  if (!outcome) {
    return not_run(std::move(outcome).error(), request, session);
  }
  if (const auto* refused = std::get_if<engine::StartRefused>(&*outcome)) {
    return refused_start(session.render(), *refused, kStartAllTheSame);
  }
  const auto& result = std::get<engine::RunResult>(*outcome);
  if (result.record_fault) {
    session.render().error(*result.record_fault);
  }
  if (banner) {
    session.render().note(session_line(request, result));
  }
  return result.exit_code;
}

Result<int> run_run(const Arguments& arguments, Session& session) {
  NONO_TRY(engine::RunRequest request, run_request_from(arguments, session));
  return start(std::move(request), arguments, session);
}

// users_shell is $SHELL, else what the password database says.
std::string users_shell() {
  const char* shell = ::getenv("SHELL");  // NOLINT(concurrency-mt-unsafe): one thread
  if (shell != nullptr && *shell == '/') {
    return shell;
  }
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  const bool known = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
                     found != nullptr && found->pw_shell != nullptr && *found->pw_shell == '/';
  return known ? found->pw_shell : "/bin/sh";
}

Result<int> run_shell(const Arguments& arguments, Session& session) {
  NONO_TRY(engine::RunRequest request, run_request_from(arguments, session));
  request.command = {arguments.value("shell").value_or(users_shell())};
  return start(std::move(request), arguments, session);
}

constexpr auto kOptions = joined(
    joined(kCapabilityOptions, kLimitOptions),
    std::to_array<Option>({
        {"name", 0, "NAME", "a name for this session, that no other running one has",
         Takes::OneValue},
        {"approve", 0, "HOW",
         "ask about opens outside the grants: terminal, socket (nono approve answers), rules:FILE, "
         "webhook:URL",
         Takes::Values},
        {"approve-key", 0, "FILE", "the key that a webhook's questions and answers are signed by",
         Takes::OneValue, Completes::Files},
        {"dry-run", 0, "", "show what would be granted, and start nothing"},
        {"no-banner", 0, "", "do not show capabilities before the start"},
        {"no-audit", 0, "", "keep no record of this session"},
    }));

constexpr auto kShellOptions =
    joined(kOptions, std::to_array<Option>({{"shell", 0, "PROGRAM",
                                             "this shell instead of $SHELL or your login shell",
                                             Takes::OneValue, Completes::Files}}));
constexpr auto kShellExamples = std::to_array<Example>({
    {"nono shell --allow-cwd", "look around as an agent would"},
    {"nono shell --read-cwd --block-net --shell /bin/bash", "another shell, and no network"},
});

constexpr auto kExamples = std::to_array<Example>({
    {"nono run --allow-cwd -- claude", "an agent in the current project"},
    {"nono run --profile claude-code -- claude", "with all that Claude Code needs"},
    {"nono run --allow-cwd --block-net -- make test", "a build without network"},
    {"nono run --allow-cwd --approve terminal -- claude", "asks before a file outside is opened"},
    {"nono run --read-cwd --dry-run -- codex", "what codex would be granted"},
});

}  // namespace

const Command kRun{
    .name = "run",
    .summary = "run an agent in a sandbox that guards its instruction files",
    .description =
        "Verifies every instruction file in reach, then starts PROGRAM. It reaches the system's "
        "programs and settings, a temporary directory of its own, the network, and of your files "
        "what is granted here or by a profile and no more; --dry-run shows all of it. Options "
        "that name what is granted, kept, held back, connected to or passed on may be given "
        "several times. While it runs, an open of an instruction file yields bytes only if a "
        "trusted publisher signed them.\n\n"
        "The agent's exit code is passed on; 128+N means signal N, 124 that a limit of time, "
        "processor time or disk ended the run, 125 that it "
        "was not started, 126 and 127 that the program cannot be executed or was not found.",
    .operands = {},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::OfDryRun,
    .tail = Tail::Required,
    .run = run_run,
};

const Command kShell{
    .name = "shell",
    .summary = "your shell in the sandbox of an agent",
    .description =
        "Starts your shell with the capabilities given here and no others, under the rules of "
        "`nono run`: what an agent could do with these options, this shell can do.",
    .operands = {},
    .options = kShellOptions,
    .examples = kShellExamples,
    .json = JsonOutput::OfDryRun,
    .run = run_shell,
};

}  // namespace nono::cli
