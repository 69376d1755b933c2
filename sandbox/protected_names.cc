#include "sandbox/protected_names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sandbox/folded_path.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kHooks = "git runs it on the user's next commit or checkout";
constexpr std::string_view kGitConfig = "git configuration can name programs that git runs";
constexpr std::string_view kMercurial = "Mercurial's settings name programs that hg runs";
constexpr std::string_view kJujutsu = "Jujutsu's settings name programs that jj runs";
constexpr std::string_view kWorktree = "it says where git looks for the worktree";
constexpr std::string_view kEditor = "the editor runs it when the folder is opened";
constexpr std::string_view kAgent = "an agent runs what it names, outside any sandbox";
constexpr std::string_view kProgram = "an agent that is started outside runs it";
constexpr std::string_view kVariables = "an agent takes variables from it, outside any sandbox";
constexpr std::string_view kProfile = "it says what the next agent here may do";
constexpr std::string_view kPolicy = "it says whose files the next agent here may read";
constexpr std::string_view kShell = "the user's next shell runs it";

constexpr auto kNames = std::to_array<ProtectedName>({
    {".git/modules/**/hooks/*", kHooks},
    {".git/modules/**/config", kGitConfig},
    {".git/modules/**/config.worktree", kGitConfig},
    {".git/modules/**/commondir", kGitConfig},
    {".git/modules/**/gitdir", kWorktree},
    {".git/hooks/*", kHooks},
    {".git/config", kGitConfig},
    {".git/config.worktree", kGitConfig},
    {".git/commondir", kGitConfig},
    {".git/worktrees/*/config.worktree", kGitConfig},
    {".git/worktrees/*/commondir", kGitConfig},
    {".git/worktrees/*/gitdir", kWorktree},
    {".husky/*", kHooks},
    {".hg/hgrc", kMercurial},
    {".hg/hgrc-not-shared", kMercurial},
    {".hg/sharedpath", "it says where Mercurial looks for the repository and its settings"},
    {".jj/repo/config.toml", kJujutsu},
    {".jj/workspace-config.toml", kJujutsu},
    {".mcp.json", kAgent},
    {".claude/settings.json", kAgent},
    {".claude/settings.local.json", kAgent},
    {".claude/hooks/*", kAgent},
    {".claude/workflows/*", kAgent},
    {".claude/launch.json", kAgent},
    {".claude/statusline.sh", kAgent},
    {".claude/statusline-command.sh", kAgent},
    {"~/.claude/daemon.json", kAgent},
    {"~/.claude/remote-settings.json", kAgent},
    {"~/.claude/plugins/*", kAgent},
    {"~/.claude/cowork_plugins/*", kAgent},
    {"~/.claude/local/*", kProgram},
    {".codex/config.toml", kAgent},
    {".codex/*.config.toml", kAgent},
    {".codex/hooks.json", kAgent},
    {".codex/hooks/*", kAgent},
    {".codex/rules/*", kAgent},
    {".codex/agents/*", kAgent},
    {".codex/environments.toml", kAgent},
    {".codex/.env", kVariables},
    {"~/.codex/plugins/*", kAgent},
    {"~/.codex/.tmp/plugins/*", kAgent},
    {"~/.codex/.tmp/marketplaces/*", kAgent},
    {"~/.codex/packages/*", kProgram},
    {".gemini/settings.json", kAgent},
    {".gemini/policies/*", kAgent},
    {".gemini/agents/*", kAgent},
    {".gemini/extensions/*", kAgent},
    {".gemini/.env", kVariables},
    {"~/.gemini/bin/*", kProgram},
    {"~/.gemini/tmp/bin/*", kProgram},
    // The first row that fits says where the project is: .opencode is none.
    {".opencode/opencode.json", kAgent},
    {".opencode/opencode.jsonc", kAgent},
    {".opencode/tui.json", kAgent},
    {".opencode/tui.jsonc", kAgent},
    {"opencode.json", kAgent},
    {"opencode.jsonc", kAgent},
    {"tui.json", kAgent},
    {"tui.jsonc", kAgent},
    {".opencode/plugin/*", kAgent},
    {".opencode/plugins/*", kAgent},
    {".opencode/tool/*", kAgent},
    {".opencode/tools/*", kAgent},
    {"~/.config/opencode/plugin/*", kAgent},
    {"~/.config/opencode/plugins/*", kAgent},
    {"~/.config/opencode/tool/*", kAgent},
    {"~/.config/opencode/tools/*", kAgent},
    {".crush/crush.json", kAgent},
    {"crush.json", kAgent},
    {".crush.json", kAgent},
    {"crush.project.json", kAgent},
    {"swival.toml", kAgent},
    {".aider.conf.yml", kAgent},
    {".aider/oauth-keys.env", kVariables},
    {".openclaw/openclaw.json", kAgent},
    {".openclaw/exec-approvals.json", kAgent},
    {".openclaw/extensions/*", kAgent},
    {".openclaw/hooks/*", kAgent},
    {".openclaw/.env", kVariables},
    {"~/.openclaw/plugins/*", kAgent},
    {"~/.openclaw/git/*", kAgent},
    {"~/.openclaw/npm/*", kProgram},
    {"~/.openclaw/npm-runtime/*", kProgram},
    {"~/.openclaw/bin/*", kProgram},
    {"~/.openclaw/tools/*", kProgram},
    {".cursor/mcp.json", kAgent},
    {".cursor/hooks.json", kAgent},
    {".nono/profile.json", kProfile},
    {".nono/profile.toml", kProfile},
    {".nono/profile.yaml", kProfile},
    {".nono/profile.yml", kProfile},
    {"trust-policy.json", kPolicy},
    {"trust-policy.json.bundle", kPolicy},
    {".vscode/tasks.json", kEditor},
    {".vscode/settings.json", kEditor},
    {".vscode/launch.json", kEditor},
    {".vscode/mcp.json", kEditor},
    {".idea/workspace.xml", kEditor},
    {".envrc", "direnv runs it when the directory is entered"},
    {"~/.bashrc", kShell},
    {"~/.bash_profile", kShell},
    {"~/.bash_login", kShell},
    {"~/.bash_logout", kShell},
    {"~/.profile", kShell},
    {"~/.zshrc", kShell},
    {"~/.zshenv", kShell},
    {"~/.zprofile", kShell},
    {"~/.zlogin", kShell},
    {"~/.zlogout", kShell},
    {"~/.config/fish/*", kShell},
    {"~/.config/autostart/*", "the desktop runs it at the next login"},
    {"~/.config/systemd/*", "systemd runs it at the next login"},
    {"~/.gitconfig", kGitConfig},
    {"~/.config/git/*", kGitConfig},
    {"~/.config/jj/*", kJujutsu},
    {"~/.jjconfig.toml", kJujutsu},
    {"~/.ssh/*", "keys and permissions to log in"},
});

