#include "engine/run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "crypto/secret.h"
#include "crypto/warm_up.h"
#include "engine/destinations.h"
#include "engine/granted_sockets.h"
#include "engine/limit_keeper.h"
#include "engine/mend.h"
#include "engine/read_streams.h"
#include "engine/relay_client.h"
#include "engine/run_approvals.h"
#include "engine/run_credentials.h"
#include "engine/run_gate.h"
#include "engine/run_tool.h"
#include "ledger/audit_log.h"
#include "profile/private_tmp.h"
#include "sandbox/fast_gate.h"
#include "sandbox/held_signals.h"
#include "sandbox/launch.h"
#include "sandbox/procfs.h"
#include "session/terminal.h"

namespace nono::engine {
namespace {

constexpr int kEndedByLimit = 124;
constexpr int kSignalled = 128;

std::string network_text(const sandbox::Network& network) {
  if (std::holds_alternative<sandbox::NetworkOpen>(network)) {
    return "open";
  }
  const auto* ports = std::get_if<sandbox::NetworkPorts>(&network);
  if (ports == nullptr) {
    return "blocked";
  }
  std::string out = "tcp";
  for (const std::uint16_t port : ports->connect) {
    out += " connect:" + std::to_string(port);
  }
  for (const sandbox::Destination& destination : ports->destinations) {
    out += " connect:" + destination.asked.text();
  }
  for (const std::uint16_t port : ports->listen) {
    out += " listen:" + std::to_string(port);
  }
  return out;
}

Json shown(const std::string& text) {
  return {printable(text)};
}

Json limits_shown(const sandbox::LimitPlan& plan) {
  Json::Array out;
  for (const sandbox::LimitMeans& limit : plan.means()) {
    out.push_back(Json::Object{{"limit", sandbox::name_of(limit.kind)},
                               {"amount", limit.amount},
                               {"means", limit.means},
                               {"degraded", !limit.gap.empty()}});
  }
  return {std::move(out)};
}

// credentials_shown has what is set and from where, and no value.
Json credentials_shown(const RunPlan& plan) {
  Json::Array out;
  for (const profile::Credential& credential : plan.credentials) {
    out.push_back(Json::Object{{"variable", credential.variable},
                               {"source", shown(profile::text_of(credential.source))},
                               {"origin", shown(credential.origin)}});
  }
  return {std::move(out)};
}

Json session_details(const RunRequest& request, const RunPlan& plan) {
  Json::Array command;
  for (const std::string& word : request.command) {
    command.push_back(shown(word));
  }
  Json::Array grants;
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    Json row{Json::Object{}};
    row.set("path", shown(grant.shown_as));
    row.set("access", grant.access.text());
    row.set("origin", shown(grant.origin));
    grants.push_back(std::move(row));
  }
  Json::Array notes;
  for (const std::string& note : plan.notes) {
    notes.push_back(shown(note));
  }
  Json details{Json::Object{}};
  details.set("command", std::move(command));
  details.set("working_directory", shown(request.working_directory));
  details.set("capabilities", std::move(grants));
  details.set("network", network_text(plan.capabilities.network()));
  details.set("network_namespace", plan.own_network == sandbox::OwnNetwork::Yes);
  details.set("mount_namespace", plan.view.has_value());
  details.set("limits", limits_shown(plan.limits));
  details.set("trust_intercept", request.intercept == Intercept::Fast ? "fast" : "strict");
  details.set("landlock_abi", plan.features.landlock_abi);
  details.set("credentials", credentials_shown(plan));
  details.set("notes", std::move(notes));
  return details;
}

// Terminal is the agent's pty, where one is needed, and its relay.
struct Terminal {
  session::TerminalPlan plan;
  std::string slave_path;

