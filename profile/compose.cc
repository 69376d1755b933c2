#include "profile/compose.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "profile/environment_rules.h"

namespace nono::profile {
namespace {

using sandbox::Access;
using sandbox::WantedKind;

constexpr auto kReadExecute = Access::read() | Access::execute();
constexpr auto kReadWrite = Access::read() | Access::write();

struct Meaning {
  Access access;
  WantedKind kind;
};
// In the order of PathRight.
constexpr auto kMeanings = std::to_array<Meaning>({
    {kReadWrite | Access::execute(), WantedKind::Directory},
    {kReadExecute, WantedKind::Directory},
    {Access::write(), WantedKind::Directory},
    {kReadExecute, WantedKind::Any},
    {kReadWrite, WantedKind::File},
    {Access::read(), WantedKind::File},
    {Access::write(), WantedKind::File},
    {Access::connect(), WantedKind::Socket},
});

Meaning meaning_of(GroupAccess access) {
  switch (access) {
    case GroupAccess::Read:
      return {kReadExecute, WantedKind::Any};
    case GroupAccess::ReadWrite:
    case GroupAccess::State:
      return {kReadWrite | Access::execute(), WantedKind::Directory};
    case GroupAccess::Settings:
      return {kReadExecute, WantedKind::Directory};
    case GroupAccess::ReadFile:
      return {Access::read(), WantedKind::File};
    case GroupAccess::ReadWriteFile:
      return {kReadWrite, WantedKind::File};
    case GroupAccess::Deny:
      return {Access::none(), WantedKind::Any};
  }
  std::unreachable();
}

// /var/run is a link to /run by the Filesystem Hierarchy Standard 3.0, present or not.
std::string by_custom(std::string path) {
  constexpr std::string_view kOld = "/var/run";
  return beneath(kOld, path) ? "/run" + path.substr(kOld.size()) : std::move(path);
}

template <typename Value>
void append_new(std::vector<Value>& to, const std::vector<Value>& from) {
  for (const Value& value : from) {
    if (std::ranges::find(to, value) == to.end()) {
      to.push_back(value);
    }
  }
}

class Composer {
 public:
  Composer(const Variables& variables, const FindProfile& find)
      : variables_(variables), find_(find) {}

  // add recurses at most kMaxLineageDepth deep.
  Result<void> add(const Profile& profile, const std::string& name) {
    if (path_.size() >= kMaxLineageDepth || out_.lineage.size() >= kMaxLineage) {
      return std::unexpected(usage(name, "extends: more than " + std::to_string(kMaxLineageDepth) +
                                             " profiles deep or " + std::to_string(kMaxLineage) +
                                             " in all"));
    }
    path_.push_back(name);
    for (const std::string& parent : profile.extends) {
      NONO_CHECK(add_parent(name, parent));
    }
    path_.pop_back();
    NONO_CHECK(take(profile, name));
    out_.lineage.push_back(name);
    return {};
  }

  Result<Composed> finish(const std::string& name) {
    out_.name = name;
    if (tool_) {
      NONO_CHECK(be_tool(tool_->first, tool_->second));
    }
    NONO_CHECK(check_network(name));
    NONO_CHECK(check_denials());
    NONO_CHECK(check_credentials());
    settle_environment();
    return std::move(out_);
  }

 private:
  static Error usage(const std::string& name, const std::string& what) {
    return {ErrorKind::Usage, "profile " + printable(name) + ": " + what};
  }

  Result<void> add_parent(const std::string& child, const std::string& parent) {
    if (const auto again = std::ranges::find(path_, parent); again != path_.end()) {
      std::string circle;
      for (auto name = again; name != path_.end(); ++name) {
        circle += *name + " -> ";
      }
      return std::unexpected(usage(child, "extends itself: " + circle + parent));
    }
    if (!seen_.insert(parent).second) {
      return {};
    }
    auto found = find_(parent);
    if (!found) {
      return std::unexpected(std::move(found).error().while_doing(
          "profile " + printable(child) + ": extends " + printable(parent)));
    }
    return add(*found, parent);
  }

  Result<void> take(const Profile& profile, const std::string& name) {
    NONO_CHECK(leave_out(profile, name));
    for (const std::string& group : profile.groups) {
      NONO_CHECK(take_group(group, name));
    }
    NONO_CHECK(take_paths(profile, name));
    take_network(profile);
    take_environment(profile);
    take_credentials(profile, name);
    NONO_CHECK(take_tool(profile, name));
    take_rest(profile, name);
    return {};
  }

