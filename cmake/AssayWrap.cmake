# assay_wrap(TARGET FUNCTION... [INSIDE FUNCTION...] [CALLERS LIB.so.N[:FUNCTION]...] [FROM LIBRARY...]
#            [HEADERS HEADER...] [NO_CRITERION])
#
# Make FUNCTIONs mockable in the test program TARGET (docs/mocks.md). May be called before or after
# the target's sources and libraries are complete, and several times.
#
# The code under test is: TARGET's own C sources that are no tests (they are compiled as an object
# library TARGET_code, with TARGET's settings), and the static and object libraries of the project
# that TARGET links, directly or through others (or exactly those of FROM, which may be imported).
# A test is a source that includes Criterion or assay/mock.h, or uses their macros. The objects are
# read for what they really call; a FUNCTION none of them calls is an error of the build.
#
# CLOCK in place of a FUNCTION stands for every function of time the objects call.
#
# INSIDE: functions that the code under test defines itself, static ones as well; every call of them
# is seen, wherever it stands. TARGET's own code is then built without inlining and with room for a
# jump before each function; assay_wrap_inside(LIBRARY...) builds a library so.
#
# CALLERS: shared libraries (by file name) whose calls of the FUNCTIONs are to be seen as well:
# LIB.so.N for those it calls, LIB.so.N:FUNCTION:FUNCTION for these only.
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

# Does a source include Criterion or the mocks, or use what their headers (its own may include them)
# declare?
function(assay_wrap_is_test_ path functions out)
  set(${out} ON PARENT_SCOPE)
  file(STRINGS "${path}" includes LIMIT_COUNT 1
    REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"](criterion/|assay/(mock|test)\\.h)")
  if(includes)
    return()
  endif()
  file(READ "${path}" text)
  string(REGEX MATCHALL "[A-Za-z_][A-Za-z0-9_]*[ \t]*[({]" used "${text}")
  list(TRANSFORM used REPLACE "[ \t]*[({]$" "")
  list(FILTER used INCLUDE REGEX
    "^(Test|TestSuite|Theory|ParameterizedTest|AssayTorture|EXPECT_EXIT|in_order|fault_plan|clock_fake|clock_await|clock_advance_ms|cr_(assert|expect|skip|log).*|(mock|spy|fail|expect|seq)_.*|.*_calls?)$")
  foreach(word IN LISTS used)
    string(REGEX REPLACE "^(mock|spy|fail|expect|seq)_|_calls?$" "" function "${word}")
    if(function STREQUAL word OR function IN_LIST functions)
      return()
    endif()
  endforeach()
  set(${out} OFF PARENT_SCOPE)
endfunction()

# The C sources of target that are code under test, not tests.
function(assay_wrap_split_ target functions out_code)
  assay_wrap_get_(sources ${target} SOURCES)
  get_target_property(base ${target} SOURCE_DIR)
  set(tests "")
  set(code "")
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${base}" OUTPUT_VARIABLE path)
    set(is_test ON)
    if(source MATCHES "\\.c$" AND EXISTS "${path}")
      assay_wrap_is_test_("${path}" "${functions}" is_test)
    endif()
    if(is_test)
      list(APPEND tests "${source}")
    else()
      list(APPEND code "${path}")
    endif()
  endforeach()
  set_property(TARGET ${target} PROPERTY SOURCES ${tests})
  set(${out_code} "${code}" PARENT_SCOPE)
endfunction()

# Room for a jump before each function, no call that goes past it, and no caller that relies on what
# it has seen of the callee (that it is pure, how much stack alignment it needs, ...). The generator
# knows the same list (gen_inside.c).
function(assay_wrap_inside)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE -g -fpatchable-function-entry=16 -fno-inline
      "$<$<C_COMPILER_ID:GNU>:-fno-ipa-cp;-fno-ipa-bit-cp;-fno-ipa-vrp;-fno-ipa-sra;-fno-ipa-ra;-fno-ipa-icf;-fno-ipa-pure-const;-fno-ipa-modref;-fno-ipa-stack-alignment;-fno-partial-inlining>"
      "$<$<C_COMPILER_ID:Clang>:-O0>")
  endforeach()
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
  # Neither the compiler nor libc's headers may replace what is to be mocked (printf by puts, malloc
  # and free by nothing, getline by __getdelim).
  target_compile_definitions(${target}_code PRIVATE __NO_INLINE__=1)
  foreach(function IN LISTS functions)
    target_compile_options(${target}_code PRIVATE -fno-builtin-${function}
      -fno-builtin-__${function}_chk)
  endforeach()
  assay_wrap_get_(inside ${target} ASSAY_WRAP_INSIDE)
  if(inside)
    assay_wrap_inside(${target}_code)
  endif()
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_code>)
endfunction()

# Every target that items (of LINK_LIBRARIES) name, alone or in a generator expression.
function(assay_wrap_targets_ items out)
  set(found "")
  foreach(item IN LISTS items)
    string(REGEX MATCHALL "[A-Za-z0-9_.+:/-]+" words "${item}")
    foreach(word IN LISTS words item)
      string(REGEX REPLACE "^(LINK_ONLY|BUILD_INTERFACE|[01])?:|:$" "" word "${word}")
      if(TARGET "${word}")
        get_target_property(alias ${word} ALIASED_TARGET)
        if(alias)
          set(word ${alias})
        endif()
        list(APPEND found ${word})
      endif()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# The static and object libraries of ours that target links, directly or through others.
