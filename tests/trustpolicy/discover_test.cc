// tests/trustpolicy/discover_test.cc: layers from real files with real signatures.
#include "trustpolicy/discover.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "tests/trustpolicy/support.h"

namespace nono::trustpolicy {
namespace {

using test::document;
using test::keyed;
using test::make_key;

class DiscoverTest : public testing::Test {
 protected:
  DiscoverTest() {
    directory.make_directory("etc", 0755);
    directory.make_directory("user", 0700);
    directory.make_directory("home", 0755);
    directory.make_directory("repo/.git", 0755);
    directory.make_directory("repo/sub/deep", 0755);
  }

  Places places() const {
    return {.system_policy = directory.at("etc/trust-policy.json"),
            .system_root = directory.at("etc/trusted_root.json"),
            .user_directory = directory.at("user"),
            .home = directory.at("home"),
            .working_directory = directory.at("repo"),
            .explicit_policy = std::nullopt};
  }

  void write_system(const Document& base) {
    directory.write("etc/trust-policy.json", base.to_json().pretty());
  }
  void write_user(const Document& base) {
    directory.write("user/trust-policy.json", base.to_json().pretty());
  }
  std::string write_project(const Document& base, std::string_view where = "repo") {
    return directory.write(std::string(where) + "/trust-policy.json", base.to_json().pretty());
  }
  void sign_project(const crypto::PrivateKey& key) {
    test::sign(key, directory.at("repo/trust-policy.json"), attest::Purpose::TrustPolicy);
  }
  void own(const crypto::PrivateKey& key) {
    directory.write("user/trust/default.pub", key.public_key().spki_pem());
  }

  Policy found() const { return found(places()); }
  static Policy found(const Places& places) {
    auto policy = discover(places);
    EXPECT_TRUE(policy) << policy.error().message();
    return policy ? *std::move(policy) : Policy::merge({}, {});
  }
  static std::string refusal(const Places& places) {
    const auto policy = discover(places);
    EXPECT_FALSE(policy);
    return policy ? "" : policy.error().message();
  }

  // outcome signs a file by `key` and asks the policy about it.
  std::string outcome(const Policy& policy, const crypto::PrivateKey& key) {
    const std::string file = directory.write("repo/sub/CLAUDE.md", "text\n");
    test::sign(key, file);
    return test::described(
        policy.decide(test::examine(policy, file), GuardClass::Instruction, Override::No));
  }

