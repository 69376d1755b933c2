#!/usr/bin/env bash
# tests/build/layering_test.sh SOURCE: the project's own layer list and helpers, on a small project
# with one fault each.
source "$(dirname "${BASH_SOURCE[0]}")/expect.sh"
source_dir=$1

# project NAME LINES…: a project whose rooms are declared by LINES, under the real rules.
project() {
  local dir=$work/$1
  shift
  mkdir -p "$dir/cli"
  echo 'int nothing() { return 0; }' >"$dir/a.cc"
  echo 'int main() { return 0; }' >"$dir/cli/main.cc"
  {
    echo 'cmake_minimum_required(VERSION 3.25)'
    echo 'project(layers LANGUAGES CXX)'
    echo "list(APPEND CMAKE_MODULE_PATH $source_dir/cmake)"
    echo 'add_library(nono_options INTERFACE)'
    for library in OpenSSL::Crypto CURL::libcurl nlohmann_json::nlohmann_json Boost::program_options; do
      echo "add_library($library INTERFACE IMPORTED)"
    done
    echo 'include(NonoLayers)'
    echo 'include(NonoTargets)'
    printf '%s\n' "$@"
    echo 'if(EXISTS ${PROJECT_SOURCE_DIR}/cli/CMakeLists.txt)'
    echo '  add_subdirectory(cli)'
    echo 'endif()'
    echo 'nono_check_closures()'
  } >"$dir/CMakeLists.txt"
}
configure() {
  "${CMAKE:-cmake}" -S "$work/$1" -B "$work/$1/build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-c++}" \
    -DCMAKE_CXX_COMPILER_FORCED=ON
}

base='nono_library(base SOURCES a.cc EXTERNAL nlohmann_json::nlohmann_json)'
crypto='nono_library(crypto SOURCES a.cc DEPS base EXTERNAL OpenSSL::Crypto)'
decision='nono_library(trustpolicy_decision SOURCES a.cc DEPS base)'
sandbox='nono_library(sandbox SOURCES a.cc DEPS base trustpolicy_decision)'

project control "$base" "$crypto" "$decision" "$sandbox"
expect_pass control configure control

project upward 'nono_library(base SOURCES a.cc DEPS crypto)'
expect_stop upward 'base may not depend on crypto' configure upward

project sideways "$base" "$crypto" "$decision" 'nono_library(sandbox SOURCES a.cc DEPS base crypto)'
expect_stop sideways 'sandbox may not depend on crypto' configure sideways

project second_home "$base" 'nono_library(dsse SOURCES a.cc DEPS base EXTERNAL OpenSSL::Crypto)'
expect_stop second_home 'OpenSSL::Crypto lives in crypto/ only, not in dsse/' configure second_home

project unlisted "$base" 'nono_library(helpers SOURCES a.cc DEPS base)'
expect_stop unlisted 'helpers is not a room of cmake/NonoLayers.cmake' configure unlisted

project leak "$base" "$decision" "$sandbox" 'target_link_libraries(nono_trustpolicy_decision PRIVATE OpenSSL::Crypto)'
expect_stop leak 'reaches OpenSSL::Crypto, which it must never do' configure leak

project leak_from_below "$base" "$decision" "$sandbox" 'target_link_libraries(nono_base PRIVATE CURL::libcurl)'
expect_stop leak_from_below 'reaches CURL::libcurl, which it must never do' configure leak_from_below

project misspelt 'nono_library(base SOURCE a.cc)'
expect_stop misspelt 'unknown argument' configure misspelt

project program "$base"
echo 'nono_executable(prog SOURCES main.cc DEPS base)' >"$work/program/cli/CMakeLists.txt"
expect_pass program configure program

project program_curl "$base"
echo 'nono_executable(prog SOURCES main.cc DEPS base EXTERNAL CURL::libcurl)' >"$work/program_curl/cli/CMakeLists.txt"
expect_stop program_curl 'CURL::libcurl lives in net/ only, not in cli/' configure program_curl

project program_upward "$base" "$crypto" 'add_subdirectory(net)'
mkdir -p "$work/program_upward/net"
cp "$work/program_upward/cli/main.cc" "$work/program_upward/net/"
echo 'nono_executable(prog SOURCES main.cc DEPS crypto)' >"$work/program_upward/net/CMakeLists.txt"
expect_stop program_upward 'may not depend on crypto' configure program_upward

project program_leak "$base"
printf '%s\n' 'nono_executable(prog SOURCES main.cc DEPS base)' 'target_link_libraries(prog PRIVATE CURL::libcurl)' \
  >"$work/program_leak/cli/CMakeLists.txt"
expect_stop program_leak 'cli reaches CURL::libcurl, which it must never do' configure program_leak
finish
