// engine/foreign_sign.cc: from a file to a bundle that any Sigstore client verifies.
#include "engine/foreign_sign.h"

#include <sys/stat.h>

#include <utility>

#include "attest/artifact.h"
#include "attest/keyring.h"
#include "attest/signature_check.h"
#include "base/files.h"
#include "engine/foreign.h"

namespace nono::engine {

namespace {

constexpr mode_t kBundleMode = 0644;

// check_product judges the new bundle as everybody will, and who is said to have signed.
Result<void> check_product(const KeylessAuthor& author, const std::string& contents,
                           SignedForm form, const std::string& text) {
  const auto refused = [](const attest::Rejection& rejection) {
    return fail(ErrorKind::Internal, "the new bundle does not verify (" +
                                         std::string(attest::code(rejection.reason)) +
                                         "): " + rejection.detail);
  };
  const auto bundle = attest::Bundle::parse(text);
  if (!bundle) {
    return refused(bundle.error());
  }
  attest::IdentityPolicy signer;
  signer.subject = author.signer().subject;
  signer.issuer = author.signer().issuer;
  const attest::Keyring no_keys;
  const auto proof =
      attest::SignatureCheck(author.root(), no_keys)
          .check(*bundle, attest::Artifact::of_bytes(as_bytes(contents)),
                 {.subjects = form == SignedForm::Message ? attest::SubjectRule::AnySubject
                                                          : attest::SubjectRule::Caller,
                  .by = attest::SignedBy::Certificate,
                  .identity = &signer});
  if (!proof) {
    return refused(proof.error());
  }
  return {};
}

}  // namespace

Result<void> sign_foreign(const KeylessAuthor& author, const std::string& path, SignedForm form,
                          const std::string& bundle_path) {
  NONO_TRY(const std::string contents, read_file(path, kMaxArtifactBytes));
  NONO_TRY(const std::string text,
           form == SignedForm::Message ? author.message_bundle(contents) : author.bundle(contents));
  NONO_CHECK(check_product(author, contents, form, text));
  return replace_file(bundle_path, text, kBundleMode);
}

}  // namespace nono::engine
