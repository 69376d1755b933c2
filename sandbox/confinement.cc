#include "sandbox/confinement.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "sandbox/kernel_abi.h"
#include "sandbox/landlock.h"
#include "sandbox/mount_view.h"

namespace nono::sandbox {
namespace {

constexpr int kSecbits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                         SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED;
constexpr int kLastKnownCapability = 63;

using CapabilitySets = std::array<__user_cap_data_struct, 2>;

// may_limit reports whether the bounding set and the securebits are this process's to change; where
// they are not known, they are tried.
bool may_limit() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  CapabilitySets held{};
  return ::syscall(SYS_capget, &header, held.data()) != 0 ||
         (held[0].effective & (1U << CAP_SETPCAP)) != 0;
}

// drop_capabilities leaves nothing in any set; for an ordinary user it changes nothing.
int drop_capabilities() noexcept {
  if (may_limit()) {
    for (int capability = 0; capability <= kLastKnownCapability; ++capability) {
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    ::prctl(PR_SET_SECUREBITS, kSecbits, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  CapabilitySets none{};
  return static_cast<int>(::syscall(SYS_capset, &header, none.data()));
}

int install(std::span<const sock_filter> program, unsigned flags) noexcept {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the kernel only reads it
  sock_fprog filter{static_cast<unsigned short>(program.size()),
                    const_cast<sock_filter*>(program.data())};
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter));
}

NetworkTier tier_of(const Network& network) {
  if (std::holds_alternative<NetworkOpen>(network)) {
    return NetworkTier::Open;
  }
  return std::holds_alternative<NetworkPorts>(network) ? NetworkTier::Ports : NetworkTier::Blocked;
}

std::string_view value_in(const std::vector<std::string>& envp, std::string_view name) {
  for (const std::string& entry : envp) {
    const std::string_view text = entry;
    if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) {
      return text.substr(name.size() + 1);
    }
  }
  return {};
}

// runnable is 0 where `path` is a file that this user may execute, EACCES where there is something
// that he may not, ENOENT where he can see nothing.
int runnable(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return ENOENT;
  }
  if (!S_ISREG(status.st_mode)) {
    return EACCES;
  }
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : EACCES;
}

Error not_found(const std::string& name) {
  return Error(ErrorKind::NotFound, "'" + name + "' was not found")
      .mend_with("give its path, or check PATH");
}

Error not_executable(const std::string& path) {
  return Error(ErrorKind::PermissionDenied, "'" + path + "' cannot be executed")
      .mend_with("chmod +x, or name the interpreter before it");
}

Result<std::string> named_program(const std::string& name) {
  switch (runnable(name)) {
    case 0:
      return name;
    case ENOENT:
      return std::unexpected(not_found(name));
    default:
      return std::unexpected(not_executable(name));
  }
}

Result<std::string> find_program(const std::string& name, std::string_view search) {
  if (name.contains('/')) {
    return named_program(name);
  }
  std::string refused;
  while (!search.empty()) {
    const std::size_t colon = search.find(':');
    const std::string_view directory = search.substr(0, colon);
    search = colon == std::string_view::npos ? std::string_view() : search.substr(colon + 1);
    // An empty entry would mean the working directory: a trap in a hostile tree.
    if (directory.empty() || directory.front() != '/') {
      continue;
    }
    std::string path = std::string(directory) + "/" + name;
    const int why = runnable(path);
    if (why == 0) {
      return path;
    }
    if (why == EACCES) {
      refused = std::move(path);
    }
  }
  return std::unexpected(refused.empty() ? not_found(name) : not_executable(refused));
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (std::string& text : strings) {
    out.push_back(text.data());
  }
  out.push_back(nullptr);
  return out;
}

// An attempt is refused as promised when the call fails with the errno of the table.
struct Attempt {
  long number;
  std::array<long, 5> args;
  int expected;
};

}  // namespace

