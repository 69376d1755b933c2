// tests/base/json_test.cc: what is JSON is read exactly, what is not is refused with its place.
#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace nono {
namespace {

using namespace std::string_view_literals;

Json parsed(std::string_view text) {
  auto json = Json::parse(text, kMessageLimits);
  EXPECT_TRUE(json) << text << ": " << (json ? "" : json.error().message());
  return json ? *std::move(json) : Json();
}

std::string refusal(std::string_view text, const JsonLimits& limits = kMessageLimits) {
  const auto json = Json::parse(text, limits);
  return json ? "(accepted)" : json.error().message();
}

TEST(JsonParseTest, ScalarsAreReadExactly) {
  EXPECT_TRUE(parsed("null").is_null());
  EXPECT_EQ(*parsed("true").boolean(), true);
  EXPECT_EQ(*parsed(" false\r\n").boolean(), false);
  EXPECT_EQ(*parsed("0").integer(), 0);
  EXPECT_EQ(*parsed("-1").integer(), -1);
  EXPECT_EQ(*parsed("9223372036854775807").integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*parsed("-9223372036854775808").integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*parsed("9223372036854775808").big_integer(), 9223372036854775808U);
  EXPECT_EQ(*parsed("18446744073709551615").big_integer(),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(*parsed("\"\"").string(), "");
}

TEST(JsonParseTest, OtherNumbersKeepTheirSpelling) {
  for (const std::string spelling :
       {"1.0", "-0", "-0.0", "1e0", "1E+2", "0.1", "1e-999", "123456789012345678901234567890",
        "18446744073709551616", "-9223372036854775809", "1.10", "0e0", "1e308",
        "0.30000000000000004441"}) {
    for (const std::string& text :
         {spelling, "[" + spelling + "]", "{\"a\":" + spelling + " \n }"}) {
      const Json json = parsed(text);
      const Json* value = json.array() != nullptr    ? &json.array()->front()
                          : json.object() != nullptr ? json.find("a")
                                                     : &json;
      ASSERT_NE(value->number(), nullptr) << text;
      EXPECT_EQ(value->number()->spelling, spelling) << text;
      EXPECT_EQ(value->integer(), nullptr) << text;
    }
  }
}

TEST(JsonParseTest, StringsAreUnescaped) {
  struct Case {
    std::string_view text;
    std::string_view value;
  };
  for (const Case& c : {
           Case{R"("a\"\\\/\b\f\n\r\t")", "a\"\\/\b\f\n\r\t"},
           Case{R"("\u0041\u00e9\u20AC")", "A\xc3\xa9\xe2\x82\xac"},
           Case{R"("\ud83d\ude42")", "\xf0\x9f\x99\x82"},
           Case{R"("\u0000")", "\0"sv},
           Case{"\"\x7f\"", "\x7f"},
           Case{"\"\xf4\x8f\xbf\xbf\"", "\xf4\x8f\xbf\xbf"},
       }) {
    EXPECT_EQ(*parsed(c.text).string(), c.value) << c.text;
  }
}

TEST(JsonParseTest, MembersKeepTheirOrder) {
  const Json json = parsed(R"({"b":1,"a":[2,{"c":null}],"":3})");
  ASSERT_NE(json.object(), nullptr);
  ASSERT_EQ(json.object()->size(), 3U);
  EXPECT_EQ(json.object()->at(0).first, "b");
  EXPECT_EQ(json.object()->at(2).first, "");
  EXPECT_EQ(*json.find("")->integer(), 3);
  EXPECT_TRUE(json.find("a")->array()->at(1).find("c")->is_null());
}

TEST(JsonParseTest, EmptyContainersAreContainers) {
  EXPECT_TRUE(parsed("[]").array()->empty());
  EXPECT_TRUE(parsed("{}").object()->empty());
  EXPECT_TRUE(parsed("[ \n ]").array()->empty());
  EXPECT_TRUE(parsed("{\t}").object()->empty());
}

TEST(JsonParseTest, MalformedDocumentsAreRefusedWithTheirPlace) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const Case& c : {
           Case{"\xef\xbb\xbf{}", "document: not JSON: starts with a byte-order mark (byte 0)"},
           Case{"{}\0"sv, "document: not JSON: a NUL byte (byte 2)"},
           Case{"\0{}"sv, "document: not JSON: a NUL byte (byte 0)"},
           Case{"[1,\0 2]"sv, "document: not JSON: a NUL byte (byte 3)"},
           Case{"[1,x]", "/1: not JSON: invalid literal (byte 3)"},
           Case{"{\"a\":[1,{\"b/c~\":nul}]}", "/a/1/b~1c~0: not JSON: invalid literal (byte 19)"},
           Case{"{\"a\":1,\"a\":2}", "/a: the key is there twice (byte 7)"},
           Case{"{\"a\":1,\"\\u0061\":2}", "/a: the key is there twice (byte 7)"},
           Case{"[{\"x\\\"y\":1,\"z\":0,\"x\\u0022y\":2}]",
                "/0/x\"y: the key is there twice (byte 17)"},
           Case{"{\"\":1, \"\":2}", "/: the key is there twice (byte 7)"},
           Case{"1e999", "document: not JSON: a number beyond the range of a double (byte 5)"},
           Case{"[-1e999]", "/0: not JSON: a number beyond the range of a double (byte 7)"},
           Case{"{\"a\":\"\xff\"}", "/a: not JSON: invalid string: ill-formed UTF-8 byte (byte 6)"},
       }) {
    EXPECT_EQ(refusal(c.text), c.message) << c.text;
  }
}

