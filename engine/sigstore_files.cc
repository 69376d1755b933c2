// engine/sigstore_files.cc: reading trusted roots and signing configurations.
#include "engine/sigstore_files.h"

#include <utility>

#include "base/files.h"
#include "base/json.h"

namespace nono::engine {

namespace {

template <typename T>
Result<T> read_as(const std::string& path) {
  NONO_TRY(const std::string text, read_file(path, kPolicyLimits.bytes));
  Result<T> parsed = T::parse(text);
  if (!parsed) {
    return std::unexpected(std::move(parsed).error().while_doing(path));
  }
  return parsed;
}

}  // namespace

Result<attest::TrustedRoot> read_trusted_root(const std::string& path) {
  return read_as<attest::TrustedRoot>(path);
}

Result<attest::SigningConfig> read_signing_config(const std::string& path) {
  return read_as<attest::SigningConfig>(path);
}

Result<attest::ClientTrustConfig> read_trust_config(const std::string& path) {
  return read_as<attest::ClientTrustConfig>(path);
}

}  // namespace nono::engine
