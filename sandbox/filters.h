// sandbox/filters.h: the two seccomp programs of the sandbox.
//
// static_filter closes what Landlock leaves open; notify_filter sends to the broker the calls that
// must be decided on objects. Both are assembled from tables (docs/syscalls.md shows them) by
// sandbox/bpf_builder.h. They compare the low 32 bits of an argument, as the kernel does for its
// int parameters: what a caller leaves in the high half can neither hide a forbidden value nor
// spoil a good one.
//
// A foreign architecture (int 0x80), x32 and calls newer than this program knows get ENOSYS from
// both, not a kill: nothing behind them is reachable either way, and a program that only probes for
// a newer call falls back.
//
// Order of installation: the notify filter first. The static filter refuses a second listener.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/net_namespace.h"

namespace nono::sandbox {

using FilterProgram = std::vector<sock_filter>;

enum class Architecture : unsigned char { X86_64, Aarch64 };
#if defined(__x86_64__)
inline constexpr Architecture kNativeArchitecture = Architecture::X86_64;
#elif defined(__aarch64__)
inline constexpr Architecture kNativeArchitecture = Architecture::Aarch64;
#else
#error "no table of system calls for this architecture: see docs/syscalls.md"
#endif

enum class NetworkTier : unsigned char { Blocked, Ports, Open };
// Absent: no notify filter is installed, so nobody looks at a listen(2) on an unbound TCP socket,
// which Landlock does not see: NetworkTier::Ports then refuses listen altogether.
enum class Broker : unsigned char { Present, Absent };

struct StaticFilterOptions {
  NetworkTier network = NetworkTier::Blocked;
  Broker broker = Broker::Present;
  // Yes: a blocked network may be looked at, for there is nothing in it.
  OwnNetwork own_network = OwnNetwork::No;
};

// DeniedCall is one row of the static table, for docs and tests. Several rows may share a name: the
// first whose condition holds decides, and a call for which none holds is allowed.
struct DeniedCall {
  std::string_view name;
  int number;             // on the architecture asked for
  std::string_view when;  // empty: always
  int answer_errno;       // 0: allowed, an exception from the rows of that name that follow
  std::string_view why;
};
// denied_calls lists the rows that exist on `architecture`, whatever the options.
std::vector<DeniedCall> denied_calls(Architecture architecture = kNativeArchitecture);

// static_filter never fails on a known architecture; Internal if the table outgrows the kernel's
// limit of 4096 instructions.
Result<FilterProgram> static_filter(const StaticFilterOptions& options,
                                    Architecture architecture = kNativeArchitecture);

// What the broker does with a trapped call.
enum class Trap : unsigned char {
  // open, openat, creat; not O_PATH, and not O_DIRECTORY without O_CREAT; so O_TMPFILE only with
  // O_EXCL
  Open,
  Execute,   // execve, execveat
  Rename,    // rename, renameat, renameat2
  Link,      // link, linkat
  Symlink,   // symlink, symlinkat
  Make,      // mkdir, mkdirat, mknod, mknodat
  Unlink,    // unlink, unlinkat, rmdir
  Truncate,  // truncate
  Mode,      // chmod, fchmod, fchmodat; fchmodat2 is ENOSYS
  Owner,     // chown, lchown, fchown, fchownat
  Times,     // utime, utimes, futimesat, utimensat
  Xattr,     // setxattr, lsetxattr, fsetxattr, removexattr, lremovexattr, fremovexattr
  XattrGet,  // getxattr, lgetxattr, listxattr, llistxattr: by a path, which needs no open
  Connect,   // connect
  Bind,      // bind, of AF_NETLINK too (getifaddrs)
  Listen,    // listen: an unbound TCP socket would get a port that nobody granted
  Dumpable,  // prctl(PR_SET_DUMPABLE, …): answered with success, not done
  Watch,     // inotify_add_watch
  Fork,      // fork, vfork, clone, where a limit of processes is counted
  Terminal,  // ioctl TIOCGPTPEER, under the fast gate
  Signal,    // kill and its kin, F_SETOWN and its kin, where Landlock does not scope signals
  Socket,    // socket, where uses are recorded: UDP is sent without any other call that is trapped
  // readlink, readlinkat, with room for PATH_MAX: as Bun and Python ask, and what looks at many
  // links
  // (realpath(3), ls, git, Go, Rust) does not
  ReadLink,
};

struct TrappedCall {
  std::string_view name;
  int number;             // on the architecture asked for
  std::string_view when;  // empty: always
  Trap trap;
};
// trapped_calls lists the rows that exist on `architecture`, one per name.
std::span<const TrappedCall> trapped_calls(Architecture architecture = kNativeArchitecture);

// Forks are sent to the broker only where it is to count them: each then costs a switch.
enum class Forks : unsigned char { NotCounted, Counted };
// counted_calls lists them: fork, vfork, clone (clone3 is ENOSYS).
std::span<const TrappedCall> counted_calls(Architecture architecture = kNativeArchitecture);

// lone_filter stands in for notify_filter where there is no broker: what the broker would decide on
// objects is refused, or left to Landlock where that decides it by itself.
FilterProgram lone_filter(Architecture architecture = kNativeArchitecture);

// Directories are opened, and sockets made, by the kernel alone, but where the broker records what
// is used.
enum class Listing : unsigned char { ByKernel, Recorded };
// recorded_calls lists what is trapped for that besides: socket.
std::span<const TrappedCall> recorded_calls(Architecture architecture = kNativeArchitecture);
// Signals are sent to the broker only where Landlock does not scope them (ABI below 6): each then
// costs a switch.
enum class Signals : unsigned char { ByLandlock, Judged };
// signal_calls lists them: what sends a signal, or says who is to get one. What says so behind a
// pointer (F_SETOWN_EX, FIOSETOWN, SIOCSPGRP) is EPERM there.
std::span<const TrappedCall> signal_calls(Architecture architecture = kNativeArchitecture);

struct NotifyOptions {
  Forks forks = Forks::NotCounted;
  Listing listing = Listing::ByKernel;
  Signals signals = Signals::ByLandlock;
  // Of the fast gate: an openat for reading that does not follow a last link and returns to here is
  // let through. 0: there is none.
  std::uint64_t fast_return = 0;
};
// fast_calls lists what is trapped under the fast gate besides.
std::span<const TrappedCall> fast_calls(Architecture architecture = kNativeArchitecture);

FilterProgram notify_filter(Architecture architecture = kNativeArchitecture,
                            const NotifyOptions& options = {});

}  // namespace nono::sandbox
