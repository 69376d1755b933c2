#include "engine/run_credentials.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/mount_names.h"
#include "base/text.h"
#include "engine/credentials.h"
#include "engine/object.h"

namespace nono::engine {
namespace {

// denied_name reports under which of its names, those that mounts give it among them, a file lies
// in what is denied.
std::optional<std::string> denied_name(const profile::ComposedDenial& denial,
                                       const std::string& path, const MountNames& mounts) {
  const std::string denied = resolved_path(denial.path);
  if (beneath(denied, path) || beneath(denial.path, path)) {
    return path;
  }
  for (MountNames::Name& other : mounts.of(path)) {
    if (beneath(denied, other.path)) {
      return std::move(other.path);
    }
  }
  return std::nullopt;
}

// check_denied: what a profile denies is not handed on by an option either.
Result<void> check_denied(const profile::Credential& credential, const RunRequest& request) {
  const std::string& path = credential.source.name;
  if (credential.source.place != profile::CredentialPlace::File || request.denials.empty()) {
    return {};
  }
  NONO_TRY(const MountNames mounts, MountNames::read());
  for (const profile::ComposedDenial& denial : request.denials) {
    if (const auto name = denied_name(denial, path, mounts)) {
      const std::string mount =
          *name == path ? "" : "; by a mount it has " + printable(*name) + " under another name";
      return std::unexpected(Error(ErrorKind::Usage, credential.origin + ": " + printable(path) +
                                                         " lies in what is denied (" +
                                                         denial.origin + ")" + mount)
                                 .mend_with("leave out one of the two"));
    }
  }
  return {};
}

}  // namespace

Result<void> plan_credentials(RunPlan& plan, const RunRequest& request) {
  const CredentialRules rules{plan.never_grant, plan.policy->guard()};
  for (const profile::Credential& credential : request.credentials) {
    NONO_CHECK(check_denied(credential, request));
    NONO_CHECK(check_credential(credential, rules));
    const std::string assigned = credential.variable + "=";
    std::erase_if(plan.environment,
                  [&](const std::string& entry) { return entry.starts_with(assigned); });
    std::erase(plan.dropped_variables, credential.variable);
    plan.credentials.push_back(credential);
    plan.notes.push_back("variable " + credential.variable + " is set from " +
                         profile::text_of(credential.source) + " (" + credential.origin +
                         "): the agent can read and send it");
  }
  return {};
}

Result<void> read_credentials(RunPlan& plan) {
  const CredentialRules rules{plan.never_grant, plan.policy->guard()};
  for (const profile::Credential& credential : plan.credentials) {
    NONO_TRY(const crypto::Secret value, read_credential(credential, rules));
    std::string entry = credential.variable + "=";
    entry += value.text(crypto::SecretAccess::i_will_not_log_or_store_this());
    plan.environment.push_back(std::move(entry));
  }
  return {};
}

}  // namespace nono::engine
