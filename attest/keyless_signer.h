// attest/keyless_signer.h: from a certificate's identity to the names that policies and people use.
// Internal to attest/.
#pragma once

#include <expected>
#include <string_view>

#include "attest/identity.h"
#include "attest/rejection.h"
#include "attest/verifier.h"

namespace nono::attest {

// is_name_of reports whether `name`, a URI as the name of a certificate, stands for `uri` as a
// token or another claim has it: names are ASCII, and what URIs do not hold is escaped in them
// (%C3%A9, %20).
bool is_name_of(std::string_view name, std::string_view uri);

// check_agreement refuses (IdentityMismatch) claims that stand twice and differ: the subject and
// the build signer URI, old and new claims of repository and ref; and, under GitHub's issuer, a
// subject of another repository than the source's without a build signer that explains it.
std::expected<void, Rejection> check_agreement(const CertificateIdentity& identity);

// keyless_signer names the repository, workflow and ref that ran, which are the caller's where the
// subject is a reusable workflow. Absent claims stay empty: they match no publisher.
//   repository  OWNER/NAME for GitHub, the path below the issuer for an issuer that hosts the
//               repository, else the whole URI
//   workflow    path within the repository, of the build configuration (.18) at the same ref;
//               certificates from before that claim: of the subject
//   ref         as the token said: refs/heads/main
KeylessSigner keyless_signer(const CertificateIdentity& identity);

}  // namespace nono::attest
