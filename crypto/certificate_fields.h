// crypto/certificate_fields.h: what a certificate says (RFC 5280 section 4), read strictly, without
// OpenSSL. Internal to crypto/.
//
// Nothing read is trusted. DER throughout: OpenSSL takes BER in places and reads some fields late
// or never, and a rule that a verdict hangs on stands here, in sight. All spans borrow from what
// was read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"

namespace nono::crypto {

struct Extension {
  std::string oid;  // dotted
  bool critical;
  std::span<const std::byte> value;  // inside the OCTET STRING
};

struct BasicConstraints {
  bool ca = false;
  std::optional<std::size_t> path_length;  // 255 stands for anything above 254
};

// Bits of KeyUsage (RFC 5280 section 4.2.1.3), numbered as there.
enum class KeyUse : std::uint8_t {
  DigitalSignature = 0,
  ContentCommitment = 1,
  CertificateSigning = 5,
};

struct CertificateFields {
  std::span<const std::byte> tbs;
  std::span<const std::byte> serial;  // magnitude
  std::span<const std::byte> issuer;
  std::span<const std::byte> subject;
  std::span<const std::byte> spki;
  std::span<const std::byte> algorithm;  // of the signature: AlgorithmIdentifier, whole
  std::span<const std::byte> signature;
  bool unique_ids = false;  // there is an issuerUniqueID or a subjectUniqueID
  Validity validity;
  std::vector<Extension> extensions;
  BasicConstraints constraints;
  std::optional<std::uint16_t> key_usage;                // bit n is KeyUse n
  std::optional<std::vector<std::string>> extended_use;  // dotted OIDs
  bool extended_use_critical = false;

  bool allows(KeyUse use) const {
    return key_usage && ((unsigned{*key_usage} >> static_cast<unsigned>(use)) & 1u) != 0;
  }
  const Extension* find(std::string_view oid) const;
};

// read_certificate: InvalidInput for anything but one v3 certificate in DER, Unsupported for a
// signature algorithm that is not ours.
Result<CertificateFields> read_certificate(std::span<const std::byte> der);

// is_plain reports whether the certificate holds nothing but what is read here to the last byte:
// names of ordinary strings, a key identifier or none, the usages, the constraints, subject names,
// SCTs and Fulcio's claims. OpenSSL reads such a certificate without fault and finds nothing more
// in it. Any other certificate is shown to OpenSSL before it is accepted.
bool is_plain(const CertificateFields& fields);

// key_identifier is the contents of the subjectKeyIdentifier, and issuer_key_identifier what a
// plain certificate's authorityKeyIdentifier names; nothing where there is none.
std::optional<std::span<const std::byte>> key_identifier(const CertificateFields& fields);
std::optional<std::span<const std::byte>> issuer_key_identifier(const CertificateFields& fields);

// read_subject_names reads the value of a subjectAltName.
Result<std::vector<SubjectName>> read_subject_names(std::span<const std::byte> value);

}  // namespace nono::crypto
