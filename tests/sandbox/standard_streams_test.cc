// tests/sandbox/standard_streams_test.cc: which sockets are passed on, kind by kind.
#include "sandbox/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/owned_fd.h"
#include "tests/base/support.h"

namespace nono::sandbox {
namespace {

constexpr int kMultipathTcp = 262;

struct Kind {
  const char* name;
  int domain;
  int type;
  int protocol;
  bool blocked;  // passed on where the network is blocked
  bool open;     // and where it is open
};

constexpr Kind kKinds[] = {
    {"unix stream", AF_UNIX, SOCK_STREAM, 0, true, true},
    {"unix seqpacket", AF_UNIX, SOCK_SEQPACKET, 0, true, true},
    {"unix datagram", AF_UNIX, SOCK_DGRAM, 0, false, false},
    {"tcp", AF_INET, SOCK_STREAM, 0, true, true},
    {"tcp6", AF_INET6, SOCK_STREAM, 0, true, true},
    {"udp", AF_INET, SOCK_DGRAM, 0, false, true},
    {"udp6", AF_INET6, SOCK_DGRAM, 0, false, true},
    {"multipath tcp", AF_INET, SOCK_STREAM, kMultipathTcp, false, false},
    {"netlink", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, false, false},
    {"raw", AF_INET, SOCK_RAW, IPPROTO_UDP, false, false},
    {"packet", AF_PACKET, SOCK_RAW, 0, false, false},
};

// said is what is said of `fd` as standard stream `number`; empty: nothing.
std::string said(int fd, int number, const Network& network, int getsockopt_error = 0) {
  return testing::in_child([&]() -> std::string {
    if (::dup2(fd, number) < 0 ||
        (getsockopt_error != 0 && !testing::fail_syscall({__NR_getsockopt, getsockopt_error}))) {
      return "not tried";
    }
    const auto checked = check_standard_streams(network);
    return checked ? "" : checked.error().message();
  });
}

TEST(StandardStreamsTest, EachKindOfSocketIsPassedOnOrNot) {
  int tried = 0;
  for (const Kind& kind : kKinds) {
    const OwnedFd made(::socket(kind.domain, kind.type | SOCK_CLOEXEC, kind.protocol));
    if (!made.valid()) {
      continue;  // raw and packet sockets are root's; no kernel has to know the others
    }
    ++tried;
    const int fd = BorrowedFd(made).raw();
    EXPECT_EQ(said(fd, 0, NetworkBlocked{}).empty(), kind.blocked) << kind.name;
    EXPECT_EQ(said(fd, 0, NetworkOpen{}).empty(), kind.open) << kind.name;
  }
  EXPECT_GE(tried, 5);
}

TEST(StandardStreamsTest, TheStreamIsNamed) {
  const OwnedFd udp(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const char* const names[] = {"standard input", "standard output", "standard error"};
  for (int number = 0; number < 3; ++number) {
    EXPECT_TRUE(said(BorrowedFd(udp).raw(), number, NetworkOpen{}).starts_with(names[number]));
  }
}

// A sandbox around this one may refuse the question: a socket of an unknown kind is not passed on.
TEST(StandardStreamsTest, ASocketThatTellsNothingIsNotPassedOn) {
  const OwnedFd stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const OwnedFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int error : {EPERM, ENOSYS}) {
    EXPECT_NE(said(BorrowedFd(stream).raw(), 0, NetworkOpen{}, error).find("is a socket"),
              std::string::npos);
    EXPECT_EQ(said(BorrowedFd(null).raw(), 0, NetworkOpen{}, error), "");
  }
}

}  // namespace
}  // namespace nono::sandbox
