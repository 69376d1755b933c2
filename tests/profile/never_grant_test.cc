// tests/profile/never_grant_test.cc
#include "profile/never_grant.h"

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/files.h"
#include "temporary_directory.h"

namespace nono::profile {
namespace {

using Relation = NeverGrant::Relation;

UserPlaces places_in(const TemporaryDirectory& home) {
  UserPlaces places;
  places.home = home.path();
  places.runtime_directory = home.at("runtime");
  return places;
}

NeverGrantList list_for(const UserPlaces& places, const std::vector<std::string>& overrides = {}) {
  auto list = NeverGrantList::for_places(places, overrides);
  EXPECT_TRUE(list) << list.error().message();
  if (!list) {
    std::abort();
  }
  return *std::move(list);
}

// Where a row of the table lies in the home of a test, its pattern filled in.
std::string place_of(const TemporaryDirectory& home, std::string_view pattern) {
  struct Prefix {
    std::string_view text;
    const char* below_home;
  };
  constexpr Prefix kPrefixes[] = {{"~", ""},
                                  {"$XDG_CONFIG_HOME", ".config"},
                                  {"$XDG_DATA_HOME", ".local/share"},
                                  {"$XDG_STATE_HOME", ".local/state"},
                                  {"$XDG_RUNTIME_DIR", "runtime"}};
  std::string path(pattern);
  for (const Prefix& prefix : kPrefixes) {
    if (pattern.starts_with(prefix.text)) {
      path = join_path(home.at(prefix.below_home), pattern.substr(prefix.text.size()));
    }
  }
  if (const std::size_t star = path.find('*'); star != std::string::npos) {
    path.replace(star, 1, "x");
  }
  return normal_path(path);
}

class NeverGrantRowTest : public testing::TestWithParam<NeverGrantRow> {};

void expect_refused(const NeverGrantList& list, const NeverGrantRow& row, const std::string& path) {
  const auto itself = list.find(path, GrantUse::Writing);
  ASSERT_TRUE(itself) << path;
  EXPECT_EQ(itself->entry, path);
  EXPECT_EQ(itself->why, row.why);
  EXPECT_EQ(itself->owner, row.owner);
  EXPECT_EQ(itself->relation, Relation::Beneath);

  const bool single = row.reach == NeverGrantReach::Directory;
  const auto inside = list.find(path + "/some/thing", GrantUse::Writing);
  EXPECT_EQ(inside.has_value(), !single);
}

void expect_neighbour_fine(const NeverGrantList& list, const std::string& path) {
  const std::string neighbour =
      join_path(directory_name(path), "other-" + std::string(base_name(path)));
  const auto found = list.find(neighbour, GrantUse::Writing);
  // The neighbour may lie in an entry of another row.
  EXPECT_FALSE(found && found->entry == neighbour) << neighbour;
}

TEST_P(NeverGrantRowTest, IsRefusedWithWhatLiesInItAndWhatCoversIt) {
  const NeverGrantRow& row = GetParam();
  const TemporaryDirectory home;
  const std::string path = place_of(home, row.pattern);
  const NeverGrantList list = list_for(places_in(home));
  expect_refused(list, row, path);
  expect_neighbour_fine(list, path);
  if (!row.pattern.starts_with('/')) {  // those are the machine's: not made for a test
    home.make_directory(relative_to(home.path(), path));
    EXPECT_TRUE(list.find(std::string(directory_name(path)), GrantUse::Reading));
  }
}

INSTANTIATE_TEST_SUITE_P(Table, NeverGrantRowTest,
                         testing::ValuesIn(std::vector<NeverGrantRow>(never_grant_rows().begin(),
                                                                      never_grant_rows().end())),
                         [](const auto& param) {
                           std::string name;
                           for (const char c : param.param.pattern) {
                             name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           }
                           return name;
                         });

TEST(NeverGrantTest, OrdinaryPlacesAreFine) {
  const TemporaryDirectory home;
  const NeverGrantList list = list_for(places_in(home));
  for (const std::string& path :
       {home.at("project"), home.at(".config/claude"), home.at(".cache"), home.at(".cargo"),
        home.at(".npm"), home.at(".sshx"), home.at("project/.ssh"), home.at("project/.aws"),
        std::string("/usr"), std::string("/opt/tool"), std::string("/dev/kvm"),
        std::string("/dev/shm/mine"), std::string("/etc/ssh/ssh_config")}) {
    EXPECT_FALSE(list.find(path, GrantUse::Writing)) << path;
  }
}

TEST(NeverGrantTest, ProjectInTheHomeOfRootIsFine) {
  UserPlaces places;
  places.home = "/root";
  EXPECT_FALSE(list_for(places).find("/root/project", GrantUse::Writing));
}

TEST(NeverGrantTest, HomeItselfIsRefusedEvenWhereNothingIsThereYet) {
  const TemporaryDirectory home;
  const auto found = list_for(places_in(home)).find(home.path(), GrantUse::Reading);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->relation, Relation::Covers);
  EXPECT_EQ(found->owner, NeverGrantOwner::Nono);
}

TEST(NeverGrantTest, RootDirectoryIsRefused) {
  const TemporaryDirectory home;
  EXPECT_TRUE(list_for(places_in(home)).find("/", GrantUse::Reading));
}

TEST(NeverGrantTest, AbsentEntryDoesNotForbidWhatWouldCoverIt) {
  const TemporaryDirectory home;
  home.make_directory(".cargo/bin");
  const NeverGrantList list = list_for(places_in(home));
  EXPECT_FALSE(list.find(home.at(".cargo"), GrantUse::Writing));
  home.make_file(".cargo/credentials.toml");
  const auto found = list.find(home.at(".cargo"), GrantUse::Writing);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->entry, home.at(".cargo/credentials.toml"));
  EXPECT_FALSE(list.find(home.at(".cargo/bin"), GrantUse::Writing));
}

