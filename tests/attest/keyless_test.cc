// tests/attest/keyless_test.cc: certificate and keyed bundles of a whole miniature Sigstore
// (tests/sigstore/), each with one fault, against the one check of signatures. The reason is
// asserted, not the refusal alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "attest/signature_check.h"
#include "tests/sigstore/cases.h"
#include "tests/sigstore/world.h"

namespace nono::attest::test {
namespace {

using factory::Case;
using factory::Cases;
using factory::kMinute;
using factory::kSigned;
using factory::Recipe;
using factory::World;

using Checked = std::expected<Proof, Rejection>;

RootSource root_of(const World& world) {
  Result<TrustedRoot> root = TrustedRoot::parse(factory::trusted_root(world));
  if (!root) {
    ADD_FAILURE() << root.error().message();
    return RootSource::none();
  }
  return RootSource::of(*std::move(root));
}

// A key that nono does not read is in no ring.
Keyring ring_of(const World& world) {
  Keyring keys;
  if (auto key = crypto::PublicKey::parse_text(factory::public_key(world))) {
    keys.add({.key = *std::move(key), .alias = "alice", .key_id = "", .extra_predicate_types = {}});
  }
  return keys;
}

IdentityPolicy policy_of(const factory::Policy& policy) {
  return {.subject = ExpectedText(policy.identity),
          .subject_kind = {},
          .issuer = ExpectedText(policy.issuer),
          .claims = {}};
}

// Artifact borrows: `text` must outlive it.
Artifact artifact_of(const factory::Policy& policy, std::string_view text) {
  return policy.by_digest ? Artifact::of_digest(crypto::Sha256::of(text))
                          : Artifact::of_bytes(as_bytes(text));
}

// Trust is what a caller hands to the check beside the bundle.
struct Trust {
  RootSource root;
  Keyring keys;
};
Trust trust_in(const World& world) {
  return {.root = root_of(world), .keys = ring_of(world)};
}

std::string outcome(const Checked& checked) {
  return checked ? "accepted" : std::string(code(checked.error().reason));
}

std::string detail(const Checked& checked) {
  return checked ? "" : checked.error().detail;
}

Checked check_text(const World& world, const std::string& bundle_text, const RootSource& root,
                   const Keyring& keys, const Demand& demand, crypto::HeadStart* head_start) {
  const auto bundle = Bundle::parse(bundle_text, Outermost::Closed);
  if (!bundle) {
    return std::unexpected(bundle.error());
  }
  const factory::Policy& policy = world.recipe.policy;
  const std::string text = policy.artifact.value_or(world.recipe.artifact);
  const Thresholds thresholds{
      .log_entries = policy.log_entries, .scts = policy.scts, .times = policy.times};
  return SignatureCheck(root, keys, thresholds)
      .with(head_start)
      .check(*bundle, artifact_of(policy, text), demand);
}

Checked check_with(const World& world, const RootSource& root, const Keyring& keys,
                   const Demand& demand) {
  return check_text(world, factory::bundle(world), root, keys, demand, nullptr);
}

Checked check(const Recipe& recipe) {
  const World world = factory::make_world(recipe);
  const bool keyed = recipe.material == factory::Material::PublicKey;
  const IdentityPolicy identity = policy_of(recipe.policy);
  const Demand demand{.subjects = SubjectRule::AnySubject,
                      .by = keyed ? SignedBy::Key : SignedBy::Certificate,
                      .identity = keyed ? nullptr : &identity};
  const std::string bundle_text = factory::bundle(world);
  const Trust trust = trust_in(world);
  Checked checked = check_text(world, bundle_text, trust.root, trust.keys, demand, nullptr);
  // A second thread that asks ahead, of authorities that nobody asked yet, changes neither verdict
  // nor reason.
  crypto::HeadStart head_start;
  const Trust fresh = trust_in(world);
  const Checked helped =
      check_text(world, bundle_text, fresh.root, fresh.keys, demand, &head_start);
  EXPECT_EQ(outcome(helped), outcome(checked));
  EXPECT_EQ(detail(helped), detail(checked));
  return checked;
}

// Groups are what stands before the slash in the name of a case.
std::string group_of(const Case& one) {
  return one.name.substr(0, one.name.find('/'));
}

void expect_group(std::string_view group) {
  std::size_t count = 0;
  for (const Case& one : factory::all_cases()) {
    if (group_of(one) != group) {
      continue;
    }
    ++count;
    const Checked checked = check(one.recipe);
    EXPECT_EQ(outcome(checked), one.expected) << one.name << ": " << detail(checked);
    // A person must learn why.
    EXPECT_TRUE(checked || !detail(checked).empty()) << one.name;
  }
  EXPECT_GT(count, 0u) << group;
}

TEST(KeylessTest, EveryValidShapeIsAccepted) {
  expect_group("valid");
}
TEST(KeylessTest, KeyedBundles) {
  expect_group("keyed");
}
TEST(KeylessTest, Paths) {
  expect_group("path");
}
TEST(KeylessTest, Usages) {
  expect_group("usage");
}
TEST(KeylessTest, Identities) {
  expect_group("identity");
}
TEST(KeylessTest, ShapesOfCertificates) {
  expect_group("certificate");
}
TEST(KeylessTest, SignedCertificateTimestamps) {
  expect_group("sct");
}
TEST(KeylessTest, Logs) {
  expect_group("log");
}
TEST(KeylessTest, Promises) {
  expect_group("promise");
}
TEST(KeylessTest, Proofs) {
  expect_group("proof");
}
TEST(KeylessTest, Checkpoints) {
  expect_group("checkpoint");
}
TEST(KeylessTest, BodiesOfEntries) {
  expect_group("body");
}
TEST(KeylessTest, Timestamps) {
  expect_group("timestamp");
}
TEST(KeylessTest, WindowsToTheSecond) {
  expect_group("window");
}
TEST(KeylessTest, Signatures) {
  expect_group("signature");
}
TEST(KeylessTest, Artifacts) {
  expect_group("artifact");
}
TEST(KeylessTest, Statements) {
  expect_group("statement");
}
TEST(KeylessTest, Algorithms) {
  expect_group("algorithm");
}
TEST(KeylessTest, FormsOfBundles) {
  expect_group("form");
}
TEST(KeylessTest, Thresholds) {
  expect_group("threshold");
}

TEST(KeylessTableTest, EveryGroupIsRunAndEveryNameIsThereOnce) {
  const std::set<std::string> run{"valid",       "keyed",     "path",      "usage",     "identity",
                                  "certificate", "sct",       "log",       "promise",   "proof",
                                  "checkpoint",  "body",      "timestamp", "window",    "signature",
                                  "artifact",    "statement", "algorithm", "threshold", "form"};
  std::set<std::string> names;
  for (const Case& one : factory::all_cases()) {
    EXPECT_TRUE(run.contains(group_of(one))) << one.name;
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
  }
}

TEST(KeylessTableTest, EveryReasonOfKeylessVerificationHasACase) {
  std::map<std::string, int> count;
  for (const Case& one : factory::all_cases()) {
    ++count[one.expected];
  }
  for (const Reason reason :
       {Reason::MalformedBundle, Reason::UnsupportedVersion, Reason::UnsupportedAlgorithm,
        Reason::WrongPayloadType, Reason::SubjectMismatch, Reason::BadSignature,
        Reason::UntrustedChain, Reason::CertificateExpiredAtSigning, Reason::WrongKeyUsage,
        Reason::SctMissing, Reason::SctInvalid, Reason::NoTrustedTime, Reason::TimestampInvalid,
        Reason::NotLogged, Reason::SetInvalid, Reason::InclusionProofInvalid,
        Reason::CheckpointInvalid, Reason::LogEntryMismatch, Reason::IdentityMismatch}) {
    EXPECT_GT(count[std::string(code(reason))], 0) << code(reason);
  }
}

// ----- what is proven

TEST(KeylessProofTest, NamesSignerTimesEntriesAndScts) {
  Recipe recipe;
  recipe.logs[0].first_index = 100;
  const Checked proof = check(recipe);
  ASSERT_TRUE(proof.has_value()) << proof.error().detail;
  const auto* const signer = std::get_if<CertificateProof>(&proof->signer());
  ASSERT_NE(signer, nullptr);
  EXPECT_EQ(signer->identity.subject.kind, crypto::SubjectNameKind::Email);
  EXPECT_EQ(signer->identity.subject.value, "alice@example.com");
  EXPECT_EQ(signer->identity.issuer(), "https://accounts.example.com");
  EXPECT_TRUE(signer->issuer.is_ca());
  ASSERT_EQ(proof->times().size(), 1u);
  EXPECT_EQ(proof->times()[0].at, kSigned);
  EXPECT_EQ(proof->times()[0].source, TimeSource::LogPromise);
  EXPECT_EQ(proof->times()[0].name, "rekor.factory.example");
  ASSERT_EQ(proof->log_entries().size(), 1u);
  EXPECT_EQ(proof->log_entries()[0].log, "rekor.factory.example");
  EXPECT_EQ(proof->log_entries()[0].index, 104u);
  EXPECT_EQ(proof->log_entries()[0].integrated_at, kSigned);
  EXPECT_TRUE(proof->log_entries()[0].proven);
  ASSERT_EQ(proof->scts().size(), 1u);
  EXPECT_EQ(proof->scts()[0].log, "https://ctfe.factory.example/2026");
  EXPECT_EQ(proof->scts()[0].at, std::chrono::sys_time<std::chrono::milliseconds>(kSigned));
  EXPECT_FALSE(proof->statement().has_value());
}

TEST(KeylessProofTest, TimestampsAreTheTimesOfRekorV2) {
  Recipe recipe = factory::second_generation();
  recipe.stamps[0].at = kSigned + kMinute;
  const Checked proof = check(recipe);
  ASSERT_TRUE(proof.has_value()) << proof.error().detail;
  ASSERT_EQ(proof->times().size(), 1u);
  EXPECT_EQ(proof->times()[0].at, kSigned + kMinute);
  EXPECT_EQ(proof->times()[0].source, TimeSource::Timestamp);
  EXPECT_EQ(proof->times()[0].name, "https://tsa.factory.example/api/v1/timestamp");
  EXPECT_EQ(proof->log_entries()[0].log, "log2026.factory.example");
  EXPECT_FALSE(proof->log_entries()[0].integrated_at.has_value());
}

TEST(KeylessProofTest, APromiseWithoutAProofCountsWhereNoLogIsAskedFor) {
  Recipe recipe;
  recipe.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.1";
  recipe.material = factory::Material::Chain;
  recipe.entries[0].proof = false;
  recipe.policy.log_entries = 0;
  const Checked proof = check(recipe);
  ASSERT_TRUE(proof.has_value()) << proof.error().detail;
  EXPECT_FALSE(proof->log_entries()[0].proven);
  EXPECT_EQ(proof->times()[0].at, kSigned);
}

TEST(KeylessProofTest, EntriesOfUnknownLogsAreNotNamed) {
  Recipe recipe;
  recipe.logs.push_back({.host = "other.factory.example", .trusted = false});
  recipe.entries.push_back({.log = 1});
  const Checked proof = check(recipe);
  ASSERT_TRUE(proof.has_value()) << proof.error().detail;
  EXPECT_EQ(proof->log_entries().size(), 1u);
  EXPECT_EQ(proof->times().size(), 1u);
}

TEST(KeylessProofTest, TheStatementIsHandedOut) {
  Recipe recipe;
  recipe.content = factory::Content::Statement;
  const Checked proof = check(recipe);
  ASSERT_TRUE(proof.has_value()) << proof.error().detail;
  ASSERT_TRUE(proof->statement().has_value());
  EXPECT_EQ(proof->statement()->predicate_type(), "https://slsa.dev/provenance/v1");
}

TEST(KeylessProofTest, KeyedProofNamesTheKeyOfTheRing) {
  Recipe recipe;
  recipe.material = factory::Material::PublicKey;
  const World world = factory::make_world(recipe);
  const Trust trust = trust_in(world);
  const Checked proof = check_with(world, RootSource::none(), trust.keys, {});
  ASSERT_TRUE(proof.has_value()) << proof.error().detail;
  const auto* const signer = std::get_if<KeyedProof>(&proof->signer());
  ASSERT_NE(signer, nullptr);
  EXPECT_EQ(signer->key.fingerprint(), trust.keys.entries().front().key.fingerprint());
  EXPECT_TRUE(proof->log_entries().empty()) << "nobody looked at them";
}

// ----- what the caller may and may not leave out

Recipe keyed() {
  Recipe recipe;
  recipe.material = factory::Material::PublicKey;
  return recipe;
}

TEST(KeylessCallerTest, WithoutARootNoCertificateBundleVerifies) {
  const World world = factory::make_world(Recipe());
  const Checked checked = check_with(world, RootSource::none(), ring_of(world), {});
  EXPECT_EQ(outcome(checked), "untrusted-chain") << detail(checked);
}

TEST(KeylessCallerTest, ARootThatCannotBeReadIsNoVerdict) {
  const World world = factory::make_world(Recipe());
  const RootSource broken([] { return TrustedRoot::parse("{}"); });
  EXPECT_EQ(outcome(check_with(world, broken, Keyring(), {})), "unexaminable");
}

TEST(KeylessCallerTest, WithoutAKeyNoKeyedBundleVerifies) {
  const World world = factory::make_world(keyed());
  const Checked checked = check_with(world, root_of(world), Keyring(), {});
  EXPECT_EQ(outcome(checked), "unknown-key") << detail(checked);
}

TEST(KeylessCallerTest, AnIdentityIsNotMetByAKey) {
  const World world = factory::make_world(keyed());
  const Trust trust = trust_in(world);
  const IdentityPolicy identity = policy_of(world.recipe.policy);
  const Checked checked = check_with(world, trust.root, trust.keys, {.identity = &identity});
  EXPECT_EQ(outcome(checked), "identity-mismatch") << detail(checked);
}

TEST(KeylessCallerTest, ACertificateAskedForIsNotMetByAKeyNorTheOtherWayRound) {
  const World by_key = factory::make_world(keyed());
  const World by_certificate = factory::make_world(Recipe());
  const Trust trust = trust_in(by_key);
  EXPECT_EQ(outcome(check_with(by_key, trust.root, trust.keys, {.by = SignedBy::Certificate})),
            "identity-mismatch");
  EXPECT_EQ(outcome(check_with(by_certificate, trust.root, trust.keys, {.by = SignedBy::Key})),
            "unknown-key");
}

TEST(KeylessCallerTest, WithoutAPolicyTheIdentityIsReportedAlone) {
  const World world = factory::make_world(Recipe());
  const Checked checked = check_with(world, root_of(world), Keyring(), {});
  EXPECT_EQ(outcome(checked), "accepted") << detail(checked);
}

TEST(KeylessCallerTest, AKindOfSubjectMayBeDemanded) {
  Recipe recipe;
  recipe.leaf.names = {{factory::NameKind::Uri, recipe.policy.identity}};
  const World world = factory::make_world(recipe);
  const Trust trust = trust_in(world);
  IdentityPolicy identity = policy_of(recipe.policy);
  identity.subject_kind = crypto::SubjectNameKind::Uri;
  EXPECT_EQ(outcome(check_with(world, trust.root, trust.keys, {.identity = &identity})),
            "accepted");
  identity.subject_kind = crypto::SubjectNameKind::Email;
  EXPECT_EQ(outcome(check_with(world, trust.root, trust.keys, {.identity = &identity})),
            "identity-mismatch");
}

TEST(KeylessCallerTest, ClaimsMayBeDemanded) {
  Recipe recipe;
  recipe.leaf.claims = {{12, "https://github.com/o/r"}};
  const World world = factory::make_world(recipe);
  const Trust trust = trust_in(world);
  IdentityPolicy identity = policy_of(recipe.policy);
  identity.claims = {{"sourceRepositoryURI", ExpectedText("https://github.com/o/r")}};
  EXPECT_EQ(outcome(check_with(world, trust.root, trust.keys, {.identity = &identity})),
            "accepted");
  identity.claims = {{"sourceRepositoryURI", ExpectedText("https://github.com/o/other")}};
  EXPECT_EQ(outcome(check_with(world, trust.root, trust.keys, {.identity = &identity})),
            "identity-mismatch");
}

TEST(KeylessCallerTest, SubjectsMayBeLeftToTheCaller) {
  Recipe recipe;
  recipe.content = factory::Content::Statement;
  recipe.policy.artifact = "other";
  const World world = factory::make_world(recipe);
  const Trust trust = trust_in(world);
  EXPECT_EQ(outcome(check_with(world, trust.root, trust.keys, {.subjects = SubjectRule::Caller})),
            "accepted");
  EXPECT_EQ(outcome(check_with(world, trust.root, trust.keys, {})), "subject-mismatch");
}

TEST(KeylessCallerTest, ARootOfAnotherWorldProvesNothing) {
  Recipe recipe;
  const World world = factory::make_world(recipe);
  recipe.logs[0].key = factory::KeyKind::Rsa2048;
  const Checked checked = check_with(world, root_of(factory::make_world(recipe)), Keyring(), {});
  EXPECT_EQ(outcome(checked), "not-logged") << detail(checked);
}

// ----- no byte of what is signed may be changed

TEST(KeylessMutationTest, NoByteOfTheCertificateCanBeChanged) {
  const World world = factory::make_world(Recipe());
  const Trust trust = trust_in(world);
  for (std::size_t at = 0; at < world.leaf.der.size(); at += 7) {
    World changed = world;
    changed.leaf.der[at] ^= std::byte{0x04};
    EXPECT_FALSE(check_with(changed, trust.root, trust.keys, {}).has_value()) << "byte " << at;
  }
}

TEST(KeylessMutationTest, NoByteOfATimestampCanBeChanged) {
  Recipe recipe = factory::second_generation();
  recipe.stamps[0].embeds_certificate = false;
  const World world = factory::make_world(recipe);
  const Trust trust = trust_in(world);
  for (std::size_t at = 0; at < 560; at += 5) {
    World changed = world;
    changed.recipe.stamps[0].response_after = [at](Bytes& der) { der.at(at) ^= std::byte{0x04}; };
    EXPECT_FALSE(check_with(changed, trust.root, trust.keys, {}).has_value()) << "byte " << at;
  }
}

}  // namespace
}  // namespace nono::attest::test
