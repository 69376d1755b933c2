// crypto/certificate_authority.h: is a certificate issued by an authority that we trust, at a time?
//
// An authority is what a trusted root names: its own certificates, issuer of leaves first, the last
// one the anchor (which may be an intermediate: nothing above it is asked for). The signatures
// between them are checked once, when the first path leads to the authority: a root names
// authorities that no verdict needs, and a verdict costs one signature after that. A KnownLink is
// not checked again, nor is the signature of the last leaf that was found signed, byte for byte.
// Safe from several threads. Paths are validated by OpenSSL (RFC 5280 section 6;
// partial chains, no revocation) at an explicit time; windows are inclusive; nothing reads the
// machine's clock.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/certificate.h"

namespace nono::crypto {

enum class PathFault : unsigned char {
  UntrustedIssuer,  // no path to this authority by names, or a signature in it is bad
  Expired,          // the leaf is not valid at the time
  IssuerExpired,    // a certificate above the leaf is not valid at the time
  WrongUsage,       // the leaf, or an intermediate with an extendedKeyUsage, is for something else
  NotALeaf,         // the leaf is a CA
  Malformed,        // an unknown critical extension, a broken constraint
};
struct PathError {
  PathFault fault;
  std::string detail;  // one sentence
};

enum class LeafUse : unsigned char { CodeSigning, TimeStamping };

// KnownLink stands for two certificates, byte for byte, of which the lower is signed by the upper:
// somebody checked that before, and neither the bytes nor the answer change.
using KnownLink = Sha256;
KnownLink link_of(const Certificate& issuer, const Certificate& subject);

// issued reports whether `subject` names `issuer` as its issuer and is signed by it. That alone is
// no path: whether the issuer may issue is not looked at.
bool issued(const Certificate& issuer, const Certificate& subject);

class CertificateAuthority {
 public:
  // make checks `chain` (1 to 10 certificates, leaf's issuer first) but for its signatures.
  // InvalidInput where one is no CA or does not name the next as its issuer. A chain whose
  // signatures do not hold refuses every leaf: Malformed. The signature of a link that is among
  // `known` is not checked; the list stays where it is as long as the authority.
  static Result<CertificateAuthority> make(std::vector<Certificate> chain,
                                           std::span<const KnownLink> known = {});

  // issuer_of returns the certificate that issued `leaf`, after validating the whole path at `at`:
  // CodeSigning demands that extendedKeyUsage (and keyUsage digitalSignature), TimeStamping that it
  // be critical and the only one. `untrusted` (from a bundle) may help to build a path and never
  // anchors it.
  std::expected<Certificate, PathError> issuer_of(const Certificate& leaf,
                                                  std::span<const Certificate> untrusted, Time at,
                                                  LeafUse use) const;

  // ask_ahead works out what issuer_of will ask about the signatures of `leaf` and of the authority
  // itself, and keeps the answers where issuer_of finds them. For a second thread: it decides
  // nothing, and what is not asked ahead is asked then.
  void ask_ahead(const Certificate& leaf) const;
  // The same for the authority alone.
  void ask_ahead() const;

  std::span<const Certificate> chain() const;

 private:
  struct Impl;
  explicit CertificateAuthority(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace nono::crypto
