// engine/oidc_client.h: an OpenID Connect provider as a public client meets it (OpenID Connect Core
// 1.0 and Discovery 1.0, RFC 6749, 7636, 8628, 9207).
//
// What the provider says is not trusted beyond its own name: the endpoints that it names are
// https, unless the provider is on this machine; the token that it gives is read by
// attest::IdentityToken, and Fulcio decides about it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"
#include "engine/form.h"
#include "engine/service_call.h"

namespace nono::engine {

struct OidcClient {
  std::string issuer;  // URL; compared exactly
  std::string client_id;
};

// OidcProvider is the provider's discovery document, as far as it is used.
struct OidcProvider {
  std::string issuer;
  std::string authorization;          // endpoint
  std::string token;                  // endpoint
  std::optional<std::string> device;  // endpoint
  bool names_itself = false;          // it says `iss` in every authorization response (RFC 9207)

  // discover asks `<issuer>/.well-known/openid-configuration`; a document of another issuer is
  // refused (Discovery 4.3).
  static Result<OidcProvider> discover(const std::string& issuer, const ServiceCaller& caller);
};

// Pkce is a proof key of RFC 7636, method S256: who sees the code cannot use it.
class Pkce {
 public:
  static Result<Pkce> make();
  FormFields challenge() const;                              // for the authorization request
  const std::string& verifier() const { return verifier_; }  // for the token request

 private:
  explicit Pkce(std::string verifier) : verifier_(std::move(verifier)) {}
  std::string verifier_;
};

// random_word is 32 random bytes in base64 for URLs: a state, a nonce, a verifier.
Result<std::string> random_word();

// Granted is what a token endpoint answers: the identity token, or one of OAuth's error words.
struct Granted {
  std::optional<crypto::Secret> token;
  std::string error;        // "authorization_pending"
  std::string description;  // foreign text
};
// request_token asks the token endpoint once: a code is good for one request.
Result<Granted> request_token(const OidcProvider& provider, const FormFields& fields,
                              const ServiceCaller& caller);

// DeviceCode is the answer of a device authorization endpoint (RFC 8628, 3.2).
struct DeviceCode {
  std::string device_code;  // a secret between nono and the provider
  std::string user_code;
  std::string url;           // where the person goes
  std::string complete_url;  // the same with the code in it; may be empty
  std::chrono::seconds expires_in{};
  std::chrono::seconds interval{};
};
Result<DeviceCode> request_device_code(const OidcProvider& provider, const std::string& endpoint,
                                       const FormFields& fields, const ServiceCaller& caller);

// oidc_refusal is the Error for an error word of the provider.
Error oidc_refusal(const std::string& issuer, std::string_view word, std::string_view description);

}  // namespace nono::engine