TEST(NeverGrantTest, SpellingsDoNotMatter) {
  const TemporaryDirectory home;
  const NeverGrantList list = list_for(places_in(home));
  for (const std::string& path : {home.at(".ssh/"), home.at("./.ssh/id_ed25519"),
                                  home.at("project/../.ssh"), home.path() + "//.ssh/../.ssh"}) {
    EXPECT_TRUE(list.find(path, GrantUse::Reading)) << path;
  }
}

TEST(NeverGrantTest, LinkToAnEntryIsRefused) {
  const TemporaryDirectory home;
  home.make_directory(".ssh");
  home.make_directory("project");
  ASSERT_EQ(::symlink("../.ssh", home.at("project/keys").c_str()), 0);
  EXPECT_TRUE(list_for(places_in(home)).find(home.at("project/keys"), GrantUse::Reading));
}

TEST(NeverGrantTest, EntryThatIsALinkIsRefusedAtItsOtherEnd) {
  const TemporaryDirectory home;
  home.make_directory("elsewhere/secrets");
  ASSERT_EQ(::symlink("elsewhere/secrets", home.at(".aws").c_str()), 0);
  const NeverGrantList list = list_for(places_in(home));
  EXPECT_TRUE(list.find(home.at("elsewhere/secrets/config"), GrantUse::Reading));
  EXPECT_TRUE(list.find(home.at("elsewhere"), GrantUse::Reading));
}

