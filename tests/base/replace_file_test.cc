// tests/base/replace_file_test.cc: whatever fails, the old file is intact and nothing is left over.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/files.h"
#include "tests/base/support.h"

namespace nono {
namespace {

using testing::Fault;
using testing::TempDir;

using Names = std::vector<std::string>;

template <typename T>
std::string message_of(const Result<T>& result) {
  return result ? "(accepted)" : result.error().message();
}

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

class ReplaceFileTest : public ::testing::Test {
 protected:
  void SetUp() override { dir_.write("file", "old"); }
  void expect_untouched() const {
    EXPECT_EQ(dir_.read("file"), "old");
    EXPECT_EQ(dir_.names(), Names{"file"});
  }

  TempDir dir_;
};

TEST_F(ReplaceFileTest, ContentAndModeAreNew) {
  ASSERT_TRUE(replace_file(dir_ / "file", "new content", 0640));
  EXPECT_EQ(dir_.read("file"), "new content");
  EXPECT_EQ(mode_of(dir_ / "file"), 0640U);
  EXPECT_EQ(dir_.names(), Names{"file"});
}

TEST_F(ReplaceFileTest, MissingFileIsMade) {
  ASSERT_TRUE(replace_file(dir_ / "other", "x", 0600));
  EXPECT_EQ(dir_.read("other"), "x");
}

TEST_F(ReplaceFileTest, EmptyAndLargeContentsAreWritten) {
  ASSERT_TRUE(replace_file(dir_ / "file", "", 0600));
  EXPECT_EQ(dir_.read("file"), "");
  const std::string large(3 << 20, 'x');
  ASSERT_TRUE(replace_file(dir_ / "file", large, 0600));
  EXPECT_EQ(dir_.read("file"), large);
}

TEST_F(ReplaceFileTest, ModeIgnoresTheUmask) {
  const std::string answer = testing::in_child([this] {
    ::umask(0777);
    return message_of(replace_file(dir_ / "file", "new", 0664));
  });
  EXPECT_EQ(answer, "(accepted)");
  EXPECT_EQ(mode_of(dir_ / "file"), 0664U);
}

TEST_F(ReplaceFileTest, SeveralArePlacedOnlyWhereAllAreWhole) {
  ASSERT_EQ(::mkdir((dir_ / "sub").c_str(), 0700), 0);
  std::vector<std::size_t> placed;
  const auto on_placed = [&](std::size_t which) { placed.push_back(which); };
  const NewFile good{dir_ / "file", "new", 0600};
  for (const std::string& bad :
       {dir_ / "sub", dir_ / "none/x", dir_ / ".", dir_ / std::string(256, 'x')}) {
    EXPECT_FALSE(replace_files(std::vector{good, NewFile{bad, "new", 0600}}, on_placed)) << bad;
    EXPECT_EQ(dir_.read("file"), "old");
    EXPECT_EQ(dir_.names(), (Names{"file", "sub"}));
  }
  EXPECT_TRUE(placed.empty());
  ASSERT_TRUE(replace_files(std::vector{good, NewFile{dir_ / "sub/x", "other", 0600}}, on_placed));
  EXPECT_EQ(dir_.read("file"), "new");
  EXPECT_EQ(dir_.read("sub/x"), "other");
  EXPECT_EQ(placed, (std::vector<std::size_t>{0, 1}));
}

TEST_F(ReplaceFileTest, DirectoryDescriptorMayBeAPath) {
  const OwnedFd dir = open_directory(testing::here(), dir_.path()).value();
  ASSERT_TRUE(replace_file(dir, "file", "new", 0600));
  EXPECT_EQ(dir_.read("file"), "new");
}

TEST_F(ReplaceFileTest, SymlinkIsReplacedNotFollowed) {
  ASSERT_EQ(::symlink("file", (dir_ / "link").c_str()), 0);
  ASSERT_TRUE(replace_file(dir_ / "link", "new", 0600));
  EXPECT_EQ(dir_.read("file"), "old");
  EXPECT_EQ(dir_.read("link"), "new");
}

TEST_F(ReplaceFileTest, OtherHardLinksKeepTheOldContent) {
  ASSERT_EQ(::link((dir_ / "file").c_str(), (dir_ / "twin").c_str()), 0);
  ASSERT_TRUE(replace_file(dir_ / "file", "new", 0600));
  EXPECT_EQ(dir_.read("twin"), "old");
}

TEST_F(ReplaceFileTest, ReadersOfTheOldFileKeepIt) {
  const OwnedFd reader = open_regular(testing::here(), dir_ / "file").value();
  ASSERT_TRUE(replace_file(dir_ / "file", "new", 0600));
  EXPECT_EQ(read_capped(reader, 10, "file"), "old");
}

TEST_F(ReplaceFileTest, NamesThatAreNoSingleComponentAreRefused) {
  const OwnedFd dir = dir_.open();
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("../file"), std::string("/file"), std::string("fi\0le", 5)}) {
    const auto done = replace_file(dir, name, "new", 0600);
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().kind(), ErrorKind::InvalidInput) << name;
  }
  EXPECT_FALSE(replace_file(dir_ / "sub/", "new", 0600));
  expect_untouched();
}

