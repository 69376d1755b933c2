// dsse/statement.cc: reading a signed statement strictly, and writing one.
#include "dsse/statement.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"

namespace nono::dsse {
namespace {

constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::size_t kMaxAlgorithmBytes = 64;
constexpr std::size_t kMaxTypeBytes = 1024;
constexpr std::size_t kMaxDigestDigits = 256;

struct KnownDigest {
  std::string_view algorithm;
  std::size_t digits;
};
constexpr std::array<KnownDigest, 3> kKnownDigests{{{.algorithm = "sha256", .digits = 64},
                                                    {.algorithm = "sha384", .digits = 96},
                                                    {.algorithm = "sha512", .digits = 128}}};

std::string_view fault_in_text(std::string_view name) {
  if (name.size() > kMaxNameBytes) {
    return "is longer than 4096 bytes";
  }
  if (printable(name) != name) {
    return "must be printable text, without control or invisible characters";
  }
  return {};
}

Result<std::string> read_name(const JsonView& subject) {
  NONO_TRY(const auto view, subject.maybe("name"));
  if (!view) {
    return std::string();
  }
  NONO_TRY(std::string name, view->string());
  if (const std::string_view fault = fault_in_text(name); !fault.empty()) {
    return std::unexpected(view->error(fault));
  }
  return name;
}

// What is no digest of ours is compared with nothing: how it is spelt is its algorithm's business.
Result<std::string> read_digest(std::string_view algorithm, const JsonView& view) {
  const auto* const known = std::ranges::find(kKnownDigests, algorithm, &KnownDigest::algorithm);
  if (known == kKnownDigests.end()) {
    return view.string();
  }
  NONO_TRY(const std::string text, view.nonempty_string(kMaxDigestDigits));
  if (!hex_decode(text)) {
    return std::unexpected(view.error("must be an even number of hexadecimal digits"));
  }
  if (text.size() != known->digits) {
    return std::unexpected(view.error("must have " + std::to_string(known->digits) +
                                      " hexadecimal digits, not " + std::to_string(text.size())));
  }
  return ascii_lower(text);
}

Result<Subject> read_subject(const JsonView& view) {
  Subject subject;
  NONO_TRY(subject.name, read_name(view));
  NONO_TRY(const JsonView digest, view.at("digest"));
  NONO_TRY(const auto members, digest.members(Statement::kMaxDigests));
  if (members.empty()) {
    return std::unexpected(digest.error("must name at least one digest"));
  }
  for (const auto& [algorithm, value] : members) {
    if (algorithm.empty() || algorithm.size() > kMaxAlgorithmBytes) {
      return std::unexpected(value.error("the algorithm's name must have 1 to 64 bytes"));
    }
    NONO_TRY(std::string digits, read_digest(algorithm, value));
    subject.digests.emplace_back(algorithm, std::move(digits));
  }
  return subject;
}

Result<std::vector<Subject>> read_subjects(const JsonView& view) {
  NONO_TRY(const auto elements, view.elements(Statement::kMaxSubjects));
  if (elements.empty()) {
    return std::unexpected(view.error("must name at least one subject"));
  }
  std::vector<Subject> subjects;
  subjects.reserve(elements.size());
  for (const JsonView& element : elements) {
    NONO_TRY(Subject subject, read_subject(element));
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

Result<std::string> read_type(const JsonView& view) {
  NONO_TRY(std::string type, view.string());
  if (type != kStatementV1 && type != kStatementV01) {
    return std::unexpected(view.error("is neither in-toto Statement v1 nor v0.1"));
  }
  return type;
}

Result<Json> read_predicate(const JsonView& statement) {
  NONO_TRY(const auto view, statement.maybe("predicate"));
  if (!view) {
    return Json();
  }
  if (view->json().object() == nullptr) {
    return std::unexpected(view->error("must be an object"));
  }
  return view->json();
}

}  // namespace

std::string_view fault_in_name(std::string_view name) {
  if (const std::string_view fault = fault_in_text(name); !fault.empty()) {
    return fault;
  }
  if (name.starts_with('/')) {
    return "must be relative";
  }
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    const std::string_view component = name.substr(start, end - start);
    if (component == "." || component == "..") {
      return "must not have \".\" or \"..\" as a component";
    }
    start = end + 1;
  }
  return {};
}

Result<Statement> Statement::parse(const VerifiedPayload& payload) {
  if (payload.type() != kInTotoPayloadType) {
    return fail(ErrorKind::InvalidInput,
                "the signed payload is no in-toto statement, but " + printable(payload.type()));
  }
  auto root = Json::parse(payload.text(), kBundleLimits);
  if (!root) {
    return std::unexpected(std::move(root).error().while_doing("the signed statement"));
  }
  auto statement = read(JsonView(*root));
  if (!statement) {
    return std::unexpected(std::move(statement).error().while_doing("the signed statement"));
  }
  return statement;
}

Result<Statement> Statement::read(const JsonView& root) {
  Statement statement;
  NONO_TRY(const JsonView type, root.at("_type"));
  NONO_TRY(statement.type_, read_type(type));
  NONO_TRY(const JsonView subject, root.at("subject"));
  NONO_TRY(statement.subjects_, read_subjects(subject));
  NONO_TRY(const JsonView predicate_type, root.at("predicateType"));
  NONO_TRY(statement.predicate_type_, predicate_type.nonempty_string(kMaxTypeBytes));
  NONO_TRY(statement.predicate_, read_predicate(root));
  return statement;
}

std::string statement_text(const std::vector<NamedDigest>& subjects,
                           std::string_view predicate_type, const Json& predicate) {
  Json::Array subject_list;
  subject_list.reserve(subjects.size());
  for (const NamedDigest& subject : subjects) {
    subject_list.emplace_back(Json::Object{
        {"name", subject.name}, {"digest", Json::Object{{"sha256", subject.digest.hex()}}}});
  }
  return Json(Json::Object{{"_type", kStatementV1},
                           {"subject", std::move(subject_list)},
                           {"predicateType", predicate_type},
                           {"predicate", predicate}})
      .compact();
}

}  // namespace nono::dsse
