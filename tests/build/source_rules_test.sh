#!/usr/bin/env bash
# tests/build/source_rules_test.sh SOURCE: tools/check-source stops at each fault that it is for.
source "$(dirname "${BASH_SOURCE[0]}")/expect.sh"
check=$1/tools/check-source

# tree NAME PATH LINES…: a tree with one good file of each kind, and PATH holding LINES.
tree() {
  local dir=$work/$1 path=$2
  shift 2
  mkdir -p "$dir/crypto" "$dir/base" "$dir/tests/crypto" "$dir/$(dirname "$path")"
  printf '%s\n' '// base/good.h: a header' '#pragma once' '#include <string>' >"$dir/base/good.h"
  printf '%s\n' '#include <openssl/evp.h>' '// a comment may say strtol(' >"$dir/crypto/good.cc"
  printf '%s\n' '// crypto/handles.h: for this room only' '#include <openssl/evp.h>' >"$dir/crypto/handles.h"
  printf '%s\n' '#include "crypto/handles.h"' >"$dir/tests/crypto/good_test.cc"
  printf '%s\n' '#include <nlohmann/json.hpp>' >"$dir/base/json.cc"
  printf '%s\n' "$@" >"$dir/$path"
}

tree control base/other.cc '#include "base/good.h"'
expect_pass control "$check" "$work/control"
mkdir "$work/empty"
expect_stop empty 'no C or C++ file found' "$check" "$work/empty"

