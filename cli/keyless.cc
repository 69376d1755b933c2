// cli/keyless.cc: configuration, root, token and certificate for --keyless.
#include "cli/keyless.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <thread>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/sign_in_desk.h"
#include "engine/directories.h"
#include "engine/root_update.h"
#include "engine/sigstore_files.h"
#include "engine/token_source.h"
#include "trustpolicy/discover.h"

namespace nono::cli {

namespace {

constexpr std::string_view kSigningConfigName = "signing_config.json";
constexpr std::array<std::uint32_t, 1> kProviderVersions{1};

Result<trustpolicy::WhichRoot> root_in_use(const Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  return trustpolicy::root_in_use(engine::policy_places(user, "/"));
}

// The services are those that came with the root where it was fetched, and the public-good
// instance's where its root is the one in use: a token for a private instance is not sent to them
// because a file is missing.
Result<attest::SigningConfig> built_in_config(const Arguments& arguments, const Session& session,
                                              const std::string& path) {
  const bool given = arguments.has("trusted-root");
  NONO_TRY(const trustpolicy::WhichRoot root, root_in_use(session));
  if (!given && root.refreshed) {
    NONO_TRY(const auto fetched, engine::refreshed_signing_config(root));
    if (fetched) {
      return attest::SigningConfig::parse(*fetched);
    }
  }
  const bool public_good =
      root.path.empty() || (root.refreshed && root.refreshed->is_public_good());
  if (!given && public_good) {
    return attest::SigningConfig::parse(attest::embedded_root().signing_config);
  }
  return std::unexpected(
      Error(ErrorKind::NotFound, "the services to sign with are not known: the trusted root is " +
                                     (given ? "one that was given" : printable(root.path)) +
                                     ", and no signing configuration goes with it")
          .mend_with("give that Sigstore instance's signing_config.json with --signing-config "
                     "FILE, or put it at " +
                     path));
}

Result<attest::SigningConfig> read_config(const Arguments& arguments, const Session& session) {
  if (const auto named = arguments.value("signing-config")) {
    return engine::read_signing_config(*named);
  }
  NONO_TRY(const engine::UserDirectories user, session.user());
  const std::string path = join_path(user.config, kSigningConfigName);
  auto config = engine::read_signing_config(path);
  const bool missing = !config && config.error().kind() == ErrorKind::NotFound;
  return missing ? built_in_config(arguments, session, path) : config;
}

Result<std::shared_ptr<const attest::RootSource>> find_root(const Arguments& arguments,
                                                            const Session& session) {
  if (const auto path = arguments.value("trusted-root")) {
    NONO_TRY(attest::TrustedRoot root, engine::read_trusted_root(*path));
    return std::make_shared<const attest::RootSource>(attest::RootSource::of(std::move(root)));
  }
  NONO_TRY(trustpolicy::WhichRoot which, root_in_use(session));
  return trustpolicy::root_source(std::move(which));
}

using RootHandle = std::shared_ptr<const attest::RootSource>;

// Instance is which services are asked, and whom their answers are held against.
struct Instance {
  attest::SigningConfig config;
  RootHandle root;
};

Result<Instance> find_instance(const Arguments& arguments, const Session& session) {
  if (const auto both = arguments.value("trust-config")) {
    NONO_TRY(const attest::ClientTrustConfig file, engine::read_trust_config(*both));
    return Instance{.config = file.signing_config(),
                    .root = std::make_shared<const attest::RootSource>(
                        attest::RootSource::of(file.trusted_root()))};
  }
  NONO_TRY(attest::SigningConfig config, read_config(arguments, session));
  NONO_TRY(RootHandle root, find_root(arguments, session));
  return Instance{.config = std::move(config), .root = std::move(root)};
}

Error usage(std::string why, std::string remedy) {
  return Error(ErrorKind::Usage, std::move(why)).mend_with(std::move(remedy));
}

Result<std::optional<engine::SignInWay>> wanted_way(const Arguments& arguments) {
  const auto name = arguments.value("oidc-flow");
  const auto way = name ? engine::way_named(*name) : std::nullopt;
  if (name && !way) {
    return std::unexpected(
        usage("--oidc-flow \"" + *name + "\" is not known", "use browser, code or device"));
  }
  return way;
}

// The provider that was named, else that of the configuration; none where neither says.
std::optional<std::string> provider_of(const Arguments& arguments,
                                       const attest::SigningConfig& config, const Clock& clock) {
  if (auto named = arguments.value("oidc-issuer")) {
    return named;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.now());
  auto provider = attest::select_service(config.identity_providers(), kProviderVersions, now);
  return provider ? std::optional(std::move(provider->url)) : std::nullopt;
}

Result<engine::TokenWish> wish_of(const Arguments& arguments, const attest::SigningConfig& config,
                                  const Clock& clock, Desk& desk) {
  NONO_TRY(const auto way, wanted_way(arguments));
  engine::TokenWish wish{.given = arguments.value("identity-token")};
  if (auto client = arguments.value("oidc-client-id")) {
    wish.audience = *std::move(client);
  }
  auto issuer = provider_of(arguments, config, clock);
  if (way && !issuer) {
    return std::unexpected(usage("the signing configuration names no provider to sign in at",
                                 "name one with --oidc-issuer URL"));
  }
  if (issuer) {
    wish.person = engine::PersonToAsk{.issuer = *std::move(issuer), .way = way, .desk = &desk};
  }
  return wish;
}

Result<void> check_alone(const Arguments& arguments, std::string_view option,
                         std::initializer_list<const char*> others, std::string_view why) {
  for (const char* const other : others) {
    if (arguments.has(option) && arguments.has(other)) {
      return std::unexpected(
          usage("--" + std::string(option) + " and --" + other + ": " + std::string(why),
                "give one of them"));
    }
  }
  return {};
}

}  // namespace

KeylessSession::KeylessSession()
    : caller_(client_, [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); }) {}

