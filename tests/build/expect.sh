# tests/build/expect.sh: what the scripts of this directory share. Sourced.
# shellcheck shell=bash
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect_stop NAME SENTENCE COMMAND…: the command must fail, and say SENTENCE.
expect_stop() {
  local name=$1 sentence=$2 output status=0
  shift 2
  # CMake wraps its messages: compare with all white space made one blank.
  output=$("$@" 2>&1) || status=$?
  output=$(printf '%s' "$output" | tr -s '[:space:]' ' ')
  if [ "$status" -eq 0 ]; then
    failures=$((failures + 1)); echo "FAIL $name: nothing stopped it"
  elif [[ $output != *"$sentence"* ]]; then
    failures=$((failures + 1)); echo "FAIL $name: stopped, but did not say: $sentence"; echo "  $output"
  else
    echo "ok   $name"
  fi
}

# expect_pass NAME COMMAND…
expect_pass() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then echo "ok   $name"; else failures=$((failures + 1)); echo "FAIL $name: $output"; fi
}

finish() { [ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }; }
