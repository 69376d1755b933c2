// crypto/key_objects.h: from the numbers of a key to OpenSSL's object, and from a secret to its
// public point. Internal to crypto/.
#pragma once

#include <cstddef>
#include <span>

#include "base/encoding.h"
#include "base/result.h"
#include "crypto/key_formats.h"
#include "crypto/openssl_handles.h"

namespace nono::crypto {

// check_public refuses (InvalidInput) a point that is not on its curve, or of small order. RSA
// numbers are public_object's to judge.
Result<void> check_public(const PublicParts& parts);

// public_object makes an object of parts that check_public took.
Result<Pkey> public_object(const PublicParts& parts);

// private_object expects `point` to be point_of(algorithm, secret).
Result<Pkey> private_object(KeyAlgorithm algorithm, std::span<const std::byte> secret,
                            std::span<const std::byte> point);

// point_of computes the public point; an ECDSA secret outside [1, order - 1] is InvalidInput. It
// takes a time that does not depend on the secret. Not for RSA.
Result<Bytes> point_of(KeyAlgorithm algorithm, std::span<const std::byte> secret);

}  // namespace nono::crypto
