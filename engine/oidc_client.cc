// engine/oidc_client.cc: discovery, token requests, device codes.
#include "engine/oidc_client.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "attest/identity_token.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "net/url.h"

namespace nono::engine {

namespace {

constexpr std::string_view kDiscoveryPath = "/.well-known/openid-configuration";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kMaxShown = 200;  // bytes of a provider's words
constexpr JsonLimits kAnswerLimits{
    .bytes = 256u << 10, .depth = 16, .values = 4096, .string = 64u << 10, .number = 64};
// RFC 8628, 3.2: five seconds where the provider does not say.
constexpr std::chrono::seconds kDefaultInterval{5};
constexpr std::chrono::seconds kLongestInterval{60};
constexpr std::chrono::seconds kLongestCode{1800};

std::string url_base64(std::span<const std::byte> bytes) {
  std::string text = base64_encode(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

// endpoint is a URL that this provider may name: a document that came over https does not lead to
// a service on this machine.
Result<std::string> endpoint(const JsonView& document, std::string_view name, bool local) {
  NONO_TRY(const JsonView view, document.at(name));
  NONO_TRY(std::string text, view.nonempty_string(net::Url::kMaxBytes));
  NONO_TRY(const net::Url url, net::parse_url(text));
  if (url.scheme != net::Scheme::Https && !local) {
    return std::unexpected(view.error("must be https"));
  }
  return text;
}

Result<OidcProvider> read_provider(const std::string& body, const std::string& issuer) {
  NONO_TRY(const Json json, Json::parse(body, kAnswerLimits));
  const JsonView document(json);
  NONO_TRY(const JsonView named, document.at("issuer"));
  OidcProvider provider;
  NONO_TRY(provider.issuer, named.nonempty_string());
  if (provider.issuer != issuer) {
    return std::unexpected(
        named.error("is " + printable(provider.issuer) + ", not the issuer " + "that was asked"));
  }
  NONO_TRY(const net::Url url, net::parse_url(issuer));
  const bool local = url.loopback;
  NONO_TRY(provider.authorization, endpoint(document, "authorization_endpoint", local));
  NONO_TRY(provider.token, endpoint(document, "token_endpoint", local));
  if (json.find("device_authorization_endpoint") != nullptr) {
    NONO_TRY(provider.device, endpoint(document, "device_authorization_endpoint", local));
  }
  const Json* const names = json.find("authorization_response_iss_parameter_supported");
  provider.names_itself = names != nullptr && names->boolean() != nullptr && *names->boolean();
  return provider;
}

net::HttpRequest post(const OidcProvider& provider, const std::string& url,
                      const FormFields& fields) {
  net::HttpRequest request;
  request.service = "the identity provider " + provider.issuer;
  request.method = net::Method::Post;
  request.url = url;
  request.headers = {{"content-type", std::string(kForm)}, {"accept", std::string(kJson)}};
  request.body = form(fields);
  return request;
}

std::string text_of(const Json& json, std::string_view name) {
  const Json* const value = json.find(name);
  std::string text = value != nullptr && value->string() != nullptr ? *value->string() : "";
  text.resize(std::min(text.size(), kMaxShown));
  return text;
}

// RFC 6749, 5.2: an error is a JSON object with a word, whatever the status.
std::optional<Granted> read_error(const std::string& body) {
  const auto json = Json::parse(body, kAnswerLimits);
  std::string word = json ? text_of(*json, "error") : std::string();
  if (word.empty()) {
    return std::nullopt;
  }
  return Granted{.token = std::nullopt,
                 .error = std::move(word),
                 .description = text_of(*json, "error_description")};
}

Result<crypto::Secret> read_token(const std::string& body) {
  NONO_TRY(const Json json, Json::parse(body, kAnswerLimits));
  NONO_TRY(const JsonView view, JsonView(json).at("id_token"));
  NONO_TRY(std::string text, view.nonempty_string(attest::kMaxTokenBytes));
  return crypto::Secret::take(text);
}

Result<std::chrono::seconds> seconds_of(const JsonView& document, std::string_view name,
                                        std::chrono::seconds otherwise,
                                        std::chrono::seconds longest) {
  NONO_TRY(const auto view, document.maybe(name));
  if (!view) {
    return otherwise;
  }
  NONO_TRY(const std::int64_t number, view->integer());
  if (number <= 0) {
    return std::unexpected(view->error("must be above 0"));
  }
  return std::chrono::seconds(std::min<std::int64_t>(number, longest.count()));
}

Result<DeviceCode> read_device_code(const std::string& body, bool local) {
  NONO_TRY(const Json json, Json::parse(body, kAnswerLimits));
  const JsonView document(json);
  DeviceCode code;
  NONO_TRY(const JsonView secret, document.at("device_code"));
  NONO_TRY(code.device_code, secret.nonempty_string());
  NONO_TRY(const JsonView word, document.at("user_code"));
  NONO_TRY(code.user_code, word.nonempty_string());
  NONO_TRY(code.url, endpoint(document, "verification_uri", local));
  if (json.find("verification_uri_complete") != nullptr) {
    NONO_TRY(code.complete_url, endpoint(document, "verification_uri_complete", local));
  }
  if (json.find("expires_in") == nullptr) {
    return std::unexpected(document.error("must say when the code expires (expires_in)"));
  }
  NONO_TRY(code.expires_in, seconds_of(document, "expires_in", kLongestCode, kLongestCode));
  NONO_TRY(code.interval, seconds_of(document, "interval", kDefaultInterval, kLongestInterval));
  return code;
}

std::unexpected<Error> wrong_answer(const net::HttpRequest& request, const Error& error) {
  return std::unexpected(Error(ErrorKind::Network, error.message())
                             .while_doing(shown_service(request))
                             .mend_with("see that --oidc-issuer names an OpenID Connect provider"));
}

}  // namespace

Result<OidcProvider> OidcProvider::discover(const std::string& issuer,
                                            const ServiceCaller& caller) {
  net::HttpRequest request;
  request.service = "the identity provider";
  request.url = joined_url(issuer, kDiscoveryPath);
  request.headers = {{"accept", std::string(kJson)}};
  NONO_TRY(const net::HttpResponse response, caller.call(request, {429, 500, 502, 503, 504}));
  if (response.status != 200) {
    return std::unexpected(
        refused(request, response, "see that --oidc-issuer names an OpenID Connect provider"));
  }
  auto provider = read_provider(response.body, issuer);
  return provider ? std::move(provider) : wrong_answer(request, provider.error());
}

Result<std::string> random_word() {
  NONO_TRY(const crypto::Secret random, crypto::Secret::random(kRandomBytes));
  return url_base64(random.bytes(crypto::SecretAccess::i_will_not_log_or_store_this()));
}

Result<Pkce> Pkce::make() {
  NONO_TRY(std::string verifier, random_word());
  return Pkce(std::move(verifier));
}

FormFields Pkce::challenge() const {
  const crypto::Sha256 digest = crypto::Sha256::of(as_bytes(verifier_));
  return {{"code_challenge", url_base64(digest.bytes())}, {"code_challenge_method", "S256"}};
}

Result<Granted> request_token(const OidcProvider& provider, const FormFields& fields,
                              const ServiceCaller& caller) {
  const net::HttpRequest request = post(provider, provider.token, fields);
  NONO_TRY(const net::HttpResponse response, caller.call(request, {}));
  if (response.status != 200) {
    if (auto error = read_error(response.body)) {
      return *std::move(error);
    }
    return std::unexpected(refused(request, response, ""));
  }
  auto token = read_token(response.body);
  if (!token) {
    return wrong_answer(request, token.error());
  }
  return Granted{.token = *std::move(token), .error = "", .description = ""};
}

Result<DeviceCode> request_device_code(const OidcProvider& provider, const std::string& endpoint,
                                       const FormFields& fields, const ServiceCaller& caller) {
  const net::HttpRequest request = post(provider, endpoint, fields);
  NONO_TRY(const net::HttpResponse response, caller.call(request, {429, 502, 503, 504}));
  if (response.status != 200) {
    if (const auto error = read_error(response.body)) {
      return std::unexpected(oidc_refusal(provider.issuer, error->error, error->description));
    }
    return std::unexpected(refused(request, response, ""));
  }
  const auto url = net::parse_url(endpoint);
  auto code = read_device_code(response.body, url && url->loopback);
  return code ? std::move(code) : wrong_answer(request, code.error());
}

Error oidc_refusal(const std::string& issuer, std::string_view word, std::string_view description) {
  std::string message = printable(issuer) + " gave no token: " + printable(word);
  if (!description.empty()) {
    message += ": " + printable(description);
  }
  return Error(ErrorKind::PermissionDenied, std::move(message)).mend_with("sign in again");
}

}  // namespace nono::engine