  void take_rest(const Profile& profile, const std::string& name) {
    append_new(out_.commands.allow, profile.commands.allow);
    append_new(out_.commands.deny, profile.commands.deny);
    for (const Finding& finding : profile.findings) {
      out_.findings.push_back(
          {"profile " + name + ": " + finding.pointer, finding.effect, finding.why});
    }
    out_.scan_all = out_.scan_all || profile.scan_all;
    out_.strict_intercept = out_.strict_intercept || profile.strict_intercept;
    out_.audit_required = out_.audit_required || profile.audit_required;
    tighten(out_.limits, profile.limits);
    if (profile.workdir) {
      out_.workdir = profile.workdir;
    }
  }

  // leave_out takes groups of the parents away again, but nothing that they deny.
  Result<void> leave_out(const Profile& profile, const std::string& name) {
    for (const std::string& group : profile.left_out_groups) {
      if (find_group(group) == nullptr) {
        return std::unexpected(unknown_group(group, name));
      }
      std::erase_if(out_.grants, [&](const ComposedGrant& grant) {
        return grant.origin.ends_with(", group " + group);
      });
      std::erase(out_.groups, group);
    }
    return {};
  }

  static Error unknown_group(const std::string& group, const std::string& name) {
    return usage(name, "groups: there is no group \"" + printable(group) + "\"")
        .mend_with("nono policy groups lists them");
  }

  Result<void> take_group(const std::string& group_name, const std::string& name) {
    const Group* group = find_group(group_name);
    if (group == nullptr) {
      return std::unexpected(unknown_group(group_name, name));
    }
    if (!is_of_this_platform(*group) ||
        std::ranges::find(out_.groups, group_name) != out_.groups.end()) {
      return {};
    }
    out_.groups.push_back(group_name);
    const std::string origin = "profile " + name + ", group " + group_name;
    if (!group->enforced) {
      out_.findings.push_back({origin, FieldEffect::Said, std::string(group->instead)});
    }
    for (const GroupRow& row : group->rows) {
      NONO_CHECK(take_row(row, origin));
    }
    return {};
  }

  Result<void> take_row(const GroupRow& row, const std::string& origin) {
    auto expanded = expand_path(row.path, variables_);
    std::optional<std::string> place = expanded ? *std::move(expanded) : std::nullopt;
    if (!place) {
      return {};  // a place that this user does not have
    }
    std::string path = by_custom(*std::move(place));
    if (row.access == GroupAccess::Deny) {
      return add_denial({std::move(path), origin});
    }
    const Meaning meaning = meaning_of(row.access);
    const bool made = row.access == GroupAccess::State || row.access == GroupAccess::Settings;
    const Presence presence = made ? Presence::Made : Presence::Quiet;
    return add_grant({std::move(path), origin, meaning.access, meaning.kind, presence});
  }

  Result<void> take_paths(const Profile& profile, const std::string& name) {
    for (const WrittenGrant& grant : profile.grants) {
      NONO_CHECK(take_grant(grant, "profile " + name + ": " + grant.path.pointer));
    }
    for (const WrittenPath& denial : profile.denials) {
      NONO_CHECK(take_denial(denial, "profile " + name + ": " + denial.pointer));
    }
    return {};
  }

  Result<void> take_grant(const WrittenGrant& grant, const std::string& origin) {
    NONO_TRY(auto path, expanded(grant.path.text, origin));
    if (!path) {
      return {};
    }
    const Meaning& meaning = kMeanings[static_cast<std::size_t>(grant.right)];
    return add_grant({*std::move(path), origin, meaning.access, meaning.kind, Presence::Said});
  }

  Result<void> take_denial(const WrittenPath& denial, const std::string& origin) {
    NONO_TRY(auto path, expanded(denial.text, origin));
    if (!path) {
      return fail(ErrorKind::Usage, origin + ": the session's own directories cannot be denied");
    }
    return add_denial({*std::move(path), origin});
  }

  Result<std::optional<std::string>> expanded(const std::string& written,
                                              const std::string& origin) {
    auto path = expand_path(written, variables_);
    if (!path) {
      return std::unexpected(Error(ErrorKind::Usage, origin + ": " + path.error().message())
                                 .mend_with(path.error().remedy()));
    }
    std::optional<std::string> place = *std::move(path);
    return place ? std::optional(by_custom(*std::move(place))) : std::nullopt;
  }

  Result<void> add_grant(ComposedGrant grant) {
    if (grant.path == "/run") {
      return fail(ErrorKind::Usage, grant.origin + ": /run holds sockets of the system's services");
    }
    if (out_.grants.size() >= kMaxComposedPaths) {
      return fail(ErrorKind::Usage, grant.origin + ": more than " +
                                        std::to_string(kMaxComposedPaths) + " paths in all");
    }
    out_.grants.push_back(std::move(grant));
    return {};
  }

