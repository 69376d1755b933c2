// attest/certificate_bundle.cc: the JSON of certificate bundles.
#include "attest/certificate_bundle.h"

#include <utility>

#include "attest/bundle.h"
#include "rekor/answers.h"

namespace nono::attest {

Json keyless_claim(const KeylessSigner& signer) {
  Json claim(Json::Object{{"kind", "keyless"}, {"issuer", signer.issuer}});
  if (signer.repository.empty() || signer.workflow.empty()) {
    claim.set("subject", signer.subject);
    return claim;
  }
  claim.set("repository", signer.repository);
  claim.set("workflow", signer.workflow);
  claim.set("ref", signer.ref);
  return claim;
}

SealedContent envelope_content(Json envelope) {
  return {.member = "dsseEnvelope", .json = std::move(envelope)};
}

SealedContent message_content(const crypto::Sha256& digest, std::span<const std::byte> signature) {
  Json hint(Json::Object{{"algorithm", "SHA2_256"}, {"digest", base64_encode(digest.bytes())}});
  return {.member = "messageSignature",
          .json = Json(Json::Object{{"messageDigest", std::move(hint)},
                                    {"signature", base64_encode(signature)}})};
}

std::string CertificateBundle::text() const {
  Json::Array entries;
  for (const rekor::LogEntry& entry : log_entries) {
    entries.push_back(rekor::entry_json(entry));
  }
  Json::Array stamps;
  for (const Bytes& stamp : timestamps) {
    stamps.emplace_back(Json::Object{{"signedTimestamp", base64_encode(stamp)}});
  }
  Json stamped(Json::Object{});
  if (!stamps.empty()) {
    stamped.set("rfc3161Timestamps", std::move(stamps));
  }
  Json certificate(Json::Object{{"rawBytes", base64_encode(leaf.der())}});
  Json material(Json::Object{{"certificate", std::move(certificate)},
                             {"tlogEntries", std::move(entries)},
                             {"timestampVerificationData", std::move(stamped)}});
  return Json(Json::Object{{"mediaType", kBundleV03},
                           {"verificationMaterial", std::move(material)},
                           {std::string(content.member), content.json}})
      .pretty();
}

}  // namespace nono::attest
