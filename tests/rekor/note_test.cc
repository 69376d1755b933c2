// tests/rekor/note_test.cc: whose checkpoint it is. In each test the proof is good; the checkpoint
// is signed by the wrong key, under the wrong name, for another log, or beside others.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "rekor/checkpoint.h"
#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

using crypto::KeyAlgorithm;
using crypto::Sha256;
using test::Draft;
using test::logged;
using test::NoteSigner;
using test::refused;
using test::Shape;

constexpr std::array kKeys{KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                           KeyAlgorithm::EcdsaP521, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa};

Draft proven(Shape shape) {
  Draft draft(shape);
  draft.promised = false;
  return draft;
}

// split parts a note into its text and the lines of its signatures.
std::pair<std::string, std::string> split(const std::string& note) {
  const std::size_t blank = note.rfind("\n\n");
  return {note.substr(0, blank + 1), note.substr(blank + 2)};
}

std::string text_of(const std::string& note) {
  return split(note).first;
}

// A witness's line (C2SP tlog-cosignature): a time of 8 bytes and an Ed25519 signature.
std::string witness_line(const std::string& name = "witness.example/w") {
  return test::note_line(name, Sha256::of("witness key"), Bytes(72, std::byte{7}));
}

class NoteTest : public ::testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Note, NoteTest,
                         ::testing::Values(Shape::HashedRekord, Shape::HashedRekordV2));

TEST_P(NoteTest, LogsMayHaveAnyKey) {
  for (const KeyAlgorithm algorithm : kKeys) {
    Draft draft(GetParam(), NoteSigner::of(algorithm));
    draft.promised = false;
    EXPECT_TRUE(logged(draft)) << crypto::name_of(algorithm);
  }
}

TEST_P(NoteTest, SignatureByAnotherKeyUnderTheLogsHintIsRefused) {
  const NoteSigner other = NoteSigner::of(KeyAlgorithm::EcdsaP256);
  for (const KeyAlgorithm algorithm : kKeys) {
    Draft draft(GetParam(), NoteSigner::of(algorithm));
    draft.promised = false;
    draft.change_note = [&](std::string& note) {
      const std::string text = text_of(note);
      note = text + '\n' + test::note_line(draft.name, draft.log.log_id, other.sign(text));
    };
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "does not verify"))
        << crypto::name_of(algorithm);
  }
}

TEST_P(NoteTest, SignatureOverAnotherTextIsRefused) {
  for (const KeyAlgorithm algorithm : kKeys) {
    Draft draft(GetParam(), NoteSigner::of(algorithm));
    draft.promised = false;
    draft.change_note = [](std::string& note) { note.insert(note.find("\n\n"), "\nmore"); };
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "does not verify"))
        << crypto::name_of(algorithm);
  }
}

TEST_P(NoteTest, LinesAfterTheRootAreSignedWithIt) {
  Draft draft = proven(GetParam());
  draft.change_note_text = [](std::string& text) { text += "Timestamp: 1689177396617352539\n"; };
  EXPECT_TRUE(logged(draft));
}

TEST_P(NoteTest, OtherHintIsAnotherKey) {
  Draft draft = proven(GetParam());
  draft.change_note = [&](std::string& note) {
    const std::string text = text_of(note);
    note = text + '\n' + test::note_line(draft.name, Sha256::of("x"), draft.log_signer.sign(text));
  };
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "none of the 1 signatures"));
}

TEST_P(NoteTest, OtherNameIsAnotherSigner) {
  Draft draft = proven(GetParam());
  draft.name = "log.example.evil";
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "none of the 1 signatures"));
}

TEST_P(NoteTest, WitnessesAreSkippedInAnyOrder) {
  Draft draft = proven(GetParam());
  draft.change_note = [](std::string& note) { note += witness_line() + witness_line("x"); };
  EXPECT_TRUE(logged(draft));
  draft.change_note = [](std::string& note) {
    const auto [text, lines] = split(note);
    note = text + '\n' + witness_line() + lines + witness_line("x");
  };
  EXPECT_TRUE(logged(draft));
}

