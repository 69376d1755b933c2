// attest/signer.h: writes bundles. Each is verified with the project's own Verifier before it is
// returned: what nono cannot accept, nono does not write.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "attest/evidence.h"
#include "attest/predicate.h"
#include "attest/verifier.h"
#include "base/json.h"
#include "base/result.h"
#include "base/sealed_file.h"
#include "crypto/keys.h"

namespace nono::attest {

// SigningTarget is a sealed file and where it stands.
struct SigningTarget {
  const SealedFile* file;
  Place place;
  std::string signed_path;  // goes into the statement: the repository path, or, outside a
                            // repository, the path from the working directory, or the base name
};

// Author is who signs: by a plain key, or under a certificate (engine/keyless_author.h).
class Author {
 public:
  virtual ~Author() = default;
  // claim is the predicate's `signer`; it must not say what the bundle does not prove.
  virtual Json claim() const = 0;
  // bundle signs a statement and returns the text of the whole bundle.
  virtual Result<std::string> bundle(std::string_view statement) const = 0;
  // verifier accepts what this author signs, and nobody else's.
  virtual Verifier verifier() const = 0;
  // at_once is how many threads may call this author at a time; above 1 only where waiting for
  // others is most of the work.
  virtual std::size_t at_once() const { return 1; }
  // finish: nothing more is to be signed, so that what was kept ready for it may end.
  virtual void finish() const {}
};

// KeyAuthor signs with a plain key, which it borrows.
class KeyAuthor final : public Author {
 public:
  explicit KeyAuthor(const crypto::PrivateKey& key) : key_(key) {}
  Json claim() const override;
  Result<std::string> bundle(std::string_view statement) const override;
  Verifier verifier() const override;

 private:
  const crypto::PrivateKey& key_;
};

// check_subject_name refuses what no statement may call its subject: a path that is not relative
// and plain, text that is not UTF-8, control and invisible characters. check_signed_path refuses
// the `signed_path` of a single file, whose subject is its base name alone.
Result<void> check_subject_name(const std::string& name);
Result<void> check_signed_path(const std::string& path);

// sign_one returns the text of `<file>.bundle` (Sigstore bundle v0.3, DSSE, in-toto Statement v1).
Result<std::string> sign_one(const Author& author, const SigningTarget& target, Purpose purpose);
// sign_many returns the text of `.nono-trust.bundle` for `directory` (absolute): one statement
// whose subject names are relative to that directory. Every target must lie beneath it.
Result<std::string> sign_many(const Author& author, const std::string& directory,
                              const std::vector<SigningTarget>& targets);

}  // namespace nono::attest
