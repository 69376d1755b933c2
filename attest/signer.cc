// attest/signer.cc: statements, and bundles made with a plain key.
#include "attest/signer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "attest/bundle.h"
#include "attest/keyring.h"
#include "attest/subject.h"
#include "attest/verifier.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/head_start.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"

namespace nono::attest {

namespace {

std::string_view type_for(Purpose purpose) {
  switch (purpose) {
    case Purpose::InstructionFile:
      return kInstructionFileV1;
    case Purpose::TrustPolicy:
      return kTrustPolicyV1;
  }
  return {};
}

Json predicate_of(const Author& author) {
  return Json(Json::Object{{"version", 1}, {"signer", author.claim()}});
}

// What nono cannot accept, nono does not write.
Result<void> check_product(const Author& author, const SigningTarget& target,
                           const Evidence& product, Purpose purpose) {
  NONO_TRY(SealedFile copy, target.file->clone());
  crypto::HeadStart head_start;
  NONO_TRY(const Examined examined,
           author.verifier()
               .with(&head_start)
               .examine(std::move(copy), target.place, std::span(&product, 1), purpose));
  if (!examined.finding()) {
    const Rejection& rejection = examined.finding().error();
    return fail(ErrorKind::Internal, "the new bundle does not verify (" +
                                         std::string(code(rejection.reason)) +
                                         "): " + rejection.detail);
  }
  return {};
}

// Paths go into JSON, and names onto terminals as well: what a verifier would refuse is refused
// before signing.
Result<void> check_path(const std::string& path) {
  if (!is_plain_relative(path)) {
    return fail(ErrorKind::InvalidInput,
                "\"" + path + "\" cannot be signed: the path must be relative and plain");
  }
  if (!is_utf8(path)) {
    return std::unexpected(
        Error(ErrorKind::InvalidInput, "\"" + path + "\" cannot be signed: its name is not UTF-8")
            .mend_with(is_utf8(base_name(path)) ? "rename the directory" : "rename the file"));
  }
  return {};
}

Result<void> check_stands(const SigningTarget& target) {
  NONO_CHECK(check_signed_path(target.signed_path));
  const Place& place = target.place;
  const bool here = place.repository_root.empty() ? ends_in(place.path, target.signed_path)
                                                  : target.signed_path == place.repository_path;
  if (!here) {
    return fail(ErrorKind::InvalidInput,
                "\"" + target.signed_path + "\" is not where " + place.path + " stands");
  }
  return {};
}

Result<dsse::NamedDigest> named_digest(const SigningTarget& target, std::string name) {
  NONO_TRY(const crypto::Sha256 digest, crypto::Sha256::of(*target.file));
  return dsse::NamedDigest{std::move(name), digest};
}

// subjects_below names every target by its path from `directory`, sorted.
Result<std::vector<dsse::NamedDigest>> subjects_below(const std::string& directory,
                                                      const std::vector<SigningTarget>& targets) {
  std::vector<dsse::NamedDigest> subjects;
  std::set<std::string> names;
  for (const SigningTarget& target : targets) {
    if (!beneath(directory, target.place.path)) {
      return fail(ErrorKind::InvalidInput, target.place.path + " does not lie in " + directory);
    }
    std::string name = relative_to(directory, target.place.path);
    NONO_CHECK(check_subject_name(name));
    if (!names.insert(name).second) {
      return fail(ErrorKind::InvalidInput, target.place.path + " is to be signed twice");
    }
    NONO_TRY(dsse::NamedDigest subject, named_digest(target, std::move(name)));
    subjects.push_back(std::move(subject));
  }
  std::ranges::sort(subjects, {}, &dsse::NamedDigest::name);
  return subjects;
}

// One bundle speaks for one repository: its directory is named from that root.
Result<std::string> common_root(const std::string& directory,
                                const std::vector<SigningTarget>& targets) {
  if (targets.empty()) {
    return fail(ErrorKind::InvalidInput, "there is no file to sign");
  }
  if (targets.size() > dsse::Statement::kMaxSubjects) {
    return fail(ErrorKind::Exhausted, "one bundle can name " +
                                          std::to_string(dsse::Statement::kMaxSubjects) +
                                          " files, not " + std::to_string(targets.size()));
  }
  const std::string& root = targets.front().place.repository_root;
  for (const SigningTarget& target : targets) {
    if (target.place.repository_root != root) {
      return fail(
          ErrorKind::InvalidInput,
          target.place.path + " and " + targets.front().place.path + " are not of one repository");
    }
  }
  if (!root.empty() && !beneath(root, directory)) {
    return fail(ErrorKind::InvalidInput, directory + " lies outside the repository " + root);
  }
  return root;
}

}  // namespace

Result<void> check_subject_name(const std::string& name) {
  NONO_CHECK(check_path(name));
  if (const std::string_view fault = dsse::fault_in_name(name); !fault.empty()) {
    return std::unexpected(
        Error(ErrorKind::InvalidInput,
              "\"" + name + "\" cannot be signed: its name " + std::string(fault))
            .mend_with("rename the file"));
  }
  return {};
}

Result<void> check_signed_path(const std::string& path) {
  NONO_CHECK(check_path(path));
  return check_subject_name(std::string(base_name(path)));
}

Json KeyAuthor::claim() const {
  return Json(Json::Object{{"kind", "keyed"}, {"key_id", key_.public_key().fingerprint().hex()}});
}

Result<std::string> KeyAuthor::bundle(std::string_view statement) const {
  NONO_TRY(Json envelope, dsse::seal(key_, dsse::kInTotoPayloadType, statement));
  Json hint(Json::Object{{"hint", key_.public_key().fingerprint().hex()}});
  Json material(Json::Object{{"publicKey", std::move(hint)},
                             {"tlogEntries", Json::Array{}},
                             {"timestampVerificationData", Json::Object{}}});
  const Json bundle(Json::Object{{"mediaType", kBundleV03},
                                 {"verificationMaterial", std::move(material)},
                                 {"dsseEnvelope", std::move(envelope)}});
  return bundle.pretty();
}

Verifier KeyAuthor::verifier() const {
  auto keys = std::make_shared<Keyring>();
  keys->add(KeyringEntry{
      .key = key_.public_key(), .alias = {}, .key_id = {}, .extra_predicate_types = {}});
  return Verifier(std::move(keys));
}

Result<std::string> sign_one(const Author& author, const SigningTarget& target, Purpose purpose) {
  NONO_CHECK(check_stands(target));
  NONO_TRY(const dsse::NamedDigest subject,
           named_digest(target, std::string(base_name(target.signed_path))));
  Json predicate = predicate_of(author);
  predicate.set("path", target.signed_path);
  NONO_TRY(std::string text,
           author.bundle(dsse::statement_text({subject}, type_for(purpose), predicate)));
  const Evidence product{.bundle_text = text,
                         .bundle_path = target.place.path + std::string(kSidecarSuffix),
                         .multi = false};
  NONO_CHECK(check_product(author, target, product, purpose));
  return text;
}

Result<std::string> sign_many(const Author& author, const std::string& directory,
                              const std::vector<SigningTarget>& targets) {
  NONO_TRY(const std::string root, common_root(directory, targets));
  NONO_TRY(const std::vector<dsse::NamedDigest> subjects, subjects_below(directory, targets));
  Json predicate = predicate_of(author);
  if (!root.empty()) {
    predicate.set("directory", relative_to(root, directory));
  }
  NONO_TRY(std::string text,
           author.bundle(dsse::statement_text(subjects, kMultiFileV1, predicate)));
  const Evidence product{
      .bundle_text = text, .bundle_path = join_path(directory, kMultiBundleName), .multi = true};
  for (const SigningTarget& target : targets) {
    NONO_CHECK(check_product(author, target, product, Purpose::InstructionFile));
  }
  return text;
}

}  // namespace nono::attest
