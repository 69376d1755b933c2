// engine/tuf_repository.h: a TUF repository over HTTP. What comes is untrusted; tuf/ verifies it.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "net/http_client.h"
#include "tuf/client.h"

namespace nono::engine {

class HttpTufRepository final : public tuf::Repository {
 public:
  // All requests of one update together; a single one has HttpRequest's deadline.
  static constexpr std::chrono::milliseconds kBudget{120'000};

  // The client must outlive the repository; URLs are without a slash at the end.
  HttpTufRepository(net::HttpClient& client, std::string metadata_url, std::string targets_url,
                    std::chrono::milliseconds budget = kBudget)
      : client_(&client),
        metadata_url_(std::move(metadata_url)),
        targets_url_(std::move(targets_url)),
        end_(std::chrono::steady_clock::now() + budget) {}

  // 200 is an answer, 403 and 404 are "there is none"; another status is Network.
  Result<std::optional<std::string>> metadata(const std::string& name,
                                              std::size_t max_bytes) override;
  Result<std::optional<std::string>> target(const std::string& path,
                                            std::size_t max_bytes) override;

 private:
  Result<std::optional<std::string>> fetch(const std::string& url, std::size_t max_bytes);

  net::HttpClient* client_;
  std::string metadata_url_;
  std::string targets_url_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace nono::engine