// next_component cuts the first component off `path`.
std::string_view next_component(std::string_view& path) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view component = path.substr(0, slash);
  path.remove_prefix(std::min(slash + 1, path.size()));
  return component;
}

// fits: "*" is any component, "*.x" one that ends in ".x" and is more than that.
bool fits(std::string_view component, std::string_view wanted) {
  if (!wanted.starts_with('*')) {
    return component == wanted;
  }
  return component.size() >= wanted.size() && component.ends_with(wanted.substr(1));
}

// match_here says how `path` (folded, no leading slash) stands to `pattern`, which has no "**": as
// its content, as a directory on the way to it, or not at all.
Protection match_here(std::string_view path, std::string_view pattern) {
  while (!path.empty()) {
    if (pattern == "*") {
      return Protection::Content;
    }
    if (pattern.empty()) {
      return Protection::None;  // deeper than the pattern: a directory where a file is meant
    }
    const std::string_view wanted = next_component(pattern);
    if (!fits(next_component(path), wanted)) {
      return Protection::None;
    }
  }
  return pattern.empty() ? Protection::Content : Protection::Node;
}

constexpr std::string_view kAnyDepth = "**/";

// match is match_here, for what may be at any depth, too.
Protection match(std::string_view path, std::string_view pattern) {
  const std::size_t deep = pattern.find(kAnyDepth);
  if (deep == std::string_view::npos || !path.starts_with(pattern.substr(0, deep))) {
    return match_here(path, pattern);
  }
  Protection best = Protection::Inside;
  for (path.remove_prefix(deep); !path.empty(); next_component(path)) {
    best = std::max(best, match_here(path, pattern.substr(deep + kAnyDepth.size())));
  }
  return best;
}

