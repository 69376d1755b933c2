// crypto/key_impl.h: what a PublicKey holds. Internal to crypto/.
#pragma once

#include "crypto/key_formats.h"
#include "crypto/key_objects.h"
#include "crypto/keys.h"

namespace nono::crypto {

struct PublicKey::Impl {
  KeyAlgorithm algorithm;
  std::size_t bits;
  Bytes spki;
  Sha256 fingerprint;
  Pkey object;
};

}  // namespace nono::crypto
