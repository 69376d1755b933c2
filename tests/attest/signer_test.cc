// tests/attest/signer_test.cc: what nono writes, and that it verifies where it should and only
// there.
#include "attest/signer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "attest/bundle.h"
#include "base/encoding.h"
#include "base/files.h"
#include "dsse/statement.h"
#include "support.h"

namespace nono::attest::test {
namespace {

constexpr std::string_view kContents = "# CLAUDE\nBe kind.\n";

std::shared_ptr<const Keyring> ring_of(const crypto::PrivateKey& key) {
  auto keys = std::make_shared<Keyring>();
  keys->add(KeyringEntry{
      .key = key.public_key(), .alias = "self", .key_id = "", .extra_predicate_types = {}});
  return keys;
}

Json statement_in(const std::string& bundle) {
  Json document = *Json::parse(bundle, kBundleLimits);
  const auto payload =
      base64_decode(*at(document, {"dsseEnvelope", "payload"}).string(), Base64::Strict);
  return *Json::parse(as_text(*payload), kBundleLimits);
}

class SignerTest : public ::testing::Test {
 protected:
  SigningTarget target(Place place, std::string signed_path) const {
    return {.file = &file_, .place = std::move(place), .signed_path = std::move(signed_path)};
  }
  // verdict examines the bundle where it was found for a file that stands at `place`.
  std::string verdict(const std::string& bundle, const Place& place, std::string bundle_path,
                      bool multi = false, Purpose purpose = Purpose::InstructionFile) const {
    const auto examined =
        Verifier(ring_of(key_))
            .examine(seal_text(kContents), place,
                     std::vector{Evidence{bundle, std::move(bundle_path), multi}}, purpose);
    const Finding& finding = examined->finding();
    return binding_of(finding);
  }
  std::string refusal(const Result<std::string>& result) const {
    return result ? "signed" : result.error().message();
  }
  crypto::PrivateKey key_ = make_key();
  KeyAuthor author_{key_};
  SealedFile file_ = seal_text(kContents);
  Place docs_{"/w/repo/docs/CLAUDE.md", "/w/repo", "docs/CLAUDE.md"};
  Place top_{"/w/repo/AGENTS.md", "/w/repo", "AGENTS.md"};
  Place outside_{"/w/repo/docs/CLAUDE.md", "", ""};
};

TEST_F(SignerTest, TheSidecarHasTheDocumentedForm) {
  const auto bundle = sign_one(author_, target(docs_, "docs/CLAUDE.md"), Purpose::InstructionFile);
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  Json document = *Json::parse(*bundle, kBundleLimits);
  const std::string fingerprint = key_.public_key().fingerprint().hex();
  EXPECT_EQ(*at(document, {"mediaType"}).string(), kBundleV03);
  EXPECT_EQ(*at(document, {"verificationMaterial", "publicKey", "hint"}).string(), fingerprint);
  EXPECT_TRUE(at(document, {"verificationMaterial", "tlogEntries"}).array()->empty());
  EXPECT_EQ(at(document, {"dsseEnvelope", "signatures"}).array()->size(), 1u);
  EXPECT_EQ(*bundle, document.pretty());
  const std::string expected =
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"CLAUDE.md","digest":{"sha256":")" +
      crypto::Sha256::of(kContents).hex() +
      R"("}}],"predicateType":"https://nono.sh/attestation/instruction-file/v1","predicate":{"version":1,)"
      R"("signer":{"kind":"keyed","key_id":")" +
      fingerprint + R"("},"path":"docs/CLAUDE.md"}})";
  EXPECT_EQ(statement_in(*bundle).compact(), expected);
}

TEST_F(SignerTest, ASidecarVerifiesInItsPlaceAndNowhereElseInTheRepository) {
  const auto bundle = sign_one(author_, target(docs_, "docs/CLAUDE.md"), Purpose::InstructionFile);
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  EXPECT_EQ(verdict(*bundle, docs_, docs_.path + ".bundle"), "path");
  const Place moved{"/w/repo/CLAUDE.md", "/w/repo", "CLAUDE.md"};
  EXPECT_EQ(verdict(*bundle, moved, moved.path + ".bundle"), "subject-mismatch");
  EXPECT_EQ(verdict(*bundle, docs_, docs_.path + ".bundle", false, Purpose::TrustPolicy),
            "wrong-predicate-type");
}

