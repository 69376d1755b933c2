# Run by CPack before it packs (cmake/NonoPackage.cmake).
foreach(tool IN ITEMS dpkg-shlibdeps file)
  find_program(NONO_PACKS_WITH_${tool} ${tool})
  if(NOT NONO_PACKS_WITH_${tool})
    message(FATAL_ERROR "${tool} is not installed (packages dpkg-dev and file; tools/package installs them): "
      "nothing could say what the packages depend on")
  endif()
endforeach()
# What is packed was installed under the umask of whoever packs.
if(CPACK_TEMPORARY_DIRECTORY)
  file(CHMOD_RECURSE ${CPACK_TEMPORARY_DIRECTORY} DIRECTORY_PERMISSIONS
       OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endif()
