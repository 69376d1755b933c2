// cli/run.cc: run: from options to engine/run.h, and what it shows.
#include "engine/run.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"

namespace nono::cli {
namespace {

using sandbox::Access;

struct PathOption {
  std::string_view name;
  Access access;
  sandbox::WantedKind kind;
};

constexpr auto kReadOnly = Access::read() | Access::execute();
constexpr auto kReadWrite = Access::read() | Access::write();
constexpr auto kPathOptions = std::to_array<PathOption>({
    {"allow", kReadWrite | Access::execute(), sandbox::WantedKind::Directory},
    {"read", kReadOnly, sandbox::WantedKind::Directory},
    {"write", Access::write(), sandbox::WantedKind::Directory},
    {"data", Access::read(), sandbox::WantedKind::Any},
    {"exec", kReadOnly, sandbox::WantedKind::Any},
    {"allow-file", kReadWrite, sandbox::WantedKind::File},
    {"read-file", Access::read(), sandbox::WantedKind::File},
    {"write-file", Access::write(), sandbox::WantedKind::File},
});

Result<std::uint16_t> port_from(const std::string& option, const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--" + option + " " + printable(text) + ": not a port number")
            .mend_with("give a number from 1 to 65535"));
  }
  return port;
}

Result<std::vector<std::uint16_t>> ports_of(const Arguments& arguments, const std::string& option) {
  std::vector<std::uint16_t> out;
  for (const std::string& text : arguments.values(option)) {
    NONO_TRY(const std::uint16_t port, port_from(option, text));
    out.push_back(port);
  }
  return out;
}

// choice takes one word out of a list, the first where the option is not given.
Result<std::size_t> choice(const Arguments& arguments, const std::string& option,
                           std::span<const std::string_view> words) {
  const auto given = arguments.value(option);
  if (!given) {
    return std::size_t{0};
  }
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (*given == words[i]) {
      return i;
    }
    list += (list.empty() ? "" : ", ") + std::string(words[i]);
  }
  return std::unexpected(
      Error(ErrorKind::Usage, "--" + option + " " + printable(*given) + ": not one of its words")
          .mend_with("use one of: " + list));
}

Result<void> take_paths(const Arguments& arguments, engine::RunRequest& request) {
  if (arguments.has("allow-cwd") && arguments.has("read-cwd")) {
    return std::unexpected(Error(ErrorKind::Usage, "--allow-cwd and --read-cwd contradict")
                               .mend_with("use one of them"));
  }
  if (arguments.has("allow-cwd")) {
    request.paths.push_back({"--allow-cwd", request.working_directory,
                             kReadWrite | Access::execute(), sandbox::WantedKind::Directory});
  }
  if (arguments.has("read-cwd")) {
    request.paths.push_back(
        {"--read-cwd", request.working_directory, kReadOnly, sandbox::WantedKind::Directory});
  }
  for (const PathOption& option : kPathOptions) {
    for (const std::string& path : arguments.values(option.name)) {
      if (path.empty()) {
        return fail(ErrorKind::Usage, "--" + std::string(option.name) + ": the path is empty");
      }
      request.paths.push_back({"--" + std::string(option.name), path, option.access, option.kind});
    }
  }
  return {};
}

Result<void> take_network(const Arguments& arguments, engine::RunRequest& request) {
  NONO_TRY(request.ports.connect, ports_of(arguments, "connect-port"));
  NONO_TRY(request.ports.listen, ports_of(arguments, "listen-port"));
  const bool ports = !request.ports.connect.empty() || !request.ports.listen.empty();
  const bool block = arguments.has("block-net");
  const bool open = arguments.has("allow-net");
  if (static_cast<int>(block) + static_cast<int>(open) + static_cast<int>(ports) > 1) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--block-net, --allow-net and port options contradict each other")
            .mend_with("use one kind"));
  }
  request.network = block  ? engine::NetworkWish::Block
                    : open ? engine::NetworkWish::Open
                           : engine::NetworkWish::Default;
  return {};
}

Result<void> take_trust(const Arguments& arguments, engine::RunRequest& request) {
  static constexpr auto kScans = std::to_array<std::string_view>({"autoloaded", "all", "none"});
  NONO_TRY(const std::size_t scan, choice(arguments, "trust-scan", kScans));
  request.scan = static_cast<engine::TrustScan>(scan);
  static constexpr auto kIntercepts = std::to_array<std::string_view>({"strict"});
  NONO_CHECK(choice(arguments, "trust-intercept", kIntercepts));
  const char* override_word = ::getenv("NONO_TRUST_OVERRIDE");  // NOLINT(concurrency-mt-unsafe)
  const bool by_environment = override_word != nullptr && std::string_view(override_word) == "1";
  if (arguments.has("trust-override") || by_environment) {
    request.trust_override = trustpolicy::Override::DenialsBecomeWarnings;
  }
  if (arguments.has("allow-instruction-edit")) {
    request.edit = sandbox::InstructionEdit::Allowed;
  }
  request.policy_file = arguments.value("policy");
  return {};
}

