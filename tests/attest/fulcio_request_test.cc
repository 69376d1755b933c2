// tests/attest/fulcio_request_test.cc: what Fulcio is asked, and what it answers.
#include "attest/fulcio_request.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tests/sigstore/world.h"

namespace nono::attest {
namespace {

std::string pem(const factory::Issued& issued) {
  return factory::pem("CERTIFICATE", issued.der);
}

Json answer(const std::vector<std::string>& certificates) {
  Json::Array list(certificates.begin(), certificates.end());
  Json chain(Json::Object{{"certificates", list}});
  return Json(Json::Object{{"signedCertificateEmbeddedSct", Json(Json::Object{{"chain", chain}})}});
}

const factory::World& world() {
  static const factory::World made = factory::make_world(factory::Recipe{});
  return made;
}

TEST(FulcioRequestTest, HoldsTheKeyAndAProofOverTheChallenge) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyAlgorithm::EcdsaP256);
  ASSERT_TRUE(key);
  const auto text = fulcio_request(*key, "alice@example.com");
  ASSERT_TRUE(text);
  const auto json = Json::parse(*text, kMessageLimits);
  ASSERT_TRUE(json);
  ASSERT_EQ(json->object()->size(), 1U);
  const Json& request = *json->find("publicKeyRequest");
  EXPECT_EQ(*request.find("publicKey")->find("algorithm")->string(), "ECDSA");
  EXPECT_EQ(*request.find("publicKey")->find("content")->string(), key->public_key().spki_pem());
  const auto proof = base64_decode(*request.find("proofOfPossession")->string(), Base64::Strict);
  ASSERT_TRUE(proof);
  EXPECT_TRUE(key->public_key().verifies(as_bytes("alice@example.com"), *proof));
  EXPECT_FALSE(key->public_key().verifies(as_bytes("bob@example.com"), *proof));
}

TEST(FulcioRequestTest, NamesTheFamilyOfTheKey) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyAlgorithm::Ed25519);
  ASSERT_TRUE(key);
  const auto text = fulcio_request(*key, "sub");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->contains(R"("algorithm":"ED25519")"));
}

TEST(FulcioRequestTest, Version1HasTheSameInOtherWords) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyAlgorithm::EcdsaP256);
  ASSERT_TRUE(key);
  const auto json = Json::parse(*fulcio_request_v1(*key, "alice@example.com"), kMessageLimits);
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("publicKey")->find("algorithm")->string(), "ecdsa");
  EXPECT_EQ(*json->find("publicKey")->find("content")->string(),
            base64_encode(key->public_key().spki_der()));
  const auto proof = base64_decode(*json->find("signedEmailAddress")->string(), Base64::Strict);
  ASSERT_TRUE(proof);
  EXPECT_TRUE(key->public_key().verifies(as_bytes("alice@example.com"), *proof));
}

TEST(FulcioAnswerTest, Version1IsPemLeafFirst) {
  const std::string leaf = pem(world().leaf);
  const std::string authority = pem(world().authorities.front().front());
  const auto chain = read_fulcio_answer_v1(leaf + "\n" + authority + "\n");
  ASSERT_TRUE(chain) << chain.error().message();
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->front().der(), world().leaf.der);
  std::string many;
  for (int at = 0; at < 11; ++at) {
    many += authority;
  }
  for (const std::string& wrong : {std::string(), std::string(" \n"), std::string("{}"), leaf + "x",
                                   leaf + "-----BEGIN", leaf.substr(0, leaf.size() / 2), many}) {
    EXPECT_FALSE(read_fulcio_answer_v1(wrong)) << wrong.size();
  }
}

TEST(FulcioAnswerTest, TheChainIsReadLeafFirst) {
  const auto& authority = world().authorities.front();
  const auto chain =
      read_fulcio_answer(answer({pem(world().leaf), pem(authority.front())}).compact());
  ASSERT_TRUE(chain) << chain.error().message();
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->front().der(), world().leaf.der);
  EXPECT_TRUE(chain->back().is_ca());
}