TEST_F(SignerTest, EveryKeyAlgorithmSigns) {
  for (const auto algorithm : {crypto::KeyAlgorithm::EcdsaP256, crypto::KeyAlgorithm::EcdsaP384,
                               crypto::KeyAlgorithm::Ed25519}) {
    key_ = make_key(algorithm);
    const auto bundle =
        sign_one(author_, target(docs_, "docs/CLAUDE.md"), Purpose::InstructionFile);
    ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
    EXPECT_EQ(verdict(*bundle, docs_, docs_.path + ".bundle"), "path");
  }
}

TEST_F(SignerTest, APolicyIsSignedForItsPurposeOnly) {
  const Place place{"/w/repo/trust-policy.json", "/w/repo", "trust-policy.json"};
  const auto bundle = sign_one(author_, target(place, "trust-policy.json"), Purpose::TrustPolicy);
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  EXPECT_EQ(verdict(*bundle, place, place.path + ".bundle", false, Purpose::TrustPolicy), "path");
  EXPECT_EQ(verdict(*bundle, place, place.path + ".bundle"), "wrong-predicate-type");
}

TEST_F(SignerTest, OutsideARepositoryTheEndOfThePathIsSigned) {
  for (const std::string path : {"docs/CLAUDE.md", "CLAUDE.md"}) {
    const auto bundle = sign_one(author_, target(outside_, path), Purpose::InstructionFile);
    ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
    EXPECT_EQ(verdict(*bundle, outside_, outside_.path + ".bundle"), "basename-only");
  }
}

TEST_F(SignerTest, APathThatIsNotTheFilesIsRefused) {
  for (const std::string path :
       {"CLAUDE.md", "docs/AGENTS.md", "/w/repo/docs/CLAUDE.md", "../repo/docs/CLAUDE.md", ""}) {
    const auto bundle = sign_one(author_, target(docs_, path), Purpose::InstructionFile);
    EXPECT_NE(refusal(bundle), "signed") << path;
  }
}

TEST_F(SignerTest, ANameThatNoVerifierTakesIsRefused) {
  for (const std::string name : {"CLAUDE-\xE9.md", "CLAUDE\n.md", "CLAUDE\x1B[31m.md"}) {
    const Place place{"/w/repo/" + name, "/w/repo", name};
    EXPECT_NE(refusal(sign_one(author_, target(place, name), Purpose::InstructionFile)), "signed");
    EXPECT_NE(refusal(sign_many(author_, "/w/repo", {target(place, name)})), "signed");
  }
  const Place latin{"/w/repo/\xE9", "/w/repo", "\xE9"};
  const auto refused = sign_one(author_, target(latin, "\xE9"), Purpose::InstructionFile);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::InvalidInput);
  EXPECT_EQ(refused.error().remedy(), "rename the file");
  const Place beneath{"/w/repo/\xE9/CLAUDE.md", "/w/repo", "\xE9/CLAUDE.md"};
  const auto below = sign_one(author_, target(beneath, "\xE9/CLAUDE.md"), Purpose::InstructionFile);
  ASSERT_FALSE(below.has_value());
  EXPECT_EQ(below.error().remedy(), "rename the directory");
}

TEST_F(SignerTest, NamesBeyondAsciiAreSigned) {
  for (const std::string name :
       {"SKILLS-ünïcode.md", "SKILLS space name.md", "SKILLS-quote\"x.md", "back\\slash.md"}) {
    const Place place{"/w/repo/" + name, "/w/repo", name};
    const auto bundle = sign_one(author_, target(place, name), Purpose::InstructionFile);
    EXPECT_EQ(refusal(bundle), "signed") << name;
  }
}

TEST_F(SignerTest, OneBundleNamesManyFilesFromItsDirectory) {
  const auto bundle =
      sign_many(author_, "/w/repo", {target(docs_, "docs/CLAUDE.md"), target(top_, "AGENTS.md")});
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  Json statement = statement_in(*bundle);
  EXPECT_EQ(*at(statement, {"predicateType"}).string(), kMultiFileV1);
  EXPECT_EQ(*at(statement, {"subject", "0", "name"}).string(), "AGENTS.md");
  EXPECT_EQ(*at(statement, {"subject", "1", "name"}).string(), "docs/CLAUDE.md");
  EXPECT_EQ(*at(statement, {"predicate", "directory"}).string(), "");
  EXPECT_EQ(verdict(*bundle, docs_, "/w/repo/.nono-trust.bundle", true), "path");
  EXPECT_EQ(verdict(*bundle, top_, "/w/repo/.nono-trust.bundle", true), "path");
  const Place unnamed{"/w/repo/GEMINI.md", "/w/repo", "GEMINI.md"};
  EXPECT_EQ(verdict(*bundle, unnamed, "/w/repo/.nono-trust.bundle", true), "no-bundle");
}

