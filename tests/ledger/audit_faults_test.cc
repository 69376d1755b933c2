// tests/ledger/audit_faults_test.cc: full disks, failing disks and sudden death, on real files.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>
#include <random>
#include <string>

#include "ledger/audit_line.h"
#include "ledger/audit_log.h"
#include "ledger/audit_reader.h"
#include "recorded_session.h"

namespace nono::ledger {
namespace {

Json padded(std::size_t size) {
  return Json(Json::Object{{"text", Json(std::string(size, 'x'))}});
}

// in_child runs what changes the whole process in a process of its own; its exit code is 0 when
// `body` returned true.
bool in_child(const std::function<bool()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void set_file_size_limit(rlim_t size) {
  const struct rlimit limit{size, RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

// fail_call makes one system call of this process fail with `error` from now on.
bool fail_call(unsigned number, unsigned error) {
  std::array<sock_filter, 4> code = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

LogState state_of(const std::string& directory) {
  const auto verification = verify_session(directory, kSession);
  return verification ? verification->state : LogState::Broken;
}

TEST(AuditFaultsTest, ShortWriteIsTakenBackAndTheLogGoesOn) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    AuditLog log = directory.start();
    const std::size_t size = directory.events_text().size();
    set_file_size_limit(size + 700);  // half of the next line fits
    const auto failed = log.append("decision", padded(1000), Durability::Lazy);
    const bool taken_back = directory.events_text().size() == size;
    set_file_size_limit(RLIM_INFINITY);
    const auto next = log.append("decision", padded(1000), Durability::Durable);
    return !failed && failed.error().code() == EFBIG && taken_back && next &&
           next->sequence() == 2 && log.close(Json(Json::Object{}));
  });
  EXPECT_TRUE(fine);
  EXPECT_EQ(state_of(directory.path()), LogState::Sealed);
}

TEST(AuditFaultsTest, WhatCouldNotBeWrittenIsCountedInTheLog) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    AuditLog log = directory.start();
    const std::size_t size = directory.events_text().size();
    set_file_size_limit(size + 100);
    int failed = 0;
    for (int i = 0; i < 3; ++i) {
      failed += log.append("decision", padded(10), Durability::Lazy) ? 0 : 1;
    }
    // Room for the count and not for the event behind it: that is one more, and told once.
    set_file_size_limit(size + 400);
    failed += log.append("decision", padded(1000), Durability::Durable) ? 0 : 1;
    set_file_size_limit(RLIM_INFINITY);
    return failed == 4 && log.append("decision", padded(10), Durability::Lazy) &&
           log.append("decision", padded(10), Durability::Lazy) && log.close(Json(Json::Object{}));
  });
  ASSERT_TRUE(fine);
  const auto checked = verify_session(directory.path(), kSession);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->state, LogState::Sealed) << checked->detail;
  EXPECT_EQ(checked->lost, 4u);
  EXPECT_EQ(list_sessions(directory.path())->front().lost, 4u);
  const auto lines = directory.lines();
  ASSERT_EQ(lines.size(), 7u);
  EXPECT_NE(lines[1].find(R"("type":"records_lost","count":3)"), std::string::npos) << lines[1];
  EXPECT_NE(lines[2].find(R"("type":"records_lost","count":1)"), std::string::npos) << lines[2];
}

TEST(AuditFaultsTest, TheEndTellsWhatWasLostBeforeIt) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    AuditLog log = directory.start();
    set_file_size_limit(directory.events_text().size() + 100);
    const bool failed = !log.append("decision", padded(10), Durability::Lazy);
    set_file_size_limit(RLIM_INFINITY);
    return failed && log.close(Json(Json::Object{}));
  });
  ASSERT_TRUE(fine);
  EXPECT_EQ(verify_session(directory.path(), kSession)->lost, 1u);
}

TEST(AuditFaultsTest, NobodyElseSaysWhatWasLost) {
  const AuditDirectory directory;
  AuditLog log = directory.start();
  EXPECT_FALSE(log.append("records_lost", padded(10), Durability::Lazy));
  const Json event(Json::Object{
      {"inner", Json(Json::Object{{"type", Json("records_lost")}, {"count", Json(9)}})}});
  ASSERT_TRUE(log.append("decision", event, Durability::Lazy));
  ASSERT_TRUE(log.close(Json(Json::Object{})));
  EXPECT_EQ(list_sessions(directory.path())->front().lost, 0u);
}

TEST(AuditFaultsTest, LogThatCannotBeStartedLeavesNothing) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    set_file_size_limit(100);  // the key fits, the first line does not
    const TickingClock clock;
    return !AuditLog::create(directory.path(), session_info(), clock);
  });
  EXPECT_TRUE(fine);
  struct stat status{};
  EXPECT_NE(::stat((directory.path() + "/" + kSession).c_str(), &status), 0);
}

TEST(AuditFaultsTest, FailingDiskMakesTheLogUnsound) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    AuditLog log = directory.start();
    const std::size_t size = directory.events_text().size();
    if (!fail_call(SYS_fdatasync, EIO)) {
      return false;
    }
    const auto failed = log.append("decision", padded(10), Durability::Durable);
    const bool taken_back = directory.events_text().size() == size;
    const auto lazy = log.append("decision", padded(10), Durability::Lazy);
    return !failed && failed.error().code() == EIO && taken_back && !lazy && !log.flush() &&
           !log.close(Json(Json::Object{}));
  });
  EXPECT_TRUE(fine);
  EXPECT_EQ(state_of(directory.path()), LogState::Open);
}

TEST(AuditFaultsTest, SessionWithoutDecisionsDoesNotWaitForTheDisk) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    if (!fail_call(SYS_fdatasync, EIO) || !fail_call(SYS_fsync, EIO)) {
      return false;
    }
    return directory.start().close(Json(Json::Object{})).has_value();
  });
  EXPECT_TRUE(fine);
  EXPECT_EQ(state_of(directory.path()), LogState::Sealed);
}

