// engine/redirect_request.h: what a browser asks of the listener of a sign-in: bytes of whoever can
// reach 127.0.0.1, also of web pages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "engine/form.h"

namespace nono::engine {

inline constexpr std::string_view kRedirectPath = "/auth/callback";
inline constexpr std::size_t kMaxRedirectHead = 16u << 10;

// RedirectRequest is a request for the callback, made to us by name.
struct RedirectRequest {
  FormFields fields;
};

// read_redirect reads the head of a request (RFC 9112). Nothing: it is no GET of kRedirectPath, its
// Host is not this machine's with `port` (a page of another name that leads here, RFC 9110, 7.2),
// or its query is malformed.
std::optional<RedirectRequest> read_redirect(std::string_view head, std::string_view port);

// is_whole reports whether the head has ended.
bool is_whole(std::string_view head);

}  // namespace nono::engine
