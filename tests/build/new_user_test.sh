#!/usr/bin/env bash
# tests/build/new_user_test.sh SOURCE: what tools/build asks of a machine that has nothing yet, and what it
# says where it cannot be had. The machine's package manager is a stand-in here; CMake is the real one.
source "$(dirname "${BASH_SOURCE[0]}")/expect.sh"
source_dir=$1
exec </dev/null

# machine NAME: a directory of programs that is the whole PATH: what the scripts use, no package is
# installed, apt-get writes down what it is asked and answers as $work/NAME/apt says.
machine() {
  local dir=$work/$1 program
  mkdir -p "$dir/bin"
  for program in awk bash cat dirname env grep head mkdir mktemp nproc rm sed sh stat tail tee true; do
    ln -s "$(type -P "$program")" "$dir/bin/$program"
  done
  stand_in "$1" dpkg-query 'exit 1'
  stand_in "$1" id '[ "$1" = -un ] && echo somebody || echo 1000'
  stand_in "$1" apt-get "echo \"\$*\" >>$dir/asked" "source $dir/apt"
  : >"$dir/apt"
}
stand_in() { # MACHINE PROGRAM LINES…
  local file=$work/$1/bin/$2
  printf '%s\n' "#!$(type -P bash)" "${@:3}" >"$file"
  chmod +x "$file"
}
build_on() { PATH=$work/$1/bin TMPDIR=$work "$BASH" "$source_dir/tools/build" "${@:2}"; }
# asked NAME WORD: apt-get was asked for WORD. silent NAME: it was asked for nothing.
asked() { grep -qw -e "$2" "$work/$1/asked"; }
lacks() { ! grep -qwE -e "$2" "$work/$1/asked"; }
silent() { [ ! -e "$work/$1/asked" ]; }

machine no_sudo
expect_stop no_sudo 'Let root do it, once: apt-get update && apt-get install --no-install-recommends g++ cmake' build_on no_sudo --programs
expect_stop no_sudo_why 'there is no sudo here' build_on no_sudo
expect_pass no_sudo_asks_nothing silent no_sudo

machine password
stand_in password sudo '[ "$1" = -n ] || exit 0' 'echo "sudo: a password is required" >&2' 'exit 1'
expect_stop password 'sudo: a password is required' build_on password --programs
expect_stop password_why 'in a terminal it can ask for the password. Or let root do it, once: apt-get update' build_on password --programs
expect_pass password_asks_nothing silent password

# Without lists and without a network: what is wrong is the network, not each package.
machine offline
stand_in offline id 'echo 0'
cat >"$work/offline/apt" <<'APT'
case " $* " in
  *' update '*)
    echo "E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'" >&2 ;;
  *) echo 'E: Unable to locate package cmake' >&2 ;;
esac
exit 100
APT
expect_stop offline 'The mirror of /etc/apt is not reached: mend the network' build_on offline --programs
expect_stop offline_why "Temporary failure resolving 'deb.debian.org'" build_on offline --programs
expect_pass offline_tried_to_refresh asked offline update

machine unknown
stand_in unknown id 'echo 0'
echo '[[ " $* " == *" update "* ]] || { echo "E: Unable to locate package cmake" >&2; exit 100; }' >"$work/unknown/apt"
expect_stop unknown 'E: Unable to locate package cmake build: error: apt-get cannot install' build_on unknown --programs
expect_stop unknown_why 'look at /etc/apt/sources.list' build_on unknown --programs

# By sudo, from lists that must be refreshed first. The build ends where there is no cmake.
machine refreshed
stand_in refreshed sudo '[ "$1" != -n ] || shift' 'exec "$@"'
cat >"$work/refreshed/apt" <<APT
case " \$* " in
  *' update '*) : >$work/refreshed/lists ;;
  *) [ -e $work/refreshed/lists ] || exit 100 ;;
esac
APT
export http_proxy=http://proxy.example:3128
stand_in refreshed apt-get "echo \"\$http_proxy \$*\" >>$work/refreshed/asked" "source $work/refreshed/apt"
expect_stop refreshed 'the configure step failed' build_on refreshed --programs
expect_pass refreshed_asks_for_programs asked refreshed cmake
expect_pass refreshed_keeps_the_proxy asked refreshed http://proxy.example:3128
expect_pass refreshed_asks_for_no_test lacks refreshed 'libgtest-dev|libseccomp-dev|python3|tmux|ripgrep|git|gnome-keyring|busybox'
rm "$work/refreshed/asked"
expect_stop all 'the configure step failed' build_on refreshed
expect_pass all_asks_for_tests asked refreshed libgtest-dev
unset http_proxy

machine no_tmp
stand_in no_tmp dpkg-query 'printf installed'
with_tmpdir() { PATH=$work/no_tmp/bin TMPDIR=$1 "$BASH" "$source_dir/tools/build" --programs; }
expect_stop no_tmp 'build: error: nothing can be made in /nonexistent/tmp: set TMPDIR' with_tmpdir /nonexistent/tmp

# Where it lies: a path that CMake cannot build in, and a tree that was moved with its build.
build_in() { mkdir -p "$1" && cp -r "$source_dir/tools" "$1" && PATH=$work/no_tmp/bin "$BASH" "$1/tools/build" --programs; }
for character in '[' ']' '"' '#' '$' ';' '<' '>' '\' '|' $'\n'; do
  expect_stop "path $character" 'build: error: CMake cannot build in a path that holds' build_in "$work/a${character}b"
