# Third-party libraries, each linked statically where Debian ships the archive. See docs/dependencies.md.
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.11 REQUIRED)
set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_library(NONO_RE2_A NAMES libre2.a REQUIRED)
find_library(NONO_UTF8PROC_A NAMES libutf8proc.a REQUIRED)
find_library(NONO_YAML_CPP_A NAMES libyaml-cpp.a REQUIRED)
find_path(NONO_TOMLPLUSPLUS_INCLUDE NAMES toml++/toml.h REQUIRED)
# yaml-cpp fills tables with the names of its tokens before main, once per file; only its debugging
# output reads them. No start of nono pays for what it was not asked for: the initialisers go.
# Written only where it is another one: each configure step would have every program linked again.
set(quiet_yaml ${PROJECT_BINARY_DIR}/libyaml-cpp-quiet.a)
execute_process(
  COMMAND ${CMAKE_OBJCOPY} --enable-deterministic-archives --remove-section=.init_array
          --remove-section=.rela.init_array ${NONO_YAML_CPP_A} ${quiet_yaml}.new
  COMMAND_ERROR_IS_FATAL ANY)
file(COPY_FILE ${quiet_yaml}.new ${quiet_yaml} ONLY_IF_DIFFERENT)
file(REMOVE ${quiet_yaml}.new)
add_library(yaml_cpp STATIC IMPORTED)
set_target_properties(yaml_cpp PROPERTIES IMPORTED_LOCATION ${quiet_yaml})
# Headers only: the archive that Debian ships is compiled with exceptions.
add_library(tomlplusplus INTERFACE IMPORTED)
target_include_directories(tomlplusplus SYSTEM INTERFACE ${NONO_TOMLPLUSPLUS_INCLUDE})
add_library(re2 STATIC IMPORTED)
set_target_properties(re2 PROPERTIES IMPORTED_LOCATION ${NONO_RE2_A})
# Since 2023 re2 stands on Abseil (Debian 13), whose own targets are Debian's shared libraries. Of the
# archives the linker takes what re2 calls.
find_file(NONO_RE2_HEADER NAMES re2/re2.h REQUIRED)
file(STRINGS ${NONO_RE2_HEADER} abseil_headers REGEX "^#include [<\"]absl/")
if(abseil_headers)
  cmake_path(GET NONO_RE2_A PARENT_PATH re2_archives)
  file(GLOB abseil ${re2_archives}/libabsl_*.a)
  set_target_properties(re2 PROPERTIES INTERFACE_LINK_LIBRARIES "$<LINK_GROUP:RESCAN,${abseil}>")
endif()
add_library(utf8proc STATIC IMPORTED)
set_target_properties(utf8proc PROPERTIES IMPORTED_LOCATION ${NONO_UTF8PROC_A}
                      INTERFACE_COMPILE_DEFINITIONS UTF8PROC_STATIC)
# The one library that is linked dynamically: it and TLS below it are the distribution's to mend.
# A cross build has no second set of all that it needs, and leaves nono-net out.
if(CMAKE_CROSSCOMPILING)
  find_package(CURL 7.88)
else()
  find_package(CURL 7.88 REQUIRED)
endif()
# What the tests link, and no program.
if(NONO_BUILD_TESTS)
  find_package(GTest 1.12 QUIET)
  find_library(NONO_SECCOMP_A NAMES libseccomp.a)
  if(NOT GTest_FOUND OR NOT NONO_SECCOMP_A)
    message(FATAL_ERROR "The tests need GoogleTest and libseccomp (libgtest-dev, libseccomp-dev); "
      "tools/build installs both. For the programs alone: tools/build --programs, or -DNONO_BUILD_TESTS=OFF")
  endif()
  add_library(seccomp STATIC IMPORTED)
  set_target_properties(seccomp PROPERTIES IMPORTED_LOCATION ${NONO_SECCOMP_A})
  include(GoogleTest)
endif()
