// tests/trustpolicy/document_test.cc: reading and writing trust-policy.json.
#include "trustpolicy/document.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/trustpolicy/support.h"
#include "trustpolicy/builtin_names.h"

namespace nono::trustpolicy {
namespace {

using test::kSomeKey;
using test::Parts;

std::string quoted_key() {
  return '"' + std::string(kSomeKey) + '"';
}
std::string keyed(std::string_view more = "") {
  return R"({"name":"alice","key_id":"k","public_key":)" + quoted_key() + std::string(more) + "}";
}
std::string listed(std::string_view element) {
  return "[" + std::string(element) + "]";
}
std::string keyless(std::string_view fields) {
  return R"([{"name":"ci","issuer":"https://issuer.example")" + std::string(fields) + "}]";
}
std::string repeated(std::string_view element, int times) {
  std::string list = "[";
  for (int i = 0; i < times; ++i) {
    list += (i == 0 ? "" : ",") + std::string(element);
  }
  return list + "]";
}
std::string digest(std::string_view text) {
  return R"({"digests":[{"sha256":")" + std::string(text) +
         R"(","description":"d","added":"2026-01-01"}]})";
}
std::string blocked(std::string_view entry) {
  return R"({"publishers":[)" + std::string(entry) + "]}";
}

struct Refusal {
  Parts parts;
  std::string_view place;  // JSON pointer
  std::string_view why;
};

void expect_refusals(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    const std::string text = refusal.parts.text();
    const auto document = Document::parse(text, "/x/trust-policy.json");
    ASSERT_FALSE(document) << text.substr(0, 400);
    const std::string wanted = "/x/trust-policy.json: " + std::string(refusal.place) + ": ";
    const std::string message = document.error().message();
    EXPECT_EQ(document.error().kind(), ErrorKind::InvalidInput) << message;
    EXPECT_TRUE(message.starts_with(wanted)) << message << "\nwanted " << wanted;
    EXPECT_NE(message.find(refusal.why), std::string::npos)
        << message << "\nwanted " << refusal.why;
  }
}

TEST(DocumentTest, PlainPolicyIsRead) {
  const auto document = Document::parse(Parts{.publishers = listed(keyed())}.text(), "p");
  ASSERT_TRUE(document) << document.error().message();
  ASSERT_EQ(document->includes.size(), 1U);
  EXPECT_EQ(document->includes.front().text(), "CLAUDE*");
  ASSERT_EQ(document->publishers.size(), 1U);
  EXPECT_EQ(document->publishers.front().name, "alice");
  EXPECT_FALSE(document->publishers.front().delegates);
  EXPECT_EQ(document->enforcement, Enforcement::Deny);
  EXPECT_FALSE(document->agent_config);
  EXPECT_FALSE(document->lock);
  EXPECT_FALSE(document->strict_intercept);
}

TEST(DocumentTest, BlocklistMayBeAbsentOrPartial) {
  EXPECT_TRUE(Document::parse(
      R"({"version":1,"includes":["x"],"publishers":[],"enforcement":"deny"})", "p"));
  EXPECT_TRUE(Document::parse(Parts{.blocklist = "{}"}.text(), "p"));
  EXPECT_TRUE(Document::parse(Parts{.blocklist = R"({"digests":[]})"}.text(), "p"));
}

