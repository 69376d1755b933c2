// tests/profile/tool_sandbox_test.cc
#include "profile/tool_sandbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "profile/compose.h"

namespace nono::profile {
namespace {

using sandbox::Access;

Result<Profile> parsed(const std::string& json) {
  return parse_profile(json, ProfileFormat::Json, "p");
}

Result<Composed> composed(const std::string& child, const std::string& parent = "{}") {
  NONO_TRY(const Profile top, parsed(child));
  const Variables variables{.home = "/home/u",
                            .working_directory = "/w",
                            .config_home = "",
                            .data_home = "",
                            .state_home = "",
                            .cache_home = "",
                            .user = "u",
                            .uid = "1"};
  return compose(top, "child", variables, [&](const std::string&) { return parsed(parent); });
}

// with makes a profile whose command has this in its sandbox, and this beside it.
std::string with(const std::string& sandbox, const std::string& beside = "") {
  return R"({"command_policies":{"entrypoint":"sh","commands":{"sh":{"executable":"/bin/sh",)"
         R"("sandbox":{)" +
         sandbox + "}}}" + beside + "}}";
}

const ComposedGrant* grant_of(const Composed& profile, std::string_view path) {
  const auto found = std::ranges::find(profile.grants, path, &ComposedGrant::path);
  return found == profile.grants.end() ? nullptr : &*found;
}

TEST(ToolSandboxTest, ItsRightsAreTheRuns) {
  const auto done = composed(with(R"("fs_read":["/r"],"fs_write":["$HOME/w"],
    "fs_read_file":["/rf"],"fs_write_file":["/wf"],"use_credentials":["c"])",
                                  R"(,"credentials":{"c":{"type":"raw-file","path":"/c"},
    "unused":{"type":"raw-file","path":"/unused"}})"));
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_TRUE(refusals(*done).empty());
  ASSERT_TRUE(done->tool);
  EXPECT_EQ(done->tool->command, "sh");
  EXPECT_EQ(done->tool->executable, "/bin/sh");
  EXPECT_EQ(done->grants.size(), 6u);
  EXPECT_EQ(grant_of(*done, "/r")->access, Access::read() | Access::execute());
  EXPECT_EQ(grant_of(*done, "/home/u/w")->access, Access::write());
  EXPECT_EQ(grant_of(*done, "/rf")->access, Access::read());
  EXPECT_EQ(grant_of(*done, "/wf")->access, Access::write());
  EXPECT_EQ(grant_of(*done, "/c")->access, Access::read());
  EXPECT_EQ(grant_of(*done, "/c")->kind, sandbox::WantedKind::File);
  EXPECT_EQ(grant_of(*done, "/unused"), nullptr) << "a credential is opt-in";
  EXPECT_TRUE(done->network.block);
}

TEST(ToolSandboxTest, NothingIsInheritedButWhatRestricts) {
  const auto done =
      composed(R"({"extends":"parent",)" + with("").substr(1),
               R"({"filesystem":{"allow":["/a"],"deny":["/d"]},"network":{"connect_port":[443]},
          "groups":["git_config"],"workdir":{"access":"readwrite"},"limits":{"pids":9},
          "environment":{"pass_vars":["P"],"set_vars":{"S":"1"},"deny_vars":["TZ"]},
          "commands":{"deny":["x"]},"trust":{"scan":"all"}})");
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(done->grants.size(), 1u);
  EXPECT_EQ(done->grants[0].path, "/bin/sh");
  EXPECT_FALSE(done->workdir);
  EXPECT_TRUE(done->network.block);
  EXPECT_TRUE(done->network.connect.empty());
  EXPECT_EQ(done->environment.allow, tool_variables());
  EXPECT_TRUE(done->environment.set.empty());
  EXPECT_EQ(std::ranges::count(done->environment.pass, "P"), 0);
  for (const char* given : {"rwx /a", "workdir", "network", "variables"}) {
    EXPECT_EQ(std::ranges::count(done->tool->put_aside, given), 1) << given;
  }
  EXPECT_EQ(done->denials.size(), 1u);
  EXPECT_EQ(done->environment.deny, std::vector<std::string>{"TZ"});
  EXPECT_EQ(done->limits.processes, 9u);
  EXPECT_EQ(done->commands.deny, std::vector<std::string>{"x"});
  EXPECT_TRUE(done->scan_all);
}

