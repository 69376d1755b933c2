// attest/identity_token.h: an OpenID Connect identity token (JWT, RFC 7519), read by the one who
// presents it.
//
// Its signature is not checked here: Fulcio does that, with the issuer's keys. It is read to tell
// early and plainly what Fulcio would refuse with one sentence for everything, to know what the
// proof of possession is over, and to hold the certificate against it. The token is a credential:
// whoever has it can sign as its subject until it expires. It is kept as a Secret, and no error
// says anything of it but claims that are no secret.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/fulcio_claims.h"
#include "crypto/secret.h"

namespace nono::attest {

// The audience that Fulcio demands; a private one may be set up to demand another.
inline constexpr std::string_view kTokenAudience = "sigstore";
inline constexpr std::size_t kMaxTokenBytes = 32u << 10;

class IdentityToken {
 public:
  // read checks form, audience, exp and nbf at `now` (nbf with the five minutes that Fulcio
  // grants), issuer and subject: InvalidInput, one sentence each, with what mends it. White space
  // around the token is no part of it.
  static Result<IdentityToken> read(const crypto::Secret& token, Instant now,
                                    std::string_view audience = kTokenAudience);

  const crypto::Secret& text() const { return text_; }
  const std::string& issuer() const { return issuer_; }
  // known_challenge is the claim whose value Fulcio wants signed as proof of possession, for
  // issuers that Sigstore's own Fulcio knows: "email" or "sub". Nothing: Fulcio's configuration
  // says.
  std::optional<std::string_view> known_challenge() const;
  // challenge is the value of that claim. InvalidInput where it is not there, or an e-mail address
  // that the issuer says it has not verified.
  Result<std::string> challenge(std::string_view claim_name) const;
  // claim is a claim that is a string; empty where there is none.
  std::string claim(std::string_view name) const;

  // describes reports whether a certificate is about this token: the issuer, or the one whose
  // person it passes on; the subject name (the e-mail address; what the identities of GitHub,
  // GitLab, Buildkite, CircleCI, Codefresh and Kubernetes are made of; else `sub`), and the token
  // subject where the certificate states it. InvalidInput says which differs.
  Result<void> describes(const crypto::SubjectName& name, const crypto::FulcioClaims& claims) const;

 private:
  IdentityToken(crypto::Secret text, Json claims)
      : text_(std::move(text)), claims_(std::move(claims)) {}
  Result<void> check_audience(std::string_view wanted) const;
  Result<void> check_times(Instant now) const;
  // expected_name is the subject name that Fulcio makes of the token; nothing where this code does
  // not know the issuer's rule.
  std::optional<std::string> expected_name() const;
  bool may_be_issuer(std::string_view name) const;
  crypto::Secret text_;
  Json claims_;
  std::string issuer_;
};

}  // namespace nono::attest
