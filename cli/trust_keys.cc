// cli/trust_keys.cc: trust keygen, trust export-key.
#include <array>
#include <utility>

#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "engine/key_store.h"

namespace nono::cli {
namespace {

Result<engine::KeyStore> open_store(const Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  return engine::KeyStore(engine::key_directory(user));
}

// A key in the Secret Service is called by its name there unless --id says otherwise.
std::string id_for(const Arguments& arguments, const engine::KeyRef& where) {
  if (const auto id = arguments.value("id")) {
    return *id;
  }
  const auto* item = std::get_if<engine::KeystoreKey>(&where);
  return item != nullptr ? item->id : std::string(engine::kDefaultKeyId);
}

Result<engine::KeyRef> place_for(const Arguments& arguments) {
  if (const auto reference = arguments.value("keyref")) {
    return engine::parse_key_ref(*reference);
  }
  const std::string id = arguments.value("id").value_or(std::string(engine::kDefaultKeyId));
  return engine::StoredKey{id};
}

Result<crypto::KeyAlgorithm> algorithm_for(const Arguments& arguments) {
  const std::string name = arguments.value("algorithm").value_or("ecdsa-p256");
  const auto algorithm = crypto::key_algorithm_named(name);
  if (!algorithm || *algorithm == crypto::KeyAlgorithm::Rsa) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--algorithm \"" + name + "\" is not one that keys are made for")
            .mend_with("use ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519"));
  }
  return *algorithm;
}

Result<int> run_keygen(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::KeyStore store, open_store(session));
  NONO_TRY(const crypto::KeyAlgorithm algorithm, algorithm_for(arguments));
  NONO_TRY(const engine::KeyRef where, place_for(arguments));
  const engine::Existing existing =
      arguments.has("force") ? engine::Existing::Replace : engine::Existing::Refuse;
  NONO_TRY(const engine::MadeKey made,
           store.make(id_for(arguments, where), where, algorithm, existing));
  Render& render = session.render();
  if (session.wants_json()) {
    Json json = document("trust-keygen");
    json.set("key", key_json(made.id, made.key));
    set_path(json, "private", made.private_at);
    set_path(json, "public", made.public_path);
    render.json(json);
    return kDone;
  }
  render.result("made key " + made.id + " (" + std::string(name_of(made.key.algorithm())) + ")");
  render.detail("fingerprint", "SHA256:" + made.key.fingerprint().hex());
  render.detail("private", made.private_at);
  render.detail("public", made.public_path);
  return kDone;
}

Result<crypto::PublicKey> exported_key(const Arguments& arguments, const engine::KeyStore& store,
                                       const std::string& id) {
  if (const auto reference = arguments.value("keyref")) {
    NONO_TRY(const engine::KeyRef ref, engine::parse_key_ref(*reference));
    NONO_TRY(const crypto::PrivateKey key, store.load(ref));
    return key.public_key();
  }
  return store.load_public(id);
}

Result<int> run_export(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::KeyStore store, open_store(session));
  const std::string id = arguments.value("id").value_or(std::string(engine::kDefaultKeyId));
  NONO_TRY(const crypto::PublicKey key, exported_key(arguments, store, id));
  if (session.wants_json()) {
    Json json = document("trust-export-key");
    json.set("key", key_json(arguments.value("keyref").value_or(id), key));
    json.set("public_key", key.spki_base64());
    json.set("pem", key.spki_pem());
    session.render().json(json);
    return kDone;
  }
  session.render().raw(arguments.has("pem") ? key.spki_pem() : key.spki_base64() + "\n");
  return kDone;
}

constexpr Option kIdOption{
    "id", 'i', "NAME", "the key's name (default: default)", Takes::OneValue, Completes::Keys};
constexpr std::array<Option, 4> kKeygenOptions = {{
    kIdOption,
    {"keyref", 0, "REF", "keep the private half at keystore://ID or file:///PATH", Takes::OneValue},
    {"algorithm", 0, "NAME", "ecdsa-p256 (default), ecdsa-p384, ecdsa-p521 or ed25519",
     Takes::OneValue},
    {"force", 'f', "", "replace a key of that name; what it signed is no longer verified by it"},
}};
constexpr std::array<Option, 3> kExportOptions = {{
    kIdOption,
    {"keyref", 0, "REF", "the key at keystore://ID or file:///PATH", Takes::OneValue},
    {"pem", 0, "", "as PEM; else the base64 that a trust policy holds"},
}};
constexpr std::array<Example, 3> kKeygenExamples = {{
    {"nono trust keygen", "the key `default`, in a file that only you can read"},
    {"nono trust keygen --id work --algorithm ed25519", "another key"},
    {"nono trust keygen --keyref keystore://work", "the private half in the desktop's keyring"},
}};
constexpr std::array<Example, 2> kExportExamples = {{
    {"nono trust export-key", "for the `public_key` of a trust policy"},
    {"nono trust export-key --id work --pem > work.pub", "a file for others to check and add"},
}};

}  // namespace

constinit const Command kTrustKeygen{
    .name = "trust keygen",
    .summary = "make a key to sign with",
    .description =
        "Makes a key pair. The public half goes to the key directory, whose keys are the publisher "
        "`self`; the private half to a file there (mode 0600), or to where --keyref says.",
    .operands = {},
    .options = kKeygenOptions,
    .examples = kKeygenExamples,
    .json = JsonOutput::Offered,
    .run = run_keygen};

constinit const Command kTrustExportKey{
    .name = "trust export-key",
    .summary = "print a public key of yours for others",
    .description = "Prints the public half of a key. The fingerprint is what to compare it by.",
    .operands = {},
    .options = kExportOptions,
    .examples = kExportExamples,
    .json = JsonOutput::Offered,
    .run = run_export};

}  // namespace nono::cli
