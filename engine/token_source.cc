// engine/token_source.cc: option, machine, person.
#include "engine/token_source.h"

#include <utility>

#include "base/files.h"

namespace nono::engine {

namespace {

Result<crypto::Secret> read_token_file(const std::string& path) {
  NONO_TRY(std::string text, read_file(path, attest::kMaxTokenBytes));
  return crypto::Secret::take(text);
}

// A JWT holds no slash: its base64 is that of URLs.
Result<crypto::Secret> given_token(std::string given) {
  if (given.starts_with('@')) {
    return read_token_file(given.substr(1));
  }
  if (given.contains('/')) {
    return read_token_file(given);
  }
  return crypto::Secret::take(given);
}

std::unexpected<Error> no_token(const LookUp& environment) {
  if (environment("GITHUB_ACTIONS") == "true") {
    return std::unexpected(
        Error(ErrorKind::NotFound, "this GitHub job may not ask for an identity token")
            .mend_with("give the job `permissions: id-token: write` (docs/ci.md)"));
  }
  if (environment("GITLAB_CI") == "true") {
    return std::unexpected(
        Error(ErrorKind::NotFound, "this GitLab job has no identity token")
            .mend_with("give the job `id_tokens: SIGSTORE_ID_TOKEN: aud: sigstore` (docs/ci.md)"));
  }
  return std::unexpected(
      Error(ErrorKind::NotFound, "there is no identity token to sign with")
          .mend_with("give one with --identity-token @FILE or in SIGSTORE_ID_TOKEN, run in a "
                     "GitHub Actions job with `permissions: id-token: write`, or sign in with "
                     "--oidc-flow browser, code or device"));
}

Result<attest::IdentityToken> ask_person(const TokenWish& wish, SignInWay way,
                                         const ServiceCaller& caller, const Clock& clock) {
  return sign_in({.issuer = wish.person->issuer, .client_id = wish.audience}, way,
                 *wish.person->desk, caller, clock);
}

}  // namespace

Result<attest::IdentityToken> find_token(const TokenWish& wish, const Ambient& ambient,
                                         const ServiceCaller& caller, const Clock& clock) {
  if (wish.given) {
    NONO_TRY(const crypto::Secret text, given_token(*wish.given));
    return attest::IdentityToken::read(text, clock.now(), wish.audience);
  }
  if (wish.person && wish.person->way) {
    return ask_person(wish, *wish.person->way, caller, clock);
  }
  NONO_TRY(const auto text, ambient_token(ambient, wish.audience, caller));
  if (text) {
    return attest::IdentityToken::read(*text, clock.now(), wish.audience);
  }
  if (!wish.person || in_ci(ambient.environment)) {
    return no_token(ambient.environment);
  }
  return ask_person(wish, usual_way(ambient.environment, *wish.person->desk), caller, clock);
}

}  // namespace nono::engine
