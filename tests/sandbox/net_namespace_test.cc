// tests/sandbox/net_namespace_test.cc: a network of its own, and the listener that leads out of it.
#include "sandbox/net_namespace.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <string>

#include "sandbox/confinement.h"
#include "sandbox/endpoint.h"
#include "sandbox/wire.h"
#include "tests/sandbox/children.h"

namespace nono::sandbox::testing {
namespace {

constexpr int kSkipped = 77;

ino_t network_of_this() {
  struct stat status{};
  return ::stat("/proc/self/ns/net", &status) == 0 ? status.st_ino : 0;
}

int connect_to(std::uint16_t port, const char* say) {
  const OwnedFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Endpoint to{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, port};
  const SocketName name = socket_name(to, AF_INET);
  const void* raw = &name.storage;
  if (::connect(BorrowedFd(socket).raw(), static_cast<const sockaddr*>(raw), name.size) != 0) {
    return errno;
  }
  return ::send(BorrowedFd(socket).raw(), say, 1, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

int other_interfaces() {
  struct if_nameindex* const list = ::if_nameindex();
  int others = 0;
  for (const struct if_nameindex* one = list; one != nullptr && one->if_index != 0; ++one) {
    others += std::string(one->if_name) == "lo" ? 0 : 1;
  }
  ::if_freenameindex(list);
  return others;
}

bool holds_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> held{};
  ::syscall(SYS_capget, &header, held.data());
  return (held[0].effective | held[0].permitted | held[1].effective | held[1].permitted) != 0 ||
         ::prctl(PR_CAPBSET_READ, CAP_NET_ADMIN) != 0;
}

int entered_without_capabilities(const Prepared& prepared) {
  const auto domain = prepared.enter();
  if (!domain) {
    return domain.error().step == Step::Namespaces ? kSkipped : 1;
  }
  return holds_capabilities() ? 2 : 0;
}

int pass_and_connect(BorrowedFd channel) {
  const auto listener = listen_inside();
  return !listener || !pass_out(channel, *listener) ? 1 : connect_to(listener->port, "x");
}

// said_to is the first byte that the next connection brings.
char said_to(const OwnedFd& listener) {
  const OwnedFd accepted(::accept4(BorrowedFd(listener).raw(), nullptr, nullptr, SOCK_CLOEXEC));
  char got = 0;
  return accepted.valid() && ::read(BorrowedFd(accepted).raw(), &got, 1) == 1 ? got : '\0';
}

// arrives: what was said inside comes out of the listener that was passed out; its port is one of
// the inside, and nobody listens on it here.
bool arrives(BorrowedFd channel) {
  const auto taken = take_listener(channel);
  return taken && said_to(taken->socket) == 'x' && connect_to(taken->port, "x") == ECONNREFUSED;
}

class NetNamespaceTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && ::geteuid() != 0) {
      GTEST_SKIP() << "only root becomes somebody else";
    }
  }
  static void expect_own(int outcome) {
    if (outcome == kSkipped) {
      GTEST_SKIP() << "no network namespace can be made here";
    }
    EXPECT_EQ(outcome, 0);
  }
  // as_user runs `body` in a child, as an ordinary user where asked for.
  template <typename Body>
  int as_user(Body body) {
    return in_child([&] {
      if (GetParam() && become_nobody() != 0) {
        return 100;
      }
      ::prctl(PR_SET_DUMPABLE, 1);  // lost with root; a process maps its own ids only if it is
      return body();
    });
  }
  // in_own does so in a network of its own.
  template <typename Body>
  int in_own(Body body) {
    return as_user([&] { return enter_own_network() == 0 ? body() : kSkipped; });
  }
};

TEST_P(NetNamespaceTest, ItHasALoopbackThatIsUpAndNothingElse) {
  const ino_t outside = network_of_this();
  expect_own(in_own([outside] {
    const auto listener = listen_inside();
    return network_of_this() == outside || other_interfaces() != 0 || !listener
               ? 1
               : connect_to(listener->port, "x");
  }));
}

TEST_P(NetNamespaceTest, TheUserIsWhoHeWas) {
  const unsigned user = GetParam() ? kNobody : ::geteuid();
  expect_own(in_own([user] { return ::geteuid() == user && ::getuid() == user ? 0 : 1; }));
}

TEST_P(NetNamespaceTest, WhatListensOutsideIsOutOfReach) {
  const auto outside = listen_inside();  // in the network of this test
  ASSERT_TRUE(outside);
  EXPECT_EQ(in_child([&] { return connect_to(outside->port, "x"); }), 0);
  expect_own(in_own([&] { return connect_to(outside->port, "x") == ECONNREFUSED ? 0 : 1; }));
}

TEST_P(NetNamespaceTest, AfterEnteringNoCapabilityIsLeftInTheNewNamespace) {
  const auto features = probe({}, ProbeDepth::Quick);
  if (features.landlock_abi < 2) {
    GTEST_SKIP() << "no Landlock with REFER here";
  }
  const auto prepared = Prepared::prepare(CapabilitySet(), features, {.network = OwnNetwork::Yes});
  ASSERT_TRUE(prepared);
  expect_own(as_user([&] { return entered_without_capabilities(*prepared); }));
}

// The seam for a proxy: what is connected to inside arrives outside.
TEST_P(NetNamespaceTest, AConnectionMadeInsideArrivesAtTheProcessOutside) {
  auto channel = wire_pair();
  ASSERT_TRUE(channel);
  expect_own(in_own([&] { return pass_and_connect(channel->second); }));
  EXPECT_TRUE(IsSkipped() || arrives(channel->first));
}

INSTANTIATE_TEST_SUITE_P(Users, NetNamespaceTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& row) {
                           return row.param ? "Nobody" : "Self";
                         });

class InnerListenerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = wire_pair();
    ASSERT_TRUE(made);
    channel_ = *std::move(made);
  }
  // taken says whether what is passed out is taken.
  bool taken(OwnedFd socket, std::uint16_t port) const {
    const InnerListener listener{std::move(socket), port};
    return pass_out(channel_.second, listener) && take_listener(channel_.first);
  }
  static OwnedFd idle(int type) { return OwnedFd(::socket(AF_INET, type | SOCK_CLOEXEC, 0)); }
  std::pair<OwnedFd, OwnedFd> channel_;
};

TEST_F(InnerListenerTest, WhatIsNoListenerIsRefused) {
  EXPECT_FALSE(taken(idle(SOCK_STREAM), 0));
  EXPECT_FALSE(taken(idle(SOCK_DGRAM), 0));
}

TEST_F(InnerListenerTest, AListenerIsTakenWithItsOwnPortOnly) {
  const auto good = listen_inside();
  ASSERT_TRUE(good);
  const auto copy = [&] { return OwnedFd(::dup(BorrowedFd(good->socket).raw())); };
  EXPECT_TRUE(taken(copy(), good->port));
  EXPECT_FALSE(taken(copy(), static_cast<std::uint16_t>(good->port ^ 1U)));
}

TEST_F(InnerListenerTest, AMessageWithoutADescriptorIsRefused) {
  WireWriter nothing;
  nothing.number(1);
  ASSERT_TRUE(wire_send(channel_.second, nothing.bytes(), {}));
  EXPECT_FALSE(take_listener(channel_.first));
}

}  // namespace
}  // namespace nono::sandbox::testing
