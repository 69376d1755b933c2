// attest/subject.h: is a signed statement about this file? Internal to attest/.
//
// The statement comes from a payload whose signature was good. What it says is compared with the
// sealed bytes and with where the file stands; a statement about other bytes or another name is
// SubjectMismatch. docs/format-bundle.md has the rules in a table.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "attest/artifact.h"
#include "attest/evidence.h"
#include "attest/rejection.h"
#include "attest/verifier.h"
#include "dsse/statement.h"

namespace nono::attest {

// Specimen is the file under examination; everything is borrowed.
struct Specimen {
  const Artifact& artifact;  // with its contents
  const Place& place;
};

// Names are the optional fields of our own in a predicate by which a statement names its place.
struct Names {
  std::optional<std::string> path;       // single file: its repository path
  std::optional<std::string> directory;  // several: the repository path of the bundle's directory
};

using Bound = std::expected<NameBinding, Rejection>;

// bind_single compares a statement of exactly one subject: instruction-file/v1, trust-policy/v1.
Bound bind_single(const Specimen& specimen, const dsse::Statement& statement, const Names& names);
// bind_multi looks the file up by its path from the bundle's directory: multi-file/v1.
Bound bind_multi(const Specimen& specimen, const Evidence& evidence,
                 const dsse::Statement& statement, const Names& names);
// bind_foreign finds the subject by digest alone: predicate types of others.
Bound bind_foreign(const Specimen& specimen, const dsse::Statement& statement);

// names_file reports whether a statement found as .nono-trust.bundle speaks of the file at all.
bool names_file(const Specimen& specimen, const Evidence& evidence,
                const dsse::Statement& statement);

// is_plain_relative reports whether `path` is relative and made of names only: no empty, "." or
// ".." component, no NUL.
bool is_plain_relative(std::string_view path);
// ends_in reports whether absolute `path` ends, by whole components, in the relative `tail`.
bool ends_in(std::string_view path, std::string_view tail);

}  // namespace nono::attest
