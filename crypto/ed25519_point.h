// crypto/ed25519_point.h: which 32 bytes are a usable Ed25519 public key. Internal to crypto/.
#pragma once

#include <cstddef>
#include <span>

namespace nono::crypto {

// is_ed25519_point reports whether `encoded` is the one encoding (RFC 8032 §5.1.3: y below
// 2^255 - 19) of a point on the curve that is not of small order. Under a key of small order one
// signature fits many messages; OpenSSL takes such keys, and also bytes that are no point.
bool is_ed25519_point(std::span<const std::byte> encoded);

}  // namespace nono::crypto
