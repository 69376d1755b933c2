// net/fetch.h: one request over the network, by libcurl. Linked into nono-net only.
//
// Each exchange has its own connection and its own handle: no cookie, credential, session or byte
// of one reaches another.
#pragma once

#include <optional>

#include "base/owned_fd.h"
#include "net/ca_store.h"
#include "net/frame.h"
#include "net/http_client.h"
#include "net/proxy_choice.h"

namespace nono::net {

struct Surroundings {
  CaStore authorities;
  ProxyEnvironment proxy;
};

// initialise_transport prepares the library; before the process confines itself, once.
Result<void> initialise_transport();

// fetch carries a request that check_request let pass, with redirects, within its deadline.
// Nothing: `channel` had something to say meanwhile, which is that nobody waits for the answer any
// more.
std::optional<Answer> fetch(const HttpRequest& request, const Surroundings& surroundings,
                            BorrowedFd channel);

}  // namespace nono::net
