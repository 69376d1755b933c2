// tuf/key.h: the keys that TUF metadata name (specification 4.2: KEYTYPE, SCHEME, KEYVAL).
//
// A key that this build cannot use (an algorithm of tomorrow, a damaged PEM) is kept and verifies
// nothing: its signature then counts towards no threshold, and a repository can replace it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "crypto/keys.h"

namespace nono::tuf {

class Key {
 public:
  // parse takes ed25519 (hexadecimal), ecdsa-sha2-nistp256, -nistp384 and -nistp521 (PEM, or the
  // uncompressed point in hexadecimal as Sigstore's first roots have it; keytype "ecdsa" or the
  // scheme's name), rsassa-pss-sha256/384/512 and rsa-pkcs1v15-sha256/384/512 (PEM). InvalidInput
  // where a member is missing or of the wrong type.
  static Result<Key> parse(const JsonView& view);

  [[nodiscard]] bool verifies(std::span<const std::byte> message,
                              std::span<const std::byte> signature) const;
  // fingerprint tells keys apart whatever ids they are given; null where the key is of no use.
  const crypto::Sha256* fingerprint() const { return key_ ? &key_->fingerprint() : nullptr; }
  // problem says why the key is of no use; empty where it is of use.
  const std::string& problem() const { return problem_; }

 private:
  Key() = default;
  std::optional<crypto::PublicKey> key_;
  crypto::HashAlgorithm hash_ = crypto::HashAlgorithm::Sha256;
  crypto::RsaPadding padding_ = crypto::RsaPadding::Pkcs1v15;
  std::string problem_;
};

}  // namespace nono::tuf
