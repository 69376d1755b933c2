// sandbox/host_features.cc: see host_features.h.
#include "sandbox/host_features.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/owned_fd.h"
#include "base/text.h"
#include "sandbox/kernel_abi.h"
#include "sandbox/mount_view.h"
#include "sandbox/net_namespace.h"
#include "sandbox/own_namespaces.h"

namespace nono::sandbox {
namespace {

// What each Landlock ABI added; ABI 7 and 8 added flags of landlock_restrict_self(2) only.
struct AbiRights {
  int abi;
  std::uint64_t filesystem;
  std::uint64_t network;
  std::uint64_t scopes;
};
constexpr std::array kAbiRights = {
    AbiRights{1, abi::fs::kRefer - 1, 0, 0},
    AbiRights{2, abi::fs::kRefer, 0, 0},
    AbiRights{3, abi::fs::kTruncate, 0, 0},
    AbiRights{4, 0, abi::net::kBindTcp | abi::net::kConnectTcp, 0},
    AbiRights{5, abi::fs::kIoctlDev, 0, 0},
    AbiRights{6, 0, 0, abi::scope::kAbstractUnix | abi::scope::kSignal},
    AbiRights{9, abi::fs::kResolveUnix, 0, 0},
    AbiRights{10, 0, abi::net::kBindUdp | abi::net::kConnectSendUdp, 0},
};

bool accepts(const abi::LandlockRulesetAttr& attributes) {
  const long fd = ::syscall(abi::kSysLandlockCreateRuleset, &attributes, sizeof attributes, 0);
  if (fd < 0) {
    return false;
  }
  const OwnedFd closed(static_cast<int>(fd));
  return true;
}

// The bits of `asked` that the kernel takes. `set` puts bits where they are asked about.
template <typename Set>
std::uint64_t accepted_bits(std::uint64_t asked, Set set) {
  if (asked != 0 && accepts(set(asked))) {
    return asked;  // the usual case in one call
  }
  std::uint64_t taken = 0;
  for (std::uint64_t bit = 1; bit != 0 && bit <= asked; bit <<= 1) {
    if ((asked & bit) != 0 && accepts(set(bit))) {
      taken |= bit;
    }
  }
  return taken;
}

void probe_landlock(HostFeatures& found, const HostView& view) {
  const long version = view.claimed_landlock_abi.has_value()
                           ? *view.claimed_landlock_abi
                           : ::syscall(abi::kSysLandlockCreateRuleset, nullptr, 0,
                                       abi::kLandlockCreateRulesetVersion);
  found.landlock_abi = std::clamp(static_cast<int>(version), 0, std::max(view.max_landlock_abi, 0));
  AbiRights asked{};
  for (const AbiRights& rights : kAbiRights) {
    if (rights.abi <= found.landlock_abi) {
      asked.filesystem |= rights.filesystem;
      asked.network |= rights.network;
      asked.scopes |= rights.scopes;
    }
  }
  using Attr = abi::LandlockRulesetAttr;
  found.landlock_fs = accepted_bits(asked.filesystem, [](std::uint64_t bits) {
    return Attr{.handled_access_fs = bits, .handled_access_net = 0, .scoped = 0};
  });
  found.landlock_net = accepted_bits(asked.network, [](std::uint64_t bits) {
    return Attr{.handled_access_fs = 0, .handled_access_net = bits, .scoped = 0};
  });
  found.landlock_scopes = accepted_bits(asked.scopes, [](std::uint64_t bits) {
    return Attr{.handled_access_fs = 0, .handled_access_net = 0, .scoped = bits};
  });
}

bool seccomp_knows(std::uint32_t action) {
  return ::syscall(SYS_seccomp, abi::kSeccompGetActionAvail, 0, &action) == 0;
}

// A flag that the kernel does not know is EINVAL; with one that it knows it goes on to read the
// program, which is not there.
bool seccomp_knows_flags(unsigned flags) {
  return ::syscall(SYS_seccomp, abi::kSeccompSetModeFilter, flags, nullptr) != 0 && errno == EFAULT;
}

// A call that objects to its arguments is there, and no outer filter refuses it.
bool objects(long number, long first, long second, long third, int expected) {
  return ::syscall(number, first, second, third) == -1 && errno == expected;
}

std::string read_start(const std::string& path) {
  const OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::array<char, 512> buffer{};
  const ssize_t length =
      file.valid() ? ::read(BorrowedFd(file).raw(), buffer.data(), buffer.size()) : -1;
  return length > 0 ? std::string(buffer.data(), static_cast<std::size_t>(length)) : std::string();
}

// says_wsl2: Microsoft's kernels are called 5.15.167.4-microsoft-standard-WSL2, and older ones
// 4.4.0-19041-Microsoft; who builds his own keeps WSL2 or the builder's name in one of the two.
bool says_wsl2(std::string_view text) {
  const std::string folded = ascii_lower(text);
  return folded.contains("microsoft") || folded.contains("wsl2");
}

bool release_at_least(std::string_view release, int major, int minor) {
  int found_major = 0;
  int found_minor = 0;
  const char* const begin = release.data();
  const char* const end = begin + release.size();
  const auto first = std::from_chars(begin, end, found_major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') {
    return false;
  }
  if (std::from_chars(first.ptr + 1, end, found_minor).ec != std::errc()) {
    return false;
  }
  return found_major > major || (found_major == major && found_minor >= minor);
}

// What a child process reports in its exit status.
constexpr int kListener = 1;
constexpr int kSyncWakeUp = 2;
constexpr int kUserNamespace = 4;
constexpr int kBusy = 8;

// The body of the child: only system calls, for the caller may have threads.
[[noreturn]] void try_in_child() {
  int found = 0;
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  // The namespace first: a filter does not hinder it, but some systems look at no_new_privs.
  if (::unshare(CLONE_NEWUSER) == 0) {
    found |= kUserNamespace;
  }
  sock_filter allow{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = SECCOMP_RET_ALLOW};
  const sock_fprog program{.len = 1, .filter = &allow};
  const long listener =
      ::syscall(SYS_seccomp, abi::kSeccompSetModeFilter, abi::kFilterFlagNewListener, &program);
  if (listener >= 0) {
    found |= kListener;
    if (::ioctl(static_cast<int>(listener), abi::kIoctlNotifSetFlags, abi::kNotifFdSyncWakeUp) ==
        0) {
      found |= kSyncWakeUp;
    }
  } else if (errno == EBUSY) {
    found |= kBusy;
  }
  ::_exit(found);
}

int tried_in_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    try_in_child();
  }
  int status = 0;
  pid_t ended = -1;
  do {
    ended = child > 0 ? ::waitpid(child, &status, 0) : -1;
  } while (ended < 0 && child > 0 && errno == EINTR);
  return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

void probe_by_trying(HostFeatures& found, const HostView& view, bool offered) {
  int tried = tried_in_child();
  if (view.listener_errno) {
    tried &= ~(kListener | kSyncWakeUp | kBusy);
    tried |= *view.listener_errno == EBUSY ? kBusy : 0;
  }
  found.seccomp_notify = offered && (tried & kListener) != 0;
  found.notify_busy = offered && (tried & kBusy) != 0;
  found.notify_sync_wake_up = offered && (tried & kSyncWakeUp) != 0;
  found.user_namespaces = (tried & kUserNamespace) != 0;
  found.network_namespace = try_own_network() == 0;
  found.mount_namespace = try_own_mounts() == 0;
  if (!found.network_namespace || !found.mount_namespace) {
    found.namespace_switch = namespace_switch(view.settings_directory);
  }
}

void probe_seccomp(HostFeatures& found, const HostView& view, ProbeDepth depth,
                   std::string_view release) {
  found.seccomp_filter = seccomp_knows(SECCOMP_RET_ERRNO);
  const bool offered =
      view.allow_notify && found.seccomp_filter && seccomp_knows(abi::kRetUserNotif);
  found.notify_wait_killable = offered && seccomp_knows_flags(abi::kFilterFlagNewListener |
                                                              abi::kFilterFlagWaitKillableRecv);
  switch (depth) {
    case ProbeDepth::Quick:
      found.seccomp_notify = offered && !found.wsl2 && !view.listener_errno;
      found.notify_sync_wake_up = offered && release_at_least(release, 6, 6);
      return;
    case ProbeDepth::Full:
      probe_by_trying(found, view, offered);
      return;
  }
}

}  // namespace

