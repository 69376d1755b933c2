# tools/lib/deps.sh: what must be installed, what for, and how. Sourced after common.sh.
# shellcheck shell=bash

# group | Debian package | what for
NONO_PACKAGES='
build|g++|the compiler (12.2 is the floor)
build|cmake|the build system
build|ninja-build|runs the build
build|lld-19|links what a session or a verification runs together; without it the programs only take more memory
build|libssl-dev|SHA-2, keys, signatures (libcrypto.a)
build|libboost-program-options-dev|the command line
build|nlohmann-json3-dev|the tokenizer under our strict JSON reader
build|libre2-dev|patterns for identities of signers
build|libcurl4-openssl-dev|HTTP, for nono-net alone
build|libutf8proc-dev|case folding and NFC of guarded names
build|libtomlplusplus-dev|profiles in TOML
build|libyaml-cpp-dev|profiles in YAML
test|libgtest-dev|the test programs
test|libseccomp-dev|system call numbers, for the tests of the filters
test|openssl|a certificate authority for the tests of TLS
test|python3|stand-in services and fixtures of the tests
test|python3-yaml|reads action.yml, whose steps the tests run
test|libsecret-1-0|the Secret Service client, which nono loads when it is used
test|gnome-keyring|the real Secret Service that the key tests talk to
test|dbus|its private session bus
test|tmux|a terminal that the tests drive; runs in the sandbox too
test|ripgrep|runs in the sandbox
test|busybox|a program that is many, for the tests of held commands
test|zsh|the shell whose completions and here-documents are tested
test|bubblewrap|the yardstick of the launch benchmark
test|faketime|TUF metadata at another time
test|git|runs in the sandbox
test|make|runs in the sandbox; builds the probes
package|dpkg-dev|computes what the .deb depends on
package|file|finds the programs among what is packed
ci|clang-19|the second compiler, libFuzzer
ci|libclang-rt-19-dev|its sanitizers and libFuzzer
ci|llvm-19|names the lines in reports of its sanitizers
ci|clang-tidy-19|static analysis
ci|clang-format-19|layout of the code
ci|python3-venv|holds lizard, which Debian does not ship
ci|shellcheck|checks these scripts
arm64|g++-aarch64-linux-gnu|the cross compiler
agents|nodejs|runs the real agents
agents|npm|fetches them
'
NONO_LIZARD='lizard==1.24.3'

# nono_packages GROUP…: the names of the packages of these groups.
nono_packages() {
  local group
  for group in "$@"; do
    printf '%s' "$NONO_PACKAGES" | awk -F'|' -v g="$group" '$1 == g {print $2}'
  done
}

# nono_missing PACKAGE…: those that dpkg does not have installed.
nono_missing() {
  local package
  for package in "$@"; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
      installed) ;;
      # What a third party's package provides under its own name is as good (nodejs brings npm).
      *) case $package in
           npm | nodejs | cmake | git) command -v "${package%js}" >/dev/null 2>&1 || printf '%s\n' "$package" ;;
           *) printf '%s\n' "$package" ;;
         esac ;;
    esac
  done
}

# nono_become_root PACKAGE…: sets NONO_AS_ROOT to what makes a command root's. Where nothing does, it
# stops, with the command for somebody who may.
nono_become_root() {
  local setting command="apt-get update && apt-get install --no-install-recommends $*"
  NONO_AS_ROOT=()
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null 2>&1 ||
    die "these packages are missing, and only root may install them (there is no sudo here). Let root do it, once:
  $command"
  NONO_AS_ROOT=(sudo)
  # Without a terminal a password cannot be typed: fail at once instead of waiting for one.
  [ -t 0 ] || NONO_AS_ROOT+=(-n)
  "${NONO_AS_ROOT[@]}" true ||
    die "sudo does not let $(id -un) install these packages (its reason is above)$([ -t 0 ] || echo '; in a terminal it can ask for the password'). Or let root do it, once:
  $command"
  # sudo drops the environment, and with it the way to the mirror.
  NONO_AS_ROOT+=(env)
  for setting in http_proxy https_proxy no_proxy; do
    [ -z "${!setting:-}" ] || NONO_AS_ROOT+=("$setting=${!setting}")
  done
}

