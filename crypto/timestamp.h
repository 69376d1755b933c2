// crypto/timestamp.h: RFC 3161 timestamps: a TimeStampResp that holds a CMS SignedData (RFC 5652).
//
// Untrusted until verify() says so. Strict: DER without bytes after it; status granted (0) or
// grantedWithMods (1); SignedData over id-ct-TSTInfo with exactly one SignerInfo; TSTInfo version
// 1; message imprint SHA-256, SHA-384 or SHA-512 (SHA-1 is Unsupported); genTime as GeneralizedTime
// in UTC, fractions of a second allowed and dropped; at most 10 embedded certificates.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/certificate_authority.h"
#include "crypto/digest.h"

namespace nono::crypto {

inline constexpr std::size_t kMaxTimestampBytes = 64u << 10;

enum class TimestampFault : unsigned char {
  UnknownAuthority,  // the signer is not of this authority: another one may know it
  WrongImprint,      // it is about other bytes
  BadSignature,      // or signed attributes that do not say what they must
  Expired,           // the signer or an issuer of it was not valid at genTime
  WrongUsage,        // the signer's certificate is not for timestamping alone
};
struct TimestampError {
  TimestampFault fault;
  std::string detail;
};

// TimestampSigner is one authority of a trusted root: its leaf where the root names it, and what
// issued it.
class TimestampSigner {
 public:
  // make takes the certChain as it stands, leaf first. Where the first is no CA it is the only
  // signer that is trusted; else the signer comes from the token and must be issued by the chain.
  static Result<TimestampSigner> make(std::vector<Certificate> chain);
  const std::optional<Certificate>& leaf() const { return leaf_; }
  const std::optional<CertificateAuthority>& authority() const { return authority_; }

 private:
  TimestampSigner(std::optional<Certificate> leaf, std::optional<CertificateAuthority> authority)
      : leaf_(std::move(leaf)), authority_(std::move(authority)) {}
  std::optional<Certificate> leaf_;
  std::optional<CertificateAuthority> authority_;  // none: the chain is the leaf alone, pinned
};

// TimestampToken is immutable and cheap to copy.
class TimestampToken {
 public:
  static Result<TimestampToken> parse_response(std::span<const std::byte> der);

  // The following are claims until verify() succeeded.
  Time time() const;                          // genTime
  const std::string& policy() const;          // dotted OID
  const std::optional<Bytes>& nonce() const;  // the INTEGER's magnitude, big-endian
  const std::string& serial_hex() const;

  // verify returns genTime where the token is about `message`, its signer is of the authority,
  // valid for timestamping at genTime, and signed it: signed attributes contentType, messageDigest
  // and signingCertificate(V2) are all checked.
  std::expected<Time, TimestampError> verify(std::span<const std::byte> message,
                                             const TimestampSigner& signer) const;

 private:
  struct Impl;
  explicit TimestampToken(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace nono::crypto
