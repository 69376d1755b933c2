// tests/trustpolicy/policy_test.cc: merging and deciding, with real signatures.
#include "trustpolicy/policy.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/trustpolicy/support.h"

namespace nono::trustpolicy {
namespace {

using test::described;
using test::document;
using test::keyed;
using test::layer_of;
using test::make_key;

Decision decide(const Policy& policy, const std::string& path,
                GuardClass guard_class = GuardClass::Instruction,
                Override override = Override::No) {
  return policy.decide(test::examine(policy, path), guard_class, override);
}

BlockedDigest blocked_digest_of(const std::string& path) {
  return {crypto::Sha256::of(test::read_text(path)), "known bad", "2026-01-01"};
}

BlockedPublisher blocked(std::string identity) {
  return {std::move(identity), std::nullopt, "revoked", "2026-01-01"};
}

// A file signed by alice, and policies that say this or that of her.
class PolicyTest : public testing::Test {
 protected:
  PolicyTest() { test::sign(alice, file); }

  Policy trusting(Document base = document()) const {
    base.publishers.push_back(keyed("alice", alice, "kid"));
    return Policy::merge({layer_of(LayerKind::User, std::move(base))}, {});
  }

  test::TempDir directory;
  std::string file = directory.write("CLAUDE.md", "be careful\n");
  std::string unsigned_file = directory.write("u/AGENTS.md", "be careless\n");
  crypto::PrivateKey alice = make_key();
  crypto::PrivateKey mallory = make_key();
};

TEST_F(PolicyTest, SignedFileOfTrustedPublisherIsAdmittedWithItsBytes) {
  const Decision decision = decide(trusting(), file);
  ASSERT_EQ(described(decision), "admitted by alice");
  const auto& admitted = std::get<Admitted>(decision);
  const auto contents = admitted.file().contents();
  ASSERT_TRUE(contents);
  EXPECT_EQ(as_text(*contents), "be careful\n");
}

TEST_F(PolicyTest, NoPolicyTrustsNobody) {
  const Policy policy = Policy::merge({}, {});
  EXPECT_EQ(described(decide(policy, unsigned_file)), "denied no-bundle");
  EXPECT_EQ(described(decide(policy, file)), "denied unknown-key");
  EXPECT_EQ(policy.enforcement(GuardClass::Instruction), Enforcement::Deny);
  EXPECT_EQ(policy.enforcement(GuardClass::AgentConfig), Enforcement::Warn);
  EXPECT_FALSE(policy.strict_intercept());
}

TEST_F(PolicyTest, OwnKeyIsThePublisherSelf) {
  const Policy policy = Policy::merge({}, {test::self_entry(alice)});
  EXPECT_EQ(described(decide(policy, file)), "admitted by self");
  ASSERT_EQ(policy.publishers().size(), 1U);
  EXPECT_EQ(policy.publishers().front()->name, "self");
  ASSERT_EQ(policy.keyring()->entries().size(), 1U);
  EXPECT_EQ(policy.keyring()->entries().front().alias, "self");
}

// One test per rule.

TEST_F(PolicyTest, BlockedDigestIsDenied) {
  Document base = document();
  base.blocked_digests.push_back(blocked_digest_of(file));
  const Decision decision = decide(trusting(base), file);
  ASSERT_EQ(described(decision), "denied blocked-digest");
  const auto& denied = std::get<Denied>(decision);
  EXPECT_EQ(denied.rule(), DenyRule::BlockedDigest);
  EXPECT_NE(denied.reason().find("known bad"), std::string::npos);
}

TEST_F(PolicyTest, BlockedPublisherIsDenied) {
  for (const std::string& name :
       {std::string("alice"), std::string("kid"), alice.public_key().fingerprint().hex(),
        alice.public_key().fingerprint().short_form()}) {
    Document base = document();
    base.blocked_publishers.push_back(blocked(name));
    const Decision decision = decide(trusting(base), file);
    ASSERT_EQ(described(decision), "denied blocked-publisher") << name;
    const auto& denied = std::get<Denied>(decision);
    EXPECT_EQ(denied.rule(), DenyRule::BlockedPublisher);
    EXPECT_NE(denied.reason().find("revoked"), std::string::npos);
  }
}

TEST_F(PolicyTest, UnprovenFileIsDeniedWithItsReason) {
  const Decision decision = decide(trusting(), unsigned_file);
  ASSERT_EQ(described(decision), "denied no-bundle");
  EXPECT_EQ(std::get<Denied>(decision).rule(), DenyRule::Unproven);
  EXPECT_FALSE(std::get<Denied>(decision).reason().empty());
  directory.write("CLAUDE.md", "changed\n");
  EXPECT_EQ(described(decide(trusting(), file)), "denied subject-mismatch");
}

TEST_F(PolicyTest, KeyOfALayerThatMayNotAddItIsUntrusted) {
  Document project = document();
  project.publishers.push_back(keyed("alice", alice));
  const Policy policy = Policy::merge({layer_of(LayerKind::Project, project)}, {});
  const Decision decision = decide(policy, file);
  ASSERT_EQ(described(decision), "denied untrusted-publisher");
  const auto& denied = std::get<Denied>(decision);
  EXPECT_EQ(denied.rule(), DenyRule::UntrustedPublisher);
  EXPECT_NE(denied.reason().find("alice (SHA256:"), std::string::npos) << denied.reason();
}

TEST_F(PolicyTest, ErrorIsUnexaminable) {
  const Denied denied = Denied::because_of(Error(ErrorKind::System, "x"));
  EXPECT_EQ(denied.rule(), DenyRule::Unexaminable);
}

TEST_F(PolicyTest, ReasonsAreOneEscapedLine) {
  Document base = document();
  base.blocked_digests.push_back(
      {crypto::Sha256::of(test::read_text(file)), "x\nVerified: yes\x1b[2J", ""});
  const Decision decision = decide(trusting(base), file);
  const std::string& reason = std::get<Denied>(decision).reason();
  EXPECT_EQ(reason.find_first_of("\n\x1b"), std::string::npos);
  EXPECT_NE(reason.find("x\\nVerified: yes\\e[2J"), std::string::npos) << reason;
}

// The order of the rules, pair by pair.

TEST_F(PolicyTest, BlockedDigestComesBeforeBlockedPublisher) {
  Document base = document();
  base.blocked_digests.push_back(blocked_digest_of(file));
  base.blocked_publishers.push_back(blocked("alice"));
  EXPECT_EQ(described(decide(trusting(base), file)), "denied blocked-digest");
}

TEST_F(PolicyTest, BlockedDigestComesBeforeTheFinding) {
  Document base = document();
  base.blocked_digests.push_back(blocked_digest_of(unsigned_file));
  EXPECT_EQ(described(decide(trusting(base), unsigned_file)), "denied blocked-digest");
}

TEST_F(PolicyTest, BlockedPublisherComesBeforeTrust) {
  Document base = document();
  base.blocked_publishers.push_back(blocked("self"));
  const Policy policy = Policy::merge({layer_of(LayerKind::User, base)}, {test::self_entry(alice)});
  EXPECT_EQ(described(decide(policy, file)), "denied blocked-publisher");
}

TEST_F(PolicyTest, FileThatDoesNotVerifyIsUnprovenWhoeverIsBlocked) {
  Document base = document();
  base.blocked_publishers.push_back(blocked("alice"));
  directory.write("CLAUDE.md", "changed\n");
  EXPECT_EQ(described(decide(trusting(base), file)), "denied subject-mismatch");
}

TEST_F(PolicyTest, BlocklistIsSubjectNeitherToEnforcementNorToOverride) {
  for (const Enforcement enforcement : {Enforcement::Audit, Enforcement::Warn, Enforcement::Deny}) {
    for (const Override override : {Override::No, Override::DenialsBecomeWarnings}) {
      Document digest = document();
      digest.enforcement = enforcement;
      digest.blocked_digests.push_back(blocked_digest_of(file));
      EXPECT_EQ(described(decide(trusting(digest), file, GuardClass::Instruction, override)),
                "denied blocked-digest");
      Document publisher = document();
      publisher.enforcement = enforcement;
      publisher.blocked_publishers.push_back(blocked("kid"));
      EXPECT_EQ(described(decide(trusting(publisher), file, GuardClass::Instruction, override)),
                "denied blocked-publisher");
    }
  }
}

TEST_F(PolicyTest, BlockedDigestHoldsForConfigurationToo) {
  Document base = document();
  base.agent_config = Enforcement::Audit;
  base.blocked_digests.push_back(blocked_digest_of(file));
  EXPECT_EQ(described(decide(trusting(base), file, GuardClass::AgentConfig)),
            "denied blocked-digest");
}

TEST_F(PolicyTest, AliasOfAnyLayerBlocks) {
  Document project = document();
  project.publishers.push_back(keyed("the-bad-one", alice, "bad-kid"));
  for (const std::string_view name : {"the-bad-one", "bad-kid"}) {
    Document user = document();
    user.publishers.push_back(keyed("alice", alice));
    user.blocked_publishers.push_back(blocked(std::string(name)));
    const Policy policy =
        Policy::merge({layer_of(LayerKind::User, user), layer_of(LayerKind::Project, project)}, {});
    EXPECT_EQ(described(decide(policy, file)), "denied blocked-publisher") << name;
  }
}

TEST_F(PolicyTest, BlockOfAnotherPublisherDoesNotMatter) {
  Document base = document();
  base.publishers.push_back(keyed("mallory", mallory, "m"));
  base.blocked_publishers.push_back(blocked("mallory"));
  EXPECT_EQ(described(decide(trusting(base), file)), "admitted by alice");
}

// Enforcement and override.

TEST_F(PolicyTest, WeakerEnforcementToleratesAndSaysSo) {
  for (const Enforcement enforcement : {Enforcement::Warn, Enforcement::Audit}) {
    Document base = document();
    base.enforcement = enforcement;
    const Decision unproven = decide(trusting(base), unsigned_file);
    EXPECT_TRUE(described(unproven).starts_with("tolerated no-bundle: ")) << described(unproven);
    EXPECT_EQ(std::get<Admitted>(unproven).publisher(), "");
    EXPECT_EQ(described(decide(trusting(base), file)), "admitted by alice");
  }
}

TEST_F(PolicyTest, UntrustedPublisherIsToleratedUnderWarn) {
  Document user = document();
  user.enforcement = Enforcement::Warn;
  Document project = user;
  project.publishers.push_back(keyed("alice", alice));
  const Policy policy =
      Policy::merge({layer_of(LayerKind::User, user), layer_of(LayerKind::Project, project)}, {});
  EXPECT_TRUE(described(decide(policy, file)).starts_with("tolerated untrusted-publisher: "));
}

TEST_F(PolicyTest, OverrideMakesDenialsWarnings) {
  const Decision decision =
      decide(trusting(), unsigned_file, GuardClass::Instruction, Override::DenialsBecomeWarnings);
  EXPECT_TRUE(described(decision).starts_with("tolerated no-bundle: "));
  EXPECT_EQ(
      described(decide(trusting(), file, GuardClass::Instruction, Override::DenialsBecomeWarnings)),
      "admitted by alice");
}

TEST_F(PolicyTest, ConfigurationIsToleratedByDefaultAndDeniedWhereAsked) {
  EXPECT_TRUE(described(decide(trusting(), unsigned_file, GuardClass::AgentConfig))
                  .starts_with("tolerated no-bundle: "));
  Document strict = document();
  strict.agent_config = Enforcement::Deny;
  EXPECT_EQ(described(decide(trusting(strict), unsigned_file, GuardClass::AgentConfig)),
            "denied no-bundle");
}

TEST_F(PolicyTest, UnknownClassIsJudgedAsInstruction) {
  EXPECT_EQ(described(decide(trusting(), unsigned_file, GuardClass::None)), "denied no-bundle");
}

// Merging.

Enforcement merged(std::vector<Layer> layers, GuardClass guard_class = GuardClass::Instruction) {
  return Policy::merge(std::move(layers), {}).enforcement(guard_class);
}

Layer enforcing(LayerKind kind, Enforcement enforcement) {
  Document base = document();
  base.enforcement = enforcement;
  return layer_of(kind, base);
}

TEST(MergeTest, StrictestEnforcementWins) {
  using enum Enforcement;
  using enum LayerKind;
  EXPECT_EQ(merged({enforcing(User, Warn)}), Warn);
  EXPECT_EQ(merged({enforcing(User, Audit)}), Audit);
  EXPECT_EQ(merged({enforcing(System, Warn), enforcing(User, Audit)}), Warn);
  EXPECT_EQ(merged({enforcing(System, Audit), enforcing(User, Deny)}), Deny);
  EXPECT_EQ(merged({enforcing(System, Deny), enforcing(User, Audit)}), Deny);
  EXPECT_EQ(merged({enforcing(User, Audit), enforcing(Project, Warn)}), Warn);
  EXPECT_EQ(merged({enforcing(User, Audit), enforcing(Project, Deny)}), Deny);
}

TEST(MergeTest, ProjectNeverLoosens) {
  using enum Enforcement;
  using enum LayerKind;
  EXPECT_EQ(merged({enforcing(Project, Audit)}), Deny);
  EXPECT_EQ(merged({enforcing(User, Warn), enforcing(Project, Audit)}), Warn);
  Layer cheat = enforcing(Project, Audit);
  cheat.may_loosen = true;
  cheat.document.unguarded = {"CLAUDE.md"};
  cheat.document.agent_config = Audit;
  const Policy policy = Policy::merge({cheat}, {});
  EXPECT_EQ(policy.enforcement(GuardClass::Instruction), Deny);
  EXPECT_EQ(policy.enforcement(GuardClass::AgentConfig), Warn);
  EXPECT_EQ(policy.guard().classify("/x/CLAUDE.md"), GuardClass::Instruction);
}

TEST(MergeTest, AgentConfigIsLoosenedAboveAndTightenedAnywhere) {
  using enum Enforcement;
  using enum LayerKind;
  const auto saying = [](LayerKind kind, std::optional<Enforcement> agent_config) {
    Document base = document();
    base.agent_config = agent_config;
    return layer_of(kind, base);
  };
  const auto of = [](std::vector<Layer> layers) {
    return merged(std::move(layers), GuardClass::AgentConfig);
  };
  EXPECT_EQ(of({saying(User, std::nullopt)}), Warn);
  EXPECT_EQ(of({saying(User, Audit)}), Audit);
  EXPECT_EQ(of({saying(User, Deny)}), Deny);
  EXPECT_EQ(of({saying(System, Deny), saying(User, Audit)}), Deny);
  EXPECT_EQ(of({saying(Project, Audit)}), Warn);
  EXPECT_EQ(of({saying(Project, Deny)}), Deny);
  EXPECT_EQ(of({saying(User, Audit), saying(Project, Deny)}), Deny);
}

TEST(MergeTest, PatternsOfAProjectAreRootedAndOthersAreNot) {
  Document user = document();
  user.includes = {*Glob::parse("docs/*.txt")};
  Document project = document();
  project.includes = {*Glob::parse("house/*.txt")};
  project.files = {"rel/file", "/abs/file"};
  const Policy policy =
      Policy::merge({layer_of(LayerKind::User, user), layer_of(LayerKind::Project, project)}, {});
  const Guard& guard = policy.guard();
  EXPECT_EQ(guard.classify("/any/where/docs/a.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/work/tree/house/a.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/elsewhere/house/a.txt"), GuardClass::None);
  EXPECT_EQ(guard.classify("/work/tree/rel/file"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/abs/file"), GuardClass::Instruction);
}

// Where the user judges agent configuration more strictly than instructions, a project that calls
// the one the other does not make it milder.
TEST(MergeTest, ProjectMovesNoNameIntoTheMilderClass) {
  using enum GuardClass;
  Document user = document();
  user.enforcement = Enforcement::Warn;
  user.agent_config = Enforcement::Deny;
  Document project = document();
  project.enforcement = Enforcement::Audit;
  project.includes = {*Glob::parse(".mcp.json"), *Glob::parse("house.*")};
  project.files = {".envrc"};
  const Policy policy =
      Policy::merge({layer_of(LayerKind::User, user), layer_of(LayerKind::Project, project)}, {});
  const Guard& guard = policy.guard();
  for (const char* path : {"/work/tree/.mcp.json", "/work/tree/.envrc"}) {
    EXPECT_EQ(policy.enforcement(guard.classify(path)), Enforcement::Deny) << path;
  }
  for (const char* path : {"/work/tree/CLAUDE.md", "/work/tree/house.md"}) {
    EXPECT_EQ(policy.enforcement(guard.classify(path)), Enforcement::Warn) << path;
  }
  EXPECT_EQ(guard.stricter_of(Instruction, AgentConfig), AgentConfig);
  EXPECT_EQ(guard.stricter_of(None, Instruction), Instruction);
  EXPECT_EQ(Guard().stricter_of(Instruction, AgentConfig), Instruction);
}

TEST(MergeTest, UnguardedCountsFromAboveOnly) {
  Document taking = document();
  taking.unguarded = {"CLAUDE.md"};
  EXPECT_EQ(Policy::merge({layer_of(LayerKind::User, taking)}, {}).guard().classify("/CLAUDE.md"),
            GuardClass::None);
  EXPECT_EQ(
      Policy::merge({layer_of(LayerKind::Project, taking)}, {}).guard().classify("/CLAUDE.md"),
      GuardClass::Instruction);
}

TEST(MergeTest, AnyLayerDemandsStrictInterception) {
  Document strict = document();
  strict.strict_intercept = true;
  EXPECT_TRUE(Policy::merge({layer_of(LayerKind::Project, strict)}, {}).strict_intercept());
}

std::vector<std::string> names_of(const Policy& policy) {
  std::vector<std::string> names;
  for (const Publisher* publisher : policy.publishers()) {
    names.push_back(publisher->name);
  }
  return names;
}

Layer publishing(LayerKind kind, const std::string& name, bool lock = false) {
  Document base = document();
  base.lock = lock;
  base.publishers.push_back(test::keyed(name, make_key()));
  return layer_of(kind, base);
}

using Names = std::vector<std::string>;

TEST(MergeTest, PublishersComeFromLayersThatMayAddThem) {
  Layer project = publishing(LayerKind::Project, "p");
  const std::vector<Layer> layers = {project, publishing(LayerKind::User, "u"),
                                     publishing(LayerKind::System, "s")};
  const auto own = make_key();
  EXPECT_EQ(names_of(Policy::merge(layers, {test::self_entry(own)})), (Names{"self", "s", "u"}));
  project.may_add_publishers = true;
  EXPECT_EQ(names_of(Policy::merge({project, layers[1], layers[2]}, {})), (Names{"s", "u", "p"}));
}

TEST(MergeTest, SystemLockShutsOutAllBelow) {
  Layer project = publishing(LayerKind::Project, "p");
  project.may_add_publishers = true;
  const auto own = make_key();
  const Policy policy = Policy::merge(
      {publishing(LayerKind::System, "s", true), publishing(LayerKind::User, "u"), project},
      {test::self_entry(own)});
  EXPECT_EQ(names_of(policy), Names{"s"});
  // The keys are known all the same: a signature by them is untrusted, not by a stranger.
  EXPECT_EQ(policy.keyring()->entries().size(), 4U);
  EXPECT_NE(policy.keyring()->find(own.public_key().fingerprint()), nullptr);
}

TEST(MergeTest, UserLockShutsOutTheProjectOnly) {
  Layer project = publishing(LayerKind::Project, "p", true);
  project.may_add_publishers = true;
  const auto own = make_key();
  EXPECT_EQ(names_of(Policy::merge({publishing(LayerKind::System, "s"),
                                    publishing(LayerKind::User, "u", true), project},
                                   {test::self_entry(own)})),
            (Names{"self", "s", "u"}));
}

TEST(MergeTest, UntrustedLayerWidensNoPredicateTypes) {
  const auto key = make_key();
  Document user = document();
  user.publishers.push_back(test::keyed("alice", key));
  Document project = document();
  project.publishers.push_back(test::keyed("mine", key));
  project.publishers.back().predicate_types = {"https://t/1"};
  project.publishers.push_back(test::keyed("other", make_key()));
  project.publishers.back().predicate_types = {"https://t/1"};
  const Policy policy =
      Policy::merge({layer_of(LayerKind::User, user), layer_of(LayerKind::Project, project)}, {});
  ASSERT_EQ(policy.keyring()->entries().size(), 2U);
  for (const attest::KeyringEntry& entry : policy.keyring()->entries()) {
    EXPECT_TRUE(entry.extra_predicate_types.empty()) << entry.alias;
  }
}

TEST(MergeTest, KeysOfUntrustedLayersAreCapped) {
  const auto key = make_key();
  Document project = document();
  for (int i = 0; i < 100; ++i) {
    auto spare = crypto::PrivateKey::generate(crypto::KeyAlgorithm::Ed25519);
    ASSERT_TRUE(spare);
    project.publishers.push_back(test::keyed("p" + std::to_string(i), *spare));
  }
  const Policy policy =
      Policy::merge({layer_of(LayerKind::Project, project)}, {test::self_entry(key)});
  EXPECT_EQ(policy.keyring()->entries().size(), 65U);
  EXPECT_NE(policy.keyring()->find(key.public_key().fingerprint()), nullptr);
}

TEST(MergeTest, CopiedPolicyOwnsItsPublishers) {
  const auto own = make_key();
  auto policy = std::make_unique<Policy>(
      Policy::merge({publishing(LayerKind::User, "u")}, {test::self_entry(own)}));
  const Policy copy = *policy;
  policy.reset();
  EXPECT_EQ(names_of(copy), (Names{"self", "u"}));
}

TEST(MergeTest, LayerNamesAreStable) {
  EXPECT_EQ(name_of(LayerKind::BuiltIn), "built-in");
  EXPECT_EQ(name_of(LayerKind::System), "system");
  EXPECT_EQ(name_of(LayerKind::User), "user");
  EXPECT_EQ(name_of(LayerKind::Project), "project");
}

}  // namespace
}  // namespace nono::trustpolicy
