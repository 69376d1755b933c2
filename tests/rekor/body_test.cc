// tests/rekor/body_test.cc: an entry is about one submission, and says so in one way only. Every
// body here is truly logged, promised and proven: what refuses it is its contents.
#include "rekor/body.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

using crypto::KeyAlgorithm;
using test::Draft;
using test::logged;
using test::NoteSigner;
using test::refused;
using test::Shape;
using test::Signer;

constexpr std::array kShapes{Shape::HashedRekord, Shape::Dsse, Shape::InToto, Shape::HashedRekordV2,
                             Shape::EnvelopeV2};

Bytes bytes_of(std::string_view text) {
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

std::string twice_base64(std::string_view text) {
  return base64_encode(as_bytes(base64_encode(as_bytes(text))));
}

class EveryShapeTest : public ::testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Body, EveryShapeTest, ::testing::ValuesIn(kShapes));

TEST_P(EveryShapeTest, EntryOfACertificateMatches) {
  EXPECT_TRUE(logged(Draft(GetParam())));
}

TEST_P(EveryShapeTest, EntryOfAPlainKeyMatches) {
  const Draft draft(GetParam(), NoteSigner::of(KeyAlgorithm::EcdsaP256), Signer::PublicKey);
  EXPECT_TRUE(logged(draft));
}

TEST_P(EveryShapeTest, AnotherSignatureIsAMismatch) {
  Draft draft(GetParam());
  test::flip_last_bit(draft.signature);
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "signature in the log entry is not"));
}

TEST_P(EveryShapeTest, AnotherCertificateIsAMismatch) {
  Draft draft(GetParam());
  test::flip_last_bit(draft.certificate);
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch,
                      "key in the log entry is not the certificate that signed"));
}

TEST_P(EveryShapeTest, AnotherKeyIsAMismatch) {
  Draft draft(GetParam(), NoteSigner::of(KeyAlgorithm::EcdsaP256), Signer::PublicKey);
  draft.key = NoteSigner::of(KeyAlgorithm::EcdsaP256).key();
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch,
                      "key in the log entry is not the public key that signed"));
}

TEST_P(EveryShapeTest, KeyOfACertificateInPlaceOfTheCertificateIsAMismatch) {
  Draft draft(GetParam(), NoteSigner::of(KeyAlgorithm::EcdsaP256), Signer::PublicKey);
  draft.certificate = bytes_of("0\x01 a certificate of the same key");
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "is not the certificate"));
}

TEST_P(EveryShapeTest, CertificateInPlaceOfAPlainKeyIsAMismatch) {
  Draft draft(GetParam());
  draft.certificate.clear();
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "is not the public key"));
}

// The peers' gap: sigstore-go never compares the two.
TEST_P(EveryShapeTest, KindThatTheBodyDoesNotSayIsAMismatch) {
  for (const Shape other : kShapes) {
    const Draft model(other);
    Draft draft(GetParam());
    if (model.kind == draft.kind && model.version == draft.version) {
      continue;
    }
    draft.change_entry = [&](LogEntry& entry) {
      entry.kind = model.kind;
      entry.version = model.version;
    };
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "its body says " + draft.kind))
        << model.kind << ' ' << model.version;
  }
}

TEST_P(EveryShapeTest, BodyOfAnotherKindIsAMismatch) {
  for (const auto& [member, value] :
       {std::pair("kind", "rekord"), std::pair("kind", "Dsse"), std::pair("apiVersion", "0.0.9"),
        std::pair("apiVersion", "0.0.1 ")}) {
    Draft draft(GetParam());
    draft.at(member) = Json(value);
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, value));
  }
}

TEST_P(EveryShapeTest, KindsThatAreNotReadAreUnsupported) {
  for (const auto& [kind, version] :
       {std::pair("intoto", "0.0.1"), std::pair("dsse", "0.0.2"), std::pair("rekord", "0.0.1"),
        std::pair("hashedrekord", "0.0.3"), std::pair("hashedrekord", ""), std::pair("", "0.0.1"),
        std::pair("HashedRekord", "0.0.1"), std::pair("hashedrekord 0.0.1", "0.0.1"),
        std::pair("alpine", "0.0.1"), std::pair("rfc3161", "0.0.1")}) {
    Draft draft(GetParam());
    draft.kind = kind;
    draft.version = version;
    EXPECT_TRUE(refused(draft, LogFault::Unsupported, "are not supported")) << kind;
  }
}

