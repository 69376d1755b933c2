// tests/crypto/sigstore_vectors_test.cc: timestamps and SCTs of bundles that Sigstore's own
// services and a loopback Sigstore made, against their trusted roots. Not in the repository:
// skipped where they are absent.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "crypto/sct.h"
#include "crypto/timestamp.h"

namespace nono::crypto {
namespace {

constexpr std::size_t kMaxFixture = 4u << 20;

std::optional<Json> read_json(const std::string& path) {
  const auto text = read_file(std::string(NONO_SHARED_DIR "/fixtures/") + path, kMaxFixture);
  if (!text) {
    return std::nullopt;
  }
  auto json = Json::parse(*text, kBundleLimits);
  return json ? std::optional(*std::move(json)) : std::nullopt;
}

// at walks members and, by "0", into the first element of an array; null where one is missing.
const Json* at(const Json& json, std::initializer_list<std::string_view> steps) {
  const Json* place = &json;
  for (const std::string_view step : steps) {
    if (place != nullptr && place->array() != nullptr) {
      place = step == "0" && !place->array()->empty() ? &place->array()->front() : nullptr;
    } else if (place != nullptr) {
      place = place->find(step);
    }
  }
  return place;
}
Bytes base64_at(const Json& json, std::initializer_list<std::string_view> steps) {
  const Json* const text = at(json, steps);
  const auto bytes = text != nullptr && text->string() != nullptr
                         ? base64_decode(*text->string(), Base64::Lenient)
                         : std::nullopt;
  return bytes.value_or(Bytes());
}
Json::Array array_at(const Json& json, std::initializer_list<std::string_view> steps) {
  const Json* const array = at(json, steps);
  return array != nullptr && array->array() != nullptr ? *array->array() : Json::Array();
}

std::vector<Certificate> chain_of(const Json& authority) {
  std::vector<Certificate> chain;
  for (const Json& each : array_at(authority, {"certChain", "certificates"})) {
    chain.push_back(Certificate::parse_der(base64_at(each, {"rawBytes"})).value());
  }
  return chain;
}

struct Vector {
  std::string bundle;
  std::string root;
};

std::vector<Vector> conformance(std::initializer_list<std::string_view> cases) {
  std::vector<Vector> vectors;
  for (const std::string_view name : cases) {
    const std::string folder = std::string("sigstore/conformance/").append(name);
    const std::string own = folder + "/trusted_root.json";
    vectors.push_back({folder + "/bundle.sigstore.json",
                       read_json(own) ? own : "sigstore/conformance/prod_trusted_root.json"});
  }
  return vectors;
}
std::vector<Vector> loopback(std::initializer_list<std::string_view> names) {
  std::vector<Vector> vectors;
  for (const std::string_view name : names) {
    vectors.push_back({std::string("sigstore-local/bundles/").append(name).append(".sigstore.json"),
                       "sigstore-local/trusted_root.all.json"});
  }
  return vectors;
}

Bytes signature_of(const Json& bundle) {
  Bytes message = base64_at(bundle, {"messageSignature", "signature"});
  return message.empty() ? base64_at(bundle, {"dsseEnvelope", "signatures", "0", "sig"}) : message;
}

// timestamp_outcome is "verified", or what each authority of the root says.
std::string timestamp_outcome(const Vector& vector) {
  const Json bundle = read_json(vector.bundle).value();
  const auto token = TimestampToken::parse_response(
      base64_at(bundle, {"verificationMaterial", "timestampVerificationData", "rfc3161Timestamps",
                         "0", "signedTimestamp"}));
  if (!token) {
    return token.error().message();
  }
  std::string refusals = "refused:";
  const Json root = read_json(vector.root).value();
  for (const Json& each : array_at(root, {"timestampAuthorities"})) {
    const auto signer = TimestampSigner::make(chain_of(each));
    const auto time = token->verify(signature_of(bundle), signer.value());
    if (time) {
      return *time == token->time() ? "verified" : "another time";
    }
    refusals += " " + std::to_string(static_cast<int>(time.error().fault));
  }
  return refusals;
}
std::string refused(TimestampFault fault) {
  return "refused: " + std::to_string(static_cast<int>(fault));
}

PublicKey log_key(const Json& log) {
  const Bytes raw = base64_at(log, {"publicKey", "rawBytes"});
  const auto spki = PublicKey::parse_spki_der(raw);
  return spki ? *spki : PublicKey::parse_pkcs1_der(raw).value();
}

// verified_scts counts the SCTs that a log of the root signed for this leaf and its issuer.
std::size_t verified_scts(const Json& root, const Certificate& leaf, const Certificate& issuer) {
  const auto scts = embedded_scts(leaf).value();
  const Bytes tbs = precertificate_tbs(leaf).value();
  std::size_t count = 0;
  for (const auto& sct : scts) {
    for (const Json& log : array_at(root, {"ctlogs"})) {
      const bool named = base64_at(log, {"logId", "keyId"}) ==
                         Bytes(sct.log_id.bytes().begin(), sct.log_id.bytes().end());
      if (named && sct_verifies(sct, log_key(log), issuer.key().fingerprint(), tbs)) {
        ++count;
      }
    }
  }
  return count;
}

// sct_outcome finds the leaf's issuer in the root and counts.
std::size_t sct_outcome(const Vector& vector) {
  const Json bundle = read_json(vector.bundle).value();
  Bytes der = base64_at(bundle, {"verificationMaterial", "certificate", "rawBytes"});
  if (der.empty()) {
    der = base64_at(
        bundle, {"verificationMaterial", "x509CertificateChain", "certificates", "0", "rawBytes"});
  }
  const Certificate leaf = Certificate::parse_der(der).value();
  const Json root = read_json(vector.root).value();
  for (const Json& each : array_at(root, {"certificateAuthorities"})) {
    const auto authority = CertificateAuthority::make(chain_of(each));
    const auto issuer =
        authority->issuer_of(leaf, {}, leaf.validity().not_before, LeafUse::CodeSigning);
    if (issuer) {
      return verified_scts(root, leaf, *issuer);
    }
  }
  return 0;
}

class SigstoreVectorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!read_json("sigstore/conformance/prod_trusted_root.json") ||
        !read_json("sigstore-local/trusted_root.all.json")) {
      GTEST_SKIP() << "Sigstore's fixtures are not here: " << NONO_SHARED_DIR;
    }
  }
};