std::string_view describe(Step step) {
  // In the order of Step.
  static constexpr auto kSteps = std::to_array<std::string_view>({
      "taking the agent's terminal",
      "making namespaces of the sandbox's own",
      "raising the loopback of the sandbox's own network",
      "making a view of the file system that is the sandbox's own",
      "dropping capabilities",
      "setting no_new_privs",
      "entering the Landlock domain",
      "installing the static seccomp filter",
      "installing the seccomp filter of the broker",
      "the self-test: a promised mechanism does not bite",
      "entering the working directory",
      "setting up standard input, output and error",
      "setting the limits of the run",
      "closing inherited descriptors",
      "handing the listener to the broker",
      "starting the agent's process",
      "executing the program",
  });
  static_assert(kSteps.size() == static_cast<std::size_t>(Step::Exec) + 1);
  return kSteps[static_cast<std::size_t>(step)];
}

Result<ExecPlan> ExecPlan::build(std::vector<std::string> argv, std::vector<std::string> envp,
                                 std::string working_directory) {
  if (argv.empty() || argv.front().empty()) {
    return fail(ErrorKind::Usage, "no command was given");
  }
  ExecPlan out;
  NONO_TRY(out.program_, find_program(argv.front(), value_in(envp, "PATH")));
  out.working_directory_ = std::move(working_directory);
  out.argv_ = std::move(argv);
  out.envp_ = std::move(envp);
  out.argv_pointers_ = pointers_to(out.argv_);
  out.envp_pointers_ = pointers_to(out.envp_);
  return out;
}

Result<Prepared> Prepared::prepare(const CapabilitySet& wanted, const HostFeatures& features,
                                   const OwnNamespaces& own, const NotifyOptions& notify) {
  Prepared out;
  out.own_ = own;
  NONO_TRY(out.ruleset_, make_ruleset(wanted, features));
  NONO_TRY(out.static_filter_,
           static_filter({.network = tier_of(wanted.network()), .own_network = own.network}));
  NotifyOptions trapped = notify;
  trapped.signals = scopes_processes(features) ? Signals::ByLandlock : Signals::Judged;
  out.notify_filter_ = notify_filter(kNativeArchitecture, trapped);
  out.scopes_signals_ = (features.landlock_scopes & abi::scope::kSignal) != 0;
  NONO_TRY(out.inner_ruleset_,
           make_inner_ruleset(
               wanted, features,
               notify.fast_return != 0 ? TerminalReads::ByBroker : TerminalReads::AsGranted));
  return out;
}

Result<Prepared> Prepared::prepare_alone(const CapabilitySet& wanted, const HostFeatures& features,
                                         const OwnNamespaces& own) {
  Prepared out;
  out.own_ = own;
  NONO_TRY(out.ruleset_, make_ruleset(wanted, features));
  NONO_TRY(out.static_filter_, static_filter({.network = tier_of(wanted.network()),
                                              .broker = Broker::Absent,
                                              .own_network = own.network}));
  out.lone_filter_ = lone_filter();
  return out;
}

std::expected<void, ChildFailure> Prepared::enter_namespaces() const noexcept {
  const bool network = own_.network == OwnNetwork::Yes;
  const int wanted = (network ? CLONE_NEWNET : 0) | (own_.view != nullptr ? CLONE_NEWNS : 0);
  if (const int why = wanted != 0 ? unshare_as_oneself(wanted) : 0; why != 0) {
    return std::unexpected(ChildFailure{Step::Namespaces, why});
  }
  if (const int why = network ? raise_loopback() : 0; why != 0) {
    return std::unexpected(ChildFailure{Step::NetNamespace, why});
  }
  if (const int why = own_.view != nullptr ? own_.view->enter() : 0; why != 0) {
    return std::unexpected(ChildFailure{Step::MountView, why});
  }
  return {};
}

std::expected<InDomain, ChildFailure> Prepared::enter() const noexcept {
  if (const auto entered = enter_namespaces(); !entered) {
    return std::unexpected(entered.error());
  }
  if (drop_capabilities() != 0) {
    return std::unexpected(ChildFailure{Step::Capabilities, errno});
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(ChildFailure{Step::NoNewPrivileges, errno});
  }
  if (::syscall(abi::kSysLandlockRestrictSelf, BorrowedFd(ruleset_).raw(), 0) != 0) {
    return std::unexpected(ChildFailure{Step::Landlock, errno});
  }
  return InDomain(static_filter_, notify_filter_, lone_filter_, inner_ruleset());
}