std::string_view text_of(NotifyLoss loss) {
  switch (loss) {
    case NotifyLoss::None:
      return "";
    case NotifyLoss::Wsl2:
      return "under WSL2 the system's init has taken the only seccomp listener";
    case NotifyLoss::Busy:
      return "another supervisor has taken the only seccomp listener (EBUSY)";
    case NotifyLoss::Refused:
      return "the kernel gives no seccomp listener here";
  }
  return "";
}

bool scopes_processes(const HostFeatures& features) {
  constexpr std::uint64_t kBoth = abi::scope::kAbstractUnix | abi::scope::kSignal;
  return (features.landlock_scopes & kBoth) == kBoth;
}

NotifyLoss notify_loss(const HostFeatures& features) {
  if (features.seccomp_notify) {
    return NotifyLoss::None;
  }
  if (features.wsl2) {
    return NotifyLoss::Wsl2;
  }
  return features.notify_busy ? NotifyLoss::Busy : NotifyLoss::Refused;
}

HostFeatures probe(const HostView& view, ProbeDepth depth) {
  HostFeatures found;
  const std::string release = read_start(view.osrelease_path);
  found.wsl2 = says_wsl2(release) || says_wsl2(read_start(view.version_path));
  found.root = ::geteuid() == 0;
  probe_landlock(found, view);
  probe_seccomp(found, view, depth, release);
  found.pidfd_getfd = objects(abi::kSysPidfdGetfd, -1, -1, 0, EBADF);
  constexpr long kNoSuchFlag = 1L << 30;
  found.close_range = objects(abi::kSysCloseRange, 0, 0, kNoSuchFlag, EINVAL);
  constexpr std::size_t kTooSmall = 0;
  found.openat2 = ::syscall(SYS_openat2, -1, nullptr, nullptr, kTooSmall) == -1 && errno == EINVAL;
  return found;
}

