# assay_wrap(TARGET FUNCTION... [INSIDE FUNCTION...] [CALLERS LIB.so.N...] [FROM LIBRARY...]
#            [HEADERS HEADER...] [NO_CRITERION])
#
# Make FUNCTIONs mockable in the test program TARGET (docs/mocks.md). May be called before or after
# the target's sources and libraries are complete, and several times.
#
# The code under test is: TARGET's own C sources that include neither Criterion nor assay/mock.h
# (they are compiled as an object library TARGET_code, with TARGET's settings), and the static and
# object libraries TARGET links (or exactly those of FROM). Its objects are read for what they
# really call; a FUNCTION none of them calls is an error of the build.
#
# CLOCK in place of a FUNCTION stands for every function of time the objects call.
#
# INSIDE: functions that the code under test defines itself, static ones as well; every call of them
# is seen, wherever it stands. TARGET's own code is then built without inlining and with room for a
# jump before each function; libraries of FROM must be built with -fpatchable-function-entry=16
# -fno-inline, and gcc's -fno-ipa-* options below or clang's -O0, by their owner.
#
# CALLERS: shared libraries (by file name) whose calls of the FUNCTIONs are to be seen as well.
#
# HEADERS names headers that declare FUNCTIONs or their types where debug information does not lead
# to them. NO_CRITERION leaves assay_mock_begin() and assay_mock_end() to the program.

# In Assay's own tree the hook is among its sources; AssayConfig.cmake says where it was installed.
if(NOT ASSAY_CRITERION_HOOK_FILE)
  set(ASSAY_CRITERION_HOOK_FILE "${CMAKE_CURRENT_LIST_DIR}/../mocks/hook/criterion_hook.c")
endif()
set(ASSAY_CRITERION_HOOK "${ASSAY_CRITERION_HOOK_FILE}" CACHE INTERNAL "")
set(ASSAY_MOCKS_INCLUDE "${CMAKE_CURRENT_LIST_DIR}/../mocks/include" CACHE INTERNAL "")