  static Result<Terminal> make() {
    Terminal out;
    NONO_TRY(out.plan, session::plan_terminal());
    if (out.plan.pty) {
      NONO_TRY(out.slave_path, path_of(out.plan.pty->slave));
    }
    return out;
  }
  void add_to(sandbox::LaunchPlan& launch) const {
    if (!plan.pty) {
      return;
    }
    const int slave = BorrowedFd(plan.pty->slave).raw();
    launch.terminal = slave;
    for (std::size_t i = 0; i < launch.streams.size(); ++i) {
      if (plan.from_pty[i]) {
        launch.streams[i] = slave;
      }
    }
  }
};

sandbox::NetworkTier tier_of(const sandbox::Network& network) {
  if (std::holds_alternative<sandbox::NetworkOpen>(network)) {
    return sandbox::NetworkTier::Open;
  }
  return std::holds_alternative<sandbox::NetworkPorts>(network) ? sandbox::NetworkTier::Ports
                                                                : sandbox::NetworkTier::Blocked;
}

int exit_code_of(const sandbox::AgentEnd& end) {
  if (end.ended_by) {
    return kEndedByLimit;
  }
  if (end.broker_lost) {
    return kSignalled + SIGKILL;
  }
  return WIFEXITED(end.wait_status) ? WEXITSTATUS(end.wait_status)
                                    : kSignalled + WTERMSIG(end.wait_status);
}

// start_failure: where the broker refused the program, its rule is the reason.
Error start_failure(const RunPlan& plan, const sandbox::ChildFailure& failure,
                    const std::string& program, const Denials& denials) {
  if (failure.step == sandbox::Step::Exec) {
    const auto refused = std::ranges::find(denials.kinds, "execute", &Denial::operation);
    const Error error = not_executed(plan, program, failure.saved_errno);
    return refused == denials.kinds.end() || refused->rule == "outside-grants" ||
                   (failure.saved_errno != EACCES && failure.saved_errno != ENOENT)
               ? error
               : Error(error.kind(), "'" + printable(program) +
                                         "' cannot be executed in the sandbox: " + refused->why)
                     .mend_with(refused->mend);
  }
  return not_started("the agent", failure);
}

// ReadyAgent is an agent's process that waits for its start, or is called off.
class ReadyAgent {
 public:
  explicit ReadyAgent(sandbox::Launched launched)
      : launched_(std::make_unique<sandbox::Launched>(std::move(launched))) {}
  ReadyAgent(const ReadyAgent&) = delete;
  ReadyAgent& operator=(const ReadyAgent&) = delete;
  ~ReadyAgent() {
    if (launched_) {
      sandbox::call_off(std::move(*launched_));
    }
  }
  pid_t broker() const { return launched_->broker; }
  sandbox::Launched start(std::span<const sandbox::KnownObject> known_guarded) {
    sandbox::let_go(*launched_, known_guarded);
    return std::move(*std::exchange(launched_, nullptr));
  }

 private:
  std::unique_ptr<sandbox::Launched> launched_;
};

sandbox::BrokerConfig broker_config(const RunRequest& request, const RunPlan& plan) {
  sandbox::BrokerConfig out;
  out.names = &plan.policy->guard();
  out.names_fold = plan.policy->guard().patterns().empty() && plan.policy->guard().files().empty();
  out.capabilities = &plan.capabilities;
  out.homes = plan.homes;
  out.network = tier_of(plan.capabilities.network());
  out.edit = request.edit;
  out.view = plan.view ? &*plan.view : nullptr;
  out.record = request.recorder != nullptr;
  if (out.record) {
    out.tries_socket = [&plan](const std::string& path) { return may_be_tried(plan, path); };
  }
  out.commands = plan.commands;
  out.kept_trees = plan.kept_trees;
  out.temporary = plan.session.temporary;
  out.outside =
      request.approvals.any() ? sandbox::OutsideGrants::Asked : sandbox::OutsideGrants::Refused;
  out.scoped = sandbox::scopes_processes(plan.features);
  if (plan.limits.counts_forks()) {
    out.max_tasks = plan.limits.limits.processes;
  }
  return out;
}

// add_hosts: the names of --connect lead where they led when they were resolved, without a name
// server.
Result<OwnedFd> add_hosts(const RunPlan& plan, sandbox::BrokerConfig& broker) {
  const auto* ports = std::get_if<sandbox::NetworkPorts>(&plan.capabilities.network());
  if (ports == nullptr || ports->destinations.empty()) {
    return OwnedFd();
  }
  NONO_TRY(OwnedFd hosts, hosts_file(ports->destinations));
  broker.hosts = BorrowedFd(hosts).raw();
  NONO_TRY(broker.hosts_path, hosts_path());
  return hosts;
}

// fast_gate knows the names that the policy guards, and those in whose place another text is read.
Result<sandbox::FastGate> fast_gate(const RunPlan& plan) {
  std::vector<trustpolicy::NameShape> shapes = plan.policy->guard().shapes();
  shapes.push_back({"hosts", "", trustpolicy::Spelling::AsWritten, trustpolicy::Extent::Whole});
  return sandbox::FastGate::make(shapes);
}

// Given is what an agent gets besides what is planned.
struct Given {
  const Terminal* terminal;
  const LimitKeeper* limits;  // null: none
  std::span<const ReadStream> streams;
};

Result<sandbox::Launched> launch_agent(const RunRequest& request, const RunPlan& plan,
                                       const sandbox::ExecPlan& exec, const Given& given) {
  std::optional<sandbox::FastGate> fast;
  if (request.intercept == Intercept::Fast) {
    NONO_TRY(sandbox::FastGate made, fast_gate(plan));
    fast.emplace(std::move(made));
  }
  sandbox::NotifyOptions notify;
  notify.listing =
      request.recorder != nullptr ? sandbox::Listing::Recorded : sandbox::Listing::ByKernel;
  notify.forks = plan.limits.counts_forks() ? sandbox::Forks::Counted : sandbox::Forks::NotCounted;
  notify.fast_return = fast ? fast->return_address() : 0;
  NONO_TRY(
      const sandbox::Prepared prepared,
      sandbox::Prepared::prepare(plan.capabilities, plan.features, plan.own_namespaces(), notify));
  sandbox::BrokerConfig broker = broker_config(request, plan);
  broker.fast = fast ? &*fast : nullptr;
  NONO_TRY(const OwnedFd hosts, add_hosts(plan, broker));
  sandbox::LaunchPlan launch;
  launch.prepared = &prepared;
  launch.exec = &exec;
  launch.broker = &broker;
  if (given.limits != nullptr) {
    launch.limits = given.limits->child_limits();
  }
  given.terminal->add_to(launch);
  hand_over(given.streams, launch);
  return sandbox::launch(launch);
}

// Running is one run from the audit log's first line to its seal.
class Running {
 public:
  Running(const RunRequest& request, const RunPlan& plan, Teller& teller, ledger::AuditLog log,
          LimitKeeper* limits, const Clock& clock)
      : request_(request),
        plan_(plan),
        teller_(teller),
        limits_(limits),
        clock_(clock),
        log_(std::move(log)),
        gate_(Gate(plan.policy, request.trust_override), plan, log_, teller) {}

