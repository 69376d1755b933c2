// tests/profile/environment_test.cc
#include "profile/environment.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nono::profile {
namespace {

using Strings = std::vector<std::string>;

EnvironmentPlan planned(const std::vector<const char*>& environment,
                        const EnvironmentOptions& options = {}) {
  auto plan = plan_environment(environment, options);
  EXPECT_TRUE(plan) << plan.error().message();
  return plan ? *plan : EnvironmentPlan{};
}

EnvironmentOptions allowing(Strings names, Strings globs = {}) {
  EnvironmentOptions options;
  options.allow = std::move(names);
  options.allow_globs = std::move(globs);
  return options;
}

TEST(EnvironmentTest, HarmlessIsKeptAndTheRestIsNamed) {
  const EnvironmentPlan plan =
      planned({"PATH=/bin", "LD_PRELOAD=/tmp/x.so", "HOME=/root", "GITHUB_TOKEN=abc"});
  EXPECT_EQ(plan.kept, (Strings{"PATH=/bin", "HOME=/root"}));
  EXPECT_EQ(plan.dropped_names, (Strings{"GITHUB_TOKEN", "LD_PRELOAD"}));
}

TEST(EnvironmentTest, NullEntryEndsTheEnvironment) {
  EXPECT_EQ(planned({"A=1", nullptr, "B=2"}).kept, Strings{"A=1"});
}

TEST(EnvironmentTest, ValuesWithEqualsSignsStayWhole) {
  EXPECT_EQ(planned({"A=b=c=d", "B="}).kept, (Strings{"A=b=c=d", "B="}));
}

TEST(EnvironmentTest, FirstOfTwoEqualNamesCounts) {
  const EnvironmentPlan plan = planned({"A=1", "A=2", "LD_X=1", "LD_X=2"});
  EXPECT_EQ(plan.kept, Strings{"A=1"});
  EXPECT_EQ(plan.dropped_names, Strings{"LD_X"});
}

TEST(EnvironmentTest, SecondOfTwoNamesDoesNotComeBackWithAnotherValue) {
  const EnvironmentPlan plan = planned({"A=ghp_0123456789abcdef0123", "A=harmless"});
  EXPECT_TRUE(plan.kept.empty());
  EXPECT_EQ(plan.dropped_names, Strings{"A"});
}

TEST(EnvironmentTest, EntriesThatAreNoVariablesAreDropped) {
  const EnvironmentPlan plan = planned({"NOEQUALS", "=value", ""});
  EXPECT_TRUE(plan.kept.empty());
  EXPECT_EQ(plan.dropped_names, (Strings{"", "=value", "NOEQUALS"}));
}

TEST(EnvironmentTest, NamedVariableIsLetThrough) {
  const EnvironmentPlan plan =
      planned({"ANTHROPIC_API_KEY=x", "OPENAI_API_KEY=y"}, allowing({"ANTHROPIC_API_KEY"}));
  EXPECT_EQ(plan.kept, Strings{"ANTHROPIC_API_KEY=x"});
  EXPECT_EQ(plan.dropped_names, Strings{"OPENAI_API_KEY"});
}

TEST(EnvironmentTest, NamedVariableThatIsNotSetIsNoError) {
  const EnvironmentPlan plan = planned({"A=1"}, allowing({"MISSING"}));
  EXPECT_EQ(plan.kept, Strings{"A=1"});
}

TEST(EnvironmentTest, NameWithValueSetsOrReplaces) {
  const EnvironmentPlan plan = planned({"A=1", "LD_LIBRARY_PATH=/old"},
                                       allowing({"A=2", "NEW_TOKEN=t", "LD_LIBRARY_PATH=/x"}));
  EXPECT_EQ(plan.kept, (Strings{"A=2", "LD_LIBRARY_PATH=/x", "NEW_TOKEN=t"}));
  EXPECT_TRUE(plan.dropped_names.empty());
}

TEST(EnvironmentTest, LastOfTwoOptionsCounts) {
  EXPECT_EQ(planned({}, allowing({"A=1", "A=2"})).kept, Strings{"A=2"});
  EXPECT_EQ(planned({"A=0"}, allowing({"A=1", "A"})).kept, Strings{"A=0"});
}

TEST(EnvironmentTest, GlobLetsThroughWhatItMatches) {
  const EnvironmentPlan plan = planned(
      {"AWS_SECRET_ACCESS_KEY=a", "AWS_PROFILE=b", "DB_PASSWORD=c"}, allowing({}, {"AWS_*"}));
  EXPECT_EQ(plan.kept, (Strings{"AWS_SECRET_ACCESS_KEY=a", "AWS_PROFILE=b"}));
  EXPECT_EQ(plan.dropped_names, Strings{"DB_PASSWORD"});
}

TEST(EnvironmentTest, GlobNeverLetsNonosOwnThrough) {
  const EnvironmentPlan plan =
      planned({"NONO_TRUST_OVERRIDE=1", "X_TOKEN=1x"}, allowing({}, {"*", "NONO_*"}));
  EXPECT_EQ(plan.kept, Strings{"X_TOKEN=1x"});
  EXPECT_EQ(plan.dropped_names, Strings{"NONO_TRUST_OVERRIDE"});
}

TEST(EnvironmentTest, WhatNonoSetsWinsOverEverything) {
  EnvironmentOptions options = allowing({"TMPDIR=/mine", "TMP"});
  options.set = {{"TMPDIR", "/private"}, {"TMP", "/private"}, {"NONO_SESSION", "1"}};
  const EnvironmentPlan plan =
      planned({"TMPDIR=/tmp", "TMP=/tmp", "NONO_SESSION=0", "A=1"}, options);
  EXPECT_EQ(plan.kept, (Strings{"A=1", "TMPDIR=/private", "TMP=/private", "NONO_SESSION=1"}));
  EXPECT_TRUE(plan.dropped_names.empty());
}

TEST(EnvironmentTest, OptionsThatNameNothingAreUsage) {
  for (const std::string& name : {std::string(), std::string("=x"), std::string("A\0B", 3)}) {
    const auto plan = plan_environment({}, allowing({name}));
    ASSERT_FALSE(plan) << name;
    EXPECT_EQ(plan.error().kind(), ErrorKind::Usage);
    EXPECT_NE(plan.error().message().find("--env "), std::string::npos);
  }
}

TEST(EnvironmentTest, GlobsThatAreNoPatternOfNamesAreUsage) {
  for (const std::string& glob : {std::string(), std::string("A=b"), std::string("A\0B", 3)}) {
    const auto plan = plan_environment({}, allowing({}, {glob}));
    ASSERT_FALSE(plan) << glob;
    EXPECT_EQ(plan.error().kind(), ErrorKind::Usage);
    EXPECT_NE(plan.error().message().find("--env-allow "), std::string::npos);
  }
}

TEST(EnvironmentTest, WhyAnswersForOneName) {
  EXPECT_EQ(why_not_passed("LD_PRELOAD", "x", {}), "makes programs load code");
  EXPECT_EQ(why_not_passed("GITHUB_TOKEN", "x", {}), "a secret by its name");
  EXPECT_FALSE(why_not_passed("PATH", "/bin", {}));
  EXPECT_FALSE(why_not_passed("GITHUB_TOKEN", "x", allowing({"GITHUB_TOKEN"})));
  EXPECT_FALSE(why_not_passed("GITHUB_TOKEN", "x", allowing({}, {"GITHUB_*"})));
  EnvironmentOptions options;
  options.set = {{"XDG_RUNTIME_DIR", "/x"}};
  EXPECT_FALSE(why_not_passed("XDG_RUNTIME_DIR", "/run/user/0", options));
}

TEST(EnvironmentTest, TheAddressOfAGrantedSocketIsPassedOn) {
  EnvironmentOptions options;
  options.sockets = {"/run/agent", "/run/bus"};
  const std::vector<const char*> named{
      "SSH_AUTH_SOCK=/run/agent", "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus",
      "DOCKER_HOST=unix:///run/bus", "SOME_SERVICE=unix:/run/agent"};
  EXPECT_EQ(planned(named, options).kept, Strings(named.begin(), named.end()));
  const std::vector<const char*> others{
      "SSH_AUTH_SOCK=/run/agent2", "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus,x",
      "DOCKER_HOST=unix:///run",   "SSH_AGENT_PID=12",
      "LD_PRELOAD=/run/agent",     "SOME_TOKEN=/run/agent"};
  EXPECT_TRUE(planned(others, options).kept.empty());
  options.deny = {"SSH_*"};
  EXPECT_EQ(why_not_passed("SSH_AUTH_SOCK", "/run/agent", options), "left out by the profile");
}

TEST(EnvironmentTest, ProfileLeavesOutWhatItDenies) {
  EnvironmentOptions options;
  options.deny = {"EDITOR", "LC_*"};
  const EnvironmentPlan plan = planned({"EDITOR=vi", "LC_ALL=C", "HOME=/h"}, options);
  EXPECT_EQ(plan.kept, Strings{"HOME=/h"});
  EXPECT_EQ(plan.dropped_names, (Strings{"EDITOR", "LC_ALL"}));
  EXPECT_EQ(why_not_passed("EDITOR", "vi", options), "left out by the profile");
}

TEST(EnvironmentTest, ProfilesListLeavesOutAllElse) {
  EnvironmentOptions options;
  options.only = Strings{"PATH", "LC_*"};
  EXPECT_EQ(planned({"PATH=/bin", "LC_ALL=C", "HOME=/h"}, options).kept,
            (Strings{"PATH=/bin", "LC_ALL=C"}));
  options.only = Strings{};
  EXPECT_TRUE(planned({"PATH=/bin"}, options).kept.empty());
}

TEST(EnvironmentTest, ProfilesPatternDoesNotLetASecretThrough) {
  EnvironmentOptions options;
  options.only = Strings{"GITHUB_*", "LD_*"};
  EXPECT_TRUE(planned({"GITHUB_TOKEN=abc", "LD_PRELOAD=/x"}, options).kept.empty());
}

TEST(EnvironmentTest, OptionsStandAboveTheProfile) {
  EnvironmentOptions options = allowing({"EDITOR", "A=1"}, {"LC_*"});
  options.deny = {"*"};
  options.only = Strings{};
  EXPECT_EQ(planned({"EDITOR=vi", "LC_ALL=C", "A=0", "B=0"}, options).kept,
            (Strings{"EDITOR=vi", "LC_ALL=C", "A=1"}));
}

}  // namespace
}  // namespace nono::profile
