// tests/profile/tree_test.cc
#include "profile/tree.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nono::profile {
namespace {

struct Refused {
  const char* name;
  ProfileFormat format;
  std::string text;
  const char* says;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.name;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

class TreeRefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(TreeRefusedTest, ForThatReason) {
  const auto tree = read_tree(GetParam().text, GetParam().format);
  ASSERT_FALSE(tree) << tree->compact();
  EXPECT_TRUE(tree.error().message().contains(GetParam().says)) << tree.error().message();
}

using enum ProfileFormat;

INSTANTIATE_TEST_SUITE_P(
    All, TreeRefusedTest,
    testing::Values(
        Refused{"JsonDuplicate", Json, R"({"a":1,"a":2})", "twice"},
        Refused{"JsonDeep", Json, repeated("[", 40) + repeated("]", 40), "deep"},
        Refused{"JsonIsToml", Json, "[filesystem]\nread=['/']", "not JSON"},
        Refused{"JsonSize", Json, std::string(65537, ' '), "bytes"},
        Refused{"TomlSize", Toml, std::string(65537, ' '), "bytes"},
        Refused{"TomlSyntax", Toml, "a = \n", "line 1: not TOML"},
        Refused{"TomlDuplicateKey", Toml, "a = 1\na = 2\n", "line 2: not TOML"},
        Refused{"TomlDuplicateTable", Toml, "[a]\nb=1\n[a]\nc=1\n", "line 3: not TOML"},
        Refused{"TomlDate", Toml, "a = 2020-01-01\n", "is a date"},
        Refused{"TomlFraction", Toml, "a = 1.5\n", "fraction"},
        Refused{"TomlInfinity", Toml, "a = inf\n", "fraction"},
        Refused{"TomlDeepArray", Toml, "a = " + repeated("[", 40) + repeated("]", 40), "line 1"},
        Refused{"TomlDeepKey", Toml, repeated("a.", 60) + "a = 1\n", "nested too deeply"},
        Refused{"TomlManyDots", Toml, repeated("a.", 200) + "a = 1\n", "more than 128 dots"},
        Refused{"TomlDeepBomb", Toml, repeated("a.", 30000) + "a = 1\n", "more than 128 dots"},
        Refused{"TomlNul", Toml, std::string("a = 1\0", 6), "UTF-8"},
        Refused{"TomlBeyondAscii", Toml, "a = \"\u00e9\"\n", "read in ASCII"},
        Refused{"TomlDotFirst", Toml, "[.a]\n", "not TOML"},
        Refused{"TomlLatin1", Toml, "a = \"\xe9\"\n", "UTF-8"},
        Refused{"TomlManyValues", Toml, "a = [" + repeated("1,", 20000) + "]\n", "too many values"},
        Refused{"YamlSyntax", Yaml, "a: [1\n", "not YAML"},
        Refused{"YamlDuplicateKey", Yaml, "a: 1\na: 2\n", "line 2: duplicate key"},
        Refused{"YamlDuplicateKeyByQuotes", Yaml, "a: 1\n\"a\": 2\n", "duplicate key"},
        Refused{"YamlAnchor", Yaml, "a: &x 1\n", "anchors"},
        Refused{"YamlAnchorOnMap", Yaml, "a: &x\n  b: 1\n", "anchors"},
        Refused{"YamlAlias", Yaml, "a: &x 1\nb: *x\n", "anchors"},
        Refused{"YamlBomb", Yaml, "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "anchors"},
        Refused{"YamlTag", Yaml, "a: !!str 1\n", "tags"},
        Refused{"YamlOwnTag", Yaml, "a: !run rm\n", "tags"},
        Refused{"YamlTagOnMap", Yaml, "a: !!omap {b: 1}\n", "tags"},
        Refused{"YamlMergeKey", Yaml, "<<: {a: 1}\n", "merge keys"},
        Refused{"YamlSecondDocument", Yaml, "a: 1\n---\nb: 2\n", "a second one"},
        Refused{"YamlDeep", Yaml, repeated("[", 40) + repeated("]", 40), "nested too deeply"},
        Refused{"YamlVeryDeep", Yaml, repeated("[", 30000), "line 1"},
        Refused{"YamlMapAsKey", Yaml, "? {a: 1}\n: 2\n", "a key must be a word"},
        Refused{"YamlListAsKey", Yaml, "? [a]\n: 2\n", "a key must be a word"},
        Refused{"YamlNorway", Yaml, "a: no\n", "different things"},
        Refused{"YamlOn", Yaml, "a: On\n", "different things"},
        Refused{"YamlTrueInCapitals", Yaml, "a: TRUE\n", "different things"},
        Refused{"YamlOctal", Yaml, "a: 0755\n", "different things"},
        Refused{"YamlHexadecimal", Yaml, "a: 0x1f\n", "write a number in decimal digits"},
        Refused{"YamlSexagesimal", Yaml, "a: 1:30\n", "different things"},
        Refused{"YamlFraction", Yaml, "a: 1.5\n", "different things"},
        Refused{"YamlUnderscore", Yaml, "a: 1_000\n", "different things"},
        Refused{"YamlHugeNumber", Yaml, "a: 99999999999999999999\n", "different things"},
        Refused{"YamlManyValues", Yaml, "[" + repeated("1,", 20000) + "]\n", "too many values"},
        Refused{"YamlSize", Yaml, std::string(65537, ' '), "bytes"},
        Refused{"YamlCarriageReturn", Yaml, "# c\rnetwork: {block: true}\n", "line 1, byte 4: "},
        Refused{"YamlCarriageReturnLast", Yaml, "a: 1\r", "line 1, byte 5: "},
        Refused{"YamlNextLine", Yaml, "a: x\n# \u0085b: 1\n", "line 2, byte 3: "},
        Refused{"YamlLineSeparator", Yaml, "# \u2028b: 1\n", "line 1, byte 3: "},
        Refused{"YamlParagraphSeparator", Yaml, "# \u2029b: 1\n", "line 1, byte 3: "},
        Refused{"YamlEndOfTransmission", Yaml, "a: x\x04\n", "line 1, byte 5: "},
        Refused{"YamlBell", Yaml, "a: \"x\x07\"\n", "line 1, byte 6: "},
        Refused{"YamlEscape", Yaml, "a: x\x1b[2J\n", "line 1, byte 5: "},
        Refused{"YamlVerticalTab", Yaml, "a: x\v\n", "line 1, byte 5: "},
        Refused{"YamlFormFeed", Yaml, "a: x\f\n", "line 1, byte 5: "},
        Refused{"YamlDelete", Yaml, "a: x\x7f\n", "line 1, byte 5: "},
        Refused{"YamlC1", Yaml, "a: x\u009b\n", "line 1, byte 5: "},
        Refused{"YamlKeyOn", Yaml, "a: 1\non: 1\n", "line 2: the key \"on\""},
        Refused{"YamlKeyNo", Yaml, "{a: {No: 1}}\n", "the key \"No\""},
        Refused{"YamlKeyTrue", Yaml, "true: 1\n", "the key \"true\""},
        Refused{"YamlKeyNull", Yaml, "~: 1\n", "a key must be a word"},
        Refused{"YamlKeyNumber", Yaml, "1: 1\n", "the key \"1\""},
        Refused{"YamlKeyOctal", Yaml, "010: 1\n", "the key \"010\""},
        Refused{"YamlNul", Yaml, std::string("a: 1\0", 5), "UTF-8"}),
    [](const auto& instance) { return std::string(instance.param.name); });

nono::Json tree(std::string_view text, ProfileFormat format) {
  auto read = read_tree(text, format);
  EXPECT_TRUE(read) << read.error().message();
  return read ? *std::move(read) : nono::Json();
}

TEST(TreeTest, ThreeLanguagesMeanTheSame) {
  // TOML does not keep the order of keys: the sample has them sorted.
  const nono::Json wanted = tree(
      R"({"filesystem":{"read":["/a","/b"]},"limits":{"time":"90s"},"network":{"block":true,"connect_port":[443]}})",
      Json);
  EXPECT_EQ(tree("[filesystem]\nread = ['/a', \"/b\"]\n[limits]\ntime = '90s'\n"
                 "[network]\nblock = true\nconnect_port = [443]\n",
                 Toml),
            wanted);
  EXPECT_EQ(tree("filesystem:\n  read:\n    - /a\n    - \"/b\"\nlimits: {time: \"90s\"}\n"
                 "network:\n  block: true\n  connect_port: [443]\n",
                 Yaml),
            wanted);
}

TEST(TreeTest, EmptyDocumentsAreEmptyObjects) {
  EXPECT_EQ(tree("", Toml), nono::Json(nono::Json::Object{}));
  EXPECT_EQ(tree("", Yaml), nono::Json(nono::Json::Object{}));
  EXPECT_EQ(tree("# nothing\n", Yaml), nono::Json(nono::Json::Object{}));
}

TEST(TreeTest, YamlScalarsWithoutQuotes) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "null"},
      {"~", "null"},
      {"null", "null"},
      {"true", "true"},
      {"false", "false"},
      {"0", "0"},
      {"-7", "-7"},
      {"/usr/lib", "\"/usr/lib\""},
      {"$HOME/.x", "\"$HOME/.x\""},
      {"claude-code", "\"claude-code\""},
      {"90s", "\"90s\""},
      {"-", "\"-\""},
      {"a.b", "\"a.b\""},
      {"443 ", "\"443 \""}};
  for (const auto& [word, wanted] : cases) {
    const auto meant = yaml_scalar(word);
    ASSERT_TRUE(meant) << word << ": " << meant.error().message();
    EXPECT_EQ(meant->compact(), wanted) << word;
  }
}

TEST(TreeTest, QuotedYamlIsAlwaysText) {
  EXPECT_EQ(tree("a: \"no\"\nb: '0755'\nc: \"true\"\n", Yaml).compact(),
            R"({"a":"no","b":"0755","c":"true"})");
}

TEST(TreeTest, YamlOfEveryReaderIsRead) {
  EXPECT_EQ(tree("# \u00e9\u00a0\u2027\u202a\r\n\"on\": \"\u00e9\t\"\r\n'1': \"\\x07\"\r\n", Yaml)
                .compact(),
            "{\"on\":\"\u00e9\\t\",\"1\":\"\\u0007\"}");
}

TEST(TreeTest, FormatGoesByTheEnding) {
  EXPECT_EQ(format_of("a/b.json").value(), Json);
  EXPECT_EQ(format_of("b.toml").value(), Toml);
  EXPECT_EQ(format_of("b.yaml").value(), Yaml);
  EXPECT_EQ(format_of("b.yml").value(), Yaml);
  EXPECT_FALSE(format_of("b.jsonc"));
  EXPECT_FALSE(format_of("profile"));
}

}  // namespace
}  // namespace nono::profile
