# assay_discover_tests(TARGET [PROPERTIES LABELS x TIMEOUT 30 ...] [OPTIONS --retries 1 ...])
#
# Register each test of the Criterion suite TARGET with CTest, under its id "TARGET/suite/test[case]".
# The list is read from the built binary, so it is always the current one; ctest, ctest -j and CDash
# then see every test by itself, each run by "assay test" in a process of its own; skipped ones are
# skipped there, too. A suite without tests does not build (OPTIONS --allow-empty lets it).
#
# OPTIONS are handed to assay test; PROPERTIES to set_tests_properties for each test.

set(ASSAY_DISCOVER_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/AssayListTests.cmake" CACHE INTERNAL "")

function(assay_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PROPERTIES;OPTIONS")
  if(NOT TARGET ${target})
    message(FATAL_ERROR "assay_discover_tests(${target}): no such target: add_executable(${target} ...) comes first")
  endif()
  if(TARGET assay::assay)
    set(command "$<TARGET_FILE:assay::assay>")
    add_dependencies(${target} assay::assay)
  else()
    find_program(ASSAY_COMMAND assay REQUIRED)
    set(command "${ASSAY_COMMAND}")
  endif()
  set(list "${CMAKE_CURRENT_BINARY_DIR}/${target}_assay_tests.cmake")
  add_custom_command(TARGET ${target} POST_BUILD
    BYPRODUCTS "${list}"
    COMMAND "${CMAKE_COMMAND}" "-DASSAY=${command}" "-DBINARY=$<TARGET_FILE:${target}>"
      "-DNAME=${target}" "-DLIST=${list}" "-DOPTIONS=${arg_OPTIONS}"
      "-DPROPERTIES=${arg_PROPERTIES}" -P "${ASSAY_DISCOVER_SCRIPT}"
    VERBATIM)
  # Before the first build there is no list: one test says so, instead of none.
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${target}_assay_include.cmake")
  file(WRITE "${include}"
    "if(EXISTS \"${list}\")\n  include(\"${list}\")\nelse()\n"
    "  add_test(${target}_NOT_BUILT ${target}_NOT_BUILT)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()
