# What every target of the project is made with: portico_library, portico_test, portico_add_plugin.

# Boost.JSON, compiled once with this toolchain: static, hidden, position independent.
add_library(portico_json STATIC ${CMAKE_CURRENT_LIST_DIR}/boost_json.cpp)
target_link_libraries(portico_json PUBLIC Boost::headers)
set_target_properties(portico_json PROPERTIES CXX_VISIBILITY_PRESET hidden)

add_library(portico_pch STATIC ${CMAKE_CURRENT_LIST_DIR}/pch.cpp)
target_link_libraries(portico_pch PUBLIC portico_json fmt::fmt-header-only Threads::Threads)
target_precompile_headers(portico_pch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/pch.hpp)

add_library(portico_sdk INTERFACE)
target_include_directories(portico_sdk INTERFACE ${CMAKE_CURRENT_LIST_DIR}/../include)
target_link_libraries(portico_sdk INTERFACE portico_json fmt::fmt-header-only)

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
