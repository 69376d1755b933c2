// tests/attest/identity_test.cc: who signed, read from certificates; and policies held against it.
#include "attest/identity.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sigstore/recipe.h"
#include "tests/sigstore/world.h"

namespace nono::attest::test {
namespace {

using namespace std::string_literals;
using Kind = crypto::SubjectNameKind;

// read makes the leaf of a recipe and reads it: "kind subject issuer", or the refusal.
std::string read(const std::function<void(factory::LeafRecipe&)>& change) {
  factory::Recipe recipe;
  change(recipe.leaf);
  const auto leaf = crypto::Certificate::parse_der(factory::make_world(recipe).leaf.der);
  if (!leaf) {
    return "no certificate: " + leaf.error().message();
  }
  const auto identity = read_identity(*leaf);
  if (!identity) {
    EXPECT_EQ(identity.error().reason, Reason::IdentityMismatch);
    return identity.error().detail;
  }
  const std::string kind = identity->subject.kind == Kind::Uri     ? "uri "
                           : identity->subject.kind == Kind::Email ? "email "
                                                                   : "other ";
  return kind + identity->subject.value + " " + identity->issuer();
}

std::string read_names(std::vector<factory::SubjectName> names) {
  return read([&names](factory::LeafRecipe& leaf) { leaf.names = std::move(names); });
}

TEST(ReadIdentityTest, ReadsTheThreeKindsOfSubject) {
  EXPECT_EQ(read([](factory::LeafRecipe&) {}),
            "email alice@example.com https://accounts.example.com");
  EXPECT_EQ(read_names({{factory::NameKind::Uri, "https://ci.example/job"}}),
            "uri https://ci.example/job https://accounts.example.com");
  EXPECT_EQ(read_names({{factory::NameKind::Other, "alice!example"}}),
            "other alice!example https://accounts.example.com");
}

TEST(ReadIdentityTest, RefusesNoneAndSeveralSubjects) {
  EXPECT_EQ(read_names({}), "the certificate has 0 subject names; one is expected");
  EXPECT_EQ(read_names({{}, {factory::NameKind::Uri, "https://ci.example/job"}}),
            "the certificate has 2 subject names; one is expected");
  EXPECT_EQ(read_names({{}, {}}), "the certificate has 2 subject names; one is expected");
}

TEST(ReadIdentityTest, RefusesOtherKindsOfSubject) {
  constexpr std::string_view kOther =
      "the certificate's subject is neither a URI nor an e-mail address nor a user name";
  EXPECT_EQ(read_names({{factory::NameKind::Dns, "example.com"}}), kOther);
  EXPECT_EQ(read_names({{factory::NameKind::ForeignOther, "alice"}}), kOther);
}

TEST(ReadIdentityTest, RefusesAnEmptySubjectAndOneWithNul) {
  for (const factory::SubjectName& name :
       {factory::SubjectName{factory::NameKind::Uri, ""},
        factory::SubjectName{factory::NameKind::Other, ""},
        factory::SubjectName{factory::NameKind::Email, "alice@example.com\0.evil"s}}) {
    const std::string refusal = read_names({name});
    EXPECT_TRUE(refusal.starts_with("the certificate's subject is malformed: ")) << refusal;
  }
}

TEST(ReadIdentityTest, RefusesACertificateWithoutIssuer) {
  EXPECT_EQ(read([](factory::LeafRecipe& leaf) { leaf.issuer_v1 = leaf.issuer_v2 = false; }),
            "the certificate does not say who vouched for its subject");
}

TEST(ReadIdentityTest, EitherFormOfTheIssuerIsEnough) {
  EXPECT_EQ(read([](factory::LeafRecipe& leaf) { leaf.issuer_v1 = false; }),
            "email alice@example.com https://accounts.example.com");
  EXPECT_EQ(read([](factory::LeafRecipe& leaf) { leaf.issuer_v2 = false; }),
            "email alice@example.com https://accounts.example.com");
}

TEST(ReadIdentityTest, RefusesIssuersThatContradictEachOther) {
  const std::string refusal = read([](factory::LeafRecipe& leaf) {
    leaf.issuer_v1 = false;
    leaf.claims.emplace_back(1, "https://accounts.evil.example");
  });
  EXPECT_TRUE(refusal.starts_with("the certificate's claims are malformed: ")) << refusal;
}

// A policy demands what it names.
CertificateIdentity alice() {
  CertificateIdentity identity{.subject = {.kind = Kind::Email, .value = "alice@example.com"},
                               .claims = {}};
  identity.claims.issuer = "https://accounts.example.com";
  return identity;
}

// held is "" or the detail of the refusal.
std::string held(const IdentityPolicy& policy, const CertificateIdentity& identity = alice()) {
  const auto result = hold(policy, identity);
  if (result) {
    return "";
  }
  EXPECT_EQ(result.error().reason, Reason::IdentityMismatch);
  return result.error().detail;
}

Pattern pattern(std::string_view text) {
  return *Pattern::parse(text);
}

IdentityPolicy of_subject(ExpectedText expected) {
  return {.subject = std::move(expected), .subject_kind = {}, .issuer = {}, .claims = {}};
}
IdentityPolicy of_issuer(ExpectedText expected) {
  return {.subject = {}, .subject_kind = {}, .issuer = std::move(expected), .claims = {}};
}
IdentityPolicy of_claim(std::string_view name, ExpectedText expected) {
  return {.subject = {},
          .subject_kind = {},
          .issuer = {},
          .claims = {{std::string(name), std::move(expected)}}};
}

TEST(HoldTest, EmptyPolicyDemandsNothing) {
  EXPECT_EQ(held({}), "");
}

TEST(HoldTest, ExactSubjectIsComparedByteForByte) {
  EXPECT_EQ(held(of_subject("alice@example.com")), "");
  for (const std::string& other :
       {"Alice@example.com"s, "alice@EXAMPLE.com"s, "alice@example.com "s, "alice@example.co"s,
        "alice@example.com\0"s, ""s, "alice@example.com."s, ".*"s}) {
    EXPECT_EQ(
        held(of_subject(other)),
        "the subject of the certificate is \"alice@example.com\"; expected \"" + other + "\"");
  }
}

TEST(HoldTest, UrlsAreNotNormalised) {
  CertificateIdentity identity = alice();
  identity.subject = {.kind = Kind::Uri, .value = "https://ci.example/a"};
  EXPECT_EQ(held(of_subject("https://ci.example/a"), identity), "");
  for (const std::string_view other :
       {"https://ci.example/a/", "https://ci.example:443/a", "https://ci.example/./a",
        "https://ci.example/%61", "HTTPS://ci.example/a", "http://ci.example/a"}) {
    EXPECT_NE(held(of_subject(std::string(other)), identity), "") << other;
  }
}

TEST(HoldTest, SubjectMayMatchAPattern) {
  EXPECT_EQ(held(of_subject(pattern("[a-z]+@example\\.com"))), "");
  EXPECT_EQ(held(of_subject(pattern("@example\\.com"))),
            "the subject of the certificate is \"alice@example.com\"; expected a match of "
            "\"@example\\.com\"");
}

TEST(HoldTest, KindIsDemandedWhateverTheValue) {
  const auto policy = [](Kind kind) {
    return IdentityPolicy{.subject = {}, .subject_kind = kind, .issuer = {}, .claims = {}};
  };
  EXPECT_EQ(held(policy(Kind::Email)), "");
  EXPECT_EQ(held(policy(Kind::Uri)),
            "the subject of the certificate is an e-mail address; expected a URI");
  EXPECT_EQ(held(policy(Kind::Other)),
            "the subject of the certificate is an e-mail address; expected a user name");
  EXPECT_EQ(held(policy(Kind::Dns)),
            "the subject of the certificate is an e-mail address; expected a name of another kind");
}

TEST(HoldTest, IssuerIsComparedByteForByte) {
  EXPECT_EQ(held(of_issuer("https://accounts.example.com")), "");
  EXPECT_EQ(held(of_issuer(pattern("https://accounts\\.example\\.(com|org)"))), "");
  EXPECT_EQ(held(of_issuer("https://accounts.example.com/")),
            "the issuer of the certificate is \"https://accounts.example.com\"; expected "
            "\"https://accounts.example.com/\"");
}

TEST(HoldTest, EveryClaimIsDemandedByItsName) {
  EXPECT_EQ(crypto::fulcio_claim_fields().size(), 22u);
  for (const crypto::ClaimField& field : crypto::fulcio_claim_fields()) {
    CertificateIdentity identity = alice();
    identity.claims.*field.member = "value";
    EXPECT_EQ(held(of_claim(field.name, "value"), identity), "") << field.name;
    EXPECT_EQ(held(of_claim(field.name, pattern("v.*")), identity), "") << field.name;
    EXPECT_EQ(
        held(of_claim(field.name, "Value"), identity),
        "the " + std::string(field.name) + " of the certificate is \"value\"; expected \"Value\"");
  }
}

TEST(HoldTest, AbsentClaimSatisfiesNothing) {
  EXPECT_EQ(held(of_claim("sourceRepositoryURI", "")),
            "the certificate has no sourceRepositoryURI; expected \"\"");
  EXPECT_EQ(held(of_claim("sourceRepositoryURI", pattern(".*"))),
            "the certificate has no sourceRepositoryURI; expected a match of \".*\"");
}

TEST(HoldTest, UnknownClaimRefuses) {
  EXPECT_EQ(held(of_claim("sourceRepositoryUri", pattern(".*"))),
            "certificates have no claim \"sourceRepositoryUri\", which the policy demands");
}

TEST(HoldTest, AllThatIsNamedMustHold) {
  CertificateIdentity identity = alice();
  identity.claims.source_repository_ref = "refs/heads/main";
  IdentityPolicy policy{.subject = "alice@example.com",
                        .subject_kind = Kind::Email,
                        .issuer = "https://accounts.example.com",
                        .claims = {{"sourceRepositoryRef", "refs/heads/main"}}};
  EXPECT_EQ(held(policy, identity), "");
  policy.claims.emplace_back("sourceRepositoryRef", "refs/heads/dev");
  EXPECT_NE(held(policy, identity), "");
}

}  // namespace
}  // namespace nono::attest::test
