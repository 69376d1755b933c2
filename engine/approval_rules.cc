#include "engine/approval_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"

namespace nono::engine {
namespace {

constexpr JsonLimits kRulesLimits{.bytes = 1u << 20};
constexpr std::string_view kConnect = "connect";
constexpr auto kOperations =
    std::to_array<std::string_view>({"read", "write", "read-write", "create", kConnect});

Result<std::string> text_at(const JsonView& view, std::string_view key) {
  NONO_TRY(const JsonView member, view.at(key));
  return member.nonempty_string();
}

Result<std::vector<std::string>> operations_in(const JsonView& rule) {
  std::vector<std::string> out;
  NONO_TRY(const auto list, rule.maybe("operations"));
  if (!list) {
    return out;
  }
  NONO_TRY(const std::vector<JsonView> elements, list->elements(kOperations.size()));
  if (elements.empty()) {
    return std::unexpected(list->error("must not be empty: leave it out for every operation"));
  }
  for (const JsonView& element : elements) {
    NONO_TRY(std::string operation, element.string());
    if (std::ranges::find(kOperations, operation) == kOperations.end()) {
      return std::unexpected(element.error("must be read, write, read-write, create or connect"));
    }
    out.push_back(std::move(operation));
  }
  return out;
}

// glob_in takes an absolute pattern with at least one directory: a bare name would be taken for one
// at any depth.
Result<trustpolicy::Glob> glob_in(const JsonView& rule, const std::string& home) {
  NONO_TRY(const JsonView member, rule.at("path"));
  NONO_TRY(std::string text, member.nonempty_string());
  if (text.starts_with("~/")) {
    text = join_path(home, text.substr(2));
  }
  if (!text.starts_with('/') || text.find('/', 1) == std::string::npos) {
    return std::unexpected(
        member.error("must be absolute, or start with ~/, and name a directory"));
  }
  auto glob = trustpolicy::Glob::parse(std::string_view(text).substr(1));
  if (!glob) {
    return std::unexpected(member.error(glob.error().message()));
  }
  return glob;
}

Result<std::optional<Approval>> approval_in(const JsonView& rule) {
  NONO_TRY(const JsonView member, rule.at("approval"));
  NONO_TRY(const std::string word, member.string());
  if (word == "allow") {
    return Approval::Allowed;
  }
  if (word == "deny") {
    return Approval::Denied;
  }
  if (word == "ask") {
    return std::nullopt;
  }
  return std::unexpected(member.error("must be allow, deny or ask"));
}

Result<ApprovalScope> scope_in(const JsonView& rule) {
  NONO_TRY(const auto member, rule.maybe("scope"));
  if (!member) {
    return ApprovalScope::Once;
  }
  NONO_TRY(const std::string word, member->string());
  const auto scope = scope_named(word);
  if (!scope) {
    return std::unexpected(member->error("must be once or session"));
  }
  if (*scope == ApprovalScope::Profile) {
    return std::unexpected(
        member->error("must be once or session: only a person saves, and what a rule would save "
                      "can be written into the profile itself"));
  }
  return *scope;
}

Result<sandbox::HostPort> address_in(const JsonView& member) {
  NONO_TRY(const std::string text, member.nonempty_string());
  auto address = sandbox::parse_host_port(text);
  if (!address) {
    return std::unexpected(member.error(address.error().message()));
  }
  return address;
}

Result<void> read_address(ApprovalRule& out, const JsonView& view) {
  NONO_CHECK(view.only({"address", "approval", "scope"}));
  NONO_TRY(const JsonView member, view.at("address"));
  NONO_TRY(out.address, address_in(member));
  NONO_TRY(out.shown, member.string());
  return {};
}

Result<void> read_path(ApprovalRule& out, const JsonView& view, const std::string& home) {
  NONO_CHECK(view.only({"path", "operations", "approval", "scope"}));
  NONO_TRY(out.path, glob_in(view, home));
  NONO_TRY(out.shown, text_at(view, "path"));
  NONO_TRY(out.operations, operations_in(view));
  return {};
}

Result<ApprovalRule> rule_in(const JsonView& view, const std::string& home) {
  ApprovalRule out;
  NONO_TRY(const auto address, view.maybe("address"));
  NONO_CHECK(address ? read_address(out, view) : read_path(out, view, home));
  NONO_TRY(out.approval, approval_in(view));
  NONO_TRY(out.scope, scope_in(view));
  return out;
}

// meets: an address is met by itself, and by the name that is known for it. Of a socket in the file
// system the agent chose what it asked for.
bool meets(const sandbox::HostPort& rule, const ApprovalQuestion& question) {
  return question.operation == kConnect && !question.path.starts_with('/') &&
         (rule.text() == question.path || (!rule.literal && rule.text() == question.requested));
}

bool meets(const ApprovalRule& rule, const ApprovalQuestion& question) {
  if (rule.address) {
    return meets(*rule.address, question);
  }
  // Who wrote of files without naming what may be done to them did not mean sockets.
  const bool operation_fits =
      rule.operations.empty()
          ? question.operation != kConnect
          : std::ranges::find(rule.operations, question.operation) != rule.operations.end();
  return operation_fits && question.path.starts_with('/') && rule.path &&
         rule.path->matches(std::string_view(question.path).substr(1));
}

}  // namespace

Result<RuleBook> RuleBook::parse(std::string_view text, const std::string& home) {
  NONO_TRY(const Json json, Json::parse(text, kRulesLimits));
  const JsonView view(json);
  NONO_CHECK(view.only({"schema", "rules"}));
  NONO_TRY(const JsonView schema, view.at("schema"));
  NONO_TRY(const std::string named, schema.string());
  if (named != "nono/approval-rules/1") {
    return std::unexpected(schema.error("must be nono/approval-rules/1"));
  }
  NONO_TRY(const JsonView rules, view.at("rules"));
  NONO_TRY(const std::vector<JsonView> elements, rules.elements(kMaxRules));
  RuleBook out;
  for (const JsonView& element : elements) {
    NONO_TRY(ApprovalRule rule, rule_in(element, home));
    out.rules_.push_back(std::move(rule));
  }
  return out;
}

const ApprovalRule* RuleBook::find(const ApprovalQuestion& question) const {
  const auto found =
      std::ranges::find_if(rules_, [&](const ApprovalRule& rule) { return meets(rule, question); });
  return found == rules_.end() ? nullptr : &*found;
}

ApprovalBackend::Taken RulesBackend::put(const ApprovalQuestion& question) {
  const ApprovalRule* rule = book_.find(question);
  if (rule == nullptr || !rule->approval) {
    return Taken::NoOpinion;
  }
  replies_.push_back({.question = question.id,
                      .approval = *rule->approval,
                      .scope = rule->scope,
                      .why = "rule " + printable(rule->shown)});
  return Taken::Answered;
}

}  // namespace nono::engine
