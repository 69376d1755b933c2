// attest/fulcio_request.cc: the JSON of Fulcio's signingCert, version 2.
#include "attest/fulcio_request.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"

namespace nono::attest {

namespace {

constexpr JsonLimits kAnswerLimits{
    .bytes = 1u << 20, .depth = 16, .values = 256, .string = 1u << 20, .number = 64};
constexpr std::size_t kMaxChain = 10;
constexpr JsonLimits kConfigurationLimits{
    .bytes = 1u << 20, .depth = 16, .values = 32'768, .string = 1u << 16, .number = 64};

// The server's word for the kind of key; it reads the key itself.
std::string_view family_of(crypto::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::KeyAlgorithm::Ed25519:
      return "ED25519";
    case crypto::KeyAlgorithm::Rsa:
      return "RSA_PSS";
    case crypto::KeyAlgorithm::EcdsaP256:
    case crypto::KeyAlgorithm::EcdsaP384:
    case crypto::KeyAlgorithm::EcdsaP521:
      return "ECDSA";
  }
  std::unreachable();
}

// The legacy server's word; of elliptic curves it takes ECDSA.
std::string_view legacy_family_of(crypto::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::KeyAlgorithm::Ed25519:
      return "ed25519";
    case crypto::KeyAlgorithm::Rsa:
      return "rsa";
    case crypto::KeyAlgorithm::EcdsaP256:
    case crypto::KeyAlgorithm::EcdsaP384:
    case crypto::KeyAlgorithm::EcdsaP521:
      return "ecdsa";
  }
  std::unreachable();
}

constexpr std::size_t kMaxIssuers = 1024;
constexpr std::size_t kShownIssuers = 8;  // in a message

// Fulcio's wildcard issuers: `*` stands for letters, digits, - and _ (at least one).
bool matches_wildcard(std::string_view pattern, std::string_view issuer) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos || issuer.size() < pattern.size() ||
      !issuer.starts_with(pattern.substr(0, star)) || !issuer.ends_with(pattern.substr(star + 1))) {
    return false;
  }
  const std::string_view middle = issuer.substr(star, issuer.size() - pattern.size() + 1);
  return middle.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "0123456789-_") == std::string_view::npos;
}

Result<std::string> maybe_text(const JsonView& view, std::string_view key) {
  NONO_TRY(const std::optional<JsonView> member, view.maybe(key));
  return member ? member->string() : Result<std::string>(std::string());
}

}  // namespace

Result<std::string> read_challenge_claim(std::string_view configuration, std::string_view issuer) {
  NONO_TRY(const Json json, Json::parse(configuration, kConfigurationLimits));
  NONO_TRY(const JsonView list, JsonView(json).at("issuers"));
  NONO_TRY(const std::vector<JsonView> entries, list.elements(kMaxIssuers));
  std::string known;
  std::size_t shown = 0;
  for (const JsonView& entry : entries) {
    NONO_TRY(const std::string url, maybe_text(entry, "issuerUrl"));
    NONO_TRY(const std::string wildcard, maybe_text(entry, "wildcardIssuerUrl"));
    if (url == issuer || matches_wildcard(wildcard, issuer)) {
      NONO_TRY(const JsonView claim, entry.at("challengeClaim"));
      return claim.nonempty_string();
    }
    if (shown++ < kShownIssuers) {
      known += (known.empty() ? "" : ", ") + (url.empty() ? wildcard : url);
    }
  }
  return fail(ErrorKind::NotFound,
              "it does not take tokens of " + std::string(issuer) + "; it takes those of " + known);
}

Result<std::string> fulcio_request(const crypto::PrivateKey& key, std::string_view challenge) {
  NONO_TRY(const Bytes proof, key.sign(as_bytes(challenge)));
  const crypto::PublicKey& half = key.public_key();
  Json public_key(
      Json::Object{{"algorithm", family_of(half.algorithm())}, {"content", half.spki_pem()}});
  Json request(Json::Object{{"publicKey", std::move(public_key)},
                            {"proofOfPossession", base64_encode(proof)}});
  return Json(Json::Object{{"publicKeyRequest", std::move(request)}}).compact();
}

Result<std::vector<crypto::Certificate>> read_fulcio_answer(std::string_view text) {
  NONO_TRY(const Json json, Json::parse(text, kAnswerLimits));
  const JsonView view(json);
  NONO_TRY(const std::optional<JsonView> detached, view.maybe("signedCertificateDetachedSct"));
  if (detached) {
    return fail(ErrorKind::Unsupported,
                "the certificate comes with a signed certificate timestamp beside it, not in it");
  }
  NONO_TRY(const JsonView embedded, view.at("signedCertificateEmbeddedSct"));
  NONO_TRY(const JsonView chain, embedded.at("chain"));
  NONO_TRY(const JsonView list, chain.at("certificates"));
  NONO_TRY(const std::vector<JsonView> elements, list.elements(kMaxChain));
  if (elements.empty()) {
    return std::unexpected(list.error("must hold a certificate"));
  }
  std::vector<crypto::Certificate> certificates;
  for (const JsonView& element : elements) {
    NONO_TRY(const std::string pem, element.nonempty_string(crypto::kMaxCertificateBytes * 2));
    Result<crypto::Certificate> certificate = crypto::Certificate::parse_pem(pem);
    if (!certificate) {
      return std::unexpected(element.error(certificate.error().message()));
    }
    certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

Result<std::string> fulcio_request_v1(const crypto::PrivateKey& key, std::string_view challenge) {
  NONO_TRY(const Bytes proof, key.sign(as_bytes(challenge)));
  const crypto::PublicKey& half = key.public_key();
  Json public_key(Json::Object{{"algorithm", legacy_family_of(half.algorithm())},
                               {"content", base64_encode(half.spki_der())}});
  return Json(Json::Object{{"publicKey", std::move(public_key)},
                           {"signedEmailAddress", base64_encode(proof)}})
      .compact();
}

Result<std::vector<crypto::Certificate>> read_fulcio_answer_v1(std::string_view pem) {
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<crypto::Certificate> certificates;
  while (pem.find_first_not_of(kSpace) != std::string_view::npos) {
    const std::size_t end = pem.find(kEnd);
    const std::size_t size = end == std::string_view::npos ? pem.size() : end + kEnd.size();
    if (certificates.size() == kMaxChain) {
      return fail(ErrorKind::InvalidInput,
                  "the answer holds more than " + std::to_string(kMaxChain) + " certificates");
    }
    NONO_TRY(crypto::Certificate certificate, crypto::Certificate::parse_pem(pem.substr(0, size)));
    certificates.push_back(std::move(certificate));
    pem.remove_prefix(size);
  }
  if (certificates.empty()) {
    return fail(ErrorKind::InvalidInput, "the answer holds no certificate");
  }
  return certificates;
}

}  // namespace nono::attest
