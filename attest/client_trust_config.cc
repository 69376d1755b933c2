// attest/client_trust_config.cc: see client_trust_config.h.
#include "attest/client_trust_config.h"

#include <array>

#include "attest/proto_object.h"
#include "base/json.h"

namespace nono::attest {

namespace {

constexpr std::array<std::string_view, 1> kMediaTypes{
    "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"};

}  // namespace

Result<ClientTrustConfig> ClientTrustConfig::parse(std::string_view text) {
  NONO_TRY(const Json document, Json::parse(text, kTrustFileLimits));
  const JsonView view(document);
  NONO_CHECK(read_media_type(view, kMediaTypes, "Sigstore client trust configurations 0.1"));
  NONO_TRY(const ProtoObject object,
           ProtoObject::read(view, {"mediaType", "trustedRoot", "signingConfig"}));
  NONO_TRY(const JsonView root_view, object.at("trustedRoot"));
  NONO_TRY(TrustedRoot root, TrustedRoot::parse(root_view));
  NONO_TRY(const JsonView config_view, object.at("signingConfig"));
  NONO_TRY(SigningConfig config, SigningConfig::parse(config_view));
  return ClientTrustConfig(std::move(root), std::move(config));
}

}  // namespace nono::attest
