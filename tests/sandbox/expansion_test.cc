#include "sandbox/expansion.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>

#include "sandbox/connector.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox {
namespace {

class ExpansionTest : public ::testing::Test {
 public:
  ExpansionTest() {
    const OwnedFd file(::open(at("file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
    EXPECT_EQ(::write(BorrowedFd(file).raw(), "text", 4), 4);
  }
  std::string at(const std::string& name) const { return tree_.path(name); }
  static OwnedFd path_fd(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    EXPECT_TRUE(fd.valid()) << path;
    return fd;
  }
  Expansion reading() const {
    Expansion out;
    out.cookie = 7;
    out.requested = "/asked";
    out.object = path_fd(at("file"));
    out.listener = path_fd("/");
    return out;
  }
  Expansion creating(const std::string& name) const {
    Expansion out = reading();
    out.kind = ExpansionKind::Create;
    out.flags = O_WRONLY;
    out.mode = 0600;
    out.name = name;
    out.object = path_fd(tree_.path(""));
    return out;
  }
  // sent is what the supervisor makes of a question.
  static std::optional<Expansion> sent(Expansion expansion) {
    WireWriter out;
    encode_expansion(out, expansion);
    WireReader in(out.bytes());
    std::vector<OwnedFd> fds;
    fds.push_back(std::move(expansion.object));
    fds.push_back(std::move(expansion.listener));
    return decode_expansion(in, std::move(fds), expansion.cookie);
  }
  static std::string content(const OwnedFd& fd) {
    std::string out(64, '\0');
    const ssize_t got = ::pread(BorrowedFd(fd).raw(), out.data(), out.size(), 0);
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }

  testing::TemporaryTree tree_;
};

TEST_F(ExpansionTest, AQuestionArrivesAsItWasSent) {
  const auto got = sent(reading());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->cookie, 7U);
  EXPECT_EQ(got->kind, ExpansionKind::Read);
  EXPECT_EQ(got->requested, "/asked");
  EXPECT_EQ(got->path(), at("file"));
  EXPECT_TRUE(sent(creating("new")));
}

TEST_F(ExpansionTest, WhatIsNoQuestionIsRefused) {
  struct Case {
    const char* name;
    std::function<void(const ExpansionTest&, Expansion&)> spoil;
  };
  const std::vector<Case> cases = {
      {"a directory to be read",
       [](const ExpansionTest& t, Expansion& e) { e.object = path_fd(t.tree_.path("")); }},
      {"a device", [](const ExpansionTest&, Expansion& e) { e.object = path_fd("/dev/null"); }},
      {"an object that is open for more than looking",
       [](const ExpansionTest& t, Expansion& e) {
         e.object = OwnedFd(::open(t.at("file").c_str(), O_RDONLY | O_CLOEXEC));
       }},
      {"no object", [](const ExpansionTest&, Expansion& e) { e.object = OwnedFd(); }},
      {"a name for what is there", [](const ExpansionTest&, Expansion& e) { e.name = "x"; }},
      {"flags that say more than the kind",
       [](const ExpansionTest&, Expansion& e) { e.flags = O_RDWR; }},
      {"flags that say less than the kind",
       [](const ExpansionTest&, Expansion& e) { e.kind = ExpansionKind::Write; }},
      {"an access mode that is none",
       [](const ExpansionTest&, Expansion& e) {
         e.kind = ExpansionKind::ReadWrite;
         e.flags = O_ACCMODE;
       }},
  };
  for (const Case& each : cases) {
    Expansion question = reading();
    each.spoil(*this, question);
    EXPECT_FALSE(sent(std::move(question))) << each.name;
  }
  EXPECT_TRUE(sent(reading()));
}

class ConnectQuestionTest : public ExpansionTest {
 public:
  ConnectQuestionTest() {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    at("socket").copy(&name.sun_path[0], sizeof name.sun_path - 1);
    const void* raw = &name;
    EXPECT_EQ(::bind(BorrowedFd(bound_).raw(), static_cast<const sockaddr*>(raw), sizeof name), 0);
    EXPECT_EQ(::listen(BorrowedFd(bound_).raw(), 5), 0);
  }
  static OwnedFd socket_of(int domain, int type, int protocol = 0) {
    return OwnedFd(::socket(domain, type | SOCK_CLOEXEC, protocol));
  }
  static Expansion to_address() {
    Expansion out;
    out.cookie = 7;
    out.kind = ExpansionKind::Connect;
    out.requested = "192.0.2.1:443";
    out.socket = socket_of(AF_INET, SOCK_STREAM);
    out.to = Endpoint{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, 443};
    out.family = AF_INET;
    out.listener = path_fd("/");
    return out;
  }
  Expansion to_path() const {
    Expansion out = to_address();
    out.to.reset();
    out.family = AF_UNSPEC;
    out.socket = socket_of(AF_UNIX, SOCK_STREAM);
    out.object = path_fd(at("socket"));
    return out;
  }
  static std::optional<Expansion> arrives(const Expansion& question) {
    WireWriter out;
    encode_expansion(out, question);
    WireReader in(out.bytes());
    std::vector<OwnedFd> fds;
    for (const int fd : question_fds(question)) {
      fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    }
    return decode_expansion(in, std::move(fds), question.cookie);
  }
  OwnedFd bound_ = socket_of(AF_UNIX, SOCK_STREAM);
};

TEST_F(ConnectQuestionTest, AnAddressArrivesAsItWasSent) {
  const auto got = arrives(to_address());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->kind, ExpansionKind::Connect);
  EXPECT_EQ(got->path(), "192.0.2.1:443");
  EXPECT_EQ(got->family, AF_INET);
  EXPECT_FALSE(got->object.valid());
}

TEST_F(ConnectQuestionTest, ASocketOfTheFileSystemArrivesAsItWasSent) {
  const auto got = arrives(to_path());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->path(), at("socket"));
  EXPECT_FALSE(got->to);
}

TEST_F(ConnectQuestionTest, WhatIsNoConnectIsRefused) {
  struct Case {
    const char* name;
    std::function<void(const ConnectQuestionTest&, Expansion&)> spoil;
  };
  const std::vector<Case> of_addresses = {
      {"datagrams", [](const auto&, Expansion& e) { e.socket = socket_of(AF_INET, SOCK_DGRAM); }},
      {"another family",
       [](const auto&, Expansion& e) { e.socket = socket_of(AF_UNIX, SOCK_STREAM); }},
      {"no socket", [](const auto& t, Expansion& e) { e.socket = path_fd(t.at("file")); }},
      {"one that listens",
       [](const auto&, Expansion& e) { ::listen(BorrowedFd(e.socket).raw(), 1); }},
      {"flags", [](const auto&, Expansion& e) { e.flags = O_RDWR; }},
      {"a name", [](const auto&, Expansion& e) { e.name = "x"; }},
      {"an address of an open", [](const auto&, Expansion& e) { e.kind = ExpansionKind::Read; }},
      {"a family that is none of TCP", [](const auto&, Expansion& e) { e.family = AF_UNIX; }},
  };
  for (const Case& each : of_addresses) {
    Expansion question = to_address();
    each.spoil(*this, question);
    EXPECT_FALSE(arrives(question)) << each.name;
  }
  const std::vector<Case> of_paths = {
      {"datagrams", [](const auto&, Expansion& e) { e.socket = socket_of(AF_UNIX, SOCK_DGRAM); }},
      {"packets", [](const auto&, Expansion& e) { e.socket = socket_of(AF_UNIX, SOCK_SEQPACKET); }},
      {"TCP", [](const auto&, Expansion& e) { e.socket = socket_of(AF_INET, SOCK_STREAM); }},
      {"a file", [](const auto& t, Expansion& e) { e.object = path_fd(t.at("file")); }},
      {"nothing to connect to", [](const auto&, Expansion& e) { e.object = OwnedFd(); }},
      {"a socket in place of a path",
       [](const auto&, Expansion& e) { e.object = socket_of(AF_UNIX, SOCK_STREAM); }},
  };
  for (const Case& each : of_paths) {
    Expansion question = to_path();
    each.spoil(*this, question);
    EXPECT_FALSE(arrives(question)) << each.name;
  }
}

TEST_F(ConnectQuestionTest, ASocketThatIsConnectedIsNoQuestion) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  Expansion question = to_path();
  question.socket = OwnedFd(pair[0]);
  const OwnedFd other(pair[1]);
  EXPECT_FALSE(arrives(question));
  EXPECT_EQ(may_connect(question.socket, AF_UNIX).error(), EISCONN);
}

