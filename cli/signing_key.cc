// cli/signing_key.cc: finding or making the key to sign with.
#include "cli/signing_key.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/directories.h"

namespace nono::cli {

Result<SigningKey> signing_key(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  const engine::KeyStore store(engine::key_directory(user));
  const auto name = arguments.value("key");
  if (const auto reference = arguments.value("keyref")) {
    if (name) {
      return std::unexpected(Error(ErrorKind::Usage, "--key and --keyref both name a key")
                                 .mend_with("give one of the two"));
    }
    NONO_TRY(const engine::KeyRef ref, engine::parse_key_ref(*reference));
    NONO_TRY(crypto::PrivateKey key, store.load(ref));
    return SigningKey{.key = std::move(key), .shown = engine::shown(ref)};
  }
  if (name) {
    NONO_TRY(crypto::PrivateKey key, store.load(engine::StoredKey{*name}));
    return SigningKey{.key = std::move(key), .shown = *name};
  }
  const std::string id(engine::kDefaultKeyId);
  NONO_TRY(engine::OwnKey own, store.load_or_make(id, crypto::KeyAlgorithm::EcdsaP256));
  if (own.made) {
    session.render().note("made your first key: " + id + " (" +
                          own.made->key.fingerprint().short_form() + ") in " +
                          own.made->private_at);
  }
  return SigningKey{.key = std::move(own.key), .shown = id, .made = own.made.has_value()};
}

Result<void> warn_if_foreign(const SigningKey& key, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  const engine::KeyStore store(engine::key_directory(user));
  NONO_TRY(const std::vector<engine::KnownKey> known, store.known());
  const auto own = [&](const engine::KnownKey& entry) {
    return entry.key.fingerprint() == key.key.public_key().fingerprint();
  };
  if (std::ranges::none_of(known, own)) {
    session.render().note("note: the key of " + key.shown + " is not among your own keys in " +
                          store.directory() +
                          "; to trust it here: nono trust publisher add --key PUBFILE");
  }
  return {};
}

}  // namespace nono::cli