// starts_of yields the offsets after the first `most` of '/', where a pattern for any depth may
// begin.
std::vector<std::size_t> starts_of(std::string_view path, std::ptrdiff_t most) {
  std::vector<std::size_t> out;
  for (std::size_t at = path.find('/'); at != std::string_view::npos && std::ssize(out) < most;
       at = path.find('/', at + 1)) {
    out.push_back(at + 1);
  }
  return out;
}

// has_plain_name: the last component is a row of its own that does not start with a dot.
bool has_plain_name(std::string_view path) {
  const std::string_view last = path.substr(path.rfind('/') + 1);
  return std::ranges::any_of(kNames, [&](const ProtectedName& row) {
    return row.pattern.size() == last.size() && row.pattern[0] != '.' &&
           !row.pattern.contains('/') && last == row.pattern;
  });
}

bool is_file(const HomePlace& home) {
  return !home.stands_for.empty() && !home.stands_for.ends_with('/');
}

// beneath: `path` lies in `directory`, both folded.
bool beneath(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (directory == "/" || (path.size() > directory.size() && path[directory.size()] == '/'));
}

// start_at gives the offset in `path`, which is folded, at which the patterns of a place begin: in
// a directory after its slash, in a file at its name.
std::optional<std::size_t> start_at(std::string_view path, const HomePlace& home) {
  if (is_file(home)) {
    return path == home.folded ? std::optional(path.rfind('/') + 1) : std::nullopt;
  }
  const std::size_t slash = home.path == "/" ? 0 : 1;
  return beneath(path, home.folded) ? std::optional(home.folded.size() + slash) : std::nullopt;
}

// leads_to: a directory without which a place elsewhere would be another one.
bool leads_to(std::string_view path, const HomePlace& home) {
  return !home.stands_for.empty() &&
         (beneath(home.folded, path) || (!is_file(home) && path == home.folded));
}

// worth_looking skips the common path: no component starts with a dot, the last one is no row. What
// stands for a directory with a dot, has none itself.
bool worth_looking(std::string_view path, std::span<const HomePlace> homes) {
  return path.contains("/.") || has_plain_name(path) ||
         std::ranges::any_of(homes, [path](const HomePlace& home) {
           return !home.stands_for.empty() && (start_at(path, home) || leads_to(path, home));
         });
}

// name_git says which git directory, and worktree in it, a pattern in `.git` concerns: `inner` is
// where in `path` the git directory's content begins.
void name_git(ProtectedMatch& best, std::string_view path, std::size_t inner,
              std::string_view rest) {
  constexpr std::string_view kWorktrees = "worktrees/";
  best.git_directory = path.substr(0, inner - 1);
  if (rest.starts_with(kWorktrees)) {
    best.worktree = path.substr(0, path.find('/', inner + kWorktrees.size()));
  }
}

constexpr std::string_view kGit = ".git/";

// at_root judges `path` from offset `start`, where the pattern would begin, and says whether that
// decides.
bool at_root(ProtectedMatch& best, std::string_view path, std::size_t start,
             const ProtectedName& row, std::string_view pattern) {
  const Protection found = match(path.substr(start), pattern);
  if (found <= best.protection) {
    return false;
  }
  best.protection = found;
  best.pattern = row.pattern;
  best.why = row.why;
  best.root = path.substr(0, start - 1);
  best.git_directory.clear();
  best.worktree.clear();
  if (pattern.starts_with(kGit)) {
    name_git(best, path, start + kGit.size(), pattern.substr(kGit.size()));
  }
  return true;
}

