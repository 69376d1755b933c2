// attest/identity.h: who signed, read from a certificate whose path was validated, and the policies
// that a caller may set on it.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "attest/rejection.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/fulcio_claims.h"

namespace nono::attest {

// CertificateIdentity is what a Fulcio certificate says: exactly one subject name of a known type,
// an issuer, claims. True only after path and time were verified.
struct CertificateIdentity {
  crypto::SubjectName subject;
  crypto::FulcioClaims claims;
  const std::string& issuer() const { return claims.issuer; }
};
// read_identity refuses (IdentityMismatch) a certificate with none or several subject names, of a
// type other than URI, e-mail or Fulcio's otherName, without an issuer, or with claims that
// contradict each other.
std::expected<CertificateIdentity, Rejection> read_identity(const crypto::Certificate& leaf);

// Pattern is a regular expression in RE2's syntax, which takes time linear in its input, anchored
// at both ends whether or not it says so; "." does not match a line feed. A value that is not
// UTF-8 or longer than kMaxValueBytes matches nothing.
class Pattern {
 public:
  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::size_t kMaxValueBytes = 4096;  // a subject of Fulcio has up to 300

  // parse refuses (InvalidInput) what is empty, over kMaxBytes, not UTF-8, no syntax of RE2, or
  // compiles to an automaton over 1 MiB.
  static Result<Pattern> parse(std::string_view text);
  bool matches(std::string_view value) const;
  const std::string& text() const { return text_; }

 private:
  struct Impl;
  Pattern(std::string text, std::shared_ptr<const Impl> impl)
      : text_(std::move(text)), impl_(std::move(impl)) {}
  std::string text_;
  std::shared_ptr<const Impl> impl_;
};

// Expected is an exact value or a pattern.
using ExpectedText = std::variant<std::string, Pattern>;
bool satisfies(const ExpectedText& expected, std::string_view value);

// IdentityPolicy demands all of what it names. Comparison is byte for byte: no case folding, no
// normalisation of URLs.
struct IdentityPolicy {
  std::optional<ExpectedText> subject;
  std::optional<crypto::SubjectNameKind> subject_kind;
  std::optional<ExpectedText> issuer;
  std::vector<std::pair<std::string, ExpectedText>> claims;  // by fulcio_claim_fields() name
};
// hold compares; the Rejection (IdentityMismatch) says which field, what was found and what
// expected.
std::expected<void, Rejection> hold(const IdentityPolicy& policy,
                                    const CertificateIdentity& identity);

}  // namespace nono::attest
