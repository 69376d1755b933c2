// tests/sandbox/static_filter_test.cc: every call through the static program, against a list that
// was written apart from the table.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "tests/sandbox/filter_support.h"

namespace nono::sandbox::testing {
namespace {

struct Refused {
  const char* name;
  int answer;
};
constexpr Refused kAlwaysRefused[] = {
    {"io_uring_setup", ENOSYS},
    {"io_uring_enter", ENOSYS},
    {"io_uring_register", ENOSYS},
    {"openat2", ENOSYS},
    {"clone3", ENOSYS},
    {"fchmodat2", ENOSYS},
    {"statmount", ENOSYS},
    {"listmount", ENOSYS},
    {"name_to_handle_at", EPERM},
    {"open_by_handle_at", EPERM},
    {"mount", EPERM},
    {"umount2", EPERM},
    {"pivot_root", EPERM},
    {"chroot", EPERM},
    {"open_tree", EPERM},
    {"move_mount", EPERM},
    {"fsopen", EPERM},
    {"fsconfig", EPERM},
    {"fsmount", EPERM},
    {"fspick", EPERM},
    {"mount_setattr", EPERM},
    {"setns", EPERM},
    {"ptrace", EPERM},
    {"process_vm_readv", EPERM},
    {"process_vm_writev", EPERM},
    {"pidfd_getfd", EPERM},
    {"kcmp", EPERM},
    {"process_madvise", EPERM},
    {"process_mrelease", EPERM},
    {"move_pages", EPERM},
    {"migrate_pages", EPERM},
    {"bpf", EPERM},
    {"userfaultfd", EPERM},
    {"perf_event_open", EPERM},
    {"modify_ldt", EPERM},
    {"add_key", EPERM},
    {"request_key", EPERM},
    {"keyctl", EPERM},
    {"fanotify_init", EPERM},
    {"fanotify_mark", EPERM},
    {"lookup_dcookie", EPERM},
    {"kexec_load", EPERM},
    {"kexec_file_load", EPERM},
    {"init_module", EPERM},
    {"finit_module", EPERM},
    {"delete_module", EPERM},
    {"reboot", EPERM},
    {"swapon", EPERM},
    {"swapoff", EPERM},
    {"acct", EPERM},
    {"quotactl", EPERM},
    {"quotactl_fd", EPERM},
    {"sethostname", EPERM},
    {"setdomainname", EPERM},
    {"settimeofday", EPERM},
    {"clock_settime", EPERM},
    {"vhangup", EPERM},
    {"iopl", EPERM},
    {"ioperm", EPERM},
    {"uselib", ENOSYS},
    {"syslog", EPERM},
    {"shmget", ENOSYS},
    {"shmat", ENOSYS},
    {"shmctl", ENOSYS},
    {"shmdt", ENOSYS},
    {"msgget", ENOSYS},
    {"msgsnd", ENOSYS},
    {"msgrcv", ENOSYS},
    {"msgctl", ENOSYS},
    {"semget", ENOSYS},
    {"semop", ENOSYS},
    {"semtimedop", ENOSYS},
    {"semctl", ENOSYS},
    {"mq_open", EPERM},
    {"mq_unlink", EPERM},
};

enum Tiers : unsigned { kBlocked = 1, kPorts = 2, kOpen = 4, kNotOpen = 3, kAll = 7 };
unsigned bit_of(NetworkTier tier) {
  return 1u << static_cast<unsigned>(tier);
}

constexpr std::uint64_t kMinusOne = 0xffffffff;
struct Judged {
  const char* name;
  Arguments arguments;
  int answer;  // 0: allowed
  unsigned tiers = kAll;
};
constexpr Judged kJudged[] = {
    {"seccomp", {1, 8, 0}, EBUSY},
    {"seccomp", {1, 8 | 32, 0}, EBUSY},
    {"seccomp", {1, 0, 0}, 0},
    {"seccomp", {1, 1 | 2 | 4 | 16 | 32, 0}, 0},
    {"seccomp", {0, 0, 0}, 0},
    {"seccomp", {2, 0, 0}, 0},
    {"seccomp", {3, 8, 0}, 0},

    {"unshare", {0}, 0},
    {"unshare", {0x200 | 0x400 | 0x40000}, 0},  // FS, FILES, SYSVSEM
    {"unshare", {0x00000080}, EPERM},           // TIME
    {"unshare", {0x00020000}, EPERM},           // NS
    {"unshare", {0x02000000}, EPERM},           // CGROUP
    {"unshare", {0x04000000}, EPERM},           // UTS
    {"unshare", {0x08000000}, EPERM},           // IPC
    {"unshare", {0x10000000}, EPERM},           // USER
    {"unshare", {0x20000000}, EPERM},           // PID
    {"unshare", {0x40000000}, EPERM},           // NET
    {"unshare", {0x400 | 0x10000000}, EPERM},
    {"clone", {0x003d0f00 | 17}, 0},  // pthread_create
    {"clone", {17}, 0},
    {"clone", {0x80 | 17}, 0},
    {"clone", {0x01200011}, 0},  // fork
    {"clone", {0x80000000 | 17}, 0},
    {"clone", {0x00020011}, EPERM},
    {"clone", {0x02000011}, EPERM},
    {"clone", {0x04000011}, EPERM},
    {"clone", {0x08000011}, EPERM},
    {"clone", {0x10000011}, EPERM},
    {"clone", {0x20000011}, EPERM},
    {"clone", {0x40000011}, EPERM},
    {"clone", {0x103d0f00}, EPERM},

    {"prlimit64", {0, 7, 1, 1}, 0},
    {"prlimit64", {1, 7, 0, 1}, EPERM},
    {"prlimit64", {kMinusOne, 7, 0, 1}, EPERM},
    {"sched_setaffinity", {0, 8, 1}, 0},
    {"sched_setaffinity", {42, 8, 1}, EPERM},
    {"sched_setscheduler", {0, 0, 1}, 0},
    {"sched_setscheduler", {0x80000000, 0, 1}, EPERM},
    {"sched_setparam", {0, 1}, 0},
    {"sched_setparam", {1, 1}, EPERM},
    {"sched_setattr", {0, 1, 0}, 0},
    {"sched_setattr", {1, 1, 0}, EPERM},
    {"setpriority", {0, 0, 5}, 0},
    {"setpriority", {0, 1, 5}, EPERM},
    {"setpriority", {1, 0, 5}, EPERM},
    {"setpriority", {2, 0, 5}, EPERM},
    {"ioprio_set", {1, 0, 5}, 0},
    {"ioprio_set", {1, 1, 5}, EPERM},
    {"ioprio_set", {0, 0, 5}, EPERM},
    {"ioprio_set", {2, 0, 5}, EPERM},
    {"ioprio_set", {3, 0, 5}, EPERM},

    {"prctl", {4, 0}, 0},   // PR_SET_DUMPABLE: the notify filter's business
    {"prctl", {15, 1}, 0},  // PR_SET_NAME
    {"prctl", {22, 2}, 0},  // PR_SET_SECCOMP
    {"prctl", {34, 0}, 0},
    {"prctl", {36, 0}, 0},  // PR_SET_CHILD_SUBREAPER
    {"prctl", {38, 1}, 0},  // PR_SET_NO_NEW_PRIVS
    {"prctl", {35, 1}, EPERM},
    {"prctl", {0x59616d61, 1}, EPERM},
    {"prctl", {0x59616d60, 1}, 0},

    {"fcntl", {3, 1024, 1}, EINVAL},
    {"fcntl", {3, 1040, 1}, EINVAL},
    {"fcntl", {3, 1025}, 0},          // F_GETLEASE
    {"fcntl", {3, 1030, 0}, 0},       // F_DUPFD_CLOEXEC
    {"fcntl", {3, 1026, 1}, EINVAL},  // F_NOTIFY
    {"fcntl", {3, 1027, 1}, 0},
    {"fcntl", {3, 1036, 1}, EINVAL},
    {"fcntl", {3, 1038, 1}, EINVAL},
    {"fcntl", {3, 1035, 1}, 0},  // F_GET_RW_HINT
    {"fcntl", {3, 1037, 1}, 0},
    {"fcntl", {3, 1041, 1}, 0},
    {"fcntl", {3, 8, 1}, 0},  // F_SETOWN: the notify filter's business
    {"fcntl", {3, 16, 1}, 0},
    {"fcntl", {3, 0, 1024}, 0},

    {"openat", {3, 1, 3, 0}, EINVAL},
    {"openat", {3, 1, 02004003, 0}, EINVAL},
    {"openat", {3, 1, 0103, 0600}, EINVAL},
    {"openat", {3, 1, 010000003, 0}, 0},  // O_PATH has no access mode
    {"openat", {3, 1, 2, 0}, 0},
    {"openat", {3, 1, 1, 0}, 0},
    {"open", {1, 3}, EINVAL},
    {"open", {1, 01003}, EINVAL},
    {"open", {1, 010000003}, 0},
    {"open", {1, 2}, 0},
    {"openat", {3, 1, 0100, 04755}, EPERM},
    {"openat", {3, 1, 0100, 02755}, EPERM},
    {"openat", {3, 1, 020200002, 04600}, EPERM},  // O_TMPFILE
    {"openat", {3, 1, 0101, 01777}, 0},
    {"openat", {3, 1, 0, 06000}, 0},        // no mode is read
    {"openat", {3, 1, 0200000, 06000}, 0},  // O_DIRECTORY
    {"mknodat", {3, 1, 0104755}, EPERM},
    {"mknodat", {3, 1, 0102755}, EPERM},
    {"mknodat", {3, 1, 0100755}, 0},
    {"fchmod", {3, 04755}, EPERM},
    {"fchmod", {3, 02755}, 0},  // the broker's business
    {"fchmodat", {3, 1, 04000}, EPERM},
    {"fchmodat", {3, 1, 03777}, 0},
    {"open", {1, 0100, 04755}, EPERM},
    {"open", {1, 020200002, 02600}, EPERM},
    {"open", {1, 0101, 01777}, 0},
    {"open", {1, 0, 06000}, 0},
    {"creat", {1, 04755}, EPERM},
    {"creat", {1, 01777}, 0},
    {"mknod", {1, 0104755}, EPERM},
    {"mknod", {1, 0100755}, 0},
    {"chmod", {1, 04755}, EPERM},
    {"chmod", {1, 02755}, 0},

    {"personality", {0}, 0},
    {"personality", {0x40000}, 0},
    {"personality", {kMinusOne}, 0},
    {"personality", {8}, EPERM},
    {"personality", {0x400000}, EPERM},
    {"personality", {0x440000}, EPERM},
    {"personality", {0xfffffffe}, EPERM},

    {"ioctl", {0, 0x5401}, 0},  // TCGETS
    {"ioctl", {0, 0x540e}, 0},  // TIOCSCTTY
    {"ioctl", {0, 0x5410}, 0},  // TIOCSPGRP
    {"ioctl", {0, 0x5411}, 0},
    {"ioctl", {0, 0x5412}, EPERM},
    {"ioctl", {0, 0x5413}, 0},  // TIOCGWINSZ
    {"ioctl", {0, 0x541b}, 0},  // FIONREAD
    {"ioctl", {0, 0x541c}, EPERM},
    {"ioctl", {0, 0x541d}, EPERM},
    {"ioctl", {0, 0x541e}, 0},
    {"ioctl", {0, 0x5421}, 0},  // FIONBIO
    {"ioctl", {0, 0x5423}, EPERM},
    {"ioctl", {0, 0x80086601}, 0},  // FS_IOC_GETFLAGS
    {"ioctl", {0, 0x40086602}, ENOTTY},
    {"ioctl", {0, 0x40046602}, ENOTTY},
    {"ioctl", {0, 0x801c581f}, 0},  // FS_IOC_FSGETXATTR
    {"ioctl", {0, 0x401c5820}, ENOTTY},
    {"ioctl", {0, 0x40087602}, ENOTTY},
    {"ioctl", {0, 0x40086604}, ENOTTY},
    {"ioctl", {0, 0x40047211}, ENOTTY},
    {"ioctl", {0, 0x40806685}, ENOTTY},
    {"ioctl", {0, 0x800c6613}, ENOTTY},
    {"ioctl", {0, 0xc0506617}, ENOTTY},
    {"ioctl", {0, 0xc0406618}, ENOTTY},
    {"ioctl", {0, 0xc0406619}, ENOTTY},
    {"ioctl", {0, 0xc020660b}, 0},  // FS_IOC_FIEMAP
    {"ioctl", {0, 0x40186f04}, ENOTTY},
    {"ioctl", {0, 0x40049409}, 0},       // FICLONE
    {"ioctl", {0, 0x4020940d}, 0},       // FICLONERANGE
    {"ioctl", {0, 0xc0189436}, ENOTTY},  // FIDEDUPERANGE
    {"ioctl", {0, 0x50009401}, ENOTTY},  // BTRFS_IOC_SNAP_CREATE
    {"ioctl", {0, 0x50009417}, ENOTTY},  // BTRFS_IOC_SNAP_CREATE_V2
    {"ioctl", {0, 0x5000940f}, ENOTTY},  // BTRFS_IOC_SNAP_DESTROY
    {"ioctl", {0, 0x4008941a}, ENOTTY},  // BTRFS_IOC_SUBVOL_SETFLAGS
    {"ioctl", {0, 0x9300}, 0},
    {"ioctl", {0, 0x9500}, 0},
    {"ioctl", {0, 0x4020bc10}, ENOTTY},

    {"socket", {1, 1, 0}, 0},
    {"socket", {1, 1 | 02000000 | 04000, 0}, 0},
    {"socket", {1, 5, 0}, 0},
    {"socket", {1, 2, 0}, EPERM},
    {"socket", {1, 2 | 02000000, 0}, EPERM},
    {"socket", {1, 3, 0}, EPERM},
    {"socket", {1, 0, 0}, EPERM},
    {"socket", {1, 15, 0}, EPERM},
    {"socket", {16, 3, 0}, EAFNOSUPPORT, kBlocked},
    {"socket", {16, 2 | 02000000, 0}, EAFNOSUPPORT, kBlocked},
    {"socket", {16, 3, 4}, EAFNOSUPPORT, kBlocked},
    {"socket", {16, 3, 0}, 0, kPorts | kOpen},
    {"socket", {16, 2 | 02000000, 0}, 0, kPorts | kOpen},
    {"socket", {16, 3, 4}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {16, 3, 9}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {16, 3, kMinusOne}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 1, 0}, EACCES, kBlocked},
    {"socket", {10, 1, 6}, EACCES, kBlocked},
    {"socket", {2, 2, 17}, EACCES, kBlocked},
    {"socket", {2, 1, 0}, 0, kPorts | kOpen},
    {"socket", {2, 1 | 02000000, 6}, 0, kPorts | kOpen},
    {"socket", {10, 1, 0}, 0, kPorts | kOpen},
    {"socket", {10, 1 | 04000, 6}, 0, kPorts | kOpen},
    {"socket", {2, 1, 262}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 1, 132}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 5, 132}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 1, 17}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 2, 0}, EPROTONOSUPPORT, kPorts},
    {"socket", {10, 2, 17}, EPROTONOSUPPORT, kPorts},
    {"socket", {2, 2, 0}, 0, kOpen},
    {"socket", {10, 2 | 02000000, 17}, 0, kOpen},
    {"socket", {2, 2, 1}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 2, 136}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 3, 1}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socket", {2, 3, 0}, EPROTONOSUPPORT, kPorts | kOpen},
    {"socketpair", {1, 1, 0}, 0},
    {"socketpair", {1, 5 | 02000000, 0}, 0},
    {"socketpair", {1, 2, 0}, EPERM},
    {"socketpair", {1, 3, 0}, EPERM},
    {"socketpair", {2, 1, 0}, EAFNOSUPPORT},
    {"socketpair", {16, 3, 0}, EAFNOSUPPORT},

    {"sendto", {3, 1, 1, 0x20000000, 1, 16}, EOPNOTSUPP, kNotOpen},
    {"sendto", {3, 1, 1, 0x20004000, 1, 16}, EOPNOTSUPP, kNotOpen},
    {"sendto", {3, 1, 1, 0x20000000, 1, 16}, 0, kOpen},
    {"sendto", {3, 1, 1, 0x4000, 1, 16}, 0},
    {"sendmsg", {3, 1, 0x20000000}, EOPNOTSUPP, kNotOpen},
    {"sendmsg", {3, 1, 0x20000000}, 0, kOpen},
    {"sendmsg", {3, 1, 0x4040}, 0},
    {"sendmmsg", {3, 1, 1, 0x20000000}, EOPNOTSUPP, kNotOpen},
    {"sendmmsg", {3, 1, 1, 0x20000000}, 0, kOpen},
    {"sendmmsg", {3, 1, 0x20000000, 0}, 0},
    {"setsockopt", {3, 0, 4}, EPERM, kNotOpen},
    {"setsockopt", {3, 0, 4}, 0, kOpen},
    {"setsockopt", {3, 0x700000000, 0x700000004}, EPERM, kNotOpen},
    {"setsockopt", {3, 0, 1}, 0},
    {"setsockopt", {3, 6, 4}, 0},
    {"setsockopt", {3, 6, 31}, ENOENT, kNotOpen},
    {"setsockopt", {3, 6, 31}, 0, kOpen},
    {"setsockopt", {3, 0x100000006, 0x10000001f}, ENOENT, kNotOpen},
    {"setsockopt", {3, 1, 25}, EPERM, kNotOpen},
    {"setsockopt", {3, 1, 25}, 0, kOpen},
    {"setsockopt", {3, 0x700000001, 0x700000019}, EPERM, kNotOpen},
    {"setsockopt", {3, 1, 62}, EPERM, kNotOpen},
    {"setsockopt", {3, 1, 62}, 0, kOpen},
    {"setsockopt", {3, 6, 25}, 0},
    {"setsockopt", {3, 0, 39}, EPERM, kNotOpen},
    {"setsockopt", {3, 0, 40}, 0},
    {"setsockopt", {3, 0, 42}, EPERM, kNotOpen},
    {"setsockopt", {3, 0, 42}, 0, kOpen},
    {"setsockopt", {3, 0x300000000, 0x30000002e}, EPERM, kNotOpen},
    {"setsockopt", {3, 0, 45}, 0},
    {"setsockopt", {3, 41, 39}, 0},
    {"setsockopt", {3, 41, 42}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 46}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 46}, 0, kOpen},
    {"setsockopt", {3, 1, 46}, 0},
    {"setsockopt", {3, 1, 31}, 0},
    {"setsockopt", {3, 1, 3}, 0},
    {"setsockopt", {3, 41, 3}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 4}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 5}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 6}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 26}, 0},
    {"setsockopt", {3, 41, 32}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 54}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 55}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 57}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 59}, EPERM, kNotOpen},
    {"setsockopt", {3, 41, 67}, 0},
    {"listen", {3, 128}, 0},
};

