# What makes an installed Assay findable: AssayConfig.cmake for CMake, assay.pc for everything else.
# Both find the rest from where they stand, so that a prefix may be moved. (What the harness and the
# profiler install is said in their folders.)
include(CMakePackageConfigHelpers)

# The names projects link by, built in their own tree or installed.
add_library(assay::mocks ALIAS assay_mocks)
add_library(assay::harness ALIAS assay_harness)

install(TARGETS assay_mocks ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS assay_clock LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/assay)
install(TARGETS assay-wrapgen RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES "${PROJECT_SOURCE_DIR}/mocks/hook/criterion_hook.c"
  DESTINATION ${CMAKE_INSTALL_DATADIR}/assay)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/harness/include/assay"
  "${PROJECT_SOURCE_DIR}/mocks/include/assay" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Assay)
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/AssayConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/AssayConfig.cmake"
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_DATADIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/AssayConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/AssayConfig.cmake" "${PROJECT_BINARY_DIR}/AssayConfigVersion.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/AssayWrap.cmake" "${CMAKE_CURRENT_LIST_DIR}/AssayDiscoverTests.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/AssayListTests.cmake"
  DESTINATION ${package_dir})

# The way from lib/pkgconfig, or lib/x86_64-linux-gnu/pkgconfig, up to the prefix.
file(RELATIVE_PATH ASSAY_UP "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" ASSAY_UP "${ASSAY_UP}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/assay.pc.in" "${PROJECT_BINARY_DIR}/assay.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/assay.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md"
  "${PROJECT_SOURCE_DIR}/docs/installing.md" "${PROJECT_SOURCE_DIR}/docs/mocks.md"
  "${PROJECT_SOURCE_DIR}/docs/testing-a-server.md"
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/schemas" DESTINATION ${CMAKE_INSTALL_DATADIR}/assay)
