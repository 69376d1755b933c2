# nono_fuzz(NAME SOURCES … [DEPS …]): the fuzz target NAME_fuzz. Its sources define
# LLVMFuzzerTestOneInput; its seeds are the files of tests/fuzz/corpus/NAME. Under NONO_FUZZ it is a
# libFuzzer program; otherwise a small main replays the seeds. Both ways ctest runs them all.
option(NONO_FUZZ "Link the fuzz targets with libFuzzer (clang only)" OFF)

function(nono_fuzz name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  if(A_UNPARSED_ARGUMENTS OR NOT A_SOURCES)
    message(FATAL_ERROR "nono_fuzz(${name}): SOURCES are missing, or an argument is unknown: ${A_UNPARSED_ARGUMENTS}")
  endif()
  set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  add_executable(${name}_fuzz ${A_SOURCES})
  list(TRANSFORM A_DEPS PREPEND nono_)
  target_link_libraries(${name}_fuzz PRIVATE nono_options ${A_DEPS})
  target_include_directories(${name}_fuzz PRIVATE ${PROJECT_SOURCE_DIR})
  set_target_properties(${name}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  if(NONO_FUZZ)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${name}.seeds
             COMMAND ${name}_fuzz -runs=0 -timeout=10 -rss_limit_mb=2048 ${corpus})
  else()
    target_sources(${name}_fuzz PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    add_test(NAME fuzz.${name}.seeds COMMAND ${name}_fuzz ${corpus})
  endif()
  set_tests_properties(fuzz.${name}.seeds PROPERTIES TIMEOUT 120 LABELS fuzz)
endfunction()
