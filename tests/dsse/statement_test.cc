// tests/dsse/statement_test.cc: signed statements, read strictly, one refusal at a time.
#include "dsse/statement.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/dsse/support.h"

namespace nono::dsse {
namespace {

using test::opened;

static_assert(!std::is_default_constructible_v<Statement>);

constexpr std::string_view kPredicateType = "https://nono.sh/attestation/instruction-file/v1";
const std::string kDigest(64, 'a');

Json digests(std::string_view algorithm, std::string_view digits) {
  return Json::Object{{std::string(algorithm), digits}};
}

Json subject(std::string_view name, Json digest) {
  return Json::Object{{"name", name}, {"digest", std::move(digest)}};
}

Json good() {
  return Json::Object{{"_type", kStatementV1},
                      {"subject", Json::Array{subject("CLAUDE.md", digests("sha256", kDigest))}},
                      {"predicateType", kPredicateType},
                      {"predicate", Json::Object{{"version", 1}}}};
}

Result<Statement> read(const Json& statement) {
  return Statement::parse(opened(statement.compact()));
}

std::string fault(std::string_view text) {
  const auto statement = Statement::parse(opened(text));
  if (statement) {
    return "(taken)";
  }
  EXPECT_EQ(statement.error().kind(), ErrorKind::InvalidInput);
  return statement.error().message();
}

std::string fault(const Json& statement) {
  return fault(std::string_view(statement.compact()));
}

Json changed(std::string_view member, Json value) {
  Json statement = good();
  statement.set(member, std::move(value));
  return statement;
}

Json without(std::string_view member) {
  Json statement = good();
  std::erase_if(*statement.object(), [&](const JsonMember& each) { return each.first == member; });
  return statement;
}

Json named(std::string_view name) {
  return changed("subject", Json::Array{subject(name, digests("sha256", kDigest))});
}

Json digested(Json digest) {
  return changed("subject", Json::Array{subject("CLAUDE.md", std::move(digest))});
}

TEST(StatementTest, AllMembersAreRead) {
  const auto statement = read(good());
  ASSERT_TRUE(statement.has_value()) << statement.error().message();
  EXPECT_EQ(statement->type(), kStatementV1);
  EXPECT_EQ(statement->predicate_type(), kPredicateType);
  EXPECT_EQ(*statement->predicate().find("version")->integer(), 1);
  ASSERT_EQ(statement->subjects().size(), 1u);
  EXPECT_EQ(statement->subjects()[0].name, "CLAUDE.md");
  ASSERT_EQ(statement->subjects()[0].digests.size(), 1u);
  EXPECT_EQ(statement->subjects()[0].digests[0], std::pair(std::string("sha256"), kDigest));
}

TEST(StatementTest, OldVersionIsReadAndNamed) {
  const auto statement = read(changed("_type", kStatementV01));
  ASSERT_TRUE(statement.has_value());
  EXPECT_EQ(statement->type(), kStatementV01);
}

TEST(StatementTest, OtherTypesAreRefused) {
  for (const std::string_view type :
       {"bogus", "", "https://in-toto.io/Statement/v2", "https://in-toto.io/statement/v1",
        "https://in-toto.io/Statement/v1/"}) {
    EXPECT_EQ(fault(changed("_type", type)),
              "the signed statement: /_type: is neither in-toto Statement v1 nor v0.1");
  }
  EXPECT_EQ(fault(changed("_type", 1)), "the signed statement: /_type: must be a string");
}

TEST(StatementTest, OtherPayloadTypesAreRefused) {
  for (const std::string_view type : {"text/plain", "application/vnd.in-toto+JSON",
                                      "application/vnd.in-toto+json; charset=utf-8"}) {
    const auto statement = Statement::parse(opened(good().compact(), type));
    ASSERT_FALSE(statement.has_value());
    EXPECT_EQ(statement.error().message(),
              "the signed payload is no in-toto statement, but " + std::string(type));
  }
}

TEST(StatementTest, MissingMembersAreRefused) {
  EXPECT_EQ(fault(without("_type")), "the signed statement: /_type: is missing");
  EXPECT_EQ(fault(without("subject")), "the signed statement: /subject: is missing");
  EXPECT_EQ(fault(without("predicateType")), "the signed statement: /predicateType: is missing");
}

TEST(StatementTest, PredicateMayBeAbsentOrNull) {
  EXPECT_TRUE(read(without("predicate"))->predicate().is_null());
  EXPECT_TRUE(read(changed("predicate", Json()))->predicate().is_null());
}

TEST(StatementTest, PredicateMustBeAnObject) {
  EXPECT_EQ(fault(changed("predicate", "text")),
            "the signed statement: /predicate: must be an object");
  EXPECT_EQ(fault(changed("predicate", Json::Array{})),
            "the signed statement: /predicate: must be an object");
}

TEST(StatementTest, PredicateTypeMustBeAShortString) {
  EXPECT_EQ(fault(changed("predicateType", "")),
            "the signed statement: /predicateType: must not be empty");
  EXPECT_EQ(fault(changed("predicateType", 3)),
            "the signed statement: /predicateType: must be a string");
  EXPECT_EQ(fault(changed("predicateType", std::string(1025, 'x'))),
            "the signed statement: /predicateType: is longer than 1024 bytes");
}

TEST(StatementTest, UnknownMembersAreIgnored) {
  Json statement = changed("later", 1);
  statement.find("subject")->array()->front().set("mediaType", "text/markdown");
  EXPECT_EQ(fault(statement), "(taken)");
}

TEST(StatementTest, PayloadThatIsNotOneJsonObjectIsRefused) {
  for (const std::string_view text :
       {"no json", "[]x", "\xEF\xBB\xBF{}", "{}{}", "{\"a\":1,\"a\":2}"}) {
    EXPECT_TRUE(fault(text).starts_with("the signed statement: ")) << text;
  }
  EXPECT_EQ(fault(std::string_view("[]")), "the signed statement: document: must be an object");
  EXPECT_EQ(fault(std::string_view("null")), "the signed statement: document: must be an object");
}

TEST(StatementTest, DuplicateMembersAreRefused) {
  std::string text = good().compact();
  text.insert(1, R"("subject":[],)");
  EXPECT_NE(fault(std::string_view(text)), "(taken)");
}

TEST(StatementTest, NoSubjectIsRefused) {
  EXPECT_EQ(fault(changed("subject", Json::Array{})),
            "the signed statement: /subject: must name at least one subject");
}

TEST(StatementTest, SubjectMustBeAnArrayOfObjects) {
  EXPECT_EQ(fault(changed("subject", Json::Object{})),
            "the signed statement: /subject: must be an array");
  EXPECT_EQ(fault(changed("subject", Json::Array{Json(1)})),
            "the signed statement: /subject/0: must be an object");
}

TEST(StatementTest, SubjectsAreCapped) {
  const Json one = subject("a", digests("sha256", kDigest));
  EXPECT_EQ(read(changed("subject", Json::Array(1024, one)))->subjects().size(), 1024u);
  EXPECT_EQ(fault(changed("subject", Json::Array(1025, one))),
            "the signed statement: /subject: has 1025 elements, at most 1024 are allowed");
}

TEST(StatementTest, NameMayBeAbsentOrEmpty) {
  const Json anonymous = Json::Object{{"digest", digests("sha256", kDigest)}};
  EXPECT_EQ(read(changed("subject", Json::Array{anonymous}))->subjects()[0].name, "");
  EXPECT_EQ(read(named(""))->subjects()[0].name, "");
}

TEST(StatementTest, OrdinaryNamesAreTaken) {
  for (const std::string_view name :
       {"CLAUDE.md", ".claude/commands/a b.md", "docs/x.md", "pkg:npm/sigstore@2.0.0",
        "caf\xC3\xA9.md", "..hidden", "a..b", "...", "dir/.x"}) {
    const auto statement = read(named(name));
    ASSERT_TRUE(statement.has_value()) << name;
    EXPECT_EQ(statement->subjects()[0].name, name);
  }
}

TEST(StatementTest, NamesThatLeadElsewhereAreNoFiles) {
  for (const std::string_view name :
       {".", "..", "./CLAUDE.md", "../CLAUDE.md", "a/../b", "a/./b", "a/..", "a/.", "a//.."}) {
    EXPECT_EQ(fault_in_name(name), "must not have \".\" or \"..\" as a component") << name;
    EXPECT_EQ(fault(named(name)), "(taken)") << "as of a statement that is about no file";
  }
  for (const std::string_view name : {"/etc/passwd", "/", "//x"}) {
    EXPECT_EQ(fault_in_name(name), "must be relative");
    EXPECT_EQ(fault(named(name)), "(taken)");
  }
}

TEST(StatementTest, NamesThatDoNotShowAsTheyAreAreRefused) {
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {"a\0b"sv, "a\nb"sv, "a\tb"sv, "\x1B[2Ja"sv, "a\x7F"sv, "a\xC2\x85"sv, "a\xE2\x80\xAE"sv,
        "a\xE2\x80\x8B"sv, "a\xE2\x80\xA8"sv}) {
    EXPECT_EQ(fault(named(name)),
              "the signed statement: /subject/0/name: must be printable text, without control or "
              "invisible characters");
  }
}

TEST(StatementTest, LongNamesAreRefused) {
  EXPECT_EQ(fault(named(std::string(4096, 'n'))), "(taken)");
  EXPECT_EQ(fault(named(std::string(4097, 'n'))),
            "the signed statement: /subject/0/name: is longer than 4096 bytes");
}

TEST(StatementTest, NameMustBeAString) {
  Json statement = good();
  statement.find("subject")->array()->front().set("name", 1);
  EXPECT_EQ(fault(statement), "the signed statement: /subject/0/name: must be a string");
}

struct Known {
  std::string_view algorithm;
  std::size_t digits;
};
constexpr Known kKnown[] = {{"sha256", 64}, {"sha384", 96}, {"sha512", 128}};

TEST(StatementTest, KnownDigestsHaveTheirLength) {
  for (const Known& known : kKnown) {
    EXPECT_EQ(fault(digested(digests(known.algorithm, std::string(known.digits, 'b')))), "(taken)");
    for (const std::size_t digits : {known.digits - 2, known.digits + 2, std::size_t{2}}) {
      EXPECT_EQ(fault(digested(digests(known.algorithm, std::string(digits, 'b')))),
                "the signed statement: /subject/0/digest/" + std::string(known.algorithm) +
                    ": must have " + std::to_string(known.digits) + " hexadecimal digits, not " +
                    std::to_string(digits));
    }
  }
}

TEST(StatementTest, DigestsComeInLowerCase) {
  const auto statement = read(digested(digests("sha256", std::string(64, 'A'))));
  EXPECT_EQ(statement->subjects()[0].digests[0].second, std::string(64, 'a'));
}

TEST(StatementTest, OtherKindsOfDigestAreKept) {
  const Json both = Json::Object{{"md5", "00FF"}, {"sha256", kDigest}, {"SHA256", "beef"}};
  const auto statement = read(digested(both));
  ASSERT_TRUE(statement.has_value());
  const std::vector<std::pair<std::string, std::string>> expected{
      {"md5", "00FF"}, {"sha256", kDigest}, {"SHA256", "beef"}};
  EXPECT_EQ(statement->subjects()[0].digests, expected);
}

TEST(StatementTest, DigestsThatAreNotHexadecimalAreRefused) {
  for (const std::string_view algorithm : {"sha256", "sha512"}) {
    const std::string pointer =
        "the signed statement: /subject/0/digest/" + std::string(algorithm) + ": ";
    EXPECT_EQ(fault(digested(digests(algorithm, ""))), pointer + "must not be empty");
    for (const std::string& text : {std::string("abc"), std::string("zz"), std::string("0x"),
                                    std::string(63, 'a'), std::string(63, 'a') + " "}) {
      EXPECT_EQ(fault(digested(digests(algorithm, text))),
                pointer + "must be an even number of hexadecimal digits");
    }
    EXPECT_EQ(fault(digested(digests(algorithm, std::string(258, 'a')))),
              pointer + "is longer than 256 bytes");
  }
}

TEST(StatementTest, DigestsOfOtherKindsAreSpeltAsTheirAlgorithmLikes) {
  for (const std::string& text : {std::string("h1:q6ZSnu3M="), std::string(), std::string("abc")}) {
    const Json both = Json::Object{{"dirHash", text}, {"sha256", kDigest}};
    const auto statement = read(digested(both));
    ASSERT_TRUE(statement.has_value()) << statement.error().message();
    EXPECT_EQ(statement->subjects()[0].digests[0].second, text);
  }
  EXPECT_EQ(fault(digested(Json::Object{{"dirHash", 1}})),
            "the signed statement: /subject/0/digest/dirHash: must be a string");
}

TEST(StatementTest, DigestMustBeAnObjectOfStrings) {
  EXPECT_EQ(fault(digested(Json("aa"))),
            "the signed statement: /subject/0/digest: must be an object");
  EXPECT_EQ(fault(digested(Json::Object{{"sha256", 1}})),
            "the signed statement: /subject/0/digest/sha256: must be a string");
  EXPECT_EQ(fault(digested(Json())), "the signed statement: /subject/0/digest: is missing");
}

TEST(StatementTest, NoDigestIsRefused) {
  EXPECT_EQ(fault(digested(Json::Object{})),
            "the signed statement: /subject/0/digest: must name at least one digest");
}

TEST(StatementTest, DigestsAreCapped) {
  Json::Object many;
  for (int i = 0; i < 32; ++i) {
    many.emplace_back("kind" + std::to_string(i), "aa");
  }
  EXPECT_EQ(fault(digested(Json(many))), "(taken)");
  many.emplace_back("one more", "aa");
  EXPECT_EQ(fault(digested(Json(many))),
            "the signed statement: /subject/0/digest: has 33 members, at most 32 are allowed");
}

TEST(StatementTest, AlgorithmNamesAreShort) {
  constexpr std::string_view kWhy = "the algorithm's name must have 1 to 64 bytes";
  EXPECT_TRUE(fault(digested(digests("", "aa"))).ends_with(kWhy));
  EXPECT_TRUE(fault(digested(digests(std::string(65, 'k'), "aa"))).ends_with(kWhy));
}

TEST(StatementTextTest, IsCompactAndInOrder) {
  const crypto::Sha256 digest = crypto::Sha256::of(std::string_view("abc"));
  EXPECT_EQ(statement_text({{.name = "a.md", .digest = digest}, {.name = "b.md", .digest = digest}},
                           "urn:type", Json(Json::Object{{"version", 1}})),
            R"({"_type":"https://in-toto.io/Statement/v1","subject":[)"
            R"({"name":"a.md","digest":{"sha256":")" +
                digest.hex() + R"("}},{"name":"b.md","digest":{"sha256":")" + digest.hex() +
                R"("}}],"predicateType":"urn:type","predicate":{"version":1}})");
}

TEST(StatementTextTest, WhatIsWrittenIsRead) {
  const crypto::Sha256 digest = crypto::Sha256::of(std::string_view("abc"));
  const std::string text =
      statement_text({{.name = "docs/\"quoted\" \xC3\xA9.md", .digest = digest}}, kPredicateType,
                     Json(Json::Object{{"version", 1}}));
  const auto statement = Statement::parse(opened(text));
  ASSERT_TRUE(statement.has_value()) << statement.error().message();
  EXPECT_EQ(statement->subjects()[0].name, "docs/\"quoted\" \xC3\xA9.md");
  EXPECT_EQ(statement->subjects()[0].digests[0].second, digest.hex());
  EXPECT_EQ(statement->predicate_type(), kPredicateType);
}

}  // namespace
}  // namespace nono::dsse
