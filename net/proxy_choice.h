// net/proxy_choice.h: whether a proxy of the user's environment stands between us and a host.
//
// HTTPS_PROXY (or https_proxy, or ALL_PROXY, all_proxy) and NO_PROXY (no_proxy) as other programs
// read them. The machine itself is always reached directly. The lower-case spelling wins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/url.h"

namespace nono::net {

struct Proxy {
  std::string url;       // scheme://host:port, for the library
  std::string user;      // "user" or "user:password", as it is percent-encoded; a secret
  std::string shown_as;  // host:port
};

// ProxyEnvironment holds values of the environment, "" where one is not set.
struct ProxyEnvironment {
  std::string proxy;
  std::string no_proxy;
  // from_environment reads them with getenv(3).
  static ProxyEnvironment from_environment();
};

// choose_proxy gives none for a direct connection; Usage where the proxy's URL is not http:// or
// https:// with a host. NO_PROXY is a list of "*", names (which cover what ends in them, by whole
// labels), addresses, each with an optional port.
Result<std::optional<Proxy>> choose_proxy(const ProxyEnvironment& environment, const Url& url);

}  // namespace nono::net