struct Malformed {
  std::string_view text;
  std::size_t byte;  // where reading stopped
};

constexpr Malformed kMalformed[] = {
    {"", 0},
    {" ", 1},
    {"\n\n\n", 3},
    {"{", 1},
    {"[", 1},
    {"}", 0},
    {"]", 0},
    {",", 0},
    {":", 0},
    {"[1", 2},
    {"[1,", 3},
    {"[1,]", 3},
    {"[,1]", 1},
    {"[1,,2]", 3},
    {"[1 2]", 3},
    {"[1}", 2},
    {"{]", 1},
    {"{\"a\"}", 4},
    {"{\"a\":}", 5},
    {"{\"a\":1,}", 7},
    {"{\"a\" 1}", 5},
    {"{\"a\":1 \"b\":2}", 7},
    {"{a:1}", 1},
    {"{1:1}", 1},
    {"{null:1}", 4},
    {"{'a':1}", 1},
    {"'a'", 0},
    {"{}{}", 2},
    {"{}x", 2},
    {"{} []", 3},
    {"1 2", 2},
    {"nul", 3},
    {"nulll", 4},
    {"True", 0},
    {"TRUE", 0},
    {"NaN", 0},
    {"Infinity", 0},
    {"-Infinity", 1},
    {"undefined", 0},
    {"+1", 0},
    {"-", 1},
    {"--1", 1},
    {"01", 0},
    {"-01", 0},
    {"1.", 2},
    {".1", 0},
    {"-.1", 1},
    {"1.e1", 2},
    {"1e", 2},
    {"1e+", 3},
    {"1.0.0", 3},
    {"0x10", 1},
    {"1_000", 1},
    {"1f", 2},
    {"\xef\xbc\x91", 0},
    {"// c\n1", 0},
    {"/* c */1", 0},
    {"1 // c", 2},
    {"# c\n1", 0},
    {"\x0c"
     "1",
     0},
    {"\xc2\xa0"
     "1",
     0},
    {"\"", 1},
    {"\"a", 2},
    {"\"a\nb\"", 2},
    {"\"a\tb\"", 2},
    {"\"\x01\"", 1},
    {"\"\\\"", 3},
    {"\"\\x41\"", 2},
    {"\"\\'\"", 2},
    {"\"\\u00\"", 5},
    {"\"\\u00g0\"", 5},
    {"\"\\U0041\"", 2},
    {"\"\\", 2},
    {"\"\\ud800\"", 7},
    {"\"\\ud800x\"", 7},
    {"\"\\ud800\\n\"", 8},
    {"\"\\ud800\\u0041\"", 12},
    {"\"\\udc00\"", 6},
    {"\"\\ude42\\ud83d\"", 6},
    {"\"\x80\"", 1},
    {"\"\xc0\x80\"", 1},
    {"\"\xed\xa0\x80\"", 2},
    {"\"\xf4\x90\x80\x80\"", 2},
    {"\"\xe2\x82\"", 3},
    {"\"\xfe\"", 1},
    {"{\"\xff\":1}", 2},
    {"\xff", 0},
    {"\xfe\xff\x31", 0},
};