TEST(ToolSandboxTest, ItsVariablesAreThoseThatItNames) {
  const auto done =
      composed(with(R"("environment":{"allow_vars":["A_TOKEN","B*"],"set_vars":{"C":"c"}})"));
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->environment.allow, (std::vector<std::string>{"A_TOKEN", "B*"}));
  EXPECT_EQ(done->environment.pass, std::vector<std::string>{"A_TOKEN"});
  EXPECT_EQ(done->environment.set[0].first, "C");
}

TEST(ToolSandboxTest, WhatAsksForNothingIsNothing) {
  for (const char* json :
       {R"({"command_policies":{}})", R"({"command_policies":null})",
        R"({"command_policies":{"commands":{},"entrypoint":"sh"}})",
        R"({"command_policies":{"executable_dirs":[],"allow_writable_executables":false}})"}) {
    const auto done = composed(json);
    ASSERT_TRUE(done) << json << done.error().message();
    EXPECT_TRUE(refusals(*done).empty()) << json;
    EXPECT_FALSE(done->tool);
    EXPECT_FALSE(done->network.block);
  }
}

struct NotBuilt {
  std::string json;
  const char* pointer;
};
class NotBuiltTest : public testing::TestWithParam<NotBuilt> {};

TEST_P(NotBuiltTest, IsRefusedByItsPointer) {
  const auto done = composed(GetParam().json);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_FALSE(done->tool);
  const auto found = refusals(*done);
  ASSERT_FALSE(found.empty()) << GetParam().json;
  EXPECT_EQ(found[0].origin, std::string("profile child: /command_policies") + GetParam().pointer);
}

std::string command(const std::string& more) {
  return R"({"command_policies":{"entrypoint":"sh","commands":{"sh":{"executable":"/bin/sh",)"
         R"("sandbox":{},)" +
         more + "}}}}";
}

INSTANTIATE_TEST_SUITE_P(
    Fields, NotBuiltTest,
    testing::Values(
        NotBuilt{R"({"command_policies":{"commands":{"sh":{"sandbox":{}}}}})", "/commands"},
        NotBuilt{R"({"command_policies":{"entrypoint":"sh","commands":{"sh":{"sandbox":{}}}}})",
                 "/commands/sh"},
        NotBuilt{
            R"({"command_policies":{"entrypoint":"sh","commands":{"sh":{"executable":"/bin/sh"}}}})",
            "/commands/sh"},
        NotBuilt{command(R"("from":{"session":"deny"})"), "/commands/sh/from"},
        NotBuilt{command(R"("can_use":["date"])"), "/commands/sh/can_use"},
        NotBuilt{command(R"("sha256":"00")"), "/commands/sh/sha256"},
        NotBuilt{command(R"("intercept":[{}])"), "/commands/sh/intercept"},
        NotBuilt{command(R"("allow_writable_executable":true)"),
                 "/commands/sh/allow_writable_executable"},
        NotBuilt{command(R"("what_is_this":1)"), "/commands/sh/what_is_this"},
        NotBuilt{with("", R"(,"executable_dirs":["."])"), "/executable_dirs"},
        NotBuilt{with("", R"(,"approval_backends":{})"), "/approval_backends"},
        NotBuilt{with("", R"(,"what_is_this":{})"), "/what_is_this"},
        NotBuilt{with(R"("network":{"allow_all":true})"), "/commands/sh/sandbox/network"},
        NotBuilt{with(R"("unix_socket_bind":["/s"])"), "/commands/sh/sandbox/unix_socket_bind"},
        NotBuilt{with(R"("argv_prepend":["x"])"), "/commands/sh/sandbox/argv_prepend"},
        NotBuilt{with(R"("credentials":["c"])"), "/commands/sh/sandbox/credentials"},
        NotBuilt{with(R"("fs_read":["@git:root"])"), "/commands/sh/sandbox/fs_read/0"},
        NotBuilt{with(R"("environment":{"deny_vars":["A"]})"),
                 "/commands/sh/sandbox/environment/deny_vars"},
        NotBuilt{with(R"("use_credentials":["c"])",
                      R"(,"credentials":{"c":{"type":"local-socket","path":"/s"}})"),
                 "/credentials/c/type"},
        NotBuilt{with("", R"(,"credentials":{"c":{"type":"proxy"}})"), "/credentials/c/type"},
        NotBuilt{with("", R"(,"credentials":{"c":{"type":"raw-file","path":"/s","env_var":"A"}})"),
                 "/credentials/c/env_var"}));

