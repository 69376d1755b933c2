// engine/ambient_token.h: identity tokens that a machine has without being asked for a person.
//
// The bearer with which an endpoint is asked, and the token itself, are secrets: no error holds
// either.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"
#include "engine/service_call.h"

namespace nono::engine {

// LookUp reads a variable of the environment; nothing where it is not set or empty.
using LookUp = std::function<std::optional<std::string>(const char* name)>;
LookUp process_environment();

// Ambient is where a machine says what it is; tests say otherwise.
struct Ambient {
  LookUp environment = process_environment();
  // "Google…" on machines of Google's cloud.
  std::string product_file = "/sys/class/dmi/id/product_name";
  // Where Kubernetes projects a service account's token by the convention of Sigstore's clients.
  std::string token_file = "/var/run/sigstore/cosign/oidc-token";
};

// ambient_token takes the first of: SIGSTORE_ID_TOKEN (GitLab's `id_tokens`, and anybody's), the
// token endpoint of a GitHub job, `buildkite-agent` in a Buildkite job, Ambient::token_file, the
// metadata server of Google's cloud (as another service account where GOOGLE_SERVICE_ACCOUNT_NAME
// names one). Nothing: none of them is there. A source that is there and fails is an Error.
Result<std::optional<crypto::Secret>> ambient_token(const Ambient& ambient,
                                                    std::string_view audience,
                                                    const ServiceCaller& caller);

// in_ci reports whether a CI says that it is one: nobody is there to be asked.
bool in_ci(const LookUp& environment);

}  // namespace nono::engine
