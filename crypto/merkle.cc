// crypto/merkle.cc: leaves, nodes and inclusion proofs of a log's tree.
#include "crypto/merkle.h"

#include <array>
#include <bit>

namespace nono::crypto {
namespace {

constexpr std::array kLeaf{std::byte{0x00}};
constexpr std::array kNode{std::byte{0x01}};

}  // namespace

Sha256 merkle_leaf(std::span<const std::byte> entry) {
  Sha256Hasher hasher;
  hasher.add(std::span(kLeaf));
  hasher.add(entry);
  return std::move(hasher).finish();
}

Sha256 merkle_node(const Sha256& left, const Sha256& right) {
  Sha256Hasher hasher;
  hasher.add(std::span(kNode));
  hasher.add(left.bytes());
  hasher.add(right.bytes());
  return std::move(hasher).finish();
}

std::optional<Sha256> merkle_root(std::uint64_t index, std::uint64_t size, const Sha256& leaf,
                                  std::span<const Sha256> path) {
  if (index >= size) {
    return std::nullopt;
  }
  // The path of `index` and that of the last leaf part at their highest differing bit. Below it the
  // tree is complete and every level has a sibling; above it only those levels have one where the
  // path goes to the right, and there it stands on the left.
  constexpr std::size_t kBits = 64;
  const auto inner = static_cast<std::size_t>(std::bit_width(index ^ (size - 1)));
  const std::uint64_t above = inner < kBits ? index >> inner : 0;
  if (path.size() != inner + static_cast<std::size_t>(std::popcount(above))) {
    return std::nullopt;
  }
  Sha256 root = leaf;
  for (std::size_t level = 0; level < path.size(); ++level) {
    const bool right = level >= inner || ((index >> level) & 1) != 0;
    root = right ? merkle_node(path[level], root) : merkle_node(root, path[level]);
  }
  return root;
}

}  // namespace nono::crypto