// Every object of the body, with a change to it: an unknown member, a missing one, a null one.
void for_each_object(Json& value, const std::function<void(Json&)>& visit) {
  if (Json::Array* array = value.array()) {
    for (Json& element : *array) {
      for_each_object(element, visit);
    }
  }
  if (value.object() == nullptr) {
    return;
  }
  visit(value);
  for (std::size_t i = 0; i < value.object()->size(); ++i) {
    for_each_object(value.object()->at(i).second, visit);
  }
}

TEST_P(EveryShapeTest, UnknownMemberAnywhereIsMalformed) {
  Draft draft(GetParam());
  const Json good = draft.body;
  std::size_t places = 0;
  for_each_object(draft.body, [&](Json& object) {
    object.object()->emplace_back("extra", Json("x"));
    EXPECT_TRUE(refused(draft, LogFault::Malformed, "extra")) << draft.body.compact();
    object.object()->pop_back();
    ++places;
  });
  EXPECT_EQ(draft.body, good);
  EXPECT_GE(places, 5U);
}

TEST_P(EveryShapeTest, MissingMemberAnywhereIsMalformed) {
  Draft draft(GetParam());
  for_each_object(draft.body, [&](Json& object) {
    for (std::size_t i = 0; i < object.object()->size(); ++i) {
      const Json whole = object;
      const std::string key = object.object()->at(i).first;
      object.object()->erase(object.object()->begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_TRUE(refused(draft, LogFault::Malformed, "")) << key;
      object = whole;
      object.find(key)->operator=(Json());
      EXPECT_TRUE(refused(draft, LogFault::Malformed, "")) << key << " null";
      object = whole;
    }
  });
}

TEST_P(EveryShapeTest, MemberOfAnotherTypeIsMalformed) {
  Draft draft(GetParam());
  for_each_object(draft.body, [&](Json& object) {
    for (auto& member : *object.object()) {
      const Json whole = member.second;
      for (const Json& wrong : {Json(1), Json(true), Json(Json::Array{}), Json(""),
                                Json(Json::Object{}), Json(Json::Array{Json("x")})}) {
        member.second = wrong;
        const auto entry = draft.check();
        ASSERT_FALSE(entry.has_value()) << draft.body.compact();
        // An empty list of signatures is sound, and not about our envelope.
        const bool none = member.first == "signatures" && wrong == Json(Json::Array{});
        EXPECT_EQ(test::name_of(entry.error().fault), none ? "EntryMismatch" : "Malformed")
            << draft.body.compact() << '\n'
            << entry.error().detail;
      }
      member.second = whole;
    }
  });
}

// Base64 has one form only: a second one would be a second body for the same entry.
TEST_P(EveryShapeTest, OtherFormsOfBase64AreRefused) {
  for (const std::string_view form : {"YQ", "YR==", "YQ==\n", " YQ==", "_-==", "Y"}) {
    Draft draft(GetParam());
    const bool v2 = draft.version == "0.0.2" && draft.kind == "hashedrekord";
    const std::string path = v2 ? "spec/hashedRekordV002/signature/content"
                             : draft.kind == "hashedrekord" ? "spec/signature/content"
                             : draft.kind == "dsse"         ? "spec/signatures/0/signature"
                                                    : "spec/content/envelope/signatures/0/sig";
    draft.at(path) = Json(form);
    EXPECT_TRUE(refused(draft, LogFault::Malformed, "must be padded base64")) << form;
  }
}

TEST_P(EveryShapeTest, BodyThatIsNoStrictJsonIsMalformed) {
  const std::string good = Draft(GetParam()).body.compact();
  std::string doubled = good;
  doubled.insert(1, R"("kind":"dsse",)");
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  std::string with_deep = good;
  with_deep.insert(1, R"("x":)" + deep + ',');
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"),
        std::string("\xef\xbb\xbf") + good, good + "x", good + good,
        good.substr(0, good.size() - 1), doubled, with_deep, std::string("\xff")}) {
    Draft draft(GetParam());
    draft.body_text = text;
    EXPECT_TRUE(refused(draft, LogFault::Malformed, "body of the log entry is malformed"))
        << text.substr(0, 80);
  }
}

TEST_P(EveryShapeTest, BodyOverTheLimitIsRefusedUnread) {
  Draft draft(GetParam());
  draft.body_text = draft.body.compact() + std::string(kMaxBodyBytes, ' ');
  EXPECT_TRUE(refused(draft, LogFault::Malformed, "1048576"));
}

// hashedrekord 0.0.1

