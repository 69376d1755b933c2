// tests/sandbox/landlock_live_test.cc: what a confined child can and cannot do, each with a
// control.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <cstring>
#include <functional>

#include "sandbox/kernel_abi.h"
#include "sandbox/landlock.h"
#include "tests/sandbox/children.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox::testing {
namespace {

const Access kRead = Access::read();
const Access kWrite = Access::write();
const Access kExecute = Access::execute();

int errno_of(long result) {
  return result < 0 ? errno : 0;
}

class LandlockLiveTest : public ::testing::Test {
 protected:
  LandlockLiveTest() : features_(probe({}, ProbeDepth::Quick)) {
    for (const char* name : {"in", "out", "both", "both/a", "both/b"}) {
      tree_.directory(name);
    }
    for (const char* name : {"in/file", "out/file", "both/a/file", "both/b/file"}) {
      tree_.file(name, "text");
    }
  }
  void SetUp() override {
    if (features_.landlock_abi < 2) {
      GTEST_SKIP() << "no Landlock with REFER here";
    }
  }
  std::string at(const std::string& name) const { return tree_.path(name); }
  void grant(const std::string& path, Access access) {
    const auto result = wanted_.allow_path(path, access, "test");
    ASSERT_TRUE(result) << result.error().message();
  }
  // confined returns what `attempt` (0 or an errno) says inside the sandbox.
  int confined(const std::function<int()>& attempt) {
    const auto ruleset = make_ruleset(wanted_, features_);
    EXPECT_TRUE(ruleset) << ruleset.error().message();
    if (!ruleset) {
      return -2;
    }
    return in_child([&] {
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      if (::syscall(abi::kSysLandlockRestrictSelf, BorrowedFd(*ruleset).raw(), 0) != 0) {
        return 250;
      }
      return attempt();
    });
  }
  static int free(const std::function<int()>& attempt) { return in_child(attempt); }

  // Opens as `flags` say.
  std::function<int()> open(const std::string& path, int flags) const {
    return [path, flags] { return errno_of(::open(path.c_str(), flags | O_CLOEXEC, 0600)); };
  }