Result<std::optional<std::chrono::milliseconds>> timeout_of(const Arguments& arguments) {
  const auto text = arguments.value("timeout");
  if (!text) {
    return std::nullopt;
  }
  const auto limit = parse_duration(*text);
  if (!limit || limit->count() <= 0) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--timeout " + printable(*text) + ": not a duration")
            .mend_with("write it as 90s, 10m, 2h or 1h30m"));
  }
  return limit;
}

Result<engine::RunRequest> request_from(const Arguments& arguments, const Session& session) {
  engine::RunRequest request;
  NONO_TRY(request.working_directory, session.working_directory());
  if (const auto directory = arguments.value("workdir")) {
    NONO_TRY(request.working_directory, absolute_path(*directory));
  }
  request.command = arguments.program();
  NONO_CHECK(take_paths(arguments, request));
  NONO_CHECK(take_network(arguments, request));
  NONO_CHECK(take_trust(arguments, request));
  request.override_never_grant = arguments.values("override-never-grant");
  request.environment = arguments.values("env");
  request.environment_globs = arguments.values("env-allow");
  request.name = arguments.value("name").value_or("");
  NONO_TRY(request.timeout, timeout_of(arguments));
  return request;
}

std::string network_line(const sandbox::Network& network) {
  if (std::holds_alternative<sandbox::NetworkOpen>(network)) {
    return "open (--block-net closes it)";
  }
  const auto* ports = std::get_if<sandbox::NetworkPorts>(&network);
  if (ports == nullptr) {
    return "blocked (Landlock and seccomp)";
  }
  std::string out = "TCP only, by port, to any address:";
  for (const std::uint16_t port : ports->connect) {
    out += " connect " + std::to_string(port);
  }
  for (const std::uint16_t port : ports->listen) {
    out += " listen " + std::to_string(port);
  }
  return out;
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
  Screen(Render& render, bool banner) : render_(render), banner_(banner) {}

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
  void refused(const sandbox::Refusal& refusal) override {
    tell("refused: " + refusal.operation + " " + refusal.object + ": " + refusal.rule + ": " +
         refusal.why);
  }
  void note(const std::string& line) override { tell(line); }

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
    render_.note("  network: " + network_line(plan.capabilities.network()));
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
  static std::string dropped(const std::vector<std::string>& names) {
    std::string out = "not passed on:";
    for (const std::string& name : names) {
      out += " " + name;
    }
    return out + " (--env NAME passes one)";
  }
  // A raw terminal needs the carriage return that note() leaves to the terminal's own mode.
  void tell(const std::string& line) { render_.note(line + (::isatty(2) != 0 ? "\r" : "")); }
  Render& render_;
  bool banner_;
};

int refused_start(Render& render, const engine::StartRefused& refused) {
  for (const engine::Verdict& verdict : refused.denied) {
    Error error(ErrorKind::PermissionDenied,
                verdict.path + ": " + verdict.code + ": " + verdict.reason);
    render.error(verdict.remedy.empty() ? std::move(error)
                                        : std::move(error).mend_with(verdict.remedy));
  }
  render.note("the agent was not started: " + counted(refused.denied.size(), "instruction file") +
              " that it would load cannot be trusted (--trust-scan=none starts all the same; the "
              "files stay unreadable)");
  return kVerdict;
}

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

// program_error maps the errors of finding and executing the program to the shell's codes.
std::optional<int> program_error(const Error& error, const std::vector<std::string>& command) {
  const bool about_program =
      !command.empty() && error.message().contains("'" + command.front() + "'");
  if (error.kind() == ErrorKind::NotFound && about_program) {
    return kNotFound;
  }
  const bool cannot = error.message().contains("cannot be executed");
  return error.kind() == ErrorKind::PermissionDenied && cannot ? std::optional(kNotExecutable)
                                                               : std::nullopt;
}

Json plan_json(const engine::RunPlan& plan) {
  Json::Array grants;
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    Json row{Json::Object{}};
    row.set("path", printable(grant.shown_as));
    row.set("access", grant.access.text());
    row.set("origin", grant.origin);
    grants.push_back(std::move(row));
  }
  Json::Array files;
  for (const engine::Verdict& verdict : plan.verdicts) {
    Json row{Json::Object{}};
    row.set("path", printable(verdict.path));
    row.set("class", trustpolicy::name_of(verdict.guard_class));
    row.set("admitted", verdict.admitted);
    row.set("verified", verdict.proven);
    row.set("stops_start", verdict.autoloaded && !verdict.admitted);
    row.set("publisher", verdict.publisher);
    row.set("reason", verdict.code);
    files.push_back(std::move(row));
  }
  Json json = document("run-plan");
  json.set("capabilities", Json(std::move(grants)));
  json.set("network", network_line(plan.capabilities.network()));
  json.set("landlock_abi", plan.features.landlock_abi);
  json.set("guarded_files", Json(std::move(files)));
  Json::Array dropped;
  for (const std::string& name : plan.dropped_variables) {
    dropped.emplace_back(printable(name));
  }
  json.set("variables_not_passed_on", Json(std::move(dropped)));
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
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    session.render().result(grant.access.text() + "  " + grant.shown_as + "  (" + grant.origin +
                            ")");
  }
  session.render().result("network  " + network_line(plan.capabilities.network()));
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

