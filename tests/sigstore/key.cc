// tests/sigstore/key.cc: the only file of the factory that sees OpenSSL.
#include "tests/sigstore/key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <utility>

#include "tests/sigstore/der.h"

namespace nono::factory {
namespace {

void demand(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// The library starts as trimmed as nono starts it (crypto/openssl_handles.cc): a test must not find
// tables that the program does without. The context stays until the process ends.
OSSL_LIB_CTX* context() {
  static OSSL_LIB_CTX* const instance = [] {
    demand(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
                                   OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                                   OPENSSL_INIT_NO_ADD_ALL_DIGESTS,
                               nullptr) == 1);
    OSSL_LIB_CTX* const made = OSSL_LIB_CTX_new();
    demand(made != nullptr);
    return made;
  }();
  return instance;
}

struct HashRow {
  const char* name;
  std::string_view oid;
  std::string_view ecdsa;
  std::string_view rsa;
};
const HashRow& row(Hash hash) {
  static constexpr std::array<HashRow, 4> kRows{{
      {"SHA1", "1.3.14.3.2.26", "1.2.840.10045.4.1", "1.2.840.113549.1.1.5"},
      {"SHA2-256", "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"},
      {"SHA2-384", "2.16.840.1.101.3.4.2.2", "1.2.840.10045.4.3.3", "1.2.840.113549.1.1.12"},
      {"SHA2-512", "2.16.840.1.101.3.4.2.3", "1.2.840.10045.4.3.4", "1.2.840.113549.1.1.13"},
  }};
  return kRows.at(static_cast<std::size_t>(hash));
}

EVP_PKEY* generate(KeyKind kind) {
  switch (kind) {
    case KeyKind::P256:
      return EVP_PKEY_Q_keygen(context(), nullptr, "EC", "P-256");
    case KeyKind::P384:
      return EVP_PKEY_Q_keygen(context(), nullptr, "EC", "P-384");
    case KeyKind::P521:
      return EVP_PKEY_Q_keygen(context(), nullptr, "EC", "P-521");
    case KeyKind::Rsa1024:
      return EVP_PKEY_Q_keygen(context(), nullptr, "RSA", std::size_t{1024});
    case KeyKind::Rsa2048:
      return EVP_PKEY_Q_keygen(context(), nullptr, "RSA", std::size_t{2048});
    case KeyKind::Rsa3072:
      return EVP_PKEY_Q_keygen(context(), nullptr, "RSA", std::size_t{3072});
    case KeyKind::Rsa4096:
      return EVP_PKEY_Q_keygen(context(), nullptr, "RSA", std::size_t{4096});
    case KeyKind::Ed25519:
      return EVP_PKEY_Q_keygen(context(), nullptr, "ED25519");
  }
  std::abort();
}

template <typename Write>
Bytes written(EVP_PKEY* key, Write write) {
  unsigned char* out = nullptr;
  const int size = write(key, &out);
  demand(size > 0);
  Bytes bytes = bytes_of(std::as_bytes(std::span(out, static_cast<std::size_t>(size))));
  OPENSSL_free(out);
  return bytes;
}

const unsigned char* raw_pointer(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

Bytes digest(Hash hash, std::span<const std::byte> data) {
  Bytes out(EVP_MAX_MD_SIZE);
  std::size_t size = 0;
  demand(EVP_Q_digest(context(), row(hash).name, nullptr, data.data(), data.size(),
                      reinterpret_cast<unsigned char*>(out.data()), &size) == 1);
  out.resize(size);
  return out;
}

Bytes sha256(std::span<const std::byte> data) {
  return digest(Hash::Sha256, data);
}

std::string_view hash_oid(Hash hash) {
  return row(hash).oid;
}

bool is_rsa(KeyKind kind) {
  return kind == KeyKind::Rsa1024 || kind == KeyKind::Rsa2048 || kind == KeyKind::Rsa3072 ||
         kind == KeyKind::Rsa4096;
}

Hash usual_hash(KeyKind kind) {
  switch (kind) {
    case KeyKind::P384:
      return Hash::Sha384;
    case KeyKind::P521:
    case KeyKind::Ed25519:
      return Hash::Sha512;
    default:
      return Hash::Sha256;
  }
}

std::string_view key_details(KeyKind kind) {
  switch (kind) {
    case KeyKind::P256:
      return "PKIX_ECDSA_P256_SHA_256";
    case KeyKind::P384:
      return "PKIX_ECDSA_P384_SHA_384";
    case KeyKind::P521:
      return "PKIX_ECDSA_P521_SHA_512";
    case KeyKind::Rsa1024:
    case KeyKind::Rsa2048:
      return "PKIX_RSA_PKCS1V15_2048_SHA256";
    case KeyKind::Rsa3072:
      return "PKIX_RSA_PKCS1V15_3072_SHA256";
    case KeyKind::Rsa4096:
      return "PKIX_RSA_PKCS1V15_4096_SHA256";
    case KeyKind::Ed25519:
      return "PKIX_ED25519";
  }
  std::abort();
}

struct Key::Impl {
  KeyKind kind;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> object;
  Bytes spki;
};

Key Key::of(KeyKind kind, std::string_view role) {
  static std::map<std::pair<KeyKind, std::string>, Key> made;
  const std::pair name(kind, std::string(role));
  const auto found = made.find(name);
  if (found != made.end()) {
    return found->second;
  }
  EVP_PKEY* const object = generate(kind);
  demand(object != nullptr);
  Bytes spki = written(object, i2d_PUBKEY);
  const Key key(std::make_shared<const Impl>(
      Impl{.kind = kind, .object = {object, &EVP_PKEY_free}, .spki = std::move(spki)}));
  made.emplace(name, key);
  return key;
}

KeyKind Key::kind() const {
  return impl_->kind;
}

const Bytes& Key::spki() const {
  return impl_->spki;
}

std::string Key::spki_pem() const {
  return pem("PUBLIC KEY", spki());
}

Bytes Key::pkcs1() const {
  return written(impl_->object.get(), i2d_PublicKey);
}

Bytes Key::raw() const {
  return {spki().end() - 32, spki().end()};
}

Bytes Key::sign(std::span<const std::byte> message, std::optional<Hash> hash) const {
  return sign_with(message, hash, false);
}

Bytes Key::sign_pss(std::span<const std::byte> message, Hash hash) const {
  return sign_with(message, hash, true);
}

Bytes Key::sign_with(std::span<const std::byte> message, std::optional<Hash> hash, bool pss) const {
  const bool edwards = kind() == KeyKind::Ed25519;
  const char* const name = edwards ? nullptr : row(hash.value_or(usual_hash(kind()))).name;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state(EVP_MD_CTX_new(),
                                                                      &EVP_MD_CTX_free);
  EVP_PKEY_CTX* parameters = nullptr;
  demand(EVP_DigestSignInit_ex(state.get(), &parameters, name, context(), nullptr,
                               impl_->object.get(), nullptr) == 1);
  demand(!pss || (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1));
  std::size_t size = 0;
  demand(EVP_DigestSign(state.get(), nullptr, &size, raw_pointer(message), message.size()) == 1);
  Bytes signature(size);
  demand(EVP_DigestSign(state.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                        raw_pointer(message), message.size()) == 1);
  signature.resize(size);
  return signature;
}

Bytes Key::signature_algorithm(std::optional<Hash> hash) const {
  const HashRow& with = row(hash.value_or(usual_hash(kind())));
  if (kind() == KeyKind::Ed25519) {
    return der(kSequence, {der_oid("1.3.101.112")});
  }
  return is_rsa(kind()) ? der(kSequence, {der_oid(with.rsa), der_null()})
                        : der(kSequence, {der_oid(with.ecdsa)});
}

std::string pem(std::string_view label, std::span<const std::byte> der) {
  const std::string body = base64_encode(der);
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < body.size(); at += 64) {
    out += body.substr(at, 64) + "\n";
  }
  return out + "-----END " + std::string(label) + "-----\n";
}

}  // namespace nono::factory
