// profile/group_table.cc: the groups.
#include <algorithm>
#include <array>
#include <utility>

#include "profile/groups.h"

namespace nono::profile {
namespace {

using enum GroupAccess;

// ---- what is denied: on top of the never-grant list, which no profile can open ----
constexpr auto kDenyCredentials = std::to_array<GroupRow>({
    {"$HOME/.ssh", Deny, "SSH keys"},
    {"$HOME/.gnupg", Deny, "GnuPG keys"},
    {"$HOME/.aws", Deny, "credentials of AWS"},
    {"$HOME/.azure", Deny, "credentials of Azure"},
    {"$XDG_CONFIG_HOME/gcloud", Deny, "credentials of Google Cloud"},
    {"$HOME/.gcloud", Deny, "credentials of Google Cloud"},
    {"$HOME/.kube", Deny, "credentials of Kubernetes clusters"},
    {"$HOME/.docker", Deny, "credentials of container registries"},
    {"$HOME/.git-credentials", Deny, "passwords of git hosts"},
    {"$HOME/.netrc", Deny, "passwords of hosts"},
    {"$HOME/.npmrc", Deny, "tokens of package registries"},
    {"$HOME/.vault-token", Deny, "a token of Vault"},
    {"$HOME/.credentials", Deny, "a common name for secrets"},
    {"$HOME/.secrets", Deny, "a common name for secrets"},
    {"$HOME/.keys", Deny, "a common name for keys"},
    {"$HOME/.pki", Deny, "private keys of certificates"},
    {"$HOME/.terraform.d", Deny, "credentials of Terraform"},
    {"$XDG_CONFIG_HOME/op", Deny, "a password manager"},
});
constexpr auto kDenyKeychainsLinux = std::to_array<GroupRow>({
    {"$HOME/.password-store", Deny, "the password store"},
    {"$HOME/.1password", Deny, "a password manager"},
    {"$HOME/.op", Deny, "a password manager"},
    {"$XDG_DATA_HOME/keyrings", Deny, "the GNOME keyring"},
    {"$XDG_DATA_HOME/kwalletd", Deny, "the KDE wallet"},
});
constexpr auto kDenyKeychainsMac = std::to_array<GroupRow>({
    {"$HOME/Library/Keychains", Deny, "your keychains"},
    {"/Library/Keychains", Deny, "the machine's keychains"},
    {"$HOME/.password-store", Deny, "the password store"},
    {"$HOME/.1password", Deny, "a password manager"},
});
constexpr auto kDenyBrowsersLinux = std::to_array<GroupRow>({
    {"$XDG_CONFIG_HOME/google-chrome", Deny, "cookies and passwords"},
    {"$XDG_CONFIG_HOME/chromium", Deny, "cookies and passwords"},
    {"$XDG_CONFIG_HOME/microsoft-edge", Deny, "cookies and passwords"},
    {"$XDG_CONFIG_HOME/BraveSoftware", Deny, "cookies and passwords"},
    {"$HOME/.mozilla", Deny, "cookies and passwords"},
});
constexpr auto kDenyBrowsersMac = std::to_array<GroupRow>({
    {"$HOME/Library/Application Support/Google/Chrome", Deny, "cookies and passwords"},
    {"$HOME/Library/Application Support/Firefox", Deny, "cookies and passwords"},
    {"$HOME/Library/Application Support/Microsoft Edge", Deny, "cookies and passwords"},
    {"$HOME/Library/Application Support/BraveSoftware", Deny, "cookies and passwords"},
    {"$HOME/Library/Safari", Deny, "cookies and history"},
});
constexpr auto kDenyMacPrivate = std::to_array<GroupRow>({
    {"$HOME/Library/Messages", Deny, "messages"},
    {"$HOME/Library/Mail", Deny, "mail"},
    {"$HOME/Library/Cookies", Deny, "cookies"},
    {"$HOME/Library/Application Support/MobileSync", Deny, "backups of telephones"},
});
constexpr auto kDenyHistory = std::to_array<GroupRow>({
    {"$HOME/.bash_history", Deny, "commands hold secrets that were typed"},
    {"$HOME/.zsh_history", Deny, "commands hold secrets that were typed"},
    {"$HOME/.history", Deny, "commands hold secrets that were typed"},
    {"$HOME/.python_history", Deny, "commands hold secrets that were typed"},
});
constexpr auto kDenyShellConfigs = std::to_array<GroupRow>({
    {"$HOME/.bashrc", Deny, "may export secrets"},
    {"$HOME/.bash_profile", Deny, "may export secrets"},
    {"$HOME/.bash_login", Deny, "may export secrets"},
    {"$HOME/.bash_logout", Deny, "may export secrets"},
    {"$HOME/.profile", Deny, "may export secrets"},
    {"$HOME/.zshrc", Deny, "may export secrets"},
    {"$HOME/.zshenv", Deny, "may export secrets"},
    {"$HOME/.zprofile", Deny, "may export secrets"},
    {"$HOME/.zlogin", Deny, "may export secrets"},
    {"$HOME/.zlogout", Deny, "may export secrets"},
    {"$XDG_CONFIG_HOME/fish", Deny, "may export secrets"},
    {"$HOME/.env", Deny, "secrets as variables"},
    {"$HOME/.envrc", Deny, "secrets as variables"},
});

// ---- toolchains: what they run from ----
constexpr auto kUserTools = std::to_array<GroupRow>({
    {"$HOME/.local/bin", Read, "programs that you installed"},
    {"$XDG_DATA_HOME/man", Read, "manual pages"},
    {"$XDG_DATA_HOME/applications", Read, "entries of menus"},
    {"$XDG_DATA_HOME/bash-completion", Read, "completions"},
    {"$XDG_DATA_HOME/zsh", Read, "completions"},
});
constexpr auto kGitConfig = std::to_array<GroupRow>({
    {"$HOME/.gitconfig", ReadFile, "git's settings: an unreadable one is fatal to git"},
    {"$HOME/.gitignore_global", ReadFile, "a common name of git's list of ignored files"},
    {"$XDG_CONFIG_HOME/git/config", ReadFile, "git's settings"},
    {"$XDG_CONFIG_HOME/git/ignore", ReadFile, "git's list of ignored files"},
    {"$XDG_CONFIG_HOME/git/attributes", ReadFile, "git's attributes"},
});
constexpr auto kNodeRuntime = std::to_array<GroupRow>({
    {"$HOME/.nvm", Read, "Node.js of nvm"},
    {"$HOME/.fnm", Read, "Node.js of fnm"},
    {"$XDG_DATA_HOME/fnm", Read, "Node.js of fnm"},
    {"$HOME/.volta", Read, "Node.js of Volta"},
    {"$HOME/.node", Read, "Node.js of n"},
    {"$HOME/.npm", Read, "npm's cache"},
    {"$HOME/.npm-global", Read, "packages installed globally"},
    {"$XDG_DATA_HOME/pnpm", Read, "pnpm and its store"},
    {"$HOME/.bun/bin", Read, "Bun"},
});
constexpr auto kPythonRuntime = std::to_array<GroupRow>({
    {"$HOME/.pyenv", Read, "Python of pyenv"},
    {"$HOME/.local/lib", Read, "packages of pip install --user"},
    {"$HOME/.local/bin", Read, "programs of pip install --user"},
    {"$XDG_DATA_HOME/uv", Read, "Python and tools of uv"},
    {"$XDG_DATA_HOME/pipx", Read, "tools of pipx"},
    {"$HOME/.conda", Read, "environments of conda"},
    {"$HOME/miniconda3", Read, "conda"},
    {"$HOME/miniforge3", Read, "conda"},
    {"$HOME/anaconda3", Read, "conda"},
});
// ~/.cargo itself holds credentials.toml and is never granted as a whole.
constexpr auto kRustRuntime = std::to_array<GroupRow>({
    {"$HOME/.rustup", Read, "toolchains"},
    {"$HOME/.cargo/bin", Read, "cargo, rustc and installed programs"},
    {"$HOME/.cargo/env", ReadFile, "sets PATH"},
    {"$HOME/.cargo/config.toml", ReadFile, "cargo's settings"},
    {"$HOME/.cargo/config", ReadFile, "cargo's settings"},
    {"$HOME/.cargo/registry", Read, "sources of crates"},
    {"$HOME/.cargo/git", Read, "sources of crates"},
});
constexpr auto kGoRuntime = std::to_array<GroupRow>({
    {"$HOME/go", Read, "modules and installed programs"},
    {"$HOME/sdk", Read, "Go of golang.org/dl"},
    {"$XDG_CONFIG_HOME/go", Read, "Go's settings"},
});
constexpr auto kJavaRuntime = std::to_array<GroupRow>({
    {"$HOME/.sdkman", Read, "Java of SDKMAN"},
    {"$HOME/.jenv", Read, "Java of jenv"},
    {"$HOME/.jdks", Read, "Java of IntelliJ"},
    {"$HOME/.m2/wrapper", Read, "Maven of its wrapper"},
    {"$HOME/.m2/repository", Read, "packages"},
    {"$HOME/.gradle/wrapper", Read, "Gradle of its wrapper"},
});
constexpr auto kNixRuntime = std::to_array<GroupRow>({
    {"$HOME/.nix-profile", Read, "programs of your profile"},
    {"$HOME/.nix-defexpr", Read, "channels"},
    {"$XDG_STATE_HOME/nix/profiles", Read, "profiles"},
    {"/run/current-system/sw", Read, "programs of the system"},
    {"/etc/profiles/per-user", Read, "programs of users"},
    {"/nix/var/nix/profiles", Read, "profiles"},
});

constexpr auto kBunRuntime = std::to_array<GroupRow>({
    {"$HOME/.bun", Read, "Bun, its packages and programs"},
});
// ~/.config/mise as a whole holds the keys that it decrypts with.
constexpr auto kMise = std::to_array<GroupRow>({
    {"$HOME/.local/bin", Read, "mise itself"},
    {"$XDG_DATA_HOME/mise", Read, "programs that mise installed"},
    {"$XDG_CONFIG_HOME/mise/config.toml", ReadFile, "mise's settings"},
    {"/etc/mise", Read, "mise's settings for all"},
});
constexpr auto kSnapLinux = std::to_array<GroupRow>({
    {"/var/lib/snapd/snap", Read, "programs of snap; /snap is built in"},
});

// ---- toolchains: what they write. Never where programs lie that you run later yourself ----
constexpr auto kNodeCache = std::to_array<GroupRow>({
    {"$HOME/.npm/_cacache", State, "npm install fails without it"},
    {"$HOME/.npm/_logs", State, "npm's logs"},
    {"$XDG_CACHE_HOME/node-gyp", ReadWrite, "headers for native packages"},
    {"$XDG_CACHE_HOME/pnpm", ReadWrite, "pnpm's cache"},
    {"$XDG_CACHE_HOME/yarn", ReadWrite, "yarn's cache"},
    {"$XDG_CACHE_HOME/node/corepack", ReadWrite, "package managers of corepack"},
});
constexpr auto kPythonCache = std::to_array<GroupRow>({
    {"$XDG_CACHE_HOME/pip", State, "pip's cache"},
    {"$XDG_CACHE_HOME/uv", ReadWrite, "uv's cache"},
    {"$XDG_CACHE_HOME/pypoetry", ReadWrite, "Poetry's cache"},
    {"$XDG_CACHE_HOME/pre-commit", ReadWrite, "pre-commit's environments"},
});
constexpr auto kRustCache = std::to_array<GroupRow>({
    {"$HOME/.cargo/registry", State, "sources of crates"},
    {"$HOME/.cargo/git", State, "sources of crates"},
    {"$HOME/.cargo/.package-cache", ReadWriteFile, "cargo's lock"},
    {"$HOME/.cargo/.package-cache-mutate", ReadWriteFile, "cargo's lock"},
    {"$HOME/.cargo/.global-cache", ReadWriteFile, "what cargo last used"},
    {"$XDG_CACHE_HOME/sccache", ReadWrite, "sccache's results"},
});
constexpr auto kGoCache = std::to_array<GroupRow>({
    {"$HOME/go/pkg", State, "modules; ~/go/bin stays unwritten"},
    {"$XDG_CACHE_HOME/go-build", State, "go build fails without it"},
    {"$XDG_CACHE_HOME/golangci-lint", ReadWrite, "golangci-lint's results"},
});
constexpr auto kGoBuildCache = std::to_array<GroupRow>({
    {"$XDG_CACHE_HOME/go-build", State, "go build fails without it"},
});
constexpr auto kRtkState = std::to_array<GroupRow>({
    {"$XDG_DATA_HOME/rtk", ReadWrite, "rtk's history and state"},
});
constexpr auto kJavaCache = std::to_array<GroupRow>({
    {"$HOME/.m2/repository", State, "packages"},
    {"$HOME/.gradle/caches", State, "packages and build results"},
    {"$HOME/.gradle/daemon", State, "logs and registry of Gradle's daemon"},
    {"$HOME/.gradle/native", State, "Gradle's native libraries"},
    {"$HOME/.gradle/notifications", State, "Gradle fails to start without it"},
    {"$HOME/.gradle/.tmp", State, "Gradle's temporary files"},
});
constexpr auto kCppCache = std::to_array<GroupRow>({
    {"$XDG_CACHE_HOME/ccache", State, "ccache fails without it, and so does each build through it"},
    {"$HOME/.ccache", ReadWrite, "ccache's results"},
    {"$XDG_CONFIG_HOME/ccache", Read, "ccache's settings"},
    {"$XDG_CACHE_HOME/vcpkg", ReadWrite, "vcpkg's archives"},
    {"$HOME/.conan2", ReadWrite, "Conan's packages"},
});
constexpr auto kUserCachesLinux = std::to_array<GroupRow>({
    {"$XDG_CACHE_HOME", ReadWrite, "caches of all programs; code in them runs outside later"},
});
constexpr auto kUserCachesMac = std::to_array<GroupRow>({
    {"$HOME/Library/Caches", ReadWrite, "caches of all programs"},
    {"$HOME/Library/Logs", ReadWrite, "logs"},
    {"$HOME/Library/Preferences", Read, "settings"},
});

// ---- agents: their own state ----
constexpr auto kClaudeLinux = std::to_array<GroupRow>({
    {"$HOME/.claude", State, "settings, sessions, credentials of Claude Code"},
    {"$HOME/.claude.json", ReadFile, "settings of Claude Code, which name programs that it runs"},
    {"$XDG_DATA_HOME/claude", Read, "versions of the native installer"},
    {"$HOME/.local/bin", Read, "the native installer's link"},
});
constexpr auto kClaudeMac = std::to_array<GroupRow>({
    {"$HOME/Library/Keychains/login.keychain-db", ReadFile, "where Claude Code keeps its login"},
});
constexpr auto kClaudeCacheLinux = std::to_array<GroupRow>({
    {"$XDG_CACHE_HOME/claude-cli-nodejs", State, "logs of MCP servers"},
    {"$XDG_CACHE_HOME/claude", State, "staging of the native installer"},
});
constexpr auto kCodexLinux = std::to_array<GroupRow>({
    {"$HOME/.codex", State, "settings, sessions, credentials of Codex"},
});
constexpr auto kOpencodeLinux = std::to_array<GroupRow>({
    {"$XDG_CONFIG_HOME/opencode", Settings, "settings of opencode, plugins and tools"},
    {"$XDG_CACHE_HOME/opencode", Settings, "packages and programs that opencode fetched"},
    {"$XDG_CACHE_HOME/opencode/bin", Settings, "opencode fails to start where it cannot make it"},
    {"$XDG_DATA_HOME/opencode", State, "sessions, credentials of opencode"},
    {"$XDG_STATE_HOME/opencode", State, "locks and history of opencode"},
    {"$HOME/.opencode/bin", Read, "its program"},
});
constexpr auto kOpenclawLinux = std::to_array<GroupRow>({
    {"$HOME/.openclaw", State, "settings, sessions, credentials of OpenClaw"},
    {"$XDG_CONFIG_HOME/openclaw", Read, "settings of OpenClaw"},
});
constexpr auto kSwivalLinux = std::to_array<GroupRow>({
    {"$XDG_CONFIG_HOME/swival", Read, "settings of Swival, which name programs that it runs"},
});
constexpr auto kGeminiLinux = std::to_array<GroupRow>({
    {"$HOME/.gemini", State, "settings, sessions, credentials of Gemini CLI"},
});
constexpr auto kCrushLinux = std::to_array<GroupRow>({
    {"$XDG_CONFIG_HOME/crush", Settings, "settings of Crush, which name programs that it runs"},
    {"$XDG_DATA_HOME/crush", Settings, "the same; its list of models names programs, too"},
    {"$XDG_CACHE_HOME/crush", State, "list of models"},
});
constexpr auto kAiderLinux = std::to_array<GroupRow>({
    {"$HOME/.aider", State, "caches, login of Aider"},
    {"$HOME/.aider.conf.yml", ReadFile, "settings of Aider"},
    {"$HOME/.aider.model.settings.yml", ReadFile, "settings of models"},
    {"$HOME/.aider.model.metadata.json", ReadFile, "facts about models"},
});
constexpr auto kCodeLinux = std::to_array<GroupRow>({
    {"$HOME/.vscode", Read, "extensions of Visual Studio Code"},
    {"$XDG_CONFIG_HOME/Code", Read, "settings of Visual Studio Code"},
});
constexpr auto kCodeMac = std::to_array<GroupRow>({
    {"$HOME/.vscode", Read, "extensions of Visual Studio Code"},
    {"$HOME/Library/Application Support/Code", Read, "settings of Visual Studio Code"},
});
constexpr auto kHomebrewMac = std::to_array<GroupRow>({
    {"/opt/homebrew", Read, "programs"},
    {"/usr/local/Cellar", Read, "programs"},
    {"/usr/local/opt", Read, "programs"},
});

constexpr std::span<const GroupRow> kNone;
constexpr auto kAny = GroupPlatform::Any;
constexpr auto kLinux = GroupPlatform::Linux;
constexpr auto kMac = GroupPlatform::MacOs;

constexpr std::string_view kBuiltIn =
    "every agent gets what programs need of the system (nono run --dry-run shows it)";
constexpr std::string_view kNotShared =
    "not granted: shared with programs outside; the agent has a temporary directory of its own";
constexpr std::string_view kNotJudged =
    "destructive programs are held back in every run; commands.allow lets one through";

constexpr auto kGroups = std::to_array<Group>({
    {"aider_linux", kLinux, "Aider's own files", kAiderLinux},
    {"bun_runtime", kAny, "Bun", kBunRuntime},
    {"claude_cache_linux", kLinux, "Claude Code's caches", kClaudeCacheLinux},
    {"claude_code_linux", kLinux, "Claude Code's own files", kClaudeLinux},
    {"claude_code_macos", kMac, "Claude Code's login", kClaudeMac},
    {"codex_linux", kLinux, "Codex's own files", kCodexLinux},
    {"cpp_cache", kAny, "caches of C and C++ tools", kCppCache},
    {"crush_linux", kLinux, "Crush's own files", kCrushLinux},
    {"dangerous_commands", kAny, "destructive programs", kNone, kNotJudged, false},
    {"dangerous_commands_linux", kLinux, "destructive programs", kNone, kNotJudged, false},
    {"dangerous_commands_macos", kMac, "destructive programs", kNone, kNotJudged, false},
    {"deny_browser_data_linux", kLinux, "no cookies, no passwords", kDenyBrowsersLinux},
    {"deny_browser_data_macos", kMac, "no cookies, no passwords", kDenyBrowsersMac},
    {"deny_credentials", kAny, "no keys, tokens, cloud credentials", kDenyCredentials},
    {"deny_keychains_linux", kLinux, "no keyrings, no password stores", kDenyKeychainsLinux},
    {"deny_keychains_macos", kMac, "no keychains, no password stores", kDenyKeychainsMac},
    {"deny_macos_private", kMac, "no messages, no mail", kDenyMacPrivate},
    {"deny_shell_configs", kAny, "no start-up files of shells", kDenyShellConfigs},
    {"deny_shell_history", kAny, "no histories", kDenyHistory},
    {"gemini_linux", kLinux, "Gemini CLI's own files", kGeminiLinux},
    {"git_config", kAny, "git's settings", kGitConfig},
    {"go_cache", kAny, "Go's modules and build cache, writable", kGoCache},
    {"go_runtime", kAny, "Go and its modules", kGoRuntime},
    {"go_runtime_linux", kLinux, "Go's build cache, writable", kGoBuildCache},
    {"homebrew", kMac, "programs of Homebrew", kHomebrewMac},
    {"homebrew_linux", kLinux, "programs of Homebrew", kNone, kBuiltIn},
    {"homebrew_macos", kMac, "programs of Homebrew", kHomebrewMac},
    {"java_cache", kAny, "caches of Maven and Gradle, writable", kJavaCache},
    {"java_runtime", kAny, "Java and its packages", kJavaRuntime},
    {"linux_runtime_state", kLinux, "/run", kNone, kNotShared},
    {"linux_sysfs_read", kLinux, "facts about the machine", kNone, kBuiltIn},
    {"linux_temp_read", kLinux, "/tmp", kNone, kNotShared},
    {"mise_manager", kAny, "mise and what it installed", kMise},
    {"nix_profile_state_write", kAny, "profiles of Nix, writable", kNone,
     "not granted: what you run later yourself lies there"},
    {"nix_runtime", kLinux, "programs of Nix", kNixRuntime},
    {"node_cache", kAny, "caches of npm, pnpm, yarn, writable", kNodeCache},
    {"node_runtime", kAny, "Node.js and its package managers", kNodeRuntime},
    {"openclaw_linux", kLinux, "OpenClaw's own files", kOpenclawLinux},
    {"opencode_linux", kLinux, "opencode's own files", kOpencodeLinux},
    {"python_cache", kAny, "caches of pip, uv and others, writable", kPythonCache},
    {"python_runtime", kAny, "Python, pyenv, conda, uv", kPythonRuntime},
    {"rtk_state", kAny, "rtk's history and state", kRtkState},
    {"rust_cache", kAny, "sources of crates, writable", kRustCache},
    {"rust_runtime", kAny, "Rust's toolchains and crates", kRustRuntime},
    {"snap_linux", kLinux, "programs of snap", kSnapLinux},
    {"swival_linux", kLinux, "Swival's own files", kSwivalLinux},
    {"system_read_linux", kLinux, "programs, libraries, devices", kNone, kBuiltIn},
    {"system_read_linux_core", kLinux, "programs, libraries, devices", kNone, kBuiltIn},
    {"system_read_macos", kMac, "programs, libraries, devices", kNone, kBuiltIn},
    {"system_write_linux", kLinux, "temporary files, devices", kNone, kNotShared},
    {"system_write_macos", kMac, "temporary files, devices", kNone, kNotShared},
    {"unlink_protection", kAny, "no removal outside what the user may write", kNone,
     "files are removed only where writing is granted", true},
    {"user_caches_linux", kLinux, "all caches", kUserCachesLinux},
    {"user_caches_macos", kMac, "all caches", kUserCachesMac},
    {"user_tools", kAny, "programs that you installed", kUserTools},
    {"vscode", kMac, "Visual Studio Code", kCodeMac},
    {"vscode_linux", kLinux, "Visual Studio Code", kCodeLinux},
    {"vscode_macos", kMac, "Visual Studio Code", kCodeMac},
});
static_assert(std::ranges::is_sorted(kGroups, {}, &Group::name));

}  // namespace

std::span<const Group> all_groups() {
  return kGroups;
}

const Group* find_group(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kGroups, name, {}, &Group::name);
  return found != kGroups.end() && found->name == name ? found : nullptr;
}

bool is_of_this_platform(const Group& group) {
  return group.platform != GroupPlatform::MacOs;
}

std::string_view text_of(GroupAccess access) {
  switch (access) {
    case Read:
      return "read";
    case ReadWrite:
      return "read-write";
    case State:
      return "read-write, made";
    case Settings:
      return "read, made";
    case ReadFile:
      return "read-file";
    case ReadWriteFile:
      return "read-write-file";
    case Deny:
      return "deny";
  }
  std::unreachable();
}

}  // namespace nono::profile