// Our name with a hint that is not of our key: an older key of the log, say.
TEST_P(NoteTest, OtherKeysUnderTheLogsNameAreSkipped) {
  Draft draft = proven(GetParam());
  draft.change_note = [&](std::string& note) { note += witness_line(draft.name); };
  EXPECT_TRUE(logged(draft));
}

TEST_P(NoteTest, LogsHintUnderAnotherNameIsSkipped) {
  Draft draft = proven(GetParam());
  draft.change_note = [&](std::string& note) {
    note += test::note_line("other.example", draft.log.log_id, Bytes(64, std::byte{1}));
  };
  EXPECT_TRUE(logged(draft));
}

TEST_P(NoteTest, WitnessesAloneAreNotTheLog) {
  Draft draft = proven(GetParam());
  draft.change_note = [](std::string& note) {
    note = text_of(note) + '\n' + witness_line() + witness_line("x");
  };
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "none of the 2 signatures"));
}

TEST_P(NoteTest, LogsLineMayStandTwice) {
  Draft draft = proven(GetParam());
  draft.change_note = [](std::string& note) { note += split(note).second; };
  EXPECT_TRUE(logged(draft));
}

TEST_P(NoteTest, BadLineOfTheLogIsNotMadeUpForByAGoodOne) {
  for (const bool bad_first : {false, true}) {
    Draft draft = proven(GetParam());
    draft.change_note = [&](std::string& note) {
      const auto [text, good] = split(note);
      const std::string bad =
          test::note_line(draft.name, draft.log.log_id, Bytes(64, std::byte{1}));
      note = text + '\n' + (bad_first ? bad + good : good + bad);
    };
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "does not verify"));
  }
}

TEST_P(NoteTest, MalformedNoteIsRefused) {
  Draft draft = proven(GetParam());
  draft.change_note = [](std::string& note) { note += "garbage\n"; };
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "line of signature 2"));
  draft.change_note = [](std::string& note) { note.clear(); };
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "carries no checkpoint"));
}

TEST_P(NoteTest, AsManySignaturesAsFitCostNoMoreThanTheirReading) {
  Draft draft = proven(GetParam());
  draft.change_note = [](std::string& note) {
    const std::string line = split(note).second;
    for (std::size_t i = 1; i < Checkpoint::kMaxSignatures; ++i) {
      note += line;
    }
  };
  EXPECT_TRUE(logged(draft));
}

// Rekor v1: "HOST - TREE", of the base URL's host where that is a name.

TEST(NoteOfV1Test, BehindABareAddressTheHostMayBeAny) {
  for (const std::string_view url : {"http://127.0.0.1:3000", "http://[::1]:3000",
                                     "http://localhost:3000", "https://10.0.0.7/rekor"}) {
    Draft draft = proven(Shape::HashedRekord);
    draft.log.base_url = url;
    EXPECT_TRUE(logged(draft)) << url;
  }
}

TEST(NoteOfV1Test, OfAnotherHostThanTheBaseUrls) {
  for (const std::string_view url :
       {"https://other.example", "https://log.example.evil", "https://127.evil"}) {
    Draft draft = proven(Shape::HashedRekord);
    draft.log.base_url = url;
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "is not of the log")) << url;
  }
}

TEST(NoteOfV1Test, NameMustBeTheOriginsHost) {
  Draft draft = proven(Shape::HashedRekord);
  draft.origin = "other.example - 12345678";
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "is not of the log"));
}

TEST(NoteOfV1Test, HostWithSpacesCannotSign) {
  Draft draft = proven(Shape::HashedRekord);
  draft.origin = "log-example:8000 - 12 - 34";
  draft.name = "log-example:8000 - 12";
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "line of signature 1"));
}

TEST(NoteOfV1Test, OriginWithoutATreeIsNotOfV1) {
  for (const std::string_view origin :
       {"log.example", "log.example - ", "log.example -12", "log.example - 12a", "log.example - -1",
        " - 12", "- 12", "log.example - 1 2", "log.example/2025"}) {
    Draft draft = proven(Shape::HashedRekord);
    draft.origin = origin;
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "is not \"HOST - TREE\"")) << origin;
  }
}

