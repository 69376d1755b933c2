// tests/sandbox/seatbelt_apply_test.cc: the call into macOS, against a stand-in. It proves that the
// code compiles against the documented declarations, and what it does with an error; that macOS
// takes a profile is not proved here.
#include "sandbox/seatbelt_apply.h"

#include <gtest/gtest.h>
#include <sandbox.h>

#include <cstdlib>
#include <cstring>

namespace {

std::string taken;                // the profile of the last call
const char* complaint = nullptr;  // of the next call; null: it succeeds
int freed = 0;

}  // namespace

extern "C" int sandbox_init(const char* profile, uint64_t flags, char** errorbuf) {
  taken = profile;
  EXPECT_EQ(flags, 0U);
  *errorbuf = complaint == nullptr ? nullptr : ::strdup(complaint);
  return complaint == nullptr ? 0 : -1;
}

extern "C" void sandbox_free_error(char* errorbuf) {
  std::free(errorbuf);
  ++freed;
}

namespace nono::sandbox {
namespace {

TEST(SeatbeltApplyTest, AProfileThatIsTakenConfines) {
  complaint = nullptr;
  EXPECT_TRUE(enter_seatbelt("(version 1)(deny default)"));
  EXPECT_EQ(taken, "(version 1)(deny default)");
}

TEST(SeatbeltApplyTest, AProfileThatIsNotTakenIsAnErrorInTheSystemsWords) {
  complaint = "line 3: \x1b[2Junbound variable";
  freed = 0;
  const auto entered = enter_seatbelt("(version 1)");
  ASSERT_FALSE(entered);
  EXPECT_EQ(entered.error().kind(), ErrorKind::Unsupported);
  EXPECT_TRUE(entered.error().message().contains("line 3: \\e[2Junbound variable"))
      << entered.error().message();
  EXPECT_EQ(freed, 1);
}

}  // namespace
}  // namespace nono::sandbox
