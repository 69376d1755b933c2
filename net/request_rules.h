// net/request_rules.h: what a request must be before anybody carries it, and the words of header
// fields (RFC 9110, 5).
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "net/http_client.h"
#include "net/url.h"

namespace nono::net {

inline constexpr std::size_t kMaxRequestHeaders = 32;
inline constexpr std::size_t kMaxHeaderName = 128;
inline constexpr std::size_t kMaxHeaderValue = 64u << 10;  // a token with many claims is long
inline constexpr std::size_t kMaxRequestBody = 16u << 20;
inline constexpr std::size_t kMaxResponseBody = 64u << 20;
inline constexpr std::size_t kMaxServiceName = 256;
inline constexpr std::chrono::milliseconds kMaxDeadline = std::chrono::minutes(10);

bool is_field_name(std::string_view name);
// is_field_value takes visible bytes, space and tab inside, and bytes over 0x7f.
bool is_field_value(std::string_view value);

// A request with the field Metadata-Flavor may go to Url::kMetadataAddress by http.
// check_request returns the URL of a request that may be carried, or Usage: a URL that is not
// allowed, a field that is none or that the transport sets itself (Host, Content-Length, Cookie,
// …), a Get with a body, a limit above the largest. No message repeats a value.
Result<Url> check_request(const HttpRequest& request);

}  // namespace nono::net
