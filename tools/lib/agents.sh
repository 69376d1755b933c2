# tools/lib/agents.sh: the real agents, from the npm registry, in the cache directory. Sourced after
# common.sh and deps.sh.
# shellcheck shell=bash

NONO_AGENT_PACKAGES=(@anthropic-ai/claude-code @openai/codex)

# ensure_agents: sets NONO_AGENTS_DIR to a directory whose node_modules/.bin holds the agents. Returns
# 1 when they are neither cached nor to be had; a half-finished download is never taken for a whole one.
ensure_agents() {
  NONO_AGENTS_DIR=$(nono_cache_dir)/agents
  export NONO_AGENTS_DIR
  [ -e "$NONO_AGENTS_DIR/.complete" ] && return 0
  command -v npm >/dev/null 2>&1 || (ensure_packages agents) || return 1
  heading "fetching the real agents (some 500 MB, once, into $NONO_AGENTS_DIR)"
  local work=$NONO_AGENTS_DIR.new
  rm -rf "$work" "$NONO_AGENTS_DIR"
  mkdir -p "$work" || return 1
  if ! (cd "$work" && npm install --no-audit --no-fund --loglevel=error --prefix "$work" "${NONO_AGENT_PACKAGES[@]}"); then
    rm -rf "$work"
    return 1
  fi
  : >"$work/.complete"
  mv "$work" "$NONO_AGENTS_DIR"
}