TEST(JsonParseTest, WhatIsNotJsonIsRefused) {
  for (const Malformed& c : kMalformed) {
    const auto json = Json::parse(c.text, kMessageLimits);
    ASSERT_FALSE(json) << c.text;
    EXPECT_EQ(json.error().kind(), ErrorKind::InvalidInput) << c.text;
    const std::string message = json.error().message();
    EXPECT_TRUE(message.ends_with("(byte " + std::to_string(c.byte) + ")"))
        << c.text << " gives " << message;
    EXPECT_NE(message.find(": not JSON: "), std::string::npos) << message;
  }
}

TEST(JsonParseTest, OffsetsAreRightBehindShortenedWhiteSpace) {
  EXPECT_EQ(refusal("[1,\n\n\n\n   x]"), "/1: not JSON: invalid literal (byte 10)");
  EXPECT_EQ(refusal("{\"a  b\" :  1,\n\n \"a  b\" : 2}"),
            "/a  b: the key is there twice (byte 16)");
  EXPECT_EQ(*parsed("\"a   \\t   b\"").string(), "a   \t   b");
  EXPECT_EQ(*parsed("\"\\\\\\\"    \"").string(), "\\\"    ");
}

TEST(JsonParseTest, FirstRepeatedKeyIsNamed) {
  EXPECT_EQ(refusal(R"({"z":1,"y":2,"y":3,"z":4})"), "/y: the key is there twice (byte 13)");
  EXPECT_EQ(refusal(R"({"a":1,"a":2,"a":3})"), "/a: the key is there twice (byte 7)");
  EXPECT_EQ(refusal(R"({"o":{"k":1,"k":1}})"), "/o/k: the key is there twice (byte 12)");
}

TEST(JsonParseTest, EqualKeysInDifferentObjectsAreFine) {
  EXPECT_EQ(parsed(R"([{"a":1},{"a":{"a":2}}])").array()->size(), 2U);
  EXPECT_EQ(parsed(R"({"a":1,"A":2,"\u00c4":3})").object()->size(), 3U);
}

TEST(JsonParseTest, DocumentsOverTheSizeCapAreRefusedUnread) {
  const auto json = Json::parse("[not JSON]", {.bytes = 9});
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(json.error().code(), EFBIG);
  EXPECT_EQ(json.error().message(), "document: 10 bytes, at most 9 are allowed");
  EXPECT_TRUE(Json::parse("[1,2,3,4]", {.bytes = 9}));
}

TEST(JsonParseTest, DepthIsLimitedAtExactlyTheLimit) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(Json::parse(nested(64), kMessageLimits));
  const auto deeper = Json::parse(nested(65), kMessageLimits);
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(deeper.error().code(), EFBIG);
  EXPECT_TRUE(deeper.error().message().ends_with("nested deeper than 64 levels (byte 64)"));
  EXPECT_EQ(refusal("{\"a\":{}}", {.bytes = 99, .depth = 1}),
            "/a: nested deeper than 1 levels (byte 5)");
}

TEST(JsonParseTest, ValuesAreCountedWithTheirContainers) {
  const JsonLimits four{.bytes = 99, .values = 4};
  EXPECT_TRUE(Json::parse("[1,{\"a\":2}]", four));
  const auto five = Json::parse("[1,{\"a\":2},3]", four);
  ASSERT_FALSE(five);
  EXPECT_EQ(five.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(five.error().message(), "/2: more than 4 values (byte 12)");
  EXPECT_EQ(refusal("[[],[],[],[]]", four), "/3: more than 4 values (byte 10)");
}

TEST(JsonParseTest, LongStringsAndNumbersAreRefused) {
  const JsonLimits limits{.bytes = 99, .string = 4, .number = 4};
  EXPECT_TRUE(Json::parse("\"abcd\"", limits));
  EXPECT_TRUE(Json::parse("\"\\n\\\"\"", limits));
  EXPECT_TRUE(Json::parse("1234", limits));
  for (const char* text :
       {"\"abcde\"", "\"\\u0041\"", "{\"abcde\":1}", "12345", "[-1234]", "\"abcdefg"}) {
    const auto json = Json::parse(text, limits);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().kind(), ErrorKind::Exhausted) << text;
    EXPECT_NE(json.error().message().find("longer than allowed"), std::string::npos) << text;
  }
}

TEST(JsonParseTest, KeysInMessagesAreMadeHarmlessAndShort) {
  EXPECT_EQ(refusal("{\"\\u001b[31m\\n\\u202e\":x}"),
            "/\\e[31m\\n\\u{202e}: not JSON: invalid literal (byte 22)");
  const std::string message = refusal("{\"" + std::string(60000, 'k') + "\":x}");
  EXPECT_LT(message.size(), 400U);
}

