// attest/subject.cc: digests and names of a statement against a file.
#include "attest/subject.h"

#include <algorithm>
#include <set>
#include <utility>

#include "attest/artifact.h"
#include "base/files.h"

namespace nono::attest {

namespace {

std::expected<void, Rejection> check_digest(const Specimen& specimen,
                                            const dsse::Subject& subject) {
  switch (weigh_digests(specimen.artifact, subject)) {
    case DigestVerdict::Mismatch:
      return reject(Reason::SubjectMismatch,
                    "\"" + subject.name + "\" was signed with other contents");
    case DigestVerdict::NothingKnown:
      return reject(Reason::UnsupportedAlgorithm,
                    "the statement gives no sha256 digest of \"" + subject.name + "\"");
    case DigestVerdict::Match:
      break;
  }
  const bool has_sha256 = std::ranges::any_of(
      subject.digests, [](const auto& digest) { return digest.first == "sha256"; });
  if (!has_sha256) {
    return reject(Reason::SubjectMismatch,
                  "the statement gives no sha256 digest of \"" + subject.name + "\"");
  }
  return {};
}

std::string bundle_directory(const Evidence& evidence) {
  return std::string(directory_name(evidence.bundle_path));
}

// path_from_bundle is how a bundle with several subjects names the file; nothing where the file
// does not lie beneath the bundle's directory.
std::optional<std::string> path_from_bundle(const Specimen& specimen, const Evidence& evidence) {
  const std::string directory = bundle_directory(evidence);
  if (!beneath(directory, specimen.place.path)) {
    return std::nullopt;
  }
  return relative_to(directory, specimen.place.path);
}

const dsse::Subject* find_subject(const dsse::Statement& statement, std::string_view name) {
  const auto found = std::ranges::find(statement.subjects(), name, &dsse::Subject::name);
  return found == statement.subjects().end() ? nullptr : &*found;
}

const std::string* duplicate_name(const dsse::Statement& statement) {
  std::set<std::string_view> seen;
  for (const dsse::Subject& subject : statement.subjects()) {
    if (!seen.insert(subject.name).second) {
      return &subject.name;
    }
  }
  return nullptr;
}

Bound bind_by_path(const Specimen& specimen, const dsse::Subject& subject,
                   const std::string& path) {
  if (!is_plain_relative(path) || subject.name != base_name(path)) {
    return reject(Reason::SubjectMismatch, "/predicate/path is \"" + path +
                                               "\", which is not a path of the subject \"" +
                                               subject.name + "\"");
  }
  const Place& place = specimen.place;
  const bool in_repository = !place.repository_root.empty();
  const bool here = in_repository ? path == place.repository_path : ends_in(place.path, path);
  if (!here) {
    return reject(Reason::SubjectMismatch,
                  "it was signed as \"" + path + "\" and stands at \"" +
                      (in_repository ? place.repository_path : place.path) + "\"");
  }
  // Outside a repository only the end of the path is bound: it could be replayed elsewhere.
  return in_repository ? NameBinding::Path : NameBinding::BasenameOnly;
}

Bound bind_by_directory(const Specimen& specimen, const Evidence& evidence,
                        const std::string& signed_directory) {
  const Place& place = specimen.place;
  const std::string directory = bundle_directory(evidence);
  if (!signed_directory.empty() && !is_plain_relative(signed_directory)) {
    return reject(Reason::SubjectMismatch,
                  "/predicate/directory is \"" + signed_directory + "\", which is no plain path");
  }
  const bool in_repository = !place.repository_root.empty();
  const bool here = in_repository
                        ? beneath(place.repository_root, directory) &&
                              relative_to(place.repository_root, directory) == signed_directory
                        : signed_directory.empty() || ends_in(directory, signed_directory);
  if (!here) {
    return reject(Reason::SubjectMismatch, "the bundle was signed for the directory \"" +
                                               signed_directory + "\" and lies in \"" + directory +
                                               "\"");
  }
  return in_repository ? NameBinding::Path : NameBinding::BundlePath;
}

}  // namespace

bool is_plain_relative(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) {
    return false;
  }
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") {
      return false;
    }
    if (slash == std::string_view::npos) {
      return true;
    }
    path.remove_prefix(slash + 1);
  }
}

bool ends_in(std::string_view path, std::string_view tail) {
  if (tail.empty() || !path.ends_with(tail)) {
    return false;
  }
  path.remove_suffix(tail.size());
  return path.ends_with('/');
}

bool names_file(const Specimen& specimen, const Evidence& evidence,
                const dsse::Statement& statement) {
  const std::optional<std::string> path = path_from_bundle(specimen, evidence);
  return path && find_subject(statement, *path) != nullptr;
}

Bound bind_single(const Specimen& specimen, const dsse::Statement& statement, const Names& names) {
  if (statement.subjects().size() != 1) {
    return reject(Reason::SubjectMismatch, "a statement about one file has " +
                                               std::to_string(statement.subjects().size()) +
                                               " subjects");
  }
  const dsse::Subject& subject = statement.subjects().front();
  Bound binding = NameBinding::BasenameOnly;
  if (names.path) {
    binding = bind_by_path(specimen, subject, *names.path);
  } else if (subject.name != base_name(specimen.place.path)) {
    binding = reject(Reason::SubjectMismatch,
                     "it was signed as \"" + subject.name + "\" and is called \"" +
                         std::string(base_name(specimen.place.path)) + "\"");
  }
  if (!binding) {
    return binding;
  }
  NONO_CHECK(check_digest(specimen, subject));
  return binding;
}

Bound bind_multi(const Specimen& specimen, const Evidence& evidence,
                 const dsse::Statement& statement, const Names& names) {
  if (const std::string* name = duplicate_name(statement)) {
    return reject(Reason::MalformedBundle, "the statement names \"" + *name + "\" twice");
  }
  const std::optional<std::string> path = path_from_bundle(specimen, evidence);
  const dsse::Subject* subject = path ? find_subject(statement, *path) : nullptr;
  if (subject == nullptr) {
    return reject(Reason::SubjectMismatch,
                  "no subject is \"" + path.value_or(specimen.place.path) + "\"");
  }
  Bound binding = NameBinding::BundlePath;
  if (names.directory) {
    binding = bind_by_directory(specimen, evidence, *names.directory);
  }
  if (!binding) {
    return binding;
  }
  NONO_CHECK(check_digest(specimen, *subject));
  return binding;
}

Bound bind_foreign(const Specimen& specimen, const dsse::Statement& statement) {
  if (!names(statement, specimen.artifact)) {
    return reject(Reason::SubjectMismatch, "no subject of the statement has this file's digest");
  }
  return NameBinding::DigestOnly;
}

}  // namespace nono::attest
