// net/client_pool.cc: see client_pool.h.
#include "net/client_pool.h"

#include <utility>

namespace nono::net {

std::unique_ptr<NonoNetClient> ClientPool::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty() || made_ < most_; });
  if (idle_.empty()) {
    ++made_;
    return std::make_unique<NonoNetClient>(options_);
  }
  auto client = std::move(idle_.back());
  idle_.pop_back();
  return client;
}

void ClientPool::give_back(std::unique_ptr<NonoNetClient> client) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(client));
  }
  returned_.notify_one();
}

void ClientPool::prepare() {
  auto client = take();
  client->prepare();
  give_back(std::move(client));
}

Result<HttpResponse> ClientPool::send(const HttpRequest& request) {
  auto client = take();
  Result<HttpResponse> response = client->send(request);
  give_back(std::move(client));
  return response;
}

void ClientPool::finish() {
  const std::scoped_lock lock(mutex_);
  for (const auto& client : idle_) {
    client->finish();
  }
}

}  // namespace nono::net
