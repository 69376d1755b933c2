// sandbox/notify_filter.cc: the table of trapped calls as a program.
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sandbox/bpf_builder.h"
#include "sandbox/filters.h"
#include "sandbox/static_table.h"

namespace nono::sandbox {
namespace {

// What of a trapped call is let through to the kernel, and to Landlock, at once.
enum class LetThrough : unsigned char {
  Nothing,
  PathOnlyAndDirectories,  // open flags in argument 1 (open) or 2 (openat)
  AllButDumpable,          // prctl
  AllButPeers,             // ioctl
  AllButOwner,             // fcntl: who gets the signals of a descriptor
  AllButWholePaths,        // readlink: the room for an answer in argument 2, readlinkat: 3
};

struct TrapRow {
  std::string_view name;
  CallNumbers numbers;
  Trap trap;
  LetThrough let_through = LetThrough::Nothing;
  unsigned char flags_argument = 0;  // or the room for an answer
};

constexpr std::string_view kOpenCondition =
    "unless O_PATH, or O_DIRECTORY without O_CREAT and without O_TMPFILE and O_EXCL";
constexpr std::string_view kDumpableCondition = "PR_SET_DUMPABLE";
constexpr std::string_view kPeerCondition = "TIOCGPTPEER";
constexpr std::string_view kWholePathCondition = "room for 4,096 bytes";

constexpr auto kTable = std::to_array<TrapRow>({
    {"open", {2, kNoSuchCall}, Trap::Open, LetThrough::PathOnlyAndDirectories, 1},
    {"openat", {257, 56}, Trap::Open, LetThrough::PathOnlyAndDirectories, 2},
    {"creat", {85, kNoSuchCall}, Trap::Open},
    {"execve", {59, 221}, Trap::Execute},
    {"execveat", {322, 281}, Trap::Execute},
    {"rename", {82, kNoSuchCall}, Trap::Rename},
    {"renameat", {264, 38}, Trap::Rename},
    {"renameat2", {316, 276}, Trap::Rename},
    {"link", {86, kNoSuchCall}, Trap::Link},
    {"linkat", {265, 37}, Trap::Link},
    {"symlink", {88, kNoSuchCall}, Trap::Symlink},
    {"symlinkat", {266, 36}, Trap::Symlink},
    {"mkdir", {83, kNoSuchCall}, Trap::Make},
    {"mkdirat", {258, 34}, Trap::Make},
    {"mknod", {133, kNoSuchCall}, Trap::Make},
    {"mknodat", {259, 33}, Trap::Make},
    {"unlink", {87, kNoSuchCall}, Trap::Unlink},
    {"unlinkat", {263, 35}, Trap::Unlink},
    {"rmdir", {84, kNoSuchCall}, Trap::Unlink},
    {"truncate", {76, 45}, Trap::Truncate},
    {"chmod", {90, kNoSuchCall}, Trap::Mode},
    {"fchmod", {91, 52}, Trap::Mode},
    {"fchmodat", {268, 53}, Trap::Mode},
    {"chown", {92, kNoSuchCall}, Trap::Owner},
    {"lchown", {94, kNoSuchCall}, Trap::Owner},
    {"fchown", {93, 55}, Trap::Owner},
    {"fchownat", {260, 54}, Trap::Owner},
    {"utime", {132, kNoSuchCall}, Trap::Times},
    {"utimes", {235, kNoSuchCall}, Trap::Times},
    {"futimesat", {261, kNoSuchCall}, Trap::Times},
    {"utimensat", {280, 88}, Trap::Times},
    {"setxattr", {188, 5}, Trap::Xattr},
    {"lsetxattr", {189, 6}, Trap::Xattr},
    {"fsetxattr", {190, 7}, Trap::Xattr},
    {"removexattr", {197, 14}, Trap::Xattr},
    {"lremovexattr", {198, 15}, Trap::Xattr},
    {"fremovexattr", {199, 16}, Trap::Xattr},
    {"getxattr", {191, 8}, Trap::XattrGet},
    {"lgetxattr", {192, 9}, Trap::XattrGet},
    {"listxattr", {194, 11}, Trap::XattrGet},
    {"llistxattr", {195, 12}, Trap::XattrGet},
    {"connect", {42, 203}, Trap::Connect},
    {"bind", {49, 200}, Trap::Bind},
    {"listen", {50, 201}, Trap::Listen},
    {"prctl", {157, 167}, Trap::Dumpable, LetThrough::AllButDumpable},
    {"inotify_add_watch", {254, 27}, Trap::Watch},
    {"readlink", {89, kNoSuchCall}, Trap::ReadLink, LetThrough::AllButWholePaths, 2},
    {"readlinkat", {267, 78}, Trap::ReadLink, LetThrough::AllButWholePaths, 3},
});

constexpr auto kForkTable = std::to_array<TrapRow>({
    {"fork", {57, kNoSuchCall}, Trap::Fork},
    {"vfork", {58, kNoSuchCall}, Trap::Fork},
    {"clone", {56, 220}, Trap::Fork},
});

constexpr auto kRecordTable = std::to_array<TrapRow>({
    {"socket", {41, 198}, Trap::Socket},
});

constexpr auto kFastTable = std::to_array<TrapRow>({
    {"ioctl", {16, 29}, Trap::Terminal, LetThrough::AllButPeers},
});

constexpr std::string_view kOwnerCondition = "F_SETOWN";
constexpr auto kSignalTable = std::to_array<TrapRow>({
    {"kill", {62, 129}, Trap::Signal},
    {"tkill", {200, 130}, Trap::Signal},
    {"tgkill", {234, 131}, Trap::Signal},
    {"rt_sigqueueinfo", {129, 138}, Trap::Signal},
    {"rt_tgsigqueueinfo", {297, 240}, Trap::Signal},
    {"pidfd_send_signal", {424, 424}, Trap::Signal},
    {"fcntl", {72, 25}, Trap::Signal, LetThrough::AllButOwner},
});

// Flag values of open(2). O_PATH makes the kernel ignore every other flag but O_DIRECTORY,
// O_NOFOLLOW and O_CLOEXEC. With O_CREAT, kernels before 6.4 create a file despite O_DIRECTORY.
constexpr std::uint32_t kPathOnly = 010000000;
constexpr std::uint32_t kCreate = 0100;
constexpr std::uint32_t kAccessMode = 03;
constexpr std::uint32_t kExclusive = 0200;
constexpr std::uint32_t kTruncate = 01000;
constexpr std::uint32_t kSetDumpable = 4;
constexpr std::uint32_t kPeer = 0x5441;
constexpr std::uint32_t kWholePath = 4096;
constexpr std::uint32_t no_follow_flag(Architecture architecture) {
  return architecture == Architecture::X86_64 ? 0400000 : 0100000;
}
constexpr std::uint32_t directory_flag(Architecture architecture) {
  return architecture == Architecture::X86_64 ? 0200000 : 040000;
}

// O_TMPFILE without the O_DIRECTORY that is part of it: a file without a name is no listing.
constexpr std::uint32_t kTemporary = 020000000;

constexpr std::uint32_t kSetOwner = 8;                                   // F_SETOWN
constexpr std::uint32_t kSetOwnerByType = 15;                            // F_SETOWN_EX
constexpr std::array<std::uint32_t, 2> kSetSocketOwner{0x8901, 0x8902};  // FIOSETOWN, SIOCSPGRP

void add_row(std::vector<FilterRule>& rules, const TrapRow& row, Architecture architecture,
             Listing listing) {
  const auto number = static_cast<std::uint32_t>(row.numbers.on(architecture));
  switch (row.let_through) {
    case LetThrough::Nothing:
      rules.push_back({number, {}, SECCOMP_RET_USER_NOTIF});
      return;
    case LetThrough::PathOnlyAndDirectories: {
      const std::uint32_t directory = directory_flag(architecture);
      rules.push_back({number, has_any(row.flags_argument, kPathOnly), SECCOMP_RET_ALLOW});
      const std::uint32_t nameless = directory | kTemporary | kExclusive;
      rules.push_back({number, masked_is(row.flags_argument, nameless | kPathOnly, nameless),
                       SECCOMP_RET_USER_NOTIF});
      const bool listed = listing == Listing::Recorded;
      rules.push_back(
          {number,
           masked_is(row.flags_argument, directory | kCreate | (listed ? kTemporary : 0),
                     directory | (listed ? kTemporary : 0)),
           SECCOMP_RET_ALLOW});
      rules.push_back({number, {}, SECCOMP_RET_USER_NOTIF});
      return;
    }
    case LetThrough::AllButDumpable:
      rules.push_back({number, is(0, kSetDumpable), SECCOMP_RET_USER_NOTIF});
      return;
    case LetThrough::AllButPeers:
      rules.push_back({number, is(1, kPeer), SECCOMP_RET_USER_NOTIF});
      return;
    case LetThrough::AllButOwner:
      rules.push_back({number, is(1, kSetOwner), SECCOMP_RET_USER_NOTIF});
      return;
    case LetThrough::AllButWholePaths:
      rules.push_back({number, is(row.flags_argument, kWholePath), SECCOMP_RET_USER_NOTIF});
      return;
  }
}

constexpr std::string_view condition_of(LetThrough let_through) {
  switch (let_through) {
    case LetThrough::Nothing:
      return "";
    case LetThrough::PathOnlyAndDirectories:
      return kOpenCondition;
    case LetThrough::AllButDumpable:
      return kDumpableCondition;
    case LetThrough::AllButPeers:
      return kPeerCondition;
    case LetThrough::AllButOwner:
      return kOwnerCondition;
    case LetThrough::AllButWholePaths:
      return kWholePathCondition;
  }
  return "";
}

constexpr std::size_t count_on(Architecture architecture, std::span<const TrapRow> table) {
  std::size_t count = 0;
  for (const TrapRow& row : table) {
    count += row.numbers.on(architecture) == kNoSuchCall ? 0u : 1u;
  }
  return count;
}

constexpr std::uint32_t refused_with(int code) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(code);
}

// What Landlock decides by itself where no broker does. Sockets of the file system cannot be made
// then, and the static filter sees to listen. Reading attributes is judged by nobody then.
constexpr auto kLeftToLandlock =
    std::to_array<Trap>({Trap::Open, Trap::Execute, Trap::Rename, Trap::Link, Trap::Symlink,
                         Trap::Make, Trap::Unlink, Trap::Truncate, Trap::XattrGet, Trap::Connect,
                         Trap::Bind, Trap::Listen, Trap::Dumpable, Trap::Fork, Trap::ReadLink});

// alone is the errno for a call of that kind where no broker decides; 0: it goes on. Landlock has
// no right for metadata: what changes it would reach beyond the grants.
constexpr int alone(Trap trap) {
  if (std::ranges::find(kLeftToLandlock, trap) != kLeftToLandlock.end()) {
    return 0;
  }
  return trap == Trap::Watch ? EACCES : EPERM;
}

template <Architecture architecture, const auto& table>
constexpr auto list_for() {
  std::array<TrappedCall, count_on(architecture, table)> list{};
  std::size_t next = 0;
  for (const TrapRow& row : table) {
    if (const int number = row.numbers.on(architecture); number != kNoSuchCall) {
      list[next++] = {row.name, number, condition_of(row.let_through), row.trap};
    }
  }
  return list;
}

constexpr auto kOnX8664 = list_for<Architecture::X86_64, kTable>();
constexpr auto kOnAarch64 = list_for<Architecture::Aarch64, kTable>();
constexpr auto kSignalsOnX8664 = list_for<Architecture::X86_64, kSignalTable>();
constexpr auto kSignalsOnAarch64 = list_for<Architecture::Aarch64, kSignalTable>();
constexpr auto kForksOnX8664 = list_for<Architecture::X86_64, kForkTable>();
constexpr auto kForksOnAarch64 = list_for<Architecture::Aarch64, kForkTable>();
constexpr auto kRecordOnX8664 = list_for<Architecture::X86_64, kRecordTable>();
constexpr auto kRecordOnAarch64 = list_for<Architecture::Aarch64, kRecordTable>();
constexpr auto kFastOnX8664 = list_for<Architecture::X86_64, kFastTable>();
constexpr auto kFastOnAarch64 = list_for<Architecture::Aarch64, kFastTable>();

// fast_rule lets one call of the fast gate through. It stands before the rules of openat.
FilterRule fast_rule(Architecture architecture, std::uint64_t fast_return) {
  constexpr CallNumbers kOpenAt{257, 56};
  const std::uint32_t kept = no_follow_flag(architecture);
  const std::uint32_t mask = kAccessMode | kCreate | kExclusive | kTruncate | kTemporary | kept;
  return {
      static_cast<std::uint32_t>(kOpenAt.on(architecture)),
      {is(kReturnLow, static_cast<std::uint32_t>(fast_return)),
       is(kReturnHigh, static_cast<std::uint32_t>(fast_return >> 32)), masked_is(2, mask, kept)},
      SECCOMP_RET_ALLOW};
}

void add_table(std::vector<FilterRule>& rules, std::span<const TrapRow> table,
               Architecture architecture, Listing listing) {
  for (const TrapRow& row : table) {
    if (row.numbers.on(architecture) != kNoSuchCall) {
      add_row(rules, row, architecture, listing);
    }
  }
}

// add_signals comes after other rules for ioctl, if there are any, and ends with fcntl: the rules
// of one number stand together.
void add_signals(std::vector<FilterRule>& rules, Architecture architecture) {
  constexpr CallNumbers kIoctl{16, 29};
  constexpr CallNumbers kFcntl{72, 25};
  for (const std::uint32_t command : kSetSocketOwner) {
    rules.push_back(
        {static_cast<std::uint32_t>(kIoctl.on(architecture)), is(1, command), refused_with(EPERM)});
  }
  add_table(rules, kSignalTable, architecture, Listing::ByKernel);
  rules.push_back({static_cast<std::uint32_t>(kFcntl.on(architecture)), is(1, kSetOwnerByType),
                   refused_with(EPERM)});
}

// What the broker does for a program is not bound by Landlock rules of the program's own. So there
// is no Landlock for it, as in a kernel that was started without, rather than rules that do not
// hold.
constexpr auto kOwnLandlock = std::to_array<CallNumbers>({{444, 444}, {446, 446}});

void add_own_landlock(std::vector<FilterRule>& rules, Architecture architecture) {
  for (const CallNumbers& numbers : kOwnLandlock) {
    rules.push_back(
        {static_cast<std::uint32_t>(numbers.on(architecture)), {}, refused_with(EOPNOTSUPP)});
  }
}

}  // namespace

