// tests/session/relay_hostile_test.cc: floods, slow readers, terminals that vanish.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "stage.h"
#include "tests/sanitized.h"

namespace nono::session {
namespace {

constexpr std::size_t kFlood = 10u << 20;

char flood_byte(std::size_t at) {
  return static_cast<char>((at * 2654435761U) >> 13U);
}

void make_raw() {
  struct termios modes{};
  ::tcgetattr(1, &modes);
  ::cfmakeraw(&modes);
  ::tcsetattr(1, TCSANOW, &modes);
}

int write_flood() {
  make_raw();
  std::vector<char> block(1u << 16);
  for (std::size_t done = 0; done < kFlood;) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      block[i] = flood_byte(done + i);
    }
    for (std::size_t written = 0; written < block.size();) {
      const ssize_t got = ::write(1, block.data() + written, block.size() - written);
      if (got <= 0) {
        return 1;
      }
      written += static_cast<std::size_t>(got);
    }
    done += block.size();
  }
  return 0;
}

std::size_t resident_kib(pid_t pid) {
  std::FILE* const status = std::fopen(("/proc/" + std::to_string(pid) + "/status").c_str(), "re");
  std::array<char, 256> line{};
  std::size_t kib = 0;
  while (status != nullptr && std::fgets(line.data(), line.size(), status) != nullptr) {
    std::sscanf(line.data(), "VmRSS: %zu kB", &kib);
  }
  if (status != nullptr) {
    std::fclose(status);
  }
  return kib;
}

TEST(RelayHostileTest, TenMegabytesThroughASlowReaderArriveWhole) {
  Stage stage({.agent = write_flood});
  std::size_t done = 0;
  std::size_t wrong = 0;
  std::vector<char> buffer(1u << 16);
  std::size_t before = 0;
  for (int reads = 0; done < kFlood; ++reads) {
    if (reads < 20) {
      ::usleep(10'000);  // slow at first: everything in between fills up
      before = reads == 0 ? resident_kib(stage.supervisor()) : before;
    }
    const std::size_t got = stage.read_some(buffer.data(), reads < 20 ? 512 : buffer.size());
    ASSERT_GT(got, 0U) << "after " << done << " bytes";
    for (std::size_t i = 0; i < got; ++i) {
      wrong += buffer[i] == flood_byte(done + i) ? 0U : 1U;
    }
    done += got;
    if (reads == 19) {
      // Back-pressure: the relay holds a quarter of a megabyte, not ten.
      const std::size_t now = resident_kib(stage.supervisor());
      EXPECT_TRUE(built::kSanitized || now < before + 2048) << before << " KiB, then " << now;
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(done, kFlood);
  EXPECT_EQ(stage.exit_code(), 0);
}

int count_input() {
  make_raw();
  if (::write(1, "READY", 5) != 5) {
    return 1;
  }
  ::usleep(300'000);
  std::size_t wrong = 0;
  std::array<char, 4096> buffer{};
  constexpr std::size_t kTyped = 1u << 20;
  for (std::size_t done = 0; done < kTyped;) {
    const ssize_t got = ::read(0, buffer.data(), buffer.size());
    if (got <= 0) {
      return 2;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      wrong += buffer[i] == flood_byte(done + i) ? 0U : 1U;
    }
    done += static_cast<std::size_t>(got);
  }
  return wrong == 0 ? 0 : 3;
}

TEST(RelayHostileTest, MegabyteOfInputForAnAgentThatReadsLateArrivesWhole) {
  Stage stage({.agent = count_input});
  stage.until("READY");
  stage.wait_until_raw();
  std::string typed;
  for (std::size_t i = 0; i < (1u << 20); ++i) {
    typed += flood_byte(i);
  }
  stage.type(typed);
  EXPECT_EQ(stage.exit_code(), 0);
}

TEST(RelayHostileTest, TerminalThatHangsUpHangsUpTheAgent) {
  std::string directory = "/tmp/nono-session-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string witness = directory + "/hung-up";
  {
    Stage stage({.agent = shell("trap 'echo x > " + witness +
                                "; exit 0' HUP; echo ready; "
                                "while :; do sleep 0.02; done")});
    stage.until("ready");
    stage.wait_until_raw();
    stage.hang_up();
    stage.exit_code();
  }
  struct stat status{};
  EXPECT_EQ(::stat(witness.c_str(), &status), 0);
  ::unlink(witness.c_str());
  ::rmdir(directory.c_str());
}

TEST(RelayHostileTest, TerminalThatTakesNothingMoreDoesNotHoldTheEndForEver) {
  Stage stage({.agent = [] {
    make_raw();
    const std::string block(200'000, 'x');
    return ::write(1, block.data(), block.size()) > 0 ? 0 : 1;
  }});
  EXPECT_EQ(stage.exit_code(), 0);  // nobody reads; the relay gives up after its patience
}

TEST(RelayHostileTest, AgentThatFloodsInTheBackgroundAfterItsEndIsCutOff) {
  Stage stage({.agent = shell("(trap '' HUP; while echo flood; do :; done) & sleep 0.1; exit 3")});
  stage.rest();
  EXPECT_EQ(stage.exit_code(), 3);
}

}  // namespace
}  // namespace nono::session
