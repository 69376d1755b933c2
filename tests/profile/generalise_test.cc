// tests/profile/generalise_test.cc: from uses to a profile, by table.
#include "profile/generalise.h"

#include <gtest/gtest.h>

#include <random>

#include "profile/compose.h"
#include "profile/model.h"

namespace nono::profile {
namespace {

using sandbox::Access;

LearnView view() {
  LearnView out;
  out.variables = variables_from({}, "/home/u", "/home/u/src/p");
  out.granted = [](std::string_view path) {
    return path.starts_with("/usr/") ? Access::read() | Access::execute() : Access::none();
  };
  out.forbidden = [](const std::string& path, Access) -> std::string {
    return path.starts_with("/home/u/.ssh") ? "it is never granted: keys" : "";
  };
  return out;
}

Uses uses_of(std::vector<UsedPath> paths) {
  Uses out;
  out.paths = std::move(paths);
  return out;
}

std::string learned(std::vector<UsedPath> paths, std::string_view field = "filesystem") {
  const Learned out = generalise(uses_of(std::move(paths)), view(), "p", "");
  const Json* found = out.document.find(field);
  return found == nullptr ? "" : found->compact();
}

struct Row {
  const char* name;
  std::vector<UsedPath> uses;
  const char* filesystem;
  const char* workdir;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class GeneraliseTest : public ::testing::TestWithParam<Row> {};

TEST_P(GeneraliseTest, UsesBecomeTheSmallestWords) {
  EXPECT_EQ(learned(GetParam().uses), GetParam().filesystem);
  EXPECT_EQ(learned(GetParam().uses, "workdir"), GetParam().workdir);
}

const Row kRows[] = {
    {"Nothing", {}, "", ""},
    {"WhatEveryAgentHas",
     {{"/usr/bin/make", UsedAs::Execute}, {"/usr/include", UsedAs::List}},
     "",
     ""},
    {"OneFile", {{"/srv/data/x.txt", UsedAs::Read}}, R"({"read_file":["/srv/data/x.txt"]})", ""},
    {"ReadAndWritten",
     {{"/srv/data/x.txt", UsedAs::Read}, {"/srv/data/x.txt", UsedAs::Write}},
     R"({"allow_file":["/srv/data/x.txt"]})",
     ""},
    {"OnlyWritten", {{"/srv/data/log", UsedAs::Write}}, R"({"write_file":["/srv/data/log"]})", ""},
    {"AProgram", {{"/srv/tool/run", UsedAs::Execute}}, R"({"exec":["/srv/tool/run"]})", ""},
    {"AListing", {{"/srv/data", UsedAs::List}}, R"({"read":["/srv/data"]})", ""},
    {"ManyFilesAreTheirDirectory",
     {{"/srv/d/a", UsedAs::Read},
      {"/srv/d/b", UsedAs::Read},
      {"/srv/d/c", UsedAs::Read},
      {"/srv/d/e", UsedAs::Read}},
     R"({"read":["/srv/d"]})",
     ""},
    {"ThreeAreNot",
     {{"/srv/d/a", UsedAs::Read}, {"/srv/d/b", UsedAs::Read}, {"/srv/d/c", UsedAs::Read}},
     R"({"read_file":["/srv/d/a","/srv/d/b","/srv/d/c"]})",
     ""},
    {"OneThatIsWrittenDoesNotOpenTheOthers",
     {{"/srv/d/a", UsedAs::Read},
      {"/srv/d/b", UsedAs::Read},
      {"/srv/d/c", UsedAs::Read},
      {"/srv/d/e", UsedAs::Read},
      {"/srv/d/a", UsedAs::Write}},
     R"({"read":["/srv/d"],"write_file":["/srv/d/a"]})",
     ""},
    {"DirectoriesOfManyAreOfMany",
     {{"/srv/d/1/a", UsedAs::List},
      {"/srv/d/2/a", UsedAs::List},
      {"/srv/d/3/a", UsedAs::List},
      {"/srv/d/4/a", UsedAs::List}},
     R"({"read":["/srv/d/1/a","/srv/d/2/a","/srv/d/3/a","/srv/d/4/a"]})",
     ""},
    {"WhatIsExecutedInADirectoryThatIsReadNeedsNoWord",
     {{"/srv/d", UsedAs::List}, {"/srv/d/bin/run", UsedAs::Execute}},
     R"({"read":["/srv/d"]})",
     ""},
    {"NorWhereItIsTheDirectoryOfMany",
     {{"/srv/d/a", UsedAs::Read},
      {"/srv/d/b", UsedAs::Read},
      {"/srv/d/c", UsedAs::Read},
      {"/srv/d/e", UsedAs::Execute}},
     R"({"read":["/srv/d"]})",
     ""},
    {"WhatIsExecutedWhereOnlyNamesAreMadeNeedsOne",
     {{"/srv/d/new", UsedAs::Name}, {"/srv/e/run", UsedAs::Execute}},
     R"({"exec":["/srv/e/run"],"write":["/srv/d"]})",
     ""},
    {"ANameNeedsItsDirectory", {{"/srv/d/new", UsedAs::Name}}, R"({"write":["/srv/d"]})", ""},
    {"WhereNamesAreMadeWhatIsReadIsItsOwn",
     {{"/home/u/.cache/t/x8f3", UsedAs::Name}, {"/home/u/.cache/t/x8f3", UsedAs::Read}},
     R"({"allow":["$XDG_CACHE_HOME/t"]})",
     ""},
    {"TheWorkingDirectoryIsOneRight",
     {{"/home/u/src/p/a.c", UsedAs::Read}, {"/home/u/src/p/build/a.o", UsedAs::Name}},
     "",
     R"({"access":"readwrite"})"},
    {"TheWorkingDirectoryOnlyRead", {{"/home/u/src/p", UsedAs::List}}, "", R"({"access":"read"})"},
    {"HomeIsAVariable",
     {{"/home/u/notes/x", UsedAs::Read}, {"/home/u/.config/tool/c", UsedAs::Read}},
     R"({"read_file":["$HOME/notes/x","$XDG_CONFIG_HOME/tool/c"]})",
     ""},
    {"WhatLiesInAGrantIsNotRepeated",
     {{"/srv/d", UsedAs::List}, {"/srv/d/x/y", UsedAs::Read}, {"/srv/d.x", UsedAs::Read}},
     R"({"read":["/srv/d"],"read_file":["/srv/d.x"]})",
     ""},
};
INSTANTIATE_TEST_SUITE_P(Table, GeneraliseTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

// What would give away a whole home or the machine is said, and not granted.
TEST(GeneraliseLimitsTest, HomesAndRootsAreNeverWhole) {
  for (const char* path :
       {"/", "/home", "/home/u", "/home/v", "/home/u/src", "/etc", "/srv", "/home/u/.config",
        "/home/u/.cache", "/home/u/.local/share", "/home/u/.local/state", "/var/lib"}) {
    if (std::string_view(path) == "/home/u/src") {
      continue;  // holds the working directory, and is a directory as others
    }
    const Learned out = generalise(uses_of({{path, UsedAs::List}}), view(), "p", "");
    EXPECT_EQ(out.document.find("filesystem"), nullptr) << path;
    ASSERT_EQ(out.notes.size(), 1U) << path;
    EXPECT_TRUE(out.notes[0].starts_with(std::string(path) + " was used")) << out.notes[0];
  }
}

TEST(GeneraliseLimitsTest, ManyFilesOfAHomeStayFiles) {
  std::vector<UsedPath> uses;
  for (const char* name : {".a", ".b", ".c", ".d", ".e"}) {
    uses.push_back({std::string("/home/u/") + name, UsedAs::Read});
  }
  EXPECT_EQ(learned(uses),
            R"({"read_file":["$HOME/.a","$HOME/.b","$HOME/.c","$HOME/.d","$HOME/.e"]})");
}

TEST(GeneraliseLimitsTest, WhatIsNeverGrantedIsSaid) {
  const Learned out =
      generalise(uses_of({{"/home/u/.ssh/id_ed25519", UsedAs::Read}}), view(), "p", "");
  EXPECT_EQ(out.document.find("filesystem"), nullptr);
  ASSERT_EQ(out.notes.size(), 1U);
  EXPECT_TRUE(out.notes[0].contains("never granted: keys")) << out.notes[0];
}

TEST(GeneraliseLimitsTest, ANameThatIsNoTextIsSaid) {
  const Learned out = generalise(uses_of({{"/srv/\xff", UsedAs::Read}, {"relative", UsedAs::Read}}),
                                 view(), "p", "");
  EXPECT_EQ(out.document.find("filesystem"), nullptr);
  EXPECT_EQ(out.notes.size(), 2U);
}

TEST(GeneraliseLimitsTest, AGroupOfAllCachesIsNotTaken) {
  std::vector<UsedPath> uses;
  for (const char* name : {"a/1", "b/1", "c/1", "d/1"}) {
    uses.push_back({std::string("/home/u/.cache/") + name, UsedAs::Name});
  }
  const Learned out = generalise(uses_of(uses), view(), "p", "");
  EXPECT_EQ(out.document.find("groups"), nullptr) << out.document.pretty();
  EXPECT_EQ(learned(uses), R"({"write":["$XDG_CACHE_HOME/a","$XDG_CACHE_HOME/b",)"
                           R"("$XDG_CACHE_HOME/c","$XDG_CACHE_HOME/d"]})");
}

TEST(GeneraliseLimitsTest, AGroupIsRecognisedByWhatItKeeps) {
  std::vector<UsedPath> uses;
  for (const char* name : {"registry/index", "registry/cache", "git/db", "config.toml"}) {
    uses.push_back({std::string("/home/u/.cargo/") + name, UsedAs::Read});
  }
  const Learned out = generalise(uses_of(uses), view(), "p", "");
  const Json* groups = out.document.find("groups");
  ASSERT_NE(groups, nullptr) << out.document.pretty();
  EXPECT_TRUE(groups->compact().contains("rust_")) << groups->compact();
}

TEST(GeneraliseLimitsTest, AGroupWithSomethingForbiddenIsNotTaken) {
  std::vector<UsedPath> uses;
  for (const char* name : {"registry/index", "registry/cache", "git/db"}) {
    uses.push_back({std::string("/home/u/.cargo/") + name, UsedAs::Write});
  }
  LearnView denying = view();
  EXPECT_NE(generalise(uses_of(uses), denying, "p", "").document.find("groups"), nullptr);
  denying.forbidden = [](const std::string& path, Access) -> std::string {
    return path == "/home/u/.cache/sccache" ? "it lies in what is denied" : "";
  };
  const Learned out = generalise(uses_of(uses), denying, "p", "");
  EXPECT_EQ(out.document.find("groups"), nullptr) << out.document.pretty();
}

TEST(GeneraliseLimitsTest, AGroupIsNotTakenForWhatADirectoryGivesAnyway) {
  std::vector<UsedPath> uses = {{"/home/u/.npm/new", UsedAs::Name}};
  for (const char* name : {"_cacache/a", "_cacache/b", "_logs/c", "_logs/d"}) {
    uses.push_back({std::string("/home/u/.npm/") + name, UsedAs::Name});
    uses.push_back({std::string("/home/u/.npm/") + name, UsedAs::Read});
  }
  const Learned out = generalise(uses_of(uses), view(), "p", "");
  EXPECT_EQ(out.document.find("groups"), nullptr) << out.document.pretty();
  EXPECT_EQ(learned(uses), R"({"allow":["$HOME/.npm"]})");
}

TEST(GeneraliseNetworkTest, PortsAreListedUnlessUdpWasUsedOrAnyFreePort) {
  Uses uses;
  EXPECT_EQ(generalise(uses, view(), "p", "").document.find("network")->compact(),
            R"({"block":true})");
  uses.connected = {443, 80};
  uses.listened = {8080};
  EXPECT_EQ(generalise(uses, view(), "p", "").document.find("network")->compact(),
            R"({"connect_port":[80,443],"listen_port":[8080]})");
  uses.datagrams = true;
  const Learned open = generalise(uses, view(), "p", "");
  EXPECT_EQ(open.document.find("network"), nullptr);
  EXPECT_EQ(open.notes.size(), 1U);
  uses.datagrams = false;
  uses.free_ports = true;
  const Learned free = generalise(uses, view(), "p", "");
  EXPECT_EQ(free.document.find("network"), nullptr);
  EXPECT_EQ(free.notes.size(), 1U);
}

TEST(GeneraliseSocketsTest, EachIsNamedAndWhatIsNeverGrantedIsSaid) {
  Uses uses;
  uses.sockets = {"/run/db/s", "/home/u/.x/s", "/home/u/.ssh/agent"};
  const Learned out = generalise(uses, view(), "p", "");
  EXPECT_EQ(out.document.find("filesystem")->compact(),
            R"({"unix_socket":["$HOME/.x/s","/run/db/s"]})");
  EXPECT_EQ(out.notes.size(), 1U);
  LearnView known = view();
  known.granted = [](std::string_view) { return Access::connect(); };
  uses.sockets = {"/run/db/s"};
  EXPECT_EQ(generalise(uses, known, "p", "").document.find("filesystem"), nullptr);
}

std::vector<UsedPath> random_uses(std::mt19937& random) {
  static const std::vector<std::string> kWords = {"home", "u",   "src",   "p",     ".config", "srv",
                                                  "a",    "b c", "\"q\"", "$HOME", "etc",     "usr",
                                                  ".ssh", "d",   "*",     "~"};
  std::vector<UsedPath> out;
  for (std::size_t left = random() % 40; left > 0; --left) {
    std::string path;
    for (std::size_t depth = random() % 5 + 1; depth > 0; --depth) {
      path += "/" + kWords[random() % kWords.size()];
    }
    out.push_back({path, static_cast<UsedAs>(random() % 5)});
  }
  return out;
}

bool covered(const Composed& composed, const UsedPath& use, const LearnView& how) {
  Access wanted =
      use.as == UsedAs::Name || use.as == UsedAs::Write ? Access::write() : Access::read();
  wanted = use.as == UsedAs::Execute ? wanted | Access::execute() : wanted;
  const std::string at = use.as == UsedAs::Name
                             ? use.path.substr(0, std::max<std::size_t>(use.path.rfind('/'), 1))
                             : use.path;
  Access given = how.granted(at);
  for (const ComposedGrant& grant : composed.grants) {
    if (at == grant.path ||
        (grant.kind != sandbox::WantedKind::File && at.starts_with(grant.path + "/"))) {
      given = given | grant.access;
    }
  }
  return given.has(wanted) || at.starts_with("/home/u/src/p");
}

// Links and moves count where the run will have a view of its own, that is, without network.
TEST(GeneraliseViewTest, LinksAndMovesCountOnlyWithoutNetwork) {
  Uses uses = uses_of({{"/srv/real/f", UsedAs::Read},
                       {"/srv/link/f", UsedAs::Read, true},
                       {"/home/u/src/p/link", UsedAs::Write, true},
                       {"/srv/from/x", UsedAs::Name},
                       {"/srv/from/x", UsedAs::Away},
                       {"/home/u/.ssh/link", UsedAs::Read, true}});
  const Learned blocked = generalise(uses, view(), "p", "");
  EXPECT_EQ(blocked.document.find("filesystem")->compact(),
            R"({"allow":["/srv/from"],"read_file":["/srv/link/f","/srv/real/f"]})");
  EXPECT_EQ(blocked.document.find("workdir")->compact(), R"({"access":"read"})");
  EXPECT_TRUE(blocked.notes.empty());
  uses.connected.insert(443);
  const Learned open = generalise(uses, view(), "p", "");
  EXPECT_EQ(open.document.find("filesystem")->compact(),
            R"({"read_file":["/srv/real/f"],"write":["/srv/from"]})");
  EXPECT_EQ(open.document.find("workdir"), nullptr);
}

// Whatever was used: the proposal is a valid profile, it gives each use or says why not, and it
// grants no home and no root.
TEST(GeneraliseRandomTest, EveryProposalIsAValidProfileThatGivesWhatWasUsed) {
  std::mt19937 random(3);
  const LearnView how = view();
  for (int round = 0; round < 500; ++round) {
    const std::vector<UsedPath> uses = random_uses(random);
    const Learned out = generalise(uses_of(uses), how, "p", "");
    const auto parsed = parse_profile(out.document.pretty(), ProfileFormat::Json, "learned");
    ASSERT_TRUE(parsed) << parsed.error().message() << out.document.pretty();
    const auto composed = compose(*parsed, "p", how.variables,
                                  [](const std::string&) -> Result<Profile> { return Profile(); });
    ASSERT_TRUE(composed) << composed.error().message() << out.document.pretty();
    for (const ComposedGrant& grant : composed->grants) {
      EXPECT_TRUE(grant.path.size() > 1 && grant.path != "/home" && grant.path != "/home/u")
          << grant.path;
    }
    for (const UsedPath& use : uses) {
      EXPECT_TRUE(covered(*composed, use, how) || !out.notes.empty())
          << use.path << " " << static_cast<int>(use.as) << out.document.pretty();
    }
  }
}

}  // namespace
}  // namespace nono::profile
