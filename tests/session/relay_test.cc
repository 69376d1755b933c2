// tests/session/relay_test.cc: the terminal belongs to the agent alone: raw throughout.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

#include "session/caller_terminal.h"
#include "stage.h"

namespace nono::session {
namespace {

// raw_echo reads `size` bytes from a raw terminal and writes them back.
std::function<int()> raw_echo(std::size_t size) {
  return [size] {
    struct termios modes{};
    ::tcgetattr(0, &modes);
    ::cfmakeraw(&modes);
    ::tcsetattr(0, TCSANOW, &modes);
    if (::write(1, "READY", 5) != 5) {
      return 1;
    }
    std::array<char, 4096> buffer{};
    for (std::size_t done = 0; done < size;) {
      const ssize_t got = ::read(0, buffer.data(), buffer.size());
      if (got <= 0 || ::write(1, buffer.data(), static_cast<std::size_t>(got)) != got) {
        return 2;
      }
      done += static_cast<std::size_t>(got);
    }
    return 0;
  };
}

TEST(RelayTest, OutputArrivesAndTheExitCodeIsTheAgents) {
  Stage stage({.agent = shell("printf hello; exit 5")});
  EXPECT_EQ(stage.rest(), "hello");
  EXPECT_EQ(stage.exit_code(), 5);
}

TEST(RelayTest, AllStandardDescriptorsAreTerminalsOfTheAgent) {
  Stage stage({.agent = shell("test -t 0 && test -t 1 && test -t 2 && tty")});
  EXPECT_TRUE(stage.rest().contains("/dev/pts/"));
  EXPECT_EQ(stage.exit_code(), 0);
}

TEST(RelayTest, NewlinesOfTheAgentAreTranslatedOnce) {
  Stage stage({.agent = shell("echo one; echo two")});
  EXPECT_EQ(stage.rest(), "one\r\ntwo\r\n");
}

TEST(RelayTest, TypedLineReachesTheAgentAndIsEchoedOnce) {
  Stage stage({.agent = shell("echo ready; read x; echo \"got:$x\"")});
  stage.until("ready");
  stage.wait_until_raw();
  stage.type("abc\r");
  EXPECT_EQ(stage.rest(), "ready\r\nabc\r\ngot:abc\r\n");
}

TEST(RelayTest, EveryByteGoesBothWays) {
  std::string bytes;
  for (int i = 0; i < 4 * 256; ++i) {
    bytes += static_cast<char>(i * 37);
  }
  Stage stage({.agent = raw_echo(bytes.size())});
  stage.until("READY");
  stage.type(bytes);
  EXPECT_EQ(stage.rest(), "READY" + bytes);
}

TEST(RelayTest, InterruptKeyIsASignalForTheAgentAndNotForNono) {
  Stage stage({.agent = shell("trap 'echo caught; exit 7' INT; echo ready; "
                              "while :; do sleep 0.02; done")});
  stage.until("ready");
  stage.wait_until_raw();
  stage.type("\x03");
  stage.until("caught");
  EXPECT_EQ(stage.exit_code(), 7);
}

TEST(RelayTest, EndOfFileKeyEndsTheAgentsInput) {
  Stage stage({.agent = shell("echo ready; cat; echo done")});
  stage.until("ready");
  stage.wait_until_raw();
  stage.type("\x04");
  stage.until("done");
  EXPECT_EQ(stage.exit_code(), 0);
}

TEST(RelayTest, WindowSizeIsTheCallersAndFollowsIt) {
  Stage stage({.agent = shell("trap 'stty size; exit 0' WINCH; stty size; "
                              "while :; do sleep 0.02; done")});
  stage.until("24 80");
  stage.wait_until_raw();
  stage.resize(50, 132);
  stage.until("50 132");
  EXPECT_EQ(stage.exit_code(), 0);
}

TEST(RelayTest, ModesAreRestoredAtTheEnd) {
  Stage stage({.agent = shell("echo ready; read x")});
  stage.until("ready");
  stage.wait_until_raw();
  stage.type("\r");
  stage.rest();
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
}

TEST(RelayTest, ModesAreRestoredByTheDestructorToo) {
  Stage stage({.agent = shell("echo ready; read x"), .ending = StageOptions::Ending::DropTheRelay});
  stage.until("ready");
  stage.wait_until_raw();
  stage.type("\r");
  EXPECT_EQ(stage.exit_code(), 0);
  // run_relay has returned, and with it the relay has gone, before the process ended.
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
}

TEST(RelayTest, ModesThatSomebodyElseSetMeanwhileStay) {
  Stage stage({.agent = shell("echo ready; sleep 0.3")});
  stage.until("ready");
  stage.wait_until_raw();
  struct termios modes = stage.first_modes();
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  stage.set_modes(modes);
  stage.rest();
  EXPECT_TRUE(same_modes(stage.modes(), modes));
}

TEST(RelayTest, SuspendGivesTheTerminalBackAndResumeTakesIt) {
  Stage stage({.agent = shell("echo ready; read x; echo \"got:$x\"")});
  stage.until("ready");
  stage.wait_until_raw();
  stage.signal_supervisor(SIGUSR1);
  stage.wait_until_cooked();
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
  stage.resize(40, 100);
  stage.signal_supervisor(SIGUSR2);
  stage.wait_until_raw();
  stage.type("abc\r");
  stage.until("got:abc");
  EXPECT_EQ(stage.exit_code(), 0);
}

TEST(RelayTest, SuspendedRelayReadsNothing) {
  Stage stage({.agent = shell("echo ready; read x; echo \"got:$x\"")});
  stage.until("ready");
  stage.wait_until_raw();
  stage.signal_supervisor(SIGUSR1);
  stage.wait_until_cooked();
  stage.type("for the shell\n");
  ::usleep(50'000);
  std::array<char, 64> buffer{};
  EXPECT_EQ(::read(BorrowedFd(stage.keyboard()).raw(), buffer.data(), buffer.size()), 14);
  stage.signal_supervisor(SIGUSR2);
  stage.wait_until_raw();
  stage.type("abc\r");
  stage.until("got:abc");
}

TEST(RelayTest, ResumeBringsTheNewWindowSize) {
  Stage stage({.agent = shell("echo ready; read x; stty size")});
  stage.until("ready");
  stage.wait_until_raw();
  stage.signal_supervisor(SIGUSR1);
  stage.wait_until_cooked();
  stage.resize(41, 101);
  stage.signal_supervisor(SIGUSR2);
  stage.wait_until_raw();
  stage.type("\r");
  stage.until("41 101");
}

TEST(RelayTest, LastWordsOfAnAgentAreNotLost) {
  for (int round = 0; round < 20; ++round) {
    Stage stage({.agent = shell("i=0; while [ $i -lt 400 ]; do echo line-$i; i=$((i+1)); done")});
    const std::string& shown = stage.rest();
    EXPECT_TRUE(shown.ends_with("line-399\r\n")) << round;
  }
}

TEST(RelayTest, AgentMayCloseAndReopenItsTerminal) {
  Stage stage({.agent = shell("exec 0<&- 1>&- 2>&-; sleep 0.1; exec >/dev/tty; echo back")});
  EXPECT_EQ(stage.rest(), "back\r\n");
}

TEST(RelayTest, MessagesOfNonoEndTheirLinesForARawTerminal) {
  Stage stage({.agent = shell("sleep 0.05"), .message = "first\nsecond"});
  EXPECT_EQ(stage.rest(), "first\r\nsecond\r\n");
}

TEST(RelayTest, InTheBackgroundTheTerminalIsNeitherChangedNorRead) {
  Stage stage({.agent = shell("echo ready; sleep 0.3; echo end"),
               .place = StageOptions::Place::Background});
  stage.until("ready");
  stage.type("typed ahead\n");
  ::usleep(100'000);
  EXPECT_TRUE(same_modes(stage.modes(), stage.first_modes()));
  int waiting = 0;
  EXPECT_EQ(::ioctl(BorrowedFd(stage.keyboard()).raw(), FIONREAD, &waiting), 0);
  EXPECT_EQ(waiting, 12);
  stage.until("end");
}

}  // namespace
}  // namespace nono::session
