# cmake --install and the .deb: the programs, what they say about themselves (man pages and shell
# completions come from the option tables inside `nono`), the licence and the documents.
# nono-net is a component and a package of its own: it alone needs libcurl, and nono does all but
# keyless signing and fetching without it.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME nono)
# A directory that an installation makes is not for others to change, whatever the umask. Those of a
# package are for everybody to enter, too (NonoPackageTools.cmake): as are the files.
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(NONO_DOC_DIR ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/SECURITY.md
        DESTINATION ${NONO_DOC_DIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${NONO_DOC_DIR}/docs FILES_MATCHING PATTERN "*.md")

foreach(program IN ITEMS nono nono-net)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${program})
  endif()
endforeach()

# Sanitized builds are not shipped, and under a cross build the program runs in an emulator.
if(TARGET nono AND NOT NONO_SANITIZED)
  set(generated ${PROJECT_BINARY_DIR}/generated)
  add_custom_command(
    OUTPUT ${generated}/stamp
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${generated}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}/man ${generated}/completion
    COMMAND nono --generate-man ${generated}/man
    COMMAND nono --generate-completion bash > ${generated}/completion/nono
    COMMAND nono --generate-completion zsh > ${generated}/completion/_nono
    COMMAND nono --generate-completion fish > ${generated}/completion/nono.fish
    COMMAND sh -c "gzip -9nf \"$1\"/*.1" sh ${generated}/man
    COMMAND ${CMAKE_COMMAND} -E touch ${generated}/stamp
    DEPENDS nono
    VERBATIM
    COMMENT "Writing man pages and completions")
  add_custom_target(nono_manual ALL DEPENDS ${generated}/stamp)
  install(DIRECTORY ${generated}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${generated}/completion/nono
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${generated}/completion/_nono
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${generated}/completion/nono.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# All that an installation takes from the build, and none of the tests: tools/build --programs.
add_custom_target(programs)
foreach(part IN ITEMS nono nono-net nono_manual)
  if(TARGET ${part})
    add_dependencies(programs ${part})
  endif()
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nono)
set(CPACK_PACKAGE_VENDOR "the nono project")
set(CPACK_PACKAGE_CONTACT "The nono maintainers <nono@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
if(TARGET nono-net)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/nono-net
          COMPONENT nono-net)
  install(FILES ${PROJECT_SOURCE_DIR}/net/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/nono-net
          COMPONENT nono-net)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL nono)
if(TARGET nono-net)
  list(APPEND CPACK_COMPONENTS_ALL nono-net)
endif()
set(CPACK_DEBIAN_NONO_PACKAGE_NAME nono)
set(CPACK_DEBIAN_NONO-NET_PACKAGE_NAME nono-net)
set(CPACK_COMPONENT_NONO_DESCRIPTION "${PROJECT_DESCRIPTION}")
set(CPACK_COMPONENT_NONO-NET_DESCRIPTION "Carries the HTTP requests of nono, in a sandbox of its own")
set(CPACK_DEBIAN_NONO_PACKAGE_RECOMMENDS nono-net)
# The oldest that knows every setting we make; its symbols alone would admit older ones. So would they of
# the C library, whose loader must know packed relocations.
set(CPACK_DEBIAN_NONO-NET_PACKAGE_DEPENDS "libcurl4 (>= 7.88)")
if(NONO_LINKER_PACKS_RELOCATIONS)
  set(CPACK_DEBIAN_NONO_PACKAGE_DEPENDS "libc6 (>= 2.36)")
  string(APPEND CPACK_DEBIAN_NONO-NET_PACKAGE_DEPENDS ", libc6 (>= 2.36)")
endif()
# Certificate authorities; another bundle can be named by SSL_CERT_FILE.
set(CPACK_DEBIAN_NONO-NET_PACKAGE_RECOMMENDS ca-certificates)
# Without either the .deb would be made all the same, and depend on nothing.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/NonoPackageTools.cmake)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The Secret Service client is loaded only by `--keyref keystore://…`, and said to be missing then.
set(CPACK_DEBIAN_NONO_PACKAGE_SUGGESTS "libsecret-1-0")
include(CPack)
