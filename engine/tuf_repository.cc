// engine/tuf_repository.cc: see tuf_repository.h.
#include "engine/tuf_repository.h"

#include <algorithm>

namespace nono::engine {
namespace {

constexpr int kOk = 200;
constexpr int kForbidden = 403;  // object stores say this where there is no such file
constexpr int kNotFound = 404;

}  // namespace

Result<std::optional<std::string>> HttpTufRepository::metadata(const std::string& name,
                                                               std::size_t max_bytes) {
  return fetch(metadata_url_ + "/" + name, max_bytes);
}

Result<std::optional<std::string>> HttpTufRepository::target(const std::string& path,
                                                             std::size_t max_bytes) {
  return fetch(targets_url_ + "/" + path, max_bytes);
}

Result<std::optional<std::string>> HttpTufRepository::fetch(const std::string& url,
                                                            std::size_t max_bytes) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      end_ - std::chrono::steady_clock::now());
  if (left.count() <= 0) {
    return fail(ErrorKind::Network, "the TUF repository took longer than the update may");
  }
  net::HttpRequest request;
  request.service = "the TUF repository";
  request.url = url;
  request.deadline = std::min(request.deadline, left);
  request.max_bytes = std::max<std::size_t>(max_bytes, 1);
  NONO_TRY(net::HttpResponse response, client_->send(request));
  if (response.status == kForbidden || response.status == kNotFound) {
    return std::nullopt;
  }
  if (response.status != kOk) {
    return fail(ErrorKind::Network, "the TUF repository answered " + url + " with status " +
                                        std::to_string(response.status));
  }
  return std::move(response.body);
}

}  // namespace nono::engine
