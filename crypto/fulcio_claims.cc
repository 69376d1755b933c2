// crypto/fulcio_claims.cc: Fulcio's extensions (its oid-info document), one table for all of them.
#include "crypto/fulcio_claims.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "crypto/der.h"

namespace nono::crypto {
namespace {

using Span = std::span<const std::byte>;

constexpr std::string_view kRawIssuer = "1.3.6.1.4.1.57264.1.1";
constexpr std::size_t kRawFields = 5;  // .2 to .6, first in the table

// The issuer stands at .8, its modern place; .1 is read beside the table.
constexpr std::array kFields = {
    ClaimField{"githubWorkflowTrigger", "1.3.6.1.4.1.57264.1.2", &FulcioClaims::github_trigger},
    ClaimField{"githubWorkflowSHA", "1.3.6.1.4.1.57264.1.3", &FulcioClaims::github_sha},
    ClaimField{"githubWorkflowName", "1.3.6.1.4.1.57264.1.4", &FulcioClaims::github_workflow_name},
    ClaimField{"githubWorkflowRepository", "1.3.6.1.4.1.57264.1.5",
               &FulcioClaims::github_repository},
    ClaimField{"githubWorkflowRef", "1.3.6.1.4.1.57264.1.6", &FulcioClaims::github_ref},
    ClaimField{"issuer", "1.3.6.1.4.1.57264.1.8", &FulcioClaims::issuer},
    ClaimField{"buildSignerURI", "1.3.6.1.4.1.57264.1.9", &FulcioClaims::build_signer_uri},
    ClaimField{"buildSignerDigest", "1.3.6.1.4.1.57264.1.10", &FulcioClaims::build_signer_digest},
    ClaimField{"runnerEnvironment", "1.3.6.1.4.1.57264.1.11", &FulcioClaims::runner_environment},
    ClaimField{"sourceRepositoryURI", "1.3.6.1.4.1.57264.1.12",
               &FulcioClaims::source_repository_uri},
    ClaimField{"sourceRepositoryDigest", "1.3.6.1.4.1.57264.1.13",
               &FulcioClaims::source_repository_digest},
    ClaimField{"sourceRepositoryRef", "1.3.6.1.4.1.57264.1.14",
               &FulcioClaims::source_repository_ref},
    ClaimField{"sourceRepositoryIdentifier", "1.3.6.1.4.1.57264.1.15",
               &FulcioClaims::source_repository_id},
    ClaimField{"sourceRepositoryOwnerURI", "1.3.6.1.4.1.57264.1.16",
               &FulcioClaims::source_repository_owner_uri},
    ClaimField{"sourceRepositoryOwnerIdentifier", "1.3.6.1.4.1.57264.1.17",
               &FulcioClaims::source_repository_owner_id},
    ClaimField{"buildConfigURI", "1.3.6.1.4.1.57264.1.18", &FulcioClaims::build_config_uri},
    ClaimField{"buildConfigDigest", "1.3.6.1.4.1.57264.1.19", &FulcioClaims::build_config_digest},
    ClaimField{"buildTrigger", "1.3.6.1.4.1.57264.1.20", &FulcioClaims::build_trigger},
    ClaimField{"runInvocationURI", "1.3.6.1.4.1.57264.1.21", &FulcioClaims::run_invocation_uri},
    ClaimField{"sourceRepositoryVisibilityAtSigning", "1.3.6.1.4.1.57264.1.22",
               &FulcioClaims::source_repository_visibility},
    ClaimField{"deploymentEnvironment", "1.3.6.1.4.1.57264.1.23",
               &FulcioClaims::deployment_environment},
    ClaimField{"tokenSubject", "1.3.6.1.4.1.57264.1.24", &FulcioClaims::token_subject},
};

std::unexpected<Error> bad(std::string_view oid, std::string_view why) {
  return fail(ErrorKind::InvalidInput,
              "certificate: the extension " + std::string(oid) + ' ' + std::string(why));
}

Result<std::string> text_in(std::string_view oid, Span value) {
  const std::string_view text = as_text(value);
  if (!is_utf8(text) || text.contains('\0')) {
    return bad(oid, "is not UTF-8, or holds a NUL");
  }
  return std::string(text);
}

Result<std::string> wrapped_text_in(std::string_view oid, Span value) {
  DerReader reader(value);
  const auto contents = reader.take(DerTag::Utf8String);
  if (!contents || !reader.done()) {
    return bad(oid, "is not exactly one UTF8String");
  }
  return text_in(oid, *contents);
}

// merged_issuer: two issuers that differ are two verdicts for two readers.
Result<std::string> merged_issuer(const Certificate& certificate, std::string modern) {
  const auto raw = certificate.extension(kRawIssuer);
  if (!raw) {
    return modern;
  }
  NONO_TRY(std::string old, text_in(kRawIssuer, *raw));
  const bool both = certificate.extension("1.3.6.1.4.1.57264.1.8").has_value();
  if (both && old != modern) {
    return bad(kRawIssuer, "names another issuer than 1.3.6.1.4.1.57264.1.8");
  }
  return old;
}

}  // namespace

Result<FulcioClaims> read_fulcio_claims(const Certificate& certificate) {
  FulcioClaims claims;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const ClaimField& field = kFields[i];
    const auto value = certificate.extension(field.oid);
    if (value) {
      NONO_TRY(claims.*field.member,
               i < kRawFields ? text_in(field.oid, *value) : wrapped_text_in(field.oid, *value));
    }
  }
  NONO_TRY(claims.issuer, merged_issuer(certificate, std::move(claims.issuer)));
  return claims;
}

std::span<const ClaimField> fulcio_claim_fields() {
  return kFields;
}

}  // namespace nono::crypto
