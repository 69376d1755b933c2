// trustpolicy/builtin_names.cc: the tables, and the comparison that runs on every open.
#include "trustpolicy/builtin_names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "base/text.h"

namespace nono::trustpolicy {
namespace {

constexpr auto kBuiltins = std::to_array<Builtin>({
    {"CLAUDE.md", GuardClass::Instruction},
    {"CLAUDE.local.md", GuardClass::Instruction},
    {"AGENTS.md", GuardClass::Instruction},
    {"AGENT.md", GuardClass::Instruction},
    {"AGENTS.override.md", GuardClass::Instruction},
    {"SKILL.md", GuardClass::Instruction},
    {"SKILLS.md", GuardClass::Instruction},
    {"GEMINI.md", GuardClass::Instruction},
    {"QWEN.md", GuardClass::Instruction},
    {".cursorrules", GuardClass::Instruction},
    {".windsurfrules", GuardClass::Instruction},
    {".clinerules", GuardClass::Instruction},
    {".goosehints", GuardClass::Instruction},
    {"copilot-instructions.md", GuardClass::Instruction},
    {"CRUSH.md", GuardClass::Instruction},
    {"CRUSH.local.md", GuardClass::Instruction},
    {".claude/loop.md", GuardClass::Instruction},
    {".gemini/system.md", GuardClass::Instruction},
    {".claude/commands/", GuardClass::Instruction},
    {".claude/agents/", GuardClass::Instruction},
    {".claude/skills/", GuardClass::Instruction},
    {".claude/rules/", GuardClass::Instruction},
    {".claude/output-styles/", GuardClass::Instruction},
    {".cursor/rules/", GuardClass::Instruction},
    {".cursor/commands/", GuardClass::Instruction},
    {".cursor/agents/", GuardClass::Instruction},
    {".agents/", GuardClass::Instruction},
    {".codex/", GuardClass::Instruction},
    {".codex/agents/*.toml", GuardClass::Instruction},
    {".gemini/agents/", GuardClass::Instruction},
    {".gemini/commands/*.toml", GuardClass::Instruction},
    {".opencode/agent/", GuardClass::Instruction},
    {".opencode/agents/", GuardClass::Instruction},
    {".opencode/mode/", GuardClass::Instruction},
    {".opencode/modes/", GuardClass::Instruction},
    {".opencode/command/", GuardClass::Instruction},
    {".opencode/commands/", GuardClass::Instruction},
    {".qwen/agents/", GuardClass::Instruction},
    {".qwen/commands/", GuardClass::Instruction},
    {".clinerules/", GuardClass::Instruction},
    {".roo/", GuardClass::Instruction},
    {".windsurf/", GuardClass::Instruction},
    {".github/instructions/", GuardClass::Instruction},
    {".github/prompts/", GuardClass::Instruction},
    {".github/agents/", GuardClass::Instruction},
    {".github/chatmodes/", GuardClass::Instruction},
    {".claude/settings*.json", GuardClass::AgentConfig},
    {".mcp.json", GuardClass::AgentConfig},
    {".codex/config.toml", GuardClass::AgentConfig},
    {".gemini/settings.json", GuardClass::AgentConfig},
    {"opencode.json", GuardClass::AgentConfig},
    {"opencode.jsonc", GuardClass::AgentConfig},
    {".vscode/tasks.json", GuardClass::AgentConfig},
    {".envrc", GuardClass::AgentConfig},
    {".nono/profile.json", GuardClass::AgentConfig},
    {".nono/profile.toml", GuardClass::AgentConfig},
    {".nono/profile.yaml", GuardClass::AgentConfig},
    {".nono/profile.yml", GuardClass::AgentConfig},
});
static_assert(kBuiltins.size() <= 64);

// bit_of fails to compile for a name that is not in the table.
consteval BuiltinSet bit_of(std::string_view shown) {
  for (std::size_t i = 0; i < kBuiltins.size(); ++i) {
    if (kBuiltins.at(i).shown == shown) {
      return BuiltinSet{1} << i;
    }
  }
  std::unreachable();
}

// The rules hold folded names; a leading dot stands for "at least one dot".
struct NameRule {
  std::string_view name;
  BuiltinSet bit;
};
constexpr auto kNames = std::to_array<NameRule>({
    {"claude.md", bit_of("CLAUDE.md")},
    {"claude.local.md", bit_of("CLAUDE.local.md")},
    {"agents.md", bit_of("AGENTS.md")},
    {"agent.md", bit_of("AGENT.md")},
    {"agents.override.md", bit_of("AGENTS.override.md")},
    {"skill.md", bit_of("SKILL.md")},
    {"skills.md", bit_of("SKILLS.md")},
    {"gemini.md", bit_of("GEMINI.md")},
    {"qwen.md", bit_of("QWEN.md")},
    {".cursorrules", bit_of(".cursorrules")},
    {".windsurfrules", bit_of(".windsurfrules")},
    {".clinerules", bit_of(".clinerules")},
    {".goosehints", bit_of(".goosehints")},
    {"copilot-instructions.md", bit_of("copilot-instructions.md")},
    {"crush.md", bit_of("CRUSH.md")},
    {"crush.local.md", bit_of("CRUSH.local.md")},
    {".mcp.json", bit_of(".mcp.json")},
    {"opencode.json", bit_of("opencode.json")},
    {"opencode.jsonc", bit_of("opencode.jsonc")},
    {".envrc", bit_of(".envrc")},
});

enum class Ending : unsigned char { Markdown, Toml };

struct DirectoryRule {
  std::string_view first;
  std::string_view second;  // empty: the first alone will do
  BuiltinSet bit;
  Ending ending = Ending::Markdown;  // of the files that it concerns
  std::string_view in_config = "";   // what the first is called in a `.config`; empty: nothing
};
constexpr std::string_view kConfig = ".config";
constexpr auto kDirectories = std::to_array<DirectoryRule>({
    {".claude", "commands", bit_of(".claude/commands/")},
    {".claude", "agents", bit_of(".claude/agents/")},
    {".claude", "skills", bit_of(".claude/skills/")},
    {".claude", "rules", bit_of(".claude/rules/")},
    {".claude", "output-styles", bit_of(".claude/output-styles/")},
    {".cursor", "rules", bit_of(".cursor/rules/")},
    {".cursor", "commands", bit_of(".cursor/commands/")},
    {".cursor", "agents", bit_of(".cursor/agents/")},
    {".agents", "", bit_of(".agents/")},
    {".codex", "", bit_of(".codex/")},
    {".codex", "agents", bit_of(".codex/agents/*.toml"), Ending::Toml},
    {".gemini", "agents", bit_of(".gemini/agents/")},
    {".gemini", "commands", bit_of(".gemini/commands/*.toml"), Ending::Toml},
    {".opencode", "agent", bit_of(".opencode/agent/"), Ending::Markdown, "opencode"},
    {".opencode", "agents", bit_of(".opencode/agents/"), Ending::Markdown, "opencode"},
    {".opencode", "mode", bit_of(".opencode/mode/"), Ending::Markdown, "opencode"},
    {".opencode", "modes", bit_of(".opencode/modes/"), Ending::Markdown, "opencode"},
    {".opencode", "command", bit_of(".opencode/command/"), Ending::Markdown, "opencode"},
    {".opencode", "commands", bit_of(".opencode/commands/"), Ending::Markdown, "opencode"},
    {".qwen", "agents", bit_of(".qwen/agents/")},
    {".qwen", "commands", bit_of(".qwen/commands/")},
    {".clinerules", "", bit_of(".clinerules/")},
    {".roo", "", bit_of(".roo/")},
    {".windsurf", "", bit_of(".windsurf/")},
    {".github", "instructions", bit_of(".github/instructions/")},
    {".github", "prompts", bit_of(".github/prompts/")},
    {".github", "agents", bit_of(".github/agents/")},
    {".github", "chatmodes", bit_of(".github/chatmodes/")},
});

// ConfigRule is of a file that lies in the directory itself.
struct ConfigRule {
  std::string_view directory;
  std::string_view prefix;
  std::string_view suffix;  // empty: the prefix is the whole name
  BuiltinSet bit;
};
constexpr auto kConfigs = std::to_array<ConfigRule>({
    {".claude", "settings", ".json", bit_of(".claude/settings*.json")},
    {".codex", "config.toml", "", bit_of(".codex/config.toml")},
    {".gemini", "settings.json", "", bit_of(".gemini/settings.json")},
    {".vscode", "tasks.json", "", bit_of(".vscode/tasks.json")},
    {".claude", "loop.md", "", bit_of(".claude/loop.md")},
    {".gemini", "system.md", "", bit_of(".gemini/system.md")},
    {".nono", "profile.json", "", bit_of(".nono/profile.json")},
    {".nono", "profile.toml", "", bit_of(".nono/profile.toml")},
    {".nono", "profile.yaml", "", bit_of(".nono/profile.yaml")},
    {".nono", "profile.yml", "", bit_of(".nono/profile.yml")},
});

constexpr BuiltinSet bits_of_class(GuardClass guard_class) {
  BuiltinSet bits = 0;
  for (std::size_t i = 0; i < kBuiltins.size(); ++i) {
    bits |= kBuiltins.at(i).guard_class == guard_class ? BuiltinSet{1} << i : 0;
  }
  return bits;
}
constexpr BuiltinSet kInstructions = bits_of_class(GuardClass::Instruction);

constexpr BuiltinSet bits_of_ending(Ending ending) {
  BuiltinSet bits = 0;
  for (const DirectoryRule& rule : kDirectories) {
    bits |= rule.ending == ending ? rule.bit : 0;
  }
  return bits;
}
constexpr BuiltinSet kOfMarkdown = bits_of_ending(Ending::Markdown);
constexpr BuiltinSet kOfToml = bits_of_ending(Ending::Toml);

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// What fold_name leaves out of a name of ASCII letters, and what it trims at its ends.
bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}
bool is_trimmed(char c) {
  return is_control(c) || c == ' ' || c == '.';
}

// FoldedName is one component as fold_name makes it, and whether a dot stood before it. Short
// names of ASCII letters, nearly all there are, are folded without allocation; the test compares
// the two ways.
class FoldedName {
 public:
  explicit FoldedName(std::string_view name) {
    if (name.size() > buffer_.size() || !std::ranges::all_of(name, is_ascii)) {
      fold_any(name);
    } else {
      fold_ascii(name);
    }
  }
  FoldedName(const FoldedName&) = delete;
  FoldedName& operator=(const FoldedName&) = delete;
  ~FoldedName() = default;

