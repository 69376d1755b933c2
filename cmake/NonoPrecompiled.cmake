# nono_precompiled(TARGET ROOMS|TESTS): TARGET's bodies find the standard headers parsed already, those of
# tests GoogleTest too. Not with ccache, which serves better and which precompiled headers hinder.
set(NONO_PRECOMPILE_DEFAULT ON)
if(NONO_CCACHE OR CMAKE_CROSSCOMPILING)
  set(NONO_PRECOMPILE_DEFAULT OFF)
endif()
option(NONO_PRECOMPILE "Parse the standard headers once for all bodies" ${NONO_PRECOMPILE_DEFAULT})

# What is shared must have been compiled with the same flags: a target of its own for rooms, which are
# libraries, and one for tests, which are programs and not optimised. Only their headers are of use.
function(nono_precompiled_owner kind)
  set(body ${PROJECT_BINARY_DIR}/precompiled/${kind}.cc)
  file(CONFIGURE OUTPUT ${body} CONTENT "int main() {}\n")
  set(owner nono_precompiled_${kind})
  if(kind STREQUAL TESTS)
    add_executable(${owner} EXCLUDE_FROM_ALL ${body})
    target_link_libraries(${owner} PRIVATE nono_options GTest::gtest)
    target_precompile_headers(${owner} PRIVATE <gtest/gtest.h>)
    set_target_properties(${owner} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/precompiled)
  else()
    add_library(${owner} OBJECT EXCLUDE_FROM_ALL ${body})
    target_link_libraries(${owner} PRIVATE nono_options)
  endif()
  target_include_directories(${owner} PRIVATE ${PROJECT_SOURCE_DIR})
  target_precompile_headers(${owner} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
endfunction()

function(nono_precompiled target kind)
  if(NOT NONO_PRECOMPILE)
    return()
  endif()
  # With them g++ 12 forgets that a header is the system's: where it optimises it warns of what std::string does
  # (-Warray-bounds).
  if(kind STREQUAL ROOMS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  if(NOT TARGET nono_precompiled_${kind})
    nono_precompiled_owner(${kind})
  endif()
  target_precompile_headers(${target} REUSE_FROM nono_precompiled_${kind})
endfunction()