TEST_F(SignerTest, AMultiBundleMovedToAnotherDirectoryIsRefused) {
  const auto bundle = sign_many(author_, "/w/repo/docs", {target(docs_, "docs/CLAUDE.md")});
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  Json statement = statement_in(*bundle);
  EXPECT_EQ(*at(statement, {"predicate", "directory"}).string(), "docs");
  EXPECT_EQ(verdict(*bundle, docs_, "/w/repo/docs/.nono-trust.bundle", true), "path");
  const Place moved{"/w/repo/CLAUDE.md", "/w/repo", "CLAUDE.md"};
  EXPECT_EQ(verdict(*bundle, moved, "/w/repo/.nono-trust.bundle", true), "subject-mismatch");
}

TEST_F(SignerTest, OutsideARepositoryAMultiBundleCarriesNoDirectory) {
  const auto bundle = sign_many(author_, "/w/repo", {target(outside_, "docs/CLAUDE.md")});
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  EXPECT_EQ(statement_in(*bundle).find("predicate")->find("directory"), nullptr);
  EXPECT_EQ(verdict(*bundle, outside_, "/w/repo/.nono-trust.bundle", true), "bundle-path");
}

TEST_F(SignerTest, TargetsThatDoNotFitOneBundleAreRefused) {
  const SigningTarget docs = target(docs_, "docs/CLAUDE.md");
  EXPECT_TRUE(refusal(sign_many(author_, "/w/repo", {})).contains("no file"));
  EXPECT_TRUE(refusal(sign_many(author_, "/w/repo", {docs, docs})).contains("twice"));
  EXPECT_TRUE(refusal(sign_many(author_, "/w/other", {docs})).contains("outside the repository"));
  EXPECT_TRUE(refusal(sign_many(author_, "/w/repo/do", {docs})).contains("does not lie in"));
  EXPECT_TRUE(refusal(sign_many(author_, "/w", {docs})).contains("outside the repository"));
  const Place nested{"/w/repo/sub/CLAUDE.md", "/w/repo/sub", "CLAUDE.md"};
  EXPECT_TRUE(refusal(sign_many(author_, "/w/repo", {docs, target(nested, "CLAUDE.md")}))
                  .contains("not of one repository"));
  std::vector<SigningTarget> many;
  for (int i = 0; i <= 1024; ++i) {
    const std::string name = "f" + std::to_string(i);
    many.push_back(target({"/w/repo/" + name, "/w/repo", name}, name));
  }
  EXPECT_TRUE(refusal(sign_many(author_, "/w/repo", many)).contains("1024"));
}

TEST_F(SignerTest, AnEmptyFileIsSigned) {
  file_ = seal_text("");
  const auto bundle = sign_one(author_, target(docs_, "docs/CLAUDE.md"), Purpose::InstructionFile);
  EXPECT_EQ(refusal(bundle), "signed");
}

// The whole line on real files: sign, write, find, verify; then move the pair elsewhere.
TEST_F(SignerTest, WhatIsWrittenIsFoundAndVerified) {
  const TempDir dir;
  dir.make_directory(".git");
  const std::string path = dir.write("docs/CLAUDE.md", kContents);
  const Place place = place_of(path);
  const auto bundle =
      sign_one(author_, target(place, place.repository_path), Purpose::InstructionFile);
  ASSERT_TRUE(bundle.has_value()) << bundle.error().message();
  const Verifier verifier(ring_of(key_));
  for (const auto& [name, expected] : std::vector<std::pair<std::string, std::string>>{
           {"docs/CLAUDE.md", "accepted"}, {"CLAUDE.md", "subject-mismatch"}}) {
    dir.write(name, kContents);
    dir.write(name + ".bundle", *bundle);
    const Place here = place_of(dir.at(name));
    const auto evidence = find_evidence(here);
    ASSERT_TRUE(evidence.has_value());
    const auto examined = verifier.examine(seal_text(read_text(here.path)), here, *evidence,
                                           Purpose::InstructionFile);
    ASSERT_TRUE(examined.has_value());
    EXPECT_EQ(outcome(examined->finding()), expected) << name;
  }
}

}  // namespace
}  // namespace nono::attest::test