TEST(HashedRekordTest, AnotherDigestIsAMismatchThatNamesBoth) {
  Draft draft(Shape::HashedRekord);
  const std::string ours = draft.digests.sha256.hex();
  const std::string other = crypto::Sha256::of("other").hex();
  draft.at("spec/data/hash/value") = Json(other);
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, other));
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, ours));
}

TEST(HashedRekordTest, EnvelopeCannotBeLoggedSo) {
  Draft draft(Shape::HashedRekord);
  draft.envelope = EnvelopeParts{"application/vnd.in-toto+json", draft.digests.sha256};
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "the bundle holds an envelope"));
}

TEST(HashedRekordTest, LongerDigestsAreComparedAsWell) {
  for (const auto& [name, digest] :
       {std::pair("sha384", Draft(Shape::HashedRekord).digests.sha384),
        std::pair("sha512", Draft(Shape::HashedRekord).digests.sha512)}) {
    Draft draft(Shape::HashedRekord);
    draft.at("spec/data/hash/algorithm") = Json(name);
    draft.at("spec/data/hash/value") = Json(hex_encode(digest));
    EXPECT_TRUE(logged(draft)) << name;
    Bytes other = digest;
    test::flip_last_bit(other);
    draft.at("spec/data/hash/value") = Json(hex_encode(other));
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, name));
    draft.digests.sha384.clear();
    draft.digests.sha512.clear();
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "only the sha256 is known")) << name;
  }
}

TEST(HashedRekordTest, DigestOfAnotherFormIsMalformed) {
  const std::string good = Draft(Shape::HashedRekord).digests.sha256.hex();
  std::string upper = good;
  for (char& c : upper) {
    c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  }
  for (const std::string& value :
       {upper, good.substr(2), good + "00", good.substr(1), "sha256:" + good, good + ' '}) {
    Draft draft(Shape::HashedRekord);
    draft.at("spec/data/hash/value") = Json(value);
    EXPECT_TRUE(refused(draft, LogFault::Malformed, "/spec/data/hash/value")) << value;
  }
}

TEST(HashedRekordTest, DigestOfAnotherAlgorithmIsMalformed) {
  for (const std::string_view name :
       {"sha1", "SHA256", "SHA2_256", "sha-256", "md5", "sha512/256"}) {
    Draft draft(Shape::HashedRekord);
    draft.at("spec/data/hash/algorithm") = Json(name);
    EXPECT_TRUE(refused(draft, LogFault::Malformed, "algorithm")) << name;
  }
}

TEST(HashedRekordTest, LabelOfALongerDigestOnAShorterIsMalformed) {
  Draft draft(Shape::HashedRekord);
  draft.at("spec/data/hash/algorithm") = Json("sha512");
  EXPECT_TRUE(refused(draft, LogFault::Malformed, "must be 64 bytes"));
}

// The key in PEM

std::string pem_of(const Draft& draft) {
  return test::pem("CERTIFICATE", draft.certificate);
}

void expect_pem(const std::string& text, bool taken, std::string_view what) {
  Draft draft(Shape::HashedRekord);
  draft.at("spec/signature/publicKey/content") = Json(base64_encode(as_bytes(text)));
  EXPECT_EQ(static_cast<bool>(logged(draft)), taken) << what << '\n' << text;
  if (!taken) {
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "is not the certificate")) << what;
  }
}

TEST(LoggedKeyTest, LineEndsOfThePemAreFree) {
  const std::string good = pem_of(Draft(Shape::HashedRekord));
  expect_pem(good, true, "as written");
  expect_pem(good.substr(0, good.size() - 1), true, "no last line feed");
  std::string crlf;
  for (const char c : good) {
    crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  expect_pem(crlf, true, "CRLF");
}

TEST(LoggedKeyTest, NothingElseStandsInThePem) {
  const Draft draft(Shape::HashedRekord);
  const std::string good = pem_of(draft);
  expect_pem(good + good, false, "two blocks");
  expect_pem("subject: x\n" + good, false, "text before");
  expect_pem(good + "x", false, "text after");
  expect_pem(' ' + good, false, "space before");
  expect_pem(test::pem("X509 CERTIFICATE", draft.certificate), false, "old label");
  expect_pem(test::pem("PUBLIC KEY", draft.certificate), false, "label of a key");
  expect_pem(std::string(as_text(draft.certificate)), false, "no PEM");
  Bytes longer = draft.certificate;
  longer.push_back(std::byte{0});
  expect_pem(test::pem("CERTIFICATE", longer), false, "a byte more");
}

// dsse 0.0.1 and intoto 0.0.2

class EnvelopeRecordTest : public ::testing::TestWithParam<Shape> {
 protected:
  static std::string in(const Draft& draft, std::string_view dsse, std::string_view intoto) {
    return std::string(draft.kind == "dsse" ? dsse : intoto);
  }
};
INSTANTIATE_TEST_SUITE_P(Body, EnvelopeRecordTest, ::testing::Values(Shape::Dsse, Shape::InToto));

TEST_P(EnvelopeRecordTest, BareSignatureIsAMismatch) {
  Draft draft(GetParam());
  draft.envelope.reset();
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "the bundle holds a bare signature"));
}

