#include "session/registry.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "base/files.h"
#include "session/control.h"

namespace nono::session {
namespace {

constexpr const char* kId = "0123456789abcdef";

class RegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string form = "/var/tmp/nono-registry-XXXXXX";
    ASSERT_NE(::mkdtemp(form.data()), nullptr);
    base_ = form;
    directory_ = base_ + "/sessions";
  }
  void TearDown() override {
    // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): the tests of this file run one by one
    EXPECT_EQ(std::system(("rm -rf " + base_).c_str()), 0);
  }
  static SessionRecord record(const std::string& id, const std::string& name = "") {
    SessionRecord out;
    out.id = id;
    out.name = name;
    out.started = "2026-01-02T03:04:05Z";
    out.command = {"true"};
    return out;
  }
  bool there(const std::string& name) const {
    struct stat status{};
    return ::lstat((directory_ + "/" + name).c_str(), &status) == 0;
  }
  OwnedFd open(const std::string& name) const {
    return OwnedFd(
        ::open((directory_ + "/" + name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  }
  void make(const std::string& name, std::string_view text) const {
    const OwnedFd file = open(name);
    EXPECT_TRUE(write_all(file, text));
  }
  // socket leaves the control socket of a process that was killed.
  void socket(const std::string& id) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto server = ControlServer::open(directory_, id);
      static_cast<void>(server);
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(there(socket_name(id)));
  }
  std::string base_;
  std::string directory_;
};

TEST_F(RegistryTest, AnEntryIsListedWhileItsHolderLives) {
  {
    const auto live = LiveSession::enter(directory_, record(kId, "one"));
    ASSERT_TRUE(live) << live.error().message();
    const auto listed = list_sessions(directory_);
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().state, SessionState::Running);
    EXPECT_EQ(listed->front().record.name, "one");
    EXPECT_EQ(listed->front().record.supervisor, ::getpid());
    EXPECT_FALSE(there(std::string(kId) + ".new"));
    EXPECT_FALSE(LiveSession::enter(directory_, record("0123456789abcdea", "one")));
  }
  EXPECT_TRUE(list_sessions(directory_)->empty());
}

// Whoever opens an entry by its name finds it whole, and locked.
// A file would stay, and be root's where root ran the first session with a name.
TEST_F(RegistryTest, ANameIsHeldByNothingThatStays) {
  {
    const auto live = LiveSession::enter(directory_, record(kId, "one"));
    ASSERT_TRUE(live) << live.error().message();
    EXPECT_FALSE(LiveSession::enter(directory_, record("0123456789abcde0", "one")));
  }
  EXPECT_EQ(::rmdir(directory_.c_str()), 0) << errno;
}

TEST_F(RegistryTest, AnEntryIsWholeFromTheMomentItHasItsName) {
  ASSERT_TRUE(make_private_directories(directory_));
  const std::string path = directory_ + "/" + kId + ".json";
  std::atomic<bool> done{false};
  std::atomic<int> whole{0};
  std::atomic<int> broken{0};
  std::thread looks([&] {
    while (!done) {
      const OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (file.valid()) {
        const bool locked = ::flock(BorrowedFd(file).raw(), LOCK_SH | LOCK_NB) != 0;
        struct stat status{};
        ::fstat(BorrowedFd(file).raw(), &status);
        // The entry of one that ended meanwhile has no name any more.
        ++(status.st_size > 0 && (locked || status.st_nlink == 0) ? whole : broken);
      }
    }
  });
  for (int i = 0; i < 20'000 && (i < 2'000 || whole == 0); ++i) {
    EXPECT_TRUE(LiveSession::enter(directory_, record(kId)));
  }
  done = true;
  looks.join();
  EXPECT_GT(whole, 0);
  EXPECT_EQ(broken, 0);
}

TEST_F(RegistryTest, WhoEndsByItselfIsNeverTakenForKilled) {
  ASSERT_TRUE(make_private_directories(directory_));
  const pid_t sessions = ::fork();
  if (sessions == 0) {
    for (int i = 0; i < 1'000; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        const bool entered = LiveSession::enter(directory_, record(kId)).has_value();
        ::_exit(entered ? 0 : 1);
      }
      ::waitpid(child, nullptr, 0);
    }
    ::_exit(0);
  }
  int seen = 0;
  while (::waitpid(sessions, nullptr, WNOHANG) == 0) {
    for (const ListedSession& each : list_sessions(directory_).value()) {
      EXPECT_NE(each.state, SessionState::Stale);
      ++seen;
    }
  }
  EXPECT_GT(seen, 0);
}

TEST_F(RegistryTest, ASweepDuringAStartDoesNotStopIt) {
  std::atomic<bool> done{false};
  std::thread sweeps([&] {
    while (!done) {
      sweep_dead_starts(directory_);
    }
  });
  for (int i = 0; i < 2'000; ++i) {
    const auto live = LiveSession::enter(directory_, record(kId));
    EXPECT_TRUE(live && there(std::string(kId) + ".json"))
        << i << (live ? std::string() : ": " + live.error().message());
  }
  done = true;
  sweeps.join();
}

TEST_F(RegistryTest, WhatDeadStartsLeftIsSwept) {
  ASSERT_TRUE(make_private_directories(directory_));
  make("0123456789abcde0.new", "");
  make("0123456789abcde1.new", "{\"id\":");
  make("0123456789abcde2.json", "");
  socket("0123456789abcde2");
  socket("0123456789abcde3");
  sweep_dead_starts(directory_);
  for (const char* name : {"0123456789abcde0.new", "0123456789abcde1.new", "0123456789abcde2.json",
                           "0123456789abcde3.sock"}) {
    EXPECT_FALSE(there(name)) << name;
  }
  sweep_dead_starts(directory_);
  EXPECT_FALSE(there("0123456789abcde2.sock"));
}

TEST_F(RegistryTest, WhatLivesAndWhatIsNotOursStays) {
  const auto live = LiveSession::enter(directory_, record(kId));
  const auto server = ControlServer::open(directory_, kId);
  ASSERT_TRUE(live && server);
  const OwnedFd held = open("0123456789abcde0.new");
  ASSERT_EQ(::flock(BorrowedFd(held).raw(), LOCK_EX), 0);
  make("notes.new", "");
  make("0123456789abcde4.json", "{");
  ASSERT_EQ(::symlink("/dev/null", (directory_ + "/0123456789abcde5.new").c_str()), 0);
  ASSERT_EQ(::mkdir((directory_ + "/0123456789abcde6.new").c_str(), 0700), 0);
  sweep_dead_starts(directory_);
  for (const char* name :
       {"0123456789abcdef.json", "0123456789abcdef.sock", "0123456789abcde0.new", "notes.new",
        "0123456789abcde4.json", "0123456789abcde5.new", "0123456789abcde6.new"}) {
    EXPECT_TRUE(there(name)) << name;
  }
  sweep_dead_starts(base_ + "/none");
}

}  // namespace
}  // namespace nono::session