  const TemporaryTree tree_;
  const HostFeatures features_;
  CapabilitySet wanted_;
};

TEST_F(LandlockLiveTest, WithoutGrantsNothingCanBeOpened) {
  EXPECT_EQ(free(open(at("in/file"), O_RDONLY)), 0);
  EXPECT_EQ(confined(open(at("in/file"), O_RDONLY)), EACCES);
  EXPECT_EQ(confined(open("/dev/null", O_RDONLY)), EACCES);
  EXPECT_EQ(confined(open("/proc/self/status", O_RDONLY)), EACCES);
  EXPECT_EQ(confined(open("/", O_RDONLY | O_DIRECTORY)), EACCES);
}

TEST_F(LandlockLiveTest, ReadingWorksInsideAReadGrantOnly) {
  grant(at("in"), kRead);
  EXPECT_EQ(confined(open(at("in/file"), O_RDONLY)), 0);
  EXPECT_EQ(confined(open(at("in"), O_RDONLY | O_DIRECTORY)), 0);
  EXPECT_EQ(confined(open(at("out/file"), O_RDONLY)), EACCES);
  EXPECT_EQ(confined(open(at("out"), O_RDONLY | O_DIRECTORY)), EACCES);
}

TEST_F(LandlockLiveTest, WritingNeedsAWriteGrant) {
  grant(at("in"), kRead);
  grant(at("both"), kRead | kWrite);
  EXPECT_EQ(free(open(at("in/file"), O_WRONLY)), 0);
  EXPECT_EQ(confined(open(at("in/file"), O_WRONLY)), EACCES);
  EXPECT_EQ(confined(open(at("in/new"), O_WRONLY | O_CREAT)), EACCES);
  EXPECT_EQ(confined(open(at("both/a/file"), O_RDWR)), 0);
  EXPECT_EQ(confined(open(at("both/a/new"), O_WRONLY | O_CREAT | O_EXCL)), 0);
}

TEST_F(LandlockLiveTest, AWriteGrantDoesNotRead) {
  grant(at("in"), kWrite);
  EXPECT_EQ(confined(open(at("in/file"), O_WRONLY)), 0);
  EXPECT_EQ(confined(open(at("in/file"), O_RDONLY)), EACCES);
}

TEST_F(LandlockLiveTest, TruncatingByPathNeedsAWriteGrant) {
  if ((features_.landlock_fs & abi::fs::kTruncate) == 0) {
    GTEST_SKIP() << "no TRUNCATE before ABI 3";
  }
  grant(at("in"), kRead);
  grant(at("both"), kWrite);
  const auto truncate = [this](const char* name) {
    return [path = at(name)] { return errno_of(::truncate(path.c_str(), 1)); };
  };
  EXPECT_EQ(free(truncate("out/file")), 0);
  EXPECT_EQ(confined(truncate("out/file")), EACCES);
  EXPECT_EQ(confined(truncate("in/file")), EACCES);
  EXPECT_EQ(confined(truncate("both/a/file")), 0);
}

TEST_F(LandlockLiveTest, RemovingAndMakingNeedAWriteGrant) {
  grant(at("in"), kRead);
  grant(at("both"), kWrite);
  struct Attempt {
    const char* what;
    std::function<int(const std::string&)> make;
  };
  const Attempt attempts[] = {
      {"mkdir", [](const std::string& d) { return errno_of(::mkdir((d + "/n").c_str(), 0700)); }},
      {"rmdir", [](const std::string& d) { return errno_of(::rmdir((d + "/d").c_str())); }},
      {"symlink",
       [](const std::string& d) { return errno_of(::symlink("x", (d + "/l").c_str())); }},
      {"mkfifo", [](const std::string& d) { return errno_of(::mkfifo((d + "/f").c_str(), 0600)); }},
      {"unlink", [](const std::string& d) { return errno_of(::unlink((d + "/file").c_str())); }},
  };
  tree_.directory("in/d");
  tree_.directory("both/a/d");
  for (const Attempt& attempt : attempts) {
    EXPECT_EQ(confined([&] { return attempt.make(at("in")); }), EACCES) << attempt.what;
    EXPECT_EQ(confined([&] { return attempt.make(at("both/a")); }), 0) << attempt.what;
    EXPECT_EQ(free([&] { return attempt.make(at("in")); }), 0) << attempt.what;
  }
}

TEST_F(LandlockLiveTest, DeviceNodesAreNotMadeEvenByRootInAWriteGrant) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root makes device nodes";
  }
  grant(at("both"), kRead | kWrite);
  const auto make = [path = at("both/null")] {
    return errno_of(::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 3)));
  };
  EXPECT_EQ(confined(make), EACCES);
  const int control = free(make);
  if (control != 0) {
    GTEST_SKIP() << "refused; but this root may not make device nodes anyway";
  }
}

TEST_F(LandlockLiveTest, MovingBetweenGrantedDirectoriesWorks) {
  grant(at("both/a"), kRead | kWrite);
  grant(at("both/b"), kRead | kWrite);
  EXPECT_EQ(confined([this] {
              return errno_of(::rename(at("both/a/file").c_str(), at("both/b/moved").c_str()));
            }),
            0);
}

TEST_F(LandlockLiveTest, MovingOrLinkingOutOfOrIntoAGrantIsRefused) {
  grant(at("in"), kRead | kWrite);
  const auto rename = [this](const char* from, const char* to) {
    return [from = at(from), to = at(to)] { return errno_of(::rename(from.c_str(), to.c_str())); };
  };
  const auto link = [this](const char* from, const char* to) {
    return [from = at(from), to = at(to)] { return errno_of(::link(from.c_str(), to.c_str())); };
  };
  const auto refused = [this](const std::function<int()>& attempt) {
    const int error = confined(attempt);
    return error == EACCES || error == EXDEV;
  };
  EXPECT_TRUE(refused(rename("in/file", "out/moved")));
  EXPECT_TRUE(refused(rename("out/file", "in/moved")));
  EXPECT_TRUE(refused(link("out/file", "in/linked")));
  EXPECT_TRUE(refused(link("in/file", "out/linked")));
  EXPECT_EQ(free(link("out/file", "in/linked")), 0);
  EXPECT_EQ(free(rename("out/file", "in/moved")), 0);
}

