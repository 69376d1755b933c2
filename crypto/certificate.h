// crypto/certificate.h: X.509 v3 certificates (RFC 5280) as Sigstore uses them. OpenSSL stays
// behind.
//
// A Certificate proves nothing by itself: parsing checks shape only. DER, one certificate, no bytes
// after it, at most kMaxCertificateBytes; the signature algorithm inside and outside is the same;
// no extension stands twice; the key is one that crypto/keys.h reads. Errors: InvalidInput, or
// Unsupported for a sound certificate whose key or algorithm is not ours.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/keys.h"

namespace nono::crypto {

// A certificate of Fulcio or of a timestamp authority holds 700 to 2,000 bytes.
inline constexpr std::size_t kMaxCertificateBytes = 64u << 10;

// Certificates are valid by the second; what they are held against can be exacter than that.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

// Validity is notBefore and notAfter, both inclusive.
struct Validity {
  Time not_before;
  Time not_after;
  bool contains(Time at) const { return not_before <= at && at <= not_after; }
};

enum class SubjectNameKind : unsigned char { Uri, Email, Other, Dns, Ip, Unknown };
// SubjectName is one GeneralName of the subjectAltName. `Other` is Fulcio's otherName
// 1.3.6.1.4.1.57264.1.7 only; any other kind of otherName is Unknown, with an empty value.
struct SubjectName {
  SubjectNameKind kind;
  std::string value;  // byte for byte; ASCII without NUL for Uri, Email, Dns, UTF-8 for Other
};

enum class ExtendedUse : unsigned char { CodeSigning, TimeStamping, CertificateTransparency };

// Certificate is immutable and cheap to copy; it owns its DER.
class Certificate {
 public:
  static Result<Certificate> parse_der(std::span<const std::byte> der);
  // parse_pem reads exactly one PEM "CERTIFICATE" block, white space around it allowed.
  static Result<Certificate> parse_pem(std::string_view text);

  const Bytes& der() const;
  std::span<const std::byte> tbs() const;  // the tbsCertificate element, tag and length included
  const PublicKey& key() const;
  const Validity& validity() const;
  std::span<const std::byte> subject() const;  // Name, DER
  std::span<const std::byte> issuer() const;   // Name, DER
  std::string subject_text() const;            // RFC 2253, printable, for people
  std::string issuer_text() const;
  std::string serial_hex() const;
  bool is_ca() const;  // basicConstraints cA
  bool is_self_issued() const { return std::ranges::equal(subject(), issuer()); }
  bool may_sign_data() const;          // keyUsage has digitalSignature
  bool may_sign_certificates() const;  // keyUsage has keyCertSign
  bool has_extended_uses() const;      // carries an extendedKeyUsage at all
  bool allows(ExtendedUse use) const;
  // extended_use_is_only: the extension is critical and names `use` alone (RFC 3161 section 2.3).
  bool extended_use_is_only(ExtendedUse use) const;
  // extension returns the extnValue's contents (of the OCTET STRING) by dotted OID, or nothing.
  std::optional<std::span<const std::byte>> extension(std::string_view oid) const;

  // subject_names reads the subjectAltName; empty where there is none. InvalidInput for one that is
  // malformed, holds a NUL or non-ASCII bytes in an IA5String, or names more than 100.
  Result<std::vector<SubjectName>> subject_names() const;

 private:
  friend class CertificateAuthority;
  friend struct CertificateAccess;
  struct Impl;
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace nono::crypto
