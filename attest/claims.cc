// attest/claims.cc: statement version, predicate type and predicate.
#include "attest/claims.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nono::attest {

namespace {

constexpr std::int64_t kPredicateVersion = 1;

bool serves(std::string_view type, Purpose purpose) {
  switch (purpose) {
    case Purpose::InstructionFile:
      return type == kInstructionFileV1 || type == kMultiFileV1;
    case Purpose::TrustPolicy:
      return type == kTrustPolicyV1;
  }
  return false;
}

std::unexpected<Rejection> wrong_type(std::string_view type, Purpose purpose) {
  return reject(Reason::WrongPredicateType,
                "the statement is a \"" + std::string(type) + "\", which does not vouch for " +
                    (purpose == Purpose::TrustPolicy ? "a trust policy" : "an instruction file"));
}

std::unexpected<Rejection> malformed(const Error& error) {
  return reject(Reason::MalformedBundle, "the predicate is malformed: " + error.message());
}

// Upstream writes where the signer keeps the key: that names nobody, and is no contradiction.
bool is_location(std::string_view key_id) {
  return key_id.starts_with("file://") || key_id.starts_with("keystore://");
}

// SignerClaim is what a predicate says of its signer: never evidence, but it must not be wrong.
struct SignerClaim {
  std::string kind;  // empty: nothing is said
  std::string key_id;
  std::vector<std::pair<std::string_view, std::string>> fields;  // keyless
};
struct Predicate {
  SignerClaim signer;
  Names names;
};
constexpr std::array<std::string_view, 6> kKeylessFields{"issuer",   "subject", "repository",
                                                         "workflow", "ref",     "workflow_ref"};

Result<std::optional<std::string>> maybe_string(const JsonView& view, std::string_view key) {
  NONO_TRY(const std::optional<JsonView> member, view.maybe(key));
  if (!member) {
    return std::optional<std::string>();
  }
  NONO_TRY(std::string text, member->string());
  return std::optional(std::move(text));
}

Result<std::int64_t> read_version(const JsonView& view) {
  NONO_TRY(const JsonView version, view.at("version"));
  return version.integer();
}

Result<SignerClaim> read_signer(const JsonView& signer) {
  SignerClaim claim;
  NONO_TRY(const JsonView kind, signer.at("kind"));
  NONO_TRY(claim.kind, kind.nonempty_string());
  if (claim.kind == "keyed") {
    NONO_TRY(const JsonView key_id, signer.at("key_id"));
    NONO_TRY(claim.key_id, key_id.nonempty_string());
  }
  for (const std::string_view field : kKeylessFields) {
    NONO_TRY(std::optional<std::string> text, maybe_string(signer, field));
    if (text) {
      claim.fields.emplace_back(field, *std::move(text));
    }
  }
  return claim;
}

Result<Predicate> read(const JsonView& view, bool keyless) {
  Predicate predicate;
  NONO_TRY(const std::optional<JsonView> signer, view.maybe("signer"));
  if (signer || !keyless) {
    NONO_TRY(const JsonView present, view.at("signer"));
    NONO_TRY(predicate.signer, read_signer(present));
  }
  NONO_TRY(predicate.names.path, maybe_string(view, "path"));
  NONO_TRY(predicate.names.directory, maybe_string(view, "directory"));
  return predicate;
}

using Agreed = std::expected<void, Rejection>;

std::unexpected<Rejection> another_kind(const std::string& kind, std::string_view what) {
  return reject(Reason::IdentityMismatch, "the statement says that its signer is \"" + kind +
                                              "\", and a " + std::string(what) + " signed it");
}

Agreed agree_on_key(const SignerClaim& claim, const Signatory& signatory) {
  if (claim.kind != "keyed") {
    return another_kind(claim.kind, "key");
  }
  if (!signatory.is_called(claim.key_id) && !is_location(claim.key_id)) {
    return reject(Reason::IdentityMismatch,
                  "the statement names the key \"" + claim.key_id + "\", and another signed it");
  }
  return {};
}

std::string verified_value(const KeylessSigner& signer, std::string_view field) {
  if (field == "workflow_ref") {
    return signer.workflow + "@" + signer.ref;
  }
  const std::array<const std::string*, 5> values{&signer.issuer, &signer.subject,
                                                 &signer.repository, &signer.workflow, &signer.ref};
  const auto found = std::ranges::find(kKeylessFields, field);
  return *values.at(static_cast<std::size_t>(found - kKeylessFields.begin()));
}

std::string contradicted(std::string_view field, std::string_view said, std::string_view verified) {
  std::string detail("the statement says that the signer's ");
  detail.append(field).append(" is \"").append(said);
  detail.append("\", and the certificate says \"").append(verified).append("\"");
  return detail;
}

Agreed agree_on_certificate(const SignerClaim& claim, const KeylessSigner& signer) {
  if (!claim.kind.empty() && claim.kind != "keyless") {
    return another_kind(claim.kind, "certificate");
  }
  for (const auto& [field, said] : claim.fields) {
    if (const std::string verified = verified_value(signer, field); said != verified) {
      return reject(Reason::IdentityMismatch, contradicted(field, said, verified));
    }
  }
  return {};
}

Bound weigh_own(const Specimen& specimen, const Evidence& evidence, Purpose purpose,
                const dsse::Statement& statement, const Signatory& signatory) {
  if (statement.type() != dsse::kStatementV1) {
    return reject(Reason::UnsupportedVersion, "nono's predicates stand in a statement of type " +
                                                  std::string(dsse::kStatementV1) +
                                                  ", this one is " + statement.type());
  }
  if (evidence.multi && !names_file(specimen, evidence, statement)) {
    return reject(Reason::NoBundle, "the bundle does not name this file");
  }
  if (!serves(statement.predicate_type(), purpose)) {
    return wrong_type(statement.predicate_type(), purpose);
  }
  NONO_TRY(const Names names, read_predicate(statement.predicate(), signatory));
  return statement.predicate_type() == kMultiFileV1
             ? bind_multi(specimen, evidence, statement, names)
             : bind_single(specimen, statement, names);
}

}  // namespace

Bound weigh_statement(const Specimen& specimen, const Evidence& evidence, Purpose purpose,
                      const dsse::Statement& statement, const Signatory& signatory) {
  const std::string& type = statement.predicate_type();
  if (is_own_type(type)) {
    return weigh_own(specimen, evidence, purpose, statement, signatory);
  }
  const bool allowed =
      purpose == Purpose::InstructionFile && type != kMessageSignature && signatory.may_make(type);
  if (!allowed) {
    return wrong_type(type, purpose);
  }
  return bind_foreign(specimen, statement);
}

std::expected<Names, Rejection> read_predicate(const Json& predicate, const Signatory& signatory) {
  const JsonView view(predicate);
  const Result<std::int64_t> version = read_version(view);
  if (!version) {
    return malformed(version.error());
  }
  if (*version != kPredicateVersion) {
    return reject(Reason::UnsupportedVersion, "/predicate/version is " + std::to_string(*version) +
                                                  "; this version of nono reads 1");
  }
  const KeylessSigner* const keyless = signatory.keyless();
  Result<Predicate> read_back = read(view, keyless != nullptr);
  if (!read_back) {
    return malformed(read_back.error());
  }
  NONO_CHECK(keyless != nullptr ? agree_on_certificate(read_back->signer, *keyless)
                                : agree_on_key(read_back->signer, signatory));
  return std::move(read_back->names);
}

}  // namespace nono::attest