constexpr const char* kOrdinary[] = {"read",
                                     "write",
                                     "openat",
                                     "close",
                                     "fstat",
                                     "mmap",
                                     "mprotect",
                                     "munmap",
                                     "brk",
                                     "futex",
                                     "rt_sigaction",
                                     "rt_sigprocmask",
                                     "execve",
                                     "exit_group",
                                     "wait4",
                                     "pipe2",
                                     "dup3",
                                     "epoll_pwait",
                                     "epoll_ctl",
                                     "eventfd2",
                                     "getrandom",
                                     "clock_nanosleep",
                                     "statx",
                                     "getdents64",
                                     "memfd_create",
                                     "landlock_restrict_self",
                                     "landlock_create_ruleset",
                                     "landlock_add_rule",
                                     "sched_getaffinity",
                                     "sched_yield",
                                     "getpriority",
                                     "kill",
                                     "tgkill",
                                     "pidfd_open",
                                     "pidfd_send_signal",
                                     "inotify_init1",
                                     "timerfd_create",
                                     "signalfd4",
                                     "set_robust_list",
                                     "rseq",
                                     "membarrier",
                                     "copy_file_range",
                                     "fallocate",
                                     "fsync",
                                     "flock",
                                     "setsid",
                                     "setpgid",
                                     "umask",
                                     "chdir",
                                     "fchdir",
                                     "getcwd",
                                     "splice",
                                     "mlock",
                                     "madvise",
                                     "set_mempolicy",
                                     "mbind",
                                     "faccessat2",
                                     "close_range",
                                     "recvfrom",
                                     "recvmsg",
                                     "accept4",
                                     "shutdown",
                                     "setsockopt",
                                     "getsockopt",
                                     "getsockname",
                                     "capget",
                                     "capset",
                                     "setuid"};

