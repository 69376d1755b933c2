// tests/sandbox/limits_test.cc: where a control group may be made, and what the means are called.
#include "sandbox/limits.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "sandbox/cgroup.h"
#include "sandbox/process_tree.h"
#include "sandbox/task_count.h"
#include "tests/sanitized.h"

namespace nono::sandbox {
namespace {

// A hierarchy of groups as plain directories: /user holds controllers, /user/app is delegated.
class CgroupPlaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/nono-cgroup-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    group("", "cpuset memory pids");
    group("/user", "memory pids");
    group("/user/app", "pids");
    group("/user/app/term", "");
    write(base_ + "/self", "1:cpu:/other\n0::/user/app/term\n");
    write(base_ + "/mounts",
          "21 20 0:5 / /proc rw - proc proc rw\n"
          "30 25 0:26 / " +
              base_ + "/fs rw,nosuid - cgroup2 cgroup2 rw\n");
    view_ = {base_ + "/self", base_ + "/mounts"};
  }
  void TearDown() override { ASSERT_EQ(std::system(("rm -rf " + base_).c_str()), 0); }

  void group(const std::string& path, const std::string& enabled) {
    ASSERT_TRUE(make_private_directories(base_ + "/fs" + path).has_value());
    write(base_ + "/fs" + path + "/cgroup.subtree_control", enabled + "\n");
    write(base_ + "/fs" + path + "/cgroup.procs", "");
  }
  static void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(replace_file(path, text, 0644).has_value());
  }
  std::string place(bool memory, bool pids) const {
    const auto found = find_cgroup_place(view_, memory, pids);
    return found ? found->directory.substr(base_.size()) : "none";
  }

  std::string base_;
  CgroupView view_;
};

TEST_F(CgroupPlaceTest, FirstPlaceUpwardsThatOffersAllWins) {
  EXPECT_EQ(place(true, true), "/fs/user");
  EXPECT_EQ(place(true, false), "/fs/user");
  EXPECT_EQ(place(false, true), "/fs/user/app");
  EXPECT_EQ(place(false, false), "/fs/user/app/term");
}

TEST_F(CgroupPlaceTest, PlaceThatOffersMostWinsWhereNoneOffersAll) {
  write(base_ + "/fs/user/cgroup.subtree_control", "cpu\n");
  write(base_ + "/fs/cgroup.subtree_control", "cpu\n");
  EXPECT_EQ(place(true, true), "/fs/user/app");
  const auto found = find_cgroup_place(view_, true, true);
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->memory);
  EXPECT_TRUE(found->pids);
}

TEST_F(CgroupPlaceTest, NameOfAControllerIsAWholeWord) {
  write(base_ + "/fs/user/app/cgroup.subtree_control", "xpids pidsx\n");
  EXPECT_EQ(place(false, true), "/fs/user");
}

TEST_F(CgroupPlaceTest, GroupWithoutAWritableListOfProcessesIsNoPlace) {
  ASSERT_EQ(::unlink((base_ + "/fs/user/app/cgroup.procs").c_str()), 0);
  EXPECT_EQ(place(false, true), "/fs/user");
}

