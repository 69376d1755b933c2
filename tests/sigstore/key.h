// tests/sigstore/key.h: throw-away signature keys, made at run time. OpenSSL stays behind.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/encoding.h"

namespace nono::factory {

enum class Hash : unsigned char { Sha1, Sha256, Sha384, Sha512 };
Bytes digest(Hash hash, std::span<const std::byte> data);
Bytes sha256(std::span<const std::byte> data);
std::string_view hash_oid(Hash hash);

enum class KeyKind : unsigned char {
  P256,
  P384,
  P521,
  Rsa1024,
  Rsa2048,
  Rsa3072,
  Rsa4096,
  Ed25519
};
bool is_rsa(KeyKind kind);
// usual_hash is what a signer takes for a key of this kind where nothing else is said.
Hash usual_hash(KeyKind kind);
// key_details is the name in protobuf-specs' PublicKeyDetails.
std::string_view key_details(KeyKind kind);

class Key {
 public:
  // of makes the key of a role, once per process and kind: making RSA keys takes long.
  static Key of(KeyKind kind, std::string_view role);

  KeyKind kind() const;
  const Bytes& spki() const;
  std::string spki_pem() const;
  Bytes pkcs1() const;  // RSAPublicKey; RSA only
  Bytes raw() const;    // the 32 bytes of an Ed25519 key
  // sign signs a message with the usual hash or another one; Ed25519 takes none.
  Bytes sign(std::span<const std::byte> message, std::optional<Hash> hash = {}) const;
  // sign_pss signs with a salt as long as the digest.
  Bytes sign_pss(std::span<const std::byte> message, Hash hash) const;
  // signature_algorithm is the AlgorithmIdentifier of sign().
  Bytes signature_algorithm(std::optional<Hash> hash = {}) const;

 private:
  struct Impl;
  explicit Key(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  Bytes sign_with(std::span<const std::byte> message, std::optional<Hash> hash, bool pss) const;
  std::shared_ptr<const Impl> impl_;
};

// pem wraps at 64 columns (RFC 7468).
std::string pem(std::string_view label, std::span<const std::byte> der);

}  // namespace nono::factory
