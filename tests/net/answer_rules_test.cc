// The head of an answer, line by line: net/answer_rules.h.
#include "net/answer_rules.h"

#include <gtest/gtest.h>

#include "net/frame.h"

namespace nono::net {
namespace {

constexpr std::size_t kCap = 1000;

// read takes a whole head, its lines divided after each LF, and then begins the body.
Result<HttpResponse> read(std::string_view text) {
  AnswerHead head(kCap);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    NONO_CHECK(head.take(text.substr(0, end)));
    text.remove_prefix(end);
  }
  NONO_CHECK(head.begin_body());
  return std::move(head).response();
}

TEST(AnswerHeadTest, AHeadIsRead) {
  const auto answer = read(
      "HTTP/1.1 201 Created\r\nX-Log-Index: \t 7 \r\nlocation:/a\r\n"
      "Content-Length: 1000\r\nX-Bytes: \xe9\r\nX-Empty:\r\n\r\n");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->header("x-log-index"), "7");
  EXPECT_EQ(answer->header("location"), "/a");
  EXPECT_EQ(answer->header("x-bytes"), "\xe9");
  EXPECT_EQ(answer->headers.size(), 5u);
}

TEST(AnswerHeadTest, EveryFormOfAStatusLine) {
  for (const auto* line : {"HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/2 200 "}) {
    EXPECT_TRUE(read(std::string(line) + "\r\n\r\n")) << line;
  }
  for (const auto* line : {"HTTP/3 200 ", "HTTP/0.9 200 OK", "HTTP/1.2 200 OK", "http/1.1 200 OK",
                           "ICY 200 OK", "HTTP/1.1  200 OK", "HTTP/1.1 20", "HTTP/1.1 2000",
                           "HTTP/1.1 2x0 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 600 X", "HTTP/1.1 099 X",
                           "HTTP/1.1 000 X", "HTTP/1.1 101 Switching", "", "HTTP/1.1", "X: y"}) {
    EXPECT_FALSE(read(std::string(line) + "\r\n\r\n")) << line;
  }
}

struct Refused {
  const char* name;
  const char* fields;
  const char* why;
};

class RefusedHeadTest : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedHeadTest, IsANetworkErrorWithItsReason) {
  const auto answer = read(std::string("HTTP/1.1 200 OK\r\n") + GetParam().fields + "\r\n");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::Network);
  EXPECT_TRUE(answer.error().message().contains(GetParam().why)) << answer.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Fields, RefusedHeadTest,
    ::testing::Values(Refused{"NoColon", "X-A\r\n", "no field"},
                      Refused{"EmptyName", ": x\r\n", "no field"},
                      Refused{"SpaceBeforeColon", "X-A : b\r\n", "no field"},
                      Refused{"SpaceInName", "X A: b\r\n", "no field"},
                      Refused{"Folded", "X-A: b\r\n c: d\r\n", "no field"},
                      Refused{"FoldedByTab", "X-A: b\r\n\tc\r\n", "no field"},
                      Refused{"BareLf", "X-A: b\n", "does not end"},
                      Refused{"BareCr", "X-A: b\rX-B: c\r\n", "control character"},
                      Refused{"Escape", "X-A: \x1b[2J\r\n", "control character"},
                      Refused{"Delete", "X-A: \x7f\r\n", "control character"}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Framing, RefusedHeadTest,
    ::testing::Values(
        Refused{"LengthAndChunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                "two ways"},
        Refused{"ChunksAndLength", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                "two ways"},
        Refused{"TwoLengths", "Content-Length: 5\r\nContent-Length: 50\r\n", "two ways"},
        Refused{"TheSameLengthTwice", "Content-Length: 5\r\nContent-Length: 5\r\n", "two ways"},
        Refused{"TwoCodings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "two ways"},
        Refused{"ListOfLengths", "Content-Length: 5, 5\r\n", "no number"},
        Refused{"HexLength", "Content-Length: 0x5\r\n", "no number"},
        Refused{"SignedLength", "Content-Length: +5\r\n", "no number"},
        Refused{"NegativeLength", "Content-Length: -5\r\n", "no number"},
        Refused{"EmptyLength", "Content-Length:\r\n", "no number"},
        Refused{"SpacedLength", "Content-Length: 5 0\r\n", "no number"},
        Refused{"OverflowingLength", "Content-Length: 18446744073709551621\r\n", "no number"},
        Refused{"OverTheCap", "Content-Length: 1001\r\n", "1001 bytes, over the 1000"},
        Refused{"GzipTransfer", "Transfer-Encoding: gzip\r\n", "transfer coding"},
        Refused{"GzipChunked", "Transfer-Encoding: gzip, chunked\r\n", "transfer coding"},
        Refused{"ChunkedTwice", "Transfer-Encoding: chunked, chunked\r\n", "transfer coding"},
        Refused{"Identity", "Transfer-Encoding: identity\r\n", "transfer coding"},
        Refused{"XChunked", "Transfer-Encoding: xchunked\r\n", "transfer coding"},
        Refused{"GzipContent", "Content-Encoding: gzip\r\n", "content coding"},
        Refused{"BrotliContent", "Content-Encoding: br\r\n", "content coding"},
        Refused{"IdentityAndGzip", "Content-Encoding: identity, gzip\r\n", "content coding"}),
    [](const auto& each) { return each.param.name; });

TEST(AnswerHeadTest, ANulInAFieldIsRefused) {
  EXPECT_FALSE(read(std::string_view("HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n", 29)));
}

TEST(AnswerHeadTest, ChunksInAnyCaseButNotInHttp10) {
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding:\tchunKed\r\n\r\n"));
  EXPECT_FALSE(read("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\n\r\n"));
}

TEST(AnswerHeadTest, InterimAnswersLeaveNothingBehind) {
  const auto answer = read(
      "HTTP/1.1 103 Early\r\nLocation: evil\r\nContent-Length: 5\r\n\r\n"
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\n\r\n");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->headers.size(), 1u);
  EXPECT_FALSE(read("HTTP/1.1 100 Continue\r\n\r\n"));
}

TEST(AnswerHeadTest, TrailersAreNoHeaders) {
  const auto answer = read("HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nX-B: c\r\nHTTP/1.1 404 No\r\n\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.size(), 1u);
}

TEST(AnswerHeadTest, AHeadThatDoesNotEndIsNoAnswer) {
  for (const auto* text :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX-A: b\r\n", "HTTP/1.1 200 OK\r\nX-A: b"}) {
    EXPECT_FALSE(read(text)) << text;
  }
}

TEST(AnswerHeadTest, LinesAndBytesAreCountedOverAllHeads) {
  AnswerHead lines(kCap);
  std::size_t taken = 0;
  while (lines.take(taken % 2 == 0 ? "HTTP/1.1 100 Continue\r\n" : "\r\n")) {
    ++taken;
  }
  EXPECT_EQ(taken, kMaxResponseHeaders);
  AnswerHead bytes(kCap);
  ASSERT_TRUE(bytes.take("HTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(bytes.take("X: " + std::string(kMaxResponseHeaderBytes, 'a') + "\r\n"));
}

}  // namespace
}  // namespace nono::net
