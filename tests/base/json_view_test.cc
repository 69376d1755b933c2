// tests/base/json_view_test.cc: every wrong shape is refused at its pointer.
#include <gtest/gtest.h>

#include "base/json.h"

namespace nono {
namespace {

class JsonViewTest : public ::testing::Test {
 protected:
  Json document_ =
      *Json::parse(R"({"name":"x","empty":"","nul":"a\u0000b","n":7,"big":9223372036854775808,
                       "real":1.5,"yes":true,"nothing":null,"list":["a",2],
                       "map":{"k/1":1,"~":2,"\u001b":3}})",
                   kMessageLimits);
  JsonView view_{document_};

  JsonView at(std::string_view key) const { return view_.at(key).value(); }
};

template <typename T>
std::string message_of(const Result<T>& result) {
  return result ? "(accepted)" : result.error().message();
}

TEST_F(JsonViewTest, RootIsCalledDocument) {
  EXPECT_EQ(view_.pointer(), "");
  EXPECT_EQ(message_of(view_.string()), "document: must be a string");
  EXPECT_EQ(view_.error("is odd").kind(), ErrorKind::InvalidInput);
}

TEST_F(JsonViewTest, ValuesOfTheRightKindAreGiven) {
  EXPECT_EQ(at("name").string().value(), "x");
  EXPECT_EQ(at("name").nonempty_string().value(), "x");
  EXPECT_EQ(at("empty").string().value(), "");
  EXPECT_EQ(at("n").integer().value(), 7);
  EXPECT_EQ(at("yes").boolean().value(), true);
  EXPECT_EQ(at("list").elements(2).value().size(), 2U);
  EXPECT_EQ(at("map").members(3).value().size(), 3U);
}

TEST_F(JsonViewTest, ValuesOfTheWrongKindAreRefused) {
  EXPECT_EQ(message_of(at("n").string()), "/n: must be a string");
  EXPECT_EQ(message_of(at("n").nonempty_string()), "/n: must be a string");
  EXPECT_EQ(message_of(at("name").integer()), "/name: must be an integer");
  EXPECT_EQ(message_of(at("real").integer()), "/real: must be an integer");
  EXPECT_EQ(message_of(at("big").integer()), "/big: is beyond 64 bits");
  EXPECT_EQ(message_of(at("n").boolean()), "/n: must be true or false");
  EXPECT_EQ(message_of(at("map").elements(9)), "/map: must be an array");
  EXPECT_EQ(message_of(at("list").members(9)), "/list: must be an object");
  EXPECT_EQ(message_of(at("list").at("a")), "/list: must be an object");
  EXPECT_EQ(message_of(at("list").maybe("a")), "/list: must be an object");
  EXPECT_EQ(message_of(at("list").only({"a"})), "/list: must be an object");
}

TEST_F(JsonViewTest, StringsThatMustSaySomethingDo) {
  EXPECT_EQ(message_of(at("empty").nonempty_string()), "/empty: must not be empty");
  EXPECT_EQ(message_of(at("nul").nonempty_string()), "/nul: must not contain a NUL character");
  const Json longer(Json::Object{{"s", std::string(4097, 'x')}});
  EXPECT_EQ(message_of(JsonView(longer).at("s")->nonempty_string()),
            "/s: is longer than 4096 bytes");
  EXPECT_TRUE(JsonView(longer).at("s")->nonempty_string(4097));
}

TEST_F(JsonViewTest, MissingAndNullAreTheSame) {
  EXPECT_EQ(message_of(view_.at("absent")), "/absent: is missing");
  EXPECT_EQ(message_of(view_.at("nothing")), "/nothing: is missing");
  EXPECT_FALSE(view_.maybe("absent").value().has_value());
  EXPECT_FALSE(view_.maybe("nothing").value().has_value());
  EXPECT_EQ(view_.maybe("n").value()->integer().value(), 7);
}

TEST_F(JsonViewTest, TooManyElementsAreRefused) {
  EXPECT_EQ(message_of(at("list").elements(1)), "/list: has 2 elements, at most 1 are allowed");
  EXPECT_EQ(message_of(at("map").members(2)), "/map: has 3 members, at most 2 are allowed");
}

TEST_F(JsonViewTest, ElementsAndMembersKnowTheirPlace) {
  const auto elements = at("list").elements(2).value();
  EXPECT_EQ(elements[1].pointer(), "/list/1");
  EXPECT_EQ(message_of(elements[1].string()), "/list/1: must be a string");
  const auto members = at("map").members(3).value();
  EXPECT_EQ(members[0].first, "k/1");
  EXPECT_EQ(members[0].second.pointer(), "/map/k~11");
  EXPECT_EQ(members[1].second.pointer(), "/map/~0");
}

TEST_F(JsonViewTest, PointersInErrorsAreHarmless) {
  const auto members = at("map").members(3).value();
  EXPECT_EQ(members[2].second.pointer(), "/map/\x1b");
  EXPECT_EQ(message_of(members[2].second.string()), "/map/\\e: must be a string");
}

TEST_F(JsonViewTest, LongPointersInErrorsAreCutBetweenCharacters) {
  std::string key;
  for (int i = 0; i < 300; ++i) {
    key += "é";
  }
  const Json json(Json::Object{{key, 1}});
  const std::string message = message_of(JsonView(json).at(key)->string());
  EXPECT_TRUE(message.ends_with("é...: must be a string")) << message;
  EXPECT_LT(message.size(), 300U);
}

TEST_F(JsonViewTest, UnknownMembersAreRefused) {
  const Json json = *Json::parse(R"({"a":1,"b":2})", kMessageLimits);
  EXPECT_TRUE(JsonView(json).only({"a", "b", "c"}));
  EXPECT_EQ(message_of(JsonView(json).only({"a"})), "/b: is not a known member");
  EXPECT_EQ(message_of(JsonView(json).only({})), "/a: is not a known member");
}

TEST_F(JsonViewTest, KeysAreMatchedWhole) {
  const Json json = *Json::parse(R"({"a\u0000b":1,"A":2})", kMessageLimits);
  EXPECT_EQ(message_of(JsonView(json).at("a")), "/a: is missing");
  EXPECT_FALSE(JsonView(json).only({"a", "A"}));
}

}  // namespace
}  // namespace nono
