#include "cli/profile_text.h"

#include <cerrno>
#include <utility>

#include "base/text.h"
#include "cli/documents.h"

namespace nono::cli {
namespace {

std::string_view text_of(profile::FieldEffect effect) {
  return effect == profile::FieldEffect::Refused ? "refused" : "no effect";
}

std::string network_text(const profile::NetworkPart& network) {
  if (network.block) {
    return "blocked";
  }
  std::string out;
  for (const sandbox::HostPort& host : network.connect_to) {
    out += " connect " + host.text();
  }
  for (const std::uint16_t port : network.connect) {
    out += " connect " + std::to_string(port);
  }
  for (const std::uint16_t port : network.listen) {
    out += " listen " + std::to_string(port);
  }
  return out.empty() ? "open" : "TCP only:" + out;
}

Json names_json(const std::vector<std::string>& names) {
  Json::Array out;
  for (const std::string& name : names) {
    out.push_back(json_text(name));
  }
  return {std::move(out)};
}

Json grants_json(const profile::Composed& composed) {
  Json::Array out;
  for (const profile::ComposedGrant& grant : composed.grants) {
    Json row{Json::Object{}};
    set_path(row, "path", grant.path);
    row.set("access", grant.access.text());
    row.set("origin", json_text(grant.origin));
    row.set("made", grant.presence == profile::Presence::Made);
    out.push_back(std::move(row));
  }
  return {std::move(out)};
}

Json denials_json(const profile::Composed& composed) {
  Json::Array out;
  for (const profile::ComposedDenial& denial : composed.denials) {
    Json row{Json::Object{}};
    set_path(row, "path", denial.path);
    row.set("origin", json_text(denial.origin));
    out.push_back(std::move(row));
  }
  return {std::move(out)};
}

Json findings_json(const profile::Composed& composed) {
  Json::Array out;
  for (const profile::ComposedFinding& finding : composed.findings) {
    out.push_back(Json::Object{{"where", json_text(finding.origin)},
                               {"effect", text_of(finding.effect)},
                               {"why", json_text(finding.why)}});
  }
  return {std::move(out)};
}

Json environment_json(const profile::EnvironmentPart& part) {
  Json::Object set;
  for (const auto& [name, value] : part.set) {
    set.emplace_back(name, json_text(value));
  }
  return Json::Object{{"allow_vars", part.allow ? names_json(*part.allow) : Json()},
                      {"deny_vars", names_json(part.deny)},
                      {"pass_vars", names_json(part.pass)},
                      {"set_vars", Json(std::move(set))}};
}

Json command_json(const profile::Composed& composed) {
  if (!composed.tool) {
    return {};
  }
  Json out{Json::Object{}};
  out.set("name", json_text(composed.tool->command));
  set_path(out, "executable", composed.tool->executable);
  return out;
}

Json credentials_json(const profile::Composed& composed) {
  Json::Array out;
  for (const profile::Credential& credential : composed.credentials) {
    out.push_back(Json::Object{{"variable", credential.variable},
                               {"source", json_text(profile::text_of(credential.source))},
                               {"origin", json_text(credential.origin)}});
  }
  return {std::move(out)};
}

// conditions_of says where a grant of the same rights and path is another one.
std::string conditions_of(const profile::ComposedGrant& grant) {
  const std::string out = grant.kind == sandbox::WantedKind::File ? "  (a file only)" : "";
  return out + (grant.presence == profile::Presence::Made ? "  (made where it is missing)" : "");
}

void add_commands(const profile::CommandsPart& part, std::vector<std::string>& out) {
  for (const std::string& name : part.deny) {
    out.push_back("program    " + name + "  held back");
  }
  for (const std::string& name : part.allow) {
    out.push_back("program    " + name + "  not held back by the built-in rows");
  }
}

void add_environment(const profile::Composed& composed, std::vector<std::string>& out) {
  const profile::EnvironmentPart& part = composed.environment;
  if (part.allow) {
    std::string line = "variables  only:";
    for (const std::string& name : *part.allow) {
      line += " " + name;
    }
    out.push_back(std::move(line));
  }
  for (const std::string& name : part.deny) {
    out.push_back("variable   " + name + "  not passed on");
  }
  for (const std::string& name : part.pass) {
    out.push_back("variable   " + name + "  passed on");
  }
  for (const auto& [name, value] : part.set) {
    out.push_back(std::string("variable   ").append(name).append("  set to ").append(value));
  }
  for (const profile::Credential& credential : composed.credentials) {
    out.push_back("variable   " + credential.variable + "  set from " +
                  profile::text_of(credential.source));
  }
}

std::vector<std::pair<std::string, std::string>> limits_of(const sandbox::Limits& limits) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&out](sandbox::LimitKind kind, const auto& amount, auto text) {
    if (amount) {
      out.emplace_back(sandbox::name_of(kind), text(*amount));
    }
  };
  const auto number = [](std::uint64_t count) { return std::to_string(count); };
  add(sandbox::LimitKind::Memory, limits.memory, sandbox::size_text);
  add(sandbox::LimitKind::Processes, limits.processes, number);
  add(sandbox::LimitKind::CpuTime, limits.cpu_time, sandbox::duration_text);
  add(sandbox::LimitKind::WallTime, limits.wall_time, sandbox::duration_text);
  add(sandbox::LimitKind::FileSize, limits.file_size, sandbox::size_text);
  add(sandbox::LimitKind::DiskUse, limits.disk_use, sandbox::size_text);
  return out;
}