done
expect_stop path_control 'the configure step failed' build_in "$work/a b'c:d,e&fü"
mkdir -p "$work/moved/build/release" && echo 'CMAKE_HOME_DIRECTORY:INTERNAL=/was/here' >"$work/moved/build/release/CMakeCache.txt"
expect_stop moved 'configured in another place (/was/here): remove it (rm -r build/release)' build_in "$work/moved"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$work/moved" >"$work/moved/build/release/CMakeCache.txt"
expect_stop moved_control 'the configure step failed' build_in "$work/moved"

mkdir "$work/not_ours" && : >"$work/not_ours/build"
expect_stop not_ours "the directory $work/not_ours/build/release cannot be made: clone the project" build_in "$work/not_ours"

# Without a home the cache is a temporary directory, also for root, who could make one anywhere.
cache_dir() { env -u HOME -u XDG_CACHE_HOME TMPDIR="$work" "$BASH" -c 'source "$1/tools/lib/common.sh" && nono_cache_dir' sh "$source_dir"; }
expect_pass no_home test "$(cache_dir)" = "$work/nono-cache-$(id -u)"

# The demo in somebody's environment, with a nono that writes down what it finds.
tree=$work/tree
mkdir -p "$tree/tools" "$tree/build/release/bin" "$work/elsewhere/tools/lib" "$work/tmp"
cp -r "$source_dir/tools/lib" "$source_dir/tools/demo" "$tree/tools"
printf '%s\n' '#!/bin/sh' 'exit 0' >"$tree/tools/build"
printf '%s\n' '#!/bin/sh' "env >'$work/found'" "ls \"\$HOME/..\" >>'$work/found'" 'exit 3' >"$tree/build/release/bin/nono"
chmod +x "$tree/tools/build" "$tree/build/release/bin/nono"
demo() { (cd "$1" && shift && env "$@" "$BASH" tools/demo); }
# demo_reaches VARIABLE…: the demo starts its nono, and the temporary home is there.
demo_reaches() { rm -f "$work/found" && ! demo "$tree" "$@" && grep -qx 'home' "$work/found"; }
expect_pass demo_control demo_reaches A=b
expect_pass demo_cdpath demo_reaches "CDPATH=.:$work/elsewhere"
expect_pass demo_relative_tmpdir demo_reaches TMPDIR=../tmp
expect_pass demo_settings demo_reaches NONO_PROFILE=x NONO_TRUST_OVERRIDE=y GIT_INDEX_FILE=z
expect_pass demo_keeps_no_setting eval '! grep -E "^(NONO_[^R]|GIT_INDEX)" "$work/found"'
expect_pass demo_leaves_nothing rmdir "$work/tmp"

# What the programs alone need of CMake: neither GoogleTest nor libseccomp nor Python, and no step of a test.
configure() {
  "${CMAKE:-cmake}" -S "$source_dir" -B "$work/$1" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DNONO_BUILD_TESTS="$2" \
    -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON -DCMAKE_DISABLE_FIND_PACKAGE_Python3=ON -DNONO_SECCOMP_A=NONO_SECCOMP_A-NOTFOUND
}
steps() { "${CMAKE:-cmake}" --build "$work/programs" --target programs -- -n >"$work/steps" 2>&1; }
expect_stop tests_need_gtest 'The tests need GoogleTest and libseccomp (libgtest-dev, libseccomp-dev)' configure tests ON
expect_pass programs configure programs OFF
expect_pass programs_steps steps
expect_pass programs_link_nono grep -q 'bin/nono$' "$work/steps"
expect_pass programs_link_nono_net grep -q 'bin/nono-net$' "$work/steps"
expect_pass programs_write_manuals grep -q 'Writing man pages' "$work/steps"
no_test() { ! grep -E 'tests/|conformance' "$work/steps"; }
expect_pass programs_build_no_test no_test

# Configuring again changes nothing that is linked: a second demo builds nothing.
quiet=$work/programs/libyaml-cpp-quiet.a
unchanged() { [ "$(stat -c %y "$quiet")" = "$before" ]; }
before=$(stat -c %y "$quiet")
expect_pass programs_again configure programs OFF
expect_pass programs_again_links_nothing unchanged

# g++ finds no linker of ours in a path with a colon.
expect_pass colon configure a:b OFF
no_order() { ! grep -q 'fuse-ld=lld' "$work/a:b/build.ninja"; }
expect_pass colon_links_by_the_usual_linker no_order

# A package whose dependencies nothing can tell is not made.
mkdir "$work/no_tools"
cmake_file=$(type -P "${CMAKE:-cmake}")
expect_stop package_tools 'dpkg-shlibdeps is not installed' env PATH="$work/no_tools" "$cmake_file" -P "$source_dir/cmake/NonoPackageTools.cmake"
for tool in dpkg-shlibdeps file; do : >"$work/no_tools/$tool" && chmod +x "$work/no_tools/$tool"; done
expect_pass package_tools_there env PATH="$work/no_tools" "$cmake_file" -P "$source_dir/cmake/NonoPackageTools.cmake"
finish
