// tests/base/paths_test.cc: paths as text.
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "tests/base/support.h"

namespace nono {
namespace {

struct Pair {
  std::string_view input;
  std::string_view expected;
};

TEST(PathsTest, NormalPathsHaveNoDotsAndNoDoubleSlashes) {
  for (const Pair& c : {
           Pair{"", "."},
           Pair{".", "."},
           Pair{"/", "/"},
           Pair{"//", "/"},
           Pair{"/.", "/"},
           Pair{"/..", "/"},
           Pair{"/../..", "/"},
           Pair{"a", "a"},
           Pair{"a/", "a"},
           Pair{"./a", "a"},
           Pair{"a//b", "a/b"},
           Pair{"/a/./b/", "/a/b"},
           Pair{"a/..", "."},
           Pair{"a/../b", "b"},
           Pair{"/a/../../b", "/b"},
           Pair{"..", ".."},
           Pair{"../a", "../a"},
           Pair{"../../a", "../../a"},
           Pair{"a/../../b", "../b"},
           Pair{"...", "..."},
           Pair{"/a/...", "/a/..."},
           Pair{"/..a", "/..a"},
           Pair{"/a\nb", "/a\nb"},
       }) {
    EXPECT_EQ(normal_path(c.input), c.expected) << c.input;
    EXPECT_EQ(normal_path(normal_path(c.input)), c.expected) << c.input;
  }
}

TEST(PathsTest, NamesAndDirectoriesAreTheTwoSidesOfTheLastSlash) {
  struct Case {
    std::string_view path;
    std::string_view directory;
    std::string_view name;
  };
  for (const Case& c :
       {Case{"a", ".", "a"}, Case{"a/b", "a", "b"}, Case{"/a", "/", "a"}, Case{"/a/b", "/a", "b"},
        Case{"a//b", "a", "b"}, Case{"//a", "/", "a"}, Case{"a/b/", "a/b", ""}, Case{"/", "/", ""},
        Case{"", ".", ""}, Case{"..", ".", ".."}}) {
    EXPECT_EQ(directory_name(c.path), c.directory) << c.path;
    EXPECT_EQ(base_name(c.path), c.name) << c.path;
  }
}

TEST(PathsTest, JoinedPathsStayBelowTheDirectory) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("/", "b"), "/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(join_path("/home/x", "/etc/passwd"), "/home/x/etc/passwd");
  EXPECT_EQ(join_path("/home/x", "//etc"), "/home/x/etc");
}

TEST(PathsTest, BeneathComparesComponents) {
  EXPECT_TRUE(beneath("/a", "/a"));
  EXPECT_TRUE(beneath("/a", "/a/b"));
  EXPECT_TRUE(beneath("/", "/"));
  EXPECT_TRUE(beneath("/", "/a"));
  EXPECT_FALSE(beneath("/a", "/ab"));
  EXPECT_FALSE(beneath("/a/b", "/a"));
  EXPECT_FALSE(beneath("/a", "/b/a"));
  EXPECT_FALSE(beneath("/", "a"));
  EXPECT_FALSE(beneath("/a", "/A/b"));
}

TEST(PathsTest, RelativePartIsWhatFollowsTheRoot) {
  EXPECT_EQ(relative_to("/a", "/a"), "");
  EXPECT_EQ(relative_to("/a", "/a/b/c"), "b/c");
  EXPECT_EQ(relative_to("/", "/a/b"), "a/b");
  EXPECT_EQ(relative_to("/", "/"), "");
}

TEST(PathsTest, AbsolutePathStartsAtTheWorkingDirectory) {
  const testing::TempDir dir;
  const std::string answer = testing::in_child([&dir] {
    if (::chdir(dir.path().c_str()) != 0) {
      return std::string("no chdir");
    }
    return *absolute_path("./x/../y");
  });
  EXPECT_EQ(answer, dir / "y");
  EXPECT_EQ(*absolute_path("/x/../y"), "/y");
}

TEST(PathsTest, EmptyPathHasNoAbsoluteForm) {
  ASSERT_FALSE(absolute_path(""));
  EXPECT_EQ(absolute_path("").error().kind(), ErrorKind::InvalidInput);
}

TEST(PathsTest, DeletedWorkingDirectoryIsAnError) {
  const testing::TempDir dir;
  const std::string answer = testing::in_child([&dir] {
    const std::string inner = dir / "inner";
    if (::mkdir(inner.c_str(), 0700) != 0 || ::chdir(inner.c_str()) != 0 ||
        ::rmdir(inner.c_str()) != 0) {
      return std::string("no directory");
    }
    const auto path = absolute_path("x");
    return path ? *path : path.error().message();
  });
  EXPECT_EQ(answer, "find the working directory: No such file or directory");
}

}  // namespace
}  // namespace nono
