// tests/base/json_strings_test.cc: strings that are kept back from the parser mean what it would
// have made of them.
#include <gtest/gtest.h>

#include <string>

#include "base/json.h"

namespace nono {
namespace {

// The same string, once as it stands and once with an escape at its front, which sends all of it
// through the parser.
constexpr std::string_view kPassed = "\\u0061";

std::string in_quotes(std::string_view inside) {
  return '"' + std::string(inside) + '"';
}

std::optional<std::string> text_in(std::string_view document) {
  const auto value = Json::parse(document, kBundleLimits);
  const std::string* const text = value ? value->string() : nullptr;
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

TEST(JsonStrings, EveryByteMeansTheSameKeptBackAndPassed) {
  std::size_t taken = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (const std::size_t at : {0u, 1u, 7u, 8u, 31u, 63u}) {
      std::string inside(64, 'x');
      inside[at] = static_cast<char>(byte);
      const auto kept = text_in(in_quotes(inside));
      const auto passed = text_in(in_quotes(std::string(kPassed) + inside));
      ASSERT_EQ(kept.has_value(), passed.has_value()) << byte << " at " << at;
      if (kept) {
        ASSERT_EQ("a" + *kept, *passed) << byte << " at " << at;
        ++taken;
      }
    }
  }
  // 0x20 to 0x7f without the quote and the backslash; a quote at the very end closes and is none of
  // the string, so that nothing but these is taken.
  EXPECT_EQ(taken, (0x80u - 0x20u - 2u) * 6u);
}

TEST(JsonStrings, PairsOfBytesMeanTheSameKeptBackAndPassed) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string pair{static_cast<char>(first), static_cast<char>(second)};
      const auto kept = text_in(in_quotes(pair));
      const auto passed = text_in(in_quotes(std::string(kPassed) + pair));
      ASSERT_EQ(kept.has_value(), passed.has_value()) << first << ' ' << second;
      ASSERT_TRUE(!kept || "a" + *kept == *passed) << first << ' ' << second;
    }
  }
}

// What was kept back of one string is not taken for the next one.
TEST(JsonStrings, NeighboursKeepTheirOwnText) {
  const auto value = Json::parse(R"({"plain":"kept","":"","\u0061":"b\n","last":["","\t","x",""]})",
                                 kBundleLimits);
  ASSERT_TRUE(value.has_value()) << value.error().message();
  const auto* const object = value->object();
  ASSERT_NE(object, nullptr);
  ASSERT_EQ(object->size(), 4u);
  EXPECT_EQ((*object)[0].first, "plain");
  EXPECT_EQ(*(*object)[0].second.string(), "kept");
  EXPECT_EQ((*object)[1].first, "");
  EXPECT_EQ(*(*object)[1].second.string(), "");
  EXPECT_EQ((*object)[2].first, "a");
  EXPECT_EQ(*(*object)[2].second.string(), "b\n");
  const auto* const last = (*object)[3].second.array();
  ASSERT_NE(last, nullptr);
  ASSERT_EQ(last->size(), 4u);
  EXPECT_EQ(*(*last)[0].string(), "");
  EXPECT_EQ(*(*last)[1].string(), "\t");
  EXPECT_EQ(*(*last)[2].string(), "x");
  EXPECT_EQ(*(*last)[3].string(), "");
}

TEST(JsonStrings, TheLimitIsTheSameKeptBackAndPassed) {
  JsonLimits limits = kBundleLimits;
  limits.string = 20;
  const auto takes = [&](const std::string& inside) {
    return Json::parse(in_quotes(inside), limits).has_value();
  };
  EXPECT_TRUE(takes(std::string(20, 'x')));
  EXPECT_FALSE(takes(std::string(21, 'x')));
  // The limit is one of bytes as they are spelt.
  EXPECT_TRUE(takes(std::string(kPassed) + std::string(14, 'x')));
  EXPECT_FALSE(takes(std::string(kPassed) + std::string(15, 'x')));
}

TEST(JsonStrings, ARepeatedKeyIsFoundWhicheverWayItIsSpelt) {
  for (const char* text :
       {R"({"ab":1,"ab":2})", R"({"ab":1,"\u0061b":2})", R"({"\u0061b":1,"ab":2})"}) {
    const auto value = Json::parse(text, kBundleLimits);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_TRUE(value.error().message().contains("there twice")) << value.error().message();
  }
}

// Faults beside a string that was kept back are still told by their place.
TEST(JsonStrings, PlacesOfFaultsCountTheBytesThatWereKeptBack) {
  const auto why = [](std::string_view text) {
    const auto value = Json::parse(text, kBundleLimits);
    return value ? std::string("taken") : value.error().message();
  };
  EXPECT_TRUE(why(R"({"name":"value" "next":1})").contains("(byte 16)"));
  EXPECT_TRUE(why(R"({"name":"value"]})").contains("(byte 15)"));
  EXPECT_TRUE(why(R"(["value", x])").contains("(byte 10)"));
  EXPECT_TRUE(why(R"({"open":"value)").contains("(byte 14)"));
}

}  // namespace
}  // namespace nono
