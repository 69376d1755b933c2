// attest/identity.cc: from a certificate to an identity, and an identity against a policy.
#include "attest/identity.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace nono::attest {

namespace {

struct KindName {
  crypto::SubjectNameKind kind;
  std::string_view name;
};
// The kinds that Fulcio writes, and no others.
constexpr std::array kKinds{
    KindName{crypto::SubjectNameKind::Uri, "a URI"},
    KindName{crypto::SubjectNameKind::Email, "an e-mail address"},
    KindName{crypto::SubjectNameKind::Other, "a user name"},
};

std::string_view name_of(crypto::SubjectNameKind kind) {
  const auto* const found = std::ranges::find(kKinds, kind, &KindName::kind);
  return found == kKinds.end() ? "a name of another kind" : found->name;
}

std::unexpected<Rejection> mismatch(std::string detail) {
  return reject(Reason::IdentityMismatch, std::move(detail));
}

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string shown(const ExpectedText& expected) {
  if (const auto* pattern = std::get_if<Pattern>(&expected)) {
    return "a match of " + in_quotes(pattern->text());
  }
  return in_quotes(std::get<std::string>(expected));
}

// What the certificate does not say satisfies nothing, not even a pattern that matches all.
std::expected<void, Rejection> hold_text(std::string_view field, const ExpectedText& expected,
                                         const std::string& found) {
  if (found.empty()) {
    return mismatch("the certificate has no " + std::string(field) + "; expected " +
                    shown(expected));
  }
  if (!satisfies(expected, found)) {
    return mismatch("the " + std::string(field) + " of the certificate is " + in_quotes(found) +
                    "; expected " + shown(expected));
  }
  return {};
}

// hold_if_said: what the policy does not say is anything.
std::expected<void, Rejection> hold_if_said(std::string_view field,
                                            const std::optional<ExpectedText>& expected,
                                            const std::string& found) {
  return expected ? hold_text(field, *expected, found) : std::expected<void, Rejection>();
}

std::expected<void, Rejection> hold_claim(const std::string& name, const ExpectedText& expected,
                                          const crypto::FulcioClaims& claims) {
  for (const crypto::ClaimField& field : crypto::fulcio_claim_fields()) {
    if (field.name == name) {
      return hold_text(name, expected, claims.*field.member);
    }
  }
  return mismatch("certificates have no claim " + in_quotes(name) + ", which the policy demands");
}

std::expected<void, Rejection> hold_kind(const std::optional<crypto::SubjectNameKind>& expected,
                                         crypto::SubjectNameKind found) {
  if (!expected || *expected == found) {
    return {};
  }
  return mismatch("the subject of the certificate is " + std::string(name_of(found)) +
                  "; expected " + std::string(name_of(*expected)));
}

}  // namespace

std::expected<CertificateIdentity, Rejection> read_identity(const crypto::Certificate& leaf) {
  Result<std::vector<crypto::SubjectName>> names = leaf.subject_names();
  if (!names) {
    return mismatch("the certificate's subject is malformed: " + names.error().message());
  }
  if (names->size() != 1) {
    return mismatch("the certificate has " + std::to_string(names->size()) +
                    " subject names; one is expected");
  }
  crypto::SubjectName& subject = names->front();
  if (std::ranges::find(kKinds, subject.kind, &KindName::kind) == kKinds.end()) {
    return mismatch(
        "the certificate's subject is neither a URI nor an e-mail address nor a user "
        "name");
  }
  Result<crypto::FulcioClaims> claims = crypto::read_fulcio_claims(leaf);
  if (!claims) {
    return mismatch("the certificate's claims are malformed: " + claims.error().message());
  }
  if (claims->issuer.empty()) {
    return mismatch("the certificate does not say who vouched for its subject");
  }
  return CertificateIdentity{std::move(subject), *std::move(claims)};
}

bool satisfies(const ExpectedText& expected, std::string_view value) {
  if (const auto* pattern = std::get_if<Pattern>(&expected)) {
    return pattern->matches(value);
  }
  return std::get<std::string>(expected) == value;
}

std::expected<void, Rejection> hold(const IdentityPolicy& policy,
                                    const CertificateIdentity& identity) {
  NONO_CHECK(hold_kind(policy.subject_kind, identity.subject.kind));
  NONO_CHECK(hold_if_said("subject", policy.subject, identity.subject.value));
  NONO_CHECK(hold_if_said("issuer", policy.issuer, identity.issuer()));
  for (const auto& [name, expected] : policy.claims) {
    NONO_CHECK(hold_claim(name, expected, identity.claims));
  }
  return {};
}

}  // namespace nono::attest
