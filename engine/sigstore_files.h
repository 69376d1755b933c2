// engine/sigstore_files.h: the files that describe a Sigstore instance, read and named in errors.
#pragma once

#include <string>

#include "attest/client_trust_config.h"
#include "attest/signing_config.h"
#include "attest/trusted_root.h"
#include "base/result.h"

namespace nono::engine {

// Each is an Error that begins with the path: not readable, or not such a file.
Result<attest::TrustedRoot> read_trusted_root(const std::string& path);
Result<attest::SigningConfig> read_signing_config(const std::string& path);
Result<attest::ClientTrustConfig> read_trust_config(const std::string& path);

}  // namespace nono::engine