# Another package manager (unattended upgrades, after the first start of a machine) is waited for.
nono_apt() {
  "${NONO_AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# nono_apt_install LOG PACKAGE…: what takes minutes is announced, and how far it is; all that apt says
# goes to LOG.
nono_apt_install() {
  local log=$1
  shift
  nono_apt install -y --no-install-recommends "$@" 2>&1 | tee -a "$log" | awk '
    function progress(what) { step = int(5 * ++done[what] / total)
      if (step > shown[what]) { shown[what] = step; print "  " what " " done[what] " of " total; fflush() } }
    /newly installed,/ { total = $1 + $3 }
    /^(Need to get|Fetched) / { print "  " $0; fflush() }
    /^Waiting for cache lock/ && !waits++ { print "  " $0; fflush() }
    total && /^Get:/ { progress("fetched") }
    total && /^Setting up / { progress("installed") }'
}

# nono_apt_failed LOG PACKAGE…: stops, with what apt said was wrong, once each, and what to do.
nono_apt_failed() {
  local log=$1 reason="apt-get cannot install: ${*:2}" network lists='^E: (Unable to locate|Package .* has no installation candidate)'
  network='^[EW]: (Failed to fetch|Unable to fetch|Some index files)'
  if grep -qE "$network" "$log"; then
    grep -vE "$lists" "$log" | awk '/^(E|W|dpkg): / && !seen[$0]++' | head -n 12 >&2
    reason+=". The mirror of /etc/apt is not reached: mend the network, or name the proxy (Acquire::http::Proxy), and run this again"
  else
    awk '/^(E|W|dpkg|sudo): / && !seen[$0]++' "$log" | tail -n 12 >&2
    ! grep -qE "$lists" "$log" ||
      reason+=". Debian 12 has all of them in its section main: look at /etc/apt/sources.list and sources.list.d"
  fi
  rm -f "$log"
  die "$reason"
}

# ensure_packages GROUP…: installs what is missing of these groups; without the network when nothing is.
ensure_packages() {
  local wanted missing package log
  if ! command -v dpkg-query >/dev/null 2>&1; then
    note "this is not a Debian system: the packages of tools/lib/deps.sh are taken to be there"
    return 0
  fi
  mapfile -t wanted < <(nono_packages "$@")
  mapfile -t missing < <(nono_missing "${wanted[@]}")
  [ "${#missing[@]}" -gt 0 ] || return 0
  heading "installing ${#missing[@]} missing package(s)"
  for package in "${missing[@]}"; do
    note "$package: $(printf '%s' "$NONO_PACKAGES" | awk -F'|' -v p="$package" '$2 == p {print $3}')"
  done
  nono_become_root "${missing[@]}"
  log=$(temporary) || exit 1
  # The lists on the machine may be absent or too old to name what the mirror still has.
  if ! nono_apt_install "$log" "${missing[@]}"; then
    note "refreshing the package lists (apt-get update)"
    nono_apt update -o APT::Update::Error-Mode=any >"$log" 2>&1
    nono_apt_install "$log" "${missing[@]}" || nono_apt_failed "$log" "${missing[@]}"
  fi
  rm -f "$log"
}

# ensure_lizard: prints the path of lizard, from a virtual environment in the cache directory.
ensure_lizard() {
  local venv
  venv=$(nono_cache_dir)/${NONO_LIZARD/==/-}
  if [ ! -x "$venv/bin/lizard" ]; then
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check "$NONO_LIZARD"; } >&2 ||
      { rm -rf "$venv"; die "cannot install $NONO_LIZARD from PyPI"; }
  fi
  printf '%s\n' "$venv/bin/lizard"
}

# ensure_sigstore_python: prints the path of a Python that has the other verifier, sigstore-python;
# returns 77 where PyPI is not to be had and no cached one is there.
NONO_SIGSTORE_PYTHON='sigstore==4.5.1'
ensure_sigstore_python() {
  local venv
  venv=$(nono_cache_dir)/${NONO_SIGSTORE_PYTHON/==/-}
  if ! "$venv/bin/python" -c 'import sigstore' 2>/dev/null; then
    rm -rf "$venv"
    { python3 -m venv "$venv" &&
      "$venv/bin/pip" install -q --disable-pip-version-check "$NONO_SIGSTORE_PYTHON"; } >&2 ||
      { rm -rf "$venv"; return 77; }
  fi
  printf '%s\n' "$venv/bin/python"
}

# ensure_ziglang: prints the path of a Python with a compiler that brings macOS's headers (440 MB on disk);
# returns 77 where PyPI is not to be had and no cached one is there.
NONO_ZIGLANG='ziglang==0.17.1'
ensure_ziglang() {
  local venv
  venv=$(nono_cache_dir)/${NONO_ZIGLANG/==/-}
  if ! "$venv/bin/python" -c 'import ziglang' 2>/dev/null; then
    rm -rf "$venv"
    { python3 -m venv "$venv" &&
      "$venv/bin/pip" install -q --disable-pip-version-check "$NONO_ZIGLANG"; } >&2 ||
      { rm -rf "$venv"; return 77; }
  fi
  printf '%s\n' "$venv/bin/python"
}
