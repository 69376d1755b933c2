// tests/profile/compose_test.cc
#include "profile/compose.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "profile/builtin_profiles.h"
#include "profile/never_grant.h"

namespace nono::profile {
namespace {

using sandbox::Access;

Variables user() {
  const std::vector<const char*> none;
  return variables_from(none, "/home/u", "/work/p");
}

// Library is a set of profiles by name; those that nono brings are in it.
class Library {
 public:
  Library& add(const std::string& name, std::string_view json) {
    texts_[name] = json;
    return *this;
  }
  Result<Composed> compose(const std::string& name) const {
    NONO_TRY(const Profile top, find(name));
    ++composed_;
    return profile::compose(top, name, user(),
                            [this](const std::string& parent) { return find(parent); });
  }
  int looked_up() const { return looked_up_; }

 private:
  Result<Profile> find(const std::string& name) const {
    ++looked_up_;
    if (const auto text = texts_.find(name); text != texts_.end()) {
      return parse_profile(text->second, ProfileFormat::Json, name);
    }
    const BuiltinProfile* builtin = find_builtin_profile(name);
    if (builtin == nullptr) {
      return fail(ErrorKind::Usage, "there is no profile " + name);
    }
    return parse_profile(builtin->json, ProfileFormat::Json, name);
  }
  std::map<std::string, std::string> texts_;
  mutable int looked_up_ = 0;
  mutable int composed_ = 0;
};

Composed composed(const Library& library, const std::string& name) {
  auto out = library.compose(name);
  EXPECT_TRUE(out) << out.error().message();
  return out ? *std::move(out) : Composed{};
}

std::string refused(const Library& library, const std::string& name) {
  const auto out = library.compose(name);
  EXPECT_FALSE(out);
  EXPECT_TRUE(out || out.error().kind() == ErrorKind::Usage);
  return out ? "" : out.error().message();
}

const ComposedGrant* grant_of(const Composed& profile, std::string_view path) {
  for (const ComposedGrant& grant : profile.grants) {
    if (grant.path == path) {
      return &grant;
    }
  }
  return nullptr;
}

TEST(ComposeTest, RightsOfEachList) {
  Library library;
  library.add("p", R"({"filesystem":{"allow":["/a"],"read":["/r"],"write":["/w"],"exec":["/x"],
    "allow_file":["/af"],"read_file":["/rf"],"write_file":["/wf"],"unix_socket":["/s"]}})");
  const Composed out = composed(library, "p");
  const std::map<std::string, std::string> wanted = {{"/a", "rwx"},  {"/r", "r-x"},  {"/w", "-w-"},
                                                     {"/x", "r-x"},  {"/af", "rw-"}, {"/rf", "r--"},
                                                     {"/wf", "-w-"}, {"/s", "---c"}};
  EXPECT_EQ(out.grants.size(), wanted.size());
  for (const auto& [path, access] : wanted) {
    ASSERT_NE(grant_of(out, path), nullptr) << path;
    EXPECT_EQ(grant_of(out, path)->access.text(), access) << path;
    EXPECT_EQ(grant_of(out, path)->presence, Presence::Said);
  }
  EXPECT_EQ(grant_of(out, "/r")->origin, "profile p: /filesystem/read/0");
  EXPECT_EQ(grant_of(out, "/s")->kind, sandbox::WantedKind::Socket);
}

TEST(ComposeTest, ParentsComeFirstAndOnce) {
  Library library;
  library.add("base", R"({"filesystem":{"read":["/base"]}})")
      .add("left", R"({"extends":"base"})")
      .add("right", R"({"extends":["base"]})")
      .add("p", R"({"extends":["left","right"]})");
  const Composed out = composed(library, "p");
  EXPECT_EQ(out.lineage, (std::vector<std::string>{"base", "left", "right", "p"}));
  EXPECT_EQ(out.grants.size(), 1U);
}

TEST(ComposeTest, ExtendingItselfIsRefusedAndShown) {
  Library library;
  library.add("p", R"({"extends":"p"})");
  EXPECT_TRUE(refused(library, "p").contains("extends itself: p -> p"));
  library.add("a", R"({"extends":"b"})").add("b", R"({"extends":"a"})");
  EXPECT_TRUE(refused(library, "a").contains("extends itself: a -> b -> a"));
}

TEST(ComposeTest, DepthIsBounded) {
  Library library;
  for (int i = 0; i < 30; ++i) {
    library.add("p" + std::to_string(i), "{\"extends\":\"p" + std::to_string(i + 1) + "\"}");
  }
  library.add("p30", "{}");
  EXPECT_TRUE(composed(library, "p20").name == "p20");
  EXPECT_TRUE(refused(library, "p0").contains("profiles deep"));
}

TEST(ComposeTest, DiamondsDoNotMultiply) {
  Library library;
  for (int i = 0; i < 14; ++i) {
    const std::string a = std::to_string(i + 1);
    library.add("l" + std::to_string(i), R"({"extends":["l)" + a + R"(","r)" + a + R"("]})");
    library.add("r" + std::to_string(i), R"({"extends":["l)" + a + R"(","r)" + a + R"("]})");
  }
  library.add("l14", "{}").add("r14", "{}");
  composed(library, "l0");
  EXPECT_LT(library.looked_up(), 40);
}

