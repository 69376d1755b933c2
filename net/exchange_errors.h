// net/exchange_errors.h: one sentence per way in which an exchange can fail.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "net/exchange.h"

namespace nono::net {

// TransferFailure is what the library and our own rules say of a transfer.
struct TransferFailure {
  int code = 0;            // CURLcode
  int system = 0;          // errno of the connection, 0 if none
  int connect_answer = 0;  // the proxy's status, 0 if none
  std::string detail;      // the library's own words
  std::string refusal;     // of our rules, "" if none
  std::size_t received = 0;
  bool head_came = false;
  bool name_known = true;                    // the peer's name was resolved
  bool asked = false;                        // the proxy, for a way to the peer
  bool connected = true;                     // as far as the first byte of the request
  std::chrono::milliseconds connect_time{};  // that a connection was waited for
};

Error explain_failure(const TransferFailure& failure, const Hop& hop);

}  // namespace nono::net