Result<std::unique_ptr<KeylessSession>> KeylessSession::open(const Arguments& arguments,
                                                             Session& session) {
  std::unique_ptr<KeylessSession> opened(new KeylessSession());
  opened->client_.prepare();
  NONO_TRY(Instance instance, find_instance(arguments, session));
  NONO_TRY(engine::ChosenServices services,
           engine::ChosenServices::choose(instance.config, session.clock()));
  Desk desk(engine::process_environment());
  NONO_TRY(const engine::TokenWish wish,
           wish_of(arguments, instance.config, session.clock(), desk));
  NONO_TRY(const attest::IdentityToken token,
           engine::find_token(wish, engine::Ambient{}, opened->caller_, session.clock()));
  NONO_TRY(engine::KeylessAuthor author,
           engine::KeylessAuthor::certify(opened->caller_, std::move(services),
                                          std::move(instance.root), token));
  opened->author_ = std::make_unique<const engine::KeylessAuthor>(std::move(author));
  return opened;
}

std::string KeylessSession::shown() const {
  const attest::KeylessSigner& signer = author_->signer();
  return printable(signer.subject) + " of " + printable(signer.issuer);
}

Json KeylessSession::json() const {
  const attest::KeylessSigner& signer = author_->signer();
  const auto text = [](const std::string& value) {
    return value.empty() ? Json() : Json(printable(value));
  };
  return Json(Json::Object{{"issuer", text(signer.issuer)},
                           {"subject", text(signer.subject)},
                           {"repository", text(signer.repository)},
                           {"workflow", text(signer.workflow)},
                           {"ref", text(signer.ref)},
                           {"build_signer_uri", text(signer.build_signer_uri)}});
}

Result<void> check_keyless_options(const Arguments& arguments) {
  if (!arguments.has("keyless")) {
    for (const char* const option : {"identity-token", "oidc-issuer", "oidc-client-id", "oidc-flow",
                                     "signing-config", "trusted-root", "trust-config"}) {
      if (arguments.has(option)) {
        return std::unexpected(usage("--" + std::string(option) + " belongs to --keyless",
                                     "add --keyless, or leave it out to sign with a key"));
      }
    }
    return {};
  }
  if (arguments.has("key") || arguments.has("keyref")) {
    return std::unexpected(usage("--keyless signs without any key of yours",
                                 "leave --key and --keyref out, or --keyless"));
  }
  NONO_CHECK(check_alone(arguments, "trust-config", {"signing-config", "trusted-root"},
                         "both say which instance"));
  return check_alone(arguments, "identity-token", {"oidc-issuer", "oidc-flow"},
                     "a token needs no sign-in");
}

}  // namespace nono::cli
