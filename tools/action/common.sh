# tools/action/common.sh: what the steps of action.yml share. Sourced, never run.
#
# Inputs come through the environment and are data. Names of files are chosen by whoever opens a pull
# request: they go between NUL bytes and after `--`, and while anything that could show one is
# printed, the runner takes no commands.
# shellcheck shell=bash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$RUNNER_TEMP/nono-trust

# annotate_error MESSAGE: an error of the run, on one line.
annotate_error() {
  local text=${1//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '::error title=nono::%s\n' "${text//$'\n'/%0A}"
}
# fail MESSAGE [CODE]
fail() {
  annotate_error "$1"
  exit "${2:-2}"
}

# deaf COMMAND…: runs the command while the runner takes nothing that is printed for a command.
deaf() {
  local token status=0
  token=nono-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '::stop-commands::%s\n' "$token"
  "$@" || status=$?
  printf '\n::%s::\n' "$token"
  return "$status"
}

report() { python3 -I "$here/report.py" "$@"; }

# output NAME VALUE: one line, of no file's name.
output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

# kept FILE NAME: puts a file of the repository into the configuration that is judged by. On a pull
# request it is the base's: who opens one does not say whom to trust.
kept() {
  local into=$XDG_CONFIG_HOME/nono/$2
  if [ -z "${NONO_BASE:-}" ]; then
    [ -f "$1" ] || fail "$2: there is no file $1 in the repository"
    cp -- "$1" "$into"
  else
    [[ $NONO_BASE =~ ^[0-9a-f]{40,64}$ ]] || fail "the base of the pull request is '$NONO_BASE', which is no commit"
    git cat-file -e "$NONO_BASE^{commit}" 2>/dev/null ||
      git fetch --quiet --no-tags --depth=1 origin "$NONO_BASE" ||
      fail "the base of the pull request, $NONO_BASE, cannot be fetched: give actions/checkout fetch-depth: 0" 125
    git show "$NONO_BASE:./$1" >"$into" 2>/dev/null ||
      fail "$2: there is no file $1 in the base of the pull request, $NONO_BASE"
  fi
  chmod 600 "$into"
}

# configure: a home for the configuration of this job and nobody else's.
configure() {
  rm -rf "$scratch"
  (umask 077 && mkdir -p "$scratch/config/nono" "$scratch/state")
  export XDG_CONFIG_HOME=$scratch/config XDG_STATE_HOME=$scratch/state
  cd -- "$GITHUB_WORKSPACE/$NONO_DIRECTORY" || fail "there is no directory $NONO_DIRECTORY in the workspace"
  if [ -n "${NONO_TRUSTED_ROOT:-}" ]; then kept "$NONO_TRUSTED_ROOT" trusted_root.json; fi
  if [ -n "${NONO_SIGNING_CONFIG:-}" ]; then kept "$NONO_SIGNING_CONFIG" signing_config.json; fi
}

# trust_workflow REPOSITORY WORKFLOW REF: they and nobody else may have signed.
trust_workflow() {
  deaf nono trust publisher add --yes --name ci --github="$1" --workflow="$2" --ref="$3" ||
    fail "the publisher cannot be added: see above" $?
}

# judged FILE: the verdicts on everything below the working directory, as JSON. A verdict is no
# failure; not to have come to one is.
judged() {
  local status=0
  nono trust verify --all --json >"$1" 2>"$scratch/judging" || status=$?
  if [ "$status" -gt 1 ]; then
    deaf cat "$scratch/judging"
    fail "the files cannot be judged: see above" "$status"
  fi
}
