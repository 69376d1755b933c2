#include "engine/run_gate.h"

#include <utility>

#include "base/encoding.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/mend.h"
#include "engine/use_recorder.h"

namespace nono::engine {
namespace {

// path_json keeps a path readable where it is UTF-8 and exact where it is not.
Json path_json(const std::string& path) {
  return is_utf8(path) ? Json(path) : Json("hex:" + hex_encode(as_bytes(path)));
}

}  // namespace

bool RunGate::first_time(const std::string& what) {
  return told_.size() < kMaxTold && told_.insert(what).second;
}

void RunGate::collect(Denial denial) {
  ++collected_.total;
  const std::string key = denial.rule + '\n' + denial.operation + '\n' + denial.object;
  if (const auto known = kinds_.find(key); known != kinds_.end()) {
    ++collected_.kinds[known->second].count;
  } else if (collected_.kinds.size() < Denials::kMaxKinds) {
    kinds_.emplace(key, collected_.kinds.size());
    denial.count = 1;
    collected_.kinds.push_back(std::move(denial));
  }
}

namespace {

Json event_of(const sandbox::GuardedRequest& request, const Judgement& judgement,
              std::string_view operation, std::string_view outcome) {
  Json event{Json::Object{}};
  event.set("operation", operation);
  event.set("outcome", outcome);
  event.set("agent_pid", static_cast<std::int64_t>(request.process));
  event.set("path", path_json(request.resolved));
  if (request.requested != request.resolved) {
    event.set("requested", path_json(request.requested));
  }
  event.set("class", trustpolicy::name_of(request.guard_class));
  if (judgement.digest) {
    event.set("sha256", judgement.digest->hex());
  }
  if (judgement.admitted() && judgement.proven()) {
    event.set("publisher", judgement.publisher());
  } else {
    event.set("rule", judgement.reason_code());
    event.set("why", printable(judgement.reason()));
  }
  return event;
}

}  // namespace

Result<void> RunGate::record(const sandbox::GuardedRequest& request, const Judgement& judgement,
                             std::string_view operation, std::string_view outcome) {
  const bool fresh_allow = outcome == "allowed" && !recorded_.contains(judgement.id);
  if ((outcome == "denied" || (operation == "read" && !fresh_allow)) && only_counted()) {
    return {};
  }
  const Json event = event_of(request, judgement, operation, outcome);
  NONO_CHECK(log_.append("guarded_file", event,
                         fresh_allow ? ledger::Durability::Durable : ledger::Durability::Lazy));
  if (fresh_allow) {
    recorded_.insert(judgement.id);
  }
  return {};
}

// tell_unrecorded comes once: an agent chooses how often, and the log says how many.
void RunGate::tell_unrecorded(const Error& error) {
  if (!std::exchange(told_unrecorded_, true)) {
    teller_.note("the audit log failed, and what cannot be recorded is denied: " +
                 printable(error.message()));
  }
}

void RunGate::deny_read(const sandbox::GuardedRequest& request, const Judgement& judgement) {
  ++denials_;
  collect(
      {"read", request.resolved, judgement.reason_code(), judgement.reason(), judgement.remedy, 0});
  if (first_time(judgement.reason_code() + request.resolved)) {
    teller_.denied(judgement, request.requested);
  }
}

// A denial is counted before it is recorded: it happens all the same.
const trustpolicy::Decision& RunGate::judge_read(const sandbox::GuardedRequest& request) {
  const Judgement& judgement = gate_.judge(request.object, request.resolved, request.guard_class);
  const bool admitted = judgement.admitted();
  if (!admitted) {
    deny_read(request, judgement);
  }
  const auto recorded = record(request, judgement, "read", admitted ? "allowed" : "denied");
  if (!recorded) {
    if (admitted) {
      ++denials_;
      collect({"read", request.resolved, "not-recorded", recorded.error().message(), "", 0});
    }
    tell_unrecorded(recorded.error());
    failure_.emplace(trustpolicy::Denied::because_of(recorded.error()));
    return *failure_;
  }
  if (admitted) {
    used({"read", request.resolved});
    if (!judgement.proven() && first_time("tolerated" + request.resolved)) {
      teller_.tolerated(judgement);
    }
  }
  return judgement.decision;
}

std::optional<trustpolicy::Denied> RunGate::forbid_change(const sandbox::GuardedRequest& request) {
  const Judgement& judgement = gate_.judge(request.object, request.resolved, request.guard_class);
  const bool verified = judgement.unchangeable();
  const auto recorded = record(request, judgement, "change", verified ? "denied" : "allowed");
  if (recorded && !verified) {
    return std::nullopt;
  }
  sandbox::Refusal refusal;
  refusal.process = request.process;
  refusal.operation = "change";
  refusal.object = request.resolved;
  refusal.rule = verified ? "verified-file" : "not-recorded";
  refusal.why =
      verified ? "a verified file is not changed by an agent (--allow-instruction-edit lets it)"
               : recorded.error().message();
  ++refusals_;
  tell(refusal, mend_for(plan_, refusal));
  if (!recorded) {
    tell_unrecorded(recorded.error());
    return trustpolicy::Denied::because_of(recorded.error());
  }
  return trustpolicy::Denied(trustpolicy::DenyRule::Unproven, "verified-file", refusal.why);
}

void RunGate::tell(const sandbox::Refusal& refusal, const std::string& mend) {
  collect({refusal.operation, refusal.object, refusal.rule, refusal.why, mend, 0});
  if (first_time(refusal.rule + refusal.operation + refusal.object)) {
    teller_.refused(refusal, mend);
  }
}

// The session's own temporary directory is another in the next run.
void RunGate::used(const sandbox::Use& use) {
  const std::string& own = plan_.session.temporary;
  if (plan_.recorder != nullptr && (own.empty() || !beneath(own, use.object))) {
    plan_.recorder->used(use);
  }
}

bool RunGate::only_counted() {
  if (log_.bytes() < kLongRecord) {
    return false;
  }
  log_.count_lost(1);
  if (!std::exchange(told_long_, true)) {
    teller_.note("the record is long: further refusals are only counted in it");
  }
  return true;
}

void RunGate::refused(const sandbox::Refusal& refusal) {
  ++refusals_;
  if (plan_.recorder != nullptr) {
    plan_.recorder->wanted(refusal);
  }
  const std::string mend = mend_for(plan_, refusal);
  tell(refusal, mend);
  if (only_counted()) {
    return;
  }
  Json event{Json::Object{}};
  event.set("operation", refusal.operation);
  event.set("outcome", "denied");
  event.set("agent_pid", static_cast<std::int64_t>(refusal.process));
  event.set("path", path_json(refusal.object));
  event.set("rule", refusal.rule);
  event.set("why", refusal.why);
  if (!mend.empty()) {
    event.set("mend", mend);
  }
  if (const auto recorded = log_.append("refused", event, ledger::Durability::Lazy); !recorded) {
    tell_unrecorded(recorded.error());
  }
}

void RunGate::lost(std::uint64_t count) {
  refusals_ += count;
  log_.count_lost(count);
  if (!std::exchange(told_unrecorded_, true)) {
    teller_.note("refusals came faster than they could be recorded: the audit log says how many");
  }
}

}  // namespace nono::engine
