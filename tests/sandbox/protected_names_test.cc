#include "sandbox/protected_names.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace nono::sandbox {
namespace {

constexpr std::string_view kHome = "/home/u";

std::vector<HomePlace> homes_at(std::string_view path) {
  return {{.path = std::string(path)}};
}

ProtectedMatch match_of(std::string_view path, std::string_view home = kHome) {
  return protection_of(path, homes_at(home));
}

Protection at(std::string_view path) {
  return match_of(path).protection;
}

// example makes a path that a row's pattern must catch.
std::string example(std::string_view pattern) {
  std::string path(pattern.starts_with("~/") ? kHome : "/work/project");
  path += "/";
  path += pattern.starts_with("~/") ? pattern.substr(2) : pattern;
  if (path.ends_with("*")) {
    path.replace(path.size() - 1, 1, "anything/deeper");
  }
  if (const std::size_t star = path.find('*'); star != std::string::npos) {
    path.replace(star, 1, "any");
  }
  return path;
}

TEST(ProtectedNamesTest, EveryRowCatchesItsOwnNameAndSaysWhy) {
  for (const ProtectedName& row : protected_names()) {
    const std::string path = example(row.pattern);
    const ProtectedMatch match = match_of(path);
    EXPECT_EQ(match.protection, Protection::Content) << path;
    EXPECT_FALSE(match.why.empty()) << path;
  }
}

TEST(ProtectedNamesTest, EveryRowHoldsAtAnyDepthUnlessItIsTheHomes) {
  for (const ProtectedName& row : protected_names()) {
    if (!row.pattern.starts_with("~/")) {
      const std::string deeper = "/a/b/c" + example(row.pattern);
      EXPECT_EQ(at(deeper), Protection::Content) << deeper;
    }
  }
}

TEST(ProtectedNamesTest, CaseIsNoWayAround) {
  EXPECT_EQ(at("/w/.GIT/Hooks/pre-commit"), Protection::Content);
  EXPECT_EQ(at("/w/.VSCode/Tasks.json"), Protection::Content);
  EXPECT_EQ(at("/w/Trust-Policy.JSON"), Protection::Content);
}

// Each of these is one of the names on some file system (ext4 casefold, APFS, FAT, NTFS).
TEST(ProtectedNamesTest, OtherLettersAreNoWayAround) {
  for (const std::string_view path :
       {"/w/.git/hoo\u212as/pre-commit", "/w/.v\u017fcode/ta\u017fks.json",
        "/w/tru\u017ft-policy.json", "/w/.git\u200c/hooks/x", "/w/\u200c.git/hooks/x",
        "/w/.git./hooks/x", "/w/.git /config", "/w/.mcp.json. .", "/w/\uff0egit/con\ufb01g",
        "/home/u/.ba\u017fhrc", "/HOME/u/.\uff42ashrc"}) {
    EXPECT_EQ(at(path), Protection::Content) << path;
  }
  for (const std::string_view path :
       {"/w/git./hooks/x", "/w/\u00e9.git/hooks/x", "/w/a\uff0f.git/hooks/x",
        "/w/.git\u2100/hooks/x", "/w/\u65e5\u672c/x", "/w/. ./hooks/x", "/w/.\u0301git/hooks/x",
        "/w/..git/hooks/x"}) {
    EXPECT_EQ(at(path), Protection::None) << path;
  }
}

TEST(ProtectedNamesTest, ARootIsSpeltAsItIs) {
  const ProtectedMatch match = match_of("/\u017f\u212aate/.GIT./work\u017f/hooks/x");
  EXPECT_EQ(match.protection, Protection::None);
  const ProtectedMatch hook = match_of("/\u017f\u212aate. /.G\u0130T/.GIT./hooks/x");
  EXPECT_EQ(hook.root, "/\u017f\u212aate. /.G\u0130T");
  EXPECT_EQ(hook.git_directory, "/\u017f\u212aate. /.G\u0130T/.GIT.");
  const ProtectedMatch tree = match_of("/\ufb01/.git/worktree\u017f/\ufb01ne/config.worktree");
  EXPECT_EQ(tree.worktree, "/\ufb01/.git/worktree\u017f/\ufb01ne");
  EXPECT_EQ(match_of("/home/jos\u00e9/.bashrc", "/home/jose\u0301").root, "/home/jos\u00e9");
}

TEST(ProtectedNamesTest, DirectoriesOnTheWayAreNodes) {
  for (const std::string_view path : {"/w/.git", "/w/.git/hooks", "/w/.vscode", "/w/.claude",
                                      "/w/.husky", "/w/.codex", "/w/.jj/repo"}) {
    EXPECT_EQ(at(path), Protection::Node) << path;
  }
}

TEST(ProtectedNamesTest, NeighboursAreFree) {
  for (const std::string_view path : {"/w/.git/objects/ab/cd",
                                      "/w/.git/index",
                                      "/w/.git/refs/heads/main",
                                      "/w/.gitignore",
                                      "/w/.hgignore",
                                      "/w/.hg/store/data/x.i",
                                      "/w/.hg/requires",
                                      "/w/.jj/repo/op_heads/heads/x",
                                      "/w/.jj/working_copy/checkout",
                                      "/w/jj/repo/config.toml",
                                      "/w/trust-policy.jsonx",
                                      "/w/trust-policy.json.bak",
                                      "/w/my-trust-policy.json",
                                      "/w/trust-policy.json/x",
                                      "/w/.vscodex/tasks.json",
                                      "/w/hooks/pre-commit",
                                      "/w/config",
                                      "/w/.claude/notes.md",
                                      "/w/envrc",
                                      "/w/nono/profile.json",
                                      "/w/.nono/notes.md",
                                      "/home/u/.claude/projects/p/s.jsonl",
                                      "/home/u/.claude/.credentials.json",
                                      "/home/u/.codex/auth.json",
                                      "/home/u/.codex/sessions/s.jsonl",
                                      "/w/.codex/.config.toml",
                                      "/w/.codex/x.config.toml.bak",
                                      "/home/u/.gemini/tmp/ab/logs.json",
                                      "/w/.opencode/plans/p.md",
                                      "/w/my-opencode.json",
                                      "/w/opencode.json/x",
                                      "/w/opencode/x.json",
                                      "/w/tui.json5",
                                      "/w/crush",
                                      "/home/u/.aider/caches/x",
                                      "/home/u/.openclaw/agents/a",
                                      "/w/.env",
                                      "/home/u/src/.bashrc",
                                      "/home/u2/.bashrc",
                                      "/w/git/config"}) {
    EXPECT_EQ(at(path), Protection::None) << path;
  }
}

TEST(ProtectedNamesTest, PackagesMayCarryThem) {
  EXPECT_EQ(at("/w/node_modules/p/.vscode/settings.json"), Protection::None);
  EXPECT_EQ(at("/v/lib/python3.11/site-packages/p/.envrc"), Protection::None);
  EXPECT_EQ(at("/w/node_modules/p/opencode.json"), Protection::None);
}

TEST(ProtectedNamesTest, PackagesInAProtectedTreeBelongToIt) {
  for (const std::string_view path :
       {"/w/.claude/hooks/node_modules/p/index.js",
        "/w/.claude/hooks/.venv/lib/python3.11/site-packages/p.py",
        "/w/.git/hooks/node_modules/p/i.js", "/w/.husky/node_modules/p/node_modules/q/i.js",
        "/w/.gemini/extensions/e/node_modules/p/i.js", "/w/.git/worktrees/node_modules/gitdir"}) {
    EXPECT_EQ(at(path), Protection::Content) << path;
  }
  EXPECT_EQ(match_of("/w/.husky/node_modules/p/.envrc").root, "/w");
  EXPECT_EQ(at("/w/node_modules/p/.husky/node_modules/q/i.js"), Protection::None);
  EXPECT_EQ(at("/w/.opencode/node_modules/p/opencode.json"), Protection::None);
  EXPECT_EQ(at("/w/.vscode/node_modules/tasks.json"), Protection::None);
}

TEST(ProtectedNamesTest, ProgramsOfTheHomeAreInPackagesToo) {
  EXPECT_EQ(at("/home/u/.claude/local/node_modules/c/cli.js"), Protection::Content);
  EXPECT_EQ(at("/home/u/.openclaw/npm/projects/p/node_modules/p/i.js"), Protection::Content);
}

TEST(ProtectedNamesTest, AnEndingCatchesEachNameThatHasMore) {
  EXPECT_EQ(at("/w/.codex/work.config.toml"), Protection::Content);
  EXPECT_EQ(at("/w/.codex/A.B.Config.TOML"), Protection::Content);
  EXPECT_EQ(at("/w/.codex/work.config.toml/x"), Protection::None);
}

TEST(ProtectedNamesTest, AnAgentsDirectoryIsNoProjectOfItsOwn) {
  EXPECT_EQ(match_of("/w/p/.opencode/opencode.json").root, "/w/p");
  EXPECT_EQ(match_of("/w/p/.crush/crush.json").root, "/w/p");
  EXPECT_EQ(match_of("/w/p/opencode.json").root, "/w/p");
}

TEST(ProtectedNamesTest, NamesWithoutADotAreSeenInAnyCase) {
  EXPECT_EQ(at("/w/OpenCode.json"), Protection::Content);
  EXPECT_EQ(at("/w/swival.TOML"), Protection::Content);
}

TEST(ProtectedNamesTest, RootAndGitDirectoryAreWhereThePatternStarts) {
  const ProtectedMatch match = match_of("/w/clone/.git/hooks/x");
  EXPECT_EQ(match.root, "/w/clone");
  EXPECT_EQ(match.git_directory, "/w/clone/.git");
  EXPECT_EQ(match_of("/home/u/.bashrc").root, "/home/u");
}

TEST(ProtectedNamesTest, WorktreesOfARepositoryKeepTheirPlace) {
  const ProtectedMatch match = match_of("/w/.git/worktrees/t/commondir");
  EXPECT_EQ(match.protection, Protection::Content);
  EXPECT_EQ(match.worktree, "/w/.git/worktrees/t");
  EXPECT_EQ(at("/w/.git/worktrees/t/HEAD"), Protection::None);
  EXPECT_EQ(at("/w/.git/worktrees/t"), Protection::Node);
  EXPECT_EQ(at("/w/.git/commondir"), Protection::Content);
}

TEST(ProtectedNamesTest, InGitDirectoriesOfSubmodulesFilesAreFree) {
  for (const std::string_view path :
       {"/w/.git/modules/l", "/w/.git/modules/l/HEAD", "/w/.git/modules/a/b/objects/ab/c",
        "/w/.git/modules/l/config.lock", "/w/.git/modules/l/config/x"}) {
    EXPECT_EQ(at(path), Protection::Inside) << path;
  }
}

TEST(ProtectedNamesTest, WhatIsProtectedThereIsSoAtAnyDepth) {
  for (const std::string_view path :
       {"/w/.git/modules/config", "/w/.git/modules/l/config", "/w/.GIT/Modules/a/b/Config",
        "/w/.git/modules/a/modules/b/commondir", "/w/.git/modules/a/worktrees/t/gitdir",
        "/w/.git/modules/hooks/x", "/w/.git/modules/a/b/c/hooks/x/y",
        "/w/.git/modules/node_modules/p/config", "/w/.git/modules/node_modules/p/.git",
        "/w/.git/modules/l/.git", "/w/.git/modules/l/.envrc", "/w/.git/modules/l/.vscode"}) {
    EXPECT_EQ(at(path), Protection::Content) << path;
    EXPECT_EQ(match_of(path).root, "/w") << path;
  }
}

TEST(ProtectedNamesTest, NothingThereIsAProjectOfItsOwn) {
  EXPECT_EQ(match_of("/w/.git/modules/l/.git/config").git_directory, "/w/.git");
  EXPECT_EQ(match_of("/w/.git/modules/h/.bashrc", "/w/.git/modules/h").root, "/w");
  EXPECT_EQ(at("/w/.git/modules"), Protection::Node);
  EXPECT_EQ(at("/w/.git/modules/l/hooks"), Protection::Node);
  EXPECT_EQ(at("/w/node_modules/p/.git/modules/l/config"), Protection::None);
}

TEST(ProtectedNamesTest, EveryPlaceOfAHomeIsOne) {
  const std::vector<HomePlace> homes = {{.path = "/home/u"},
                                        {.path = "/data/U"},
                                        {.path = "/"},
                                        {.path = "/cfg", .stands_for = ".config/"}};
  for (const std::string_view path :
       {"/home/u/.bashrc", "/DATA/u/.bashrc", "/.bashrc", "/.config/fish/x", "/cfg/fish/x",
        "/cfg/systemd/user/x", "/data/U/.config/git/x"}) {
    EXPECT_EQ(protection_of(path, homes).protection, Protection::Content) << path;
  }
  EXPECT_EQ(protection_of("/cfg/git", homes).protection, Protection::Node);
  EXPECT_EQ(protection_of("/data/U/.bashrc", homes).root, "/data/U");
  EXPECT_EQ(protection_of("/cfg/fish/x", homes).root, "");
  for (const std::string_view path :
       {"/home/v/.bashrc", "/cfg/.bashrc", "/cfg/.config/fish/x", "/data/.bashrc", "/x/.profile"}) {
    EXPECT_EQ(protection_of(path, homes).protection, Protection::None) << path;
  }
}

TEST(ProtectedNamesTest, PlacesElsewhereAreWhatTheyStandFor) {
  const std::vector<HomePlace> homes = {
      {.path = "/dot/bashrc", .stands_for = ".bashrc"},
      {.path = "/dot/claude", .stands_for = ".claude/"},
      {.path = "/dot/sh/Conf", .stands_for = ".config/fish/conf.d/"},
      {.path = "/dot/unit", .stands_for = ".config/git/config"},
      {.path = "/none/x", .stands_for = ".none"},
  };
  for (const std::string_view path :
       {"/dot/bashrc", "/DOT/Bashrc", "/dot/claude/settings.json", "/dot/claude/hooks/a/b",
        "/dot/claude/plugins/x", "/dot/sh/conf/a.fish", "/dot/unit"}) {
    EXPECT_EQ(protection_of(path, homes).protection, Protection::Content) << path;
  }
  for (const std::string_view path : {"/dot", "/dot/claude", "/dot/claude/hooks", "/dot/sh"}) {
    EXPECT_EQ(protection_of(path, homes).protection, Protection::Node) << path;
  }
  for (const std::string_view path :
       {"/dot/bashrc2", "/dot/bashrc/x", "/dot/claude/x", "/dot/sh/x", "/none/x", "/none", "/do"}) {
    EXPECT_EQ(protection_of(path, homes).protection, Protection::None) << path;
  }
  EXPECT_EQ(protection_of("/dot/bashrc", homes).root, "");
  EXPECT_EQ(protection_of("/dot/claude/settings.json", homes).root, "");
  EXPECT_EQ(protection_of("/dot/claude", homes).root, "");
  EXPECT_EQ(protection_of("/dot", homes).root, "");
}

TEST(ProtectedNamesTest, AGitDirectoryElsewhereIsOne) {
  const std::vector<HomePlace> places = {{.path = "/w/.Bare", .stands_for = ".git/"}};
  const auto of = [&places](std::string_view path) { return protection_of(path, places); };
  for (const std::string_view path :
       {"/w/.bare/config", "/w/.Bare/hooks/pre-commit", "/w/.Bare/worktrees/x/gitdir",
        "/w/.Bare/modules/a/b/config"}) {
    EXPECT_EQ(of(path).protection, Protection::Content) << path;
  }
  for (const std::string_view path : {"/w/.Bare/objects/x", "/w/.Bare/HEAD", "/w/x/config"}) {
    EXPECT_EQ(of(path).protection, Protection::None) << path;
  }
  EXPECT_EQ(of("/w/.Bare").protection, Protection::Node);
  EXPECT_EQ(of("/w/.Bare/worktrees/x/gitdir").git_directory, "/w/.Bare");
  EXPECT_EQ(of("/w/.Bare/worktrees/x/gitdir").worktree, "/w/.Bare/worktrees/x");
  EXPECT_EQ(of("/w/.Bare/config").worktree, "");
}

TEST(ProtectedNamesTest, WithoutAHomeOnlyTreesAreProtected) {
  EXPECT_EQ(protection_of("/home/u/.bashrc", {}).protection, Protection::None);
  EXPECT_EQ(protection_of("/home/u/.git/config", {}).protection, Protection::Content);
}

}  // namespace
}  // namespace nono::sandbox