  test::TempDir directory;
  crypto::PrivateKey alice = make_key();
  crypto::PrivateKey carol = make_key();
};

Document with(Publisher publisher) {
  Document base = document();
  base.publishers.push_back(std::move(publisher));
  return base;
}

Publisher delegating(Publisher publisher) {
  publisher.delegates = true;
  return publisher;
}

bool needs_root() {
  return ::geteuid() != 0;
}

TEST_F(DiscoverTest, NothingThereIsTheBuiltInPolicy) {
  const Policy policy = found();
  EXPECT_TRUE(policy.layers().empty());
  EXPECT_TRUE(policy.publishers().empty());
  EXPECT_EQ(policy.enforcement(GuardClass::Instruction), Enforcement::Deny);
  EXPECT_EQ(policy.guard().classify(directory.at("repo/CLAUDE.md")), GuardClass::Instruction);
}

TEST_F(DiscoverTest, EmptyPlacesAreSkipped) {
  EXPECT_TRUE(found(Places{.system_policy = "",
                           .user_directory = "",
                           .home = "",
                           .working_directory = "",
                           .explicit_policy = std::nullopt})
                  .layers()
                  .empty());
}

TEST_F(DiscoverTest, UserPolicyTrustsItsPublishers) {
  write_user(with(keyed("alice", alice)));
  const Policy policy = found();
  ASSERT_EQ(policy.layers().size(), 1U);
  EXPECT_EQ(policy.layers()[0].kind, LayerKind::User);
  EXPECT_EQ(policy.layers()[0].path, directory.at("user/trust-policy.json"));
  EXPECT_EQ(outcome(policy, alice), "admitted by alice");
  EXPECT_EQ(outcome(policy, carol), "denied unknown-key");
}

TEST_F(DiscoverTest, OwnKeyIsSelf) {
  own(alice);
  EXPECT_EQ(outcome(found(), alice), "admitted by self");
}

TEST_F(DiscoverTest, SystemPolicyOfRootIsUsed) {
  if (needs_root()) {
    GTEST_SKIP() << "needs root to make a file of root";
  }
  write_system(with(keyed("alice", alice)));
  const Policy policy = found();
  ASSERT_EQ(policy.layers().size(), 1U);
  EXPECT_EQ(policy.layers()[0].kind, LayerKind::System);
  EXPECT_EQ(outcome(policy, alice), "admitted by alice");
}

TEST_F(DiscoverTest, SystemPolicyOfAnotherUserIsAnError) {
  write_system(document());
  if (needs_root()) {
    EXPECT_NE(refusal(places()).find("belongs to user"), std::string::npos);
    return;
  }
  ASSERT_EQ(::chown(directory.at("etc/trust-policy.json").c_str(), 4711, 4711), 0);
  EXPECT_NE(refusal(places()).find("belongs to user 4711, not to user 0"), std::string::npos);
}

TEST_F(DiscoverTest, SystemPolicyThatOthersCanWriteIsAnError) {
  if (needs_root()) {
    GTEST_SKIP() << "needs root to make a file of root";
  }
  write_system(document());
  ASSERT_EQ(::chmod(directory.at("etc/trust-policy.json").c_str(), 0664), 0);
  EXPECT_NE(refusal(places()).find("can be written by others"), std::string::npos);
}

TEST_F(DiscoverTest, SystemDirectoryThatOthersCanWriteIsAnError) {
  if (needs_root()) {
    GTEST_SKIP() << "needs root to make a file of root";
  }
  write_system(document());
  ASSERT_EQ(::chmod(directory.at("etc").c_str(), 0777), 0);
  EXPECT_NE(refusal(places()).find("can be written by others"), std::string::npos);
}

TEST_F(DiscoverTest, UserPolicyThatOthersCanWriteIsAnError) {
  write_user(document());
  ASSERT_EQ(::chmod(directory.at("user/trust-policy.json").c_str(), 0666), 0);
  const auto policy = discover(places());
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().kind(), ErrorKind::PermissionDenied);
  EXPECT_EQ(policy.error().remedy(), "chmod go-w " + directory.at("user/trust-policy.json"));
}

TEST_F(DiscoverTest, UserPolicyOfAnotherIsAnError) {
  if (needs_root()) {
    GTEST_SKIP() << "needs root to give a file away";
  }
  write_user(document());
  ASSERT_EQ(::chown(directory.at("user/trust-policy.json").c_str(), 4711, 4711), 0);
  EXPECT_NE(refusal(places()).find("belongs to user 4711"), std::string::npos);
}

TEST_F(DiscoverTest, PolicyThatDoesNotParseIsAnErrorInEveryLayer) {
  for (const std::string_view name : {"user/trust-policy.json", "repo/trust-policy.json"}) {
    const std::string path = directory.write(name, R"({"version":1,"includes":[1]})");
    EXPECT_TRUE(refusal(places()).starts_with(path + ": /")) << refusal(places());
    ASSERT_EQ(::unlink(path.c_str()), 0);
  }
  const std::string named = directory.write("p.json", "{");
  Places with_policy = places();
  with_policy.explicit_policy = named;
  EXPECT_TRUE(refusal(with_policy).starts_with(named + ": "));
}

TEST_F(DiscoverTest, BadOwnKeyIsAnError) {
  directory.write("user/trust/default.pub", "nothing");
  EXPECT_NE(refusal(places()).find("default.pub"), std::string::npos);
}

// The project layer.

TEST_F(DiscoverTest, UnsignedProjectOnlyTightens) {
  Document user = with(keyed("alice", alice));
  user.enforcement = Enforcement::Warn;
  user.agent_config = Enforcement::Audit;
  write_user(user);
  Document project = with(keyed("carol", carol));
  project.includes = {*Glob::parse("HOUSE*")};
  project.unguarded = {"CLAUDE.md"};
  project.strict_intercept = true;
  project.blocked_publishers.push_back({"nobody", std::nullopt, "", ""});
  write_project(project);
  const Policy policy = found();
  ASSERT_EQ(policy.layers().size(), 2U);
  const Layer& layer = policy.layers()[1];
  EXPECT_EQ(layer.kind, LayerKind::Project);
  EXPECT_EQ(layer.standing, "unsigned: only its tightening is used");
  EXPECT_FALSE(layer.may_add_publishers);
  EXPECT_FALSE(layer.may_loosen);
  EXPECT_EQ(policy.enforcement(GuardClass::Instruction), Enforcement::Deny);
  EXPECT_EQ(policy.enforcement(GuardClass::AgentConfig), Enforcement::Audit);
  EXPECT_TRUE(policy.strict_intercept());
  EXPECT_EQ(policy.guard().classify(directory.at("repo/x/HOUSE.txt")), GuardClass::Instruction);
  EXPECT_EQ(policy.guard().classify(directory.at("HOUSE.txt")), GuardClass::None);
  EXPECT_EQ(policy.guard().classify("/x/CLAUDE.md"), GuardClass::Instruction);
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
  EXPECT_EQ(outcome(policy, alice), "admitted by alice");
}

TEST_F(DiscoverTest, UnsignedProjectCanBlock) {
  write_user(with(keyed("alice", alice)));
  Document project = document();
  project.blocked_publishers.push_back({"alice", std::nullopt, "left", ""});
  write_project(project);
  EXPECT_EQ(outcome(found(), alice), "denied blocked-publisher");
}

TEST_F(DiscoverTest, ProjectCannotAuthoriseItself) {
  write_project(with(delegating(keyed("carol", carol))));
  sign_project(carol);
  const Policy policy = found();
  EXPECT_TRUE(policy.layers()[0].standing.starts_with("badly signed (unknown-key"))
      << policy.layers()[0].standing;
  EXPECT_TRUE(policy.publishers().empty());
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, SignerWithoutDelegationAddsNobody) {
  write_user(with(keyed("alice", alice)));
  write_project(with(keyed("carol", carol)));
  sign_project(alice);
  const Policy policy = found();
  EXPECT_EQ(policy.layers()[1].standing, "signed by alice, who does not delegate: no publishers");
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, DelegatedSignerAddsPublishers) {
  write_user(with(delegating(keyed("alice", alice))));
  write_project(with(keyed("carol", carol)));
  sign_project(alice);
  const Policy policy = found();
  EXPECT_EQ(policy.layers()[1].standing, "signed by alice: its publishers count");
  EXPECT_EQ(outcome(policy, carol), "admitted by carol");
}

TEST_F(DiscoverTest, DelegatedSignerStillCannotLoosen) {
  write_user(with(delegating(keyed("alice", alice))));
  Document project = document();
  project.enforcement = Enforcement::Audit;
  project.agent_config = Enforcement::Audit;
  project.unguarded = {"CLAUDE.md"};
  write_project(project);
  sign_project(alice);
  const Policy policy = found();
  EXPECT_EQ(policy.enforcement(GuardClass::Instruction), Enforcement::Deny);
  EXPECT_EQ(policy.enforcement(GuardClass::AgentConfig), Enforcement::Warn);
  EXPECT_EQ(policy.guard().classify("/x/CLAUDE.md"), GuardClass::Instruction);
}

TEST_F(DiscoverTest, DelegationInTheProjectItselfDoesNotCount) {
  write_user(with(keyed("alice", alice)));
  Document project = with(delegating(keyed("alice", alice)));
  project.publishers.push_back(keyed("carol", carol));
  write_project(project);
  sign_project(alice);
  EXPECT_EQ(outcome(found(), carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, OwnSignatureDelegates) {
  own(alice);
  write_project(with(keyed("carol", carol)));
  sign_project(alice);
  const Policy policy = found();
  EXPECT_EQ(policy.layers()[0].standing, "signed by self: its publishers count");
  EXPECT_EQ(outcome(policy, carol), "admitted by carol");
}

TEST_F(DiscoverTest, ChangedProjectPolicyIsBadlySigned) {
  write_user(with(delegating(keyed("alice", alice))));
  write_project(document());
  sign_project(alice);
  write_project(with(keyed("carol", carol)));
  const Policy policy = found();
  EXPECT_TRUE(policy.layers()[1].standing.starts_with("badly signed (subject-mismatch"))
      << policy.layers()[1].standing;
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, SignatureForAnotherPurposeDoesNotCount) {
  write_user(with(delegating(keyed("alice", alice))));
  const std::string path = write_project(with(keyed("carol", carol)));
  test::sign(alice, path, attest::Purpose::InstructionFile);
  const Policy policy = found();
  EXPECT_TRUE(policy.layers()[1].standing.starts_with("badly signed (wrong-predicate-type"))
      << policy.layers()[1].standing;
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, UnreadableEvidenceIsNotTrust) {
  write_user(with(delegating(keyed("alice", alice))));
  write_project(with(keyed("carol", carol)));
  directory.make_directory("repo/trust-policy.json.bundle");
  const Policy policy = found();
  EXPECT_TRUE(policy.layers()[1].standing.starts_with("badly signed (unexaminable"))
      << policy.layers()[1].standing;
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, BlockedSignerDelegatesNothing) {
  Document user = with(delegating(keyed("alice", alice)));
  user.blocked_publishers.push_back({"alice", std::nullopt, "left", ""});
  write_user(user);
  write_project(with(keyed("carol", carol)));
  sign_project(alice);
  const Policy policy = found();
  EXPECT_TRUE(policy.layers()[1].standing.starts_with("blocked, ")) << policy.layers()[1].standing;
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

// Enforcement says what becomes of files; a policy's own signature is judged strictly.
TEST_F(DiscoverTest, WeakEnforcementDoesNotMakeAProjectTrusted) {
  Document user = with(delegating(keyed("alice", alice)));
  user.enforcement = Enforcement::Audit;
  write_user(user);
  Document project = with(keyed("carol", carol));
  project.enforcement = Enforcement::Deny;
  write_project(project);
  sign_project(carol);
  EXPECT_EQ(outcome(found(), carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, UserLockKeepsDelegatedPublishersOut) {
  Document user = with(delegating(keyed("alice", alice)));
  user.lock = true;
  write_user(user);
  write_project(with(keyed("carol", carol)));
  sign_project(alice);
  const Policy policy = found();
  EXPECT_TRUE(policy.layers()[1].standing.ends_with("a lock above it keeps its publishers out"));
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
  EXPECT_EQ(outcome(policy, alice), "admitted by alice");
}

TEST_F(DiscoverTest, SystemLockKeepsUserAndSelfOut) {
  if (needs_root()) {
    GTEST_SKIP() << "needs root to make a file of root";
  }
  const auto bob = make_key();
  Document system = with(keyed("bob", bob));
  system.lock = true;
  write_system(system);
  write_user(with(delegating(keyed("alice", alice))));
  own(carol);
  const Policy policy = found();
  EXPECT_EQ(outcome(policy, bob), "admitted by bob");
  EXPECT_EQ(outcome(policy, alice), "denied untrusted-publisher");
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

// A locked-out signer cannot delegate either.
TEST_F(DiscoverTest, SystemLockStopsDelegationOfTheUsersPublishers) {
  if (needs_root()) {
    GTEST_SKIP() << "needs root to make a file of root";
  }
  Document system = document();
  system.lock = true;
  write_system(system);
  write_user(with(delegating(keyed("alice", alice))));
  write_project(with(keyed("carol", carol)));
  sign_project(alice);
  const Policy policy = found();
  EXPECT_TRUE(policy.layers()[2].standing.ends_with("only its tightening is used"));
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, OneNameForTwoSignersIsAnError) {
  write_user(with(delegating(keyed("alice", alice))));
  write_project(with(keyed("alice", carol)));
  sign_project(alice);
  EXPECT_NE(refusal(places()).find("publisher \"alice\" is another"), std::string::npos);
  write_project(with(keyed("alice", alice, "other-id")));
  sign_project(alice);
  EXPECT_TRUE(discover(places()));
}

TEST_F(DiscoverTest, NameInAnUntrustedProjectDisturbsNobody) {
  write_user(with(keyed("alice", alice)));
  write_project(with(keyed("alice", carol)));
  const Policy policy = found();
  EXPECT_EQ(outcome(policy, alice), "admitted by alice");
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

// Where the project policy is looked for.

TEST_F(DiscoverTest, AllOfTheRepositoryAboveTheWorkingDirectoryAreUsed) {
  write_project(document());
  Places deep = places();
  deep.working_directory = directory.at("repo/sub/deep");
  EXPECT_EQ(found(deep).layers()[0].path, directory.at("repo/trust-policy.json"));
  write_project(document(), "repo/sub");
  const Policy policy = found(deep);
  ASSERT_EQ(policy.layers().size(), 2U);
  EXPECT_EQ(policy.layers()[0].path, directory.at("repo/trust-policy.json"));
  EXPECT_EQ(policy.layers()[1].path, directory.at("repo/sub/trust-policy.json"));
  EXPECT_EQ(found().layers().size(), 1U);
}

TEST_F(DiscoverTest, ANearerPolicyTakesNoneAboveItOutOfForce) {
  write_user(with(keyed("alice", alice)));
  Document whole = document();
  whole.includes = {*Glob::parse("HOUSE*")};
  whole.strict_intercept = true;
  whole.agent_config = Enforcement::Deny;
  whole.blocked_publishers.push_back({"alice", std::nullopt, "left", ""});
  write_project(whole);
  sign_project(alice);
  write_project(document(), "repo/sub");
  Places deep = places();
  deep.working_directory = directory.at("repo/sub/deep");
  const Policy policy = found(deep);
  EXPECT_EQ(policy.guard().classify(directory.at("repo/sub/HOUSE.txt")), GuardClass::Instruction);
  EXPECT_TRUE(policy.strict_intercept());
  EXPECT_EQ(policy.enforcement(GuardClass::AgentConfig), Enforcement::Deny);
  EXPECT_EQ(outcome(policy, alice), "denied blocked-publisher");
}

TEST_F(DiscoverTest, TheNearestAloneNamesPublishers) {
  own(alice);
  write_project(with(keyed("carol", carol)));
  sign_project(alice);
  Places deep = places();
  deep.working_directory = directory.at("repo/sub/deep");
  EXPECT_EQ(outcome(found(deep), carol), "admitted by carol");
  write_project(document(), "repo/sub");
  const Policy policy = found(deep);
  EXPECT_EQ(policy.layers()[0].standing,
            "signed by self: its publishers count; but a nearer policy names them: only its "
            "tightening is used");
  EXPECT_EQ(outcome(policy, carol), "denied untrusted-publisher");
}

TEST_F(DiscoverTest, TooManyPoliciesOnTheWayAreAnError) {
  std::string place = "repo";
  write_project(document());
  for (std::size_t count = 1; count < kMaxProjectPolicies; ++count) {
    place += "/d";
    directory.make_directory(place);
    write_project(document(), place);
  }
  Places deep = places();
  deep.working_directory = directory.at(place);
  EXPECT_EQ(found(deep).layers().size(), kMaxProjectPolicies);
  directory.make_directory(place + "/d");
  write_project(document(), place + "/d");
  deep.working_directory = directory.at(place + "/d");
  EXPECT_NE(refusal(deep).find("33 trust policies lie on the way"), std::string::npos);
}

TEST_F(DiscoverTest, NothingAboveTheRepositoryIsLookedAt) {
  write_project(document(), "");
  EXPECT_TRUE(found().layers().empty());
}

TEST_F(DiscoverTest, OutsideARepositoryOnlyTheWorkingDirectoryCounts) {
  directory.make_directory("plain/sub");
  write_project(document(), "plain");
  Places outside = places();
  outside.working_directory = directory.at("plain");
  EXPECT_EQ(found(outside).layers().size(), 1U);
  outside.working_directory = directory.at("plain/sub");
  EXPECT_TRUE(found(outside).layers().empty());
}

TEST_F(DiscoverTest, WorkingDirectoryThroughALinkIsResolved) {
  Document project = document();
  project.includes = {*Glob::parse("docs/*.txt")};
  write_project(project);
  ASSERT_EQ(::symlink("repo", directory.at("link").c_str()), 0);
  Places linked = places();
  linked.working_directory = directory.at("link");
  const Policy policy = found(linked);
  EXPECT_EQ(policy.layers()[0].path, directory.at("repo/trust-policy.json"));
  EXPECT_EQ(policy.guard().classify(directory.at("repo/docs/a.txt")), GuardClass::Instruction);
}

TEST_F(DiscoverTest, ProjectPolicyThatIsNoRegularFileIsAnError) {
  const std::string path = directory.at("repo/trust-policy.json");
  ASSERT_EQ(::symlink("../user/trust-policy.json", path.c_str()), 0);
  write_user(document());
  EXPECT_NE(refusal(places()).find("symbolic link"), std::string::npos);
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_NE(refusal(places()).find("not a regular file"), std::string::npos);
}

TEST_F(DiscoverTest, MissingWorkingDirectoryIsAnError) {
  Places gone = places();
  gone.working_directory = directory.at("gone");
  EXPECT_FALSE(discover(gone));
}

// --policy.

TEST_F(DiscoverTest, NamedPolicyStandsInPlaceOfTheProjectAsAUserLayer) {
  write_project(with(keyed("alice", alice)));
  Document named = with(keyed("carol", carol));
  named.enforcement = Enforcement::Warn;
  Places asked = places();
  asked.explicit_policy = directory.write("p.json", named.to_json().pretty());
  const Policy policy = found(asked);
  ASSERT_EQ(policy.layers().size(), 1U);
  EXPECT_EQ(policy.layers()[0].kind, LayerKind::User);
  EXPECT_EQ(policy.enforcement(GuardClass::Instruction), Enforcement::Warn);
  EXPECT_EQ(outcome(policy, carol), "admitted by carol");
}

TEST_F(DiscoverTest, NamedPolicyAddsToTheUsersOwn) {
  write_user(with(keyed("alice", alice)));
  Places asked = places();
  asked.explicit_policy = directory.write("p.json", with(keyed("carol", carol)).to_json().pretty());
  const Policy policy = found(asked);
  EXPECT_EQ(outcome(policy, carol), "admitted by carol");
  EXPECT_EQ(outcome(policy, alice), "admitted by alice");
}

TEST_F(DiscoverTest, NamedPolicyMustBeThere) {
  Places asked = places();
  asked.explicit_policy = directory.at("gone.json");
  const auto policy = discover(asked);
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().kind(), ErrorKind::NotFound);
}

TEST_F(DiscoverTest, NamedPolicyThatOthersCanWriteIsAnError) {
  Places asked = places();
  asked.explicit_policy = directory.write("p.json", document().to_json().pretty(), 0666);
  EXPECT_NE(refusal(asked).find("can be written by others"), std::string::npos);
}

// files[].

TEST_F(DiscoverTest, FilesAreFoundInHomeBesideThePolicyAndBehindLinks) {
  directory.make_directory("home/real");
  ASSERT_EQ(::symlink("real", directory.at("home/link").c_str()), 0);
  Document user = document();
  user.files = {"~/rules", "~/link/rules", "/abs/rules", "~/missing/rules"};
  write_user(user);
  Document project = document();
  project.files = {"docs/rules"};
  write_project(project);
  const Policy policy = found();
  for (const std::string& path :
       {directory.at("home/rules"), directory.at("home/link/rules"),
        directory.at("home/real/rules"), std::string("/abs/rules"),
        directory.at("home/missing/rules"), directory.at("repo/docs/rules")}) {
    EXPECT_EQ(policy.guard().classify(path), GuardClass::Instruction) << path;
  }
  EXPECT_EQ(policy.guard().classify(directory.at("docs/rules")), GuardClass::None);
}

}  // namespace
}  // namespace nono::trustpolicy
