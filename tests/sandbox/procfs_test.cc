#include "sandbox/procfs.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>

#include "sandbox/kernel_abi.h"
#include "sandbox/landlock.h"
#include "tests/sandbox/children.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox {
namespace {

using testing::in_child;

TEST(ProcessAtTest, IsTheFirstNumberBeneathProc) {
  EXPECT_EQ(process_at("/proc/12"), 12);
  EXPECT_EQ(process_at("/proc/12/cmdline"), 12);
  EXPECT_EQ(process_at("/proc/12/task/13/comm"), 12);
  for (const char* other : {"/proc", "/proc/", "/proc/self/stat", "/proc/-5/stat", "/proc/uptime",
                            "/process/12", "/x/proc/12", "proc/12", "/proc/99999999999/stat", ""}) {
    EXPECT_EQ(process_at(other), 0) << other;
  }
}

// Waiting is a child that waits until it is killed, and what it does before.
class Waiting {
 public:
  explicit Waiting(const std::function<void()>& before = [] {}) {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      before();
      static_cast<void>(!::write(ready[1], "r", 1));
      for (;;) {
        ::pause();
      }
    }
    char none = 0;
    EXPECT_EQ(::read(ready[0], &none, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    end();
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  // end leaves it unwaited for.
  void end() const {
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

 private:
  pid_t pid_ = -1;
};

// lose_the_first_thread: another goes on, and the process has no directory any more.
void lose_the_first_thread() {
  pthread_t other{};
  const auto wait = [](void*) -> void* {
    for (;;) {
      ::pause();
    }
  };
  ::pthread_create(&other, nullptr, wait, nullptr);
  ::syscall(SYS_exit, 0);
}

class IsOutsideTest : public ::testing::Test {
 protected:
  IsOutsideTest() : features_(probe({}, ProbeDepth::Quick)) {}
  void SetUp() override {
    if (features_.landlock_abi < 2) {
      GTEST_SKIP() << "no Landlock with REFER here";
    }
  }
  // inside says what `look` does in a domain of its own, as an ordinary user.
  int inside(const std::function<bool()>& look) const {
    const auto ruleset = make_ruleset(CapabilitySet(), features_);
    EXPECT_TRUE(ruleset) << ruleset.error().message();
    return !ruleset ? -2 : in_child([&] {
      if (::geteuid() == 0 && testing::become_nobody() != 0) {
        return 251;
      }
      ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      if (::syscall(abi::kSysLandlockRestrictSelf, BorrowedFd(*ruleset).raw(), 0) != 0) {
        return 250;
      }
      return look() ? 1 : 0;
    });
  }
  const HostFeatures features_;
};

TEST_F(IsOutsideTest, OnesOwnProcessesAreInside) {
  EXPECT_EQ(inside([] { return is_outside(::getpid()); }), 0);
  EXPECT_EQ(inside([] { return is_outside(Waiting().pid()); }), 0);
}

TEST_F(IsOutsideTest, ThoseOfOthersAreOutside) {
  const pid_t here = ::getpid();
  const Waiting other;
  EXPECT_EQ(inside([here] { return is_outside(here); }), 1);
  EXPECT_EQ(inside([&] { return is_outside(other.pid()); }), 1);
  EXPECT_EQ(inside([] { return is_outside(1); }), 1);
}

TEST_F(IsOutsideTest, OneThatHasEndedTellsNothingAndIsWhereItWas) {
  EXPECT_EQ(inside([] {
              const Waiting own;
              own.end();
              return is_outside(own.pid());
            }),
            0);
  EXPECT_EQ(inside([] {
              const pid_t gone = Waiting().pid();  // reaped by now
              return is_outside(gone);
            }),
            0);
  const Waiting other;
  other.end();
  EXPECT_EQ(inside([&] { return is_outside(other.pid()); }), 1);
}

TEST_F(IsOutsideTest, OneWithoutItsFirstThreadIsWhereItWas) {
  const auto lost = [] {
    const pid_t child = ::fork();
    if (child == 0) {
      lose_the_first_thread();
    }
    const std::string cwd = "/proc/" + std::to_string(child) + "/cwd";
    std::array<char, 16> text{};
    for (int i = 0; i < 500 && ::readlink(cwd.c_str(), text.data(), text.size()) >= 0; ++i) {
      ::usleep(10'000);
    }
    return child;
  };
  const auto done = [](pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  };
  EXPECT_EQ(inside([&] {
              const pid_t own = lost();
              const bool outside = is_outside(own);
              done(own);
              return outside;
            }),
            0);
  const pid_t other = lost();
  EXPECT_EQ(inside([&] { return is_outside(other); }), 1);
  done(other);
}

TEST_F(IsOutsideTest, OneOnesOwnThatIsNotDumpableCountsAsOutside) {
  EXPECT_EQ(inside([] {
              return is_outside(Waiting([] { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }).pid());
            }),
            1);
}

TEST_F(IsOutsideTest, APathThatIsTooLongToTellShowsThatOneMayLook) {
  const testing::TemporaryTree tree;
  const std::string name(250, 'd');
  const auto go_down = [&] {
    if (::chdir(tree.path("").c_str()) != 0) {
      ::_exit(1);
    }
    for (int i = 0; i < 20; ++i) {
      if ((::mkdir(name.c_str(), 0755) != 0 && errno != EEXIST) || ::chdir(name.c_str()) != 0) {
        ::_exit(1);
      }
    }
  };
  const Waiting other(go_down);
  EXPECT_EQ(in_child([&] {
              std::array<char, 16> text{};
              const std::string cwd = "/proc/" + std::to_string(other.pid()) + "/cwd";
              return ::readlink(cwd.c_str(), text.data(), text.size()) < 0 ? errno : 0;
            }),
            ENAMETOOLONG);
  EXPECT_EQ(inside([&] { return is_outside(other.pid()); }), 1);
  EXPECT_EQ(in_child([&] {  // without a domain, and with the right to look
              return is_outside(other.pid()) ? 1 : 0;
            }),
            0);
}

// failing installs a filter under which a readlink fails with `error`.
void failing(int error) {
  const auto refuse = static_cast<std::uint32_t>(error);
  const std::array<sock_filter, 5> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
#ifdef __NR_readlink
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_readlink, 2, 0),
#else
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_readlinkat, 2, 0),
#endif
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_readlinkat, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refuse),
  }};
  if (testing::install(program) != 0) {
    ::_exit(252);
  }
}

TEST(IsOutsideFailureTest, EveryOtherFailureOfTheLookCounts) {
  for (const int error : {EACCES, EPERM, EIO, EINVAL, ENOMEM, ELOOP, ENOTDIR, EMFILE, ENOSYS}) {
    EXPECT_EQ(in_child([error] {
                failing(error);
                return is_outside(::getpid()) ? 1 : 0;
              }),
              1)
        << error;
  }
  for (const int error : {ENOENT, ESRCH, ENAMETOOLONG}) {
    EXPECT_EQ(in_child([error] {
                failing(error);
                return is_outside(::getpid()) ? 1 : 0;
              }),
              0)
        << error;
  }
}

}  // namespace
}  // namespace nono::sandbox
