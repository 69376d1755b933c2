// tests/crypto/merkle_test.cc: inclusion proofs against a tree computed from RFC 6962's definition.
#include "crypto/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <vector>

#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kLargestTree = 130;
constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

using Leaves = std::vector<std::string>;

Sha256 hash_of(std::string_view prefix, std::span<const std::byte> left,
               std::span<const std::byte> right = {}) {
  return Sha256::of(test::joined({as_bytes(prefix), left, right}));
}

// MTH and PATH of RFC 6962 section 2.1, word for word: by recursion over slices of the leaves.
Sha256 naive_root(std::span<const std::string> leaves) {
  using namespace std::string_view_literals;
  if (leaves.size() == 1) {
    return hash_of("\0"sv, as_bytes(leaves.front()));
  }
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  return hash_of("\1"sv, naive_root(leaves.first(k)).bytes(),
                 naive_root(leaves.subspan(k)).bytes());
}

std::vector<Sha256> naive_path(std::size_t index, std::span<const std::string> leaves) {
  if (leaves.size() == 1) {
    return {};
  }
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  const bool left = index < k;
  auto path = left ? naive_path(index, leaves.first(k)) : naive_path(index - k, leaves.subspan(k));
  path.push_back(naive_root(left ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

Leaves leaves_of(std::size_t size) {
  Leaves leaves;
  for (std::size_t i = 0; i < size; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
  }
  return leaves;
}

Sha256 some(std::string_view text) {
  return Sha256::of(text);
}

TEST(MerkleTest, EmptyLeafHasTheHashOfOneZeroByte) {
  EXPECT_EQ(merkle_leaf({}).hex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

// The tree of eight leaves that the certificate transparency project tests with.
TEST(MerkleTest, RootOfEightKnownLeaves) {
  const std::vector<Bytes> entries{Bytes(),
                                   test::unhex("00"),
                                   test::unhex("10"),
                                   test::unhex("2021"),
                                   test::unhex("3031"),
                                   test::unhex("40414243"),
                                   test::unhex("5051525354555657"),
                                   test::unhex("606162636465666768696a6b6c6d6e6f")};
  std::vector<Sha256> level;
  for (const Bytes& entry : entries) {
    level.push_back(merkle_leaf(entry));
  }
  while (level.size() > 1) {
    std::vector<Sha256> next;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      next.push_back(merkle_node(level[i], level[i + 1]));
    }
    level = next;
  }
  EXPECT_EQ(level.front().hex(),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST(MerkleTest, LeavesAndNodesAreApart) {
  const Sha256 left = some("l");
  const Sha256 right = some("r");
  EXPECT_NE(merkle_node(left, right), merkle_leaf(test::joined({left.bytes(), right.bytes()})));
  EXPECT_NE(merkle_node(left, right), merkle_node(right, left));
}

TEST(MerkleTest, EveryProofOfEveryTreeLeadsToItsRoot) {
  for (std::size_t size = 1; size <= kLargestTree; ++size) {
    const Leaves leaves = leaves_of(size);
    const Sha256 root = naive_root(leaves);
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = naive_path(index, leaves);
      const Sha256 leaf = merkle_leaf(as_bytes(leaves[index]));
      ASSERT_EQ(merkle_root(index, size, leaf, path), root) << index << " of " << size;
    }
  }
}

TEST(MerkleTest, ProofOfOneLeafIsWrongForEveryOther) {
  constexpr std::size_t kSize = 21;
  const Leaves leaves = leaves_of(kSize);
  const Sha256 root = naive_root(leaves);
  for (std::size_t index = 0; index < kSize; ++index) {
    const auto path = naive_path(index, leaves);
    for (std::size_t other = 0; other < kSize; ++other) {
      const Sha256 leaf = merkle_leaf(as_bytes(leaves[index]));
      EXPECT_EQ(merkle_root(other, kSize, leaf, path) == root, other == index)
          << index << " as " << other;
    }
  }
}

TEST(MerkleTest, PathsOfAnotherLengthAreRefused) {
  for (std::size_t size = 1; size <= kLargestTree; ++size) {
    const Leaves leaves = leaves_of(size);
    for (const std::size_t index : {std::size_t{0}, size / 2, size - 1}) {
      auto path = naive_path(index, leaves);
      const Sha256 leaf = merkle_leaf(as_bytes(leaves[index]));
      path.push_back(some("more"));
      EXPECT_EQ(merkle_root(index, size, leaf, path), std::nullopt) << index << " of " << size;
      path.pop_back();
      if (!path.empty()) {
        path.pop_back();
        EXPECT_EQ(merkle_root(index, size, leaf, path), std::nullopt) << index << " of " << size;
      }
    }
  }
}

TEST(MerkleTest, ChangedSiblingLeadsToAnotherRoot) {
  const Leaves leaves = leaves_of(11);
  const Sha256 root = naive_root(leaves);
  const auto path = naive_path(6, leaves);
  for (std::size_t i = 0; i < path.size(); ++i) {
    auto changed = path;
    changed[i] = some("changed");
    const auto reached = merkle_root(6, 11, merkle_leaf(as_bytes(leaves[6])), changed);
    ASSERT_TRUE(reached.has_value());
    EXPECT_NE(*reached, root) << i;
  }
}

TEST(MerkleTest, IndexMustLieBelowSize) {
  const Sha256 leaf = some("leaf");
  const std::vector<Sha256> none;
  EXPECT_EQ(merkle_root(0, 0, leaf, none), std::nullopt);
  EXPECT_EQ(merkle_root(1, 1, leaf, none), std::nullopt);
  EXPECT_EQ(merkle_root(2, 1, leaf, none), std::nullopt);
  EXPECT_EQ(merkle_root(kLargest, kLargest, leaf, none), std::nullopt);
  EXPECT_EQ(merkle_root(kLargest, 0, leaf, none), std::nullopt);
}

TEST(MerkleTest, TreeOfOneLeafIsItsLeaf) {
  EXPECT_EQ(merkle_root(0, 1, some("leaf"), {}), some("leaf"));
}

// The proof's length at the ends of the range: no shift by the width of the word.
TEST(MerkleTest, LargestTreesHavePathsOfTheirDepth) {
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;
  struct Case {
    std::uint64_t index;
    std::uint64_t size;
    std::size_t path;
  };
  const Case cases[] = {
      {0, kHalf, 63},
      {kHalf - 1, kHalf, 63},
      {0, kHalf + 1, 64},
      {kHalf, kHalf + 1, 1},
      {0, kLargest, 64},
      {kHalf, kLargest, 64},
      {kLargest - 1, kLargest, 63},
  };
  for (const Case& at : cases) {
    for (std::size_t length = 0; length <= 66; ++length) {
      const std::vector<Sha256> path(length, some("sibling"));
      EXPECT_EQ(merkle_root(at.index, at.size, some("leaf"), path).has_value(), length == at.path)
          << at.index << " of " << at.size << " with " << length;
    }
  }
}

}  // namespace
}  // namespace nono::crypto
