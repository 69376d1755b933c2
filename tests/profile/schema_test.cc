// tests/profile/schema_test.cc: the table, the parser and docs/profile.schema.json agree.
#include "profile/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "profile/model.h"

namespace nono::profile {
namespace {

Json parsed(const std::string& text) {
  auto json = Json::parse(text, kPolicyLimits);
  EXPECT_TRUE(json) << json.error().message() << text;
  return json ? *std::move(json) : Json();
}

// at nests a value at a dotted path: at("a.b", "1") is {"a":{"b":1}}.
std::string at(std::string_view path, const std::string& value) {
  const std::size_t dot = path.find('.');
  const std::string inner = dot == std::string_view::npos ? value : at(path.substr(dot + 1), value);
  return "{\"" + std::string(path.substr(0, dot)) + "\":" + inner + "}";
}

std::string message(const std::string& document) {
  const auto out = check_fields(parsed(document));
  return out ? "" : out.error().message();
}

// An evaluator of as much of JSON Schema as the schema uses, but for patterns.
bool allows(const Json& schema, const Json& value);

bool of_type(const std::string& type, const Json& value) {
  return (type == "object" && value.object() != nullptr) ||
         (type == "array" && value.array() != nullptr) ||
         (type == "string" && value.string() != nullptr) ||
         (type == "boolean" && value.boolean() != nullptr) ||
         (type == "integer" && value.integer() != nullptr) || (type == "null" && value.is_null());
}

bool allows_members(const Json& schema, const Json& value) {
  const Json* properties = schema.find("properties");
  const Json* more = schema.find("additionalProperties");
  for (const auto& [key, member] : *value.object()) {
    const Json* known = properties == nullptr ? nullptr : properties->find(key);
    if (known != nullptr
            ? !allows(*known, member)
            : (more != nullptr &&
               (more->boolean() != nullptr ? !*more->boolean() : !allows(*more, member)))) {
      return false;
    }
  }
  const Json* required = schema.find("required");
  return required == nullptr || std::ranges::all_of(*required->array(), [&](const Json& name) {
           return value.find(*name.string()) != nullptr;
         });
}

bool allows_number(const Json& schema, const Json& value) {
  const Json* least = schema.find("minimum");
  const Json* most = schema.find("maximum");
  return (least == nullptr || *value.integer() >= *least->integer()) &&
         (most == nullptr || *value.integer() <= *most->integer());
}

bool allows_value(const Json& schema, const Json& value) {
  if (value.object() != nullptr) {
    return allows_members(schema, value);
  }
  if (value.array() != nullptr && schema.find("items") != nullptr) {
    return std::ranges::all_of(
        *value.array(), [&](const Json& item) { return allows(*schema.find("items"), item); });
  }
  if (value.string() != nullptr && schema.find("minLength") != nullptr) {
    return !value.string()->empty();
  }
  return value.integer() == nullptr || allows_number(schema, value);
}

bool allows(const Json& schema, const Json& value) {
  if (const Json* either = schema.find("oneOf")) {
    return std::ranges::count_if(*either->array(),
                                 [&](const Json& one) { return allows(one, value); }) == 1;
  }
  if (const Json* words = schema.find("enum")) {
    return std::ranges::find(*words->array(), value) != words->array()->end();
  }
  if (const Json* wanted = schema.find("const")) {
    return *wanted == value;
  }
  const Json* type = schema.find("type");
  return (type == nullptr || of_type(*type->string(), value)) && allows_value(schema, value);
}

Json published() {
  const auto text = read_file(std::string(NONO_SOURCE_DIR) + "/docs/profile.schema.json", 1U << 20);
  EXPECT_TRUE(text) << text.error().message();
  return text ? parsed(*text) : Json();
}

TEST(SchemaTest, PublishedSchemaIsMadeOfTheTable) {
  EXPECT_EQ(published(), schema_document())
      << "write it anew: nono profile show --schema >docs/profile.schema.json";
}

// What upstream calls what holds anyway stands on the page by the names of the objects alone.
TEST(SchemaTest, PageNamesEachFieldThatCounts) {
  const auto page = read_file(std::string(NONO_SOURCE_DIR) + "/docs/profiles.md", 1U << 20);
  ASSERT_TRUE(page);
  for (const Field& field : profile_fields()) {
    const bool upstreams = field.path.starts_with("security.") || field.path.starts_with("linux.");
    if (field.effect == FieldEffect::Used && !upstreams && field.path != "$schema") {
      const std::string word(field.path.substr(field.path.rfind('.') + 1));
      const bool listed = page->contains("`" + word + "`") || page->contains("{" + word + ",") ||
                          page->contains(", " + word + "}");
      EXPECT_TRUE(listed) << field.path;
    }
  }
}

TEST(SchemaTest, RowsAreReachableAndOnce) {
  std::set<std::string_view> seen;
  for (const Field& field : profile_fields()) {
    EXPECT_TRUE(seen.insert(field.path).second) << field.path;
    EXPECT_FALSE(field.help.empty()) << field.path;
    const std::size_t dot = field.path.rfind('.');
    if (dot != std::string_view::npos) {
      const Field* parent = find_field(field.path.substr(0, dot));
      ASSERT_NE(parent, nullptr) << field.path;
      EXPECT_TRUE(parent->type == FieldType::Object || parent->type == FieldType::Groups);
    }
  }
}

// What fits each type, and what does not.
struct Samples {
  std::vector<std::string> right;
  std::vector<std::string> wrong;
};

Samples of_lists(FieldType type) {
  switch (type) {
    case FieldType::Names:
      return {{R"("p")", R"(["p","q"])"}, {"1", R"(["p",1])", R"({"a":1})"}};
    case FieldType::Groups:
      return {{R"(["a_b"])", R"({"include":["a"]})"}, {"1", R"([1])", R"({"other":[]})"}};
    case FieldType::GroupList:
      return {{R"(["a_b"])", R"([{"name":"a","when":"linux"}])"},
              {"1", R"([1])", R"([{"name":"a","then":"linux"}])", R"([{"when":"linux"}])"}};
    case FieldType::Paths:
      return {{R"(["/a"])", R"([{"path":"/a","when":["linux","macos"]}])"},
              {R"("/a")", R"([1])", R"([""])", R"([{"path":1}])", R"([{"path":"/a","x":1}])"}};
    case FieldType::Words:
      return {{R"(["a",""])", "[]"}, {R"("a")", "[1]"}};
    case FieldType::Hosts:
      return {{R"(["a.example"])", R"([{"domain":"a.example"}])"}, {R"("a")", "[1]", "[{}]"}};
    case FieldType::Ports:
      return {{"[1,65535]"}, {"[0]", "[65536]", "[-1]", R"(["80"])", "80", "[1.5]"}};
    case FieldType::Variables:
      return {{R"(["A","A_*"])"}, {R"("A")", "[1]"}};
    default:
      return {};
  }
}

Samples samples_of(const Field& field) {
  switch (field.type) {
    case FieldType::Object:
      return {{"{}"}, {"1", "[]", R"({"no_such_field":1})"}};
    case FieldType::Text:
      return {{R"("a")", R"("")"}, {"1", "[]", "true"}};
    case FieldType::Name:
      return {{R"("a.b-c_1")"}, {"1", "[]"}};
    case FieldType::Settings:
      return {{"{}", R"({"A":"1"})"}, {"[]", R"({"A":1})"}};
    case FieldType::Flag:
      return {{"true", "false"}, {"1", R"("true")", "[]"}};
    case FieldType::Choice:
      return {{"\"" + std::string(field.words.substr(0, field.words.find(' '))) + "\""},
              {R"("no such word")", "true", "[]"}};
    case FieldType::Duration:
      return {{R"("90s")"}, {"90", "[]"}};
    case FieldType::Always:
      return {{"true"}, {"false", "1"}};
    case FieldType::Anything:
      return {{"1", "[]", R"({"a":1})"}, {}};
    default:
      return of_lists(field.type);
  }
}

TEST(SchemaTest, EachFieldTakesItsTypeAndNoOther) {
  const Json schema = published();
  for (const Field& field : profile_fields()) {
    Samples samples = samples_of(field);
    samples.right.emplace_back("null");
    for (const std::string& right : samples.right) {
      const std::string document = at(field.path, right);
      EXPECT_EQ(message(document), "") << document;
      EXPECT_TRUE(allows(schema, parsed(document))) << document;
    }
    for (const std::string& wrong : samples.wrong) {
      const std::string document = at(field.path, wrong);
      EXPECT_NE(message(document), "") << document;
      EXPECT_FALSE(allows(schema, parsed(document))) << document;
    }
  }
}

struct Wrong {
  const char* document;
  const char* says;
};
class WrongFieldTest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFieldTest, IsRefusedWithItsPointer) {
  EXPECT_EQ(message(GetParam().document).substr(0, std::string(GetParam().says).size()),
            GetParam().says);
}

// Beyond types: what the schema's patterns say, and what they cannot.
INSTANTIATE_TEST_SUITE_P(
    All, WrongFieldTest,
    testing::Values(
        Wrong{R"([])", "document: "}, Wrong{R"({"filesytem":{}})", "/filesytem: is not a field"},
        Wrong{R"({"filesystem":{"alow":[]}})", "/filesystem/alow: is not a field"},
        Wrong{R"({"filesystem.allow":["/a"]})", "/filesystem.allow: is not a field"},
        Wrong{R"({"meta":{"name":"../x"}})", "/meta/name: is not a name"},
        Wrong{R"({"meta":{"name":".x"}})", "/meta/name: is not a name"},
        Wrong{R"({"meta":{"name":"-x"}})", "/meta/name: is not a name"},
        Wrong{R"({"meta":{"name":"x.json"}})", "/meta/name: is not a name"},
        Wrong{R"({"meta":{"name":"x.toml"}})", "/meta/name: is not a name"},
        Wrong{R"({"meta":{"name":"x.yaml"}})", "/meta/name: is not a name"},
        Wrong{R"({"extends":"x.yml"})", "/extends: is not a name"},
        Wrong{R"({"meta":{"name":""}})", "/meta/name: is not a name"},
        Wrong{R"({"meta":{"name":"\u001b[31mx"}})", "/meta/name: is not a name"},
        Wrong{R"({"meta":{"version":"a\u0000"}})", "/meta/version: is too long, or holds a NUL"},
        Wrong{R"({"extends":"../../../tmp/evil.json"})", "/extends: is not a name"},
        Wrong{R"({"extends":"https://evil.example/p.json"})", "/extends: is not a name"},
        Wrong{R"({"groups":["Bad-Name"]})", "/groups/0: is not a name of a group"},
        Wrong{R"({"filesystem":{"read":["/a\u0000b"]}})", "/filesystem/read/0: must not contain"},
        Wrong{R"({"filesystem":{"read":[{"path":"/a","when":"linux:nixos"}]}})",
              "/filesystem/read/0/when: is not"},
        Wrong{R"({"network":{"allow_domain":["*"]}})", "/network/allow_domain/0: is not a host"},
        Wrong{R"({"network":{"allow_domain":["*.com"]}})", "/network/allow_domain/0: is not"},
        Wrong{R"({"network":{"allow_domain":["a.*.example"]}})", "/network/allow_domain/0: is not"},
        Wrong{R"({"network":{"allow_domain":["http://a.example"]}})", "/network/allow_domain/0: "},
        Wrong{R"({"network":{"allow_domain":["a.example/path"]}})", "/network/allow_domain/0: "},
        Wrong{R"({"network":{"allow_domain":["a.example:443"]}})", "/network/allow_domain/0: "},
        Wrong{R"({"network":{"allow_domain":["169.254.169.254"]}})", "/network/allow_domain/0: "},
        Wrong{R"({"network":{"allow_domain":["a.example\nb.example"]}})",
              "/network/allow_domain/0: "},
        Wrong{R"({"network":{"allow_domain":["-a.example"]}})", "/network/allow_domain/0: "},
        Wrong{R"({"network":{"allow_domain":["a..example"]}})", "/network/allow_domain/0: "},
        Wrong{R"({"environment":{"set_vars":{"LD_PRELOAD":"x"}}})",
              "/environment/set_vars/LD_PRELOAD: cannot be set"},
        Wrong{R"({"environment":{"set_vars":{"NONO_TRUST_OVERRIDE":"1"}}})",
              "/environment/set_vars/NONO_TRUST_OVERRIDE: cannot be set"},
        Wrong{R"({"environment":{"set_vars":{"PATH":"/tmp"}}})",
              "/environment/set_vars/PATH: cannot be set"},
        Wrong{R"({"environment":{"set_vars":{"A=B":"x"}}})", "/environment/set_vars/A=B: is not"},
        Wrong{R"({"environment":{"allow_vars":["A=B"]}})", "/environment/allow_vars/0: is not"},
        Wrong{R"({"environment":{"allow_vars":["A*B"]}})", "/environment/allow_vars/0: is not"},
        Wrong{R"({"environment":{"set":{"A":"x"}}})", "/environment/set: is not a field"},
        Wrong{R"({"trust":{"scan":"none"}})", "/trust/scan: is none of"},
        Wrong{R"({"trust":{"override":true}})", "/trust/override: is not a field"},
        Wrong{R"({"trust_override":true})", "/trust_override: is not a field"},
        Wrong{R"({"limits":{"time":"0s"}})", "/limits/time: is not a duration"},
        Wrong{R"({"limits":{"time":"soon"}})", "/limits/time: is not a duration"},
        Wrong{R"({"limits":{"cpu":90}})", "/limits/cpu: "},
        Wrong{R"({"limits":{"memory":"0"}})", "/limits/memory: is not a size"},
        Wrong{R"({"limits":{"memory":"much"}})", "/limits/memory: is not a size"},
        Wrong{R"({"limits":{"memory":512}})", "/limits/memory: "},
        Wrong{R"({"limits":{"file":"9223372036854775808"}})", "/limits/file: is not a size"},
        Wrong{R"({"limits":{"disk":"-1G"}})", "/limits/disk: is not a size"},
        Wrong{R"({"limits":{"pids":0}})", "/limits/pids: is not a number from 1"},
        Wrong{R"({"limits":{"pids":4294967296}})", "/limits/pids: is not a number from 1"},
        Wrong{R"({"limits":{"pids":"many"}})", "/limits/pids: "},
        Wrong{R"({"limits":{"file_size":"1M"}})", "/limits/file_size: is not a field"},
        Wrong{R"({"audit":{"enabled":false}})", "/audit/enabled: cannot be turned off"},
        Wrong{R"({"security":{"signal_mode":"allow_all"}})", "/security/signal_mode: is none of"}));

TEST(SchemaTest, ListsAreBounded) {
  std::string list = "\"/a\"";
  for (std::size_t i = 0; i < kMaxListEntries; ++i) {
    list += ",\"/a\"";
  }
  EXPECT_TRUE(message(at("filesystem.read", "[" + list + "]")).contains("at most 1024"));
}

TEST(SchemaTest, WhatIsNotDoneIsFoundWhereItAsksForSomething) {
  const auto found = check_fields(parsed(
      R"({"interactive":true,"hooks":{},"command_policies":{"rm":{}},"allow_gpu":false,
          "network":{"allow_domain":["a.example"],"network_profile":null}})"));
  ASSERT_TRUE(found) << found.error().message();
  std::vector<std::string> pointers;
  for (const Finding& finding : *found) {
    pointers.push_back(finding.pointer);
    EXPECT_FALSE(finding.why.empty());
  }
  EXPECT_EQ(pointers, (std::vector<std::string>{"/interactive", "/command_policies/rm",
                                                "/network/allow_domain"}));
  EXPECT_EQ((*found)[0].effect, FieldEffect::Said);
  EXPECT_EQ((*found)[1].effect, FieldEffect::Refused);
}

TEST(SchemaTest, PlatformPredicates) {
  const auto here = [](const std::string& text) {
    const Json json = parsed(text);
    const auto out = when_here(JsonView(json));
    return out ? (*out ? "yes" : "no") : "refused";
  };
  EXPECT_STREQ(here(R"("linux")"), "yes");
  EXPECT_STREQ(here(R"("macos")"), "no");
  EXPECT_STREQ(here(R"("!macos")"), "yes");
  EXPECT_STREQ(here(R"("!linux")"), "no");
  EXPECT_STREQ(here(R"("macos:>=15")"), "no");
  EXPECT_STREQ(here(R"(["macos","linux"])"), "yes");
  EXPECT_STREQ(here("[]"), "no");
  EXPECT_STREQ(here(R"("linux:fedora:>=43")"), "refused");
  EXPECT_STREQ(here(R"("windows")"), "refused");
  EXPECT_STREQ(here("1"), "refused");
}

}  // namespace
}  // namespace nono::profile
