// attest/client_trust_config.h: a trusted root and a signing configuration in one file: all that a
// client needs to know of one Sigstore instance (protobuf-specs sigstore_trustroot.proto,
// ClientTrustConfig v0.1). Trusted by where it comes from; both parts are read as if they were
// files of their own, and both must be there.
#pragma once

#include <string_view>
#include <utility>

#include "attest/signing_config.h"
#include "attest/trusted_root.h"
#include "base/result.h"

namespace nono::attest {

class ClientTrustConfig {
 public:
  // parse names the JSON pointer of what is wrong: InvalidInput; another media type, here or in a
  // part, is Unsupported.
  static Result<ClientTrustConfig> parse(std::string_view text);

  const TrustedRoot& trusted_root() const { return root_; }
  const SigningConfig& signing_config() const { return config_; }

 private:
  ClientTrustConfig(TrustedRoot root, SigningConfig config)
      : root_(std::move(root)), config_(std::move(config)) {}
  TrustedRoot root_;
  SigningConfig config_;
};

}  // namespace nono::attest
