// net/http_client.cc: see http_client.h.
#include "net/http_client.h"

#include <algorithm>

namespace nono::net {

std::string_view HttpResponse::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace nono::net
