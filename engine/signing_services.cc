// engine/signing_services.cc: requests to Fulcio, timestamp authorities and Rekor.
#include "engine/signing_services.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "attest/fulcio_request.h"
#include "attest/service_answers.h"
#include "crypto/timestamp_request.h"
#include "rekor/answers.h"
#include "rekor/requests.h"

namespace nono::engine {

namespace {

using crypto::SecretAccess;

constexpr std::array<std::uint32_t, 1> kAuthorityVersions{1};
constexpr std::array<std::uint32_t, 1> kTimestamperVersions{1};
constexpr std::array<std::uint32_t, 2> kLogVersions{2, 1};
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kEntriesV1 = "/api/v1/log/entries";
constexpr std::string_view kEntriesV2 = "/api/v2/log/entries";
// Rekor v2 answers when the batch is in its tree; its own patience is 20 seconds.
constexpr std::chrono::seconds kLogDeadline{45};

net::HttpRequest post(std::string service, std::string url, std::string body) {
  net::HttpRequest request;
  request.service = std::move(service);
  request.method = net::Method::Post;
  request.url = std::move(url);
  request.headers = {{"content-type", std::string(kJson)}, {"accept", std::string(kJson)}};
  request.body = std::move(body);
  return request;
}

// told puts the service before what was wrong with its answer. Whatever that was, the fault is not
// the caller's: Network.
std::unexpected<Error> told(const net::HttpRequest& request, const Error& error,
                            std::string_view remedy) {
  return std::unexpected(
      Error(ErrorKind::Network, error.message())
          .while_doing(shown_service(request))
          .mend_with(error.remedy().empty() ? std::string(remedy) : error.remedy()));
}

constexpr std::string_view kDetached =
    "the certificate comes with a signed certificate timestamp beside it, not in it";
constexpr const char* kMatchRoot =
    "use a signing configuration and a trusted root of the same Sigstore instance";

bool is_made(int status) {
  return status == 200 || status == 201;
}

// A server that knows no version 2 of the interface.
bool is_unknown(int status) {
  return status == 404 || status == 501;
}

std::string fulcio_remedy(int status) {
  return status == 400 || status == 401 || status == 403
             ? "get a new token with the audience `sigstore`, of an issuer that this Fulcio trusts"
             : "";
}

std::string log_remedy(int status) {
  if (status == 405) {  // Rekor v2: the shard is frozen
    return "use a newer signing configuration: this log takes no more entries";
  }
  return status >= 400 && status < 500 ? "check that the signing configuration names a log" : "";
}

Result<std::string> request_v1(const rekor::Submission& submission,
                               const std::string& envelope_json) {
  if (submission.envelope) {
    return rekor::dsse_request(submission, envelope_json);
  }
  return rekor::hashedrekord_request(submission);
}

attest::Time to_milliseconds(const Clock& clock) {
  return std::chrono::floor<std::chrono::milliseconds>(clock.now());
}

template <typename T>
Result<T> chosen(Result<T> services, std::string_view what) {
  if (!services) {
    return std::unexpected(std::move(services)
                               .error()
                               .while_doing("the signing configuration: " + std::string(what))
                               .mend_with("get a newer signing configuration of this instance"));
  }
  return services;
}

}  // namespace

Result<ChosenServices> ChosenServices::choose(const attest::SigningConfig& config,
                                              const Clock& clock) {
  const attest::Time now = to_milliseconds(clock);
  ChosenServices all;
  NONO_TRY(all.authority,
           chosen(attest::select_service(config.authorities(), kAuthorityVersions, now),
                  "certificate authority"));
  NONO_TRY(all.logs,
           chosen(attest::select_services(config.logs(), config.log_choice(), kLogVersions, now),
                  "transparency log"));
  if (!config.timestampers().empty()) {
    NONO_TRY(all.timestampers,
             chosen(attest::select_services(config.timestampers(), config.timestamper_choice(),
                                            kTimestamperVersions, now),
                    "timestamp authority"));
  }
  const bool timed = std::ranges::any_of(
      all.logs, [](const attest::Service& log) { return log.major_api_version == 1; });
  if (all.timestampers.empty() && !timed) {
    return std::unexpected(
        Error(ErrorKind::InvalidInput,
              "the signing configuration names no timestamp authority, and Rekor v2 gives no time")
            .mend_with("add a timestamp authority (tsaUrls) to the signing configuration"));
  }
  return all;
}

Result<std::string> SigningServices::challenge(const attest::IdentityToken& token) const {
  if (const auto known = token.known_challenge()) {
    return token.challenge(*known);
  }
  net::HttpRequest request;
  request.service = "Fulcio";
  request.url = joined_url(chosen_.authority.url, attest::kConfigurationPath);
  request.headers = {{"accept", std::string(kJson)}};
  NONO_TRY(const net::HttpResponse response, caller_.call(request, {429, 502, 503, 504}));
  if (response.status != 200) {
    return std::unexpected(refused(request, response, ""));
  }
  auto claim = attest::read_challenge_claim(response.body, token.issuer());
  if (!claim) {
    return told(request, claim.error(), "get a token of an issuer that it takes");
  }
  return token.challenge(*claim);
}

// Fulcio answers 500 where its CT log does not: each request is a new certificate, so that asking
// again does no harm.
Result<net::HttpResponse> SigningServices::ask_fulcio(net::HttpRequest& request,
                                                      const attest::IdentityToken& token) const {
  std::string bearer = "Bearer ";
  bearer += token.text().text(SecretAccess::i_will_not_log_or_store_this());
  request.headers.emplace_back("authorization", std::move(bearer));
  return caller_.call(request, {429, 500, 502, 503, 504});
}

// accepted holds the chain of an answer against what was asked and the root.
Result<IssuedCertificate> SigningServices::accepted(const net::HttpRequest& request,
                                                    const Result<Chain>& chain,
                                                    const crypto::PrivateKey& key,
                                                    const attest::IdentityToken& token) const {
  if (!chain) {
    return told(request, chain.error(), kMatchRoot);
  }
  auto signer = attest::check_issued(root_, *chain, key.public_key(), token);
  if (!signer) {
    return told(request, signer.error(), kMatchRoot);
  }
  return IssuedCertificate{.leaf = chain->front(), .signer = *std::move(signer)};
}

Result<IssuedCertificate> SigningServices::certificate_v1(
    const crypto::PrivateKey& key, const std::string& claim,
    const attest::IdentityToken& token) const {
  NONO_TRY(std::string body, attest::fulcio_request_v1(key, claim));
  net::HttpRequest request =
      post("Fulcio", joined_url(chosen_.authority.url, attest::kSigningCertificatePathV1),
           std::move(body));
  request.headers.at(1).second = "application/pem-certificate-chain";
  NONO_TRY(const net::HttpResponse response, ask_fulcio(request, token));
  if (!is_made(response.status)) {
    return std::unexpected(refused(request, response, fulcio_remedy(response.status)));
  }
  if (!response.header("sct").empty()) {
    return told(request, Error(ErrorKind::Unsupported, std::string(kDetached)), kMatchRoot);
  }
  return accepted(request, attest::read_fulcio_answer_v1(response.body), key, token);
}

Result<IssuedCertificate> SigningServices::certificate(const crypto::PrivateKey& key,
                                                       const attest::IdentityToken& token) const {
  NONO_TRY(const std::string claim, challenge(token));
  NONO_TRY(std::string body, attest::fulcio_request(key, claim));
  net::HttpRequest request =
      post("Fulcio", joined_url(chosen_.authority.url, attest::kSigningCertificatePath),
           std::move(body));
  NONO_TRY(const net::HttpResponse response, ask_fulcio(request, token));
  if (is_unknown(response.status)) {
    return certificate_v1(key, claim, token);
  }
  if (!is_made(response.status)) {
    return std::unexpected(refused(request, response, fulcio_remedy(response.status)));
  }
  return accepted(request, attest::read_fulcio_answer(response.body), key, token);
}

Result<std::vector<Bytes>> SigningServices::timestamps(const attest::MadeUnder& made) const {
  std::vector<Bytes> all;
  for (const attest::Service& authority : chosen_.timestampers) {
    NONO_TRY(Bytes stamp, timestamp(authority, made));
    all.push_back(std::move(stamp));
  }
  return all;
}

Result<Bytes> SigningServices::timestamp(const attest::Service& authority,
                                         const attest::MadeUnder& made) const {
  NONO_TRY(const crypto::TimestampRequest query, crypto::TimestampRequest::about(made.signature));
  net::HttpRequest request =
      post("the timestamp authority", authority.url, std::string(as_text(query.der)));
  request.headers = {{"content-type", "application/timestamp-query"},
                     {"accept", "application/timestamp-reply"}};
  NONO_TRY(const net::HttpResponse response, caller_.call(request, {429, 502, 503, 504}));
  if (!is_made(response.status)) {
    return std::unexpected(refused(request, response, ""));
  }
  const std::span<const std::byte> der = as_bytes(response.body);
  if (auto checked = attest::check_stamp(root_, query, der, made); !checked) {
    return told(request, checked.error(), kMatchRoot);
  }
  return Bytes(der.begin(), der.end());
}

Result<std::optional<std::vector<rekor::LogEntry>>> SigningServices::log_entries(
    const rekor::Submission& submission, const crypto::Certificate& leaf,
    const std::string& envelope_json) const {
  std::vector<rekor::LogEntry> all;
  for (const attest::Service& log : chosen_.logs) {
    NONO_TRY(std::optional<rekor::LogEntry> entry, log_entry(log, submission, envelope_json));
    if (!entry) {
      return std::optional<std::vector<rekor::LogEntry>>();
    }
    if (auto checked = attest::check_entry(root_, *entry, submission, leaf); !checked) {
      net::HttpRequest asked;
      asked.service = "Rekor";
      asked.url = log.url;
      return told(asked, checked.error(), kMatchRoot);
    }
    all.push_back(*std::move(entry));
  }
  return std::optional(std::move(all));
}

Result<std::optional<rekor::LogEntry>> SigningServices::log_entry(
    const attest::Service& log, const rekor::Submission& submission,
    const std::string& envelope_json) const {
  if (log.major_api_version == 1) {
    NONO_TRY(const std::string request, request_v1(submission, envelope_json));
    NONO_TRY(rekor::LogEntry entry, log_v1(log, request));
    return std::optional(std::move(entry));
  }
  NONO_TRY(const std::string body, rekor::hashedrekord_v2_request(submission));
  return log_v2(log, body);
}

Result<rekor::LogEntry> SigningServices::log_v1(const attest::Service& log,
                                                const std::string& body) const {
  net::HttpRequest request = post("Rekor", joined_url(log.url, kEntriesV1), body);
  request.deadline = kLogDeadline;
  NONO_TRY(net::HttpResponse response, caller_.call(request, {429, 502, 503, 504}));
  if (response.status == 409) {
    // The entry exists: it is fetched from the same log and checked like any other.
    const std::string location(response.header("location"));
    if (!location.starts_with(std::string(kEntriesV1) + "/") || location.contains("..")) {
      return std::unexpected(refused(request, response, "try again: a new signature is logged"));
    }
    request.method = net::Method::Get;
    request.url = joined_url(log.url, location);
    request.headers = {{"accept", std::string(kJson)}};
    request.body.clear();
    NONO_TRY(response, caller_.call(request, {429, 502, 503, 504}));
  }
  if (!is_made(response.status)) {
    return std::unexpected(refused(request, response, log_remedy(response.status)));
  }
  auto entry = rekor::read_v1_answer(response.body);
  if (!entry) {
    return told(request, entry.error(), kMatchRoot);
  }
  return *std::move(entry);
}

Result<std::optional<rekor::LogEntry>> SigningServices::log_v2(const attest::Service& log,
                                                               const std::string& body) const {
  net::HttpRequest request = post("Rekor", joined_url(log.url, kEntriesV2), body);
  request.deadline = kLogDeadline;
  NONO_TRY(const net::HttpResponse response, caller_.call(request, {429, 502, 503, 504}));
  if (response.status == 409) {
    return std::optional<rekor::LogEntry>();
  }
  if (!is_made(response.status)) {
    return std::unexpected(refused(request, response, log_remedy(response.status)));
  }
  auto entry = rekor::read_v2_answer(response.body);
  if (!entry) {
    return told(request, entry.error(), kMatchRoot);
  }
  return std::optional(*std::move(entry));
}

}  // namespace nono::engine
