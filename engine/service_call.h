// engine/service_call.h: one exchange with one of Sigstore's services: what is tried again, and how
// a refusal is told.
//
// A service's words come from outside: they are shown, cut and on one line, and never decide
// anything but whether a request is repeated.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"

namespace nono::engine {

class ServiceCaller {
 public:
  static constexpr int kAttempts = 3;
  static constexpr std::chrono::milliseconds kFirstWait{1'000};  // then twice as long each time
  static constexpr std::chrono::seconds kLongestWait{10};        // whatever Retry-After asks

  // Wait pauses; tests pass one that takes no time.
  using Wait = std::function<void(std::chrono::milliseconds)>;
  ServiceCaller(net::HttpClient& client, Wait wait) : client_(client), wait_(std::move(wait)) {}

  // call sends the request, and again where the answer's status is one of `again`: those by which
  // the service says that it is busy or broken for now. No answer at all is not tried again: the
  // deadline has passed, or nobody listens.
  Result<net::HttpResponse> call(const net::HttpRequest& request,
                                 std::initializer_list<int> again) const;
  // finish: nothing more is called (HttpClient::finish).
  void finish() const { client_.finish(); }
  // pause waits as between two attempts.
  void pause(std::chrono::milliseconds time) const { wait_(time); }

 private:
  net::HttpClient& client_;
  Wait wait_;
};

// refused is the Error (Network) for an answer that is none: the service, its status and its words,
// less what they repeat of the request's credentials.
// An empty `remedy` is to try again later.
Error refused(const net::HttpRequest& request, const net::HttpResponse& response,
              std::string remedy);

// shown_service is the service and its URL, without the query: that may be a secret.
std::string shown_service(const net::HttpRequest& request);

// joined_url puts a path below a base URL with or without a slash at its end.
std::string joined_url(std::string_view base, std::string_view path);

}  // namespace nono::engine