std::expected<Confined, ChildFailure> InDomain::seal(int& listener) const noexcept {
  if (inner_ruleset_ >= 0 && ::syscall(abi::kSysLandlockRestrictSelf, inner_ruleset_, 0) != 0) {
    return std::unexpected(ChildFailure{Step::Landlock, errno});
  }
  // The notify filter goes first: the static one refuses every further listener.
  const unsigned flags = abi::kFilterFlagNewListener;
  listener = install(notify_filter_, flags | abi::kFilterFlagWaitKillableRecv);
  if (listener < 0 && errno == EINVAL) {
    listener = install(notify_filter_, flags);  // before Linux 5.19: signals interrupt more often
  }
  if (listener < 0) {
    return std::unexpected(ChildFailure{Step::NotifyFilter, errno});
  }
  if (install(static_filter_, 0) != 0) {
    return std::unexpected(ChildFailure{Step::StaticFilter, errno});
  }
  return Confined();
}

std::expected<Confined, ChildFailure> InDomain::seal_alone() const noexcept {
  if (lone_filter_.empty()) {
    return std::unexpected(ChildFailure{Step::StaticFilter, EINVAL});
  }
  if (install(lone_filter_, 0) != 0) {
    return std::unexpected(ChildFailure{Step::StaticFilter, errno});
  }
  if (install(static_filter_, 0) != 0) {
    return std::unexpected(ChildFailure{Step::StaticFilter, errno});
  }
  return Confined();
}

ChildFailure Confined::exec(const ExecPlan& plan) && noexcept {
  ::execve(plan.program_.c_str(), plan.argv_pointers_.data(), plan.envp_pointers_.data());
  return {Step::Exec, errno};
}

int self_test() noexcept {
  constexpr long kBadPid = 0x7ffffffe;
  constexpr int kFamilyVsock = 40;
  constexpr int kFamilyAlg = 38;
  constexpr int kMptcp = 262;
  static constexpr auto kAttempts = std::to_array<Attempt>({
      {425, {1, 0, 0, 0, 0}, ENOSYS},   // io_uring_setup
      {437, {-1, 0, 0, 0, 0}, ENOSYS},  // openat2
      {SYS_ptrace, {PTRACE_ATTACH, kBadPid, 0, 0, 0}, EPERM},
      {SYS_process_vm_readv, {kBadPid, 0, 0, 0, 0}, EPERM},
      {SYS_bpf, {-1, 0, 0, 0, 0}, EPERM},
      {SYS_keyctl, {-1, 0, 0, 0, 0}, EPERM},
      {SYS_open_by_handle_at, {-1, 0, 0, 0, 0}, EPERM},
      {SYS_mount, {0, 0, 0, 0, 0}, EPERM},
      {SYS_perf_event_open, {0, 0, -1, -1, 0}, EPERM},
      {SYS_unshare, {0x10000000, 0, 0, 0, 0}, EPERM},  // CLONE_NEWUSER
      {SYS_socket, {kFamilyVsock, SOCK_STREAM, 0, 0, 0}, EAFNOSUPPORT},
      {SYS_socket, {kFamilyAlg, SOCK_SEQPACKET, 0, 0, 0}, EAFNOSUPPORT},
      {SYS_socket, {AF_INET, SOCK_STREAM, kMptcp, 0, 0}, EPROTONOSUPPORT},
      {SYS_socket, {AF_UNIX, SOCK_DGRAM, 0, 0, 0}, EPERM},
  });
  for (const Attempt& attempt : kAttempts) {
    const auto& a = attempt.args;
    const long result = ::syscall(attempt.number, a[0], a[1], a[2], a[3], a[4]);
    // EACCES: with the network blocked, IP sockets are refused before their protocol is looked at.
    if (result != -1 || (errno != attempt.expected && errno != EACCES)) {
      return static_cast<int>(attempt.number);
    }
  }
  return 0;
}

}  // namespace nono::sandbox
