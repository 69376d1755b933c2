#include "cli/setup_report.h"

#include <bit>

#include "cli/documents.h"
#include "sandbox/procfs.h"

namespace nono::cli {

using sandbox::HostFeatures;
using sandbox::Shortfall;

SetupVerdict setup_verdict(const HostFeatures& features) {
  SetupVerdict out{.run = true, .wrap = true};
  for (const Shortfall& missing : sandbox::shortfalls(features)) {
    out.wrap = out.wrap && !missing.fatal;
  }
  // Every run needs the gate, and the gate needs a listener.
  out.run = out.wrap && features.seccomp_notify && sandbox::check_proc();
  return out;
}

std::vector<std::pair<std::string, std::string>> setup_matrix(const HostFeatures& features) {
  const auto yes = [](bool there) { return std::string(there ? "yes" : "no"); };
  const SetupVerdict verdict = setup_verdict(features);
  return {
      {"landlock_abi", std::to_string(features.landlock_abi)},
      {"landlock_fs_rights", std::to_string(std::popcount(features.landlock_fs))},
      {"landlock_net_rights", std::to_string(std::popcount(features.landlock_net))},
      {"landlock_scopes", std::to_string(std::popcount(features.landlock_scopes))},
      {"seccomp_filter", yes(features.seccomp_filter)},
      {"seccomp_notify", yes(features.seccomp_notify)},
      {"notify_busy", yes(features.notify_busy)},
      {"notify_wait_killable", yes(features.notify_wait_killable)},
      {"notify_sync_wake_up", yes(features.notify_sync_wake_up)},
      {"pidfd_getfd", yes(features.pidfd_getfd)},
      {"close_range", yes(features.close_range)},
      {"openat2", yes(features.openat2)},
      {"user_namespaces", yes(features.user_namespaces)},
      {"network_namespace", yes(features.network_namespace)},
      {"mount_namespace", yes(features.mount_namespace)},
      {"wsl2", yes(features.wsl2)},
      {"root", yes(features.root)},
      {"nono_run", yes(verdict.run)},
      {"nono_wrap", yes(verdict.wrap)},
  };
}

std::vector<std::string> setup_lines(const HostFeatures& features) {
  std::vector<std::string> out;
  for (const auto& [name, value] : setup_matrix(features)) {
    out.push_back(std::string(name).append(": ").append(value));
  }
  for (const Shortfall& missing : sandbox::shortfalls(features)) {
    out.push_back((missing.fatal ? "MISSING  " : "degraded  ") + missing.feature + ": " +
                  missing.consequence);
  }
  if (!features.mount_namespace) {
    out.push_back("degraded  mount_namespace: that paths outside the grants exist shows" +
                  (features.namespace_switch.empty()
                       ? std::string()
                       : "; " + features.namespace_switch +
                             ": docs/sandbox.md, \"A view of its own\", has what allows it"));
  }
  const SetupVerdict verdict = setup_verdict(features);
  if (verdict.run) {
    out.emplace_back("nono run works here");
  } else if (verdict.wrap) {
    const auto proc = sandbox::check_proc();
    out.push_back(
        "nono run cannot start an agent here: " +
        (proc ? std::string(text_of(sandbox::notify_loss(features))) : proc.error().message()) +
        "; nono wrap starts what needs no judgement of opens");
  } else {
    out.emplace_back("nono run cannot start an agent here");
  }
  return out;
}

Json setup_document(const HostFeatures& features) {
  Json facts{Json::Object{}};
  for (const auto& [name, value] : setup_matrix(features)) {
    facts.set(name, value);
  }
  Json::Array rows;
  for (const Shortfall& missing : sandbox::shortfalls(features)) {
    rows.push_back(Json::Object{{"feature", missing.feature},
                                {"consequence", missing.consequence},
                                {"fatal", missing.fatal}});
  }
  Json json = document("setup-check");
  json.set("features", std::move(facts));
  json.set("shortfalls", Json(std::move(rows)));
  json.set("no_listener_because", text_or_null(text_of(sandbox::notify_loss(features))));
  json.set("no_namespaces_because", text_or_null(features.namespace_switch));
  return json;
}

}  // namespace nono::cli
