# What builds a plugin, in this repository and from the installed SDK: portico_add_plugin and portico_test.
set(PORTICO_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})
set(PORTICO_INCLUDE_DIR ${PORTICO_CMAKE_DIR}/../include)
if(NOT EXISTS ${PORTICO_INCLUDE_DIR}) # installed: <prefix>/share/PorticoSDK/cmake and <prefix>/include
  set(PORTICO_INCLUDE_DIR ${PORTICO_CMAKE_DIR}/../../../include)
endif()
option(PORTICO_TESTS "Build the tests" ON)

# The C ABI alone.
add_library(portico_abi INTERFACE)
target_include_directories(portico_abi INTERFACE ${PORTICO_INCLUDE_DIR})

get_property(portico_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if("CXX" IN_LIST portico_languages)
  # Boost.JSON, compiled once with this toolchain: static, hidden, position independent.
  add_library(portico_json STATIC ${PORTICO_CMAKE_DIR}/boost_json.cpp)
  target_link_libraries(portico_json PUBLIC Boost::headers)
  if(CMAKE_CXX_FLAGS MATCHES "-stdlib=libc[+][+]")
    # A dynamic libc++ would bind to the host's libstdc++ and break exceptions inside the plugin.
    target_link_options(portico_json INTERFACE -nostdlib++)
    target_link_libraries(portico_json INTERFACE -l:libc++.a -l:libc++abi.a)
  endif()

  # The loops over contract tables and the strict JSON reader; like Boost.JSON, compiled with the plugin's own toolchain.
  add_library(portico_contract STATIC ${PORTICO_CMAKE_DIR}/../src/contract.cpp ${PORTICO_CMAKE_DIR}/../src/strict_json.cpp)
  target_include_directories(portico_contract PUBLIC ${PORTICO_INCLUDE_DIR})
  target_link_libraries(portico_contract PUBLIC portico_json)
  foreach(library IN ITEMS portico_json portico_contract)
    target_compile_features(${library} PUBLIC cxx_std_20)
    set_target_properties(${library} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  endforeach()

  add_library(portico_sdk INTERFACE)
  target_include_directories(portico_sdk INTERFACE ${PORTICO_INCLUDE_DIR})
  target_link_libraries(portico_sdk INTERFACE portico_contract portico_json fmt::fmt-header-only)

  if(PORTICO_TESTS)
    find_package(Catch2 2.13 QUIET)
    if(Catch2_FOUND)
      add_library(portico_catch STATIC ${PORTICO_CMAKE_DIR}/catch_main.cpp)
      target_link_libraries(portico_catch PUBLIC Catch2::Catch2)
      include(${PORTICO_CMAKE_DIR}/../testkit/testkit.cmake)
    else()
      message(WARNING "Catch2 2.13 is not installed, so no tests are built; -DPORTICO_TESTS=OFF is silent about it")
    endif()
  endif()
endif()

# portico_test(NAME SOURCES a_test.cpp … LINKS lib … [LABELS unit|services|…]): one Catch2 program, one ctest entry.
function(portico_test name)
  if(NOT TARGET portico_catch)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE portico_sdk portico_catch Threads::Threads ${arg_LINKS})
  if(TARGET portico_pch)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_precompile_headers(${name} REUSE_FROM portico_pch)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT 300)
endfunction()

