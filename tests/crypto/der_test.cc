// tests/crypto/der_test.cc: the strict DER reader, one refusal at a time.
#include "crypto/der.h"

#include <gtest/gtest.h>

#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

using test::unhex;

std::optional<std::string> positive(std::string_view hex) {
  const Bytes bytes = unhex(hex);
  const auto taken = DerReader(bytes).take_positive();
  return taken ? std::optional(hex_encode(*taken)) : std::nullopt;
}

std::optional<std::size_t> octets(const Bytes& bytes) {
  const auto taken = DerReader(bytes).take(DerTag::OctetString);
  return taken ? std::optional(taken->size()) : std::nullopt;
}

Bytes with_zeros(std::string_view head, std::size_t count) {
  return test::joined({unhex(head), Bytes(count)});
}

TEST(DerTest, ShortestLengthsAreRead) {
  EXPECT_EQ(octets(with_zeros("0400", 0)), 0u);
  EXPECT_EQ(octets(with_zeros("047f", 127)), 127u);
  EXPECT_EQ(octets(with_zeros("048180", 128)), 128u);
  EXPECT_EQ(octets(with_zeros("0481ff", 255)), 255u);
  EXPECT_EQ(octets(with_zeros("04820100", 256)), 256u);
}

TEST(DerTest, LongerThanNeededLengthsAreRefused) {
  EXPECT_EQ(octets(with_zeros("04817f", 127)), std::nullopt);
  EXPECT_EQ(octets(with_zeros("048200ff", 255)), std::nullopt);
  EXPECT_EQ(octets(with_zeros("0483000100", 256)), std::nullopt);
}

TEST(DerTest, IndefiniteLengthIsRefused) {
  EXPECT_EQ(octets(unhex("0480aa0000")), std::nullopt);
}

TEST(DerTest, MissingBytesAreRefused) {
  EXPECT_EQ(octets(Bytes()), std::nullopt);
  EXPECT_EQ(octets(unhex("04")), std::nullopt);
  EXPECT_EQ(octets(unhex("0481")), std::nullopt);
  EXPECT_EQ(octets(unhex("048201")), std::nullopt);
  EXPECT_EQ(octets(unhex("0402aa")), std::nullopt);
  EXPECT_EQ(octets(unhex("0484ffffffff")), std::nullopt);
}

TEST(DerTest, OtherTagIsRefused) {
  EXPECT_EQ(octets(unhex("0301aa")), std::nullopt);
}

TEST(DerTest, PositiveIntegersComeWithoutTheirSignByte) {
  EXPECT_EQ(positive("020101"), "01");
  EXPECT_EQ(positive("02017f"), "7f");
  EXPECT_EQ(positive("02020080"), "80");
  EXPECT_EQ(positive("02020100"), "0100");
}

TEST(DerTest, NegativeIntegerIsRefused) {
  EXPECT_EQ(positive("0201ff"), std::nullopt);
  EXPECT_EQ(positive("020180"), std::nullopt);
}

TEST(DerTest, ZeroIsNotPositive) {
  EXPECT_EQ(positive("020100"), std::nullopt);
}

TEST(DerTest, NeedlessLeadingZeroIsRefused) {
  EXPECT_EQ(positive("0202007f"), std::nullopt);
  EXPECT_EQ(positive("0203000080"), std::nullopt);
  EXPECT_EQ(positive("02020000"), std::nullopt);
}

TEST(DerTest, EmptyIntegerIsRefused) {
  EXPECT_EQ(positive("0200"), std::nullopt);
}

TEST(DerTest, SmallIntegersAreOneByteWithoutSign) {
  const auto small = [](std::string_view hex) { return DerReader(unhex(hex)).take_small(); };
  EXPECT_EQ(small("020100"), 0);
  EXPECT_EQ(small("02017f"), 127);
  EXPECT_EQ(small("020180"), std::nullopt);
  EXPECT_EQ(small("02020001"), std::nullopt);
  EXPECT_EQ(small("0200"), std::nullopt);
}

TEST(DerTest, BitStringsMustBeWholeBytes) {
  const Bytes good = unhex("030200aa");
  const auto taken = DerReader(good).take_whole_bytes();
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(hex_encode(*taken), "aa");
  EXPECT_FALSE(DerReader(unhex("030201aa")).take_whole_bytes().has_value());
  EXPECT_FALSE(DerReader(unhex("0300")).take_whole_bytes().has_value());
}

TEST(DerTest, ElementsFollowEachOther) {
  const Bytes bytes = unhex("30050201010400ff");  // one byte stands after the sequence
  DerReader outer(bytes);
  auto within = outer.take_inside(DerTag::Sequence);
  ASSERT_TRUE(within.has_value());
  EXPECT_FALSE(outer.done());
  EXPECT_TRUE(within->at(DerTag::Integer));
  EXPECT_EQ(within->take_small(), 1);
  EXPECT_FALSE(within->done());
  EXPECT_TRUE(within->take(DerTag::OctetString).has_value());
  EXPECT_TRUE(within->done());
}

}  // namespace
}  // namespace nono::crypto
