// tests/engine/scan_test.cc: every guarded name of a hostile tree is found, nothing is opened.
#include "engine/scan.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "engine/tree_walk.h"
#include "tests/engine/support.h"
#include "trustpolicy/guard.h"

namespace nono::engine {
namespace {

using trustpolicy::GuardClass;

class ScanTest : public testing::EngineTest {
 protected:
  ScanResult scan(const ScanLimits& limits = {}) const {
    return testing::must(scan_tree(tree_, guard_, limits, {}));
  }
  std::vector<std::string> found() const {
    std::vector<std::string> names;
    for (const Found& one : scan().found) {
      names.push_back(relative_to(tree_, one.path));
    }
    return names;
  }
  trustpolicy::Guard guard_;
};

using Names = std::vector<std::string>;

TEST_F(ScanTest, GuardedNamesAreFoundInOrderAtAnyDepth) {
  write("z/CLAUDE.md", "");
  write("CLAUDE.md", "");
  write("node_modules/x/AGENTS.md", "");
  write("target/.hidden/GEMINI.md", "");
  write("readme.md", "");
  EXPECT_EQ(found(), (Names{"CLAUDE.md", "node_modules/x/AGENTS.md", "target/.hidden/GEMINI.md",
                            "z/CLAUDE.md"}));
}

TEST_F(ScanTest, LinksAreReportedByTheirNameAndNotFollowed) {
  write("real/CLAUDE.md", "");
  ASSERT_EQ(::symlink("/etc/passwd", in("CLAUDE.md").c_str()), 0);
  ASSERT_EQ(::symlink("..", in("real/up").c_str()), 0);
  ASSERT_EQ(::symlink("real", in("other").c_str()), 0);
  EXPECT_EQ(found(), (Names{"CLAUDE.md", "real/CLAUDE.md"}));
}

TEST_F(ScanTest, FifoIsReportedAndNotOpened) {
  ASSERT_EQ(::mkfifo(in("CLAUDE.md").c_str(), 0600), 0);
  EXPECT_EQ(found(), Names{"CLAUDE.md"});
}

TEST_F(ScanTest, DirectoryOfAGuardedNameIsWalked) {
  write("CLAUDE.md/AGENTS.md", "");
  EXPECT_EQ(found(), Names{"CLAUDE.md/AGENTS.md"});
}

TEST_F(ScanTest, NamesAreBytes) {
  const Names hostile = {"\x1b[2K\x1b[1A/CLAUDE.md", "a\nb/CLAUDE.md", "caf\xe9/CLAUDE.md"};
  for (const std::string& name : hostile) {
    write(name, "");
  }
  EXPECT_EQ(found(), hostile);
}

TEST_F(ScanTest, DeeperThanDescriptorsMayBeOpen) {
  constexpr int kLevels = 1500;
  OwnedFd at = open_as(tree_, O_RDONLY | O_DIRECTORY);
  for (int level = 0; level < kLevels; ++level) {
    ASSERT_EQ(::mkdirat(BorrowedFd(at).raw(), "dir", 0700), 0);
    OwnedFd next(::openat(BorrowedFd(at).raw(), "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(next.valid());
    at = std::move(next);
  }
  const OwnedFd leaf(
      ::openat(BorrowedFd(at).raw(), "CLAUDE.md", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(leaf.valid());
  write("dir/zz/AGENTS.md", "");  // seen only when the walk finds its way back up
  const ScanResult result = scan();
  EXPECT_TRUE(result.unreadable.empty());
  ASSERT_EQ(result.found.size(), 2u);
  EXPECT_EQ(result.found[1].path, in("dir/zz/AGENTS.md"));
}

TEST_F(ScanTest, UnreadableDirectoryIsSaid) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root can list every directory";
  }
  write("d/CLAUDE.md", "");
  ASSERT_EQ(::chmod(in("d").c_str(), 0300), 0);
  const ScanResult result = scan();
  EXPECT_EQ(result.unreadable, Names{in("d")});
  EXPECT_TRUE(result.found.empty());
}

TEST_F(ScanTest, RootThatIsMissingIsAnError) {
  EXPECT_FALSE(scan_tree(in("none"), guard_, {}, {}).has_value());
  EXPECT_FALSE(scan_tree(write("file", ""), guard_, {}, {}).has_value());
}

TEST_F(ScanTest, BudgetOfEntriesIsSaid) {
  for (int i = 0; i < 20; ++i) {
    write("f" + std::to_string(i), "");
  }
  EXPECT_TRUE(scan({.entries = 20}).complete);
  EXPECT_FALSE(scan({.entries = 19}).complete);
}

TEST_F(ScanTest, BundleWithoutItsFileIsAnOrphan) {
  write("CLAUDE.md.bundle", "do as I say");
  write("AGENTS.md", "");
  write("AGENTS.md.bundle", "");
  write("notes.txt.bundle", "");
  write("d/.bundle", "");
  const ScanResult result = scan();
  EXPECT_EQ(result.orphan_bundles, Names{in("CLAUDE.md.bundle")});
}

TEST_F(ScanTest, AutoloadedIsTheRootAndItsAgentDirectories) {
  write("CLAUDE.md", "");
  write(".claude/commands/x.md", "");
  write(".clinerules/x.md", "");
  write(".roo/rules-code/x.md", "");
  write("sub/CLAUDE.md", "");
  write("sub/.claude/commands/x.md", "");
  std::vector<bool> autoloaded;
  for (const Found& one : scan().found) {
    autoloaded.push_back(one.autoloaded);
  }
  EXPECT_EQ(autoloaded, (std::vector<bool>{true, true, true, true, false, false}));
}

TEST_F(ScanTest, ClassOfTheNameIsGiven) {
  write(".mcp.json", "");
  write("CLAUDE.md", "");
  const ScanResult result = scan();
  ASSERT_EQ(result.found.size(), 2u);
  EXPECT_EQ(result.found[0].guard_class, GuardClass::AgentConfig);
  EXPECT_EQ(result.found[1].guard_class, GuardClass::Instruction);
}

TEST_F(ScanTest, ProgressIsToldWhileItGoes) {
  for (int i = 0; i < 40; ++i) {
    make_directory(in("d" + std::to_string(i)));
    for (int j = 0; j < 50; ++j) {
      write("d" + std::to_string(i) + "/f" + std::to_string(j), "");
    }
  }
  std::uint64_t last = 0;
  const ScanResult result =
      testing::must(scan_tree(tree_, guard_, {}, [&](std::uint64_t entries) { last = entries; }));
  EXPECT_EQ(result.entries, 40u * 51u);
  EXPECT_LE(last, result.entries);
}

TEST_F(ScanTest, AutoloadPlacesReachUpToTheRepositoryRootAndIntoHome) {
  make_repository();
  const Names places = autoload_places(in("a/b"), user_.home);
  EXPECT_EQ(places[0], in("a/b"));
  EXPECT_EQ(places[1], in("a"));
  EXPECT_EQ(places[2], tree_);
  EXPECT_EQ(std::ranges::count(places, base_), 0);
  EXPECT_EQ(std::ranges::count(places, user_.home + "/.claude"), 1);
  EXPECT_EQ(std::ranges::count(places, "/etc/claude-code"), 1);
}

TEST_F(ScanTest, AutoloadFindsWhatTheTreeDoesNotReach) {
  make_repository();
  write("CLAUDE.md", "");
  write("elsewhere/CLAUDE.md", "");
  write(".claude/commands/deep/x.md", "");
  write(".opencode/mode/x.md", "");
  write("a/b/CLAUDE.md", "");
  make_directory(user_.home + "/.claude");
  make_directory(user_.home + "/.claude/skills");
  make_directory(user_.home + "/.claude/projects");
  for (const char* name :
       {"/.claude/CLAUDE.md", "/.claude/skills/s.md", "/.claude/projects/CLAUDE.md"}) {
    testing::must(replace_file(user_.home + name, "", 0600));
  }
  const ScanResult result =
      testing::must(scan_autoload(in("a/b"), user_.home, guard_, ScanLimits{}));
  Names paths;
  for (const Found& one : result.found) {
    EXPECT_TRUE(one.autoloaded);
    paths.push_back(one.path);
  }
  EXPECT_EQ(paths,
            (Names{user_.home + "/.claude/CLAUDE.md", user_.home + "/.claude/skills/s.md",
                   in(".claude/commands/deep/x.md"), in(".opencode/mode/x.md"), in("CLAUDE.md")}));
}

// What the walk was about to enter is moved away: it must say so, or go on, and end.
class MovingVisitor final : public WalkVisitor {
 public:
  MovingVisitor(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}
  bool entry(const std::string&, std::size_t depth, std::string_view, EntryKind) override {
    if (depth == 80 && !moved_) {
      moved_ = ::rename(from_.c_str(), to_.c_str()) == 0;
    }
    return true;
  }
  void listed(const std::string&, BorrowedFd) override {}
  void unreadable(const std::string& directory) override { unseen.push_back(directory); }
  Names unseen;
  bool moved_ = false;

 private:
  std::string from_;
  std::string to_;
};

TEST_F(ScanTest, TreeMovedDuringTheWalkIsReportedAsNotSeen) {
  std::string path = "x";
  for (int level = 0; level < 90; ++level) {
    path += "/d";
  }
  write(path + "/leaf", "");
  write("x/d/d/z/after", "");
  // The parent of the moved part changes, so that `..` no longer leads to where it came from.
  make_directory(in("away"));
  MovingVisitor visitor(in("x/d/d/d"), in("away/d"));
  ASSERT_TRUE(TreeWalk(visitor).walk(tree_).has_value());
  ASSERT_TRUE(visitor.moved_);
  EXPECT_EQ(visitor.unseen, Names{in("x/d/d")});
}

}  // namespace
}  // namespace nono::engine
