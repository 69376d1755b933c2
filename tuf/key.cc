// tuf/key.cc: the table of schemes.
#include "tuf/key.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/encoding.h"
#include "base/text.h"

namespace nono::tuf {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyAlgorithm;
using crypto::RsaPadding;

constexpr std::size_t kMaxName = 64;

struct Scheme {
  std::string_view name;
  std::string_view key_type;
  KeyAlgorithm algorithm;
  HashAlgorithm hash;
  RsaPadding padding = RsaPadding::Pkcs1v15;
  // What stands before the bytes of the point in a SubjectPublicKeyInfo (RFC 5480, RFC 8410), in
  // hexadecimal.
  std::string_view point_head = {};
  std::size_t point_size = 0;
};

constexpr std::array kSchemes{
    Scheme{"ed25519", "ed25519", KeyAlgorithm::Ed25519, HashAlgorithm::Sha512, RsaPadding::Pkcs1v15,
           "302a300506032b6570032100", 32},
    Scheme{"ecdsa-sha2-nistp256", "ecdsa", KeyAlgorithm::EcdsaP256, HashAlgorithm::Sha256,
           RsaPadding::Pkcs1v15, "3059301306072a8648ce3d020106082a8648ce3d030107034200", 65},
    Scheme{"ecdsa-sha2-nistp384", "ecdsa", KeyAlgorithm::EcdsaP384, HashAlgorithm::Sha384,
           RsaPadding::Pkcs1v15, "3076301006072a8648ce3d020106052b81040022036200", 97},
    Scheme{"ecdsa-sha2-nistp521", "ecdsa", KeyAlgorithm::EcdsaP521, HashAlgorithm::Sha512,
           RsaPadding::Pkcs1v15, "30819b301006072a8648ce3d020106052b8104002303818600", 133},
    Scheme{"rsassa-pss-sha256", "rsa", KeyAlgorithm::Rsa, HashAlgorithm::Sha256, RsaPadding::Pss},
    Scheme{"rsassa-pss-sha384", "rsa", KeyAlgorithm::Rsa, HashAlgorithm::Sha384, RsaPadding::Pss},
    Scheme{"rsassa-pss-sha512", "rsa", KeyAlgorithm::Rsa, HashAlgorithm::Sha512, RsaPadding::Pss},
    Scheme{"rsa-pkcs1v15-sha256", "rsa", KeyAlgorithm::Rsa, HashAlgorithm::Sha256},
    Scheme{"rsa-pkcs1v15-sha384", "rsa", KeyAlgorithm::Rsa, HashAlgorithm::Sha384},
    Scheme{"rsa-pkcs1v15-sha512", "rsa", KeyAlgorithm::Rsa, HashAlgorithm::Sha512},
};

const Scheme* find_scheme(std::string_view key_type, std::string_view name) {
  const auto* const found = std::ranges::find_if(kSchemes, [&](const Scheme& scheme) {
    return scheme.name == name && (scheme.key_type == key_type || scheme.name == key_type);
  });
  return found == kSchemes.end() ? nullptr : found;
}

Result<crypto::PublicKey> read_point(const Scheme& scheme, std::string_view text) {
  const std::optional<Bytes> head = hex_decode(scheme.point_head);
  const std::optional<Bytes> point = hex_decode(text);
  if (!head || !point || point->size() != scheme.point_size || scheme.point_size == 0) {
    return fail(ErrorKind::InvalidInput, "the public key is no " + std::string(scheme.name));
  }
  Bytes der = *head;
  der.insert(der.end(), point->begin(), point->end());
  return crypto::PublicKey::parse_spki_der(der);
}

Result<crypto::PublicKey> read_key(const Scheme& scheme, std::string_view text) {
  if (!text.starts_with("-----BEGIN ") || scheme.algorithm == KeyAlgorithm::Ed25519) {
    return read_point(scheme, text);
  }
  NONO_TRY(crypto::PublicKey key, crypto::PublicKey::parse_text(text));
  if (key.algorithm() != scheme.algorithm) {
    return fail(ErrorKind::InvalidInput, "the public key is " +
                                             std::string(crypto::name_of(key.algorithm())) +
                                             " and no " + std::string(scheme.name));
  }
  return key;
}

}  // namespace

Result<Key> Key::parse(const JsonView& view) {
  NONO_TRY(const JsonView type_view, view.at("keytype"));
  NONO_TRY(const std::string type, type_view.nonempty_string(kMaxName));
  NONO_TRY(const JsonView scheme_view, view.at("scheme"));
  NONO_TRY(const std::string scheme_name, scheme_view.nonempty_string(kMaxName));
  Key key;
  const Scheme* const scheme = find_scheme(type, scheme_name);
  if (scheme == nullptr) {
    key.problem_ = "keys of type " + printable(type) + " with scheme " + printable(scheme_name) +
                   " are unknown to this version";
    return key;
  }
  NONO_TRY(const JsonView value, view.at("keyval"));
  NONO_TRY(const JsonView public_view, value.at("public"));
  NONO_TRY(const std::string text, public_view.string());
  Result<crypto::PublicKey> parsed = read_key(*scheme, text);
  if (!parsed) {
    key.problem_ = parsed.error().message();
    return key;
  }
  key.key_ = *std::move(parsed);
  key.hash_ = scheme->hash;
  key.padding_ = scheme->padding;
  return key;
}

bool Key::verifies(std::span<const std::byte> message, std::span<const std::byte> signature) const {
  return key_ && key_->verifies_with(hash_, message, signature, padding_);
}

}  // namespace nono::tuf
