// attest/identity_token.cc: claims of a JWT, without its signature.
#include "attest/identity_token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "attest/keyless_signer.h"
#include "base/encoding.h"

namespace nono::attest {

namespace {

using crypto::SecretAccess;
using crypto::SubjectNameKind;

constexpr JsonLimits kClaimLimits{
    .bytes = kMaxTokenBytes, .depth = 16, .values = 2048, .string = kMaxTokenBytes, .number = 64};
// Fulcio's OpenID Connect library takes a token five minutes early and none late.
constexpr std::chrono::minutes kEarly{5};

constexpr std::string_view kGitHubIssuer = "https://token.actions.githubusercontent.com";
constexpr std::string_view kCircleCiIssuer = "https://oidc.circleci.com";

// Issuers that vouch for people by e-mail address (Fulcio's public configuration).
constexpr std::array<std::string_view, 3> kEmailIssuers{"https://accounts.google.com",
                                                        "https://oauth2.sigstore.dev/auth",
                                                        "https://oauth2.sigstage.dev/auth"};

std::unexpected<Error> refuse(std::string why, std::string_view remedy) {
  return std::unexpected(Error(ErrorKind::InvalidInput, "the identity token " + std::move(why))
                             .mend_with(std::string(remedy)));
}

constexpr std::string_view kWholeToken =
    "give the token whole, as the issuer made it: three parts of base64 between dots";
constexpr std::string_view kFreshToken = "get a new token: they live for a few minutes";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// What base64 of either alphabet and the dots are made of: the whole goes into a field of HTTP.
bool is_of_token(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_+/=.").contains(c);
}

// Of header, payload and signature the payload; each part must be there.
std::optional<std::string_view> payload_of(std::string_view token) {
  if (!std::ranges::all_of(token, is_of_token)) {
    return std::nullopt;
  }
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos ||
      first == 0 || second == first + 1 || second + 1 == token.size()) {
    return std::nullopt;
  }
  return token.substr(first + 1, second - first - 1);
}

// A time may have a fraction (RFC 7519, NumericDate); what no clock reaches is the end of time.
std::int64_t whole_seconds(const std::string& spelling) {
  constexpr double kReach = 9e18;
  double value = 0;
  std::from_chars(spelling.data(), spelling.data() + spelling.size(), value);
  return static_cast<std::int64_t>(std::floor(std::clamp(value, -kReach, kReach)));
}

std::optional<std::int64_t> seconds(const Json& claims, std::string_view name) {
  const Json* const value = claims.find(name);
  if (value != nullptr && value->number() != nullptr) {
    return whole_seconds(value->number()->spelling);
  }
  return value != nullptr && value->integer() != nullptr ? std::optional(*value->integer())
                                                         : std::nullopt;
}

std::string shown_time(std::int64_t seconds) {
  // The range of Instant is 1677 to 2262: a time outside it is shown as the number.
  constexpr std::int64_t kLast = 9'000'000'000;
  return seconds >= 0 && seconds <= kLast
             ? format_rfc3339(std::chrono::sys_seconds(std::chrono::seconds(seconds)))
             : std::to_string(seconds);
}

// A member of a claim that is an object; empty where there is none.
std::string member_of(const Json& claims, std::string_view object, std::string_view name) {
  const Json* const inner = claims.find(object);
  const Json* const value =
      inner != nullptr && inner->object() != nullptr ? inner->find(name) : nullptr;
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

// Fulcio names the pods of a cluster by namespace and service account.
std::optional<std::string> kubernetes_name(const Json& claims) {
  const Json* const pod = claims.find("kubernetes.io");
  if (pod == nullptr || pod->object() == nullptr) {
    return std::nullopt;
  }
  return "https://kubernetes.io/namespaces/" + member_of(claims, "kubernetes.io", "namespace") +
         "/serviceaccounts/" + member_of(*pod, "serviceaccount", "name");
}

bool is_circleci(std::string_view issuer) {
  return issuer == kCircleCiIssuer ||
         (issuer.starts_with(kCircleCiIssuer) && issuer[kCircleCiIssuer.size()] == '/');
}

// A workflow of a GitHub server of one's own: its host is what its Fulcio is told.
bool is_workflow_of_some_host(std::string_view name, const std::string& workflow) {
  constexpr std::string_view kScheme = "https://";
  if (workflow.empty() || !name.starts_with(kScheme)) {
    return false;
  }
  const std::string_view host = name.substr(0, name.find('/', kScheme.size()));
  return host.size() > kScheme.size() && is_name_of(name, std::string(host) + "/" + workflow);
}

Result<void> differs(std::string_view what, const std::string& found, const std::string& wanted) {
  return fail(ErrorKind::InvalidInput, "the certificate's " + std::string(what) + " is \"" + found +
                                           "\", and the token's is \"" + wanted + "\"");
}

}  // namespace

Result<IdentityToken> IdentityToken::read(const crypto::Secret& token, Instant now,
                                          std::string_view audience) {
  const std::string_view text = trimmed(token.text(SecretAccess::i_will_not_log_or_store_this()));
  if (text.size() > kMaxTokenBytes) {
    return refuse("is larger than " + std::to_string(kMaxTokenBytes) + " bytes", kWholeToken);
  }
  const std::optional<std::string_view> payload = payload_of(text);
  const std::optional<Bytes> bytes =
      payload ? base64_decode(*payload, Base64::Lenient) : std::nullopt;
  if (!bytes) {
    return refuse("is not a JWT", kWholeToken);
  }
  Result<Json> claims = Json::parse(as_text(*bytes), kClaimLimits);
  if (!claims || claims->object() == nullptr) {
    return refuse("holds no claims: its payload is not a JSON object", kWholeToken);
  }
  IdentityToken read(crypto::Secret::copy_of(as_bytes(text)), *std::move(claims));
  read.issuer_ = read.claim("iss");
  if (read.issuer_.empty()) {
    return refuse("names no issuer (iss)", kWholeToken);
  }
  if (read.claim("sub").empty()) {
    return refuse("names no subject (sub)", kWholeToken);
  }
  NONO_CHECK(read.check_audience(audience));
  NONO_CHECK(read.check_times(now));
  return read;
}

std::string IdentityToken::claim(std::string_view name) const {
  const Json* const value = claims_.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

Result<void> IdentityToken::check_audience(std::string_view wanted) const {
  const Json* const audience = claims_.find("aud");
  const auto is_ours = [&](const Json& one) {
    return one.string() != nullptr && *one.string() == wanted;
  };
  if (audience == nullptr ||
      !(is_ours(*audience) ||
        (audience->array() != nullptr && std::ranges::any_of(*audience->array(), is_ours)))) {
    const std::string name(wanted);
    return refuse("is not for Sigstore: its audience (aud) is not \"" + name + "\"",
                  "ask the issuer for a token with the audience `" + name + "`");
  }
  return {};
}

Result<void> IdentityToken::check_times(Instant now) const {
  const std::int64_t at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::optional<std::int64_t> until = seconds(claims_, "exp");
  const std::optional<std::int64_t> from = seconds(claims_, "nbf");
  if (!until) {
    return refuse("does not say when it expires (exp)", kWholeToken);
  }
  if (*until <= at) {
    return refuse("expired at " + shown_time(*until), kFreshToken);
  }
  if (from && *from > at + std::chrono::seconds(kEarly).count()) {
    return refuse("is not valid before " + shown_time(*from) + ", and it is " + shown_time(at),
                  "set this machine's clock");
  }
  return {};
}

std::optional<std::string_view> IdentityToken::known_challenge() const {
  if (std::ranges::find(kEmailIssuers, issuer_) != kEmailIssuers.end()) {
    return "email";
  }
  return expected_name() ? std::optional<std::string_view>("sub") : std::nullopt;
}

Result<std::string> IdentityToken::challenge(std::string_view claim_name) const {
  std::string value = claim(claim_name);
  if (value.empty()) {
    return refuse(
        "has no claim \"" + std::string(claim_name) + "\", which its holder has to sign as proof",
        claim_name == "email" ? "ask the issuer for the scopes `openid email`" : kWholeToken);
  }
  const Json* const verified = claims_.find("email_verified");
  const bool denied = verified != nullptr && *verified != Json(true) && *verified != Json("true");
  if (claim_name == "email" && denied) {
    return refuse("names an e-mail address that its issuer has not verified",
                  "confirm the address with " + issuer_);
  }
  return value;
}

std::optional<std::string> IdentityToken::expected_name() const {
  if (issuer_.starts_with(kGitHubIssuer)) {
    return "https://github.com/" + claim("job_workflow_ref");
  }
  if (const std::string config = claim("ci_config_ref_uri"); !config.empty()) {
    return "https://" + config;  // GitLab
  }
  if (issuer_ == "https://agent.buildkite.com") {
    return "https://buildkite.com/" + claim("organization_slug") + "/" + claim("pipeline_slug");
  }
  if (is_circleci(issuer_)) {
    return "https://circleci.com/api/v2/projects/" + claim("oidc.circleci.com/project-id") +
           "/pipeline-definitions/" + claim("oidc.circleci.com/pipeline-definition-id");
  }
  if (issuer_ == "https://oidc.codefresh.io") {
    const std::string own = claim("platform_url");
    return (own.empty() ? "https://g.codefresh.io" : own) + "/" + claim("account_name") + "/" +
           claim("pipeline_name") + ":" + claim("account_id") + "/" + claim("pipeline_id");
  }
  return kubernetes_name(claims_);
}

// A provider that passes other providers' people on (dex) says whose they are, and Fulcio, where it
// is set up so, as Sigstore's own is, writes that one into the certificate.
bool IdentityToken::may_be_issuer(std::string_view name) const {
  return name == issuer_ ||
         (!name.empty() && name == member_of(claims_, "federated_claims", "connector_id"));
}

Result<void> IdentityToken::describes(const crypto::SubjectName& name,
                                      const crypto::FulcioClaims& claims) const {
  if (!may_be_issuer(claims.issuer)) {
    return differs("issuer", claims.issuer, issuer_);
  }
  const std::string subject = claim("sub");
  if (!claims.token_subject.empty() && claims.token_subject != subject) {
    return differs("token subject", claims.token_subject, subject);
  }
  if (name.kind == SubjectNameKind::Email) {
    const std::string email = claim("email");
    return name.value == email ? Result<void>() : differs("e-mail address", name.value, email);
  }
  if (const std::optional<std::string> wanted = expected_name()) {
    return is_name_of(name.value, *wanted) ? Result<void>()
                                           : differs("subject", name.value, *wanted);
  }
  // A user name comes as `sub!domain`; a certificate that states the token's subject was compared.
  const bool named = is_name_of(name.value, subject) || name.value.starts_with(subject + "!") ||
                     claims.token_subject == subject ||
                     is_workflow_of_some_host(name.value, claim("job_workflow_ref"));
  return named ? Result<void>() : differs("subject", name.value, subject);
}

}  // namespace nono::attest