FilterProgram program_for(NetworkTier tier, Architecture architecture,
                          Broker broker = Broker::Present) {
  auto program = static_filter({.network = tier, .broker = broker}, architecture);
  EXPECT_TRUE(program);
  return program ? *program : FilterProgram{};
}

std::uint32_t answer(const FilterProgram& program, const seccomp_data& call) {
  const auto verdict = interpret(program, call);
  EXPECT_TRUE(verdict) << "the kernel would not take this program";
  return verdict ? verdict->answer : 0;
}

class StaticFilterTest : public ::testing::TestWithParam<std::tuple<Architecture, NetworkTier>> {
 protected:
  Architecture architecture() const { return std::get<0>(GetParam()); }
  NetworkTier tier() const { return std::get<1>(GetParam()); }
  FilterProgram program() const { return program_for(tier(), architecture()); }
};

TEST_P(StaticFilterTest, EveryJumpLandsInsideTheProgram) {
  EXPECT_TRUE(all_jumps_land(program()));
  EXPECT_LT(program().size(), std::size_t{BPF_MAXINSNS} / 4);
}

TEST_P(StaticFilterTest, UnconditionalRowsAreRefusedWhateverTheArguments) {
  const FilterProgram filter = program();
  const Arguments ones = with_garbage({~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull}, 0);
  for (const Refused& row : kAlwaysRefused) {
    const int number = number_of(row.name, architecture());
    if (number < 0) {
      continue;
    }
    for (const Arguments& arguments : {Arguments{}, ones, Arguments{1, 2, 3, 4, 5, 6}}) {
      const auto verdict =
          interpret(filter, call_of(architecture(), static_cast<std::uint32_t>(number), arguments));
      ASSERT_TRUE(verdict) << row.name;
      EXPECT_EQ(verdict->answer, errno_answer(row.answer)) << row.name;
    }
  }
}

