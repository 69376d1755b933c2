// tests/engine/destinations_test.cc: names that every machine resolves without a network.
#include "engine/destinations.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

namespace nono::engine {
namespace {

using sandbox::Destination;
using sandbox::HostPort;
using sandbox::parse_host_port;

std::vector<HostPort> hosts(std::initializer_list<const char*> texts) {
  std::vector<HostPort> out;
  for (const char* text : texts) {
    out.push_back(*parse_host_port(text));
  }
  return out;
}

std::string text_of(const OwnedFd& file) {
  return read_capped(file, 2 * kMaxHostsBytes, kHostsPath).value_or("");
}

TEST(DestinationsTest, AnAddressNeedsNoResolver) {
  std::vector<std::string> notes;
  const auto found = resolve_destinations(hosts({"192.0.2.7:443", "[::1]:80"}), notes);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].endpoints[0].text(), "192.0.2.7:443");
  EXPECT_EQ((*found)[1].endpoints[0].text(), "[::1]:80");
  EXPECT_TRUE(notes.empty());
}

TEST(DestinationsTest, LocalhostIsThisMachineWithThePortOfEachQuestion) {
  std::vector<std::string> notes;
  const auto found = resolve_destinations(hosts({"localhost:80", "localhost:81"}), notes);
  if (!found) {
    GTEST_SKIP() << "localhost is not known here: " << found.error().message();
  }
  for (const Destination& destination : *found) {
    ASSERT_FALSE(destination.endpoints.empty());
    for (const sandbox::Endpoint& endpoint : destination.endpoints) {
      EXPECT_EQ(sandbox::class_of(endpoint), sandbox::AddressClass::ThisMachine);
      EXPECT_EQ(endpoint.port, destination.asked.port);
    }
  }
}

TEST(DestinationsTest, AnUnknownNameIsAnErrorThatNamesIt) {
  std::vector<std::string> notes;
  const auto found = resolve_destinations(hosts({"no-such-host.invalid:443"}), notes);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::Network);
  EXPECT_NE(found.error().message().find("no-such-host.invalid:443"), std::string::npos);
}

TEST(DestinationsTest, TooManyAreRefused) {
  std::vector<std::string> notes;
  const std::vector<HostPort> many(kMaxDestinations + 1, *parse_host_port("192.0.2.7:443"));
  const auto found = resolve_destinations(many, notes);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind(), ErrorKind::Usage);
}

TEST(HostsFileTest, ResolvedNamesComeFirstAndAddressesAndLocalhostAreNotRepeated) {
  const std::vector<Destination> destinations = {
      {*parse_host_port("example.org:443"),
       {*parse_host_port("192.0.2.7:443")->literal,
        *parse_host_port("[2001:db8::1]:443")->literal}},
      {*parse_host_port("example.org:80"), {*parse_host_port("192.0.2.7:80")->literal}},
      {*parse_host_port("localhost:80"), {*parse_host_port("127.0.0.1:80")->literal}},
      {*parse_host_port("198.51.100.1:80"), {*parse_host_port("198.51.100.1:80")->literal}}};
  const auto file = hosts_file(destinations);
  ASSERT_TRUE(file);
  const std::string own = read_file(kHostsPath, kMaxHostsBytes).value_or("");
  EXPECT_EQ(text_of(*file), "192.0.2.7\texample.org\n2001:db8::1\texample.org\n" + own);
}

TEST(HostsFileTest, ItIsReadOnlyForGood) {
  const auto file = hosts_file({});
  ASSERT_TRUE(file);
  const std::string path = "/proc/self/fd/" + std::to_string(BorrowedFd(*file).raw());
  const OwnedFd writable(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_TRUE(!writable.valid() || ::write(BorrowedFd(writable).raw(), "x", 1) < 0);
  EXPECT_LT(::fcntl(BorrowedFd(*file).raw(), F_GETFL) & O_ACCMODE, O_WRONLY);
}

TEST(HostsFileTest, ItsPathIsWhereTheKernelFindsIt) {
  const auto path = hosts_path();
  ASSERT_TRUE(path);
  EXPECT_TRUE(path->starts_with('/'));
}

}  // namespace
}  // namespace nono::engine