// Rekor v1 hashes the key alone, whatever its algorithm.
TEST(NoteOfV1Test, HintOfV2IsNotOfV1) {
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa}) {
    Draft draft(Shape::HashedRekord, NoteSigner::of(algorithm));
    draft.promised = false;
    draft.change_note = [&](std::string& note) {
      const std::string text = text_of(note);
      note = text + '\n' +
             test::note_line(draft.name, test::note_key_id(draft.log_signer.key(), draft.name),
                             draft.log_signer.sign(text));
    };
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "none of the 1 signatures"));
  }
}

// Rekor v2: the origin is the log's name, which is its base URL without scheme.

struct Naming {
  std::string_view base_url;
  std::string_view name;
};

TEST(NoteOfV2Test, NameIsTheBaseUrlWithoutScheme) {
  for (const auto& [base_url, name] :
       {Naming{"https://log.example", "log.example"}, Naming{"http://log.example", "log.example"},
        Naming{"log.example", "log.example"}, Naming{"https://log.example/", "log.example"},
        Naming{"https://log.example//", "log.example"},
        Naming{"https://log.example:3000", "log.example:3000"},
        Naming{"log.example:3000", "log.example:3000"},
        Naming{"https://log.example/2025/a/", "log.example/2025/a"},
        Naming{"https://log.example:3000/a", "log.example:3000/a"},
        Naming{"log.example/a", "log.example/a"}, Naming{"https://[::1]:3000", "[::1]:3000"}}) {
    Draft draft = proven(Shape::HashedRekordV2);
    draft.log.base_url = base_url;
    draft.origin = name;
    draft.name = name;
    EXPECT_EQ(draft.log.host(), name);
    EXPECT_TRUE(logged(draft)) << base_url;
  }
}

TEST(NoteOfV2Test, OtherOriginIsAnotherLog) {
  for (const auto& [base_url, origin] :
       {Naming{"https://log.example", "log.example.evil"},
        Naming{"https://log.example", "og.example"}, Naming{"https://log.example", "LOG.example"},
        // sigstore-go compares host names only.
        Naming{"https://log.example:3000", "log.example"},
        Naming{"https://log.example", "log.example:3000"},
        Naming{"https://log.example/a", "log.example"},
        Naming{"https://log.example/a", "log.example/b"},
        Naming{"https://log.example", "https://log.example"},
        Naming{"https://log.example", "log.example/"}, Naming{"", "log.example"}}) {
    Draft draft = proven(Shape::HashedRekordV2);
    draft.log.base_url = base_url;
    draft.origin = origin;
    draft.name = origin;
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "is not the name of the log"))
        << base_url << ' ' << origin;
  }
}

TEST(NoteOfV2Test, OriginOfAV1LogIsRefused) {
  Draft draft = proven(Shape::HashedRekordV2);
  draft.log.base_url = "https://log.example - 12";
  draft.origin = "log.example - 12";
  draft.name = "log.example";
  EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "is not the name of the log"));
}

// A hint over another name is of another verifier, though the key be ours.
TEST(NoteOfV2Test, HintIsOverTheLogsName) {
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa}) {
    Draft draft(Shape::HashedRekordV2, NoteSigner::of(algorithm));
    draft.change_note = [&](std::string& note) {
      const std::string text = text_of(note);
      note = text + '\n' +
             test::note_line(draft.name, test::note_key_id(draft.log_signer.key(), "other"),
                             draft.log_signer.sign(text));
    };
    EXPECT_TRUE(refused(draft, LogFault::CheckpointInvalid, "none of the 1 signatures"));
  }
}

// C2SP's own note: the verifier key is "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/L
// DE4izWy10TW", the hint the head of its hash.
TEST(NoteOfV2Test, HintOfEd25519IsTheSpecifications) {
  const auto raw = base64_decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Base64::Strict);
  ASSERT_TRUE(raw.has_value());
  Bytes spki = *hex_decode("302a300506032b6570032100");
  spki.insert(spki.end(), raw->begin() + 1, raw->end());
  const auto key = crypto::PublicKey::parse_spki_der(spki);
  ASSERT_TRUE(key.has_value()) << key.error().message();
  EXPECT_EQ(test::note_key_id(*key, "PeterNeumann").hex().substr(0, 8), "c74f20a3");
}

}  // namespace
}  // namespace nono::rekor
