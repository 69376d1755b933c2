// tests/rekor/proof_test.cc: inclusion proofs, of every entry of trees of many sizes, and what they
// must agree with.
#include <gtest/gtest.h>

#include <string>

#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

using crypto::Sha256;
using test::Draft;
using test::logged;
using test::refused;
using test::Shape;

// Both generations prove in the same way.
class ProofTest : public ::testing::TestWithParam<Shape> {
 protected:
  static Draft proven() {
    Draft draft(GetParam());
    draft.promised = false;
    return draft;
  }
};
INSTANTIATE_TEST_SUITE_P(Proof, ProofTest,
                         ::testing::Values(Shape::HashedRekord, Shape::HashedRekordV2));

TEST_P(ProofTest, EveryEntryOfEveryTreeIsProven) {
  Draft draft = proven();
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 15U, 16U, 17U, 33U}) {
    draft.tree_size = size;
    for (draft.index = 0; draft.index < size; ++draft.index) {
      const auto entry = draft.check();
      ASSERT_TRUE(entry.has_value()) << draft.index << " of " << size << entry.error().detail;
      EXPECT_TRUE(entry->proven());
      EXPECT_FALSE(entry->integrated_at());
      EXPECT_EQ(entry->log_index(), draft.index);
    }
  }
}

TEST_P(ProofTest, EntryWithoutPromiseAndProofIsRefused) {
  Draft draft = proven();
  draft.proven = false;
  EXPECT_TRUE(refused(draft, LogFault::ProofMissing, "inclusion proof"));
}

TEST_P(ProofTest, EveryHashOfThePathCounts) {
  Draft draft = proven();
  for (std::size_t i = 0; i < 3; ++i) {
    draft.change_entry = [i](LogEntry& entry) { entry.proof->path.at(i) = Sha256::of("x"); };
    EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "leads to the root hash")) << i;
  }
}

TEST_P(ProofTest, PathOfAnotherLengthIsRefused) {
  Draft draft = proven();
  draft.change_entry = [](LogEntry& entry) { entry.proof->path.pop_back(); };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "proof of 2 hashes is none of entry 5"));
  draft.change_entry = [](LogEntry& entry) { entry.proof->path.push_back(Sha256::of("x")); };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "proof of 4 hashes is none of entry 5"));
  draft.change_entry = [](LogEntry& entry) { entry.proof->path.clear(); };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "proof of 0 hashes"));
  draft.change_entry = [](LogEntry& entry) { entry.proof->path.assign(100, Sha256::of("x")); };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "proof of 100 hashes"));
}

TEST_P(ProofTest, ProofOfAnotherPlaceIsRefused) {
  Draft draft = proven();
  draft.change_entry = [](LogEntry& entry) {
    entry.proof->log_index = 4;
    entry.log_index = 4;
  };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "leads to the root hash"));
}

TEST_P(ProofTest, PlaceBeyondTheTreeIsRefused) {
  for (const std::uint64_t index : {std::uint64_t{8}, std::uint64_t{9}, UINT64_MAX}) {
    Draft draft = proven();
    draft.change_entry = [index](LogEntry& entry) {
      entry.proof->log_index = index;
      entry.log_index = index;
    };
    EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "is none of entry"));
  }
}

// Neither peer holds the size of a v1 proof against its checkpoint.
TEST_P(ProofTest, SizeMustBeTheCheckpoints) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{9}}) {
    Draft draft = proven();
    draft.change_entry = [size](LogEntry& entry) { entry.proof->tree_size = size; };
    EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "the checkpoint of one of 8"));
  }
}

TEST_P(ProofTest, RootMustBeTheCheckpoints) {
  Draft draft = proven();
  draft.change_entry = [](LogEntry& entry) { entry.proof->root = Sha256::of("x"); };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "names the root hash"));
}

// A checkpoint that the log truly signed, of another tree.
TEST_P(ProofTest, CheckpointOfAnotherTreeIsRefused) {
  Draft draft = proven();
  draft.change_note_text = [](std::string& text) {
    const std::size_t root = text.find('\n', text.find('\n') + 1) + 1;
    text.replace(root, 44, base64_encode(Sha256::of("x").bytes()));
  };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "names the root hash"));
  Draft larger = proven();
  larger.change_note_text = [](std::string& text) {
    const std::size_t size = text.find('\n') + 1;
    text.replace(size, 1, "9");
  };
  EXPECT_TRUE(refused(larger, LogFault::ProofInvalid, "the checkpoint of one of 9"));
}

TEST_P(ProofTest, EmptyTreeProvesNothing) {
  Draft draft = proven();
  draft.change_note_text = [](std::string& text) { text.replace(text.find('\n') + 1, 1, "0"); };
  draft.change_entry = [](LogEntry& entry) { entry.proof->tree_size = 0; };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "in a tree of 0"));
}

TEST(ProofOfV1Test, PlaceInTheShardIsNotThePlaceInTheLog) {
  Draft draft(Shape::HashedRekord);
  draft.shard_start = 4'163'431;
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_EQ(entry->log_index(), 4'163'436U);
  EXPECT_TRUE(entry->proven());
  EXPECT_TRUE(entry->integrated_at());
}

TEST(ProofOfV1Test, AnotherSpellingOfTheBodyIsNotInTheTree) {
  Draft draft(Shape::HashedRekord);
  draft.promised = false;
  draft.change_entry = [](LogEntry& entry) { entry.body.push_back(std::byte{' '}); };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "leads to the root hash"));
}

// Without a promise nobody signed the global index: it is not passed on.
TEST(ProofOfV1Test, OnlyThePlaceThatIsProvenIsPassedOn) {
  Draft draft(Shape::HashedRekord);
  draft.promised = false;
  draft.shard_start = 4'163'431;
  const auto entry = draft.check();
  ASSERT_TRUE(entry.has_value()) << entry.error().detail;
  EXPECT_EQ(entry->log_index(), 5U);
}

TEST(ProofOfV1Test, BadProofBesideAGoodPromiseIsRefused) {
  Draft draft(Shape::HashedRekord);
  draft.change_entry = [](LogEntry& entry) { entry.proof->path.pop_back(); };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "is none of entry 5"));
}

TEST(ProofOfV2Test, PlaceInTheLogMustBeTheProven) {
  Draft draft(Shape::HashedRekordV2);
  draft.change_entry = [](LogEntry& entry) { entry.log_index = 6; };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "says index 6, its inclusion proof 5"));
  draft.change_entry = [](LogEntry& entry) { entry.proof->log_index = 6; };
  EXPECT_TRUE(refused(draft, LogFault::ProofInvalid, "says index 5, its inclusion proof 6"));
}

}  // namespace
}  // namespace nono::rekor
