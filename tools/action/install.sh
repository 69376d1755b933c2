#!/usr/bin/env bash
# tools/action/install.sh: puts nono and nono-net on the path of the job: one that is there, a
# release whose digest was given, or what is built from the sources of the action.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case $NONO_MODE in
  sign | verify) ;;
  *) fail "mode: there is no mode '$NONO_MODE'; there are sign and verify" ;;
esac
command -v python3 >/dev/null || fail "python3 is not installed, and nono's verdicts are read with it" 125

fetch() { curl --fail --silent --show-error --location --proto '=https' --max-time 300 --max-filesize 200000000 --output "$2" "$1"; }

# The digest is of the list, and the list has the digest of every file.
install_release() {
  local into=$RUNNER_TEMP/nono-release url=$NONO_RELEASE_URL arch file pattern
  [[ $NONO_VERSION =~ ^v?[0-9A-Za-z][0-9A-Za-z.+~-]*$ ]] || fail "version: '$NONO_VERSION' is no version"
  [[ $NONO_SHA256 =~ ^[0-9a-f]{64}$ ]] ||
    fail "sha256: a release is installed by the SHA-256 of its SHA256SUMS, 64 lower-case digits; got '$NONO_SHA256'"
  [ -n "$url" ] || url=https://github.com/$NONO_ACTION_REPOSITORY/releases/download/$NONO_VERSION
  arch=$(dpkg --print-architecture) || fail "releases are Debian packages, and dpkg is not installed: leave version out to build" 125
  rm -rf "$into" && mkdir -p "$into/root" && cd "$into"
  fetch "$url/SHA256SUMS" SHA256SUMS || fail "$url/SHA256SUMS cannot be fetched" 125
  printf '%s  SHA256SUMS\n' "$NONO_SHA256" | sha256sum --check --quiet --status ||
    fail "the SHA256SUMS of $NONO_VERSION has the digest $(sha256sum <SHA256SUMS | cut -c1-64), not the one that was given" 1
  for package in nono nono-net; do
    file=${package}_${NONO_VERSION#v}_$arch.deb
    pattern=${file//./\\.}  # no "&": what it means in a replacement depends on the version of bash
    grep -E "^[0-9a-f]{64} [ *]${pattern//+/\\+}\$" SHA256SUMS >"$file.sum" ||
      fail "the release $NONO_VERSION has no $file" 125
    fetch "$url/$file" "$file" || fail "$url/$file cannot be fetched" 125
    sha256sum --check --quiet --status "$file.sum" || fail "$file is not what SHA256SUMS says" 1
    dpkg-deb --extract "$file" root
  done
  bin=$into/root/usr/bin
}

if [ -n "$NONO_PROGRAM" ]; then
  [ -x "$NONO_PROGRAM" ] || fail "program: $NONO_PROGRAM is no program"
  bin=$(cd "$(dirname "$NONO_PROGRAM")" && pwd)
elif [ -n "$NONO_VERSION" ]; then
  install_release
elif [ -n "$NONO_SHA256" ]; then
  fail "sha256: of which version? give it too"
else
  "$here/../build" --programs release nono nono-net
  bin=$(cd "$here/../../build/release/bin" && pwd)
fi
"$bin/nono" --version || fail "$bin/nono does not run here" 125
printf '%s\n' "$bin" >>"$GITHUB_PATH"