TEST_F(ReplaceFileTest, DirectoryInTheWayIsAnError) {
  ASSERT_EQ(::mkdir((dir_ / "sub").c_str(), 0700), 0);
  EXPECT_EQ(message_of(replace_file(dir_ / "sub", "new", 0600)),
            "write sub: rename a temporary file: Is a directory");
  EXPECT_EQ(dir_.names(), (Names{"file", "sub"}));
}

TEST_F(ReplaceFileTest, MissingDirectoryIsNotFound) {
  EXPECT_EQ(replace_file(dir_ / "absent/file", "x", 0600).error().kind(), ErrorKind::NotFound);
}

TEST_F(ReplaceFileTest, CreateRefusesWhatIsThere) {
  ASSERT_EQ(::symlink("absent", (dir_ / "dangling").c_str()), 0);
  for (const char* name : {"file", "dangling"}) {
    const auto done = create_file(dir_ / name, "new", 0600);
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().kind(), ErrorKind::System);
    EXPECT_EQ(done.error().code(), EEXIST);
  }
  EXPECT_EQ(dir_.read("file"), "old");
  EXPECT_EQ(dir_.names(), (Names{"dangling", "file"}));
}

TEST_F(ReplaceFileTest, CreateMakesTheFileWithItsMode) {
  const OwnedFd base = dir_.open();
  ASSERT_TRUE(create_file(base, "key", "secret", 0600));
  EXPECT_EQ(create_file(base, "key", "more", 0600).error().code(), EEXIST);
  EXPECT_EQ(dir_.read("key"), "secret");
  EXPECT_EQ(mode_of(dir_ / "key"), 0600U);
  EXPECT_EQ(dir_.names(), (Names{"file", "key"}));
}

TEST_F(ReplaceFileTest, WriteOnlyDirectoryIsRefusedBeforeAnythingChanges) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root reads every directory";
  }
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0300), 0);
  const auto done = replace_file(dir_ / "file", "new", 0600);
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0700), 0);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::PermissionDenied);
  expect_untouched();
}

// The descriptors that replace_file opens are the two lowest free ones: the directory, then the
// temporary file. That is how a fault is aimed at the one and not at the other.
std::uint32_t lowest_free() {
  const OwnedFd probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return static_cast<std::uint32_t>(BorrowedFd(probe).raw());
}

constexpr std::uint32_t kWhole = 0xffffffff;

struct Step {
  const char* name;
  std::vector<Fault> faults;  // all of them are in force together
  const char* message;
};

void PrintTo(const Step& step, std::ostream* out) {
  *out << step.name;
}

// kFile stands for the descriptor of the temporary file, kDirectory for that of the directory.
constexpr std::uint32_t kFile = 0xf11e;
constexpr std::uint32_t kDirectory = 0xd1;

bool arm(const std::vector<Fault>& faults) {
  const std::uint32_t free = lowest_free();
  for (Fault fault : faults) {
    if (fault.value == kFile) {
      fault.value = free + 1;
    } else if (fault.value == kDirectory) {
      fault.value = free;
    }
    if (!testing::fail_syscall(fault)) {
      return false;
    }
  }
  return true;
}

class ReplaceFaultTest : public ReplaceFileTest, public ::testing::WithParamInterface<Step> {
 protected:
  std::string replace_with_faults() const {
    return testing::in_child([this] {
      const OwnedFd dir = dir_.open();
      return arm(GetParam().faults) ? message_of(replace_file(dir, "file", "new", 0600)) : "skip";
    });
  }
};

TEST_P(ReplaceFaultTest, OldFileIsIntactAndNothingIsLeft) {
  const std::string answer = replace_with_faults();
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer, GetParam().message);
  expect_untouched();
}

const Fault kNoUnnamed{.syscall = SYS_openat,
                       .error = EOPNOTSUPP,
                       .argument = 2,
                       .mask = __O_TMPFILE,
                       .value = __O_TMPFILE};

Fault on_file(long syscall, int error) {
  return {.syscall = syscall, .error = error, .mask = kWhole, .value = kFile};
}

