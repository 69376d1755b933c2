# tools/lib/common.sh: what every script of tools/ and .ci/ shares. Sourced, never run.
# shellcheck shell=bash
set -u -o pipefail
export LC_ALL=C.UTF-8
# An exported CDPATH makes cd print, and enter another tree. Of TMPDIR the full path: scripts go elsewhere.
unset CDPATH
case ${TMPDIR:-} in '' | /*) ;; *) export TMPDIR=$PWD/$TMPDIR ;; esac

NONO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) || exit 1
# What is fetched or computed once and is not part of the repository lives here. A HOME that is
# missing or not writable (containers, service users) must not stop a build. Beneath /dev/null not even
# root makes one.
nono_cache_dir() {
  local dir=${XDG_CACHE_HOME:-${HOME:-/dev/null}/.cache}/nono
  if ! mkdir -p "$dir" 2>/dev/null || [ ! -w "$dir" ]; then
    dir=${TMPDIR:-/tmp}/nono-cache-$(id -u)
    mkdir -m 0700 "$dir" 2>/dev/null || { [ -d "$dir" ] && [ -O "$dir" ]; } ||
      die "no cache directory can be made: set XDG_CACHE_HOME to a directory that you can write"
  fi
  printf '%s\n' "$dir"
}

say() { printf '%s\n' "$*"; }
note() { printf '  %s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }
die() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# temporary [-d] [TEMPLATE]: makes a temporary file, with -d a directory, and prints its path.
temporary() {
  mktemp --tmpdir "$@" 2>/dev/null ||
    die "nothing can be made in ${TMPDIR:-/tmp}: set TMPDIR to a directory that you can write"
}

# quietly LOG COMMAND…: runs the command with its output in LOG; shows the end of LOG if it fails.
quietly() {
  local log=$1 status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    printf '%s failed (exit %s). The end of %s:\n' "$1" "$status" "$log" >&2
    tail -n 40 "$log" >&2
  fi
  return "$status"
}

# nono_jobs: how many compilers may run at once: one per processor, and 1 GiB of memory for each.
nono_jobs() {
  local cpus memory
  cpus=$(nproc 2>/dev/null || echo 1)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo 2>/dev/null)
  [ "${memory:-1}" -ge 1 ] || memory=1
  [ "$cpus" -le "$memory" ] || cpus=$memory
  printf '%s\n' "$cpus"
}

# nono_sources PATTERN…: our files of these names, as git knows them (new ones included, ignored ones
# not); outside a git checkout, as the file system shows them.
nono_sources() {
  if git -C "$NONO_ROOT" rev-parse --git-dir >/dev/null 2>&1; then
    git -C "$NONO_ROOT" ls-files -co --exclude-standard -- "$@" | while IFS= read -r file; do
      if [ -f "$NONO_ROOT/$file" ]; then printf '%s\n' "$file"; fi
    done
  else
    local pattern
    for pattern in "$@"; do
      (cd "$NONO_ROOT" && find . -name build -prune -o -type f -name "$pattern" -printf '%P\n')
    done
  fi | sort -u
}
