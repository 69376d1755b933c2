// tests/sandbox/commands_test.cc: which programs are held back, and by which of their arguments.
#include "sandbox/commands.h"

#include <gtest/gtest.h>

#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox {
namespace {

using Words = std::vector<std::string>;

std::vector<HeldCommand> by_default() {
  return held_commands({}, {});
}

TEST(CommandsTest, EveryRowSaysWhyAndIsFoundByItsName) {
  const auto held = by_default();
  for (const CommandRow& row : dangerous_commands()) {
    const std::string name = row.name.ends_with('*')
                                 ? std::string(row.name.substr(0, row.name.size() - 1)) + "ext4"
                                 : std::string(row.name);
    const HeldCommand* found = held_by_name(held, name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_FALSE(found->why.empty()) << name;
    EXPECT_FALSE(found->anywhere) << name;
  }
}

TEST(CommandsTest, OtherNamesAreFree) {
  const auto held = by_default();
  for (const char* name : {"ls", "sudoku", "SUDO", "mount.real", "mkfsx", "d", "", "rm2", "chmo"}) {
    EXPECT_EQ(held_by_name(held, name), nullptr) << name;
  }
}

TEST(CommandsTest, AllowingTakesARowOutAndBlockingPutsOneIn) {
  const Words allowed{"sudo", "not-held-at-all"};
  const Words blocked{"ls", "/opt/x/tool", "mount"};
  const auto held = held_commands(blocked, allowed);
  EXPECT_EQ(held_by_name(held, "sudo"), nullptr);
  ASSERT_NE(held_by_name(held, "ls"), nullptr);
  EXPECT_TRUE(held_by_name(held, "ls")->anywhere);
  EXPECT_NE(held_by_name(held, "/opt/x/tool"), nullptr);
  EXPECT_TRUE(held_by_name(held, "mount")->anywhere) << "the wish comes before the default";
  EXPECT_NE(held_by_name(held, "su"), nullptr);
}

TEST(CommandsTest, WhatIsBlockedAndAllowedIsHeld) {
  const Words both{"dd"};
  const auto rows = held_commands(both, both);
  ASSERT_NE(held_by_name(rows, "dd"), nullptr);
  EXPECT_EQ(held_by_name(rows, "dd")->when, CommandWhen::Always);
}

struct Judged {
  const char* label;
  const char* program;
  Words words;
  bool held;
};

// The tree: PROJECT is granted for everything, READ for reading, FILE for writing.
class ConditionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"project", "project/deep", "project/deep/er", "read", "read/deep",
                             "home", "cfg", "other"}) {
      tree_.directory(name);
    }
    tree_.file("file", "");
    const auto all = Access::read() | Access::write() | Access::execute();
    ASSERT_TRUE(capabilities_.allow_path(tree_.path("project"), all, "test"));
    ASSERT_TRUE(capabilities_.allow_path(tree_.path("read"), Access::read(), "test"));
    ASSERT_TRUE(capabilities_.allow_path(tree_.path("file"), Access::write(), "test"));
    ASSERT_TRUE(capabilities_.allow_path("/dev/null", Access::write(), "test"));
  }

  bool held(const char* program, Words words) const {
    const auto rows = by_default();
    const HeldCommand* row = held_by_name(rows, program);
    words.insert(words.begin(), program);
    return row != nullptr &&
           is_held(*row, {std::move(words), tree_.path("project/deep"), homes_}, capabilities_);
  }

  testing::TemporaryTree tree_;
  CapabilitySet capabilities_;
  std::vector<HomePlace> homes_ = {{.path = tree_.path("home")},
                                   {.path = tree_.path("other")},
                                   {.path = tree_.path("cfg"), .stands_for = "~/.config/"}};
};

TEST_F(ConditionTest, RecursiveChangesOutside) {
  const Judged rows[] = {
      {"beneath the grant", "rm", {"-rf", "er", "../x"}, false},
      {"not recursive", "rm", {"-f", "/etc/passwd"}, false},
      {"outside", "rm", {"-rf", "/etc"}, true},
      {"one of many outside", "rm", {"-rf", "er", "/etc", "x"}, true},
      {"options last", "rm", {"/etc", "-r"}, true},
      {"capital", "rm", {"-R", "/etc"}, true},
      {"long", "rm", {"--recursive", "/etc"}, true},
      {"cut short", "rm", {"--rec", "/etc"}, true},
      {"other long options", "rm", {"--force", "/etc"}, false},
      {"after the dashes it is a file", "rm", {"--", "-r", "/etc"}, false},
      {"the grant itself", "rm", {"-r", tree_.path("project")}, true},
      {"the grant itself, relative", "rm", {"-r", ".."}, true},
      {"the grant itself, from within", "rm", {"-r", "../../project/."}, true},
      {"above the grant", "rm", {"-r", "../.."}, true},
      {"the working directory, beneath the grant", "rm", {"-r", "."}, false},
      {"only readable", "rm", {"-r", tree_.path("read/deep")}, true},
      {"a name that starts like the grant", "rm", {"-r", tree_.path("project2")}, true},
      {"climbs out", "rm", {"-r", "er/../../../read"}, true},
      {"root", "rm", {"-rf", "/"}, true},
      {"no operand", "rm", {"-rf"}, false},
      {"an empty operand is the working directory", "rm", {"-r", ""}, false},
      {"mode, not recursive", "chmod", {"-r", "/etc"}, false},
      {"recursive mode", "chmod", {"-R", "700", "/etc"}, true},
      {"recursive mode inside", "chmod", {"-R", "u+w", "."}, false},
      {"recursive mode of the grant", "chmod", {"-R", "u+w", tree_.path("project")}, false},
      {"long recursive mode", "chmod", {"--recursive", "700", "/"}, true},
      {"owner", "chown", {"-hR", "0:0", "/etc"}, true},
      {"owner inside", "chown", {"-R", "0:0", "er"}, false},
      {"group", "chgrp", {"-R", "0", ".."}, false},
      {"group outside", "chgrp", {"-R", "0", "../.."}, true},
  };
  for (const Judged& row : rows) {
    EXPECT_EQ(held(row.program, row.words), row.held) << row.program << ": " << row.label;
  }
}

