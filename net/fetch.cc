// net/fetch.cc: see fetch.h. The redirects are ours: the library follows none.
#include "net/fetch.h"

#include <algorithm>
#include <array>

#include "net/exchange.h"
#include "net/request_rules.h"
#include "net/url.h"

namespace nono::net {
namespace {

constexpr int kMaxRedirects = 3;
constexpr auto kRedirects = std::to_array({301, 302, 303, 307, 308});

Failure carried(const Error& error) {
  return {.kind = error.kind(), .text = error.message()};
}

// next_hop: where an answer sends us; nothing where it is the answer. A redirect to another origin
// is an error whatever the method: what we send was meant for this one.
Result<std::optional<Url>> next_hop(const HttpResponse& response, const Url& from, Method method) {
  if (std::ranges::find(kRedirects, response.status) == kRedirects.end() ||
      response.header("location").empty()) {
    return std::nullopt;
  }
  const std::string who = from.authority() + " answered with a redirect ";
  if (std::ranges::count(response.headers, "location",
                         &std::pair<std::string, std::string>::first) > 1) {
    return fail(ErrorKind::Network, who + "to more than one place");
  }
  const auto target = resolve_reference(from, response.header("location"));
  if (!target) {
    return fail(ErrorKind::Network,
                who + "whose target is not allowed: " + target.error().message());
  }
  if (!target->same_origin(from)) {
    return fail(ErrorKind::Network,
                who + "to another host, " +
                    target->text().substr(0, target->text().size() - target->target.size()) +
                    ", which is not followed");
  }
  return method == Method::Get ? std::optional(*target) : std::nullopt;
}

}  // namespace

std::optional<Answer> fetch(const HttpRequest& request, const Surroundings& surroundings,
                            BorrowedFd channel) {
  const Moment until = std::chrono::steady_clock::now() + request.deadline;
  auto url = check_request(request);
  for (int hop = 0; url.has_value(); ++hop) {
    const auto proxy = choose_proxy(surroundings.proxy, *url);
    if (!proxy) {
      return carried(proxy.error());
    }
    const Hop here{.request = request, .url = *url, .proxy = *proxy, .until = until};
    auto response = exchange(here, surroundings.authorities, channel);
    if (!response) {
      return std::nullopt;
    }
    if (!*response) {
      return carried(response->error());
    }
    const auto next = next_hop(**response, *url, request.method);
    if (!next) {
      return carried(next.error());
    }
    if (!*next) {
      return **std::move(response);
    }
    if (hop == kMaxRedirects) {
      return Failure{.kind = ErrorKind::Network,
                     .text = url->authority() + " redirects more than " +
                             std::to_string(kMaxRedirects) + " times"};
    }
    url = **next;
  }
  return carried(url.error());
}

}  // namespace nono::net
