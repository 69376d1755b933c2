// profile/builtin_profiles.cc: the texts. What is in the groups is in group_table.cc.
#include "profile/builtin_profiles.h"

#include <algorithm>
#include <array>

namespace nono::profile {
namespace {

constexpr auto kProfiles = std::to_array<BuiltinProfile>({
    {"aider", R"json({
  "meta": {
    "name": "aider",
    "version": "1.0.0",
    "description": "Aider"
  },
  "extends": ["default"],
  "groups": ["aider_linux", "python_runtime"],
  "workdir": {
    "access": "readwrite"
  },
  "environment": {
    "pass_vars": ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY",
      "OPENROUTER_API_KEY", "DEEPSEEK_API_KEY"]
  }
}
)json"},
    {"bun-dev", R"json({
  "meta": {
    "name": "bun-dev",
    "version": "1.0.0",
    "description": "Bun: packages and programs"
  },
  "extends": ["default"],
  "groups": ["bun_runtime"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"claude-code", R"json({
  "meta": {
    "name": "claude-code",
    "version": "1.0.0",
    "description": "Claude Code (Anthropic)"
  },
  "extends": ["default"],
  "groups": ["claude_code_linux", "claude_code_macos", "claude_cache_linux", "node_runtime",
    "python_runtime", "rust_runtime"],
  "workdir": {
    "access": "readwrite"
  },
  "environment": {
    "pass_vars": ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"]
  }
}
)json"},
    {"codex", R"json({
  "meta": {
    "name": "codex",
    "version": "1.0.0",
    "description": "Codex (OpenAI)"
  },
  "extends": ["default"],
  "groups": ["codex_linux", "node_runtime", "python_runtime", "rust_runtime"],
  "workdir": {
    "access": "readwrite"
  },
  "environment": {
    "pass_vars": ["OPENAI_API_KEY", "CODEX_API_KEY"]
  }
}
)json",
     "codex --no-daemon --sandbox danger-full-access: neither its server nor its own sandbox "
     "starts "
     "in here"},
    {"cpp-dev", R"json({
  "meta": {
    "name": "cpp-dev",
    "version": "1.0.0",
    "description": "C and C++: ccache, Conan, vcpkg"
  },
  "extends": ["default"],
  "groups": ["cpp_cache"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"crush", R"json({
  "meta": {
    "name": "crush",
    "version": "1.0.0",
    "description": "Crush (Charm)"
  },
  "extends": ["default"],
  "groups": ["crush_linux", "go_runtime"],
  "workdir": {
    "access": "readwrite"
  },
  "environment": {
    "pass_vars": ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"]
  }
}
)json"},
    {"default", R"json({
  "meta": {
    "name": "default",
    "version": "1.0.0",
    "description": "what every profile begins with: no credentials, no histories"
  },
  "groups": ["deny_credentials", "deny_keychains_linux", "deny_keychains_macos",
    "deny_browser_data_linux", "deny_browser_data_macos", "deny_macos_private",
    "deny_shell_history", "deny_shell_configs", "git_config", "user_tools"]
}
)json"},
    {"gemini", R"json({
  "meta": {
    "name": "gemini",
    "version": "1.0.0",
    "description": "Gemini CLI (Google)"
  },
  "extends": ["default"],
  "groups": ["gemini_linux", "node_runtime"],
  "workdir": {
    "access": "readwrite"
  },
  "environment": {
    "pass_vars": ["GEMINI_API_KEY", "GOOGLE_API_KEY"]
  }
}
)json"},
    {"go-dev", R"json({
  "meta": {
    "name": "go-dev",
    "version": "1.0.0",
    "description": "Go: toolchain, modules, build cache"
  },
  "extends": ["default"],
  "groups": ["go_runtime", "go_cache"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"java-dev", R"json({
  "meta": {
    "name": "java-dev",
    "version": "1.0.0",
    "description": "Java: Maven, Gradle"
  },
  "extends": ["default"],
  "groups": ["java_runtime", "java_cache"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"linux-host-compat", R"json({
  "meta": {
    "name": "linux-host-compat",
    "version": "1.0.0",
    "description": "what upstream profiles for Linux begin with"
  },
  "extends": ["default"],
  "groups": ["linux_runtime_state", "linux_sysfs_read", "linux_temp_read"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"mise-dev", R"json({
  "meta": {
    "name": "mise-dev",
    "version": "1.0.0",
    "description": "mise: tools that it installed"
  },
  "extends": ["default"],
  "groups": ["mise_manager"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"node-dev", R"json({
  "meta": {
    "name": "node-dev",
    "version": "1.0.0",
    "description": "Node.js: npm, pnpm, yarn"
  },
  "extends": ["default"],
  "groups": ["node_runtime", "node_cache"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"openclaw", R"json({
  "meta": {
    "name": "openclaw",
    "version": "1.0.0",
    "description": "OpenClaw"
  },
  "extends": ["default"],
  "groups": ["openclaw_linux", "node_runtime"],
  "workdir": {
    "access": "read"
  },
  "environment": {
    "pass_vars": ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"],
    "set_vars": {"FS_SAFE_NATIVE_MODE": "off"}
  }
}
)json"},
    {"opencode", R"json({
  "meta": {
    "name": "opencode",
    "version": "1.0.0",
    "description": "opencode"
  },
  "extends": ["default"],
  "groups": ["opencode_linux", "node_runtime"],
  "workdir": {
    "access": "readwrite"
  },
  "environment": {
    "pass_vars": ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"]
  }
}
)json"},
    {"python-dev", R"json({
  "meta": {
    "name": "python-dev",
    "version": "1.0.0",
    "description": "Python: interpreters, pip, uv, Poetry"
  },
  "extends": ["default"],
  "groups": ["python_runtime", "python_cache"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"rust-dev", R"json({
  "meta": {
    "name": "rust-dev",
    "version": "1.0.0",
    "description": "Rust: rustup, cargo"
  },
  "extends": ["default"],
  "groups": ["rust_runtime", "rust_cache"],
  "workdir": {
    "access": "readwrite"
  }
}
)json"},
    {"swival", R"json({
  "meta": {
    "name": "swival",
    "version": "1.0.0",
    "description": "Swival"
  },
  "extends": ["default"],
  "groups": ["swival_linux", "python_runtime"],
  "workdir": {
    "access": "readwrite"
  },
  "environment": {
    "pass_vars": ["OPENAI_API_KEY", "OPENROUTER_API_KEY", "HF_TOKEN"]
  }
}
)json"},
});
static_assert(std::ranges::is_sorted(kProfiles, {}, &BuiltinProfile::name));

}  // namespace

std::span<const BuiltinProfile> builtin_profiles() {
  return kProfiles;
}

const BuiltinProfile* find_builtin_profile(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kProfiles, name, {}, &BuiltinProfile::name);
  return found != kProfiles.end() && found->name == name ? found : nullptr;
}

}  // namespace nono::profile