  bool is(std::string_view rule) const {
    return rule.starts_with('.') ? dotted_ && plain_ == rule.substr(1) : plain_ == rule;
  }
  std::string_view plain() const { return plain_; }

 private:
  void fold_ascii(std::string_view name) {
    while (!name.empty() && is_trimmed(name.front())) {
      dotted_ = dotted_ || name.front() == '.';
      name.remove_prefix(1);
    }
    while (!name.empty() && is_trimmed(name.back())) {
      name.remove_suffix(1);
    }
    std::size_t size = 0;
    for (const char c : name) {
      if (!is_control(c)) {
        buffer_.at(size++) = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      }
    }
    plain_ = std::string_view(buffer_.data(), size);
  }

  // A letter before the name keeps fold_name from trimming its front: what then stands between
  // the letter and the folded name is what was trimmed.
  void fold_any(std::string_view name) {
    folded_ = fold_name(name);
    plain_ = folded_;
    const std::string whole = fold_name("x" + std::string(name));
    if (whole.size() > plain_.size() && whole.ends_with(plain_)) {
      dotted_ = std::string_view(whole).substr(0, whole.size() - plain_.size()).contains('.');
    }
  }

  std::array<char, 64> buffer_{};
  std::string folded_;
  std::string_view plain_;
  bool dotted_ = false;
};

BuiltinSet name_hits(const FoldedName& name) {
  for (const NameRule& rule : kNames) {
    if (name.is(rule.name)) {
      return rule.bit;
    }
  }
  return 0;
}

// rules_of_ending are the directory rules that concern files of such a name.
BuiltinSet rules_of_ending(const FoldedName& name) {
  if (name.plain().ends_with(".md") || name.plain().ends_with(".mdc")) {
    return kOfMarkdown;
  }
  return name.plain().ends_with(".toml") ? kOfToml : 0;
}

// Every directory rule begins with a dot, or in a directory that does, which no name that begins
// with a letter or digit folds to.
bool may_begin_rule(std::string_view component) {
  const char first = component.front();
  const bool ordinary = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                        (first >= '0' && first <= '9') || first == '_' || first == '-';
  return !ordinary;
}

// DirectoryWalk follows the components of a path and notes which rules they meet.
class DirectoryWalk {
 public:
  void enter(std::string_view component) {
    const bool in_config = std::exchange(in_config_, false);
    if (pending_ == 0 && !in_config && !may_begin_rule(component)) {
      return;
    }
    const FoldedName folded(component);
    in_config_ = folded.is(kConfig);
    BuiltinSet begun = 0;
    for (const DirectoryRule& rule : kDirectories) {
      const bool continues = (pending_ & rule.bit) != 0 && folded.is(rule.second);
      const bool begins = folded.is(rule.first) ||
                          (in_config && !rule.in_config.empty() && folded.is(rule.in_config));
      met_ |= continues || (begins && rule.second.empty()) ? rule.bit : 0;
      begun |= begins ? rule.bit : 0;
    }
    pending_ = begun;
  }
  BuiltinSet met() const { return met_; }