Result<int> run_run(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::RunRequest request, request_from(arguments, session));
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  const bool banner = !arguments.has("no-banner") && (terminal || session.render().verbose());
  Screen screen(session.render(), banner);
  if (arguments.has("dry-run")) {
    return dry_run(request, session, screen);
  }
  auto outcome = engine::run(request, session.clock(), screen);
  session.render().end_progress();
  if (!outcome) {
    if (const auto code = program_error(outcome.error(), request.command)) {
      session.render().error(outcome.error());
      return *code;
    }
    return std::unexpected(std::move(outcome).error());
  }
  if (const auto* refused = std::get_if<engine::StartRefused>(&*outcome)) {
    return refused_start(session.render(), *refused);
  }
  const auto& result = std::get<engine::RunResult>(*outcome);
  if (banner) {
    session.render().note("session " + result.session_id + ", audit head " + result.audit_head);
  }
  return result.exit_code;
}

constexpr auto kValues = Takes::Values;
constexpr auto kOne = Takes::OneValue;
constexpr auto kNone = Takes::Nothing;
constexpr auto kDirectories = Completes::Directories;
constexpr auto kFiles = Completes::Files;

constexpr auto kOptions = std::to_array<Option>({
    {"allow-cwd", 0, "", "read, write and execute in the working directory"},
    {"read-cwd", 0, "", "read and execute in the working directory"},
    {"allow", 'a', "DIR", "read, write and execute in a directory", kValues, kDirectories},
    {"read", 'r', "DIR", "read and execute in a directory", kValues, kDirectories},
    {"write", 'w', "DIR", "write in a directory, without reading", kValues, kDirectories},
    {"data", 0, "PATH", "read without executing", kValues, kFiles},
    {"exec", 0, "PATH", "execute and read without writing", kValues, kFiles},
    {"allow-file", 0, "FILE", "read and write one file", kValues, kFiles},
    {"read-file", 0, "FILE", "read one file", kValues, kFiles},
    {"write-file", 0, "FILE", "write one file", kValues, kFiles},
    {"workdir", 0, "DIR", "start there instead of in the working directory", kOne, kDirectories},
    {"block-net", 0, "", "no network"},
    {"allow-net", 0, "", "the whole network (the default)"},
    {"connect-port", 0, "PORT", "only TCP, to this port of any address", kValues},
    {"listen-port", 0, "PORT", "only TCP, listening on this port", kValues},
    {"env", 0, "NAME", "pass on a variable that is dropped by default, or set NAME=VALUE", kValues},
    {"env-allow", 0, "GLOB", "pass on variables by pattern", kValues},
    {"policy", 0, "FILE", "use this trust policy in place of the project's", kOne, kFiles},
    {"trust-scan", 0, "WHICH", "what stops the start: autoloaded, all or none", kOne},
    {"trust-intercept", 0, "HOW", "how opens are judged: strict", kOne},
    {"trust-override", 0, "", "denials of guarded files become warnings; the blocklist stays"},
    {"allow-instruction-edit", 0, "", "verified instruction files may be changed"},
    {"override-never-grant", 0, "PATH", "allow a grant that is never given otherwise", kValues,
     kFiles},
    {"name", 0, "NAME", "a name for this session in the audit log", kOne},
    {"timeout", 0, "TIME", "end the agent after 90s, 10m, 1h30m", kOne},
    {"dry-run", 0, "", "show what would be granted, and start nothing"},
    {"no-banner", 0, "", "do not show capabilities before the start", kNone},
});

constexpr auto kExamples = std::to_array<Example>({
    {"nono run --allow-cwd -- claude", "an agent in the current project"},
    {"nono run --allow-cwd --block-net -- make test", "a build without network"},
    {"nono run --read-cwd --dry-run -- codex", "what codex would be granted"},
});

}  // namespace

const Command kRun{
    .name = "run",
    .summary = "run an agent in a sandbox that guards its instruction files",
    .description =
        "Verifies every instruction file in reach, then starts COMMAND with the capabilities given "
        "here and no others. While it runs, an open of an instruction file yields bytes only if a "
        "trusted publisher signed them.\n\n"
        "The agent's exit code is passed on; 128+N means signal N, 124 the time limit, 125 that it "
        "was not started, 126 and 127 that the program cannot be executed or was not found.",
    .operands = {},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .tail = Tail::Required,
    .run = run_run,
};

}  // namespace nono::cli
