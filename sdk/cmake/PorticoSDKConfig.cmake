# find_package(PorticoSDK 1.0 REQUIRED): gives portico_add_plugin() and portico_test(); in the repository itself they are there.
if(NOT COMMAND portico_add_plugin)
  include(CMakeFindDependencyMacro)
  get_property(portico_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST portico_languages)
    find_dependency(Boost 1.81)
    find_dependency(fmt 9)
    find_dependency(Threads)
  endif()
  include(CTest)
  include(${CMAKE_CURRENT_LIST_DIR}/plugin.cmake)
  if(TARGET portico_testkit)
    target_compile_options(portico_testkit PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>) # for compiler caches
    target_precompile_headers(portico_testkit PRIVATE <portico/plugin.hpp>) # reads the large headers once, not for each file
  endif()
endif()
