// attest/certificate_bundle.h: how a statement signed under a certificate is written.
#pragma once

#include <string>
#include <vector>

#include "attest/verifier.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/certificate.h"
#include "rekor/log_entry.h"

namespace nono::attest {

// keyless_claim is the predicate's `signer`: what the certificate says, and nothing else. A CI job
// is named by repository, workflow and ref, anybody else by the subject.
Json keyless_claim(const KeylessSigner& signer);

// CertificateBundle is a Sigstore bundle v0.3 with one certificate, and an envelope as JSON.
struct CertificateBundle {
  crypto::Certificate leaf;
  std::vector<rekor::LogEntry> log_entries;
  std::vector<Bytes> timestamps;  // TimeStampResp, DER
  Json envelope;

  std::string text() const;
};

}  // namespace nono::attest
