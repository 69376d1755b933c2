// engine/sign_in.cc: browser, out of band, device.
#include "engine/sign_in.h"

#include <chrono>
#include <utility>

#include "engine/redirect_listener.h"

namespace nono::engine {

namespace {

constexpr std::chrono::minutes kPatience{5};
constexpr std::string_view kOutOfBand = "urn:ietf:wg:oauth:2.0:oob";
constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::string_view kScope = "openid email";
// RFC 8628, 3.5.
constexpr std::chrono::seconds kSlowDown{5};

// Attempt is one authorization request: what it was asked with, and what the answer must match.
struct Attempt {
  OidcClient client;
  OidcProvider provider;
  std::string redirect_uri;
  Pkce pkce;
  std::string state;
  std::string nonce;

  static Result<Attempt> make(const OidcClient& client, OidcProvider provider,
                              std::string redirect_uri) {
    NONO_TRY(Pkce pkce, Pkce::make());
    NONO_TRY(std::string state, random_word());
    NONO_TRY(std::string nonce, random_word());
    return Attempt{.client = client,
                   .provider = std::move(provider),
                   .redirect_uri = std::move(redirect_uri),
                   .pkce = std::move(pkce),
                   .state = std::move(state),
                   .nonce = std::move(nonce)};
  }

  std::string url() const {
    FormFields fields{{"response_type", "code"},
                      {"client_id", client.client_id},
                      {"redirect_uri", redirect_uri},
                      {"scope", std::string(kScope)},
                      {"state", state},
                      {"nonce", nonce}};
    for (auto& one : pkce.challenge()) {
      fields.push_back(std::move(one));
    }
    return provider.authorization + (provider.authorization.contains('?') ? "&" : "?") +
           form(fields);
  }
};

std::unexpected<Error> not_ours(const std::string& issuer, const std::string& why) {
  return std::unexpected(
      Error(ErrorKind::PermissionDenied, "the answer of " + issuer + " is refused: " + why)
          .mend_with("sign in again; should it happen again, somebody else answers"));
}

// RFC 9207, 2.4: an answer of another provider than was asked is a mix-up.
Result<std::string> code_of(const FormFields& fields, const Attempt& attempt) {
  const OidcProvider& provider = attempt.provider;
  const auto issuer = field(fields, "iss");
  if ((issuer && *issuer != provider.issuer) || (!issuer && provider.names_itself)) {
    return not_ours(provider.issuer, issuer ? "it comes from another issuer (iss)"
                                            : "it does not say which issuer it comes from (iss)");
  }
  if (const auto error = field(fields, "error")) {
    return std::unexpected(
        oidc_refusal(provider.issuer, *error, field(fields, "error_description").value_or("")));
  }
  auto code = field(fields, "code");
  if (!code || code->empty()) {
    return not_ours(provider.issuer, "it holds no code");
  }
  return *std::move(code);
}

Result<attest::IdentityToken> read(const crypto::Secret& text, const OidcClient& client,
                                   const Clock& clock) {
  NONO_TRY(attest::IdentityToken token,
           attest::IdentityToken::read(text, clock.now(), client.client_id));
  if (token.issuer() != client.issuer) {
    return not_ours(client.issuer, "its token names another issuer");
  }
  return token;
}

Result<attest::IdentityToken> redeem(const Attempt& attempt, const std::string& code,
                                     const ServiceCaller& caller, const Clock& clock) {
  NONO_TRY(const Granted granted, request_token(attempt.provider,
                                                {{"grant_type", "authorization_code"},
                                                 {"code", code},
                                                 {"redirect_uri", attempt.redirect_uri},
                                                 {"client_id", attempt.client.client_id},
                                                 {"code_verifier", attempt.pkce.verifier()}},
                                                caller));
  if (!granted.token) {
    return std::unexpected(
        oidc_refusal(attempt.provider.issuer, granted.error, granted.description));
  }
  NONO_TRY(attest::IdentityToken token, read(*granted.token, attempt.client, clock));
  if (token.claim("nonce") != attempt.nonce) {
    return not_ours(attempt.provider.issuer, "its token was made for another sign-in (nonce)");
  }
  return token;
}

Result<attest::IdentityToken> by_browser(const OidcClient& client, OidcProvider provider,
                                         SignInDesk& desk, const ServiceCaller& caller,
                                         const Clock& clock) {
  NONO_TRY(const RedirectListener listener, RedirectListener::open());
  NONO_TRY(const Attempt attempt,
           Attempt::make(client, std::move(provider), listener.redirect_uri()));
  desk.open(attempt.url());
  NONO_TRY(const FormFields fields, listener.wait(attempt.state, kPatience));
  NONO_TRY(const std::string code, code_of(fields, attempt));
  return redeem(attempt, code, caller, clock);
}

Result<attest::IdentityToken> by_typed_code(const OidcClient& client, OidcProvider provider,
                                            SignInDesk& desk, const ServiceCaller& caller,
                                            const Clock& clock) {
  NONO_TRY(const Attempt attempt,
           Attempt::make(client, std::move(provider), std::string(kOutOfBand)));
  NONO_TRY(const std::string code, desk.typed_code(attempt.url()));
  return redeem(attempt, code, caller, clock);
}

// poll asks until the person has answered. The time is what was waited: the provider ends it too.
Result<crypto::Secret> poll(const OidcProvider& provider, const DeviceCode& code,
                            const FormFields& fields, const ServiceCaller& caller) {
  std::chrono::seconds interval = code.interval;
  for (std::chrono::seconds waited = interval; waited <= code.expires_in; waited += interval) {
    caller.pause(interval);
    NONO_TRY(Granted granted, request_token(provider, fields, caller));
    if (granted.token) {
      return *std::move(granted.token);
    }
    if (granted.error == "slow_down") {
      interval += kSlowDown;
    } else if (granted.error != "authorization_pending") {
      return std::unexpected(oidc_refusal(provider.issuer, granted.error, granted.description));
    }
  }
  return std::unexpected(oidc_refusal(provider.issuer, "expired_token", "the code was not used"));
}

Result<attest::IdentityToken> by_device(const OidcClient& client, const OidcProvider& provider,
                                        SignInDesk& desk, const ServiceCaller& caller,
                                        const Clock& clock) {
  if (!provider.device) {
    return std::unexpected(
        Error(ErrorKind::Unsupported, provider.issuer + " offers no device authorization")
            .mend_with("sign in with --oidc-flow browser or --oidc-flow code, or give a token"));
  }
  NONO_TRY(const Pkce pkce, Pkce::make());
  FormFields asked{{"client_id", client.client_id}, {"scope", std::string(kScope)}};
  for (auto& one : pkce.challenge()) {
    asked.push_back(std::move(one));
  }
  NONO_TRY(const DeviceCode code, request_device_code(provider, *provider.device, asked, caller));
  desk.show_device(code);
  NONO_TRY(const crypto::Secret token, poll(provider, code,
                                            {{"grant_type", std::string(kDeviceGrant)},
                                             {"device_code", code.device_code},
                                             {"client_id", client.client_id},
                                             {"code_verifier", pkce.verifier()}},
                                            caller));
  return read(token, client, clock);
}

}  // namespace

std::optional<SignInWay> way_named(std::string_view name) {
  if (name == "browser") {
    return SignInWay::Browser;
  }
  if (name == "code") {
    return SignInWay::Code;
  }
  return name == "device" ? std::optional(SignInWay::Device) : std::nullopt;
}

SignInWay usual_way(const LookUp& environment, const SignInDesk& desk) {
  const bool browser =
      environment("BROWSER") || environment("DISPLAY") || environment("WAYLAND_DISPLAY");
  return desk.has_terminal() && browser ? SignInWay::Browser : SignInWay::Device;
}

Result<attest::IdentityToken> sign_in(const OidcClient& client, SignInWay way, SignInDesk& desk,
                                      const ServiceCaller& caller, const Clock& clock) {
  NONO_TRY(OidcProvider provider, OidcProvider::discover(client.issuer, caller));
  switch (way) {
    case SignInWay::Browser:
      return by_browser(client, std::move(provider), desk, caller, clock);
    case SignInWay::Code:
      return by_typed_code(client, std::move(provider), desk, caller, clock);
    case SignInWay::Device:
      return by_device(client, provider, desk, caller, clock);
  }
  std::unreachable();
}

}  // namespace nono::engine