TEST_P(EnvelopeRecordTest, AnotherPayloadIsAMismatchThatNamesBoth) {
  Draft draft(GetParam());
  const std::string ours = draft.envelope->payload_sha256.hex();
  const std::string other = crypto::Sha256::of("other").hex();
  draft.at(in(draft, "spec/payloadHash/value", "spec/content/payloadHash/value")) = Json(other);
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, other));
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, ours));
}

TEST_P(EnvelopeRecordTest, DigestsBesideSha256AreMalformed) {
  for (const std::string& path : {std::string("Hash"), std::string("payloadHash")}) {
    Draft draft(GetParam());
    const std::string name = path == "Hash"
                                 ? in(draft, "spec/envelopeHash", "spec/content/hash")
                                 : in(draft, "spec/payloadHash", "spec/content/payloadHash");
    draft.at(name + "/algorithm") = Json("sha512");
    draft.at(name + "/value") = Json(std::string(128, 'a'));
    EXPECT_TRUE(refused(draft, LogFault::Malformed, "must be a sha256"));
  }
}

// What the digest of the uploaded JSON is over, nobody keeps: any will do.
TEST_P(EnvelopeRecordTest, DigestOfTheUploadIsNotCompared) {
  Draft draft(GetParam());
  draft.at(in(draft, "spec/envelopeHash/value", "spec/content/hash/value")) =
      Json(crypto::Sha256::of("another upload").hex());
  EXPECT_TRUE(logged(draft));
}

TEST_P(EnvelopeRecordTest, OtherThanOneSignatureIsAMismatch) {
  for (const std::size_t count : {0U, 2U, 32U}) {
    Draft draft(GetParam());
    Json& list = draft.at(in(draft, "spec/signatures", "spec/content/envelope/signatures"));
    const Json one = list.array()->front();
    *list.array() = Json::Array(count, one);
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch,
                        "an envelope with " + std::to_string(count) + " signatures"));
  }
}

TEST_P(EnvelopeRecordTest, MoreSignaturesThanTheLimitAreMalformed) {
  Draft draft(GetParam());
  Json& list = draft.at(in(draft, "spec/signatures", "spec/content/envelope/signatures"));
  *list.array() = Json::Array(33, list.array()->front());
  EXPECT_TRUE(refused(draft, LogFault::Malformed, "at most 32"));
}

TEST(InTotoTest, KeyIdIsAHint) {
  Draft draft(Shape::InToto);
  draft.at("spec/content/envelope/signatures/0").set("keyid", Json("any"));
  EXPECT_TRUE(logged(draft));
  draft.at("spec/content/envelope/signatures/0").set("keyid", Json(1));
  EXPECT_TRUE(refused(draft, LogFault::Malformed, "keyid"));
}

TEST(InTotoTest, AnotherPayloadTypeIsAMismatch) {
  Draft draft(Shape::InToto);
  draft.at("spec/content/envelope/payloadType") = Json("text/plain");
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "payload type text/plain"));
}

TEST(InTotoTest, PayloadInTheBodyIsComparedBesideOrInsteadOfItsDigest) {
  Draft draft(Shape::InToto);
  Json& envelope = draft.at("spec/content/envelope");
  envelope.set("payload", Json(twice_base64(draft.payload)));
  EXPECT_TRUE(logged(draft));
  envelope.set("payload", Json(twice_base64("another")));
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "payload in the log entry is not"));
  std::erase_if(*draft.at("spec/content").object(),
                [](const JsonMember& member) { return member.first == "payloadHash"; });
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "payload in the log entry is not"));
  draft.at("spec/content/envelope").set("payload", Json(twice_base64(draft.payload)));
  EXPECT_TRUE(logged(draft));
}

