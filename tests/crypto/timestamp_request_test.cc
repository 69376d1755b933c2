// tests/crypto/timestamp_request_test.cc: TimeStampReq, byte for byte.
#include "crypto/timestamp_request.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "crypto/der.h"

namespace nono::crypto {
namespace {

Bytes nonce_of(std::string_view hex) {
  return hex_decode(hex).value_or(Bytes());
}

std::string request(std::string_view nonce) {
  return hex_encode(TimestampRequest::with(Sha256::of("abc"), nonce_of(nonce)).der);
}

// Written by hand from RFC 3161 2.4.1; FIPS 180-4 gives the digest of "abc".
constexpr std::string_view kImprint =
    "3031300d060960864801650304020105000420"
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(TimestampRequestTest, WritesVersionImprintNonceAndTheWishForACertificate) {
  EXPECT_EQ(request("0102030405060708"),
            "3043020101" + std::string(kImprint) + "02080102030405060708" + "0101ff");
}

TEST(TimestampRequestTest, AFirstByteThatWouldReadAsASignGetsAZeroBefore) {
  EXPECT_EQ(request("80ffffffffffffff"),
            "3044020101" + std::string(kImprint) + "020900" + "80ffffffffffffff" + "0101ff");
}

TEST(TimestampRequestTest, ZerosBeforeANonceDoNotCount) {
  EXPECT_EQ(request("0000000000000001"),
            "303c020101" + std::string(kImprint) + "020101" + "0101ff");
  EXPECT_EQ(request("0000000000000000"),
            "303c020101" + std::string(kImprint) + "020100" + "0101ff");
  EXPECT_EQ(request(""), "303c020101" + std::string(kImprint) + "020100" + "0101ff");
}

TEST(TimestampRequestTest, TheNonceIsTheMagnitudeThatAReaderGivesBack) {
  for (const std::string_view hex : {"0102030405060708", "80ffffffffffffff", "0000000000000a01"}) {
    const TimestampRequest made = TimestampRequest::with(Sha256::of("abc"), nonce_of(hex));
    auto whole = DerReader(made.der).take_inside(DerTag::Sequence);
    ASSERT_TRUE(whole);
    ASSERT_EQ(whole->take_small(), 1);
    ASSERT_TRUE(whole->take(DerTag::Sequence));
    const auto nonce = whole->take_unsigned();
    ASSERT_TRUE(nonce);
    EXPECT_EQ(Bytes(nonce->begin(), nonce->end()), made.nonce) << hex;
    EXPECT_EQ(whole->take_boolean(), true);
    EXPECT_TRUE(whole->done());
  }
}

TEST(TimestampRequestTest, EachRequestHasANonceOfItsOwn) {
  std::set<std::string> seen;
  for (int i = 0; i < 16; ++i) {
    const auto made = TimestampRequest::about(as_bytes("abc"));
    ASSERT_TRUE(made);
    EXPECT_LE(made->nonce.size(), 8U);
    EXPECT_TRUE(seen.insert(hex_encode(made->nonce)).second);
  }
}

TEST(TimestampRequestTest, AboutHashesTheMessage) {
  const auto made = TimestampRequest::about(as_bytes("abc"));
  ASSERT_TRUE(made);
  EXPECT_NE(hex_encode(made->der).find(kImprint), std::string::npos);
}

}  // namespace
}  // namespace nono::crypto
