// sandbox/endpoint.h: an address and port of TCP in the one spelling in which they are compared.
//
// A grant and what the agent passes to connect(2) must mean the same host to us as to the kernel.
// So an agent's address is read once, brought into this form, and written anew from it for the
// kernel: what the form does not hold (flow labels, scopes, bytes behind the end) never gets there.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nono::sandbox {

struct Endpoint {
  std::array<std::uint8_t, 16> address{};  // IPv4 as ::ffff:a.b.c.d
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
  bool is_ipv4() const;
  std::string host() const;  // "192.0.2.1", "2001:db8::1"
  std::string text() const;  // "192.0.2.1:443", "[2001:db8::1]:443"
};

// AddressClass says what an address leads to; an IPv4 address in the prefix of NAT64 (RFC 6052)
// counts as itself.
enum class AddressClass : unsigned char { Host, ThisMachine, LinkLocal, Unspecified, Multicast };
AddressClass class_of(const Endpoint& endpoint);
// without_nat64 gives the IPv4 address that an address in that prefix stands for; others as they
// are.
Endpoint without_nat64(const Endpoint& endpoint);

// is_local_nat64: it lies in 64:ff9b:1::/48 (RFC 8215). Which IPv4 address it stands for, the
// network that has the translator knows alone.
bool is_local_nat64(const Endpoint& endpoint);

// endpoint_from reads a sockaddr of AF_INET or AF_INET6. The unspecified address is what the kernel
// takes it for: this machine's loopback address. EINVAL: it is cut off; EAFNOSUPPORT: another
// family.
std::expected<Endpoint, int> endpoint_from(std::string_view sockaddr_bytes);

// SocketName is an endpoint as connect(2) takes it.
struct SocketName {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
// socket_name writes `endpoint` in the family in which the agent spelt it.
SocketName socket_name(const Endpoint& endpoint, sa_family_t family);

// HostPort is what a person names: a host, or its address.
struct HostPort {
  std::string host;  // in lower case, without a dot at the end
  std::uint16_t port = 0;
  std::optional<Endpoint> literal = std::nullopt;  // set where `host` is an address

  bool operator==(const HostPort&) const = default;
  std::string text() const;
};
// parse_host_port reads "name:443", "192.0.2.1:443" and "[2001:db8::1]:443". Usage, with what
// mends it: no port, a name that is none, numbers that libraries read as addresses in more than one
// way, addresses that name no host (unspecified, multicast) or need an interface (link-local IPv6).
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace nono::sandbox