 private:
  BuiltinSet pending_ = 0;
  BuiltinSet met_ = 0;
  bool in_config_ = false;
};

BuiltinSet directory_hits(std::string_view directories, const FoldedName& name) {
  const BuiltinSet concerned = rules_of_ending(name);
  if (concerned == 0) {
    return 0;
  }
  DirectoryWalk walk;
  for (std::size_t at = 0; at < directories.size();) {
    const std::string_view component = directories.substr(at, directories.find('/', at) - at);
    at += component.size() + 1;
    if (!component.empty()) {
      walk.enter(component);
    }
  }
  return walk.met() & concerned;
}

bool is_config(const FoldedName& name, const ConfigRule& rule) {
  return rule.suffix.empty()
             ? name.is(rule.prefix)
             : name.plain().starts_with(rule.prefix) && name.plain().ends_with(rule.suffix);
}

BuiltinSet config_hits(std::string_view directories, const FoldedName& name) {
  BuiltinSet hits = 0;
  for (const ConfigRule& rule : kConfigs) {
    if (is_config(name, rule)) {
      const std::size_t slash = directories.rfind('/');
      const FoldedName parent(directories.substr(slash == std::string_view::npos ? 0 : slash + 1));
      hits |= parent.is(rule.directory) ? rule.bit : 0;
    }
  }
  return hits;
}

}  // namespace