TEST(DocumentTest, OwnFieldsAreRead) {
  const auto document = Document::parse(
      Parts{.publishers = listed(keyed(R"(,"delegates":true,"predicate_types":["https://t/1"])")),
            .enforcement = R"("warn")",
            .extra = R"(,"files":["/a/b","~/c","d/e"],"agent_config":"deny","unguard":["QWEN.md",)"
                     R"(".codex/"],"lock":true,"intercept":"strict")"}
          .text(),
      "p");
  ASSERT_TRUE(document) << document.error().message();
  EXPECT_TRUE(document->publishers.front().delegates);
  EXPECT_EQ(document->publishers.front().predicate_types, std::vector<std::string>{"https://t/1"});
  EXPECT_EQ(document->files, (std::vector<std::string>{"/a/b", "~/c", "d/e"}));
  EXPECT_EQ(document->enforcement, Enforcement::Warn);
  EXPECT_EQ(document->agent_config, Enforcement::Deny);
  EXPECT_EQ(document->unguarded, (std::vector<std::string>{"QWEN.md", ".codex/"}));
  EXPECT_TRUE(document->lock);
  EXPECT_TRUE(document->strict_intercept);
}

TEST(DocumentTest, UpperCaseDigestIsTheSameDigest) {
  const std::string hex(64, 'a');
  const auto document =
      Document::parse(Parts{.blocklist = digest(std::string(64, 'A'))}.text(), "p");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->blocked_digests.front().digest.hex(), hex);
}

TEST(DocumentTest, BrokenJsonNamesTheFile) {
  for (const std::string_view text : {"", "{", "[]", "1", "{\"version\":1,\"version\":1}"}) {
    const auto document = Document::parse(text, "/x/trust-policy.json");
    ASSERT_FALSE(document) << text;
    EXPECT_TRUE(document.error().message().starts_with("/x/trust-policy.json: ")) << text;
  }
}

TEST(DocumentTest, FaultsAtTheTopAreRefused) {
  expect_refusals({
      {{.version = "2"}, "/version", "must be 1"},
      {{.version = "0"}, "/version", "must be 1"},
      {{.version = "1.5"}, "/version", "integer"},
      {{.version = "\"1\""}, "/version", "integer"},
      {{.version = "null"}, "/version", "null"},
      {{.includes = "null"}, "/includes", "null"},
      {{.includes = "{}"}, "/includes", "array"},
      {{.includes = "[1]"}, "/includes/0", "string"},
      {{.includes = R"(["a",""])"}, "/includes/1", "empty"},
      {{.includes = R"j(["(a)"])j"}, "/includes/0", "pattern holds '('"},
      {{.includes = "[]"}, "/includes", "at least one pattern"},
      {{.includes = repeated("\"a\"", 101)}, "/includes", "101"},
      {{.publishers = "{}"}, "/publishers", "array"},
      {{.publishers = "[null]"}, "/publishers/0", "object"},
      {{.publishers = repeated(keyed(), 1001)}, "/publishers", "1001"},
      {{.enforcement = R"("DENY")"}, "/enforcement", "\"deny\", \"warn\" or \"audit\""},
      {{.enforcement = R"("off")"}, "/enforcement", "\"deny\""},
      {{.enforcement = "true"}, "/enforcement", "string"},
      {{.enforcement = "null"}, "/enforcement", "null"},
      {{.extra = R"(,"unknown":1)"}, "/unknown", "not a known"},
      {{.extra = R"(,"publisher":[])"}, "/publisher", "not a known"},
      {{.extra = R"(,"lock":"yes")"}, "/lock", "true or false"},
      {{.extra = R"(,"lock":null)"}, "/lock", "null"},
      {{.extra = R"(,"agent_config":"off")"}, "/agent_config", "\"deny\""},
      {{.extra = R"(,"intercept":"off")"}, "/intercept", "\"strict\""},
      {{.extra = R"(,"intercept":true)"}, "/intercept", "string"},
      {{.extra = R"(,"unguard":["README.md"])"}, "/unguard/0", "no built-in"},
      {{.extra = R"(,"unguard":["claude.md"])"}, "/unguard/0", "no built-in"},
      {{.extra = R"(,"unguard":"CLAUDE.md")"}, "/unguard", "array"},
  });
}

TEST(DocumentTest, MissingMembersAreRefused) {
  for (const std::string_view member : {"version", "includes", "publishers", "enforcement"}) {
    auto json = Json::parse(Parts{}.text(), kPolicyLimits);
    ASSERT_TRUE(json);
    std::erase_if(*json->object(), [&](const JsonMember& entry) { return entry.first == member; });
    const auto document = Document::parse(json->compact(), "p");
    ASSERT_FALSE(document) << member;
    EXPECT_EQ(document.error().message(), "p: /" + std::string(member) + ": is missing");
  }
}

TEST(DocumentTest, FaultyFilesAreRefused) {
  expect_refusals({
      {{.extra = R"(,"files":"x")"}, "/files", "array"},
      {{.extra = R"(,"files":[""])"}, "/files/0", "empty"},
      {{.extra = R"(,"files":["a\u0000b"])"}, "/files/0", "NUL"},
      {{.extra = R"(,"files":["~root/.bashrc"])"}, "/files/0", "another user's home"},
      {{.extra = R"(,"files":["~"])"}, "/files/0", "another user's home"},
      {{.extra = R"(,"files":["~/"])"}, "/files/0", "component"},
      {{.extra = R"(,"files":["/"])"}, "/files/0", "component"},
      {{.extra = R"(,"files":["/a/../b"])"}, "/files/0", "component"},
      {{.extra = R"(,"files":["a//b"])"}, "/files/0", "component"},
      {{.extra = R"(,"files":["./a"])"}, "/files/0", "component"},
      {{.extra = R"(,"files":["a/"])"}, "/files/0", "component"},
      {{.extra = R"(,"files":)" + repeated("\"a\"", 1001)}, "/files", "1001"},
  });
}

TEST(DocumentTest, FaultyPublishersAreRefused) {
  expect_refusals({
      {{.publishers = R"([{"key_id":"k"}])"}, "/publishers/0/name", "missing"},
      {{.publishers = R"([{"name":""}])"}, "/publishers/0/name", "empty"},
      {{.publishers = R"([{"name":1}])"}, "/publishers/0/name", "string"},
      {{.publishers = R"([{"name":"x"}])"}, "/publishers/0", "names nobody"},
      {{.publishers = R"([{"name":"self","key_id":"k","public_key":)" + quoted_key() + "}]"},
       "/publishers/0/name",
       "user's own keys"},
      {{.publishers = "[" + keyed() + "," + keyed() + "]"}, "/publishers/1/name", "another"},
      {{.publishers = listed(keyed(R"(,"repo":"a/b")"))}, "/publishers/0/repo", "not a known"},
      {{.publishers = listed(keyed(R"(,"issuer":"https://i.example")"))},
       "/publishers/0",
       "not both"},
      {{.publishers = listed(keyed(R"(,"delegates":1)"))}, "/publishers/0/delegates", "true or"},
      {{.publishers =
            listed(keyed(R"(,"predicate_types":["https://nono.sh/attestation/trust-policy/v1"])"))},
       "/publishers/0/predicate_types/0",
       "own types"},
      {{.publishers = listed(keyed(R"(,"predicate_types":[""])"))},
       "/publishers/0/predicate_types/0",
       "empty"},
      {{.publishers = listed(keyed(R"(,"predicate_types":)" + repeated("\"t\"", 33)))},
       "/publishers/0/predicate_types",
       "33"},
  });
}

TEST(DocumentTest, NamesThatLookLikeSelfAreRefused) {
  const auto named = [](std::string_view name) {
    return Parts{.publishers = R"([{"name":")" + std::string(name) +
                               R"(","key_id":"k","public_key":)" + quoted_key() + "}]"};
  };
  expect_refusals({
      {named("\u0455elf"), "/publishers/0/name", "looks like it"},
      {named("Self "), "/publishers/0/name", "looks like it"},
  });
  for (const std::string_view name : {"myself", "Zoë", "Алиса", "a\\\\b", "selfie"}) {
    EXPECT_TRUE(Document::parse(named(name).text(), "p")) << name;
  }
}

TEST(DocumentTest, IssuersThatNoCertificateNamesAreRefused) {
  const auto issued = [](std::string_view issuer) {
    return Parts{.publishers = R"([{"name":"x","subject":"a@b.example","issuer":")" +
                               std::string(issuer) + "\"}]"};
  };
  const auto blocking = [](std::string_view issuer) {
    return Parts{.blocklist = blocked(R"({"identity":")" + std::string(issuer) + "\"}")};
  };
  constexpr std::string_view kPlace = "/publishers/0/issuer";
  constexpr std::string_view kBlock = "/blocklist/publishers/0/identity";
  constexpr std::string_view kGitHub = ": https://token.actions.githubusercontent.com";
  expect_refusals({
      {issued("https://token.actions.githubusercontent.com/"), kPlace, kGitHub},
      {issued("https://Token.Actions.githubusercontent.com"), kPlace, kGitHub},
      {issued("http://token.actions.githubusercontent.com"), kPlace, kGitHub},
      {issued("https://GitLab.com//"), kPlace, ": https://gitlab.com"},
      {issued("https://issuer.example "), kPlace, "printing ASCII"},
      {issued("https://is suer.example"), kPlace, "printing ASCII"},
      {issued(R"(https://issuer.example\n)"), kPlace, "printing ASCII"},
      {issued("https://issuer\u0435.example"), kPlace, "printing ASCII"},
      {blocking("https://token.actions.githubusercontent.com/"), kBlock, kGitHub},
  });
  for (const std::string_view issuer : {"https://tenant.auth0.com/", "https://Id.example/realms/A",
                                        "https://token.actions.githubusercontent.com/acme",
                                        "https://gitlab.com", "http://[::1]:8080/"}) {
    EXPECT_TRUE(Document::parse(issued(issuer).text(), "p")) << issuer;
    EXPECT_TRUE(Document::parse(blocking(issuer).text(), "p")) << issuer;
  }
}

TEST(DocumentTest, FaultyKeysAreRefused) {
  const auto with = [](std::string_view key) {
    return Parts{.publishers =
                     R"([{"name":"x","key_id":"k","public_key":")" + std::string(key) + "\"}]"};
  };
  const std::string key(kSomeKey);
  expect_refusals({
      {{.publishers = R"([{"name":"x","key_id":"k"}])"}, "/publishers/0/public_key", "missing"},
      {{.publishers = R"([{"name":"x","public_key":)" + quoted_key() + "}]"},
       "/publishers/0/key_id",
       "missing"},
      {{.publishers = R"([{"name":"x","key_id":"","public_key":)" + quoted_key() + "}]"},
       "/publishers/0/key_id",
       "empty"},
      {with(""), "/publishers/0/public_key", "empty"},
      {with("not base64!"), "/publishers/0/public_key", "base64"},
      {with(key.substr(0, key.size() - 2)), "/publishers/0/public_key", "base64"},
      {with(key + "\\n"), "/publishers/0/public_key", "base64"},
      {with("-----BEGIN PUBLIC KEY-----"), "/publishers/0/public_key", "base64"},
      {with("AAAA"), "/publishers/0/public_key", ""},
  });
}

TEST(DocumentTest, FaultyBuildSignersAreRefused) {
  expect_refusals({
      {{.publishers = keyless(R"(,"build_signer_uri":"https://h.example/w","subject":"s")")},
       "/publishers/0",
       "not both"},
      {{.publishers = keyless(R"(,"repository":"a/b","build_signer_uri":"https://h.example/w")")},
       "/publishers/0/ref_pattern",
       "missing"},
      {{.publishers = keyless(R"(,"repository":"a/b","ref_pattern":"r","build_signer_uri":"*")")},
       "/publishers/0/build_signer_uri",
       "host"},
      {{.publishers = keyless(
            R"(,"repository":"a/b","ref_pattern":"r","build_signer_uri":"https://github.com/*")")},
       "/publishers/0/build_signer_uri",
       "account"},
      {{.publishers = keyless(R"(,"repository":"a/b","ref_pattern":"r","workflow":"",)"
                              R"("build_signer_uri":"https://github.com/a/*")")},
       "/publishers/0/workflow",
       "empty"},
  });
}

TEST(DocumentTest, FaultyKeylessPublishersAreRefused) {
  const std::string ci = R"(,"workflow":"w","ref_pattern":"r")";
  expect_refusals({
      {{.publishers = R"([{"name":"x","repository":"a/b"}])"}, "/publishers/0/issuer", "missing"},
      {{.publishers = R"([{"name":"x","issuer":"*","subject":"s"}])"},
       "/publishers/0/issuer",
       "exact"},
      {{.publishers = R"([{"name":"x","issuer":"https://*","subject":"s"}])"},
       "/publishers/0/issuer",
       "exact"},
      {{.publishers = R"([{"name":"x","issuer":"http://i.example","subject":"s"}])"},
       "/publishers/0/issuer",
       "https://"},
      {{.publishers = R"([{"name":"x","issuer":"http://localhost.evil","subject":"s"}])"},
       "/publishers/0/issuer",
       "https://"},
      {{.publishers = R"([{"name":"x","issuer":"https://","subject":"s"}])"},
       "/publishers/0/issuer",
       "https://"},
      {{.publishers = keyless("")}, "/publishers/0/repository", "missing"},
      {{.publishers = keyless(R"(,"repository":"a/b","ref_pattern":"r")")},
       "/publishers/0/workflow",
       "missing"},
      {{.publishers = keyless(R"(,"repository":"a/b","workflow":"w")")},
       "/publishers/0/ref_pattern",
       "missing"},
      {{.publishers = keyless(R"(,"repository":"*")" + ci)}, "/publishers/0/repository", "OWNER"},
      {{.publishers = keyless(R"(,"repository":"skills")" + ci)},
       "/publishers/0/repository",
       "OWNER/NAME"},
      {{.publishers = keyless(R"(,"repository":"*/*")" + ci)},
       "/publishers/0/repository",
       "everybody"},
      {{.publishers = keyless(R"(,"repository":"**/skills")" + ci)},
       "/publishers/0/repository",
       "everybody"},
      {{.publishers = keyless(R"(,"repository":"acm?/skills")" + ci)},
       "/publishers/0/repository",
       "everybody"},
      {{.publishers = keyless(R"(,"repository":"a/b","workflow":"w","ref_pattern":"")")},
       "/publishers/0/ref_pattern",
       "empty"},
      {{.publishers = keyless(R"j(,"repository":"a/b","workflow":"(w)","ref_pattern":"r")j")},
       "/publishers/0/workflow",
       "pattern holds '('"},
      {{.publishers = keyless(R"(,"repository":"a/b","subject":"s")")},
       "/publishers/0",
       "not both"},
      {{.publishers = keyless(R"(,"subject":"s","subject_pattern":"s")")},
       "/publishers/0",
       "not both"},
      {{.publishers = keyless(R"(,"subject":"")")}, "/publishers/0/subject", "empty"},
      {{.publishers = keyless(R"(,"subject":"*@x.example")")},
       "/publishers/0/subject",
       "subject_pattern"},
  });
}

TEST(DocumentTest, SubjectPatternsMustKeepTheirHost) {
  for (const std::string_view bad :
       {"*", "**", "?*", "*@*", "*@*.example", "*example", "https://*", "https://git*.example/x",
        "https://host.example*", "http*://host.example/x", "*/acme/*", "*@", "*@x.example/*",
        "[a-z]*", "https:///*", "*://x@acme.example"}) {
    expect_refusals({{{.publishers = keyless(R"(,"subject_pattern":")" + std::string(bad) + '"')},
                      "/publishers/0/subject_pattern",
                      "strangers"}});
  }
  for (const std::string_view good :
       {"*@acme.example", "alice*@acme.example", "https://host.example/acme/*", "alice",
        "spiffe://trust.example/ns/*"}) {
    const auto document = Document::parse(
        Parts{.publishers = keyless(R"(,"subject_pattern":")" + std::string(good) + '"')}.text(),
        "p");
    EXPECT_TRUE(document) << good << ": " << document.error().message();
  }
}

TEST(DocumentTest, SubjectPatternsOnSharedHostsMustKeepTheirAccount) {
  const auto parsed = [](std::string_view pattern) {
    return Document::parse(
        Parts{.publishers = keyless(R"(,"subject_pattern":")" + std::string(pattern) + '"')}.text(),
        "p");
  };
  for (const std::string_view bad : {"https://github.com/*",
                                     "https://github.com/*/.github/workflows/*",
                                     "https://github.com/**",
                                     "https://github.com/acme*",
                                     "https://github.com/acm?/skills/*",
                                     "https://github.com//*",
                                     "https://github.com/[a-z]cme/*",
                                     "https://gitlab.com/*",
                                     "https://gitlab.com/*/ci.yml@*",
                                     "https://buildkite.com/*",
                                     "https://g.codefresh.io/*",
                                     "https://g.codefresh.io/*/app:*",
                                     "https://circleci.com/*",
                                     "https://circleci.com/api/v2/*",
                                     "https://circleci.com/api/v2/projects/*",
                                     "https://circleci.com/api/*/projects/3-4/*",
                                     "https://issuer.enforce.dev/*",
                                     "*@gmail.com",
                                     "a*@GMail.com",
                                     "*@outlook.com",
                                     "*@users.noreply.github.com",
                                     "*-compute@developer.gserviceaccount.com",
                                     "*@appspot.gserviceaccount.com"}) {
    const auto document = parsed(bad);
    ASSERT_FALSE(document) << bad;
    EXPECT_EQ(document.error().kind(), ErrorKind::InvalidInput);
    EXPECT_NE(document.error().message().find("/publishers/0/subject_pattern"), std::string::npos);
    EXPECT_NE(document.error().message().find("strangers"), std::string::npos);
    EXPECT_NE(document.error().remedy().find("https://github.com/OWNER/*"), std::string::npos);
  }
  for (const std::string_view good :
       {"https://github.com/acme/*", "https://github.com/acme/*/.github/workflows/sign.yml@*",
        "https://gitlab.com/acme/*", "https://github.com/acme", "https://git.acme.example/*",
        "https://g.codefresh.io/acme/*", "https://circleci.com/api/v2/projects/3-4/*",
        "https://circleci.com/api/v2/projects/3-4", "https://issuer.enforce.dev/1a2b/*",
        "alice@gmail.com", "*@gmail.com.acme.example", "*@acme.iam.gserviceaccount.com",
        "https://github.com.acme.example/*"}) {
    const auto document = parsed(good);
    EXPECT_TRUE(document) << good << ": " << document.error().message();
  }
}

TEST(DocumentTest, LoopbackIssuerIsTaken) {
  for (const std::string_view issuer :
       {"http://127.0.0.1:35001", "http://localhost", "http://[::1]/dex"}) {
    EXPECT_TRUE(Document::parse(Parts{.publishers = R"([{"name":"x","subject":"s","issuer":")" +
                                                    std::string(issuer) + "\"}]"}
                                    .text(),
                                "p"))
        << issuer;
  }
}

TEST(DocumentTest, FaultyBlocklistsAreRefused) {
  const std::string hex(64, 'a');
  expect_refusals({
      {{.blocklist = "[]"}, "/blocklist", "object"},
      {{.blocklist = "null"}, "/blocklist", "null"},
      {{.blocklist = R"({"digests":{}})"}, "/blocklist/digests", "array"},
      {{.blocklist = R"({"digest":[]})"}, "/blocklist/digest", "not a known"},
      {{.blocklist = R"({"publishers":null})"}, "/blocklist/publishers", "null"},
      {{.blocklist = digest("")}, "/blocklist/digests/0/sha256", "64 hexadecimal"},
      {{.blocklist = digest("0x" + hex)}, "/blocklist/digests/0/sha256", "64 hexadecimal"},
      {{.blocklist = digest(" " + hex)}, "/blocklist/digests/0/sha256", "64 hexadecimal"},
      {{.blocklist = digest("sha256:" + hex)}, "/blocklist/digests/0/sha256", "64 hexadecimal"},
      {{.blocklist = digest(std::string(64, 'g'))}, "/blocklist/digests/0/sha256", "64 hex"},
      {{.blocklist = R"({"digests":[{"description":"d"}]})"},
       "/blocklist/digests/0/sha256",
       "missing"},
      {{.blocklist = R"({"digests":[{"sha265":"d"}]})"},
       "/blocklist/digests/0/sha265",
       "not a known"},
      {{.blocklist = R"({"digests":[{"sha256":")" + hex + R"(","added":1}]})"},
       "/blocklist/digests/0/added",
       "string"},
      {{.blocklist = blocked(R"({"identity":""})")}, "/blocklist/publishers/0/identity", "empty"},
      {{.blocklist = blocked("{}")}, "/blocklist/publishers/0/identity", "missing"},
      {{.blocklist = blocked(R"({"identity":"evil/*"})")},
       "/blocklist/publishers/0/identity",
       "exactly"},
      {{.blocklist = blocked(R"j({"identity":"x","repository":"(a)"})j")},
       "/blocklist/publishers/0/repository",
       "pattern"},
      {{.blocklist = blocked(R"({"identity":"x","repo":"a"})")},
       "/blocklist/publishers/0/repo",
       "not a known"},
      {{.blocklist = R"({"digests":)" + repeated(R"({"sha256":")" + hex + "\"}", 10'001) + "}"},
       "/blocklist/digests",
       "10001"},
      {{.blocklist = R"({"digests":)" + repeated(R"({"sha256":")" + hex + "\"}", 6'000) +
                     R"(,"publishers":)" + repeated(R"({"identity":"x"})", 4'001) + "}"},
       "/blocklist",
       "10000"},
  });
}

// As upstream 0.81 writes it: no version, but what it is.
TEST(DocumentTest, APolicySaysWhatItIsByItsVersionOrItsPredicate) {
  const auto parsed = [](std::string_view first) {
    return Document::parse("{" + std::string(first) +
                               R"("includes":["x"],"publishers":[],"blocklist":{},)"
                               R"("enforcement":"deny"})",
                           "p");
  };
  const std::string predicate = R"("predicate":"https://nono.sh/attestation/trust-policy/v1",)";
  for (const std::string_view marks :
       {std::string_view(R"("version":1,)"), std::string_view(predicate)}) {
    const auto document = parsed(marks);
    ASSERT_TRUE(document) << marks;
    EXPECT_TRUE(document->to_json().compact().starts_with("{" + std::string(marks)));
    EXPECT_EQ(document->to_json().compact().contains("version\":"), marks != predicate);
  }
  EXPECT_TRUE(parsed(predicate + R"("version":1,)"));
  for (const auto& [first, where] :
       {std::pair<std::string, std::string>{"", "version"},
        {predicate + R"("version":2,)", "/version: must be 1"},
        {R"("predicate":"https://nono.sh/attestation/instruction-file/v1","version":1,)",
         "/predicate: must be"},
        {R"("predicate":"","version":1,)", "/predicate: must be"},
        {R"("predicate":1,"version":1,)", "/predicate"},
        {R"("predicate":null,"version":1,)", "/predicate"}}) {
    const auto refused = parsed(first);
    ASSERT_FALSE(refused) << first;
    EXPECT_NE(refused.error().message().find(where), std::string::npos)
        << refused.error().message();
  }
}

TEST(DocumentTest, EmptyIncludesAreTakenWhereSomethingElseIsMeant) {
  EXPECT_TRUE(Document::parse(Parts{.includes = "[]", .enforcement = R"("warn")"}.text(), "p"));
  EXPECT_TRUE(Document::parse(Parts{.includes = "[]", .extra = R"(,"files":["/a"])"}.text(), "p"));
}

TEST(DocumentTest, TwoNamesForOneKeyIdAreTaken) {
  const std::string second = R"({"name":"bob","key_id":"k","public_key":)" + quoted_key() + "}";
  EXPECT_TRUE(Document::parse(Parts{.publishers = "[" + keyed() + "," + second + "]"}.text(), "p"));
}

// parse(to_json(x)) says the same as x: what is written once is written the same way again.
void expect_round_trip(const std::string& text) {
  const auto document = Document::parse(text, "p");
  ASSERT_TRUE(document) << document.error().message();
  const Json written = document->to_json();
  const auto again = Document::parse(written.pretty(), "again");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->to_json(), written);
}

TEST(DocumentTest, EverythingSurvivesWriting) {
  const Parts full{
      .includes = R"(["CLAUDE*","docs/**/x.md"])",
      .publishers =
          "[" + keyed(R"(,"delegates":true,"predicate_types":["https://t/1"])") +
          R"(,{"name":"ci","issuer":"https://i.example","repository":"a/*","workflow":"*","ref_pattern":"refs/tags/v*","build_signer_uri":"https://h.example/*"},)"
          R"({"name":"p","issuer":"https://i.example","subject":"bob@x.example"},)"
          R"({"name":"q","issuer":"https://i.example","subject_pattern":"*@x.example"}])",
      .blocklist = R"({"digests":[{"sha256":")" + std::string(64, 'B') +
                   R"(","description":"x\nVerified: yes","added":"2026-01-01"}],"publishers":[)"
                   R"({"identity":"e","repository":"o/*","reason":"r","added":"a"}]})",
      .enforcement = R"("audit")",
      .extra = R"(,"files":["~/x"],"agent_config":"audit","unguard":[".envrc"],"lock":true,)"
               R"("intercept":"strict")"};
  expect_round_trip(full.text());
  const auto document = Document::parse(full.text(), "p");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->to_json().compact(),
            R"({"version":1,"includes":["CLAUDE*","docs/**/x.md"],"files":["~/x"],"publishers":[)"
            R"({"name":"alice","key_id":"k","public_key":)" +
                quoted_key() +
                R"(,"predicate_types":["https://t/1"],"delegates":true},)"
                R"({"name":"ci","issuer":"https://i.example","repository":"a/*","workflow":"*",)"
                R"("ref_pattern":"refs/tags/v*","build_signer_uri":"https://h.example/*"},)"
                R"({"name":"p","issuer":"https://i.example","subject":"bob@x.example"},)"
                R"({"name":"q","issuer":"https://i.example","subject_pattern":"*@x.example"}],)"
                R"("blocklist":{"digests":[{"sha256":")" +
                std::string(64, 'b') +
                R"(","description":"x\nVerified: yes","added":"2026-01-01"}],"publishers":[)"
                R"({"identity":"e","repository":"o/*","reason":"r","added":"a"}]},)"
                R"("enforcement":"audit","agent_config":"audit","unguard":[".envrc"],"lock":true,)"
                R"("intercept":"strict"})");
}

TEST(DocumentTest, LeastPolicySurvivesWriting) {
  expect_round_trip(Parts{}.text());
}

TEST(DocumentTest, StarterParsesAndTrustsNobody) {
  const Document starter = Document::starter();
  EXPECT_EQ(starter.includes.size(), 4U);
  EXPECT_TRUE(starter.publishers.empty());
  EXPECT_EQ(starter.enforcement, Enforcement::Deny);
  expect_round_trip(starter.to_json().pretty());
}

TEST(DocumentTest, BareNamesABuiltInNameAlone) {
  const Document bare = Document::bare();
  ASSERT_EQ(bare.includes.size(), 1U);
  EXPECT_TRUE(builtin_named(bare.includes[0].text()).has_value()) << bare.includes[0].text();
  EXPECT_TRUE(bare.publishers.empty());
  EXPECT_EQ(bare.enforcement, Enforcement::Deny);
  expect_round_trip(bare.to_json().pretty());
}

}  // namespace
}  // namespace nono::trustpolicy
