#include "sandbox/wire.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

namespace nono::sandbox {
namespace {

TEST(WireTest, WhatWasWrittenIsRead) {
  WireWriter out;
  out.number(7).text("").text(std::string("a\0b", 3)).number(~0ULL);
  WireReader in(out.bytes());
  EXPECT_EQ(in.number(), 7U);
  EXPECT_EQ(in.text(), "");
  EXPECT_EQ(in.text(), std::string("a\0b", 3));
  EXPECT_EQ(in.number(), ~0ULL);
  EXPECT_TRUE(in.good());
}

TEST(WireTest, EveryTruncationIsNoticedAndReadsAsNothing) {
  WireWriter out;
  out.number(7).text("abc");
  for (std::size_t size = 0; size < out.bytes().size(); ++size) {
    WireReader in(std::string_view(out.bytes()).substr(0, size));
    in.number();
    const std::string text = in.text();
    EXPECT_FALSE(in.good()) << size;
    EXPECT_EQ(text, "") << size;
  }
}

TEST(WireTest, ALengthBeyondTheMessageIsNoticed) {
  WireWriter out;
  out.number(~0ULL);
  WireReader in(out.bytes());
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.good());
}

TEST(WireTest, NothingComesSoonWhereNothingWasSent) {
  auto pair = wire_pair();
  ASSERT_TRUE(pair);
  EXPECT_FALSE(comes_soon(pair->second));
}

TEST(WireTest, AMessageAndTheEndOfTheStreamComeSoon) {
  cpu_set_t mine{};
  ASSERT_EQ(::sched_getaffinity(0, sizeof mine, &mine), 0);
  const bool looks = CPU_COUNT(&mine) > 1;  // with one processor nobody else runs meanwhile
  auto pair = wire_pair();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(wire_send(pair->first, "hello", {}));
  EXPECT_EQ(comes_soon(pair->second), looks);
  ASSERT_TRUE(wire_receive(pair->second));
  EXPECT_FALSE(comes_soon(pair->second));
  pair->first.reset();
  EXPECT_EQ(comes_soon(pair->second), looks);
}

TEST(WireTest, MessageAndDescriptorArriveTogether) {
  auto pair = wire_pair();
  ASSERT_TRUE(pair);
  const OwnedFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::array<int, 1> fds{BorrowedFd(file).raw()};
  ASSERT_TRUE(wire_send(pair->first, "hello", fds));
  auto got = wire_receive(pair->second);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->text, "hello");
  ASSERT_EQ(got->fds.size(), 1U);
  struct stat sent{};
  struct stat received{};
  ASSERT_EQ(::fstat(fds[0], &sent), 0);
  ASSERT_EQ(::fstat(BorrowedFd(got->fds[0]).raw(), &received), 0);
  EXPECT_EQ(sent.st_rdev, received.st_rdev);
  EXPECT_EQ(::fcntl(BorrowedFd(got->fds[0]).raw(), F_GETFD), FD_CLOEXEC);
}

TEST(WireTest, EndOfStreamIsNoMessage) {
  auto pair = wire_pair();
  ASSERT_TRUE(pair);
  pair->first.reset();
  const auto got = wire_receive(pair->second);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::NotFound);
}

TEST(WireTest, TooLargeAMessageIsRefused) {
  auto pair = wire_pair();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(wire_send(pair->first, std::string(kMaxWireBytes + 1, 'x'), {}));
  const auto got = wire_receive(pair->second);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind(), ErrorKind::InvalidInput);
}

TEST(WireTest, AFullChannelThatDoesNotBlockIsExhausted) {
  auto pair = wire_pair();
  ASSERT_TRUE(pair);
  ASSERT_EQ(::fcntl(BorrowedFd(pair->first).raw(), F_SETFL, O_NONBLOCK), 0);
  Result<void> sent;
  for (int i = 0; i < 100000 && sent; ++i) {
    sent = wire_send(pair->first, std::string(1000, 'x'), {});
  }
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind(), ErrorKind::Exhausted);
}

}  // namespace
}  // namespace nono::sandbox
