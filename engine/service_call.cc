// engine/service_call.cc: repeating, and telling of refusals.
#include "engine/service_call.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace nono::engine {

namespace {

constexpr std::size_t kShownBytes = 300;
constexpr std::size_t kReadBytes = 1024;  // of a body, for what is shown
constexpr std::size_t kTellingRun = 16;   // bytes of a credential that are not shown in a row
constexpr JsonLimits kErrorLimits{
    .bytes = 64u << 10, .depth = 16, .values = 1024, .string = 64u << 10, .number = 64};

// Retry-After in seconds (RFC 9110 section 10.2.3); a date is passed over.
std::optional<std::chrono::milliseconds> asked_wait(const net::HttpResponse& response) {
  const std::string_view text = response.header("retry-after");
  unsigned seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

// without_credentials takes out of a service's words what the request proved its sender by, whole
// or in part: some repeat it, and errors end up in logs that others read.
std::string without_credentials(std::string_view words, const net::HttpRequest& request) {
  std::string_view sent;
  for (const auto& [name, value] : request.headers) {
    sent = ascii_lower(name) == "authorization" ? std::string_view(value) : sent;
  }
  std::string shown;
  while (!words.empty()) {
    std::size_t size = std::min(words.size(), kTellingRun);
    if (size < kTellingRun || !sent.contains(words.substr(0, size))) {
      shown += words.front();
      words.remove_prefix(1);
      continue;
    }
    while (size < words.size() && sent.contains(words.substr(0, size + 1))) {
      ++size;
    }
    words.remove_prefix(size);
    shown += "(what was sent)";
  }
  return shown;
}

// Fulcio and Rekor answer {"code", "message"}, where the code is not the status; others plain text.
std::string words_of(const net::HttpRequest& request, const net::HttpResponse& response) {
  const Result<Json> json = Json::parse(response.body, kErrorLimits);
  const Json* const message = json ? json->find("message") : nullptr;
  std::string words =
      message != nullptr && message->string() != nullptr ? *message->string() : response.body;
  words.resize(std::min(words.size(), kReadBytes));
  words = without_credentials(words, request);
  words.resize(std::min(words.size(), kShownBytes));
  const std::size_t last = words.find_last_not_of(" \t\r\n");
  words.resize(last == std::string::npos ? 0 : last + 1);
  return printable(words);
}

// The transport says what happened; what to do about it is the same for all services.
Error with_remedy(Error error) {
  if (error.kind() != ErrorKind::Network || !error.remedy().empty()) {
    return error;
  }
  return std::move(error).mend_with(
      "see that the service is up and its address right, then sign again");
}

}  // namespace

Result<net::HttpResponse> ServiceCaller::call(const net::HttpRequest& request,
                                              std::initializer_list<int> again) const {
  std::chrono::milliseconds wait = kFirstWait;
  for (int attempt = 1;; ++attempt) {
    auto response = client_.send(request);
    if (!response) {
      return std::unexpected(with_remedy(std::move(response).error()));
    }
    if (attempt == kAttempts || std::ranges::find(again, response->status) == again.end()) {
      return response;
    }
    wait_(std::min<std::chrono::milliseconds>(asked_wait(*response).value_or(wait), kLongestWait));
    wait *= 2;
  }
}

std::string shown_service(const net::HttpRequest& request) {
  return request.service + " at " + request.url.substr(0, request.url.find('?'));
}

Error refused(const net::HttpRequest& request, const net::HttpResponse& response,
              std::string remedy) {
  std::string message = shown_service(request) + " answered " + std::to_string(response.status);
  if (const std::string words = words_of(request, response); !words.empty()) {
    message += ": " + words;
  }
  if (remedy.empty()) {
    remedy = "try again later";
  }
  return Error(ErrorKind::Network, std::move(message)).mend_with(std::move(remedy));
}

std::string joined_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) {
    base.remove_suffix(1);
  }
  return std::string(base) + std::string(path);
}

}  // namespace nono::engine
