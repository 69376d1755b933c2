// tests/crypto/digest_test.cc: SHA-2 against FIPS 180-4 examples, and the digest as a value.
#include "crypto/digest.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "tests/crypto/support.h"

namespace nono::crypto {
namespace {

constexpr std::string_view kEmptyHex =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kAbcHex =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kMillionHex =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

struct Vector {
  HashAlgorithm algorithm;
  std::string_view text;
  std::string_view hex;
};

constexpr std::string_view kTwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr Vector kVectors[] = {
    {HashAlgorithm::Sha256, "", kEmptyHex},
    {HashAlgorithm::Sha256, "abc", kAbcHex},
    {HashAlgorithm::Sha256, kTwoBlocks,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {HashAlgorithm::Sha384, "",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b"
     "95"
     "b"},
    {HashAlgorithm::Sha384, "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c82"
     "5a"
     "7"},
    {HashAlgorithm::Sha384, kTwoBlocks,
     "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5fe95b1fe3c84"
     "52"
     "b"},
    {HashAlgorithm::Sha512, "",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877ee"
     "c2f"
     "63b931bd47417a81a538327af927da3e"},
    {HashAlgorithm::Sha512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "bbd"
     "454d4423643ce80e2a9ac94fa54ca49f"},
    {HashAlgorithm::Sha512, kTwoBlocks,
     "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa1d3bea57789"
     "ca0"
     "31ad85c7a71dd70354ec631238ca3445"},
};

SealedFile sealed(std::string_view contents) {
  const OwnedFd source(::memfd_create("digest-test", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(source, contents).has_value());
  auto file = SealedFile::capture(source, "digest-test", 4u << 20);
  EXPECT_TRUE(file.has_value());
  return *std::move(file);
}

TEST(HashTest, PublishedVectorsComeOut) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(hex_encode(hash(vector.algorithm, as_bytes(vector.text))), vector.hex) << vector.text;
  }
}

TEST(Sha256Test, TextAndBytesHashAlike) {
  EXPECT_EQ(Sha256::of(std::string_view("abc")).hex(), kAbcHex);
  EXPECT_EQ(Sha256::of(as_bytes("abc")), Sha256::of(std::string_view("abc")));
  EXPECT_EQ(Sha256::of(std::span<const std::byte>()).hex(), kEmptyHex);
}

TEST(Sha256Test, MillionTimesA) {
  EXPECT_EQ(Sha256::of(std::string(1'000'000, 'a')).hex(), kMillionHex);
}

TEST(Sha256Test, SealedFileHashesLikeItsContents) {
  constexpr std::size_t kBuffer = 64u << 10;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBuffer - 1, kBuffer, kBuffer + 1,
                                 3 * kBuffer + 7, std::size_t{1'000'000}}) {
    const std::string text(size, 'a');
    const auto digest = Sha256::of(sealed(text));
    ASSERT_TRUE(digest.has_value()) << size;
    EXPECT_EQ(*digest, Sha256::of(text)) << size;
  }
}

TEST(Sha256Test, HashingASealedFileDoesNotMoveItsOffset) {
  const SealedFile file = sealed("abc");
  ASSERT_EQ(::lseek(file.fd().raw(), 2, SEEK_SET), 2);
  EXPECT_EQ(Sha256::of(file)->hex(), kAbcHex);
  EXPECT_EQ(::lseek(file.fd().raw(), 0, SEEK_CUR), 2);
}

TEST(Sha256Test, HexRoundTrips) {
  const auto digest = Sha256::parse_hex(kAbcHex);
  ASSERT_TRUE(digest.has_value());
  EXPECT_EQ(*digest, Sha256::of(std::string_view("abc")));
  EXPECT_EQ(digest->hex(), kAbcHex);
}

TEST(Sha256Test, RawBytesRoundTrip) {
  const Sha256 digest = Sha256::of(std::string_view("abc"));
  EXPECT_EQ(Sha256::from_raw(digest.bytes()), digest);
}

TEST(Sha256Test, WhatIsNotADigestInHexIsRefused) {
  const std::string good(kAbcHex);
  EXPECT_FALSE(Sha256::parse_hex(""));
  EXPECT_FALSE(Sha256::parse_hex(good.substr(1)));
  EXPECT_FALSE(Sha256::parse_hex(good.substr(2)));
  EXPECT_FALSE(Sha256::parse_hex(good + "0"));
  EXPECT_FALSE(Sha256::parse_hex(good + "00"));
  EXPECT_FALSE(Sha256::parse_hex("B" + good.substr(1)));
  EXPECT_FALSE(Sha256::parse_hex("g" + good.substr(1)));
  EXPECT_FALSE(Sha256::parse_hex(" " + good.substr(1)));
  EXPECT_FALSE(Sha256::parse_hex("sha256:" + good));
}

TEST(Sha256Test, WhatIsNot32BytesIsRefused) {
  EXPECT_FALSE(Sha256::from_raw({}));
  EXPECT_FALSE(Sha256::from_raw(Bytes(31)));
  EXPECT_FALSE(Sha256::from_raw(Bytes(33)));
}

TEST(Sha256Test, ShortFormHasThePrefixAnd16Digits) {
  EXPECT_EQ(Sha256::of(std::string_view("abc")).short_form(), "SHA256:ba7816bf8f01cfea");
}

TEST(Sha256Test, DigestsAreOrderedByTheirBytes) {
  const auto low = Sha256::parse_hex(std::string(64, '0'));
  const auto high = Sha256::parse_hex(std::string(64, 'f'));
  EXPECT_LT(*low, *high);
  EXPECT_NE(*low, *high);
}

TEST(Sha256HasherTest, PiecesHashLikeTheWhole) {
  const std::string text(1000, 'x');
  for (const std::size_t step : {1u, 7u, 63u, 64u, 65u, 999u, 1000u}) {
    Sha256Hasher hasher;
    for (std::size_t at = 0; at < text.size(); at += step) {
      hasher.add(std::string_view(text).substr(at, step));
    }
    EXPECT_EQ(std::move(hasher).finish(), Sha256::of(text)) << step;
  }
}

TEST(Sha256HasherTest, NothingAddedIsTheEmptyDigest) {
  EXPECT_EQ(Sha256Hasher().finish().hex(), kEmptyHex);
}

TEST(Sha256HasherTest, MovingKeepsWhatWasAdded) {
  Sha256Hasher first;
  first.add(as_bytes("a"));
  Sha256Hasher second = std::move(first);
  second.add(std::string_view("b"));
  Sha256Hasher third;
  third.add(std::string_view("forgotten"));
  third = std::move(second);
  third.add(std::string_view("c"));
  EXPECT_EQ(std::move(third).finish().hex(), kAbcHex);
}

}  // namespace
}  // namespace nono::crypto
