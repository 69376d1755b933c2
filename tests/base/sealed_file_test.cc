// tests/base/sealed_file_test.cc: a captured file can no longer change.
#include "base/sealed_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/encoding.h"
#include "tests/base/support.h"

namespace nono {
namespace {

using testing::here;
using testing::TempDir;

std::string text_of(const SealedFile& sealed) {
  return std::string(as_text(sealed.contents().value()));
}

class SealedFileTest : public ::testing::Test {
 protected:
  void SetUp() override { dir_.write("CLAUDE.md", "# Instructions\n"); }
  OwnedFd source() const { return open_regular(here(), dir_ / "CLAUDE.md").value(); }
  SealedFile sealed() const {
    const OwnedFd file = source();
    return SealedFile::capture(file, "CLAUDE.md").value();
  }

  TempDir dir_;
};

TEST_F(SealedFileTest, CopyHoldsTheContentAndTheName) {
  const SealedFile copy = sealed();
  EXPECT_EQ(text_of(copy), "# Instructions\n");
  EXPECT_EQ(copy.size(), 15U);
  EXPECT_EQ(copy.shown_as(), "CLAUDE.md");
}

TEST_F(SealedFileTest, LaterChangesOfTheSourceDoNotReachTheCopy) {
  const SealedFile copy = sealed();
  dir_.write("CLAUDE.md", "rm -rf /");
  EXPECT_EQ(text_of(copy), "# Instructions\n");
}

TEST_F(SealedFileTest, EveryWayToChangeTheCopyIsClosed) {
  const SealedFile copy = sealed();
  const int fd = copy.fd().raw();
  EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(fd, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(fd, 1000), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::fcntl(fd, F_ADD_SEALS, 0), -1);
  EXPECT_EQ(errno, EPERM);
  const std::string magic = "/proc/self/fd/" + std::to_string(fd);
  const OwnedFd again(::open(magic.c_str(), O_RDWR | O_CLOEXEC));
  if (again.valid()) {
    EXPECT_EQ(::pwrite(BorrowedFd(again).raw(), "x", 1, 0), -1);
  }
  EXPECT_EQ(text_of(copy), "# Instructions\n");
}

TEST_F(SealedFileTest, CopyIsNotExecutableWhereTheKernelKnowsHow) {
  const SealedFile copy = sealed();
  constexpr int kSealExec = 0x0020;
  const int seals = ::fcntl(copy.fd().raw(), F_GET_SEALS);
  EXPECT_EQ(seals & (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
            F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  if ((seals & kSealExec) == 0) {
    GTEST_SKIP() << "this kernel has no F_SEAL_EXEC";
  }
  EXPECT_EQ(::fchmod(copy.fd().raw(), 0777), -1);
  struct stat status{};
  ASSERT_EQ(::fstat(copy.fd().raw(), &status), 0);
  EXPECT_EQ(status.st_mode & 0111U, 0U);
}

TEST_F(SealedFileTest, OlderKernelsSealWithoutTheExecutableSeal) {
  const std::string answer = testing::in_child([this] {
    const testing::Fault fault{
        .syscall = SYS_memfd_create, .error = EINVAL, .argument = 1, .mask = 8, .value = 8};
    if (!testing::fail_syscall(fault)) {
      return std::string("skip");
    }
    const SealedFile copy = sealed();
    return ::pwrite(copy.fd().raw(), "x", 1, 0) == -1 ? text_of(copy) : "writable";
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer, "# Instructions\n");
}

TEST_F(SealedFileTest, FailedSealingIsAnErrorNotAnUnsealedCopy) {
  const std::string answer = testing::in_child([this] {
    const OwnedFd file = source();
    const testing::Fault fault{.syscall = SYS_fcntl,
                               .error = EIO,
                               .argument = 1,
                               .mask = 0xffffffff,
                               .value = F_ADD_SEALS};
    if (!testing::fail_syscall(fault)) {
      return std::string("skip");
    }
    const auto copy = SealedFile::capture(file, "CLAUDE.md");
    return copy ? "captured" : copy.error().message();
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer, "seal a memory file: Input/output error");
}

TEST_F(SealedFileTest, OffsetOfTheSourceStaysWhereItWas) {
  const OwnedFd file = source();
  ASSERT_EQ(::lseek(BorrowedFd(file).raw(), 4, SEEK_SET), 4);
  const SealedFile copy = SealedFile::capture(file, "x").value();
  EXPECT_EQ(text_of(copy), "# Instructions\n");
  EXPECT_EQ(::lseek(BorrowedFd(file).raw(), 0, SEEK_CUR), 4);
}

TEST_F(SealedFileTest, ReopenedDescriptorIsReadOnlyWithItsOwnOffset) {
  const SealedFile copy = sealed();
  const OwnedFd first = copy.reopen_read_only().value();
  const OwnedFd second = copy.reopen_read_only().value();
  std::array<char, 4> buffer{};
  EXPECT_EQ(::read(BorrowedFd(first).raw(), buffer.data(), buffer.size()), 4);
  EXPECT_EQ(::lseek(BorrowedFd(second).raw(), 0, SEEK_CUR), 0);
  EXPECT_EQ(::fcntl(BorrowedFd(first).raw(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(::fcntl(BorrowedFd(first).raw(), F_GETFD), FD_CLOEXEC);
}

TEST_F(SealedFileTest, CloneOutlivesTheOriginal) {
  auto original = std::make_unique<SealedFile>(sealed());
  const SealedFile copy = original->clone().value();
  original.reset();
  EXPECT_EQ(text_of(copy), "# Instructions\n");
  EXPECT_EQ(copy.shown_as(), "CLAUDE.md");
  EXPECT_EQ(::fcntl(copy.fd().raw(), F_GETFD), FD_CLOEXEC);
}

TEST_F(SealedFileTest, EmptyFilesAreCaptured) {
  dir_.write("CLAUDE.md", "");
  EXPECT_EQ(sealed().size(), 0U);
  EXPECT_TRUE(sealed().contents()->empty());
}

TEST_F(SealedFileTest, LimitIsExact) {
  const std::string full(SealedFile::kDefaultMaxBytes, 'x');
  dir_.write("CLAUDE.md", full);
  EXPECT_EQ(text_of(sealed()), full);
  const OwnedFd file = source();
  const auto refused = SealedFile::capture(file, "a\nb", full.size() - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(refused.error().code(), EFBIG);
  EXPECT_EQ(refused.error().message(), "a\\nb: larger than the limit of 1048575 bytes");
}

TEST_F(SealedFileTest, SparseTerabyteIsRefusedOnItsSize) {
  if (::truncate((dir_ / "CLAUDE.md").c_str(), 1LL << 40) != 0) {
    GTEST_SKIP() << "this file system has no sparse terabytes";
  }
  const OwnedFd file = source();
  EXPECT_EQ(SealedFile::capture(file, "x").error().kind(), ErrorKind::Exhausted);
}

TEST_F(SealedFileTest, FileThatIsLongerThanItSaysIsRefusedWhileReading) {
  const OwnedFd file = open_regular(here(), "/proc/self/maps").value();
  EXPECT_EQ(SealedFile::capture(file, "maps", 16).error().kind(), ErrorKind::Exhausted);
}

TEST_F(SealedFileTest, OnlyRegularFilesAreCaptured) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const OwnedFd reader(ends[0]);
  const OwnedFd writer(ends[1]);
  const OwnedFd directory = dir_.open();
  const OwnedFd device(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const BorrowedFd fd : {BorrowedFd(reader), BorrowedFd(directory), BorrowedFd(device)}) {
    const auto copy = SealedFile::capture(fd, "x");
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().kind(), ErrorKind::InvalidInput);
    EXPECT_EQ(copy.error().message(), "x: not a regular file");
  }
}

TEST_F(SealedFileTest, ReadErrorsAreReported) {
  const OwnedFd file(::open((dir_ / "CLAUDE.md").c_str(), O_WRONLY | O_CLOEXEC));
  const auto copy = SealedFile::capture(file, "x");
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().message(), "x: read: Bad file descriptor");
}

}  // namespace
}  // namespace nono