TEST(ComposeTest, NumberOfProfilesIsBounded) {
  Library library;
  std::string names;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "p" + std::to_string(i);
    names += (names.empty() ? "\"" : ",\"") + name + "\"";
    library.add(name, "{}");
  }
  library.add("all", "{\"extends\":[" + names + "]}");
  EXPECT_TRUE(refused(library, "all").contains("64 in all"));
}

TEST(ComposeTest, MissingParentIsNamedWithItsChild) {
  Library library;
  library.add("p", R"({"extends":"nowhere"})");
  EXPECT_TRUE(refused(library, "p").contains("profile p: extends nowhere"));
}

TEST(ComposeTest, ChildCannotGrantWhatTheParentDenies) {
  Library library;
  library.add("base", R"({"filesystem":{"deny":["/data/secret"]}})")
      .add("same", R"({"extends":"base","filesystem":{"read":["/data/secret"]}})")
      .add("below", R"({"extends":"base","filesystem":{"read_file":["/data/secret/x"]}})")
      .add("beside", R"({"extends":"base","filesystem":{"read":["/data/other"]}})");
  EXPECT_TRUE(refused(library, "same").contains("lies in what is denied (profile base"));
  EXPECT_TRUE(refused(library, "below").contains("/filesystem/read_file/0"));
  EXPECT_EQ(composed(library, "beside").grants.size(), 1U);
}

TEST(ComposeTest, DenialInsideOfAGrantIsRefused) {
  Library library;
  library.add("p", R"({"filesystem":{"allow":["/tmp/x"],"deny":["/tmp/x/y"]}})");
  EXPECT_TRUE(refused(library, "p").contains("lies inside of a grant"));
}

TEST(ComposeTest, GroupsOfParentsCanBeLeftOutButNotTheirDenials) {
  Library library;
  library.add("p", R"({"extends":"python-dev","groups":{"exclude":["python_runtime"]}})")
      .add("q", R"({"extends":"default","groups":{"exclude":["deny_credentials"]},
                    "filesystem":{"read":["$HOME/.netrc"]}})");
  const Composed out = composed(library, "p");
  EXPECT_EQ(grant_of(out, "/home/u/.pyenv"), nullptr);
  EXPECT_NE(grant_of(out, "/home/u/.cache/pip"), nullptr);
  EXPECT_TRUE(refused(library, "q").contains("lies in what is denied"));
}

TEST(ComposeTest, UnknownGroupsAreRefused) {
  Library library;
  library.add("p", R"({"groups":["no_such_group"]})")
      .add("q", R"({"groups":{"exclude":["no_such_group"]}})");
  EXPECT_TRUE(refused(library, "p").contains("no_such_group"));
  EXPECT_TRUE(refused(library, "q").contains("no_such_group"));
}

TEST(ComposeTest, GroupsOfOtherPlatformsGrantNothing) {
  Library library;
  library.add("p", R"({"groups":["user_caches_macos","homebrew","claude_code_macos"]})");
  EXPECT_TRUE(composed(library, "p").grants.empty());
}

TEST(ComposeTest, GroupThatIsNotEnforcedIsSaid) {
  Library library;
  library.add("p", R"({"groups":["dangerous_commands"]})");
  const Composed out = composed(library, "p");
  ASSERT_EQ(out.findings.size(), 1U);
  EXPECT_EQ(out.findings[0].effect, FieldEffect::Said);
  EXPECT_TRUE(refusals(out).empty());
}

TEST(ComposeTest, CommandsOfAllProfilesAddUp) {
  Library library;
  library.add("base", R"({"commands":{"deny":["rm","ls"],"allow":["mount"]}})")
      .add("p", R"({"extends":"base","commands":{"deny":["ls","cp"],"allow":["dd"]}})");
  const Composed out = composed(library, "p");
  EXPECT_EQ(out.commands.deny, (std::vector<std::string>{"rm", "ls", "cp"}));
  EXPECT_EQ(out.commands.allow, (std::vector<std::string>{"mount", "dd"}));
  EXPECT_TRUE(out.findings.empty());
}

TEST(ComposeTest, NetworkStaysBlocked) {
  Library library;
  library.add("base", R"({"network":{"block":true}})")
      .add("p", R"({"extends":"base","network":{"block":false}})")
      .add("q", R"({"extends":"base","network":{"connect_port":[443]}})")
      .add("empty", R"({"network":{"allow_domain":[]}})");
  EXPECT_TRUE(composed(library, "p").network.block);
  EXPECT_TRUE(refused(library, "q").contains("network"));
  EXPECT_TRUE(composed(library, "empty").network.block);
}

TEST(ComposeTest, LimitsOnlyFall) {
  Library library;
  library.add("base", R"({"limits":{"time":"10m"},"trust":{"scan":"all"}})")
      .add("more", R"({"extends":"base","limits":{"time":"1h"},"trust":{"scan":"autoloaded"}})")
      .add("less", R"({"extends":"base","limits":{"time":"1m"}})");
  EXPECT_EQ(composed(library, "more").limits.wall_time, std::chrono::minutes(10));
  EXPECT_TRUE(composed(library, "more").scan_all);
  EXPECT_EQ(composed(library, "less").limits.wall_time, std::chrono::minutes(1));
}