TEST_F(CgroupPlaceTest, MountOfAPartOfTheHierarchyIsFollowed) {
  write(base_ + "/mounts", "30 25 0:26 /user " + base_ + "/fs/user rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(place(true, true), "/fs/user");
}

TEST_F(CgroupPlaceTest, NoPlaceWithoutHierarchyMountOrMembership) {
  write(base_ + "/mounts", "30 25 0:26 / " + base_ + "/fs rw - cgroup cgroup rw,pids\n");
  EXPECT_EQ(place(true, true), "none");
  write(base_ + "/mounts", "30 25 0:26 /elsewhere " + base_ + "/fs rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(place(true, true), "none");
  write(base_ + "/mounts", "");
  EXPECT_EQ(place(true, true), "none");
  write(base_ + "/mounts", "30 - cgroup2 \n - cgroup2 x\n\n");
  EXPECT_EQ(place(true, true), "none");
  write(base_ + "/self", "4:memory:/x\n");
  EXPECT_EQ(place(true, true), "none");
}

TEST_F(CgroupPlaceTest, CreationThatFailsLeavesNothing) {
  const auto made = Cgroup::create({base_ + "/fs/user", true, true}, "leaf", {1u << 20, 5});
  EXPECT_FALSE(made.has_value());  // a plain directory holds no cgroup.procs
  EXPECT_NE(::access((base_ + "/fs/user/leaf").c_str(), F_OK), 0);
}

// An agent may read what the groups are, and so hold a lock of one.
TEST_F(CgroupPlaceTest, CreationWaitsForNoLock) {
  const std::string leaf = base_ + "/fs/user/leaf";
  std::atomic<int> made = 0;
  const auto hold = [&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const int seen = made;
      const OwnedFd held(::open(leaf.c_str(), O_RDONLY | O_CLOEXEC));
      const bool locked = held.valid() && ::flock(BorrowedFd(held).raw(), LOCK_EX | LOCK_NB) == 0;
      while (locked && made == seen) {
        std::this_thread::yield();
      }
    }
  };
  const std::jthread holder(hold);
  for (; made < 1000; ++made) {
    EXPECT_FALSE(Cgroup::create({base_ + "/fs/user", true, true}, "leaf", {1u << 20, 5}));
  }
}

TEST_F(CgroupPlaceTest, SweepTakesEmptyLeavesThatNobodyHolds) {
  const std::string place = base_ + "/fs/user/app/";
  for (const char* name :
       {"nono-12-0123abcd", "nono-13-0123abcd", "nono-14-0123abcd", "nono-15-xyz", "nono-0123abcd",
        "nono--0123abcd", "nono-16-0123abcde", "other"}) {
    ASSERT_EQ(::mkdir((place + name).c_str(), 0755), 0);
  }
  write(place + "nono-14-0123abcd/in-use", "");
  const OwnedFd held(::open((place + "nono-13-0123abcd").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(BorrowedFd(held).raw(), LOCK_SH), 0);
  sweep_unused_groups(view_);
  const auto is_there = [&](const char* name) {
    return ::access((place + name).c_str(), F_OK) == 0;
  };
  EXPECT_FALSE(is_there("nono-12-0123abcd"));
  for (const char* name : {"nono-13-0123abcd", "nono-14-0123abcd", "nono-15-xyz", "nono-0123abcd",
                           "nono--0123abcd", "nono-16-0123abcde", "other"}) {
    EXPECT_TRUE(is_there(name)) << name;
  }
}

TEST_F(CgroupPlaceTest, PlanDegradesWhatNoPlaceOffers) {
  write(base_ + "/fs/user/cgroup.subtree_control", "cpu\n");
  write(base_ + "/fs/cgroup.subtree_control", "cpu\n");
  Limits limits;
  limits.memory = 512u << 20;
  limits.processes = 100;
  limits.cpu_time = std::chrono::seconds(90);
  const LimitPlan plan = plan_limits(limits, view_);
  EXPECT_FALSE(plan.memory_in_cgroup());
  EXPECT_TRUE(plan.processes_in_cgroup());
  EXPECT_TRUE(plan.cpu_in_cgroup());
  EXPECT_FALSE(plan.counts_forks());
  const auto means = plan.means();
  ASSERT_EQ(means.size(), 3u);
  EXPECT_EQ(means[0].amount, "512 MiB");
  EXPECT_NE(means[0].gap, "");
  EXPECT_EQ(means[1].means, "cgroup v2");
  EXPECT_EQ(means[1].gap, "");
  EXPECT_EQ(means[2].amount, "90s");
}

TEST(LimitPlanTest, NothingAskedForIsNothingPlanned) {
  const LimitPlan plan = plan_limits({});
  EXPECT_FALSE(plan.needs_keeper());
  EXPECT_FALSE(plan.counts_forks());
  EXPECT_TRUE(plan.means().empty());
  Limits wall;
  wall.wall_time = std::chrono::milliseconds(1500);
  const LimitPlan timed = plan_limits(wall, {"/nonexistent", "/nonexistent"});
  EXPECT_FALSE(timed.needs_keeper());
  ASSERT_EQ(timed.means().size(), 1u);
  EXPECT_EQ(timed.means()[0].amount, "1500ms");
}

TEST(LimitPlanTest, SizesAreWrittenInTheLargestWholeUnit) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1024), "1 KiB");
  EXPECT_EQ(size_text((3u << 20) + 1), "3145729 B");
  EXPECT_EQ(size_text(std::uint64_t{2} << 40), "2 TiB");
  EXPECT_EQ(size_text(std::uint64_t{2048} << 40), "2048 TiB");
}

