// trustpolicy/issuer.cc: addresses of OpenID issuers.
#include "trustpolicy/issuer.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nono::trustpolicy {
namespace {

constexpr std::string_view kSecure = "https://";

// Those of the public-good instance, as its certificates write them (Fulcio's configuration).
constexpr std::array<std::string_view, 8> kWellKnown{"https://token.actions.githubusercontent.com",
                                                     "https://github.com/login/oauth",
                                                     "https://accounts.google.com",
                                                     "https://login.microsoftonline.com",
                                                     "https://gitlab.com",
                                                     "https://agent.buildkite.com",
                                                     "https://oidc.codefresh.io",
                                                     "https://issuer.enforce.dev"};

bool is_loopback_http(std::string_view issuer) {
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (issuer.starts_with(host)) {
      const std::string_view rest = issuer.substr(host.size());
      return rest.empty() || rest.front() == ':' || rest.front() == '/';
    }
  }
  return false;
}

}  // namespace

std::string_view issuer_meant(std::string_view address) {
  std::string plain = ascii_lower(address);
  if (plain.starts_with("http://")) {
    plain.insert(4, 1, 's');
  }
  while (plain.ends_with('/')) {
    plain.pop_back();
  }
  const auto* const known = std::ranges::find(kWellKnown, std::string_view(plain));
  return known == kWellKnown.end() || *known == address ? std::string_view() : *known;
}

std::string issuer_fault(std::string_view issuer) {
  if (issuer.contains('*') || issuer.contains('?')) {
    return "must be exact: an issuer takes no wildcard";
  }
  if (const std::string_view meant = issuer_meant(issuer); !meant.empty()) {
    return "must be spelt as certificates spell it: " + std::string(meant);
  }
  if (!(issuer.starts_with(kSecure) && issuer.size() > kSecure.size()) &&
      !is_loopback_http(issuer)) {
    return "must be the https:// address of an OpenID issuer";
  }
  if (!std::ranges::all_of(issuer, [](char c) { return c > ' ' && c <= '~'; })) {
    return "must be of printing ASCII characters without blanks: \"" + printable(issuer) + "\"";
  }
  return {};
}

}  // namespace nono::trustpolicy
