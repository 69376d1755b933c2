// tests/attest/rejection_test.cc: one test per reason, each failing for it and for no other.
//
// Each test first shows that the evidence verifies, then makes exactly one change.
#include "attest/rejection.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "dsse/statement.h"
#include "support.h"

namespace nono::attest::test {
namespace {

struct Row {
  Reason reason;
  std::string_view code;
  std::string_view enumerator;
};
constexpr std::array kReasons{
    Row{Reason::NoBundle, "no-bundle", "NoBundle"},
    Row{Reason::MalformedBundle, "malformed-bundle", "MalformedBundle"},
    Row{Reason::UnsupportedVersion, "unsupported-version", "UnsupportedVersion"},
    Row{Reason::Unsupported, "unsupported", "Unsupported"},
    Row{Reason::UnsupportedAlgorithm, "unsupported-algorithm", "UnsupportedAlgorithm"},
    Row{Reason::WrongPayloadType, "wrong-payload-type", "WrongPayloadType"},
    Row{Reason::WrongPredicateType, "wrong-predicate-type", "WrongPredicateType"},
    Row{Reason::SubjectMismatch, "subject-mismatch", "SubjectMismatch"},
    Row{Reason::UnknownKey, "unknown-key", "UnknownKey"},
    Row{Reason::BadSignature, "bad-signature", "BadSignature"},
    Row{Reason::UntrustedChain, "untrusted-chain", "UntrustedChain"},
    Row{Reason::CertificateExpiredAtSigning, "certificate-expired-at-signing",
        "CertificateExpiredAtSigning"},
    Row{Reason::WrongKeyUsage, "wrong-key-usage", "WrongKeyUsage"},
    Row{Reason::SctMissing, "sct-missing", "SctMissing"},
    Row{Reason::SctInvalid, "sct-invalid", "SctInvalid"},
    Row{Reason::NoTrustedTime, "no-trusted-time", "NoTrustedTime"},
    Row{Reason::TimestampInvalid, "timestamp-invalid", "TimestampInvalid"},
    Row{Reason::NotLogged, "not-logged", "NotLogged"},
    Row{Reason::SetInvalid, "set-invalid", "SetInvalid"},
    Row{Reason::InclusionProofInvalid, "inclusion-proof-invalid", "InclusionProofInvalid"},
    Row{Reason::CheckpointInvalid, "checkpoint-invalid", "CheckpointInvalid"},
    Row{Reason::LogEntryMismatch, "log-entry-mismatch", "LogEntryMismatch"},
    Row{Reason::IdentityMismatch, "identity-mismatch", "IdentityMismatch"},
    Row{Reason::Unexaminable, "unexaminable", "Unexaminable"},
};

TEST(RejectionTest, EveryReasonHasItsStableCode) {
  std::set<std::string_view> codes;
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kReasons[i].reason), i);
    EXPECT_EQ(code(kReasons[i].reason), kReasons[i].code);
    codes.insert(code(kReasons[i].reason));
  }
  EXPECT_EQ(codes.size(), kReasons.size());
  EXPECT_EQ(kReasons.back().reason, Reason::Unexaminable);
}

// The sources are read: a reason that is promised must be produced somewhere.
TEST(RejectionTest, EveryReasonIsProduced) {
  std::string sources;
  const std::filesystem::path room = std::filesystem::path(NONO_SOURCE_DIR) / "attest";
  for (const auto& entry : std::filesystem::directory_iterator(room)) {
    if (entry.path().extension() == ".cc" && entry.path().filename() != "rejection.cc") {
      sources += read_text(entry.path());
    }
  }
  for (const Row& row : kReasons) {
    EXPECT_TRUE(sources.contains("Reason::" + std::string(row.enumerator))) << row.enumerator;
  }
}

class RejectionOf : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(outcome(draft_.finding()), "accepted") << detail(draft_.finding());
  }
  // expect_only examines the changed draft.
  void expect_only(Reason reason, std::string_view words) {
    const Finding finding = draft_.finding();
    ASSERT_FALSE(finding.has_value());
    EXPECT_EQ(outcome(finding), code(reason)) << detail(finding);
    EXPECT_TRUE(detail(finding).contains(words)) << detail(finding);
    EXPECT_TRUE(detail(finding).starts_with(draft_.bundle_path + ": ")) << detail(finding);
  }
  Draft draft_;
};

TEST_F(RejectionOf, NoEvidenceIsNoBundle) {
  const Finding finding = examine(draft_, {});
  ASSERT_FALSE(finding.has_value());
  EXPECT_EQ(finding.error().reason, Reason::NoBundle);
  EXPECT_TRUE(detail(finding).contains(draft_.place.path));
}

