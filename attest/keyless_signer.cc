// attest/keyless_signer.cc: repository, workflow and ref of a certificate.
#include "attest/keyless_signer.h"

#include <optional>
#include <string>
#include <string_view>

namespace nono::attest {

namespace {

constexpr std::string_view kGitHubIssuer = "https://token.actions.githubusercontent.com";
constexpr std::string_view kGitHub = "https://github.com";
// What this one calls the build signer is the run, whoever's pipeline it is of.
constexpr std::string_view kCodefreshIssuer = "https://oidc.codefresh.io";

std::unexpected<Rejection> contradiction(std::string_view one, const std::string& value,
                                         std::string_view other, const std::string& other_value) {
  return reject(Reason::IdentityMismatch, "the certificate contradicts itself: its " +
                                              std::string(one) + " is \"" + value + "\" and its " +
                                              std::string(other) + " is \"" + other_value + "\"");
}

// GitHub Enterprise with a name of its own issues as token.actions.githubusercontent.com/NAME.
bool is_github(std::string_view issuer) {
  return issuer == kGitHubIssuer ||
         (issuer.starts_with(kGitHubIssuer) && issuer[kGitHubIssuer.size()] == '/');
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// escape_of is %XX; what needs none, and what divides a path, is itself.
std::string escape_of(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (is_letter_or_digit(c) || c == '/' || c == '@') {
    return {c};
  }
  const auto byte = static_cast<unsigned char>(c);
  return {'%', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
}

std::string build_signer_of(const CertificateIdentity& identity) {
  const bool means_signer = identity.subject.kind == crypto::SubjectNameKind::Uri &&
                            identity.claims.issuer != kCodefreshIssuer;
  return means_signer ? identity.claims.build_signer_uri : std::string();
}

// below returns what follows `base` and a slash.
std::optional<std::string_view> below(std::string_view base, std::string_view uri) {
  if (base.empty() || !uri.starts_with(base) || uri.size() <= base.size() + 1 ||
      uri[base.size()] != '/') {
    return std::nullopt;
  }
  return uri.substr(base.size() + 1);
}

std::string repository_of(const crypto::FulcioClaims& claims) {
  const std::string& uri = claims.source_repository_uri;
  if (uri.empty()) {
    return is_github(claims.issuer) ? claims.github_repository : std::string();
  }
  const std::string_view host = is_github(claims.issuer) ? kGitHub : claims.issuer;
  return std::string(below(host, uri).value_or(uri));
}

std::string ref_of(const crypto::FulcioClaims& claims) {
  if (!claims.source_repository_ref.empty()) {
    return claims.source_repository_ref;
  }
  return is_github(claims.issuer) ? claims.github_ref : std::string();
}

// within cuts REPOSITORY/PATH@REF down to PATH; empty where it is of another repository or ref, for
// then it is another file than the repository has at that ref.
std::string within(std::string_view repository_uri, std::string_view ref, std::string_view uri) {
  const std::optional<std::string_view> path = below(repository_uri, uri);
  if (!path || ref.empty()) {
    return {};
  }
  const std::size_t at = path->find('@');
  if (at == std::string_view::npos || path->substr(at + 1) != ref) {
    return {};
  }
  return std::string(path->substr(0, at));
}

std::string workflow_of(const CertificateIdentity& identity) {
  const crypto::FulcioClaims& claims = identity.claims;
  if (identity.subject.kind != crypto::SubjectNameKind::Uri) {
    return {};  // a person, whatever the claims say
  }
  if (!claims.build_config_uri.empty()) {
    return within(claims.source_repository_uri, claims.source_repository_ref,
                  claims.build_config_uri);
  }
  if (is_github(claims.issuer) && !claims.github_repository.empty()) {
    return within(std::string(kGitHub) + "/" + claims.github_repository, claims.github_ref,
                  identity.subject.value);
  }
  return {};
}

// Whoever writes a source repository writes the build signer, too: without it nothing explains a
// workflow of another repository.
bool is_unexplained(const CertificateIdentity& identity) {
  const crypto::FulcioClaims& claims = identity.claims;
  return is_github(claims.issuer) && identity.subject.kind == crypto::SubjectNameKind::Uri &&
         claims.build_signer_uri.empty() && !claims.source_repository_uri.empty() &&
         !below(claims.source_repository_uri, identity.subject.value);
}

std::expected<void, Rejection> check_subject(const CertificateIdentity& identity) {
  const crypto::FulcioClaims& claims = identity.claims;
  const std::string signer = build_signer_of(identity);
  if (!signer.empty() && !is_name_of(identity.subject.value, signer)) {
    return contradiction("subject", identity.subject.value, "build signer URI", signer);
  }
  if (is_unexplained(identity)) {
    return contradiction("subject", identity.subject.value, "source repository URI",
                         claims.source_repository_uri);
  }
  return {};
}

// GitHub servers of one's own have issuers that say nothing of the repositories' host.
bool is_repository(const crypto::FulcioClaims& claims, const std::string& name) {
  return repository_of(claims) == name ||
         (!is_github(claims.issuer) && claims.source_repository_uri.starts_with("https://") &&
          claims.source_repository_uri.ends_with("/" + name));
}

}  // namespace

bool is_name_of(std::string_view name, std::string_view uri) {
  for (const char c : uri) {
    const bool escaped = !name.starts_with(c) && name.starts_with(escape_of(c));
    if (!escaped && !name.starts_with(c)) {
      return false;
    }
    name.remove_prefix(escaped ? 3 : 1);
  }
  return name.empty();
}

std::expected<void, Rejection> check_agreement(const CertificateIdentity& identity) {
  NONO_CHECK(check_subject(identity));
  const crypto::FulcioClaims& claims = identity.claims;
  const std::string& repository = claims.github_repository;
  if (!repository.empty() && !claims.source_repository_uri.empty() &&
      !is_repository(claims, repository)) {
    return contradiction("repository", repository, "source repository URI",
                         claims.source_repository_uri);
  }
  if (!claims.github_ref.empty() && !claims.source_repository_ref.empty() &&
      claims.github_ref != claims.source_repository_ref) {
    return contradiction("ref", claims.github_ref, "source repository ref",
                         claims.source_repository_ref);
  }
  return {};
}

KeylessSigner keyless_signer(const CertificateIdentity& identity) {
  return KeylessSigner{.issuer = identity.issuer(),
                       .subject = identity.subject.value,
                       .repository = repository_of(identity.claims),
                       .workflow = workflow_of(identity),
                       .ref = ref_of(identity.claims),
                       .build_signer_uri = build_signer_of(identity)};
}

}  // namespace nono::attest
