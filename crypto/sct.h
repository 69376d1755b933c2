// crypto/sct.h: signed certificate timestamps (RFC 6962 section 3.2 and 3.3) embedded in a leaf.
//
// Untrusted until verified against the key of a log that the trusted root names. The list is
// strict: lengths add up, no bytes after it, 1 to 100 entries (more are Exhausted), version 0 only
// (others are InvalidInput).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

namespace nono::crypto {

struct SignedCertificateTimestamp {
  Sha256 log_id;                    // SHA-256 of the log key's SubjectPublicKeyInfo
  std::uint64_t milliseconds = 0;   // since 1970
  Bytes extensions;                 // not empty for static CT logs
  std::uint8_t hash = 0;            // RFC 5246 HashAlgorithm: 4 is SHA-256
  std::uint8_t signature_kind = 0;  // 1 RSA, 3 ECDSA
  Bytes signature;
};

// parse_sct_list reads a SignedCertificateTimestampList, as it stands in the inner OCTET STRING.
Result<std::vector<SignedCertificateTimestamp>> parse_sct_list(std::span<const std::byte> list);
// embedded_scts reads the extension 1.3.6.1.4.1.11129.2.4.2; empty where there is none.
Result<std::vector<SignedCertificateTimestamp>> embedded_scts(const Certificate& leaf);

// precertificate_tbs is the leaf's tbsCertificate without the SCT extension: bytes are cut and the
// lengths around them rewritten, everything else stays as it is. Without other extensions the whole
// [3] goes. InvalidInput where the leaf has no such extension, or two.
Result<Bytes> precertificate_tbs(const Certificate& leaf);
// The same for the bytes of a tbsCertificate element. Only what is cut is looked at.
Result<Bytes> precertificate_tbs(std::span<const std::byte> tbs);

// sct_verifies checks the signature over the precertificate entry (RFC 6962 section 3.2);
// `issuer_key_hash` is SHA-256 of the SubjectPublicKeyInfo of the certificate that issued the leaf.
bool sct_verifies(const SignedCertificateTimestamp& sct, const PublicKey& log_key,
                  const Sha256& issuer_key_hash, std::span<const std::byte> precertificate_tbs);

}  // namespace nono::crypto
