// tests/rekor/checkpoint_test.cc: what is a signed note with a tree head, to the byte.
#include "rekor/checkpoint.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/rekor/support.h"

namespace nono::rekor {
namespace {

constexpr std::string_view kRoot = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";  // 00 01 … 1f
constexpr std::string_view kSignature = "\u2014 log.example AQIDBAUGBwg=\n";        // 01 02 … 08

std::string text_with(std::string_view origin, std::string_view size, std::string_view root) {
  return std::string(origin).append("\n").append(size).append("\n").append(root).append("\n");
}

std::string text() {
  return text_with("log.example", "42", kRoot);
}

std::string note(std::string_view signatures = kSignature) {
  return (text() + '\n').append(signatures);
}

// refusal is the message of a note that is refused, with the place of the error; else "(taken)".
std::string refusal(std::string_view whole) {
  const auto checkpoint = Checkpoint::parse(whole);
  return checkpoint ? "(taken)" : checkpoint.error().message();
}

TEST(CheckpointTest, PartsOfANoteAreRead) {
  const auto checkpoint = Checkpoint::parse(note());
  ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().message();
  EXPECT_EQ(checkpoint->text, text());
  EXPECT_EQ(checkpoint->origin, "log.example");
  EXPECT_EQ(checkpoint->size, 42U);
  EXPECT_EQ(checkpoint->root.hex(),
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  ASSERT_EQ(checkpoint->signatures.size(), 1U);
  EXPECT_EQ(checkpoint->signatures[0].name, "log.example");
  EXPECT_EQ(hex_encode(checkpoint->signatures[0].hint), "01020304");
  EXPECT_EQ(hex_encode(checkpoint->signatures[0].signature), "05060708");
}

TEST(CheckpointTest, LinesAfterTheRootBelongToTheText) {
  const auto checkpoint = Checkpoint::parse(text() + "Timestamp: 1689177396617352539\nmore\n\n" +
                                            std::string(kSignature));
  ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().message();
  EXPECT_EQ(checkpoint->text, text() + "Timestamp: 1689177396617352539\nmore\n");
}

TEST(CheckpointTest, OriginMayHoldSpacesAndAnyScript) {
  const auto checkpoint = Checkpoint::parse(text_with("log.ex\u00e4mple - 12", "0", kRoot) + '\n' +
                                            std::string(kSignature));
  ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().message();
  EXPECT_EQ(checkpoint->origin, "log.ex\u00e4mple - 12");
  EXPECT_EQ(checkpoint->size, 0U);
}

TEST(CheckpointTest, SignaturesKeepTheirOrder) {
  const auto checkpoint = Checkpoint::parse(note("\u2014 b AAAAAQI=\n\u2014 a AAAAAQM=\n"));
  ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().message();
  ASSERT_EQ(checkpoint->signatures.size(), 2U);
  EXPECT_EQ(checkpoint->signatures[0].name, "b");
  EXPECT_EQ(checkpoint->signatures[1].name, "a");
}

TEST(CheckpointTest, LargestSizeIsRead) {
  const auto checkpoint = Checkpoint::parse(text_with("o", "18446744073709551615", kRoot) + '\n' +
                                            std::string(kSignature));
  ASSERT_TRUE(checkpoint.has_value()) << checkpoint.error().message();
  EXPECT_EQ(checkpoint->size, UINT64_MAX);
}

TEST(CheckpointTest, SizeMustBeDecimalWithoutLeadingZeros) {
  for (const std::string_view size :
       {"", "042", "00", "+42", "-1", "4 2", " 42", "42 ", "0x2a", "42.0", "4e1",
        "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_TRUE(refusal(text_with("o", size, kRoot) + '\n' + std::string(kSignature))
                    .contains("has no tree size in its second line"))
        << size;
  }
}

TEST(CheckpointTest, RootMustBePaddedBase64Of32Bytes) {
  for (const std::string_view root :
       {"", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",  // padding missing
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",     // trailing bits
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",     // 31 bytes
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",     // 33 bytes
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd-_8=",     // URL alphabet
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= ", "root"}) {
    EXPECT_TRUE(refusal(text_with("o", "1", root) + '\n' + std::string(kSignature))
                    .contains("has no root hash in its third line"))
        << root;
  }
}

TEST(CheckpointTest, EmptyOriginIsRefused) {
  EXPECT_TRUE(refusal(text_with("", "1", kRoot) + '\n' + std::string(kSignature))
                  .contains("has no origin in its first line"));
}

TEST(CheckpointTest, MissingLinesAreRefused) {
  EXPECT_TRUE(refusal("o\n\n" + std::string(kSignature)).contains("has no tree size"));
  EXPECT_TRUE(refusal("o\n1\n\n" + std::string(kSignature)).contains("has no root hash"));
  EXPECT_TRUE(refusal("\n\n" + std::string(kSignature)).contains("has no origin"));
}

TEST(CheckpointTest, EmptyLineWithinTheTextIsRefused) {
  EXPECT_TRUE(refusal(text() + "\n\n" + std::string(kSignature)).contains("has an empty line"));
  EXPECT_TRUE(
      refusal(text() + "\nmore\n\n" + std::string(kSignature)).contains("has an empty line"));
}

TEST(CheckpointTest, NoteWithoutBlankLineIsRefused) {
  EXPECT_TRUE(refusal("").contains("has no blank line"));
  EXPECT_TRUE(refusal(text()).contains("has no blank line"));
  EXPECT_TRUE(refusal(text() + std::string(kSignature)).contains("has no blank line"));
}

TEST(CheckpointTest, NoteWithoutSignatureIsRefused) {
  EXPECT_TRUE(refusal(text() + '\n').contains("carries no signature"));
}

TEST(CheckpointTest, LastLineMustEnd) {
  std::string whole = note();
  whole.pop_back();
  EXPECT_TRUE(refusal(whole).contains("does not end its line of signature 1"));
}

// Every other reader may split such a line in its own way.
TEST(CheckpointTest, MalformedSignatureLinesAreRefused) {
  for (const std::string_view line :
       {"- log.example AQIDBAUGBwg=",        // hyphen
        "\u2013 log.example AQIDBAUGBwg=",   // en dash
        "\u2014log.example AQIDBAUGBwg=",    // no space
        "\u2014  log.example AQIDBAUGBwg=",  // empty name
        "\u2014  AQIDBAUGBwg=", "\u2014 log.example", "\u2014 log.example ",
        "\u2014 log.example  AQIDBAUGBwg=",  // two spaces
        "\u2014 log.example AQIDBAUGBwg= ",  // trailing space
        "\u2014 log.example AQIDBAUGBwg",    // padding missing
        "\u2014 log.example AQIDBAUGBwh=",   // trailing bits
        "\u2014 log.example AQIDBA==",       // the hint alone
        "\u2014 log.example AQID",           // less than a hint
        "\u2014 log+example AQIDBAUGBwg=", "garbage", "\u2014", "\u2014 "}) {
    const std::string whole = note(std::string(kSignature).append(line).append("\n"));
    EXPECT_TRUE(refusal(whole).contains("has a line of signature 2")) << line;
  }
}

TEST(CheckpointTest, BlankLineAfterTheSignaturesMovesTheTextAndIsRefused) {
  EXPECT_NE(refusal(note() + '\n'), "(taken)");
  EXPECT_NE(refusal(note() + '\n' + std::string(kSignature)), "(taken)");
}

TEST(CheckpointTest, ControlCharactersAreRefused) {
  for (const char control : {'\0', '\t', '\r', '\x1b', '\x1f', '\x7f'}) {
    EXPECT_TRUE(
        refusal(text_with(std::string("o") + control, "1", kRoot) + '\n' + std::string(kSignature))
            .contains("without control characters"))
        << static_cast<int>(control);
  }
  std::string crlf;
  for (const char c : note()) {
    crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  EXPECT_TRUE(refusal(crlf).contains("without control characters"));
}

TEST(CheckpointTest, BytesThatAreNotUtf8AreRefused) {
  for (const std::string_view bad : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf"}) {
    EXPECT_TRUE(refusal(text_with(bad, "1", kRoot) + '\n' + std::string(kSignature))
                    .contains("is not UTF-8"));
  }
}

TEST(CheckpointTest, HundredSignaturesAreReadAndNoMore) {
  std::string lines;
  for (std::size_t i = 0; i < Checkpoint::kMaxSignatures; ++i) {
    lines += kSignature;
  }
  const auto most = Checkpoint::parse(note(lines));
  ASSERT_TRUE(most.has_value()) << most.error().message();
  EXPECT_EQ(most->signatures.size(), 100U);
  const auto more = Checkpoint::parse(note(lines.append(kSignature)));
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().kind(), ErrorKind::Exhausted);
}

TEST(CheckpointTest, NoteOverTheLimitIsRefusedUnread) {
  const std::string head = text();
  const std::string tail = '\n' + std::string(kSignature);
  const std::size_t room = Checkpoint::kMaxBytes - head.size() - tail.size();
  EXPECT_EQ(refusal(head + std::string(room - 1, 'x') + '\n' + tail), "(taken)");
  const auto more = Checkpoint::parse(head + std::string(room, 'x') + '\n' + tail);
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().kind(), ErrorKind::Exhausted);
}

}  // namespace
}  // namespace nono::rekor