  Result<void> add_denial(ComposedDenial denial) {
    if (out_.denials.size() >= kMaxComposedPaths) {
      return fail(ErrorKind::Usage, denial.origin + ": more than " +
                                        std::to_string(kMaxComposedPaths) + " paths in all");
    }
    out_.denials.push_back(std::move(denial));
    return {};
  }

  void take_network(const Profile& profile) {
    out_.network.block = out_.network.block || profile.network.block;
    append_new(out_.network.connect, profile.network.connect);
    append_new(out_.network.listen, profile.network.listen);
    append_new(out_.network.connect_to, profile.network.connect_to);
  }

  Result<void> check_network(const std::string& name) const {
    const bool opens = !out_.network.connect.empty() || !out_.network.listen.empty() ||
                       !out_.network.connect_to.empty();
    if (out_.network.block && opens) {
      return std::unexpected(
          usage(name,
                "network: hosts or ports are allowed by one profile and the network is blocked by "
                "another that it extends or is extended by"));
    }
    return {};
  }

  void take_environment(const Profile& profile) {
    const EnvironmentPart& more = profile.environment;
    EnvironmentPart& all = out_.environment;
    if (more.allow) {
      if (!all.allow) {
        all.allow.emplace();
      }
      append_new(*all.allow, *more.allow);
    }
    append_new(all.deny, more.deny);
    append_new(all.pass, more.pass);
    for (const auto& setting : more.set) {
      std::erase_if(all.set, [&](const auto& old) { return old.first == setting.first; });
      all.set.push_back(setting);
    }
  }

  // take_credentials: a child's word for a variable replaces its parents'.
  void take_credentials(const Profile& profile, const std::string& name) {
    for (Credential credential : profile.credentials) {
      std::erase_if(out_.credentials,
                    [&](const Credential& old) { return old.variable == credential.variable; });
      credential.origin = "profile " + name + ": " + credential.origin;
      out_.credentials.push_back(std::move(credential));
    }
  }

  Result<void> take_tool(const Profile& profile, const std::string& name) {
    if (profile.tool && tool_) {
      return std::unexpected(
          usage(name, "command_policies: " + printable(tool_->second) + " has one, too")
              .mend_with("leave out one of the two: a run has one sandbox"));
    }
    if (profile.tool) {
      tool_.emplace(*profile.tool, name);
    }
    return {};
  }

  // give_up takes out what the profiles give, and names it.
  std::vector<std::string> give_up() {
    std::vector<std::string> given;
    for (const ComposedGrant& grant : std::exchange(out_.grants, {})) {
      given.push_back(grant.access.text() + " " + grant.path);
    }
    out_.groups.clear();
    if (std::exchange(out_.workdir, std::nullopt).value_or(WorkdirAccess::None) !=
        WorkdirAccess::None) {
      given.emplace_back("workdir");
    }
    const NetworkPart network = std::exchange(out_.network, {});
    if (!network.connect.empty() || !network.listen.empty() || !network.connect_to.empty()) {
      given.emplace_back("network");
    }
    out_.network.block = true;
    const EnvironmentPart& variables = out_.environment;
    if (variables.allow || !variables.pass.empty() || !variables.set.empty()) {
      given.emplace_back("variables");
    }
    return given;
  }

  // be_tool puts the sandbox of the command in place of all that is granted beside it. What is
  // denied, held back and limited stays.
  Result<void> be_tool(const ToolSandbox& tool, const std::string& name) {
    const std::string origin = "profile " + name + ": " + tool.pointer;
    ComposedTool out{tool.command, "", origin, {}};
    NONO_TRY(const auto executable, expanded(tool.executable, origin));
    if (!executable) {
      return fail(ErrorKind::Usage, origin + ": lies in a directory of the session");
    }
    out.executable = *executable;
    out.put_aside = give_up();
    NONO_CHECK(add_grant({out.executable, origin, kReadExecute, WantedKind::File, Presence::Said}));
    for (const ToolPath& path : tool.paths) {
      NONO_CHECK(add_tool_path(path, "profile " + name + ": " + path.pointer));
    }
    out_.environment.allow = tool.allow_vars ? *tool.allow_vars : tool_variables();
    out_.environment.pass.clear();
    out_.environment.set = tool.set_vars;
    out_.tool = std::move(out);
    return {};
  }

