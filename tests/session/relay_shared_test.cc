// tests/session/relay_shared_test.cc: stdout is a pipe; other programs may use the terminal too.
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>

#include "session/caller_terminal.h"
#include "stage.h"

namespace nono::session {
namespace {

StageOptions piped(std::function<int()> agent) {
  return {.agent = std::move(agent), .output = StageOptions::Output::Pipe};
}

int waiting_bytes(const Stage& stage) {
  int waiting = 0;
  EXPECT_EQ(::ioctl(BorrowedFd(stage.keyboard()).raw(), FIONREAD, &waiting), 0);
  return waiting;
}

TEST(RelaySharedTest, PipeIsTheAgentsOwnAndUntouched) {
  Stage stage(piped(shell("printf 'a\\nb'; test ! -t 1 && test -t 0 && test -t 2")));
  EXPECT_EQ(stage.piped(), "a\nb");
  EXPECT_EQ(stage.exit_code(), 0);
}

TEST(RelaySharedTest, TerminalStaysAsItIs) {
  Stage stage(piped(shell("echo ready >&2; sleep 0.2")));
  stage.until("ready");
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
  stage.rest();
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
}

TEST(RelaySharedTest, TypedLineReachesTheAgentAndTheTerminalIsItsFromThen) {
  Stage stage(
      piped(shell("echo ready >&2; read x; echo \"got:$x\"; echo first >&2; read y; "
                  "echo \"got:$y\"")));
  stage.until("ready");
  stage.type("abc\n");
  stage.until("first");
  stage.wait_until_raw();
  stage.type("def\r");
  EXPECT_EQ(stage.piped(), "got:abc\ngot:def\n");
  stage.rest();
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
}

TEST(RelaySharedTest, EndOfFileKeyIsPassedOn) {
  Stage stage(piped(shell("echo ready >&2; cat; echo done")));
  stage.until("ready");
  stage.type("\x04");
  EXPECT_EQ(stage.piped(), "done\n");
}

// What `nono run … | less` needs: less makes the terminal raw and reads its keys from it.
TEST(RelaySharedTest, KeysForAnotherProgramAreLeftToIt) {
  Stage stage(piped(shell("echo ready >&2; sleep 0.3; echo again >&2; sleep 0.3")));
  stage.until("ready");
  struct termios modes = stage.first_modes();
  ::cfmakeraw(&modes);
  stage.set_modes(modes);
  stage.until("again");  // the relay has had its turn
  stage.type("qqq");
  ::usleep(100'000);
  EXPECT_EQ(waiting_bytes(stage), 3);
  stage.rest();
  EXPECT_TRUE(same_modes(stage.modes(), modes)) << "the other program's modes were changed";
}

TEST(RelaySharedTest, TerminalIsRawWhileTheAgentsOwnIs) {
  Stage stage(
      piped(shell("old=$(stty -g); stty raw -echo; echo on >&2; "
                  "dd bs=1 count=1 2>/dev/null; stty \"$old\"; echo off >&2; sleep 0.3")));
  stage.until("on");
  stage.wait_until_raw();
  stage.type("k");
  EXPECT_EQ(stage.piped(), "k");
  stage.rest();
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
}

TEST(RelaySharedTest, TerminalIsGivenBackWhenTheAgentsModesAreAsBefore) {
  Stage stage(
      piped(shell("old=$(stty -g); stty -echo; echo on >&2; sleep 0.2; stty \"$old\"; "
                  "echo off >&2; sleep 1")));
  stage.until("on");
  stage.wait_until_raw();
  stage.until("off");
  stage.wait_until_cooked();
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
}

}  // namespace
}  // namespace nono::session