for row in 'openssl/evp.h crypto attest' 'nlohmann/json.hpp base dsse' 'utf8proc.h base trustpolicy' \
  'seccomp.h sandbox engine' 'boost/program_options.hpp cli engine' 'curl/curl.h net cli'; do
  read -r header home stranger <<<"$row"
  name=${header//[\/.]/_}
  tree "$name" "$stranger/x.cc" "#include <$header>"
  expect_stop "$name" "<$header> lives in $home/ only" "$check" "$work/$name"
done
tree test_home tests/attest/x_test.cc '#include <openssl/evp.h>'
expect_stop test_home '<openssl/evp.h> lives in crypto/ only' "$check" "$work/test_home"
tree tainted attest/x.cc '#include "crypto/handles.h"'
expect_stop tainted 'so it is not for other rooms' "$check" "$work/tainted"
tree second_file base/second.cc '#include <nlohmann/json.hpp>'
expect_stop second_file 'is kept inside 1 file' "$check" "$work/second_file"

mapfile -t long_header < <(echo '// base/long.h: long'; yes '// line' | head -n 150)
tree long_header base/long.h "${long_header[@]}"
expect_stop long_header '151 lines; at most 150' "$check" "$work/long_header"
mapfile -t long_body < <(yes '// line' | head -n 601)
tree long_body base/long.cc "${long_body[@]}"
expect_stop long_body '601 lines; at most 600' "$check" "$work/long_body"

tree first_line base/anonymous.h '#pragma once'
expect_stop first_line 'the first line must be' "$check" "$work/first_line"
for header in iostream fstream sstream filesystem regex locale; do
  tree "banned_$header" base/x.cc "#include <$header>"
  expect_stop "banned_$header" 'base/x.cc:1: ' "$check" "$work/banned_$header"
done
words=0
for code in 'long n = strtol(text, nullptr, 10);' 'int n = atoi(text);' '  throw 1;' 'setlocale(LC_ALL, "");'; do
  name=banned_word_$((++words))
  tree "$name" base/x.cc "$code"
  expect_stop "$name" 'base/x.cc:1: ' "$check" "$work/$name"
done

# Skips: NAME TEST-FILE ROW LINES…: a tree whose table of skips has ROW, and a test with these lines.
skipping() {
  local name=$1 path=$2 row=$3
  shift 3
  tree "$name" "$path" "$@"
  mkdir -p "$work/$name/docs"
  printf '%s\n' '# Building' '## Tests that skip' '| says | needs |' '| --- | --- |' "$row" '## Other' '| no row | x |' \
    >"$work/$name/docs/building.md"
}
cpp='  GTEST_SKIP() << "no; " << abi << " here: "'
skipping skip_listed tests/base/x_test.cc '| other<br>no; … here | a thing |' "$cpp" '      << why;' 'GTEST_SKIP() << "other";'
expect_pass skip_listed "$check" "$work/skip_listed"
skipping skip_cpp tests/base/x_test.cc '| no; | a thing |' "$cpp" '      << why;'
expect_stop skip_cpp 'tests/base/x_test.cc:1: docs/building.md does not say what this skip needs: no; … here' "$check" "$work/skip_cpp"
skipping skip_stale tests/base/x_test.cc '| other | a thing |' '// nothing is skipped'
expect_stop skip_stale 'docs/building.md:5: no test skips with these words: other' "$check" "$work/skip_stale"
number=0
for call in 'self.skipTest(f"no {x}: {y}")' '@unittest.skipUnless(x, "no " + x)' '@unittest.skipIf(x, f"no {x}")' \
  'raise unittest.SkipTest("no … now")'; do
  name=skip_python_$((++number))
  text='no …'
  [ $number -ne 4 ] || text='no … now'
  skipping "$name" tests/acceptance/x_test.py "| $text | a thing |" 'class X:' "    ${call/#@/x = }"
  expect_pass "$name" "$check" "$work/$name"
  skipping "$name" tests/acceptance/x_test.py '| no | a thing |' 'class X:' "    ${call/#@/x = }"
  expect_stop "$name" "tests/acceptance/x_test.py:2: docs/building.md does not say what this skip needs: $text" "$check" "$work/$name"
done
tree skip_no_table tests/base/x_test.cc 'GTEST_SKIP() << "other";'
expect_stop skip_no_table 'docs/building.md does not say what this skip needs: other' "$check" "$work/skip_no_table"
# limits NAME ROW: a tree whose table of limits has ROW.
limits() {
  tree "$1" base/x.cc 'constexpr int kMost = 3;' 'constexpr int kLeast = 1;'
  mkdir -p "$work/$1/docs"
  printf '%s\n' '# Limits' "$2" >"$work/$1/docs/limits.md"
}
limits limit_there '| a thing | 3 | `base/x.cc` kMost, kLeast |'
expect_pass limit_there "$check" "$work/limit_there"
limits limit_renamed '| a thing | 3 | `base/x.cc` kLeast, kMostOf |'
expect_stop limit_renamed 'docs/limits.md:2: base/x.cc has no kMostOf' "$check" "$work/limit_renamed"
limits limit_moved '| a thing | 3 | `base/y.cc` kMost |'
expect_stop limit_moved 'docs/limits.md:2: there is no base/y.cc' "$check" "$work/limit_moved"
# linking NAME LINE: a tree whose page docs/a.md has LINE, and docs/b.md headings, one of them no heading.
linking() {
  tree "$1" docs/a.md '# A' "$2"
  printf '%s\n' '# B: the `x/y.cc`, twice' '```' '## In a block' '```' >"$work/$1/docs/b.md"
}
linking link_there '[b](b.md), [of b](b.md#b-the-xycc-twice), [a](#a), [up](../base/good.h), [far](https://x.example/y#z)'
expect_pass link_there "$check" "$work/link_there"
linking link_moved '[b](b.md), [c](c.md)'
expect_stop link_moved 'docs/a.md:2: there is no c.md' "$check" "$work/link_moved"
linking link_renamed '[of b](b.md#b)'
expect_stop link_renamed 'docs/a.md:2: docs/b.md has no heading #b' "$check" "$work/link_renamed"
linking link_block '[of b](b.md#in-a-block)'
expect_stop link_block 'docs/a.md:2: docs/b.md has no heading #in-a-block' "$check" "$work/link_block"
linking link_here '[here](#b)'
expect_stop link_here 'docs/a.md:2: docs/a.md has no heading #b' "$check" "$work/link_here"
linking page_listed '[b](b.md)'
printf '%s\n' '[a](a.md), [b](b.md)' >"$work/page_listed/docs/README.md"
expect_pass page_listed "$check" "$work/page_listed"
linking page_forgotten '[b](b.md)'
printf '%s\n' '[a](a.md)' >"$work/page_forgotten/docs/README.md"
expect_stop page_forgotten 'docs/README.md:1: b.md is not in the list' "$check" "$work/page_forgotten"
# input NAME ROW: a tree with an action of one input, whose page has ROW.
input() {
  tree "$1" docs/ci.md '# CI' 'A word: `enforce`.' "$2"
  printf '%s\n' 'name: x' 'inputs:' '  enforce:' '    default: deny' '' 'outputs:' '  denied:' >"$work/$1/action.yml"
}
input input_there '| `mode`; or `enforce` | x |'
expect_pass input_there "$check" "$work/input_there"
input input_lacks '| `mode` | `enforce` |'
expect_stop input_lacks 'docs/ci.md:1: no row for the input enforce of action.yml' "$check" "$work/input_lacks"
finish
