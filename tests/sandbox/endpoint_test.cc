// tests/sandbox/endpoint_test.cc: what the agent's bytes mean, and what a person may name.
#include "sandbox/endpoint.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sandbox/capability_set.h"

namespace nono::sandbox {
namespace {

template <typename Name>
std::string bytes_of(const Name& name) {
  std::string out(sizeof name, '\0');
  std::memcpy(out.data(), &name, sizeof name);
  return out;
}

std::string ipv4(const char* text, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  EXPECT_EQ(::inet_pton(AF_INET, text, &name.sin_addr), 1) << text;
  return bytes_of(name);
}

std::string ipv6(const char* text, std::uint16_t port, std::uint32_t flow = 0,
                 std::uint32_t scope = 0) {
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(port);
  name.sin6_flowinfo = flow;
  name.sin6_scope_id = scope;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &name.sin6_addr), 1) << text;
  return bytes_of(name);
}

int error_of(const std::string& bytes) {
  const auto endpoint = endpoint_from(bytes);
  return endpoint ? 0 : endpoint.error();
}

std::string meaning_of(const std::string& bytes) {
  const auto endpoint = endpoint_from(bytes);
  return endpoint ? endpoint->text() : "nothing";
}

// reading_of is what parse_host_port makes of a text: the one spelling, or why there is none.
std::string reading_of(std::string_view text) {
  const auto parsed = parse_host_port(text);
  return parsed ? (parsed->literal ? "address " : "name ") + parsed->text()
                : parsed.error().message();
}

Endpoint at(const char* text) {
  return parse_host_port(text).value_or(HostPort{}).literal.value_or(Endpoint{});
}

struct Spelling {
  const char* says;
  std::string bytes;
  const char* means;
};

TEST(EndpointTest, EverySpellingOfAnAddressIsOne) {
  const Spelling spellings[] = {
      {"IPv4", ipv4("192.0.2.7", 443), "192.0.2.7:443"},
      {"mapped", ipv6("::ffff:192.0.2.7", 443), "192.0.2.7:443"},
      {"IPv6", ipv6("2001:db8::1", 443), "[2001:db8::1]:443"},
      {"flow label and scope", ipv6("2001:db8::1", 443, 0xfffff, 7), "[2001:db8::1]:443"},
      {"any IPv4", ipv4("0.0.0.0", 80), "127.0.0.1:80"},
      {"any mapped", ipv6("::ffff:0.0.0.0", 80), "127.0.0.1:80"},
      {"any IPv6", ipv6("::", 80), "[::1]:80"},
      {"loopback", ipv6("::1", 80), "[::1]:80"},
      {"compatible is not mapped", ipv6("::192.0.2.7", 80), "[::192.0.2.7]:80"},
      {"NAT64 is not mapped", ipv6("64:ff9b::c000:207", 80), "[64:ff9b::c000:207]:80"},
      {"longer than needed", ipv4("192.0.2.7", 443) + std::string(100, 'x'), "192.0.2.7:443"},
      {"without a scope", ipv6("2001:db8::1", 1).substr(0, 24), "[2001:db8::1]:1"},
  };
  for (const Spelling& spelling : spellings) {
    EXPECT_EQ(meaning_of(spelling.bytes), spelling.means) << spelling.says;
  }
}

TEST(EndpointTest, WhatIsCutOffIsNoEndpoint) {
  const std::string four = ipv4("192.0.2.7", 443);
  const std::string six = ipv6("2001:db8::1", 443);
  for (std::size_t size = 0; size < sizeof(sockaddr_in); ++size) {
    EXPECT_EQ(error_of(four.substr(0, size)), EINVAL) << size;
  }
  for (std::size_t size = 0; size < 24; ++size) {
    EXPECT_EQ(error_of(six.substr(0, size)), EINVAL) << size;
  }
}

TEST(EndpointTest, AnotherFamilyIsNoEndpoint) {
  const std::string six = ipv6("2001:db8::1", 443);
  for (const sa_family_t family :
       std::array<sa_family_t, 5>{AF_UNSPEC, AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK}) {
    std::string other = six;
    std::memcpy(other.data(), &family, sizeof family);
    EXPECT_EQ(error_of(other), EAFNOSUPPORT) << family;
  }
}

