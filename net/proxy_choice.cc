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

}  // namespace

ProxyEnvironment ProxyEnvironment::from_environment() {
  return {.proxy = first_set({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
          .no_proxy = first_set({"no_proxy", "NO_PROXY"})};
}

Result<std::optional<Proxy>> choose_proxy(const ProxyEnvironment& environment, const Url& url) {
  if (environment.proxy.empty() || url.loopback || goes_direct(environment.no_proxy, url)) {
    return std::nullopt;
  }
  std::string_view rest = environment.proxy;
  bool tls = false;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    const std::string name = ascii_lower(rest.substr(0, scheme + 3));
    tls = name == kTlsProxy;
    if (!tls && name != kPlainProxy) {
      return fail(ErrorKind::Usage, "the proxy of HTTPS_PROXY is neither http:// nor https://");
    }
    rest.remove_prefix(scheme + 3);
  }
  Proxy proxy;
  rest = rest.substr(0, rest.find('/'));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    proxy.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  // Read as the host of an https URL: which host a proxy is on does not matter.
  const auto where = parse_url(std::string(kTlsProxy) + std::string(rest));
  if (!where) {
    return fail(ErrorKind::Usage, "the proxy of HTTPS_PROXY has no host that can be used");
  }
  const bool port_given = rest.ends_with(":" + std::to_string(where->port));
  proxy.shown_as = where->authority();
  if (!port_given && !tls) {
    proxy.shown_as = proxy.shown_as.substr(0, proxy.shown_as.rfind(':')) + ":80";
  }
  proxy.url = std::string(tls ? kTlsProxy : kPlainProxy) + proxy.shown_as;
  return proxy;
}

}  // namespace nono::net
