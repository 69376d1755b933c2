// tests/sandbox/capability_set_test.cc
#include "sandbox/capability_set.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <type_traits>

#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox::testing {
namespace {

class CapabilitySetTest : public ::testing::Test {
 protected:
  CapabilitySetTest() {
    tree_.directory("d");
    tree_.directory("d/below");
    tree_.file("d/file", "text");
    tree_.file("other", "text");
  }
  std::string at(const std::string& name) const { return tree_.path(name); }
  ErrorKind refusal(const std::string& path, Access access = Access::read(),
                    WantedKind wanted = WantedKind::Any) {
    const auto result = set_.allow_path(path, access, "test", wanted);
    EXPECT_FALSE(result) << path;
    EXPECT_TRUE(set_.paths().empty());
    return result ? ErrorKind::Internal : result.error().kind();
  }
  TemporaryTree tree_;
  CapabilitySet set_;
};

static_assert(!std::is_copy_constructible_v<CapabilitySet>);
static_assert(!std::is_copy_assignable_v<CapabilitySet>);
static_assert(!std::is_default_constructible_v<NoNetworkFilter>);

TEST(AccessTest, TextShowsEveryCombination) {
  EXPECT_EQ(Access::none().text(), "---");
  EXPECT_EQ(Access::read().text(), "r--");
  EXPECT_EQ(Access::write().text(), "-w-");
  EXPECT_EQ(Access::execute().text(), "--x");
  EXPECT_EQ((Access::read() | Access::execute()).text(), "r-x");
  EXPECT_EQ((Access::read() | Access::write() | Access::execute()).text(), "rwx");
  EXPECT_EQ(Access::connect().text(), "---c");
  EXPECT_EQ((Access::read() | Access::connect()).text(), "r--c");
}

TEST(AccessTest, HasMeansAllOfTheRights) {
  const Access both = Access::read() | Access::write();
  EXPECT_TRUE(both.has(Access::read()));
  EXPECT_TRUE(both.has(both));
  EXPECT_FALSE(both.has(Access::execute()));
  EXPECT_FALSE(Access::read().has(both));
}

TEST_F(CapabilitySetTest, StartsEmptyAndWithoutNetwork) {
  EXPECT_TRUE(set_.paths().empty());
  EXPECT_TRUE(std::holds_alternative<NetworkBlocked>(set_.network()));
  EXPECT_EQ(set_.access_at("/"), Access::none());
}

TEST_F(CapabilitySetTest, ADirectoryIsGrantedWithAllThatIsBelow) {
  ASSERT_TRUE(set_.allow_path(at("d"), Access::read(), "--read"));
  ASSERT_EQ(set_.paths().size(), 1u);
  const PathGrant& grant = set_.paths()[0];
  EXPECT_EQ(grant.kind, PathKind::Directory);
  EXPECT_EQ(grant.shown_as, at("d"));
  EXPECT_EQ(grant.origin, "--read");
  EXPECT_EQ(set_.access_at(at("d")), Access::read());
  EXPECT_EQ(set_.access_at(at("d/below/new")), Access::read());
  EXPECT_EQ(set_.access_at(at("d2")), Access::none());
  EXPECT_EQ(set_.access_at(at("")), Access::none());
}

TEST_F(CapabilitySetTest, AFileIsGrantedAlone) {
  ASSERT_TRUE(set_.allow_path(at("d/file"), Access::write(), "test"));
  EXPECT_EQ(set_.paths()[0].kind, PathKind::File);
  EXPECT_EQ(set_.access_at(at("d/file")), Access::write());
  EXPECT_EQ(set_.access_at(at("d/file/x")), Access::none());
  EXPECT_EQ(set_.access_at(at("d")), Access::none());
}

TEST_F(CapabilitySetTest, TheAnchorIsTheObjectAndNotItsName) {
  ASSERT_TRUE(set_.allow_path(at("d"), Access::read(), "test"));
  struct stat before{};
  ASSERT_EQ(::stat(at("d").c_str(), &before), 0);
  ASSERT_EQ(::rename(at("d").c_str(), at("moved").c_str()), 0);
  tree_.directory("d");
  struct stat held{};
  ASSERT_EQ(::fstat(BorrowedFd(set_.paths()[0].anchor).raw(), &held), 0);
  EXPECT_EQ(held.st_ino, before.st_ino);
  EXPECT_EQ(set_.paths()[0].inode, before.st_ino);
  EXPECT_EQ(set_.paths()[0].device, before.st_dev);
}

TEST_F(CapabilitySetTest, WhatTookThePlaceOfAGrantedObjectIsNotGranted) {
  ASSERT_TRUE(set_.allow_path(at("d"), Access::read(), "test"));
  ASSERT_TRUE(set_.allow_path(at("d/file"), Access::write(), "test"));
  EXPECT_EQ(set_.access_now(at("d/file")), Access::read() | Access::write());
  tree_.file("new", "text");
  ASSERT_EQ(::rename(at("new").c_str(), at("d/file").c_str()), 0);
  EXPECT_EQ(set_.access_now(at("d/file")), Access::read());
  ASSERT_EQ(::rename(at("d").c_str(), at("moved").c_str()), 0);
  EXPECT_EQ(set_.access_now(at("d/below")), Access::none());
  tree_.directory("d");
  EXPECT_EQ(set_.access_now(at("d/below")), Access::none());
  EXPECT_EQ(set_.access_at(at("d/below")), Access::read());
}

TEST_F(CapabilitySetTest, TheAnchorCannotBeReadAndIsNotInherited) {
  ASSERT_TRUE(set_.allow_path(at("d/file"), Access::read(), "test"));
  const int raw = BorrowedFd(set_.paths()[0].anchor).raw();
  char byte = 0;
  EXPECT_EQ(::read(raw, &byte, 1), -1);
  EXPECT_EQ(::fcntl(raw, F_GETFD), FD_CLOEXEC);
}

TEST_F(CapabilitySetTest, ASymlinkGrantsWhatItLeadsToNow) {
  ASSERT_EQ(::symlink("d", at("link").c_str()), 0);
  ASSERT_TRUE(set_.allow_path(at("link"), Access::read(), "test"));
  EXPECT_EQ(set_.paths()[0].shown_as, at("d"));
}

TEST_F(CapabilitySetTest, WithoutADescriptorLeftItSaysWhatMendsIt) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  // A sanitizer needs descriptors to look at this fixture: nothing of it is touched while there are
  // none.
  CapabilitySet& set = set_;
  const std::string file = at("d/file");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto result = set.allow_path(file, Access::read(), "test");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::Exhausted);
  EXPECT_NE(result.error().message().find("raise the limit (ulimit -n)"), std::string::npos);
  EXPECT_TRUE(set_.paths().empty());
}