# portico_add_plugin(ID [ENTRY plugin.cpp] [SOURCES a.cpp …] [LINKS lib …] [WEB web/index.js web/style.css …] [TESTS a_test.cpp …])
#
# Makes <build>/plugins/ID/plugin.so with manifest.json embedded as an ELF note, and ID_tests.
# The sources also form the static library ID_room, which the tests link. An ENTRY that ends with .c is a plugin in C.
# WEB is for pages without a build of their own: one module and its style sheets, copied under names with their content's hash.
# TESTS run on the testkit: TestHost::load() takes the plugin they belong to.
# PORTICO_PLUGINS_DIR names another folder than <build>/plugins.
function(portico_add_plugin id)
  cmake_parse_arguments(arg "" "ENTRY" "SOURCES;LINKS;WEB;TESTS" ${ARGN})
  if(NOT arg_ENTRY)
    set(arg_ENTRY plugin.cpp)
  endif()
  set(language cpp)
  set(sdk portico_sdk)
  if(arg_ENTRY MATCHES "[.]c$")
    set(language c)
    set(sdk portico_abi)
  endif()
  if(NOT PORTICO_PLUGINS_DIR)
    set(PORTICO_PLUGINS_DIR ${CMAKE_BINARY_DIR}/plugins)
  endif()
  string(REPLACE "-" "_" target ${id})
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/manifest.json)
  set(note ${CMAKE_CURRENT_BINARY_DIR}/${target}.manifest.${language})
  # The compiler cache sees no .incbin: without the digest in its text a changed manifest would give the old object.
  file(SHA256 ${manifest} digest)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(CONFIGURE OUTPUT ${note} CONTENT [=[
/* Generated: embeds manifest.json. SHA-256 of it: @digest@ */
#include <portico/abi/manifest.h>
PORTICO_EMBED_MANIFEST("@manifest@")
]=] @ONLY)
  set_source_files_properties(${note} PROPERTIES OBJECT_DEPENDS ${manifest} SKIP_PRECOMPILE_HEADERS ON)

  # A plugin of one file has no room of its own; what it links stays the same.
  set(scope PUBLIC)
  if(arg_SOURCES)
    add_library(${target}_room STATIC ${arg_SOURCES})
    set_target_properties(${target}_room PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
      C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  else()
    add_library(${target}_room INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target}_room ${scope} ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target}_room ${scope} ${sdk} ${arg_LINKS})

  add_library(${target}_plugin MODULE ${arg_ENTRY} ${note})
  target_link_libraries(${target}_plugin PRIVATE ${target}_room)
  target_link_options(${target}_plugin PRIVATE -Wl,--version-script=${PORTICO_CMAKE_DIR}/plugin.map -Wl,-z,relro,-z,now)
  if(NOT PORTICO_SANITIZE)
    target_link_options(${target}_plugin PRIVATE -Wl,--no-undefined)
  endif()
  set_target_properties(${target}_plugin PROPERTIES PREFIX "" OUTPUT_NAME plugin C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${PORTICO_PLUGINS_DIR}/${id} LINK_DEPENDS ${PORTICO_CMAKE_DIR}/plugin.map)
  if(TARGET portico_pch AND language STREQUAL cpp)
    if(arg_SOURCES)
      target_precompile_headers(${target}_room REUSE_FROM portico_pch)
    endif()
    target_precompile_headers(${target}_plugin REUSE_FROM portico_pch)
  endif()
  if(arg_WEB)
    portico_plugin_web(${target} ${PORTICO_PLUGINS_DIR}/${id}/web ${arg_WEB})
  endif()
  if(arg_TESTS)
    portico_test(${target}_tests SOURCES ${arg_TESTS} LINKS ${target}_room portico_testkit LABELS unit)
    if(TARGET ${target}_tests)
      portico_tests_of_plugin(${target}_tests ${target})
    endif()
  endif()
endfunction()

# portico_tests_of_plugin(NAME PLUGIN): tells a test program which plugin it is of.
function(portico_tests_of_plugin name plugin)
  add_dependencies(${name} ${plugin}_plugin)
  target_compile_definitions(${name} PRIVATE PORTICO_PLUGIN_FILE="$<TARGET_FILE:${plugin}_plugin>"
    PORTICO_MANIFEST_FILE="${CMAKE_CURRENT_SOURCE_DIR}/manifest.json")
endfunction()

# portico_plugin_web(TARGET FOLDER FILE…): the pages of a plugin, with web.json for the host.
function(portico_plugin_web target folder)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  string(REPLACE ";" "|" joined "${files}")
  add_custom_command(OUTPUT ${folder}/web.json
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} "-DFILES=${joined}" -P ${PORTICO_CMAKE_DIR}/web.cmake
    DEPENDS ${files} ${PORTICO_CMAKE_DIR}/web.cmake VERBATIM)
  add_custom_target(${target}_web ALL DEPENDS ${folder}/web.json)
endfunction()
