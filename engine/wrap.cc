#include "engine/wrap.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "crypto/secret.h"
#include "engine/directories.h"
#include "engine/mend.h"
#include "engine/read_streams.h"
#include "engine/run_credentials.h"
#include "engine/run_tool.h"
#include "ledger/audit_log.h"
#include "sandbox/wrap.h"

namespace nono::engine {
namespace {

// needs_supervisor says why opens must be judged; nothing where they need not.
std::optional<NeedsSupervisor> needs_supervisor(const RunPlan& plan, const RunRequest& request) {
  if (plan.policy->strict_intercept()) {
    return NeedsSupervisor{plan.verdicts, "a trust policy demands that every open is judged",
                           false};
  }
  if (request.profile_demands_strict) {
    return NeedsSupervisor{plan.verdicts, "the profile demands that every open is judged", false};
  }
  if (request.intercept == Intercept::Off) {
    return std::nullopt;
  }
  if (!plan.verdicts.empty()) {
    return NeedsSupervisor{plan.verdicts, "guarded files are in reach"};
  }
  if (!plan.scan_complete || !plan.unreadable.empty()) {
    return NeedsSupervisor{{}, "not all that is in reach could be looked at"};
  }
  return std::nullopt;
}

Error needs_run(const std::string& what) {
  return Error(ErrorKind::Unsupported, what + " needs a supervisor, and wrap leaves none")
      .mend_with("use nono run, or take it out of the options and the profile");
}

// check_request refuses what was asked for and has nobody to see to it.
Result<void> check_request(const RunRequest& request) {
  const sandbox::Limits& limits = request.limits;
  if (!request.block_commands.empty() || !request.keep.empty()) {
    return std::unexpected(needs_run("holding programs back, or keeping a tree,"));
  }
  if (!request.connect_to.empty()) {
    return std::unexpected(needs_run("--connect, which allows addresses, not ports,"));
  }
  const auto is_socket = [](const WantedPath& wanted) {
    return wanted.kind == sandbox::WantedKind::Socket;
  };
  if (std::ranges::any_of(request.paths, is_socket)) {
    return std::unexpected(needs_run("--allow-unix-socket, which tells sockets apart,"));
  }
  if (!request.ports.listen.empty()) {
    return std::unexpected(needs_run("--listen-port, whose listen(2) the kernel does not judge,"));
  }
  if (request.scan == TrustScan::None) {
    return std::unexpected(needs_run("--trust-scan=none, which keeps files unreadable,"));
  }
  if (request.intercept == Intercept::Fast) {
    return std::unexpected(needs_run("the fast gate"));
  }
  if (!limits.memory && !limits.processes && !limits.cpu_time && !limits.wall_time &&
      !limits.file_size && !limits.disk_use) {
    return {};
  }
  return std::unexpected(needs_run("a limit"));
}

Json shown(const std::vector<std::string>& texts) {
  Json::Array out;
  for (const std::string& text : texts) {
    out.emplace_back(printable(text));
  }
  return {std::move(out)};
}

Json details_of(const RunRequest& request, const RunPlan& plan) {
  Json::Array grants;
  for (const sandbox::PathGrant& grant : plan.capabilities.paths()) {
    grants.push_back(Json::Object{{"path", printable(grant.shown_as)},
                                  {"access", grant.access.text()},
                                  {"origin", printable(grant.origin)}});
  }
  return Json::Object{{"command", shown(request.command)},
                      {"working_directory", printable(request.working_directory)},
                      {"supervised", false},
                      {"capabilities", std::move(grants)},
                      {"landlock_abi", plan.features.landlock_abi},
                      {"notes", shown(plan.notes)}};
}

Error start_failure(const RunPlan& plan, const sandbox::ChildFailure& failure,
                    const std::string& program) {
  if (failure.step == sandbox::Step::Exec) {
    return not_executed(plan, program, failure.saved_errno);
  }
  return not_started("the program", failure);
}

// record_start writes a whole record: how the program ends is not known to anybody.
Result<void> record_start(const RunRequest& request, const RunPlan& plan, const Clock& clock) {
  constexpr std::size_t kIdBytes = 8;
  ledger::SessionInfo info;
  NONO_TRY(info.id, crypto::random_hex(kIdBytes));
  info.details = details_of(request, plan);
  auto made = ledger::AuditLog::create(audit_directory(plan.user), info, clock);
  if (!made) {
    return std::unexpected(of_state(std::move(made).error()));
  }
  ledger::AuditLog log = *std::move(made);
  Json event{Json::Object{}};
  event.set("ended_by", "wrap: the program runs on without a supervisor");
  NONO_CHECK(log.close(event));
  return {};
}

// judged is what keeps the program from being started, if anything does.
Result<std::optional<WrapOutcome>> judged(RunPlan& plan, const RunRequest& request,
                                          const std::string& program, Teller& teller) {
  NONO_CHECK(check_tool(plan, request, program));
  NONO_CHECK(scan_run(plan, request, teller));
  teller.starting(plan);
  // Nobody would keep what is not verified from being read: it stops the start wherever it lies.
  if (std::vector<Verdict> denied = stops_start(plan, TrustScan::All); !denied.empty()) {
    return StartRefused{std::move(denied)};
  }
  if (auto needs = needs_supervisor(plan, request)) {
    return *std::move(needs);
  }
  NONO_TRY(const std::vector<ReadStream> streams,
           read_streams(Gate(plan.policy, request.trust_override), plan.capabilities.network()));
  if (std::vector<Verdict> denied = verdicts_on(streams, Which::Denied); !denied.empty()) {
    return StartRefused{std::move(denied), true};
  }
  if (!streams.empty() && request.intercept != Intercept::Off) {
    return NeedsSupervisor{verdicts_on(streams, Which::All), "a standard stream is a guarded file"};
  }
  return std::nullopt;
}

}  // namespace

Result<WrapOutcome> wrap(const RunRequest& request, const CallerSignals& caller_signals,
                         const Clock& clock, Teller& teller) {
  NONO_CHECK(check_request(request));
  NONO_TRY(RunPlan plan, compose_run(request, {}));
  NONO_CHECK(read_credentials(plan));
  NONO_TRY(const sandbox::ExecPlan exec,
           sandbox::ExecPlan::build(request.command, plan.environment, request.working_directory));
  plan.show_way_to(exec.program(), request.working_directory);
  NONO_TRY(std::optional<WrapOutcome> stop, judged(plan, request, exec.program(), teller));
  if (stop) {
    return *std::move(stop);
  }
  NONO_TRY(
      const sandbox::Prepared prepared,
      sandbox::Prepared::prepare_alone(plan.capabilities, plan.features, plan.own_namespaces()));
  NONO_CHECK(record_start(request, plan, clock));
  const sandbox::ChildFailure failure = sandbox::wrap(prepared, exec, caller_signals);
  return std::unexpected(start_failure(plan, failure, exec.program()));
}

}  // namespace nono::engine