std::span<const TrappedCall> trapped_calls(Architecture architecture) {
  switch (architecture) {
    case Architecture::X86_64:
      return kOnX8664;
    case Architecture::Aarch64:
      return kOnAarch64;
  }
  return {};
}

std::span<const TrappedCall> counted_calls(Architecture architecture) {
  switch (architecture) {
    case Architecture::X86_64:
      return kForksOnX8664;
    case Architecture::Aarch64:
      return kForksOnAarch64;
  }
  return {};
}

std::span<const TrappedCall> signal_calls(Architecture architecture) {
  switch (architecture) {
    case Architecture::X86_64:
      return kSignalsOnX8664;
    case Architecture::Aarch64:
      return kSignalsOnAarch64;
  }
  return {};
}

FilterProgram lone_filter(Architecture architecture) {
  std::vector<FilterRule> rules;
  for (const TrapRow& row : kTable) {
    const int number = row.numbers.on(architecture);
    if (const int code = alone(row.trap); code != 0 && number != kNoSuchCall) {
      rules.push_back({static_cast<std::uint32_t>(number), {}, refused_with(code)});
    }
  }
  constexpr CallNumbers kSocket{41, 198};
  constexpr std::uint32_t kUnix = 1;
  rules.push_back(
      {static_cast<std::uint32_t>(kSocket.on(architecture)), is(0, kUnix), refused_with(EACCES)});
  return assemble(architecture, rules);
}