std::vector<Fault> renames_fail() {
  std::vector<Fault> faults = {{.syscall = SYS_renameat2, .error = EIO}};
#ifdef SYS_renameat
  faults.push_back({.syscall = SYS_renameat, .error = EIO});
#endif
  return faults;
}

std::vector<Fault> without_unnamed(std::vector<Fault> faults) {
  faults.insert(faults.begin(), kNoUnnamed);
  return faults;
}

const Fault kOpenDirectory{
    .syscall = SYS_openat, .error = EIO, .argument = 2, .mask = O_DIRECTORY, .value = O_DIRECTORY};
const Fault kUnnamedFails{.syscall = SYS_openat,
                          .error = ENOSPC,
                          .argument = 2,
                          .mask = __O_TMPFILE,
                          .value = __O_TMPFILE};
const Fault kNamedFails{
    .syscall = SYS_openat, .error = ENOSPC, .argument = 2, .mask = O_EXCL, .value = O_EXCL};

INSTANTIATE_TEST_SUITE_P(
    EveryStep, ReplaceFaultTest,
    ::testing::Values(
        Step{"Directory",
             {kOpenDirectory},
             "write file: open the directory for writing: Input/output error"},
        Step{"Temporary",
             {kUnnamedFails},
             "write file: create a temporary file: No space left on device"},
        Step{"WriteNoSpace",
             {on_file(SYS_write, ENOSPC)},
             "write file: write: No space left on device"},
        Step{"WriteQuota", {on_file(SYS_write, EDQUOT)}, "write file: write: Disk quota exceeded"},
        Step{"Mode",
             {on_file(SYS_fchmod, EPERM)},
             "write file: set the mode of a temporary file: Operation not permitted"},
        Step{"Sync",
             {on_file(SYS_fsync, EIO)},
             "write file: write a temporary file to disk: Input/output error"},
        Step{"Random",
             {{.syscall = SYS_getrandom, .error = EAGAIN}},
             "write file: ask the kernel for random bytes: Resource temporarily unavailable"},
        Step{"Link",
             {{.syscall = SYS_linkat, .error = ENOSPC}},
             "write file: name a temporary file: No space left on device"},
        Step{"Rename", renames_fail(), "write file: rename a temporary file: Input/output error"},
        Step{"NamedTemporary", without_unnamed({kNamedFails}),
             "write file: create a temporary file: No space left on device"},
        Step{"NamedWrite", without_unnamed({on_file(SYS_write, ENOSPC)}),
             "write file: write: No space left on device"},
        Step{"NamedMode", without_unnamed({on_file(SYS_fchmod, EPERM)}),
             "write file: set the mode of a temporary file: Operation not permitted"},
        Step{"NamedSync", without_unnamed({on_file(SYS_fsync, EIO)}),
             "write file: write a temporary file to disk: Input/output error"},
        Step{"NamedRename", without_unnamed(renames_fail()),
             "write file: rename a temporary file: Input/output error"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(ReplaceFileTest, FileSystemsWithoutUnnamedFilesAreServed) {
  const std::string answer = testing::in_child([this] {
    if (!arm({kNoUnnamed})) {
      return std::string("skip");
    }
    return message_of(replace_file(dir_ / "file", "new", 0600)) +
           message_of(create_file(dir_ / "fresh", "x", 0600)) +
           message_of(create_file(dir_ / "file", "x", 0600));
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer, "(accepted)(accepted)write file: name a temporary file: File exists");
  EXPECT_EQ(dir_.read("file"), "new");
  EXPECT_EQ(dir_.names(), (Names{"file", "fresh"}));
}

TEST_F(ReplaceFileTest, UnsyncedDirectoryIsToldAfterTheFact) {
  const std::string answer = testing::in_child([this] {
    const OwnedFd dir = dir_.open();
    const Fault fault{.syscall = SYS_fsync, .error = EIO, .mask = kWhole, .value = kDirectory};
    return arm({fault}) ? message_of(replace_file(dir, "file", "new", 0600)) : "skip";
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer,
            "write file: the new file is in place, but writing its directory to disk failed: "
            "Input/output error");
  EXPECT_EQ(dir_.read("file"), "new");
  EXPECT_EQ(dir_.names(), Names{"file"});
}

TEST_F(ReplaceFileTest, FileSystemsWithoutDirectorySyncAreServed) {
  const std::string answer = testing::in_child([this] {
    const OwnedFd dir = dir_.open();
    const Fault fault{.syscall = SYS_fsync, .error = EINVAL, .mask = kWhole, .value = kDirectory};
    return arm({fault}) ? message_of(replace_file(dir, "file", "new", 0600)) : "skip";
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer, "(accepted)");
}

TEST_F(ReplaceFileTest, SizeLimitOfTheProcessLeavesTheOldFile) {
  const std::string answer = testing::in_child([this] {
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return message_of(replace_file(dir_ / "file", std::string(8192, 'x'), 0600));
  });
  EXPECT_EQ(answer, "write file: write: File too large");
  expect_untouched();
}

TEST_F(ReplaceFileTest, FullFileSystemLeavesTheOldFile) {
  const std::string answer = testing::in_child([this]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("small", dir_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") != 0) {
      return "skip";
    }
    if (!replace_file(dir_ / "file", "old", 0600)) {
      return "the small file system does not work";
    }
    const std::string failure =
        message_of(replace_file(dir_ / "file", std::string(1 << 20, 'x'), 0600));
    const bool intact = dir_.read("file") == "old" && dir_.names() == Names{"file"};
    // The room that the failed attempt took is free again.
    const bool usable = replace_file(dir_ / "file", std::string(40'000, 'y'), 0600).has_value();
    return failure + (intact ? ", intact" : ", damaged") + (usable ? ", usable" : ", full");
  });
  if (answer == "skip") {
    GTEST_SKIP() << "mounting a small file system is not permitted here";
  }
  EXPECT_EQ(answer, "write file: write: No space left on device, intact, usable");
}

TEST_F(ReplaceFileTest, FirstFileHasNoOtherNameOnTheWay) {
  // The name in between is the only one that takes random bytes: without them it cannot be made.
  const std::string answer = testing::in_child([this] {
    if (!arm({{.syscall = SYS_getrandom, .error = EAGAIN}})) {
      return std::string("skip");
    }
    return message_of(replace_file(dir_ / "fresh", "x", 0600));
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer, "(accepted)");
  EXPECT_EQ(dir_.names(), (Names{"file", "fresh"}));
}

TEST_F(ReplaceFileTest, WhatAKilledWriterLeftIsRemovedADayLater) {
  const std::string stale = ".nono-00112233445566778899aabb.tmp";
  const Names others{".nono-00112233445566778899aabb.tmq", ".nono-00112233445566778899aab.tmp",
                     ".nono-00112233445566778899aabX.tmp", "nono-00112233445566778899aabb.tmp"};
  const std::string young = ".nono-bb112233445566778899aabb.tmp";
  const std::string link = ".nono-cc112233445566778899aabb.tmp";
  const std::array<timespec, 2> long_ago{
      {{.tv_sec = 1'000'000, .tv_nsec = 0}, {.tv_sec = 1'000'000, .tv_nsec = 0}}};
  for (const bool several : {false, true}) {
    dir_.write(stale, "secret");
    dir_.write(young, "on its way");
    for (const std::string& other : others) {
      dir_.write(other, "the user's");
      ::utimensat(AT_FDCWD, (dir_ / other).c_str(), long_ago.data(), 0);
    }
    ::unlink((dir_ / link).c_str());
    ASSERT_EQ(::symlink("file", (dir_ / link).c_str()), 0);
    for (const std::string& old : {stale, link}) {
      ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ / old).c_str(), long_ago.data(), AT_SYMLINK_NOFOLLOW),
                0);
    }
    const std::vector files{NewFile{dir_ / "file", "new", 0600}};
    ASSERT_TRUE(several ? replace_files(files, [](std::size_t) {})
                        : replace_file(dir_ / "file", "new", 0600));
    Names left{young, link, "file"};
    left.insert(left.end(), others.begin(), others.end());
    std::ranges::sort(left);
    EXPECT_EQ(dir_.names(), left);
  }
}

TEST_F(ReplaceFileTest, WriterKilledAtAnyMomentLeavesOldOrNew) {
  // Kills a writer that replaces without pause; what remains is always one whole content.
  for (int round = 0; round < 20; ++round) {
    const pid_t writer = ::fork();
    if (writer == 0) {
      for (int i = 0;; ++i) {
        const bool done =
            replace_file(dir_ / "file", std::string(20'000, i % 2 == 0 ? 'a' : 'b'), 0600)
                .has_value();
        if (!done) {
          ::_exit(1);
        }
      }
    }
    const struct timespec pause = {0, 3'000'000 + round * 500'000};
    ::nanosleep(&pause, nullptr);
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    const std::string left = dir_.read("file").value_or("");
    EXPECT_TRUE(left == "old" || left == std::string(20'000, 'a') ||
                left == std::string(20'000, 'b'))
        << left.size();
  }
}

}  // namespace
}  // namespace nono
