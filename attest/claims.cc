// attest/claims.cc: statement version, predicate type and predicate.
#include "attest/claims.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nono::attest {

namespace {

constexpr std::int64_t kPredicateVersion = 1;

bool is_own_type(std::string_view type) {
  return type == kInstructionFileV1 || type == kMultiFileV1 || type == kTrustPolicyV1;
}

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

struct Predicate {
  std::string kind;
  std::string key_id;
  Names names;
};

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

Result<Predicate> read(const JsonView& view) {
  Predicate predicate;
  NONO_TRY(const JsonView signer, view.at("signer"));
  NONO_TRY(const JsonView kind, signer.at("kind"));
  NONO_TRY(predicate.kind, kind.nonempty_string());
  if (predicate.kind == "keyed") {
    NONO_TRY(const JsonView key_id, signer.at("key_id"));
    NONO_TRY(predicate.key_id, key_id.nonempty_string());
  }
  NONO_TRY(predicate.names.path, maybe_string(view, "path"));
  NONO_TRY(predicate.names.directory, maybe_string(view, "directory"));
  return predicate;
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
  Result<Predicate> read_back = read(view);
  if (!read_back) {
    return malformed(read_back.error());
  }
  if (read_back->kind != "keyed") {
    return reject(Reason::IdentityMismatch, "the statement says that its signer is \"" +
                                                read_back->kind + "\", and a key signed it");
  }
  const std::string& key_id = read_back->key_id;
  if (!signatory.is_called(key_id) && !is_location(key_id)) {
    return reject(Reason::IdentityMismatch,
                  "the statement names the key \"" + key_id + "\", and another signed it");
  }
  return std::move(read_back->names);
}

}  // namespace nono::attest