TEST_F(SigstoreVectorsTest, TimestampsOfTheConformanceSuiteVerify) {
  for (const Vector& vector : conformance(
           {"intoto-with-custom-trust-root", "intoto-tsa-timestamp-outside-cert-validity_fail",
            "managed-key-happy-path", "rekor2-checkpoint-cosigned",
            "rekor2-checkpoint-origin-not-first", "rekor2-checkpoint-two-sigs-cosigned",
            "rekor2-dsse-happy-path", "rekor2-happy-path", "rekor2-timestamp-with-embedded-cert",
            "rekor2-timestamp-without-embedded-cert"})) {
    EXPECT_EQ(timestamp_outcome(vector), "verified") << vector.bundle;
  }
}

TEST_F(SigstoreVectorsTest, TimestampOverOtherBytesIsAWrongImprint) {
  EXPECT_EQ(timestamp_outcome(conformance({"rekor2-timestamp-payload-mismatch_fail"}).front()),
            refused(TimestampFault::WrongImprint));
}

TEST_F(SigstoreVectorsTest, TimestampOfAnUntrustedAuthorityIsUnknown) {
  EXPECT_EQ(timestamp_outcome(
                conformance({"rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail"}).front()),
            refused(TimestampFault::UnknownAuthority));
}

TEST_F(SigstoreVectorsTest, TimestampsOfTheLoopbackAuthorityVerify) {
  for (const Vector& vector :
       loopback({"CLAUDE.md.py", "cosign-att", "cosign-att.rekor1", "cosign-msg",
                 "email-dsse-rekor2", "email-msg-rekor1", "gha-ambient.py", "gha-dsse-rekor1",
                 "gha-dsse-rekor2", "keyed-dsse-rekor2", "tuf"})) {
    EXPECT_EQ(timestamp_outcome(vector), "verified") << vector.bundle;
  }
}

TEST_F(SigstoreVectorsTest, ChangedTokenOfTheLoopbackAuthorityIsBad) {
  EXPECT_NE(timestamp_outcome(loopback({"negative/bad-tsa-token"}).front()), "verified");
}

TEST_F(SigstoreVectorsTest, SctsOfTheConformanceSuiteVerify) {
  for (const Vector& vector : conformance(
           {"happy-path-v0.1", "happy-path-v0.3-new-mediaType", "happy-path-intoto-in-dsse-v3",
            "rekor2-happy-path", "rekor2-dsse-happy-path", "rekor2-timestamp-with-embedded-cert",
            "trust-root-tlog-validity-end-inclusive"})) {
    EXPECT_EQ(sct_outcome(vector), 1u) << vector.bundle;
  }
}

TEST_F(SigstoreVectorsTest, SctUnderAnotherKeyFails) {
  EXPECT_EQ(sct_outcome(conformance({"invalid-ct-key_fail"}).front()), 0u);
}

TEST_F(SigstoreVectorsTest, SctsOfTheLoopbackLogVerify) {
  for (const Vector& vector :
       loopback({"gha-dsse-rekor1", "gha-dsse-rekor2", "cosign-msg", "tuf"})) {
    EXPECT_EQ(sct_outcome(vector), 1u) << vector.bundle;
  }
  EXPECT_EQ(sct_outcome(loopback({"negative/bad-sct-signature"}).front()), 0u);
  EXPECT_EQ(sct_outcome(loopback({"negative/bad-sct-unknown-log"}).front()), 0u);
  EXPECT_EQ(sct_outcome(loopback({"negative/ok-forged-control"}).front()), 1u);
}

}  // namespace
}  // namespace nono::crypto
