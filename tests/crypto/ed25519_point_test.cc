// tests/crypto/ed25519_point_test.cc: which encodings are points that a key may be.
#include "crypto/ed25519_point.h"

#include <gtest/gtest.h>

#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::unhex;

struct Encoding {
  std::string_view hex;
  std::string_view why;
};

TEST(Ed25519PointTest, PublishedKeysArePoints) {
  // RFC 8032 §7.1, tests 1 to 3, and the base point.
  for (const std::string_view hex :
       {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "5866666666666666666666666666666666666666666666666666666666666666"}) {
    EXPECT_TRUE(is_ed25519_point(unhex(hex))) << hex;
  }
}

TEST(Ed25519PointTest, PointsOfSmallOrderAreRefused) {
  constexpr Encoding kSmall[] = {
      {"0100000000000000000000000000000000000000000000000000000000000000", "order 1"},
      {"0100000000000000000000000000000000000000000000000000000000000080", "order 1, sign set"},
      {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "order 2"},
      {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "order 2, sign set"},
      {"0000000000000000000000000000000000000000000000000000000000000000", "order 4"},
      {"0000000000000000000000000000000000000000000000000000000000000080", "order 4"},
      {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "order 8"},
      {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "order 8"},
      {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "order 8"},
      {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "order 8"},
  };
  for (const Encoding& encoding : kSmall) {
    EXPECT_FALSE(is_ed25519_point(unhex(encoding.hex))) << encoding.why;
  }
}

TEST(Ed25519PointTest, EncodingsOfYNotBelowThePrimeAreRefused) {
  // p + 3 encodes the y 3, which is a point in its own encoding.
  ASSERT_TRUE(
      is_ed25519_point(unhex("0300000000000000000000000000000000000000000000000000000000000000")));
  for (const std::string_view hex :
       {"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    EXPECT_FALSE(is_ed25519_point(unhex(hex))) << hex;
  }
}

TEST(Ed25519PointTest, BytesOffTheCurveAreRefused) {
  EXPECT_FALSE(
      is_ed25519_point(unhex("0200000000000000000000000000000000000000000000000000000000000000")));
}

TEST(Ed25519PointTest, OtherSizesAreRefused) {
  EXPECT_FALSE(is_ed25519_point({}));
  EXPECT_FALSE(is_ed25519_point(Bytes(31)));
  EXPECT_FALSE(is_ed25519_point(Bytes(33)));
}

}  // namespace
}  // namespace nono::crypto
