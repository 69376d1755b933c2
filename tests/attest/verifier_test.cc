// tests/attest/verifier_test.cc: keys, order of the checks, foreign evidence and candidates.
#include "attest/verifier.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "attest/bundle.h"
#include "base/encoding.h"
#include "base/files.h"
#include "dsse/statement.h"
#include "support.h"

namespace nono::attest::test {
namespace {

static_assert(!std::is_default_constructible_v<VerifiedStatement>);
static_assert(!std::is_constructible_v<VerifiedStatement, SignerIdentity, std::string, NameBinding,
                                       std::string>);
static_assert(!std::is_copy_constructible_v<Examined>);
static_assert(std::is_move_constructible_v<Examined>);

const KeyedSigner& keyed(const Finding& finding) {
  return std::get<KeyedSigner>(finding->signer());
}

// ----- keys

class EveryAlgorithm : public ::testing::TestWithParam<crypto::KeyAlgorithm> {};

TEST_P(EveryAlgorithm, AKeyedBundleVerifies) {
  const Draft draft(GetParam());
  const Finding finding = draft.finding();
  ASSERT_TRUE(finding.has_value()) << detail(finding);
  EXPECT_EQ(keyed(finding).fingerprint, draft.key.public_key().fingerprint());
  EXPECT_EQ(keyed(finding).alias, "self");
  EXPECT_EQ(keyed(finding).key_id, "release-key");
  EXPECT_EQ(finding->predicate_type(), kInstructionFileV1);
  EXPECT_EQ(finding->binding(), NameBinding::Path);
  EXPECT_EQ(finding->bundle_path(), draft.bundle_path);
}

INSTANTIATE_TEST_SUITE_P(Verifier, EveryAlgorithm,
                         ::testing::Values(crypto::KeyAlgorithm::EcdsaP256,
                                           crypto::KeyAlgorithm::EcdsaP384,
                                           crypto::KeyAlgorithm::Ed25519));

TEST(VerifierTest, EveryBundleVersionVerifies) {
  for (const std::string_view type : {"application/vnd.dev.sigstore.bundle+json;version=0.1",
                                      "application/vnd.dev.sigstore.bundle+json;version=0.2",
                                      "application/vnd.dev.sigstore.bundle+json;version=0.3"}) {
    Draft draft;
    draft.change_bundle = [&](Json& bundle) { bundle.set("mediaType", type); };
    EXPECT_EQ(outcome(draft.finding()), "accepted") << type << detail(draft.finding());
  }
}

TEST(VerifierTest, LogEntriesOfAKeyedBundleAreNoEvidenceButMustBeWellFormed) {
  Draft draft;
  draft.change_bundle = [](Json& bundle) {
    at(bundle, {"verificationMaterial"}).set("tlogEntries", Json::Array{log_entry()});
  };
  EXPECT_EQ(outcome(draft.finding()), "accepted") << detail(draft.finding());
  draft.change_bundle = [](Json& bundle) {
    Json entry = log_entry();
    entry.set("logIndex", -1);
    at(bundle, {"verificationMaterial"}).set("tlogEntries", Json::Array{entry});
  };
  EXPECT_EQ(outcome(draft.finding()), "malformed-bundle");
}

// ring_around puts strangers before and after the key of the draft.
void ring_around(Draft& draft, int strangers) {
  auto keys = std::make_shared<Keyring>();
  for (int i = 0; i < strangers; ++i) {
    keys->add(KeyringEntry{.key = make_key().public_key(),
                           .alias = "stranger",
                           .key_id = "s",
                           .extra_predicate_types = {}});
    if (i == strangers / 2) {
      keys->add(KeyringEntry{.key = draft.key.public_key(),
                             .alias = "friend",
                             .key_id = "f",
                             .extra_predicate_types = {}});
    }
  }
  draft.keys = std::move(keys);
}

TEST(VerifierTest, TheSignerIsTheKeyThatVerifiedWhateverTheHintSays) {
  Draft draft;
  ring_around(draft, 4);
  const Keyring strangers = *draft.keys;
  for (const std::string& hint :
       {draft.key.public_key().fingerprint().hex(), std::string(), std::string("zzz"),
        std::string("s"), strangers.entries().front().key.fingerprint().hex()}) {
    draft.change_bundle = [&](Json& bundle) {
      at(bundle, {"verificationMaterial", "publicKey"}).set("hint", hint);
    };
    const Finding finding = draft.finding();
    ASSERT_TRUE(finding.has_value()) << detail(finding);
    EXPECT_EQ(keyed(finding).alias, "friend");
  }
}

TEST(VerifierTest, TheFirstEntryOfAKeyNamesIt) {
  Draft draft;
  draft.keys->add(KeyringEntry{.key = draft.key.public_key(),
                               .alias = "second",
                               .key_id = "two",
                               .extra_predicate_types = {}});
  draft.member({"predicate", "signer"}).set("key_id", "two");
  const Finding finding = draft.finding();
  ASSERT_TRUE(finding.has_value()) << detail(finding);
  EXPECT_EQ(keyed(finding).alias, "self");
  EXPECT_EQ(keyed(finding).key_id, "release-key");
}

// A bundle by a stranger that points at a key of the ring claims that key's signature.
TEST(VerifierTest, AStrangersSignatureIsBadWhereItNamesAKeyOfTheRing) {
  Draft draft;
  const crypto::PublicKey trusted = draft.key.public_key();
  const std::string base64 = base64_encode(trusted.fingerprint().bytes());
  draft.key = make_key();
  const std::vector<std::pair<std::string, std::string_view>> cases{
      {trusted.fingerprint().hex(), "bad-signature"},
      {"release-key", "bad-signature"},
      {base64, "bad-signature"},
      {base64.substr(0, base64.size() - 1), "bad-signature"},
      {draft.key.public_key().fingerprint().hex(), "unknown-key"},
      {"", "unknown-key"},
      {"release", "unknown-key"}};
  for (const auto& [hint, expected] : cases) {
    draft.change_bundle = [&](Json& bundle) {
      at(bundle, {"verificationMaterial", "publicKey"}).set("hint", hint);
    };
    EXPECT_EQ(outcome(draft.finding()), expected) << hint;
  }
  draft.change_bundle = [&](Json& bundle) {
    at(bundle, {"verificationMaterial", "publicKey"}).set("hint", "");
    at(bundle, {"dsseEnvelope", "signatures", "0"}).set("keyid", "release-key");
  };
  EXPECT_EQ(outcome(draft.finding()), "bad-signature");
}

TEST(VerifierTest, HintAndKeyidNameOneKey) {
  Draft draft;
  const crypto::Sha256 key = draft.key.public_key().fingerprint();
  const std::string base64 = base64_encode(key.bytes());
  const std::string other = crypto::Sha256::of("other").hex();
  const std::vector<std::array<std::string, 3>> cases{{key.hex(), key.hex(), "accepted"},
                                                      {key.hex(), base64, "accepted"},
                                                      {"any", "any", "accepted"},
                                                      {other, "", "accepted"},
                                                      {"", other, "accepted"},
                                                      {key.hex(), other, "identity-mismatch"},
                                                      {other, key.hex(), "identity-mismatch"},
                                                      {"any", "other", "identity-mismatch"}};
  for (const auto& [hint, key_id, expected] : cases) {
    draft.change_bundle = [&](Json& bundle) {
      at(bundle, {"verificationMaterial", "publicKey"}).set("hint", hint);
      at(bundle, {"dsseEnvelope", "signatures", "0"}).set("keyid", key_id);
    };
    EXPECT_EQ(outcome(draft.finding()), expected) << hint << ", " << key_id;
  }
}

TEST(VerifierTest, AnEntryWithoutKeyIdIsNotNamedByAnEmptyHint) {
  Draft draft;
  draft.keys = std::make_shared<Keyring>();
  draft.keys->add(KeyringEntry{
      .key = make_key().public_key(), .alias = "other", .key_id = "", .extra_predicate_types = {}});
  draft.change_bundle = [](Json& bundle) {
    at(bundle, {"verificationMaterial", "publicKey"}).set("hint", "");
  };
  EXPECT_EQ(outcome(draft.finding()), "unknown-key");
}

TEST(VerifierTest, AnRsaSignatureOfOpensslVerifies) {
  const std::string directory = std::string(NONO_SOURCE_DIR) + "/tests/attest/testdata/rsa2048/";
  const auto key = crypto::PublicKey::parse_text(read_text(directory + "key.pub.pem"));
  ASSERT_TRUE(key.has_value()) << key.error().message();
  Draft draft;
  draft.keys = std::make_shared<Keyring>();
  draft.keys->add(KeyringEntry{.key = *key,
                               .alias = "rsa",
                               .key_id = "",
                               .extra_predicate_types = {std::string(kMessageSignature)}});
  draft.contents = read_text(directory + "AGENTS.md");
  draft.place = Place{"/w/AGENTS.md", "", ""};
  const Finding envelope =
      examine(draft, {{read_text(directory + "AGENTS.md.bundle"), "/w/AGENTS.md.bundle", false}});
  EXPECT_EQ(binding_of(envelope), "basename-only") << detail(envelope);
  const Evidence message{read_text(directory + "message.bundle"), "/w/AGENTS.md.bundle", false};
  EXPECT_EQ(binding_of(examine(draft, {message})), "digest-only");
  draft.contents += "\n";
  EXPECT_EQ(outcome(examine(draft, {message})), "subject-mismatch");
}

// ----- the order of the checks: what is not signed is not read

TEST(VerifierTest, ABadSignatureHidesWhatThePayloadSays) {
  Draft draft;
  draft.payload_type = "text/plain";
  draft.payload = "no statement";
  draft.change_bundle = [](Json& bundle) {
    Json& sig = at(bundle, {"dsseEnvelope", "signatures", "0", "sig"});
    std::string text = *sig.string();
    text[20] = text[20] == 'A' ? 'B' : 'A';
    sig = text;
  };
  EXPECT_EQ(outcome(draft.finding()), "bad-signature");
}

TEST(VerifierTest, PayloadTypeComesBeforeTheStatement) {
  Draft draft;
  draft.payload = "no statement";
  EXPECT_EQ(outcome(draft.finding()), "malformed-bundle");
  draft.payload_type = "application/vnd.in-toto+JSON";
  EXPECT_EQ(outcome(draft.finding()), "wrong-payload-type");
}

TEST(VerifierTest, PredicateTypeComesBeforeThePredicate) {
  Draft draft;
  draft.member({"predicate"}).set("version", 2);
  EXPECT_EQ(outcome(draft.finding()), "unsupported-version");
  draft.statement.set("predicateType", kTrustPolicyV1);
  EXPECT_EQ(outcome(draft.finding()), "wrong-predicate-type");
}

TEST(VerifierTest, ThePredicateComesBeforeTheSubject) {
  Draft draft;
  draft.contents += "changed";
  EXPECT_EQ(outcome(draft.finding()), "subject-mismatch");
  draft.member({"predicate", "signer"}).set("key_id", "other");
  EXPECT_EQ(outcome(draft.finding()), "identity-mismatch");
}

// ----- what others write

constexpr std::string_view kSlsa = "https://slsa.dev/provenance/v1";

void admit(Draft& draft, std::string_view type) {
  draft.keys = std::make_shared<Keyring>();
  draft.keys->add(KeyringEntry{.key = draft.key.public_key(),
                               .alias = "self",
                               .key_id = "",
                               .extra_predicate_types = {std::string(type)}});
}

TEST(VerifierTest, AForeignPredicateIsAcceptedWhereTheKeysEntryNamesIt) {
  Draft draft;
  draft.statement.set("predicateType", kSlsa);
  draft.statement.set("predicate", Json::Object{{"builder", "x"}});
  draft.statement.set(
      "subject", Json::Array{subject("dist/other.tgz", "x"), subject("any name", draft.contents)});
  EXPECT_EQ(outcome(draft.finding()), "wrong-predicate-type");
  admit(draft, kSlsa);
  const Finding finding = draft.finding();
  EXPECT_EQ(binding_of(finding), "digest-only") << detail(finding);
  EXPECT_EQ(finding->predicate_type(), kSlsa);
  draft.statement.set("_type", dsse::kStatementV01);
  EXPECT_EQ(binding_of(draft.finding()), "digest-only") << detail(draft.finding());
  draft.contents += "x";
  EXPECT_EQ(outcome(draft.finding()), "subject-mismatch");
}

TEST(VerifierTest, AForeignPredicateNeverVouchesForAPolicy) {
  Draft draft;
  admit(draft, kSlsa);
  draft.statement.set("predicateType", kSlsa);
  ASSERT_EQ(outcome(draft.finding()), "accepted");
  draft.purpose = Purpose::TrustPolicy;
  EXPECT_EQ(outcome(draft.finding()), "wrong-predicate-type");
}

TEST(VerifierTest, NonosOwnTypesCannotBeAdmittedForAnotherPurpose) {
  Draft draft;
  admit(draft, kTrustPolicyV1);
  draft.statement.set("predicateType", kTrustPolicyV1);
  EXPECT_EQ(outcome(draft.finding()), "wrong-predicate-type");
}

TEST(VerifierTest, TheWordForAPlainSignatureIsNoPredicateType) {
  Draft draft;
  admit(draft, kMessageSignature);
  draft.statement.set("predicateType", kMessageSignature);
  EXPECT_EQ(outcome(draft.finding()), "wrong-predicate-type");
}

class PlainSignature : public ::testing::Test {
 protected:
  void SetUp() override {
    admit(draft_, kMessageSignature);
    draft_.change_bundle = [this](Json& bundle) {
      const auto signature = draft_.key.sign(as_bytes(signed_));
      ASSERT_TRUE(signature.has_value());
      drop(bundle, "dsseEnvelope");
      Json message(Json::Object{{"signature", base64_encode(*signature)}});
      if (!algorithm_.empty()) {
        message.set("messageDigest",
                    Json::Object{{"algorithm", algorithm_}, {"digest", base64_encode(digest_)}});
      }
      bundle.set("messageSignature", std::move(message));
    };
    signed_ = draft_.contents;
  }
  Draft draft_;
  std::string signed_;
  std::string algorithm_;
  Bytes digest_;
};

TEST_F(PlainSignature, IsAcceptedWhereTheKeysEntryAdmitsIt) {
  const Finding finding = draft_.finding();
  EXPECT_EQ(binding_of(finding), "digest-only") << detail(finding);
  EXPECT_EQ(finding->predicate_type(), kMessageSignature);
}

TEST_F(PlainSignature, IsRefusedWhereTheKeysEntryDoesNotAdmitIt) {
  admit(draft_, kSlsa);
  EXPECT_EQ(outcome(draft_.finding()), "wrong-predicate-type");
}

TEST_F(PlainSignature, NeverVouchesForAPolicy) {
  draft_.purpose = Purpose::TrustPolicy;
  EXPECT_EQ(outcome(draft_.finding()), "wrong-predicate-type");
}

TEST_F(PlainSignature, OverOtherContentsIsABadSignature) {
  signed_ += "\n";
  EXPECT_EQ(outcome(draft_.finding()), "bad-signature");
}

TEST_F(PlainSignature, ByAStrangerIsUnknown) {
  draft_.keys = std::make_shared<Keyring>();
  EXPECT_EQ(outcome(draft_.finding()), "unknown-key");
}

TEST_F(PlainSignature, WithADigestMustMatchInEveryKnownAlgorithm) {
  const std::vector<std::pair<std::string, crypto::HashAlgorithm>> algorithms{
      {"SHA2_256", crypto::HashAlgorithm::Sha256},
      {"SHA2_384", crypto::HashAlgorithm::Sha384},
      {"SHA2_512", crypto::HashAlgorithm::Sha512}};
  for (const auto& [name, algorithm] : algorithms) {
    algorithm_ = name;
    digest_ = crypto::hash(algorithm, as_bytes(draft_.contents));
    EXPECT_EQ(outcome(draft_.finding()), "accepted") << name << detail(draft_.finding());
    digest_[0] ^= std::byte{1};
    EXPECT_EQ(outcome(draft_.finding()), "subject-mismatch") << name;
  }
}

TEST_F(PlainSignature, WithASha3DigestIsAnUnsupportedAlgorithm) {
  algorithm_ = "SHA3_256";
  digest_ = Bytes(32);
  EXPECT_EQ(outcome(draft_.finding()), "unsupported-algorithm");
}

TEST(VerifierTest, AnEnvelopesSignatureIsNoPlainSignatureOfItsFile) {
  Draft draft;
  admit(draft, kMessageSignature);
  draft.change_bundle = [](Json& bundle) {
    const Json sig = at(bundle, {"dsseEnvelope", "signatures", "0", "sig"});
    drop(bundle, "dsseEnvelope");
    bundle.set("messageSignature", Json::Object{{"signature", sig}});
  };
  EXPECT_EQ(outcome(draft.finding()), "bad-signature");
}

// ----- several candidates

Evidence broken(std::string path, bool multi) {
  return {"{", std::move(path), multi};
}

TEST(VerifierTest, ALaterCandidateMayVerify) {
  const Draft draft;
  const Finding finding =
      examine(draft, {broken("/w/repo/docs/CLAUDE.md.bundle", false), draft.evidence()});
  EXPECT_EQ(outcome(finding), "accepted");
}

TEST(VerifierTest, TheFirstRejectionStands) {
  Draft draft;
  draft.contents += "changed";
  const Finding finding =
      examine(draft, {draft.evidence(), broken("/w/repo/.nono-trust.bundle", true)});
  EXPECT_EQ(outcome(finding), "subject-mismatch");
  EXPECT_TRUE(detail(finding).starts_with(draft.bundle_path)) << detail(finding);
  EXPECT_TRUE(detail(finding).contains("1 other")) << detail(finding);
}

TEST(VerifierTest, ASilentMultiBundleHidesNoRejectionBeforeOrAfterIt) {
  Draft silent;
  silent.make_multi({subject("AGENTS.md", "x")});
  const Evidence names_others = silent.evidence();
  const Evidence bad = broken("/w/repo/.nono-trust.bundle", true);
  EXPECT_EQ(outcome(examine(silent, {names_others, bad})), "malformed-bundle");
  EXPECT_EQ(outcome(examine(silent, {bad, names_others})), "malformed-bundle");
  EXPECT_EQ(outcome(examine(silent, {names_others, names_others})), "no-bundle");
}

// ----- the file

TEST(VerifierTest, TheFileComesBackWithItsDigest) {
  const Draft draft;
  auto examined = Verifier(draft.keys)
                      .examine(seal_text(draft.contents), draft.place,
                               std::vector{draft.evidence()}, draft.purpose);
  ASSERT_TRUE(examined.has_value());
  EXPECT_EQ(examined->digest(), crypto::Sha256::of(draft.contents));
  const SealedFile file = std::move(*examined).take_file();
  EXPECT_EQ(as_text(*file.contents()), draft.contents);
}

// A writer swaps the file's contents all the time: a verdict is only ever about the bytes that it
// travels with.
TEST(VerifierTest, AVerdictIsAboutTheBytesThatItTravelsWith) {
  const TempDir dir;
  const Draft draft;
  const std::string evil(draft.contents.size(), 'E');
  const std::string path = dir.write("CLAUDE.md", draft.contents);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    for (bool turn = false; !stop; turn = !turn) {
      const std::string& text = turn ? evil : draft.contents;
      [[maybe_unused]] const auto written = ::pwrite(fd, text.data(), text.size(), 0);
    }
    ::close(fd);
  });
  const std::vector<Evidence> evidence{draft.evidence()};
  const Verifier verifier(draft.keys);
  int accepted = 0;
  int refused = 0;
  for (int round = 0; round < 10000 && (accepted < 50 || refused < 50); ++round) {
    auto fd = open_regular(BorrowedFd::unowned(AT_FDCWD), path);
    ASSERT_TRUE(fd.has_value());
    auto sealed = SealedFile::capture(*fd, path);
    ASSERT_TRUE(sealed.has_value());
    auto examined = verifier.examine(*std::move(sealed), draft.place, evidence, draft.purpose);
    ASSERT_TRUE(examined.has_value());
    const auto contents = examined->file().contents();
    EXPECT_EQ(examined->finding().has_value(), as_text(*contents) == draft.contents);
    ++(examined->finding() ? accepted : refused);
  }
  stop = true;
  writer.join();
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace nono::attest::test
