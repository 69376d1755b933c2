#include "sandbox/name_rules.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"

namespace nono::sandbox {
namespace {

using trustpolicy::GuardClass;

// A few names of each kind: by themselves, beneath a directory, by a pattern beneath one root.
class FewNames final : public trustpolicy::GuardedNames {
 public:
  GuardClass classify(std::string_view path) const override {
    const bool beneath_agents = path.contains("/.claude/skills/") || path.contains("/.agents/") ||
                                path.contains("/\u200b.agents/") ||
                                path.contains("/\uff0eclaude/skills/") || path.contains("/.codex/");
    const bool instructs = base_name(path) == "CLAUDE.md" ||
                           (beneath_agents && path.ends_with(".md")) ||
                           (path.contains("/.gemini/commands/") && path.ends_with(".toml")) ||
                           (path.starts_with("/p/docs/") && path.ends_with(".md")) ||
                           (path.starts_with("/p/prompts/") && path.ends_with(".txt"));
    if (instructs) {
      return GuardClass::Instruction;
    }
    return base_name(path) == ".envrc" ? GuardClass::AgentConfig : GuardClass::None;
  }
};
const FewNames kNames;  // NOLINT(cert-err58-cpp): its constructor does nothing

TEST(NameRulesTest, WhatInstructsIsKnownByItsNameOrByWhatIsThere) {
  struct Row {
    const char* path;
    mode_t makes;
    GuardClass known_as;
    bool instructs;
  };
  const Row rows[] = {
      {"/p/CLAUDE.md", S_IFREG, GuardClass::None, true},
      {"/p/CLAUDE.md", 0, GuardClass::None, true},
      {"/p/CLAUDE.md", S_IFIFO, GuardClass::None, true},
      {"/p/CLAUDE.md", S_IFDIR, GuardClass::Instruction, false},
      {"/p/README.md", S_IFREG, GuardClass::None, false},
      {"/p/README.md", 0, GuardClass::Instruction, true},
      {"/p/.envrc", S_IFREG, GuardClass::AgentConfig, false},
      {"/p/node_modules/x/CLAUDE.md", S_IFREG, GuardClass::Instruction, false},
      {"/p/site-packages/x/CLAUDE.md", 0, GuardClass::None, false},
      {"/p/.agents/a/x.md", S_IFREG, GuardClass::None, true},
      {"/p/.agents", S_IFLNK, GuardClass::None, true},
      {"/p/.agents", S_IFREG, GuardClass::None, false},
      {"/p/.claude", S_IFLNK, GuardClass::None, true},
      {"/p/.claude/skills", S_IFLNK, GuardClass::None, true},
      {"/p/.gemini", S_IFLNK, GuardClass::None, true},
      {"/p/.gemini/commands", S_IFLNK, GuardClass::None, true},
      {"/p/.gemini/commands/x", S_IFLNK, GuardClass::None, true},
      {"/p/.gemini/tmp", S_IFLNK, GuardClass::None, false},
      {"/p/.claude/skills/x", S_IFLNK, GuardClass::None, true},
      {"/p/.claude/other", S_IFLNK, GuardClass::None, false},
      {"/p/link", S_IFLNK, GuardClass::None, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(makes_instructions(kNames, row.path, row.makes, row.known_as), row.instructs)
        << row.path << " " << row.makes;
  }
}

TEST(NameRulesTest, PackagesInADirectoryOfInstructionsAreInstructions) {
  const std::pair<const char*, bool> rows[] = {
      {"/p/.agents/node_modules/x.md", true},
      {"/p/.agents/a/node_modules/p/b/x.md", true},
      {"/p/.agents/skills/node_modules/x.md", true},
      {"/p/.agents/skills/s/node_modules/p/README.md", false},
      {"/p/.claude/skills/s/t/site-packages/p/README.md", false},
      {"/p/.claude/skills/s/node_modules/p/CLAUDE.md", true},
      {"/p/.claude/skills/s/.agents/node_modules/x.md", true},
      {"/p/.agents/rules/skills/s/node_modules/x.md", true},
      {"/p/.agents/.x/skills/s/node_modules/x.md", true},
      {"/p/skills/s/.agents/node_modules/x.md", true},
      {"/p/.agents/node_modules/x.txt", false},
      {"/p/.gemini/commands/node_modules/x.toml", true},
      {"/p/node_modules/p/.gemini/commands/x.toml", false},
      {"/p/node_modules/p/.agents/x.md", false},
      {"/p/sub/node_modules/p/README.md", false},
      {"/p/docs/node_modules/p/README.md", false},
      {"/p/\u200b.agents/node_modules/x.md", true},
      {"/P\u200b/q/\u200b.agents/a/node_modules/x.md", true},
      {"/p/docs/.agents/node_modules/x.md", true},
      {"/p/docs/.agents/skills/s/node_modules/p/README.md", false},
  };
  for (const auto& [path, instructs] : rows) {
    EXPECT_EQ(makes_instructions(kNames, path, S_IFREG), instructs) << path;
  }
  EXPECT_TRUE(makes_instructions(kNames, "/p/.claude/skills/node_modules/x", S_IFLNK));
  EXPECT_FALSE(makes_instructions(kNames, "/p/node_modules/p/.agents", S_IFLNK));
}

TEST(NameRulesTest, LinksToItselfOfCodexAreNoInstructions) {
  const std::pair<const char*, bool> rows[] = {
      {"/h/.codex/tmp/arg0/codex-arg0abc/apply_patch", false},
      {"/h/.codex/tmp/arg0-linux/codex-arg0abc/apply_patch", false},
      {"/h/.codex/tmp/x", true},
      {"/h/.codex/x", true},
      {"/h/.codex/skills/x", true},
      {"/h/.codex/tmp/arg0/.agents", true},
      {"/h/.codex/tmp/arg0/a/.agents/x", true},
      {"/h/.codex/tmp/arg0/a/.codex", true},
      {"/h/.codex/tmp/arg0/.codex/tmp/arg0/x", true},
      {"/h/.codex/tmp/arg0/.claude/skills", true},
      {"/h/.codex/tmp/arg0/CLAUDE.md", true},
      {"/h/.codex/tmp/arg0/x.md", true},
  };
  for (const auto& [path, instructs] : rows) {
    EXPECT_EQ(makes_instructions(kNames, path, S_IFLNK), instructs) << path;
  }
  EXPECT_TRUE(makes_instructions(kNames, "/h/.codex/tmp/arg0/x.md", S_IFREG));
}

TEST(NameRulesTest, TheRootLiesAboveAllThatIsGuardedByItsPlace) {
  const std::pair<const char*, const char*> rows[] = {
      {"/p/CLAUDE.md", "/p"},
      {"/p/sub/CLAUDE.md", "/p/sub"},
      {"/CLAUDE.md", "/"},
      {"/p/.github/CLAUDE.md", "/p"},
      {"/p/.cache/x/CLAUDE.md", "/p/.cache/x"},
      {"/p/.agents/x.md", "/p"},
      {"/p/.agents/a/b/x.md", "/p"},
      {"/p/.claude/skills/x/CLAUDE.md", "/p"},
      {"/p/.claude/skills/.agents/x.md", "/p"},
      {"/p/sub/.claude/skills/x/y.md", "/p/sub"},
      {"/p/\uff0eclaude/skills/x.md", "/p"},
      {"/p/\u200b.agents/x/y.md", "/p"},
      {"/p/prompts/x.txt", "/p"},
      {"/p/prompts/a/x.txt", "/p"},
      {"/p/.agents/a/link", "/p"},
      {"/p/.gemini/commands/a/x.toml", "/p"},
      {"/p/.gemini/commands/a/link", "/p"},
      {"/p/README.md", "/p"},
  };
  for (const auto& [path, root] : rows) {
    EXPECT_EQ(instruction_root(kNames, path), root) << path;
  }
}

}  // namespace
}  // namespace nono::sandbox
