// tests/trustpolicy/publisher_test.cc: who is whom.
#include "trustpolicy/publisher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "attest/predicate.h"
#include "base/text.h"
#include "tests/trustpolicy/support.h"

namespace nono::trustpolicy {
namespace {

using attest::KeyedSigner;
using attest::KeylessSigner;
using attest::SignerIdentity;

KeylessSigner ci_signer() {
  return {.issuer = "https://issuer.example",
          .subject = "https://host.example/acme/skills/.ci/sign.yml@refs/tags/v1",
          .repository = "acme/skills",
          .workflow = ".ci/sign.yml",
          .ref = "refs/tags/v1",
          .roots = {""}};
}

KeylessPublisher ci_publisher() {
  KeylessPublisher who;
  who.issuer = "https://issuer.example";
  who.repository = *Glob::parse("acme/*");
  who.workflow = *Glob::parse_flat(".ci/sign.yml");
  who.ref_pattern = *Glob::parse_flat("refs/tags/v*");
  return who;
}

Publisher named(KeylessPublisher who) {
  return {"ci", std::move(who), {}, false};
}

KeyedSigner signer_of(const crypto::PrivateKey& key) {
  return {.fingerprint = key.public_key().fingerprint(), .alias = "alice", .key_id = "file:///k"};
}

TEST(PublisherTest, KeyedSignerIsItsFingerprint) {
  const auto key = test::make_key();
  const auto other = test::make_key();
  EXPECT_TRUE(speaks_for(test::keyed("anything", key), signer_of(key)));
  EXPECT_FALSE(speaks_for(test::keyed("alice", other, "file:///k"), signer_of(key)));
  EXPECT_FALSE(speaks_for(named(ci_publisher()), signer_of(key)));
}

TEST(PublisherTest, TheFieldThatKeepsASignerOutIsNamed) {
  const Publisher publisher = named(ci_publisher());
  EXPECT_EQ(near_miss(publisher, ci_signer()), "");
  KeylessSigner workflow = ci_signer();
  workflow.workflow = ".ci/other.yml";
  EXPECT_EQ(near_miss(publisher, workflow),
            "its workflow is \".ci/other.yml\", and ci signs by \".ci/sign.yml\"");
  KeylessSigner ref = ci_signer();
  ref.ref = "refs/heads/main";
  EXPECT_EQ(near_miss(publisher, ref),
            "its ref is \"refs/heads/main\", and ci signs by \"refs/tags/v*\"");
  KeylessSigner stranger = ci_signer();
  stranger.repository = "evil/skills";
  EXPECT_EQ(near_miss(publisher, stranger), "");
  EXPECT_EQ(near_miss(publisher, signer_of(test::make_key())), "");
}

TEST(PublisherTest, KeylessSignerMustMatchEveryField) {
  EXPECT_TRUE(speaks_for(named(ci_publisher()), ci_signer()));
  struct Change {
    std::string KeylessSigner::* field;
    std::string value;
  };
  const std::vector<Change> changes = {
      {&KeylessSigner::issuer, "https://issuer.example/"},
      {&KeylessSigner::issuer, ""},
      {&KeylessSigner::repository, "evil/skills"},
      {&KeylessSigner::repository, "acme/skills/x"},
      {&KeylessSigner::repository, "acme"},
      {&KeylessSigner::repository, ""},
      {&KeylessSigner::workflow, ".ci/other.yml"},
      {&KeylessSigner::workflow, "x/.ci/sign.yml"},
      {&KeylessSigner::workflow, ""},
      {&KeylessSigner::ref, "refs/heads/v1"},
      {&KeylessSigner::ref, ""},
  };
  for (const Change& change : changes) {
    KeylessSigner signer = ci_signer();
    signer.*change.field = change.value;
    EXPECT_FALSE(speaks_for(named(ci_publisher()), signer)) << change.value;
  }
}

TEST(PublisherTest, TheRootOfThePublisherMustVouch) {
  struct Row {
    std::string root;
    std::vector<std::string> vouching;
    bool speaks;
  };
  const std::vector<Row> rows = {
      {"", {""}, true},          {"", {"", "acme"}, true},     {"", {"acme"}, false},
      {"acme", {"acme"}, true},  {"acme", {"", "acme"}, true}, {"acme", {""}, false},
      {"acme", {"Acme"}, false}, {"acme", {}, false},          {"", {}, false},
  };
  for (const Row& row : rows) {
    KeylessPublisher who = ci_publisher();
    who.root = row.root;
    KeylessSigner signer = ci_signer();
    signer.roots = row.vouching;
    EXPECT_EQ(speaks_for(named(who), signer), row.speaks) << row.root;
    EXPECT_TRUE(identifies(named(who), signer));
    EXPECT_EQ(near_miss(named(who), signer).empty(), row.speaks) << row.root;
  }
}

TEST(PublisherTest, AnotherRootIsNamedByItsNameAndNoneByWords) {
  KeylessPublisher who = ci_publisher();
  who.root = "acme";
  EXPECT_EQ(near_miss(named(who), ci_signer()),
            "its certificate is vouched for by the trusted root that judges where none is named, "
            "and ci is judged by the trusted root \"acme\"");
}

TEST(PublisherTest, PublishersOfTwoRootsAreTwo) {
  KeylessPublisher other = ci_publisher();
  other.root = "acme";
  EXPECT_TRUE(same_signers(named(ci_publisher()), named(ci_publisher())));
  EXPECT_FALSE(same_signers(named(ci_publisher()), named(other)));
}

TEST(PublisherTest, EmptyFieldMatchesNoStar) {
  KeylessPublisher who = ci_publisher();
  who.workflow = *Glob::parse_flat("*");
  who.ref_pattern = *Glob::parse_flat("*");
  EXPECT_TRUE(speaks_for(named(who), ci_signer()));
  KeylessSigner signer = ci_signer();
  signer.ref.clear();
  EXPECT_FALSE(speaks_for(named(who), signer));
}

TEST(PublisherTest, AReusableWorkflowIsKnownByWhatSigned) {
  KeylessPublisher by_signer = ci_publisher();
  by_signer.workflow.reset();
  by_signer.build_signer_uri = *Glob::parse_flat("https://host.example/builders/*");
  KeylessPublisher by_both = by_signer;
  by_both.workflow = ci_publisher().workflow;
  KeylessSigner signer = ci_signer();
  EXPECT_FALSE(speaks_for(named(by_signer), signer)) << "an absent field matches nothing";
  signer.subject = "https://host.example/builders/sign.yml@refs/tags/v3";
  signer.build_signer_uri = signer.subject;
  EXPECT_TRUE(speaks_for(named(by_signer), signer));
  EXPECT_TRUE(speaks_for(named(by_both), signer));
  EXPECT_TRUE(speaks_for(named(ci_publisher()), signer));
  EXPECT_FALSE(same_signers(named(by_both), named(ci_publisher())));
  signer.workflow = ".ci/other.yml";
  EXPECT_TRUE(speaks_for(named(by_signer), signer));
  EXPECT_FALSE(speaks_for(named(by_both), signer));
  signer.repository = "other/skills";
  EXPECT_FALSE(speaks_for(named(by_signer), signer));
  signer = ci_signer();
  signer.build_signer_uri = "https://host.example/others/sign.yml@refs/tags/v3";
  EXPECT_EQ(near_miss(named(by_both), signer),
            "its build signer URI is \"https://host.example/others/sign.yml@refs/tags/v3\", and ci "
            "signs by \"https://host.example/builders/*\"");
}

TEST(PublisherTest, IncompletePublisherMatchesNobody) {
  KeylessPublisher who;
  who.issuer = "https://issuer.example";
  EXPECT_FALSE(speaks_for(named(who), ci_signer()));
  who = ci_publisher();
  who.workflow.reset();
  EXPECT_FALSE(speaks_for(named(who), ci_signer()));
}

TEST(PublisherTest, SubjectIsExactAndItsPatternIsNot) {
  KeylessPublisher exact;
  exact.issuer = "https://issuer.example";
  exact.subject = "bob@x.example";
  KeylessPublisher pattern;
  pattern.issuer = "https://issuer.example";
  pattern.subject_pattern = *Glob::parse_flat("*@x.example");
  KeylessSigner bob{.issuer = "https://issuer.example",
                    .subject = "bob@x.example",
                    .repository = {},
                    .workflow = {},
                    .ref = {},
                    .roots = {""}};
  EXPECT_TRUE(speaks_for(named(exact), bob));
  EXPECT_TRUE(speaks_for(named(pattern), bob));
  bob.subject = "eve@x.example";
  EXPECT_FALSE(speaks_for(named(exact), bob));
  EXPECT_TRUE(speaks_for(named(pattern), bob));
  bob.issuer = "https://other.example";
  EXPECT_FALSE(speaks_for(named(pattern), bob));
}

TEST(PublisherTest, APatternOfAddressesMatchesNoUrl) {
  KeylessPublisher people;
  people.issuer = "https://issuer.example";
  people.subject_pattern = *Glob::parse_flat("*@acme.example");
  KeylessSigner stranger = ci_signer();
  stranger.subject = "https://host.example/eve/x/.ci/w.yml@refs/heads/x@acme.example";
  EXPECT_FALSE(speaks_for(named(people), stranger));
  KeylessPublisher ci = ci_publisher();
  ci.build_signer_uri = people.subject_pattern;
  stranger = ci_signer();
  stranger.build_signer_uri = "https://host.example/eve/x/.ci/w.yml@refs/heads/x@acme.example";
  EXPECT_FALSE(speaks_for(named(ci), stranger));
  EXPECT_NE(near_miss(named(ci), stranger), "");
}

TEST(PublisherTest, OnlyNamedPredicateTypesAreAcceptedBesideOurOwn) {
  Publisher publisher = named(ci_publisher());
  publisher.predicate_types = {"https://t/1"};
  EXPECT_TRUE(accepts_type(publisher, attest::kInstructionFileV1));
  EXPECT_TRUE(accepts_type(publisher, attest::kMultiFileV1));
  EXPECT_TRUE(accepts_type(publisher, "https://t/1"));
  EXPECT_FALSE(accepts_type(publisher, "https://t/2"));
  EXPECT_FALSE(accepts_type(publisher, attest::kMessageSignature));
}

TEST(PublisherTest, SameSignersWhateverTheirNames) {
  const auto key = test::make_key();
  EXPECT_TRUE(same_signers(test::keyed("a", key, "1"), test::keyed("b", key, "2")));
  EXPECT_FALSE(same_signers(test::keyed("a", key), test::keyed("a", test::make_key())));
  EXPECT_TRUE(same_signers(named(ci_publisher()), named(ci_publisher())));
  EXPECT_FALSE(same_signers(named(ci_publisher()), test::keyed("ci", key)));
  KeylessPublisher wider = ci_publisher();
  wider.ref_pattern = *Glob::parse_flat("*");
  EXPECT_FALSE(same_signers(named(ci_publisher()), named(wider)));
}

bool blocked_by(std::string identity, const SignerIdentity& signer,
                std::optional<std::string> repository = std::nullopt,
                const std::vector<const Publisher*>& speaking = {}) {
  return blocks({std::move(identity), std::move(repository), "", ""}, signer, speaking);
}

TEST(PublisherTest, KeyIsBlockedByEachOfItsNames) {
  const auto key = test::make_key();
  const SignerIdentity signer = signer_of(key);
  const std::string hex = key.public_key().fingerprint().hex();
  std::string upper = hex;
  for (char& c : upper) {
    c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  }
  EXPECT_TRUE(blocked_by(hex, signer));
  EXPECT_TRUE(blocked_by(upper, signer));
  EXPECT_TRUE(blocked_by("SHA256:" + hex, signer));
  EXPECT_TRUE(blocked_by(key.public_key().fingerprint().short_form(), signer));
  EXPECT_TRUE(blocked_by("alice", signer));
  EXPECT_TRUE(blocked_by("file:///k", signer));
  EXPECT_FALSE(blocked_by(hex.substr(0, 16), signer));
  EXPECT_FALSE(blocked_by("SHA256:" + hex.substr(0, 15), signer));
  EXPECT_FALSE(blocked_by("SHA256:", signer));
  EXPECT_FALSE(blocked_by("bob", signer));
  EXPECT_FALSE(blocked_by("", signer));
}

TEST(PublisherTest, NamesOfPublishersThatSpeakForTheSignerBlockToo) {
  const auto key = test::make_key();
  const Publisher other_name = test::keyed("al", key, "kid");
  EXPECT_TRUE(blocked_by("al", signer_of(key), std::nullopt, {&other_name}));
  EXPECT_TRUE(blocked_by("kid", signer_of(key), std::nullopt, {&other_name}));
  EXPECT_FALSE(blocked_by("al", signer_of(key)));
}

TEST(PublisherTest, RepositoryNarrowsKeylessBlocksOnly) {
  const std::string issuer = "https://issuer.example";
  EXPECT_TRUE(blocked_by(issuer, ci_signer()));
  EXPECT_TRUE(blocked_by("acme/skills", ci_signer()));
  EXPECT_TRUE(blocked_by(ci_signer().subject, ci_signer()));
  EXPECT_TRUE(blocked_by(issuer, ci_signer(), "acme/skills"));
  EXPECT_TRUE(blocked_by(issuer, ci_signer(), "acme/*"));
  EXPECT_FALSE(blocked_by(issuer, ci_signer(), "evil/*"));
  EXPECT_TRUE(blocked_by(issuer, ci_signer(), "(unreadable"));
  EXPECT_TRUE(blocked_by("alice", signer_of(test::make_key()), "evil/*"));
}

TEST(PublisherTest, DescriptionsAreOneEscapedLine) {
  KeyedSigner signer = signer_of(test::make_key());
  signer.alias =
      "\x1b]0;pwn\x07"
      "acme";
  const std::string shown = describe(signer);
  EXPECT_EQ(shown, "\\e]0;pwn\\x07acme (" + signer.fingerprint.short_form() + ")");
  signer.alias.clear();
  EXPECT_EQ(describe(signer), "key " + signer.fingerprint.short_form());
  KeylessSigner mail = ci_signer();
  mail.subject = "bob\n@x";
  EXPECT_EQ(describe(mail), "bob\\n@x of https://issuer.example");
}

}  // namespace
}  // namespace nono::trustpolicy
