// tests/crypto/head_start_test.cc: asked ahead or not, the answer is the same.
#include "crypto/head_start.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/certificate_authority.h"
#include "crypto/keys.h"
#include "tests/crypto/certificate_draft.h"
#include "tests/crypto/threads.h"

namespace nono::crypto {
namespace {

using test::Draft;
using test::noon;
using test::threads;
using test::threads_in_the_end;

const PrivateKey& key(KeyAlgorithm algorithm) {
  static const PrivateKey p256 = *PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  static const PrivateKey p384 = *PrivateKey::generate(KeyAlgorithm::EcdsaP384);
  static const PrivateKey ed25519 = *PrivateKey::generate(KeyAlgorithm::Ed25519);
  switch (algorithm) {
    case KeyAlgorithm::EcdsaP384:
      return p384;
    case KeyAlgorithm::Ed25519:
      return ed25519;
    default:
      return p256;
  }
}

CertificateAuthority authority_of(const PrivateKey& root) {
  const Draft draft = test::authority("root", root.public_key(), "root");
  return *CertificateAuthority::make({draft.issued_by(root)});
}

Certificate leaf_by(const PrivateKey& issuer) {
  return test::leaf(key(KeyAlgorithm::EcdsaP256).public_key(), "root").issued_by(issuer);
}

std::string verdict(const CertificateAuthority& authority, const Certificate& leaf) {
  const auto issuer = authority.issuer_of(leaf, {}, noon(), LeafUse::CodeSigning);
  return issuer ? "ok" : issuer.error().detail;
}

// about is the question that a verification asks.
HeadStart::Question about(std::vector<CertificateAuthority> authorities, const Certificate& leaf) {
  return [authorities = std::move(authorities), leaf] {
    for (const CertificateAuthority& authority : authorities) {
      authority.ask_ahead(leaf);
    }
  };
}

class HeadStartTest : public ::testing::TestWithParam<KeyAlgorithm> {};

// Each verdict is asked of certificates parsed anew: one that was asked remembers.
void expect_same_verdicts(const CertificateAuthority& authority, const CertificateAuthority& other,
                          const Certificate& leaf, bool good) {
  const std::string alone = verdict(authority, *Certificate::parse_der(leaf.der()));
  EXPECT_EQ(alone == "ok", good);
  HeadStart start;
  start.ask(about({authority, other}, leaf));
  EXPECT_EQ(verdict(authority, leaf), alone);
  start.finish();
  EXPECT_EQ(verdict(other, leaf) == "ok", !good);
}

TEST_P(HeadStartTest, TheVerdictIsTheSameAskedAheadOrNot) {
  const PrivateKey& named = key(GetParam());
  const PrivateKey other = *PrivateKey::generate(GetParam());
  const CertificateAuthority authority = authority_of(named);
  const CertificateAuthority stranger = authority_of(other);
  expect_same_verdicts(authority, stranger, leaf_by(named), true);
  expect_same_verdicts(authority, stranger, leaf_by(other), false);
}

INSTANTIATE_TEST_SUITE_P(Keys, HeadStartTest,
                         ::testing::Values(KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                                           KeyAlgorithm::Ed25519));

// The answer of one key is not that of another, whoever was asked first.
TEST(HeadStart, AnAnswerIsThatOfTheKeyThatWasAsked) {
  const CertificateAuthority right = authority_of(key(KeyAlgorithm::EcdsaP256));
  const CertificateAuthority wrong = authority_of(key(KeyAlgorithm::EcdsaP384));
  const Certificate leaf = leaf_by(key(KeyAlgorithm::EcdsaP256));
  for (int round = 0; round < 3; ++round) {
    right.ask_ahead(leaf);
    EXPECT_NE(verdict(wrong, leaf), "ok");
    wrong.ask_ahead(leaf);
    EXPECT_EQ(verdict(right, leaf), "ok");
  }
}

TEST(HeadStart, AnswersWhileItIsAskedFromTheOtherThread) {
  const CertificateAuthority authority = authority_of(key(KeyAlgorithm::EcdsaP384));
  const Certificate made = leaf_by(key(KeyAlgorithm::EcdsaP384));
  HeadStart start;
  for (int round = 0; round < 50; ++round) {
    const Certificate leaf = *Certificate::parse_der(made.der());
    start.ask(about({authority}, leaf));
    EXPECT_EQ(verdict(authority, leaf), "ok");
  }
}

// An authority that is asked ahead without a leaf gives the verdicts that it gives unasked: good
// ones where its own certificates hold together, and none where they do not.
TEST(HeadStart, AnAuthorityAskedAheadForItselfGivesTheSameVerdicts) {
  const PrivateKey& root = key(KeyAlgorithm::EcdsaP384);
  const PrivateKey& lower = key(KeyAlgorithm::EcdsaP256);
  const Certificate top = test::authority("root", root.public_key(), "root").issued_by(root);
  const Certificate good = test::authority("lower", lower.public_key(), "root").issued_by(root);
  const Certificate forged = test::authority("lower", lower.public_key(), "root").issued_by(lower);
  const Certificate leaf = test::leaf(lower.public_key(), "lower").issued_by(lower);
  for (const bool ahead : {false, true}) {
    const CertificateAuthority sound = *CertificateAuthority::make({good, top});
    const CertificateAuthority broken = *CertificateAuthority::make({forged, top});
    HeadStart start;
    if (ahead) {
      start.ask([&] {
        sound.ask_ahead();
        broken.ask_ahead();
      });
    }
    EXPECT_EQ(verdict(sound, leaf), "ok");
    EXPECT_EQ(verdict(broken, leaf),
              "a certificate of this authority was not issued by the next one");
  }
}

TEST(HeadStart, NoThreadIsLeftAfterIt) {
  const auto before = threads();
  {
    const HeadStart never;
    EXPECT_EQ(threads_in_the_end(before), before);
  }
  HeadStart start;
  start.begin();
  start.begin();
  EXPECT_EQ(threads(), before + 1);
  start.finish();
  EXPECT_EQ(threads_in_the_end(before), before);
  start.finish();
  {
    HeadStart unasked;
    unasked.begin();
  }
  EXPECT_EQ(threads_in_the_end(before), before);
}

}  // namespace
}  // namespace nono::crypto
