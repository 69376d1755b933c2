// net/confine.cc: see confine.h. The rulesets and the assembler of filters are sandbox's.
#include "net/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sandbox/bpf_builder.h"
#include "sandbox/capability_set.h"
#include "sandbox/filters.h"
#include "sandbox/host_features.h"
#include "sandbox/kernel_abi.h"
#include "sandbox/landlock.h"

namespace nono::net {
namespace {

using sandbox::Condition;
using sandbox::FilterRule;

// Sockets, the resolver's files, and nothing that a server could make it open by the thousand.
constexpr rlim_t kMaxDescriptors = 64;
constexpr std::uint32_t kCloneThread = 0x10000;
constexpr std::uint32_t kTypeMask = 0xf;

// What getaddrinfo(3) and the TLS library read; each may be missing. Directories are those whose
// files are replaced by renaming while we run.
constexpr auto kReadable = std::to_array<const char*>(
    {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
     "/etc/services", "/etc/protocols", "/etc/ld.so.cache", "/run/systemd/resolve",
     "/run/resolvconf", "/run/NetworkManager", "/lib", "/lib64", "/usr/lib", "/usr/lib64",
     "/etc/ssl/openssl.cnf", "/etc/crypto-policies", "/usr/share/zoneinfo"});

constexpr std::uint32_t refuse_with(int error) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}

// What nobody here calls, whatever its arguments.
constexpr auto kRefused = std::to_array<long>({SYS_execve,
                                               SYS_execveat,
                                               SYS_ptrace,
                                               SYS_process_vm_readv,
                                               SYS_process_vm_writev,
                                               SYS_kill,
                                               SYS_pidfd_open,
                                               sandbox::abi::kSysPidfdGetfd,
                                               SYS_pidfd_send_signal,
                                               SYS_listen,
                                               SYS_accept,
                                               SYS_accept4,
                                               SYS_memfd_create,
                                               SYS_bpf,
                                               SYS_perf_event_open,
                                               SYS_userfaultfd,
                                               SYS_setsid,
                                               SYS_mount,
                                               SYS_unshare,
                                               SYS_setns,
                                               SYS_chroot,
                                               SYS_prlimit64,
                                               SYS_setrlimit,
#if defined(__x86_64__)
                                               SYS_fork,
                                               SYS_vfork
#endif
});

std::vector<FilterRule> rules() {
  std::vector<FilterRule> rows;
  const auto refuse = [&](long number, Condition when = {}) {
    rows.push_back({.number = static_cast<std::uint32_t>(number),
                    .condition = when,
                    .answer = refuse_with(EPERM)});
  };
  for (const long number : kRefused) {
    refuse(number);
  }
  refuse(SYS_clone, sandbox::masked_is(0, kCloneThread, 0));
  // Code comes from files of the system only.
  refuse(SYS_mmap, sandbox::masked_is(2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC));
  refuse(SYS_mprotect, sandbox::has_any(2, PROT_EXEC));
  refuse(SYS_pkey_mprotect, sandbox::has_any(2, PROT_EXEC));
  refuse(SYS_socket, Condition(sandbox::is_not(0, AF_INET), sandbox::is_not(0, AF_INET6),
                               sandbox::is_not(0, AF_NETLINK)));
  refuse(SYS_socket,
         Condition(sandbox::is_not(0, AF_NETLINK), sandbox::masked_is(1, kTypeMask, SOCK_RAW)));
  return rows;
}

Result<void> lower_limits() {
  const auto limit = [](auto resource, rlim_t value) {
    const rlimit both{.rlim_cur = value, .rlim_max = value};
    return ::setrlimit(resource, &both) == 0;
  };
  if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, 0) || !limit(RLIMIT_NOFILE, kMaxDescriptors) ||
      ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return fail_errno(errno, "lowering limits");
  }
  return {};
}

Result<void> drop_privileges() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_capset, &header, none.data()) != 0) {
    return fail_errno(errno, "dropping privileges");
  }
  return {};
}

Result<sandbox::CapabilitySet> readable_files(const std::string& ca_directory) {
  sandbox::CapabilitySet set;
  set.allow_all_network(sandbox::NoNetworkFilter::i_accept_exfiltration_risk());
  for (const char* path : kReadable) {
    const auto allowed = set.allow_path(path, sandbox::Access::read(), "resolver");
    if (!allowed && allowed.error().kind() != ErrorKind::NotFound) {
      return std::unexpected(allowed.error());
    }
  }
  if (!ca_directory.empty()) {
    NONO_CHECK(set.allow_path(ca_directory, sandbox::Access::read(), "SSL_CERT_DIR",
                              sandbox::WantedKind::Directory));
  }
  return set;
}

Result<void> enter_landlock(const std::string& ca_directory) {
  const auto features = sandbox::probe(sandbox::HostView{}, sandbox::ProbeDepth::Quick);
  NONO_TRY(const auto set, readable_files(ca_directory));
  NONO_TRY(const OwnedFd ruleset, sandbox::make_ruleset(set, features));
  if (::syscall(sandbox::abi::kSysLandlockRestrictSelf, BorrowedFd(ruleset).raw(), 0) != 0) {
    return fail_errno(errno, "entering Landlock");
  }
  return {};
}

Result<void> install(sandbox::FilterProgram program) {
  const sock_fprog filter{.len = static_cast<unsigned short>(program.size()),
                          .filter = program.data()};
  if (::syscall(SYS_seccomp, sandbox::abi::kSeccompSetModeFilter, 0, &filter) != 0) {
    return fail_errno(errno, "installing a system call filter");
  }
  return {};
}

Result<void> install_filters() {
  const sandbox::StaticFilterOptions options{.network = sandbox::NetworkTier::Open,
                                             .broker = sandbox::Broker::Absent};
  NONO_TRY(auto common, sandbox::static_filter(options));
  NONO_CHECK(install(std::move(common)));
  return install(sandbox::assemble(sandbox::kNativeArchitecture, rules()));
}

// prove tries what is refused now; what is allowed all the same was not confined.
Result<void> prove() {
  std::array<char*, 1> none{nullptr};
  const bool no_exec = ::execve("/", none.data(), none.data()) != 0 && errno == EPERM;
  const OwnedFd root(::open("/", O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!no_exec || root.valid()) {
    return fail(ErrorKind::Unsupported, "what was refused is possible all the same");
  }
  return {};
}

Result<void> all_steps(const std::string& ca_directory) {
  NONO_CHECK(lower_limits());
  NONO_CHECK(drop_privileges());
  NONO_CHECK(enter_landlock(ca_directory));
  NONO_CHECK(install_filters());
  return prove();
}

}  // namespace

Result<void> confine(const std::string& ca_directory) {
  auto done = all_steps(ca_directory);
  if (!done) {
    return fail(ErrorKind::Unsupported,
                "nono-net cannot confine itself: " + done.error().message());
  }
  return {};
}

}  // namespace nono::net