TEST_P(StaticFilterTest, ConditionalRowsJudgeTheLowHalfOfTheirArguments) {
  const FilterProgram filter = program();
  for (const Judged& row : kJudged) {
    const int number = number_of(row.name, architecture());
    if (number < 0) {
      EXPECT_EQ(architecture(), Architecture::Aarch64) << row.name;  // it lacks the older ones
      continue;
    }
    if ((row.tiers & bit_of(tier())) == 0) {
      continue;
    }
    for (const std::uint64_t garbage : kGarbage) {
      const auto call = call_of(architecture(), static_cast<std::uint32_t>(number),
                                with_garbage(row.arguments, garbage));
      EXPECT_EQ(answer(filter, call), errno_answer(row.answer))
          << row.name << " " << std::hex << call.args[0] << " " << call.args[1] << " "
          << call.args[2] << " " << call.args[3];
    }
  }
}

TEST_P(StaticFilterTest, EveryOtherCallIsAllowedByItsNumberAlone) {
  std::set<int> known;
  for (const Refused& row : kAlwaysRefused) {
    known.insert(number_of(row.name, architecture()));
  }
  for (const Judged& row : kJudged) {
    known.insert(number_of(row.name, architecture()));
  }
  const FilterProgram filter = program();
  for (std::uint32_t number = 0; number <= 462; ++number) {
    if (known.contains(static_cast<int>(number))) {
      continue;
    }
    const auto verdict = interpret(filter, call_of(architecture(), number));
    ASSERT_TRUE(verdict) << number;
    EXPECT_EQ(verdict->answer, SECCOMP_RET_ALLOW) << number;
    // So the kernel decides it from a bitmap and never runs the program.
    EXPECT_FALSE(verdict->looked_at_arguments) << number;
  }
}

