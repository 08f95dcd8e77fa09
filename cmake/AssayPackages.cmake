# Every foreign library Assay is built with, as an imported target. All come from Debian's packages.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

function(assay_find_package target module)
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${module})
  add_library(assay::${target} ALIAS PkgConfig::${target})
endfunction()

assay_find_package(libdw libdw)
assay_find_package(libelf libelf)
assay_find_package(liblzma liblzma)
assay_find_package(jansson jansson)
assay_find_package(libcurl libcurl)
if(ASSAY_TESTS)
  assay_find_package(criterion criterion)
  assay_find_package(libuv libuv)
  assay_find_package(libunwind libunwind)
  assay_find_package(libunwind_ptrace libunwind-ptrace)
endif()

# libjq 1.6 comes without a pkg-config file.
find_path(ASSAY_JQ_INCLUDE_DIR jq.h REQUIRED)
find_library(ASSAY_JQ_LIBRARY jq REQUIRED)
add_library(assay::libjq UNKNOWN IMPORTED)
set_target_properties(assay::libjq PROPERTIES
  IMPORTED_LOCATION "${ASSAY_JQ_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${ASSAY_JQ_INCLUDE_DIR}")