TEST(FulcioAnswerTest, ADetachedTimestampIsRefused) {
  Json json(Json::Object{});
  json.set("signedCertificateDetachedSct", Json(Json::Object{}));
  const auto chain = read_fulcio_answer(json.compact());
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().kind(), ErrorKind::Unsupported);
}

TEST(FulcioAnswerTest, FaultsAreNamed) {
  struct Fault {
    std::string text;
    std::string_view words;
  };
  const std::string leaf = pem(world().leaf);
  const std::vector<Fault> faults{
      {"", "document"},
      {"[]", "document"},
      {"{}", "/signedCertificateEmbeddedSct"},
      {R"({"signedCertificateEmbeddedSct":{}})", "/signedCertificateEmbeddedSct/chain"},
      {answer({}).compact(), "must hold a certificate"},
      {answer(std::vector<std::string>(11, leaf)).compact(), "/certificates"},
      {answer({"PEM"}).compact(), "/certificates/0"},
      {answer({leaf + leaf}).compact(), "/certificates/0"},
      {answer({leaf, ""}).compact(), "/certificates/1"},
      {R"({"code":3,"message":"no"})", "/signedCertificateEmbeddedSct"},
  };
  for (const Fault& fault : faults) {
    const auto chain = read_fulcio_answer(fault.text);
    ASSERT_FALSE(chain) << fault.text.substr(0, 60);
    EXPECT_NE(chain.error().message().find(fault.words), std::string::npos)
        << fault.words << ": " << chain.error().message();
  }
}

// Shaped as Fulcio 1.8 writes it, wildcards and all.
constexpr std::string_view kConfiguration = R"({"issuers":[
  {"issuerUrl":"https://mail.example","audience":"sigstore","challengeClaim":"email",
   "spiffeTrustDomain":"","issuerType":"email","skipEmailVerification":false},
  {"issuerUrl":"https://ci.example","challengeClaim":"sub"},
  {"wildcardIssuerUrl":"https://k8s.example/id/*/keys","challengeClaim":"sub"},
  {"issuerUrl":"https://broken.example"}]})";

TEST(FulcioConfigurationTest, TheClaimOfAnIssuerIsFound) {
  EXPECT_EQ(read_challenge_claim(kConfiguration, "https://mail.example").value_or(""), "email");
  EXPECT_EQ(read_challenge_claim(kConfiguration, "https://ci.example").value_or(""), "sub");
  EXPECT_EQ(read_challenge_claim(kConfiguration, "https://k8s.example/id/a-7_B/keys").value_or(""),
            "sub");
}

TEST(FulcioConfigurationTest, AnIssuerThatIsNotTakenIsToldWhoseAre) {
  for (const std::string_view issuer :
       {"https://other.example", "https://ci.example/", "https://k8s.example/id//keys",
        "https://k8s.example/id/a/b/keys", "https://k8s.example/id/a/key", "https://CI.example"}) {
    const auto claim = read_challenge_claim(kConfiguration, issuer);
    ASSERT_FALSE(claim) << issuer;
    EXPECT_EQ(claim.error().kind(), ErrorKind::NotFound);
    EXPECT_NE(claim.error().message().find("it takes those of https://mail.example, "
                                           "https://ci.example, https://k8s.example/id/*/keys"),
              std::string::npos)
        << claim.error().message();
  }
}

TEST(FulcioConfigurationTest, FaultsAreNamed) {
  EXPECT_FALSE(read_challenge_claim("{}", "https://ci.example"));
  EXPECT_FALSE(read_challenge_claim("404 page not found", "https://ci.example"));
  const auto claim = read_challenge_claim(kConfiguration, "https://broken.example");
  ASSERT_FALSE(claim);
  EXPECT_NE(claim.error().message().find("/issuers/3/challengeClaim"), std::string::npos);
}

}  // namespace
}  // namespace nono::attest