TEST_F(CapabilitySetTest, DotsAndSlashesAreResolved) {
  ASSERT_TRUE(set_.allow_path(at("d/below/../../d//./file"), Access::read(), "test"));
  EXPECT_EQ(set_.paths()[0].shown_as, at("d/file"));
}

TEST_F(CapabilitySetTest, TheSameObjectTwiceGetsTheUnionAndBothOrigins) {
  ASSERT_TRUE(set_.allow_path(at("d"), Access::read(), "--read d"));
  ASSERT_TRUE(set_.allow_path(at("d/."), Access::write(), "--write d"));
  ASSERT_EQ(set_.paths().size(), 1u);
  EXPECT_EQ(set_.paths()[0].access, Access::read() | Access::write());
  EXPECT_EQ(set_.paths()[0].origin, "--read d, --write d");
}

TEST_F(CapabilitySetTest, TwoNamesOfOneFileHaveTheSameRights) {
  ASSERT_EQ(::link(at("d/file").c_str(), at("d/second").c_str()), 0);
  ASSERT_TRUE(set_.allow_path(at("d/file"), Access::read(), "one"));
  ASSERT_TRUE(set_.allow_path(at("d/second"), Access::write(), "two"));
  EXPECT_EQ(set_.access_at(at("d/file")), Access::read() | Access::write());
  EXPECT_EQ(set_.access_at(at("d/second")), Access::read() | Access::write());
}

TEST_F(CapabilitySetTest, NestedGrantsAdd) {
  ASSERT_TRUE(set_.allow_path(at("d"), Access::read(), "outer"));
  ASSERT_TRUE(set_.allow_path(at("d/below"), Access::write(), "inner"));
  EXPECT_EQ(set_.access_at(at("d/below/x")), Access::read() | Access::write());
  EXPECT_EQ(set_.access_at(at("d/x")), Access::read());
}

TEST_F(CapabilitySetTest, TheRootCoversEverything) {
  ASSERT_TRUE(set_.allow_path("/", Access::read(), "test"));
  EXPECT_EQ(set_.access_at("/"), Access::read());
  EXPECT_EQ(set_.access_at("/any/where"), Access::read());
}