function(assay_wrap target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_CRITERION" "" "INSIDE;CALLERS;FROM;HEADERS")
  if(NOT TARGET ${target})
    message(FATAL_ERROR "assay_wrap(${target} ...): no such target: add_executable(${target} ...) comes first")
  endif()
  if(NOT arg_UNPARSED_ARGUMENTS AND NOT arg_INSIDE)
    message(FATAL_ERROR "assay_wrap(${target}): name the functions to wrap")
  endif()
  get_target_property(known ${target} ASSAY_WRAP_FUNCTIONS)
  set_property(TARGET ${target} APPEND PROPERTY ASSAY_WRAP_FUNCTIONS
    ${arg_UNPARSED_ARGUMENTS} ${arg_INSIDE})
  set_property(TARGET ${target} APPEND PROPERTY ASSAY_WRAP_INSIDE ${arg_INSIDE})
  set_property(TARGET ${target} APPEND PROPERTY ASSAY_WRAP_CALLERS ${arg_CALLERS})
  set_property(TARGET ${target} APPEND PROPERTY ASSAY_WRAP_FROM ${arg_FROM})
  set_property(TARGET ${target} APPEND PROPERTY ASSAY_WRAP_HEADERS ${arg_HEADERS})
  if(arg_NO_CRITERION)
    set_property(TARGET ${target} PROPERTY ASSAY_WRAP_NO_CRITERION ON)
  endif()
  if(NOT known)
    cmake_language(EVAL CODE "cmake_language(DEFER CALL assay_wrap_finish_ [[${target}]])")
  endif()
endfunction()

# A property as a list, empty where it was never set.
macro(assay_wrap_get_ out target property)
  get_target_property(${out} ${target} ${property})
  if(NOT ${out})
    set(${out} "")
  endif()
endmacro()

# The C sources of target that are code under test, not tests.
function(assay_wrap_split_ target out_code)
  assay_wrap_get_(sources ${target} SOURCES)
  get_target_property(base ${target} SOURCE_DIR)
  set(tests "")
  set(code "")
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${base}" OUTPUT_VARIABLE path)
    set(is_code OFF)
    if(source MATCHES "\\.c$" AND EXISTS "${path}")
      file(STRINGS "${path}" mentions REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"](criterion/|assay/(mock|test)\\.h)")
      if(NOT mentions)
        set(is_code ON)
      endif()
    endif()
    if(is_code)
      list(APPEND code "${path}")
    else()
      list(APPEND tests "${source}")
    endif()
  endforeach()
  set_property(TARGET ${target} PROPERTY SOURCES ${tests})
  set(${out_code} "${code}" PARENT_SCOPE)
endfunction()

# The target's own code as an object library with the target's settings.
function(assay_wrap_code_ target functions code)
  add_library(${target}_code OBJECT ${code})
  foreach(property IN ITEMS C_STANDARD C_STANDARD_REQUIRED C_EXTENSIONS C_VISIBILITY_PRESET
                            POSITION_INDEPENDENT_CODE)
    get_target_property(value ${target} ${property})
    if(NOT value STREQUAL "value-NOTFOUND")
      set_property(TARGET ${target}_code PROPERTY ${property} ${value})
    endif()
  endforeach()
  target_include_directories(${target}_code PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
  target_compile_definitions(${target}_code PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)
  target_compile_options(${target}_code PRIVATE $<TARGET_PROPERTY:${target},COMPILE_OPTIONS> -g)
  assay_wrap_get_(libraries ${target} LINK_LIBRARIES)
  target_link_libraries(${target}_code PRIVATE ${libraries})
  # The compiler must not replace what is to be mocked (printf by puts, malloc and free by nothing).
  foreach(function IN LISTS functions)
    target_compile_options(${target}_code PRIVATE -fno-builtin-${function}
      -fno-builtin-__${function}_chk)
  endforeach()
  assay_wrap_get_(inside ${target} ASSAY_WRAP_INSIDE)
  if(inside)
    # Room for a jump before each function, no call that goes past it, and no caller that relies on
    # what it has seen of the callee (that it is pure, how much stack alignment it needs, ...).
    target_compile_options(${target}_code PRIVATE -fpatchable-function-entry=16 -fno-inline
      "$<$<C_COMPILER_ID:GNU>:-fno-ipa-cp;-fno-ipa-bit-cp;-fno-ipa-vrp;-fno-ipa-sra;-fno-ipa-ra;-fno-ipa-icf;-fno-ipa-pure-const;-fno-ipa-modref;-fno-ipa-stack-alignment;-fno-partial-inlining>"
      "$<$<C_COMPILER_ID:Clang>:-O0>")
  endif()
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_code>)
endfunction()

# The static and object libraries of ours that target links.
function(assay_wrap_libraries_ target out)
  assay_wrap_get_(libraries ${target} ASSAY_WRAP_FROM)
  if(NOT libraries)
    assay_wrap_get_(linked ${target} LINK_LIBRARIES)
    foreach(library IN LISTS linked)
      if(NOT TARGET "${library}")
        continue()
      endif()
      get_target_property(type ${library} TYPE)
      get_target_property(imported ${library} IMPORTED)
      if(type MATCHES "^(STATIC|OBJECT)_LIBRARY$" AND NOT imported)
        list(APPEND libraries ${library})
      endif()
    endforeach()
    list(REMOVE_ITEM libraries assay_mocks assay::mocks assay_harness assay::harness)
  endif()
  set(${out} "${libraries}" PARENT_SCOPE)
endfunction()

function(assay_wrap_finish_ target)
  assay_wrap_get_(functions ${target} ASSAY_WRAP_FUNCTIONS)
  assay_wrap_get_(headers ${target} ASSAY_WRAP_HEADERS)
  get_target_property(no_criterion ${target} ASSAY_WRAP_NO_CRITERION)
  get_target_property(lto ${target} INTERPROCEDURAL_OPTIMIZATION)
  if(lto)
    message(FATAL_ERROR "assay_wrap(${target}): link-time optimisation is on for it, where "
      "--wrap silently does nothing: set INTERPROCEDURAL_OPTIMIZATION OFF for ${target} and its libraries")
  endif()
  list(REMOVE_DUPLICATES functions)

  assay_wrap_split_(${target} code)
  assay_wrap_libraries_(${target} libraries)
  set(objects "")
  if(code)
    assay_wrap_code_(${target} "${functions}" "${code}")
    list(APPEND objects $<TARGET_OBJECTS:${target}_code>)
  endif()
  foreach(library IN LISTS libraries)
    list(APPEND objects $<TARGET_OBJECTS:${library}>)
  endforeach()
  if(NOT objects)
    message(FATAL_ERROR "assay_wrap(${target}): no code under test: every source includes "
      "Criterion or assay/mock.h, and no static library of the project is linked (FROM names one)")
  endif()

  set(dir "${CMAKE_CURRENT_BINARY_DIR}/${target}_wraps")
  set(lines "-o\n${dir}\n--quiet")
  foreach(function IN LISTS functions)
    string(APPEND lines "\n--function\n${function}")
  endforeach()
  assay_wrap_get_(callers ${target} ASSAY_WRAP_CALLERS)
  foreach(caller IN LISTS callers)
    string(APPEND lines "\n--caller\n${caller}")
  endforeach()
  foreach(header IN LISTS headers)
    string(APPEND lines "\n--include\n${header}")
  endforeach()
  file(GENERATE OUTPUT "${dir}/wrap.args" CONTENT "${lines}\n$<JOIN:${objects},\n>\n")
  add_custom_command(
    OUTPUT "${dir}/wraps.c" "${dir}/assay/wraps.h" "${dir}/wraps.rsp"
    COMMAND assay-wrapgen "@${dir}/wrap.args"
    DEPENDS assay-wrapgen "${dir}/wrap.args" ${objects}
    COMMENT "Wrapping functions for ${target}" VERBATIM COMMAND_EXPAND_LISTS)
  set_source_files_properties("${dir}/wraps.c" PROPERTIES COMPILE_OPTIONS "-O2;-w")
  set_source_files_properties("${ASSAY_CRITERION_HOOK}" PROPERTIES COMPILE_OPTIONS "-w")

  target_sources(${target} PRIVATE "${dir}/wraps.c" "${dir}/assay/wraps.h")
  target_include_directories(${target} PRIVATE "${dir}")
  if(IS_DIRECTORY "${ASSAY_MOCKS_INCLUDE}") # installed, it comes with assay_mocks
    target_include_directories(${target} PRIVATE "${ASSAY_MOCKS_INCLUDE}")
  endif()
  target_link_libraries(${target} PRIVATE assay_mocks)
  target_link_options(${target} PRIVATE "@${dir}/wraps.rsp")
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${dir}/wraps.rsp")
  if(NOT no_criterion)
    target_sources(${target} PRIVATE "${ASSAY_CRITERION_HOOK}")
    target_link_options(${target} PRIVATE "LINKER:--wrap=criterion_internal_test_main")
  endif()
endfunction()
