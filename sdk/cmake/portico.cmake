# What every target of the project is made with: portico_library beside what the SDK brings.
include(${CMAKE_CURRENT_LIST_DIR}/plugin.cmake)

add_library(portico_pch STATIC ${CMAKE_CURRENT_LIST_DIR}/pch.cpp)
target_link_libraries(portico_pch PUBLIC portico_json fmt::fmt-header-only Threads::Threads)
target_precompile_headers(portico_pch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/pch.hpp)

if(TARGET portico_testkit)
  target_precompile_headers(portico_testkit REUSE_FROM portico_pch)
  target_precompile_headers(portico_testkit_postgres REUSE_FROM portico_pch)
endif()

# portico_library(NAME SOURCES a.cpp … LINKS lib …): a static library of one room.
function(portico_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC portico_sdk Threads::Threads ${arg_LINKS})
  target_precompile_headers(${name} REUSE_FROM portico_pch)
endfunction()
