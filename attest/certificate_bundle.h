// attest/certificate_bundle.h: how what was signed under a certificate is written.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/verifier.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "rekor/log_entry.h"

namespace nono::attest {

// keyless_claim is the predicate's `signer`: what the certificate says, and nothing else. A CI job
// is named by repository, workflow and ref, anybody else by the subject.
Json keyless_claim(const KeylessSigner& signer);

// SealedContent is what was signed, with its signature, as it stands in a bundle: the one of two
// members that is there, and its JSON.
struct SealedContent {
  std::string_view member;
  Json json;
};
SealedContent envelope_content(Json envelope);
// message_content is a bare signature over a file whose SHA-256 is `digest`.
SealedContent message_content(const crypto::Sha256& digest, std::span<const std::byte> signature);

// CertificateBundle is a Sigstore bundle v0.3 with one certificate.
struct CertificateBundle {
  crypto::Certificate leaf;
  std::vector<rekor::LogEntry> log_entries;
  std::vector<Bytes> timestamps;  // TimeStampResp, DER
  SealedContent content;

  std::string text() const;
};

}  // namespace nono::attest
