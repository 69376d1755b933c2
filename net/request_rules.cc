// net/request_rules.cc: see request_rules.h.
#include "net/request_rules.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nono::net {
namespace {

using namespace std::string_view_literals;

// What frames the message, names the peer, or would make the exchange depend on an earlier one.
constexpr auto kOwnFields =
    std::to_array({"host"sv, "content-length"sv, "transfer-encoding"sv, "connection"sv, "te"sv,
                   "trailer"sv, "upgrade"sv, "expect"sv, "keep-alive"sv, "accept-encoding"sv,
                   "content-encoding"sv, "cookie"sv, "user-agent"sv, "http2-settings"sv});

bool is_own_field(std::string_view name) {
  return std::ranges::find(kOwnFields, name) != kOwnFields.end() || name.starts_with("proxy-");
}

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::Usage, std::move(why));
}

// The field without which metadata servers answer nobody: whoever sends it means them.
HttpTo http_of(const HttpRequest& request) {
  const bool meant = std::ranges::any_of(request.headers, [](const auto& field) {
    return ascii_lower(field.first) == "metadata-flavor";
  });
  return meant ? HttpTo::MetadataToo : HttpTo::ThisMachine;
}

Result<void> check_headers(const HttpRequest& request) {
  if (request.headers.size() > kMaxRequestHeaders) {
    return refuse("the request has more than " + std::to_string(kMaxRequestHeaders) + " fields");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_field_name(name) || name.size() > kMaxHeaderName) {
      return refuse("the request has a field whose name is none");
    }
    if (is_own_field(ascii_lower(name))) {
      return refuse("the request sets the field " + name + ", which belongs to the transport");
    }
    if (!is_field_value(value) || value.size() > kMaxHeaderValue) {
      return refuse("the request's field " + name + " has a value that cannot be sent");
    }
  }
  return {};
}

}  // namespace

bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           "!#$%&'*+-.^_`|~"sv.contains(c);
  });
}

bool is_field_value(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!value.empty() && (blank(value.front()) || blank(value.back()))) {
    return false;
  }
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

Result<Url> check_request(const HttpRequest& request) {
  if (request.service.empty() || request.service.size() > kMaxServiceName) {
    return refuse("the request does not say which service it is for");
  }
  NONO_TRY(Url url, parse_url(request.url, http_of(request)));
  NONO_CHECK(check_headers(request));
  if (request.method == Method::Get && !request.body.empty()) {
    return refuse("a Get carries no body");
  }
  if (request.body.size() > kMaxRequestBody) {
    return refuse("the request is larger than " + std::to_string(kMaxRequestBody) + " bytes");
  }
  if (request.max_bytes > kMaxResponseBody) {
    return refuse("the request allows an answer of more than " + std::to_string(kMaxResponseBody) +
                  " bytes");
  }
  if (request.deadline.count() <= 0 || request.deadline > kMaxDeadline) {
    return refuse("the request's deadline is not between 1 ms and 10 min");
  }
  return url;
}

}  // namespace nono::net
