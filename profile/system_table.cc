// profile/system_table.cc: what every agent gets, as data.
#include <array>

#include "profile/system_grants.h"

namespace nono::profile {
namespace {

using enum SystemAccess;

constexpr auto kRows = std::to_array<SystemGrantRow>({
    {"/usr", Programs, "programs and libraries"},
    {"/bin", Programs, "programs"},
    {"/sbin", Programs, "programs"},
    {"/lib", Programs, "libraries"},
    {"/lib32", Programs, "libraries"},
    {"/lib64", Programs, "libraries"},
    {"/libx32", Programs, "libraries"},
    {"/opt", Programs, "programs"},
    {"/nix/store", Programs, "programs of Nix"},
    {"/gnu/store", Programs, "programs of Guix"},
    {"/snap", Programs, "programs of snap"},
    {"/home/linuxbrew/.linuxbrew", Programs, "programs of Homebrew"},

    {"/proc", Facts, "processes and the kernel"},
    {"/sys/devices/system", Facts, "processors and memory"},
    {"/sys/fs/cgroup", Facts, "limits of this session"},
    {"/sys/kernel/mm/transparent_hugepage", Facts, "memory settings"},
    {"/sys/class/net", Facts, "names of network interfaces"},
    {"/run/systemd/resolve", Facts, "name servers"},
    {"/run/NetworkManager/resolv.conf", Facts, "name servers"},
    {"/run/resolvconf", Facts, "name servers"},

    {"/dev/null", Device, "device"},
    {"/dev/zero", Device, "device"},
    {"/dev/full", Device, "device"},
    {"/dev/random", Device, "device"},
    {"/dev/urandom", Device, "device"},
    {"/dev/tty", Device, "the agent's own terminal"},
    {"/dev/ptmx", Device, "new pseudo-terminals"},
});

// What programs read of /etc, where it cannot be granted as a whole.
constexpr auto kConfigurationNames = std::to_array<std::string_view>({
    // Names of users, hosts and services.
    "passwd",
    "group",
    "hosts",
    "hostname",
    "host.conf",
    "resolv.conf",
    "nsswitch.conf",
    "gai.conf",
    "services",
    "protocols",
    "networks",
    "rpc",
    "ethertypes",
    "netconfig",
    "machine-id",
    // The dynamic linker, languages, time.
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale*",
    "localtime",
    "timezone",
    // Shells and terminals.
    "environment",
    "profile",
    "profile.d",
    "bash*",
    "zsh*",
    "zprofile",
    "csh*",
    "fish",
    "inputrc",
    "shells",
    "login.defs",
    "terminfo",
    "termcap",
    "tmux.conf",
    "screenrc",
    "dircolors*",
    "xattr.conf",  // which attributes cp copies
    // The distribution.
    "*release",
    "debian_version",
    "issue",
    "alternatives",
    "static",
    "nix",
    "dpkg",
    "selinux",
    // Certificates of authorities, and clients of the network.
    "ssl",
    "pki",
    "ca-certificates*",
    "crypto-policies",
    "openssl*",
    "gnutls",
    "ssh",
    "wgetrc",
    "curlrc",
    "gitconfig",
    "hgrc",
    "mercurial",
    "subversion",
    "npmrc",
    "yarnrc",
    "pip.conf",
    // Languages and their tools.
    "python*",
    "perl",
    "java*",
    ".java",
    "maven",
    "gradle",
    "ant",
    "ruby*",
    "gemrc",
    "php*",
    "R",
    "lua*",
    "node*",
    "cargo",
    "rust*",
    "clang*",
    "cmake*",
    "ccache.conf",
    "gdb*",
    "gprofng.rc",
    "valgrind",
    "debuginfod",
    "bazel.bazelrc",
    "OpenCL",
    "cuda*",
    "nvidia*",
    "vulkan",
    "glvnd",
    // Editors, documents, fonts.
    "vim*",
    "nvim",
    "nanorc",
    "emacs",
    "magic*",
    "mime.types",
    "mailcap",
    "papersize",
    "groff",
    "manpath.config",
    "man_db.conf",
    "fonts",
    "X11",
    "xdg",
    "gtk-*",
    "ImageMagick*",
    "ghostscript",
    "texmf",
    "xml",
    "sgml",
    "alsa",
    // Settings of agents for the whole machine.
    "claude-code",
    "codex",
    "opencode",
    "gemini-cli",
});

}  // namespace

std::span<const SystemGrantRow> system_grant_rows() {
  return kRows;
}

std::span<const std::string_view> configuration_names() {
  return kConfigurationNames;
}

}  // namespace nono::profile
