// engine/sign_in.h: an identity token of a person, who signs in at an OpenID Connect provider.
//
// Three ways: a browser on this machine (authorization code with PKCE, redirect to 127.0.0.1), a
// browser anywhere that shows a code to type here (out of band), a browser anywhere in which a code
// is typed (device authorization, RFC 8628).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "attest/identity_token.h"
#include "base/clock.h"
#include "base/result.h"
#include "engine/ambient_token.h"
#include "engine/oidc_client.h"
#include "engine/service_call.h"

namespace nono::engine {

enum class SignInWay : unsigned char { Browser, Code, Device };
// way_named reads "browser", "code" or "device".
std::optional<SignInWay> way_named(std::string_view name);

// SignInDesk is where the person is. Every text is printed as foreign text.
class SignInDesk {
 public:
  virtual ~SignInDesk() = default;
  virtual bool has_terminal() const = 0;  // to type at, and to read
  // open shows the URL, and opens it in a browser where one can be started.
  virtual void open(const std::string& url) = 0;
  // typed_code shows the URL and returns what the person typed.
  virtual Result<std::string> typed_code(const std::string& url) = 0;
  virtual void show_device(const DeviceCode& code) = 0;
};

// usual_way: a browser where there is a terminal and a browser can be started; else a device code.
SignInWay usual_way(const LookUp& environment, const SignInDesk& desk);

// sign_in gets a token for client.client_id as its audience. PermissionDenied: the provider or the
// person refused. A token of another issuer, or with another nonce than was sent, is refused.
Result<attest::IdentityToken> sign_in(const OidcClient& client, SignInWay way, SignInDesk& desk,
                                      const ServiceCaller& caller, const Clock& clock);

}  // namespace nono::engine
