// sandbox/endpoint.cc: see endpoint.h.
#include "sandbox/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "base/text.h"

namespace nono::sandbox {
namespace {

using Address = std::array<std::uint8_t, 16>;

constexpr std::size_t kMaxName = 253;  // RFC 1035, section 2.3.4, without the last dot
constexpr std::size_t kMaxLabel = 63;
// The kernel takes a sockaddr_in6 without its scope, too (RFC 2133).
constexpr std::size_t kLeastIpv6 = offsetof(sockaddr_in6, sin6_scope_id);
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<std::uint8_t, 12> kNat64{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
constexpr Address kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 4> kLoopback4{127, 0, 0, 1};

bool has_prefix(const Address& address, const std::array<std::uint8_t, 12>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

Address mapped(const void* ipv4) {
  Address out{};
  std::ranges::copy(kMapped, out.begin());
  std::memcpy(&out[kMapped.size()], ipv4, 4);
  return out;
}

AddressClass class_of_ipv4(const std::uint8_t* bytes) {
  if (bytes[0] == 127) {
    return AddressClass::ThisMachine;
  }
  if (bytes[0] == 0) {  // "this network": 0.0.0.0 is this machine to connect(2)
    return AddressClass::Unspecified;
  }
  if (bytes[0] == 169 && bytes[1] == 254) {
    return AddressClass::LinkLocal;
  }
  return bytes[0] >= 224 ? AddressClass::Multicast : AddressClass::Host;
}

// specified turns an unspecified address into what the kernel would connect to.
Endpoint specified(Endpoint endpoint) {
  if (endpoint.address == Address{}) {
    endpoint.address = kLoopback6;
  } else if (endpoint.address == mapped("\0\0\0\0")) {
    endpoint.address = mapped(kLoopback4.data());
  }
  return endpoint;
}

Error wrong(std::string_view text, std::string why, std::string mend) {
  return Error(ErrorKind::Usage, printable(text) + ": " + std::move(why))
      .mend_with(std::move(mend));
}

bool is_name(std::string_view host) {
  if (host.empty() || host.size() > kMaxName) {
    return false;
  }
  std::size_t in_label = 0;
  for (const char c : host) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (c == '.' ? in_label == 0 : !letter) {
      return false;
    }
    in_label = c == '.' ? 0 : in_label + 1;
    if (in_label > kMaxLabel) {
      return false;
    }
  }
  return in_label != 0 && host.front() != '-';
}

// ends_in_number: libraries read "127.1", "0x7f000001" or "2130706433" as addresses, each its way.
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  const bool hexadecimal = last.starts_with("0x") &&
                           last.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
  return hexadecimal || last.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<Endpoint> literal(std::string_view text, Endpoint endpoint) {
  switch (class_of(endpoint)) {
    case AddressClass::Unspecified:
      return std::unexpected(
          wrong(text, "this address names no host", "127.0.0.1 and [::1] are this machine"));
    case AddressClass::Multicast:
      return std::unexpected(
          wrong(text, "TCP does not connect to a group", "give the address of one host"));
    case AddressClass::LinkLocal:
      if (!endpoint.is_ipv4()) {
        return std::unexpected(wrong(text,
                                     "a link-local address means a host only together with "
                                     "an interface",
                                     "give another address of that host"));
      }
      return endpoint;
    case AddressClass::ThisMachine:
    case AddressClass::Host:
      return endpoint;
  }
  return endpoint;
}

Result<HostPort> with_address(std::string_view text, HostPort out, const Address& address) {
  NONO_TRY(out.literal, literal(text, Endpoint{address, out.port}));
  out.host = out.literal->host();
  return out;
}

Result<HostPort> bracketed(std::string_view text, HostPort out) {
  Address address{};
  if (out.host.find('\0') != std::string::npos ||
      ::inet_pton(AF_INET6, out.host.c_str(), address.data()) != 1) {
    return std::unexpected(wrong(text, "this is no IPv6 address", "write it as [2001:db8::1]:443"));
  }
  return with_address(text, std::move(out), address);
}

Result<HostPort> plain(std::string_view text, HostPort out) {
  std::array<std::uint8_t, 4> ipv4{};
  if (out.host.find('\0') == std::string::npos &&
      ::inet_pton(AF_INET, out.host.c_str(), ipv4.data()) == 1) {
    return with_address(text, std::move(out), mapped(ipv4.data()));
  }
  if (out.host.contains(':')) {
    return std::unexpected(
        wrong(text, "which colon is that of the port?", "write IPv6 as [2001:db8::1]:443"));
  }
  if (out.host.ends_with('.')) {
    out.host.pop_back();
  }
  out.host = ascii_lower(out.host);
  if (!is_name(out.host)) {
    return std::unexpected(wrong(text, "this is no name of a host",
                                 "use letters, digits, dots and hyphens; other scripts in their "
                                 "xn-- form"));
  }
  if (ends_in_number(out.host)) {
    return std::unexpected(
        wrong(text, "an address is written as four decimal numbers", "write it as 192.0.2.1:443"));
  }
  return out;
}

}  // namespace

bool Endpoint::is_ipv4() const {
  return has_prefix(address, kMapped);
}

std::string Endpoint::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = is_ipv4() ? &address[kMapped.size()] : address.data();
  const int family = is_ipv4() ? AF_INET : AF_INET6;
  return ::inet_ntop(family, bytes, text.data(), text.size()) == nullptr ? std::string()
                                                                         : text.data();
}

std::string Endpoint::text() const {
  const std::string number = ":" + std::to_string(port);
  return is_ipv4() ? host() + number : "[" + host() + "]" + number;
}

AddressClass class_of(const Endpoint& endpoint) {
  const Address& address = endpoint.address;
  if (has_prefix(address, kMapped) || has_prefix(address, kNat64)) {
    return class_of_ipv4(&address[kMapped.size()]);
  }
  if (address == Address{}) {
    return AddressClass::Unspecified;
  }
  if (address == kLoopback6) {
    return AddressClass::ThisMachine;
  }
  if (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) {
    return AddressClass::LinkLocal;
  }
  return address[0] == 0xff ? AddressClass::Multicast : AddressClass::Host;
}

Endpoint without_nat64(const Endpoint& endpoint) {
  return has_prefix(endpoint.address, kNat64)
             ? Endpoint{mapped(&endpoint.address[kNat64.size()]), endpoint.port}
             : endpoint;
}

bool is_local_nat64(const Endpoint& endpoint) {
  return endpoint.address[4] == 0 && endpoint.address[5] == 1 &&
         std::equal(kNat64.begin(), kNat64.begin() + 4, endpoint.address.begin());
}

std::expected<Endpoint, int> endpoint_from(std::string_view sockaddr_bytes) {
  sa_family_t family = AF_UNSPEC;
  if (sockaddr_bytes.size() < sizeof family) {
    return std::unexpected(EINVAL);
  }
  std::memcpy(&family, sockaddr_bytes.data(), sizeof family);
  if (family != AF_INET && family != AF_INET6) {
    return std::unexpected(EAFNOSUPPORT);
  }
  if (sockaddr_bytes.size() < (family == AF_INET ? sizeof(sockaddr_in) : kLeastIpv6)) {
    return std::unexpected(EINVAL);
  }
  Endpoint out;
  if (family == AF_INET) {
    sockaddr_in name{};
    std::memcpy(&name, sockaddr_bytes.data(), sizeof name);
    out = {mapped(&name.sin_addr), ntohs(name.sin_port)};
  } else {
    sockaddr_in6 name{};
    std::memcpy(&name, sockaddr_bytes.data(), std::min(sizeof name, sockaddr_bytes.size()));
    std::memcpy(out.address.data(), &name.sin6_addr, out.address.size());
    out.port = ntohs(name.sin6_port);
  }
  return specified(out);
}

SocketName socket_name(const Endpoint& endpoint, sa_family_t family) {
  SocketName out;
  if (family == AF_INET && endpoint.is_ipv4()) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(endpoint.port);
    std::memcpy(&name.sin_addr, &endpoint.address[kMapped.size()], sizeof name.sin_addr);
    std::memcpy(&out.storage, &name, sizeof name);
    out.size = sizeof name;
    return out;
  }
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(endpoint.port);
  std::memcpy(&name.sin6_addr, endpoint.address.data(), endpoint.address.size());
  std::memcpy(&out.storage, &name, sizeof name);
  out.size = sizeof name;
  return out;
}

std::string HostPort::text() const {
  return literal ? literal->text() : host + ":" + std::to_string(port);
}

Result<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view number =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  HostPort out;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.port);
  if (number.empty() || error != std::errc() || end != number.data() + number.size() ||
      out.port == 0) {
    return std::unexpected(
        wrong(text, "it does not end in a port from 1 to 65535", "write it as HOST:443"));
  }
  const std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    out.host = host.substr(1, host.size() - 2);
    return bracketed(text, std::move(out));
  }
  out.host = host;
  return plain(text, std::move(out));
}

}  // namespace nono::sandbox
