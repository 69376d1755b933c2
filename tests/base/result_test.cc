// tests/base/result_test.cc: errors keep their cause, their trail and their remedy.
#include "base/result.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <memory>

namespace nono {
namespace {

TEST(ErrorTest, ErrnoBecomesItsKindAndText) {
  struct Case {
    int saved_errno;
    ErrorKind kind;
    std::string message;
  };
  for (const Case& c : {
           Case{ENOENT, ErrorKind::NotFound, "open x: No such file or directory"},
           Case{EACCES, ErrorKind::PermissionDenied, "open x: Permission denied"},
           Case{EPERM, ErrorKind::PermissionDenied, "open x: Operation not permitted"},
           Case{ENOSPC, ErrorKind::System, "open x: No space left on device"},
           Case{99999, ErrorKind::System, "open x: error 99999"},
       }) {
    const Error error = Error::from_errno(c.saved_errno, "open x");
    EXPECT_EQ(error.kind(), c.kind) << c.message;
    EXPECT_EQ(error.code(), c.saved_errno) << c.message;
    EXPECT_EQ(error.message(), c.message);
  }
}

TEST(ErrorTest, LimitsOfDescriptorsAndProcessesAreNamedInTheRemedy) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const std::string told = Error::from_errno(EMFILE, "open x").remedy();
  EXPECT_NE(told.find("(ulimit -n), which is " + std::to_string(limit.rlim_cur)), std::string::npos)
      << told;
  EXPECT_EQ(told.contains("ulimit -Hn"), limit.rlim_cur == limit.rlim_max) << told;
  EXPECT_NE(Error::from_errno(ENFILE, "open x").remedy().find("fs.file-max"), std::string::npos);
  EXPECT_NE(Error::from_fork(EAGAIN, "fork").remedy().find("ulimit -u"), std::string::npos);
  EXPECT_EQ(Error::from_fork(EAGAIN, "fork").code(), EAGAIN);
  EXPECT_TRUE(Error::from_fork(ENOMEM, "fork").remedy().empty());
  EXPECT_TRUE(Error::from_errno(EAGAIN, "read").remedy().empty());
}

TEST(ErrorTest, GlobalErrnoIsNotRead) {
  errno = EACCES;
  EXPECT_EQ(Error::from_errno(ENOSPC, "write").code(), ENOSPC);
}

TEST(ErrorTest, MessageRunsFromTheOutermostStep) {
  const Error error = Error(ErrorKind::InvalidInput, "bad byte")
                          .while_doing("read the bundle")
                          .while_doing("verify CLAUDE.md");
  EXPECT_EQ(error.message(), "verify CLAUDE.md: read the bundle: bad byte");
  EXPECT_EQ(error.trail().front(), "bad byte");
}

TEST(ErrorTest, RemedyIsApartFromTheMessage) {
  const Error error = Error(ErrorKind::NotFound, "no key").mend_with("nono keygen");
  EXPECT_EQ(error.remedy(), "nono keygen");
  EXPECT_EQ(error.message(), "no key");
}

TEST(ErrorTest, PlaceIsThatOfTheCaller) {
  const auto failed = [] { return Result<int>(fail(ErrorKind::Usage, "no")); }();
  ASSERT_FALSE(failed);
  EXPECT_NE(std::string_view(failed.error().at().file_name()).find("result_test"),
            std::string_view::npos);
}

Result<int> half(int value) {
  if (value % 2 != 0) {
    return fail(ErrorKind::InvalidInput, "odd");
  }
  return value / 2;
}

Result<int> quarter(int value) {
  NONO_TRY(const int first, half(value));
  NONO_TRY(const int second, half(first));
  return second;
}

Result<void> even(int value) {
  NONO_CHECK(half(value));
  return {};
}

TEST(ResultTest, TryBindsTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().message(), "odd");
}

TEST(ResultTest, CheckIgnoresTheValueAndReturnsTheError) {
  EXPECT_TRUE(even(4));
  ASSERT_FALSE(even(3));
  EXPECT_EQ(even(3).error().kind(), ErrorKind::InvalidInput);
}

TEST(ResultTest, TryMovesValuesThatCannotBeCopied) {
  const auto forward = [](std::unique_ptr<int> value) -> Result<std::unique_ptr<int>> {
    NONO_TRY(std::unique_ptr<int> held, Result<std::unique_ptr<int>>(std::move(value)));
    return held;
  };
  EXPECT_EQ(**forward(std::make_unique<int>(7)), 7);
}

}  // namespace
}  // namespace nono
