// crypto/key_impl.h: what a PublicKey holds. Internal to crypto/.
#pragma once

#include <mutex>
#include <utility>

#include "crypto/key_formats.h"
#include "crypto/key_objects.h"
#include "crypto/keys.h"

namespace nono::crypto {

struct PublicKey::Impl {
  Impl(KeyAlgorithm own_algorithm, std::size_t own_bits, Bytes own_spki, const Sha256& own_name)
      : algorithm(own_algorithm),
        bits(own_bits),
        spki(std::move(own_spki)),
        fingerprint(own_name) {}

  KeyAlgorithm algorithm;
  std::size_t bits;
  Bytes spki;
  Sha256 fingerprint;
  // OpenSSL's object is made at the first signature: a trusted root holds more keys than a verdict
  // asks for. RSA keys, which nothing but OpenSSL judges, have theirs from the start.
  mutable std::once_flag asked;
  mutable Pkey object;

  EVP_PKEY* key() const;
};

}  // namespace nono::crypto