  Result<void> add_tool_path(const ToolPath& path, const std::string& origin) {
    // In the order of ToolRight.
    static constexpr auto kToolMeanings = std::to_array<Meaning>({
        {kReadExecute, WantedKind::Directory},
        {Access::write(), WantedKind::Directory},
        {Access::read(), WantedKind::File},
        {Access::write(), WantedKind::File},
    });
    NONO_TRY(auto where, expanded(path.text, origin));
    if (!where) {
      return {};
    }
    const Meaning& meaning = kToolMeanings[static_cast<std::size_t>(path.right)];
    return add_grant({*std::move(where), origin, meaning.access, meaning.kind, Presence::Said});
  }

  // check_credentials: what is denied is handed on by nobody, and a variable has one value.
  Result<void> check_credentials() const {
    for (const Credential& credential : out_.credentials) {
      const std::string clash = clash_of(credential);
      if (!clash.empty()) {
        return std::unexpected(Error(ErrorKind::Usage, credential.origin + ": " + clash)
                                   .mend_with("leave out one of the two"));
      }
    }
    return {};
  }

  std::string clash_of(const Credential& credential) const {
    const EnvironmentPart& all = out_.environment;
    const std::string& variable = credential.variable;
    if (std::ranges::any_of(all.deny,
                            [&](const auto& each) { return fits_pattern(each, variable); })) {
      return variable + " is in deny_vars";
    }
    if (std::ranges::any_of(all.set, [&](const auto& each) { return each.first == variable; })) {
      return variable + " is in set_vars, too";
    }
    const std::string& path = credential.source.name;
    const auto denial = std::ranges::find_if(
        out_.denials, [&](const ComposedDenial& each) { return beneath(each.path, path); });
    const bool denied =
        credential.source.place == CredentialPlace::File && denial != out_.denials.end();
    return denied ? printable(path) + " lies in what is denied (" + denial->origin + ")" : "";
  }

  // settle_environment: a name in full in allow_vars is passed although it looks like a secret, a
  // denied one is passed by nothing.
  void settle_environment() {
    EnvironmentPart& all = out_.environment;
    for (const std::string& name : all.allow.value_or(std::vector<std::string>())) {
      const auto why = why_dropped(name, "");
      const bool code = why == EnvironmentClass::LoadsCode || why == EnvironmentClass::OwnState;
      if (!name.ends_with('*') && !code) {
        append_new(all.pass, {name});
      }
    }
    const auto denied = [&](const std::string& name) {
      return std::ranges::any_of(
          all.deny, [&](const std::string& pattern) { return fits_pattern(pattern, name); });
    };
    std::erase_if(all.pass, denied);
    std::erase_if(all.set, [&](const auto& setting) { return denied(setting.first); });
  }

  Result<void> check_denials() const {
    for (const ComposedDenial& denial : out_.denials) {
      for (const ComposedGrant& grant : out_.grants) {
        if (beneath(denial.path, grant.path)) {
          return std::unexpected(
              Error(ErrorKind::Usage, grant.origin + ": " + printable(grant.path) +
                                          " lies in what is denied (" + denial.origin + ")")
                  .mend_with("take it out, or do not extend what denies it"));
        }
        if (beneath(grant.path, denial.path)) {
          return std::unexpected(
              Error(ErrorKind::Usage, denial.origin + ": " + printable(denial.path) +
                                          " lies inside of a grant (" + grant.origin +
                                          "), where a denial cannot be kept")
                  .mend_with("grant the directories beside it one by one"));
        }
      }
    }
    return {};
  }

  const Variables& variables_;
  const FindProfile& find_;
  Composed out_;
  std::vector<std::string> path_;  // from the profile asked for down to this one
  std::set<std::string> seen_;
  std::optional<std::pair<ToolSandbox, std::string>> tool_;  // with the profile's name
};

}  // namespace

void tighten(sandbox::Limits& limits, const sandbox::Limits& by) {
  const auto lower = [](auto& limit, const auto& other) {
    if (other && (!limit || *other < *limit)) {
      limit = other;
    }
  };
  lower(limits.memory, by.memory);
  lower(limits.processes, by.processes);
  lower(limits.cpu_time, by.cpu_time);
  lower(limits.wall_time, by.wall_time);
  lower(limits.file_size, by.file_size);
  lower(limits.disk_use, by.disk_use);
}

Result<Composed> compose(const Profile& profile, const std::string& name,
                         const Variables& variables, const FindProfile& find) {
  Composer composer(variables, find);
  NONO_CHECK(composer.add(profile, name));
  return composer.finish(name);
}

std::vector<ComposedFinding> refusals(const Composed& composed) {
  std::vector<ComposedFinding> out;
  for (const ComposedFinding& finding : composed.findings) {
    if (finding.effect == FieldEffect::Refused) {
      out.push_back(finding);
    }
  }
  return out;
}

}  // namespace nono::profile
