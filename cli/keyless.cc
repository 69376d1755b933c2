// cli/keyless.cc: configuration, root, token and certificate for --keyless.
#include "cli/keyless.h"

#include <thread>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "engine/directories.h"
#include "engine/sigstore_files.h"
#include "engine/token_source.h"
#include "trustpolicy/discover.h"

namespace nono::cli {

namespace {

constexpr std::string_view kSigningConfigName = "signing_config.json";

Result<attest::SigningConfig> read_config(const Arguments& arguments, const Session& session) {
  std::string path;
  if (const auto named = arguments.value("signing-config")) {
    path = *named;
  } else {
    NONO_TRY(const engine::UserDirectories user, session.user());
    path = join_path(user.config, kSigningConfigName);
  }
  auto config = engine::read_signing_config(path);
  if (!config && config.error().kind() == ErrorKind::NotFound) {
    return std::unexpected(
        std::move(config)
            .error()
            .while_doing("the services to sign with are not known")
            .mend_with("give your Sigstore instance's signing_config.json with --signing-config "
                       "FILE, or put it at " +
                       path));
  }
  return config;
}

Result<std::shared_ptr<const attest::RootSource>> find_root(const Arguments& arguments,
                                                            const Session& session) {
  if (const auto path = arguments.value("trusted-root")) {
    NONO_TRY(attest::TrustedRoot root, engine::read_trusted_root(*path));
    return std::make_shared<const attest::RootSource>(attest::RootSource::of(std::move(root)));
  }
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(trustpolicy::WhichRoot which,
           trustpolicy::which_root(engine::policy_places(user, "/"), false));
  return trustpolicy::root_source(std::move(which));
}

Error usage(std::string why, std::string remedy) {
  return Error(ErrorKind::Usage, std::move(why)).mend_with(std::move(remedy));
}

}  // namespace

KeylessSession::KeylessSession()
    : caller_(client_, [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); }) {}

Result<std::unique_ptr<KeylessSession>> KeylessSession::open(const Arguments& arguments,
                                                             Session& session) {
  NONO_TRY(const attest::SigningConfig config, read_config(arguments, session));
  NONO_TRY(engine::ChosenServices services,
           engine::ChosenServices::choose(config, session.clock()));
  NONO_TRY(auto root, find_root(arguments, session));
  std::unique_ptr<KeylessSession> opened(new KeylessSession());
  NONO_TRY(const attest::IdentityToken token,
           engine::find_token(arguments.value("identity-token"), engine::process_environment(),
                              opened->caller_, session.clock()));
  NONO_TRY(
      engine::KeylessAuthor author,
      engine::KeylessAuthor::certify(opened->caller_, std::move(services), std::move(root), token));
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
                           {"ref", text(signer.ref)}});
}

Result<void> check_keyless_options(const Arguments& arguments) {
  if (!arguments.has("keyless")) {
    for (const char* const option : {"identity-token", "signing-config", "trusted-root"}) {
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
  return {};
}

}  // namespace nono::cli
