// rekor/requests.cc: the JSON of requests.
#include "rekor/requests.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/json.h"
#include "rekor/body.h"
#include "rekor/body_json.h"

namespace nono::rekor {

namespace {

constexpr std::size_t kPemColumns = 64;  // RFC 7468 section 2

std::string pem(std::string_view label, std::span<const std::byte> der) {
  const std::string base64 = base64_encode(der);
  std::string text = "-----BEGIN " + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < base64.size(); at += kPemColumns) {
    text += base64.substr(at, kPemColumns) + '\n';
  }
  return text += "-----END " + std::string(label) + "-----\n";
}

// The log takes whom to verify with as base64 of PEM.
std::string verifier_of(const Submission& submission) {
  return base64_encode(as_bytes(submission.certificate_der.empty()
                                    ? submission.key->spki_pem()
                                    : pem("CERTIFICATE", submission.certificate_der)));
}

struct NamedDigest {
  HashName name;
  std::span<const std::byte> value;
};

std::span<const std::byte> digest_named(const SignedDigests& digests,
                                        crypto::HashAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::HashAlgorithm::Sha256:
      return digests.sha256.bytes();
    case crypto::HashAlgorithm::Sha384:
      return digests.sha384;
    case crypto::HashAlgorithm::Sha512:
      return digests.sha512;
  }
  std::unreachable();
}

Result<NamedDigest> digest_for_key(const Submission& submission) {
  const HashName name =
      *std::ranges::find(kHashNames, submission.key->usual_hash(), &HashName::algorithm);
  const std::span<const std::byte> value = digest_named(submission.digests, name.algorithm);
  if (value.empty()) {
    return fail(ErrorKind::InvalidInput, "the digest that goes with the signer's key (" +
                                             std::string(name.v1) +
                                             ") is not known for what was signed");
  }
  return NamedDigest{name, value};
}

Json v1_request(std::string_view kind, Json spec) {
  return Json(Json::Object{{"apiVersion", "0.0.1"}, {"kind", kind}, {"spec", std::move(spec)}});
}

}  // namespace

Result<std::string> hashedrekord_request(const Submission& submission) {
  NONO_TRY(const NamedDigest digest, digest_for_key(submission));
  Json hash(Json::Object{{"algorithm", digest.name.v1}, {"value", hex_encode(digest.value)}});
  Json key(Json::Object{{"content", verifier_of(submission)}});
  Json signature(Json::Object{{"content", base64_encode(submission.signature)},
                              {"publicKey", std::move(key)}});
  Json data(Json::Object{{"hash", std::move(hash)}});
  return v1_request("hashedrekord", Json(Json::Object{{"data", std::move(data)},
                                                      {"signature", std::move(signature)}}))
      .compact();
}

std::string dsse_request(const Submission& submission, std::string_view envelope_json) {
  Json content(Json::Object{{"envelope", envelope_json},
                            {"verifiers", Json::Array{Json(verifier_of(submission))}}});
  return v1_request("dsse", Json(Json::Object{{"proposedContent", std::move(content)}})).compact();
}

Result<std::string> hashedrekord_v2_request(const Submission& submission) {
  const std::optional<std::string_view> details = key_details(*submission.key);
  if (!details) {
    return fail(ErrorKind::Unsupported, "Rekor v2 does not log signatures of a " +
                                            std::string(name_of(submission.key->algorithm())) +
                                            " key of " + std::to_string(submission.key->bits()) +
                                            " bits");
  }
  NONO_TRY(const NamedDigest digest, digest_for_key(submission));
  const bool certified = !submission.certificate_der.empty();
  const std::span<const std::byte> raw =
      certified ? submission.certificate_der : std::span(submission.key->spki_der());
  Json holder(Json::Object{{"rawBytes", base64_encode(raw)}});
  Json verifier(Json::Object{{certified ? "x509Certificate" : "publicKey", std::move(holder)},
                             {"keyDetails", *details}});
  Json signature(Json::Object{{"content", base64_encode(submission.signature)},
                              {"verifier", std::move(verifier)}});
  Json request(
      Json::Object{{"digest", base64_encode(digest.value)}, {"signature", std::move(signature)}});
  return Json(Json::Object{{"hashedRekordRequestV002", std::move(request)}}).compact();
}

}  // namespace nono::rekor
