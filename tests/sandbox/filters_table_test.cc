// tests/sandbox/filters_table_test.cc: the tables themselves: numbers, order, documentation; and
// that the kernel takes the programs.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/sandbox/children.h"
#include "tests/sandbox/filter_support.h"

namespace nono::sandbox::testing {
namespace {

std::string documentation() {
  const std::ifstream file(NONO_SOURCE_DIR "/docs/syscalls.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string symbol_of(int error) {
  return error == 0 ? "allowed" : ::strerrorname_np(error);
}

TEST(FilterTablesTest, NumbersAreThoseThatLibseccompKnows) {
  for (const Architecture architecture : kArchitectures) {
    for (const DeniedCall& row : denied_calls(architecture)) {
      EXPECT_EQ(row.number, number_of(std::string(row.name), architecture)) << row.name;
    }
    for (const TrappedCall& row : trapped_calls(architecture)) {
      EXPECT_EQ(row.number, number_of(std::string(row.name), architecture)) << row.name;
    }
  }
}

TEST(FilterTablesTest, NumbersAreThoseOfThisMachinesHeaders) {
  const auto number = [](std::string_view name) {
    for (const TrappedCall& row : trapped_calls()) {
      if (row.name == name) {
        return row.number;
      }
    }
    return -1;
  };
  EXPECT_EQ(number("openat"), SYS_openat);
  EXPECT_EQ(number("execveat"), SYS_execveat);
  EXPECT_EQ(number("renameat2"), SYS_renameat2);
  EXPECT_EQ(number("prctl"), SYS_prctl);
}

// The first matching row decides: a row of the same name elsewhere in the table would be lost.
TEST(FilterTablesTest, RowsOfOneNameStandTogetherAndSayWhy) {
  for (const Architecture architecture : kArchitectures) {
    std::set<std::string_view> finished;
    std::string_view current;
    bool answered_for_all = false;
    for (const DeniedCall& row : denied_calls(architecture)) {
      EXPECT_FALSE(row.why.empty()) << row.name;
      if (row.name != current) {
        EXPECT_TRUE(finished.insert(row.name).second) << row.name << " stands in two places";
        answered_for_all = false;
      }
      EXPECT_FALSE(answered_for_all) << row.name << ": " << row.when << " is never reached";
      answered_for_all = row.when.empty();
      current = row.name;
    }
  }
}

TEST(FilterTablesTest, CallsThatOnlyX86HasAreNotListedForAarch64) {
  std::set<std::string_view> names;
  for (const DeniedCall& row : denied_calls(Architecture::Aarch64)) {
    names.insert(row.name);
  }
  for (const TrappedCall& row : trapped_calls(Architecture::Aarch64)) {
    names.insert(row.name);
  }
  for (const char* name : {"modify_ldt", "iopl", "ioperm", "uselib", "open", "creat", "rename",
                           "link", "symlink", "mkdir", "mknod", "unlink", "rmdir", "chmod", "chown",
                           "lchown", "utime", "utimes", "futimesat"}) {
    EXPECT_FALSE(names.contains(name)) << name;
  }
}

TEST(FilterTablesTest, EveryDeniedRowIsDocumented) {
  const std::string text = documentation();
  ASSERT_FALSE(text.empty());
  for (const DeniedCall& row : denied_calls(Architecture::X86_64)) {
    const std::string when = row.when.empty() ? "always" : std::string(row.when);
    const std::string line = "| `" + std::string(row.name) + "` | " + when + " | " +
                             symbol_of(row.answer_errno) + " | " + std::string(row.why) + " |\n";
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST(FilterTablesTest, EveryTrappedCallIsDocumented) {
  const std::string text = documentation();
  for (const TrappedCall& row : trapped_calls(Architecture::X86_64)) {
    EXPECT_NE(text.find("| `" + std::string(row.name) + "` |"), std::string::npos) << row.name;
  }
}

TEST(FilterTablesTest, NothingIsDocumentedThatIsNotThere) {
  const std::string text = documentation();
  std::size_t rows = 0;
  for (std::size_t at = text.find("\n| `"); at != std::string::npos;
       at = text.find("\n| `", at + 1)) {
    ++rows;
  }
  const std::size_t breaks = 7;  // rows of "What this breaks" and "Left to Landlock" that start so
  EXPECT_EQ(rows, denied_calls(Architecture::X86_64).size() +
                      trapped_calls(Architecture::X86_64).size() + breaks);
}

TEST(FilterTablesTest, TheKernelTakesEveryStaticProgram) {
  for (const Architecture architecture : kArchitectures) {
    for (const NetworkTier tier : kTiers) {
      for (const Broker broker : {Broker::Present, Broker::Absent}) {
        const auto program = static_filter({.network = tier, .broker = broker}, architecture);
        ASSERT_TRUE(program);
        // A program for the other architecture answers ENOSYS to exit_group, too.
        if (architecture == kNativeArchitecture) {
          EXPECT_EQ(in_child([&] { return install(*program); }), 0);
        }
      }
    }
  }
}

TEST(FilterTablesTest, TheKernelTakesTheNotifyProgram) {
  const FilterProgram program = notify_filter();
  EXPECT_EQ(in_child([&] { return install(program); }), 0);
  const int listener = in_child([&] { return install(program, 8 /* NEW_LISTENER */); });
  if (listener == EBUSY) {
    GTEST_SKIP() << "this process has a seccomp listener already (a sandbox or WSL2)";
  }
  EXPECT_EQ(listener, 0);
}

}  // namespace
}  // namespace nono::sandbox::testing
