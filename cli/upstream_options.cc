#include "cli/upstream_options.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

namespace nono::cli {
namespace {

constexpr std::string_view kNoProxy =
    "there is no filtering proxy; --connect HOST:PORT names the hosts that may be reached";
constexpr std::string_view kNoCredentials =
    "no proxy puts credentials into requests; --env-credential-map SOURCE VARIABLE sets a variable";
constexpr std::string_view kNoSnapshots =
    "there are no snapshots; --keep DIR protects what is in a directory";
constexpr std::string_view kNoSockets =
    "sockets are granted one by one, by --allow-unix-socket SOCKET; an agent binds its own where "
    "it "
    "may write";
constexpr std::string_view kAlwaysChained = "every record is chained and keyed; leave it out";
constexpr std::string_view kNoPrompt = "nothing is asked after a run; leave it out";

constexpr auto kOptions = std::to_array<UpstreamOption>({
    {"net-block", "block-net", ""},
    {"net-allow", "allow-net", ""},
    {"allow-connect-port", "connect-port", ""},
    {"allow-bind", "listen-port", ""},
    {"bypass-protection", "override-never-grant", ""},
    {"override-deny", "override-never-grant", ""},
    {"max-processes", "limit-pids", ""},
    {"allow-domain", "", kNoProxy},
    {"allow-proxy", "", kNoProxy},
    {"proxy-allow", "", kNoProxy},
    {"deny-domain", "", kNoProxy},
    {"network-profile", "", kNoProxy},
    {"upstream-proxy", "", kNoProxy},
    {"external-proxy", "", kNoProxy},
    {"upstream-bypass", "", kNoProxy},
    {"external-proxy-bypass", "", kNoProxy},
    {"proxy-port", "", kNoProxy},
    {"proxy-ca-validity", "", kNoProxy},
    {"trust-proxy-ca", "", kNoProxy},
    {"allow-http2", "", kNoProxy},
    {"open-port", "", "use --connect localhost:PORT and --listen-port PORT"},
    {"allow-port", "", "use --connect localhost:PORT and --listen-port PORT"},
    {"credential", "", kNoCredentials},
    {"proxy-credential", "", kNoCredentials},
    {"allow-endpoint", "", kNoCredentials},
    {"rollback", "", kNoSnapshots},
    {"rollback-exclude", "", kNoSnapshots},
    {"rollback-include", "", kNoSnapshots},
    {"rollback-all", "", kNoSnapshots},
    {"rollback-dest", "", kNoSnapshots},
    {"no-rollback", "", "there are no snapshots; leave it out"},
    {"no-rollback-prompt", "", "there are no snapshots; leave it out"},
    {"allow-unix-socket-bind", "", kNoSockets},
    {"allow-unix-socket-dir", "", kNoSockets},
    {"allow-unix-socket-dir-bind", "", kNoSockets},
    {"allow-unix-socket-subtree", "", kNoSockets},
    {"allow-unix-socket-subtree-bind", "", kNoSockets},
    {"audit-integrity", "", kAlwaysChained},
    {"no-audit-integrity", "", kAlwaysChained},
    {"audit-sign-key", "", "keep the head that ends a run; nono audit verify compares it"},
    {"suppress-save-prompt", "", kNoPrompt},
    {"ignore-denied", "", kNoPrompt},
    {"no-diagnostics", "", "-q leaves the list of denials out"},
    {"diagnostics-json", "", "use nono audit show --json"},
    {"capability-elevation", "", "use --approve, which says who answers"},
    {"config", "", "use --profile FILE"},
    {"extends", "", "a profile names the one that it extends"},
    {"detached", "", "a session ends with its terminal"},
    {"detach-timeout", "", "a session ends with its terminal"},
    {"startup-timeout", "", "use --timeout TIME, for the whole run"},
    {"skip-dir", "", "no directory is left out where instruction files are looked for"},
    {"sandbox-policy", "", "there is one way to enforce, and no run without it"},
    {"allow-launch-services", "", "it is for macOS"},
    {"allow-gpu", "", "device files are not granted"},
});

struct Variable {
  const char* name;
  const char* instead;
};
constexpr auto kClosing = std::to_array<Variable>({
    {"NONO_BLOCK_NET", "--block-net"},
    {"NONO_ALLOW_DOMAIN", "--connect HOST:PORT"},
    {"NONO_DENY_DOMAIN", "--connect HOST:PORT"},
    {"NONO_NETWORK_PROFILE", "--connect HOST:PORT"},
    {"NONO_PROFILE", "--profile NAME"},
});

bool is_set(const char* name) {
  const char* value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  static constexpr auto kOff =
      std::to_array<std::string_view>({"", "0", "n", "no", "f", "false", "off"});
  return value != nullptr && std::ranges::find(kOff, std::string_view(value)) == kOff.end();
}

}  // namespace

std::span<const UpstreamOption> upstream_options() {
  return kOptions;
}

const UpstreamOption* upstream_option(std::string_view name) {
  const auto* row = std::ranges::find(kOptions, name, &UpstreamOption::name);
  return row == kOptions.end() ? nullptr : row;
}

Result<void> refuse_upstream_environment(const Arguments& arguments) {
  if (arguments.has("block-net")) {
    return {};
  }
  const bool profile_said = arguments.has("profile") || arguments.has("no-profile");
  for (const Variable& variable : kClosing) {
    const bool answered = std::string_view(variable.name) == "NONO_PROFILE" && profile_said;
    if (!answered && is_set(variable.name)) {
      return std::unexpected(
          Error(ErrorKind::Usage, std::string(variable.name) + " is set, which nono does not read")
              .mend_with("unset it, and use " + std::string(variable.instead)));
    }
  }
  return {};
}

}  // namespace nono::cli
