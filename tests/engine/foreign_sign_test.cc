// tests/engine/foreign_sign_test.cc: bundles for other clients: over a file, or over a statement
// byte for byte. What the conformance suite asserts of a signed bundle is asserted here.
#include "engine/foreign_sign.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "engine/foreign.h"
#include "tests/engine/fake_sigstore.h"
#include "tests/engine/support.h"
#include "tests/sigstore/cases.h"

namespace nono::engine {
namespace {

using testing::FakeSigstore;
using testing::FixedClock;
using testing::must;

// Odd spacing and order: what is signed is these bytes and not a rendering of them.
constexpr std::string_view kStatement = R"({ "subject":[{"name":"a","digest":{"sha256":
"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}],"predicate":{"b":1,"a":2},
  "_type":"https://in-toto.io/Statement/v1", "predicateType":"https://example.com/p" })";

class ForeignSignTest : public testing::EngineTest {
 protected:
  Result<void> sign(const std::string& file, SignedForm form, int log = 2) {
    const ServiceCaller caller(fake_, [](std::chrono::milliseconds) {});
    const auto config =
        must(attest::SigningConfig::parse(FakeSigstore::signing_config({log}).compact()));
    std::string text = FakeSigstore::token();
    const auto token = must(attest::IdentityToken::read(crypto::Secret::take(text), clock_.now()));
    NONO_TRY(const KeylessAuthor author,
             KeylessAuthor::certify(caller, must(ChosenServices::choose(config, clock_)), root(),
                                    token));
    return sign_foreign(author, file, form, out());
  }
  std::string out() const { return in("out.json"); }
  std::shared_ptr<const attest::RootSource> root() const {
    return std::make_shared<const attest::RootSource>(
        attest::RootSource::of(must(attest::TrustedRoot::parse(fake_.trusted_root()))));
  }
  // verified is the code of why not, or "verified".
  std::string verified(const std::string& artifact) const {
    ForeignRequest request{.artifact = artifact,
                           .bundle = out(),
                           .trusted_root = std::nullopt,
                           .key = std::nullopt,
                           .identity = {}};
    request.identity.subject = "alice@example.com";
    request.identity.issuer = "https://accounts.example.com";
    const ForeignReport report = must(verify_foreign(request, *root()));
    return report.finding ? "verified" : std::string(attest::code(report.finding.error().reason));
  }
  Json bundle() const { return must(Json::parse(must(read_file(out(), 1u << 20)), kBundleLimits)); }
  std::string text_at(const std::vector<std::string_view>& path) const {
    Json document = bundle();
    return *factory::member(document, path).string();
  }
  void expect_refused(const Result<void>& done, std::string_view words) const {
    ASSERT_FALSE(done) << words;
    EXPECT_TRUE(done.error().message().contains(words)) << done.error().message();
    EXPECT_NE(::access(out().c_str(), F_OK), 0);
  }

  FakeSigstore fake_;
  FixedClock clock_{factory::kSigned};
};

TEST_F(ForeignSignTest, AFileIsSignedBareAndVerifiesForWhoSignedIt) {
  const std::string file = write("artifact", "hello");
  for (const int log : {1, 2}) {
    must(sign(file, SignedForm::Message, log));
    EXPECT_EQ(verified(file), "verified");
    EXPECT_EQ(verified(write("other", "hell")), "log-entry-mismatch");
  }
}

TEST_F(ForeignSignTest, AStatementIsSignedByteForByte) {
  for (const int log : {1, 2}) {
    must(sign(write("statement.json", kStatement), SignedForm::Statement, log));
    const auto payload = base64_decode(text_at({"dsseEnvelope", "payload"}), Base64::Strict);
    ASSERT_TRUE(payload);
    EXPECT_EQ(as_text(*payload), kStatement);
    EXPECT_EQ(verified(write("subject", "hello")), "verified");
    EXPECT_EQ(verified(write("other", "hell")), "subject-mismatch");
  }
}

TEST_F(ForeignSignTest, TheBundleIsWhatTheConformanceSuiteAsksFor) {
  must(sign(write("artifact", "hello"), SignedForm::Message));
  Json document = bundle();
  EXPECT_EQ(text_at({"mediaType"}), "application/vnd.dev.sigstore.bundle.v0.3+json");
  EXPECT_EQ(document.find("dsseEnvelope"), nullptr);
  EXPECT_NE(document.find("messageSignature"), nullptr);
  const Json& material = *document.find("verificationMaterial");
  EXPECT_NE(material.find("certificate"), nullptr);
  EXPECT_EQ(material.find("x509CertificateChain"), nullptr);
  EXPECT_EQ(text_at({"verificationMaterial", "tlogEntries", "0", "kindVersion", "kind"}),
            "hashedrekord");
  EXPECT_EQ(text_at({"verificationMaterial", "tlogEntries", "0", "kindVersion", "version"}),
            "0.0.2");
  EXPECT_EQ(material.find("timestampVerificationData")->find("rfc3161Timestamps")->array()->size(),
            1u);
  EXPECT_EQ(text_at({"messageSignature", "messageDigest", "algorithm"}), "SHA2_256");
}

TEST_F(ForeignSignTest, WithVersionOneABareSignatureIsLoggedAsSuch) {
  must(sign(write("artifact", "hello"), SignedForm::Message, 1));
  EXPECT_EQ(text_at({"verificationMaterial", "tlogEntries", "0", "kindVersion", "version"}),
            "0.0.1");
  EXPECT_EQ(fake_.asked("/api/v1/log/entries"), 1);
}

TEST_F(ForeignSignTest, WhatIsNoStatementIsNotPublished) {
  for (const std::string_view text : {"hello", "{}", R"({"_type":"https://in-toto.io/Statement/v1",
       "subject":[],"predicateType":"p"})"}) {
    fake_ = FakeSigstore();
    expect_refused(sign(write("statement.json", text), SignedForm::Statement), "the statement");
    EXPECT_EQ(fake_.asked("timestamp"), 0);
    EXPECT_EQ(fake_.asked("log/entries"), 0);
  }
}

TEST_F(ForeignSignTest, AnEntryAboutAnotherFileIsRefused) {
  const std::string file = write("artifact", "hello");
  fake_.entry_v1.body_before = [](Json& body) {
    factory::member(body, {"spec", "data", "hash", "value"}) = Json(std::string(64, 'a'));
  };
  expect_refused(sign(file, SignedForm::Message, 1), "the log entry does not verify");
  fake_.entry_v2.body_before = [](Json& body) {
    factory::member(body, {"spec", "hashedRekordV002", "data", "digest"}) =
        Json(base64_encode(factory::sha256(factory::bytes_of("another"))));
  };
  expect_refused(sign(file, SignedForm::Message, 2), "the log entry does not verify");
}

TEST_F(ForeignSignTest, AFileThatIsNotThereOrABundleThatCannotBeWrittenIsNamed) {
  expect_refused(sign(in("none"), SignedForm::Message), "none");
  const std::string file = write("artifact", "hello");
  make_directory(out());
  const auto done = sign(file, SignedForm::Message);
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().message().contains("out.json")) << done.error().message();
}

}  // namespace
}  // namespace nono::engine