TEST(ComposeTest, ADemandForTheStrictGateIsInherited) {
  Library library;
  library.add("base", R"({"trust":{"intercept":"strict"}})")
      .add("more", R"({"extends":"base","trust":{"scan":"all"}})")
      .add("none", "{}");
  EXPECT_TRUE(composed(library, "more").strict_intercept);
  EXPECT_FALSE(composed(library, "none").strict_intercept);
}

TEST(ComposeTest, OfEachLimitTheSmallestCounts) {
  Library library;
  library.add("base", R"({"limits":{"memory":"1G","pids":100,"cpu":"1m","file":"1M","disk":"1G"}})")
      .add("other", R"({"extends":"base","limits":{"memory":"2G","pids":50,"cpu":"30s","file":"2M",
           "disk":"512M"}})");
  const sandbox::Limits limits = composed(library, "other").limits;
  EXPECT_EQ(limits.memory, 1U << 30);
  EXPECT_EQ(limits.processes, 50U);
  EXPECT_EQ(limits.cpu_time, std::chrono::seconds(30));
  EXPECT_EQ(limits.file_size, 1U << 20);
  EXPECT_EQ(limits.disk_use, 512U << 20);
  EXPECT_FALSE(limits.wall_time);
}

TEST(ComposeTest, EnvironmentIsMerged) {
  Library library;
  library
      .add("base", R"({"environment":{"allow_vars":["PATH","LC_*","API_TOKEN"],
                          "pass_vars":["KEY_ONE","KEY_TWO"],"set_vars":{"A":"1","B":"1"}}})")
      .add("p", R"({"extends":"base","environment":{"deny_vars":["KEY_T*","B"],
                    "set_vars":{"A":"2"}}})");
  const EnvironmentPart out = composed(library, "p").environment;
  EXPECT_EQ(out.allow, (std::vector<std::string>{"PATH", "LC_*", "API_TOKEN"}));
  EXPECT_EQ(out.pass, (std::vector<std::string>{"KEY_ONE", "PATH", "API_TOKEN"}));
  EXPECT_EQ(out.set, (std::vector<std::pair<std::string, std::string>>{{"A", "2"}}));
}

TEST(ComposeTest, RunIsNotGrantedAsAWholeByAnyName) {
  Library library;
  library.add("p", R"({"filesystem":{"read":["/run"]}})")
      .add("q", R"({"filesystem":{"read":["/var/run"]}})")
      .add("r", R"({"filesystem":{"read_file":["/var/run/x"]}})");
  EXPECT_TRUE(refused(library, "p").contains("/run"));
  EXPECT_TRUE(refused(library, "q").contains("/run"));
  EXPECT_NE(grant_of(composed(library, "r"), "/run/x"), nullptr);
}

TEST(ComposeTest, PathsInAllAreBounded) {
  Library library;
  std::string names;
  for (int i = 0; i < 3; ++i) {
    std::string list;
    for (int j = 0; j < 1000; ++j) {
      list += (j == 0 ? "\"/a" : ",\"/a") + std::to_string(i) + "/" + std::to_string(j) + "\"";
    }
    library.add("p" + std::to_string(i), "{\"filesystem\":{\"read\":[" + list + "]}}");
    names += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + "\"";
  }
  library.add("all", "{\"extends\":[" + names + "]}");
  EXPECT_TRUE(refused(library, "all").contains("more than 2048 paths"));
}

class BuiltinProfileTest : public testing::TestWithParam<BuiltinProfile> {};

TEST_P(BuiltinProfileTest, ComposesWithoutAnyFinding) {
  const std::string name(GetParam().name);
  const Composed out = composed(Library(), name);
  EXPECT_TRUE(out.findings.empty());
  EXPECT_EQ(out.lineage.back(), name);
  EXPECT_EQ(out.lineage.front(), "default");
  EXPECT_FALSE(out.network.block);
}

TEST_P(BuiltinProfileTest, GrantsNothingThatIsNeverGranted) {
  UserPlaces places;
  places.home = "/home/u";
  const auto never = NeverGrantList::for_places(places);
  ASSERT_TRUE(never);
  for (const ComposedGrant& grant : composed(Library(), std::string(GetParam().name)).grants) {
    const auto use = grant.access.has(Access::write()) ? GrantUse::Writing : GrantUse::Reading;
    EXPECT_FALSE(never->find(grant.path, use)) << grant.path;
  }
}

TEST_P(BuiltinProfileTest, NamesItself) {
  const auto parsed = parse_profile(GetParam().json, ProfileFormat::Json, "builtin");
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(parsed->name, GetParam().name);
  EXPECT_FALSE(parsed->description.empty());
}

INSTANTIATE_TEST_SUITE_P(All, BuiltinProfileTest, testing::ValuesIn(builtin_profiles()),
                         [](const auto& instance) {
                           std::string name(instance.param.name);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace nono::profile
