# How a folder becomes a target. No global flags: everything travels on two INTERFACE targets.

add_library(assay_warnings INTERFACE)
target_compile_options(assay_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wpointer-arith -Wcast-qual -Wvla
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Werror=int-conversion>
  $<$<BOOL:${ASSAY_WERROR}>:-Werror>)

add_library(assay_sanitize INTERFACE)
if(ASSAY_SANITIZE)
  target_compile_options(assay_sanitize INTERFACE
    -fsanitize=${ASSAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(assay_sanitize INTERFACE -fsanitize=${ASSAY_SANITIZE})
endif()
if(ASSAY_COVERAGE)
  target_compile_options(assay_sanitize INTERFACE --coverage)
  target_link_options(assay_sanitize INTERFACE --coverage)
endif()
if(ASSAY_FUZZ)
  target_compile_options(assay_sanitize INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What every target of ours compiles with.
function(assay_house_rules target)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS ON C_VISIBILITY_PRESET hidden)
  target_link_libraries(${target} PRIVATE assay_warnings)
endfunction()

# assay_layer(NAME SOURCES a.c b.c [LINKS assay_base ...] [PACKAGES assay::jansson ...])
# A folder of the library: a static, position-independent target. LINKS are the folders it may
# include from, and must agree with cmake/layers.txt (tests/lint checks that).
function(assay_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS;PACKAGES")
  add_library(${name} STATIC ${arg_SOURCES})
  assay_house_rules(${name})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE ${arg_PACKAGES} assay_sanitize)
endfunction()

# assay_criterion_test(NAME SOURCES x_test.c ... LINKS assay_base ... [LABELS unit] [TIMEOUT s])
# One Criterion binary, registered with CTest.
function(assay_criterion_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LINKS;PACKAGES;LABELS")
  add_executable(${name} ${arg_SOURCES})
  assay_house_rules(${name})
  # Criterion's own macros are not clean under these three.
  target_compile_options(${name} PRIVATE -Wno-pedantic -Wno-conversion -Wno-missing-prototypes)
  target_compile_definitions(${name} PRIVATE
    ASSAY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ASSAY_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LINKS} ${arg_PACKAGES} assay::criterion assay_sanitize)
  add_test(NAME ${name} COMMAND ${name} --jobs 1)
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
  if(arg_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()
