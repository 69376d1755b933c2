// tests/rekor/requests_test.cc: what is sent to a log, member by member, and as others sent it.
#include "rekor/requests.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "rekor/body.h"
#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

using test::Draft;
using test::Shape;
using test::Signer;

Json parsed(const Result<std::string>& text) {
  EXPECT_TRUE(text) << (text ? "" : text.error().message());
  return Json::parse(text ? *text : "null", kBundleLimits).value_or(Json());
}

// at walks down by names; "" where the way ends early.
std::string at(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* here = &json;
  for (const std::string_view name : path) {
    here = here == nullptr ? nullptr : here->find(name);
  }
  return here != nullptr && here->string() != nullptr ? *here->string() : "";
}

std::string decoded(const std::string& base64) {
  const auto bytes = base64_decode(base64, Base64::Strict);
  return bytes ? std::string(as_text(*bytes)) : "";
}

TEST(LogRequestsTest, ABareSignatureForVersionOne) {
  const Draft draft(Shape::HashedRekord);
  const Json json = parsed(hashedrekord_request(draft.submission()));
  EXPECT_EQ(at(json, {"apiVersion"}), "0.0.1");
  EXPECT_EQ(at(json, {"kind"}), "hashedrekord");
  EXPECT_EQ(at(json, {"spec", "data", "hash", "algorithm"}), "sha256");
  EXPECT_EQ(at(json, {"spec", "data", "hash", "value"}), draft.digests.sha256.hex());
  EXPECT_EQ(at(json, {"spec", "signature", "content"}), base64_encode(draft.signature));
  EXPECT_EQ(decoded(at(json, {"spec", "signature", "publicKey", "content"})),
            test::pem("CERTIFICATE", draft.certificate));
}

// What is sent is, in version one, what the log will hold: its own check of bodies must take it.
TEST(LogRequestsTest, TheRequestForVersionOneIsTheBodyThatIsExpectedBack) {
  Draft draft(Shape::HashedRekord);
  const auto text = hashedrekord_request(draft.submission());
  ASSERT_TRUE(text);
  draft.body_text = *text;
  EXPECT_TRUE(test::logged(draft));
}

TEST(LogRequestsTest, APlainKeyGoesAsPublicKey) {
  const Draft v1(Shape::HashedRekord, test::NoteSigner::of(crypto::KeyAlgorithm::EcdsaP256),
                 Signer::PublicKey);
  const Json first = parsed(hashedrekord_request(v1.submission()));
  EXPECT_EQ(decoded(at(first, {"spec", "signature", "publicKey", "content"})), v1.key.spki_pem());

  const Draft v2(Shape::HashedRekordV2, test::NoteSigner::of(crypto::KeyAlgorithm::Ed25519),
                 Signer::PublicKey);
  const Json second = parsed(hashedrekord_v2_request(v2.submission()));
  EXPECT_EQ(
      at(second, {"hashedRekordRequestV002", "signature", "verifier", "publicKey", "rawBytes"}),
      v2.key.spki_base64());
  EXPECT_EQ(at(second,
               {"hashedRekordRequestV002", "signature", "verifier", "x509Certificate", "rawBytes"}),
            "");
}

TEST(LogRequestsTest, AnEnvelopeForVersionOneGoesWholeAndAsText) {
  const Draft draft(Shape::Dsse);
  const std::string envelope = R"({"payload":"e30=","signatures":[{"sig":"AA=="}]})";
  const Json json = parsed(dsse_request(draft.submission(), envelope));
  EXPECT_EQ(at(json, {"kind"}), "dsse");
  EXPECT_EQ(at(json, {"apiVersion"}), "0.0.1");
  EXPECT_EQ(at(json, {"spec", "proposedContent", "envelope"}), envelope);
  const Json* const content = json.find("spec")->find("proposedContent");
  ASSERT_NE(content, nullptr);
  const Json* const verifiers = content->find("verifiers");
  ASSERT_TRUE(verifiers != nullptr && verifiers->array() != nullptr);
  ASSERT_EQ(verifiers->array()->size(), 1U);
  EXPECT_EQ(decoded(*verifiers->array()->front().string()),
            test::pem("CERTIFICATE", draft.certificate));
}

TEST(LogRequestsTest, VersionTwoTakesTheDigestOfWhatWasSigned) {
  for (const Shape shape : {Shape::HashedRekordV2, Shape::EnvelopeV2}) {
    const Draft draft(shape);
    const Json json = parsed(hashedrekord_v2_request(draft.submission()));
    ASSERT_EQ(json.object()->size(), 1U);
    const Json& request = *json.find("hashedRekordRequestV002");
    EXPECT_EQ(at(request, {"digest"}), base64_encode(draft.digests.sha256.bytes()));
    EXPECT_EQ(at(request, {"signature", "content"}), base64_encode(draft.signature));
    EXPECT_EQ(at(request, {"signature", "verifier", "keyDetails"}), "PKIX_ECDSA_P256_SHA_256");
    EXPECT_EQ(at(request, {"signature", "verifier", "x509Certificate", "rawBytes"}),
              base64_encode(draft.certificate));
  }
}

struct Wider {
  crypto::KeyAlgorithm algorithm;
  std::string_view details;
  Bytes SignedDigests::* digest;
};

TEST(LogRequestsTest, TheDigestGoesWithTheKey) {
  for (const Wider& wider :
       {Wider{crypto::KeyAlgorithm::EcdsaP384, "PKIX_ECDSA_P384_SHA_384", &SignedDigests::sha384},
        Wider{crypto::KeyAlgorithm::EcdsaP521, "PKIX_ECDSA_P521_SHA_512",
              &SignedDigests::sha512}}) {
    Draft draft(Shape::HashedRekordV2, test::NoteSigner::of(crypto::KeyAlgorithm::Ed25519),
                Signer::Certificate, wider.algorithm);
    const Json json = parsed(hashedrekord_v2_request(draft.submission()));
    const Json& request = *json.find("hashedRekordRequestV002");
    EXPECT_EQ(at(request, {"digest"}), base64_encode(draft.digests.*wider.digest));
    EXPECT_EQ(at(request, {"signature", "verifier", "keyDetails"}), wider.details);

    draft.digests.*wider.digest = {};
    const auto refused = hashedrekord_v2_request(draft.submission());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), ErrorKind::InvalidInput);
    EXPECT_FALSE(hashedrekord_request(draft.submission()));
  }
}

}  // namespace
}  // namespace nono::rekor
