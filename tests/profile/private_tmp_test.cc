// tests/profile/private_tmp_test.cc
#include "profile/private_tmp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "temporary_directory.h"

namespace nono::profile {
namespace {

PrivateTmp made_in(const TemporaryDirectory& base) {
  auto made = PrivateTmp::create(base.path());
  EXPECT_TRUE(made) << made.error().message();
  if (!made) {
    std::abort();
  }
  return *std::move(made);
}

void make_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0) << path;
  ::close(fd);
}

// as_user runs `body` as an ordinary user, whom modes stop, in a process of its own.
bool as_user(const TemporaryDirectory& base, bool (*body)(const std::string&)) {
  if (::geteuid() == 0 && ::chown(base.path().c_str(), 12345, 12345) != 0) {
    return false;
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::geteuid() == 0 && (::setgid(12345) != 0 || ::setuid(12345) != 0)) {
      ::_exit(2);
    }
    ::_exit(body(base.path()) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(PrivateTmpTest, IsPrivate) {
  const TemporaryDirectory base;
  const PrivateTmp tmp = made_in(base);
  struct stat status{};
  ASSERT_EQ(::stat(tmp.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFDIR | 0700));
  EXPECT_TRUE(tmp.path().starts_with(base.path() + "/nono-"));
}

TEST(PrivateTmpTest, TwoDiffer) {
  const TemporaryDirectory base;
  EXPECT_NE(made_in(base).path(), made_in(base).path());
}

TEST(PrivateTmpTest, VariablesPointIntoIt) {
  const TemporaryDirectory base;
  const PrivateTmp tmp = made_in(base);
  const auto variables = tmp.variables();
  ASSERT_EQ(variables.size(), 6U);
  for (const auto& [name, value] : variables) {
    EXPECT_TRUE(value.starts_with(tmp.path())) << name;
    EXPECT_EQ(exists(value), name != "TMPPREFIX") << name;  // zsh puts letters behind that
  }
}

TEST(PrivateTmpTest, MissingBaseIsAnError) {
  EXPECT_FALSE(PrivateTmp::create("/nonexistent/base"));
}

TEST(PrivateTmpTest, BaseThatTakesNothingNamesTheVariable) {
  const auto made = PrivateTmp::create("/proc");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().remedy().find("TMPDIR"), std::string::npos);
}

TEST(PrivateTmpTest, RemovedWithEverythingInIt) {
  const TemporaryDirectory base;
  PrivateTmp tmp = made_in(base);
  for (int i = 0; i < 12; ++i) {
    const std::string directory = tmp.path() + "/d" + std::to_string(i);
    ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
    ASSERT_EQ(::mkdir((directory + "/e").c_str(), 0700), 0);
    make_file(directory + "/e/f");
    make_file(directory + "/g");
  }
  ASSERT_EQ(::mkfifo((tmp.path() + "/fifo").c_str(), 0600), 0);
  const auto removed = tmp.remove();
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(exists(tmp.path()));
  EXPECT_TRUE(tmp.remove());
}

TEST(PrivateTmpTest, DestructorRemoves) {
  const TemporaryDirectory base;
  std::string path;
  {
    const PrivateTmp tmp = made_in(base);
    path = tmp.path();
    make_file(path + "/file");
  }
  EXPECT_FALSE(exists(path));
}

TEST(PrivateTmpTest, MovedFromDoesNotRemove) {
  const TemporaryDirectory base;
  PrivateTmp first = made_in(base);
  const std::string path = first.path();
  {
    const PrivateTmp second = std::move(first);
    EXPECT_TRUE(exists(path));
  }
  EXPECT_FALSE(exists(path));
}

TEST(PrivateTmpTest, AssignmentRemovesWhatItReplaces) {
  const TemporaryDirectory base;
  PrivateTmp first = made_in(base);
  const std::string path = first.path();
  first = made_in(base);
  EXPECT_FALSE(exists(path));
  EXPECT_TRUE(exists(first.path()));
}

TEST(PrivateTmpTest, ForkedChildDoesNotRemove) {
  const TemporaryDirectory base;
  PrivateTmp tmp = made_in(base);
  const pid_t pid = ::fork();
  if (pid == 0) {
    {
      const PrivateTmp in_child = std::move(tmp);
    }
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(exists(tmp.path()));
}

TEST(PrivateTmpTest, LinksAreRemovedAndNotFollowed) {
  const TemporaryDirectory base;
  const std::string outside = base.make_file("outside/precious");
  PrivateTmp tmp = made_in(base);
  ASSERT_EQ(::symlink(base.at("outside").c_str(), (tmp.path() + "/link").c_str()), 0);
  ASSERT_EQ(::link(outside.c_str(), (tmp.path() + "/hard").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", (tmp.path() + "/dangling").c_str()), 0);
  ASSERT_TRUE(tmp.remove());
  EXPECT_FALSE(exists(tmp.path()));
  EXPECT_TRUE(exists(outside));
}

TEST(PrivateTmpTest, LinkToADirectoryIsNotFollowed) {
  const TemporaryDirectory base;
  const std::string outside = base.make_file("outside/precious");
  PrivateTmp tmp = made_in(base);
  ASSERT_EQ(::symlink(base.at("outside").c_str(), (tmp.path() + "/run").c_str()), 0);
  ASSERT_TRUE(tmp.remove());
  EXPECT_TRUE(exists(outside));
}

TEST(PrivateTmpTest, VeryDeepTreesAreRemoved) {
  const TemporaryDirectory base;
  PrivateTmp tmp = made_in(base);
  int here = ::open(tmp.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 800; ++i) {
    ASSERT_EQ(::mkdirat(here, "deep-directory-name", 0700), 0);
    const int next = ::openat(here, "deep-directory-name", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ::close(here);
    here = next;
  }
  ::close(here);
  const auto removed = tmp.remove();
  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(exists(tmp.path()));
}

TEST(PrivateTmpTest, ModesDoNotStopTheRemoval) {
  const TemporaryDirectory base;
  EXPECT_TRUE(as_user(base, [](const std::string& path) {
    auto tmp = PrivateTmp::create(path);
    if (!tmp) {
      return false;
    }
    const std::string top = tmp->path();
    ::mkdir((top + "/a").c_str(), 0700);
    ::mkdir((top + "/a/b").c_str(), 0700);
    ::close(::open((top + "/a/b/file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0));
    ::chmod((top + "/a/b").c_str(), 0);
    ::chmod((top + "/a").c_str(), 0500);
    ::chmod(top.c_str(), 0);
    return tmp->remove() && !exists(top);
  }));
}

TEST(PrivateTmpTest, OtherFileSystemsAreLeftAloneAndNamed) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "mounting needs root";
  }
  const TemporaryDirectory base;
  PrivateTmp tmp = made_in(base);
  const std::string mounted = tmp.path() + "/mounted";
  ASSERT_EQ(::mkdir(mounted.c_str(), 0700), 0);
  if (::mount("none", mounted.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "this container may not mount a tmpfs";
  }
  make_file(mounted + "/precious");
  make_file(tmp.path() + "/ordinary");
  const auto removed = tmp.remove();
  EXPECT_FALSE(removed);
  EXPECT_NE(removed.error().message().find("mounted"), std::string::npos);
  EXPECT_TRUE(exists(mounted + "/precious"));
  EXPECT_FALSE(exists(tmp.path() + "/ordinary"));
  EXPECT_EQ(::umount2(mounted.c_str(), MNT_DETACH), 0);
}

TEST(PrivateTmpTest, BaseIsTmpdirWhereThatIsADirectory) {
  const TemporaryDirectory base;
  EXPECT_EQ(default_tmp_base(base.path() + "/"), base.path());
  EXPECT_EQ(default_tmp_base(""), "/tmp");
  EXPECT_EQ(default_tmp_base("relative"), "/tmp");
  EXPECT_EQ(default_tmp_base("/nonexistent"), "/tmp");
  EXPECT_EQ(default_tmp_base(base.make_file("file")), "/tmp");
}

}  // namespace
}  // namespace nono::profile