  Result<RunResult> supervise(ReadyAgent& agent, Terminal terminal, const sandbox::ExecPlan& exec) {
    if (request_.approvals.terminal && !(terminal.plan.from_pty[0] && terminal.plan.from_pty[1])) {
      return std::unexpected(
          Error(ErrorKind::Usage, "--approve terminal: there is no terminal to ask on")
              .mend_with("start nono on one, or use --approve socket"));
    }
    // Before the agent runs, so that whatever ends nono from here on, a sweep finds what it left;
    // and before the control socket, which a sweep takes for left over where there is no entry.
    if (const auto entered = enter(); !entered && !request_.name.empty()) {
      return std::unexpected(entered.error());
    } else if (!entered) {
      teller_.note("nono ps will not show this session: " + entered.error().message());
    }
    NONO_TRY(approvals_, make_approvals(request_, plan_, {log_, teller_, clock_}));
    if (limits_ != nullptr) {
      NONO_CHECK(limits_->follow(agent.broker()));
    }
    const sandbox::HeldSignals& held = held_.emplace();
    sandbox::Launched launched = agent.start(plan_.guarded_objects);
    return follow(std::move(launched), std::move(terminal), exec, held);
  }

  // run records what the caller handed over and follows the agent to its end.
  Result<RunResult> run(ReadyAgent& agent, Terminal terminal, const sandbox::ExecPlan& exec,
                        std::span<const ReadStream> streams) {
    const Result<void> recorded = record_reading(streams, gate_);
    auto result = recorded ? supervise(agent, std::move(terminal), exec)
                           : Result<RunResult>(std::unexpected(recorded.error()));
    if (!result) {
      abandon(result.error());
    }
    return result;
  }

  // abandon closes the log of a run that could not start.
  void abandon(const Error& error) {
    Json event{Json::Object{}};
    event.set("not_started", printable(error.message()));
    static_cast<void>(log_.close(event));
  }

 private:
  Result<void> enter() {
    session::SessionRecord record = plan_.session;
    record.id = log_.id();
    record.started = format_rfc3339(clock_.now());
    record.control_group = limits_ == nullptr ? std::string() : limits_->group();
    NONO_TRY(session::LiveSession entry,
             session::LiveSession::enter(session_directory(plan_.user), std::move(record)));
    entry_.emplace(std::move(entry));
    return {};
  }