TEST(AuditFaultsTest, SessionWithADecisionEndsOnTheDisk) {
  for (const unsigned call : {unsigned{SYS_fdatasync}, unsigned{SYS_fsync}}) {
    const AuditDirectory directory;
    const bool fine = in_child([&] {
      AuditLog log = directory.start();
      return log.append("decision", padded(10), Durability::Lazy) && fail_call(call, EIO) &&
             !log.close(Json(Json::Object{}));
    });
    EXPECT_TRUE(fine) << call;
  }
}

TEST(AuditFaultsTest, DurableLineNeedsKeyAndDirectoriesOnTheDisk) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    AuditLog log = directory.start();
    const std::size_t size = directory.events_text().size();
    if (!fail_call(SYS_fsync, EIO)) {
      return false;
    }
    const auto failed = log.append("decision", padded(10), Durability::Durable);
    const bool taken_back = directory.events_text().size() == size;
    const auto lazy = log.append("decision", padded(10), Durability::Lazy);
    return !failed && failed.error().code() == EIO && taken_back && !lazy;
  });
  EXPECT_TRUE(fine);
}

TEST(AuditFaultsTest, KeyAndDirectoriesAreWrittenToDiskOnce) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    AuditLog log = directory.start();
    return log.append("decision", padded(10), Durability::Durable) && fail_call(SYS_fsync, EIO) &&
           log.append("decision", padded(10), Durability::Durable) &&
           log.close(Json(Json::Object{}));
  });
  EXPECT_TRUE(fine);
}

TEST(AuditFaultsTest, DiskFullAtSyncIsTakenBackAndTheLogGoesOn) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    AuditLog log = directory.start();
    if (!fail_call(SYS_fdatasync, ENOSPC)) {
      return false;
    }
    const auto failed = log.append("decision", padded(10), Durability::Durable);
    const auto lazy = log.append("decision", padded(10), Durability::Lazy);
    return !failed && failed.error().code() == ENOSPC && lazy && lazy->sequence() == 2;
  });
  EXPECT_TRUE(fine);
  EXPECT_EQ(state_of(directory.path()), LogState::Open);
}

TEST(AuditFaultsTest, LineThatCannotBeTakenBackMakesTheLogUnsound) {
  const AuditDirectory directory;
  const bool fine = in_child([&] {
    AuditLog log = directory.start();
    if (!fail_call(SYS_ftruncate, EIO) || !fail_call(SYS_fdatasync, ENOSPC)) {
      return false;
    }
    const auto failed = log.append("decision", padded(10), Durability::Durable);
    const auto next = log.append("decision", padded(10), Durability::Lazy);
    return !failed && !next && next.error().code() == ENOSPC;
  });
  EXPECT_TRUE(fine);
}

TEST(AuditFaultsTest, FullFileSystemKeepsWholeLines) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "mounting a small tmpfs needs root";
  }
  const AuditDirectory directory;
  const std::string small = directory.base() + "/small";
  ASSERT_EQ(::mkdir(small.c_str(), 0700), 0);
  if (::mount("none", small.c_str(), "tmpfs", 0, "size=64k,mode=0700") != 0) {
    GTEST_SKIP() << "this container may not mount a tmpfs";
  }
  {
    const TickingClock clock;
    auto log = AuditLog::create(small, session_info(), clock);
    ASSERT_TRUE(log) << log.error().message();
    int written = 0;
    auto last = log->append("decision", padded(500), Durability::Durable);
    for (; last && written < 1000; ++written) {
      last = log->append("decision", padded(500), Durability::Durable);
    }
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().code(), ENOSPC);
    EXPECT_GT(written, 10);
    const auto verification = verify_session(small, kSession);
    ASSERT_TRUE(verification);
    EXPECT_EQ(verification->state, LogState::Open) << verification->detail;
    EXPECT_EQ(verification->good_lines, static_cast<std::uint64_t>(written) + 1);
    // Room comes back: the same log goes on and ends properly.
    ASSERT_EQ(::mount("none", small.c_str(), "tmpfs", MS_REMOUNT, "size=256k"), 0);
    EXPECT_TRUE(log->close(Json(Json::Object{})));
    EXPECT_EQ(state_of(small), LogState::Sealed);
  }
  EXPECT_EQ(::umount2(small.c_str(), MNT_DETACH), 0);
}

TEST(AuditFaultsTest, KilledWriterLeavesWholeLinesAndAtMostOneTorn) {
  std::mt19937 random(12345);
  std::uint64_t lines = 0;
  for (int round = 0; round < 40; ++round) {
    const AuditDirectory directory;
    std::array<int, 2> started{};
    ASSERT_EQ(::pipe(started.data()), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      AuditLog log = directory.start();
      if (::write(started[1], "x", 1) != 1) {
        ::_exit(1);
      }
      while (log.append("decision", padded(random() % 4000), Durability::Lazy)) {
      }
      ::_exit(1);
    }
    char byte = 0;
    ASSERT_EQ(::read(started[0], &byte, 1), 1);
    ::usleep(static_cast<useconds_t>(random() % 8000));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(started[0]);
    ::close(started[1]);
    const auto verification = verify_session(directory.path(), kSession);
    ASSERT_TRUE(verification);
    EXPECT_TRUE(verification->state == LogState::Open || verification->state == LogState::Torn)
        << verification->detail;
    EXPECT_EQ(verification->good_lines, directory.lines().size());
    lines += verification->good_lines;
  }
  EXPECT_GT(lines, 40U);
}

}  // namespace
}  // namespace nono::ledger
