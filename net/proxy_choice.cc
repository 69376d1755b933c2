// net/proxy_choice.cc: see proxy_choice.h.
#include "net/proxy_choice.h"

#include <cstdlib>
#include <initializer_list>
#include <ranges>

#include "base/text.h"

namespace nono::net {
namespace {

constexpr std::size_t kMaxListBytes = 16u << 10;
constexpr std::string_view kPlainProxy = "http://";
constexpr std::string_view kTlsProxy = "https://";
constexpr std::uint16_t kPlainPort = 80;

std::string first_set(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    // Read once, before the first thread starts.
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr && *value != '\0') {
      return value;
    }
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t");
  return start == std::string_view::npos
             ? std::string_view()
             : text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

// without_port cuts ":port" off an entry and reports whether the port, if any, is the URL's.
bool port_fits(std::string_view& entry, const Url& url) {
  const std::size_t colon = entry.rfind(':');
  const bool address = entry.find(':') != colon && !entry.starts_with('[');  // IPv6, no port
  if (colon == std::string_view::npos || address || entry.ends_with(']')) {
    return true;
  }
  const bool fits = entry.substr(colon + 1) == std::to_string(url.port);
  entry = entry.substr(0, colon);
  return fits;
}

bool covers(std::string_view entry, const Url& url) {
  if (entry == "*") {
    return true;
  }
  if (!port_fits(entry, url)) {
    return false;
  }
  std::string name = ascii_lower(entry);
  if (name.starts_with('[') && name.ends_with(']')) {
    name = name.substr(1, name.size() - 2);
  }
  name.erase(0, name.starts_with("*.") ? 2 : (name.starts_with('.') ? 1 : 0));
  if (name.empty() || url.host == name) {
    return !name.empty();
  }
  return !url.numeric && url.host.ends_with("." + name);
}

bool goes_direct(std::string_view list, const Url& url) {
  list = list.substr(0, kMaxListBytes);
  for (const auto part : std::views::split(list, ',')) {
    if (covers(trimmed(std::string_view(part.begin(), part.end())), url)) {
      return true;
    }
  }
  return false;
}

// read_scheme takes the scheme off and reports whether the proxy itself is spoken to over TLS.
Result<bool> read_scheme(std::string_view& text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) {
    return false;
  }
  const std::string scheme = ascii_lower(text.substr(0, end + 3));
  if (scheme != kTlsProxy && scheme != kPlainProxy) {
    return fail(ErrorKind::Usage, "the proxy of HTTPS_PROXY is neither http:// nor https://");
  }
  text.remove_prefix(end + 3);
  return scheme == kTlsProxy;
}

}  // namespace

ProxyEnvironment ProxyEnvironment::from_environment() {
  return {.proxy = first_set({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
          .no_proxy = first_set({"no_proxy", "NO_PROXY"})};
}

Result<std::optional<Proxy>> choose_proxy(const ProxyEnvironment& environment, const Url& url) {
  if (environment.proxy.empty() || url.loopback || url.metadata ||
      goes_direct(environment.no_proxy, url)) {
    return std::nullopt;
  }
  std::string_view rest = environment.proxy;
  NONO_TRY(const bool tls, read_scheme(rest));
  Proxy proxy;
  rest = rest.substr(0, rest.find('/'));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    proxy.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  // Read as the host of an https URL: a proxy may be on any host.
  auto where = parse_url(std::string(kTlsProxy) + std::string(rest));
  if (!where) {
    return fail(ErrorKind::Usage, "the proxy of HTTPS_PROXY has no host that can be used");
  }
  if (!tls && !rest.ends_with(":" + std::to_string(where->port))) {
    where->port = kPlainPort;
  }
  proxy.shown_as = where->authority();
  proxy.url = std::string(tls ? kTlsProxy : kPlainProxy) + proxy.shown_as;
  return proxy;
}

}  // namespace nono::net