TEST_P(StaticFilterTest, OrdinaryCallsAreAllowed) {
  const FilterProgram filter = program();
  for (const char* name : kOrdinary) {
    const int number = number_of(name, architecture());
    ASSERT_GE(number, 0) << name;
    EXPECT_EQ(answer(filter, call_of(architecture(), static_cast<std::uint32_t>(number))),
              SECCOMP_RET_ALLOW)
        << name;
  }
}

TEST_P(StaticFilterTest, EverySocketFamilyIsListedOrRefused) {
  const FilterProgram filter = program();
  const auto number = static_cast<std::uint32_t>(number_of("socket", architecture()));
  for (std::uint64_t family = 0; family < 300; ++family) {
    if (family == 1 || family == 2 || family == 10 || family == 16) {
      continue;
    }
    for (std::uint64_t type = 0; type < 16; ++type) {
      EXPECT_EQ(answer(filter, call_of(architecture(), number, {family, type, 0})),
                errno_answer(EAFNOSUPPORT))
          << family << " " << type;
    }
  }
}

TEST_P(StaticFilterTest, InternetSocketsAreTcpOrInTheOpenTierUdp) {
  const FilterProgram filter = program();
  const auto number = static_cast<std::uint32_t>(number_of("socket", architecture()));
  for (const std::uint64_t family : {2u, 10u}) {
    for (std::uint64_t type = 0; type < 16; ++type) {
      for (std::uint64_t protocol = 0; protocol < 300; ++protocol) {
        const bool tcp = type == 1 && (protocol == 0 || protocol == 6);
        const bool udp = type == 2 && (protocol == 0 || protocol == 17);
        int expected = tcp || (udp && tier() == NetworkTier::Open) ? 0 : EPROTONOSUPPORT;
        expected = tier() == NetworkTier::Blocked ? EACCES : expected;
        ASSERT_EQ(answer(filter, call_of(architecture(), number, {family, type, protocol})),
                  errno_answer(expected))
            << family << " " << type << " " << protocol;
      }
    }
  }
}

