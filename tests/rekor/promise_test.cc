// tests/rekor/promise_test.cc: the signed entry timestamp of Rekor v1.
#include <gtest/gtest.h>

#include <string>

#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

using crypto::KeyAlgorithm;
using test::Draft;
using test::logged;
using test::NoteSigner;
using test::refused;
using test::Shape;

// An entry with a promise only, as bundles of version 0.1 hold it.
Draft promised(KeyAlgorithm log_key = KeyAlgorithm::EcdsaP256) {
  Draft draft(Shape::HashedRekord, NoteSigner::of(log_key));
  draft.proven = false;
  draft.shard_start = 4'163'431;
  return draft;
}

TEST(PromiseTest, PromiseAloneIsEnoughForV1) {
  const Draft draft = promised();
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_FALSE(entry->proven());
  EXPECT_EQ(entry->integrated_at(), Time{std::chrono::seconds{1'700'000'000}});
  EXPECT_EQ(entry->log_index(), 4'163'436U);
}

TEST(PromiseTest, LogsMayHaveAnyKey) {
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                                       KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa}) {
    EXPECT_TRUE(logged(promised(algorithm))) << crypto::name_of(algorithm);
  }
}

TEST(PromiseTest, PromiseByAnotherKeyIsInvalid) {
  Draft draft = promised();
  draft.log.key = NoteSigner::of(KeyAlgorithm::EcdsaP256).key();
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "does not verify with the key of"));
}

// Each of the four values under the signature, changed by one.
TEST(PromiseTest, PromiseOverAnotherBodyIsInvalid) {
  Draft draft = promised();
  draft.change_entry = [](LogEntry& entry) { entry.body.push_back(std::byte{' '}); };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "over the body"));
}
TEST(PromiseTest, PromiseOverAnotherTimeIsInvalid) {
  Draft draft = promised();
  draft.change_entry = [](LogEntry& entry) { ++*entry.integrated_time; };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "2023-11-14T22:13:21Z"));
}
TEST(PromiseTest, PromiseOverAnotherIndexIsInvalid) {
  Draft draft = promised();
  draft.change_entry = [](LogEntry& entry) { ++entry.log_index; };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "index 4163437"));
}
TEST(PromiseTest, PromiseOverAnotherLogIdIsInvalid) {
  Draft draft = promised();
  const crypto::Sha256 other = crypto::Sha256::of("another log with the same key");
  draft.log.checkpoint_key_id = other;
  draft.change_entry = [&](LogEntry& entry) { entry.log_id = other; };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "the log id"));
}

TEST(PromiseTest, EmptyPromiseIsInvalid) {
  Draft draft = promised();
  draft.change_entry = [](LogEntry& entry) { entry.promise->clear(); };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "does not verify"));
}

TEST(PromiseTest, SignatureThatIsNotStrictDerIsInvalid) {
  Draft draft = promised();
  draft.change_entry = [](LogEntry& entry) { entry.promise->push_back(std::byte{0}); };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "does not verify"));
}

TEST(PromiseTest, PromiseWithoutATimeIsInvalid) {
  Draft draft = promised();
  draft.change_entry = [](LogEntry& entry) { entry.integrated_time.reset(); };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "without the time"));
}

TEST(PromiseTest, TimesBeyondEveryCalendarAreComparedAndShown) {
  Draft draft = promised();
  draft.integrated_time = INT64_MAX;
  EXPECT_TRUE(logged(draft));
  draft.log.valid_until = Time{std::chrono::seconds{1'800'000'000}};
  EXPECT_TRUE(refused(draft, LogFault::UnknownLog, "9223372036854775807 s since 1970"));
  draft.integrated_time = -1;
  EXPECT_TRUE(refused(draft, LogFault::UnknownLog, "-1 s since 1970"));
}

// One good piece of evidence does not make up for a bad one.
TEST(PromiseTest, BadPromiseBesideAGoodProofIsInvalid) {
  Draft draft(Shape::HashedRekord);
  draft.change_entry = [](LogEntry& entry) { test::flip_last_bit(*entry.promise); };
  EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "does not verify"));
}

TEST(PromiseTest, V2EntryPromisesNothing) {
  for (const Shape shape : {Shape::HashedRekordV2, Shape::EnvelopeV2}) {
    Draft draft(shape);
    draft.promised = true;
    EXPECT_TRUE(refused(draft, LogFault::PromiseInvalid, "Rekor v2, which promises nothing"));
  }
}

// sigstore-go holds this time against the certificate; nobody signed it.
TEST(PromiseTest, TimeOfAV2EntryIsIgnored) {
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{1}, INT64_MIN, INT64_MAX}) {
    Draft draft(Shape::HashedRekordV2);
    draft.log.valid_until = draft.log.valid_from;
    draft.change_entry = [&](LogEntry& entry) { entry.integrated_time = time; };
    const auto entry = draft.check();
    ASSERT_TRUE(entry.has_value()) << entry.error().detail;
    EXPECT_FALSE(entry->integrated_at());
  }
}

TEST(PromiseTest, TimeWithoutAPromiseIsIgnored) {
  Draft draft(Shape::HashedRekord);
  draft.promised = false;
  draft.change_entry = [](LogEntry& entry) { entry.integrated_time = 1; };
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_FALSE(entry->integrated_at());
}

}  // namespace
}  // namespace nono::rekor
