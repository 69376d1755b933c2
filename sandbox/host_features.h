// sandbox/host_features.h: what this kernel can enforce, found by asking it, right by right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nono::sandbox {

struct HostFeatures {
  int landlock_abi = 0;           // 0: none
  std::uint64_t landlock_fs = 0;  // rights that landlock_create_ruleset(2) takes, bit by bit
  std::uint64_t landlock_net = 0;
  std::uint64_t landlock_scopes = 0;
  bool seccomp_filter = false;
  bool seccomp_notify = false;  // a listener can be had here (not so where one is inherited)
  bool notify_busy = false;     // Full probe only: there is one already, of somebody else (EBUSY)
  bool notify_wait_killable = false;
  bool notify_sync_wake_up = false;  // Quick: by the kernel's release, 6.6 or later
  bool user_namespaces = false;      // Full probe only: needs a child to find out
  bool network_namespace = false;    // likewise
  bool mount_namespace = false;      // likewise: sandbox/mount_view.h
  std::string namespace_switch;      // likewise, without one of the two: sandbox/own_namespaces.h
  bool pidfd_getfd = false;
  bool close_range = false;
  bool openat2 = true;  // not so inside of a sandbox of nono, or another that refuses it
  bool wsl2 = false;    // by what the kernel says of itself, never from the environment
  bool root = false;    // effective uid 0
};

// HostView is where the probe looks; tests pass a masked one (an older kernel, WSL2).
struct HostView {
  int max_landlock_abi = 10;  // the probe reports no right that is newer
  // What the kernel is taken to claim; its rights are asked one by one where it does not keep it.
  std::optional<int> claimed_landlock_abi = std::nullopt;
  bool allow_notify = true;
  // The errno that a listener is taken to be refused with, where the kernel would give one.
  std::optional<int> listener_errno = std::nullopt;
  std::string osrelease_path = "/proc/sys/kernel/osrelease";
  std::string version_path = "/proc/version";
  std::string settings_directory = "/proc/sys";
};

// probe asks the kernel; it changes nothing in this process (the listener is tried in a child).
// The expensive part (child processes) is skipped where `depth` is Quick: seccomp_notify is then
// assumed where the kernel offers the action and it is not WSL2, whose init has taken the only
// listener; the start itself finds out. Quick takes some 20 µs, Full some milliseconds.
enum class ProbeDepth : unsigned char { Quick, Full };
HostFeatures probe(const HostView& view, ProbeDepth depth);

// scopes_processes reports whether Landlock keeps signals and abstract unix sockets inside; where
// it does not, the broker judges them.
bool scopes_processes(const HostFeatures& features);

// NotifyLoss is why no listener can be had: without one, nothing is judged while an agent runs.
enum class NotifyLoss : unsigned char { None, Wsl2, Busy, Refused };
NotifyLoss notify_loss(const HostFeatures& features);
std::string_view text_of(NotifyLoss loss);

// Shortfall is a promise that this kernel cannot keep.
struct Shortfall {
  std::string feature;      // "landlock.truncate"
  std::string consequence;  // what is possible therefore
  bool fatal;               // without it no agent is started
};
// shortfalls lists what is missing for a full sandbox, worst first.
std::vector<Shortfall> shortfalls(const HostFeatures& features);

}  // namespace nono::sandbox