TEST(InTotoTest, PayloadAndSignatureEncodedOnceAreMalformed) {
  Draft draft(Shape::InToto);
  draft.at("spec/content/envelope").set("payload", Json(base64_encode(as_bytes(draft.payload))));
  EXPECT_TRUE(refused(draft, LogFault::Malformed, "/spec/content/envelope/payload"));
  Draft other(Shape::InToto);
  other.at("spec/content/envelope/signatures/0/sig") = Json(base64_encode(other.signature));
  EXPECT_TRUE(refused(other, LogFault::Malformed, "/spec/content/envelope/signatures/0/sig"));
}

// hashedrekord 0.0.2

class EveryKeyTest : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Body, EveryKeyTest,
                         ::testing::Values(KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                                           KeyAlgorithm::EcdsaP521, KeyAlgorithm::Ed25519,
                                           KeyAlgorithm::Rsa));

TEST_P(EveryKeyTest, GoesWithItsDigestAndName) {
  for (const Shape shape : {Shape::HashedRekordV2, Shape::EnvelopeV2}) {
    for (const Signer signer : {Signer::Certificate, Signer::PublicKey}) {
      EXPECT_TRUE(logged(Draft(shape, NoteSigner::of(KeyAlgorithm::Ed25519), signer, GetParam())));
    }
  }
}

TEST_P(EveryKeyTest, UnderAnotherNameIsAMismatch) {
  Draft draft(Shape::HashedRekordV2, NoteSigner::of(KeyAlgorithm::Ed25519), Signer::Certificate,
              GetParam());
  for (const std::string_view name : {"PKIX_ED25519", "PKIX_ECDSA_P384_SHA_256", "5", "x"}) {
    draft.at("spec/hashedRekordV002/signature/verifier/keyDetails") = Json(name);
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "calls the key")) << name;
  }
}

TEST_P(EveryKeyTest, WithTheDigestOfAnotherIsAMismatch) {
  for (const auto& [name, size] :
       {std::pair("SHA2_256", 32U), std::pair("SHA2_384", 48U), std::pair("SHA2_512", 64U)}) {
    Draft draft(Shape::HashedRekordV2, NoteSigner::of(KeyAlgorithm::Ed25519), Signer::Certificate,
                GetParam());
    if (*draft.at("spec/hashedRekordV002/data/algorithm").string() == name) {
      continue;
    }
    draft.at("spec/hashedRekordV002/data/algorithm") = Json(name);
    draft.at("spec/hashedRekordV002/data/digest") = Json(base64_encode(Bytes(size)));
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "the signer's key goes with"));
  }
}

TEST(HashedRekordV2Test, DigestThatIsNotKnownHereIsAMismatch) {
  Draft draft(Shape::HashedRekordV2, NoteSigner::of(KeyAlgorithm::Ed25519), Signer::Certificate,
              KeyAlgorithm::EcdsaP384);
  draft.digests.sha384.clear();
  draft.digests.sha512.clear();
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "only the sha256 is known"));
}

TEST(HashedRekordV2Test, AnotherDigestIsAMismatch) {
  for (const Shape shape : {Shape::HashedRekordV2, Shape::EnvelopeV2}) {
    Draft draft(shape);
    draft.at("spec/hashedRekordV002/data/digest") =
        Json(base64_encode(crypto::Sha256::of("other").bytes()));
    EXPECT_TRUE(refused(draft, LogFault::EntryMismatch,
                        shape == Shape::EnvelopeV2 ? "an envelope (its PAE)" : "an artifact"));
  }
}

// The digest of the payload alone would leave the payload's type open.
TEST(HashedRekordV2Test, DigestOfThePayloadInPlaceOfThePaeIsAMismatch) {
  Draft draft(Shape::EnvelopeV2);
  draft.at("spec/hashedRekordV002/data/digest") =
      Json(base64_encode(draft.envelope->payload_sha256.bytes()));
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "an envelope (its PAE)"));
}

TEST(HashedRekordV2Test, VerifierIsEitherCertificateOrKey) {
  Draft draft(Shape::HashedRekordV2);
  Json& verifier = draft.at("spec/hashedRekordV002/signature/verifier");
  verifier.set("publicKey", Json(Json::Object{{"rawBytes", base64_encode(draft.key.spki_der())}}));
  EXPECT_TRUE(refused(draft, LogFault::Malformed, "either x509Certificate or publicKey"));
  std::erase_if(*verifier.object(), [](const JsonMember& m) { return m.first != "keyDetails"; });
  EXPECT_TRUE(refused(draft, LogFault::Malformed, "either x509Certificate or publicKey"));
}

