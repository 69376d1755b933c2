// tests/sandbox/landlock_test.cc: which rights an access stands for, and what is refused.
#include "sandbox/landlock.h"

#include <gtest/gtest.h>

#include "sandbox/kernel_abi.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox::testing {
namespace {

namespace fs = abi::fs;

HostFeatures features_of_abi(int abi) {
  HostFeatures features;
  features.landlock_abi = abi;
  features.landlock_fs = fs::kRefer - 1;
  features.landlock_fs |= abi >= 2 ? fs::kRefer : 0;
  features.landlock_fs |= abi >= 3 ? fs::kTruncate : 0;
  features.landlock_fs |= abi >= 5 ? fs::kIoctlDev : 0;
  features.landlock_fs |= abi >= 9 ? fs::kResolveUnix : 0;
  features.landlock_net = abi >= 10 ? 0xf : abi >= 4 ? 0x3 : 0;
  features.landlock_scopes = abi >= 6 ? 3 : 0;
  return features;
}

constexpr std::uint64_t kEntries = fs::kRemoveDir | fs::kRemoveFile | fs::kMakeDir | fs::kMakeReg |
                                   fs::kMakeSock | fs::kMakeFifo | fs::kMakeSym;

struct RightsCase {
  Access access;
  PathKind kind;
  int abi;
  std::uint64_t rights;
};

TEST(RightsForTest, EveryAccessMapsToItsRights) {
  const Access all = Access::read() | Access::write() | Access::execute();
  const RightsCase cases[] = {
      {Access::none(), PathKind::Directory, 10, 0},
      {Access::read(), PathKind::Directory, 10, fs::kReadFile | fs::kReadDir},
      {Access::read(), PathKind::File, 10, fs::kReadFile},
      {Access::execute(), PathKind::Directory, 10, fs::kExecute},
      {Access::execute(), PathKind::File, 10, fs::kExecute},
      {Access::write(), PathKind::File, 1, fs::kWriteFile},
      {Access::write(), PathKind::File, 2, fs::kWriteFile},
      {Access::write(), PathKind::File, 3, fs::kWriteFile | fs::kTruncate},
      {Access::write(), PathKind::File, 9, fs::kWriteFile | fs::kTruncate | fs::kResolveUnix},
      {Access::write(), PathKind::Directory, 1, fs::kWriteFile | kEntries},
      {Access::write(), PathKind::Directory, 2, fs::kWriteFile | kEntries | fs::kRefer},
      {Access::write(), PathKind::Directory, 10,
       fs::kWriteFile | fs::kTruncate | kEntries | fs::kRefer},
      {all, PathKind::Directory, 7,
       fs::kReadFile | fs::kReadDir | fs::kExecute | fs::kWriteFile | fs::kTruncate | kEntries |
           fs::kRefer},
  };
  for (const RightsCase& test : cases) {
    EXPECT_EQ(rights_for(test.access, test.kind, features_of_abi(test.abi)), test.rights)
        << test.access.text() << " ABI " << test.abi;
  }
}

TEST(RightsForTest, NoRightIsEverGrantedThatTheKernelLacks) {
  const Access all = Access::read() | Access::write() | Access::execute();
  for (int abi = 0; abi <= 10; ++abi) {
    HostFeatures features = features_of_abi(abi);
    features.landlock_fs = abi == 0 ? 0 : features.landlock_fs;
    for (const PathKind kind : {PathKind::Directory, PathKind::File}) {
      EXPECT_EQ(rights_for(all, kind, features) & ~features.landlock_fs, 0u) << abi;
    }
  }
}

TEST(RightsForTest, DeviceNodesAreNeverMade) {
  const Access all = Access::read() | Access::write() | Access::execute();
  EXPECT_EQ(
      rights_for(all, PathKind::Directory, features_of_abi(10)) & (fs::kMakeChar | fs::kMakeBlock),
      0u);
}

// The kernel refuses a rule with directory rights on anything else.
TEST(RightsForTest, AFileGetsFileRightsOnly) {
  const Access all = Access::read() | Access::write() | Access::execute();
  constexpr std::uint64_t kFileRights = fs::kExecute | fs::kWriteFile | fs::kReadFile |
                                        fs::kTruncate | fs::kIoctlDev | fs::kResolveUnix;
  EXPECT_EQ(rights_for(all, PathKind::File, features_of_abi(10)) & ~kFileRights, 0u);
}

ErrorKind refusal(const CapabilitySet& wanted, const HostFeatures& features) {
  const auto result = make_ruleset(wanted, features);
  EXPECT_FALSE(result);
  if (result) {
    return ErrorKind::Internal;
  }
  EXPECT_FALSE(result.error().remedy().empty());
  return result.error().kind();
}

TEST(MakeRulesetTest, WithoutLandlockNothingIsMade) {
  EXPECT_EQ(refusal({}, HostFeatures{}), ErrorKind::Unsupported);
}

TEST(MakeRulesetTest, WithoutReferNothingIsMade) {
  EXPECT_EQ(refusal({}, features_of_abi(1)), ErrorKind::Unsupported);
}

TEST(MakeRulesetTest, PortsWithoutTcpRightsAreRefused) {
  CapabilitySet wanted;
  wanted.allow_ports({.connect = {443}, .listen = {}});
  EXPECT_EQ(refusal(wanted, features_of_abi(3)), ErrorKind::Unsupported);
}

TEST(MakeRulesetTest, AnEmptyPortListStillNeedsTheTcpRights) {
  CapabilitySet wanted;
  wanted.allow_ports({});
  EXPECT_EQ(refusal(wanted, features_of_abi(3)), ErrorKind::Unsupported);
}

class MaskedRulesetTest : public ::testing::TestWithParam<int> {};

TEST_P(MaskedRulesetTest, TheKernelTakesTheRulesetOfEveryAbi) {
  const HostFeatures features = probe({.max_landlock_abi = GetParam()}, ProbeDepth::Quick);
  if (features.landlock_abi < GetParam()) {
    GTEST_SKIP() << "this kernel has Landlock ABI " << features.landlock_abi;
  }
  const TemporaryTree tree;
  tree.file("file", "x");
  CapabilitySet wanted;
  ASSERT_TRUE(wanted.allow_path(tree.path(""), Access::read() | Access::write(), "test"));
  ASSERT_TRUE(wanted.allow_path(tree.path("file"),
                                Access::read() | Access::write() | Access::execute(), "test"));
  ASSERT_TRUE(wanted.allow_path("/dev/null", Access::read() | Access::write(), "test"));
  ASSERT_TRUE(wanted.allow_path("/dev", Access::read(), "test"));
  ASSERT_TRUE(wanted.allow_path("/proc", Access::read(), "test"));
  if (GetParam() >= 4) {
    wanted.allow_ports({.connect = {443, 443, 65535}, .listen = {0, 8080}});
  }
  const auto ruleset = make_ruleset(wanted, features);
  ASSERT_TRUE(ruleset) << ruleset.error().message();
  EXPECT_TRUE(ruleset->valid());
}
INSTANTIATE_TEST_SUITE_P(Abi, MaskedRulesetTest, ::testing::Range(2, 11));

}  // namespace
}  // namespace nono::sandbox::testing
