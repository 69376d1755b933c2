// engine/redirect_request.cc: see redirect_request.h.
#include "engine/redirect_request.h"

#include <algorithm>

#include "base/text.h"

namespace nono::engine {

namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find(kLineEnd), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + kLineEnd.size(), text.size()));
  return line;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// GET /auth/callback?QUERY HTTP/1.1
std::optional<std::string_view> query_of(std::string_view line) {
  constexpr std::string_view kMethod = "GET ";
  const std::size_t end = line.rfind(" HTTP/1.");
  if (!line.starts_with(kMethod) || end == std::string_view::npos || end < kMethod.size()) {
    return std::nullopt;
  }
  const std::string_view target = line.substr(kMethod.size(), end - kMethod.size());
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos || target.substr(0, mark) != kRedirectPath) {
    return std::nullopt;
  }
  return target.substr(mark + 1);
}

// One Host, and it is us.
bool is_ours(std::string_view fields, std::string_view port) {
  std::size_t hosts = 0;
  bool ours = false;
  while (!fields.empty()) {
    const std::string_view line = take_line(fields);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || ascii_lower(line.substr(0, colon)) != "host") {
      continue;
    }
    const std::string host = ascii_lower(trimmed(line.substr(colon + 1)));
    ours = host == "localhost:" + std::string(port) || host == "127.0.0.1:" + std::string(port);
    ++hosts;
  }
  return ours && hosts == 1;
}

}  // namespace

bool is_whole(std::string_view head) {
  return head.contains("\r\n\r\n");
}

std::optional<RedirectRequest> read_redirect(std::string_view head, std::string_view port) {
  head = head.substr(0, head.find("\r\n\r\n"));
  const auto query = query_of(take_line(head));
  if (!query || !is_ours(head, port)) {
    return std::nullopt;
  }
  auto fields = read_form(*query);
  if (!fields) {
    return std::nullopt;
  }
  return RedirectRequest{*std::move(fields)};
}

}  // namespace nono::engine
