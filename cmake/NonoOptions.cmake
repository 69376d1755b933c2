# Compiler and linker flags of every target of ours (nono_options), by preset.
option(NONO_SANITIZED "This build carries sanitizers: no hardening that hides faults from them" OFF)
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(NONO_SHARED_DIR "${PROJECT_SOURCE_DIR}/../shared" CACHE PATH "Foreign fixtures and probes; tests skip what needs them where it is missing")

find_program(NONO_CCACHE ccache)
if(NONO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${NONO_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${NONO_CCACHE})
endif()

add_library(nono_options INTERFACE)
target_compile_options(nono_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wimplicit-fallthrough -Wvla -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wconversion -Wsign-conversion -Wold-style-cast>
  -fno-delete-null-pointer-checks -fno-strict-overflow
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_compile_definitions(nono_options INTERFACE _GNU_SOURCE _GLIBCXX_ASSERTIONS)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 and 14 see uninitialised members in moved std::variants and std::optionals once they inline
  # (GCC bug 105562 and its kin); clang-19 and the sanitizers look for real ones.
  target_compile_options(nono_options INTERFACE -Wno-maybe-uninitialized)
  # A tenth of the time to compile goes into collecting garbage; tools/build counts 1 GiB for each compiler.
  target_compile_options(nono_options INTERFACE "SHELL:--param ggc-min-heapsize=524288")
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 uses its own deprecated get_temporary_buffer inside std::stable_sort; g++ knows that
  # header for the system's and warns of the deprecated in our code only.
  target_compile_options(nono_options INTERFACE -Wno-deprecated-declarations)
endif()

# The flags that tools/check-hardening looks for in the finished program.
if(CMAKE_BUILD_TYPE MATCHES "Rel" AND NOT NONO_SANITIZED)
  target_compile_options(nono_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero
    -ffunction-sections -fdata-sections)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(nono_options INTERFACE -fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    target_compile_options(nono_options INTERFACE -mbranch-protection=standard)
  endif()
endif()
set(CMAKE_EXE_LINKER_FLAGS
  "${CMAKE_EXE_LINKER_FLAGS} -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code")

# Half a megabyte of relocations becomes some kilobytes to read at every start (glibc 2.36 knows
# them). GNU ld packs them for x86-64 only.
include(CheckLinkerFlag)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  check_linker_flag(CXX "-Wl,-z,pack-relative-relocs" NONO_LINKER_PACKS_RELOCATIONS)
  if(NONO_LINKER_PACKS_RELOCATIONS)
    string(APPEND CMAKE_EXE_LINKER_FLAGS " -Wl,-z,pack-relative-relocs")
  endif()
endif()
