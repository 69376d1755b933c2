// sandbox/landlock.cc: see landlock.h.
#include "sandbox/landlock.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/files.h"
#include "sandbox/kernel_abi.h"

namespace nono::sandbox {
namespace {

namespace fs = abi::fs;

constexpr std::uint64_t kWriteFile = fs::kWriteFile | fs::kTruncate;
// Entries of a directory; no devices: nothing is built here by making them.
constexpr std::uint64_t kChangeDirectory = fs::kRemoveDir | fs::kRemoveFile | fs::kMakeDir |
                                           fs::kMakeReg | fs::kMakeSock | fs::kMakeFifo |
                                           fs::kMakeSym | fs::kRefer;

Result<void> check_kernel(const CapabilitySet& wanted, const HostFeatures& features) {
  if (features.landlock_abi == 0) {
    return std::unexpected(
        Error(ErrorKind::Unsupported, "this kernel has no Landlock, so nothing can be confined")
            .mend_with("use a kernel 5.19 or later with landlock in its list of security modules "
                       "(/sys/kernel/security/lsm)"));
  }
  if ((features.landlock_fs & fs::kRefer) == 0) {
    return std::unexpected(
        Error(ErrorKind::Unsupported, "this kernel's Landlock (ABI " +
                                          std::to_string(features.landlock_abi) +
                                          ") cannot govern renames between directories (ABI 2)")
            .mend_with("use a kernel 5.19 or later"));
  }
  constexpr std::uint64_t kTcp = abi::net::kBindTcp | abi::net::kConnectTcp;
  const bool tcp = (features.landlock_net & kTcp) == kTcp;
  if (std::holds_alternative<NetworkPorts>(wanted.network()) && !tcp) {
    return std::unexpected(
        Error(ErrorKind::Unsupported, "this kernel's Landlock (ABI " +
                                          std::to_string(features.landlock_abi) +
                                          ") cannot limit TCP to ports (ABI 4)")
            .mend_with("use a kernel 6.7 or later, or block the network altogether"));
  }
  return {};
}

abi::LandlockRulesetAttr handled_by(const CapabilitySet& wanted, const HostFeatures& features) {
  const bool open = std::holds_alternative<NetworkOpen>(wanted.network());
  return {.handled_access_fs = features.landlock_fs,
          .handled_access_net = open ? 0 : features.landlock_net,
          .scoped = features.landlock_scopes};
}

// An older kernel takes a shorter structure, or a longer one whose tail is zero.
Result<OwnedFd> create(const abi::LandlockRulesetAttr& attributes) {
  const long fd = ::syscall(abi::kSysLandlockCreateRuleset, &attributes, sizeof attributes, 0);
  if (fd < 0) {
    return fail_errno(errno, "creating the Landlock ruleset");
  }
  return OwnedFd(static_cast<int>(fd));
}

// Terminals and the like are of use only with their ioctls.
Result<std::uint64_t> device_rights(const PathGrant& grant) {
  if (!grant.access.has(Access::read()) && !grant.access.has(Access::write())) {
    return 0;
  }
  if (grant.kind == PathKind::Directory) {
    return beneath("/dev", grant.shown_as) ? fs::kIoctlDev : 0;
  }
  NONO_TRY(const struct stat status, status_of(grant.anchor, grant.shown_as));
  return S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode) ? fs::kIoctlDev : 0;
}

Result<void> add_rule(BorrowedFd ruleset, const PathGrant& grant, std::uint64_t rights) {
  const abi::LandlockPathBeneathAttr rule{.allowed_access = rights,
                                          .parent_fd = BorrowedFd(grant.anchor).raw()};
  if (::syscall(abi::kSysLandlockAddRule, ruleset.raw(), abi::kLandlockRulePathBeneath, &rule, 0) !=
      0) {
    return fail_errno(errno, "granting \"" + grant.shown_as + "\" in the Landlock ruleset");
  }
  return {};
}

Result<void> add_path(BorrowedFd ruleset, const PathGrant& grant, const HostFeatures& features) {
  NONO_TRY(const std::uint64_t of_device, device_rights(grant));
  const std::uint64_t rights =
      rights_for(grant.access, grant.kind, features) | (of_device & features.landlock_fs);
  return rights == 0 ? Result<void>() : add_rule(ruleset, grant, rights);
}

constexpr std::string_view kTerminals = "/dev/pts";

// add_reads grants reading of all that is granted for it, but of directories of terminals.
Result<void> add_reads(BorrowedFd ruleset, const CapabilitySet& wanted) {
  for (const PathGrant& grant : wanted.paths()) {
    if (!grant.access.has(Access::read())) {
      continue;
    }
    const bool directory = grant.kind == PathKind::Directory;
    if (directory && beneath(kTerminals, grant.shown_as)) {
      continue;
    }
    if (directory && beneath(grant.shown_as, kTerminals)) {
      return std::unexpected(
          Error(ErrorKind::InvalidInput, "the grant of \"" + grant.shown_as +
                                             "\" covers other terminals, which the fast gate "
                                             "could not keep from the agent")
              .mend_with("use --trust-intercept=strict, or grant less"));
    }
    NONO_CHECK(add_rule(ruleset, grant, fs::kReadFile));
  }
  return {};
}

Result<void> add_paths(BorrowedFd ruleset, const CapabilitySet& wanted,
                       const HostFeatures& features) {
  for (const PathGrant& grant : wanted.paths()) {
    NONO_CHECK(add_path(ruleset, grant, features));
  }
  return {};
}

Result<void> add_port(BorrowedFd ruleset, std::uint16_t port, std::uint64_t right) {
  const abi::LandlockNetPortAttr rule{.allowed_access = right, .port = port};
  if (::syscall(abi::kSysLandlockAddRule, ruleset.raw(), abi::kLandlockRuleNetPort, &rule, 0) !=
      0) {
    return fail_errno(errno, "granting port " + std::to_string(port) + " in the Landlock ruleset");
  }
  return {};
}

Result<void> add_ports(BorrowedFd ruleset, std::span<const std::uint16_t> ports,
                       std::uint64_t right) {
  for (const std::uint16_t port : ports) {
    NONO_CHECK(add_port(ruleset, port, right));
  }
  return {};
}

Result<void> add_network(BorrowedFd ruleset, const NetworkPorts& ports) {
  // Landlock knows no addresses; the broker compares them (sandbox/broker_sockets.h).
  std::vector<std::uint16_t> connect = ports.connect;
  std::ranges::transform(ports.destinations, std::back_inserter(connect),
                         [](const Destination& destination) { return destination.asked.port; });
  NONO_CHECK(add_ports(ruleset, connect, abi::net::kConnectTcp));
  return add_ports(ruleset, ports.listen, abi::net::kBindTcp);
}

}  // namespace