namespace {

// What a feature's absence means; `broken` says whether it is absent.
struct Promise {
  bool broken;
  std::string_view feature;
  std::string_view consequence;
  bool fatal;
};

auto promises(const HostFeatures& features) {
  const auto lacks_fs = [&features](std::uint64_t right) {
    return (features.landlock_fs & right) == 0;
  };
  constexpr std::uint64_t kTcp = abi::net::kBindTcp | abi::net::kConnectTcp;
  const bool landlock = features.landlock_abi > 0;
  return std::to_array<Promise>({
      Promise{!landlock, "landlock", "no file could be kept from the agent", true},
      Promise{landlock && lacks_fs(abi::fs::kRefer), "landlock.refer",
              "files could be moved out of what they were granted in", true},
      Promise{!features.seccomp_filter, "seccomp.filter",
              "system calls that Landlock does not judge could not be refused", true},
      Promise{!features.openat2, "openat2",
              "a name could lead through a magic link; it is refused inside of a sandbox, and not "
              "there before Linux 5.6",
              true},
      Promise{!features.seccomp_notify, "seccomp.notify",
              "instruction files cannot be judged while the agent runs, and unix sockets and file "
              "attributes outside the grants stay reachable",
              false},
      Promise{landlock && lacks_fs(abi::fs::kTruncate), "landlock.truncate",
              "the agent can empty files that it may not write", false},
      Promise{landlock && (features.landlock_scopes & abi::scope::kSignal) == 0,
              "landlock.scope-signal", "signals are judged by the broker and not by the kernel",
              false},
      Promise{landlock && (features.landlock_scopes & abi::scope::kAbstractUnix) == 0,
              "landlock.scope-abstract-unix",
              "abstract unix sockets are judged by the broker and not by the kernel", false},
      Promise{landlock && (features.landlock_net & kTcp) != kTcp, "landlock.tcp",
              "the network can be blocked or open, but not limited to ports", false},
      Promise{landlock && lacks_fs(abi::fs::kIoctlDev), "landlock.ioctl-dev",
              "the agent can use every ioctl of a device that it may open", false},
      Promise{!features.close_range, "close-range",
              "inherited descriptors are closed one by one, which is slower", false},
  });
}

}  // namespace

std::vector<Shortfall> shortfalls(const HostFeatures& features) {
  std::vector<Shortfall> list;
  for (const Promise& promise : promises(features)) {
    if (promise.broken) {
      list.push_back(
          {std::string(promise.feature), std::string(promise.consequence), promise.fatal});
    }
  }
  return list;
}

}  // namespace nono::sandbox
