// engine/foreign.h: Sigstore bundles that were not made for nono's policies (`cosign sign-blob`,
// `actions/attest`): `trust verify --certificate-identity …`, `trust inspect`. The caller says whom
// to expect; no policy is asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attest/signature_check.h"
#include "base/result.h"
#include "engine/explain.h"

namespace nono::engine {

// Files beyond this size are hashed in pieces, which is enough for keys that sign SHA-256 digests.
inline constexpr std::size_t kMaxArtifactBytes = 256u << 20;

struct ForeignRequest {
  std::string artifact;               // a file, or "sha256:" and 64 digits where none is so named
  std::optional<std::string> bundle;  // else FILE.bundle, FILE.sigstore.json, FILE.sigstore
  std::optional<std::string> trusted_root;  // else `root`
  std::optional<std::string> key;           // a public key file: then no certificate will do
  attest::IdentityPolicy identity;          // subject and issuer, unless there is a key
};

struct ForeignReport {
  std::string artifact;  // as it was given
  std::string sha256;    // hexadecimal
  std::string bundle_path;
  std::expected<attest::Proof, attest::Rejection> finding;
};

// verify_foreign is an Error where what it needs cannot be read (bundle, key, trusted root, file),
// and a report with the finding otherwise.
Result<ForeignReport> verify_foreign(const ForeignRequest& request, const attest::RootSource& root);

// proof_steps tells what was proven, in the order of the checks: "signature", "certificate", "log",
// "time", "sct".
std::vector<Step> proof_steps(const attest::Proof& proof);

// inspect tells what a bundle says, proven or not; an Error where it is not a bundle. Its steps are
// claims: "bundle", "certificate", "log", "timestamp", "message", "statement".
Result<std::vector<Step>> inspect(const std::string& bundle_path);

}  // namespace nono::engine
