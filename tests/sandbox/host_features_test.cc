// tests/sandbox/host_features_test.cc
#include "sandbox/host_features.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "sandbox/kernel_abi.h"
#include "sandbox/own_namespaces.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox::testing {
namespace {

HostFeatures masked(int abi) {
  return probe({.max_landlock_abi = abi}, ProbeDepth::Quick);
}

int abi_here() {
  return masked(10).landlock_abi;
}

bool listed(const std::vector<Shortfall>& list, std::string_view feature) {
  return std::ranges::any_of(list, [&](const Shortfall& item) { return item.feature == feature; });
}

// What a kernel with everything reports.
HostFeatures complete() {
  HostFeatures all;
  all.landlock_abi = 10;
  all.landlock_fs = (abi::fs::kResolveUnix << 1) - 1;
  all.landlock_net = 0xf;
  all.landlock_scopes = 3;
  all.seccomp_filter = true;
  all.seccomp_notify = true;
  all.notify_wait_killable = true;
  all.notify_sync_wake_up = true;
  all.user_namespaces = true;
  all.pidfd_getfd = true;
  all.close_range = true;
  return all;
}

class LandlockAbiTest : public ::testing::TestWithParam<int> {};

TEST_P(LandlockAbiTest, TheProbeReportsTheRightsOfThatAbiAndNoneThatIsNewer) {
  const int asked = GetParam();
  if (asked > abi_here()) {
    GTEST_SKIP() << "this kernel has Landlock ABI " << abi_here();
  }
  const HostFeatures found = masked(asked);
  EXPECT_EQ(found.landlock_abi, asked);
  const int filesystem_rights = 13 + (asked >= 2) + (asked >= 3) + (asked >= 5) + (asked >= 9);
  EXPECT_EQ(std::popcount(found.landlock_fs), filesystem_rights);
  EXPECT_EQ(std::popcount(found.landlock_net), asked >= 10 ? 4 : asked >= 4 ? 2 : 0);
  EXPECT_EQ(std::popcount(found.landlock_scopes), asked >= 6 ? 2 : 0);
  EXPECT_EQ((found.landlock_fs & abi::fs::kRefer) != 0, asked >= 2);
  EXPECT_EQ((found.landlock_fs & abi::fs::kTruncate) != 0, asked >= 3);
  EXPECT_EQ((found.landlock_net & abi::net::kConnectTcp) != 0, asked >= 4);
  EXPECT_EQ((found.landlock_fs & abi::fs::kIoctlDev) != 0, asked >= 5);
  EXPECT_EQ((found.landlock_scopes & abi::scope::kSignal) != 0, asked >= 6);
}
INSTANTIATE_TEST_SUITE_P(Masked, LandlockAbiTest, ::testing::Range(1, 11));

TEST(HostFeaturesTest, AMaskedKernelHasNoLandlock) {
  const HostFeatures found = masked(0);
  EXPECT_EQ(found.landlock_abi, 0);
  EXPECT_EQ(found.landlock_fs, 0u);
  EXPECT_EQ(found.landlock_net, 0u);
  EXPECT_EQ(found.landlock_scopes, 0u);
}

TEST(HostFeaturesTest, RightsAreThoseThatTheKernelTakesAndNotThoseThatItClaims) {
  if (abi_here() == 0) {
    GTEST_SKIP() << "no Landlock here";
  }
  const HostFeatures honest = masked(10);
  const HostFeatures boasting = probe({.claimed_landlock_abi = 10}, ProbeDepth::Quick);
  EXPECT_EQ(boasting.landlock_abi, 10);
  EXPECT_EQ(boasting.landlock_fs, honest.landlock_fs);
  EXPECT_EQ(boasting.landlock_net, honest.landlock_net);
  EXPECT_EQ(boasting.landlock_scopes, honest.landlock_scopes);
}

TEST(HostFeaturesTest, ANegativeMaskIsNoLandlock) {
  EXPECT_EQ(masked(-1).landlock_abi, 0);
}

TEST(HostFeaturesTest, TheProbeLeavesThisProcessUnrestricted) {
  const TemporaryTree tree;
  const HostFeatures found = probe({}, ProbeDepth::Full);
  EXPECT_EQ(found.root, ::geteuid() == 0);
  tree.file("after", "x");
  EXPECT_EQ(::access(tree.path("after").c_str(), R_OK), 0);
  EXPECT_EQ(::access("/proc/self/status", R_OK), 0);
}

TEST(HostFeaturesTest, TheProbeLeavesNoDescriptorsBehind) {
  const auto lowest_free = [] {
    const int fd = ::open("/", O_PATH | O_CLOEXEC);
    ::close(fd);
    return fd;
  };
  const int before = lowest_free();
  probe({}, ProbeDepth::Quick);
  probe({}, ProbeDepth::Full);
  EXPECT_EQ(lowest_free(), before);
}

TEST(HostFeaturesTest, AFullProbeAgreesWithAQuickOneOnWhatBothAsk) {
  const HostFeatures quick = probe({}, ProbeDepth::Quick);
  const HostFeatures full = probe({}, ProbeDepth::Full);
  EXPECT_EQ(quick.landlock_fs, full.landlock_fs);
  EXPECT_EQ(quick.seccomp_filter, full.seccomp_filter);
  EXPECT_EQ(quick.notify_wait_killable, full.notify_wait_killable);
  EXPECT_EQ(quick.close_range, full.close_range);
  EXPECT_EQ(quick.pidfd_getfd, full.pidfd_getfd);
  EXPECT_GE(quick.seccomp_notify, full.seccomp_notify);
  EXPECT_FALSE(quick.user_namespaces);
}

TEST(HostFeaturesTest, AMaskedListenerIsNotThere) {
  for (const ProbeDepth depth : {ProbeDepth::Quick, ProbeDepth::Full}) {
    const HostFeatures found = probe({.allow_notify = false}, depth);
    EXPECT_FALSE(found.seccomp_notify);
    EXPECT_FALSE(found.notify_wait_killable);
    EXPECT_FALSE(found.notify_sync_wake_up);
  }
}

class ReleaseTest : public ::testing::Test {
 protected:
  HostFeatures with_release(std::string_view text) const {
    tree_.file("osrelease", text);
    const HostFeatures found =
        probe({.osrelease_path = tree_.path("osrelease")}, ProbeDepth::Quick);
    ::unlink(tree_.path("osrelease").c_str());
    return found;
  }
  TemporaryTree tree_;
};

TEST_F(ReleaseTest, Wsl2IsKnownByItsRelease) {
  const HostFeatures found = with_release("5.15.167.4-microsoft-standard-WSL2\n");
  EXPECT_TRUE(found.wsl2);
  EXPECT_FALSE(found.seccomp_notify);
}

TEST_F(ReleaseTest, Wsl2IsKnownInEitherCase) {
  EXPECT_TRUE(with_release("4.19.128-Microsoft-standard\n").wsl2);
}

TEST_F(ReleaseTest, Wsl2IsNotTakenFromTheEnvironment) {
  ::setenv("WSL_DISTRO_NAME", "Debian", 1);
  EXPECT_FALSE(with_release("6.18.1\n").wsl2);
  ::unsetenv("WSL_DISTRO_NAME");
}

TEST_F(ReleaseTest, SyncWakeUpIsAssumedFromLinux66On) {
  if (!probe({}, ProbeDepth::Quick).seccomp_filter) {
    GTEST_SKIP() << "no seccomp here";
  }
  EXPECT_FALSE(with_release("6.5.13-generic").notify_sync_wake_up);
  EXPECT_TRUE(with_release("6.6.0").notify_sync_wake_up);
  EXPECT_TRUE(with_release("6.10").notify_sync_wake_up);
  EXPECT_TRUE(with_release("7.0-rc1").notify_sync_wake_up);
  EXPECT_FALSE(with_release("5.19.0").notify_sync_wake_up);
}

TEST_F(ReleaseTest, ASenselessReleaseAssumesNothing) {
  for (const std::string_view text : {"", "6", "six.six", "6.", ".6", "999999999999.1"}) {
    EXPECT_FALSE(with_release(text).notify_sync_wake_up) << text;
    EXPECT_FALSE(with_release(text).wsl2) << text;
  }
}

TEST_F(ReleaseTest, AMissingReleaseAssumesNothing) {
  const HostFeatures found = probe({.osrelease_path = tree_.path("missing")}, ProbeDepth::Quick);
  EXPECT_FALSE(found.wsl2);
  EXPECT_FALSE(found.notify_sync_wake_up);
}

struct SwitchRow {
  const char* file;
  const char* text;
  const char* found;
};

TEST(NamespaceSwitchTest, TheSettingThatForbidsThemIsNamed) {
  const SwitchRow rows[] = {
      {"user/max_user_namespaces", "0\n", "user.max_user_namespaces is 0"},
      {"user/max_user_namespaces", "4096\n", ""},
      {"kernel/unprivileged_userns_clone", "0\n", "kernel.unprivileged_userns_clone is 0"},
      {"kernel/unprivileged_userns_clone", "1\n", ""},
      {"kernel/apparmor_restrict_unprivileged_userns", "1\n",
       "kernel.apparmor_restrict_unprivileged_userns is 1"},
      {"kernel/apparmor_restrict_unprivileged_userns", "0\n", ""},
      {"kernel/apparmor_restrict_unprivileged_userns", "", ""},
  };
  for (const SwitchRow& row : rows) {
    const TemporaryTree settings;
    settings.directory("user");
    settings.directory("kernel");
    settings.file(row.file, row.text);
    EXPECT_EQ(namespace_switch(settings.path("")), row.found) << row.file << " " << row.text;
  }
  EXPECT_EQ(namespace_switch("/nonexistent"), "");
}

TEST(ShortfallsTest, ACompleteKernelHasNone) {
  EXPECT_TRUE(shortfalls(complete()).empty());
}

TEST(ShortfallsTest, NoLandlockIsFatalAndNotListedRightByRight) {
  HostFeatures without = complete();
  without.landlock_abi = 0;
  without.landlock_fs = without.landlock_net = without.landlock_scopes = 0;
  const auto list = shortfalls(without);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].feature, "landlock");
  EXPECT_TRUE(list[0].fatal);
}

