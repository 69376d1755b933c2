# Run by CPack before it packs (cmake/NonoPackage.cmake).
foreach(tool IN ITEMS dpkg-shlibdeps file)
  find_program(NONO_PACKS_WITH_${tool} ${tool})
  if(NOT NONO_PACKS_WITH_${tool})
    message(FATAL_ERROR "${tool} is not installed (packages dpkg-dev and file; tools/package installs them): "
      "nothing could say what the packages depend on")
  endif()
endforeach()
