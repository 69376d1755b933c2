// engine/key_store.cc: key files, and the way to the Secret Service.
#include "engine/key_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "engine/secret_service.h"
#include "engine/tree_walk.h"
#include "trustpolicy/trusted_file.h"

namespace nono::engine {
namespace {

using crypto::PrivateKey;
using crypto::PublicKey;
using crypto::Secret;
using crypto::SecretAccess;
using trustpolicy::fault_of_file;

constexpr std::size_t kMaxKeyBytes = 64u << 10;
constexpr std::size_t kMaxIdBytes = 64;
constexpr mode_t kOthersMask = 077;
constexpr mode_t kOthersWriteMask = 022;
constexpr std::string_view kKeystoreScheme = "keystore://";
constexpr std::string_view kFileScheme = "file://";
constexpr std::string_view kPrivateSuffix = ".pem";
constexpr std::string_view kPublicSuffix = ".pub";
constexpr std::string_view kKeysThatSign =
    "give a PEM file (PKCS#8) of a key of P-256, P-384, P-521 or Ed25519, or make one: nono trust "
    "keygen";

Error usage(std::string what, std::string remedy) {
  return Error(ErrorKind::Usage, std::move(what)).mend_with(std::move(remedy));
}

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

Result<void> check_private(BorrowedFd file, const std::string& path) {
  NONO_TRY(const struct stat status, status_of(file, path));
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return std::unexpected(
        Error(ErrorKind::PermissionDenied, "the private key " + path + " belongs to another user")
            .mend_with("sign as that user, or make a key of your own: nono "
                       "trust keygen"));
  }
  if ((status.st_mode & kOthersMask) != 0) {
    return std::unexpected(Error(ErrorKind::PermissionDenied,
                                 "the private key " + path + " is open to others by its mode")
                               .mend_with("if nobody has read it: chmod 600 " + shell_quote(path) +
                                          "; else make a new key with nono trust keygen"));
  }
  return {};
}

Result<PrivateKey> read_private(const std::string& path) {
  NONO_TRY(const OwnedFd file, open_regular(BorrowedFd::unowned(AT_FDCWD), path));
  NONO_CHECK(check_private(file, path));
  NONO_TRY(std::string text, read_capped(file, kMaxKeyBytes, path));
  const Secret secret = Secret::take(text);
  Result<PrivateKey> key = PrivateKey::parse_text(secret);
  if (!key) {
    Error error = fault_of_file(std::move(key).error()).while_doing("the private key " + path);
    return std::unexpected(error.remedy().empty()
                               ? std::move(error).mend_with(std::string(kKeysThatSign))
                               : std::move(error));
  }
  return key;
}

Result<PrivateKey> read_from_keystore(const std::string& id) {
  NONO_TRY(const std::optional<Secret> secret, find_in_secret_service(id));
  if (!secret) {
    return std::unexpected(Error(ErrorKind::NotFound, "the Secret Service holds no key " + id)
                               .mend_with("nono trust keygen --keyref keystore://" + id));
  }
  return PrivateKey::parse_text(*secret);
}

Error taken_by(const std::string& path) {
  return usage("there is a key already: " + path,
               "choose another name with --id, or replace it with --force");
}

// Another process may have made a key since check_free looked.
Result<void> write_private(const std::string& path, const Secret& pem, Existing existing) {
  const std::string_view text = pem.text(SecretAccess::i_will_not_log_or_store_this());
  Result<void> written = existing == Existing::Replace ? replace_file(path, text, 0600)
                                                       : create_file(path, text, 0600);
  if (!written && written.error().code() == EEXIST) {
    return std::unexpected(taken_by(path));
  }
  if (!written) {
    return std::unexpected(std::move(written).error().while_doing("the private key " + path));
  }
  return written;
}

// Visits one directory for *.pub.
class PublicNames final : public WalkVisitor {
 public:
  bool entry(const std::string&, std::size_t, std::string_view name, EntryKind) override {
    if (name.ends_with(kPublicSuffix) && name.size() > kPublicSuffix.size()) {
      ids.emplace_back(name.substr(0, name.size() - kPublicSuffix.size()));
    }
    return true;
  }
  void listed(const std::string&, BorrowedFd) override {}
  void unreadable(const std::string&) override {}
  std::vector<std::string> ids;
};

}  // namespace

