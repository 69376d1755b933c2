// tests/base/files_test.cc: hostile names and objects do not lead a reader astray.
#include "base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/sealed_file.h"
#include "tests/base/support.h"

namespace nono {
namespace {

using testing::here;
using testing::TempDir;

template <typename T>
std::string message_of(const Result<T>& result) {
  return result ? "(accepted)" : result.error().message();
}

class FilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_.write("plain", "content");
    ASSERT_EQ(::mkdir((dir_ / "sub").c_str(), 0700), 0);
    dir_.write("sub/inner", "inner content");
    link("plain", "link");
    link("sub", "sublink");
    link("absent", "dangling");
    link("loop-b", "loop-a");
    link("loop-a", "loop-b");
  }
  void link(const char* target, const std::string& name) const {
    ASSERT_EQ(::symlink(target, (dir_ / name).c_str()), 0);
  }
  Result<std::string> read(const std::string& name, FollowLinks follow) const {
    const OwnedFd base = dir_.open();
    NONO_TRY(const OwnedFd file, open_regular(base, name, follow));
    return read_capped(file, 1000, name);
  }

  TempDir dir_;
};

TEST_F(FilesTest, RegularFilesAreReadRelativeToADirectory) {
  EXPECT_EQ(read("plain", FollowLinks::No), "content");
  EXPECT_EQ(read("sub/inner", FollowLinks::No), "inner content");
  EXPECT_EQ(read("link", FollowLinks::Yes), "content");
  EXPECT_EQ(read("sublink/inner", FollowLinks::Yes), "inner content");
}

TEST_F(FilesTest, LinksAreRefusedWhereNoneIsFollowed) {
  for (const char* name : {"link", "dangling", "sublink/inner", "loop-a"}) {
    const auto text = read(name, FollowLinks::No);
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error().kind(), ErrorKind::InvalidInput);
    EXPECT_EQ(text.error().code(), ELOOP);
    EXPECT_EQ(text.error().message(),
              std::string("open ") + name + ": a symbolic link stands where none is followed");
  }
}

TEST_F(FilesTest, AbsolutePathsMayHaveLinkedParentsButNoLinkedEnd) {
  EXPECT_TRUE(open_regular(here(), dir_ / "sublink/inner", FollowLinks::No));
  EXPECT_TRUE(open_directory(here(), dir_ / "sublink/.", FollowLinks::No));
  for (const char* name : {"link", "dangling", "sublink"}) {
    const auto file = open_regular(here(), dir_ / name, FollowLinks::No);
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code(), ELOOP) << name;
    const auto directory = open_directory(here(), dir_ / name, FollowLinks::No);
    ASSERT_FALSE(directory) << name;
    EXPECT_EQ(directory.error().code(), ELOOP) << name;
  }
}

TEST_F(FilesTest, LoopsEndInAnError) {
  const auto text = read("loop-a", FollowLinks::Yes);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), ELOOP);
}

TEST_F(FilesTest, MagicLinksAreNotFollowed) {
  const OwnedFd open(::open((dir_ / "plain").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string magic = "/proc/self/fd/" + std::to_string(BorrowedFd(open).raw());
  for (const FollowLinks follow : {FollowLinks::Yes, FollowLinks::No}) {
    ASSERT_FALSE(open_regular(here(), magic, follow));
    EXPECT_EQ(open_regular(here(), magic, follow).error().code(), ELOOP);
  }
  EXPECT_FALSE(open_directory(here(), "/proc/self/cwd"));
}

TEST_F(FilesTest, MissingFilesAreNotFound) {
  const auto text = read("absent", FollowLinks::Yes);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(text.error().message(), "open absent: No such file or directory");
}

TEST_F(FilesTest, UnreadableFilesAreDenied) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root reads everything";
  }
  ASSERT_EQ(::chmod((dir_ / "plain").c_str(), 0), 0);
  EXPECT_EQ(read("plain", FollowLinks::No).error().kind(), ErrorKind::PermissionDenied);
}

TEST_F(FilesTest, NamesInMessagesAreHarmless) {
  EXPECT_EQ(message_of(read("\x1b[2Jx\n", FollowLinks::No)),
            "open \\e[2Jx\\n: No such file or directory");
}

TEST_F(FilesTest, PathsWithNulAreRefused) {
  const std::string name("plain\0.md", 9);
  EXPECT_EQ(message_of(read(name, FollowLinks::Yes)), "open plain\\x00.md: a path with a NUL byte");
  EXPECT_FALSE(open_directory(here(), std::string("/\0x", 3)));
}

