// crypto/merkle.h: Merkle trees of transparency logs (RFC 6962 section 2.1), SHA-256.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "crypto/digest.h"

namespace nono::crypto {

Sha256 merkle_leaf(std::span<const std::byte> entry);         // SHA-256(00 || entry)
Sha256 merkle_node(const Sha256& left, const Sha256& right);  // SHA-256(01 || left || right)

// merkle_root computes the root that an inclusion proof leads to. Nothing where `index` is not
// below `size` or `path` has not exactly the length that index and size demand.
std::optional<Sha256> merkle_root(std::uint64_t index, std::uint64_t size, const Sha256& leaf,
                                  std::span<const Sha256> path);

}  // namespace nono::crypto
