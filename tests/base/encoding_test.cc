// tests/base/encoding_test.cc: hexadecimal and base64, and everything that is neither.
#include "base/encoding.h"

#include <gtest/gtest.h>

#include <random>

namespace nono {
namespace {

std::string decoded(std::string_view text, Base64 form) {
  const auto bytes = base64_decode(text, form);
  return bytes ? std::string(as_text(*bytes)) : "(refused)";
}

TEST(HexTest, KnownVectorsInBothDirections) {
  EXPECT_EQ(hex_encode(as_bytes("")), "");
  EXPECT_EQ(hex_encode(as_bytes(std::string_view("\x00\x7f\x80\xff", 4))), "007f80ff");
  EXPECT_EQ(as_text(*hex_decode("DEADbeef")), "\xde\xad\xbe\xef");
  EXPECT_TRUE(hex_decode("")->empty());
}

TEST(HexTest, AnythingButWholePairsOfDigitsIsRefused) {
  for (const char* text :
       {"0", "abc", "0g", "g0", " 00", "00 ", "0x00", "0-", "\xff\xff", "00\n0"}) {
    EXPECT_FALSE(hex_decode(text)) << text;
  }
}

TEST(HexTest, EveryByteRoundTrips) {
  Bytes all;
  for (int value = 0; value < 256; ++value) {
    all.push_back(static_cast<std::byte>(value));
  }
  EXPECT_EQ(hex_decode(hex_encode(all)), all);
  EXPECT_EQ(base64_decode(base64_encode(all), Base64::Strict), all);
}

TEST(Base64Test, Rfc4648VectorsInBothDirections) {
  struct Case {
    std::string_view plain;
    std::string_view encoded;
  };
  for (const Case& c :
       {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
        Case{"foob", "Zm9vYg=="}, Case{"fooba", "Zm9vYmE="}, Case{"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64_encode(as_bytes(c.plain)), c.encoded);
    EXPECT_EQ(decoded(c.encoded, Base64::Strict), c.plain);
    EXPECT_EQ(decoded(c.encoded, Base64::Lenient), c.plain);
  }
}

TEST(Base64Test, UrlAlphabetIsForTheLenientOnly) {
  EXPECT_EQ(decoded("+/+/", Base64::Strict), "\xfb\xff\xbf");
  EXPECT_EQ(decoded("-_-_", Base64::Lenient), "\xfb\xff\xbf");
  EXPECT_EQ(decoded("-_-_", Base64::Strict), "(refused)");
}

TEST(Base64Test, PaddingMayBeLeftOutForTheLenientOnly) {
  EXPECT_EQ(decoded("Zg", Base64::Lenient), "f");
  EXPECT_EQ(decoded("Zm8", Base64::Lenient), "fo");
  EXPECT_EQ(decoded("Zg", Base64::Strict), "(refused)");
  EXPECT_EQ(decoded("Zm8", Base64::Strict), "(refused)");
}

TEST(Base64Test, MalformedTextIsRefusedInBothForms) {
  struct Case {
    std::string_view text;
    const char* why;
  };
  for (const Case& c : {
           Case{"Z", "one digit holds no byte"},
           Case{"Zm9vY", "one digit too many"},
           Case{"Zg=", "half of the padding"},
           Case{"Zg===", "padding too long"},
           Case{"Zm9v=", "padding that is not needed"},
           Case{"Zm9v====", "a whole group of padding"},
           Case{"====", "padding alone"},
           Case{"=", "one equals sign"},
           Case{"Z===", "one digit and padding"},
           Case{"Zm=v", "padding inside"},
           Case{"Zg==Zg==", "two texts in a row"},
           Case{"Zh==", "trailing bits set, two digits"},
           Case{"Zm9=", "trailing bits set, three digits"},
           Case{"Zm9v\n", "line end"},
           Case{" Zm9v", "space before"},
           Case{"Zm 9", "space inside"},
           Case{"Zm\t9", "tab inside"},
           Case{"Zm9*", "foreign character"},
           Case{"Zm9\xc3", "byte over 127"},
           Case{std::string_view("Zm9\0", 4), "NUL"},
       }) {
    EXPECT_EQ(decoded(c.text, Base64::Strict), "(refused)") << c.why;
    EXPECT_EQ(decoded(c.text, Base64::Lenient), "(refused)") << c.why;
  }
}

TEST(Base64Test, TrailingBitsWithoutPaddingAreRefused) {
  EXPECT_EQ(decoded("Zh", Base64::Lenient), "(refused)");
  EXPECT_EQ(decoded("Zm9", Base64::Lenient), "(refused)");
}

TEST(Base64Test, TwoAlphabetsInOneTextAreRefused) {
  EXPECT_EQ(decoded("+_+_", Base64::Lenient), "(refused)");
  EXPECT_EQ(decoded("-/-/", Base64::Lenient), "(refused)");
}

TEST(Base64Test, EveryDecodableTextHasOneSpelling) {
  // Strict decoding is injective: whatever decodes encodes back to the same text.
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases each time
  constexpr std::string_view kDigits = "ABab01+/=Zg";
  int decodable = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (int k = 0; k < 4; ++k) {
      text += kDigits[random() % kDigits.size()];
    }
    if (const auto bytes = base64_decode(text, Base64::Strict); bytes) {
      ++decodable;
      EXPECT_EQ(base64_encode(*bytes), text);
    }
  }
  EXPECT_GT(decodable, 1000);
}

}  // namespace
}  // namespace nono
