// engine/sign.h: signs files and puts the bundles where the verifier looks.
//
// What is signed is the sealed copy of the file that was read, at its resolved path; the bundle is
// put in place atomically. Every bundle is made and verified before the first is written, and all
// are on disk before the first is put in place, so that a file that cannot be signed, a service
// that does not answer or a bundle that cannot be written leaves all as it was.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "attest/signer.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "engine/scan.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

struct SignedFile {
  std::string path;  // absolute, resolved
  std::string bundle_path;
  crypto::Sha256 digest;
};
using OnSigned = std::function<void(const SignedFile&)>;
// OnMade hears how many bundles are made; by one thread at a time, but by any.
using OnMade = std::function<void(std::size_t made)>;

// check_signable looks at every file, its name, and the place of its bundle, without writing
// anything: what sign_each would refuse. It returns the resolved paths in the order of the files,
// each once: a file named twice is signed, and told to a public log, once.
// check_signable_together does so for sign_together.
Result<std::vector<std::string>> check_signable(const std::vector<std::string>& files,
                                                const std::string& working_directory);
Result<std::vector<std::string>> check_signable_together(const std::string& directory,
                                                         const std::vector<std::string>& files);

// sign_each makes as many bundles at a time as the author allows, then writes `<file>.bundle`
// beside each of `files` (absolute). `working_directory` gives a file outside a repository its
// signed path. `on_signed` is called after each bundle is in place. A bundle, a trust policy,
// anything but a regular file of at most 1 MiB is refused.
Result<void> sign_each(const attest::Author& author, const std::vector<std::string>& files,
                       const std::string& working_directory, const OnSigned& on_signed,
                       const OnMade& on_made = {});

// sign_together writes one `.nono-trust.bundle` into `directory` (absolute) for all of `files`,
// which must lie beneath it and, so that the bundle is found for them, in the same repository or
// beneath the trust-policy.json there; a file outside both is refused.
Result<std::vector<SignedFile>> sign_together(const attest::Author& author,
                                              const std::string& directory,
                                              const std::vector<std::string>& files);

// check_policy reports, as sign_policy would, whether `path` is a policy that can be signed.
Result<void> check_policy(const std::string& path);

// sign_policy signs a trust policy (any file name) for that purpose; one that does not parse is
// refused with its JSON pointer.
Result<SignedFile> sign_policy(const attest::Author& author, const std::string& path,
                               const std::string& working_directory);

// FilesToSign is what `sign --all` finds: the resolved files, the links among them that lead out of
// the tree and are left alone, and what cannot be signed for its name or size, as a link to nowhere
// or as no file at all: one such thing, which anybody may have put there, does not keep the others
// unsigned.
struct FilesToSign {
  std::vector<std::string> files;
  std::vector<std::string> left_alone;
  std::vector<Error> unsignable;
};
enum class Bundling : unsigned char { Each, Together };
// guarded_files lists every guarded file beneath `root` (absolute), which is the working directory.
// A tree that could not be seen whole is an Error.
Result<FilesToSign> guarded_files(const trustpolicy::Policy& policy, const std::string& root,
                                  Bundling bundling, const ScanLimits& limits,
                                  const Progress& progress);

}  // namespace nono::engine