Json limits_json(const sandbox::Limits& limits) {
  Json out{Json::Object{}};
  for (const auto& [kind, amount] : limits_of(limits)) {
    out.set(kind, amount);
  }
  return out;
}

}  // namespace

std::vector<std::string> composed_lines(const profile::Composed& composed) {
  std::vector<std::string> out;
  if (composed.tool) {
    out.push_back("command    " + composed.tool->command + "  is " + composed.tool->executable +
                  "; the sandbox is its own, and nothing is added to it");
  }
  for (const std::string& group : composed.groups) {
    out.push_back("group      " + group);
  }
  for (const profile::ComposedGrant& grant : composed.grants) {
    out.push_back(grant.access.text() + "        " + grant.path + conditions_of(grant));
  }
  for (const profile::ComposedDenial& denial : composed.denials) {
    out.push_back("denied     " + denial.path);
  }
  out.push_back("network    " + network_text(composed.network));
  add_environment(composed, out);
  if (composed.workdir) {
    out.push_back("workdir    " + std::string(profile::text_of(*composed.workdir)));
  }
  if (composed.scan_all) {
    out.emplace_back("trust      every unverified file in reach stops the start");
  }
  if (composed.strict_intercept) {
    out.emplace_back("trust      no fast gate: every open is judged outside the program");
  }
  if (composed.audit_required) {
    out.emplace_back("audit      required: no run without a record");
  }
  add_commands(composed.commands, out);
  for (const auto& [kind, amount] : limits_of(composed.limits)) {
    out.push_back(std::string("limit      ").append(kind).append("  ").append(amount));
  }
  for (const profile::ComposedFinding& finding : composed.findings) {
    out.push_back(std::string(text_of(finding.effect)) + "  " + finding.origin + ": " +
                  finding.why);
  }
  return out;
}

Json composed_json(const profile::Composed& composed) {
  return Json::Object{
      {"lineage", names_json(composed.lineage)},
      {"groups", names_json(composed.groups)},
      {"grants", grants_json(composed)},
      {"denials", denials_json(composed)},
      {"network", network_text(composed.network)},
      {"environment", environment_json(composed.environment)},
      {"credentials", credentials_json(composed)},
      {"command", command_json(composed)},
      {"workdir", composed.workdir ? Json(profile::text_of(*composed.workdir)) : Json()},
      {"scan", composed.scan_all ? "all" : "autoloaded"},
      {"demands_strict", composed.strict_intercept},
      {"demands_audit", composed.audit_required},
      {"commands", Json(Json::Object{{"allow", names_json(composed.commands.allow)},
                                     {"deny", names_json(composed.commands.deny)}})},
      {"limits", limits_json(composed.limits)},
      {"findings", findings_json(composed)}};
}

Json source_json(const engine::LoadedProfile& loaded) {
  Json out = Json::Object{{"name", json_text(loaded.name)},
                          {"origin", engine::text_of(loaded.origin)},
                          {"path", Json()}};
  if (!loaded.path.empty()) {
    set_path(out, "path", loaded.path);
  }
  return out;
}

std::unexpected<Error> not_written(Error error, const std::string& path) {
  const bool in_the_way = error.code() == EEXIST;
  Error out = std::move(error).while_doing("writing " + printable(path));
  return std::unexpected(in_the_way ? std::move(out).mend_with("--force replaces what is there")
                                    : std::move(out));
}

}  // namespace nono::cli
