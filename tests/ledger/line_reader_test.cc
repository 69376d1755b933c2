// tests/ledger/line_reader_test.cc
#include "ledger/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "ledger/audit_line.h"

namespace nono::ledger {
namespace {

OwnedFd file_with(std::string_view text) {
  OwnedFd fd(::memfd_create("lines", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd, text));
  return fd;
}

struct Seen {
  std::vector<std::string> lines;
  LineReader::Kind end;
  std::string rest;
};

Seen read_all(std::string_view text) {
  const OwnedFd file = file_with(text);
  LineReader reader(file);
  Seen seen{};
  while (true) {
    const auto step = reader.next();
    EXPECT_TRUE(step);
    if (step->kind != LineReader::Kind::Line) {
      seen.end = step->kind;
      seen.rest = step->text;
      return seen;
    }
    seen.lines.emplace_back(step->text);
  }
}

TEST(LineReaderTest, EmptyFileEndsAtOnce) {
  const Seen seen = read_all("");
  EXPECT_TRUE(seen.lines.empty());
  EXPECT_EQ(seen.end, LineReader::Kind::End);
}

TEST(LineReaderTest, LinesComeWithoutTheirNewline) {
  const Seen seen = read_all("a\n\nbc\n");
  EXPECT_EQ(seen.lines, (std::vector<std::string>{"a", "", "bc"}));
  EXPECT_EQ(seen.end, LineReader::Kind::End);
}

TEST(LineReaderTest, RestWithoutNewlineIsTorn) {
  const Seen seen = read_all("a\nbc");
  EXPECT_EQ(seen.lines, std::vector<std::string>{"a"});
  EXPECT_EQ(seen.end, LineReader::Kind::Torn);
  EXPECT_EQ(seen.rest, "bc");
}

TEST(LineReaderTest, LineOfTheLargestSizeIsRead) {
  const std::string line(kMaxLineBytes, 'x');
  const Seen seen = read_all(line + "\n");
  EXPECT_EQ(seen.lines, std::vector<std::string>{line});
}

TEST(LineReaderTest, OneByteMoreIsTooLong) {
  const Seen seen = read_all("a\n" + std::string(kMaxLineBytes + 1, 'x') + "\n");
  EXPECT_EQ(seen.lines.size(), 1U);
  EXPECT_EQ(seen.end, LineReader::Kind::TooLong);
}

TEST(LineReaderTest, EndlessLineIsTooLongWithoutReadingItAll) {
  OwnedFd file(::memfd_create("sparse", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(BorrowedFd(file).raw(), off_t{1} << 40), 0);
  LineReader reader(file);
  const auto step = reader.next();
  ASSERT_TRUE(step);
  EXPECT_EQ(step->kind, LineReader::Kind::TooLong);
}

TEST(LineReaderTest, LinesAcrossReadsAreWhole) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += std::string(30'011, static_cast<char>('a' + i % 26)) + "\n";
  }
  const Seen seen = read_all(text);
  ASSERT_EQ(seen.lines.size(), 40U);
  for (std::size_t i = 0; i < seen.lines.size(); ++i) {
    EXPECT_EQ(seen.lines[i], std::string(30'011, static_cast<char>('a' + i % 26)));
  }
}

TEST(LineReaderTest, UnreadableDescriptorIsAnError) {
  const OwnedFd none(::open("/", O_PATH | O_CLOEXEC));
  LineReader reader(none);
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace nono::ledger