std::span<const TrappedCall> recorded_calls(Architecture architecture) {
  switch (architecture) {
    case Architecture::X86_64:
      return kRecordOnX8664;
    case Architecture::Aarch64:
      return kRecordOnAarch64;
  }
  return {};
}

std::span<const TrappedCall> fast_calls(Architecture architecture) {
  switch (architecture) {
    case Architecture::X86_64:
      return kFastOnX8664;
    case Architecture::Aarch64:
      return kFastOnAarch64;
  }
  return {};
}

FilterProgram notify_filter(Architecture architecture, const NotifyOptions& options) {
  std::vector<FilterRule> rules;
  rules.reserve(kTable.size() + 8);
  for (const TrapRow& row : kTable) {
    if (options.fast_return != 0 && row.name == "openat") {
      rules.push_back(fast_rule(architecture, options.fast_return));
    }
    if (row.numbers.on(architecture) != kNoSuchCall) {
      add_row(rules, row, architecture, options.listing);
    }
  }
  if (options.fast_return != 0) {
    add_table(rules, kFastTable, architecture, options.listing);
  }
  if (options.signals == Signals::Judged) {
    add_signals(rules, architecture);
  }
  if (options.forks == Forks::Counted) {
    add_table(rules, kForkTable, architecture, options.listing);
  }
  if (options.listing == Listing::Recorded) {
    add_table(rules, kRecordTable, architecture, options.listing);
  }
  add_own_landlock(rules, architecture);
  return assemble(architecture, rules);
}

}  // namespace nono::sandbox
