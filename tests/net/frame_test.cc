// What nono and nono-net say to each other: net/frame.h.
#include "net/frame.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "net/request_rules.h"
#include "tests/net/support.h"

namespace nono::net::test {
namespace {

using namespace std::chrono_literals;

HttpRequest full_request() {
  auto request = post("https://host/path", std::string("a\0b\xff", 4));
  request.headers = {{"Accept", "x"}, {"X-Empty", ""}};
  request.deadline = 12'345ms;
  request.max_bytes = 678;
  return request;
}

HttpResponse full_response() {
  HttpResponse response;
  response.status = 404;
  response.headers = {{"content-type", "text/plain"}, {"x-a", ""}};
  response.body = std::string("\0\r\n", 3);
  return response;
}

std::string number(std::uint32_t value) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    out += static_cast<char>(value >> shift & 0xffU);
  }
  return out;
}

TEST(FrameTest, ARequestArrivesAsItWas) {
  const HttpRequest request = full_request();
  const auto read = decode_request(encode_request(request));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->service, request.service);
  EXPECT_EQ(read->method, Method::Post);
  EXPECT_EQ(read->url, request.url);
  EXPECT_EQ(read->headers, request.headers);
  EXPECT_EQ(read->body, request.body);
  EXPECT_EQ(read->deadline, request.deadline);
  EXPECT_EQ(read->max_bytes, request.max_bytes);
}

TEST(FrameTest, AnAnswerArrivesAsItWas) {
  const auto read = decode_answer(encode_answer(full_response()), 3);
  ASSERT_TRUE(read) << read.error().message();
  const auto& response = std::get<HttpResponse>(*read);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers, full_response().headers);
  EXPECT_EQ(response.body, full_response().body);
}

TEST(FrameTest, AFailureKeepsItsKind) {
  for (const auto kind : {ErrorKind::Network, ErrorKind::Usage, ErrorKind::Unsupported}) {
    const auto read = decode_answer(encode_answer(Failure{.kind = kind, .text = "why"}), 0);
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<Failure>(*read).kind, kind);
    EXPECT_EQ(std::get<Failure>(*read).text, "why");
  }
  // A kind that does not travel, and a text that is too long.
  const Failure odd{.kind = ErrorKind::Internal, .text = std::string(kMaxFailureText + 9, 'x')};
  const auto read = decode_answer(encode_answer(odd), 0);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<Failure>(*read).kind, ErrorKind::Network);
  EXPECT_EQ(std::get<Failure>(*read).text.size(), kMaxFailureText);
}