TEST(HashedRekordV2Test, KeyInThePlaceOfACertificateIsAMismatch) {
  Draft draft(Shape::HashedRekordV2, NoteSigner::of(KeyAlgorithm::Ed25519), Signer::PublicKey);
  Json& verifier = draft.at("spec/hashedRekordV002/signature/verifier");
  verifier.object()->at(1).first = "x509Certificate";
  EXPECT_TRUE(refused(draft, LogFault::EntryMismatch, "is not the public key"));
}

// The log holds the same members in these: what differs is the leaf that was hashed.
TEST(HashedRekordV2Test, OtherSpellingsOfTheSameJsonAreMalformed) {
  const Draft good(Shape::HashedRekordV2);
  const std::string text = good.body.compact();
  std::string escaped = text;
  escaped.replace(escaped.find("hashedrekord"), 1, "\\u0068");
  Draft reordered = good;
  std::swap(reordered.body.object()->at(0), reordered.body.object()->at(1));
  for (const std::string& other :
       {text + '\n', ' ' + text, good.body.pretty(), escaped, reordered.body.compact()}) {
    Draft draft = good;
    draft.body_text = other;
    EXPECT_TRUE(refused(draft, LogFault::Malformed, "is not the canonical JSON")) << other;
  }
}

// In v1 the log's own spelling is hashed, whatever it was: nothing is rebuilt.
TEST(HashedRekordTest, OtherSpellingsOfTheSameJsonAreTheLogs) {
  Draft draft(Shape::HashedRekord);
  draft.body_text = draft.body.pretty();
  EXPECT_TRUE(logged(draft));
}

TEST(HashedRekordV2Test, CanonicalJsonIsKnownToTheByte) {
  Draft draft(Shape::HashedRekordV2);
  const std::string digest = base64_encode(draft.digests.sha256.bytes());
  const std::string signature = base64_encode(draft.signature);
  const std::string certificate = base64_encode(draft.certificate);
  EXPECT_EQ(canonical_hashedrekord(draft.submission()),
            R"({"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{)"
            R"("algorithm":"SHA2_256","digest":")" +
                digest + R"("},"signature":{"content":")" + signature +
                R"(","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{)"
                R"("rawBytes":")" +
                certificate + R"("}}}}}})");
  draft.certificate.clear();
  const std::string key = base64_encode(draft.key.spki_der());
  EXPECT_EQ(canonical_hashedrekord(draft.submission()),
            R"({"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{)"
            R"("algorithm":"SHA2_256","digest":")" +
                digest + R"("},"signature":{"content":")" + signature +
                R"(","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{)"
                R"("rawBytes":")" +
                key + R"("}}}}}})");
}

// An RSA key of 2,176 bits is a good key, and no scheme of Rekor's has its name.
crypto::PublicKey key_without_name() {
  const auto der = hex_decode("30820132300d06092a864886f70d01010105000382011f003082011a0282011100" +
                              std::string(544, 'f') + "0203010001");
  return *crypto::PublicKey::parse_spki_der(*der);
}

TEST(HashedRekordV2Test, KeyThatRekorHasNoNameForIsUnsupported) {
  Draft draft(Shape::HashedRekordV2);
  draft.key = key_without_name();
  EXPECT_FALSE(key_details(draft.key));
  EXPECT_FALSE(canonical_hashedrekord(draft.submission()));
  EXPECT_TRUE(refused(draft, LogFault::Unsupported, "2176 bits"));
}

TEST(HashedRekordV2Test, NamesOfKeysAreThoseOfProtobufSpecs) {
  const auto name = [](KeyAlgorithm algorithm) {
    return key_details(NoteSigner::of(algorithm).key()).value_or("none");
  };
  EXPECT_EQ(name(KeyAlgorithm::EcdsaP256), "PKIX_ECDSA_P256_SHA_256");
  EXPECT_EQ(name(KeyAlgorithm::EcdsaP384), "PKIX_ECDSA_P384_SHA_384");
  EXPECT_EQ(name(KeyAlgorithm::EcdsaP521), "PKIX_ECDSA_P521_SHA_512");
  EXPECT_EQ(name(KeyAlgorithm::Ed25519), "PKIX_ED25519_PH");
  EXPECT_EQ(name(KeyAlgorithm::Rsa), "PKIX_RSA_PKCS1V15_2048_SHA256");
}

}  // namespace
}  // namespace nono::rekor
