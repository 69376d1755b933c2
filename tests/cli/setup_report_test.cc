// tests/cli/setup_report_test.cc: what is said of kernels that lack something, by masked views.
#include "cli/setup_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>

#include "tests/sandbox/temporary_tree.h"

namespace nono::cli {
namespace {

using sandbox::HostFeatures;
using sandbox::HostView;
using sandbox::ProbeDepth;

HostFeatures with_abi(int abi) {
  HostView view;
  view.max_landlock_abi = abi;
  return sandbox::probe(view, ProbeDepth::Full);
}

std::string value_of(const HostFeatures& features, std::string_view name) {
  for (const auto& [key, value] : setup_matrix(features)) {
    if (key == name) {
      return value;
    }
  }
  return "(missing)";
}

std::set<std::string> landlock_lacks(const HostFeatures& features) {
  std::set<std::string> out;
  for (const sandbox::Shortfall& missing : sandbox::shortfalls(features)) {
    if (missing.feature.starts_with("landlock")) {
      out.insert(missing.feature);
    }
  }
  return out;
}

struct AbiRow {
  int abi;
  bool starts;
  std::set<std::string> lacks;
};

const AbiRow kRows[] = {
    {0, false, {"landlock"}},
    {1,
     false,
     {"landlock.refer", "landlock.truncate", "landlock.tcp", "landlock.ioctl-dev",
      "landlock.scope-signal", "landlock.scope-abstract-unix"}},
    {2,
     true,
     {"landlock.truncate", "landlock.tcp", "landlock.ioctl-dev", "landlock.scope-signal",
      "landlock.scope-abstract-unix"}},
    {3,
     true,
     {"landlock.tcp", "landlock.ioctl-dev", "landlock.scope-signal",
      "landlock.scope-abstract-unix"}},
    {4, true, {"landlock.ioctl-dev", "landlock.scope-signal", "landlock.scope-abstract-unix"}},
    {5, true, {"landlock.scope-signal", "landlock.scope-abstract-unix"}},
    {6, true, {}},
};

class SetupAbiTest : public ::testing::TestWithParam<AbiRow> {};

TEST_P(SetupAbiTest, EachAbiListsWhatItLacks) {
  const AbiRow& row = GetParam();
  HostFeatures features = with_abi(row.abi);
  if (features.landlock_abi < row.abi) {
    GTEST_SKIP() << "this kernel has Landlock ABI " << features.landlock_abi;
  }
  features.seccomp_notify = true;  // where these tests run under a supervisor, there is none
  EXPECT_EQ(value_of(features, "landlock_abi"), std::to_string(row.abi));
  EXPECT_EQ(landlock_lacks(features), row.lacks);
  EXPECT_EQ(setup_verdict(features).run, row.starts);
  EXPECT_EQ(setup_verdict(features).wrap, row.starts);
  const std::vector<std::string> lines = setup_lines(features);
  for (const std::string& name : row.lacks) {
    EXPECT_TRUE(std::ranges::any_of(lines, [&](const std::string& line) {
      return line.contains("  " + name + ": ");
    })) << name;
  }
  const std::string last =
      row.starts ? "nono run works here" : "nono run cannot start an agent here";
  EXPECT_EQ(lines.back(), last);
  const Json document = setup_document(features);
  EXPECT_EQ(document.find("shortfalls")->array()->size(), sandbox::shortfalls(features).size());
  EXPECT_EQ(*document.find("features")->find("nono_run")->string(), row.starts ? "yes" : "no");
}
INSTANTIATE_TEST_SUITE_P(Masked, SetupAbiTest, ::testing::ValuesIn(kRows));

TEST(SetupTest, ABusyListenerIsSaidAndOnlyWrapIsLeft) {
  HostView view;
  view.listener_errno = EBUSY;
  HostFeatures features = sandbox::probe(view, ProbeDepth::Full);
  EXPECT_FALSE(features.seccomp_notify);
  EXPECT_TRUE(features.notify_busy);
  EXPECT_FALSE(setup_verdict(features).run);
  EXPECT_EQ(setup_verdict(features).wrap, features.landlock_abi >= 2);
  EXPECT_TRUE(setup_document(features).find("no_listener_because")->string()->contains("EBUSY"));
}

TEST(SetupTest, WhatForbidsNamespacesIsSaid) {
  HostFeatures features = sandbox::probe({}, ProbeDepth::Full);
  const auto said = [&features] {
    const std::vector<std::string> lines = setup_lines(features);
    return std::ranges::count_if(lines, [](const std::string& line) {
      return line.starts_with("degraded  mount_namespace: ") &&
             line.contains("; kernel.unprivileged_userns_clone is 0: ");
    });
  };
  features.mount_namespace = true;
  features.namespace_switch.clear();
  EXPECT_EQ(said(), 0);
  EXPECT_TRUE(setup_document(features).find("no_namespaces_because")->is_null());
  features.mount_namespace = false;
  EXPECT_EQ(said(), 0);
  features.namespace_switch = "kernel.unprivileged_userns_clone is 0";
  EXPECT_EQ(said(), 1);
  EXPECT_EQ(*setup_document(features).find("no_namespaces_because")->string(),
            "kernel.unprivileged_userns_clone is 0");
}

TEST(SetupTest, ARefusedListenerIsNotCalledBusy) {
  HostView view;
  view.listener_errno = EACCES;
  const HostFeatures features = sandbox::probe(view, ProbeDepth::Full);
  EXPECT_FALSE(features.seccomp_notify);
  EXPECT_FALSE(features.notify_busy);
  EXPECT_EQ(notify_loss(features), sandbox::NotifyLoss::Refused);
}

// The signs of WSL2, each by itself; names that only look like them; and no variable.
struct WslRow {
  const char* release;
  const char* version;
  bool wsl2;
};
const WslRow kWsl[] = {
    {"5.15.167.4-microsoft-standard-WSL2\n", "Linux version 5.15.167.4-microsoft-standard-WSL2",
     true},
    {"4.19.128-Microsoft-standard\n", "", true},
    {"6.6.36.3-custom\n", "Linux version 6.6.36.3-custom (root@b) (x86_64-msft-linux-gcc) WSL2",
     true},
    {"6.6.36.3-custom\n", "Linux version 6.6.36.3-custom (oe-user@oe-host) #1 SMP", false},
    {"6.8.0-1021-azure\n", "Linux version 6.8.0-1021-azure (buildd@lcy02-amd64-001)", false},
    {"6.1.0-28-amd64\n", "Linux version 6.1.0-28-amd64 (debian-kernel@lists.debian.org)", false},
    {"", "", false},
};

TEST(SetupTest, Wsl2IsKnownByWhatTheKernelSays) {
  const sandbox::testing::TemporaryTree tree;
  for (const WslRow& row : kWsl) {
    HostView view;
    view.osrelease_path = tree.path("osrelease");
    view.version_path = tree.path("version");
    std::ofstream(view.osrelease_path) << row.release;
    std::ofstream(view.version_path) << row.version;
    for (const ProbeDepth depth : {ProbeDepth::Quick, ProbeDepth::Full}) {
      EXPECT_EQ(sandbox::probe(view, depth).wsl2, row.wsl2) << row.release << row.version;
    }
    const HostFeatures quick = sandbox::probe(view, ProbeDepth::Quick);
    EXPECT_FALSE(row.wsl2 && quick.seccomp_notify) << "nothing is promised there unseen";
    EXPECT_EQ(value_of(quick, "wsl2"), row.wsl2 ? "yes" : "no");
  }
}

TEST(SetupTest, Wsl2IsNotKnownByTheEnvironment) {
  const bool before = sandbox::probe({}, ProbeDepth::Quick).wsl2;
  ::setenv("WSL_DISTRO_NAME", "Debian", 1);          // NOLINT(concurrency-mt-unsafe): one thread
  ::setenv("WSL_INTEROP", "/run/WSL/1_interop", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(sandbox::probe({}, ProbeDepth::Quick).wsl2, before);
  ::unsetenv("WSL_DISTRO_NAME");  // NOLINT(concurrency-mt-unsafe)
  ::unsetenv("WSL_INTEROP");      // NOLINT(concurrency-mt-unsafe)
}

TEST(SetupTest, UnderWsl2TheReasonIsSaid) {
  HostFeatures features = with_abi(10);
  features.seccomp_notify = false;
  features.wsl2 = true;
  if (features.landlock_abi < 2) {
    GTEST_SKIP() << "no Landlock with REFER here";
  }
  EXPECT_TRUE(setup_lines(features).back().contains("WSL2")) << setup_lines(features).back();
  EXPECT_TRUE(setup_lines(features).back().contains("nono wrap"));
}

}  // namespace
}  // namespace nono::cli