TEST(NeverGrantTest, LinkThatFitsAPatternIsRefusedAtItsOtherEnd) {
  const TemporaryDirectory home;
  home.make_directory("dotfiles/browser");
  home.make_directory(".cargo");
  home.make_directory(".config");
  home.make_file("dotfiles/credentials");
  ASSERT_EQ(::symlink("../dotfiles/credentials", home.at(".cargo/credentials.toml").c_str()), 0);
  ASSERT_EQ(::symlink("../dotfiles/browser", home.at(".config/google-chrome-beta").c_str()), 0);
  ASSERT_EQ(::symlink("../nowhere", home.at(".config/vivaldi").c_str()), 0);
  ASSERT_EQ(::symlink("../.bashrc", home.at(".config/harmless").c_str()), 0);
  home.make_file(".bashrc");
  const NeverGrantList list = list_for(places_in(home));
  for (const char* name : {"dotfiles/credentials", "dotfiles/browser/Cookies", "dotfiles"}) {
    EXPECT_TRUE(list.find(home.at(name), GrantUse::Reading)) << name;
  }
  EXPECT_FALSE(list.find(home.at(".bashrc"), GrantUse::Reading));
  const NeverGrantList opened = list_for(places_in(home), {home.at(".cargo/credentials.toml")});
  EXPECT_FALSE(opened.find(home.at("dotfiles/credentials"), GrantUse::Reading));
  EXPECT_TRUE(opened.find(home.at("dotfiles/browser"), GrantUse::Reading));
}

TEST(NeverGrantTest, HomeThatIsALinkIsRefusedAtBothEnds) {
  const TemporaryDirectory directory;
  directory.make_directory("real");
  ASSERT_EQ(::symlink("real", directory.at("home").c_str()), 0);
  UserPlaces places;
  places.home = directory.at("home");
  const NeverGrantList list = list_for(places);
  for (const char* name : {"home", "real", "home/.ssh", "real/.ssh"}) {
    EXPECT_TRUE(list.find(directory.at(name), GrantUse::Reading)) << name;
  }
}

TEST(NeverGrantTest, DefaultsAreProtectedTooWhereVariablesPointElsewhere) {
  const TemporaryDirectory home;
  UserPlaces places = places_in(home);
  places.config_home = home.at("other");
  const NeverGrantList list = list_for(places);
  EXPECT_TRUE(list.find(home.at("other/nono/trust"), GrantUse::Reading));
  EXPECT_TRUE(list.find(home.at(".config/nono/trust"), GrantUse::Reading));
}

TEST(NeverGrantTest, BothHomesAreProtectedWhereHomeSaysAnotherThanTheMachine) {
  const TemporaryDirectory home;
  const TemporaryDirectory other;
  UserPlaces places = places_in(home);
  places.other_home = other.path();
  const NeverGrantList list = list_for(places);
  for (const TemporaryDirectory* each : {&home, &other}) {
    for (const NeverGrantRow& row : never_grant_rows()) {
      const bool in_home =
          !row.pattern.starts_with('/') && !row.pattern.starts_with("$XDG_RUNTIME");
      const std::string path = place_of(*each, row.pattern);
      EXPECT_TRUE(!in_home || list.find(path, GrantUse::Writing)) << path;
    }
    EXPECT_TRUE(list.find(each->path(), GrantUse::Reading));
    EXPECT_FALSE(list.find(each->at("project"), GrantUse::Writing));
  }
  EXPECT_FALSE(list_for(places_in(home)).find(other.at(".ssh"), GrantUse::Reading));
}

TEST(NeverGrantTest, PublicPartsOfSshMayBeRead) {
  const TemporaryDirectory home;
  const NeverGrantList list = list_for(places_in(home));
  for (const char* name : {".ssh/known_hosts", ".ssh/config", ".ssh/id_ed25519.pub"}) {
    EXPECT_FALSE(list.find(home.at(name), GrantUse::Reading)) << name;
    EXPECT_TRUE(list.find(home.at(name), GrantUse::Writing)) << name;
  }
  for (const char* name : {".ssh", ".ssh/id_ed25519", ".ssh/authorized_keys", ".ssh/config.d"}) {
    EXPECT_TRUE(list.find(home.at(name), GrantUse::Reading)) << name;
  }
}

TEST(NeverGrantTest, ProcMayBeReadAndNotWritten) {
  const NeverGrantList list = list_for({});
  EXPECT_FALSE(list.find("/proc", GrantUse::Reading));
  EXPECT_FALSE(list.find("/proc/cpuinfo", GrantUse::Reading));
  EXPECT_TRUE(list.find("/proc", GrantUse::Writing));
  EXPECT_TRUE(list.find("/proc/sys/kernel/core_pattern", GrantUse::Writing));
}