TEST(EndpointTest, TheKernelGetsNothingButAddressAndPort) {
  const auto six = endpoint_from(ipv6("2001:db8::1", 443, 0xfffff, 7));
  ASSERT_TRUE(six);
  const SocketName name = socket_name(*six, AF_INET6);
  sockaddr_in6 written{};
  ASSERT_EQ(name.size, sizeof written);
  std::memcpy(&written, &name.storage, sizeof written);
  EXPECT_EQ(bytes_of(written), ipv6("2001:db8::1", 443));
  EXPECT_EQ(written.sin6_flowinfo, 0U);
  EXPECT_EQ(written.sin6_scope_id, 0U);
}

TEST(EndpointTest, AMappedAddressStaysInTheFamilyOfItsSocket) {
  const auto mapped = endpoint_from(ipv6("::ffff:192.0.2.7", 443));
  ASSERT_TRUE(mapped);
  EXPECT_EQ(socket_name(*mapped, AF_INET6).storage.ss_family, AF_INET6);
  EXPECT_EQ(socket_name(*mapped, AF_INET).storage.ss_family, AF_INET);
  EXPECT_EQ(socket_name(*mapped, AF_INET).size, sizeof(sockaddr_in));
}

TEST(EndpointTest, WhatIsWrittenReadsAsTheSame) {
  for (const std::string& bytes : {ipv4("192.0.2.7", 1), ipv6("2001:db8::1", 65535),
                                   ipv6("::ffff:127.0.0.1", 80), ipv6("::", 9)}) {
    const Endpoint endpoint = endpoint_from(bytes).value_or(Endpoint{});
    for (const sa_family_t family : std::array<sa_family_t, 2>{AF_INET, AF_INET6}) {
      const SocketName name = socket_name(endpoint, family);
      EXPECT_EQ(meaning_of(bytes_of(name.storage).substr(0, name.size)), endpoint.text());
    }
  }
}

struct Classed {
  const char* address;
  AddressClass expected;
};

TEST(EndpointTest, ClassesSayWhereAnAddressLeads) {
  const Classed table[] = {
      {"192.0.2.7:1", AddressClass::Host},
      {"10.0.0.1:1", AddressClass::Host},
      {"127.0.0.1:1", AddressClass::ThisMachine},
      {"127.9.9.9:1", AddressClass::ThisMachine},
      {"169.254.169.254:1", AddressClass::LinkLocal},
      {"[2001:db8::1]:1", AddressClass::Host},
      {"[::1]:1", AddressClass::ThisMachine},
      {"[::ffff:127.0.0.1]:1", AddressClass::ThisMachine},
      {"[64:ff9b::7f00:1]:1", AddressClass::ThisMachine},
      {"[fd00:ec2::254]:1", AddressClass::Host},
  };
  for (const Classed& row : table) {
    EXPECT_FALSE(is_local_nat64(at(row.address))) << row.address;
    EXPECT_EQ(class_of(at(row.address)), row.expected) << row.address;
  }
}

TEST(EndpointTest, LocalNat64IsKnownByItsPrefix) {
  EXPECT_TRUE(is_local_nat64(at("[64:ff9b:1::a9fe:a9fe]:1")));
  EXPECT_TRUE(is_local_nat64(at("[64:ff9b:1:a9fe:a9:fe00::]:1")));
  EXPECT_FALSE(is_local_nat64(at("[64:ff9b:2::1]:1")));
  EXPECT_FALSE(is_local_nat64(at("[64:ff9b:101::1]:1")));
  EXPECT_FALSE(is_local_nat64(at("[65:ff9b:1::1]:1")));
}

TEST(EndpointTest, ClassesOfWhatNobodyCanName) {
  EXPECT_EQ(class_of({{0xfe, 0x80}, 1}), AddressClass::LinkLocal);
  EXPECT_EQ(class_of({{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254}, 1}),
            AddressClass::LinkLocal);
  EXPECT_EQ(class_of({{}, 1}), AddressClass::Unspecified);
  EXPECT_EQ(class_of({{0xff, 0x02}, 1}), AddressClass::Multicast);
}

struct Named {
  const char* text;
  const char* means;
};