Result<crypto::PublicKey> read_public_key(const std::string& path) {
  NONO_TRY(const std::string text, read_file(path, kMaxKeyBytes));
  Result<PublicKey> key = PublicKey::parse_text(text);
  if (!key) {
    return std::unexpected(
        fault_of_file(std::move(key).error()).while_doing("the public key " + path));
  }
  return key;
}

Result<void> check_key_id(std::string_view id) {
  const bool good = !id.empty() && id.size() <= kMaxIdBytes && id.front() != '.' &&
                    std::ranges::all_of(id, is_id_character);
  if (!good) {
    return std::unexpected(usage("\"" + std::string(id) + "\" cannot be the name of a key",
                                 "use 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot"));
  }
  return {};
}

Result<KeyRef> parse_key_ref(std::string_view text) {
  if (text.starts_with(kKeystoreScheme)) {
    const std::string_view id = text.substr(kKeystoreScheme.size());
    NONO_CHECK(check_key_id(id));
    return KeystoreKey{std::string(id)};
  }
  const std::string_view path =
      text.starts_with(kFileScheme) ? text.substr(kFileScheme.size()) : std::string_view();
  if (!path.starts_with('/') || path.ends_with('/')) {
    return std::unexpected(usage("\"" + std::string(text) + "\" does not say where a key is",
                                 "use keystore://ID or file:///PATH"));
  }
  return KeyFile{normal_path(path)};
}

std::string shown(const KeyRef& ref) {
  if (const auto* stored = std::get_if<StoredKey>(&ref)) {
    return "key " + stored->id;
  }
  if (const auto* file = std::get_if<KeyFile>(&ref)) {
    return file->path;
  }
  return std::string(kKeystoreScheme) + std::get<KeystoreKey>(ref).id;
}

std::string KeyStore::private_path(const std::string& id) const {
  return join_path(directory_, id + std::string(kPrivateSuffix));
}

std::string KeyStore::public_path(const std::string& id) const {
  return join_path(directory_, id + std::string(kPublicSuffix));
}

bool KeyStore::has_any_half(const std::string& id) const {
  return exists(private_path(id)) || exists(public_path(id));
}

// Whoever can write here can add a key that counts as the user's own.
Result<void> KeyStore::prepare_directory() const {
  NONO_CHECK(make_private_directories(directory_));
  NONO_TRY(const OwnedFd directory, open_directory(BorrowedFd::unowned(AT_FDCWD), directory_));
  NONO_TRY(const struct stat status, status_of(directory, directory_));
  if ((status.st_mode & kOthersWriteMask) != 0) {
    return std::unexpected(
        Error(ErrorKind::PermissionDenied, "others can write to the key directory " + directory_)
            .mend_with("look what is in it, then: chmod 700 " + shell_quote(directory_)));
  }
  return {};
}

Result<void> KeyStore::check_free(const std::string& id, const KeyRef& where) const {
  std::string taken;
  if (const auto* file = std::get_if<KeyFile>(&where); file != nullptr && exists(file->path)) {
    taken = file->path;
  } else if (exists(private_path(id))) {
    taken = private_path(id);
  } else if (exists(public_path(id))) {
    taken = public_path(id);
  }
  if (const auto* item = std::get_if<KeystoreKey>(&where); item != nullptr && taken.empty()) {
    NONO_TRY(const bool held, is_in_secret_service(item->id));
    taken = held ? shown(where) : std::string();
  }
  if (taken.empty()) {
    return {};
  }
  return std::unexpected(taken_by(taken));
}

// put_private returns where it put the private half, for people.
Result<std::string> KeyStore::put_private(const std::string& id, const KeyRef& where,
                                          const Secret& pem, Existing existing) const {
  if (const auto* item = std::get_if<KeystoreKey>(&where)) {
    NONO_CHECK(store_in_secret_service(item->id, pem));
    return shown(where);
  }
  const auto* file = std::get_if<KeyFile>(&where);
  std::string path = file != nullptr ? file->path : private_path(id);
  NONO_CHECK(write_private(path, pem, existing));
  return path;
}

Result<void> KeyStore::check_place(const std::string& id, const KeyRef& where,
                                   Existing existing) const {
  NONO_CHECK(check_key_id(id));
  if (existing == Existing::Refuse) {
    NONO_CHECK(check_free(id, where));
  }
  return prepare_directory();
}

