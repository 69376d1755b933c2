// engine/token_source.cc: option, environment, GitHub Actions.
#include "engine/token_source.h"

#include <cstdlib>
#include <utility>

#include "base/files.h"
#include "base/json.h"

namespace nono::engine {

namespace {

constexpr const char* kTokenVariable = "SIGSTORE_ID_TOKEN";
constexpr const char* kGitHubUrl = "ACTIONS_ID_TOKEN_REQUEST_URL";
constexpr const char* kGitHubBearer = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
constexpr std::string_view kPermission = "give the job `permissions: id-token: write` (docs/ci.md)";
constexpr JsonLimits kAnswerLimits{
    .bytes = 64u << 10, .depth = 8, .values = 64, .string = 64u << 10, .number = 64};

Result<crypto::Secret> read_token_file(const std::string& path) {
  NONO_TRY(std::string text, read_file(path, attest::kMaxTokenBytes));
  return crypto::Secret::take(text);
}

// A JWT holds no slash: its base64 is that of URLs.
Result<crypto::Secret> given_token(std::string given) {
  if (given.starts_with('@')) {
    return read_token_file(given.substr(1));
  }
  if (given.contains('/')) {
    return read_token_file(given);
  }
  return crypto::Secret::take(given);
}

Result<crypto::Secret> read_github_answer(const net::HttpRequest& request,
                                          const net::HttpResponse& response) {
  if (response.status != 200) {
    return std::unexpected(refused(request, response, std::string(kPermission)));
  }
  NONO_TRY(const Json json, Json::parse(response.body, kAnswerLimits));
  NONO_TRY(const JsonView view, JsonView(json).at("value"));
  NONO_TRY(std::string token, view.nonempty_string(attest::kMaxTokenBytes));
  return crypto::Secret::take(token);
}

// GitHub's documentation, "OpenID Connect reference": the URL has a query already.
Result<crypto::Secret> github_token(const std::string& url, const std::string& bearer,
                                    const ServiceCaller& caller) {
  net::HttpRequest request;
  request.service = "GitHub's token endpoint";
  request.url =
      url + (url.contains('?') ? "&" : "?") + "audience=" + std::string(attest::kTokenAudience);
  request.headers = {{"authorization", "bearer " + bearer}, {"accept", "application/json"}};
  NONO_TRY(const net::HttpResponse response, caller.call(request, {429, 500, 502, 503, 504}));
  auto token = read_github_answer(request, response);
  if (!token) {
    return std::unexpected(std::move(token).error().while_doing("asking GitHub for a token"));
  }
  return token;
}

std::unexpected<Error> no_token(const LookUp& environment) {
  if (environment("GITHUB_ACTIONS") == "true") {
    return std::unexpected(
        Error(ErrorKind::NotFound, "this GitHub job may not ask for an identity token")
            .mend_with(std::string(kPermission)));
  }
  return std::unexpected(
      Error(ErrorKind::NotFound, "there is no identity token to sign with")
          .mend_with("give one with --identity-token @FILE or in SIGSTORE_ID_TOKEN, or run in a "
                     "GitHub Actions job with `permissions: id-token: write`"));
}

Result<crypto::Secret> find_text(const std::optional<std::string>& given, const LookUp& environment,
                                 const ServiceCaller& caller) {
  if (given) {
    return given_token(*given);
  }
  if (auto token = environment(kTokenVariable)) {
    return crypto::Secret::take(*token);
  }
  const auto url = environment(kGitHubUrl);
  const auto bearer = environment(kGitHubBearer);
  if (url && bearer) {
    return github_token(*url, *bearer, caller);
  }
  return no_token(environment);
}

}  // namespace

LookUp process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets
    return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
  };
}

Result<attest::IdentityToken> find_token(const std::optional<std::string>& given,
                                         const LookUp& environment, const ServiceCaller& caller,
                                         const Clock& clock) {
  NONO_TRY(const crypto::Secret text, find_text(given, environment, caller));
  return attest::IdentityToken::read(text, clock.now());
}

}  // namespace nono::engine
