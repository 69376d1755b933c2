#include "engine/profile_apply.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "engine/granted_sockets.h"
#include "profile/environment_rules.h"

namespace nono::engine {
namespace {

using profile::WorkdirAccess;
using sandbox::Access;
using sandbox::CapabilitySet;

Access access_of(WorkdirAccess access) {
  switch (access) {
    case WorkdirAccess::None:
      return Access::none();
    case WorkdirAccess::Read:
      return Access::read() | Access::execute();
    case WorkdirAccess::Write:
      return Access::write();
    case WorkdirAccess::ReadWrite:
      return Access::read() | Access::write() | Access::execute();
  }
  std::unreachable();
}

Access common(Access left, Access right) {
  Access out = Access::none();
  for (const Access one : {Access::read(), Access::write(), Access::execute()}) {
    if (left.has(one) && right.has(one)) {
      out = out | one;
    }
  }
  return out;
}

bool is_of_the_working_directory(const WantedPath& wanted) {
  return wanted.option == "--allow-cwd" || wanted.option == "--read-cwd";
}

// The options --allow-cwd and --read-cwd ask for the working directory; a profile bounds them.
Result<void> apply_workdir(RunRequest& request, const profile::Composed& composed) {
  if (!composed.workdir) {
    return {};
  }
  const Access allowed = access_of(*composed.workdir);
  const auto asked = std::ranges::find_if(request.paths, is_of_the_working_directory);
  if (asked == request.paths.end()) {
    if (allowed != Access::none()) {
      request.paths.push_back({"profile " + composed.name + ": /workdir/access",
                               request.working_directory, allowed, sandbox::WantedKind::Directory});
    }
    return {};
  }
  const Access both = common(asked->access, allowed);
  if (both == Access::none()) {
    return std::unexpected(Error(ErrorKind::Usage, asked->option + ": profile " + composed.name +
                                                       " gives " +
                                                       std::string(text_of(*composed.workdir)) +
                                                       " access to the working directory")
                               .mend_with("--allow DIR grants it in your own words"));
  }
  if (both != asked->access) {
    request.notes.push_back(asked->option + ": lowered by profile " + composed.name + " to " +
                            std::string(text_of(*composed.workdir)));
    asked->access = both;
  }
  return {};
}

// apply_network reports whether the profile says what may be reached.
bool apply_network(RunRequest& request, const profile::NetworkPart& network) {
  const bool restricts = network.block || !network.connect.empty() || !network.listen.empty() ||
                         !network.connect_to.empty();
  const bool asked = request.network != NetworkWish::Default || request.limits_network();
  if (!restricts) {
    return !asked;
  }
  if (asked) {
    if (request.network != NetworkWish::Block) {
      request.notes.emplace_back(
          "network: the options count, not the profile, which allows less or other things");
    }
    return false;
  }
  if (network.block) {
    request.network = NetworkWish::Block;
    return true;
  }
  request.ports = {network.connect, network.listen};
  request.connect_to = network.connect_to;
  return true;
}

bool is_set_outside(const std::string& name) {
  return std::ranges::any_of(caller_environment(), [&](const char* entry) {
    const std::string_view text(entry);
    return text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=';
  });
}

// Later words of --env win over earlier ones, so the profile's come first.
void apply_environment(RunRequest& request, const profile::Composed& composed) {
  const profile::EnvironmentPart& part = composed.environment;
  std::vector<std::string> first = part.pass;
  std::string passed;
  for (const std::string& name : part.pass) {
    if (is_set_outside(name)) {
      passed += " " + name;
    }
  }
  if (!passed.empty()) {
    request.notes.push_back("profile " + composed.name + " passes on:" + passed);
  }
  for (const auto& [name, value] : part.set) {
    first.push_back(std::string(name).append("=").append(value));
  }
  request.environment.insert(request.environment.begin(), first.begin(), first.end());
  request.denied_variables = part.deny;
  request.only_variables = part.allow;
  request.java = std::ranges::find(composed.groups, "java_runtime") != composed.groups.end();
}

// apply_credentials: what an option says of a variable counts, be it --env.
void apply_credentials(RunRequest& request, const profile::Composed& composed) {
  const std::vector<profile::Credential> asked = request.credentials;
  const auto said = [&](const std::string& variable) {
    return std::ranges::find(asked, variable, &profile::Credential::variable) != asked.end() ||
           std::ranges::any_of(request.environment, [&](const std::string& option) {
             return option.substr(0, option.find('=')) == variable;
           });
  };
  for (const profile::Credential& credential : composed.credentials) {
    if (said(credential.variable)) {
      request.notes.push_back(credential.origin + ": the option for " + credential.variable +
                              " counts, not the profile's credential");
    } else {
      request.credentials.push_back(credential);
    }
  }
}

Result<void> check_enforceable(const profile::Composed& composed) {
  const auto refused = profile::refusals(composed);
  if (refused.empty()) {
    return {};
  }
  std::string what;
  for (const profile::ComposedFinding& finding : refused) {
    what += (what.empty() ? "" : "; ") + finding.origin + ": " + finding.why;
  }
  return std::unexpected(
      Error(ErrorKind::Unsupported, std::move(what))
          .mend_with("take it out of the profile: no agent is started under what is not enforced"));
}

// PutAside collects what was asked for beside the one sandbox of the run, and tells it.
class PutAside {
 public:
  explicit PutAside(RunRequest& request) : request_(request) {}
  void add(const std::string& what) { list_ += (list_.empty() ? " " : ", ") + what; }
  void tell(const profile::ComposedTool& tool) {
    std::string line =
        "the sandbox is that of the command " + printable(tool.command) + " (" + tool.origin + ")";
    line += list_.empty() ? ", and nothing else's" : "; put aside:" + list_;
    request_.notes.push_back(std::move(line));
  }

