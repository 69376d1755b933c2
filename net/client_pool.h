// net/client_pool.h: an HttpClient for several threads: each request in flight has a nono-net of
// its own.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "net/nono_net_client.h"

namespace nono::net {

class ClientPool final : public HttpClient {
 public:
  // At most `most` requests are in flight; one more waits for its turn. A nono-net is started when
  // the ones that are there are busy.
  explicit ClientPool(std::size_t most,
                      NonoNetClient::Options options =
                          {.program = "", .environment = NonoNetClient::environment_of_process()})
      : most_(most), options_(std::move(options)) {}

  // prepare starts the first nono-net now (NonoNetClient::prepare).
  void prepare();
  Result<HttpResponse> send(const HttpRequest& request) override;
  void finish() override;

 private:
  std::unique_ptr<NonoNetClient> take();
  void give_back(std::unique_ptr<NonoNetClient> client);

  std::size_t most_;
  NonoNetClient::Options options_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t made_ = 0;
  std::vector<std::unique_ptr<NonoNetClient>> idle_;
};

}  // namespace nono::net