TEST(ToolSandboxTest, AnotherCommandIsRefused) {
  const auto done = composed(R"({"command_policies":{"entrypoint":"sh","commands":{
    "sh":{"executable":"/bin/sh","sandbox":{}},"git":{"sandbox":{}}}}})");
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(refusals(*done).size(), 1u);
  EXPECT_TRUE(refusals(*done)[0].origin.ends_with("/commands/git"));
}

struct WrongTool {
  std::string json;
  const char* says;
};
class WrongToolTest : public testing::TestWithParam<WrongTool> {};

TEST_P(WrongToolTest, IsWrongUsage) {
  const auto done = composed(GetParam().json);
  ASSERT_FALSE(done) << GetParam().json;
  EXPECT_EQ(done.error().kind(), ErrorKind::Usage);
  EXPECT_TRUE(done.error().message().contains(GetParam().says)) << done.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Profiles, WrongToolTest,
    testing::Values(
        WrongTool{R"({"command_policies":[]})", "/command_policies: "},
        WrongTool{R"({"command_policies":{"entrypoint":"x","commands":{"sh":{}}}})", "names none"},
        WrongTool{R"({"command_policies":{"entrypoint":1,"commands":{"sh":{}}}})", "/entrypoint: "},
        WrongTool{R"({"command_policies":{"entrypoint":"sh","commands":[]}})", "/commands: "},
        WrongTool{with(R"("fs_read":"/r")"), "/fs_read: "},
        WrongTool{with(R"("fs_read":[""])"), "/fs_read/0: "},
        WrongTool{with(R"("fs_read":["r"])"), "/fs_read/0"},
        WrongTool{with(R"("fs_read":["$WORKDIR/x"])"), "/fs_read/0"},
        WrongTool{with(R"("fs_read":["/a/../b"])"), "/fs_read/0"},
        WrongTool{with(R"("use_credentials":["c"])"), "names none of the credentials"},
        WrongTool{with("", R"(,"credentials":{"c":{"type":"raw-file"}})"), "path"},
        WrongTool{with("", R"(,"credentials":{"c":{"path":"/c"}})"), "type"},
        WrongTool{with(R"("environment":{"allow_vars":["LD_PRELOAD"]})"), "decides what code runs"},
        WrongTool{with(R"("environment":{"allow_vars":["A*B"]})"), "has a * before its end"},
        WrongTool{with(R"("environment":{"set_vars":{"PATH":"/x"}})"), "cannot be set so"},
        WrongTool{with(R"("environment":{"set_vars":{"A":1}})"), "/set_vars/A: "},
        WrongTool{R"({"filesystem":{"deny":["/r"]},)" + with(R"("fs_read":["/r/s"])").substr(1),
                  "lies in what is denied"},
        WrongTool{R"({"filesystem":{"deny":["/r/s"]},)" + with(R"("fs_read":["/r"])").substr(1),
                  "lies inside of a grant"}));

TEST(ToolSandboxTest, TwoProfilesWithOneAreRefused) {
  const auto done = composed(R"({"extends":"parent",)" + with("").substr(1), with(""));
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message().contains("parent has one, too")) << done.error().message();
}

}  // namespace
}  // namespace nono::profile