TEST(ShortfallsTest, EachMissingFeatureIsOneLine) {
  struct Case {
    std::string_view feature;
    bool fatal;
    void (*remove)(HostFeatures&);
  };
  const Case cases[] = {
      {"landlock.refer", true, [](HostFeatures& f) { f.landlock_fs &= ~abi::fs::kRefer; }},
      {"landlock.truncate", false, [](HostFeatures& f) { f.landlock_fs &= ~abi::fs::kTruncate; }},
      {"landlock.ioctl-dev", false, [](HostFeatures& f) { f.landlock_fs &= ~abi::fs::kIoctlDev; }},
      {"landlock.tcp", false, [](HostFeatures& f) { f.landlock_net &= ~abi::net::kBindTcp; }},
      {"landlock.scope-signal", false,
       [](HostFeatures& f) { f.landlock_scopes &= ~abi::scope::kSignal; }},
      {"landlock.scope-abstract-unix", false,
       [](HostFeatures& f) { f.landlock_scopes &= ~abi::scope::kAbstractUnix; }},
      {"seccomp.filter", true, [](HostFeatures& f) { f.seccomp_filter = false; }},
      {"seccomp.notify", false, [](HostFeatures& f) { f.seccomp_notify = false; }},
      {"close-range", false, [](HostFeatures& f) { f.close_range = false; }},
  };
  for (const Case& test : cases) {
    HostFeatures without = complete();
    test.remove(without);
    const auto list = shortfalls(without);
    ASSERT_EQ(list.size(), 1u) << test.feature;
    EXPECT_EQ(list[0].feature, test.feature);
    EXPECT_EQ(list[0].fatal, test.fatal) << test.feature;
    EXPECT_FALSE(list[0].consequence.empty());
  }
}

TEST(ShortfallsTest, WhatIsFatalComesFirst) {
  const auto list = shortfalls(HostFeatures{});
  EXPECT_TRUE(listed(list, "landlock"));
  EXPECT_TRUE(listed(list, "seccomp.filter"));
  EXPECT_TRUE(std::ranges::is_sorted(list, [](const Shortfall& left, const Shortfall& right) {
    return left.fatal > right.fatal;
  }));
}

TEST(ShortfallsTest, RightsThatNoPromiseRestsOnAreNotMissed) {
  HostFeatures older = complete();
  older.landlock_abi = 7;
  older.landlock_fs &= ~abi::fs::kResolveUnix;
  older.landlock_net &= ~(abi::net::kBindUdp | abi::net::kConnectSendUdp);
  older.user_namespaces = false;
  older.notify_sync_wake_up = false;
  EXPECT_TRUE(shortfalls(older).empty());
}

}  // namespace
}  // namespace nono::sandbox::testing
