// net/exchange_errors.cc: see exchange_errors.h.
#include "net/exchange_errors.h"

#include <curl/curl.h>

namespace nono::net {
namespace {

std::string errno_text(int code) {
  const std::string text = Error::from_errno(code, "").message();
  return text.starts_with(": ") ? text.substr(2) : text;
}

std::string peer_of(const Hop& hop) {
  return hop.proxy ? "the proxy " + hop.proxy->shown_as : hop.url.authority();
}

std::string no_connection(const TransferFailure& failure, const Hop& hop) {
  return "no connection to " + peer_of(hop) +
         (failure.system != 0 ? ": " + errno_text(failure.system) : "");
}

// A connection has less time than the whole exchange.
std::string connected_too_late(const TransferFailure& failure, const Hop& hop) {
  const std::string within = " within " + std::to_string(failure.connect_time.count()) + " ms";
  if (hop.proxy && failure.asked) {
    return failure.connect_answer / 100 == 2
               ? "no connection to " + hop.url.authority() + within
               : "the proxy " + hop.proxy->shown_as + " took the connection and opened no way to " +
                     hop.url.authority() + within;
  }
  if (failure.name_known) {
    return "no connection to " + peer_of(hop) + within;
  }
  return "the name " + (hop.proxy ? "of the proxy " + hop.proxy->shown_as : hop.url.host) +
         " was not resolved" + within;
}

std::string too_late(const TransferFailure& failure, const Hop& hop) {
  if (!failure.connected) {
    return connected_too_late(failure, hop);
  }
  const std::string text = hop.url.authority() + " gave no whole answer within " +
                           std::to_string(hop.request.deadline.count()) + " ms";
  if (failure.received != 0) {
    return text + "; " + std::to_string(failure.received) + " bytes of it had come";
  }
  return text + (failure.head_came ? "; only its head had come" : "");
}

std::string tls_failure(const TransferFailure& failure, const Hop& hop) {
  return "TLS with " + hop.url.authority() + " failed: " +
         (failure.detail.empty() ? curl_easy_strerror(static_cast<CURLcode>(failure.code))
                                 : failure.detail);
}

std::string broken_off(const TransferFailure& failure, const Hop& hop) {
  if (hop.proxy && failure.connect_answer != 0 && failure.connect_answer / 100 != 2) {
    return "the proxy " + hop.proxy->shown_as + " refused the way to " + hop.url.authority() +
           " with status " + std::to_string(failure.connect_answer);
  }
  return "the connection to " + hop.url.authority() + " broke off" +
         (failure.system != 0 ? ": " + errno_text(failure.system)
                              : (failure.detail.empty() ? "" : ": " + failure.detail));
}

std::string sentence(const TransferFailure& failure, const Hop& hop) {
  const std::string host = hop.url.authority();
  if (!failure.refusal.empty()) {
    return host + ": " + failure.refusal;
  }
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the name " + hop.url.host + " is not known";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the name of " + peer_of(hop) + " is not known";
    case CURLE_COULDNT_CONNECT:
      return no_connection(failure, hop);
    case CURLE_OPERATION_TIMEDOUT:
      return too_late(failure, hop);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return tls_failure(failure, hop);
    case CURLE_GOT_NOTHING:
      return host + " closed the connection without an answer";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return broken_off(failure, hop);
    case CURLE_PARTIAL_FILE:
      return host + "'s answer was cut off after " + std::to_string(failure.received) + " bytes";
    default:
      return host + "'s answer is not what HTTP allows: " +
             curl_easy_strerror(static_cast<CURLcode>(failure.code));
  }
}

}  // namespace

Error explain_failure(const TransferFailure& failure, const Hop& hop) {
  std::string text = sentence(failure, hop);
  if (hop.proxy && !text.contains("proxy")) {
    text += " (through the proxy " + hop.proxy->shown_as + ")";
  }
  return {ErrorKind::Network, std::move(text)};
}

}  // namespace nono::net