Result<MadeKey> KeyStore::make(const std::string& id, const KeyRef& where,
                               crypto::KeyAlgorithm algorithm, Existing existing) const {
  NONO_CHECK(check_place(id, where, existing));
  NONO_TRY(const PrivateKey key, PrivateKey::generate(algorithm));
  NONO_TRY(const Secret pem, key.pkcs8_pem());
  NONO_TRY(std::string private_at, put_private(id, where, pem, existing));
  NONO_CHECK(replace_file(public_path(id), key.public_key().spki_pem(), 0644));
  return MadeKey{.id = id,
                 .private_at = std::move(private_at),
                 .public_path = public_path(id),
                 .key = key.public_key()};
}

Error KeyStore::not_stored(const std::string& id) const {
  if (!exists(public_path(id))) {
    return Error(ErrorKind::NotFound, "there is no key " + id + " in " + directory_)
        .mend_with("nono trust keygen --id " + id);
  }
  return Error(ErrorKind::NotFound, "the key " + id + " has no private half in " + directory_)
      .mend_with("say where it is: --keyref keystore://" + id + " or --keyref file:///PATH");
}

Result<PrivateKey> KeyStore::load_stored(const std::string& id) const {
  NONO_CHECK(check_key_id(id));
  const std::string path = private_path(id);
  if (!exists(path)) {
    return std::unexpected(not_stored(id));
  }
  NONO_TRY(PrivateKey key, read_private(path));
  if (!exists(public_path(id))) {
    NONO_CHECK(replace_file(public_path(id), key.public_key().spki_pem(), 0644));
    return key;
  }
  NONO_TRY(const PublicKey kept, read_public_key(public_path(id)));
  if (kept.fingerprint() != key.public_key().fingerprint()) {
    return std::unexpected(
        Error(ErrorKind::InvalidInput, path + " and " + public_path(id) + " are not one pair")
            .mend_with("if the .pem is the right one, remove the .pub: it is written again"));
  }
  return key;
}

// The private half is put in its place first and whole, and whoever loads it writes the public half
// where that is missing: so who comes second need not wait.
Result<OwnKey> KeyStore::load_or_make(const std::string& id, crypto::KeyAlgorithm algorithm) const {
  std::optional<MadeKey> made;
  if (!has_any_half(id)) {
    Result<MadeKey> now = make(id, StoredKey{id}, algorithm, Existing::Refuse);
    if (!now && now.error().kind() != ErrorKind::Usage) {
      return std::unexpected(std::move(now).error());
    }
    if (now) {
      made = *std::move(now);
    }
  }
  NONO_TRY(PrivateKey key, load_stored(id));
  return OwnKey{.key = std::move(key), .made = std::move(made)};
}

Result<PrivateKey> KeyStore::load(const KeyRef& ref) const {
  if (const auto* stored = std::get_if<StoredKey>(&ref)) {
    return load_stored(stored->id);
  }
  if (const auto* file = std::get_if<KeyFile>(&ref)) {
    return read_private(file->path);
  }
  return read_from_keystore(std::get<KeystoreKey>(ref).id);
}

Result<PublicKey> KeyStore::load_public(const std::string& id) const {
  NONO_CHECK(check_key_id(id));
  if (exists(public_path(id))) {
    return read_public_key(public_path(id));
  }
  NONO_TRY(const PrivateKey key, load_stored(id));  // names what is missing
  return key.public_key();
}

Result<std::vector<KnownKey>> KeyStore::known() const {
  PublicNames names;
  const Result<void> walked = TreeWalk(names, Depth::OneDirectory).walk(directory_);
  if (!walked && walked.error().kind() == ErrorKind::NotFound) {
    return std::vector<KnownKey>{};
  }
  NONO_CHECK(walked);
  std::ranges::sort(names.ids);
  std::vector<KnownKey> keys;
  for (const std::string& id : names.ids) {
    NONO_TRY(PublicKey key, read_public_key(public_path(id)));
    keys.push_back({.id = id,
                    .public_path = public_path(id),
                    .key = std::move(key),
                    .has_private_file = exists(private_path(id))});
  }
  return keys;
}

}  // namespace nono::engine
