// crypto/timestamp.h: RFC 3161 timestamps: a TimeStampResp that holds a CMS SignedData (RFC 5652).
//
// Untrusted until verify() says so. Strict: DER without bytes after it; status granted (0) or
// grantedWithMods (1); SignedData over id-ct-TSTInfo with exactly one SignerInfo; TSTInfo version
// 1; message imprint SHA-256, SHA-384 or SHA-512 (SHA-1 is Unsupported); genTime as GeneralizedTime
// in UTC, fractions of a second to the millisecond, finer ones rounded up; at most 10 embedded
// certificates; signed attributes contentType, messageDigest and signingCertificateV2 (RFC 5816)
// present, in the order of DER, none twice. signingCertificate of RFC 2634 names the signer by
// SHA-1: beside its successor it is not looked at, alone it is not enough. Signatures: ECDSA, RSA
// PKCS #1 v1.5, Ed25519.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

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
  static Result<TimestampSigner> make(std::vector<Certificate> chain,
                                      std::span<const KnownLink> known = {});
  const std::optional<Certificate>& leaf() const { return leaf_; }
  const std::optional<CertificateAuthority>& authority() const { return authority_; }

  // accepts reports whether `signer` may sign timestamps for this authority at `at`: it is the
  // leaf where there is one, and its path is valid. `embedded` may help to build the path of a
  // signer that the root does not name.
  std::expected<void, TimestampError> accepts(const Certificate& signer,
                                              std::span<const Certificate> embedded, Time at) const;

  // ask_ahead is CertificateAuthority's: what accepts will ask whatever the token.
  void ask_ahead() const;

 private:
  TimestampSigner(std::optional<Certificate> leaf, std::optional<CertificateAuthority> authority);
  std::expected<void, TimestampError> accepts_leaf(const Certificate& leaf, Time at) const;

  std::optional<Certificate> leaf_;
  std::optional<CertificateAuthority> authority_;  // none: the chain is the leaf alone, pinned
  // path_holds: the leaf's path through the whole chain was valid at some time, signatures
  // included. Then it is valid at each time that all its certificates are: no other check of
  // RFC 5280 depends on the time, and revocation is not consulted. Found out at the first use and
  // shared by copies; safe from several threads.
  bool path_holds() const;
  struct PathVerdict;
  std::shared_ptr<PathVerdict> verdict_;
};

// TimestampToken is immutable and cheap to copy.
class TimestampToken {
 public:
  static Result<TimestampToken> parse_response(std::span<const std::byte> der);

  // The following are claims until verify() succeeded.
  Time time() const;                          // genTime
  const std::string& policy() const;          // dotted OID
  const std::optional<Bytes>& nonce() const;  // the INTEGER's magnitude, big-endian
  const std::string& serial_hex() const;      // the INTEGER as it stands, two's complement

  // verify returns genTime where the token is about `message`, its signer is of the authority,
  // valid for timestamping at genTime, and signed it: signed attributes contentType, messageDigest
  // and signingCertificateV2 are all checked.
  std::expected<Time, TimestampError> verify(std::span<const std::byte> message,
                                             const TimestampSigner& signer) const;

 private:
  struct Impl;
  explicit TimestampToken(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace nono::crypto
