// trustpolicy/decision.h: the only vocabulary in which a policy speaks to the sandbox.
//
// Its build target (trustpolicy_decision) depends on base alone: sandbox/ links it and never the
// policy engine or OpenSSL. Admitted has no public constructor: Policy::decide() is its one source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/result.h"
#include "base/sealed_file.h"

namespace nono::trustpolicy {

enum class Enforcement : unsigned char { Audit, Warn, Deny };  // ordered: stricter is greater
std::string_view name_of(Enforcement enforcement);             // "audit", "warn", "deny"

// GuardClass says what kind of guarded file a name is.
enum class GuardClass : unsigned char {
  None,
  AgentConfig,  // configuration that runs code (.mcp.json, .envrc, …); enforcement warn by default
  Instruction,  // text that tells an agent what to do (CLAUDE.md, …)
};
std::string_view name_of(GuardClass guard_class);  // "none", "agent-config", "instruction"

// GuardedNames tells which names are guarded. Implementations are pure and allocate nothing that
// outlives the call; the sandbox's broker asks it on every open.
class GuardedNames {
 public:
  virtual ~GuardedNames() = default;
  // classify takes an absolute, resolved path (bytes, not necessarily UTF-8).
  virtual GuardClass classify(std::string_view absolute_path) const = 0;
};

// Admitted carries the very bytes that were judged. `tolerated` is set where enforcement below Deny
// let an unproven file through: it is what the audit log records and the user is shown.
class [[nodiscard]] Admitted {
 public:
  // publisher is the policy's name of the signer; empty where the file was only tolerated.
  const std::string& publisher() const { return publisher_; }
  const std::optional<std::string>& tolerated() const { return tolerated_; }
  const SealedFile& file() const { return file_; }
  SealedFile take_file() && { return std::move(file_); }

 private:
  friend class Policy;
  Admitted(SealedFile file, std::string publisher, std::optional<std::string> tolerated)
      : file_(std::move(file)),
        publisher_(std::move(publisher)),
        tolerated_(std::move(tolerated)) {}
  SealedFile file_;
  std::string publisher_;
  std::optional<std::string> tolerated_;
};

enum class DenyRule : unsigned char {
  BlockedDigest,
  BlockedPublisher,
  Unproven,  // the finding was a Rejection; its code is in Denied::code()
  UntrustedPublisher,
  Unexaminable,
};

// Denied always says which rule, which stable reason code, and why. Anyone may deny.
class [[nodiscard]] Denied {
 public:
  Denied(DenyRule rule, std::string code, std::string reason)
      : rule_(rule), code_(std::move(code)), reason_(std::move(reason)) {}
  // because_of is the one place where an Error becomes a denial: nono fails closed here.
  static Denied because_of(const Error& error);

  DenyRule rule() const { return rule_; }
  const std::string& code() const { return code_; }  // e.g. "no-bundle", "blocked-digest"
  const std::string& reason() const { return reason_; }

 private:
  DenyRule rule_;
  std::string code_;
  std::string reason_;
};

using Decision = std::variant<Denied, Admitted>;  // no empty state, no default

}  // namespace nono::trustpolicy
