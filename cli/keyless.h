// cli/keyless.h: --keyless: who signs, told by an identity token.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/session.h"
#include "engine/keyless_author.h"
#include "engine/service_call.h"
#include "net/client_pool.h"

namespace nono::cli {

inline constexpr Option kKeylessOption{
    "keyless", 0, "", "sign as whom an identity token names, with a certificate for minutes"};
inline constexpr Option kIdentityTokenOption{
    "identity-token", 0,
    "TOKEN",          "the token, or @FILE; else that of the CI or machine, else you sign in",
    Takes::OneValue,  Completes::Files};
inline constexpr Option kOidcIssuerOption{
    "oidc-issuer", 0, "URL", "sign in there (default: the signing configuration's provider)",
    Takes::OneValue};
inline constexpr Option kOidcClientOption{
    "oidc-client-id", 0, "ID", "as which client, and for which audience (default: sigstore)",
    Takes::OneValue};
inline constexpr Option kOidcFlowOption{
    "oidc-flow", 0, "HOW", "sign in by `browser`, by `code` to type here, or by `device` code",
    Takes::OneValue};
inline constexpr Option kSigningConfigOption{
    "signing-config", 0,
    "FILE",           "services to use (default: those that go with the trusted root)",
    Takes::OneValue,  Completes::Files};
inline constexpr Option kKeylessRootOption{
    "trusted-root",  0,
    "FILE",          "hold the services' answers against this trusted_root.json",
    Takes::OneValue, Completes::Files};
inline constexpr Option kTrustConfigOption{"trust-config",  0,
                                           "FILE",          "both in one file: a ClientTrustConfig",
                                           Takes::OneValue, Completes::Files};

// KeylessSession holds what a keyless signature needs until the last file is signed. It does not
// move: the author borrows the rest.
class KeylessSession {
 public:
  // open reads configuration and root, finds the token and gets the certificate.
  static Result<std::unique_ptr<KeylessSession>> open(const Arguments& arguments, Session& session);

  const engine::KeylessAuthor& author() const { return *author_; }
  std::string shown() const;  // who signs, for people
  Json json() const;          // the same, for programs

 private:
  KeylessSession();
  net::ClientPool client_{engine::KeylessAuthor::kAtOnce};
  engine::ServiceCaller caller_;
  std::unique_ptr<const engine::KeylessAuthor> author_;  // never null once open returned
};

// check_keyless_options refuses a key beside --keyless, and the options of --keyless without it.
Result<void> check_keyless_options(const Arguments& arguments);

}  // namespace nono::cli
