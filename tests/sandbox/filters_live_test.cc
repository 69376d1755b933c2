// tests/sandbox/filters_live_test.cc: one attempt per refused row, made for real, with and without
// the static filter, as root (where the test is) and as an ordinary user.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "sandbox/filters.h"
#include "tests/sandbox/children.h"

namespace nono::sandbox::testing {
namespace {

enum class As { Self, Nobody };

struct Outcome {
  int exit = -1;  // 0 got through, 1 refused, 2 not on this machine
  int error = 0;  // where refused
};

// The child inherits everything it needs as descriptors: a build directory may be private.
Outcome attempt(const std::string& name, const FilterProgram* filter, As who) {
  static const OwnedFd kProgram(::open(NONO_ATTEMPTS, O_PATH | O_CLOEXEC));
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const OwnedFd reading(ends[0]);
  OwnedFd writing(ends[1]);
  Outcome outcome;
  outcome.exit = in_child([&] {
    ::dup2(ends[1], STDOUT_FILENO);
    if (::chdir("/") != 0 || (who == As::Nobody && become_nobody() != 0) ||
        (filter != nullptr && install(*filter) != 0)) {
      return 4;
    }
    const char* const arguments[] = {"sandbox_attempts", name.c_str(), nullptr};
    const char* const environment[] = {nullptr};
    ::syscall(SYS_execveat, BorrowedFd(kProgram).raw(), "", arguments, environment, AT_EMPTY_PATH);
    return 5;
  });
  writing.reset();
  char text[16] = {};
  if (::read(BorrowedFd(reading).raw(), text, sizeof text - 1) > 0) {
    outcome.error = std::stoi(text);
  }
  return outcome;
}

struct Expected {
  const char* name;
  int answer;
  NetworkTier network = NetworkTier::Ports;
  Broker broker = Broker::Present;
};
void PrintTo(const Expected& expected, std::ostream* out) {
  *out << expected.name;
}

const Expected kExpected[] = {
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
    {"statmount", ENOSYS},
    {"listmount", ENOSYS},
    {"openat2", ENOSYS},
    {"fchmodat2", ENOSYS},
    {"setxattrat", ENOSYS},
    {"open_tree_attr", ENOSYS},
    {"fanotify_init", EPERM},
    {"fanotify_mark", EPERM},
    {"lookup_dcookie", EPERM},
    {"quotactl", EPERM},
    {"quotactl_fd", EPERM},
    {"acct", EPERM},
    {"swapon", EPERM},
    {"swapoff", EPERM},
    {"ioctl:FS_IOC_SETFLAGS", ENOTTY},
    {"ioctl:FS_IOC_SETFLAGS-high-garbage", ENOTTY},
    {"ioctl:FS_IOC32_SETFLAGS", ENOTTY},
    {"ioctl:FS_IOC_FSSETXATTR", ENOTTY},
    {"ioctl:FS_IOC_SETVERSION", ENOTTY},
    {"ioctl:EXT4_IOC_SETVERSION", ENOTTY},
    {"ioctl:FAT_IOCTL_SET_ATTRIBUTES", ENOTTY},
    {"ioctl:FS_IOC_ENABLE_VERITY", ENOTTY},
    {"ioctl:FS_IOC_SET_ENCRYPTION_POLICY", ENOTTY},
    {"ioctl:FS_IOC_ADD_ENCRYPTION_KEY", ENOTTY},
    {"ioctl:FS_IOC_REMOVE_ENCRYPTION_KEY", ENOTTY},
    {"ioctl:FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS", ENOTTY},
    {"ioctl:OCFS2_IOC_REFLINK", ENOTTY},
    {"ioctl:FIDEDUPERANGE", ENOTTY},
    {"ioctl:btrfs-snapshot", ENOTTY},
    {"ioctl:bcachefs-subvolume", ENOTTY},
    {"ioctl:TIOCSTI", EPERM},
    {"ioctl:TIOCSTI-high-garbage", EPERM},
    {"ioctl:TIOCSETD", EPERM},
    {"ioctl:TIOCCONS", EPERM},
    {"ioctl:TIOCLINUX", EPERM},
    {"io_uring_setup", ENOSYS},
    {"io_uring_enter", ENOSYS},
    {"io_uring_register", ENOSYS},
    {"seccomp", EBUSY},
    {"bpf", EPERM},
    {"userfaultfd", EPERM},
    {"perf_event_open", EPERM},
    {"add_key", EPERM},
    {"request_key", EPERM},
    {"keyctl", EPERM},
    {"personality", EPERM},
    {"personality:UNAME26", EPERM},
    {"kexec_load", EPERM},
    {"kexec_file_load", EPERM},
    {"init_module", EPERM},
    {"finit_module", EPERM},
    {"delete_module", EPERM},
    {"reboot", EPERM},
    {"sethostname", EPERM},
    {"setdomainname", EPERM},
    {"settimeofday", EPERM},
    {"clock_settime", EPERM},
    {"vhangup", EPERM},
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
    {"socket:unix-datagram", EPERM},
    {"socket:unix-raw", EPERM},
    {"socket:inet-stream", EACCES, NetworkTier::Blocked},
    {"socket:inet6-stream", EACCES, NetworkTier::Blocked},
    {"socket:inet-datagram", EPROTONOSUPPORT},
    {"socket:inet6-datagram", EPROTONOSUPPORT},
    {"socket:ping", EPROTONOSUPPORT},
    {"socket:raw", EPROTONOSUPPORT},
    {"socket:mptcp", EPROTONOSUPPORT},
    {"socket:sctp", EPROTONOSUPPORT},
    {"socket:netlink-diag", EPROTONOSUPPORT},
    {"socket:netlink-audit", EPROTONOSUPPORT},
    {"socket:netlink-uevent", EPROTONOSUPPORT},
    {"socket:netlink-route", EAFNOSUPPORT, NetworkTier::Blocked},
    {"socket:packet", EAFNOSUPPORT},
    {"socket:vsock", EAFNOSUPPORT},
    {"socket:alg", EAFNOSUPPORT},
    {"socket:key", EAFNOSUPPORT},
    {"socket:xdp", EAFNOSUPPORT},
    {"socket:datagram-high-garbage", EPROTONOSUPPORT},
    {"socketpair:datagram", EPERM},
    {"socketpair:inet", EAFNOSUPPORT},
    {"sendto:fastopen", EOPNOTSUPP},
    {"sendmsg:fastopen", EOPNOTSUPP},
    {"sendmmsg:fastopen", EOPNOTSUPP},
    {"setsockopt:source-route", EPERM},
    {"setsockopt:source-route6", EPERM},
    {"setsockopt:interface", EPERM},
    {"setsockopt:interface-by-number", EPERM},
    {"setsockopt:join-group", EPERM},
    {"setsockopt:join-group6", EPERM},
    {"setsockopt:join-with-source", EPERM},
    {"listen:unbound", EACCES, NetworkTier::Ports, Broker::Absent},
    {"ptrace", EPERM},
    {"process_vm_readv", EPERM},
    {"process_vm_writev", EPERM},
    {"pidfd_getfd", EPERM},
    {"kcmp", EPERM},
    {"process_madvise", EPERM},
    {"process_mrelease", EPERM},
    {"move_pages", EPERM},
    {"migrate_pages", EPERM},
    {"prlimit64:pid", EPERM},
    {"prlimit64:pid-high-garbage", EPERM},
    {"sched_setaffinity:pid", EPERM},
    {"sched_setscheduler:pid", EPERM},
    {"sched_setparam:pid", EPERM},
    {"sched_setattr:pid", EPERM},
    {"setpriority:who", EPERM},
    {"setpriority:group", EPERM},
    {"ioprio_set:who", EPERM},
    {"ioprio_set:group", EPERM},
    {"prctl:PR_SET_MM", EPERM},
    {"prctl:PR_SET_PTRACER", EPERM},
    {"fcntl:F_SETLEASE", EINVAL},
    {"fcntl:F_SETLEASE-high-garbage", EINVAL},
    {"fcntl:F_SETDELEG", EINVAL},
    {"fcntl:F_NOTIFY", EINVAL},
    {"fcntl:F_NOTIFY-high-garbage", EINVAL},
    {"fcntl:F_SET_RW_HINT", EINVAL},
    {"fcntl:F_SET_RW_HINT-high-garbage", EINVAL},
    {"fcntl:F_SET_FILE_RW_HINT", EINVAL},
    {"openat:access-mode-3", EINVAL},
    {"openat:access-mode-3-high-garbage", EINVAL},
    {"openat:S_ISGID", EPERM},
    {"openat:S_ISUID-high-garbage", EPERM},
    {"openat:O_TMPFILE", EPERM},
    {"mknodat:S_ISUID", EPERM},
    {"fchmod:S_ISUID", EPERM},
    {"fchmodat:S_ISUID", EPERM},
    {"setns", EPERM},
    {"unshare:user", EPERM},
    {"unshare:mount", EPERM},
    {"unshare:time", EPERM},
    {"clone:user", EPERM},
    {"clone:pid", EPERM},
    {"clone3", ENOSYS},
#ifdef __x86_64__
    {"uselib", ENOSYS},
    {"open:access-mode-3", EINVAL},
    {"open:S_ISUID", EPERM},
    {"creat:S_ISUID", EPERM},
    {"mknod:S_ISUID", EPERM},
    {"chmod:S_ISUID", EPERM},
    {"modify_ldt", EPERM},
    {"iopl", EPERM},
    {"ioperm", EPERM},
    {"x32:getpid", ENOSYS},
    {"int80:getpid", ENOSYS},
#endif
};

class FiltersLiveTest : public ::testing::TestWithParam<Expected> {
 protected:
  static std::vector<As> identities() {
    return ::geteuid() == 0 ? std::vector{As::Self, As::Nobody} : std::vector{As::Self};
  }
};

TEST_P(FiltersLiveTest, TheAttemptIsRefused) {
  const Expected& row = GetParam();
  const auto filter = static_filter({.network = row.network, .broker = row.broker});
  ASSERT_TRUE(filter);
  bool possible_without = false;
  for (const As who : identities()) {
    const Outcome with = attempt(row.name, &*filter, who);
    if (with.exit == 2) {
      continue;  // not even the preparations are possible here
    }
    EXPECT_EQ(with.exit, 1);
    EXPECT_EQ(with.error, row.answer);
    const Outcome without = attempt(row.name, nullptr, who);
    ASSERT_LE(without.exit, 2);
    ASSERT_GE(without.exit, 0);
    possible_without |= without.exit == 0;
  }
  if (!HasFailure() && !possible_without) {
    GTEST_SKIP() << "refused; but this machine refuses or lacks it without the filter, too";
  }
}

std::string test_name(const ::testing::TestParamInfo<Expected>& info) {
  std::string name = info.param.name;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Row, FiltersLiveTest, ::testing::ValuesIn(kExpected), test_name);

TEST(FiltersLiveTableTest, EveryRefusedCallHasAnAttempt) {
  for (const DeniedCall& row : denied_calls()) {
    const bool tried = std::ranges::any_of(kExpected, [&row](const Expected& expected) {
      const std::string_view name = expected.name;
      return name.substr(0, name.find(':')) == row.name;
    });
    EXPECT_TRUE(tried) << row.name;
  }
}

TEST(FiltersLiveTableTest, EveryRefusedIoctlByNumberHasAnAttempt) {
  for (const DeniedCall& row : denied_calls()) {
    if (row.name != "ioctl" || row.answer_errno == 0 || row.when.starts_with("any")) {
      continue;
    }
    EXPECT_TRUE(std::ranges::any_of(kExpected, [&row](const Expected& expected) {
      return expected.name == "ioctl:" + std::string(row.when);
    })) << row.when;
  }
}

TEST(FiltersLiveWorkTest, AShellWithPipesAndFilesWorksUnderTheFilter) {
  const auto filter = static_filter({});
  ASSERT_TRUE(filter);
  const int result = in_child([&filter] {
    if (install(*filter) != 0) {
      return 100;
    }
    ::execl(
        "/bin/sh", "sh", "-c",
        "d=$(mktemp -d) && cd $d && echo text > a && cp a b && cat a b | sort | wc -l >/dev/null"
        " && ln -s a c && mv b e && chmod 600 e && nice true && rm -r $d",
        nullptr);
    return 101;
  });
  EXPECT_EQ(result, 0);
}

TEST(FiltersLiveWorkTest, AllowedSocketsWorkUnderTheFilter) {
  for (const NetworkTier tier : {NetworkTier::Blocked, NetworkTier::Ports, NetworkTier::Open}) {
    const auto filter = static_filter({.network = tier});
    ASSERT_TRUE(filter);
    const int result = in_child([&] {
      if (install(*filter) != 0) {
        return 100;
      }
      int pair[2];
      const bool local = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 &&
                         ::send(pair[0], "x", 1, MSG_NOSIGNAL) == 1 &&
                         ::socket(AF_UNIX, SOCK_SEQPACKET, 0) >= 0;
      const bool tcp = ::socket(AF_INET, SOCK_STREAM, 0) >= 0;
      const bool udp = ::socket(AF_INET, SOCK_DGRAM, 0) >= 0;
      const bool routes = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0;
      return (local ? 1 : 0) + (tcp ? 2 : 0) + (udp ? 4 : 0) + (routes ? 8 : 0);
    });
    const int expected = tier == NetworkTier::Blocked ? 1 : tier == NetworkTier::Ports ? 11 : 15;
    EXPECT_EQ(result, expected);
  }
}

}  // namespace
}  // namespace nono::sandbox::testing