TEST(NeverGrantTest, BlockDeviceIsRefusedWhereverItLies) {
  const TemporaryDirectory directory;
  const std::string node = directory.at("disk");
  if (::mknod(node.c_str(), S_IFBLK | 0600, ::makedev(7, 0)) != 0) {
    GTEST_SKIP() << "making a block device needs root";
  }
  const NeverGrantList list = list_for({});
  const auto found = list.find(node, GrantUse::Reading);
  ASSERT_TRUE(found);
  EXPECT_NE(found->why.find("block device"), std::string_view::npos);
  EXPECT_FALSE(list_for({}, {node}).find(node, GrantUse::Reading));
}

TEST(NeverGrantTest, CheckSaysWhatIsInTheWayAndWhatToDo) {
  const TemporaryDirectory home;
  home.make_directory("stuff");
  home.make_directory(".aws");
  const NeverGrantList list = list_for(places_in(home));
  const auto itself = list.check(home.at(".aws"), GrantUse::Reading);
  ASSERT_FALSE(itself);
  EXPECT_EQ(itself.error().kind(), ErrorKind::PermissionDenied);
  EXPECT_EQ(itself.error().message(), home.at(".aws") + " is never granted (credentials of AWS)");
  EXPECT_EQ(itself.error().remedy(), "--override-never-grant " + home.at(".aws"));

  const auto beneath_it = list.check(home.at(".aws/config"), GrantUse::Reading);
  ASSERT_FALSE(beneath_it);
  EXPECT_EQ(beneath_it.error().message(), home.at(".aws/config") + " lies in " + home.at(".aws") +
                                              ", which is never granted (credentials of AWS)");

  const auto covering = list.check(home.path(), GrantUse::Reading);
  ASSERT_FALSE(covering);
  EXPECT_NE(covering.error().message().find("covers"), std::string::npos);
  EXPECT_NE(covering.error().remedy().find("directories below"), std::string::npos);
  EXPECT_EQ(covering.error().remedy().find("--override"), std::string::npos);
  EXPECT_TRUE(list.check(home.at("stuff"), GrantUse::Writing));
}

TEST(NeverGrantTest, AnOverrideOfWhatLiesAboveNamesWhatIsHeldBack) {
  const TemporaryDirectory home;
  home.make_directory("stuff");
  home.make_directory(".docker");
  home.make_file(".docker/config.json");
  const auto above = NeverGrantList::for_places(places_in(home), {home.at(".docker")});
  ASSERT_FALSE(above);
  EXPECT_EQ(above.error().remedy(), "--override-never-grant " + home.at(".docker/config.json"));
  const auto nothing = NeverGrantList::for_places(places_in(home), {home.at("stuff")});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().remedy(), "grant it with --allow, --read or --write");
  // nono's own is no way out, whatever else is there.
  const auto all = NeverGrantList::for_places(places_in(home), {home.path()});
  ASSERT_FALSE(all);
  EXPECT_FALSE(all.error().remedy().contains("nono/")) << all.error().remedy();
}

TEST(NeverGrantTest, OverrideOpensTheEntry) {
  const TemporaryDirectory home;
  const NeverGrantList list = list_for(places_in(home), {home.at(".aws/")});
  EXPECT_FALSE(list.find(home.at(".aws"), GrantUse::Writing));
  EXPECT_FALSE(list.find(home.at(".aws/config"), GrantUse::Writing));
  EXPECT_TRUE(list.find(home.at(".ssh"), GrantUse::Reading));
}

TEST(NeverGrantTest, OverrideBeneathAnEntryOpensThatPartOnly) {
  const TemporaryDirectory home;
  const NeverGrantList list = list_for(places_in(home), {home.at(".ssh/id_deploy")});
  EXPECT_FALSE(list.find(home.at(".ssh/id_deploy"), GrantUse::Reading));
  EXPECT_TRUE(list.find(home.at(".ssh/id_deploy_other"), GrantUse::Reading));
  EXPECT_TRUE(list.find(home.at(".ssh"), GrantUse::Reading));
}

