// engine/approval_rules.h: answers by rules that the user wrote down. docs/approvals.md.
//
// The file is the user's word: it is named on the command line and read once, before the agent is
// started. The first rule that fits decides; "ask", and no rule at all, leave it to others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/approval.h"
#include "sandbox/endpoint.h"
#include "trustpolicy/glob.h"

namespace nono::engine {

struct ApprovalRule {
  std::optional<trustpolicy::Glob> path;     // without its leading slash
  std::optional<sandbox::HostPort> address;  // of a TCP connect; one of the two is there
  std::string shown;
  std::vector<std::string> operations;  // empty: each but connect
  std::optional<Approval> approval;     // nothing: ask
  ApprovalScope scope = ApprovalScope::Once;
};

class RuleBook {
 public:
  static constexpr std::size_t kMaxRules = 1000;

  // parse reads a document; `~/` at the start of a path is `home`. The error is InvalidInput and
  // names the JSON pointer.
  static Result<RuleBook> parse(std::string_view text, const std::string& home);
  // find gives the first rule for what is asked; null where none fits.
  const ApprovalRule* find(const ApprovalQuestion& question) const;

 private:
  std::vector<ApprovalRule> rules_;
};

class RulesBackend final : public ApprovalBackend {
 public:
  explicit RulesBackend(RuleBook book) : book_(std::move(book)) {}

  std::string_view name() const override { return "rules"; }
  Taken put(const ApprovalQuestion& question) override;
  void withdraw(std::uint64_t) override {}
  int watched() const override { return -1; }
  std::vector<ApprovalReply> turn() override { return std::exchange(replies_, {}); }

 private:
  RuleBook book_;
  std::vector<ApprovalReply> replies_;
};

}  // namespace nono::engine
