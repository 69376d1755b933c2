// net/http_client.h: one HTTP request and its answer, as values, and who carries it.
//
// The process that holds keys never opens a connection: it hands requests to nono-net
// (net/README.md) through this interface. Everything that comes back is untrusted.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace nono::net {

enum class Method : unsigned char { Get, Post };

// HttpRequest: the URL is one that net/url.h allows. A redirect to another host is an
// error, to the same host it is followed for Get, at most three times.
struct HttpRequest {
  static constexpr std::chrono::milliseconds kDefaultDeadline{30'000};
  static constexpr std::size_t kDefaultCap = 4u << 20;

  std::string service;  // for messages: "Fulcio", "the timestamp authority"
  Method method = Method::Get;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds deadline = kDefaultDeadline;  // for the whole exchange
  std::size_t max_bytes = kDefaultCap;                    // of the answer's body
};

struct HttpResponse {
  int status = 0;  // any status that the server gave is an answer, not an Error
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  // header returns the first of that name (lower case), or "".
  std::string_view header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // send is an Error of kind Network, which names the service, where no whole answer came: name not
  // resolved, refused, TLS, deadline, larger than the cap. Usage for a URL that is not allowed.
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  // finish: no request is expected any more, so that what was kept for the next may end while its
  // owner does other work. One that comes all the same is sent.
  virtual void finish() {}
};

}  // namespace nono::net