std::uint64_t rights_for(Access access, PathKind kind, const HostFeatures& features) {
  const bool directory = kind == PathKind::Directory;
  std::uint64_t rights = 0;
  if (access.has(Access::read())) {
    rights |= fs::kReadFile | (directory ? fs::kReadDir : 0);
  }
  if (access.has(Access::write())) {
    // Below a directory a socket is connected to only where it was granted by itself.
    rights |= kWriteFile | (directory ? kChangeDirectory : fs::kResolveUnix);
  }
  if (access.has(Access::execute())) {
    rights |= fs::kExecute;
  }
  return rights & features.landlock_fs;
}

Result<OwnedFd> make_inner_ruleset(const CapabilitySet& wanted, const HostFeatures& features,
                                   TerminalReads terminals) {
  const bool by_broker = terminals == TerminalReads::ByBroker;
  const abi::LandlockRulesetAttr attributes{
      .handled_access_fs = by_broker ? fs::kReadFile : 0,
      .handled_access_net = 0,
      .scoped = features.landlock_scopes & abi::scope::kSignal};
  if (attributes.handled_access_fs == 0 && attributes.scoped == 0) {
    return OwnedFd();
  }
  NONO_TRY(OwnedFd ruleset, create(attributes));
  if (by_broker) {
    NONO_CHECK(add_reads(ruleset, wanted));
  }
  return ruleset;
}

Result<OwnedFd> make_ruleset(const CapabilitySet& wanted, const HostFeatures& features) {
  NONO_CHECK(check_kernel(wanted, features));
  NONO_TRY(OwnedFd ruleset, create(handled_by(wanted, features)));
  NONO_CHECK(add_paths(ruleset, wanted, features));
  if (const auto* ports = std::get_if<NetworkPorts>(&wanted.network()); ports != nullptr) {
    NONO_CHECK(add_network(ruleset, *ports));
  }
  return ruleset;
}

}  // namespace nono::sandbox
