// engine/key_store.h: the user's signing keys: where they lie, how they are made and found.
//
// <config>/trust/<id>.pem  private key, PKCS#8 PEM (RFC 7468), mode 0600, directory 0700
// <config>/trust/<id>.pub  public key, SubjectPublicKeyInfo PEM: one of the keys called `self`
// A private key may instead lie in the Secret Service (keystore://ID) or in a file of its own
// (file:///PATH); its public half is kept in <config>/trust all the same. A private key or its
// directory that others could read or write is refused, not repaired: who knows who has read it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "crypto/keys.h"

namespace nono::engine {

inline constexpr std::string_view kDefaultKeyId = "default";

struct StoredKey {  // <config>/trust/<id>.pem
  std::string id;
};
struct KeyFile {
  std::string path;  // absolute
};
struct KeystoreKey {
  std::string id;
};
using KeyRef = std::variant<StoredKey, KeyFile, KeystoreKey>;

// parse_key_ref takes keystore://ID or file:///PATH; anything else is Usage.
Result<KeyRef> parse_key_ref(std::string_view text);
// check_key_id takes [A-Za-z0-9._-]{1,64} without a leading dot; anything else is Usage.
Result<void> check_key_id(std::string_view id);

// read_public_key reads a public key's file, PEM or one line of base64. InvalidInput where it is
// something else, or a key of an algorithm that is not ours.
Result<crypto::PublicKey> read_public_key(const std::string& path);

enum class Existing : unsigned char { Refuse, Replace };

struct MadeKey {
  std::string id;
  std::string private_at;  // a path, or keystore://ID
  std::string public_path;
  crypto::PublicKey key;
};

struct OwnKey {
  crypto::PrivateKey key;
  std::optional<MadeKey> made;  // just now, by this call
};

struct KnownKey {
  std::string id;
  std::string public_path;
  crypto::PublicKey key;
  bool has_private_file = false;
};

class KeyStore {
 public:
  // `directory` is <config>/trust; it is made when the first key is.
  explicit KeyStore(std::string directory) : directory_(std::move(directory)) {}
  const std::string& directory() const { return directory_; }

  // make generates a key pair, puts its private half where `where` says and its public half in the
  // store as `id`. Existing::Refuse: something there already is Usage, and nothing is written.
  Result<MadeKey> make(const std::string& id, const KeyRef& where, crypto::KeyAlgorithm algorithm,
                       Existing existing) const;
  // load returns a private key. A stored key whose .pub is missing gets it again; one whose .pub is
  // another key's is refused. NotFound says how to make one.
  Result<crypto::PrivateKey> load(const KeyRef& ref) const;
  // load_or_make loads the stored key `id`; where no half of it is there, it makes one. Of several
  // processes that find none at once, one makes it, and all load that.
  Result<OwnKey> load_or_make(const std::string& id, crypto::KeyAlgorithm algorithm) const;
  // has_any_half reports whether a file of the key `id` is there.
  bool has_any_half(const std::string& id) const;
  Result<crypto::PublicKey> load_public(const std::string& id) const;
  // known lists the public keys of the store, by id; no directory: none.
  Result<std::vector<KnownKey>> known() const;

 private:
  Result<void> prepare_directory() const;
  Result<void> check_place(const std::string& id, const KeyRef& where, Existing existing) const;
  Result<std::string> put_private(const std::string& id, const KeyRef& where,
                                  const crypto::Secret& pem, Existing existing) const;
  Result<void> check_free(const std::string& id, const KeyRef& where) const;
  Error not_stored(const std::string& id) const;
  Result<crypto::PrivateKey> load_stored(const std::string& id) const;
  std::string private_path(const std::string& id) const;
  std::string public_path(const std::string& id) const;
  std::string directory_;
};

// shown tells where a key is, for people.
std::string shown(const KeyRef& ref);

}  // namespace nono::engine
