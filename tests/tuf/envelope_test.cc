// tests/tuf/envelope_test.cc: signatures and thresholds.
#include "tuf/envelope.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/tuf/repository.h"

namespace nono::tuf {
namespace {

using test::key;
using test::Signer;

struct Signers {
  Keys keys;
  Role role;
};

// three is a role of the keys a, b and c.
Signers three(std::size_t threshold) {
  Signers signers;
  signers.role.threshold = threshold;
  for (const std::string_view name : {"a", "b", "c"}) {
    const Json json = test::json_of(key(name));
    signers.keys.emplace(test::id_of(key(name)), *Key::parse(JsonView(json)));
    signers.role.key_ids.push_back(test::id_of(key(name)));
  }
  return signers;
}

std::string signed_by(const std::vector<Signer>& keys) {
  Json json(Json::Object{});
  json.set("z", "text");
  json.set("a", 1);
  return test::signed_text(json, keys);
}

std::string outcome(std::string_view text, const Signers& signers) {
  const auto envelope = Envelope::parse(text);
  if (!envelope) {
    return envelope.error().message();
  }
  const auto opened = envelope->opened_by(signers.role, signers.keys);
  return opened ? "opened" : opened.error().message();
}

Json parsed(const std::string& text) {
  return *Json::parse(text, kMetadataLimits);
}

TEST(EnvelopeTest, AThresholdOfSignaturesOpens) {
  EXPECT_EQ(outcome(signed_by({key("a")}), three(1)), "opened");
  EXPECT_EQ(outcome(signed_by({key("c"), key("a")}), three(2)), "opened");
  EXPECT_EQ(outcome(signed_by({key("a"), key("b"), key("c")}), three(3)), "opened");
}

TEST(EnvelopeTest, FewerDoNot) {
  EXPECT_EQ(outcome(signed_by({}), three(1)), "is signed by 0 of the 1 keys that are needed");
  EXPECT_EQ(outcome(signed_by({key("a")}), three(2)),
            "is signed by 1 of the 2 keys that are needed");
  EXPECT_EQ(outcome(signed_by({key("a"), key("b"), key("c")}), three(4)),
            "is signed by 3 of the 4 keys that are needed");
}

TEST(EnvelopeTest, SignaturesOfStrangersNeitherCountNorMatter) {
  const std::string text = signed_by({key("x"), key("a"), key("y")});
  EXPECT_EQ(outcome(text, three(1)), "opened");
  EXPECT_EQ(outcome(text, three(2)), "is signed by 1 of the 2 keys that are needed");
}

TEST(EnvelopeTest, AWrongSignatureNeitherCountsNorMatters) {
  for (const std::string_view wrong : {"", "00", "no hexadecimal"}) {
    Json file = parsed(signed_by({key("a"), key("b")}));
    file.find("signatures")->array()->front().set("sig", wrong);
    EXPECT_EQ(outcome(file.compact(), three(1)), "opened");
    EXPECT_EQ(outcome(file.compact(), three(2)), "is signed by 1 of the 2 keys that are needed");
  }
}

TEST(EnvelopeTest, AKeyIdThatSignsTwiceIsRefused) {
  Json file = parsed(signed_by({key("a")}));
  Json::Array& signatures = *file.find("signatures")->array();
  signatures.push_back(Json(signatures.front()));
  EXPECT_EQ(outcome(file.compact(), three(1)), "/signatures/1/keyid: signs twice");
}

TEST(EnvelopeTest, TwoIdsOfOneKeyCountOnce) {
  Signers signers = three(2);
  const Json json = test::json_of(key("a"));
  signers.keys.emplace("alias", *Key::parse(JsonView(json)));
  signers.role.key_ids.emplace_back("alias");
  Json file = parsed(signed_by({key("a")}));
  Json again = file.find("signatures")->array()->front();
  again.set("keyid", "alias");
  file.find("signatures")->array()->push_back(again);
  EXPECT_EQ(outcome(file.compact(), signers), "is signed by 1 of the 2 keys that are needed");
}

TEST(EnvelopeTest, AKeyOfTheFileThatIsNotOfTheRoleDoesNotCount) {
  Signers signers = three(1);
  std::erase(signers.role.key_ids, test::id_of(key("a")));
  EXPECT_EQ(outcome(signed_by({key("a")}), signers),
            "is signed by 0 of the 1 keys that are needed");
}

TEST(EnvelopeTest, AnIdWithoutAKeyDoesNotCount) {
  Signers signers = three(1);
  signers.keys.erase(test::id_of(key("a")));
  EXPECT_EQ(outcome(signed_by({key("a")}), signers),
            "is signed by 0 of the 1 keys that are needed");
}

TEST(EnvelopeTest, AKeyThatIsOfNoUseIsNamed) {
  Signers signers = three(1);
  Json json = test::json_of(key("a"));
  json.set("scheme", "ed448");
  signers.keys.insert_or_assign(test::id_of(key("a")), *Key::parse(JsonView(json)));
  EXPECT_EQ(outcome(signed_by({key("a")}), signers),
            "is signed by 0 of the 1 keys that are needed; key " + test::id_of(key("a")) +
                ": keys of type ed25519 with scheme ed448 are unknown to this version");
}

TEST(EnvelopeTest, WhatIsSignedIsTheContentNotItsSpelling) {
  const Json file = parsed(signed_by({key("a")}));
  EXPECT_EQ(outcome(file.compact(), three(1)), "opened");
  EXPECT_EQ(outcome(" " + file.pretty() + "\n", three(1)), "opened");
}

TEST(EnvelopeTest, MembersThatAreNotKnownAreUnderTheSignature) {
  Json file = parsed(signed_by({key("a")}));
  file.find("signed")->set("more", 1);
  EXPECT_EQ(outcome(file.compact(), three(1)), "is signed by 0 of the 1 keys that are needed");
}

struct Row {
  std::string_view name;
  std::string_view text;
  std::string_view error;
};

class EnvelopeForm : public testing::TestWithParam<Row> {};

TEST_P(EnvelopeForm, IsRefused) {
  const auto envelope = Envelope::parse(GetParam().text);
  ASSERT_FALSE(envelope);
  EXPECT_NE(envelope.error().message().find(GetParam().error), std::string::npos)
      << envelope.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Faults, EnvelopeForm,
    testing::Values(Row{"Empty", "", "not JSON"},
                    Row{"NoObject", "[]", "document: must be an object"},
                    Row{"NoSigned", R"({"signatures":[]})", "/signed: is missing"},
                    Row{"NoSignatures", R"({"signed":{}})", "/signatures: is missing"},
                    Row{"SignaturesNoList", R"({"signed":{},"signatures":{}})",
                        "/signatures: must be an array"},
                    Row{"NoKeyId", R"({"signed":{},"signatures":[{"sig":""}]})",
                        "/signatures/0/keyid: is missing"},
                    Row{"EmptyKeyId", R"({"signed":{},"signatures":[{"keyid":"","sig":""}]})",
                        "/signatures/0/keyid: must not be empty"},
                    Row{"NoSig", R"({"signed":{},"signatures":[{"keyid":"a"}]})",
                        "/signatures/0/sig: is missing"},
                    Row{"SigNoString", R"({"signed":{},"signatures":[{"keyid":"a","sig":1}]})",
                        "/signatures/0/sig: must be a string"},
                    Row{"MemberTwice", R"({"signed":{"a":1,"a":1},"signatures":[]})",
                        "the key is there twice"},
                    Row{"Fraction", R"({"signed":{"a":1.0},"signatures":[]})",
                        "/signed: the number 1.0 has no canonical form"},
                    Row{"MoreAfterIt", R"({"signed":{},"signatures":[]}{})", "not JSON"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(EnvelopeTest, TooManySignaturesAreRefused) {
  Json file(Json::Object{});
  file.set("signed", Json(Json::Object{}));
  file.set("signatures", Json::Array(257));
  EXPECT_NE(test::error_of(Envelope::parse(file.compact())).find("at most 256"), std::string::npos);
}

TEST(EnvelopeTest, DeepNestingIsRefused) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const auto envelope = Envelope::parse(R"({"signatures":[],"signed":)" + deep + "}");
  ASSERT_FALSE(envelope);
  EXPECT_EQ(envelope.error().kind(), ErrorKind::Exhausted);
}

}  // namespace
}  // namespace nono::tuf
