// cli/setup.cc: setup --check-only: what this kernel enforces, mechanism by mechanism.
#include <array>
#include <bit>
#include <utility>

#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "sandbox/host_features.h"

namespace nono::cli {
namespace {

using sandbox::HostFeatures;
using sandbox::Shortfall;

std::vector<std::pair<std::string, std::string>> matrix(const HostFeatures& features) {
  const auto yes = [](bool there) { return std::string(there ? "yes" : "no"); };
  return {
      {"landlock_abi", std::to_string(features.landlock_abi)},
      {"landlock_fs_rights", std::to_string(std::popcount(features.landlock_fs))},
      {"landlock_net_rights", std::to_string(std::popcount(features.landlock_net))},
      {"landlock_scopes", std::to_string(std::popcount(features.landlock_scopes))},
      {"seccomp_filter", yes(features.seccomp_filter)},
      {"seccomp_notify", yes(features.seccomp_notify)},
      {"notify_wait_killable", yes(features.notify_wait_killable)},
      {"notify_sync_wake_up", yes(features.notify_sync_wake_up)},
      {"pidfd_getfd", yes(features.pidfd_getfd)},
      {"close_range", yes(features.close_range)},
      {"user_namespaces", yes(features.user_namespaces)},
      {"wsl2", yes(features.wsl2)},
      {"root", yes(features.root)},
  };
}

Json to_json(const HostFeatures& features, const std::vector<Shortfall>& missing) {
  Json facts{Json::Object{}};
  for (const auto& [name, value] : matrix(features)) {
    facts.set(name, value);
  }
  Json::Array rows;
  for (const Shortfall& shortfall : missing) {
    Json row{Json::Object{}};
    row.set("feature", shortfall.feature);
    row.set("consequence", shortfall.consequence);
    row.set("fatal", shortfall.fatal);
    rows.push_back(std::move(row));
  }
  Json json = document("setup-check");
  json.set("features", std::move(facts));
  json.set("shortfalls", Json(std::move(rows)));
  return json;
}

Result<int> run_setup(const Arguments& arguments, Session& session) {
  if (!arguments.has("check-only")) {
    return std::unexpected(Error(ErrorKind::Usage, "setup changes nothing on this system")
                               .mend_with("use nono setup --check-only"));
  }
  const HostFeatures features = sandbox::probe(sandbox::HostView{}, sandbox::ProbeDepth::Full);
  const std::vector<Shortfall> missing = sandbox::shortfalls(features);
  bool fatal = false;
  for (const Shortfall& shortfall : missing) {
    // Every run needs the gate, and the gate needs a listener.
    fatal = fatal || shortfall.fatal || shortfall.feature == "seccomp.notify";
  }
  Render& render = session.render();
  if (session.wants_json()) {
    render.json(to_json(features, missing));
    return fatal ? kCouldNot : kDone;
  }
  for (const auto& [name, value] : matrix(features)) {
    std::string line = name;
    render.result(line.append(": ").append(value));
  }
  for (const Shortfall& shortfall : missing) {
    render.result((shortfall.fatal ? "MISSING  " : "degraded  ") + shortfall.feature + ": " +
                  shortfall.consequence);
  }
  render.result(fatal ? "nono run cannot start an agent here" : "nono run works here");
  return fatal ? kCouldNot : kDone;
}

constexpr auto kOptions = std::to_array<Option>({
    {"check-only", 0, "", "look, and change nothing"},
});
constexpr auto kExamples = std::to_array<Example>({
    {"nono setup --check-only", "what this kernel can enforce"},
});

}  // namespace

const Command kSetup{
    .name = "setup",
    .summary = "show what this kernel can enforce",
    .description =
        "Asks the kernel for every mechanism that the sandbox uses: Landlock right by right, "
        "seccomp filters and notifications, namespaces. What is missing is listed with what is "
        "possible therefore.",
    .operands = {},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .tail = Tail::None,
    .run = run_setup,
};

}  // namespace nono::cli
