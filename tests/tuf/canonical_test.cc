// tests/tuf/canonical_test.cc: the bytes that are signed.
#include "tuf/canonical.h"

#include <gtest/gtest.h>

#include <string>

namespace nono::tuf {
namespace {

struct Form {
  std::string_view name;
  std::string_view text;
  std::string_view expected;
};

class CanonicalTest : public testing::TestWithParam<Form> {};

TEST_P(CanonicalTest, IsWritten) {
  const auto json = Json::parse(GetParam().text, {.bytes = 1u << 16});
  ASSERT_TRUE(json) << json.error().message();
  const auto bytes = canonical_json(*json);
  EXPECT_EQ(bytes ? *bytes : "refused: " + bytes.error().message(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, CanonicalTest,
    testing::Values(
        Form{"SpaceGoes", " { \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}"},
        Form{"MembersAreSorted", R"({"b":1,"a":2,"B":3,"":4})", R"({"":4,"B":3,"a":2,"b":1})"},
        Form{"SortedByBytesNotByLanguage", R"({"ä":1,"z":2,"€":3})", R"({"z":2,"ä":1,"€":3})"},
        Form{"NestedMembersToo", R"([{"b":[],"a":{}},{}])", R"([{"a":{},"b":[]},{}])"},
        Form{"ControlsStandAsTheyAre", R"("a\n\tb")", "\"a\n\tb\""},
        Form{"QuoteAndBackslashAreEscaped", R"("\"\\\/")", R"("\"\\/")"},
        Form{"CharactersAreNotEscaped", R"("\u00e4")", "\"ä\""},
        Form{"Literals", "[true,false,null]", "[true,false,null]"},
        Form{"Integers", "[0,-1,9223372036854775807,18446744073709551615]",
             "[0,-1,9223372036854775807,18446744073709551615]"},
        Form{"BracketsInStringsDoNotConfuse", R"(["[","{",1])", R"(["[","{",1])"},
        Form{"FractionsHaveNoForm", "[1.5]", "refused: the number 1.5 has no canonical form"},
        Form{"NorHasAnExponent", "1e3", "refused: the number 1e3 has no canonical form"},
        Form{"NorWhatIsBeyond64Bits", "18446744073709551616",
             "refused: the number 18446744073709551616 has no canonical form"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace nono::tuf