 private:
  RunRequest& request_;
  std::string list_;
};

bool is_allowed(const profile::Composed& composed, const std::string& variable) {
  const auto& allow = composed.environment.allow;
  return allow && std::ranges::any_of(*allow, [&](const std::string& pattern) {
           return profile::fits_pattern(pattern, variable);
         });
}

// keep_allowed leaves the variables of options that the command's sandbox names.
void keep_allowed(RunRequest& request, const profile::Composed& composed, PutAside& aside) {
  std::erase_if(request.environment, [&](const std::string& option) {
    const std::string name = option.substr(0, option.find('='));
    const bool allowed = is_allowed(composed, name);
    if (!allowed) {
      aside.add("--env " + printable(name));
    }
    return !allowed;
  });
  for (const std::string& glob : std::exchange(request.environment_globs, {})) {
    aside.add("--env-allow " + printable(glob));
  }
  std::erase_if(request.credentials, [&](const profile::Credential& credential) {
    const bool allowed = is_allowed(composed, credential.variable);
    if (!allowed) {
      aside.add("the credential for " + credential.variable);
    }
    return !allowed;
  });
}

// become_tool takes out of the request what would add to the sandbox of the command.
void become_tool(RunRequest& request, const profile::Composed& composed,
                 const profile::ComposedTool& tool) {
  PutAside aside(request);
  for (const WantedPath& wanted : std::exchange(request.paths, {})) {
    aside.add(wanted.option + " " + printable(wanted.path));
  }
  constexpr std::size_t kFew = 8;
  const std::vector<std::string>& grants = tool.put_aside;
  if (grants.size() > kFew) {
    aside.add(std::to_string(grants.size()) + " grants of the profile");
  } else {
    for (const std::string& grant : grants) {
      aside.add("the profile's " + printable(grant));
    }
  }
  if (request.network == NetworkWish::Open || request.limits_network()) {
    aside.add("the options for the network");
  }
  request.network = NetworkWish::Block;
  request.ports = {};
  request.connect_to.clear();
  if (request.approvals.any()) {
    aside.add("--approve");
  }
  request.approvals = {};
  keep_allowed(request, composed, aside);
  aside.tell(tool);
  request.tool = tool;
}

}  // namespace

Result<void> apply_profile(RunRequest& request, const profile::Composed& composed,
                           AppliedProfile used, const std::string& shown) {
  NONO_CHECK(check_enforceable(composed));
  request.notes.push_back(shown);
  apply_credentials(request, composed);
  if (composed.tool) {
    become_tool(request, composed, *composed.tool);
  }
  NONO_CHECK(apply_workdir(request, composed));
  for (const profile::ComposedGrant& grant : composed.grants) {
    request.paths.push_back({grant.origin, grant.path, grant.access, grant.kind, grant.presence});
  }
  request.denials = composed.denials;
  used.rules_network = apply_network(request, composed.network);
  request.profile = std::move(used);
  apply_environment(request, composed);
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  append(request.allow_commands, composed.commands.allow);
  append(request.block_commands, composed.commands.deny);
  if (composed.scan_all && request.scan == TrustScan::Autoloaded) {
    request.scan = TrustScan::All;
  }
  request.profile_demands_strict = request.profile_demands_strict || composed.strict_intercept;
  if (composed.audit_required && request.record == Record::None) {
    return std::unexpected(Error(ErrorKind::Usage, "--no-audit: profile " + composed.name +
                                                       " requires a record (/trust/audit)")
                               .mend_with("leave --no-audit out"));
  }
  profile::tighten(request.limits, composed.limits);
  for (const profile::ComposedFinding& finding : composed.findings) {
    request.notes.push_back(finding.origin + ": no effect: " + finding.why);
  }
  return {};
}

namespace {

// check_grant judges a grant as a start would, by its name and by what is there now.
Result<void> check_grant(const profile::ComposedGrant& grant,
                         const profile::NeverGrantList& never) {
  const auto use =
      grant.access.has(Access::write()) ? profile::GrantUse::Writing : profile::GrantUse::Reading;
  if (auto fine = never.check(grant.path, use); !fine) {
    return std::unexpected(std::move(fine).error().while_doing(printable(grant.origin)));
  }
  struct stat status{};
  if (::stat(grant.path.c_str(), &status) != 0) {
    return {};
  }
  CapabilitySet alone;
  if (auto fine = alone.allow_path(grant.path, grant.access, grant.origin, grant.kind); !fine) {
    const bool wrong_kind = fine.error().kind() == ErrorKind::InvalidInput;
    return wrong_kind
               ? std::unexpected(std::move(fine).error().while_doing(printable(grant.origin)))
               : Result<void>();
  }
  const WantedPath wanted{.option = grant.origin, .path = grant.path};
  std::vector<std::string> notes;
  return grant.kind == sandbox::WantedKind::Socket
             ? check_socket(wanted, alone.paths().front(), never, notes)
             : Result<void>();
}

}  // namespace

Result<void> check_never_granted(const profile::Composed& composed, const UserDirectories& user) {
  NONO_TRY(const profile::NeverGrantList never,
           profile::NeverGrantList::for_places(protected_places(user)));
  for (const profile::ComposedGrant& grant : composed.grants) {
    NONO_CHECK(check_grant(grant, never));
  }
  for (const profile::Credential& credential : composed.credentials) {
    const bool file = credential.source.place == profile::CredentialPlace::File;
    auto fine =
        file ? never.check(credential.source.name, profile::GrantUse::Reading) : Result<void>();
    if (!fine) {
      return std::unexpected(std::move(fine).error().while_doing(printable(credential.origin)));
    }
  }
  return {};
}

}  // namespace nono::engine