TEST_F(LandlockLiveTest, MovingWhereMoreIsAllowedIsRefused) {
  grant(at("in"), kRead | kWrite);
  grant(at("both/a"), kRead | kWrite | kExecute);
  EXPECT_EQ(confined([this] {
              return errno_of(::rename(at("in/file").c_str(), at("both/a/x").c_str()));
            }),
            EXDEV);
}

TEST_F(LandlockLiveTest, ExecutingNeedsAnExecuteGrant) {
  // The attempts program is static: it needs nothing but itself.
  const auto run = [] {
    const char* const arguments[] = {"sandbox_attempts", "--list", nullptr};
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::execv(NONO_ATTEMPTS, const_cast<char* const*>(arguments));
    return errno;
  };
  EXPECT_EQ(free(run), 0);
  EXPECT_EQ(confined(run), EACCES);
  grant(NONO_ATTEMPTS, kRead);
  EXPECT_EQ(confined(run), EACCES);
  grant(NONO_ATTEMPTS, kExecute);
  EXPECT_EQ(confined(run), 0);
}

TEST_F(LandlockLiveTest, AFileGrantDoesNotReachItsNeighbours) {
  grant(at("in/file"), kRead | kWrite);
  EXPECT_EQ(confined(open(at("in/file"), O_RDWR)), 0);
  EXPECT_EQ(confined(open(at("in"), O_RDONLY | O_DIRECTORY)), EACCES);
  EXPECT_EQ(confined(open(at("in/new"), O_WRONLY | O_CREAT)), EACCES);
}

TEST_F(LandlockLiveTest, AGrantFollowsItsObjectAndNotItsName) {
  grant(at("in"), kRead);
  ASSERT_EQ(::rename(at("in").c_str(), at("moved").c_str()), 0);
  ASSERT_EQ(::rename(at("out").c_str(), at("in").c_str()), 0);
  EXPECT_EQ(confined(open(at("moved/file"), O_RDONLY)), 0);
  EXPECT_EQ(confined(open(at("in/file"), O_RDONLY)), EACCES);
}

TEST_F(LandlockLiveTest, ASymlinkIntoTheUngrantedLeadsNowhere) {
  grant(at("in"), kRead | kWrite);
  ASSERT_EQ(::symlink("../out/file", at("in/link").c_str()), 0);
  EXPECT_EQ(free(open(at("in/link"), O_RDONLY)), 0);
  EXPECT_EQ(confined(open(at("in/link"), O_RDONLY)), EACCES);
}

class LandlockTerminalTest : public LandlockLiveTest {
 protected:
  void SetUp() override {
    LandlockLiveTest::SetUp();
    if ((features_.landlock_fs & abi::fs::kIoctlDev) == 0) {
      GTEST_SKIP() << "no IOCTL_DEV before ABI 5";
    }
    char name[64];
    int master = -1;
    int slave = -1;
    ASSERT_EQ(::openpty(&master, &slave, name, nullptr, nullptr), 0);
    master_ = OwnedFd(master);
    slave_ = OwnedFd(slave);
    name_ = name;
  }
  // The size of the terminal, through a descriptor that is opened inside the sandbox.
  std::function<int()> ask_size() const {
    return [name = name_] {
      const int terminal = ::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
      struct winsize size{};
      return terminal < 0 ? 200 : errno_of(::ioctl(terminal, TIOCGWINSZ, &size));
    };
  }
  OwnedFd master_;
  OwnedFd slave_;
  std::string name_;
};

TEST_F(LandlockTerminalTest, AGrantedDeviceFileTakesIoctls) {
  grant(name_, kRead | kWrite);
  EXPECT_EQ(confined(ask_size()), 0);
}

TEST_F(LandlockTerminalTest, AGrantBelowDevTakesIoctls) {
  grant("/dev/pts", kRead | kWrite);
  EXPECT_EQ(confined(ask_size()), 0);
}

TEST_F(LandlockTerminalTest, AGrantOfTheWholeTreeTakesNoDeviceIoctls) {
  grant("/", kRead | kWrite);
  EXPECT_EQ(confined(ask_size()), EACCES);
}

