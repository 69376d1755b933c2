// tests/profile/groups_test.cc
#include "profile/groups.h"

#include <gtest/gtest.h>

#include <string>

#include "profile/never_grant.h"
#include "profile/schema.h"
#include "profile/variables.h"

namespace nono::profile {
namespace {

TEST(GroupsTest, UpstreamsNamesAreThere) {
  for (const std::string_view name : {"deny_credentials",
                                      "deny_keychains_macos",
                                      "deny_keychains_linux",
                                      "deny_browser_data_macos",
                                      "deny_browser_data_linux",
                                      "deny_macos_private",
                                      "deny_shell_history",
                                      "deny_shell_configs",
                                      "system_read_macos",
                                      "system_read_linux",
                                      "system_read_linux_core",
                                      "system_write_macos",
                                      "system_write_linux",
                                      "user_caches_macos",
                                      "user_caches_linux",
                                      "claude_cache_linux",
                                      "user_tools",
                                      "node_runtime",
                                      "opencode_linux",
                                      "python_runtime",
                                      "rust_runtime",
                                      "go_runtime",
                                      "java_runtime",
                                      "homebrew",
                                      "homebrew_linux",
                                      "homebrew_macos",
                                      "claude_code_macos",
                                      "claude_code_linux",
                                      "vscode",
                                      "vscode_macos",
                                      "vscode_linux",
                                      "nix_runtime",
                                      "git_config",
                                      "linux_runtime_state",
                                      "linux_sysfs_read",
                                      "linux_temp_read",
                                      "unlink_protection",
                                      "dangerous_commands",
                                      "dangerous_commands_macos",
                                      "dangerous_commands_linux",
                                      "bun_runtime",
                                      "go_runtime_linux",
                                      "mise_manager",
                                      "nix_profile_state_write",
                                      "rtk_state",
                                      "snap_linux"}) {
    EXPECT_NE(find_group(name), nullptr) << name;
  }
  EXPECT_EQ(find_group("no_such_group"), nullptr);
  EXPECT_EQ(find_group(""), nullptr);
  EXPECT_EQ(find_group("zzz"), nullptr);
}

TEST(GroupsTest, NoneWritesWhatAnEditorRuns) {
  for (const std::string_view name : {"vscode", "vscode_linux", "vscode_macos"}) {
    for (const GroupRow& row : find_group(name)->rows) {
      EXPECT_EQ(row.access, GroupAccess::Read) << row.path;
    }
  }
}

class GroupTest : public testing::TestWithParam<Group> {};

TEST_P(GroupTest, SaysWhatAndWhy) {
  const Group& group = GetParam();
  EXPECT_TRUE(is_group_name(group.name));
  EXPECT_FALSE(group.description.empty());
  EXPECT_TRUE(!group.rows.empty() || !group.instead.empty());
  EXPECT_TRUE(group.enforced || !group.instead.empty());
  for (const GroupRow& row : group.rows) {
    EXPECT_FALSE(row.why.empty()) << row.path;
  }
}

TEST_P(GroupTest, PathsExpand) {
  const std::vector<const char*> none;
  const Variables variables = variables_from(none, "/home/u", "/work");
  for (const GroupRow& row : GetParam().rows) {
    const auto path = expand_path(row.path, variables);
    ASSERT_TRUE(path) << path.error().message();
    EXPECT_TRUE(path->has_value()) << row.path;
  }
}

TEST_P(GroupTest, GrantsNothingThatIsNeverGranted) {
  UserPlaces places;
  places.home = "/home/u";
  const auto never = NeverGrantList::for_places(places);
  ASSERT_TRUE(never);
  const std::vector<const char*> none;
  const Variables variables = variables_from(none, "/home/u", "/work");
  for (const GroupRow& row : GetParam().rows) {
    const bool writes = row.access == GroupAccess::ReadWrite || row.access == GroupAccess::State ||
                        row.access == GroupAccess::ReadWriteFile;
    if (row.access != GroupAccess::Deny && is_of_this_platform(GetParam())) {
      const auto path = expand_path(row.path, variables);
      EXPECT_FALSE(never->find(**path, writes ? GrantUse::Writing : GrantUse::Reading)) << **path;
    }
  }
}

TEST_P(GroupTest, MakesOnlyWhatLiesInTheHome) {
  for (const GroupRow& row : GetParam().rows) {
    if (row.access == GroupAccess::State || row.access == GroupAccess::Settings) {
      EXPECT_TRUE(row.path.starts_with("$HOME/") || row.path.starts_with("$XDG_")) << row.path;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, GroupTest, testing::ValuesIn(all_groups()),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace nono::profile
