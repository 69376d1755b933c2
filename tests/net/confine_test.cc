// What nono-net can no longer do: net/confine.h. Each try has its control, which does the same
// without the confinement, so that a refusal cannot come from elsewhere.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/files.h"
#include "tests/net/server.h"
#include "tests/net/support.h"

namespace nono::net::test {
namespace {

namespace fs = std::filesystem;

enum class Outcome : int { Possible = 0, Refused = 1, ProbeFailed = 2 };

Outcome attempt(const char* how, const char* what, const std::string& path = "") {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl(NONO_CONFINE_PROBE, "confine_probe", how, what, path.c_str(), nullptr);
    ::_exit(2);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? static_cast<Outcome>(WEXITSTATUS(status)) : Outcome::ProbeFailed;
}

class ConfineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NONO_NEEDS_LANDLOCK();
    std::string pattern = (fs::temp_directory_path() / "nono-confine-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    ASSERT_TRUE(replace_file(file(), "secret", 0600));
  }
  void TearDown() override {
    if (!directory_.empty()) {
      fs::remove_all(directory_);
    }
  }
  std::string file() const { return directory_ + "/file"; }
  std::string directory_;
};

TEST_F(ConfineTest, AUsersFilesCannotBeReadListedChangedMadeOrRemoved) {
  for (const auto* what : {"read", "write", "remove"}) {
    EXPECT_EQ(attempt("confined", what, file()), Outcome::Refused) << what;
    EXPECT_EQ(attempt("free", what, file()), Outcome::Possible) << what;
  }
  ASSERT_TRUE(replace_file(file(), "secret", 0600));
  EXPECT_EQ(attempt("confined", "list", directory_), Outcome::Refused);
  EXPECT_EQ(attempt("free", "list", directory_), Outcome::Possible);
  EXPECT_EQ(attempt("confined", "create", file() + "2"), Outcome::Refused);
  EXPECT_EQ(attempt("free", "create", file() + "2"), Outcome::Possible);
}

TEST_F(ConfineTest, OfTheSystemOnlyWhatTheResolverNeedsIsReadable) {
  for (const auto* path : {"/etc/passwd", "/proc/self/environ", "/proc/1/status", "/dev/null"}) {
    EXPECT_EQ(attempt("confined", "read", path), Outcome::Refused) << path;
    EXPECT_EQ(attempt("free", "read", path), Outcome::Possible) << path;
  }
  EXPECT_EQ(attempt("confined", "read", "/etc/hosts"), Outcome::Possible);
  EXPECT_EQ(attempt("confined", "write", "/etc/hosts"), Outcome::Refused);
}

TEST_F(ConfineTest, NothingIsExecutedForkedOrMadeIntoCode) {
  for (const auto* what :
       {"exec", "execveat", "fork", "writable-code", "new-code", "memfd", "ptrace", "kill"}) {
    EXPECT_EQ(attempt("confined", what), Outcome::Refused) << what;
  }
  for (const auto* what :
       {"exec", "fork", "writable-code", "new-code", "memfd", "ptrace", "kill"}) {
    EXPECT_EQ(attempt("free", what), Outcome::Possible) << what;
  }
}

TEST_F(ConfineTest, OnlyConnectionsOutAreLeftOfTheNetwork) {
  for (const auto* what : {"listen", "unix", "raw", "io_uring"}) {
    EXPECT_EQ(attempt("confined", what), Outcome::Refused) << what;
  }
  for (const auto* what : {"listen", "unix"}) {
    EXPECT_EQ(attempt("free", what), Outcome::Possible) << what;
  }
}

TEST_F(ConfineTest, WhatTheLibraryNeedsIsLeft) {
  for (const auto* what : {"tcp", "udp", "netlink-route", "memory", "thread", "resolve"}) {
    EXPECT_EQ(attempt("confined", what), Outcome::Possible) << what;
  }
}

TEST_F(ConfineTest, NoMemoryOfItIsWrittenToADisk) {
  EXPECT_EQ(attempt("confined", "core"), Outcome::Refused);
}

// The program as it was built: what the kernel says of it while it waits for an answer.
TEST_F(ConfineTest, TheProgramIsConfinedWhileItCarriesARequest) {
  std::mutex mutex;  // the answer comes by another process, which orders nothing here
  std::string status;
  const Server server([&](Connection& connection, const std::string&) {
    std::array<char, 64> pids{};
    const std::string list = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
    const int fd = ::open(list.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = ::read(fd, pids.data(), pids.size());
    ::close(fd);
    const std::string_view first(pids.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
    {
      const std::scoped_lock lock(mutex);
      status =
          read_file("/proc/" + std::string(first.substr(0, first.find(' '))) + "/status", 1u << 16)
              .value_or("");
    }
    connection.say(ok(""));
  });
  NonoNetClient client(real_program());
  ASSERT_TRUE(client.send(get(server.url())));
  const std::scoped_lock lock(mutex);
  for (const auto* line : {"NoNewPrivs:\t1\n", "Seccomp:\t2\n", "CapEff:\t0000000000000000\n",
                           "CapPrm:\t0000000000000000\n"}) {
    EXPECT_TRUE(status.contains(line)) << line << " is not in\n" << status;
  }
}

}  // namespace
}  // namespace nono::net::test