TEST_F(ConditionTest, TheHomeDirectoryIsNoPartOfAGrantThatHoldsIt) {
  const auto all = Access::read() | Access::write() | Access::execute();
  ASSERT_TRUE(capabilities_.allow_path(tree_.path(""), all, "test"));
  EXPECT_TRUE(held("rm", {"-rf", tree_.path("home")}));
  EXPECT_TRUE(held("rm", {"-rf", tree_.path("other")}));
  EXPECT_FALSE(held("rm", {"-rf", tree_.path("cfg")}));
  EXPECT_TRUE(held("chmod", {"-R", "700", tree_.path("home")}));
  EXPECT_FALSE(held("rm", {"-rf", tree_.path("home/x")}));
}

TEST_F(ConditionTest, OutputOutside) {
  const Judged rows[] = {
      {"inside", "dd", {"if=/dev/zero", "of=x"}, false},
      {"a granted file", "dd", {"of=" + tree_.path("file")}, false},
      {"null", "dd", {"of=/dev/null"}, false},
      {"to standard output", "dd", {"if=/etc/passwd"}, false},
      {"a disk", "dd", {"if=/dev/zero", "of=/dev/sda", "bs=1M"}, true},
      {"only readable", "dd", {"of=" + tree_.path("read/x")}, true},
      {"the last one counts, and so does each", "dd", {"of=/etc/x", "of=x"}, true},
      {"climbs out", "dd", {"of=../../read/x"}, true},
  };
  for (const Judged& row : rows) {
    EXPECT_EQ(held(row.program, row.words), row.held) << row.label;
  }
}

TEST(CommandsTest, SystemDirectories) {
  for (const char* path :
       {"/usr/bin/x", "/bin/x", "/sbin/x", "/lib/x", "/lib64/x", "/usr/local/bin/x"}) {
    EXPECT_TRUE(in_system_directory(path)) << path;
  }
  for (const char* path :
       {"", "/usr", "/home/u/usr/bin/x", "usr/bin/x", "/libx/y", "/opt/x", "/memfd:x", "/binary"}) {
    EXPECT_FALSE(in_system_directory(path)) << path;
  }
}

TEST(CommandsTest, KindsOfPrograms) {
  for (const char* name : {"busybox", "toybox", "coreutils", "systemctl", "kmod"}) {
    EXPECT_EQ(kind_of_program(name), ProgramKind::Multicall) << name;
  }
  for (const char* name : {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux.so.2",
                           "ld-musl-x86_64.so.1", "ld.so", "ld-2.31.so"}) {
    EXPECT_EQ(kind_of_program(name), ProgramKind::Loader) << name;
  }
  for (const char* name : {"ld", "ld.gold", "ls", "busybox2", "", "lld"}) {
    EXPECT_EQ(kind_of_program(name), ProgramKind::Plain) << name;
  }
}

TEST(CommandsTest, Applets) {
  struct Row {
    const char* own;
    Words words;
    const char* applet;
  };
  const Row rows[] = {
      {"busybox", {"mount"}, "mount"},
      {"busybox", {"/usr/bin/mount", "x"}, "mount"},
      {"busybox", {"busybox", "mount", "x"}, "mount"},
      {"busybox", {"/bin/busybox", "mount"}, "mount"},
      {"busybox", {"./busybox2", "mount"}, "mount"},
      {"busybox", {"b", "mount"}, "b"},
      {"busybox", {"busybox"}, ""},
      {"busybox", {}, ""},
      {"busybox", {"toybox", "mount"}, "mount"},
      {"systemctl", {"systemctl", "--force", "reboot"}, "reboot"},
      {"systemctl", {"poweroff"}, "poweroff"},
      {"coreutils", {"coreutils", "--coreutils-prog=rm", "-r"}, "rm"},
      {"coreutils", {"coreutils", "--coreutils-prog-shebang=rm", "/x"}, "rm"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(applet_of(row.own, row.words), row.applet) << ::testing::PrintToString(row.words);
  }
}

TEST(CommandsTest, FirstLinesOfScripts) {
  struct Row {
    const char* text;
    const char* interpreter;
    const char* argument;
  };
  const Row rows[] = {
      {"#!/bin/sh\necho", "/bin/sh", ""},
      {"#! /bin/sh\n", "/bin/sh", ""},
      {"#!/bin/sh", "/bin/sh", ""},
      {"#!/usr/bin/env -S rm -rf \nx", "/usr/bin/env", "-S rm -rf"},
      {"#!\t/bin/sh\t-e\t\n", "/bin/sh", "-e"},
      {"#!\n/bin/sh", "", ""},
      {"#!", "", ""},
      {"", "", ""},
      {"\x7f"
       "ELF",
       "", ""},
      {"# !/bin/sh\n", "", ""},
  };
  for (const Row& row : rows) {
    const Shebang found = shebang_of(row.text);
    EXPECT_EQ(found.interpreter, row.interpreter) << row.text;
    EXPECT_EQ(found.argument, row.argument) << row.text;
  }
}

}  // namespace
}  // namespace nono::sandbox
