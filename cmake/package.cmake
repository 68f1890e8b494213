# What is installed, and the Debian package made of it: cpack -G DEB, or ./dev package.
include(GNUInstallDirs)

# Compressed as Debian wants it: without a name or a time inside.
function(compressed source destination name)
  set(result ${PROJECT_BINARY_DIR}/package/${name})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
  execute_process(COMMAND gzip -9nc ${source} OUTPUT_FILE ${result} COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${result} DESTINATION ${destination})
endfunction()

set(documents ${CMAKE_INSTALL_DATAROOTDIR}/doc/basewatch)
install(TARGETS basewatch RUNTIME DESTINATION bin)
install(FILES systemd/basewatch.service DESTINATION lib/systemd/system)
install(FILES systemd/basewatch.sysusers DESTINATION lib/sysusers.d RENAME basewatch.conf)
install(FILES config/package.yaml DESTINATION /etc/basewatch RENAME basewatch.yaml)
install(DIRECTORY DESTINATION /etc/basewatch/conf.d)
install(DIRECTORY DESTINATION /etc/basewatch/credentials
        DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
install(FILES systemd/debian/copyright DESTINATION ${documents})
install(FILES README.md config/basewatch.yaml DESTINATION ${documents} OPTIONAL)
install(FILES systemd/debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides RENAME basewatch)
compressed(${PROJECT_SOURCE_DIR}/systemd/debian/changelog ${documents} changelog.gz)
compressed(${PROJECT_SOURCE_DIR}/config/basewatch.1 ${CMAKE_INSTALL_DATAROOTDIR}/man/man1 basewatch.1.gz)

# The program is what is packaged; the tests need not be built for it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME basewatch)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Basewatch <basewatch@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "watches base images, fires webhooks, asks for the rebuild")
set(CPACK_PACKAGE_DESCRIPTION
"Basewatch watches the registry digests of container base images, knows which
images stand on them, and fires the webhooks that tell people, rebuild and
rescan.
.
What it observed and what is to be sent are committed together before anything
leaves, so that nothing is lost and nothing is invented when it is killed.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd, procps, ca-certificates")
# The zones of quiet hours; and what is loaded by the targets that need it, so that no NEEDED entry names it.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "tzdata, libcurl4")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libnats3.4, librdkafka1")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
file(WRITE ${PROJECT_BINARY_DIR}/package/conffiles "/etc/basewatch/basewatch.yaml\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${PROJECT_BINARY_DIR}/package/conffiles
    ${PROJECT_SOURCE_DIR}/systemd/debian/postinst
    ${PROJECT_SOURCE_DIR}/systemd/debian/prerm
    ${PROJECT_SOURCE_DIR}/systemd/debian/postrm)
include(CPack)
