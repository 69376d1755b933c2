// net/url.cc: see url.h.
#include "net/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ranges>

#include "base/text.h"

namespace nono::net {
namespace {

constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxPortDigits = 5;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// RFC 3986, 3.3 and 3.4, with percent signs: `<>"{}|\^`, the backquote and "#" are not among them.
bool is_target_byte(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("-._~!$&'()*+,;=:@/?%[]").contains(c);
}

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::Usage, "the URL is not allowed: " + std::move(why));
}

bool is_label(std::string_view label) {
  const bool ends = !label.empty() && label.front() != '-' && label.back() != '-';
  return ends && label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) {
           return is_alpha(c) || is_digit(c) || c == '-' || c == '_';
         });
}

// The last label of a name that resolvers may take for a number: 1, 0x7f, 017.
bool looks_numeric(std::string_view label) {
  return !label.empty() && is_digit(label.front());
}

Result<void> read_ipv4(Url& url, std::string_view host) {
  in_addr address{};
  const std::string text(host);
  if (::inet_pton(AF_INET, text.c_str(), &address) != 1) {
    return refuse("the host is neither a name nor an address in its usual spelling");
  }
  const std::uint32_t value = ntohl(address.s_addr);
  if (value >> 24U == 0) {
    return refuse("the host is the unspecified address");
  }
  url.host = text;
  url.numeric = true;
  url.loopback = value >> 24U == 127;
  url.metadata = host == Url::kMetadataAddress;
  return {};
}

Result<void> read_ipv6(Url& url, std::string_view host) {
  in6_addr address{};
  const std::string text(host);
  if (::inet_pton(AF_INET6, text.c_str(), &address) != 1) {
    return refuse("what stands in brackets is no IPv6 address");
  }
  // ::/96 and ::ffff:0:0/96 are other spellings of IPv4 addresses; ::1 is the one that is not.
  const bool low = std::ranges::all_of(std::span(address.s6_addr).first(10),
                                       [](unsigned char byte) { return byte == 0; });
  url.loopback = std::memcmp(&address, &in6addr_loopback, sizeof address) == 0;
  if (low && !url.loopback) {
    return refuse("the host is an IPv4 address in disguise, or the unspecified one");
  }
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  url.host = ::inet_ntop(AF_INET6, &address, canonical.data(), canonical.size());
  url.numeric = true;
  return {};
}

Result<void> read_name(Url& url, std::string_view host) {
  std::string_view last;
  for (const auto part : std::views::split(host, '.')) {
    last = std::string_view(part.begin(), part.end());
    if (!is_label(last)) {
      return refuse("the host is not a name of letters, digits, hyphens and dots");
    }
  }
  if (looks_numeric(last)) {
    return read_ipv4(url, host);
  }
  if (host.empty() || host.size() > kMaxName) {
    return refuse("the host is missing, or longer than " + std::to_string(kMaxName) + " bytes");
  }
  url.host = ascii_lower(host);
  url.loopback = url.host == "localhost";
  return {};
}

Result<void> read_port(Url& url, std::string_view digits) {
  const bool plain = !digits.empty() && digits.size() <= kMaxPortDigits && digits.front() != '0' &&
                     std::ranges::all_of(digits, is_digit);
  std::uint16_t port = 0;
  if (!plain ||
      std::from_chars(digits.data(), digits.data() + digits.size(), port).ec != std::errc{}) {
    return refuse("the port is not a number from 1 to 65535");
  }
  url.port = port;
  return {};
}

Result<void> read_authority(Url& url, std::string_view authority) {
  if (authority.contains('@')) {
    return refuse("it carries user information");
  }
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) {
      return refuse("a bracket is not closed");
    }
    NONO_CHECK(read_ipv6(url, authority.substr(1, end - 1)));
    rest = authority.substr(end + 1);
  } else {
    const std::size_t end = std::min(authority.find(':'), authority.size());
    NONO_CHECK(read_name(url, authority.substr(0, end)));
    rest = authority.substr(end);
  }
  url.port = url.scheme == Scheme::Https ? kHttpsPort : kHttpPort;
  if (rest.empty()) {
    return {};
  }
  if (!rest.starts_with(':')) {
    return refuse("something follows the host that is no port");
  }
  return read_port(url, rest.substr(1));
}

Result<void> read_scheme(Url& url, std::string_view& text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) {
    return refuse("it does not start with https://");
  }
  const std::string scheme = ascii_lower(text.substr(0, end));
  if (scheme != "https" && scheme != "http") {
    return refuse("it is neither https nor http");
  }
  url.scheme = scheme == "https" ? Scheme::Https : Scheme::Http;
  text.remove_prefix(end + 3);
  return {};
}

bool has_scheme(std::string_view reference) {
  const std::size_t end = reference.find_first_of(":/?");
  return end != std::string_view::npos && reference[end] == ':';
}

}  // namespace

std::string Url::authority() const {
  const bool brackets = host.contains(':');
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::text() const {
  return (scheme == Scheme::Https ? "https://" : "http://") + authority() + target;
}

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

Result<Url> parse_url(std::string_view text, HttpTo http) {
  if (text.size() > Url::kMaxBytes) {
    return refuse("it is longer than " + std::to_string(Url::kMaxBytes) + " bytes");
  }
  Url url;
  NONO_CHECK(read_scheme(url, text));
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  const std::string_view target = text.substr(end);
  if (!std::ranges::all_of(target, is_target_byte)) {
    return refuse("its path or query holds a byte that does not belong there, or a fragment");
  }
  NONO_CHECK(read_authority(url, text.substr(0, end)));
  url.target = (target.starts_with('/') ? "" : "/") + std::string(target);
  const bool metadata = url.metadata && http == HttpTo::MetadataToo;
  if (url.scheme == Scheme::Http && !url.loopback && !metadata) {
    return refuse("http is for this machine only (127.0.0.0/8, [::1], localhost); use https");
  }
  return url;
}

Result<Url> resolve_reference(const Url& base, std::string_view location) {
  location = location.substr(0, location.find('#'));
  if (location.empty()) {
    return refuse("it is empty");
  }
  if (has_scheme(location)) {
    return parse_url(location);
  }
  const std::string scheme = base.scheme == Scheme::Https ? "https:" : "http:";
  if (location.starts_with("//")) {
    return parse_url(scheme + std::string(location));
  }
  const std::string root = scheme + "//" + base.authority();
  if (location.starts_with('/')) {
    return parse_url(root + std::string(location));
  }
  const std::string path = base.target.substr(0, base.target.find('?'));
  if (location.starts_with('?')) {
    return parse_url(root + path + std::string(location));
  }
  return parse_url(root + path.substr(0, path.rfind('/') + 1) + std::string(location));
}

}  // namespace nono::net