TEST_F(LandlockTerminalTest, AnExecuteGrantOfADeviceTakesNoIoctls) {
  grant("/", kRead | kWrite);
  grant(name_, kExecute);
  // The file's own entry got no right but execute; what "/" gives has no ioctls.
  EXPECT_EQ(confined(ask_size()), EACCES);
}

class LandlockNetworkTest : public LandlockLiveTest {
 protected:
  void SetUp() override {
    LandlockLiveTest::SetUp();
    if (features_.landlock_net == 0) {
      GTEST_SKIP() << "no TCP rights before ABI 4";
    }
    listener_ = OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    const int raw = BorrowedFd(listener_).raw();
    ASSERT_EQ(::bind(raw, reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::listen(raw, 16), 0);
    ASSERT_EQ(::getsockname(raw, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  static std::function<int()> connect(std::uint16_t port) {
    return [port] {
      const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(port);
      return errno_of(
          ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    };
  }
  static std::function<int()> bind(std::uint16_t port) {
    return [port] {
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(port);
      return errno_of(::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    };
  }
  OwnedFd listener_;
  std::uint16_t port_ = 0;
};

TEST_F(LandlockNetworkTest, ABlockedNetworkNeitherConnectsNorBinds) {
  EXPECT_EQ(free(connect(port_)), 0);
  EXPECT_EQ(confined(connect(port_)), EACCES);
  EXPECT_EQ(confined(bind(0)), EACCES);
}

TEST_F(LandlockNetworkTest, AGrantedPortConnectsAndNoOther) {
  wanted_.allow_ports({.connect = {port_}, .listen = {}});
  EXPECT_EQ(confined(connect(port_)), 0);
  EXPECT_EQ(confined(connect(static_cast<std::uint16_t>(port_ - 1))), EACCES);
  EXPECT_EQ(confined(bind(0)), EACCES);
}

TEST_F(LandlockNetworkTest, AConnectPortDoesNotBindAndAListenPortDoesNotConnect) {
  wanted_.allow_ports({.connect = {0}, .listen = {port_}});
  EXPECT_EQ(confined(connect(port_)), EACCES);
  EXPECT_EQ(confined(bind(port_)), EADDRINUSE);
  EXPECT_EQ(confined(bind(0)), EACCES);
}

TEST_F(LandlockNetworkTest, AnOpenNetworkConnectsAndBinds) {
  wanted_.allow_all_network(NoNetworkFilter::i_accept_exfiltration_risk());
  EXPECT_EQ(confined(connect(port_)), 0);
  EXPECT_EQ(confined(bind(0)), 0);
}

class LandlockScopeTest : public LandlockLiveTest {
 protected:
  void SetUp() override {
    LandlockLiveTest::SetUp();
    if (features_.landlock_scopes == 0) {
      GTEST_SKIP() << "no scopes before ABI 6";
    }
  }
};

TEST_F(LandlockScopeTest, SignalsDoNotLeaveTheSandbox) {
  const pid_t outside = ::getpid();
  const auto signal = [outside] { return errno_of(::kill(outside, 0)); };
  EXPECT_EQ(free(signal), 0);
  EXPECT_EQ(confined(signal), EPERM);
}

TEST_F(LandlockScopeTest, SignalsWorkInsideTheSandbox) {
  EXPECT_EQ(confined([] {
              const pid_t child = ::fork();
              if (child == 0) {
                ::pause();
              }
              const int error = errno_of(::kill(child, SIGKILL));
              ::waitpid(child, nullptr, 0);
              return error;
            }),
            0);
}

TEST_F(LandlockScopeTest, AbstractSocketsOutsideAreOutOfReach) {
  const std::string name = "nono-test-" + std::to_string(::getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path[1], name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const OwnedFd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int raw = BorrowedFd(server).raw();
  ASSERT_EQ(::bind(raw, reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(raw, 4), 0);
  const auto connect = [&address, length] {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return errno_of(::connect(client, reinterpret_cast<const sockaddr*>(&address), length));
  };
  EXPECT_EQ(free(connect), 0);
  EXPECT_EQ(confined(connect), EPERM);
}

}  // namespace
}  // namespace nono::sandbox::testing
