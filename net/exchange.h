// net/exchange.h: one connection, one request, one answer: the only user of libcurl.
#pragma once

#include <optional>

#include "base/owned_fd.h"
#include "base/result.h"
#include "net/ca_store.h"
#include "net/frame.h"
#include "net/http_client.h"
#include "net/proxy_choice.h"
#include "net/url.h"

namespace nono::net {

struct Hop {
  const HttpRequest& request;  // its url aside
  const Url& url;
  const std::optional<Proxy>& proxy;
  Moment until;
};

// exchange gives an answer or an Error of one sentence, which names the host and the proxy between,
// and never a header or a query. Nothing: `channel` became readable meanwhile.
std::optional<Result<HttpResponse>> exchange(const Hop& hop, const CaStore& authorities,
                                             BorrowedFd channel);

}  // namespace nono::net
