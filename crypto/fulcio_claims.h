// crypto/fulcio_claims.h: what Fulcio wrote into a certificate about the token it saw: OIDs
// 1.3.6.1.4.1.57264.1.1 to .24 (.7 is the otherName type, see certificate.h).
//
// Values .1 to .6 are raw bytes, from .8 on DER UTF8Strings without bytes after them. A value with
// another tag, ill-formed UTF-8 or a NUL refuses the whole certificate: InvalidInput. Nothing here
// is true before the certificate's path was validated.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/certificate.h"

namespace nono::crypto {

// Absent extensions are empty strings.
struct FulcioClaims {
  std::string issuer;  // .8, else .1; both present and different: InvalidInput
  // Deprecated raw values of GitHub (.2 to .6).
  std::string github_trigger;
  std::string github_sha;
  std::string github_workflow_name;
  std::string github_repository;
  std::string github_ref;
  std::string build_signer_uri;              // .9
  std::string build_signer_digest;           // .10
  std::string runner_environment;            // .11
  std::string source_repository_uri;         // .12
  std::string source_repository_digest;      // .13
  std::string source_repository_ref;         // .14
  std::string source_repository_id;          // .15
  std::string source_repository_owner_uri;   // .16
  std::string source_repository_owner_id;    // .17
  std::string build_config_uri;              // .18
  std::string build_config_digest;           // .19
  std::string build_trigger;                 // .20
  std::string run_invocation_uri;            // .21
  std::string source_repository_visibility;  // .22
  std::string deployment_environment;        // .23
  std::string token_subject;                 // .24
};

Result<FulcioClaims> read_fulcio_claims(const Certificate& certificate);

// ClaimField names a member for policies and output: {"sourceRepositoryURI",
// &FulcioClaims::source_repository_uri}, in the order of the OIDs.
struct ClaimField {
  std::string_view name;  // as sigstore's certificate summary spells it
  std::string_view oid;   // dotted
  std::string FulcioClaims::* member;
};
std::span<const ClaimField> fulcio_claim_fields();

}  // namespace nono::crypto