  // show_terminal starts what carries the agent's terminal to the person's; questions go there,
  // too.
  Result<void> show_terminal(session::TerminalPlan& plan, std::optional<session::Relay>& relay,
                             std::optional<RelayClient>& client) {
    if (!plan.pty) {
      return {};
    }
    plan.pty->slave.reset();
    NONO_TRY(session::Relay started,
             session::Relay::start(std::move(plan.pty->master), plan.from_pty));
    session::Relay& shown = relay.emplace(std::move(started));
    if (approvals_.terminal != nullptr) {
      approvals_.terminal->attach(shown);
    }
    client.emplace(shown, plan.from_pty[STDERR_FILENO] ? &teller_ : nullptr);
    return {};
  }

  Result<RunResult> follow(sandbox::Launched launched, Terminal terminal,
                           const sandbox::ExecPlan& exec, const sandbox::HeldSignals& held) {
    std::optional<session::Relay> relay;
    std::optional<RelayClient> client;
    if (auto shown = show_terminal(terminal.plan, relay, client); !shown) {
      launched.events.reset();  // the broker kills the tree
      return std::unexpected(std::move(shown).error());
    }
    sandbox::SuperviseOptions options;
    options.expander = approvals_.decider.get();
    options.timeout = request_.limits.wall_time;
    options.terminal = client ? &*client : nullptr;
    options.limits = limits_;
    sandbox::Supervisor supervisor(std::move(launched), gate_, gate_, options);
    auto end = supervisor.run(held);
    held_.reset();    // what is left to do may be broken off
    approvals_ = {};  // a question on the terminal goes before what the agent wrote last
    if (limits_ != nullptr) {
      limits_->stop();
    }
    if (relay) {
      relay->finish();
      client.reset();
    }
    if (!end) {
      return std::unexpected(std::move(end).error());
    }
    const sandbox::AgentEnd ended = *std::move(end);
    if (ended.not_started) {
      return std::unexpected(
          start_failure(plan_, *ended.not_started, exec.program(), gate_.collected()));
    }
    return seal(limits_ == nullptr ? ended : limits_->attributed(ended));
  }

  Result<RunResult> seal(const sandbox::AgentEnd& end) {
    RunResult out;
    out.exit_code = exit_code_of(end);
    out.session_id = log_.id();
    Json event{Json::Object{}};
    event.set("exit_code", out.exit_code);
    event.set("denied_reads", gate_.denials());
    event.set("refusals", gate_.refusals());
    tell_limits(end, event);
    if (end.ended_by == sandbox::LimitKind::WallTime) {
      event.set("ended_by", "timeout");
      teller_.note("the time limit was reached");
    } else if (end.stopped) {
      event.set("ended_by", "stop");
      teller_.note("the session was stopped");
    } else if (end.supervisor_stopped) {
      event.set("ended_by", "supervisor stopped");
      teller_.note("nono itself was stopped for seconds; the agent's processes were killed");
    } else if (end.broker_lost) {
      event.set("ended_by", "broker lost");
      teller_.note("the sandbox's broker died; the agent's processes were killed");
    }
    close_log(event, out);
    teller_.ended(gate_.collected());
    return out;
  }

  // close_log: the agent has run, so that its own exit code stands whatever becomes of the record;
  // it may have filled the disk for that.
  void close_log(const Json& event, RunResult& out) {
    auto receipt = log_.close(event);
    if (!receipt) {
      out.record_fault = std::move(receipt)
                             .error()
                             .while_doing("the record of session " + out.session_id + " has no end")
                             .mend_with(
                                 "make room on that disk before the next run; nono audit "
                                 "verify " +
                                 out.session_id + " says what the record holds");
      return;
    }
    out.audit_head = receipt->head().hex();
    if (const auto& fault = log_.seal_fault()) {
      out.record_fault = Error(*fault)
                             .while_doing("the record of session " + out.session_id +
                                          " is sealed, but its seal has no copy beside it")
                             .mend_with("keep its head " + out.audit_head +
                                        " for nono audit verify --head: a cut-off end would not "
                                        "show otherwise");
    }
  }

  // tell_limits names each limit that made itself felt, to people and in the record.
  void tell_limits(const sandbox::AgentEnd& end, Json& event) {
    Json::Array reached;
    if (limits_ != nullptr) {
      for (const LimitKeeper::Reached& limit : limits_->reached(end)) {
        const std::string name(sandbox::name_of(limit.kind));
        teller_.note("limit reached: " + name + ": " + limit.what);
        reached.emplace_back(name);
      }
    }
    if (end.ended_by && end.ended_by != sandbox::LimitKind::WallTime) {
      event.set("ended_by", std::string(sandbox::name_of(*end.ended_by)) + " limit");
    }
    if (!reached.empty()) {
      event.set("limits_reached", std::move(reached));
    }
  }

