# What every target of the project is made with: portico_library, portico_test, portico_add_plugin.

# Boost.JSON, compiled once with this toolchain: static, hidden, position independent.
add_library(portico_json STATIC ${CMAKE_CURRENT_LIST_DIR}/boost_json.cpp)
target_link_libraries(portico_json PUBLIC Boost::headers)
set_target_properties(portico_json PROPERTIES CXX_VISIBILITY_PRESET hidden)

add_library(portico_pch STATIC ${CMAKE_CURRENT_LIST_DIR}/pch.cpp)
target_link_libraries(portico_pch PUBLIC portico_json fmt::fmt-header-only Threads::Threads)
target_precompile_headers(portico_pch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/pch.hpp)

# The loops over contract tables and the strict JSON reader; like Boost.JSON, compiled with the plugin's own toolchain.
add_library(portico_contract STATIC ${CMAKE_CURRENT_LIST_DIR}/../src/contract.cpp ${CMAKE_CURRENT_LIST_DIR}/../src/strict_json.cpp)
target_include_directories(portico_contract PUBLIC ${CMAKE_CURRENT_LIST_DIR}/../include)
target_link_libraries(portico_contract PUBLIC portico_json)

add_library(portico_sdk INTERFACE)
target_include_directories(portico_sdk INTERFACE ${CMAKE_CURRENT_LIST_DIR}/../include)
target_link_libraries(portico_sdk INTERFACE portico_contract portico_json fmt::fmt-header-only)

# portico_library(NAME SOURCES a.cpp … LINKS lib …): a static library of one room.
function(portico_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC portico_sdk Threads::Threads ${arg_LINKS})
  target_precompile_headers(${name} REUSE_FROM portico_pch)
endfunction()

# portico_test(NAME SOURCES a_test.cpp … LINKS lib … [LABELS unit|services|…]): one Catch2 program, one ctest entry.
function(portico_test name)
  if(NOT PORTICO_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE portico_sdk portico_catch Threads::Threads ${arg_LINKS})
  target_precompile_headers(${name} REUSE_FROM portico_pch)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
endfunction()

# portico_add_plugin(ID [ENTRY plugin.cpp] SOURCES a.cpp … LINKS lib … TESTS a_test.cpp …)
#
# Makes <build>/plugins/ID/plugin.so with manifest.json embedded as an ELF note, and ID_tests.
# The sources also form the static library ID_room, which the tests link.
set(PORTICO_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})
function(portico_add_plugin id)
  cmake_parse_arguments(arg "" "ENTRY" "SOURCES;LINKS;TESTS" ${ARGN})
  if(NOT arg_ENTRY)
    set(arg_ENTRY plugin.cpp)
  endif()
  string(REPLACE "-" "_" target ${id})
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/manifest.json)
  set(note ${CMAKE_CURRENT_BINARY_DIR}/${target}.manifest.cpp)
  # The compiler cache sees no .incbin: without the digest in its text a changed manifest would give the old object.
  file(SHA256 ${manifest} digest)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(CONFIGURE OUTPUT ${note} CONTENT [=[
// Generated: embeds manifest.json as the ELF note the host reads before any code of the plugin runs.
// SHA-256 of manifest.json: @digest@
__asm__(
    ".pushsection .note.portico.manifest, \"a\", %note\n"
    ".balign 4\n"
    ".long 8, 2f - 1f, 1\n"
    ".asciz \"Portico\"\n"
    "1: .incbin \"@manifest@\"\n"
    "2: .balign 4\n"
    ".popsection\n");
]=] @ONLY)
  set_source_files_properties(${note} PROPERTIES OBJECT_DEPENDS ${manifest})

  # A plugin of one file has no room of its own; what it links stays the same.
  set(scope PUBLIC)
  if(arg_SOURCES)
    add_library(${target}_room STATIC ${arg_SOURCES})
  else()
    add_library(${target}_room INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target}_room ${scope} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target}_room ${scope} portico_sdk ${arg_LINKS})

  add_library(${target}_plugin MODULE ${arg_ENTRY} ${note})
  target_link_libraries(${target}_plugin PRIVATE ${target}_room)
  target_link_options(${target}_plugin PRIVATE -Wl,--version-script=${PORTICO_CMAKE_DIR}/plugin.map)
  if(NOT PORTICO_SANITIZE)
    target_link_options(${target}_plugin PRIVATE -Wl,--no-undefined)
  endif()
  set_target_properties(${target}_plugin PROPERTIES PREFIX "" OUTPUT_NAME plugin
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins/${id} LINK_DEPENDS ${PORTICO_CMAKE_DIR}/plugin.map)
  if(TARGET portico_pch)
    if(arg_SOURCES)
      target_precompile_headers(${target}_room REUSE_FROM portico_pch)
    endif()
    target_precompile_headers(${target}_plugin REUSE_FROM portico_pch)
  endif()
  if(arg_TESTS)
    portico_test(${target}_tests SOURCES ${arg_TESTS} LINKS ${target}_room LABELS unit)
  endif()
endfunction()
