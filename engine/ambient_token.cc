// engine/ambient_token.cc: environment, GitHub, Buildkite, files, Google.
#include "engine/ambient_token.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "attest/identity_token.h"
#include "base/files.h"
#include "base/json.h"
#include "engine/child_output.h"
#include "engine/form.h"
#include "net/url.h"

namespace nono::engine {

namespace {

constexpr const char* kTokenVariable = "SIGSTORE_ID_TOKEN";
constexpr const char* kGitHubUrl = "ACTIONS_ID_TOKEN_REQUEST_URL";
constexpr const char* kGitHubBearer = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
constexpr const char* kMetadataHost = "GCE_METADATA_HOST";  // as Google's own clients read it
constexpr const char* kServiceAccount = "GOOGLE_SERVICE_ACCOUNT_NAME";
constexpr std::array kCiVariables{"CI",          "GITHUB_ACTIONS", "GITLAB_CI",       "BUILDKITE",
                                  "JENKINS_URL", "TF_BUILD",       "TEAMCITY_VERSION"};
constexpr std::string_view kPermission = "give the job `permissions: id-token: write` (docs/ci.md)";
constexpr std::string_view kCredentials = "https://iamcredentials.googleapis.com/v1/projects/-/";
constexpr std::size_t kProductBytes = 4096;
constexpr JsonLimits kAnswerLimits{
    .bytes = 64u << 10, .depth = 8, .values = 64, .string = 64u << 10, .number = 64};

using Found = Result<std::optional<crypto::Secret>>;

Result<std::string> member(const std::string& body, std::string_view name) {
  NONO_TRY(const Json json, Json::parse(body, kAnswerLimits));
  NONO_TRY(const JsonView view, JsonView(json).at(name));
  return view.nonempty_string(attest::kMaxTokenBytes);
}

// read_token reads one string of a JSON answer. Where it cannot be read the fault is the service's,
// or of what answers in its place, and not the caller's: Network.
Result<std::string> read_token(const net::HttpRequest& request, const std::string& body,
                               std::string_view name) {
  Result<std::string> token = member(body, name);
  if (!token) {
    return std::unexpected(
        Error(ErrorKind::Network, token.error().message())
            .while_doing(shown_service(request))
            .mend_with("see that nothing else answers in its place, then sign again"));
  }
  return token;
}

// ask is the body of a 200; every other answer is `refused`.
Result<std::string> ask(const net::HttpRequest& request, const ServiceCaller& caller,
                        std::string_view remedy) {
  NONO_TRY(net::HttpResponse response, caller.call(request, {429, 500, 502, 503, 504}));
  if (response.status != 200) {
    return std::unexpected(refused(request, response, std::string(remedy)));
  }
  return std::move(response.body);
}

// GitHub's documentation, "OpenID Connect reference": the URL has a query already.
Result<crypto::Secret> github_token(const std::string& url, const std::string& bearer,
                                    std::string_view audience, const ServiceCaller& caller) {
  net::HttpRequest request;
  request.service = "GitHub's token endpoint";
  request.url = url + (url.contains('?') ? "&" : "?") + form({{"audience", std::string(audience)}});
  request.headers = {{"authorization", "bearer " + bearer}, {"accept", "application/json"}};
  NONO_TRY(const std::string body, ask(request, caller, kPermission));
  NONO_TRY(std::string token, read_token(request, body, "value"));
  return crypto::Secret::take(token);
}

Found from_github(const LookUp& environment, std::string_view audience,
                  const ServiceCaller& caller) {
  const auto url = environment(kGitHubUrl);
  const auto bearer = environment(kGitHubBearer);
  if (!url || !bearer) {
    return std::nullopt;
  }
  auto token = github_token(*url, *bearer, audience, caller);
  if (!token) {
    return std::unexpected(std::move(token).error().while_doing("asking GitHub for a token"));
  }
  return *std::move(token);
}

// Buildkite's documentation, "buildkite-agent oidc".
Found from_buildkite(const LookUp& environment, std::string_view audience) {
  if (environment("BUILDKITE") != "true") {
    return std::nullopt;
  }
  auto text = output_of(
      {"buildkite-agent", "oidc", "request-token", "--audience", std::string(audience)}, {});
  if (!text) {
    return std::unexpected(
        std::move(text)
            .error()
            .while_doing("asking Buildkite for a token")
            .mend_with("see what `buildkite-agent oidc request-token --audience " +
                       std::string(audience) + "` says in this job"));
  }
  return crypto::Secret::take(*text);
}

Found from_file(const std::string& path) {
  auto text = read_file(path, attest::kMaxTokenBytes);
  if (!text && text.error().kind() == ErrorKind::NotFound) {
    return std::nullopt;
  }
  if (!text) {
    return std::unexpected(std::move(text).error());
  }
  return crypto::Secret::take(*text);
}

std::optional<std::string> metadata_host(const Ambient& ambient) {
  if (auto host = ambient.environment(kMetadataHost)) {
    return host;
  }
  const auto product = read_file(ambient.product_file, kProductBytes);
  return product && product->starts_with("Google")
             ? std::optional<std::string>(net::Url::kMetadataAddress)
             : std::nullopt;
}

// Google's documentation, "Compute Engine: verify the identity of instances".
net::HttpRequest metadata_request(const std::string& host, const std::string& path) {
  net::HttpRequest request;
  request.service = "Google's metadata server";
  request.url = "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/" + path;
  request.headers = {{"metadata-flavor", "Google"}};
  return request;
}

Result<std::string> ask_metadata(const net::HttpRequest& request, const ServiceCaller& caller) {
  return ask(request, caller, "give this machine a service account");
}

// Google's documentation, "IAM Service Account Credentials API: generateIdToken".
Result<crypto::Secret> impersonated(const std::string& host, const std::string& account,
                                    std::string_view audience, const ServiceCaller& caller) {
  const net::HttpRequest metadata = metadata_request(host, "token");
  NONO_TRY(const std::string answer, ask_metadata(metadata, caller));
  NONO_TRY(const std::string access, read_token(metadata, answer, "access_token"));
  net::HttpRequest request;
  request.service = "Google's credentials service";
  request.method = net::Method::Post;
  request.url =
      std::string(kCredentials) + "serviceAccounts/" + form_encode(account) + ":generateIdToken";
  request.headers = {{"authorization", "Bearer " + access}, {"content-type", "application/json"}};
  request.body = Json(Json::Object{{"audience", audience}, {"includeEmail", true}}).compact();
  NONO_TRY(
      const std::string body,
      ask(request, caller, "let this machine's service account be a token creator of " + account));
  NONO_TRY(std::string token, read_token(request, body, "token"));
  return crypto::Secret::take(token);
}

Result<crypto::Secret> google_token(const std::string& host, const Ambient& ambient,
                                    std::string_view audience, const ServiceCaller& caller) {
  if (const auto account = ambient.environment(kServiceAccount)) {
    return impersonated(host, *account, audience, caller);
  }
  NONO_TRY(
      std::string token,
      ask_metadata(metadata_request(host, "identity?" + form({{"audience", std::string(audience)},
                                                              {"format", "full"}})),
                   caller));
  return crypto::Secret::take(token);
}

Found from_google(const Ambient& ambient, std::string_view audience, const ServiceCaller& caller) {
  const auto host = metadata_host(ambient);
  if (!host) {
    return std::nullopt;
  }
  auto token = google_token(*host, ambient, audience, caller);
  if (!token) {
    return std::unexpected(std::move(token).error().while_doing("asking Google for a token"));
  }
  return *std::move(token);
}

}  // namespace

LookUp process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets
    return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
  };
}

bool in_ci(const LookUp& environment) {
  return std::ranges::any_of(kCiVariables, [&](const char* name) {
    const auto value = environment(name);
    return value && *value != "false" && *value != "0";
  });
}

Result<std::optional<crypto::Secret>> ambient_token(const Ambient& ambient,
                                                    std::string_view audience,
                                                    const ServiceCaller& caller) {
  if (auto token = ambient.environment(kTokenVariable)) {
    return crypto::Secret::take(*token);
  }
  NONO_TRY(auto token, from_github(ambient.environment, audience, caller));
  if (!token) {
    NONO_TRY(token, from_buildkite(ambient.environment, audience));
  }
  if (!token) {
    NONO_TRY(token, from_file(ambient.token_file));
  }
  if (!token) {
    NONO_TRY(token, from_google(ambient, audience, caller));
  }
  return token;
}

}  // namespace nono::engine