  const RunRequest& request_;
  const RunPlan& plan_;
  Teller& teller_;
  LimitKeeper* limits_;  // null: no limit needs one
  const Clock& clock_;
  std::optional<session::LiveSession> entry_;
  ledger::AuditLog log_;
  RunGate gate_;
  RunApprovals approvals_;
  std::optional<sandbox::HeldSignals> held_;  // from before the agent starts
};

Result<ledger::AuditLog> open_log(const RunRequest& request, const RunPlan& plan,
                                  const Clock& clock) {
  ledger::SessionInfo info;
  constexpr std::size_t kIdBytes = 8;
  NONO_TRY(info.id, crypto::random_hex(kIdBytes));
  info.name = request.name;
  info.details = session_details(request, plan);
  auto log = ledger::AuditLog::create(
      audit_directory(plan.user), info, clock,
      request.record == Record::Kept ? ledger::Keep::Log : ledger::Keep::Nothing);
  return log ? std::move(log) : std::unexpected(of_state(std::move(log).error()));
}

Result<sandbox::ExecPlan> plan_exec(const RunRequest& request, RunPlan& plan) {
  if (request.intercept == Intercept::Fast) {
    sandbox::FastGate::preload(plan.environment);
  }
  NONO_TRY(sandbox::ExecPlan exec,
           sandbox::ExecPlan::build(request.command, plan.environment, request.working_directory));
  plan.show_way_to(exec.program(), request.working_directory);
  NONO_CHECK(check_tool(plan, request, exec.program()));
  return exec;
}

Result<RunOutcome> run_planned(const RunRequest& request, RunPlan& plan, Terminal terminal,
                               const Clock& clock, Teller& teller) {
  NONO_TRY(const sandbox::ExecPlan exec, plan_exec(request, plan));
  NONO_TRY(const std::vector<ReadStream> streams,
           read_streams(Gate(plan.policy, request.trust_override), plan.capabilities.network()));
  if (std::vector<Verdict> denied = verdicts_on(streams, Which::Denied); !denied.empty()) {
    return StartRefused{std::move(denied), true};
  }
  NONO_TRY(const std::unique_ptr<LimitKeeper> limits, LimitKeeper::make(plan.limits));
  NONO_TRY(sandbox::Launched launched,
           launch_agent(request, plan, exec, {&terminal, limits.get(), streams}));
  ReadyAgent agent(std::move(launched));
  NONO_CHECK(scan_run(plan, request, teller));
  teller.starting(plan);
  if (std::vector<Verdict> denied = stops_start(plan, request.scan); !denied.empty()) {
    return StartRefused{std::move(denied)};
  }
  NONO_TRY(ledger::AuditLog log, open_log(request, plan, clock));
  if (limits) {
    limits->measure_trees(written_trees(plan.capabilities));
  }
  Running running(request, plan, teller, std::move(log), limits.get(), clock);
  NONO_TRY(RunResult result, running.run(agent, std::move(terminal), exec, streams));
  return result;
}

}  // namespace

Result<RunOutcome> run(const RunRequest& request, const Clock& clock, Teller& teller) {
  if (request.intercept == Intercept::Off) {
    return std::unexpected(Error(ErrorKind::Usage, "run judges every open of a guarded file")
                               .mend_with("nono wrap --trust-intercept=off does not"));
  }
  NONO_CHECK(sandbox::check_proc());
  const char* tmpdir = ::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  crypto::WarmUp verification;
  NONO_TRY(profile::PrivateTmp tmp,
           profile::PrivateTmp::create(profile::default_tmp_base(tmpdir == nullptr ? "" : tmpdir)));
  NONO_TRY(Terminal terminal, Terminal::make());
  NONO_TRY(const struct stat status, tmp.status());
  const SessionPlaces places{tmp.path(), tmp.variables(), terminal.slave_path, status.st_dev,
                             status.st_ino};
  if (request.forks_to_compose()) {
    verification.finish();
  }
  auto plan = compose_run(request, places);
  if (!plan) {
    return std::unexpected(std::move(plan).error());
  }
  verification.finish();
  NONO_CHECK(read_credentials(*plan));
  auto outcome = run_planned(request, *plan, std::move(terminal), clock, teller);
  if (auto removed = tmp.remove(); !removed) {
    teller.note("the session's temporary directory could not be removed: " +
                printable(removed.error().message()));
  }
  return outcome;
}

}  // namespace nono::engine
