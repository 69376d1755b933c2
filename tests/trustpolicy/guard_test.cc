// tests/trustpolicy/guard_test.cc: which names are guarded.
#include "trustpolicy/guard.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/trustpolicy/support.h"

namespace nono::trustpolicy {
namespace {

Glob glob(std::string_view pattern) {
  return *Glob::parse(pattern);
}

TEST(GuardTest, InstructionNamesAreGuardedAtAnyDepth) {
  const Guard guard;
  for (const std::string_view name :
       {"CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "AGENT.md", "AGENTS.override.md", "SKILL.md",
        "SKILLS.md", "GEMINI.md", "QWEN.md", ".cursorrules", ".windsurfrules", ".clinerules",
        ".goosehints", "copilot-instructions.md", "CRUSH.md", "CRUSH.local.md", ".claude/loop.md",
        ".gemini/system.md"}) {
    for (const std::string_view directory :
         {"/", "/home/u/p/", "/home/u/p/node_modules/x/", "/p/.hidden/target/"}) {
      const std::string path = std::string(directory) + std::string(name);
      EXPECT_EQ(guard.classify(path), GuardClass::Instruction) << path;
    }
  }
}

TEST(GuardTest, MarkdownBeneathAgentDirectoriesIsGuarded) {
  const Guard guard;
  for (const std::string_view directory : {".claude/commands",
                                           ".claude/agents",
                                           ".claude/skills",
                                           ".claude/rules",
                                           ".claude/output-styles",
                                           ".cursor/rules",
                                           ".cursor/commands",
                                           ".cursor/agents",
                                           ".agents",
                                           ".codex",
                                           ".gemini/agents",
                                           ".config/opencode/agent",
                                           ".config/opencode/agents",
                                           ".config/opencode/mode",
                                           ".config/opencode/modes",
                                           ".config/opencode/command",
                                           ".Config /OpenCode/commands",
                                           ".opencode/agent",
                                           ".opencode/agents",
                                           ".opencode/mode",
                                           ".opencode/modes",
                                           ".opencode/command",
                                           ".opencode/commands",
                                           ".qwen/agents",
                                           ".qwen/commands",
                                           ".clinerules",
                                           ".roo",
                                           ".windsurf",
                                           ".github/instructions",
                                           ".github/prompts",
                                           ".github/agents",
                                           ".github/chatmodes"}) {
    for (const std::string_view file : {"/x.md", "/X.MDC", "/a/b/c/x.md"}) {
      const std::string path = "/home/u/p/" + std::string(directory) + std::string(file);
      EXPECT_EQ(guard.classify(path), GuardClass::Instruction) << path;
    }
    const std::string other = "/home/u/p/" + std::string(directory) + "/x.txt";
    EXPECT_EQ(guard.classify(other), GuardClass::None) << other;
  }
}

TEST(GuardTest, TomlThatInstructsIsGuardedInItsPlaces) {
  const Guard guard;
  for (const std::string_view path :
       {"/p/.gemini/commands/x.toml", "/p/.gemini/commands/a/b/X.TOML", "/p/.codex/agents/x.toml",
        "/p/.Codex /Agents/a/x.toml."}) {
    EXPECT_EQ(guard.classify(path), GuardClass::Instruction) << path;
  }
}

TEST(GuardTest, AgentConfigurationIsItsOwnClass) {
  const Guard guard;
  for (const std::string_view path :
       {"/p/.claude/settings.json", "/p/.claude/settings.local.json", "/p/.mcp.json",
        "/p/.codex/config.toml", "/p/.gemini/settings.json", "/p/opencode.json",
        "/p/.opencode/opencode.jsonc", "/p/opencode.jsonc", "/p/.vscode/tasks.json", "/p/.envrc",
        "/p/.nono/profile.json", "/p/.nono/profile.toml", "/p/.nono/profile.yaml",
        "/p/.Nono/Profile.YML", "/p/.Claude/Settings.JSON"}) {
    EXPECT_EQ(guard.classify(path), GuardClass::AgentConfig) << path;
  }
}

TEST(GuardTest, OrdinaryNamesAreNotGuarded) {
  const Guard guard;
  for (const std::string_view path : {"/usr/bin/claude",
                                      "/p/README.md",
                                      "/p/src/main.cc",
                                      "/p/claude.mdx",
                                      "/p/CLAUDE.txt",
                                      "/p/agents/notes.md",
                                      "/p/claude/commands/x.md",
                                      "/p/.claude/notes.md",
                                      "/p/.claude/projects/x.md",
                                      "/p/.github/workflows/x.md",
                                      "/p/commands/x.md",
                                      "/p/.claude/x/commands/y.md",
                                      "/p/.claude/x/loop.md",
                                      "/p/loop.md",
                                      "/p/system.md",
                                      "/p/.opencode/plans/x.md",
                                      "/p/.opencode/node_modules/x/README.md",
                                      "/p/opencode/agent/x.md",
                                      "/p/.config/x/opencode/agent/x.md",
                                      "/p/.config/opencode/x/agent/x.md",
                                      "/p/.config/opencode/node_modules/x/README.md",
                                      "/p/.config/codex/x.md",
                                      "/p/.gemini/commands/x.md",
                                      "/p/.gemini/x.toml",
                                      "/p/.gemini/commands.toml",
                                      "/p/.codex/x.toml",
                                      "/p/.cursor/plans/x.md",
                                      "/p/.github/ISSUE_TEMPLATE/x.md",
                                      "/p/clinerules/x.md",
                                      "/p/Cargo.toml",
                                      "/p/settings.json",
                                      "/p/config.toml",
                                      "/p/tasks.json",
                                      "/p/.claude/x/settings.json",
                                      "/p/cursorrules",
                                      "/p/mcp.json",
                                      "/p/envrc",
                                      "/p/nono/profile.json",
                                      "/p/.nono/sub/profile.json",
                                      "/p/.nono/profile.json.orig",
                                      "/p/.nono/profile.txt",
                                      "/p/.nono/profile.json.bundle",
                                      "/p/.claude/settings.jsonc",
                                      "/p/xCLAUDE.md",
                                      "/p/CLAUDE.md.bundle",
                                      "/p/.claude/commands/x.md.bundle",
                                      "/p/.nono-trust.bundle",
                                      "/p/trust-policy.json",
                                      "/p/CLAUDE.md/inside.txt",
                                      "/",
                                      "",
                                      "/p/"}) {
    EXPECT_EQ(guard.classify(path), GuardClass::None) << path;
  }
}

TEST(GuardTest, OtherSpellingsOfANameAreTheName) {
  const Guard guard;
  for (const std::string_view path :
       {"/p/claude.md", "/p/Claude.MD", "/p/CLAUDE.md ", "/p/CLAUDE.md.", "/p/CLAUDE.md\n",
        "/p/ CLAUDE.md", "/p/CL\u0410UDE.md", "/p/\uff23LAUDE.md", "/p/AGENTS\u2024md",
        "/p/CLAUDE\u200b.md", "/p/ .CursorRules", "/p/.cursorrules..", "/p/\u200b.cursorrules",
        "/p/.CLAUDE/Commands/x.md", "/p/.claude /commands/x.MD", "/p/.\uff43laude/commands/x.md",
        "/p/.claude/c\u043emmands/x.md"}) {
    EXPECT_EQ(guard.classify(path), GuardClass::Instruction) << printable(path);
  }
}

TEST(GuardTest, NamesThatAreNotUtf8AreComparedAsTheyAre) {
  const Guard guard;
  EXPECT_EQ(guard.classify("/p/\xff/CLAUDE.md"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/CLAUDE\xff.md"), GuardClass::None);
  EXPECT_EQ(guard.classify("/p/.claude/commands/\xff.md"), GuardClass::Instruction);
}

// The way without allocation must fold ASCII exactly as fold_name does.
TEST(GuardTest, ShortWayAgreesWithFoldName) {
  const Guard guard;
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases each time
  const std::string_view ends = " .\t\n\x01\x7f\x1f";
  int guarded = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string name = i % 2 == 0 ? "claude.md" : "agents.md";
    for (char& c : name) {
      c = random() % 3 == 0 && c >= 'a' ? static_cast<char>(c - 32) : c;
    }
    name.insert(0, random() % 3, ends[random() % ends.size()]);
    name.append(random() % 3, ends[random() % ends.size()]);
    if (random() % 3 == 0) {
      name[random() % name.size()] = static_cast<char>(1 + random() % 127);
    }
    const std::string folded = fold_name(name);
    const bool expected = folded == "claude.md" || folded == "agents.md" || folded == "agent.md";
    if (name.find('/') == std::string::npos) {
      ASSERT_EQ(guard.classify("/p/" + name) == GuardClass::Instruction, expected)
          << printable(name);
      guarded += expected ? 1 : 0;
    }
  }
  EXPECT_GT(guarded, 5'000);
}

TEST(GuardTest, LongNamesAreFoldedToo) {
  const Guard guard;
  EXPECT_EQ(guard.classify("/p/CLAUDE.md" + std::string(200, ' ')), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/.claude/commands/" + std::string(200, 'x') + ".md"),
            GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/" + std::string(10'000, 'x')), GuardClass::None);
}

TEST(GuardTest, PatternsAreComparedAsWritten) {
  Guard guard;
  guard.add_pattern("", glob("NOTES*"));
  EXPECT_EQ(guard.classify("/p/a/NOTES.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/a/notes.txt"), GuardClass::None);
}

// joined are the texts of up to `most` of the pieces.
std::vector<std::string> joined(const std::vector<std::string>& pieces, int most) {
  std::vector<std::string> out{""};
  std::size_t from = 0;
  for (int round = 0; round < most; ++round) {
    const std::size_t to = out.size();
    for (; from < to; ++from) {
      for (const std::string& piece : pieces) {
        out.push_back(out[from] + piece);
      }
    }
  }
  return out;
}

// The ends of a name are compared before the pattern is: that must spare work only.
TEST(GuardTest, PatternsCatchWhatTheyMatchWhateverTheirEnds) {
  const auto names = joined({"a", "b", "\xc3\xa4", "/a"}, 4);
  int caught = 0;
  for (const std::string& pattern : joined({"a", "*", "?", "[ab]", "/", "b"}, 4)) {
    const auto parsed = Glob::parse(pattern);
    if (!parsed) {
      continue;
    }
    Guard guard;
    guard.add_pattern("/r", *parsed);
    for (const std::string& name : names) {
      const bool catches = guard.classify("/r/" + name) == GuardClass::Instruction;
      caught += catches ? 1 : 0;
      ASSERT_EQ(catches, parsed->matches(name)) << pattern << " " << name;
    }
  }
  EXPECT_GT(caught, 10'000);
}

TEST(GuardTest, RootedPatternsStayBeneathTheirRoot) {
  Guard guard;
  guard.add_pattern("/work/tree", glob("docs/*.txt"));
  guard.add_pattern("/work/tree", glob("HOUSE*"));
  EXPECT_EQ(guard.classify("/work/tree/docs/a.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/work/tree/x/docs/a.txt"), GuardClass::None);
  EXPECT_EQ(guard.classify("/work/tree/x/HOUSE.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/work/tree2/HOUSE.txt"), GuardClass::None);
  EXPECT_EQ(guard.classify("/other/docs/a.txt"), GuardClass::None);
}

TEST(GuardTest, RootDirectoryCanBeTheRoot) {
  Guard guard;
  guard.add_pattern("/", glob("srv/*.txt"));
  EXPECT_EQ(guard.classify("/srv/a.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/x/srv/a.txt"), GuardClass::None);
}

TEST(GuardTest, UnrootedPatternsStandAnywhere) {
  Guard guard;
  guard.add_pattern("", glob("docs/*.txt"));
  EXPECT_EQ(guard.classify("/docs/a.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/a/b/docs/a.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/a/mydocs/a.txt"), GuardClass::None);
}

TEST(GuardTest, FilesAreGuardedByTheirExactPath) {
  Guard guard;
  guard.add_file("/home/u/.x/rules");
  guard.add_file("/a");
  guard.add_file("/z/y.bundle");
  EXPECT_EQ(guard.classify("/home/u/.x/rules"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/a"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/z/y.bundle"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/home/u/.x/rules2"), GuardClass::None);
}

TEST(GuardTest, PatternRaisesConfigurationToInstruction) {
  Guard guard;
  guard.add_pattern("", glob(".envrc"));
  EXPECT_EQ(guard.classify("/p/.envrc"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/.mcp.json"), GuardClass::AgentConfig);
}

TEST(GuardTest, BundleOfACaughtNameStaysReadable) {
  Guard guard;
  guard.add_pattern("", glob("NOTES*"));
  EXPECT_EQ(guard.classify("/p/NOTES.txt"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/NOTES.txt.bundle"), GuardClass::None);
}

TEST(GuardTest, PatternThatMeansBundlesGuardsThem) {
  Guard guard;
  guard.add_pattern("", glob("*.bundle"));
  guard.add_pattern("", glob("NOTES*"));
  EXPECT_EQ(guard.classify("/p/x.bundle"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/NOTES.bundle"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/x"), GuardClass::None);
}

TEST(GuardTest, BundleNamesEndSo) {
  EXPECT_TRUE(is_bundle_name("CLAUDE.md.bundle"));
  EXPECT_TRUE(is_bundle_name(".nono-trust.bundle"));
  EXPECT_FALSE(is_bundle_name(".bundle"));
  EXPECT_FALSE(is_bundle_name("bundle"));
  EXPECT_FALSE(is_bundle_name("x.bundle2"));
}

TEST(GuardTest, TakenOffNamesAreFree) {
  Guard guard;
  guard.take_off("CLAUDE.md");
  guard.take_off(".codex/");
  guard.take_off(".envrc");
  guard.take_off("no such name");
  EXPECT_EQ(guard.classify("/p/claude.md"), GuardClass::None);
  EXPECT_EQ(guard.classify("/p/.codex/x.md"), GuardClass::None);
  EXPECT_EQ(guard.classify("/p/.envrc"), GuardClass::None);
  EXPECT_EQ(guard.classify("/p/CLAUDE.local.md"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/.codex/AGENTS.md"), GuardClass::Instruction);
  EXPECT_EQ(guard.classify("/p/.claude/commands/CLAUDE.md"), GuardClass::Instruction);
}

TEST(GuardTest, EveryBuiltInNameGuardsAndCanBeTakenOff) {
  for (const Builtin& builtin : builtin_names()) {
    std::string path = "/p/" + std::string(builtin.shown);
    if (path.ends_with('/')) {
      path += "x.md";
    } else if (const std::size_t star = path.find('*'); star != std::string::npos) {
      path.replace(star, 1, ".x");
    }
    Guard guard;
    EXPECT_EQ(guard.classify(path), builtin.guard_class) << path;
    guard.take_off(builtin.shown);
    EXPECT_EQ(guard.classify(path), GuardClass::None) << path;
  }
}

// Not a benchmark: a limit that only a wrong algorithm would break.
TEST(GuardTest, HundredThousandOrdinaryPathsTakeNoTime) {
  Guard guard;
  guard.add_pattern("", glob("CLAUDE*"));
  guard.add_pattern("", glob(".claude/**/*.md"));
  const test::CpuTimer timer;
  int guarded = 0;
  for (int i = 0; i < 100'000; ++i) {
    guarded +=
        guard.classify("/home/user/project/node_modules/lib/src/component.js") == GuardClass::None
            ? 0
            : 1;
  }
  EXPECT_EQ(guarded, 0);
  EXPECT_LT(timer.elapsed().count(), 2'000);
}

}  // namespace
}  // namespace nono::trustpolicy