// at_place: what lies at a place elsewhere is in no project's or home's directory that an agent
// could have made, though it may make the place itself (a link that led nowhere).
void at_place(ProtectedMatch& best, std::string_view path, const HomePlace& home,
              const ProtectedName& row, std::string_view rest) {
  const std::optional<std::size_t> start = start_at(path, home);
  if (!start) {
    return;
  }
  const std::string_view pattern = is_file(home) ? path.substr(*start) : rest;
  if (!at_root(best, path, *start, row, pattern)) {
    return;
  }
  if (home.stands_for == kGit) {
    name_git(best, path, *start, rest);
  }
  if (!home.stands_for.empty()) {
    best.root.clear();
  }
}

void at_home(ProtectedMatch& best, std::string_view path, const HomePlace& home) {
  const bool there = start_at(path, home).has_value();
  if (!there && !leads_to(path, home)) {
    return;
  }
  for (const ProtectedName& row : kNames) {
    const auto rest = pattern_at(row, home);
    if (rest && there) {
      at_place(best, path, home, row, *rest);
    } else if (rest && best.protection < Protection::Node) {
      best.protection = Protection::Node;
      best.pattern = row.pattern;
      best.why = row.why;
      best.root.clear();
    }
  }
}

// modules_in is where in `path`, which is `resolved` folded, that of submodules begins: after
// "/.git/modules", outside of packages; 0: nowhere.
std::size_t modules_in(std::string_view path, std::string_view resolved) {
  constexpr std::string_view kModules = "/.git/modules/";
  const std::size_t at = path.find(kModules);
  if (at == std::string_view::npos) {
    return 0;
  }
  const std::string project = std::string(same_depth(resolved, path.substr(0, at))) + "/";
  if (above_packages(project).size() < project.size()) {
    return 0;
  }
  return at + kModules.size() - 1;
}

// keep_to_superproject: what lies among git directories of submodules is no project of its own,
// and what looks like one there is closed.
void keep_to_superproject(ProtectedMatch& best, std::string_view path, std::size_t modules) {
  const std::string_view git = path.substr(0, path.rfind('/', modules - 1));
  const std::string_view root = git.substr(0, git.rfind('/'));
  if (best.root.size() > root.size()) {
    best.protection = Protection::Content;
    best.root = root;
    best.git_directory = git;
    best.worktree.clear();
  }
}

}  // namespace

std::span<const ProtectedName> protected_names() {
  return kNames;
}

std::optional<std::string_view> pattern_at(const ProtectedName& row, const HomePlace& home) {
  constexpr std::string_view kHome = "~/";
  const bool of_home = row.pattern.starts_with(kHome);
  if (home.stands_for.empty() && !of_home) {
    return std::nullopt;
  }
  std::string_view rest = row.pattern.substr(of_home ? kHome.size() : 0);
  for (std::string_view place = home.stands_for; !place.empty() && rest != "*";) {
    if (!fits(next_component(place), next_component(rest))) {
      return std::nullopt;
    }
  }
  const bool all = rest.empty() || rest == "*";
  if (is_file(home)) {
    return all ? std::optional<std::string_view>("") : std::nullopt;
  }
  return rest.empty() ? std::nullopt : std::optional(rest);
}

std::string_view above_packages(std::string_view path) {
  return path.substr(0, std::min(path.find("/node_modules/"), path.find("/site-packages/")));
}

ProtectedMatch protection_of(std::string_view resolved_path, std::span<const HomePlace> homes) {
  ProtectedMatch best;
  const std::string path = folded_path(resolved_path);
  if (!worth_looking(path, homes)) {
    return best;
  }
  const std::size_t modules = modules_in(path, resolved_path);
  // Folding keeps the number of components.
  const std::string_view open = modules == 0 ? above_packages(resolved_path) : resolved_path;
  const std::vector<std::size_t> starts = starts_of(path, std::ranges::count(open, '/'));
  for (const ProtectedName& row : kNames) {
    if (row.pattern.starts_with("~/")) {
      continue;
    }
    for (const std::size_t start : starts) {
      at_root(best, path, start, row, row.pattern);
    }
  }
  for (const HomePlace& home : homes) {
    at_home(best, path, home);
  }
  if (modules > 0) {
    keep_to_superproject(best, path, modules);
  }
  best.root = same_depth(resolved_path, best.root);
  best.git_directory = same_depth(resolved_path, best.git_directory);
  best.worktree = same_depth(resolved_path, best.worktree);
  return best;
}

}  // namespace nono::sandbox