TEST(FrameTest, NoMessageCanBeShorterOrLonger) {
  const std::string request = encode_request(full_request());
  for (std::size_t size = 0; size < request.size(); ++size) {
    EXPECT_FALSE(decode_request(std::string_view(request).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_request(request + "x"));
  for (const Answer& answer :
       {Answer(full_response()), Answer(Failure{.kind = ErrorKind::Network, .text = "why"})}) {
    const std::string spelt = encode_answer(answer);
    for (std::size_t size = 0; size < spelt.size(); ++size) {
      EXPECT_FALSE(decode_answer(std::string_view(spelt).substr(0, size), 100)) << size;
    }
    EXPECT_FALSE(decode_answer(spelt + "x", 100));
  }
}

TEST(FrameTest, ANumberOutOfRangeIsRefused) {
  const std::string rest = number(0) + number(0);
  EXPECT_TRUE(decode_answer(number(1) + number(0) + number(200) + rest, 0));
  EXPECT_FALSE(decode_answer(number(2) + number(0) + number(200) + rest, 0));  // another format
  EXPECT_FALSE(decode_answer(number(1) + number(2) + number(200) + rest, 0));  // another outcome
  for (const std::uint32_t status : {0U, 100U, 199U, 600U, 0x80000000U}) {
    EXPECT_FALSE(decode_answer(number(1) + number(0) + number(status) + rest, 0)) << status;
  }
  EXPECT_FALSE(decode_answer(number(1) + number(1) + number(3) + number(0), 0));  // another kind
  EXPECT_FALSE(decode_answer(number(1) + number(1) + number(0) + number(0xffffffff), 0));
}

TEST(FrameTest, ACountThatPromisesMoreThanThereIsCostsNothing) {
  const std::string head = number(1) + number(0) + number(200);
  EXPECT_FALSE(decode_answer(head + number(kMaxResponseHeaders), 0));
  EXPECT_FALSE(decode_answer(head + number(kMaxResponseHeaders + 1), 0));
  EXPECT_FALSE(decode_answer(head + number(0xffffffff), 0));
  EXPECT_FALSE(decode_answer(head + number(0) + number(0xffffffff), 0xffffffff));
}

TEST(FrameTest, AnAnswerThatHttpDoesNotAllowIsRefused) {
  const auto with_header = [](std::string name, std::string value) {
    HttpResponse response = full_response();
    response.headers = {{std::move(name), std::move(value)}};
    return decode_answer(encode_answer(response), 3).has_value();
  };
  EXPECT_TRUE(with_header("x-a", "b"));
  EXPECT_FALSE(with_header("X-A", "b"));
  EXPECT_FALSE(with_header("", "b"));
  EXPECT_FALSE(with_header("x a", "b"));
  EXPECT_FALSE(with_header("x-a", "b\r\nc: d"));
  EXPECT_FALSE(with_header("x-a", " b"));
  EXPECT_FALSE(with_header("x-a", std::string(kMaxResponseHeaderBytes, 'b')));
  EXPECT_FALSE(decode_answer(encode_answer(full_response()), 2));  // one byte over the cap
}

class ChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> raw{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, raw.data()), 0);
    left_ = OwnedFd(raw[0]);
    right_ = OwnedFd(raw[1]);
  }
  void raw(std::string_view bytes) {
    ASSERT_EQ(::send(BorrowedFd(left_).raw(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
  static Moment in(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
  }
  OwnedFd left_;
  OwnedFd right_;
};

TEST_F(ChannelTest, FramesArriveInOrderAndWhole) {
  const std::string large(3u << 20, 'x');
  const std::jthread sender([&] {
    EXPECT_TRUE(send_frame(left_, "one", std::nullopt));
    EXPECT_TRUE(send_frame(left_, "", std::nullopt));
    EXPECT_TRUE(send_frame(left_, large, std::nullopt));
  });
  EXPECT_EQ(**receive_frame(right_, 3, in(5s)), "one");
  EXPECT_EQ(**receive_frame(right_, 3, in(5s)), "");
  EXPECT_EQ(**receive_frame(right_, large.size(), in(5s)), large);
}

TEST_F(ChannelTest, TheEndBetweenFramesIsNoErrorAndWithinOneItIs) {
  raw(number(4) + "abcd");
  raw(number(4) + "ab");
  left_.reset();
  EXPECT_TRUE(receive_frame(right_, 10, in(5s))->has_value());
  const auto cut = receive_frame(right_, 10, in(5s));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind(), ErrorKind::Network);
  const auto end = receive_frame(right_, 10, in(5s));
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->has_value());
}

TEST_F(ChannelTest, ACutLengthIsAnErrorToo) {
  raw(std::string_view("\0\0", 2));
  left_.reset();
  const auto cut = receive_frame(right_, 10, in(5s));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind(), ErrorKind::Network);
}

TEST_F(ChannelTest, AFrameOverTheCapIsRefusedBeforeItIsRead) {
  raw(number(11));
  const auto frame = receive_frame(right_, 10, in(5s));
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().kind(), ErrorKind::InvalidInput);
}

TEST_F(ChannelTest, WaitingEndsAtTheDeadline) {
  raw(number(4) + "ab");
  const auto late = receive_frame(right_, 10, in(50ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind(), ErrorKind::Exhausted);
  // Nobody reads: the buffer fills, and the rest waits.
  const auto full = send_frame(left_, std::string(8u << 20, 'x'), in(50ms));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind(), ErrorKind::Exhausted);
}

TEST_F(ChannelTest, WritingToNobodyIsAnErrorAndNoSignal) {
  right_.reset();
  const auto gone = send_frame(left_, "x", in(5s));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind(), ErrorKind::Network);
}

}  // namespace
}  // namespace nono::net::test