TEST_F(CapabilitySetTest, DevicesAndFifosAreFiles) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  ASSERT_TRUE(set_.allow_path("/dev/null", Access::read(), "test", WantedKind::File));
  ASSERT_TRUE(set_.allow_path(at("fifo"), Access::read(), "test", WantedKind::File));
  EXPECT_EQ(set_.paths()[0].kind, PathKind::File);
  EXPECT_EQ(set_.paths()[1].kind, PathKind::File);
}

TEST_F(CapabilitySetTest, WhatDoesNotExistIsNotFound) {
  EXPECT_EQ(refusal(at("missing")), ErrorKind::NotFound);
}

TEST_F(CapabilitySetTest, ADanglingSymlinkIsNotFound) {
  ASSERT_EQ(::symlink("nowhere", at("dangling").c_str()), 0);
  EXPECT_EQ(refusal(at("dangling")), ErrorKind::NotFound);
}

TEST_F(CapabilitySetTest, AFileWantedAsDirectoryIsRefused) {
  EXPECT_EQ(refusal(at("other"), Access::read(), WantedKind::Directory), ErrorKind::InvalidInput);
}

TEST_F(CapabilitySetTest, ADirectoryWantedAsFileIsRefused) {
  EXPECT_EQ(refusal(at("d"), Access::read(), WantedKind::File), ErrorKind::InvalidInput);
}

TEST_F(CapabilitySetTest, AnEmptyPathIsRefused) {
  EXPECT_EQ(refusal(""), ErrorKind::InvalidInput);
}

TEST_F(CapabilitySetTest, APathWithANulByteIsRefused) {
  EXPECT_EQ(refusal(at("d") + std::string(1, '\0') + "x"), ErrorKind::InvalidInput);
}

TEST_F(CapabilitySetTest, AGrantWithoutARightIsRefused) {
  EXPECT_EQ(refusal(at("d"), Access::none()), ErrorKind::InvalidInput);
}

TEST_F(CapabilitySetTest, WhatIsNoSocketIsNotGrantedAsOne) {
  EXPECT_EQ(refusal(at("d"), Access::connect(), WantedKind::Socket), ErrorKind::InvalidInput);
  EXPECT_EQ(refusal(at("d/file"), Access::connect(), WantedKind::Socket), ErrorKind::InvalidInput);
}

struct stat bound_at(const std::string& path) {
  const OwnedFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(&name.sun_path[0], sizeof name.sun_path - 1);
  const void* raw = &name;
  EXPECT_EQ(::bind(BorrowedFd(socket).raw(), static_cast<const sockaddr*>(raw), sizeof name), 0);
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status;
}

TEST_F(CapabilitySetTest, ASocketIsGrantedAsTheObjectThatItIs) {
  const struct stat one = bound_at(at("s"));
  const struct stat other = bound_at(at("t"));
  ASSERT_TRUE(set_.allow_path(at("s"), Access::connect(), "test", WantedKind::Socket));
  ASSERT_TRUE(set_.allow_path(at(""), Access::read() | Access::write(), "test"));
  EXPECT_TRUE(set_.grants_socket(one.st_dev, one.st_ino));
  EXPECT_FALSE(set_.grants_socket(one.st_dev + 1, one.st_ino));
  EXPECT_FALSE(set_.grants_socket(other.st_dev, other.st_ino));
  EXPECT_EQ(::unlink(at("s").c_str()), 0);
  const struct stat anew = bound_at(at("s"));
  EXPECT_FALSE(set_.grants_socket(anew.st_dev, anew.st_ino)) << "the grant keeps the number";
  EXPECT_TRUE(set_.access_at(at("s")).has(Access::connect()));
}

TEST_F(CapabilitySetTest, APipeHasNoPathToGrant) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const OwnedFd reading(ends[0]);
  const OwnedFd writing(ends[1]);
  EXPECT_EQ(refusal("/proc/self/fd/" + std::to_string(ends[0])), ErrorKind::NotFound);
}

TEST_F(CapabilitySetTest, NetworkChoicesReplaceOneAnother) {
  set_.allow_ports({.connect = {443}, .listen = {}});
  ASSERT_TRUE(std::holds_alternative<NetworkPorts>(set_.network()));
  EXPECT_EQ(std::get<NetworkPorts>(set_.network()).connect, std::vector<std::uint16_t>{443});
  set_.allow_all_network(NoNetworkFilter::i_accept_exfiltration_risk());
  EXPECT_TRUE(std::holds_alternative<NetworkOpen>(set_.network()));
  set_.block_network();
  EXPECT_TRUE(std::holds_alternative<NetworkBlocked>(set_.network()));
}

}  // namespace
}  // namespace nono::sandbox::testing