TEST(NeverGrantTest, OverrideOfNonosOwnStateIsUsage) {
  const TemporaryDirectory home;
  for (const char* name : {".config/nono", ".config/nono/trust/default.key", ".local/state/nono"}) {
    const auto list = NeverGrantList::for_places(places_in(home), {home.at(name)});
    ASSERT_FALSE(list) << name;
    EXPECT_EQ(list.error().kind(), ErrorKind::Usage);
  }
}

TEST(NeverGrantTest, OverrideOfWhatIsNotHeldBackIsUsage) {
  const TemporaryDirectory home;
  for (const std::string& path : {home.path(), home.at("project"), std::string("/")}) {
    const auto list = NeverGrantList::for_places(places_in(home), {path});
    ASSERT_FALSE(list) << path;
    EXPECT_EQ(list.error().kind(), ErrorKind::Usage);
    EXPECT_NE(list.error().message().find("not held back"), std::string::npos);
  }
}

TEST(NeverGrantTest, OverrideOfTheRuntimeDirectoryStillHidesNonosSockets) {
  const TemporaryDirectory home;
  const NeverGrantList list = list_for(places_in(home), {home.at("runtime")});
  const auto found = list.find(home.at("runtime"), GrantUse::Writing);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->owner, NeverGrantOwner::Nono);
}

TEST(NeverGrantTest, HiddenBeneathFillsPatternsIn) {
  const TemporaryDirectory home;
  home.make_file(".cargo/credentials");
  home.make_file(".cargo/credentials.toml");
  home.make_file(".cargo/config.toml");
  EXPECT_EQ(list_for(places_in(home)).hidden_beneath(home.at(".cargo")).size(), 2U);
  EXPECT_TRUE(list_for(places_in(home)).hidden_beneath(home.at(".npm")).empty());
}

// A start does both, of directories that may be large.
TEST(NeverGrantTest, ADirectoryOfPatternsIsListedOnce) {
  const TemporaryDirectory home;
  home.make_file(".cargo/credentials.toml");
  const OwnedFd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  const int raw = BorrowedFd(events).raw();
  ASSERT_GE(::inotify_add_watch(raw, home.at(".cargo").c_str(), IN_OPEN | IN_CLOSE), 0);
  const NeverGrantList list = list_for(places_in(home));
  EXPECT_EQ(list.hidden_at_first(home.at(".cargo")).size(), 1U);
  EXPECT_FALSE(list.names_at_first(home.at(".cargo")).empty());
  std::array<inotify_event, 16> seen{};
  EXPECT_EQ(::read(raw, seen.data(), sizeof seen), ssize_t{2 * sizeof(inotify_event)});
  home.make_file(".cargo/credentials");
  EXPECT_TRUE(list.find(home.at(".cargo/credentials"), GrantUse::Reading));
  EXPECT_EQ(list.hidden_beneath(home.at(".cargo")).size(), 2U);
}

TEST(NeverGrantTest, PlacesComeFromAbsoluteVariablesOnly) {
  const std::vector<const char*> environment = {"HOME=/home/u/",
                                                "XDG_CONFIG_HOME=relative",
                                                "XDG_STATE_HOME=/state",
                                                "XDG_RUNTIME_DIR=/run/user/7",
                                                "XDG_DATA_HOMER=/no",
                                                "HOMER=/no",
                                                nullptr};
  const UserPlaces places = places_from(environment);
  EXPECT_EQ(places.home, "/home/u");
  EXPECT_EQ(places.config_home, "");
  EXPECT_EQ(places.state_home, "/state");
  EXPECT_EQ(places.data_home, "");
  EXPECT_EQ(places.runtime_directory, "/run/user/7");
}

}  // namespace
}  // namespace nono::profile
