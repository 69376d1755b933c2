// tests/dsse/foreign_bundles_test.cc: envelopes that others made: upstream nono, Sigstore's
// clients, and hostile ones. What the envelope alone decides is checked here.
#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "tests/dsse/support.h"

namespace nono::dsse {
namespace {

std::string fixture(std::string_view path) {
  return std::string(NONO_SHARED_DIR "/fixtures/").append(path);
}

#define NONO_NEEDS_FIXTURES()                                       \
  if (!read_file(fixture("hostile/index.json"), 16u << 20)) {       \
    GTEST_SKIP() << "the foreign fixtures are not on this machine"; \
  }                                                                 \
  static_assert(true)

// envelope_in returns the dsseEnvelope of a bundle, or the error of reading it.
Result<Envelope> envelope_in(const std::string& path) {
  NONO_TRY(const std::string text, read_file(fixture(path), 16u << 20));
  NONO_TRY(const Json bundle, Json::parse(text, kBundleLimits));
  NONO_TRY(const JsonView view, JsonView(bundle).at("dsseEnvelope"));
  return Envelope::parse(view);
}

std::string refusal(const std::string& path) {
  const auto envelope = envelope_in(path);
  return envelope ? "(taken)" : envelope.error().message();
}

crypto::PublicKey alice() {
  const auto text = read_file(NONO_SOURCE_DIR "/testdata/crypto/upstream-alice.pem.pub", 4096);
  return *crypto::PublicKey::parse_text(*text);
}

std::string upstream(const std::string& name) {
  return "upstream-nono/tampered/" + name + "/CLAUDE.md.bundle";
}

TEST(UpstreamBundleTest, UntouchedBundleOpensAndStates) {
  NONO_NEEDS_FIXTURES();
  const auto envelope = envelope_in(upstream("ok"));
  ASSERT_TRUE(envelope.has_value()) << envelope.error().message();
  EXPECT_EQ(envelope->payload_type(), kInTotoPayloadType);
  const auto payload = envelope->open(alice());
  ASSERT_TRUE(payload.has_value());
  const auto statement = Statement::parse(*payload);
  ASSERT_TRUE(statement.has_value()) << statement.error().message();
  EXPECT_EQ(statement->predicate_type(), "https://nono.sh/attestation/instruction-file/v1");
  EXPECT_EQ(statement->subjects()[0].name, "CLAUDE.md");
}

TEST(UpstreamBundleTest, PaddingOfBase64MayBeMissing) {
  NONO_NEEDS_FIXTURES();
  const auto envelope = envelope_in(upstream("payload-base64-nopad"));
  ASSERT_TRUE(envelope.has_value()) << envelope.error().message();
  EXPECT_TRUE(envelope->open(alice()).has_value());
}

TEST(UpstreamBundleTest, FaultyEnvelopesAreRefused) {
  NONO_NEEDS_FIXTURES();
  EXPECT_EQ(refusal(upstream("no-signatures")),
            "/dsseEnvelope/signatures: must hold exactly one signature, not 0");
  EXPECT_EQ(refusal(upstream("first-bad-signature")),
            "/dsseEnvelope/signatures: must hold exactly one signature, not 2");
}

TEST(UpstreamBundleTest, ChangedSignatureOrSignerDoesNotOpen) {
  NONO_NEEDS_FIXTURES();
  for (const std::string name : {"sig-bitflip", "other-key-own-key-id"}) {
    const auto envelope = envelope_in(upstream(name));
    ASSERT_TRUE(envelope.has_value()) << name;
    EXPECT_FALSE(envelope->open(alice()).has_value()) << name;
  }
}

TEST(UpstreamBundleTest, FaultyStatementsAreRefused) {
  NONO_NEEDS_FIXTURES();
  for (const std::string name :
       {"statement-type-bogus", "no-subject", "duplicate-json-key-subject", "payload-with-bom",
        "payload-trailing-garbage", "payload-type-text"}) {
    const auto envelope = envelope_in(upstream(name));
    ASSERT_TRUE(envelope.has_value()) << name << ": " << envelope.error().message();
    const auto payload = envelope->open(alice());
    ASSERT_TRUE(payload.has_value()) << name;
    EXPECT_FALSE(Statement::parse(*payload).has_value()) << name;
  }
}

TEST(SigstoreBundleTest, EnvelopesOfOtherClientsAreRead) {
  NONO_NEEDS_FIXTURES();
  for (const std::string name :
       {"sigstore/conformance/happy-path-intoto-in-dsse-v3/bundle.sigstore.json",
        "sigstore/conformance/rekor2-dsse-happy-path/bundle.sigstore.json",
        "sigstore/mutants/dsse-v1-keyid-set/bundle.sigstore.json",
        "sigstore/sigstore-go/bundles/dsse.sigstore.json",
        "sigstore/sigstore-go/bundles/sigstore.js@2.0.0-provenance.sigstore.json"}) {
    EXPECT_EQ(refusal(name), "(taken)") << name;
  }
}

TEST(SigstoreBundleTest, OtherThanOneSignatureIsRefused) {
  NONO_NEEDS_FIXTURES();
  for (const std::string name : {"sigstore/mutants/dsse-v2-two-sigs/bundle.sigstore.json",
                                 "sigstore/mutants/dsse-v2-zero-sigs/bundle.sigstore.json",
                                 "sigstore/sigstore-go/bundles/dsse-2sigs.sigstore.json"}) {
    EXPECT_TRUE(refusal(name).starts_with("/dsseEnvelope/signatures: must hold exactly one"))
        << name;
  }
}

struct Hostile {
  std::string name;
  std::string_view why;
};

TEST(HostileBundleTest, EnvelopeFaultsAreRefusedForWhatTheyAre) {
  NONO_NEEDS_FIXTURES();
  const Hostile faults[] = {
      {"sigs-none", "/dsseEnvelope/signatures: must hold exactly one signature, not 0"},
      {"sigs-two-same", "/dsseEnvelope/signatures: must hold exactly one signature, not 2"},
      {"sigs-good-and-bad", "/dsseEnvelope/signatures: must hold exactly one signature, not 2"},
      {"sigs-bad-and-good", "/dsseEnvelope/signatures: must hold exactly one signature, not 2"},
      {"sigs-1000", "/dsseEnvelope/signatures: must hold exactly one signature, not 1000"},
      {"payload-empty", "/dsseEnvelope/payload: must not be empty"},
      {"payload-b64-whitespace", "/dsseEnvelope/payload: is not base64"},
      {"payload-b64-nopad", "/dsseEnvelope/payload: is not base64"},
  };
  for (const Hostile& fault : faults) {
    EXPECT_EQ(refusal("hostile/bundle/" + fault.name + ".json"), fault.why) << fault.name;
  }
}

// corpus_key returns the key that the hostile corpus calls trusted.
crypto::PublicKey corpus_key() {
  const auto text = read_file(fixture("hostile/context/policy.json"), 1u << 20);
  const auto policy = Json::parse(*text, kPolicyLimits);
  for (const Json& publisher : *policy->find("publishers")->array()) {
    if (const Json* key = publisher.find("public_key"); key != nullptr) {
      return *crypto::PublicKey::parse_text(*key->string());
    }
  }
  ADD_FAILURE() << "the corpus has no keyed publisher";
  return test::signer().public_key();
}

TEST(HostileBundleTest, KeyedBundleOpensUnderTheCorpusKey) {
  NONO_NEEDS_FIXTURES();
  const auto envelope = envelope_in("hostile/bundle/ok-keyed.json");
  ASSERT_TRUE(envelope.has_value()) << envelope.error().message();
  EXPECT_EQ(envelope->key_id(), "corpus-key");
  EXPECT_TRUE(envelope->open(corpus_key()).has_value());
}

TEST(HostileBundleTest, WrongKeyDoesNotOpen) {
  NONO_NEEDS_FIXTURES();
  const auto envelope = envelope_in("hostile/bundle/keyed-wrong-key.json");
  ASSERT_TRUE(envelope.has_value());
  EXPECT_FALSE(envelope->open(corpus_key()).has_value());
}

}  // namespace
}  // namespace nono::dsse