TEST_F(ConnectQuestionTest, EveryTruncationIsNoticed) {
  WireWriter whole;
  const Expansion question = to_address();
  encode_expansion(whole, question);
  for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
    WireReader in(std::string_view(whole.bytes()).substr(0, size));
    std::vector<OwnedFd> fds;
    fds.push_back(socket_of(AF_INET, SOCK_STREAM));
    fds.push_back(path_fd("/"));
    EXPECT_FALSE(decode_expansion(in, std::move(fds), 1)) << size;
  }
}

TEST_F(ConnectQuestionTest, TheConnectorConnectsAndSaysHowItWent) {
  Connector connector = *Connector::make();
  const auto ends = [&](const Expansion& question) {
    EXPECT_TRUE(connector.begin(question));
    pollfd watched{connector.watched(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, 10'000), 1);
    const auto out = connector.finished();
    return out.size() == 1 && out[0].cookie == question.cookie ? out[0].code : -1;
  };
  const Expansion question = to_path();
  EXPECT_EQ(ends(question), 0);
  EXPECT_EQ(may_connect(question.socket, AF_UNIX).error(), EISCONN);
  EXPECT_EQ(ends(question), EISCONN);
  bound_.reset();
  EXPECT_EQ(ends(to_path()), ECONNREFUSED);
  EXPECT_TRUE(connector.finished().empty());
}

TEST_F(ConnectQuestionTest, TheConnectorStartsNoMoreThanItsNumber) {
  Connector connector = *Connector::make();
  for (std::size_t i = 0; i < Connector::kMax; ++i) {
    ASSERT_TRUE(connector.begin(to_path()));
  }
  EXPECT_EQ(connector.begin(to_path()).error(), EAGAIN);
}

TEST_F(ExpansionTest, ANameToBeMadeIsOneComponent) {
  for (const std::string name : {"", ".", "..", "a/b", "/a", "a/"}) {
    EXPECT_FALSE(sent(creating(name))) << name;
  }
  EXPECT_FALSE(sent(creating(std::string("a\0b", 3))));
  EXPECT_TRUE(sent(creating("...")));
}

TEST_F(ExpansionTest, EveryTruncationIsNoticed) {
  WireWriter whole;
  encode_expansion(whole, reading());
  for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
    WireReader in(std::string_view(whole.bytes()).substr(0, size));
    std::vector<OwnedFd> fds;
    fds.push_back(path_fd(at("file")));
    fds.push_back(path_fd("/"));
    EXPECT_FALSE(decode_expansion(in, std::move(fds), 1)) << size;
  }
}

TEST_F(ExpansionTest, ADescriptorTooFewOrTooManyIsRefused) {
  for (const std::size_t count : {0U, 1U, 3U}) {
    WireWriter out;
    encode_expansion(out, reading());
    WireReader in(out.bytes());
    std::vector<OwnedFd> fds;
    for (std::size_t i = 0; i < count; ++i) {
      fds.push_back(path_fd(at("file")));
    }
    EXPECT_FALSE(decode_expansion(in, std::move(fds), 1)) << count;
  }
}

TEST_F(ExpansionTest, FlagsThatMakeOrEmptyAreNotPassedOn) {
  Expansion question = reading();
  question.flags = O_RDONLY | O_CREAT | O_TRUNC | O_TMPFILE | O_PATH;
  const auto got = sent(std::move(question));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->flags, 0);
}