TEST(JsonParseTest, MessagesRepeatNoBytesOfTheDocument) {
  const std::string message = refusal("[\"secret\\q\"]");
  EXPECT_EQ(message.find("secret"), std::string::npos) << message;
}

TEST(JsonWriteTest, CompactIsOneLineInOrder) {
  const Json json(
      Json::Object{{"b", 1}, {"a", Json::Array{true, false, Json(), "x"}}, {"e", Json::Object{}}});
  EXPECT_EQ(json.compact(), R"({"b":1,"a":[true,false,null,"x"],"e":{}})");
}

TEST(JsonWriteTest, PrettyIndentsByTwoAndEndsTheLine) {
  EXPECT_EQ(parsed(R"({"a":[1,{"b":null}],"c":{},"d":[]})").pretty(),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n"
            "  \"c\": {},\n  \"d\": []\n}\n");
  EXPECT_EQ(Json("x").pretty(), "\"x\"\n");
}

TEST(JsonWriteTest, StringsAreEscapedOnlyWhereTheyMustBe) {
  EXPECT_EQ(Json("\"\\/\b\f\n\r\t\x01\x1f\x7f").compact(),
            R"("\"\\/\b\f\n\r\t\u0001\u001f\u007f")");
  EXPECT_EQ(Json("\0"sv).compact(), R"("\u0000")");
  EXPECT_EQ(Json("é漢🙂").compact(), "\"é漢🙂\"");
}

TEST(JsonWriteTest, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  EXPECT_EQ(Json("a\xe9z").compact(), "\"a\xef\xbf\xbdz\"");
  EXPECT_TRUE(Json::parse(Json("\xff\xed\xa0\x80").compact(), kMessageLimits));
}

TEST(JsonWriteTest, WhatWasReadIsWrittenBack) {
  for (const char* text :
       {"null", "true", "-0", "1.50", "1E+2", "18446744073709551615", "-9223372036854775808", "[]",
        "{}", R"({"z":[1,2.0,"a\nb"],"a":{"":[[]]}})", "123456789012345678901234567890"}) {
    EXPECT_EQ(parsed(text).compact(), text);
    EXPECT_EQ(parsed(parsed(text).pretty()), parsed(text)) << text;
  }
}

TEST(JsonValueTest, UnsignedNumbersAreIntegersWhereTheyFit) {
  EXPECT_NE(Json(std::uint64_t{5}).integer(), nullptr);
  EXPECT_EQ(Json(std::uint64_t{5}), Json(5));
  EXPECT_EQ(Json(std::uint64_t{1} << 63U).integer(), nullptr);
}

TEST(JsonValueTest, SetReplacesInPlaceOrAppends) {
  Json json = parsed(R"({"a":1,"b":2})");
  json.set("a", "x");
  json.set("c", Json::Array{1});
  EXPECT_EQ(json.compact(), R"({"a":"x","b":2,"c":[1]})");
  Json fresh;
  fresh.set("k", 1);
  EXPECT_EQ(fresh.compact(), R"({"k":1})");
}

TEST(JsonValueTest, FindAnswersNothingWhereThereIsNoMember) {
  EXPECT_EQ(parsed("{\"a\":1}").find("b"), nullptr);
  EXPECT_EQ(parsed("[1]").find("a"), nullptr);
  EXPECT_EQ(parsed("\"a\"").find("a"), nullptr);
}

TEST(JsonValueTest, CopiesAreIndependent) {
  Json first = parsed(R"({"a":[1]})");
  const Json second = first;
  first.find("a")->array()->push_back(2);
  EXPECT_EQ(second.compact(), R"({"a":[1]})");
  EXPECT_EQ(first.compact(), R"({"a":[1,2]})");
}

TEST(JsonValueTest, EqualityIsThatOfKindOrderAndSpelling) {
  EXPECT_EQ(parsed("[1,\"a\"]"), parsed(" [ 1 , \"\\u0061\" ] "));
  EXPECT_NE(parsed("1"), parsed("1.0"));
  EXPECT_NE(parsed("1"), parsed("\"1\""));
  EXPECT_NE(parsed("false"), parsed("null"));
  EXPECT_NE(parsed(R"({"a":1,"b":2})"), parsed(R"({"b":2,"a":1})"));
}

}  // namespace
}  // namespace nono