TEST_F(FilesTest, DirectoriesAreNotRegular) {
  const auto text = read("sub", FollowLinks::Yes);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind(), ErrorKind::InvalidInput);
  EXPECT_EQ(text.error().message(), "sub: is a directory, not a regular file");
}

TEST_F(FilesTest, NamedPipesAreRefusedWithoutBlockingOrWakingTheWriter) {
  const std::string path = dir_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(message_of(read("pipe", FollowLinks::Yes)),
            "pipe: is a named pipe, not a regular file");
  const OwnedFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const OwnedFd writer(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(write_all(writer, "kept"));
  EXPECT_FALSE(read("pipe", FollowLinks::Yes));
  std::array<char, 8> buffer{};
  EXPECT_EQ(::read(BorrowedFd(reader).raw(), buffer.data(), buffer.size()), 4);
}

TEST_F(FilesTest, SocketsAreRefused) {
  const OwnedFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = dir_ / "socket";
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  ASSERT_EQ(::bind(BorrowedFd(socket).raw(), reinterpret_cast<struct sockaddr*>(&address),
                   sizeof(address)),
            0);
  EXPECT_EQ(message_of(read("socket", FollowLinks::Yes)),
            "socket: is a socket, not a regular file");
}

TEST_F(FilesTest, DevicesAreRefused) {
  EXPECT_EQ(message_of(read_file("/dev/zero", 100)), "/dev/zero: is a device, not a regular file");
}

TEST_F(FilesTest, OpenedFilesAreCloseOnExecAndReadOnly) {
  const OwnedFd file = open_regular(here(), dir_ / "plain").value();
  EXPECT_EQ(::fcntl(BorrowedFd(file).raw(), F_GETFD), FD_CLOEXEC);
  const int flags = ::fcntl(BorrowedFd(file).raw(), F_GETFL);
  EXPECT_EQ(flags & O_ACCMODE, O_RDONLY);
  EXPECT_NE(flags & O_NONBLOCK, 0);
  const OwnedFd directory = open_directory(here(), dir_.path()).value();
  EXPECT_EQ(::fcntl(BorrowedFd(directory).raw(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(::fcntl(BorrowedFd(directory).raw(), F_GETFL) & O_PATH, 0);
}

TEST_F(FilesTest, OpenDirectoryRefusesFiles) {
  const auto directory = open_directory(here(), dir_ / "plain");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code(), ENOTDIR);
}

TEST_F(FilesTest, ReadingStopsAtTheCap) {
  dir_.write("ten", "0123456789");
  EXPECT_EQ(read_file(dir_ / "ten", 10), "0123456789");
  const auto text = read_file(dir_ / "ten", 9);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(text.error().code(), EFBIG);
  EXPECT_TRUE(text.error().message().ends_with("/ten: larger than the limit of 9 bytes"));
}

TEST_F(FilesTest, SparseTerabytesCostNothing) {
  dir_.write("sparse", "");
  if (::truncate((dir_ / "sparse").c_str(), 1LL << 40) != 0) {
    GTEST_SKIP() << "this file system has no sparse terabytes";
  }
  EXPECT_EQ(read_file(dir_ / "sparse", 1 << 20).error().kind(), ErrorKind::Exhausted);
}

TEST_F(FilesTest, FilesThatSayNoSizeAreReadToTheirEnd) {
  const auto text = read_file("/proc/self/maps", 1 << 22);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("[stack]"), std::string::npos);
  EXPECT_EQ(read_file("/proc/self/maps", 16).error().kind(), ErrorKind::Exhausted);
}

TEST_F(FilesTest, EmptyFilesAreEmpty) {
  dir_.write("empty", "");
  EXPECT_EQ(read_file(dir_ / "empty", 0), "");
}

TEST_F(FilesTest, ReadCappedStartsAtTheBeginningAndKeepsTheOffset) {
  const OwnedFd file(::open((dir_ / "plain").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::lseek(BorrowedFd(file).raw(), 3, SEEK_SET), 3);
  EXPECT_EQ(read_capped(file, 100, "plain"), "content");
  EXPECT_EQ(::lseek(BorrowedFd(file).raw(), 0, SEEK_CUR), 3);
}

TEST_F(FilesTest, ReadErrorsNameTheFile) {
  const OwnedFd file(::open((dir_ / "plain").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(message_of(read_capped(file, 100, "plain")), "read plain: Bad file descriptor");
}

TEST_F(FilesTest, InterruptedReadsAreNotTakenForTheEnd) {
  const std::string answer = testing::in_child([this] {
    const testing::Fault fault{.syscall = SYS_pread64, .error = EIO};
    if (!testing::fail_syscall(fault)) {
      return std::string("skip");
    }
    return message_of(read_file(dir_ / "plain", 100));
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_TRUE(answer.ends_with("/plain: Input/output error")) << answer;
}

TEST_F(FilesTest, KernelsWithoutOpenat2AreUnsupported) {
  const std::string answer = testing::in_child([this] {
    const testing::Fault fault{.syscall = SYS_openat2, .error = ENOSYS};
    if (!testing::fail_syscall(fault)) {
      return std::string("skip");
    }
    const auto file = open_regular(here(), dir_ / "plain");
    return std::string(!file && file.error().kind() == ErrorKind::Unsupported ? "told"
                                                                              : "not told");
  });
  if (answer == "skip") {
    GTEST_SKIP() << "no seccomp filters here";
  }
  EXPECT_EQ(answer, "told");
}

TEST_F(FilesTest, FileIdChangesWithContentAndWithMetadata) {
  const auto id = [this] {
    const OwnedFd file = open_regular(here(), dir_ / "plain").value();
    return file_id_of(status_of(file, "plain").value());
  };
  const FileId before = id();
  EXPECT_EQ(before, id());
  EXPECT_EQ(before.size, 7U);
  const struct timespec tick = {0, 20'000'000};
  ::nanosleep(&tick, nullptr);
  dir_.write("plain", "CONTENT");
  // Setting the old mtime back does not hide the change: ctime moves.
  const std::array<struct timespec, 2> times = {
      {{before.mtime_ns / 1'000'000'000, before.mtime_ns % 1'000'000'000},
       {before.mtime_ns / 1'000'000'000, before.mtime_ns % 1'000'000'000}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ / "plain").c_str(), times.data(), 0), 0);
  const FileId after = id();
  EXPECT_EQ(after.mtime_ns, before.mtime_ns);
  EXPECT_EQ(after.inode, before.inode);
  EXPECT_NE(after.ctime_ns, before.ctime_ns);
  EXPECT_NE(after, before);
}

TEST_F(FilesTest, StatusOfABadDescriptorNamesTheObject) {
  EXPECT_EQ(message_of(status_of(BorrowedFd::unowned(-1), "x\n")),
            "look at x\\n: Bad file descriptor");
}

TEST_F(FilesTest, PrivateDirectoriesAreMadeWithTheirParents) {
  ASSERT_TRUE(make_private_directories(dir_ / "a/b//c"));
  for (const char* name : {"a", "a/b", "a/b/c"}) {
    struct stat status{};
    ASSERT_EQ(::stat((dir_ / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U) << name;
  }
  EXPECT_TRUE(make_private_directories(dir_ / "a/b/c"));
}

TEST_F(FilesTest, PresentDirectoriesKeepTheirModeAndMayBeLinks) {
  ASSERT_EQ(::chmod((dir_ / "sub").c_str(), 0755), 0);
  ASSERT_TRUE(make_private_directories(dir_ / "sublink/new"));
  struct stat status{};
  ASSERT_EQ(::stat((dir_ / "sub").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
  EXPECT_EQ(::stat((dir_ / "sub/new").c_str(), &status), 0);
}

TEST_F(FilesTest, BelowADescriptorPrivateDirectoriesGoOverNoLink) {
  const OwnedFd base = dir_.open();
  ASSERT_TRUE(make_private_directories(base, "sub/x/y"));
  struct stat status{};
  EXPECT_EQ(::stat((dir_ / "sub/x/y").c_str(), &status), 0);
  const auto made = make_private_directories(base, "sublink/new");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ELOOP);
  EXPECT_NE(::stat((dir_ / "sub/new").c_str(), &status), 0);
}

TEST_F(FilesTest, FilesAndDanglingLinksInTheWayOfADirectoryAreErrors) {
  EXPECT_TRUE(message_of(make_private_directories(dir_ / "plain/x")).ends_with("Not a directory"));
  const auto made = make_private_directories(dir_ / "dangling/x");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ELOOP);
  EXPECT_FALSE(dir_.read("absent"));
}

TEST_F(FilesTest, WhereNothingMayBeMadeAnotherPlaceCanBeNamed) {
  const auto made = make_private_directories("/sys/nono");  // not by root either
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message(),
            "create the directory /sys/nono: " + std::string(std::strerror(made.error().code())));
  EXPECT_NE(made.error().remedy().find("XDG_STATE_HOME"), std::string::npos);
  EXPECT_EQ(make_private_directories(dir_ / "plain/x").error().remedy(), "");
}

TEST_F(FilesTest, RelativePrivateDirectoriesStartAtTheWorkingDirectory) {
  const std::string answer = testing::in_child([this] {
    const bool made = ::chdir(dir_.path().c_str()) == 0 && make_private_directories("x/y");
    return std::string(made ? "made" : "failed");
  });
  EXPECT_EQ(answer, "made");
  EXPECT_TRUE(open_directory(here(), dir_ / "x/y"));
}

TEST_F(FilesTest, PathOfTellsWhereAnObjectIs) {
  const OwnedFd file = open_regular(here(), dir_ / "link").value();
  EXPECT_EQ(path_of(file), dir_ / "plain");
  const OwnedFd directory = open_directory(here(), dir_ / "sub").value();
  EXPECT_EQ(path_of(directory), dir_ / "sub");
  ASSERT_EQ(::rename((dir_ / "plain").c_str(), (dir_ / "moved").c_str()), 0);
  EXPECT_EQ(path_of(file), dir_ / "moved");
}

TEST_F(FilesTest, PathOfDeletedObjectsIsNotFound) {
  const OwnedFd file = open_regular(here(), dir_ / "plain").value();
  ASSERT_EQ(::unlink((dir_ / "plain").c_str()), 0);
  ASSERT_FALSE(path_of(file));
  EXPECT_EQ(path_of(file).error().kind(), ErrorKind::NotFound);
  // A file put where the old one was does not stand in for it.
  dir_.write("plain (deleted)", "other");
  EXPECT_FALSE(path_of(file));
}

TEST_F(FilesTest, PathOfAFileThatIsReallyNamedSoIsItsName) {
  dir_.write("x (deleted)", "");
  const OwnedFd file = open_regular(here(), dir_ / "x (deleted)").value();
  EXPECT_EQ(path_of(file), dir_ / "x (deleted)");
}

TEST_F(FilesTest, PathOfObjectsWithoutOneIsNotFound) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const OwnedFd reader(ends[0]);
  const OwnedFd writer(ends[1]);
  EXPECT_EQ(path_of(reader).error().kind(), ErrorKind::NotFound);
  const OwnedFd file = open_regular(here(), dir_ / "plain").value();
  const SealedFile sealed = SealedFile::capture(file, "plain").value();
  EXPECT_EQ(path_of(sealed.fd()).error().kind(), ErrorKind::NotFound);
}

void ignore_alarm(int /*signal*/) {}

// drain reads slowly and counts; the alarm is for the writer alone.
std::size_t drain(BorrowedFd reader) {
  sigset_t alarms;
  ::sigemptyset(&alarms);
  ::sigaddset(&alarms, SIGALRM);
  ::pthread_sigmask(SIG_BLOCK, &alarms, nullptr);
  std::array<char, 16384> buffer{};
  std::size_t total = 0;
  for (ssize_t got = 1; got > 0; total += static_cast<std::size_t>(got)) {
    const struct timespec pause = {0, 300'000};
    ::nanosleep(&pause, nullptr);
    got = ::read(reader.raw(), buffer.data(), buffer.size());
  }
  return total;
}

TEST_F(FilesTest, WriteAllGoesOnAfterInterruptionsAndShortWrites) {
  const std::string answer = testing::in_child([] {
    struct sigaction action{};
    action.sa_handler = ignore_alarm;  // no SA_RESTART: every alarm cuts a write short
    ::sigaction(SIGALRM, &action, nullptr);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return std::string("no pipe");
    }
    const OwnedFd reader(ends[0]);
    OwnedFd writer(ends[1]);
    std::size_t received = 0;
    std::thread draining([&] { received = drain(reader); });
    const struct itimerval every = {{0, 700}, {0, 700}};
    ::setitimer(ITIMER_REAL, &every, nullptr);
    const bool done = write_all(writer, std::string(1 << 20, 'x')).has_value();
    const struct itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    writer.reset();
    draining.join();
    return std::string(done ? "wrote " : "failed at ") + std::to_string(received);
  });
  EXPECT_EQ(answer, "wrote 1048576");
}

TEST_F(FilesTest, WriteAllWritesAFileWhole) {
  const std::string text(1 << 20, 'x');
  const OwnedFd file(::open((dir_ / "big").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(write_all(file, text));
  EXPECT_EQ(dir_.read("big"), text);
}

TEST_F(FilesTest, WriteAllReportsAFullDevice) {
  const OwnedFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto written = write_all(full, "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ENOSPC);
}

}  // namespace
}  // namespace nono