TEST_F(ExpansionTest, TheObjectIsOpenedWhateverItsNameIsNow) {
  const auto question = sent(reading());
  ASSERT_TRUE(question);
  ASSERT_EQ(::rename(at("file").c_str(), at("moved").c_str()), 0);
  ASSERT_EQ(::symlink("/etc/passwd", at("file").c_str()), 0);
  const auto fd = open_expanded(*question);
  ASSERT_TRUE(fd);
  EXPECT_EQ(content(*fd), "text");
  EXPECT_EQ(question->path(), at("moved"));
  EXPECT_EQ(::fcntl(BorrowedFd(*fd).raw(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(::fcntl(BorrowedFd(*fd).raw(), F_GETFD), FD_CLOEXEC);
}

TEST_F(ExpansionTest, AFileIsMadeWithExactlyTheModeThatWasAsked) {
  const mode_t before = ::umask(0777);
  const auto made = open_expanded(creating("new"));
  ::umask(before);
  ASSERT_TRUE(made);
  struct stat status{};
  ASSERT_EQ(::lstat(at("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(ExpansionTest, TheAgentsUmaskIsTakenOff) {
  Expansion question = creating("new");
  question.mode = 0666;
  question.mask = 027;
  const auto got = sent(std::move(question));
  ASSERT_TRUE(got);
  ASSERT_TRUE(open_expanded(*got));
  struct stat status{};
  ASSERT_EQ(::lstat(at("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
}

TEST_F(ExpansionTest, UnderADefaultAclNoUmaskCounts) {
  // Version 2; the owner, its group, the mask and others, by tag, rights and id.
  constexpr std::array<std::uint32_t, 9> kAcl = {
      2, 7U << 16U | 1U, ~0U, 7U << 16U | 4U, ~0U, 7U << 16U | 16U, ~0U, 4U << 16U | 32U, ~0U};
  if (::setxattr(at("").c_str(), "system.posix_acl_default", kAcl.data(), sizeof kAcl, 0) != 0) {
    GTEST_SKIP() << "this file system has no access control lists";
  }
  Expansion question = creating("new");
  question.mode = 0666;
  question.mask = 077;
  const mode_t before = ::umask(0777);
  const auto made = open_expanded(question);
  ::umask(before);
  ASSERT_TRUE(made);
  struct stat status{};
  ASSERT_EQ(::lstat(at("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0664U);
}

TEST_F(ExpansionTest, SetIdBitsAreNotMade) {
  Expansion question = creating("new");
  question.mode = 06755;
  const auto got = sent(std::move(question));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->mode, 0755U);
}

TEST_F(ExpansionTest, WhatIsThereIsNotMadeAgainNorFollowed) {
  ASSERT_EQ(::symlink("/nowhere", at("link").c_str()), 0);
  for (const char* name : {"file", "link"}) {
    const auto made = open_expanded(creating(name));
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error(), EEXIST) << name;
  }
}

TEST_F(ExpansionTest, TheModeOfTheFileHoldsForRootToo) {
  ASSERT_EQ(::chmod(at("file").c_str(), 0), 0);
  const Expansion question = reading();
  const auto may = may_open(question);
  ASSERT_FALSE(may);
  EXPECT_EQ(may.error(), EACCES);
  const auto fd = open_expanded(question);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error(), EACCES);
  if (::geteuid() == 0) {  // the capabilities came back
    const OwnedFd control(::open(at("file").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(control.valid());
  }
}

TEST_F(ExpansionTest, ADescriptorThatIsNoListenerSaysThatNobodyWaits) {
  EXPECT_FALSE(reading().still_waiting());
}

}  // namespace
}  // namespace nono::sandbox