TEST_F(RejectionOf, AMultiBundleThatDoesNotNameTheFileIsNoBundle) {
  draft_.make_multi({subject("docs/CLAUDE.md", draft_.contents)});
  ASSERT_EQ(outcome(draft_.finding()), "accepted");
  draft_.make_multi({subject("docs/AGENTS.md", draft_.contents)});
  expect_only(Reason::NoBundle, "does not name this file");
}

TEST_F(RejectionOf, BytesAfterTheBundleAreMalformed) {
  draft_.change_text = [](std::string text) { return text + "x"; };
  expect_only(Reason::MalformedBundle, "malformed");
}

TEST_F(RejectionOf, AnotherMediaTypeIsAnUnsupportedVersion) {
  draft_.change_bundle = [](Json& bundle) {
    bundle.set("mediaType", "application/vnd.dev.sigstore.bundle.v0.4+json");
  };
  expect_only(Reason::UnsupportedVersion, "v0.4");
}

TEST_F(RejectionOf, AnotherPredicateVersionIsAnUnsupportedVersion) {
  draft_.member({"predicate"}).set("version", 2);
  expect_only(Reason::UnsupportedVersion, "/predicate/version is 2");
}

TEST_F(RejectionOf, ACertificateWithoutARootIsAnUntrustedChain) {
  draft_.change_bundle = [](Json& bundle) {
    Json& material = at(bundle, {"verificationMaterial"});
    drop(material, "publicKey");
    material.set("certificate", Json::Object{{"rawBytes", "MAMCAQE="}});
  };
  expect_only(Reason::UntrustedChain, "there is no trusted root");
}

TEST_F(RejectionOf, ADigestOfAnUnknownKindIsAnUnsupportedAlgorithm) {
  draft_.member({"subject", "0"})
      .set("digest", Json::Object{{"md5", "d41d8cd98f00b204e9800998ecf8427e"}});
  expect_only(Reason::UnsupportedAlgorithm, "no sha256 digest");
}

TEST_F(RejectionOf, AnotherPayloadTypeIsWrong) {
  draft_.payload_type = "text/plain";
  expect_only(Reason::WrongPayloadType, "text/plain");
}

TEST_F(RejectionOf, AnotherPredicateTypeIsWrong) {
  draft_.statement.set("predicateType", "https://slsa.dev/provenance/v1");
  expect_only(Reason::WrongPredicateType, "slsa.dev");
}

TEST_F(RejectionOf, APolicysStatementDoesNotVouchForAFile) {
  draft_.statement.set("predicateType", kTrustPolicyV1);
  expect_only(Reason::WrongPredicateType, "an instruction file");
}

TEST_F(RejectionOf, AFilesStatementDoesNotVouchForAPolicy) {
  draft_.purpose = Purpose::TrustPolicy;
  expect_only(Reason::WrongPredicateType, "a trust policy");
}

TEST_F(RejectionOf, OtherContentsAreASubjectMismatch) {
  draft_.contents += "\n";
  expect_only(Reason::SubjectMismatch, "other contents");
}

TEST_F(RejectionOf, AnotherPlaceIsASubjectMismatch) {
  draft_.place = Place{"/w/repo/CLAUDE.md", "/w/repo", "CLAUDE.md"};
  expect_only(Reason::SubjectMismatch, "signed as \"docs/CLAUDE.md\"");
}

TEST_F(RejectionOf, AKeyThatNobodyKnowsIsUnknown) {
  draft_.keys = std::make_shared<Keyring>();
  expect_only(Reason::UnknownKey, draft_.key.public_key().fingerprint().hex());
}

TEST_F(RejectionOf, AFlippedBitIsABadSignature) {
  draft_.change_bundle = [](Json& bundle) {
    Json& payload = at(bundle, {"dsseEnvelope", "payload"});
    std::string text(as_text(*base64_decode(*payload.string(), Base64::Strict)));
    text.back() = ' ';
    payload = base64_encode(as_bytes(text));
  };
  expect_only(Reason::BadSignature, "does not verify");
}

TEST_F(RejectionOf, AKeylessClaimUnderAKeyIsAnIdentityMismatch) {
  draft_.member({"predicate", "signer"}).set("kind", "keyless");
  expect_only(Reason::IdentityMismatch, "\"keyless\"");
}

TEST_F(RejectionOf, AnotherKeysIdIsAnIdentityMismatch) {
  draft_.member({"predicate", "signer"}).set("key_id", "other");
  expect_only(Reason::IdentityMismatch, "\"other\"");
}

}  // namespace
}  // namespace nono::attest::test
