// tests/profile/model_test.cc
#include "profile/model.h"

#include <gtest/gtest.h>

#include <string>

namespace nono::profile {
namespace {

Profile parsed(std::string_view text, ProfileFormat format = ProfileFormat::Json) {
  auto out = parse_profile(text, format, "p.json");
  EXPECT_TRUE(out) << out.error().message();
  return out ? *std::move(out) : Profile{};
}

std::string refused(std::string_view text) {
  const auto out = parse_profile(text, ProfileFormat::Json, "p.json");
  EXPECT_FALSE(out);
  EXPECT_TRUE(out || out.error().kind() == ErrorKind::Usage);
  return out ? "" : out.error().message();
}

TEST(ModelTest, EveryPartIsRead) {
  const Profile out = parsed(R"({
    "meta":{"name":"n","version":"1","description":"d","author":"a"},
    "extends":["x","y"],
    "groups":{"include":["g",{"name":"h","when":"macos"}],"exclude":["e"]},
    "security":{"groups":["older"]},
    "filesystem":{"read":["/r",{"path":"/m","when":"macos"},{"path":"/l","when":"linux"}],
                  "deny":["/d"]},
    "network":{"connect_port":[443],"listen_port":[8080,8081]},
    "environment":{"allow_vars":["A*"],"deny_vars":["B"],"pass_vars":["MY_TOKEN"],
                   "set_vars":{"C":"$HOME"}},
    "trust":{"scan":"all"},"limits":{"time":"1h30m","memory":"512M","pids":200,"cpu":"90s",
      "file":"64KiB","disk":"8G"},"workdir":{"access":"read"}})");
  EXPECT_EQ(out.name + out.version + out.description + out.author, "n1da");
  EXPECT_EQ(out.extends, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(out.groups, (std::vector<std::string>{"g", "older"}));
  EXPECT_EQ(out.left_out_groups, std::vector<std::string>{"e"});
  ASSERT_EQ(out.grants.size(), 2U);
  EXPECT_EQ(out.grants[1].path.text, "/l");
  EXPECT_EQ(out.grants[1].path.pointer, "/filesystem/read/2");
  ASSERT_EQ(out.denials.size(), 1U);
  EXPECT_EQ(out.network.listen, (std::vector<std::uint16_t>{8080, 8081}));
  EXPECT_EQ(out.environment.allow, (std::vector<std::string>{"A*"}));
  EXPECT_EQ(out.environment.pass, std::vector<std::string>{"MY_TOKEN"});
  EXPECT_EQ(out.environment.set[0].second, "$HOME");  // values are literal
  EXPECT_TRUE(out.scan_all);
  EXPECT_EQ(out.limits.wall_time, std::chrono::minutes(90));
  EXPECT_EQ(out.limits.cpu_time, std::chrono::seconds(90));
  EXPECT_EQ(out.limits.memory, 512U << 20);
  EXPECT_EQ(out.limits.processes, 200U);
  EXPECT_EQ(out.limits.file_size, 64U << 10);
  EXPECT_EQ(out.limits.disk_use, std::uint64_t{8} << 30);
  EXPECT_EQ(out.workdir, WorkdirAccess::Read);
}

TEST(ModelTest, EmptyProfileAsksForNothing) {
  const Profile out = parsed("{}");
  EXPECT_TRUE(out.grants.empty() && out.groups.empty() && out.findings.empty());
  EXPECT_FALSE(out.network.block || out.scan_all || out.workdir || out.environment.allow);
}

TEST(ModelTest, MemoryIsEnoughForAProgramToStart) {
  EXPECT_TRUE(
      refused(R"({"limits":{"memory":"1023K"}})").contains("/limits/memory: is too little"));
  EXPECT_EQ(parsed(R"({"limits":{"memory":"1024K"}})").limits.memory, 1U << 20);
}

TEST(ModelTest, NullIsAsIfItWereNotThere) {
  const Profile out = parsed(
      R"({"meta":null,"extends":null,"groups":null,"filesystem":{"read":null},"network":null,
          "workdir":{"access":null},"environment":null})");
  EXPECT_TRUE(out.grants.empty() && out.extends.empty() && !out.workdir);
}

TEST(ModelTest, GroupsMayBeAPlainList) {
  EXPECT_EQ(parsed(R"({"groups":["a","b"]})").groups, (std::vector<std::string>{"a", "b"}));
}

TEST(ModelTest, OtherLanguagesMakeTheSameProfile) {
  const Profile toml =
      parsed("extends = 'default'\n[network]\nblock = true\n", ProfileFormat::Toml);
  const Profile yaml = parsed("extends: default\nnetwork: {block: true}\n", ProfileFormat::Yaml);
  EXPECT_TRUE(toml.network.block && yaml.network.block);
  EXPECT_EQ(toml.extends, yaml.extends);
}

TEST(ModelTest, EmptyListOfHostsBlocksTheNetwork) {
  EXPECT_TRUE(parsed(R"({"network":{"allow_domain":[]}})").network.block);
  EXPECT_FALSE(parsed(R"({"network":{"allow_domain":["a.example"]}})").network.block);
  EXPECT_FALSE(parsed(R"({"network":{"allow_domain":null}})").network.block);
}

TEST(ModelTest, BlockContradictsWhatOpens) {
  EXPECT_TRUE(refused(R"({"network":{"block":true,"allow_domain":["a.example"]}})")
                  .contains("/network/block: contradicts"));
  EXPECT_TRUE(refused(R"({"network":{"block":true,"connect_port":[1]}})").contains("contradicts"));
  EXPECT_TRUE(refused(R"({"network":{"block":true,"listen_port":[1]}})").contains("contradicts"));
}

TEST(ModelTest, HostsAreReadAsTheOptionReadsThem) {
  const Profile out = parsed(R"({"network":{"connect":["Example.org:443","[::1]:80"]}})");
  ASSERT_EQ(out.network.connect_to.size(), 2U);
  EXPECT_EQ(out.network.connect_to[0].text(), "example.org:443");
  EXPECT_EQ(out.network.connect_to[1].text(), "[::1]:80");
  for (const char* wrong : {"example.org", "127.1:80", "*.example.org:443"}) {
    EXPECT_TRUE(refused(std::string(R"({"network":{"connect":["a.example:1",")") + wrong + "\"]}}")
                    .contains("/network/connect/1"))
        << wrong;
  }
  EXPECT_TRUE(
      refused(R"({"network":{"block":true,"connect":["a.example:1"]}})").contains("contradicts"));
}

TEST(ModelTest, VariablesThatLoadCodeAreNotPassed) {
  for (const char* name : {"LD_PRELOAD", "NODE_OPTIONS", "BASH_ENV", "NONO_X", "A*"}) {
    EXPECT_TRUE(refused(std::string(R"({"environment":{"pass_vars":[")") + name + "\"]}}")
                    .contains("/environment/pass_vars/0: cannot be passed"))
        << name;
  }
}

TEST(ModelTest, ErrorsBeginWithTheFile) {
  EXPECT_EQ(refused(R"({"x":1})"), "p.json: /x: is not a field of a profile");
  EXPECT_TRUE(refused("{").starts_with("p.json: "));
}

}  // namespace
}  // namespace nono::profile
