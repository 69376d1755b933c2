# nono_order_functions(TARGET LIST): the functions that LIST names lie together in TARGET, in that
# order (tools/order-functions writes it). GNU ld 2.40 has no such option, LLVM's linker has; where
# that is missing, the program does the same and 4 MiB more of its code are resident. Debian installs
# it as ld.lld-19, and g++ looks for ld.lld.
function(nono_order_functions name list)
  if(NONO_SANITIZED OR CMAKE_CROSSCOMPILING OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    return()
  endif()
  find_program(NONO_LLD NAMES ld.lld-19 ld.lld)
  if(NOT NONO_LLD)
    message(STATUS "lld-19 is not installed: the functions of ${name} are not ordered")
    return()
  endif()
  # g++ takes colons and commas in what follows for the ends of words.
  if(PROJECT_BINARY_DIR MATCHES "[:,]")
    message(STATUS "the path of this build holds a colon or a comma: the functions of ${name} are not ordered")
    return()
  endif()
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/linker)
  file(CREATE_LINK ${NONO_LLD} ${PROJECT_BINARY_DIR}/linker/ld.lld SYMBOLIC)
  target_link_options(${name} PRIVATE -B${PROJECT_BINARY_DIR}/linker -fuse-ld=lld
    -Wl,--symbol-ordering-file=${list} -Wl,--no-warn-symbol-ordering)
  set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${list})
  set_property(TARGET ${name} PROPERTY NONO_ORDERED ON)
endfunction()
