// tests/engine/seatbelt_rules_test.cc: what the gate guards by name, the text denies by name.
#include "engine/seatbelt_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/sandbox/seatbelt_support.h"

namespace nono::engine {
namespace {

using sandbox::testing::at_file;
using sandbox::testing::read_back;
using sandbox::testing::SeatbeltEvaluator;
using trustpolicy::Glob;
using trustpolicy::Guard;
using trustpolicy::GuardClass;

SeatbeltEvaluator everything_but(const Guard& guard) {
  sandbox::CapabilitySet all;
  EXPECT_TRUE(all.allow_path("/", sandbox::Access::read(), "test"));
  sandbox::SeatbeltRules rules;
  rules.guarded = guarded_patterns(guard);
  return read_back(all, rules);
}

Guard with_patterns(std::initializer_list<std::pair<const char*, const char*>> patterns) {
  Guard out;
  for (const auto& [root, glob] : patterns) {
    auto parsed = Glob::parse(glob);
    EXPECT_TRUE(parsed) << glob;
    out.add_pattern(root, *std::move(parsed));
  }
  return out;
}

std::string random_path(std::mt19937& random, const std::vector<std::string>& words) {
  std::string path;
  for (std::size_t left = random() % 5 + 1; left > 0; --left) {
    path += "/" + words[random() % words.size()];
  }
  return path;
}

// agree counts the guarded ones of many random paths, on each of which both must say the same.
int agree(const Guard& guard, const std::vector<std::string>& words) {
  const SeatbeltEvaluator text = everything_but(guard);
  std::mt19937 random(4);
  int guarded = 0;
  for (int round = 0; round < 10000; ++round) {
    const std::string path = random_path(random, words);
    const bool open = guard.classify(path) == GuardClass::None;
    EXPECT_EQ(text.allows(at_file("file-read-data", path)), open) << path;
    guarded += open ? 0 : 1;
  }
  return guarded;
}

const std::vector<std::string> kBuiltinWords = {"CLAUDE.md",
                                                "claude.MD.",
                                                " Agents.md",
                                                "..SKILL.md",
                                                "AGENTS.mdx",
                                                "xCLAUDE.md",
                                                ".claude",
                                                "commands",
                                                "skills",
                                                ".Cursor",
                                                "rules",
                                                "x.md",
                                                "y.MDC",
                                                ".md",
                                                "..md",
                                                "a.md ",
                                                ".agents",
                                                "agents",
                                                ".github",
                                                "instructions",
                                                ".mcp.json",
                                                "mcp.json",
                                                ".codex",
                                                "config.toml",
                                                "settings.json",
                                                "settings.local.json",
                                                "settings",
                                                ".vscode",
                                                "tasks.json",
                                                ".envrc",
                                                "..cursorrules",
                                                "cursorrules",
                                                "plain.txt",
                                                "CLAUDE.md.bundle",
                                                "\x01GEMINI.md\x1f",
                                                ".nono",
                                                "profile.json",
                                                "profile.yaml",
                                                "profile.txt",
                                                ".gemini",
                                                "x.toml",
                                                ".toml",
                                                "X.TOML ",
                                                ".opencode",
                                                "mode",
                                                "opencode.jsonc",
                                                "loop.md",
                                                ".clinerules"};

TEST(SeatbeltRulesTest, BuiltInNamesAreClosedAsTheGateGuardsThem) {
  EXPECT_GT(agree(Guard(), kBuiltinWords), 1000);
}

TEST(SeatbeltRulesTest, ANameThatWasTakenOffIsOpen) {
  Guard guard;
  guard.take_off("CLAUDE.md");
  guard.take_off(".claude/commands/");
  EXPECT_TRUE(everything_but(guard).allows(at_file("file-read-data", "/p/CLAUDE.md")));
  EXPECT_GT(agree(guard, kBuiltinWords), 1000);
}

TEST(SeatbeltRulesTest, PatternsOfAPolicyAreClosedAsTheGateGuardsThem) {
  const std::vector<std::string> words = {"a",  "ab",    "abc",      "docs", "x.txt",    "y.txt",
                                          "p",  "q+(1)", "dünn",     "é.x",  "x.bundle", "a.bundle",
                                          "z9", "1.txt", "docs.txt", "deep"};
  const Guard guard = with_patterns({{"/p", "docs/*.txt"},
                                     {"/p/q+(1)", "**/a"},
                                     {"/a", "x.txt"},
                                     {"", "deep/?.x"},
                                     {"", "[0-9].txt"},
                                     {"/abc", "docs/**"},
                                     {"/docs", "z*"},
                                     {"/", "ab/a"},
                                     {"", "a.bundle"}});
  EXPECT_GT(agree(guard, words), 300);
}

TEST(SeatbeltRulesTest, EvidenceOfAPatternThatTakesEverythingStaysReadable) {
  const SeatbeltEvaluator text = everything_but(with_patterns({{"/p", "*"}}));
  EXPECT_FALSE(text.allows(at_file("file-read-data", "/p/x")));
  EXPECT_TRUE(text.allows(at_file("file-read-data", "/p/x.bundle")));
}

TEST(SeatbeltRulesTest, AClassThatIsNotOfAsciiCatchesAnyCharacters) {
  const SeatbeltEvaluator text = everything_but(with_patterns({{"", "x[ä-ö].txt"}}));
  EXPECT_FALSE(text.allows(at_file("file-read-data", "/p/xé.txt")));
  EXPECT_FALSE(text.allows(at_file("file-read-data", "/p/xb.txt"))) << "more than the gate";
  EXPECT_TRUE(text.allows(at_file("file-read-data", "/p/y.txt")));
}

TEST(SeatbeltRulesTest, AFileThatAPolicyNamesIsGuardedAndNoOther) {
  Guard guard;
  guard.add_file("/p/a+b (1).txt");
  const SeatbeltEvaluator text = everything_but(guard);
  EXPECT_FALSE(text.allows(at_file("file-read-data", "/p/a+b (1).txt")));
  EXPECT_TRUE(text.allows(at_file("file-read-data", "/p/aab (1).txt")));
  EXPECT_TRUE(text.allows(at_file("file-read-data", "/q/p/a+b (1).txt")));
}

RunPlan plan_with_verdicts() {
  UserDirectories user;
  user.home = "/Users/u";
  RunPlan plan(user, *profile::NeverGrantList::for_places({}));
  plan.policy = std::make_shared<const trustpolicy::Policy>(trustpolicy::Policy::merge({}, {}));
  Verdict proven;
  proven.path = "/p/CLAUDE.md";
  proven.admitted = true;
  proven.proven = true;
  Verdict tolerated;
  tolerated.path = "/p/AGENTS.md";
  tolerated.admitted = true;
  Verdict denied;
  denied.path = "/p/SKILL.md";
  plan.verdicts = {proven, tolerated, denied};
  return plan;
}

TEST(SeatbeltRulesTest, VerdictsSayWhatIsReadableAndWhatDoesNotChange) {
  using Paths = std::vector<std::string>;
  const RunPlan plan = plan_with_verdicts();
  const auto rules = seatbelt_rules(plan, sandbox::InstructionEdit::Drafts);
  EXPECT_NE(std::ranges::find(rules.homes, "/Users/u", &sandbox::HomePlace::path),
            rules.homes.end());
  EXPECT_EQ(rules.admitted, (Paths{"/p/CLAUDE.md", "/p/AGENTS.md"}));
  EXPECT_EQ(rules.not_admitted, (Paths{"/p/SKILL.md"}));
  EXPECT_EQ(rules.unchangeable, (Paths{"/p/CLAUDE.md", "/p/CLAUDE.md.bundle"}));
  EXPECT_TRUE(seatbelt_rules(plan, sandbox::InstructionEdit::Allowed).unchangeable.empty());
}

}  // namespace
}  // namespace nono::engine
