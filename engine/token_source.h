// engine/token_source.h: where the identity token of a keyless signature comes from.
#pragma once

#include <optional>
#include <string>

#include "attest/identity_token.h"
#include "base/clock.h"
#include "base/result.h"
#include "engine/ambient_token.h"
#include "engine/service_call.h"
#include "engine/sign_in.h"

namespace nono::engine {

// PersonToAsk is somebody who may sign in; `desk` is borrowed.
struct PersonToAsk {
  std::string issuer;
  std::optional<SignInWay> way;  // said by the user, who then wants it whatever else is there
  SignInDesk* desk = nullptr;
};

struct TokenWish {
  std::optional<std::string> given;  // a JWT, or a file where it begins with @ or holds a slash
  std::string audience = std::string(attest::kTokenAudience);
  std::optional<PersonToAsk> person = std::nullopt;
};

// find_token takes, in this order: what was given; a sign-in where the user said how; a token of
// the machine (ambient_token.h); a sign-in, unless this is a CI. NotFound names all of them; in a
// job that may not ask for tokens, what to allow.
Result<attest::IdentityToken> find_token(const TokenWish& wish, const Ambient& ambient,
                                         const ServiceCaller& caller, const Clock& clock);

}  // namespace nono::engine