std::span<const Builtin> builtin_names() {
  return kBuiltins;
}

std::optional<BuiltinSet> builtin_named(std::string_view shown) {
  for (std::size_t i = 0; i < kBuiltins.size(); ++i) {
    if (kBuiltins.at(i).shown == shown) {
      return BuiltinSet{1} << i;
    }
  }
  return std::nullopt;
}

GuardClass builtin_class(std::string_view absolute_path, BuiltinSet taken_off) {
  const std::size_t slash = absolute_path.rfind('/');
  const bool bare = slash == std::string_view::npos;
  const FoldedName name(bare ? absolute_path : absolute_path.substr(slash + 1));
  const std::string_view directories = bare ? "" : absolute_path.substr(0, slash);
  BuiltinSet hits = name_hits(name);
  hits |= directory_hits(directories, name) | config_hits(directories, name);
  hits &= ~taken_off;
  if ((hits & kInstructions) != 0) {
    return GuardClass::Instruction;
  }
  return hits != 0 ? GuardClass::AgentConfig : GuardClass::None;
}

std::vector<NameShape> builtin_shapes() {
  const auto undotted = [](std::string_view rule) {
    return std::string(rule.substr(rule.starts_with('.') ? 1 : 0));
  };
  // Directory rules concern files of these endings only.
  std::vector<NameShape> out = {{"", ".md", Spelling::Folded, Extent::Ends},
                                {"", ".mdc", Spelling::Folded, Extent::Ends},
                                {"", ".toml", Spelling::Folded, Extent::Ends}};
  for (const NameRule& rule : kNames) {
    if (!rule.name.ends_with(".md")) {
      out.push_back({undotted(rule.name), "", Spelling::Folded, Extent::Whole});
    }
  }
  for (const ConfigRule& rule : kConfigs) {
    out.push_back({undotted(rule.prefix), std::string(rule.suffix), Spelling::Folded,
                   rule.suffix.empty() ? Extent::Whole : Extent::Ends});
  }
  return out;
}

}  // namespace nono::trustpolicy
