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

TEST(DerTest, UnsignedIntegersMayBeZero) {
  const auto magnitude = [](std::string_view hex) -> std::optional<std::string> {
    const Bytes bytes = unhex(hex);
    const auto taken = DerReader(bytes).take_unsigned();
    return taken ? std::optional(hex_encode(*taken)) : std::nullopt;
  };
  EXPECT_EQ(magnitude("020100"), "00");
  EXPECT_EQ(magnitude("020101"), "01");
  EXPECT_EQ(magnitude("02020080"), "80");
  EXPECT_EQ(magnitude("02020000"), std::nullopt);
  EXPECT_EQ(magnitude("0201ff"), std::nullopt);
  EXPECT_EQ(magnitude("0200"), std::nullopt);
  EXPECT_EQ(magnitude("040100"), std::nullopt);
}

TEST(DerTest, ZeroIsConsumedOnce) {
  const Bytes bytes = unhex("020100020105");
  DerReader reader(bytes);
  ASSERT_TRUE(reader.take_unsigned().has_value());
  EXPECT_EQ(reader.take_small(), 5);
  EXPECT_TRUE(reader.done());
}

TEST(DerTest, BooleansHaveTwoEncodings) {
  const auto boolean = [](std::string_view hex) { return DerReader(unhex(hex)).take_boolean(); };
  EXPECT_EQ(boolean("010100"), false);
  EXPECT_EQ(boolean("0101ff"), true);
  EXPECT_EQ(boolean("010101"), std::nullopt);
  EXPECT_EQ(boolean("0100"), std::nullopt);
  EXPECT_EQ(boolean("01020000"), std::nullopt);
}

TEST(DerTest, AnElementOfAnyTagIsTakenWhole) {
  const Bytes bytes = unhex("a303020107ff");
  DerReader reader(bytes);
  const auto element = reader.take_any();
  ASSERT_TRUE(element.has_value());
  EXPECT_EQ(element->tag, DerTag::ExplicitThree);
  EXPECT_EQ(hex_encode(element->contents), "020107");
  EXPECT_EQ(hex_encode(element->whole), "a303020107");
  EXPECT_FALSE(reader.done());
}

TEST(DerTest, LongTagsAndCutElementsAreRefused) {
  EXPECT_FALSE(DerReader(unhex("1f210100")).take_any().has_value());
  EXPECT_FALSE(DerReader(unhex("bf210100")).take_any().has_value());
  EXPECT_FALSE(DerReader(unhex("3002aa")).take_any().has_value());
  EXPECT_FALSE(DerReader({}).take_any().has_value());
}

TEST(DerTest, ObjectIdentifiersAreWrittenWithDots) {
  const auto text = [](std::string_view hex) { return oid_text(unhex(hex)); };
  EXPECT_EQ(text("550403"), "2.5.4.3");
  EXPECT_EQ(text("2a864886f70d0109100104"), "1.2.840.113549.1.9.16.1.4");
  EXPECT_EQ(text("2b0601040183bf3002"), "1.3.6.1.4.1.57264.2");
  EXPECT_EQ(text("00"), "0.0");
  EXPECT_EQ(text("27"), "0.39");
  EXPECT_EQ(text("28"), "1.0");
  EXPECT_EQ(text("4f"), "1.39");
  EXPECT_EQ(text("50"), "2.0");
  EXPECT_EQ(text("883703"), "2.999.3");
  EXPECT_EQ(text("2a81ffffffffffffffff7f"), "1.2.18446744073709551615");
}

TEST(DerTest, MalformedObjectIdentifiersAreRefused) {
  const auto text = [](std::string_view hex) { return oid_text(unhex(hex)); };
  EXPECT_EQ(text(""), std::nullopt);
  EXPECT_EQ(text("2a80"), std::nullopt);
  EXPECT_EQ(text("2a86"), std::nullopt);
  EXPECT_EQ(text("2a8001"), std::nullopt);
  EXPECT_EQ(text("2a82808080808080808000"), std::nullopt);  // 2^64
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