TEST(ChildLimitsTest, AgentsLimitsAreHardAndNeverHigherThanBefore) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit before{1u << 30, 1u << 30};
    ::setrlimit(RLIMIT_DATA, &before);
    ChildLimits limits;
    limits.data = std::uint64_t{2} << 30;
    limits.file_size = 4096;
    limits.cpu_seconds = 7;
    rlimit data{};
    rlimit file{};
    rlimit cpu{};
    const bool set = limit_broker(limits) && limit_agent(limits);
    ::getrlimit(RLIMIT_DATA, &data);
    ::getrlimit(RLIMIT_FSIZE, &file);
    ::getrlimit(RLIMIT_CPU, &cpu);
    const bool right = set && data.rlim_max == 1u << 30 && file.rlim_cur == 4096 &&
                       file.rlim_max == 4096 && cpu.rlim_cur == 7 && cpu.rlim_max == 12;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ProcessTreeTest, DescendantsAreFoundWithTheirThreadsAndExceptionsAreNot) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::fork();
    ::pause();
    ::_exit(0);
  }
  ProcessTree tree;
  for (int tries = 0; tries < 500 && tree.processes.size() < 2; ++tries) {
    tree = processes_beneath(::getpid());
    ::usleep(2000);
  }
  EXPECT_EQ(tree.processes.size(), 2u);
  EXPECT_TRUE(tree.tasks == 2u || built::kSanitized) << tree.tasks;  // TSan adds one to each
  EXPECT_TRUE(processes_beneath(::getpid(), std::vector<pid_t>{child}).processes.empty());
  for (const TreeProcess& process : tree.processes) {
    EXPECT_TRUE(is_beneath(process.pid, ::getpid(), {}));
    EXPECT_FALSE(is_beneath(process.pid, ::getpid(), std::vector<pid_t>{child}));
  }
  EXPECT_FALSE(is_beneath(::getpid(), ::getpid(), {}));
  EXPECT_FALSE(is_beneath(::getppid(), ::getpid(), {}));
  EXPECT_FALSE(is_beneath(0, ::getpid(), {}));
  const std::vector<pid_t> group = members_of(::getpgrp());
  EXPECT_NE(std::ranges::find(group, child), group.end());
  EXPECT_NE(std::ranges::find(group, ::getpid()), group.end());
  EXPECT_GT(memory_of(child), 0u);
  for (TreeProcess process : tree.processes) {
    EXPECT_EQ(start_of(process.pid), process.started);
    ++process.started;
    EXPECT_FALSE(kill_exactly(process));  // as if the number were another's by now
    --process.started;
    EXPECT_TRUE(kill_exactly(process));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(memory_of(child), 0u);
  EXPECT_EQ(start_of(child), 0u);
}

TEST(ProcessTreeTest, WhatHasEndedDoesNotLiveThoughNobodyHasReapedIt) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const std::uint64_t started = start_of(child);
  EXPECT_TRUE(lives(child, started));
  EXPECT_FALSE(lives(child, started + 1));
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  siginfo_t how{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &how, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(start_of(child), started);
  EXPECT_FALSE(lives(child, started));
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(lives(child, started));
}

TEST(TaskCountTest, LooksAgainAtTheLimitAndRefusesWhereItIsReached) {
  const std::vector<pid_t> brokers{::getpid()};
  TaskCount alone(2, brokers);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(alone.admit());  // nothing was forked: a look at /proc finds room each time
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  TaskCount full(1, brokers);
  EXPECT_FALSE(full.admit());
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ::usleep(20'000);  // a refusal holds for a moment
  EXPECT_TRUE(full.admit());
}

}  // namespace
}  // namespace nono::sandbox
