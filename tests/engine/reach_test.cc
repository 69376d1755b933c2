// tests/engine/reach_test.cc: grants go with directories, whatever these are called.
#include "engine/reach.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include <string>

#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using sandbox::Access;
using sandbox::CapabilitySet;
using testing::must;

class ReachTest : public testing::EngineTest {
 protected:
  CapabilitySet granted(const std::string& path, Access access) const {
    CapabilitySet out;
    must(out.allow_path(path, access, "a test"));
    return out;
  }
  bool writes(const CapabilitySet& capabilities, const std::string& path) const {
    return access_by_place(capabilities, path).has(Access::write());
  }
};

TEST_F(ReachTest, WhatLiesInAGrantIsCoveredByItsName) {
  const CapabilitySet all = granted(tree_, Access::write());
  EXPECT_TRUE(writes(all, tree_));
  EXPECT_TRUE(writes(all, tree_ + "/not/made/yet"));
  EXPECT_FALSE(writes(all, tree_ + "x"));
  EXPECT_FALSE(writes(all, base_));
  EXPECT_FALSE(access_by_place(all, tree_).has(Access::read()));
}

TEST_F(ReachTest, ADirectoryThatWasGivenAnotherNameIsStillGranted) {
  write("below/file", "x");
  const CapabilitySet all = granted(tree_, Access::write());
  const std::string moved = base_ + "/moved";
  ASSERT_EQ(::rename(tree_.c_str(), moved.c_str()), 0);
  EXPECT_FALSE(all.access_at(moved + "/below/file").has(Access::write()));
  EXPECT_TRUE(writes(all, moved + "/below/file"));
  EXPECT_TRUE(writes(all, moved + "/below/not/made/yet"));
  EXPECT_TRUE(writes(all, moved));
  EXPECT_FALSE(writes(all, base_ + "/other"));
}

TEST_F(ReachTest, AFileThatWasGivenAnotherNameIsStillGranted) {
  const std::string file = write("file", "x");
  const std::string beside = write("beside", "x");
  const CapabilitySet all = granted(file, Access::write());
  const std::string moved = tree_ + "/moved";
  ASSERT_EQ(::rename(file.c_str(), moved.c_str()), 0);
  EXPECT_TRUE(writes(all, moved));
  EXPECT_FALSE(writes(all, beside));
}

TEST_F(ReachTest, OnlyTheRightsOfTheGrantCount) {
  const CapabilitySet all = granted(tree_, Access::read());
  const std::string moved = base_ + "/moved";
  ASSERT_EQ(::rename(tree_.c_str(), moved.c_str()), 0);
  EXPECT_TRUE(access_by_place(all, moved + "/a").has(Access::read()));
  EXPECT_FALSE(writes(all, moved + "/a"));
}

}  // namespace
}  // namespace nono::engine