TEST_P(StaticFilterTest, CallsNewerThanTheTableAreUnknown) {
  const FilterProgram filter = program();
  for (std::uint32_t number = 463; number < 2000; ++number) {
    ASSERT_EQ(answer(filter, call_of(architecture(), number)), errno_answer(ENOSYS)) << number;
  }
  for (const std::uint32_t number : {0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu}) {
    EXPECT_EQ(answer(filter, call_of(architecture(), number)), errno_answer(ENOSYS)) << number;
  }
}

TEST_P(StaticFilterTest, CallsByX32NumbersAreUnknown) {
  const FilterProgram filter = program();
  for (std::uint32_t number = 0; number < 600; ++number) {
    ASSERT_EQ(answer(filter, call_of(architecture(), 0x40000000u + number)), errno_answer(ENOSYS))
        << number;
  }
}

TEST_P(StaticFilterTest, CallsOfAForeignArchitectureAreUnknown) {
  const FilterProgram filter = program();
  const std::uint32_t other = audit_number(
      architecture() == Architecture::X86_64 ? Architecture::Aarch64 : Architecture::X86_64);
  for (const std::uint32_t foreign :
       {std::uint32_t{AUDIT_ARCH_I386}, std::uint32_t{AUDIT_ARCH_ARM}, other, 0u, ~0u}) {
    for (std::uint32_t number = 0; number < 600; ++number) {
      seccomp_data call = call_of(architecture(), number);
      call.arch = foreign;
      ASSERT_EQ(answer(filter, call), errno_answer(ENOSYS)) << std::hex << foreign << number;
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Architecture, NetworkTier>>& info) {
  static const std::map<NetworkTier, std::string> kNames = {{NetworkTier::Blocked, "Blocked"},
                                                            {NetworkTier::Ports, "Ports"},
                                                            {NetworkTier::Open, "Open"}};
  const bool x86 = std::get<0>(info.param) == Architecture::X86_64;
  return (x86 ? "X86_64" : "Aarch64") + kNames.at(std::get<1>(info.param));
}
INSTANTIATE_TEST_SUITE_P(All, StaticFilterTest,
                         ::testing::Combine(::testing::ValuesIn(kArchitectures),
                                            ::testing::ValuesIn(kTiers)),
                         name_of);

TEST(StaticFilterOptionsTest, ListenIsRefusedOnlyByPortsWithoutABroker) {
  for (const Architecture architecture : kArchitectures) {
    const auto number = static_cast<std::uint32_t>(number_of("listen", architecture));
    for (const NetworkTier tier : kTiers) {
      const auto absent = program_for(tier, architecture, Broker::Absent);
      const int expected = tier == NetworkTier::Ports ? EACCES : 0;
      EXPECT_EQ(answer(absent, call_of(architecture, number, {3, 1})), errno_answer(expected));
    }
  }
}

TEST(StaticFilterOptionsTest, AnAbsentBrokerChangesNothingButListen) {
  for (const Architecture architecture : kArchitectures) {
    const auto present = program_for(NetworkTier::Ports, architecture);
    const auto absent = program_for(NetworkTier::Ports, architecture, Broker::Absent);
    const int listen = number_of("listen", architecture);
    for (std::uint32_t number = 0; number < 500; ++number) {
      if (static_cast<int>(number) != listen) {
        EXPECT_EQ(answer(present, call_of(architecture, number, {1, 1, 1, 1})),
                  answer(absent, call_of(architecture, number, {1, 1, 1, 1})));
      }
    }
  }
}

TEST(StaticFilterOptionsTest, ANetworkOfItsOwnMayBeLookedAtButNotUsed) {
  for (const Architecture architecture : kArchitectures) {
    const auto own = static_filter(
        {.network = NetworkTier::Blocked, .own_network = OwnNetwork::Yes}, architecture);
    ASSERT_TRUE(own);
    const auto number = static_cast<std::uint32_t>(number_of("socket", architecture));
    const auto answer_to = [&](std::uint64_t family, std::uint64_t type, std::uint64_t protocol) {
      return answer(*own, call_of(architecture, number, {family, type, protocol}));
    };
    EXPECT_EQ(answer_to(16, 3, 0), SECCOMP_RET_ALLOW);
    EXPECT_EQ(answer_to(16, 3, 4), errno_answer(EPROTONOSUPPORT));
    EXPECT_EQ(answer_to(2, 1, 0), errno_answer(EACCES));
  }
}

TEST(StaticFilterOptionsTest, NothingIsAllowedInATighterTierThatIsRefusedInAWiderOne) {
  for (const Architecture architecture : kArchitectures) {
    for (const Judged& row : kJudged) {
      const auto number = static_cast<std::uint32_t>(number_of(row.name, architecture));
      const auto call = call_of(architecture, number, row.arguments);
      const auto allowed = [&](NetworkTier tier) {
        return answer(program_for(tier, architecture), call) == SECCOMP_RET_ALLOW;
      };
      EXPECT_LE(allowed(NetworkTier::Blocked), allowed(NetworkTier::Ports)) << row.name;
      EXPECT_LE(allowed(NetworkTier::Ports), allowed(NetworkTier::Open)) << row.name;
    }
  }
}

}  // namespace
}  // namespace nono::sandbox::testing
