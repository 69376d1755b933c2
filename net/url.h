// net/url.h: the URLs that nono asks for, read by rules of our own.
//
// Stricter than RFC 3986 and than any library behind: one spelling of each host, no user
// information, no fragment, nothing that two parsers could read differently. What is handed on is
// spelt again from the parts, so that what was checked is what is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nono::net {

enum class Scheme : unsigned char { Http, Https };

// Url is an allowed URL: https, or http to a loopback address (127.0.0.0/8, ::1, "localhost").
struct Url {
  static constexpr std::size_t kMaxBytes = 8192;
  // Where a cloud's machine asks its host about itself: link-local (RFC 3927), answered by the
  // host, spoken in http alone.
  static constexpr std::string_view kMetadataAddress = "169.254.169.254";

  Scheme scheme = Scheme::Https;
  std::string host;  // lower case; an IPv6 address without brackets, in its canonical spelling
  std::uint16_t port = 0;
  std::string target;     // path and query, starts with a slash
  bool loopback = false;  // the host is the machine itself
  bool metadata = false;  // the host is kMetadataAddress
  bool numeric = false;   // the host is an address

  std::string authority() const;  // host:port, with brackets where needed: for messages
  std::string text() const;
  bool same_origin(const Url& other) const;
};

// HttpTo::MetadataToo allows http to kMetadataAddress as well.
enum class HttpTo : unsigned char { ThisMachine, MetadataToo };

// parse_url is Usage for what is not allowed; the message never repeats the query, which may be a
// secret.
Result<Url> parse_url(std::string_view text, HttpTo http = HttpTo::ThisMachine);

// resolve_reference reads the Location of a redirect from `base` (RFC 3986, 5.2), its fragment
// dropped. Errors as parse_url's.
Result<Url> resolve_reference(const Url& base, std::string_view location);

}  // namespace nono::net
