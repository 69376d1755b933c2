// tests/dsse/envelope_test.cc: the envelope's form, its encoding before signing, opening it.
#include "dsse/envelope.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/dsse/support.h"

namespace nono::dsse {
namespace {

using test::error_of;
using test::parsed;
using test::signer;

static_assert(!std::is_default_constructible_v<Envelope>);
static_assert(!std::is_default_constructible_v<VerifiedPayload>);
static_assert(!std::is_constructible_v<VerifiedPayload, std::string, Bytes, crypto::PublicKey>);

Json sealed(std::string_view payload = "{}") {
  auto json = seal(signer(), kInTotoPayloadType, payload);
  EXPECT_TRUE(json.has_value());
  return *std::move(json);
}

Envelope envelope_of(const Json& json) {
  auto envelope = Envelope::parse(JsonView(json));
  EXPECT_TRUE(envelope.has_value());
  return *std::move(envelope);
}

// changed returns a good envelope with one member replaced.
Json changed(std::string_view member, Json value) {
  Json envelope = sealed();
  envelope.set(member, std::move(value));
  return envelope;
}

Json without(std::string_view member) {
  Json envelope = sealed();
  std::erase_if(*envelope.object(), [&](const JsonMember& each) { return each.first == member; });
  return envelope;
}

Json only_signature(const Json& envelope) {
  return envelope.find("signatures")->array()->front();
}

Json with_signatures(Json::Array signatures) {
  return changed("signatures", Json(std::move(signatures)));
}

// with_signature_member returns a good envelope, a member of whose signature is replaced.
Json with_signature_member(std::string_view member, Json value) {
  Json envelope = sealed();
  envelope.find("signatures")->array()->front().set(member, std::move(value));
  return envelope;
}

TEST(PaeTest, VectorOfTheSpecificationComesOut) {
  EXPECT_EQ(as_text(pae("http://example.com/HelloWorld", as_bytes("hello world"))),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST(PaeTest, LengthsCountBytesInDecimal) {
  EXPECT_EQ(as_text(pae("", {})), "DSSEv1 0  0 ");
  EXPECT_EQ(as_text(pae("\xC3\xA9", as_bytes("\xE2\x82\xAC"))), "DSSEv1 2 \xC3\xA9 3 \xE2\x82\xAC");
  const std::string long_text(1234567, 'x');
  EXPECT_TRUE(as_text(pae("t", as_bytes(long_text))).starts_with("DSSEv1 1 t 1234567 x"));
}

TEST(PaeTest, TypeAndPayloadCannotChangePlaces) {
  EXPECT_NE(pae("a 1 b", as_bytes("c")), pae("a", as_bytes("b 1 c")));
}

TEST(EnvelopeTest, SignatureOfTheSpecificationOpens) {
  // The vector of the DSSE protocol document, its r and s (there joined) in DER.
  const std::string point =
      "0467cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238"
      "0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74";
  const auto key = crypto::PublicKey::parse_spki_der(
      *hex_decode("3059301306072a8648ce3d020106082a8648ce3d030107034200" + point));
  ASSERT_TRUE(key.has_value());
  const std::string signature =
      "3044022003726ab101ad56c2763b6c6aac8e487275e2a79193a09dc5f859d9f8ef3c4a3b"
      "022051eab0c06a369b64a7222537d4887a893dc200ae21060074d57825235b624864";
  const Json json = Json::Object{
      {"payload", base64_encode(as_bytes("hello world"))},
      {"payloadType", "http://example.com/HelloWorld"},
      {"signatures", Json::Array{Json(Json::Object{
                         {"keyid", "66301bbf"}, {"sig", base64_encode(*hex_decode(signature))}})}}};
  const auto payload = envelope_of(json).open(*key);
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(payload->text(), "hello world");
  EXPECT_EQ(payload->type(), "http://example.com/HelloWorld");
}

TEST(EnvelopeTest, WhatIsSealedOpens) {
  for (const auto algorithm : {crypto::KeyAlgorithm::EcdsaP256, crypto::KeyAlgorithm::EcdsaP384,
                               crypto::KeyAlgorithm::Ed25519}) {
    const auto key = crypto::PrivateKey::generate(algorithm);
    const auto json = seal(*key, "text/plain", "payload");
    ASSERT_TRUE(json.has_value());
    const auto payload = envelope_of(*json).open(key->public_key());
    ASSERT_TRUE(payload.has_value()) << name_of(algorithm);
    EXPECT_EQ(payload->type(), "text/plain");
    EXPECT_EQ(payload->text(), "payload");
    EXPECT_EQ(payload->signed_by().fingerprint(), key->public_key().fingerprint());
  }
}

TEST(EnvelopeTest, SealedFormHasTheMembersOfABundle) {
  const Json envelope = sealed("payload");
  ASSERT_EQ(envelope.object()->size(), 3u);
  EXPECT_EQ(envelope.object()->at(0), JsonMember("payloadType", Json(kInTotoPayloadType)));
  EXPECT_EQ(envelope.object()->at(1), JsonMember("payload", Json("cGF5bG9hZA==")));
  EXPECT_EQ(envelope.object()->at(2).first, "signatures");
  EXPECT_EQ(only_signature(envelope).object()->size(), 1u);
  EXPECT_NE(only_signature(envelope).find("sig"), nullptr);
}

TEST(EnvelopeTest, ItSurvivesBeingWrittenAndRead) {
  const Json again = parsed(sealed("payload").pretty());
  EXPECT_TRUE(envelope_of(again).open(signer().public_key()).has_value());
}

TEST(EnvelopeTest, EmptyPayloadOrTypeIsNotSealed) {
  EXPECT_FALSE(seal(signer(), kInTotoPayloadType, "").has_value());
  EXPECT_FALSE(seal(signer(), "", "payload").has_value());
  EXPECT_FALSE(seal(signer(), std::string(257, 't'), "payload").has_value());
}

TEST(EnvelopeTest, AnotherKeyDoesNotOpen) {
  const auto other = crypto::PrivateKey::generate(crypto::KeyAlgorithm::EcdsaP256);
  EXPECT_FALSE(envelope_of(sealed()).open(other->public_key()).has_value());
}

TEST(EnvelopeTest, ChangedPayloadDoesNotOpen) {
  const Json envelope = changed("payload", base64_encode(as_bytes("{ }")));
  EXPECT_FALSE(envelope_of(envelope).open(signer().public_key()).has_value());
}

TEST(EnvelopeTest, ChangedTypeDoesNotOpen) {
  const Json envelope = changed("payloadType", "application/vnd.in-toto+JSON");
  EXPECT_FALSE(envelope_of(envelope).open(signer().public_key()).has_value());
}

TEST(EnvelopeTest, SignatureOfAnotherPayloadDoesNotOpen) {
  const Json envelope = with_signatures({only_signature(sealed("other"))});
  EXPECT_FALSE(envelope_of(envelope).open(signer().public_key()).has_value());
}

TEST(EnvelopeTest, SignatureOverThePayloadAloneDoesNotOpen) {
  const auto raw = signer().sign(as_bytes("{}"));
  const Json envelope = with_signature_member("sig", base64_encode(*raw));
  EXPECT_FALSE(envelope_of(envelope).open(signer().public_key()).has_value());
}

TEST(EnvelopeTest, DigestIsOverTheEncoding) {
  const Envelope envelope = envelope_of(sealed("payload"));
  const Bytes message = pae(kInTotoPayloadType, as_bytes("payload"));
  for (const auto algorithm : {crypto::HashAlgorithm::Sha256, crypto::HashAlgorithm::Sha384,
                               crypto::HashAlgorithm::Sha512}) {
    EXPECT_EQ(envelope.pae_digest(algorithm), crypto::hash(algorithm, message));
  }
  EXPECT_EQ(envelope.payload_digest(), crypto::Sha256::of(as_bytes("payload")));
  EXPECT_TRUE(signer().public_key().verifies(message, envelope.signature()));
}

TEST(EnvelopeTest, KeyIdIsAHintThatChangesNothing) {
  EXPECT_EQ(envelope_of(sealed()).key_id(), "");
  for (const std::string_view hint : {"", "corpus-key", "file:///home/user/keys/a.pem"}) {
    const Envelope envelope = envelope_of(with_signature_member("keyid", hint));
    EXPECT_EQ(envelope.key_id(), hint);
    EXPECT_TRUE(envelope.open(signer().public_key()).has_value());
  }
}

TEST(EnvelopeTest, NullKeyIdIsNone) {
  EXPECT_EQ(envelope_of(with_signature_member("keyid", Json())).key_id(), "");
}

TEST(EnvelopeTest, KeyIdMustBeAString) {
  EXPECT_EQ(error_of(with_signature_member("keyid", 7)), "/signatures/0/keyid: must be a string");
}

TEST(EnvelopeTest, LongKeyIdIsRefused) {
  EXPECT_EQ(error_of(with_signature_member("keyid", std::string(4097, 'k'))),
            "/signatures/0/keyid: is longer than 4096 bytes");
}

TEST(EnvelopeTest, OtherThanAnObjectIsRefused) {
  EXPECT_EQ(error_of(Json(Json::Array{})), "document: must be an object");
  EXPECT_EQ(error_of(Json("text")), "document: must be an object");
  EXPECT_EQ(error_of(Json()), "document: must be an object");
}

TEST(EnvelopeTest, MissingMembersAreRefused) {
  EXPECT_EQ(error_of(without("payload")), "/payload: is missing");
  EXPECT_EQ(error_of(without("payloadType")), "/payloadType: is missing");
  EXPECT_EQ(error_of(without("signatures")), "/signatures: is missing");
}

TEST(EnvelopeTest, UnknownMembersAreRefused) {
  EXPECT_EQ(error_of(changed("surprise", 1)), "/surprise: is not a known member");
  EXPECT_EQ(error_of(changed("payload_type", kInTotoPayloadType)),
            "/payload_type: is not a known member");
  EXPECT_EQ(error_of(with_signature_member("cert", "x")),
            "/signatures/0/cert: is not a known member");
}

TEST(EnvelopeTest, NoSignatureIsRefused) {
  EXPECT_EQ(error_of(with_signatures({})), "/signatures: must hold exactly one signature, not 0");
}

TEST(EnvelopeTest, TwoSignaturesAreRefusedThoughBothAreGood) {
  const Json good = only_signature(sealed());
  EXPECT_EQ(error_of(with_signatures({good, good})),
            "/signatures: must hold exactly one signature, not 2");
}

TEST(EnvelopeTest, ManySignaturesAreRefused) {
  EXPECT_EQ(error_of(with_signatures(Json::Array(1000, only_signature(sealed())))),
            "/signatures: must hold exactly one signature, not 1000");
}

TEST(EnvelopeTest, SignaturesMustBeAnArrayOfObjects) {
  EXPECT_EQ(error_of(changed("signatures", only_signature(sealed()))),
            "/signatures: must be an array");
  EXPECT_EQ(error_of(with_signatures({Json("sig")})), "/signatures/0: must be an object");
}

TEST(EnvelopeTest, MissingOrEmptySignatureIsRefused) {
  EXPECT_EQ(error_of(with_signatures({Json(Json::Object{})})), "/signatures/0/sig: is missing");
  EXPECT_EQ(error_of(with_signature_member("sig", "")), "/signatures/0/sig: must not be empty");
  EXPECT_EQ(error_of(with_signature_member("sig", 1)), "/signatures/0/sig: must be a string");
}

TEST(EnvelopeTest, EmptyPayloadIsRefused) {
  EXPECT_EQ(error_of(changed("payload", "")), "/payload: must not be empty");
}

TEST(EnvelopeTest, PayloadMustBeAString) {
  EXPECT_EQ(error_of(changed("payload", Json(Json::Object{}))), "/payload: must be a string");
}

TEST(EnvelopeTest, TypeMustBeAShortString) {
  EXPECT_EQ(error_of(changed("payloadType", "")), "/payloadType: must not be empty");
  EXPECT_EQ(error_of(changed("payloadType", 1)), "/payloadType: must be a string");
  EXPECT_EQ(error_of(changed("payloadType", std::string(257, 't'))),
            "/payloadType: is longer than 256 bytes");
}

TEST(EnvelopeTest, Base64OfProtoJsonIsTaken) {
  // The same payload, 0xFB 0xEF 0xFF 0x01: standard and URL alphabet, with and without padding.
  const std::string payload = "\xFB\xEF\xFF\x01";
  Json envelope = sealed(payload);
  for (const std::string_view text : {"++//AQ==", "++//AQ", "--__AQ==", "--__AQ"}) {
    envelope.set("payload", text);
    EXPECT_TRUE(envelope_of(envelope).open(signer().public_key()).has_value()) << text;
  }
}

TEST(EnvelopeTest, OtherBase64IsRefused) {
  for (const std::string_view text : {"e30=\n", "e3 0=", " e30=", "e30==", "e3=", "e31=", "e",
                                      "e30$", "e30=e30=", "=", "\xC3\xA9"}) {
    EXPECT_EQ(error_of(changed("payload", text)), "/payload: is not base64") << text;
    EXPECT_EQ(error_of(with_signature_member("sig", text)), "/signatures/0/sig: is not base64");
  }
}

TEST(EnvelopeTest, ErrorsNameThePlaceInTheWholeDocument) {
  const Json bundle = Json::Object{{"dsseEnvelope", changed("payload", "")}};
  const auto view = JsonView(bundle).at("dsseEnvelope");
  EXPECT_EQ(Envelope::parse(*view).error().message(), "/dsseEnvelope/payload: must not be empty");
}

}  // namespace
}  // namespace nono::dsse