function(assay_wrap_linked_ target out)
  set(libraries "")
  set(seen assay_mocks assay_harness)
  assay_wrap_get_(items ${target} LINK_LIBRARIES)
  assay_wrap_targets_("${items}" left)
  while(NOT left STREQUAL "")
    list(POP_FRONT left library)
    get_target_property(type ${library} TYPE)
    if(library IN_LIST seen OR type STREQUAL "EXECUTABLE")
      continue()
    endif()
    list(APPEND seen ${library})
    get_target_property(imported ${library} IMPORTED)
    if(type MATCHES "^(STATIC|OBJECT)_LIBRARY$" AND NOT imported)
      list(APPEND libraries ${library})
    endif()
    assay_wrap_get_(items ${library} INTERFACE_LINK_LIBRARIES)
    assay_wrap_targets_("${items}" more)
    list(APPEND left ${more})
  endwhile()
  set(${out} "${libraries}" PARENT_SCOPE)
endfunction()

# The objects of libraries, an imported one as its archive.
function(assay_wrap_objects_ libraries out)
  set(objects "")
  foreach(library IN LISTS libraries)
    get_target_property(imported ${library} IMPORTED)
    if(imported)
      list(APPEND objects $<TARGET_FILE:${library}>)
    else()
      list(APPEND objects $<TARGET_OBJECTS:${library}>)
    endif()
  endforeach()
  set(${out} "${objects}" PARENT_SCOPE)
endfunction()

# When every directory has been read: no library came to the target after its wrappers were planned.
function(assay_wrap_check_ target read)
  assay_wrap_linked_(${target} libraries)
  list(REMOVE_ITEM libraries ${read})
  if(libraries)
    list(JOIN libraries " " names)
    message(FATAL_ERROR "assay_wrap(${target}): it links ${names}, of which nothing was known at the "
      "end of its own directory, so their calls would not be read: add_subdirectory() of ${target} "
      "after theirs")
  endif()
endfunction()

# The list of options, objects and names the generator is called with.
function(assay_wrap_arguments_ target dir functions objects)
  assay_wrap_get_(inside ${target} ASSAY_WRAP_INSIDE)
  assay_wrap_get_(callers ${target} ASSAY_WRAP_CALLERS)
  assay_wrap_get_(headers ${target} ASSAY_WRAP_HEADERS)
  set(lines "-o\n${dir}\n--quiet")
  foreach(function IN LISTS functions)
    if(function IN_LIST inside)
      string(APPEND lines "\n--inside\n${function}")
    else()
      string(APPEND lines "\n--function\n${function}")
    endif()
  endforeach()
  foreach(caller IN LISTS callers)
    string(APPEND lines "\n--caller\n${caller}")
  endforeach()
  foreach(header IN LISTS headers)
    string(APPEND lines "\n--include\n${header}")
  endforeach()
  file(GENERATE OUTPUT "${dir}/wrap.args" CONTENT "${lines}\n$<JOIN:${objects},\n>\n")
endfunction()

function(assay_wrap_finish_ target)
  assay_wrap_get_(functions ${target} ASSAY_WRAP_FUNCTIONS)
  assay_wrap_get_(libraries ${target} ASSAY_WRAP_FROM)
  get_target_property(no_criterion ${target} ASSAY_WRAP_NO_CRITERION)
  get_target_property(lto ${target} INTERPROCEDURAL_OPTIMIZATION)
  if(lto)
    message(FATAL_ERROR "assay_wrap(${target}): link-time optimisation is on for it, where "
      "--wrap silently does nothing: set INTERPROCEDURAL_OPTIMIZATION OFF for ${target} and its libraries")
  endif()
  list(REMOVE_DUPLICATES functions)

  assay_wrap_split_(${target} "${functions}" code)
  if(NOT libraries)
    assay_wrap_linked_(${target} libraries)
    cmake_language(EVAL CODE "cmake_language(DEFER DIRECTORY [[${CMAKE_SOURCE_DIR}]]
      CALL assay_wrap_check_ [[${target}]] [[${libraries}]])")
  endif()
  assay_wrap_objects_("${libraries}" objects)
  if(code)
    assay_wrap_code_(${target} "${functions}" "${code}")
    list(PREPEND objects $<TARGET_OBJECTS:${target}_code>)
  endif()
  if(NOT objects)
    message(FATAL_ERROR "assay_wrap(${target}): no code under test: every source is a test (it includes "
      "Criterion or assay/mock.h, or uses their macros), and no static library of the project is "
      "linked (FROM names one)")
  endif()

  set(dir "${CMAKE_CURRENT_BINARY_DIR}/${target}_wraps")
  set(made "${dir}/wraps.c")
  get_property(is_multi GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(is_multi) # objects differ from configuration to configuration
    list(TRANSFORM CMAKE_CONFIGURATION_TYPES PREPEND "${dir}/" OUTPUT_VARIABLE made)
    list(TRANSFORM made APPEND "/wraps.c")
    set(dir "${dir}/$<CONFIG>")
  endif()
  assay_wrap_arguments_(${target} "${dir}" "${functions}" "${objects}")
  add_custom_command(
    OUTPUT "${dir}/wraps.c" "${dir}/assay/wraps.h" "${dir}/wraps.rsp"
    COMMAND assay-wrapgen "@${dir}/wrap.args"
    DEPENDS assay-wrapgen "${dir}/wrap.args" ${objects}
    COMMENT "Wrapping functions for ${target}" VERBATIM COMMAND_EXPAND_LISTS)
  set_source_files_properties(${made} PROPERTIES COMPILE_OPTIONS "-O2;-w")
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
