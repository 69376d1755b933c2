// dsse/statement.h: in-toto Statement v1 and v0.1 (in-toto attestation framework).
//
// A Statement is read from a VerifiedPayload only: its signature was good. That says who claims,
// not that the claim concerns the file at hand; attest/verifier.h compares.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "dsse/envelope.h"

namespace nono::dsse {

inline constexpr std::string_view kStatementV1 = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kStatementV01 = "https://in-toto.io/Statement/v0.1";

struct Subject {
  std::string name;  // printable, no control character; a path only if fault_in_name has no fault
  std::vector<std::pair<std::string, std::string>> digests;  // algorithm, value: see parse
};

// fault_in_name says why a file cannot be called `name` as a subject: "must be relative". Empty
// where it can. It is the rule for what is signed and for the statements that are about files
// (attest/predicate.h); those of others may call their subjects anything printable.
std::string_view fault_in_name(std::string_view name);

class Statement {
 public:
  static constexpr std::size_t kMaxSubjects = 1024;
  static constexpr std::size_t kMaxDigests = 32;

  // parse reads a signed statement strictly: payload type in-toto, `_type` one of the two above,
  // at least one subject with at least one digest, a predicateType, no duplicate keys. Digests of
  // known kinds (sha256, sha384, sha512) are hexadecimal of the right length, of either case, and
  // come out in lower case; other kinds are kept as they are, other members ignored, as the
  // specification asks of readers. A subject may have no name, its `name` is then empty. A failure
  // is InvalidInput with the pointer inside the statement.
  static Result<Statement> parse(const VerifiedPayload& payload);

  const std::string& type() const { return type_; }
  const std::vector<Subject>& subjects() const { return subjects_; }
  const std::string& predicate_type() const { return predicate_type_; }
  const Json& predicate() const { return predicate_; }  // null where absent

 private:
  Statement() = default;
  static Result<Statement> read(const JsonView& root);
  std::string type_;
  std::vector<Subject> subjects_;
  std::string predicate_type_;
  Json predicate_;
};

struct NamedDigest {
  std::string name;
  crypto::Sha256 digest;
};
// statement_text writes a Statement v1 as compact JSON in the order _type, subject, predicateType,
// predicate: the bytes that are signed.
std::string statement_text(const std::vector<NamedDigest>& subjects,
                           std::string_view predicate_type, const Json& predicate);

}  // namespace nono::dsse
