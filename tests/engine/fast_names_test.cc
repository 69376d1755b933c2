// tests/engine/fast_names_test.cc: the fast gate's check of names never says no where the policy's
// says guarded.
#include "sandbox/fast_names.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "sandbox/fast_image.h"
#include "trustpolicy/guard.h"

namespace nono::engine {
namespace {

using trustpolicy::Glob;
using trustpolicy::Guard;
using trustpolicy::GuardClass;

class Shim {
 public:
  explicit Shim(const Guard& guard) : packed_(sandbox::packed_shapes(guard.shapes())) {}
  bool asks(std::string_view path) const {
    const std::string_view name = base_name(path);
    return sandbox::fast::may_be_guarded({name.data(), name.size()}, packed_.data(),
                                         packed_.size());
  }

 private:
  std::vector<unsigned char> packed_;
};

// The names of tests/trustpolicy/guard_test.cc.
TEST(FastNamesTest, EveryNameThatIsGuardedIsAskedAbout) {
  const Guard guard;
  const Shim shim(guard);
  for (const std::string_view path : {"/p/CLAUDE.md",
                                      "/p/CLAUDE.local.md",
                                      "/p/AGENTS.md",
                                      "/p/AGENT.md",
                                      "/p/AGENTS.override.md",
                                      "/p/SKILL.md",
                                      "/p/SKILLS.md",
                                      "/p/GEMINI.md",
                                      "/p/QWEN.md",
                                      "/p/.cursorrules",
                                      "/p/.windsurfrules",
                                      "/p/.clinerules",
                                      "/p/.goosehints",
                                      "/p/copilot-instructions.md",
                                      "/p/.claude/commands/x.md",
                                      "/p/.claude/agents/X.MDC",
                                      "/p/.claude/skills/a/b/x.md",
                                      "/p/.cursor/rules/x.mdc",
                                      "/p/.agents/x.md",
                                      "/p/.codex/x.md",
                                      "/p/.github/instructions/x.md",
                                      "/p/.github/prompts/x.md",
                                      "/p/.opencode/agent/x.md",
                                      "/p/.gemini/commands/x.toml",
                                      "/p/.gemini/system.md",
                                      "/p/opencode.jsonc",
                                      "/p/.claude/settings.json",
                                      "/p/.claude/settings.local.json",
                                      "/p/.mcp.json",
                                      "/p/.codex/config.toml",
                                      "/p/.gemini/settings.json",
                                      "/p/opencode.json",
                                      "/p/.vscode/tasks.json",
                                      "/p/.envrc",
                                      "/p/.nono/profile.json",
                                      "/p/.nono/profile.toml",
                                      "/p/.Nono/Profile.YML",
                                      "/p/.nono/profile.yaml",
                                      "/p/claude.md",
                                      "/p/Claude.MD",
                                      "/p/CLAUDE.md ",
                                      "/p/CLAUDE.md.",
                                      "/p/CLAUDE.md\n",
                                      "/p/ CLAUDE.md",
                                      "/p/CL\u0410UDE.md",
                                      "/p/\uff23LAUDE.md",
                                      "/p/AGENTS\u2024md",
                                      "/p/CLAUDE\u200b.md",
                                      "/p/ .CursorRules",
                                      "/p/.cursorrules..",
                                      "/p/\u200b.cursorrules",
                                      "/p/.CLAUDE/Commands/x.md",
                                      "/p/.claude/commands/\xff.md"}) {
    EXPECT_NE(guard.classify(path), GuardClass::None) << printable(path);
    EXPECT_TRUE(shim.asks(path)) << printable(path);
  }
}

TEST(FastNamesTest, OrdinaryNamesAreNotAskedAbout) {
  const Shim shim{Guard()};
  for (const std::string_view path :
       {"/usr/bin/claude", "/p/main.cc", "/p/claude.mdx", "/p/CLAUDE.txt", "/p/package.json",
        "/p/Makefile", "/p/CLAUDE.md.bundle", "/p/.nono/profile.txt", "/p/index.js",
        "/p/.nono/profile.json.orig", "/p/xmcp.json", "/usr/include/stdio.h", "/p/libc.so.6"}) {
    EXPECT_FALSE(shim.asks(path)) << path;
  }
}

TEST(FastNamesTest, APolicysPatternsAndFilesAreAskedAbout) {
  struct Row {
    std::string_view pattern;
    std::string_view guarded;
    std::string_view ordinary;  // empty: there is none
  };
  for (const Row& row : std::vector<Row>{{"RULES.txt", "/p/RULES.txt", "/p/rules.txt"},
                                         {"*.prompt", "/p/x.prompt", "/p/x.prompts"},
                                         {"docs/ai/*.txt", "/docs/ai/a.txt", "/docs/ai/a.rst"},
                                         {"agent-?.[ch]", "/p/agent-x.c", "/p/agen-x.c"},
                                         {"a[bc]d.txt", "/p/abd.txt", "/p/abd.tx"},
                                         {"docs/**", "/docs/x/y.c", ""},
                                         {"docs/*", "/docs/y.c", ""},
                                         {"docs/**/x.txt", "/docs/a/x.txt", "/docs/a/y.txt"}}) {
    Guard guard;
    guard.add_pattern("", *Glob::parse(row.pattern));
    const Shim shim(guard);
    EXPECT_NE(guard.classify(row.guarded), GuardClass::None) << row.pattern;
    EXPECT_TRUE(shim.asks(row.guarded)) << row.pattern;
    EXPECT_TRUE(row.ordinary.empty() || !shim.asks(row.ordinary)) << row.pattern;
  }
  Guard guard;
  guard.add_file("/p/special.cfg");
  EXPECT_TRUE(Shim(guard).asks("/q/special.cfg"));
  EXPECT_FALSE(Shim(guard).asks("/q/special.cf"));
}

std::string varied(std::string name, std::mt19937& random) {
  static const std::vector<std::string> kPieces = {
      " ", ".", "\n", "\x01", "\x7f", "\u200b", "\u0410", "\uff23", "\xff", "x", ".bundle", "~1"};
  for (char& c : name) {
    c = random() % 4 == 0 && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  for (auto left = random() % 3; left > 0; --left) {
    name.insert(random() % (name.size() + 1), kPieces[random() % kPieces.size()]);
  }
  return name;
}

TEST(FastNamesTest, NoVariationIsGuardedAndNotAskedAbout) {
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases each time
  const std::vector<std::string> directories = {
      "/p/",       "/p/.claude/", "/p/.claude/commands/", "/p/.codex/",
      "/p/.nono/", "/p/docs/",    "/p/.vscode/",          "/p/.codex/agents/"};
  const std::vector<std::string> names = {"claude.md",     "agents.md",     ".cursorrules",
                                          ".envrc",        "settings.json", "settings.local.json",
                                          "config.toml",   "tasks.json",    "profile.yml",
                                          "opencode.json", "x.md",          "x.toml",
                                          "a.prompt",      "b7.rule",       "main.c",
                                          "note"};
  Guard guard;
  for (const char* pattern : {"*.prompt", "b[0-9].rule", "docs/no*e"}) {
    guard.add_pattern("", *Glob::parse(pattern));
  }
  guard.add_file("/p/docs/main.c");
  const Shim shim(guard);
  int guarded = 0;
  int asked = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::string path =
        directories[random() % directories.size()] + varied(names[random() % names.size()], random);
    const bool is = guard.classify(path) != GuardClass::None;
    guarded += is ? 1 : 0;
    asked += shim.asks(path) ? 1 : 0;
    ASSERT_TRUE(!is || shim.asks(path)) << printable(path);
  }
  EXPECT_GT(guarded, 5'000);
  EXPECT_LT(asked, 40'000);
}

}  // namespace
}  // namespace nono::engine
