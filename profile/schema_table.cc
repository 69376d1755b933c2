// profile/schema_table.cc: the table.
#include <algorithm>
#include <array>

#include "profile/schema.h"

namespace nono::profile {
namespace {

using enum FieldType;
using enum FieldEffect;

constexpr std::string_view kProxy =
    "needs the filtering proxy, which this version does not have; nothing else can keep to it";
constexpr std::string_view kCredentials =
    "needs the filtering proxy, which this version does not have; environment.pass_vars hands a "
    "variable to the agent";
constexpr std::string_view kNamespaces =
    "no profile chooses namespaces; network.block, or --net-namespace on the command line";
constexpr std::string_view kSingleSockets =
    "sockets are granted one by one, in filesystem.unix_socket";
constexpr std::string_view kPorts =
    "it stands for two rights: network.connect (localhost:PORT) and network.listen_port, which is "
    "of any address";
constexpr std::string_view kHooks = "programs outside the sandbox are not started for a profile";

constexpr auto kFields = std::to_array<Field>({
    {"$schema", Text, Used, "address of this schema, for editors"},
    {"extends", Names, Used, "profiles to start from, in this order"},
    {"meta", Object, Used, "what the profile is"},
    {"meta.name", Name, Used, "name"},
    {"meta.version", Text, Used, "version of the profile"},
    {"meta.description", Text, Used, "what it is for"},
    {"meta.author", Text, Used, "who made it"},
    {"groups", Groups, Used, "groups of paths (nono policy groups)"},
    {"groups.include", GroupList, Used, "groups to add"},
    {"groups.exclude", GroupList, Used,
     "groups of extended profiles to leave out, but for denials"},

    {"filesystem", Object, Used, "files and directories; what does not exist is left out"},
    {"filesystem.allow", Paths, Used, "directories: read, write and execute"},
    {"filesystem.read", Paths, Used, "directories: read and execute"},
    {"filesystem.write", Paths, Used, "directories: write, without reading"},
    {"filesystem.exec", Paths, Used, "directories or files: execute and read, without writing"},
    {"filesystem.allow_file", Paths, Used, "files: read and write"},
    {"filesystem.read_file", Paths, Used, "files: read"},
    {"filesystem.write_file", Paths, Used, "files: write"},
    {"filesystem.deny", Paths, Used, "never, whoever grants it; must not lie inside a grant"},
    {"filesystem.bypass_protection", Paths, Refused,
     "a profile cannot open what is never granted; --override-never-grant on the command line "
     "does"},
    {"filesystem.suppress_save_prompt", Paths, Said, "there is no such question to suppress"},
    {"filesystem.ignore", Paths, Said, "there is no question about denied paths to suppress"},
    {"filesystem.unix_socket", Paths, Used, "sockets of programs outside: connect"},
    {"filesystem.unix_socket_bind", Paths, Refused,
     "a socket is bound where the agent may write; filesystem.unix_socket grants connecting"},
    {"filesystem.unix_socket_dir", Paths, Refused, kSingleSockets},
    {"filesystem.unix_socket_dir_bind", Paths, Refused, kSingleSockets},
    {"filesystem.unix_socket_subtree", Paths, Refused, kSingleSockets},
    {"filesystem.unix_socket_subtree_bind", Paths, Refused, kSingleSockets},

    {"network", Object, Used, "open where nothing is said"},
    {"network.block", Flag, Used, "true: no network"},
    {"network.connect", Words, Used, "only TCP, to these: HOST:PORT"},
    {"network.connect_port", Ports, Used, "only TCP, to these ports of any address"},
    {"network.listen_port", Ports, Used, "only TCP, listening on these ports"},
    {"network.allow_domain", Hosts, Refused,
     "rules by domain need the filtering proxy, which this version does not have; network.connect "
     "names hosts. An empty list is kept: no network"},
    {"network.proxy_allow", Hosts, Refused, kProxy},
    {"network.allow_proxy", Hosts, Refused, kProxy},
    {"network.network_profile", Text, Refused, kProxy},
    {"network.credentials", Words, Refused, kCredentials},
    {"network.proxy_credentials", Words, Refused, kCredentials},
    {"network.custom_credentials", Anything, Refused, kCredentials},
    {"network.tls_intercept", Anything, Refused, kProxy},
    {"network.upstream_proxy", Text, Refused, kProxy},
    {"network.external_proxy", Text, Refused, kProxy},
    {"network.upstream_bypass", Words, Refused, kProxy},
    {"network.external_proxy_bypass", Words, Refused, kProxy},
    {"network.open_port", Anything, Refused, kPorts},
    {"network.port_allow", Anything, Refused, kPorts},
    {"network.allow_port", Anything, Refused, kPorts},
    {"network.open_port_range", Anything, Refused, kPorts},
    {"network.listen_port_range", Anything, Refused,
     "ports are named one by one, in network.listen_port"},
    {"network.deny_domain", Hosts, Refused, kProxy},
    {"network.no_proxy", Words, Said, "there is no proxy to pass by"},
    {"network.allow_http2", Flag, Said, "what may be reached is reached by any protocol"},
    {"network.approval_backends", Anything, Refused,
     "hosts are asked about where connect or a port limits the network; --approve on the command "
     "line says who answers"},
    {"network.approval_defaults", Anything, Said, "--approve on the command line says who answers"},

    {"environment", Object, Used, "variables; those that load code or are secrets are not passed"},
    {"environment.allow_vars", Variables, Used, "only these; patterns never let a secret through"},
    {"environment.deny_vars", Variables, Used, "not these"},
    {"environment.pass_vars", Variables, Used, "these too, although they look like secrets"},
    {"environment.set_vars", Settings, Used, "set to these values, literally"},
    {"environment.case_insensitive_vars", Flag, Refused, "names are compared letter by letter"},

    {"commands", Object, Used, "programs by name"},
    {"commands.allow", Words, Used, "programs that are not held back although they are by default"},
    {"commands.deny", Words, Used, "programs that are held back, by name or path"},

    {"trust", Object, Used, "the gate for instruction files"},
    {"trust.scan", Choice, Used, "what stops the start", "autoloaded all"},
    {"trust.audit", Choice, Used, "no session without a record: --no-audit is refused", "required"},
    {"trust.intercept", Choice, Used, "how opens are judged", "strict"},

    {"limits", Object, Used, "of the whole session; of several, the smallest counts"},
    {"limits.time", Duration, Used, "then the agent is ended: 90s, 10m, 1h30m"},
    {"limits.memory", Size, Used, "of all processes together: 512M, 8G"},
    {"limits.pids", Count, Used, "processes and threads together"},
    {"limits.cpu", Duration, Used, "processor time of all processes together: 90s, 10m"},
    {"limits.file", Size, Used, "that one file may grow to: 64K, 512M"},
    {"limits.disk", Size, Used, "by which granted directories may grow together: 512M, 8G"},

    {"workdir", Object, Used, "the working directory"},
    {"workdir.access", Choice, Used, "what the agent may do in it", "none read write readwrite"},

    {"audit", Object, Used, "the record of the session"},
    {"audit.enabled", Always, Used, "it is always kept"},

    {"undo", Anything, Said, "this version makes no snapshots"},
    {"rollback", Anything, Said, "this version makes no snapshots"},

    {"security", Object, Used, "names of upstream's"},
    {"security.groups", GroupList, Used, "as groups.include"},
    {"security.signal_mode", Choice, Used, "signals reach the agent's own processes only",
     "isolated allow_same_sandbox"},
    {"security.process_info_mode", Choice, Used,
     "of processes outside the sandbox only the numbers show", "isolated allow_same_sandbox"},
    {"security.ipc_mode", Choice, Used, "System V IPC is closed", "shared_memory_only"},
    {"security.capability_elevation", Flag, Said,
     "--approve on the command line says who answers what is asked during a run"},
    {"security.approval_backends", Anything, Said,
     "--approve on the command line says who answers"},
    {"security.approval_defaults", Anything, Said,
     "--approve on the command line says who answers"},
    {"security.wsl2_proxy_policy", Choice, Used, "nono run does not start under WSL2", "error"},
    {"linux", Object, Used, "names of upstream's"},
    {"linux.af_unix_mediation", Choice, Used,
     "sockets in the file system are refused unless they are granted", "off pathname"},
    {"linux.sandbox_policy", Text, Said, "the sandbox is always the whole of what the kernel has"},
    {"linux.isolate", Object, Used, "namespaces"},
    {"linux.isolate.network", Flag, Refused, kNamespaces},
    {"linux.isolate.loopback", Flag, Refused, kNamespaces},
    {"linux.isolate.ipc", Flag, Refused, kNamespaces},
    {"linux.isolate.uts", Flag, Refused, kNamespaces},
    {"interactive", Flag, Said, "the agent always has a terminal of its own"},
    {"trust_groups", Words, Refused,
     "there are no such groups; publishers are in the trust policy"},
    {"diagnostics", Anything, Said, "has no counterpart"},
    {"allow_launch_services", Flag, Said, "is of macOS"},
    {"allow_parent_of_protected", Flag, Said, "is of macOS"},
    {"unsafe_macos_seatbelt_rules", Words, Said, "is of macOS"},
    {"allow_gpu", Flag, Refused, "graphics processors cannot be granted yet"},
    {"open_urls", Anything, Said, "the agent cannot open addresses in a browser outside"},
    {"hooks", Anything, Said, "nono installs nothing into an agent's settings"},
    {"session_hooks", Anything, Refused, kHooks},
    {"packs", Words, Refused, "there are no packs in this version"},
    {"command_args", Words, Refused, "the command line is the caller's"},
    {"command_policies", Commands, Used,
     "the sandbox of `entrypoint`, which is the whole run's; what takes more than one is refused"},
    {"credential_capture", Anything, Refused, kHooks},
    {"env_credentials", Credentials, Used,
     "SOURCE to the variable that its value is put into: file:///PATH, env://NAME, "
     "keystore://NAME"},
    {"secrets", Anything, Refused, kCredentials},
    {"credential_providers", Anything, Refused, kCredentials},
    {"credential_routes", Anything, Refused, kCredentials},
    {"skipdirs", Words, Said, "no directory is left out of the scan"},
    {"binary", Text, Said, "the command line names the program"},
    {"platform_overrides", Anything, Refused,
     "a path or a group with `when` says where it counts; other fields count everywhere"},
});

}  // namespace

std::span<const Field> profile_fields() {
  return kFields;
}

const Field* find_field(std::string_view path) {
  const auto* found = std::ranges::find(kFields, path, &Field::path);
  return found == kFields.end() ? nullptr : found;
}

}  // namespace nono::profile
