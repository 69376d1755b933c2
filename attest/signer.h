// attest/signer.h: writes bundles with a plain key. The bundle is verified with the project's own
// Verifier before it is returned: what nono cannot accept, nono does not write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/evidence.h"
#include "attest/predicate.h"
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

// sign_one returns the text of `<file>.bundle` (Sigstore bundle v0.3, DSSE, in-toto Statement v1).
Result<std::string> sign_one(const crypto::PrivateKey& key, const SigningTarget& target,
                             Purpose purpose);
// sign_many returns the text of `.nono-trust.bundle` for `directory` (absolute): one statement
// whose subject names are relative to that directory. Every target must lie beneath it.
Result<std::string> sign_many(const crypto::PrivateKey& key, const std::string& directory,
                              const std::vector<SigningTarget>& targets);

}  // namespace nono::attest
