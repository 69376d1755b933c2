// tests/sandbox/supervisor_watch_test.cc: when a supervisor that does not move is given up.
#include "sandbox/supervisor_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nono::sandbox {
namespace {

using std::chrono::milliseconds;

class SupervisorWatchTest : public ::testing::Test {
 protected:
  bool after(int ms, char state, bool excused = false) {
    state_ = state;
    now_ += milliseconds(ms);
    return watch_.stopped_too_long(now_, excused);
  }
  char state_ = 'S';
  SupervisorWatch::Clock::time_point now_;
  SupervisorWatch watch_{[this] { return state_; }};
};

TEST_F(SupervisorWatchTest, OneThatSleepsOrRunsIsThere) {
  for (const char state : {'S', 'R', 'D', 't', '?', 'Z'}) {
    EXPECT_FALSE(after(60'000, state)) << state;
  }
}

TEST_F(SupervisorWatchTest, OneThatIsStoppedIsGivenUpAfterItsPatience) {
  EXPECT_FALSE(after(0, 'T'));
  EXPECT_FALSE(after(1'999, 'T'));
  EXPECT_TRUE(after(1, 'T'));
  EXPECT_TRUE(after(1, 'S')) << "what was given up stays so";
}

TEST_F(SupervisorWatchTest, OneThatGoesOnInTimeStartsAnew) {
  EXPECT_FALSE(after(0, 'T'));
  EXPECT_FALSE(after(1'500, 'T'));
  EXPECT_FALSE(after(500, 'S'));
  EXPECT_FALSE(after(1'500, 'T'));
  EXPECT_FALSE(after(1'999, 'T'));
}

TEST_F(SupervisorWatchTest, AStopTogetherWithTheAgentIsNone) {
  EXPECT_FALSE(after(0, 'T', true));
  EXPECT_FALSE(after(3'600'000, 'T', true));
  EXPECT_FALSE(after(1'000, 'T', false));
  EXPECT_FALSE(after(2'000, 'T', true));
  EXPECT_FALSE(after(2'000, 'T', false));
}

TEST(ProcessStateTest, IsTheKernels) {
  EXPECT_EQ(state_of_process(::getpid()), 'R');
  EXPECT_EQ(state_of_process(-1), '?');
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  ::kill(child, SIGSTOP);
  ::waitpid(child, nullptr, WUNTRACED);
  EXPECT_EQ(state_of_process(child), 'T');
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(state_of_process(child), '?');
}

}  // namespace
}  // namespace nono::sandbox
