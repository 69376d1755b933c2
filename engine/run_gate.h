// engine/run_gate.h: answers the sandbox's questions with the one gate, and records each answer.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/gate.h"
#include "engine/run.h"
#include "ledger/audit_log.h"
#include "sandbox/gatekeeper.h"

namespace nono::engine {

class RunGate final : public sandbox::Gatekeeper, public sandbox::Observer {
 public:
  // What is referred to must outlive the gate.
  RunGate(Gate gate, const RunPlan& plan, ledger::AuditLog& log, Teller& teller)
      : gate_(std::move(gate)), plan_(plan), log_(log), teller_(teller) {}

  // judge_read: an allow of bytes takes effect only once its line is on disk; what cannot be
  // recorded is denied.
  const trustpolicy::Decision& judge_read(const sandbox::GuardedRequest& request) override;
  std::optional<trustpolicy::Denied> forbid_change(const sandbox::GuardedRequest& request) override;
  void refused(const sandbox::Refusal& refusal) override;
  void lost(std::uint64_t count) override;
  void used(const sandbox::Use& use) override;

  const Denials& collected() const { return collected_; }
  std::uint64_t denials() const { return denials_; }
  std::uint64_t refusals() const { return refusals_; }

 private:
  Result<void> record(const sandbox::GuardedRequest& request, const Judgement& judgement,
                      std::string_view operation, std::string_view outcome);
  // only_counted: a long record has a number in place of the next line of what was refused, or
  // allowed before. An agent must not fill the disk with what it is kept from.
  bool only_counted();
  static constexpr std::uint64_t kLongRecord = 64u << 20;
  static constexpr std::size_t kMaxTold = 4096;
  bool first_time(const std::string& what);
  void tell_unrecorded(const Error& error);
  void deny_read(const sandbox::GuardedRequest& request, const Judgement& judgement);
  void collect(Denial denial);
  void tell(const sandbox::Refusal& refusal, const std::string& mend);

  CachingGate gate_;
  const RunPlan& plan_;
  ledger::AuditLog& log_;
  Teller& teller_;
  std::set<FileId> recorded_;   // objects whose allow is on disk already
  std::set<std::string> told_;  // lines that people have seen
  Denials collected_;
  std::map<std::string, std::size_t> kinds_;  // index in collected_
  std::optional<trustpolicy::Decision> failure_;
  bool told_unrecorded_ = false;
  bool told_long_ = false;
  std::uint64_t denials_ = 0;
  std::uint64_t refusals_ = 0;
};

}  // namespace nono::engine
