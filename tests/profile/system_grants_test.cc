// tests/profile/system_grants_test.cc
#include "profile/system_grants.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ostream>
#include <string>

#include "base/files.h"
#include "temporary_directory.h"

namespace nono::profile {

void PrintTo(const SystemGrantRow& row, std::ostream* out) {
  *out << row.path;
}

namespace {

using sandbox::Access;
using sandbox::CapabilitySet;

NeverGrantList never_list() {
  auto list = NeverGrantList::for_places({});
  EXPECT_TRUE(list);
  return *std::move(list);
}

CapabilitySet granted(const NeverGrantList& never, const SystemGrantOptions& options = {}) {
  CapabilitySet capabilities;
  const auto added = add_system_grants(capabilities, never, options);
  EXPECT_TRUE(added) << added.error().message();
  return capabilities;
}

bool may(const CapabilitySet& capabilities, const std::string& path, Access access) {
  return capabilities.access_at(path).has(access);
}

class SystemGrantRowTest : public testing::TestWithParam<SystemGrantRow> {};

TEST_P(SystemGrantRowTest, GrantsWhatItSaysAndNoMore) {
  const SystemGrantRow& row = GetParam();
  const std::string path(row.path);
  if (!exists(path)) {
    GTEST_SKIP() << path << " is not on this system";
  }
  const CapabilitySet capabilities = granted(never_list());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  Access access = Access::none();
  for (const auto& grant : capabilities.paths()) {
    if (grant.device == status.st_dev && grant.inode == status.st_ino) {
      access = access | grant.access;
      EXPECT_TRUE(grant.origin.starts_with("built in: ")) << grant.origin;
    }
  }
  if (access == Access::none() && row.access == SystemAccess::Programs) {
    access = capabilities.access_at("/usr/bin");  // /bin and its like are links into /usr
  }
  EXPECT_TRUE(access.has(Access::read()));
  EXPECT_EQ(access.has(Access::execute()), row.access == SystemAccess::Programs);
  EXPECT_EQ(access.has(Access::write()), row.access == SystemAccess::Device);
}

INSTANTIATE_TEST_SUITE_P(Table, SystemGrantRowTest,
                         testing::ValuesIn(std::vector<SystemGrantRow>(system_grant_rows().begin(),
                                                                       system_grant_rows().end())),
                         [](const auto& param) {
                           std::string name;
                           for (const char c : param.param.path.substr(1)) {
                             name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           }
                           return name;
                         });

TEST(SystemGrantsTest, SharedPlacesAreNotGranted) {
  const CapabilitySet capabilities = granted(never_list());
  for (const char* path : {"/", "/tmp", "/tmp/x", "/var/tmp", "/dev", "/dev/shm", "/dev/shm/x",
                           "/dev/pts", "/dev/pts/0", "/dev/sda", "/run", "/run/user", "/home",
                           "/root", "/var", "/sys", "/boot", "/mnt"}) {
    EXPECT_EQ(capabilities.access_at(path), Access::none()) << path;
  }
}

TEST(SystemGrantsTest, NothingButDevicesIsWritable) {
  const CapabilitySet capabilities = granted(never_list());
  for (const auto& grant : capabilities.paths()) {
    EXPECT_EQ(grant.access.has(Access::write()), grant.shown_as.starts_with("/dev/"))
        << grant.shown_as;
  }
}

TEST(SystemGrantsTest, SecretsOfTheMachineAreNotReadable) {
  const NeverGrantList never = never_list();
  const CapabilitySet capabilities = granted(never);
  for (const std::string& path : never.hidden_beneath("/etc")) {
    struct stat status{};
    const bool readable = ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0 &&
                          ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    EXPECT_FALSE(readable && may(capabilities, path, Access::read())) << path;
  }
  EXPECT_TRUE(may(capabilities, "/etc/passwd", Access::read()));
}

TEST(SystemGrantsTest, ConfigurationWithoutSecretsIsOneGrant) {
  const TemporaryDirectory directory;
  directory.make_file("etc/a.conf");
  directory.make_file("etc/sub/b.conf");
  const CapabilitySet capabilities = granted(never_list(), {.etc = directory.at("etc")});
  EXPECT_TRUE(may(capabilities, directory.at("etc"), Access::read()));
  EXPECT_FALSE(may(capabilities, directory.at("etc"), Access::execute()));
}

// A list that holds back a file of ours, as root meets in /etc.
NeverGrantList list_that_hides(const TemporaryDirectory& directory) {
  directory.make_file("etc/passwd");
  directory.make_file("etc/unknown.conf");
  directory.make_file("etc/python3/debian_config");
  directory.make_file("etc/ssl/openssl.cnf");
  directory.make_file("etc/ssl/certs/a.pem");
  directory.make_file("etc/ssl/.aws/credentials");
  UserPlaces places;
  places.home = directory.at("etc/ssl");
  auto never = NeverGrantList::for_places(places);
  EXPECT_TRUE(never);
  return *std::move(never);
}

TEST(SystemGrantsTest, ConfigurationIsGrantedAroundWhatIsHidden) {
  const TemporaryDirectory directory;
  const NeverGrantList never = list_that_hides(directory);
  const CapabilitySet capabilities = granted(never, {.etc = directory.at("etc")});
  for (const char* path :
       {"etc/passwd", "etc/python3/debian_config", "etc/ssl/openssl.cnf", "etc/ssl/certs/a.pem"}) {
    EXPECT_EQ(capabilities.access_at(directory.at(path)), Access::read()) << path;
  }
  for (const char* path :
       {"etc", "etc/ssl", "etc/ssl/.aws", "etc/ssl/.aws/credentials", "etc/unknown.conf"}) {
    EXPECT_EQ(capabilities.access_at(directory.at(path)), Access::none()) << path;
  }
}

TEST(SystemGrantsTest, LinkToWhatIsHiddenIsNotGranted) {
  const TemporaryDirectory directory;
  const NeverGrantList never = list_that_hides(directory);
  ASSERT_EQ(::symlink("ssl/.aws/credentials", directory.at("etc/group").c_str()), 0);
  ASSERT_EQ(::symlink("../.aws", directory.at("etc/ssl/certs/more").c_str()), 0);
  const CapabilitySet capabilities = granted(never, {.etc = directory.at("etc")});
  EXPECT_EQ(capabilities.access_at(directory.at("etc/ssl/.aws/credentials")), Access::none());
}

TEST(SystemGrantsTest, NamesOfHostsThatAreLinksAreGrantedWhereTheyLead) {
  const TemporaryDirectory directory;
  directory.make_file("etc/passwd");
  directory.make_file("run/resolve/stub.conf");
  ASSERT_EQ(::symlink("../run/resolve/stub.conf", directory.at("etc/resolv.conf").c_str()), 0);
  const CapabilitySet capabilities = granted(never_list(), {.etc = directory.at("etc")});
  EXPECT_EQ(capabilities.access_at(directory.at("run/resolve/stub.conf")), Access::read());
  EXPECT_EQ(capabilities.access_at(directory.at("run/resolve")), Access::none());
}

TEST(SystemGrantsTest, EmptyDirectoryOfSecretsNeedsNoWayAround) {
  const TemporaryDirectory directory;
  directory.make_directory("etc/sub/.aws/cli");
  UserPlaces places;
  places.home = directory.at("etc/sub");
  const auto never = NeverGrantList::for_places(places);
  ASSERT_TRUE(never);
  EXPECT_EQ(granted(*never, {.etc = directory.at("etc")}).access_at(directory.at("etc")),
            Access::read());
}

TEST(SystemGrantsTest, LargeDirectoryOfSecretsIsTakenToGiveThemAway) {
  const TemporaryDirectory directory;
  for (int i = 0; i < 65; ++i) {
    directory.make_directory("etc/sub/.aws/d" + std::to_string(i));
  }
  UserPlaces places;
  places.home = directory.at("etc/sub");
  const auto never = NeverGrantList::for_places(places);
  ASSERT_TRUE(never);
  EXPECT_EQ(granted(*never, {.etc = directory.at("etc")}).access_at(directory.at("etc")),
            Access::none());
}

TEST(SystemGrantsTest, UnreadableSecretsNeedNoWayAround) {
  const TemporaryDirectory directory;
  directory.make_file("etc/sub/.aws/credentials");
  ASSERT_EQ(::chmod(directory.at("etc/sub/.aws").c_str(), 0), 0);
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory.at("etc").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory.at("etc/sub").c_str(), 0755), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::geteuid() == 0 && (::setgid(12345) != 0 || ::setuid(12345) != 0)) {
      ::_exit(2);
    }
    UserPlaces places;
    places.home = directory.at("etc/sub");
    const auto never = NeverGrantList::for_places(places);
    CapabilitySet capabilities;
    const bool fine = never &&
                      add_system_grants(capabilities, *never, {.etc = directory.at("etc")}) &&
                      may(capabilities, directory.at("etc"), Access::read());
    ::_exit(fine ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  ASSERT_EQ(::chmod(directory.at("etc/sub/.aws").c_str(), 0700), 0);
}

TEST(SystemGrantsTest, OptionsAreGranted) {
  const TemporaryDirectory directory;
  const CapabilitySet capabilities =
      granted(never_list(), {.private_tmp = directory.make_directory("tmp"),
                             .own_terminal = directory.make_file("terminal")});
  EXPECT_TRUE(may(capabilities, directory.at("tmp/x"),
                  Access::read() | Access::write() | Access::execute()));
  EXPECT_EQ(capabilities.access_at(directory.at("terminal")), Access::read() | Access::write());
}

TEST(SystemGrantsTest, MissingOptionIsAnErrorUnlikeAMissingRow) {
  const TemporaryDirectory directory;
  CapabilitySet capabilities;
  EXPECT_FALSE(add_system_grants(capabilities, never_list(), {.private_tmp = directory.at("no")}));
  EXPECT_FALSE(add_system_grants(capabilities, never_list(), {.own_terminal = directory.at("no")}));
}

}  // namespace
}  // namespace nono::profile