TEST(HostPortTest, NamesAndAddressesAreReadInOneWay) {
  const Named table[] = {
      {"example.org:443", "name example.org:443"},
      {"EXAMPLE.Org.:443", "name example.org:443"},
      {"localhost:8080", "name localhost:8080"},
      {"_dmarc.x-1.example:1", "name _dmarc.x-1.example:1"},
      {"1password.com:443", "name 1password.com:443"},
      {"192.0.2.7:65535", "address 192.0.2.7:65535"},
      {"[2001:DB8:0::1]:443", "address [2001:db8::1]:443"},
      {"[::ffff:192.0.2.7]:443", "address 192.0.2.7:443"},
      {"169.254.169.254:80", "address 169.254.169.254:80"},
  };
  for (const Named& row : table) {
    EXPECT_EQ(reading_of(row.text), row.means);
  }
}

struct Refused {
  std::string text;
  const char* because;
};

TEST(HostPortTest, WhatMeansNothingOrSeveralThingsIsRefused) {
  const Refused table[] = {
      {"", "port"},
      {"example.org", "port"},
      {"example.org:", "port"},
      {"example.org:0", "port"},
      {"example.org:65536", "port"},
      {"example.org:+1", "port"},
      {"example.org:443x", "port"},
      {":443", "no name"},
      {".:443", "no name"},
      {"a..b:443", "no name"},
      {"-rf:443", "no name"},
      {"b\xc3\xbc"
       "cher.example:443",
       "no name"},
      {"a b:443", "no name"},
      {"https://example.org:443", "colon"},
      {"user@example.org:443", "no name"},
      {"*.example.org:443", "no name"},
      {std::string("evil.example\0.good.example:443", 30), "no name"},
      {std::string(64, 'a') + ".example:443", "no name"},
      {std::string(254, 'a') + ":443", "no name"},
      {"127.1:80", "four decimal"},
      {"2130706433:80", "four decimal"},
      {"0x7f000001:80", "four decimal"},
      {"0x7f.0.0.0x1:80", "four decimal"},
      {"0177.0.0.01:80", "four decimal"},
      {"1.2.3.4.5:80", "four decimal"},
      {"2001:db8::1:443", "colon"},
      {"[2001:db8::1:443", "colon"},
      {"[192.0.2.7]:443", "IPv6"},
      {"[fe80::1%eth0]:443", "IPv6"},
      {std::string("[::1\0]:443", 10), "IPv6"},
      {"[]:443", "IPv6"},
      {"0.0.0.0:80", "names no host"},
      {"0.1.2.3:80", "names no host"},
      {"[::]:80", "names no host"},
      {"224.0.0.1:80", "group"},
      {"255.255.255.255:80", "group"},
      {"[ff02::1]:80", "group"},
      {"[fe80::1]:80", "interface"},
  };
  for (const Refused& row : table) {
    const auto parsed = parse_host_port(row.text);
    const bool refused = !parsed && parsed.error().kind() == ErrorKind::Usage &&
                         parsed.error().message().contains(row.because) &&
                         !parsed.error().remedy().empty();
    EXPECT_TRUE(refused) << row.text << ": " << reading_of(row.text);
  }
}

TEST(AllowsConnectTest, AddressAndPortCountTogether) {
  const Network network = NetworkPorts{
      .connect = {9418},
      .listen = {8000},
      .destinations = {
          {*parse_host_port("example.org:443"), {at("192.0.2.7:443"), at("[2001:db8::1]:443")}},
          {*parse_host_port("127.0.0.1:80"), {at("127.0.0.1:80")}}}};
  for (const char* allowed : {"192.0.2.7:443", "[::ffff:192.0.2.7]:443", "[2001:db8::1]:443",
                              "127.0.0.1:80", "198.51.100.1:9418"}) {
    EXPECT_TRUE(allows_connect(network, at(allowed))) << allowed;
  }
  for (const char* denied : {"192.0.2.7:80", "192.0.2.8:443", "127.0.0.1:443", "127.0.0.2:80",
                             "[::1]:80", "[2001:db8::2]:443", "192.0.2.7:8000"}) {
    EXPECT_FALSE(allows_connect(network, at(denied))) << denied;
  }
}

TEST(AllowsConnectTest, NothingIsAllowedWhereTheNetworkIsBlockedAndAllWhereItIsOpen) {
  EXPECT_FALSE(allows_connect(NetworkBlocked{}, at("127.0.0.1:80")));
  EXPECT_TRUE(allows_connect(NetworkOpen{}, at("127.0.0.1:80")));
  EXPECT_FALSE(allows_connect(NetworkPorts{}, at("127.0.0.1:80")));
}

}  // namespace
}  // namespace nono::sandbox
