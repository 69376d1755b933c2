// tests/engine/fake_sigstore.h: Fulcio, a timestamp authority and Rekor v1 and v2 behind the
// interface of an HttpClient, with the miniature Sigstore's keys (tests/sigstore).
//
// Everything happens at factory::kSigned. The services do as the real ones do, as far as a signer
// sees; a test changes what they make (the recipes) or the answer itself (`change`).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "net/http_client.h"
#include "tests/sigstore/world.h"

namespace nono::engine::testing {

class FixedClock final : public Clock {
 public:
  explicit FixedClock(Instant now) : now_(now) {}
  Instant now() const override { return now_; }

 private:
  Instant now_;
};

inline constexpr std::string_view kFulcioUrl = "https://fulcio.factory.example";
inline constexpr std::string_view kTsaUrl = "https://tsa.factory.example/api/v1/timestamp";
inline constexpr std::string_view kLogV1Url = "https://rekor.factory.example";
inline constexpr std::string_view kLogV2Url = "https://log2026.factory.example";

class FakeSigstore final : public net::HttpClient {
 public:
  FakeSigstore();

  Result<net::HttpResponse> send(const net::HttpRequest& request) override;

  std::string trusted_root() const { return factory::trusted_root(world_); }
  // signing_config names Fulcio, the timestamp authority and the logs of these versions.
  static Json signing_config(const std::vector<int>& logs = {2});
  // token is a JWT about the default identity of `leaf`, alice@example.com.
  static std::string token();

  // What is made.
  factory::LeafRecipe leaf;
  factory::StampRecipe stamp;
  factory::EntryRecipe entry_v1;
  factory::EntryRecipe entry_v2;
  // What is answered: the last word on every answer, called with the request.
  std::function<void(const net::HttpRequest&, net::HttpResponse&)> change;
  // Whether an answer comes at all: an Error in its place.
  std::function<Result<void>(const net::HttpRequest&)> before;

  std::vector<net::HttpRequest> requests;  // all of them, in order
  int asked(std::string_view part_of_url) const;

 private:
  net::HttpResponse answer(const net::HttpRequest& request);
  net::HttpResponse certify(const Json& request);
  net::HttpResponse stamp_it(std::string_view request);
  net::HttpResponse log_v1(const Json& request);
  net::HttpResponse log_message_v1(const Json& request);
  net::HttpResponse log_v2(const Json& request);
  factory::World world_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // several threads sign
};

}  // namespace nono::engine::testing
