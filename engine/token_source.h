// engine/token_source.h: where the identity token of a keyless signature comes from.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "attest/identity_token.h"
#include "base/clock.h"
#include "base/result.h"
#include "engine/service_call.h"

namespace nono::engine {

// LookUp reads a variable of the environment; nothing where it is not set or empty.
using LookUp = std::function<std::optional<std::string>(const char* name)>;
LookUp process_environment();

// find_token takes, in this order: `given` (a JWT, or a file where it begins with @ or holds a
// slash), SIGSTORE_ID_TOKEN (GitLab's `id_tokens`, and anybody's), and the token endpoint of GitHub
// Actions. NotFound names all of them; in a GitHub job that may not ask for tokens, the permission.
Result<attest::IdentityToken> find_token(const std::optional<std::string>& given,
                                         const LookUp& environment, const ServiceCaller& caller,
                                         const Clock& clock);

}  // namespace nono::engine
